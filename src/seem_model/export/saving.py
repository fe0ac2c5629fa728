"""Any of the formats by its name or ending: save objects, open them again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from seem_model.data.files import read_flat
from seem_model.errors import DataError
from seem_model.export.coco import from_coco, write_coco
from seem_model.export.geojson import from_geojson, write_geojson
from seem_model.export.imagej import read_rois, write_rois
from seem_model.export.json_files import is_coco, is_geojson, read_json
from seem_model.export.label_volume import LabelVolume
from seem_model.export.measurements import write_csv
from seem_model.export.objects import Objects
from seem_model.export.ome_metadata import ome_attributes
from seem_model.export.ome_zarr import read_ome_zarr, write_ome_zarr
from seem_model.export.tiff import read_tiff, write_tiff
from seem_model.export.training_text import write_voc, write_yolo

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

Format = Literal["coco", "geojson", "imagej", "yolo", "voc", "csv", "tiff", "ome-zarr"]
FORMATS: tuple[Format, ...] = get_args(Format)
ENDINGS: dict[Format, tuple[str, ...]] = {
    "coco": (".json",),
    "geojson": (".geojson", ".json"),
    "imagej": (".zip",),
    "yolo": (".txt",),
    "voc": (".xml",),
    "csv": (".csv",),
    "tiff": (".tif", ".tiff"),
    "ome-zarr": (".zarr",),
}


def save_objects(
    path: str | Path,
    objects: Objects,
    kind: Format,
    *,
    picture: str = "",
    pixels: NDArray[Any] | None = None,
    scale: tuple[float, ...] | None = None,
    name: str = "objects",
) -> None:
    """Write objects in a format.

    Parameters
    ----------
    path : str or Path
    objects : Objects
    kind : Format
        See :mod:`seem_model.export` and the documentation for what each keeps.
    picture : str
        Name of the image's file, for COCO and VOC.
    pixels : array, optional
        The image, for intensities in CSV and channels in VOC; see
        :func:`seem_model.export.measurements.measure`.
    scale : tuple of float, optional
        Size of a pixel along each axis, for CSV and OME-Zarr.
    name : str
        Of the labels, where ``path`` is an OME-Zarr image.

    Raises
    ------
    DataError
        If the ending does not fit the format or the file cannot be written.
    ImageError
        If the objects do not fit the format or the image.
    """
    where = Path(path)
    if where.suffix.lower() not in ENDINGS[kind]:
        wanted = " or ".join(ENDINGS[kind])
        raise DataError(f"A file of the format {kind} ends in {wanted}, not as {where.name}.")
    match kind:
        case "coco":
            write_coco(where, objects, image=picture)
        case "geojson":
            write_geojson(where, objects)
        case "imagej":
            write_rois(where, objects)
        case "yolo":
            write_yolo(where, objects)
        case "voc":
            colour = pixels is not None and pixels.ndim == 3
            depth = 1 if pixels is not None and not colour else 3
            write_voc(where, objects, image=picture, channels=depth)
        case "csv":
            write_csv(where, objects, image=pixels, scale=scale)
        case "tiff":
            write_tiff(where, objects)
        case "ome-zarr":
            write_ome_zarr(where, LabelVolume.of(objects, scale=scale), name=name)


def open_objects(path: str | Path) -> Objects:
    """Read objects from a label image (TIFF, PNG, .npy, OME-Zarr), COCO, GeoJSON or ImageJ ROIs.

    Raises
    ------
    DataError
        If the file is of no such kind, or damaged.
    ImageError
        If it is an image but not of labels.
    """
    where = Path(path).expanduser()
    ending = where.suffix.lower()
    if where.is_dir() and ome_attributes(where) is not None:
        return read_ome_zarr(where).objects()
    if not where.is_file():
        raise DataError(f"There is no file {where}.")
    if ending in (".json", ".geojson"):
        return objects_in(read_json(where), where.name)
    if ending in (".zip", ".roi"):
        return read_rois(where)
    if ending in (".tif", ".tiff"):
        return read_tiff(where)
    if ending == ".npy":
        try:
            return Objects(np.load(where))
        except (OSError, ValueError, EOFError) as error:
            raise DataError(f"Cannot read {where}: {error}.") from error
    return Objects(read_flat(where, "all of it"))


def objects_in(content: Any, name: str) -> Objects:
    """Objects in parsed JSON, COCO or GeoJSON; DataError names the file if it is neither."""
    if is_coco(content):
        return from_coco(content)
    if is_geojson(content):
        return from_geojson(content)
    raise DataError(f"{name} holds no objects: it is neither COCO nor GeoJSON.")
