"""``seem export``: objects from one file to another format."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seem_model.export.objects import LabelObject, Objects

KINDS = ("coco", "geojson", "imagej", "yolo", "voc", "csv", "tiff", "ome-zarr")


def add_export(parser: argparse.ArgumentParser) -> None:
    """Fill in the parser of ``seem export``."""
    parser.description = "Write the objects of a label image in a format of other programs."
    parser.add_argument(
        "labels",
        metavar="LABELS",
        help="label image (.tif, .png, .npy, .zarr), COCO .json, .geojson or ImageJ's .zip",
    )
    parser.add_argument("--as", dest="kind", required=True, choices=KINDS, help="format")
    parser.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="file to write; ome-zarr: a folder, or an image to put labels into",
    )
    parser.add_argument(
        "--classes",
        metavar="FILE",
        help='JSON with the class of each label: {"1": "cell", "2": "dirt"}',
    )
    parser.add_argument(
        "--image", metavar="IMAGE", help="the picture: intensities in csv, its name in coco and voc"
    )
    parser.add_argument(
        "--scale",
        type=_sizes,
        metavar="ROW,COL",
        help="size of a pixel, for csv and ome-zarr: 0.5,0.5",
    )
    parser.add_argument(
        "--name", default="objects", help="of the labels in an OME-Zarr image (default: objects)"
    )
    parser.set_defaults(run=_export)


def _sizes(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not sizes joined by commas') from None


def _export(args: argparse.Namespace) -> None:
    from seem_model.export.objects import Objects, ids_in
    from seem_model.export.saving import open_objects, save_objects

    objects = open_objects(args.labels)
    if args.classes is not None:
        objects = Objects(objects.labels, _merged(objects, args.classes))
    save_objects(
        args.out,
        objects,
        args.kind,
        picture="" if args.image is None else Path(args.image).name,
        pixels=None if args.image is None else _picture(args.image, objects),
        scale=args.scale,
        name=args.name,
    )
    print(f"{len(ids_in(objects.labels))} objects: {args.out}")


def _merged(objects: Objects, path: str) -> tuple[LabelObject, ...]:
    from seem_model.export.json_files import read_json
    from seem_model.export.tiff import table_of

    known = {row.id: row for row in objects.table}
    known |= {row.id: row for row in table_of(read_json(Path(path).expanduser()), path)}
    return tuple(known.values())


def _picture(path: str, objects: Objects) -> NDArray[Any]:
    from seem_model.errors import ImageError
    from seem_model.image import read_image

    pixels = read_image(path)
    size = objects.labels.shape
    if size not in (pixels.shape, pixels.shape[:-1], pixels.shape[1:]):
        raise ImageError(f"The image is {pixels.shape}, its labels are {size}: they must agree.")
    return pixels
