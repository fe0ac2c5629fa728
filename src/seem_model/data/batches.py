"""Batches for training: which images, which objects, what is asked of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from seem_model.clicks import add_click, next_click
from seem_model.data.batch import Ask, Batch, Phrased, View
from seem_model.data.crops import CropConfig, cut
from seem_model.data.pasting import Donor, donor, may_be_pasted
from seem_model.data.phrasing import REFERRING, phrases_of_view
from seem_model.data.set_config import SetConfig
from seem_model.data.sources import Sources
from seem_model.drawing import SHAPES, Shape, draw
from seem_model.errors import DataError
from seem_model.official_prompts import TrainedShape, training_prompt
from seem_model.values import Mask, Prompts

if TYPE_CHECKING:
    from seem_model.data.sample import Sample, SegmentInfo

Drawing = Literal[Shape, TrainedShape]

_PATIENCE = 1000  # views drawn in vain before the data are said to hold no objects


@dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """What a batch holds.

    Parameters
    ----------
    images, objects : int
        Images a batch, and objects asked for in each.
    min_pixels : int
        Objects with fewer visible pixels are not asked for.
    largest_click : int
        First clicks are painted with a radius from 1 to this: zoomed-in views show them larger.
    point, box, drawn : float
        Shares of first prompts: a click, a box, a drawn stroke or polygon; the rest has none
        (text or example alone).
    shapes : tuple of str
        Kinds of drawing, equally likely: ours (:func:`seem_model.drawing.draw`), and those of
        the paper, "seem-point" and so on (:func:`seem_model.official_prompts.training_prompt`).
    text, example : float
        Shares of objects that also come with a phrase, or with an example of their class.
    most_phrases : int
        Phrases asked for together, from 1 to this (the paper: 4).
    phrases : float
        Share of images that are asked by phrase alone (grounding).
    sentences : float
        Of these, share by a sentence where the image has one that is true of the view (see
        :func:`seem_model.data.phrasing.stays_true`); the others are asked by a class name.
    """

    images: int = 6
    objects: int = 2
    min_pixels: int = 30
    largest_click: int = 1
    point: float = 0.68
    box: float = 0.12
    drawn: float = 0.14
    shapes: tuple[Drawing, ...] = ("stroke", "polygon", "circle", "mask")
    text: float = 0.25
    example: float = 0.2
    phrases: float = 0.5
    most_phrases: int = 1
    sentences: float = 0.6


@dataclass(eq=False)
class Batches:
    """Batch number ``step`` of a run; a function of the seed and the number alone.

    Images are kept in memory up to a limit; broken ones are left out with a warning.

    Raises
    ------
    DataError
        If a folder is broken, or there is nothing to train on.
    """

    sets: Sequence[SetConfig]
    crop: CropConfig
    batch: BatchConfig
    size: Sequence[int]
    seed: int
    _sources: Sources = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._sources = Sources.opened(self.sets)

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # Loader processes that are not forked open the data sets themselves.
        return Batches, (self.sets, self.crop, self.batch, self.size, self.seed)

    def __call__(self, step: int) -> Batch:
        """Batch of one step."""
        rng = np.random.default_rng((self.seed, step))
        size = int(rng.choice(self.size))
        views: list[View] = []
        asks: list[Ask] = []
        vain = 0
        while len(views) < self.batch.images:
            drawn = self._view(rng, size)
            if drawn is None:
                vain += 1
                if vain > _PATIENCE:
                    raise DataError(
                        "The training images hold no object that can be asked for: all are "
                        f"crowds, nameless or smaller than {self.batch.min_pixels} pixels."
                    )
                continue
            view, wanted = drawn
            row = len(views)
            views.append(view)
            asks.extend(self._ask(view, index, row, rng) for index in wanted)
        return Batch(tuple(views), tuple(asks))

    @property
    def sources(self) -> Sources:
        """The opened data sets."""
        return self._sources

    def _view(self, rng: np.random.Generator, size: int) -> tuple[View, list[int]] | None:
        which, sample = self._sources.pick(rng)
        config = self.sets[which]
        if sample is None:
            return None
        segments = [s for s in sample.segments if s.area >= 12 and s.name and not s.crowd]
        if not segments:
            return None
        areas = np.sqrt([s.area for s in segments])
        target = segments[int(rng.choice(len(segments), p=areas / areas.sum()))]
        # Where stuff is not labelled, the classes to choose from are the things alone.
        vocabulary = self._sources.vocabulary(which, things_only=sample.semantic_complete is False)
        donors = self._donors(which, sample, vocabulary, rng)
        crop = cut(
            sample, target, size=size, config=self.crop, any_way_up=config.any_way_up, rng=rng,
            donors=[(s.id, d) for s, d in donors],
        )  # fmt: skip
        segments += [s for s, _ in donors]
        visible = [s for s in segments if (crop.labels == s.id).sum() >= self.batch.min_pixels]
        if not visible:
            return None
        masks = np.stack([crop.labels == s.id for s in visible])
        crowd = any(s.crowd for s in sample.segments)
        complete = config.complete and not crowd
        phrased: tuple[Phrased, ...] = ()
        referred = any(p.kind == REFERRING for p in sample.phrases)
        if (config.complete or referred) and rng.random() < self.batch.phrases:
            # Sentences speak of the image without what was pasted.
            phrased = phrases_of_view(
                sample, visible, crop, rng, sentences=0.0 if donors else self.batch.sentences,
                complete=config.complete, most=self.batch.most_phrases,
            )  # fmt: skip
        view = View(
            crop=crop,
            masks=masks,
            names=tuple(s.name for s in visible),
            vocabulary=vocabulary,
            complete=complete,
            background=complete and sample.semantic_complete is None,
            phrased=phrased,
        )
        sizes = np.sqrt(masks.sum((1, 2)))
        count = min(self.batch.objects, len(visible))
        wanted = rng.choice(len(visible), count, replace=False, p=sizes / sizes.sum())
        return view, [int(i) for i in wanted]

    def _donors(
        self, which: int, sample: Sample, vocabulary: tuple[str, ...], rng: np.random.Generator
    ) -> list[tuple[SegmentInfo, Donor]]:
        """Objects to paste, each as a segment of the view with a number of its own.

        They come from any set of the same world, and are things that the view has a name for.
        """
        config = self.crop.paste
        if config.share == 0 or rng.random() >= config.share:
            return []
        world = self._sources.world(which)
        first = 1 + max((s.id for s in sample.segments), default=0)
        found: list[tuple[SegmentInfo, Donor]] = []
        for number in range(int(rng.integers(1, config.most + 1))):
            _, other = self._sources.pick(rng, among=world)
            fit = [] if other is None else [
                s for s in other.segments if s.name in vocabulary and may_be_pasted(s, config)
            ]  # fmt: skip
            if other is not None and fit:
                taken = fit[int(rng.integers(len(fit)))]
                found.append((replace(taken, id=first + number), donor(other, taken)))
        return found

    def _ask(self, view: View, index: int, row: int, rng: np.random.Generator) -> Ask:
        truth, name = view.masks[index], view.names[index]
        example = self._example(view, index, rng)
        drawn = self._first_prompt(truth, rng, nothing=example is not None)
        empty = np.zeros_like(truth)
        return Ask(
            image=row,
            truth=truth,
            name=name,
            positive=drawn.positive,
            negative=drawn.negative,
            region=empty if drawn.region is None else drawn.region,
            text=name if rng.random() < self.batch.text else "",
            example=example,
        )

    def _first_prompt(self, truth: Mask, rng: np.random.Generator, *, nothing: bool) -> Prompts:
        empty = Prompts.empty((truth.shape[0], truth.shape[1]))
        share = rng.random()
        box = self.batch.point + self.batch.box
        if self.batch.point <= share < box:
            return draw("box", truth, rng)
        if box <= share < box + self.batch.drawn:
            shapes = self.batch.shapes
            return _drawn(shapes[int(rng.integers(len(shapes)))], truth, rng)
        if nothing and share >= box + self.batch.drawn:
            return empty
        click = next_click(truth, empty.positive, rng=rng if rng.random() < 0.5 else None)
        radius = int(rng.integers(1, self.batch.largest_click + 1))
        return empty if click is None else add_click(empty, click, radius=radius)

    def _example(self, view: View, index: int, rng: np.random.Generator) -> Mask | None:
        if rng.random() >= self.batch.example:
            return None
        same = [i for i, n in enumerate(view.names) if n == view.names[index] and i != index]
        return view.masks[int(rng.choice(same))] if same else None


def _drawn(shape: Drawing, truth: Mask, rng: np.random.Generator) -> Prompts:
    if shape in SHAPES:
        return draw(shape, truth, rng)
    return training_prompt(cast("TrainedShape", shape), truth, rng)
