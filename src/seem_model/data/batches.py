"""Batches for training: which images, which objects, what is asked of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from seem_model.clicks import add_click, next_click
from seem_model.data.batch import Ask, Batch, View
from seem_model.data.batch_config import BatchConfig, Drawing
from seem_model.data.crops import CropConfig, cut
from seem_model.data.pasting import Donor, donor, may_be_pasted
from seem_model.data.phrasing import REFERRING, Shown, phrases_of_view
from seem_model.data.set_config import SetConfig
from seem_model.data.sources import Sources
from seem_model.drawing import SHAPES, draw
from seem_model.errors import DataError
from seem_model.official_prompts import TrainedShape, training_prompt
from seem_model.values import Mask, Prompts

if TYPE_CHECKING:
    from seem_model.data.batch import Phrased
    from seem_model.data.crops import Crop
    from seem_model.data.sample import Sample, SegmentInfo
    from seem_model.data.telling_apart import Told

_PATIENCE = 1000  # views drawn in vain before the data are said to hold no objects


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
            view, wanted, said = drawn
            row = len(views)
            views.append(view)
            asks.extend(self._ask(view, index, row, said[index], rng) for index in wanted)
        return Batch(tuple(views), tuple(asks))

    @property
    def sources(self) -> Sources:
        """The opened data sets."""
        return self._sources

    def _view(
        self, rng: np.random.Generator, size: int
    ) -> tuple[View, list[int], list[list[str]]] | None:
        """A view, which objects are asked for, and what would tell each object from its like."""
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
            donors=[(s.id, d) for s, d in donors], offset=config.offset,
        )  # fmt: skip
        segments += [s for s, _ in donors]
        visible = [s for s in segments if (crop.labels == s.id).sum() >= self.batch.min_pixels]
        if not visible:
            return None
        masks = np.stack([crop.labels == s.id for s in visible])
        crowd = any(s.crowd for s in sample.segments)
        complete = config.complete and not crowd
        pasted = [s for s, _ in donors]
        told, phrased = self._phrases(sample, crop, visible, pasted, vocabulary, config, rng)
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
        said = [[t.text for t in told if t.id == s.id] for s in visible]
        return view, [int(i) for i in wanted], said

    def _phrases(
        self, sample: Sample, crop: Crop, visible: list[SegmentInfo], pasted: list[SegmentInfo],
        vocabulary: tuple[str, ...], config: SetConfig, rng: np.random.Generator,
    ) -> tuple[tuple[Told, ...], tuple[Phrased, ...]]:  # fmt: skip
        """Phrases that mean one object alone, and those that the view is asked by."""
        seen = set(np.unique(crop.labels).tolist())
        shown = Shown(
            sample=sample, crop=crop, visible=visible, vocabulary=vocabulary,
            present=[s for s in (*sample.segments, *pasted) if s.id in seen],
            complete=config.complete, pasted=bool(pasted),
        )  # fmt: skip
        told = shown.told(rng) if self.batch.telling else ()
        referred = any(p.kind == REFERRING for p in sample.phrases)
        if not (config.complete or referred) or rng.random() >= self.batch.phrases:
            return told, ()
        return told, phrases_of_view(shown, told, self.batch, rng)

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
            whose, other = self._sources.pick(rng, among=world)
            fit = [] if other is None else [
                s for s in other.segments if s.name in vocabulary and may_be_pasted(s, config)
            ]  # fmt: skip
            if other is not None and fit:
                taken = fit[int(rng.integers(len(fit)))]
                cut_out = donor(other, taken, self.sets[whose].offset)
                found.append((replace(taken, id=first + number), cut_out))
        return found

    def _ask(
        self, view: View, index: int, row: int, said: Sequence[str], rng: np.random.Generator
    ) -> Ask:
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
            text=self._text(name, said, rng),
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

    def _text(self, name: str, said: Sequence[str], rng: np.random.Generator) -> str:
        """What comes with the first prompt: nothing, the name, or words that tell it apart."""
        if rng.random() >= self.batch.text:
            return ""
        if said and rng.random() < self.batch.telling:
            return said[int(rng.integers(len(said)))]
        return name

    def _example(self, view: View, index: int, rng: np.random.Generator) -> Mask | None:
        if rng.random() >= self.batch.example:
            return None
        same = [i for i, n in enumerate(view.names) if n == view.names[index] and i != index]
        return view.masks[int(rng.choice(same))] if same else None


def _drawn(shape: Drawing, truth: Mask, rng: np.random.Generator) -> Prompts:
    if shape in SHAPES:
        return draw(shape, truth, rng)
    return training_prompt(cast("TrainedShape", shape), truth, rng)
