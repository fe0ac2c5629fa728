"""Commands in the palette that need a file dialog or the clipboard: sessions, scripts, methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_info, show_warning

# app-model finds the viewer by this annotation, so the name must exist when the module runs
from napari.viewer import Viewer  # noqa: TC002
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_seem.annotator import annotator_for
from napari_seem.methods import methods_text
from napari_seem.script import script_of
from napari_seem.script_picture import ImageSource, in_words
from napari_seem.session_file import SUFFIX
from seem_model.errors import PromptError

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator

FILES = f"SEEM sessions (*{SUFFIX} *{SUFFIX}~);;All files (*)"


def save_session_as(viewer: Viewer) -> None:
    """Ask for a file and save the session of the image there."""
    annotator = annotator_for(viewer)
    image = annotator.focus.image
    if image is None:
        show_warning(annotator.focus.trouble)
        return
    file = image.source.path or str(Path.home() / image.name)
    name, _ = QFileDialog.getSaveFileName(None, "Save the session", f"{file}{SUFFIX}", FILES)
    if name:
        annotator.sessions.save(name if name.endswith(SUFFIX) else name + SUFFIX)


def open_session_file(viewer: Viewer) -> None:
    """Ask for a file and take its session in place of what is known of the image."""
    annotator = annotator_for(viewer)
    image = annotator.focus.image
    if image is None:
        show_warning(annotator.focus.trouble)
        return
    folder = str(Path(image.source.path).parent) if image.source.path else str(Path.home())
    name, _ = QFileDialog.getOpenFileName(None, "Open a session", folder, FILES)
    if name:
        annotator.sessions.open(name)


def copy_current_as_python(viewer: Viewer) -> None:
    """Put the current object's history on the clipboard, as a program."""
    copy_as_python(annotator_for(viewer))


def copy_as_python(annotator: Annotator) -> None:
    """Put the current object's history on the clipboard, as a program that makes its mask again."""
    target, plane = annotator.focus.target, annotator.focus.plane
    if target is None or plane is None:
        show_warning(annotator.focus.trouble)
        return
    try:
        source = ImageSource.of(target.sight(plane), target.grid)
        engine = annotator.engine
        classes = engine.naming.classes
        text = script_of(annotator.page.current, source, engine.checkpoint, classes)
    except PromptError as error:
        show_warning(str(error))
        return
    _copy(text, "The object is on the clipboard as a Python program.")


def copy_methods(viewer: Viewer) -> None:
    """Put a paragraph about the image's objects on the clipboard."""
    annotator = annotator_for(viewer)
    target = annotator.focus.target
    if target is None:
        show_warning(annotator.focus.trouble)
        return
    text = methods_text(
        target.journal.pages,
        image=str(target.image.name),
        model=annotator.engine.checkpoint,
        rules=annotator.shelf.rules,
        shown=in_words(target.sight(target.grid.first), target.image),
    )
    _copy(text, "A paragraph for a methods section is on the clipboard.")


def _copy(text: str, news: str) -> None:
    clipboard = QApplication.clipboard()
    if clipboard is None:
        show_warning("There is no clipboard here.")
        return
    clipboard.setText(text)
    show_info(news)
