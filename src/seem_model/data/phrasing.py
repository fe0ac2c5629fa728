"""Which phrase a training view is asked by: one that is true of what the view shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from seem_model.data.batch import Phrased

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.data.crops import Crop
    from seem_model.data.sample import Phrase, Sample, SegmentInfo

# Made from class words alone: true of any view that shows all they name.
ALWAYS = ("unique", "all")
# Words of people; some are about places and turn false with the view.
REFERRING = "referring"
SIDES = frozenset({"left", "right", "leftmost", "rightmost", "lefthand", "righthand", "lft", "rt"})
PLACES = SIDES | frozenset(
    {"top", "bottom", "upper", "lower", "above", "below", "up", "down", "middle", "mid", "center"}
    | {"centre", "central", "corner", "edge", "side", "end", "far", "first", "second", "third"}
    | {"fourth", "fifth", "last", "1st", "2nd", "3rd", "4th", "5th"}
)


def phrases_of_view(
    sample: Sample, visible: Sequence[SegmentInfo], crop: Crop, rng: np.random.Generator, *,
    sentences: float, complete: bool, most: int = 1,
) -> tuple[Phrased, ...]:  # fmt: skip
    """Choose phrases for a view.

    Parameters
    ----------
    sample : Sample
        The whole image, with phrases.
    visible : sequence of SegmentInfo
        The objects that the view shows, at least one.
    crop : Crop
    rng : numpy.random.Generator
    sentences : float
        How often sentences are taken where some are true; otherwise they are class names.
    complete : bool
        Whether all objects of the classes are labelled. Without, a class name would be wrong for
        what is not, so that only sentences are asked.
    most : int
        From 1 to so many, where there are as many that differ.

    Returns
    -------
    tuple of Phrased
        All of one kind, in random order; empty where none is true.
    """
    true = {p.text: p for p in sample.phrases if stays_true(p, sample, visible, crop)}
    sentence = bool(true) and rng.random() < sentences
    if not sentence and not complete:
        return ()
    texts = list(true) if sentence else list(dict.fromkeys(s.name for s in visible))
    weights = np.array([1 if sentence else sum(s.name == t for s in visible) for t in texts], float)
    count = 1 if most == 1 else min(len(texts), int(rng.integers(1, most + 1)))
    chosen = rng.choice(len(texts), count, replace=False, p=weights / weights.sum())
    found = []
    for text in (texts[int(i)] for i in chosen):
        named = [s.id for s in visible if s.name == text]
        ids = true[text].segment_ids if sentence else named
        mask = np.isin(crop.labels, ids)
        found.append(Phrased(text=text, mask=mask, sentence=sentence))
    return tuple(found)


def stays_true(phrase: Phrase, sample: Sample, visible: Sequence[SegmentInfo], crop: Crop) -> bool:
    """Whether a phrase of the image is certainly true of the view.

    Its objects must be visible. People's sentences ("referring") with a word for a side are false
    in a mirrored view, with any word for a place in a turned one; and where the view lacks other
    objects of the same class, a word for a place may be ("the middle cat" of three). What else
    they say, cutting the view leaves true: it only takes rivals away.
    """
    ids = {s.id for s in visible}
    if not set(phrase.segment_ids) <= ids:
        return False
    if phrase.kind in ALWAYS:
        return True
    if phrase.kind != REFERRING:
        return False
    words = frozenset(re.findall(r"[a-z0-9]+", phrase.text.lower()))
    if (crop.mirrored and words & SIDES) or (crop.turned and words & PLACES):
        return False
    names = {s.name for s in visible if s.id in phrase.segment_ids}
    rivals = {s.id for s in sample.segments if s.name in names}
    return rivals <= ids or not words & PLACES
