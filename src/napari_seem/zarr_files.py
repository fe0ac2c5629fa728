"""Labels layers as OME-Zarr, and back.

No reader is declared in the manifest: one that accepts folders counts for *every* folder, and then
napari opens none of them without asking which reader to take. :mod:`napari_seem.open_labels` does.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_seem.object_files import features_of, pixels_of, rows_of
from seem_model.errors import DataError
from seem_model.export.label_volume import AXES, LabelVolume, Placement
from seem_model.export.ome_metadata import is_image, is_labels, label_names
from seem_model.export.ome_zarr import free_name, read_ome_zarr, write_ome_zarr

if TYPE_CHECKING:
    from collections.abc import Callable

    LayerData = tuple[Any, dict[str, Any], str]

_PIXEL = "pixel"


def save_ome_zarr(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write a Labels layer as a new folder, or among the labels of an OME-Zarr image.

    In an image they get the name of the layer, with a number if there are such labels already.
    Errors as :func:`seem_model.export.ome_zarr.write_ome_zarr`.
    """
    labels = pixels_of(data, meta)
    volume = LabelVolume(labels, rows_of(meta), placement_of(labels.ndim, meta))
    name = str(meta.get("name") or "objects")
    if not is_image(Path(path)):
        if _turned(meta):
            warnings.warn(
                "The layer is rotated, sheared or has an affine transformation. OME-Zarr holds "
                "none of these: only scale and translation were saved.",
                stacklevel=2,
            )
        return [str(write_ome_zarr(path, volume))]
    return [str(write_ome_zarr(path, volume, name=free_name(path, name)))]


def zarr_reader(path: str | list[str]) -> Callable[[str], list[LayerData]] | None:
    """Reader of a folder of OME-Zarr labels; None for images and everything else."""
    if not isinstance(path, str) or not is_labels(Path(path)):
        return None
    return read_labels


def read_labels(path: str) -> list[LayerData]:
    """A layer of labels, or one for each of the labels of an OME-Zarr image.

    Raises
    ------
    DataError
        If there are none, or they are damaged.
    ImageError
        If they are no labels.
    """
    where = Path(path)
    names = () if is_labels(where) else label_names(where)
    if not names and not is_labels(where):
        raise DataError(
            f"There are no OME-Zarr labels in {where}: choose a folder of labels, or an OME-Zarr "
            "image that has some."
        )
    folders = [where / "labels" / name for name in names] or [where]
    return [_layer(folder) for folder in folders]


def placement_of(ndim: int, meta: dict[str, Any]) -> Placement:
    """Where a layer lies, of what napari tells a writer; turns and shears left out."""
    names = tuple(str(name) for name in meta.get("axis_labels") or ())
    known = names[-2:] == ("y", "x") and names == tuple(a for a in AXES if a in names)
    plain = Placement.of(ndim, axes=names if known and len(names) == ndim else ())
    units = tuple("" if str(u) == _PIXEL else str(u) for u in meta.get("units") or ())
    return Placement(
        plain.axes,
        tuple(float(s) for s in meta.get("scale", plain.scale)),
        tuple(float(t) for t in meta.get("translate", plain.translate)),
        units or plain.units,
    )


def _turned(meta: dict[str, Any]) -> bool:
    rotate, affine = (np.asarray(meta.get(key, np.eye(1)), float) for key in ("rotate", "affine"))
    shear = np.asarray(meta.get("shear", 0.0), float)
    off = rotate - np.diag(np.diag(rotate)) if rotate.ndim == 2 else rotate
    unmoved = affine.ndim == 2 and np.allclose(affine, np.eye(len(affine)))
    return bool(np.abs(off).max() > 1e-9 or np.abs(shear).max() > 1e-9 or not unmoved)


def _layer(folder: Path) -> LayerData:
    volume = read_ome_zarr(folder)
    place = volume.placement
    meta = {
        "name": folder.stem if folder.suffix == ".zarr" else folder.name,
        "features": features_of(volume.table),
        "scale": place.scale,
        "translate": place.translate,
        "units": tuple(unit or _PIXEL for unit in place.units),
        "axis_labels": place.axes,
    }
    return (volume.labels, meta, "labels")
