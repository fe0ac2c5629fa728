"""Choice of model and device, with the state of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QWidget

from napari_seem.hints import STATES
from napari_seem.widgets.bond import BUSY_COLOR

if TYPE_CHECKING:
    from napari_seem.annotator import Annotator

DEVICES = ("auto", "cpu", "cuda", "mps")
STATE_COLORS = {"ready": "#2ecc40", "error": "#ff4136", "not loaded": "#888888"}


class ModelView(QWidget):
    """One row: model, device, state.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self.checkpoint = QComboBox()
        self.checkpoint.setToolTip(
            "The model. “lite” comes with the plugin; “Folder…” opens one that you trained or "
            "converted (config.json and model.safetensors)."
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
        self._fill()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.checkpoint, 1)
        row.addWidget(self.device)
        row.addWidget(self.state)
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

    def _fill(self) -> None:
        current = self._annotator.engine.checkpoint
        self.checkpoint.clear()
        self.checkpoint.addItem("lite", "lite")
        if current != "lite":
            self.checkpoint.addItem(current.replace("\\", "/").rstrip("/").split("/")[-1], current)
            self.checkpoint.setCurrentIndex(1)
        self.checkpoint.addItem("Folder…", None)

    def _chosen(self, index: int) -> None:
        if self.checkpoint.itemData(index) is None:
            folder = QFileDialog.getExistingDirectory(self, "Folder of a SEEM checkpoint")
            self._fill()
            if not folder:
                return
            self._annotator.engine.choose(folder, self.device.currentText())
            return
        self._choose()

    def _choose(self) -> None:
        checkpoint = self.checkpoint.currentData()
        if checkpoint is not None:
            self._annotator.engine.choose(checkpoint, self.device.currentText())
