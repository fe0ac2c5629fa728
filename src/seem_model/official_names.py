"""Parameter names of the official SEEM checkpoints <-> ours: one table, read in both directions.

The rows are in :mod:`seem_model.official_tables`; the first one that fits wins. A tensor that
official checkpoints keep in one piece and we keep in several has a splitter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from seem_model.errors import CheckpointError
from seem_model.official_tables import REBUILT, RENAMES

if TYPE_CHECKING:
    from collections.abc import Mapping


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
