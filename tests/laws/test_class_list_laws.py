"""What must hold for every class list, and for the colours of every table of objects."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from napari_seem.class_colours import colours_by_class, colours_by_object
from seem_model.class_list_files import read_class_list, write_class_list
from seem_model.class_lists import ClassEntry, ClassList, same_name
from seem_model.errors import ClassListError
from seem_model.palette import NEUTRAL

often = settings(deadline=None, max_examples=40)
words = st.text("abcABCßéİ 1-", min_size=1, max_size=4).filter(str.strip)
anything = st.text("aB,; \0\n\u200d\ud800é", max_size=8)
colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


@st.composite
def class_lists(draw: st.DrawFn, *, least: int = 0) -> ClassList:
    size = st.integers(1, 3)
    rows = draw(st.lists(st.tuples(size, colours, st.booleans()), min_size=least, max_size=6))
    need = sum(count for count, *_ in rows)
    names = draw(st.lists(words, min_size=need, max_size=need, unique_by=same_name))
    entries = []
    for count, colour, is_thing in rows:
        name, *synonyms = [names.pop() for _ in range(count)]
        entries.append(ClassEntry(name, tuple(synonyms), colour, is_thing))
    return ClassList("title", tuple(entries))


@often
@given(listed=class_lists(), name=words)
def test_a_class_can_be_added_exactly_when_its_name_is_new(listed: ClassList, name: str) -> None:
    if listed.find(name) is not None:
        with pytest.raises(ClassListError, match="already in the list"):
            listed.add(name)
        return
    more = listed.add(name)
    entry = more.find(name.upper())
    if same_name(name.upper()) == same_name(name):  # not so for ß
        assert entry == more.entries[-1]
    assert more.remove(name) == listed


@often
@given(listed=class_lists(least=1), data=st.data())
def test_edits_change_one_class_and_keep_the_rest(listed: ClassList, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(listed.entries) - 1))
    old = listed.entries[place]
    by = data.draw(st.integers(-8, 8))
    moved = listed.move(old.name, by)
    assert sorted(moved.names) == sorted(listed.names)
    assert moved.names.index(old.name) == min(max(place + by, 0), len(listed.entries) - 1)
    assert moved.remove(old.name) == listed.remove(old.name)
    colour = data.draw(colours)
    assert listed.recolour(old.name, colour).recolour(old.name, old.colour) == listed
    new = data.draw(words)
    found = listed.find(new)
    if found not in (None, old):
        with pytest.raises(ClassListError, match="already in the list"):
            listed.rename(old.name, new)
        return
    renamed = listed.rename(old.name, new)
    assert renamed.entries[place].colour == old.colour
    assert renamed.remove(new) == listed.remove(old.name)


@often
@given(listed=class_lists(least=1))
def test_whatever_a_model_answers_is_a_class(listed: ClassList) -> None:
    names, things = listed.for_model()
    assert len({same_name(name) for name in names}) == len(names) == len(things)
    for name, thing in zip(names, things, strict=True):
        entry = listed.find(name)
        assert entry is not None
        assert listed.resolve(name) == entry.name
        assert (name in entry.words, thing) == (True, entry.is_thing)
    assert listed.resolve("something else") == "something else"


@often
@given(listed=class_lists())
def test_out_to_a_file_and_back_is_the_same(listed: ClassList) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        write_class_list(path, listed)
        assert read_class_list(path) == listed
        assert [p.name for p in Path(folder).iterdir()] == ["a.json"]


@often
@given(text=anything)
def test_any_text_is_a_name_or_is_refused(text: str) -> None:
    if any(sign.isalnum() for sign in text) and text.isprintable() and not set(text) & set(",;"):
        ClassList("a").add(text)
    try:
        listed = ClassList("a").add(text)
    except ClassListError:
        return
    [entry] = listed.entries
    assert listed.find(text) == entry
    assert ClassList("a").add(entry.name) == listed


@often
@given(listed=class_lists(), data=st.data())
def test_each_label_has_the_colour_of_its_class(listed: ClassList, data: st.DataObject) -> None:
    known = [word for entry in listed.entries for word in entry.words]
    names = st.sampled_from([*known, "quite unknown", "", None])
    table = data.draw(st.dictionaries(st.integers(1, 70_000), names, max_size=20))
    hidden = data.draw(st.sets(st.sampled_from([*known, "quite unknown", ""])))
    features = pd.DataFrame({"index": list(table), "class": list(table.values())})
    assume(len(table) > 0)
    unwanted = {listed.resolve(name) for name in hidden}
    by_class = colours_by_class(features, listed, hidden=hidden)
    by_object = colours_by_object(features, listed, hidden=hidden)
    for label, name in table.items():
        name, label_is_shown = name or "", label <= 2**16
        entry = listed.find(name)
        gone = ("" if not label_is_shown else listed.resolve(name)) in unwanted
        colour = NEUTRAL if entry is None or not label_is_shown else entry.colour
        shown = (np.asarray(by_class.map(label)) * 255).round()
        assert shown[3] == (0 if gone else 255)
        assert gone or tuple(shown[:3]) == tuple(bytes.fromhex(colour[1:]))
        assert by_object.map(label)[3] == (0 if gone else 1)
    for colormap in (by_class, by_object):
        assert np.asarray(colormap.map(0))[3] == 0
        assert np.asarray(colormap.map(70_001))[3] == (0 if "" in unwanted else 1)
