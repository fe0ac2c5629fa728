"""Labels as OME-Zarr: a folder of their own, or among the labels of an OME-Zarr image.

Resolution levels are made by taking the nearest pixel, which never makes up a label; the finest
level is exact. Version 0.5 is written, 0.4 into an image of version 0.4; both are read.
"""

from __future__ import annotations

import json
import shutil
import uuid
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seem_model.errors import DataError, ImageError
from seem_model.export.label_levels import levels_of, nearest
from seem_model.export.label_volume import LabelVolume, Placement
from seem_model.export.ome_metadata import (
    datasets_of,
    first_multiscale,
    is_image,
    is_labels,
    label_attributes,
    label_names,
    list_label,
    ome_attributes,
    table_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seem_model.export.ome_metadata import Version

CHUNK = 512
_FORBIDDEN = '/\\:*?"<>|'


def write_ome_zarr(path: str | Path, volume: LabelVolume, *, name: str = "objects") -> Path:
    """Write labels; nothing is seen at ``path`` before all of it is written.

    Parameters
    ----------
    path : str or Path
        A new folder, or an OME-Zarr image: then they become its labels ``name``.
    volume : LabelVolume
        In an image, as large as one of its levels (without channels and axes of length 1); it is
        placed as that level is, whatever its own placement.
    name : str
        Of the labels in an image; must be new there, see :func:`free_name`.

    Returns
    -------
    Path
        The folder of the labels.

    Raises
    ------
    DataError
        If the folder or the name exists already, or it cannot be written.
    ImageError
        If the labels do not fit the image.
    """
    where = Path(path)
    with _told(where, "write"):
        if is_image(where):
            return _into_image(where, volume, folder_name(name))
        if where.exists():
            raise DataError(
                f"{where} exists already and is no OME-Zarr image to put labels into: choose "
                "another name, or remove it first."
            )
        if not where.parent.is_dir():
            raise DataError(f"Cannot write {where}: there is no folder {where.parent}.")
        levels = levels_of(volume)
        with _partial(where) as folder:
            _write_group(folder, where.stem, "0.5", volume=volume, levels=levels, inside=False)
        return where


def read_ome_zarr(path: str | Path) -> LabelVolume:
    """Read the finest level of labels, by themselves or the only ones of an image.

    Raises
    ------
    DataError
        If there are none, or several in an image, or they are damaged.
    ImageError
        If they are no whole numbers from 0 on.
    """
    where = Path(path)
    if not is_labels(where):
        names = label_names(where)
        if len(names) != 1:
            choice = ", ".join(str(where / "labels" / n) for n in names)
            hint = f"it has several, choose one of {choice}" if names else "it holds none"
            raise DataError(f"Cannot read labels from {where}: {hint}.")
        where = where / "labels" / names[0]
    _, multiscale = first_multiscale(where)
    levels = datasets_of(where, multiscale)
    if not levels:
        raise DataError(f"{where} has no resolution levels; it may be damaged.")
    inner, placement = levels[0]
    with _told(where, "read"):
        labels = np.asarray(_array(where / inner)[...])
    found = ome_attributes(where)
    return LabelVolume(labels, table_in(found[1] if found else {}), placement)


def folder_name(name: str) -> str:
    """``name`` without what a folder cannot have in its name; never empty or hidden."""
    kept = "".join("_" if c in _FORBIDDEN or not c.isprintable() else c for c in name)
    return kept.strip(" .") or "objects"


def free_name(image: str | Path, name: str) -> str:
    """``name``, or with a number after it if an OME-Zarr image has such labels already."""
    folder, first = Path(image) / "labels", folder_name(name)
    free, number = first, 2
    while free in label_names(Path(image)) or (folder / free).exists():
        free, number = f"{first} {number}", number + 1
    return free


def _into_image(image: Path, volume: LabelVolume, name: str) -> Path:
    where = image / "labels" / name
    if name in label_names(image) or where.exists():
        raise DataError(f'{image} has labels called "{name}" already: choose another name.')
    version, multiscale = first_multiscale(image)
    shapes, levels = [], []
    for inner, placement in datasets_of(image, multiscale):
        array = _array(image / inner)
        # labels have no channels, and need no axes along which there is only one place
        keep = _kept(array.shape, placement, volume.labels.ndim)
        shapes.append(tuple(array.shape[k] for k in keep))
        levels.append((shapes[-1], _along(placement, keep)))
    if volume.labels.shape not in shapes:
        raise ImageError(
            f"The labels are {volume.labels.shape}, the image is {shapes[0] if shapes else ()} "
            "without channels: they must agree."
        )
    levels = levels[shapes.index(volume.labels.shape) :]
    where.parent.mkdir(exist_ok=True)
    with _partial(where) as folder:
        _write_group(folder, name, version, volume=volume, levels=levels, inside=True)
    list_label(image, version, name)
    _consolidated_again(image)
    return where


def _kept(shape: tuple[int, ...], placement: Placement, ndim: int) -> tuple[int, ...]:
    keep = [k for k, axis in enumerate(placement.axes) if axis != "c"]
    while len(keep) > ndim and shape[keep[0]] == 1:
        keep = keep[1:]
    return tuple(keep)


def _along(placement: Placement, keep: tuple[int, ...]) -> Placement:
    return Placement(
        tuple(placement.axes[k] for k in keep),
        tuple(placement.scale[k] for k in keep),
        tuple(placement.translate[k] for k in keep),
        tuple(placement.units[k] for k in keep),
    )


def _write_group(
    folder: Path, name: str, version: Version, *, volume: LabelVolume,
    levels: list[tuple[tuple[int, ...], Placement]], inside: bool,
) -> None:  # fmt: skip
    create_group, _ = _zarr()
    places = [placement for _, placement in levels]
    attributes = label_attributes(version, name, levels=places, table=volume.table, inside=inside)
    old = version == "0.4"
    group = create_group(str(folder), zarr_format=2 if old else 3, attributes=attributes)
    more: dict[str, Any] = {"dimension_names": places[0].axes}
    if old:
        more = {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
    for number, (shape, _) in enumerate(levels):
        chunks = tuple(min(n, CHUNK) if k >= len(shape) - 2 else 1 for k, n in enumerate(shape))
        array = group.create_array(
            str(number), shape=shape, chunks=chunks, dtype=volume.labels.dtype, fill_value=0, **more
        )
        array[...] = nearest(volume.labels, shape) if number else volume.labels


def _consolidated_again(image: Path) -> None:
    """Bring a summary of all metadata up to date, if the image has one; many have none."""
    summary = image / "zarr.json"
    new = summary.is_file() and "consolidated_metadata" in json.loads(summary.read_text("utf-8"))
    if new or (image / ".zmetadata").is_file():
        from zarr import consolidate_metadata

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that summaries are not in the specification of zarr 3
            consolidate_metadata(str(image))


def _array(path: Path) -> Any:
    _, open_array = _zarr()
    return open_array(str(path), mode="r")


def _zarr() -> tuple[Any, Any]:
    try:
        from zarr import create_group, open_array
    except ImportError as error:  # there is no create_group before version 3
        raise DataError(
            "OME-Zarr needs the package zarr, version 3 or later: pip install 'napari-seem[zarr]'."
        ) from error
    return create_group, open_array


@contextmanager
def _partial(where: Path) -> Iterator[Path]:
    """A folder beside ``where`` that becomes it at the end, or is gone if anything goes wrong."""
    partial = where.with_name(f".{where.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        yield partial
        partial.rename(where)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _told(where: Path, what: str) -> Iterator[None]:
    """What zarr raises, as one sentence."""
    try:
        yield
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise DataError(f"Cannot {what} {where}: {error}.") from error
