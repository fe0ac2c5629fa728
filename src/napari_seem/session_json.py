"""A session as JSON, and back; every key is described in ``docs/session.md``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.document import Answer, Page, Step, Thing
from napari_seem.marks_json import ExampleFiles, marks_json, marks_of, packed_json, packed_of
from napari_seem.objects import Row
from napari_seem.plane import Plane
from napari_seem.proposals import Proposal, Proposals
from napari_seem.session_data import ImageIdentity, LabelStack, SessionData
from napari_seem.shown_json import class_list_json, class_list_of, shown_json, shown_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_seem.marks_json import Json
    from seem_model.values import Exemplar

FORMAT = 2
"""Format 1 does not tell how the image was shown, nor the class list; it is read all the same."""
KIND = "napari-seem session"


def session_json(data: SessionData, files: ExampleFiles) -> Json:
    """The whole session but for the pixels of objects and examples, which are files of their own.

    Parameters
    ----------
    data : SessionData
    files : ExampleFiles
        Takes note of the examples.
    """
    image, labels = data.image, data.labels
    return {
        "kind": KIND,
        "format": FORMAT,
        "version": data.version,
        "saved": data.saved,
        "model": data.model,
        "image": {
            "name": image.name, "path": image.path, "shape": list(image.shape),
            "dtype": image.dtype, "digest": image.digest, "pixels": list(image.pixels),
        },
        "appearance": None if data.shown is None else shown_json(data.shown),
        "classes": class_list_json(data.classes),
        "rules": _rules_json(data.rules),
        "objects": None if labels is None else {
            "layer": labels.name, "shape": list(labels.shape), "dtype": labels.dtype,
        },
        "table": [
            {"index": r.label, "class": r.name, "score": _number(r.score)} for r in data.table
        ],
        "slices": [_page_json(plane, page, files) for plane, page in data.pages.items()],
    }  # fmt: skip


def session_of(
    value: Json, *, examples: Mapping[str, Exemplar], labels: LabelStack | None
) -> SessionData:
    """The inverse of :func:`session_json`.

    Raises
    ------
    KeyError, TypeError, ValueError
        If something is missing or makes no sense.
    """
    image = image_identity(value["image"])
    if labels is not None and labels.shape != image.shape:
        raise ValueError(f"the objects are {labels.shape}, the image is {image.shape}")
    if int(value["format"]) == 1:
        value = {**value, "appearance": None, "classes": None}
    shown = None if value["appearance"] is None else shown_of(value["appearance"])
    axis = None if shown is None else shown.channel_axis
    if axis is not None and image.shape[axis] != 1:
        raise ValueError(f"the channels are along axis {axis} of {image.shape}")
    return SessionData(
        image=image,
        pages=dict(_page_of(page, examples) for page in value["slices"]),
        labels=labels,
        table=tuple(
            Row(int(r["index"]), str(r["class"]), _score(r["score"])) for r in value["table"]
        ),
        rules=_rules_of(value["rules"]),
        model=str(value["model"]),
        shown=shown,
        classes=class_list_of(value["classes"]),
        version=str(value["version"]),
        saved=str(value["saved"]),
    )


def image_identity(value: Json) -> ImageIdentity:
    """Which image the key ``image`` of a session tells."""
    return ImageIdentity(
        name=str(value["name"]),
        path=str(value["path"]),
        shape=_numbers(value["shape"]),
        dtype=str(value["dtype"]),
        digest=str(value["digest"]),
        pixels=_numbers(value.get("pixels", [])),
    )


def _rules_json(rules: CommitRules) -> Json:
    return {
        "overlap": rules.overlap.name.lower(), "split": rules.split,
        "fill_holes": rules.fill_holes, "drop_specks": rules.drop_specks,
        "smallest": rules.smallest, "smooth": rules.smooth,
    }  # fmt: skip


def _rules_of(value: Json) -> CommitRules:
    return CommitRules(
        overlap=Overlap[str(value["overlap"]).upper()],
        split=bool(value["split"]),
        fill_holes=bool(value["fill_holes"]),
        drop_specks=int(value["drop_specks"]),
        smallest=int(value["smallest"]),
        smooth=float(value["smooth"]),
    )


def _page_json(plane: Plane, page: Page, files: ExampleFiles) -> Json:
    found = page.proposals
    return {
        "axes": list(plane.axes), "index": list(plane.index), "shape": list(plane.shape),
        "current": page.key,
        "objects": [_thing_json(thing, files) for thing in page.things],
        "proposals": None if found is None else _proposals_json(found),
    }  # fmt: skip


def _page_of(value: Json, examples: Mapping[str, Exemplar]) -> tuple[Plane, Page]:
    (first, second), (height, width) = _numbers(value["axes"]), _numbers(value["shape"])
    plane = Plane((first, second), _numbers(value["index"]), (height, width))
    things = tuple(_thing_of(t, examples, plane.shape) for t in value["objects"])
    keys = [thing.key for thing in things]
    if len(set(keys)) != len(keys) or value["current"] not in keys:
        raise ValueError("the keys of the objects of a slice contradict each other")
    found = value["proposals"]
    proposals = None if found is None else _proposals_of(found, plane.shape)
    return plane, Page(things=things, key=int(value["current"]), proposals=proposals)


def _thing_json(thing: Thing, files: ExampleFiles) -> Json:
    return {
        "key": thing.key, "label": thing.label, "class": thing.name, "at": thing.at,
        "steps": [_step_json(step, files) for step in thing.steps],
    }  # fmt: skip


def _thing_of(value: Json, examples: Mapping[str, Exemplar], shape: tuple[int, int]) -> Thing:
    steps = tuple(_step_of(s, examples, shape) for s in value["steps"])
    at = int(value["at"])
    if not 0 <= at <= len(steps) or any(not 0 <= s.after < k for k, s in enumerate(steps, 1)):
        raise ValueError("the rounds of an object follow no order")
    return Thing(
        key=int(value["key"]), steps=steps, at=at, name=str(value["class"]),
        label=int(value["label"]),
    )  # fmt: skip


def _step_json(step: Step, files: ExampleFiles) -> Json:
    answer = step.answer
    return {
        "after": step.after,
        "prompts": marks_json(step.marks, files),
        "answer": None if answer is None else {
            "mask": packed_json(answer.packed), "score": _number(answer.score),
            "class": answer.label, "class_score": answer.label_score,
        },
    }  # fmt: skip


def _step_of(value: Json, examples: Mapping[str, Exemplar], shape: tuple[int, int]) -> Step:
    said = value["answer"]
    answer = None if said is None else Answer(
        packed=packed_of(said["mask"], shape), score=_score(said["score"]),
        label=str(said["class"]), label_score=float(said["class_score"]),
    )  # fmt: skip
    marks = marks_of(value["prompts"], examples, shape)
    return Step(marks=marks, answer=answer, after=int(value["after"]))


def _proposals_json(found: Proposals) -> Json:
    return {
        "title": found.title, "threshold": found.threshold, "at": found.at,
        "decided": sorted(found.decided),
        "all": [
            {"mask": packed_json(p.mask), "class": p.name, "score": _number(p.score)}
            for p in found.all
        ],
    }  # fmt: skip


def _proposals_of(value: Json, shape: tuple[int, int]) -> Proposals:
    return Proposals(
        title=str(value["title"]),
        all=tuple(
            Proposal(packed_of(p["mask"], shape), str(p["class"]), _score(p["score"]))
            for p in value["all"]
        ),
        threshold=float(value["threshold"]),
        decided=frozenset(_numbers(value["decided"])),
        at=int(value["at"]),
    )


def _number(score: float) -> float | None:
    # JSON has no NaN
    return float(score) if math.isfinite(score) else None


def _score(value: Any) -> float:
    return math.nan if value is None else float(value)


def _numbers(values: list[Any]) -> tuple[int, ...]:
    return tuple(int(v) for v in values)
