"""The ``napari-seem`` command: napari on an image, our dock widget beside it, ready to click."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_seem._system import apt_command, missing_libraries, no_display
from seem_model import SeemError, samples
from seem_model.image import read_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari
    from numpy.typing import NDArray

HEADLESS = "Without a window, `seem segment IMAGE --click ROW,COLUMN --out mask.png` does the same."
HINT = "Click on an object to mark it.\nClick again where the mask is wrong."

WINDOW = (1400, 880)


def main(argv: Sequence[str] | None = None) -> int:
    """Open the app and run it until its window is closed.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the command's name; default: those of the process.

    Returns
    -------
    int
        0 after the window was closed, 1 if no window can open here, 2 if the image cannot be read.
    """
    options = _parser().parse_args(argv)
    if trouble := no_window():
        print(f"napari-seem: {trouble}", file=sys.stderr)
        return 1
    try:
        name, image = _image(options.image, options.sample)
    except SeemError as error:
        print(f"napari-seem: {error}", file=sys.stderr)
        return 2
    import napari

    open_app(image, name=name, checkpoint=options.checkpoint, device=options.device)
    napari.run()
    return 0


def no_window() -> str:
    """Why no window can open here and what to do, or ""."""
    if reason := no_display(os.environ):
        return f"{reason}.\n{HEADLESS}"
    if missing := missing_libraries():
        names = ", ".join(thing.what for thing in missing)
        return f"a window needs {names}. On Debian or Ubuntu, as root:\n  {apt_command(missing)}"
    try:
        from qtpy import QtWidgets  # noqa: F401
    except (ImportError, RuntimeError) as error:  # qtpy's "no bindings" is a RuntimeError or child
        return f"Qt cannot be used ({error}). Install it with: pip install 'napari-seem[app]'"
    return ""


def open_app(
    image: NDArray[Any], *, name: str, checkpoint: str | None = None, device: str | None = None
) -> napari.Viewer:
    """Open a viewer on an image with the SEEM dock beside it and a first hint on the canvas.

    Parameters
    ----------
    image : ndarray
        What :func:`seem_model.image.read_image` gives.
    name : str
        Name of the image layer.
    checkpoint : str, optional
        As for :func:`seem_model.load`; default: what the preferences say.
    device : str, optional
        ``auto``, ``cpu``, ``cuda`` or ``mps``; default: what the preferences say.
    """
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_seem.annotator import annotator_for

    viewer = napari.Viewer(title="napari-seem")
    annotator = annotator_for(viewer)
    annotator.engine.choose(
        checkpoint or annotator.engine.checkpoint, device or annotator.engine.device
    )
    viewer.add_image(image, name=name)
    viewer.window.add_plugin_dock_widget("napari-seem", "SEEM")
    _make_room(viewer)
    QApplication.processEvents()  # lay out, so that the image is fitted into what the dock leaves
    viewer.reset_view()
    _show_hint(viewer, annotator)
    return viewer


def _make_room(viewer: napari.Viewer) -> None:
    """Enlarge a window that is too narrow for layers, image and dock side by side."""
    from qtpy.QtGui import QGuiApplication

    screen = QGuiApplication.primaryScreen()
    if screen is None:
        return
    space = screen.availableGeometry()
    _, _, width, height = viewer.window.geometry()
    viewer.window.resize(
        max(width, min(WINDOW[0], space.width())), max(height, min(WINDOW[1], space.height()))
    )


def _show_hint(viewer: napari.Viewer, annotator: Any) -> None:
    """Words on the canvas until the first prompt."""
    hint = viewer.canvas.overlays.text
    hint.text, hint.position, hint.font_size, hint.visible = HINT, "top_center", 11, True

    def hide() -> None:
        if annotator.waiting or annotator.answer is not None:
            hint.visible = False
            annotator.changed.disconnect(hide)

    annotator.changed.connect(hide)


def _image(path: str | None, sample: str | None) -> tuple[str, NDArray[Any]]:
    if path is not None:
        return Path(path).stem, read_image(path)
    sample = sample or samples.names()[0]
    return sample, samples.load(sample)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="napari-seem",
        description="Open napari with the SEEM dock widget: click on an object, get its mask.",
        epilog=HEADLESS,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--image", metavar="PATH", help="image file to open")
    what.add_argument(
        "--sample",
        metavar="NAME",
        help=f"one of: {', '.join(samples.names())} (default: the first)",
    )
    parser.add_argument(
        "--checkpoint", help="'lite' or a folder with a trained model (default: preferences)"
    )
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda", "mps"), help="default: preferences"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
