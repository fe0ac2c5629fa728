"""Class lists: what is built in, files of ours and others, colours, and use by a model."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from seem_model.class_list_files import (
    built_in,
    last_used,
    parse,
    read_class_list,
    remember,
    to_json,
    write_class_list,
)
from seem_model.class_lists import ClassEntry, ClassList
from seem_model.coco_names import COCO
from seem_model.data.voc import NAMES as VOC
from seem_model.errors import ClassListError
from seem_model.palette import NEUTRAL, default_colours, difference
from tiny_model import click, photo, predictor

CELLS = ClassList.of("cells", [("nucleus", "nuclei"), ("cell",)])


class TestBuiltIn:
    def test_titles_and_sizes(self) -> None:
        sizes = {known.title: len(known.entries) for known in built_in()}
        assert sizes["COCO panoptic"] == 133
        assert sizes["ADE20K"] == 150
        assert sizes["Pascal VOC"] == 20
        assert sizes["Cells and tissue"] >= 30

    def test_they_are_those_of_the_data_sets(self) -> None:
        coco, ade20k, voc, cells = built_in()
        assert coco.for_model() == (COCO.names, COCO.things)
        assert sum(entry.is_thing for entry in ade20k.entries) == 100
        assert (ade20k.names[0], ade20k.names[-1]) == ("wall", "flag")
        assert [voc.resolve(name) for name in VOC] == list(voc.names)
        assert cells.resolve("Erythrocyte") == "red blood cell"
        assert cells.find("tissue") is not None

    def test_each_is_read_again_as_it_is_written(self) -> None:
        for known in built_in():
            assert parse(json.loads(to_json(known)), "text") == known


class TestEdits:
    def test_a_name_is_there_once_whatever_its_case(self) -> None:
        with pytest.raises(ClassListError, match=r"“NUCLEI” is already in the list.*“nucleus”"):
            CELLS.add("NUCLEI")
        with pytest.raises(ClassListError, match="no class “dog”"):
            CELLS.remove("dog")
        assert CELLS.rename("nucleus", "Nuclei").entries[0].synonyms == ()

    @pytest.mark.parametrize(
        ("name", "reason"),
        [("  ", "needs a name"), ("a,b", "comma"), ("a\0b", "cannot be shown"), ("x" * 101, "101")],
    )
    def test_names_that_make_no_sense_are_refused(self, name: str, reason: str) -> None:
        with pytest.raises(ClassListError, match=reason):
            CELLS.add(name)

    def test_a_title_may_hold_a_comma_but_not_nothing(self) -> None:
        assert ClassList(" Cells,  round ").title == "Cells, round"
        with pytest.raises(ClassListError, match="class list needs a name"):
            ClassList(" ")

    def test_a_colour_is_six_digits(self) -> None:
        with pytest.raises(ClassListError, match="“red” is no colour of “cell”"):
            CELLS.recolour("cell", "red")
        assert CELLS.recolour("cell", "#ABCDEF").entries[1].colour == "#abcdef"

    def test_an_empty_list_is_no_vocabulary(self) -> None:
        with pytest.raises(ClassListError, match="“mine” is empty"):
            ClassList("mine").for_model()


class TestFiles:
    def test_text_has_a_class_on_each_line(self, tmp_path) -> None:
        path = tmp_path / "my cells, 2.txt"
        path.write_text('\ufeff# mine\nnucleus, nuclei;cell  nucleus\n\n"cell"\r\n', "utf-8")
        listed = read_class_list(path)
        assert listed.title == "my cells, 2"
        assert [e.words for e in listed.entries] == [
            ("nucleus", "nuclei", "cell nucleus"),
            ("cell",),
        ]
        assert len({e.colour for e in listed.entries}) == 2

    def test_of_a_class_only_the_name_is_needed(self) -> None:
        rows = [{"name": "a", "colour": "#123456"}, {"name": "b", "thing": False}]
        listed = parse({"format": 1, "title": "t", "classes": rows}, "x")
        assert listed.entries[0] == ClassEntry("a", (), "#123456", True)
        assert listed.entries[1].is_thing is False
        assert listed.entries[1].colour != NEUTRAL

    @pytest.mark.parametrize(
        ("name", "text", "reason"),
        [
            ("a.json", "{", "may be cut off"),
            ("a.json", "[]", "a.json is no list of classes"),
            ("a.json", '{"format": 2, "classes": []}', "format 2.* reads format 1"),
            ("a.json", '{"format": 1, "classes": [{}]}', "Class 1 of a.json has no “name”"),
            ("a.json", '{"format": 1, "classes": [{"name": "a", "color": ""}]}', "“color”"),
            ("a.json", '{"format": 1, "classes": [{"name": 1}]}', "“name” of class 1 of a.json"),
            ("a.json", '{"format": 1, "classes": [{"name": "a", "synonyms": [1]}]}', "wrong kind"),
            ("a.json", '{"format": 1, "classes": [{"name": "a", "colour": "red"}]}', "no colour"),
            ("a.txt", "cat\ndog\nCat\n", "a.txt cannot be used.*“Cat” is already"),
            ("a.csv", "# nothing\n", "no names in a.csv"),
            ("a.txt", "x\n" * 2_600_000, "too large"),
        ],
    )
    def test_what_is_wrong_with_a_file_is_said(self, tmp_path, name, text, reason) -> None:
        (tmp_path / name).write_text(text)
        with pytest.raises(ClassListError, match=reason):
            read_class_list(tmp_path / name)

    def test_bytes_and_missing_files_are_refused(self, tmp_path) -> None:
        (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
        for path in (tmp_path / "a.txt", tmp_path / "none.txt", tmp_path):
            with pytest.raises(ClassListError):
                read_class_list(path)
        for path in (tmp_path / "a.yaml", tmp_path / "none" / "a.json"):
            with pytest.raises(ClassListError):
                write_class_list(path, CELLS)

    def test_a_file_is_replaced_whole_or_not_at_all(self, tmp_path, monkeypatch) -> None:
        path = tmp_path / "a.json"
        write_class_list(path, CELLS)
        before = path.read_bytes()

        def full(self, target) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(type(path), "replace", full)
        with pytest.raises(ClassListError, match="No space left"):
            write_class_list(path, CELLS.add("dog"))
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_the_last_list_is_remembered(self, tmp_path, monkeypatch) -> None:
        monkeypatch.setenv("SEEM_MODELS", str(tmp_path / "new"))
        assert last_used() is None
        remember(CELLS)
        assert last_used() == CELLS
        (tmp_path / "new" / "classes.json").write_text("{")
        with pytest.raises(ClassListError, match=r"classes\.json"):
            last_used()


class TestColours:
    def test_few_classes_look_apart_to_everybody(self) -> None:
        for known in built_in():
            colours = [entry.colour for entry in known.entries]
            assert len(set(colours)) == len(colours)
            pairs = itertools.combinations([*colours[:12], NEUTRAL], 2)
            assert min(difference(*pair) for pair in pairs) > 0.06
        ade20k = [entry.colour for entry in built_in()[1].entries[::4]]
        assert min(difference(*pair) for pair in itertools.combinations(ade20k, 2)) > 0.01

    def test_red_and_green_of_one_lightness_look_alike_to_some(self) -> None:
        assert difference("#c05a5a", "#7a7a2c") < difference("#c05a5a", "#5a5ac0") / 2
        assert difference("#000000", "#ffffff") == pytest.approx(1, abs=0.01)

    def test_many_classes_share_colours_evenly(self) -> None:
        colours = default_colours([f"class {n}" for n in range(2000)])
        assert len(set(colours[:500])) == 500
        assert max(map(colours.count, set(colours))) < 15

    def test_a_name_has_its_colour_unless_that_is_taken(self) -> None:
        alone = default_colours(["nucleus"])
        assert default_colours(["nucleus", "cell"])[:1] == alone == default_colours(["Nucleus"])
        [other] = default_colours(["nucleus"], taken=alone)
        assert difference(other, alone[0]) >= 0.1


def test_a_model_names_objects_by_the_list() -> None:
    listed = ClassList.of("own", [("zebra", "stripy horse"), ("teapot",)])
    names, things = listed.for_model()
    asked = predictor().with_vocabulary(names, things=things)
    assert asked.vocabulary == ("zebra", "stripy horse", "teapot")
    image = photo(60, 80)
    answer = asked.step(asked.features(image), click(image.shape[:2], 30, 40))
    assert np.any(answer.mask)
    assert listed.resolve(answer.label) in listed.names
