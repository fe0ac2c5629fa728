"""Choice of model and device, with the state of the model."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QPushButton, QWidget

from napari_seem.hints import STATES
from napari_seem.jobs import Conversion
from napari_seem.widgets.bond import BUSY_COLOR
from napari_seem.widgets.variant import VariantDialog
from seem_model.library import kept
from seem_model.own_models import own_models

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator

DEVICES = ("auto", "cpu", "cuda", "mps")
STATE_COLORS = {"ready": "#2ecc40", "error": "#ff4136", "not loaded": "#888888"}
FILES = "Checkpoints (*.pt *.pth *.bin *.safetensors);;All files (*)"


class Other(Enum):
    """Entries of the menu that are no model themselves."""

    FOLDER = "Folder…"
    OFFICIAL = "Official SEEM file…"


class Menu(QComboBox):
    """Tells before it opens, so that it can be filled with what is there then."""

    opening = Signal()

    def showPopup(self) -> None:
        """Open the list."""
        self.opening.emit()
        super().showPopup()


class ModelView(QWidget):
    """One row: model, device, state, and a way to stop a conversion.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self.checkpoint = Menu()
        self.checkpoint.setToolTip(
            "The model. “lite” comes with the plugin; “Folder…” opens one that you trained or "
            "converted (config.json and model.safetensors); “Official SEEM file…” converts a .pt "
            "of the authors. Converted and fine-tuned ones are listed by their names."
        )
        self.checkpoint.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.checkpoint.setMinimumContentsLength(6)
        self.device = QComboBox()
        self.device.setToolTip(
            "Where the model runs. “auto” takes a graphics card if there is one."
        )
        self.device.addItems(DEVICES)
        self.state = QLabel()
        self.state.setToolTip("State of the model.")
        self.state.setMinimumWidth(92)
        self.state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop the conversion of the file; nothing of it is kept.")
        self._fill()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.checkpoint, 1)
        row.addWidget(self.device)
        row.addWidget(self.state)
        row.addWidget(self.cancel)
        self.cancel.clicked.connect(self._cancel)
        self.checkpoint.opening.connect(self._fill)
        self.checkpoint.activated.connect(self._chosen)
        self.device.activated.connect(self._choose)

    def refresh(self) -> None:
        """Show the state of the moment."""
        engine = self._annotator.engine
        color = STATE_COLORS.get(engine.state, BUSY_COLOR)
        self.state.setText(f"<span style='color:{color}'>●</span> {STATES[engine.state]}")
        if self.checkpoint.currentData() != engine.checkpoint:
            self._fill()
        self.device.setCurrentText(engine.device)
        self.cancel.setVisible(engine.conversion is not None)

    def _fill(self) -> None:
        current = self._annotator.engine.checkpoint
        known = ["lite", *kept(), *map(str, own_models())]
        if current not in known:
            known.append(current)
        self.checkpoint.clear()
        for checkpoint in known:
            name = checkpoint.replace("\\", "/").rstrip("/").split("/")[-1]
            self.checkpoint.addItem(name, checkpoint)
        self.checkpoint.setCurrentIndex(known.index(current))
        for other in Other:
            self.checkpoint.addItem(other.value, other)

    def _chosen(self, index: int) -> None:
        wanted = self.checkpoint.itemData(index)
        if not isinstance(wanted, Other):
            self._choose()
            return
        self._fill()
        if wanted is Other.FOLDER:
            folder = QFileDialog.getExistingDirectory(self, "Folder of a SEEM checkpoint")
            if folder:
                self._annotator.timeline.use_model(folder, self.device.currentText())
            return
        file, _ = QFileDialog.getOpenFileName(self, "Official SEEM checkpoint", "", FILES)
        if file:
            dialog = VariantDialog(file, self)
            dialog.chosen.connect(partial(self._convert, file))
            dialog.open()

    def _convert(self, file: str, name: str) -> None:
        self._annotator.engine.convert(Conversion(file=file, name=name))

    def _cancel(self) -> None:
        self._annotator.engine.convert(None)

    def _choose(self) -> None:
        checkpoint = self.checkpoint.currentData()
        if isinstance(checkpoint, str):
            self._annotator.timeline.use_model(checkpoint, self.device.currentText())
