"""The CLIP text tower against the official numbers."""

import importlib.util
import re
from pathlib import Path

import pytest
import torch
from torch import nn

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


CLIP_NAMES = {
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


def official_clip_weights(tower: nn.Module, official) -> dict[str, torch.Tensor]:
    """State dict of our tower with the official fixture's weights."""
    prefix = "sem_seg_head.predictor.lang_encoder.lang_encoder."
    singles = {
        "embeddings.token_embedding.weight": "token_embedding.weight",
        "embeddings.position_embedding.weight": "positional_embedding",
        "final_layer_norm.weight": "ln_final.weight",
        "final_layer_norm.bias": "ln_final.bias",
    }
    state = {}
    for name, like in tower.state_dict().items():
        short = name.removeprefix("transformer.")
        if short in singles:
            state[name] = official.weights.value(prefix + singles[short], like.shape)
            continue
        block, part, kind = re.fullmatch(r"encoder\.layers\.(\d+)\.(.+)\.(\w+)", short).groups()
        theirs = f"{prefix}resblocks.{block}."
        if part in CLIP_NAMES:
            state[name] = official.weights.value(f"{theirs}{CLIP_NAMES[part]}.{kind}", like.shape)
            continue
        stacked = (3 * like.shape[0], *like.shape[1:])
        third = ("q_proj", "k_proj", "v_proj").index(part.removeprefix("self_attn."))
        packed = official.weights.value(f"{theirs}attn.in_proj_{kind}", stacked)
        state[name] = packed[third * like.shape[0] :][: like.shape[0]]
    return {name: torch.from_numpy(value) for name, value in state.items()}


@needs_transformers
def test_clip_tower_gives_the_official_states(official) -> None:
    with torch.device("meta"):
        tower = ClipText(ClipTextConfig())
    tower.load_state_dict(official_clip_weights(tower, official), assign=True)
    projection = torch.from_numpy(
        official.weights.value("sem_seg_head.predictor.lang_encoder.lang_proj", (512, 512))
    )
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
