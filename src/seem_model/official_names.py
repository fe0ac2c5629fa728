"""Parameter names of the official SEEM checkpoints <-> ours: one table, read in both directions.

Written from the names and shapes of the official Focal models (v0 and v1 share them). In a row,
``#`` stands for a number and ``*`` for the rest of a name; the first row that fits wins. A tensor
that official checkpoints keep in one piece and we keep in several has a splitter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from seem_model.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PIXEL = "sem_seg_head.pixel_decoder"
_HEAD = "sem_seg_head.predictor"
_TEXT = f"{_HEAD}.lang_encoder"
_OUR_ENCODER, _ENCODER = "pixel_decoder.encoder.#", f"{_PIXEL}.transformer.encoder.layers.#"
_OUR_BLOCK, _BLOCK = "text.transformer.encoder.layers.#", f"{_TEXT}.lang_encoder.resblocks.#"

# Buffers that are rebuilt, not learned.
REBUILT = ("dilation_kernel", "criterion.empty_weight")

# (ours, official)
RENAMES: tuple[tuple[str, str], ...] = (
    ("backbone.stem.*", "backbone.patch_embed.*"),
    (
        "backbone.stages.#.blocks.#.modulation.focal_layers.#.weight",
        "backbone.layers.#.blocks.#.modulation.focal_layers.#.0.weight",
    ),
    ("backbone.stages.#.blocks.*", "backbone.layers.#.blocks.*"),
    ("backbone.downs.#.*", "backbone.layers.#.downsample.*"),
    ("backbone.norms.#.*", "backbone.norm#.*"),
    ("pixel_decoder.input_proj.*", f"{_PIXEL}.input_proj.*"),
    (f"{_OUR_ENCODER}.attention.self_attn.*", f"{_ENCODER}.self_attn.*"),
    (f"{_OUR_ENCODER}.attention.norm.*", f"{_ENCODER}.norm1.*"),
    (f"{_OUR_ENCODER}.ffn.norm.*", f"{_ENCODER}.norm2.*"),
    (f"{_OUR_ENCODER}.ffn.*", f"{_ENCODER}.*"),
    # The official numbers count from the finest map, ours from the coarsest.
    ("pixel_decoder.adapters.0.0.weight", f"{_PIXEL}.adapter_3.weight"),
    ("pixel_decoder.adapters.1.0.weight", f"{_PIXEL}.adapter_2.weight"),
    ("pixel_decoder.adapters.2.0.weight", f"{_PIXEL}.adapter_1.weight"),
    ("pixel_decoder.adapters.0.1.*", f"{_PIXEL}.adapter_3.norm.*"),
    ("pixel_decoder.adapters.1.1.*", f"{_PIXEL}.adapter_2.norm.*"),
    ("pixel_decoder.adapters.2.1.*", f"{_PIXEL}.adapter_1.norm.*"),
    ("pixel_decoder.smooth.0.0.weight", f"{_PIXEL}.layer_4.weight"),
    ("pixel_decoder.smooth.1.0.weight", f"{_PIXEL}.layer_3.weight"),
    ("pixel_decoder.smooth.2.0.weight", f"{_PIXEL}.layer_2.weight"),
    ("pixel_decoder.smooth.3.0.weight", f"{_PIXEL}.layer_1.weight"),
    ("pixel_decoder.smooth.0.1.*", f"{_PIXEL}.layer_4.norm.*"),
    ("pixel_decoder.smooth.1.1.*", f"{_PIXEL}.layer_3.norm.*"),
    ("pixel_decoder.smooth.2.1.*", f"{_PIXEL}.layer_2.norm.*"),
    ("pixel_decoder.smooth.3.1.*", f"{_PIXEL}.layer_1.norm.*"),
    ("pixel_decoder.mask_features.*", f"{_PIXEL}.mask_features.*"),
    ("decoder.class_embed", f"{_HEAD}.class_embed"),
    ("decoder.query_feat.weight", f"{_HEAD}.query_feat.weight"),
    ("decoder.query_embed.weight", f"{_HEAD}.query_embed.weight"),
    ("decoder.level_embed.weight", f"{_HEAD}.level_embed.weight"),
    ("decoder.memory_feat.weight", f"{_HEAD}.spatial_featured.weight"),
    ("decoder.memory_embed.weight", f"{_HEAD}.spatial_embed.weight"),
    ("decoder.sampler.projections.#", f"{_HEAD}.mask_sptial_embed.#"),
    ("decoder.sampler.sign_embed.weight", f"{_HEAD}.pn_indicator.weight"),
    ("decoder.cross.#.*", f"{_HEAD}.transformer_cross_attention_layers.#.*"),
    ("decoder.self_attention.#.*", f"{_HEAD}.transformer_self_attention_layers.#.*"),
    ("decoder.ffn.#.*", f"{_HEAD}.transformer_ffn_layers.#.*"),
    ("decoder.norm.*", f"{_HEAD}.decoder_norm.*"),
    ("decoder.mask_embed.0.*", f"{_HEAD}.mask_embed.layers.0.*"),
    ("decoder.mask_embed.2.*", f"{_HEAD}.mask_embed.layers.1.*"),
    ("decoder.mask_embed.4.*", f"{_HEAD}.mask_embed.layers.2.*"),
    ("lang_proj", f"{_TEXT}.lang_proj"),
    ("logit_scale", f"{_TEXT}.logit_scale"),
    ("text.transformer.embeddings.token_embedding.*", f"{_TEXT}.lang_encoder.token_embedding.*"),
    (
        "text.transformer.embeddings.position_embedding.weight",
        f"{_TEXT}.lang_encoder.positional_embedding",
    ),
    ("text.transformer.final_layer_norm.*", f"{_TEXT}.lang_encoder.ln_final.*"),
    (f"{_OUR_BLOCK}.self_attn.out_proj.*", f"{_BLOCK}.attn.out_proj.*"),
    (f"{_OUR_BLOCK}.self_attn.packed_weight", f"{_BLOCK}.attn.in_proj_weight"),
    (f"{_OUR_BLOCK}.self_attn.packed_bias", f"{_BLOCK}.attn.in_proj_bias"),
    (f"{_OUR_BLOCK}.layer_norm1.*", f"{_BLOCK}.ln_1.*"),
    (f"{_OUR_BLOCK}.layer_norm2.*", f"{_BLOCK}.ln_2.*"),
    (f"{_OUR_BLOCK}.mlp.fc1.*", f"{_BLOCK}.mlp.c_fc.*"),
    (f"{_OUR_BLOCK}.mlp.fc2.*", f"{_BLOCK}.mlp.c_proj.*"),
)


@dataclass(frozen=True)
class Splitter:
    """One tensor of equal parts along its first axis, and the names of the parts.

    Parameters
    ----------
    whole : str
        End of the name of the one tensor, as the right end of a row of ours.
    parts : tuple of str
        Ends of the names of our tensors, in the order in which they are stacked.
    """

    whole: str
    parts: tuple[str, ...]


# The text tower keeps queries, keys and values apart; official checkpoints stack them.
SPLITTERS = (
    Splitter(".packed_weight", (".q_proj.weight", ".k_proj.weight", ".v_proj.weight")),
    Splitter(".packed_bias", (".q_proj.bias", ".k_proj.bias", ".v_proj.bias")),
)


def official_name(ours: str) -> str:
    """The official name of our tensor (for a part of a packed one, that of the whole).

    Raises
    ------
    CheckpointError
        If no row of the table fits.
    """
    found = _renamed(_whole(ours), forward=True)
    if found is None:
        raise CheckpointError(f"{ours} has no name in official checkpoints.")
    return found


def to_official(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our tensors under official names, packed as they are there.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        State of a :class:`~seem_model.modeling.seem.Seem`, any dtype.

    Raises
    ------
    CheckpointError
        If a tensor has no official name, or parts of a packed one are missing.
    """
    return {official_name(name): value for name, value in _joined(tensors).items()}


def from_official(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Official tensors under our names.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        State of an official checkpoint, any dtype.

    Returns
    -------
    Our state, and the names that the table does not know (buffers that are rebuilt not counted)
    """
    ours: dict[str, Tensor] = {}
    unknown = []
    for name, value in tensors.items():
        renamed = _renamed(name, forward=False)
        if renamed is not None:
            ours |= _split(renamed, value)
        elif name not in REBUILT:
            unknown.append(name)
    return ours, unknown


def _split(name: str, value: Tensor) -> dict[str, Tensor]:
    for splitter in SPLITTERS:
        if name.endswith(splitter.whole):
            stem = name.removesuffix(splitter.whole)
            pieces = value.chunk(len(splitter.parts))
            return {stem + p: v for p, v in zip(splitter.parts, pieces, strict=True)}
    return {name: value}


def _whole(name: str) -> str:
    for splitter in SPLITTERS:
        for part in splitter.parts:
            if name.startswith("text.") and name.endswith(part):
                return name.removesuffix(part) + splitter.whole
    return name


def _joined(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    joined: dict[str, Tensor] = {}
    for name, value in tensors.items():
        whole = _whole(name)
        if whole == name:
            joined[name] = value
        elif whole not in joined:
            splitter = next(s for s in SPLITTERS if whole.endswith(s.whole))
            stem = whole.removesuffix(splitter.whole)
            missing = [stem + p for p in splitter.parts if stem + p not in tensors]
            if missing:
                raise CheckpointError(f"{', '.join(missing)} would belong beside {name}.")
            joined[whole] = torch.cat([tensors[stem + p] for p in splitter.parts])
    return joined


def _renamed(name: str, *, forward: bool) -> str | None:
    for row in RENAMES:
        old, new = row if forward else row[::-1]
        pattern = re.escape(old).replace(r"\#", r"(\d+)").replace(r"\*", "(.+)")
        match = re.fullmatch(pattern, name)
        if match:
            return re.sub(r"[#*]", "{}", new).format(*match.groups())
    return None
