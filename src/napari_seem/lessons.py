"""What a model can learn from: images with the objects labelled in them, slice by slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels

from napari_seem import objects
from napari_seem.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_seem.focus import Focus
    from napari_seem.plane import Plane
    from napari_seem.target import Target
    from seem_model.data.examples import Example

MOST_PIXELS = 150_000_000
"""Of all pictures together, about a gigabyte; of larger stacks slices are left out."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Source:
    """An image layer and a Labels layer over it.

    Parameters
    ----------
    image : Image
    labels : Labels
    is_own : bool
        Whether the labels are the objects that were committed in this image.
    """

    image: Image
    labels: Labels
    is_own: bool

    @property
    def key(self) -> tuple[int, int]:
        """The same as long as both are the same."""
        return id(self.image), id(self.labels.data)


@dataclass(frozen=True, eq=False, kw_only=True)
class Lesson:
    """A source as it was when somebody asked for it; read by the worker.

    Parameters
    ----------
    name : str
        Of the image.
    picture : Picture
        Of one slice; the others look the same way.
    labels : array-like
        n-D labels.
    names : mapping of int to str
        Classes by label.
    complete : bool
        Whether everything is labelled.
    """

    name: str
    picture: Picture
    labels: Any
    names: Mapping[int, str]
    complete: bool

    def slices(self) -> Iterator[tuple[Plane, NDArray[np.integer]]]:
        """Slices with something labelled, and their labels (H, W)."""
        first = self.picture.sight.plane
        shape = [1 if a in first.axes else n for a, n in enumerate(np.shape(self.labels))]
        for index in np.ndindex(*shape):
            plane = replace(first, index=index)
            labels = np.asarray(self.labels[plane.indexer])
            if labels.any():
                yield plane, labels

    def count(self) -> int:
        """Objects on all slices; one that reaches through several counts on each."""
        return sum(int((np.unique(labels) > 0).sum()) for _, labels in self.slices())

    def example(self, plane: Plane, labels: NDArray[np.integer]) -> Example:
        """What one slice teaches; reads its pixels."""
        from seem_model.data.examples import Example

        picture = replace(self.picture, sight=replace(self.picture.sight, plane=plane))
        positive = np.maximum(labels, 0)
        ids, numbers = np.unique(positive, return_inverse=True)
        known = {int(label): int(label) for label in ids}
        if ids[-1] >= 2**31:  # numbered anew, for training counts with 32 bits
            known, positive = dict(enumerate(ids.tolist())), numbers.reshape(labels.shape)
        where = [str(i) for a, i in enumerate(plane.index) if a not in plane.axes]
        return Example(
            name=" ".join([self.name, *where]), picture=picture(),
            labels=positive.astype(np.int32), complete=self.complete,
            names={new: self.names.get(old, "") for new, old in known.items() if old},
        )  # fmt: skip


def sources(focus: Focus) -> list[Source]:
    """Images of the viewer with each Labels layer that lies over them pixel by pixel."""
    pairs = [(image, focus.target_of(image)) for image in focus.images]
    targets = [(image, target) for image, target in pairs if target is not None]
    # layers that the plugin makes for itself; objects belong to the image they were committed in
    ours = [layer for _, target in targets for layer in target.layers]
    found = []
    for image, target in targets:
        if target.objects is not None:
            found.append(Source(image=image, labels=target.objects, is_own=True))
        found += [
            Source(image=image, labels=layer, is_own=False)
            for layer in focus.labels
            if not any(layer is x for x in ours) and _fits(layer, target)
        ]
    return found


def _fits(layer: Labels, target: Target) -> bool:
    return not layer.multiscale and tuple(layer.data.shape) == target.grid.shape


def lesson(focus: Focus, source: Source, *, complete: bool) -> Lesson | None:
    """A source made ready for the worker; None if the viewer is gone."""
    target = focus.target_of(source.image)
    if target is None:
        return None
    plane = focus.plane_of(target) or target.grid.first
    return Lesson(
        name=source.image.name,
        picture=Picture.of(target.sight(plane), target.grid),
        labels=source.labels.data,
        names={row.label: row.name for row in objects.table(source.labels)},
        complete=complete,
    )


def examples_of(
    lessons: Sequence[Lesson], watch: Callable[[float], None], *, most: int = MOST_PIXELS
) -> list[Example]:
    """Read the slices of lessons, evenly spread ones where all would be too many pixels.

    Parameters
    ----------
    lessons : sequence of Lesson
    watch : callable
        Called with the share done; what it raises ends the work.
    most : int
        Pixels of all pictures together.
    """
    planes = [(lesson, plane) for lesson in lessons for plane, _ in lesson.slices()]
    pixels = sum(plane.shape[0] * plane.shape[1] for _, plane in planes)
    count = len(planes) if pixels <= most else max(1, len(planes) * most // pixels)
    chosen = sorted({k * len(planes) // count for k in range(count)}) if planes else []
    found = []
    for done, k in enumerate(chosen):
        watch(done / len(chosen))
        lesson, plane = planes[k]
        found.append(lesson.example(plane, np.asarray(lesson.labels[plane.indexer])))
    return found
