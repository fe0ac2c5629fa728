"""Labels of any number of axes, what is known about them, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seem_model.errors import ImageError
from seem_model.export.objects import LabelObject, Objects

if TYPE_CHECKING:
    from collections.abc import Sequence

AXES = "tczyx"
"""Names of axes, in the order in which files have them."""


@dataclass(frozen=True)
class Placement:
    """Where an array lies: position = index * scale + translate, along each axis.

    Parameters
    ----------
    axes : tuple of str
        Of ``AXES``, in that order, the last two "y" and "x".
    scale, translate : tuple of float
        Translate is the centre of the first element.
    units : tuple of str
        Names such as "micrometer"; "" for none.

    Raises
    ------
    ImageError
        If these do not make sense or differ in length.
    """

    axes: tuple[str, ...]
    scale: tuple[float, ...]
    translate: tuple[float, ...]
    units: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.axes[-2:] != ("y", "x") or self.axes != tuple(a for a in AXES if a in self.axes):
            raise ImageError(
                f"The axes are {', '.join(self.axes)}; use some of t, c, z, y, x in this order."
            )
        lengths = {len(part) for part in (self.axes, self.scale, self.translate, self.units)}
        if len(lengths) > 1 or not np.isfinite([*self.scale, *self.translate]).all():
            raise ImageError(
                f"The scale {self.scale}, place {self.translate} and units {self.units} must have "
                f"a number or name for each of the axes {', '.join(self.axes)}."
            )

    @classmethod
    def of(
        cls, ndim: int, *, scale: Sequence[float] | None = None, axes: Sequence[str] = ()
    ) -> Placement:
        """At the origin; axes are "tzyx" or the last of them, if none are given.

        Raises
        ------
        ImageError
            If there are too few or too many axes.
        """
        names = tuple(axes) or tuple(AXES if ndim == len(AXES) else "tzyx"[-ndim:])
        if not 2 <= ndim <= len(AXES) or len(names) != ndim:
            raise ImageError(f"Labels have 2 to {len(AXES)} axes, each with a name, not {ndim}.")
        steps = (1.0,) * ndim if scale is None else tuple(float(step) for step in scale)
        return cls(names, steps, (0.0,) * ndim, ("",) * ndim)


@dataclass(frozen=True, eq=False)
class LabelVolume:
    """Labels with their table and place.

    Parameters
    ----------
    labels : integers of 2 to 5 axes
        0 = nothing, otherwise ``LabelObject.id``; kept as uint8, uint16 or uint32.
    table : tuple of LabelObject
        In any order; labels that are missing get a row without a name.
    placement : Placement

    Raises
    ------
    ImageError
        If ``labels`` are no labels, the table lists one twice or the placement is of other axes.
    """

    labels: NDArray[Any]
    table: tuple[LabelObject, ...]
    placement: Placement

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        if len(self.placement.axes) != labels.ndim:
            raise ImageError(f"The labels have {labels.ndim} axes, not {len(self.placement.axes)}.")
        # one check of numbers and table for all formats
        flat = Objects(labels.reshape(-1, *labels.shape[-2:]), self.table)
        smallest = np.min_scalar_type(int(flat.labels.max()))
        kept = flat.labels.astype(smallest, copy=False).reshape(labels.shape)
        object.__setattr__(self, "labels", kept)
        object.__setattr__(self, "table", flat.table)

    @classmethod
    def of(cls, objects: Objects, *, scale: Sequence[float] | None = None) -> LabelVolume:
        """The same objects, with a scale."""
        return cls(objects.labels, objects.table, Placement.of(objects.labels.ndim, scale=scale))

    def objects(self) -> Objects:
        """The same without leading axes of length 1; ImageError if more than three are left."""
        labels = self.labels
        while labels.ndim > 2 and labels.shape[0] == 1:
            labels = labels[0]
        return Objects(labels, self.table)
