"""Arbitrary sessions for property tests, and what makes two of them the same."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_seem.appearance import Channel, Contrast
from napari_seem.commit_rules import CommitRules, Overlap
from napari_seem.document import Answer, Page, Step, Thing
from napari_seem.light import Companion, Light
from napari_seem.marks import ExampleMark, Marks, MaskMark, Outline, Words
from napari_seem.objects import Row
from napari_seem.plane import Plane
from napari_seem.proposals import Proposal, Proposals
from napari_seem.session_data import ImageIdentity, LabelStack, SessionData
from napari_seem.shown import Shown
from seem_model.class_lists import ClassList, same_name
from seem_model.packed import Packed
from seem_model.values import Exemplar

SHAPE = (7, 9)
flags = st.booleans()
numbers = st.floats(allow_nan=False, allow_infinity=False)
scores = st.one_of(st.just(math.nan), st.floats(0, 1))
names = st.text(max_size=6)


def packed(shape=SHAPE, dtype=bool, elements=None):
    return hnp.arrays(dtype, shape, elements=elements, fill=st.just(0)).map(Packed.of)


def _exemplar(seed: int) -> Exemplar:
    random = np.random.default_rng(seed)
    mask = random.random((4, 5)) > 0.5
    mask[0, 0] = True
    return Exemplar(image=random.integers(0, 256, (4, 5, 3), np.uint8), mask=mask)


EXEMPLARS = [_exemplar(seed) for seed in range(3)]


@st.composite
def marks(draw, numbers=numbers) -> Marks:
    n = draw(st.integers(0, 3))
    return Marks(
        points=np.array(draw(st.lists(st.tuples(numbers, numbers), min_size=n, max_size=n)))
        .reshape(-1, 2)
        .astype(float),
        signs=np.array(draw(st.lists(flags, min_size=n, max_size=n)), bool),
        shown=draw(
            st.one_of(
                st.none(),
                st.lists(flags, min_size=n, max_size=n).map(lambda v: np.array(v, bool)),
            )
        ),
        outlines=tuple(draw(st.lists(outlines(numbers), max_size=2))),
        scribble=draw(st.one_of(st.none(), packed(dtype=np.uint8, elements=st.integers(0, 4)))),
        words=tuple(draw(st.lists(st.builds(Words, names, flags, flags), max_size=2))),
        masks=tuple(
            draw(st.lists(st.builds(MaskMark, packed(), names, flags, flags, flags), max_size=2))
        ),
        examples=tuple(
            draw(
                st.lists(
                    st.builds(ExampleMark, st.sampled_from(EXEMPLARS), names, flags, flags),
                    max_size=2,
                )
            )
        ),
    )


def outlines(numbers):
    corners = hnp.arrays(np.float64, st.tuples(st.integers(4, 5), st.just(2)), elements=numbers)
    kinds = st.sampled_from(["rectangle", "polygon", "path", "ellipse", "line"])
    return st.builds(Outline, kinds, corners, numbers, flags, flags)


answers = st.builds(Answer, packed=packed(), score=scores, label=names, label_score=st.floats(0, 1))


@st.composite
def things(draw, key: int) -> Thing:
    steps = tuple(
        Step(
            marks=draw(marks()),
            answer=draw(st.one_of(st.none(), answers)),
            after=draw(st.integers(0, k)),
        )
        for k in range(draw(st.integers(0, 3)))
    )
    return Thing(
        key=key,
        steps=steps,
        at=draw(st.integers(0, len(steps))),
        name=draw(names),
        label=draw(st.integers(0, 9)),
    )


@st.composite
def pages(draw) -> Page:
    keys = draw(st.lists(st.integers(1, 99), min_size=1, max_size=2, unique=True))
    rows = tuple(draw(st.lists(st.builds(Proposal, packed(), names, scores), max_size=2)))
    proposals = Proposals(
        title=draw(names),
        all=rows,
        threshold=draw(st.floats(0, 1)),
        decided=frozenset(draw(st.sets(st.integers(0, 3)))),
        at=draw(st.integers(0, 3)),
    )
    return Page(
        things=tuple(draw(things(key)) for key in keys),
        key=draw(st.sampled_from(keys)),
        proposals=draw(st.sampled_from([None, proposals])),
    )


shares = st.floats(0, 1)
colours = st.tuples(shares, shares, shares)
limits = st.tuples(st.floats(-1e9, 0), st.floats(0, 1e9))
lights = st.builds(
    Light, st.one_of(st.none(), limits), st.floats(0.01, 9), colours, st.sampled_from(["", "red"])
)


@st.composite
def looks(draw, shape) -> Shown:
    axis = draw(st.sampled_from([None, *(a for a, n in enumerate(shape[:-2]) if n == 1)]))
    indices = st.lists(st.integers(0, 11), min_size=1, max_size=3, unique=True)
    channels = [Channel(k, draw(colours), draw(flags)) for k in draw(indices)]
    return Shown(
        light=draw(lights),
        contrast=draw(st.sampled_from(Contrast)),
        channel_axis=axis,
        channels=() if axis is None else tuple(channels),
        layers=tuple(draw(st.lists(st.builds(Companion, names, lights), max_size=2))),
    )


letters = st.text(st.characters(categories=["L"]), min_size=1, max_size=5)


@st.composite
def class_lists(draw) -> ClassList:
    words = draw(st.lists(letters, max_size=4, unique_by=same_name))
    listed = ClassList.of(draw(letters), [words[k : k + 2] for k in range(0, len(words), 2)])
    for name in listed.names:
        listed = listed.recolour(name, draw(st.sampled_from(["#000000", "#12ab9f"])))
    return listed.add("stuff 1", is_thing=False) if draw(flags) else listed


@st.composite
def sessions(draw) -> SessionData:
    shape = draw(st.sampled_from([SHAPE, (2, *SHAPE), (2, 3, *SHAPE), (2, 1, *SHAPE)]))
    dtype = draw(st.sampled_from([np.uint8, np.int32, np.int64]))
    labels = draw(hnp.arrays(dtype, shape, elements=st.integers(0, 5), fill=st.just(0)))
    lead = len(shape) - 2
    planes = st.builds(
        Plane,
        st.just((lead, lead + 1)),
        st.tuples(*(st.integers(0, n - 1) for n in shape[:lead]), st.just(0), st.just(0)),
        st.just(SHAPE),
    )
    return SessionData(
        image=ImageIdentity(
            draw(names),
            draw(names),
            shape,
            "uint8",
            "sha256:" + "0" * 64,
            draw(st.sampled_from([(), shape, tuple(n + 2 for n in shape)])),
        ),
        shown=draw(st.one_of(st.none(), looks(shape))),
        classes=draw(st.one_of(st.none(), class_lists())),
        pages=draw(st.dictionaries(planes, pages(), max_size=2)),
        labels=draw(st.sampled_from([None, LabelStack.of(labels, name=draw(names))])),
        table=tuple(draw(st.lists(st.builds(Row, st.integers(1, 9), names, scores), max_size=3))),
        rules=draw(
            st.builds(
                CommitRules,
                st.sampled_from(Overlap),
                flags,
                flags,
                st.integers(0, 9),
                st.integers(0, 9),
                st.floats(0, 9),
            )
        ),
        model=draw(names),
        version="1.2.3",
        saved="2026-01-02T03:04:05+00:00",
    )


def assert_same_session(one: SessionData, other: SessionData) -> None:
    assert one.image == other.image
    assert list(one.pages) == list(other.pages)
    for plane in one.pages:
        assert_same_page(one.pages[plane], other.pages[plane])
    assert (one.labels is None) == (other.labels is None)
    if one.labels is not None and other.labels is not None:
        assert one.labels.name == other.labels.name
        assert one.labels.array.dtype == other.labels.array.dtype
        np.testing.assert_array_equal(one.labels.array, other.labels.array)
    assert repr(one.table) == repr(other.table)  # NaN is NaN here
    assert (one.rules, one.model) == (other.rules, other.model)
    assert (one.shown, one.classes) == (other.shown, other.classes)
    assert (one.version, one.saved) == (other.version, other.saved)


def assert_same_page(one: Page, other: Page) -> None:
    assert one.key == other.key
    assert repr(one.proposals) == repr(other.proposals)
    assert len(one.things) == len(other.things)
    for mine, theirs in zip(one.things, other.things, strict=True):
        assert (mine.key, mine.at, mine.name) == (theirs.key, theirs.at, theirs.name)
        assert (mine.label, len(mine.steps)) == (theirs.label, len(theirs.steps))
        for a, b in zip(mine.steps, theirs.steps, strict=True):
            assert a.after == b.after
            assert repr(a.answer) == repr(b.answer)
            assert_same_marks(a.marks, b.marks)


def assert_same_marks(one: Marks, other: Marks) -> None:
    assert one.same_drawing(other)
    assert (one.shown is None) == (other.shown is None)
    assert (one.words, one.masks) == (other.words, other.masks)
    assert len(one.examples) == len(other.examples)
    for a, b in zip(one.examples, other.examples, strict=True):
        assert (a.title, a.positive, a.shown) == (b.title, b.positive, b.shown)
        np.testing.assert_array_equal(a.exemplar.image, b.exemplar.image)
        np.testing.assert_array_equal(a.exemplar.mask, b.exemplar.mask)
