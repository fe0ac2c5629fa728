"""The CLIP text tower against the official numbers."""

import importlib.util
from pathlib import Path

import pytest
import torch

from seem_model.errors import CheckpointError
from seem_model.modeling.clip_text import ClipText
from seem_model.modeling.text import build_text
from seem_model.modeling.text_config import ClipTextConfig

needs_transformers = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None, reason="transformers is not installed"
)


@needs_transformers
def test_clip_tower_has_the_official_number_of_parameters() -> None:
    with torch.device("meta"):
        tower = ClipText(ClipTextConfig())
    projection_and_scale = 512 * 512 + 1
    tower_size = sum(p.numel() for p in tower.parameters())
    assert tower_size + projection_and_scale == 63_428_097


@needs_transformers
def test_clip_tower_without_a_tokenizer_says_so(tmp_path: Path) -> None:
    small = ClipTextConfig(width=16, layers=1, heads=2, hidden=16, vocabulary=30, start=28, end=29)
    tower = build_text(small, tmp_path)
    with pytest.raises(CheckpointError, match="no tokenizer"):
        tower.encode(["dog"])
    with pytest.raises(CheckpointError, match="no tokenizer"):
        tower.count_tokens("dog")


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
    pairs = [
        (states.summary @ projection, "text/class_emb"),
        (states.tokens[0, :8] @ projection, "text/token_emb_0"),
        (states.tokens[1, :8] @ projection, "text/token_emb_1"),
    ]
    for ours, name in pairs:
        theirs = torch.from_numpy(official.numbers[name])
        assert (ours - theirs).norm() / theirs.norm() < 1e-4, name
    assert torch.equal(
        states.padding, torch.from_numpy(official.numbers["text/attention_mask"]) == 0
    )
