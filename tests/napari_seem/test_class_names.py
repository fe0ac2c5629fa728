"""Whatever door an object comes through, it bears the name of its class and never a synonym."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seem.everything import classed
from napari_seem.search import Into, Where
from person import FIRST, SECOND, click
from seem_model.class_lists import ClassList
from seem_model.values import Segment, Segmentation

LISTED = ClassList.of("mine", [("nucleus", "blob", "nuclei"), ("tissue", "stroma")])


@pytest.fixture
def named(annotator):
    """An annotator whose model answers with a synonym."""
    annotator.engine.naming.use(LISTED)
    return annotator


def panoptic(predictor, features, watch):
    return predictor.panoptic(features, watch=watch)


def committed(annotator) -> list[str]:
    return list(annotator.shelf.layer.features["class"])


def proposed(annotator) -> set[str]:
    return {p.name for p in annotator.suggestions.current.all}


@pytest.mark.parametrize("into", [Into.PROPOSALS, Into.OBJECTS])
def test_everything_as_proposals_and_as_objects(named, into) -> None:
    named.search.everything(panoptic, title="all", into=into)
    if into is Into.PROPOSALS:
        assert proposed(named) == {"nucleus"}
        named.suggestions.accept_all()
    assert committed(named) == ["nucleus", "nucleus"]


def test_everything_as_a_layer(named, model_viewer) -> None:
    named.search.everything(panoptic, title="all")
    assert list(model_viewer.layers["all"].features["class"]) == ["nucleus", "nucleus"]
    named.search.everything(panoptic, title="classes", semantic=True)
    layer = model_viewer.layers["classes"]
    assert list(layer.features["class"]) == ["nucleus"]
    np.testing.assert_array_equal(layer.data, FIRST | SECOND)
    assert list(layer.features["area"]) == [(FIRST | SECOND).sum()]


@pytest.mark.parametrize("name", ["", "Nuclei", "nucleus"])
def test_all_like_this(named, name) -> None:
    named.search.like([FIRST], name=name, where=Where.HERE)
    assert proposed(named) == {"nucleus"}


def test_all_of_a_name(named) -> None:
    named.search.named("blob")
    assert proposed(named) == {"nucleus"}
    assert named.suggestions.current.title == "all “blob”"  # what was asked is told


def test_one_object_each(named) -> None:
    named.focus.target.prompts.points.add([[20.0, 20.0], [45.0, 50.0]])
    named.one_object_each()
    assert proposed(named) == {"nucleus"}


def test_a_name_that_a_person_types_or_gives_to_committed_objects(named) -> None:
    click(named, 20, 20)
    named.set_name(" NUCLEI ")
    assert named.name == "nucleus"
    named.commit()
    assert committed(named) == ["nucleus"]
    named.revisions.rename([1], "stroma")
    assert committed(named) == ["tissue"]


def test_the_list_that_is_in_use_when_an_object_is_committed_counts(annotator) -> None:
    click(annotator, 20, 20)
    assert annotator.name == "blob"
    annotator.engine.naming.use(LISTED)
    annotator.commit()
    annotator.engine.naming.use(None)
    annotator.search.named("blob")
    annotator.engine.naming.use(LISTED)
    annotator.suggestions.accept_all()
    assert committed(annotator) == ["nucleus", "nucleus"]


def test_names_without_a_class_and_without_a_list_stay(annotator) -> None:
    annotator.engine.naming.use(ClassList.of("mine", [("cat",)]))
    annotator.search.everything(panoptic, title="all", into=Into.OBJECTS)
    annotator.engine.naming.use(None)
    annotator.revisions.rename([1], "stroma")
    assert committed(annotator) == ["blob", "stroma"]


segments = st.lists(
    st.tuples(st.sampled_from(["nuclei", "Blob", "stroma", "tissue", "sky"]), st.booleans()),
    max_size=6,
)


@given(rows=segments, semantic=st.booleans())
def test_pixels_keep_their_class_and_stuff_is_one_segment(rows, semantic) -> None:
    labels = np.arange(len(rows) + 1, dtype=np.int32).repeat(3).reshape(-1, 3)
    found = Segmentation(
        labels=labels,
        segments=tuple(Segment(k, n, k / 9, thing) for k, (n, thing) in enumerate(rows, 1)),
    )
    after = classed(found, LISTED.resolve, semantic=semantic)
    given_names = {0: ""} | {s.id: LISTED.resolve(s.label) for s in found.segments}
    names = {0: ""} | {s.id: s.label for s in after.segments}
    assert len(names) == len(after.segments) + 1
    for before, now in zip(labels.ravel(), after.labels.ravel(), strict=True):
        assert names[now] == given_names[before]
    alike = [s.label for s in after.segments if semantic or not s.is_thing]
    assert len(set(alike)) == len(alike)
    if not semantic:
        things = [s for s in found.segments if s.is_thing]
        assert [s.id for s in after.segments if s.is_thing] == [s.id for s in things]
