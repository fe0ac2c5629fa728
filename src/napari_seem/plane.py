"""Where the picture is: the pixel grid of an image layer and the 2-D slice of it on display.

The only file of the plugin that knows layer transforms, displayed axes and resolution levels.
Everything else speaks ``(row, col)`` of a :class:`Plane`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from seem_model.errors import SeemError

if TYPE_CHECKING:
    from napari.components import Dims
    from napari.layers.base import Layer
    from numpy.typing import NDArray

MAX_SIDE = 4096
"""Of a multiscale image the finest level whose displayed sides are not larger than this is used."""


class PlaneError(SeemError):
    """There is no 2-D slice of the image on display; the message says what to do."""


@dataclass(frozen=True)
class Plane:
    """One 2-D slice of an n-D grid.

    Parameters
    ----------
    axes : (int, int)
        Data axes that are rows and columns, ascending.
    index : tuple of int
        Position along every data axis; 0 for the two in ``axes``.
    shape : (int, int)
        (H, W) pixels.
    """

    axes: tuple[int, int]
    index: tuple[int, ...]
    shape: tuple[int, int]

    @property
    def indexer(self) -> tuple[int | slice, ...]:
        """Index that cuts the (H, W) slice out of an n-D array of the grid's shape."""
        return tuple(slice(None) if a in self.axes else i for a, i in enumerate(self.index))

    def moved(self, axis: int, by: int) -> Plane:
        """The slice ``by`` further along a data axis, whether or not the grid reaches so far."""
        index = tuple(i + by if a == axis else i for a, i in enumerate(self.index))
        return replace(self, index=index)

    def contains(self, coordinates: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the (N, ndim) data coordinates lie in this slice; (N,) bool."""
        inside = np.ones(len(coordinates), bool)
        for axis, index in enumerate(self.index):
            if axis not in self.axes:
                inside &= np.abs(coordinates[:, axis] - index) <= 0.5
        return inside

    def lift(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, ndim) data coordinates of (N, 2) ``(row, col)`` points."""
        out = np.tile(np.asarray(self.index, float), (len(points), 1))
        out[:, self.axes] = points
        return out


@dataclass(frozen=True, eq=False)
class Grid:
    """The pixels of an image layer at the resolution level that is annotated.

    Prompt and result layers are made on this grid. For a multiscale image that is the finest
    level with sides up to ``MAX_SIDE``, so a whole-slide image costs no more than its overview.

    Parameters
    ----------
    image : napari Image layer
    level : int
        Resolution level; 0 when the image has only one.
    shape : tuple of int
        n-D shape at that level, without the colours of an RGB image. A channel axis has length 1:
        one pixel of the grid spans all channels, so marks and masks belong to, and are shown on,
        every one of them.
    channel_axis : int or None
        Data axis that holds channels.
    """

    image: Image
    level: int
    shape: tuple[int, ...]
    channel_axis: int | None = None

    @classmethod
    def of(cls, image: Image, dims: Dims, *, channel_axis: int | None = None) -> Grid:
        """Grid of ``image`` for what ``dims`` displays."""
        shapes = [full_shape(image)]
        if image.multiscale:
            shapes = [tuple(int(n) for n in s[: image.ndim]) for s in image.level_shapes]
        axes = displayed_axes(image.ndim, dims)
        small = [k for k, s in enumerate(shapes) if max(s[a] for a in axes) <= MAX_SIDE]
        level = small[0] if small else len(shapes) - 1
        shape = tuple(1 if a == channel_axis else n for a, n in enumerate(shapes[level]))
        return cls(image, level, shape, channel_axis)

    @property
    def factors(self) -> NDArray[np.float64]:
        """(ndim,) how many full-resolution pixels one grid pixel spans."""
        return np.asarray(np.asarray(full_shape(self.image), float) / self.shape)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(ndim + 1, ndim + 1) affine from grid pixels to world."""
        # centre of the first coarse pixel sits (factor - 1) / 2 fine pixels from the corner one
        to_full = np.diag(np.append(self.factors, 1.0))
        to_full[:-1, -1] = (self.factors - 1) / 2
        return np.asarray(world_matrix(self.image) @ to_full)

    @property
    def first(self) -> Plane:
        """The first slice along the last two axes that are no channels."""
        row, col = [a for a in range(len(self.shape)) if a != self.channel_axis][-2:]
        return Plane((row, col), (0,) * len(self.shape), (self.shape[row], self.shape[col]))

    def place(self, layer: Layer) -> None:
        """Put ``layer`` (data of this grid) exactly over the image, whatever its transform."""
        image, factors = self.image, self.factors
        # first: napari 0.9 keeps the units of an inverse transform that it computed before, and
        # shows another slice then, unless the transform changes afterwards
        layer.units, layer.axis_labels = image.units, image.axis_labels
        layer.scale = np.asarray(image.scale) * factors
        layer.rotate, layer.shear = image.rotate, image.shear
        layer.affine = image.affine
        physical = np.linalg.inv(image.affine.affine_matrix) @ self.matrix
        layer.translate = physical[:-1, -1]
        if not np.allclose(world_matrix(layer), self.matrix):
            # decomposing rotation, shear and negative scale is not unique; one matrix is
            n = len(self.shape)
            layer.scale, layer.translate, layer.shear = np.ones(n), np.zeros(n), np.zeros(n)
            layer.rotate = np.eye(n)
            layer.affine = self.matrix

    def plane(self, dims: Dims) -> Plane:
        """The slice on display.

        Raises
        ------
        PlaneError
            If the viewer shows 3-D, the channel axis, or a position outside the image, or another
            layer has finer units.
        """
        if dims.ndisplay != 2:
            raise PlaneError(
                "SEEM works on 2-D slices: switch the viewer back to 2-D "
                "(the cube button below the layer list, or Ctrl+Y)."
            )
        if dims.ndim < len(self.shape):  # while the image is being removed from the viewer
            raise PlaneError("The chosen image is not in the viewer any more: choose another one.")
        axes = displayed_axes(len(self.shape), dims)
        if self.channel_axis in axes:
            raise PlaneError(
                "The channels are on display as if they were pixels: change the order of the axes "
                "(the roll button below the layer list, or Ctrl+E), or choose another channel axis."
            )
        n = len(self.shape)
        if dims.units is not None and list(dims.units[-n:]) != list(self.image.units):
            # napari 0.9 shows such layers in place, but takes clicks for those of the finer unit
            raise PlaneError(
                f"Another layer has finer units ({dims.units[-1]}) than the chosen image "
                f"({self.image.units[-1]}), and marks would be put in the wrong place: give all "
                "layers the same units, or remove the other one."
            )
        world = np.append(np.asarray(dims.point[-n:], float), 1.0)
        position = np.round((np.linalg.inv(self.matrix) @ world)[:-1]).astype(int)
        index = tuple(0 if a in axes else int(p) for a, p in enumerate(position))
        if any(not 0 <= i < n for i, n in zip(index, self.shape, strict=True)):
            raise PlaneError(
                "The slice on display lies outside the chosen image: move the slider below the "
                "canvas to a slice where the image is visible."
            )
        return Plane(axes, index, (self.shape[axes[0]], self.shape[axes[1]]))


def full_shape(image: Image) -> tuple[int, ...]:
    """n-D shape of a layer at full resolution, without the colours of an RGB image."""
    shape = image.level_shapes[0] if image.multiscale else image.data.shape
    return tuple(int(n) for n in shape[: image.ndim])


def displayed_axes(ndim: int, dims: Dims) -> tuple[int, int]:
    """Data axes of an ``ndim``-D layer that ``dims`` shows as rows and columns, ascending."""
    offset = dims.ndim - ndim
    order = [a - offset for a in dims.order if a >= offset]
    # ascending, so that transposing the view keeps the marks and the answer
    first, second = sorted(order[-2:])
    return first, second


def units_of_view(layer: Layer, dims: Dims) -> NDArray[np.float64]:
    """(ndim,) what one unit of the viewer's world is in units of ``layer``, along each axis.

    Not 1 where layers have different units, such as nanometres beside micrometres.
    """
    if dims.units is None or len(dims.units) < layer.ndim:
        return np.ones(layer.ndim)
    pairs = zip(dims.units[-layer.ndim :], layer.units, strict=True)
    return np.array([float((1 * shown).to(own).magnitude) for shown, own in pairs])


def world_matrix(layer: Layer) -> NDArray[np.float64]:
    """(ndim + 1, ndim + 1) affine from a layer's data to world."""
    n = layer.ndim
    origin = np.asarray(layer.data_to_world(np.zeros(n)), float)
    matrix = np.eye(n + 1)
    for axis, unit in enumerate(np.eye(n)):
        matrix[:-1, axis] = np.asarray(layer.data_to_world(unit), float) - origin
    matrix[:-1, -1] = origin
    return matrix


def read_slice(data: Any, plane: Plane, *, axis: int | None = None, entry: int = 0) -> NDArray[Any]:
    """Pixels of ``plane``; of a lazy array nothing else is read.

    Parameters
    ----------
    data : array-like
        n-D.
    plane : Plane
    axis, entry : int or None, int
        Where ``data`` is read along the channel axis, if there is one.

    Returns
    -------
    (H, W), or (H, W, colours) of an RGB image
    """
    where = tuple(entry if a == axis else i for a, i in enumerate(plane.indexer))
    return np.asarray(data[where])
