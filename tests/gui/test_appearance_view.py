"""The row that tells and changes what the model sees, and the badge of readiness, in a window."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QVBoxLayout, QWidget

from fakes import FakeLoad, blobs
from napari_seem.annotator import Annotator
from napari_seem.appearance import Contrast
from napari_seem.target import Tool
from napari_seem.widgets.appearance import AppearanceView
from napari_seem.widgets.bond import Bond
from napari_seem.widgets.ready import ReadyBadge
from napari_seem.worker import inline
from person import FIRST, SECOND, mask, points

pytestmark = pytest.mark.gui
CHANNELS = np.stack([FIRST, SECOND, FIRST]).astype(np.uint16) * 900


class Dock(QWidget):
    """Both views in a dock, as the main dock has them."""

    def __init__(self, viewer) -> None:
        super().__init__()
        self.annotator = Annotator(viewer, load=FakeLoad(), run=inline)
        self.appearance = AppearanceView(self.annotator)
        self.badge = ReadyBadge(self.annotator)
        box = QVBoxLayout(self)
        box.addWidget(self.badge)
        box.addWidget(self.appearance)
        box.addStretch(1)
        self.bond = Bond(self.refresh, self.annotator)
        self.annotator.use(Tool.CLICK)

    def refresh(self) -> None:
        self.appearance.refresh()
        self.badge.refresh()


@pytest.fixture
def dock(make_robot):
    opened = []

    def make(image, **options) -> Dock:
        robot = make_robot(image, **options)
        dock = Dock(robot.viewer)
        dock.robot = robot
        robot.viewer.window.add_dock_widget(dock, name="views")
        dock.appearance.fold.setChecked(True)
        robot.qtbot.wait(30)
        opened.append(dock)
        return dock

    yield make
    for dock in opened:
        dock.bond.close()


def choose(box, data) -> None:
    """What a person does with a combo box."""
    index = box.findData(data)
    assert index >= 0
    box.setCurrentIndex(index)
    box.activated.emit(index)


def colour_in(label) -> set[tuple[int, int, int]]:
    picture = label.pixmap().toImage()
    points = [(x, y) for x in range(picture.width()) for y in range(picture.height())]
    colours = (picture.pixelColor(*p) for p in points)
    return {(c.red(), c.green(), c.blue()) for c in colours}


def test_a_stack_becomes_a_picture_of_channels(dock):
    views = dock(CHANNELS, contrast_limits=(0, 900))
    view, viewer = views.appearance, views.robot.viewer
    viewer.dims.set_current_step(0, 0)
    assert "grey" in view.fold.text()
    assert not view.channels.isVisible()
    assert "3/3" in views.badge.text()  # the neighbours are ready too
    choose(view.axis, 0)
    assert "3 of 3 channels" in view.fold.text()
    assert (255, 0, 255) in colour_in(view.picture)  # red + blue
    assert view.channels.isVisible()
    assert "·" not in views.badge.text()  # no stack any more
    view.channels.shown[2].click()
    assert "2 of 3 channels" in view.fold.text()
    view.channels.recolour(0, QColor("white"))
    assert (255, 255, 255) in colour_in(view.picture)
    views.robot.click((20, 20))
    np.testing.assert_array_equal(mask(views.annotator), FIRST)
    viewer.dims.set_current_step(0, 2)
    shown = views.annotator.focus.target.result
    assert shown.get_value((2, 20, 20), world=True) == 1
    choose(view.axis, None)
    assert "grey" in view.fold.text()


def test_contrast_that_settled_is_encoded_without_a_click(dock):
    views = dock(blobs() // 4, contrast_limits=(0, 255))
    view, image = views.appearance, views.annotator.focus.image
    assert max(colour_in(view.picture)) < (100, 100, 100)
    image.contrast_limits = (0, 63)
    assert "not encoded" in views.badge.text()
    views.robot.qtbot.waitUntil(lambda: "ready" in views.badge.text(), timeout=3000)
    assert (255, 255, 255) in colour_in(view.picture)
    choose(view.contrast, Contrast.PERCENTILE)
    image.contrast_limits = (0, 20)
    assert "ready" in views.badge.text()  # the layer's limits do not count any more


def test_layers_that_belong_together_can_be_joined(dock):
    views = dock(
        np.stack([FIRST, SECOND]).astype(np.uint8) * 255,
        channel_axis=0,
        name=["actin", "nuclei"],
        colormap=["red", "green"],
        contrast_limits=(0, 255),
    )
    view, viewer = views.appearance, views.robot.viewer
    assert [check.text() for check in view.layers.values()] == ["with “actin”"]
    next(iter(view.layers.values())).click()
    assert "+ 1 layer" in view.fold.text()
    assert {(255, 0, 0), (0, 255, 0)} <= colour_in(view.picture)
    viewer.layers.remove(next(iter(view.layers)))
    assert view.layers == {}
    assert "layer" not in view.fold.text().split(",")[0]


def test_a_click_in_physical_units(dock):
    stack = np.stack([blobs(), blobs()[::-1], blobs()])
    views = dock(stack, scale=(2, 0.5, 0.5), units="um")
    viewer = views.robot.viewer
    viewer.dims.set_point(0, 4.0)
    views.robot.qtbot.wait(30)
    views.robot.click((10, 10))
    assert points(views.annotator)[0] == pytest.approx([2, 20, 20], abs=1)
    np.testing.assert_array_equal(mask(views.annotator), FIRST)
    # napari would take a click for one in nanometres now
    finer = viewer.add_image(np.zeros((3, 8, 8), np.uint8), units="nm", visible=False)
    assert "finer units (nanometer)" in views.annotator.focus.trouble
    viewer.layers.remove(finer)
    viewer.dims.set_point(0, 4.0)
    assert views.annotator.focus.trouble == ""
    np.testing.assert_array_equal(mask(views.annotator), FIRST)


def test_everything_has_a_tooltip_and_folds(dock):
    views = dock(blobs(), name="blobs")
    view = views.appearance
    for part in (view.fold, view.contrast, view.axis, view.picture, views.badge):
        assert part.toolTip().endswith(".")
    assert not view.axis.isVisible()  # nothing to choose in a flat image
    view.fold.setChecked(False)
    assert not view.body.isVisible()
    views.robot.viewer.layers.clear()
    assert not view.isEnabled()
    assert "no slice" in views.badge.text()
