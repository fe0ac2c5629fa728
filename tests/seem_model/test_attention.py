"""Who sees whom: the tables of SEEM §5.5 as explicit matrices."""

import numpy as np
import pytest
import torch

from seem_model.modeling.attention import (
    COMPOSED,
    JOINT,
    SEPARATE,
    TABLES,
    Attention,
    CrossAttentionLayer,
    group,
    self_attention_mask,
)

KINDS = ("objects", "grounding", "spatial", "text", "clicks", "example", "memory")
# One row a kind: who it looks at, in the order of KINDS.
OFFICIAL = """
1......
.1.1...
..1.111
.1.1...
....1..
.....1.
......1
"""
DEMO = """
1..111.
1..1...
....1..
.....1.
"""
OURS = """
1......
.1.1111
..11111
...1...
....1..
.....1.
......1
"""


def matrix(text: str) -> np.ndarray:
    return np.array([[c == "1" for c in line] for line in text.split()])


def rows(kind, count=1, **kwargs):
    return group(kind, torch.zeros(1, count, 4), torch.zeros(1, count, 4), **kwargs)


def seen(groups, table) -> np.ndarray:
    return ~self_attention_mask(groups, table)[0].numpy()


@pytest.mark.parametrize(
    ("table", "kinds", "expected"),
    [
        (SEPARATE, KINDS, OFFICIAL),
        (COMPOSED, KINDS, OURS),
        (JOINT, ("objects", "text", "clicks", "example"), DEMO),
    ],
)
def test_the_table_of_each_layout(table, kinds, expected) -> None:
    wanted = matrix(expected)
    if len(kinds) < len(KINDS):  # the demo has no other rows
        wanted = wanted[:, [KINDS.index(k) for k in kinds]]
    np.testing.assert_array_equal(seen([rows(k) for k in kinds], table), wanted)


def test_both_official_layouts_use_one_table() -> None:
    assert TABLES["separate_v0"] is TABLES["separate_v1"] is SEPARATE


def test_v1_prompts_of_one_image_do_not_meet() -> None:
    queries = rows("spatial", 4, owner=torch.tensor([[0, 0, 1, 1]]))
    clicks = rows("clicks", 3, owner=torch.tensor([[0, 1, 1]]))
    memory = rows("memory", 2, owner=torch.tensor([[0, 1]]))
    expected = """
    11..1..1.
    11..1..1.
    ..11.11.1
    ..11.11.1
    ....1....
    .....11..
    .....11..
    .......1.
    ........1
    """
    np.testing.assert_array_equal(seen([queries, clicks, memory], SEPARATE), matrix(expected))


def test_a_phrase_without_owner_is_for_every_prompt() -> None:
    queries = rows("spatial", 2, owner=torch.tensor([[0, 1]]))
    np.testing.assert_array_equal(
        seen([queries, rows("text", 2)], COMPOSED), matrix("1.11 .111 ..11 ..11")
    )


def test_padding_is_seen_by_nobody_but_itself() -> None:
    queries = rows("spatial", 1, owner=torch.tensor([[0]]))
    padding = torch.tensor([[False, True]])
    clicks = rows("clicks", 2, padding=padding, owner=torch.tensor([[0, -1]]))
    np.testing.assert_array_equal(seen([queries, clicks], SEPARATE), matrix("11. .1. .11"))


def test_even_a_table_that_forbids_all_leaves_every_row_itself() -> None:
    nobody = {k: frozenset() for k in KINDS}
    padded = rows("text", 3, padding=torch.ones(1, 3, dtype=torch.bool))
    np.testing.assert_array_equal(seen([rows("objects", 2), padded], nobody), np.eye(5, dtype=bool))


def test_attention_is_the_textbook_formula() -> None:
    torch.manual_seed(0)
    layer = Attention(8, 2)
    reference = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(layer.in_proj_weight)
        reference.in_proj_bias.copy_(layer.in_proj_bias.normal_())
    reference.out_proj = layer.out_proj
    q, k, v = torch.randn(2, 5, 8), torch.randn(2, 7, 8), torch.randn(2, 7, 8)
    blocked = torch.rand(2, 5, 7) < 0.5
    blocked[:, :, 0] = False
    ours = layer.attend(q, *layer.keys_values(k, v), blocked)
    wanted, _ = reference(q, k, v, attn_mask=blocked.repeat_interleave(2, dim=0))
    torch.testing.assert_close(ours, wanted)


def test_blocked_places_do_not_matter() -> None:
    torch.manual_seed(1)
    layer = CrossAttentionLayer(8, 2)
    x, position = torch.randn(1, 3, 8), torch.randn(1, 3, 8)
    tokens, places = torch.randn(1, 6, 8), torch.randn(6, 8)
    blocked = torch.zeros(1, 3, 6, dtype=torch.bool)
    blocked[:, :, 4:] = True
    changed = tokens.clone()
    changed[:, 4:] = 99
    torch.testing.assert_close(
        layer(x, position, layer.see(tokens, places), blocked),
        layer(x, position, layer.see(changed, places), blocked),
    )
