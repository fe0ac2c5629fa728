"""Batches for training: which images, which objects, what is asked of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np

from seem_model.clicks import add_click, next_click
from seem_model.data.batch import Ask, Batch, Phrased, View
from seem_model.data.crops import CropConfig, cut
from seem_model.data.keeping import Keeper
from seem_model.data.phrasing import REFERRING, phrases_of_view
from seem_model.data.set_config import SetConfig
from seem_model.drawing import SHAPES, Shape, draw
from seem_model.errors import DataError
from seem_model.official_prompts import TrainedShape, training_prompt
from seem_model.values import Mask, Prompts

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
    _keeper: Keeper = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.folders = [s.open() for s in self.sets]
        self._keeper = Keeper(self.folders)
        self._ids = [f.ids(s.split) for f, s in zip(self.folders, self.sets, strict=True)]
        weights = np.array([s.weight for s in self.sets], float)
        if not self.sets:
            raise DataError("There is no data to train on: name at least one data folder.")
        if not (weights >= 0).all() or weights.sum() <= 0:
            raise DataError("The weight of a data set must be positive.")
        for config, folder, ids in zip(self.sets, self.folders, self._ids, strict=True):
            if not ids:
                raise DataError(
                    f'{folder.name}: there are no images in the "{config.split}" split.'
                )
        self._shares = weights / weights.sum()

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

    def counts(self) -> tuple[int, ...]:
        """Images to draw from in each data set."""
        return tuple(len(ids) for ids in self._ids)

    def vocabularies(self) -> list[tuple[str, ...]]:
        """Class names of each data set."""
        return [tuple(c.name for c in f.classes) for f in self.folders]

    def _vocabulary(self, which: int, *, things_only: bool) -> tuple[str, ...]:
        """Names an object of this set is told apart from: its own, and the other world's.

        Sets do not say what they did not label, but no photo holds a labelled cell and no
        microscope image a car: without those names every photo might as well be a nucleus.
        """
        own = [c.name for c in self.folders[which].classes if c.is_thing or not things_only]
        others = [
            c.name
            for config, folder in zip(self.sets, self.folders, strict=True)
            if config.any_way_up != self.sets[which].any_way_up
            for c in folder.classes
        ]
        return tuple(dict.fromkeys([*own, *others]))

    def _view(self, rng: np.random.Generator, size: int) -> tuple[View, list[int]] | None:
        which = int(rng.choice(len(self.sets), p=self._shares))
        config = self.sets[which]
        sample = self._keeper.read(which, str(rng.choice(self._ids[which])))
        if sample is None:
            return None
        segments = [s for s in sample.segments if s.area >= 12 and s.name and not s.crowd]
        if not segments:
            return None
        areas = np.sqrt([s.area for s in segments])
        target = segments[int(rng.choice(len(segments), p=areas / areas.sum()))]
        crop = cut(
            sample, target, size=size, config=self.crop, any_way_up=config.any_way_up, rng=rng
        )
        visible = [s for s in segments if (crop.labels == s.id).sum() >= self.batch.min_pixels]
        if not visible:
            return None
        masks = np.stack([crop.labels == s.id for s in visible])
        crowd = any(s.crowd for s in sample.segments)
        complete = config.complete and not crowd
        phrased: tuple[Phrased, ...] = ()
        referred = any(p.kind == REFERRING for p in sample.phrases)
        if (config.complete or referred) and rng.random() < self.batch.phrases:
            phrased = phrases_of_view(
                sample, visible, crop, rng, sentences=self.batch.sentences,
                complete=config.complete, most=self.batch.most_phrases,
            )  # fmt: skip
        # Where stuff is not labelled, the classes to choose from are the things alone.
        things_only = sample.semantic_complete is False
        view = View(
            crop=crop,
            masks=masks,
            names=tuple(s.name for s in visible),
            vocabulary=self._vocabulary(which, things_only=things_only),
            complete=complete,
            background=complete and sample.semantic_complete is None,
            phrased=phrased,
        )
        sizes = np.sqrt(masks.sum((1, 2)))
        count = min(self.batch.objects, len(visible))
        wanted = rng.choice(len(visible), count, replace=False, p=sizes / sizes.sum())
        return view, [int(i) for i in wanted]

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
