"""How the image is shown to the model: contrast, channels, colours, and a look at it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_seem.appearance import Contrast, companions
from napari_seem.plane import full_shape
from napari_seem.widgets.channels import ChannelRows

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_seem.annotator import Annotator
    from napari_seem.appearance import Appearance, Channel
    from seem_model.values import RGB

PICTURE_SIDE = 96
SETTLE_MS = 400
"""A person who drags a contrast slider pauses this long before the image is encoded again."""
CONTRASTS = {
    Contrast.LAYER: "Layer's limits",
    Contrast.PERCENTILE: "Percentiles",
}
NO_AXIS = "none: all are slices"


class AppearanceView(QWidget):
    """A row that unfolds: what the model sees of the image, and how to change it.

    Parameters
    ----------
    annotator : Annotator
        Of the viewer; call :meth:`refresh` after each of its changes.
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self._pictured: RGB | None = None
        self.fold = QToolButton()
        self.fold.setToolTip("Show or hide how the image is shown to the model.")
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.toggled.connect(self._unfold)
        self.contrast = QComboBox()
        self.contrast.setToolTip(
            "Which values are black and white for the model. “Layer's limits”: as you see the "
            "layer, with its contrast limits and gamma. “Percentiles”: 0.5 % of the slice's "
            "pixels are black and 0.5 % white, in each channel, so one hot pixel darkens nothing."
        )
        for contrast, words in CONTRASTS.items():
            self.contrast.addItem(words, contrast)
        self.contrast.activated.connect(self._choose_contrast)
        self.axis = QComboBox()
        self.axis.setToolTip(
            "Axis whose entries are channels of one picture and not slices. Marks then belong to "
            "all channels. If marks were made, a new set of layers is started for them."
        )
        self.axis.activated.connect(self._choose_axis)
        self.channels = ChannelRows()
        self.channels.changed.connect(self._choose_channel)
        self.layers: dict[Image, QCheckBox] = {}
        self.picture = QLabel()
        self.picture.setToolTip("What the model sees of this slice.")
        self.picture.setFixedSize(PICTURE_SIDE, PICTURE_SIDE)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setWordWrap(True)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._encode)
        self._lay_out()
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the moment."""
        target, plane = self._annotator.focus.target, self._annotator.focus.plane
        self.setEnabled(target is not None)
        if target is None:
            self._picture(None)
            return
        appearance = target.appearance
        self.fold.setText(f"Seen: {summary(target.image, appearance)}")
        self.contrast.setCurrentIndex(self.contrast.findData(appearance.contrast))
        self._fill_axes(target.image, appearance)
        self.channels.show_channels(appearance.channels)
        self._fill_layers(target.image, appearance)
        seen = None if plane is None else target.seen(plane)
        self._picture(None if seen is None else seen.thumbnail)
        engine = self._annotator.engine
        if seen is None and plane is not None and engine.state == "ready" and engine.awake:
            self._settle.start()  # contrast or gamma of the layer was changed

    def _lay_out(self) -> None:
        self.form = QFormLayout()
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setSpacing(4)
        self.form.addRow("Contrast", self.contrast)
        self.form.addRow("Channels", self.axis)
        self._layer_box = QVBoxLayout()
        self._layer_box.setSpacing(2)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addLayout(self.form)
        column.addWidget(self.channels)
        column.addLayout(self._layer_box)
        column.addStretch(1)
        self.body = QWidget()
        inside = QHBoxLayout(self.body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(column, 1)
        inside.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.fold)
        box.addWidget(self.body)
        self._unfold(False)

    def _unfold(self, open_: bool) -> None:
        self.fold.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self.body.setVisible(open_)

    def _fill_axes(self, image: Image, appearance: Appearance) -> None:
        chosen, axes = appearance.channel_axis, set(self._annotator.focus.channel_axes)
        offered = [None, *sorted(axes if chosen is None else axes | {chosen})]
        names = [NO_AXIS if axis is None else axis_name(image, axis) for axis in offered]
        if names != [self.axis.itemText(k) for k in range(self.axis.count())]:
            self.axis.clear()
            for name, axis in zip(names, offered, strict=True):
                self.axis.addItem(name, axis)
        self.axis.setCurrentIndex(offered.index(chosen))
        self.form.setRowVisible(self.axis, len(offered) > 1)

    def _fill_layers(self, image: Image, appearance: Appearance) -> None:
        offered = companions(image, self._annotator.focus.images)
        if list(offered) != list(self.layers):
            for check in self.layers.values():
                self._layer_box.removeWidget(check)
                check.deleteLater()
            self.layers = {layer: self._check(layer) for layer in offered}
        for layer, check in self.layers.items():
            check.setText(f"with “{layer.name}”")
            check.setChecked(layer in appearance.layers)

    def _check(self, layer: Image) -> QCheckBox:
        check = QCheckBox()
        check.setToolTip(
            "Show this layer to the model as one more channel, in the colour of its colormap. It "
            "has the same pixels in the same place as the image."
        )
        check.clicked.connect(partial(self._choose_layer, layer))
        self._layer_box.addWidget(check)
        return check

    def _picture(self, rgb: RGB | None) -> None:
        if rgb is None:
            if self._pictured is None:
                self.picture.setText("not seen yet")
            return
        if rgb is self._pictured:
            return
        self._pictured = rgb
        height, width = rgb.shape[:2]
        image = QImage(rgb.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        side, keep = PICTURE_SIDE, Qt.AspectRatioMode.KeepAspectRatio
        smooth = Qt.TransformationMode.SmoothTransformation
        self.picture.setPixmap(QPixmap.fromImage(image).scaled(side, side, keep, smooth))

    def _choose_contrast(self, index: int) -> None:
        target = self._annotator.focus.target
        if target is not None:
            self._show(replace(target.appearance, contrast=self.contrast.itemData(index)))

    def _choose_axis(self, index: int) -> None:
        target = self._annotator.focus.target
        if target is not None:
            self._show(target.appearance.with_channels(target.image, self.axis.itemData(index)))

    def _choose_layer(self, layer: Image, shown: bool) -> None:
        target = self._annotator.focus.target
        if target is not None:
            without = target.appearance.without(layer)
            layers = (*without.layers, layer) if shown else without.layers
            self._show(replace(without, layers=layers))

    def _choose_channel(self, channel: Channel) -> None:
        target = self._annotator.focus.target
        if target is not None:
            self._show(target.appearance.with_channel(channel))

    def _show(self, appearance: Appearance) -> None:
        self._annotator.focus.show_as(appearance)
        target, tool = self._annotator.focus.target, self._annotator.tool
        if target is not None and tool is not None and not target.prompts.all:
            self._annotator.use(tool)  # another channel axis has new layers

    def _encode(self) -> None:
        self._annotator.engine.wake()


def summary(image: Image, appearance: Appearance) -> str:
    """The appearance in a few words."""
    if appearance.channel_axis is not None:
        shown = sum(channel.shown for channel in appearance.channels)
        words = f"{shown} of {len(appearance.channels)} channels"
    else:
        words = "colours" if image.rgb else "grey"
    if appearance.layers:
        words += f" + {len(appearance.layers)} layer" + "s" * (len(appearance.layers) > 1)
    if image.rgb and appearance.contrast is Contrast.LAYER:
        return words
    return f"{words}, {CONTRASTS[appearance.contrast].lower()}"


def axis_name(image: Image, axis: int) -> str:
    """What a person is told about an axis: its label, if it has one, and its length."""
    label = str(image.axis_labels[axis])
    numbered = label.removeprefix("axis ").lstrip("-").isdigit()
    named = f"axis {axis}" if numbered else f"“{label}”"
    return f"{named} ({full_shape(image)[axis]} long)"
