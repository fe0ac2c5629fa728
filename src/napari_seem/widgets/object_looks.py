"""Which layer holds the objects, how they are coloured, and what is measured of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from napari_seem.colouring import ColourBy
from napari_seem.objects import CommitError
from napari_seem.widgets.check_menu import CheckMenu, Choice
from napari_seem.widgets.object_model import heading

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_seem.annotator import Annotator

NO_LAYER = "made with the first commit"
NEW_LAYER = "new layer"
HIDDEN_AT_FIRST = ("_min", "_max", "centroid_", "equivalent_")
"""Beginnings and ends of the names of measurements that are there to be ticked, but not shown."""


class LayerChoice(QComboBox):
    """The Labels layer that holds the objects.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self._layers: list[Labels | None] = []
        self.setToolTip(
            "Labels layer with the objects. Choose an opened one to go on with it: each of its "
            "objects can be refined. “new layer” starts an empty one; the former stays."
        )
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._choose)

    def refresh(self) -> None:
        """Show the layers of the moment."""
        shelf = self._annotator.shelf
        layers: list[Labels | None] = list(shelf.candidates())
        if shelf.layer is None:
            layers.insert(0, None)
        names = [NO_LAYER if layer is None else layer.name for layer in layers]
        if [*names, NEW_LAYER] != [self.itemText(k) for k in range(self.count())]:
            self.clear()
            self.addItems([*names, NEW_LAYER])
        self._layers = layers
        self.setEnabled(self._annotator.focus.plane is not None)
        at = next((k for k, x in enumerate(layers) if x is shelf.layer), 0)
        if at != self.currentIndex():
            self.setCurrentIndex(at)

    def _choose(self, index: int) -> None:
        shelf = self._annotator.shelf
        if index >= len(self._layers):
            shelf.start_layer()
        else:
            layer = self._layers[index]
            try:
                if layer is not None:
                    shelf.adopt(layer)
            except CommitError as error:
                show_warning(str(error))
        self.refresh()


class Looks(QWidget):
    """Colours, hidden classes, measurements.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self.columns: tuple[str, ...] = ()
        """Measurements to show."""
        self._ticked: dict[str, bool] = {}
        self.by = QComboBox()
        self.by.setToolTip("What a colour stands for.")
        for by in ColourBy:
            self.by.addItem(f"by {by.value}", by)
        self.by.activated.connect(self._colour)
        self.classes = CheckMenu("Classes", "Untick a class to hide its objects in the picture.")
        self.classes.ticked.connect(self._hide)
        self.measure = QPushButton("Measure")
        self.measure.setCheckable(True)
        self.measure.setToolTip("Measure size, shape and intensity of every object of this slice.")
        self.measure.toggled.connect(annotator.measuring.switch)
        self.chosen = CheckMenu("Columns", "Measurements to show as columns.")
        self.chosen.ticked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(QLabel("Colour"))
        row.addWidget(self.by)
        row.addWidget(self.classes)
        row.addStretch(1)
        row.addWidget(self.measure)
        row.addWidget(self.chosen)

    def refresh(self) -> None:
        """Show colours, classes and measurements of the moment."""
        annotator = self._annotator
        colouring = annotator.colouring
        colouring.refresh()
        annotator.measuring.look()
        self.by.setCurrentIndex(self.by.findData(colouring.by))
        counts = Counter(i.name for i in annotator.inventory.items if i.label)
        names = sorted({*counts, *colouring.hidden}, key=str.casefold)
        swatches = colouring.colours() if colouring.by is ColourBy.CLASS else {}
        self.classes.show_choices([
            Choice(n, f"{n or 'without class'}  ({counts[n]})", n not in colouring.hidden,
                   swatches.get(n, ""))
            for n in names
        ])  # fmt: skip
        result, words = annotator.measuring.result, "Measure"
        if annotator.measuring.busy:
            words = "Measuring…"
        self.measure.setText(words)
        self.measure.setChecked(annotator.measuring.on)
        known = () if result is None else tuple(result.columns)
        for name in known:
            self._ticked.setdefault(name, not name.startswith(HIDDEN_AT_FIRST[2:])
                                    and not name.endswith(HIDDEN_AT_FIRST[:2]))  # fmt: skip
        unit = "" if result is None else result.unit
        self.chosen.show_choices([Choice(n, heading(n, unit), self._ticked[n]) for n in known])
        self.columns = tuple(n for n in known if self._ticked[n])

    def _colour(self, index: int) -> None:
        self._annotator.colouring.set_by(self.by.itemData(index))

    def _hide(self, name: str, on: bool) -> None:
        hidden = self._annotator.colouring.hidden
        self._annotator.colouring.hide(hidden - {name} if on else hidden | {name})

    def _choose(self, name: str, on: bool) -> None:
        self._ticked[name] = on
        self._annotator.changed.emit()
