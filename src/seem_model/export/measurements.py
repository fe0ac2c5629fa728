"""CSV of measurements, one row for each object (in a stack: each object of the volume)."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.errors import DataError, ImageError
from seem_model.export.objects import compact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.export.objects import Objects

_FLAT = ("perimeter", "eccentricity", "solidity")
_AXES = {2: ("row", "col"), 3: ("slice", "row", "col")}
Column = list[Any]


def measure(
    objects: Objects,
    *,
    image: NDArray[Any] | None = None,
    scale: tuple[float, ...] | None = None,
) -> dict[str, Column]:
    """Measure every object.

    ``id``, ``class``, ``score``, then in pixels ``area`` (voxels in a stack), the half-open box
    ``row_min`` to ``col_max``, the centroid, the ``equivalent_diameter`` and, for one image,
    ``perimeter``, ``eccentricity`` and ``solidity``. Centroids are in the frame in which the
    centre of the first pixel is 0, as in napari.

    Parameters
    ----------
    objects : Objects
    image : (H, W), (Z, H, W), the same with a last axis of channels, or with a first one; optional
        Adds mean, minimum and maximum of each channel.
    scale : tuple of float, optional
        Size of a pixel along each axis of the labels; adds columns that end in ``_scaled``: area,
        centroid, equivalent diameter and, where pixels are square, the perimeter.

    Returns
    -------
    dict of str to list
        Columns of one length.

    Raises
    ------
    ImageError
        If the image does not fit the labels or the scale is no size.
    """
    from skimage.measure import regionprops_table

    labels, values = compact(objects.labels)
    dimensions = labels.ndim
    flat = _FLAT if dimensions == 2 else ()
    wanted = ("label", "area", "bbox", "centroid", "equivalent_diameter_area", *flat)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # objects of a few pixels have no hull to speak of
        found = regionprops_table(labels, properties=wanted)
    known = {row.id: row for row in objects.table}
    rows = [known[int(values[number])] for number in found["label"]]
    columns: dict[str, Column] = {
        "id": [row.id for row in rows],
        "class": [row.name for row in rows],
        "score": ["" if row.score is None else row.score for row in rows],
        "area": [int(n) for n in found["area"]],
    }
    for k, axis in enumerate(_AXES[dimensions]):
        columns[f"{axis}_min"] = found[f"bbox-{k}"].tolist()
        columns[f"{axis}_max"] = found[f"bbox-{k + dimensions}"].tolist()
    for k, axis in enumerate(_AXES[dimensions]):
        columns[f"centroid_{axis}"] = found[f"centroid-{k}"].tolist()
    columns["equivalent_diameter"] = found["equivalent_diameter_area"].tolist()
    columns |= {name: found[name].tolist() for name in flat}
    if scale is not None:
        columns |= _scaled(columns, scale, dimensions)
    if image is not None:
        columns |= _intensities(labels, image, len(rows))
    return columns


def write_csv(
    path: str | Path,
    objects: Objects,
    *,
    image: NDArray[Any] | None = None,
    scale: tuple[float, ...] | None = None,
) -> None:
    """Write what :func:`measure` finds; DataError if the file cannot be written."""
    columns = measure(objects, image=image, scale=scale)
    try:
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
    except OSError as error:
        raise DataError(f"Cannot write {path}: {error.strerror or error}.") from error


def _scaled(
    columns: dict[str, Column], scale: tuple[float, ...], dimensions: int
) -> dict[str, Column]:
    if len(scale) != dimensions or not all(0 < step < np.inf for step in scale):
        raise ImageError(f"The scale {scale} is not a size for each of {dimensions} axes.")
    pixel = float(np.prod(scale))
    added = {"area_scaled": [area * pixel for area in columns["area"]]}
    for step, axis in zip(scale, _AXES[dimensions], strict=True):
        added[f"centroid_{axis}_scaled"] = [at * step for at in columns[f"centroid_{axis}"]]
    length = pixel ** (1 / dimensions)
    added["equivalent_diameter_scaled"] = [d * length for d in columns["equivalent_diameter"]]
    if dimensions == 2 and np.isclose(scale[0], scale[1]):
        added["perimeter_scaled"] = [p * scale[0] for p in columns["perimeter"]]
    return added


def _intensities(labels: NDArray[np.int32], image: NDArray[Any], count: int) -> dict[str, Column]:
    channels = _channels(image, labels.shape)
    inside = labels > 0
    numbers = labels[inside] - 1
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], np.arange(count))
    sizes = np.bincount(numbers, minlength=count)
    added: dict[str, Column] = {}
    for k, channel in enumerate(channels):
        end = f"_{k}" if len(channels) > 1 else ""
        values = channel[inside][order]
        # reduceat takes no empty list
        total = np.add.reduceat(values.astype(np.float64), starts) if count else np.zeros(0)
        added[f"mean_intensity{end}"] = (total / sizes).tolist()
        for name, find in (("min", np.minimum), ("max", np.maximum)):
            ends = find.reduceat(values, starts) if count else np.zeros(0)
            added[f"{name}_intensity{end}"] = ends.tolist()
    return added


def _channels(image: NDArray[Any], shape: tuple[int, ...]) -> list[NDArray[Any]]:
    if image.dtype.kind not in "buif":
        raise ImageError(f"Intensities are real numbers; this image holds {image.dtype}.")
    if image.shape == shape:
        return [image]
    if image.shape[:-1] == shape:
        return list(np.moveaxis(image, -1, 0))
    if image.shape[1:] == shape:
        return list(image)
    raise ImageError(f"The image is {image.shape}, its labels are {shape}: they must agree.")
