"""Which variant an official SEEM file is: the file does not tell, so the person must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QListWidget, QVBoxLayout

from seem_model.releases import RELEASES, WHY_CHOOSE

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget


class VariantDialog(QDialog):
    """Asks which variant a file is; nothing is chosen beforehand.

    Parameters
    ----------
    file : str
        Shown by its name.
    parent : QWidget
    """

    chosen = Signal(str)
    """Emitted with the name of the variant when the person wants the conversion."""

    def __init__(self, file: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Official SEEM file")
        name = file.replace("\\", "/").split("/")[-1]
        why = QLabel(f"Which variant is {name}?\n\n{WHY_CHOOSE}")
        why.setWordWrap(True)
        why.setTextFormat(Qt.TextFormat.PlainText)
        self.variants = QListWidget()
        self.variants.setToolTip("The variants that were published, and what each is for.")
        self.variants.setWordWrap(True)
        for release in RELEASES.values():
            self.variants.addItem(f"{release.name}: {release.use}")
        self._names = tuple(RELEASES)
        cost = QLabel("Converting takes a few minutes, once; then the model is in the menu.")
        cost.setWordWrap(True)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self.start, self.cancel = buttons.button(kinds.Ok), buttons.button(kinds.Cancel)
        if self.start is not None and self.cancel is not None:  # for the type checker: it has both
            self.start.setText("Convert")
            self.start.setToolTip("Convert the file and use it.")
            self.start.setEnabled(False)
            self.cancel.setToolTip("Keep the model that is in use.")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.variants.currentRowChanged.connect(self._selected)
        self.variants.itemDoubleClicked.connect(self.accept)
        self.accepted.connect(self._tell)
        box = QVBoxLayout(self)
        for part in (why, self.variants, cost, buttons):
            box.addWidget(part)
        self.resize(660, 420)

    def _selected(self, row: int) -> None:
        if self.start is not None:
            self.start.setEnabled(row >= 0)

    def _tell(self) -> None:
        self.chosen.emit(self._names[self.variants.currentRow()])
