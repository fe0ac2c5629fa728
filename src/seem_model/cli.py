"""The ``seem`` command: segment an image, export objects, evaluate, train, convert, fetch.

Heavy imports happen inside the commands, so that ``seem --help`` answers at once.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from seem_model.cli_convert import add_convert, add_download
from seem_model.cli_evaluate import add_evaluate
from seem_model.cli_export import add_export
from seem_model.cli_shared import add_model, share
from seem_model.errors import SeemError

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the program's name; those of the process by default.

    Returns
    -------
    int
        0, 2 after an error that was told in one sentence, or 130 when interrupted.
    """
    args = _parsed(argv)
    try:
        args.run(args)
    except SeemError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        print("seem: interrupted", file=sys.stderr)
        return INTERRUPTED
    except (MemoryError, RuntimeError) as error:
        if not _out_of_memory(error):
            raise
        return _fail("There is not enough memory for this; try a smaller image.")
    return 0


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Arguments; changes of a recipe may also stand after options."""
    parser = _parser()
    args, left = parser.parse_known_args(argv)
    if "overrides" in args and not any(text.startswith("-") for text in left):
        args.overrides += left
    elif left:
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    return args


def _fail(sentence: str) -> int:
    print(f"seem: {sentence}", file=sys.stderr)
    return FAILED


def _out_of_memory(error: BaseException) -> bool:
    """Recognise numpy's MemoryError and the RuntimeErrors that torch raises instead."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seem", description="Segment everything: with clicks, boxes, words, or all at once."
    )
    parser.add_argument("--version", action=_Version, help="show the version and stop")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_segment(commands.add_parser("segment", help="segment one image and save the mask"))
    add_evaluate(commands.add_parser("evaluate", help="measure a checkpoint on a data folder"))
    _add_train(commands.add_parser("train", help="train by a recipe"))
    add_export(commands.add_parser("export", help="write objects for other programs"))
    add_convert(commands.add_parser("convert", help="convert an official SEEM file"))
    add_download(commands.add_parser("download", help="fetch and convert an official checkpoint"))
    return parser


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        from seem_model import __version__

        print(f"seem {__version__}")
        parser.exit()


class _Numbers:
    """Argument type: ``count`` whole numbers joined by commas."""

    def __init__(self, count: int, names: str) -> None:
        self.count, self.names = count, names

    def __call__(self, text: str) -> tuple[int, ...]:
        try:
            found = tuple(int(part) for part in text.split(","))
        except ValueError:
            found = ()
        if len(found) != self.count:
            raise argparse.ArgumentTypeError(f'"{text}" is not {self.names} in whole pixels')
        return found


def _add_segment(parser: argparse.ArgumentParser) -> None:
    click, box = _Numbers(2, "ROW,COLUMN"), _Numbers(4, "ROW0,COL0,ROW1,COL1")
    parser.description = (
        "Mark one object by any mixture of clicks, boxes and words, or take everything. "
        "Coordinates are pixels, rows first."
    )
    parser.add_argument("image", nargs="?", metavar="IMAGE", help="image file")
    parser.add_argument("--sample", metavar="NAME", help="a built-in image instead of a file")
    parser.add_argument(
        "--click", action="append", type=click, default=[], metavar="R,C", help="is the object"
    )
    parser.add_argument(
        "--avoid", action="append", type=click, default=[], metavar="R,C", help="is not the object"
    )
    parser.add_argument(
        "--box",
        action="append",
        type=box,
        default=[],
        metavar="R0,C0,R1,C1",
        help="the object is inside; R1 and C1 are the first outside",
    )
    parser.add_argument("--text", default="", metavar="PHRASE", help="words that name the object")
    parser.add_argument("--speech", metavar="FILE", help="such words, spoken: a WAV file")
    parser.add_argument(
        "--whisper",
        default="",
        metavar="FOLDER",
        help="with --speech: a Whisper model to hear them",
    )
    parser.add_argument(
        "--everything",
        nargs="?",
        const="panoptic",
        choices=("panoptic", "instances", "semantic"),
        help="segment the whole image, without prompts (default kind: panoptic)",
    )
    parser.add_argument(
        "--class",
        action="append",
        dest="classes",
        metavar="NAME",
        help="with --everything: look for these only",
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="mask or label image: .png, .tif or .npy"
    )
    add_model(parser)
    parser.set_defaults(run=_segment)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", required=True, metavar="FILE", help="YAML file")
    parser.add_argument(
        "overrides", nargs="*", metavar="KEY=VALUE", help="change the recipe: optim.lr=1e-4"
    )
    parser.add_argument("--resume", action="store_true", help="continue the run in its folder")
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
    parser.set_defaults(run=_train)


def _segment(args: argparse.Namespace) -> None:
    from seem_model.segmenting import Request, segment

    request = Request(
        image=args.image,
        sample=args.sample,
        out=args.out,
        clicks=tuple(args.click),
        avoid=tuple(args.avoid),
        boxes=tuple(args.box),
        text=args.text,
        speech=args.speech,
        whisper=args.whisper,
        everything=args.everything,
        classes=None if args.classes is None else tuple(args.classes),
        checkpoint=args.checkpoint,
        device=args.device,
    )
    print(segment(request, watch=share if sys.stderr.isatty() else None))


def _train(args: argparse.Namespace) -> None:
    from seem_model.dry_run import described
    from seem_model.recipe import Recipe
    from seem_model.train import train

    recipe = Recipe.from_yaml(args.recipe, tuple(args.overrides))
    if args.dry_run:
        print(described(recipe))
    else:
        print(f"The checkpoint is in {train(recipe, resume=args.resume)}.")


if __name__ == "__main__":
    sys.exit(main())
