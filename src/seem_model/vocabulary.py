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
from seem_model.modeling.names import (
    BACKGROUND,
    name_summaries,
    official_summaries,
    without_endings,
)
from seem_model.modeling.text_config import ClipTextConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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
    def build(
        cls, model: Seem, listed: NameList, summaries: Tensor | None = None, *,
        known: dict[str, Tensor] | None = None, watch: Callable[[float], None] | None = None,
    ) -> Vocabulary:  # fmt: skip
        """Vectors of a list of names.

        Parameters
        ----------
        model : Seem
        listed : NameList
        summaries : (K + 1, width) float or None
            Of these names and "background", from the text tower that is spared by them.
        known : dict or None
            Vectors of names that this model has read before; new ones are added. Used by models
            with the official text tower, which reads a name in 81 sentences.
        watch : callable or None
            Called with the share done, 0 to 1, by such a model. What it raises stops the work.
        """
        names = [*listed.names, BACKGROUND]
        if isinstance(model.config.text, ClipTextConfig):
            rows = {} if known is None else known
            vectors = _official(model, names, summaries, rows, watch)
            return cls(listed.names, listed.things, vectors)
        if summaries is None:
            summaries = name_summaries(model.text, names)
        device = model.logit_scale.device
        return cls(listed.names, listed.things, model.phrase_embedding(summaries.to(device)))


def _official(
    model: Seem, names: list[str], summaries: Tensor | None, known: dict[str, Tensor],
    watch: Callable[[float], None] | None,
) -> Tensor:  # fmt: skip
    said = [without_endings(name) for name in names]
    if summaries is not None:
        stored = model.phrase_embedding(summaries.to(model.logit_scale.device))
        known.update(zip(said, stored, strict=True))
    missing = [name for name in dict.fromkeys(said) if name not in known]
    if missing:
        found = official_summaries(model.text, model.lang_proj, missing, watch=watch)
        known.update(zip(missing, model.phrase_embedding(found), strict=True))
    return torch.stack([known[name] for name in said])


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


def write(folder: Path, listed: NameList, summaries: Tensor, *, half: bool = True) -> None:
    """Write list and summaries (K + 1, width; background last) into a checkpoint folder.

    Rounded to float16 they give vectors that are 2e-4 off; ``half`` False keeps float32.
    """
    rows = [{"name": n, "thing": t} for n, t in zip(listed.names, listed.things, strict=True)]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / LIST_FILE).write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    stored = summaries.half() if half else summaries.float()
    save_file({"summaries": stored.cpu().contiguous()}, folder / VECTOR_FILE)
