"""A list of rounds: memory, undo, redo, and what a deleted prompt leaves behind."""

import numpy as np
import pytest

from seem_model import PromptError, Prompts, Session
from tiny_model import click, photo, predictor

SHAPE = (60, 80)
A, B = click(SHAPE, 30, 40), click(SHAPE, 10, 10, positive=False)
C = click(SHAPE, 50, 70)


@pytest.fixture
def session() -> Session:
    return Session(predictor(), photo(*SHAPE))


def logits(round_) -> np.ndarray:
    return round_.memory.logits


def test_an_image_is_encoded_once_and_kept(session: Session) -> None:
    assert session.shape == SHAPE
    np.testing.assert_array_equal(session.image, photo(*SHAPE))
    assert session.rounds == ()
    assert not session.can_undo
    assert not session.can_redo


def test_the_next_round_remembers_the_last(session: Session) -> None:
    first = session.step(A)
    second = session.step(A | B)
    features = session.features
    np.testing.assert_array_equal(
        logits(second), logits(predictor().step(features, A | B, first.memory))
    )
    assert not np.array_equal(logits(second), logits(predictor().step(features, A | B)))


def test_rounds_are_counted_and_undo_counts_back(session: Session) -> None:
    counts = [session.step(p).memory.rounds for p in (A, A | B, A | B | C)]
    assert counts == [1, 2, 3]
    session.undo()
    assert session.step(A | B | click(SHAPE, 5, 70)).memory.rounds == 3
    session.next_object()
    assert session.step(A).memory.rounds == 1


def test_a_deleted_prompt_is_forgotten(session: Session) -> None:
    first = session.step(A)
    session.step(A | B)
    without = session.step(A | C)  # B is gone: only the first round may be remembered
    expected = predictor().step(session.features, A | C, first.memory)
    np.testing.assert_array_equal(logits(without), logits(expected))
    fresh = session.step(C)  # nothing of A is left
    np.testing.assert_array_equal(logits(fresh), logits(predictor().step(session.features, C)))


def test_a_changed_phrase_is_forgotten(session: Session) -> None:
    session.step(A.with_text("dog"))
    other = session.step(A.with_text("cat"))
    expected = predictor().step(session.features, A.with_text("cat"))
    np.testing.assert_array_equal(logits(other), logits(expected))


def test_undo_redo_and_goto(session: Session) -> None:
    one, two, three = session.step(A), session.step(A | B), session.step(A | B | C)
    assert session.undo() is two
    assert session.undo() is one
    assert session.redo() is two
    assert session.rounds == (one, two)
    assert session.can_redo
    assert session.goto(2) is three
    assert session.goto(0) is one
    assert session.undo() is None
    assert session.rounds == ()
    assert session.undo() is None
    assert not session.can_undo
    assert session.goto(1) is two
    for wrong in (-1, 3):
        with pytest.raises(IndexError, match="no round"):
            session.goto(wrong)


def test_a_new_round_after_undo_ends_what_could_be_redone(session: Session) -> None:
    session.step(A)
    session.step(A | B)
    session.undo()
    again = session.step(A | C)
    assert not session.can_redo
    assert session.redo() is again


def test_an_undone_round_is_not_remembered(session: Session) -> None:
    first = session.step(A)
    session.step(A | B)
    session.undo()
    again = session.step(A | B | C)
    expected = predictor().step(session.features, A | B | C, first.memory)
    np.testing.assert_array_equal(logits(again), logits(expected))


@pytest.mark.parametrize("forget", ["reset", "next_object"])
def test_another_object_starts_from_nothing(session: Session, forget: str) -> None:
    first = session.step(A)
    session.step(A | B)
    getattr(session, forget)()
    assert session.rounds == ()
    assert not session.can_redo
    np.testing.assert_array_equal(logits(session.step(A)), logits(first))


def test_a_refused_prompt_changes_nothing(session: Session) -> None:
    one, two = session.step(A), session.step(A | B)
    session.undo()
    with pytest.raises(PromptError):
        session.step(Prompts.empty(SHAPE))
    assert session.rounds == (one,)
    assert session.redo() is two
