"""Which phrase a training view is asked by: one that is true of what the view shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.data.crops import Crop
    from seem_model.data.sample import Phrase, Sample, SegmentInfo
    from seem_model.values import Mask

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


def phrase_of_view(
    sample: Sample, visible: Sequence[SegmentInfo], crop: Crop, rng: np.random.Generator, *,
    sentences: float, complete: bool,
) -> tuple[str, Mask | None, bool]:  # fmt: skip
    """Choose a phrase for a view.

    Parameters
    ----------
    sample : Sample
        The whole image, with phrases.
    visible : sequence of SegmentInfo
        The objects that the view shows, at least one.
    crop : Crop
    rng : numpy.random.Generator
    sentences : float
        How often a sentence is taken where one is true; otherwise it is a class name.
    complete : bool
        Whether all objects of the classes are labelled. Without, a class name would be wrong for
        what is not, so that only sentences are asked.

    Returns
    -------
    str, (S, S) bool or None, bool
        The phrase, what it names, and whether it is a sentence; ("", None, False) for none.
    """
    true = [p for p in sample.phrases if stays_true(p, sample, visible, crop)]
    if true and rng.random() < sentences:
        phrase = true[int(rng.integers(len(true)))]
        return phrase.text, np.isin(crop.labels, phrase.segment_ids), True
    if not complete:
        return "", None, False
    names = [s.name for s in visible]
    name = names[int(rng.integers(len(names)))]
    same = [s.id for s in visible if s.name == name]
    return name, np.isin(crop.labels, same), False


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
