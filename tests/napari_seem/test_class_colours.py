"""Colours of a Labels layer by class: in a layer, with damaged tables, and fast enough."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from napari.layers import Labels

from napari_seem.class_colours import colours_by_class, colours_by_object
from seem_model.class_lists import ClassList
from seem_model.palette import NEUTRAL

CELLS = ClassList.of("cells", [("nucleus", "nuclei"), ("cell",)])


def seen(layer: Labels, label: int) -> str:
    red, green, blue, alpha = np.round(255 * np.asarray(layer.get_color(label))).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}" if alpha else ""


def test_a_layer_shows_classes_then_objects_then_hides() -> None:
    layer = Labels(np.array([[0, 1, 2, 3, 4]], np.int32))
    own = [seen(layer, n) for n in range(1, 5)]
    table = pd.DataFrame({"index": [1, 2, 3], "class": ["Nuclei", "cell", "dog"]})
    layer.colormap = colours_by_class(table, CELLS)
    nucleus, cell = (entry.colour for entry in CELLS.entries)
    assert [seen(layer, n) for n in range(1, 5)] == [nucleus, cell, NEUTRAL, NEUTRAL]
    layer.colormap = colours_by_object(table, CELLS, hidden={"cell"})
    assert [seen(layer, n) for n in range(1, 5)] == [own[0], "", own[2], NEUTRAL]
    assert layer.colormap.map(np.array([0, 2], np.int32))[:, 3].tolist() == [0, 0]


@pytest.mark.parametrize("paint", [colours_by_class, colours_by_object])
def test_tables_that_a_person_changed_do_no_harm(paint) -> None:
    layer = Labels(np.array([[0, 1, 70_000]], np.int32))
    rows = {"index": [np.nan, -1, 0, 70_000, 1], "class": ["cell", None, "cell", "cell", np.nan]}
    for table in (pd.DataFrame(), pd.DataFrame({"class": ["", "cell"]}), pd.DataFrame(rows)):
        layer.colormap = paint(table, CELLS)
        assert seen(layer, 0 if layer.get_color(0) is not None else 1)
        assert seen(layer, 70_000) == NEUTRAL
    assert paint(pd.DataFrame(rows), CELLS, hidden={""}).map(1)[3] == 0


@pytest.mark.parametrize("paint", [colours_by_class, colours_by_object])
def test_five_thousand_labels_take_no_time(paint) -> None:
    listed = ClassList.of("many", [(f"class {n}",) for n in range(130)])
    names = np.array(listed.names)[np.arange(5000) % 130]
    table = pd.DataFrame({"index": np.arange(1, 5001), "class": names})
    times = []
    for _ in range(5):
        start = time.process_time()
        paint(table, listed, hidden={"class 7"})
        times.append(time.process_time() - start)
    assert min(times) < 0.05
