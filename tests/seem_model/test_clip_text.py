"""The CLIP text tower against the official numbers."""

import importlib.util

import pytest
import torch
import torch.nn.functional as F

from seem_model.errors import CheckpointError, PromptError
from seem_model.modeling.clip_text import ClipText
from seem_model.modeling.text import build_text
from seem_model.modeling.text_config import ClipTextConfig

needs_transformers = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None, reason="transformers is not installed"
)

READER = ClipTextConfig(width=16, layers=2, heads=2, hidden=32)


@needs_transformers
def test_clip_tower_has_the_official_number_of_parameters() -> None:
    with torch.device("meta"):
        tower = ClipText(ClipTextConfig())
    projection_and_scale = 512 * 512 + 1
    tower_size = sum(p.numel() for p in tower.parameters())
    assert tower_size + projection_and_scale == 63_428_097


@needs_transformers
def test_a_tower_of_another_tokenizer_says_so() -> None:
    small = ClipTextConfig(width=16, layers=1, heads=2, hidden=16, vocabulary=30, start=28, end=29)
    tower = build_text(small, None)
    with pytest.raises(CheckpointError, match="30 word pieces"):
        tower.encode(["dog"])
    with pytest.raises(CheckpointError, match="30 word pieces"):
        tower.count_tokens("dog")


@needs_transformers
def test_phrases_are_read_alone_or_together() -> None:
    tower = build_text(READER, None)
    phrases = ["zebra", "the brown dog on the left", ""]
    assert [tower.count_tokens(p) for p in phrases] == [3, 8, 2]
    together = tower.encode(phrases)
    assert together.tokens.shape == (3, 8, 16)
    for k, phrase in enumerate(phrases):
        alone = tower.encode([phrase])
        length = alone.tokens.shape[1]
        assert length == tower.count_tokens(phrase)
        torch.testing.assert_close(together.summary[k], alone.summary[0])
        torch.testing.assert_close(together.tokens[k, :length], alone.tokens[0])
        assert together.padding[k].tolist() == [False] * length + [True] * (8 - length)
    assert tower.encode([]).tokens.shape == (0, 0, 16)
    assert tower.encode([]).padding.shape == (0, 0)
    assert tower.encode([]).summary.shape == (0, 16)


@needs_transformers
def test_a_phrase_of_more_than_77_tokens_is_refused() -> None:
    tower = build_text(READER, None)
    assert tower.encode(["dog " * 75]).tokens.shape == (1, 77, 16)
    with pytest.raises(PromptError, match=r"78 word pieces .* at most 77"):
        tower.encode(["zebra", "dog " * 76])


@needs_transformers
def test_clip_states_do_not_depend_on_what_follows() -> None:
    small = ClipTextConfig(width=16, layers=2, heads=2, hidden=32, vocabulary=30, start=28, end=29)
    tower = ClipText(small)
    short = tower.encode_ids(torch.tensor([[28, 4, 5, 29]]))
    padded = tower.encode_ids(torch.tensor([[28, 4, 5, 29, 29, 29]]))
    torch.testing.assert_close(padded.summary, short.summary)
    torch.testing.assert_close(padded.tokens[:, :4], short.tokens)
    assert padded.padding.tolist() == [[False] * 4 + [True] * 2]


@needs_transformers
def test_clip_tower_gives_the_official_states(official) -> None:
    with torch.device("meta"):
        tower = ClipText(ClipTextConfig())
    like = {f"text.{name}": tensor for name, tensor in tower.state_dict().items()}
    state = official.state(like | {"lang_proj": torch.empty(512, 512)})
    projection = state.pop("lang_proj")
    tower.load_state_dict({n.removeprefix("text."): t for n, t in state.items()}, assign=True)
    states = tower.eval().encode_ids(torch.from_numpy(official.numbers["text/input_ids"]).long())
    read = tower.encode(official.inputs.PROMPTS)
    torch.testing.assert_close(read.summary, states.summary, rtol=1e-4, atol=1e-5)
    normed = F.normalize(read.summary @ projection, dim=-1)
    pairs = [
        (states.summary @ projection, "text/class_emb"),
        (states.tokens[0, :8] @ projection, "text/token_emb_0"),
        (states.tokens[1, :8] @ projection, "text/token_emb_1"),
        (read.tokens[0, :8] @ projection, "text/token_emb_0"),
        (read.tokens[1, :8] @ projection, "text/token_emb_1"),
        (normed, "text/class_emb_normed"),
    ]
    for ours, name in pairs:
        theirs = torch.from_numpy(official.numbers[name])
        assert (ours - theirs).norm() / theirs.norm() < 1e-4, name
    assert torch.equal(
        states.padding, torch.from_numpy(official.numbers["text/attention_mask"]) == 0
    )


@pytest.mark.official
def test_the_official_phrases_have_the_official_ids(official) -> None:
    with torch.device("meta"):
        tower = ClipText(ClipTextConfig())
    rows = tower.ids(official.inputs.PROMPTS)
    padded = [row + [49407] * (77 - len(row)) for row in rows]
    assert padded == official.numbers["text/input_ids"].tolist()
