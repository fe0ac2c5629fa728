"""Prompts that come from elsewhere: a mask of another layer, an example of another image."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_warning
from qtpy.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from napari_seem.example_library import ExampleLibrary, Kept
from seem_model.errors import SeemError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

    from napari_seem.annotator import Annotator


class SourcesView(QWidget):
    """Two buttons with menus that are filled when they open.

    Parameters
    ----------
    annotator : Annotator
    library : ExampleLibrary or None
        None: that of the person.
    """

    def __init__(self, annotator: Annotator, library: ExampleLibrary | None = None) -> None:
        super().__init__()
        self._annotator = annotator
        self._library = ExampleLibrary() if library is None else library
        self.masks = _menu_button(
            "Mask", "Take a label of another layer as a prompt, or as the answer to start from."
        )
        self.examples = _menu_button(
            "Example",
            "Show what to look for: mark a thing in one image, take it as an example, and use it "
            "here, on another slice or in another image.",
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(self.masks)
        row.addWidget(self.examples)
        for button, fill in ((self.masks, self._fill_masks), (self.examples, self._fill_examples)):
            menu = button.menu()
            if menu is not None:  # for the type checker: it was set above
                menu.aboutToShow.connect(partial(fill, menu))

    def refresh(self) -> None:
        """Show whether there is an image to ask about."""
        for button in (self.masks, self.examples):
            button.setEnabled(self._annotator.focus.plane is not None)

    # -- masks -----------------------------------------------------------------------------

    def _fill_masks(self, menu: QMenu) -> None:
        _empty(menu)
        target = self._annotator.focus.target
        layers = [] if target is None else self._annotator.focus.labels
        own = [] if target is None else [*target.prompts.all, target.result, target.proposed]
        layers = [x for x in layers if not any(x is o for o in own)]
        if not layers:
            _say(menu, "Open or paint a Labels layer first.")
        for layer in layers:
            label = int(layer.selected_label)
            for words, value in ((f"label {label}", label), ("all labels", 0)):
                part = menu.addMenu(f"{layer.name}: {words}")
                if part is None:
                    continue
                self._mask(part, "belongs to the object", layer, value)
                self._mask(part, "does not belong to it", layer, value, positive=False)
                self._mask(part, "start from it, and refine", layer, value, base=True)

    def _mask(self, menu: QMenu, words: str, layer: Labels, label: int, **how: bool) -> None:
        _add(menu, words, partial(self._annotator.asking.take_mask, layer, label, **how))

    # -- examples --------------------------------------------------------------------------

    def _fill_examples(self, menu: QMenu) -> None:
        _empty(menu)
        _add(menu, "Take this object as an example", self.take)
        menu.addSeparator()
        kept = list(self._library)
        if not kept:
            _say(menu, "No examples yet: click on an object, then take it.")
        for entry in kept:
            part = menu.addMenu(entry.title)
            if part is not None:
                _add(part, "find what is like it", partial(self.use, entry, positive=True))
                _add(part, "not what is like it", partial(self.use, entry, positive=False))
                part.addSeparator()
                _add(part, "delete this example", partial(self._library.remove, entry))

    def take(self) -> None:
        """Keep the current object as an example."""
        try:
            exemplar = self._annotator.asking.example()
            image = self._annotator.focus.image
            where = "" if image is None else f" in {image.name}"
            kept = self._library.keep(exemplar, f"{self._annotator.name or 'object'}{where}")
        except SeemError as error:
            show_warning(str(error))
            return
        self._annotator.say(
            f"Kept as example “{kept.title}”. Go to another slice or image, then press “Example”."
        )

    def use(self, entry: Kept, *, positive: bool) -> None:
        """Ask for what is like an example, or not like it."""
        try:
            self._annotator.asking.like(entry.load(), entry.title, positive=positive)
        except SeemError as error:
            show_warning(str(error))


def _menu_button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setMenu(QMenu(button))
    return button


def _empty(menu: QMenu) -> None:
    for part in menu.findChildren(QMenu):  # clear() leaves them in memory
        part.deleteLater()
    menu.clear()


def _add(menu: QMenu, words: str, act: Callable[[], Any]) -> None:
    action = menu.addAction(words)
    if action is not None:
        action.triggered.connect(lambda: act())


def _say(menu: QMenu, words: str) -> None:
    action = menu.addAction(words)
    if action is not None:
        action.setEnabled(False)
