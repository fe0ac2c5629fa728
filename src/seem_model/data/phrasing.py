"""Which phrase a training view is asked by: one that is true of what the view shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seem_model.data.batch import Phrased
from seem_model.data.crops import Crop
from seem_model.data.sample import Sample, SegmentInfo
from seem_model.data.telling_apart import missing_class, told_apart, told_of_nothing

if TYPE_CHECKING:
    from seem_model.data.batch_config import BatchConfig
    from seem_model.data.sample import Phrase
    from seem_model.data.telling_apart import Told

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


@dataclass(frozen=True, eq=False, kw_only=True)
class Shown:
    """What a view shows, as far as phrases can speak of it.

    Parameters
    ----------
    sample : Sample
        The whole image, with phrases.
    crop : Crop
    visible : sequence of SegmentInfo
        The objects that may be asked for, at least one.
    present : sequence of SegmentInfo
        All segments with a pixel in the view, crowds and specks among them.
    vocabulary : sequence of str
        Names of all classes that are labelled.
    complete : bool
        Whether all objects of the classes are labelled. Without, a class name would be wrong for
        what is not, so that only sentences are asked.
    pasted : bool
        Whether objects of other images were laid in: sentences speak of the image without.
    """

    sample: Sample
    crop: Crop
    visible: Sequence[SegmentInfo]
    present: Sequence[SegmentInfo]
    vocabulary: Sequence[str]
    complete: bool
    pasted: bool = False

    def told(self, rng: np.random.Generator) -> tuple[Told, ...]:
        """Phrases that mean one object of the view alone and may be asked; none if incomplete."""
        if not self.complete:
            return ()
        askable = {s.id for s in self.visible}
        return tuple(t for t in told_apart(self.crop, self.present, rng) if t.id in askable)


def phrases_of_view(
    shown: Shown, told: Sequence[Told], config: BatchConfig, rng: np.random.Generator
) -> tuple[Phrased, ...]:
    """Choose phrases for a view.

    Parameters
    ----------
    shown : Shown
    told : sequence of Told
        Phrases that mean one of its objects alone, if there are any.
    config : BatchConfig
        How often which kind is taken where it is true, and how many phrases at most.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Phrased
        All of one kind, in random order, then perhaps one that nothing fits; empty where none is
        true.
    """
    sample, visible, crop = shown.sample, shown.visible, shown.crop
    true = {p.text: p for p in sample.phrases if stays_true(p, sample, visible, crop)}
    sentence = bool(true) and rng.random() < (0.0 if shown.pasted else config.sentences)
    if not sentence and not shown.complete:
        return ()
    telling = not sentence and bool(told) and rng.random() < config.telling
    if sentence:
        ids = {text: phrase.segment_ids for text, phrase in true.items()}
    elif telling:
        ids = {t.text: (t.id,) for t in told}
    else:
        names = dict.fromkeys(s.name for s in visible)
        ids = {name: tuple(s.id for s in visible if s.name == name) for name in names}
    weights = np.array([1 if sentence or telling else len(i) for i in ids.values()], float)
    most = config.most_phrases
    count = 1 if most == 1 else min(len(ids), int(rng.integers(1, most + 1)))
    texts = list(ids)
    taken = rng.choice(len(texts), count, replace=False, p=weights / weights.sum())
    found = [
        Phrased(text=t, mask=np.isin(crop.labels, ids[t]), sentence=sentence or telling)
        for t in (texts[int(i)] for i in taken)
    ]
    if not sentence and config.absent and rng.random() < config.absent:
        found += _of_nothing(shown, rng, telling=telling)
    return tuple(found)


def _of_nothing(shown: Shown, rng: np.random.Generator, *, telling: bool) -> list[Phrased]:
    """One phrase that nothing in the view fits, of the same kind as the others, if there is one."""
    if telling:
        told = told_of_nothing(shown.crop, shown.present, shown.vocabulary, rng)
        text = None if told is None else told.text
    else:
        text = missing_class(shown.present, shown.vocabulary, rng)
    empty = np.zeros(shown.crop.labels.shape, bool)
    return [] if text is None else [Phrased(text=text, mask=empty, sentence=telling)]


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
