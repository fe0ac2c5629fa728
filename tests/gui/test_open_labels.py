"""File > IO Utilities > Open OME-Zarr labels, in a real window."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog

from label_images import hard
from seem_model.export.label_volume import LabelVolume
from seem_model.export.ome_zarr import write_ome_zarr

pytestmark = pytest.mark.gui


def test_the_menu_opens_labels(make_robot, qtbot, tmp_path, monkeypatch) -> None:
    viewer = make_robot().viewer
    path = str(write_ome_zarr(tmp_path / "cells.zarr", LabelVolume.of(hard())))
    answers = iter(["", path])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: next(answers))
    viewer.window.file_menu.aboutToShow.emit()
    [utilities] = [a.menu() for a in viewer.window.file_menu.actions() if "IO" in a.text()]
    [action] = [a for a in utilities.actions() if "OME-Zarr" in a.text()]
    action.trigger()
    assert not viewer.layers
    action.trigger()
    qtbot.waitUntil(lambda: len(viewer.layers) == 1, timeout=5000)
    [layer] = viewer.layers
    np.testing.assert_array_equal(layer.data, hard().labels)
    assert list(layer.features["class"]) == ["ring", "pair", "ring", ""]
