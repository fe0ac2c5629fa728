"""What an object is not: negative phrases and examples; and masks that others made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation

from examples import SHAPE, example, official
from official_twin import twin
from seem_model import Exemplar, PromptError, Prompts, Session
from seem_model.encoded import Look
from seem_model.frame import Frame
from seem_model.proposal import Proposal
from seem_model.settling import same_words
from seem_model.zoom import extent
from tiny_model import click, photo, predictor

A = click(SHAPE, 30, 40)
MODEL = predictor().model
KIND = MODEL.backbone.channels[-2] + MODEL.config.decoder.concept  # looks and meaning
DOG = replace(A, unlike=("dog",))


def candidate(mask: np.ndarray) -> Proposal:
    """Something that a search found, like everything else."""
    box = extent(mask)
    frame = Frame(box, box.height, box.width, (box.height, box.width))
    look = Look(torch.zeros(1, 1), torch.ones(1, 16), frame)
    return Proposal(box, mask[box.slices], 0.9, look, torch.ones(KIND) / KIND**0.5)


def around(prompts: Prompts) -> np.ndarray:
    return binary_dilation(prompts.positive, np.ones((7, 7)))


def test_negative_words_are_cleaned_joined_and_compared() -> None:
    one, two = example(), example()
    some = replace(A, unlike=(" dog ", "", "dog"), unlike_exemplars=(one, one))
    assert some.unlike == ("dog",)
    assert some.unlike_exemplars == (one,)
    both = some | replace(A, unlike=("cat", "dog"), unlike_exemplars=(two,))
    assert both.unlike == ("dog", "cat")
    assert both.unlike_exemplars == (one, two)
    assert both.contains(some)
    assert not some.contains(both)
    assert not A.contains(some)
    assert some.contains(A)
    assert not same_words(A, some)
    assert same_words(some, some | click(SHAPE, 5, 5))


def test_alone_they_ask_for_nothing() -> None:
    prompts = replace(Prompts.empty(SHAPE), unlike=("dog",), unlike_exemplars=(example(),))
    assert prompts.is_empty
    with pytest.raises(PromptError, match="nothing to find yet"):
        predictor().step(predictor().features(photo(*SHAPE)), prompts)


def asked_for(kind: str) -> tuple[Prompts, Prompts]:
    """A click with a negative, and what the negative asks for alone."""
    if kind == "phrase":
        return DOG, Prompts.empty(SHAPE).with_text("dog")
    e = example()
    return replace(A, unlike_exemplars=(e,)), Prompts.empty(SHAPE).with_example(e)


@pytest.mark.parametrize("kind", ["phrase", "example"])
def test_what_they_find_is_kept_out(kind: str) -> None:
    model = predictor()
    features = model.features(photo(*SHAPE))
    corner, whole = np.zeros((2, *SHAPE), bool)
    corner[:15, :20], whole[:] = True, True
    features.found[MODEL.config.proposals] = (candidate(whole), candidate(corner))
    asked, _ = asked_for(kind)
    answer = model.step(features, asked)
    assert (model.step(features, A).mask & corner).any()
    assert not (answer.mask & corner).any()
    assert answer.mask.any()  # what holds the click is not meant by the negative
    assert answer.prompts is asked
    refined = model.step(features, asked | click(SHAPE, 9, 9), answer.memory)
    assert refined.mask[9, 9]
    assert refined.mask[30, 40]


@pytest.mark.parametrize("kind", ["phrase", "example"])
def test_what_an_official_layout_finds_is_kept_out(kind: str) -> None:
    features = official().features(photo(*SHAPE))
    asked, alone = asked_for(kind)
    other = official().step(features, alone).mask
    answer = official().step(features, asked)
    assert not (answer.mask & other & ~around(A)).any()


def test_they_are_looked_for_once() -> None:
    features = predictor().features(photo(*SHAPE))
    predictor().step(features, DOG)
    known = dict(features.answers)
    told: list[float] = []
    predictor().step(features, DOG | click(SHAPE, 9, 9), watch=told.append)
    assert known == features.answers
    assert not told
    other = predictor().with_vocabulary(["wolf"])
    other.step(features, DOG)  # other names, other answers
    assert len(features.answers) == len(known) + 1
    for k in range(20):
        predictor().step(features, replace(A, unlike=(f"dog {k}",)))
    assert len(features.answers) <= 16


@pytest.mark.parametrize("model", [predictor, official], ids=["clicks", "queries"])
def test_looking_for_them_can_be_cancelled(model) -> None:
    class Stop(Exception):
        pass

    def stop(share: float) -> None:
        raise Stop

    features = model().features(photo(*SHAPE))
    with pytest.raises(Stop):
        model().step(features, DOG, watch=stop)
    assert model().step(features, DOG).mask.shape == SHAPE


def test_a_phrase_avoids_what_its_negative_names() -> None:
    session = Session(predictor(), photo(*SHAPE))
    words = Prompts.empty(SHAPE).with_text("cat")
    first = session.step(words)
    second = session.step(replace(words, unlike=("cat",)))  # asked afresh, not carved out of it
    assert first.mask.any()
    assert not (second.mask & first.mask).any()


# ---------------------------------------------------------------------- masks of others
def disc() -> np.ndarray:
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return (rows - 30) ** 2 + (cols - 40) ** 2 < 12**2


@pytest.mark.parametrize("zoomed", [True, False])
def test_a_given_mask_is_a_memory(zoomed: bool) -> None:
    model = predictor() if zoomed else predictor().without_zoom()
    features = model.features(photo(*SHAPE))
    memory = model.memory_of(features, disc())
    assert (memory.box == features.whole.frame.box) != zoomed
    seen = memory.logits > 0
    assert (seen & disc()).sum() / (seen | disc()).sum() > 0.9
    without = model.step(features, A)
    refined = model.step(features, A, memory)
    assert not np.array_equal(refined.memory.logits, without.memory.logits)


def test_a_mask_can_be_corrected_by_negative_marks_alone() -> None:
    features = predictor().features(photo(*SHAPE))
    no = click(SHAPE, 33, 45, positive=False)
    with pytest.raises(PromptError, match="nothing to find yet"):
        predictor().step(features, no)
    answer = predictor().step(features, no, predictor().memory_of(features, disc()))
    assert not answer.mask[33, 45]
    assert answer.prompts is no
    assert predictor().step(features, no | click(SHAPE, 10, 10, positive=False), answer.memory)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros(SHAPE, bool), "empty"),
        (np.ones((20, 30), bool), r"of the image's \(60, 80\) pixels"),
        (np.ones(SHAPE, np.uint8), "must be boolean"),
    ],
)
def test_masks_that_make_no_sense_are_refused(mask: np.ndarray, message: str) -> None:
    with pytest.raises(PromptError, match=message):
        predictor().memory_of(predictor().features(photo(*SHAPE)), mask)


def test_rounds_can_start_from_a_mask() -> None:
    session = Session(predictor(), photo(*SHAPE))
    session.start_from(disc())
    answer = session.step(click(SHAPE, 33, 45, positive=False))
    assert len(session.rounds) == 1
    session.undo()
    again = session.step(click(SHAPE, 33, 45, positive=False))
    np.testing.assert_array_equal(again.mask, answer.mask)
    session.next_object()
    with pytest.raises(PromptError, match="nothing to find yet"):
        session.step(click(SHAPE, 33, 45, positive=False))


def test_an_official_layout_takes_a_mask_too() -> None:
    assert not twin().proposes
    features = official().features(photo(*SHAPE))
    memory = official().memory_of(features, disc())
    assert memory.frame == features.whole.frame
    assert official().step(features, A, memory).mask.shape == SHAPE


def test_an_exemplar_of_another_size_may_be_unlike() -> None:
    image = photo(90, 40)
    mask = np.zeros((90, 40), bool)
    mask[10:20, 5:15] = True
    asked = replace(A, unlike_exemplars=(Exemplar(image=image, mask=mask),))
    assert predictor().step(predictor().features(photo(*SHAPE)), asked).mask.shape == SHAPE
