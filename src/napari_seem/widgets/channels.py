"""One row for each channel: shown or not, and its colour."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QCheckBox, QColorDialog, QGridLayout, QToolButton, QWidget

if TYPE_CHECKING:
    from napari_seem.appearance import Channel

SWATCH = 14


class ChannelRows(QWidget):
    """Checkbox and colour of each channel; two beside each other, for docks are narrow."""

    changed = Signal(object)
    """Emitted with the Channel as a person wants it."""

    def __init__(self) -> None:
        super().__init__()
        self._channels: tuple[Channel, ...] = ()
        self.shown: list[QCheckBox] = []
        self.colours: list[QToolButton] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)
        self.setVisible(False)

    def show_channels(self, channels: tuple[Channel, ...]) -> None:
        """Show these; rows are made anew only if their number changed."""
        if len(channels) != len(self.shown):
            self._build(len(channels))
        if channels == self._channels:
            return
        self._channels = channels
        for channel, check, button in zip(channels, self.shown, self.colours, strict=True):
            check.setChecked(channel.shown)
            swatch = QPixmap(SWATCH, SWATCH)
            swatch.fill(QColor.fromRgbF(*channel.colour))
            button.setIcon(QIcon(swatch))

    def _build(self, count: int) -> None:
        for old in (*self.shown, *self.colours):
            self._grid.removeWidget(old)
            old.deleteLater()
        self.shown, self.colours, self._channels = [], [], ()
        for k in range(count):
            check = QCheckBox(f"{k}")
            check.setToolTip(f"Whether the model sees channel {k}.")
            check.clicked.connect(partial(self._switch, k))
            button = QToolButton()
            button.setToolTip(f"Colour in which the model sees channel {k}.")
            button.clicked.connect(partial(self._ask_colour, k))
            row, column = divmod(k, 2)
            self._grid.addWidget(check, row, 2 * column)
            self._grid.addWidget(button, row, 2 * column + 1)
            self.shown.append(check)
            self.colours.append(button)
        self.setVisible(count > 0)

    def _switch(self, k: int, shown: bool) -> None:
        self.changed.emit(replace(self._channels[k], shown=shown))

    def _ask_colour(self, k: int) -> None:
        dialog = QColorDialog(QColor.fromRgbF(*self._channels[k].colour), self)
        dialog.setWindowTitle(f"Colour of channel {k}")
        dialog.colorSelected.connect(partial(self.recolour, k))
        dialog.open()

    def recolour(self, k: int, colour: QColor) -> None:
        """Give channel ``k`` another colour."""
        rgb = (colour.redF(), colour.greenF(), colour.blueF())
        self.changed.emit(replace(self._channels[k], colour=rgb))
