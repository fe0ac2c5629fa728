"""Class names a predictor knows, with their vectors in the text space."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from seem_model.errors import CheckpointError, PromptError
from seem_model.modeling.names import BACKGROUND, name_summaries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seem_model.modeling.seem import Seem

LIST_FILE, VECTOR_FILE = "vocabulary.json", "vocabulary.safetensors"
SMALL = ("person", "animal", "vehicle", "plant", "food", "furniture", "cell", "nucleus")


@dataclass(frozen=True)
class NameList:
    """Names and which of them are things (countable) rather than stuff."""

    names: tuple[str, ...]
    things: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Names ready to be compared with queries.

    Parameters
    ----------
    names : tuple of str
    things : tuple of bool
    embeddings : (K + 1, D) float
        Normalised; the last row is "background".
    """

    names: tuple[str, ...]
    things: tuple[bool, ...]
    embeddings: Tensor

    @classmethod
    @torch.no_grad()
    def build(cls, model: Seem, listed: NameList, summaries: Tensor | None = None) -> Vocabulary:
        """Vectors of a list of names; ``summaries`` (K + 1, width) spares the text tower."""
        if summaries is None:
            summaries = name_summaries(model.text, [*listed.names, BACKGROUND])
        device = model.logit_scale.device
        return cls(listed.names, listed.things, model.phrase_embedding(summaries.to(device)))


def clean(names: Sequence[str], known: NameList) -> NameList:
    """Names as a person typed them: stripped, without repeats; unknown ones are things.

    Raises
    ------
    PromptError
        When nothing is left.
    """
    kept = tuple(dict.fromkeys(n.strip() for n in names if n.strip()))
    if not kept:
        raise PromptError("The class list is empty: type at least one class name.")
    stuff = {n for n, thing in zip(known.names, known.things, strict=True) if not thing}
    return NameList(kept, tuple(n not in stuff for n in kept))


def read(folder: Path) -> tuple[NameList, Tensor | None]:
    """List and tower summaries shipped in a checkpoint folder; a small list without them."""
    path = folder / LIST_FILE
    if not path.exists():
        return NameList(SMALL, (True,) * len(SMALL)), None
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        listed = NameList(
            tuple(str(r["name"]) for r in rows), tuple(bool(r["thing"]) for r in rows)
        )
        vectors = folder / VECTOR_FILE
        summaries = load_file(vectors)["summaries"].float() if vectors.exists() else None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CheckpointError(f"{path} or its vectors cannot be read: {error}.") from error
    if summaries is not None and len(summaries) != len(listed.names) + 1:
        summaries = None
    return listed, summaries


def write(folder: Path, listed: NameList, summaries: Tensor) -> None:
    """Write list and summaries (K + 1, width; background last) into a checkpoint folder."""
    rows = [{"name": n, "thing": t} for n, t in zip(listed.names, listed.things, strict=True)]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / LIST_FILE).write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    save_file({"summaries": summaries.half().contiguous()}, folder / VECTOR_FILE)
