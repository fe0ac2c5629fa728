"""Whether the tensors of an official file fit a variant, and what the file is if they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from seem_model import checkpoint
from seem_model.errors import CheckpointError
from seem_model.official_names import from_official, official_name
from seem_model.presets import OFFICIAL
from seem_model.releases import WHY_CHOOSE, choices, family

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from seem_model.config import ModelConfig
    from seem_model.modeling.seem import Seem

    Shapes = dict[str, tuple[int, ...]]

_HEAD = "sem_seg_head.predictor."
# What SEEM has and X-Decoder, from which it was trained, has not.
_OF_SEEM = ("mask_sptial_embed.", "pn_indicator.", "spatial_embed.", "spatial_featured.")
_SHOWN = 3


def preset(name: str) -> ModelConfig:
    """The configuration of a variant.

    Raises
    ------
    CheckpointError
        If there is none of this name; says why one must be chosen, and which there are.
    """
    if not name:
        raise CheckpointError(f"Say which variant this is, with --as.\n{WHY_CHOOSE}\n{choices()}")
    if name not in OFFICIAL:
        raise CheckpointError(
            f'There is no official variant "{name}"; choose one of {", ".join(OFFICIAL)}.'
        )
    return OFFICIAL[name]


def fitted(
    tensors: Mapping[str, Tensor], model: Seem, name: str, file: Path
) -> tuple[dict[str, Tensor], list[str]]:
    """Tensors of an official file as the state of our model, in float32.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        By their official names.
    model : Seem
        Of the variant ``name``; only names and shapes are looked at.
    name : str
    file : Path
        For messages.

    Returns
    -------
    The state, and the names in the file that no model of ours has

    Raises
    ------
    CheckpointError
        If the file holds another model, is incomplete, or has numbers that are not finite.
    """
    _recognise(tensors, file)
    ours, left_out = from_official(tensors)
    wanted, given = _shapes(model.state_dict()), _shapes(ours)
    if wanted != given:
        raise CheckpointError(_difference(wanted, given, name, file))
    for ours_name, value in ours.items():
        if not torch.isfinite(value).all():
            raise CheckpointError(
                f"{file} is damaged: {official_name(ours_name)} holds numbers that are not finite."
            )
    return {k: v.float() if v.is_floating_point() else v for k, v in ours.items()}, left_out


def _shapes(state: Mapping[str, Tensor]) -> Shapes:
    return {name: tuple(value.shape) for name, value in state.items()}


def _recognise(tensors: Mapping[str, Tensor], file: Path) -> None:
    head = [name.removeprefix(_HEAD) for name in tensors if name.startswith(_HEAD)]
    if "decoder.query_feat.weight" in tensors:
        raise CheckpointError(f"{file} is converted already: load the folder in which it is.")
    if not head:
        some = ", ".join(sorted(tensors)[:_SHOWN])
        raise CheckpointError(
            f"{file} is no official SEEM checkpoint: no name in it begins with {_HEAD} (it has "
            f"{len(tensors)} tensors: {some}, …)."
        )
    if not any(name.startswith(_OF_SEEM) for name in head):
        raise CheckpointError(
            f"{file} looks like an X-Decoder checkpoint: it has the decoder's queries, but nothing "
            f"that reads drawn prompts ({_HEAD}{_OF_SEEM[0]}… and others). SEEM's own is needed."
        )


def _difference(wanted: Shapes, given: Shapes, name: str, file: Path) -> str:
    other = _family_of(given, but=family(name))
    if other:
        variants = ", ".join(n for n in OFFICIAL if family(n) == other)
        return (
            f"{file} looks like {other}, not like {name}: choose one of {variants} (the file does "
            "not tell which)."
        )
    missing, extra = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    sizes = [k for k in sorted(wanted.keys() & given.keys()) if wanted[k] != given[k]]
    parts = []
    if missing:
        parts.append(f"{len(missing)} tensors are missing ({_official(missing)})")
    if extra:
        parts.append(f"{len(extra)} are too many ({_official(extra)})")
    if sizes:
        first = sizes[0]
        parts.append(
            f"{len(sizes)} have another size ({_official(sizes[:1])}: {given[first]} instead of "
            f"{wanted[first]})"
        )
    return f"{file} does not fit {name}: {'; '.join(parts)}."


def _official(names: list[str]) -> str:
    shown = ", ".join(dict.fromkeys(official_name(name) for name in names[:_SHOWN]))
    return shown + (", …" if len(names) > _SHOWN else "")


def _family_of(given: Shapes, *, but: str) -> str:
    """The family of variants that has these names and shapes, or ""."""
    one_of_each = {family(name): config for name, config in OFFICIAL.items()}
    for other, config in one_of_each.items():
        if other != but:
            with torch.device("meta"):
                model = checkpoint.build(config)
            if _shapes(model.state_dict()) == given:
                return other
    return ""
