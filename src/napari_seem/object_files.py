"""File > Save and File > Open: Labels layers as files of other programs, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from seem_model.errors import DataError
from seem_model.export.coco import from_coco, write_coco
from seem_model.export.geojson import from_geojson, write_geojson
from seem_model.export.imagej import holds_rois, read_rois, write_rois
from seem_model.export.json_files import is_coco, is_geojson, read_json
from seem_model.export.measurements import write_csv
from seem_model.export.objects import LabelObject, Objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari.layers import Image
    from numpy.typing import NDArray

    LayerData = tuple[Any, dict[str, Any], str]
    Reader = Callable[[str], list[LayerData]]


def save_coco(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write a Labels layer as COCO JSON; errors as :func:`seem_model.export.coco.write_coco`."""
    write_coco(path, objects_of(data, meta))
    return [path]


def save_geojson(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write a Labels layer as GeoJSON for QuPath."""
    write_geojson(path, objects_of(data, meta))
    return [path]


def save_rois(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write a Labels layer as a zip for ImageJ's ROI manager."""
    write_rois(path, objects_of(data, meta))
    return [path]


def save_table(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write the measurements of a Labels layer as CSV, scaled too if the layer has a scale."""
    objects = objects_of(data, meta)
    write_csv(path, objects, scale=_scale(objects, meta))
    return [path]


def save_table_with_image(path: str, layers: list[LayerData]) -> list[str]:
    """Write the measurements of a Labels layer in an Image layer as CSV."""
    [(data, meta)] = [(data, meta) for data, meta, kind in layers if kind == "labels"]
    [(image, look)] = [(data, meta) for data, meta, kind in layers if kind == "image"]
    objects = objects_of(data, meta)
    channels = 1 if look.get("rgb") else 0
    pixels = _trimmed(pixels_of(image, look), objects.labels.ndim + channels)
    write_csv(path, objects, image=pixels, scale=_scale(objects, meta))
    return [path]


def objects_of(data: Any, meta: dict[str, Any]) -> Objects:
    """Objects of a Labels layer as napari hands it to a writer.

    The class of a label is in the column ``class`` of the layer's features, its score in ``score``;
    the label is in ``index``, or else it is the number of the row, as napari has it.

    Raises
    ------
    ImageError
        If the layer has more than three axes that are longer than 1.
    """
    return Objects(_trimmed(pixels_of(data, meta), 2), rows_of(meta))


def json_reader(path: str | list[str]) -> Reader | None:
    """Reader of COCO JSON and GeoJSON; None for several files, or other JSON."""
    if not isinstance(path, str):
        return None
    try:
        content = read_json(Path(path))
    except DataError:
        if path.lower().endswith(".geojson"):
            raise
        return None  # some other plugin's, perhaps
    if is_coco(content):
        return lambda path: _layer(path, from_coco(content))
    if is_geojson(content):
        return lambda path: _layer(path, from_geojson(content, _image_shape()))
    return None


def roi_reader(path: str | list[str]) -> Reader | None:
    """Reader of ImageJ's ROIs; None for several files, or a zip of something else."""
    if not isinstance(path, str) or not holds_rois(path):
        return None
    return lambda path: _layer(path, read_rois(path, _image_shape()))


def rows_of(meta: dict[str, Any]) -> tuple[LabelObject, ...]:
    """What a layer's features say of its labels, see :func:`objects_of`."""
    table = pd.DataFrame(meta.get("features"))
    ids = table["index"] if "index" in table else pd.Series(range(len(table)))
    known: dict[int, LabelObject] = {}
    for place, id in enumerate(ids):
        if pd.isna(id) or id < 1:
            continue
        name = table["class"].iloc[place] if "class" in table else ""
        score = table["score"].iloc[place] if "score" in table else None
        known[int(id)] = LabelObject(
            int(id),
            "" if pd.isna(name) else str(name),
            None if score is None or pd.isna(score) else float(score),
        )
    return tuple(known.values())


def features_of(rows: Iterable[LabelObject]) -> pd.DataFrame:
    """The same as features of a layer."""
    values = [(row.id, row.name, np.nan if row.score is None else row.score) for row in rows]
    return pd.DataFrame(values, columns=["index", "class", "score"])


def pixels_of(data: Any, meta: dict[str, Any]) -> NDArray[Any]:
    """Pixels of a layer, of the finest level, in memory."""
    return np.asarray(data[0] if meta.get("multiscale") else data)


def _layer(path: str, objects: Objects) -> list[LayerData]:
    features = features_of(objects.table)
    meta = {"name": Path(path).stem, "features": features, **place_of(objects.labels.shape)}
    return [(objects.labels, meta, "labels")]


def _trimmed(array: NDArray[Any], axes: int) -> NDArray[Any]:
    """Without leading axes of length 1, down to ``axes``."""
    while array.ndim > axes and array.shape[0] == 1:
        array = array[0]
    return array


def _scale(objects: Objects, meta: dict[str, Any]) -> tuple[float, ...] | None:
    scale = tuple(float(step) for step in meta.get("scale", ()))[-objects.labels.ndim :]
    return scale if any(step != 1 for step in scale) else None


def _image() -> Image | None:
    """The image that is selected, or the only one."""
    import napari
    from napari.layers import Image

    viewer = napari.current_viewer()
    if viewer is None:
        return None
    images = [layer for layer in viewer.layers if isinstance(layer, Image)]
    chosen = [layer for layer in images if layer in viewer.layers.selection] or images
    return chosen[0] if len(chosen) == 1 else None


def _image_shape() -> tuple[int, ...] | None:
    """Its (H, W) or (Z, H, W), for files that do not tell theirs."""
    image = _image()
    if image is None:
        return None
    shape = (image.data[0] if image.multiscale else image.data).shape
    size = shape[:-1] if image.rgb else shape
    while len(size) > 2 and size[0] == 1:
        size = size[1:]
    return tuple(int(n) for n in size) if len(size) in (2, 3) else None


def place_of(shape: tuple[int, ...]) -> dict[str, Any]:
    """Where the image lies, if the labels are as large as it."""
    image = _image()
    if image is None or _image_shape() != shape:
        return {}
    axes = slice(-len(shape), None)
    return {
        "scale": image.scale[axes],
        "translate": image.translate[axes],
        "units": image.units[axes],
    }
