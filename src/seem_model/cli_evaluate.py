"""The command ``seem evaluate``: one kind of measurement each."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from seem_model.cli_shared import add_model, add_sizes, loaded, share

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from seem_model.data.dataset import DataSet
    from seem_model.evaluation.findings import Findings
    from seem_model.evaluation.gallery import Gallery
    from seem_model.evaluation.running import Choice
    from seem_model.predictor import Predictor
    from seem_model.report import Report

IMAGE_KINDS = {
    "panoptic": "segments of things and stuff: PQ, SQ, RQ",
    "instance": "single objects: COCO's AP; matches of label maps (AP and F1 of microscopy)",
    "semantic": "classes of pixels: mean IoU",
    "referring": "phrases, alone and with a click: cIoU, mean IoU, precision",
    "similar": "everything like one marked object of each image: F1",
    "example": "an object of another image as the only prompt: mean IoU",
    "video": "objects followed from their first mask: J, F, J&F",
}


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Add the kinds of measurement."""
    kinds = parser.add_subparsers(title="what to measure", metavar="KIND", required=True)
    _add_interactive(kinds.add_parser("interactive", help="mask quality after each click"))
    for kind, words in IMAGE_KINDS.items():
        _add_images(kinds.add_parser(kind, help=words), kind)
    _add_speed(kinds.add_parser("speed", help="seconds and memory"))


def _add_data(parser: argparse.ArgumentParser, what: str) -> None:
    add_model(parser)
    add_sizes(parser)
    parser.add_argument("--data", required=True, metavar="FOLDER")
    parser.add_argument("--kind", metavar="LAYOUT", help="coco, voc, …; default: by the files")
    parser.add_argument("--split", default="val", help="default: %(default)s")
    parser.add_argument("--limit", type=int, metavar="N", help=f"only so many {what}")
    _add_report(parser)


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", metavar="FILE", help="where to write the JSON report")


def _add_interactive(parser: argparse.ArgumentParser) -> None:
    parser.description = "A simulated user clicks every object until it is right."
    _add_data(parser, "objects")
    parser.add_argument("--protocol", default="ritm", choices=("ritm", "seem"))
    parser.add_argument(
        "--first",
        default="point",
        choices=("point", "circle", "scribble", "polygon", "box"),
        help="with --protocol seem: what marks each object before the clicks",
    )
    parser.add_argument(
        "--sampler",
        default="best",
        choices=("best", "best_random"),
        help="clicks at the centre of the error, or at a random pixel of it",
    )
    _add_seeds(parser)
    parser.add_argument("--max-clicks", type=int, default=20, metavar="N")
    parser.add_argument(
        "--min-area", type=float, metavar="F", help="below 1: share of the image, else pixels"
    )
    parser.add_argument("--things", action="store_true", help="leave out stuff, such as sky")
    parser.add_argument(
        "--baseline",
        action="append",
        default=[],
        choices=("random-walker", "watershed", "grabcut"),
        help="a classical method with the same clicks, in the same report",
    )
    parser.add_argument(
        "--shapes", action="store_true", help="also mark each object once by every drawn shape"
    )
    _add_gallery(parser)
    parser.set_defaults(run=_interactive)


def _add_images(parser: argparse.ArgumentParser, kind: str) -> None:
    parser.description = IMAGE_KINDS[kind][0].upper() + IMAGE_KINDS[kind][1:] + "."
    _add_data(parser, "images")
    if kind != "video":
        _add_gallery(parser)
    if kind in ("similar", "example"):
        _add_seeds(parser)
    parser.set_defaults(run=partial(_images, kind), gallery=None, seeds=None)


def _add_seeds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seeds", type=int, nargs="+", metavar="N", help="measure once with each of these seeds"
    )


def _add_gallery(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--gallery", metavar="FOLDER", help="pictures of the best and the worst cases"
    )


def _add_speed(parser: argparse.ArgumentParser) -> None:
    parser.description = "Time encoding, clicks and everything on a sample image."
    add_model(parser)
    add_sizes(parser)
    parser.add_argument("--size", type=int, action="append", metavar="N", help="side in pixels")
    parser.add_argument("--repeats", type=int, default=5, metavar="N")
    _add_report(parser)
    parser.set_defaults(run=_speed)


def _interactive(args: argparse.Namespace) -> None:
    from seem_model.data.opening import open_dataset
    from seem_model.evaluate import interactive
    from seem_model.evaluation.baselines import baseline
    from seem_model.evaluation.gallery import Gallery
    from seem_model.reporting import check_writable

    if args.report is not None:  # before the hour of work, not after it
        check_writable(args.report)
    folder = open_dataset(args.data, args.kind)
    classical = [baseline(name) for name in args.baseline]
    measure = partial(
        interactive,
        folder=folder,
        split=args.split,
        protocol=args.protocol,
        first=args.first,
        sampler=args.sampler,
        max_clicks=args.max_clicks,
        limit=args.limit,
        min_area=args.min_area,
        things=args.things,
        shapes=args.shapes,
        progress=_progress("objects"),
    )
    gallery = None if args.gallery is None else Gallery()
    model = loaded(args)
    reports: list[Report] = []
    for seed in dict.fromkeys(args.seeds or [args.seed]):
        # a baseline plays the part of a predictor as far as this evaluation goes
        neighbours = tuple(measure(cast("Predictor", m), seed=seed) for m in classical)
        own = measure(model, seed=seed, gallery=gallery if not reports else None)
        reports.append(replace(own, neighbours=neighbours))
    report = replace(reports[0], repeats=tuple(reports[1:]))
    if args.report is not None:
        report.save(args.report)
    print(report.table())
    _hang(gallery, f"{report.checkpoint} on {report.data} ({args.split}), clicks", args)


def _images(kind: str, args: argparse.Namespace) -> None:
    from seem_model.data.opening import open_dataset
    from seem_model.evaluation.gallery import Gallery
    from seem_model.evaluation.running import Choice
    from seem_model.reporting import check_writable

    if args.report is not None:
        check_writable(args.report)
    data = open_dataset(args.data, args.kind)
    gallery = None if args.gallery is None else Gallery()
    choice = Choice(
        split=args.split, limit=args.limit, seed=args.seed, progress=_progress("images"),
        gallery=gallery, seeds=tuple(args.seeds or ()),
    )  # fmt: skip
    choice.ids(data)  # a split that is not there is told before the model is loaded
    found = _measure(kind)(loaded(args), data, choice)
    _tell(found, args)
    _hang(gallery, f"{found.about['checkpoint']} on {data.name} ({args.split}), {kind}", args)


def _hang(gallery: Gallery | None, title: str, args: argparse.Namespace) -> None:
    if gallery is not None:
        print(f"The gallery is {gallery.save(args.gallery, title)}.")


def _measure(kind: str) -> Callable[[Predictor, DataSet, Choice], Findings]:
    from seem_model.evaluation import likeness, phrases, video, whole

    return {
        "panoptic": whole.panoptic,
        "instance": whole.instance,
        "semantic": whole.semantic,
        "referring": phrases.referring,
        "similar": likeness.similar,
        "example": likeness.example,
        "video": video.video,
    }[kind]


def _speed(args: argparse.Namespace) -> None:
    from seem_model.errors import DataError
    from seem_model.evaluation.speed import SIZES, speed
    from seem_model.reporting import check_writable

    if args.report is not None:
        check_writable(args.report)
    sizes = tuple(args.size or SIZES)
    if args.repeats < 1 or min(sizes) < 16:
        raise DataError("At least one run, and images of 16 pixels or more, are needed.")
    found = speed(
        loaded(args), sizes=sizes, repeats=args.repeats,
        seed=args.seed, progress=_progress("runs"),
    )  # fmt: skip
    _tell(found, args)


def _tell(found: Findings, args: argparse.Namespace) -> None:
    if args.report is not None:
        found.save(args.report)
    print(found.table())


def _progress(what: str) -> Callable[[int, int], None] | None:
    def tell(done: int, total: int) -> None:
        share(done / total, f"{done}/{total} {what}")

    return tell if sys.stderr.isatty() else None
