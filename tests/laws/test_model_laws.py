"""Properties of the model that hold for every prompt (untrained weights are enough)."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seem_model import Session
from seem_model.config import TINY
from seem_model.modeling.decoded import Request
from seem_model.modeling.decoder import Decoder
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.modeling.visual_sampler import gather_points
from tiny_model import SIDE, click, photo, predictor, scene, tiny

CLOSE = {"atol": 2e-5, "rtol": 1e-4}
few = settings(max_examples=12, deadline=None)
seeds = st.integers(0, 10_000)
phrases = st.lists(st.sampled_from(["red", "dog", "left", "small", "cell"]), min_size=1, max_size=8)
words = phrases.map(" ".join)


def drawing(seed: int, rows: int = 1) -> PromptMaps:
    """Random blobs, some larger than the sampler's limit, with and without memory."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((3, rows, SIDE, SIDE), bool)
    for kind in masks[:2]:
        for mask in kind:
            row, col = rng.integers(0, SIDE - 4, 2)
            mask[row : row + rng.integers(1, 20), col : col + rng.integers(1, 20)] = True
    memory = torch.from_numpy(rng.normal(0, 4, (rows, SIDE // 4, SIDE // 4))).float()
    return PromptMaps(*torch.from_numpy(masks), memory)


def one(maps: PromptMaps, row: int) -> PromptMaps:
    i = slice(row, row + 1)
    return PromptMaps(maps.positive[i], maps.negative[i], maps.region[i], maps.memory[i])


@pytest.mark.parametrize("layout", ["separate_v0", "separate_v1", "composed"])
@few
@given(seed=seeds, text=words)
def test_prompts_never_disturb_objects(layout: str, seed: int, text: str) -> None:
    torch.manual_seed(seed)
    config = replace(TINY.decoder, prompting=layout)
    decoder = Decoder(config, level_width=16, mask_width=16).requires_grad_(False)
    maps, model, features = drawing(seed), tiny(), scene(seed=seed)
    beside = Request(
        objects=True, grounding=True, spatial=True, memory=maps.memory[:, None],
        points=gather_points(maps.positive[:, None], maps.negative[:, None], limit=16),
        text=model.phrase_tokens(model.text.encode([text])),
        example=model.example_tokens(scene(seed=seed + 1), maps.negative),
    )  # fmt: skip
    alone = decoder(features, Request(objects=True)).objects
    asked = decoder(features, beside).objects
    torch.testing.assert_close(asked.logits, alone.logits, **CLOSE)
    torch.testing.assert_close(asked.concepts, alone.concepts, **CLOSE)


@few
@given(seeds)
def test_the_automatic_result_is_the_same_before_and_after_clicks(seed: int) -> None:
    row, col = np.random.default_rng(seed).integers(0, 60, 2)
    session = Session(predictor(), photo())
    before = predictor().panoptic(session.features)
    session.step(click(session.shape, row, col))
    after = predictor().panoptic(session.features)
    np.testing.assert_array_equal(before.labels, after.labels)
    assert before.segments == after.segments


@few
@given(seeds, words, words)
def test_objects_do_not_see_each_other(seed: int, first: str, second: str) -> None:
    """Two objects of one image, or of two, in one batch as one by one; texts of any lengths."""
    model = tiny()
    features, maps = scene(2, seed), drawing(seed, rows=2)
    text = model.phrase_tokens(model.text.encode([first, second]))
    example = model.example_tokens(features, maps.negative)
    both = model.decode_prompts(features, maps, text=text, example=example).spatial
    for i, phrase in enumerate((first, second)):
        index = torch.tensor([i])
        own, row = features.rows(index), one(maps, i)
        alone = model.decode_prompts(
            own, row, text=model.phrase_tokens(model.text.encode([phrase])),
            example=model.example_tokens(own, row.negative),
        ).spatial  # fmt: skip
        torch.testing.assert_close(both.logits[i : i + 1], alone.logits, **CLOSE)
        torch.testing.assert_close(both.concepts[i : i + 1], alone.concepts, **CLOSE)


@few
@given(seeds)
def test_images_of_a_batch_do_not_see_each_other(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(2, 3, SIDE, SIDE, generator=generator)
    both, alone = tiny().encode_image(images), tiny().encode_image(images[1:])
    torch.testing.assert_close(both.mask[1:], alone.mask, **CLOSE)
    decoded = [tiny().decode_objects(f).objects.logits for f in (both, alone)]
    torch.testing.assert_close(decoded[0][1:], decoded[1], **CLOSE)


@few
@given(seeds, words, words)
def test_padding_of_a_phrase_never_matters(seed: int, first: str, second: str) -> None:
    model, features = tiny(), scene(2, seed)
    both = model.decode_phrases(features, model.phrase_tokens(model.text.encode([first, second])))
    alone = model.decode_phrases(
        features.rows(torch.tensor([0])), model.phrase_tokens(model.text.encode([first]))
    )
    torch.testing.assert_close(both.grounding.logits[:1], alone.grounding.logits, **CLOSE)


def test_a_phrase_that_is_all_padding_is_no_phrase() -> None:
    """How training leaves a phrase out for some objects of a batch."""
    model, features, maps = tiny(), scene(), drawing(1)
    tokens = model.phrase_tokens(model.text.encode(["dog"]))
    nothing = replace(tokens, padding=torch.ones_like(tokens.padding))
    without = model.decode_prompts(features, maps).spatial.logits
    torch.testing.assert_close(
        model.decode_prompts(features, maps, text=nothing).spatial.logits, without, **CLOSE
    )
    empty = model.example_tokens(features, torch.zeros_like(maps.positive))
    torch.testing.assert_close(
        model.decode_prompts(features, maps, example=empty).spatial.logits, without, **CLOSE
    )


clicks = st.lists(
    st.tuples(st.integers(0, 59), st.integers(0, 79), st.booleans()), min_size=1, max_size=4
)


def play(session: Session, marks) -> None:
    prompts = click(session.shape, 30, 40)
    session.step(prompts)
    for row, col, positive in marks:
        prompts |= click(session.shape, row, col, positive=positive)
        session.step(prompts)


@few
@given(clicks)
def test_the_same_clicks_give_the_same_masks(marks) -> None:
    sessions = [Session(predictor(), photo()) for _ in range(2)]
    for session in sessions:
        play(session, marks)
    for a, b in zip(*(s.rounds for s in sessions), strict=True):
        np.testing.assert_array_equal(a.memory.logits, b.memory.logits)
        assert (a.score, a.label, a.label_score) == (b.score, b.label, b.label_score)


@few
@given(clicks, st.integers(0, 4))
def test_undo_and_replay_restore_a_round(marks, back: int) -> None:
    session = Session(predictor(), photo())
    play(session, marks)
    rounds = session.rounds
    session.undo()
    assert session.rounds == rounds[:-1]
    session.redo()
    assert session.rounds == rounds
    session.goto(min(back, len(rounds) - 1))
    if len(session.rounds) < len(rounds):
        again = session.step(rounds[len(session.rounds)].prompts)
        lost = rounds[len(session.rounds) - 1]
        np.testing.assert_array_equal(again.memory.logits, lost.memory.logits)
    fresh = Session(predictor(), photo())
    for done in rounds:
        fresh.step(done.prompts)
    np.testing.assert_array_equal(fresh.rounds[-1].mask, rounds[-1].mask)
