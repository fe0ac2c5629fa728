"""The table of objects with thousands of rows, without a viewer."""

from __future__ import annotations

import math
import time

import pytest
from qtpy.QtCore import Qt

from napari_seem.inventory import Item
from napari_seem.measuring import Measured
from napari_seem.widgets.object_model import Wanted, heading
from napari_seem.widgets.object_table import ObjectTable

pytestmark = pytest.mark.gui
MANY = 5000


def items(n: int) -> list[Item]:
    names = ("nucleus", "cell", "")
    return [Item(k, 0, names[k % 3], (k * 7 % 100) / 100, k, 1, False) for k in range(1, n + 1)]


@pytest.fixture
def table(qtbot):
    table = ObjectTable(lambda label: None)
    qtbot.addWidget(table)
    table.show_objects(items(MANY), None, ())
    return table


def labels(table: ObjectTable, n: int) -> list[int]:
    return [table.shown.item(table.shown.index(row, 0)).label for row in range(n)]


def test_thousands_of_rows_are_sorted_and_filtered_fast(table):
    start = time.process_time()
    for column in (3, 2, 1):
        table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    table.shown.want(Wanted(text="nuc"))
    assert table.shown.rowCount() == MANY // 3
    table.shown.want(Wanted(name=""))
    assert table.shown.rowCount() == MANY // 3 + 1
    table.show_objects(items(MANY - 1), None, ())
    assert time.process_time() - start < 2, "0.1 s here; comparing by pairs in Python takes many"


def test_what_has_no_value_comes_last_in_both_orders(table):
    odd = [Item(0, 9, "", math.nan, 5, 1, True), *items(2)]
    table.show_objects(odd, None, ())
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        table.sortByColumn(0, order)
        assert labels(table, 3)[-1] == 0
    assert table.shown.index(2, 0).data() == "open"
    assert table.shown.index(2, 2).data() == "–"


def test_the_selection_outlives_sorting_and_other_rows(table):
    for row in (10, 11, 40):
        index = table.shown.index(row, 0)
        flags = table.selectionModel().SelectionFlag
        table.selectionModel().select(index, flags.Select | flags.Rows)
    before = {i.label for i in table.selection()}
    assert before == {11, 12, 41}
    table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    assert {i.label for i in table.selection()} == before
    table.show_objects(items(MANY + 5), None, ())
    assert {i.label for i in table.selection()} == before
    table.show_objects([i for i in items(MANY) if i.label != 12], None, ())
    assert {i.label for i in table.selection()} == {11, 41}


def test_measurements_are_sorted_as_numbers_and_go_again(table):
    measured = Measured(labels=(1, 2, 3), columns={"area_scaled": [9.0, 10.0, 1.5]}, unit="µm")
    table.show_objects(items(3), measured, ("area_scaled",))
    column = len(table.source.columns) - 1
    assert table.shown.headerData(column, Qt.Orientation.Horizontal) == "area µm²"
    table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    assert labels(table, 3) == [3, 1, 2]
    table.show_objects(items(3), None, ())
    assert labels(table, 3) == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "unit", "words"),
    [
        ("mean_intensity_0", "", "mean intensity 0"),
        ("mean_intensity", "", "mean"),
        ("perimeter_scaled", "µm", "perimeter µm"),
        ("area_scaled", "", "area scaled"),
    ],
)
def test_titles_of_columns(name, unit, words):
    assert heading(name, unit) == words
