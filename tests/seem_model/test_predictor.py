"""The numpy door: what goes in, what comes out, and what is refused."""

import dataclasses

import numpy as np
import pytest

import seem_model
from seem_model import Exemplar, ImageError, PromptError, Prompts
from seem_model.image import to_rgb
from tiny_model import click, photo, predictor

SHAPE = (60, 80)


def exemplar(mask_size: int = 12) -> Exemplar:
    mask = np.zeros((40, 50), bool)
    mask[5 : 5 + mask_size, 5 : 5 + mask_size] = True
    return Exemplar(image=photo(40, 50), mask=mask)


def asked(*, drawn: bool = False, text: str = "", example: bool = False, region: bool = False):
    base = click(SHAPE, 30, 40) if drawn else Prompts.empty(SHAPE)
    box = np.zeros(SHAPE, bool)
    box[10:50, 15:60] = True
    return dataclasses.replace(
        base, text=text, exemplar=exemplar() if example else None, region=box if region else None
    )


IMAGES = {
    "uint8": photo(*SHAPE),
    "uint16": photo(*SHAPE).astype(np.uint16) * 200,
    "float": photo(*SHAPE).astype(np.float32) / 255,
    "bool": photo(*SHAPE)[..., 0] > 100,
    "grey": photo(*SHAPE)[..., 0],
    "rgba": np.concatenate([photo(*SHAPE), np.full((*SHAPE, 1), 255, np.uint8)], axis=2),
    "two channels": photo(*SHAPE)[..., :2],
    "seven channels": to_rgb(np.tile(photo(*SHAPE)[..., :1], 7), channel_axis=2),
    "nan": np.where(photo(*SHAPE) > 240, np.nan, photo(*SHAPE).astype(float)),
    "constant": np.full(SHAPE, 7, np.int64),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_images_of_every_kind(kind: str) -> None:
    model = predictor()
    features = model.features(IMAGES[kind])
    assert features.shape == SHAPE
    answer = model.step(features, click(SHAPE, 30, 40))
    assert answer.mask.shape == SHAPE
    assert answer.mask.dtype == bool
    assert np.isfinite(answer.memory.logits).all()
    assert 0 <= answer.score <= 1
    assert 0 <= answer.label_score <= 1
    assert answer.label in ("", *model.vocabulary)


@pytest.mark.parametrize("image", [np.zeros(5), np.zeros((0, 4)), np.zeros((3, 4, 5, 6))])
def test_absurd_images_are_refused(image: np.ndarray) -> None:
    with pytest.raises(ImageError):
        predictor().features(image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (7, 300), (33, 65), (3, 900), (500, 2)])
def test_odd_sizes(shape: tuple[int, int]) -> None:
    model = predictor()
    features = model.features(np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8))
    prompts = click(shape, shape[0] - 1, shape[1] - 1)
    first = model.step(features, prompts)
    second = model.step(features, prompts | click(shape, 0, 0, positive=False), first.memory)
    assert first.mask.shape == second.mask.shape == shape
    for readout in (model.panoptic, model.instances, model.semantic):
        assert readout(features).labels.shape == shape


@pytest.mark.parametrize(
    "what",
    [
        {"drawn": True}, {"text": "dog"}, {"example": True}, {"region": True},
        {"text": "dog", "example": True}, {"drawn": True, "text": "dog", "example": True},
    ],
)  # fmt: skip
def test_every_kind_of_prompt_is_answered(what: dict) -> None:
    model = predictor()
    answer = model.step(model.features(photo(*SHAPE)), asked(**what))
    assert answer.mask.shape == SHAPE


PARTS = {"drawn": True, "text": "a small red dog", "example": True, "region": True}


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("one", PARTS)
@pytest.mark.parametrize("added", [*PARTS, "memory"])
def test_prompts_compose(one: str, added: str, memory: bool) -> None:
    if one == added or (memory and added == "memory"):
        return
    if {one, added} == {"text", "example"} and not memory:
        return  # they choose among candidates, see test_similar.py
    model = predictor().without_zoom()
    features = model.features(photo(*SHAPE))
    before = model.step(features, click(SHAPE, 5, 5)).memory if memory else None
    alone = model.step(features, asked(**{one: PARTS[one]}), before).memory.logits
    if added == "memory":
        before, both = model.step(features, click(SHAPE, 5, 5)).memory, {one: PARTS[one]}
    else:
        both = {k: PARTS[k] for k in (one, added)}
    together = model.step(features, asked(**both), before).memory.logits
    assert np.abs(alone - together).max() > 1e-4


def test_an_example_is_encoded_once_for_all_clicks() -> None:
    model = predictor()
    features = model.features(photo(*SHAPE))
    prompts = asked(example=True)
    model.step(features, prompts)
    kept = dict(features.examples)
    model.step(features, prompts | click(SHAPE, 9, 9))
    assert len(kept) == 1
    assert features.examples == kept
    for _ in range(9):
        model.step(features, asked(example=True))
    assert len(features.examples) <= 4


def test_an_empty_prompt_is_refused_with_advice() -> None:
    model = predictor()
    features = model.features(photo(*SHAPE))
    for prompts in (Prompts.empty(SHAPE), click(SHAPE, 9, 9, positive=False), asked(text="  ")):
        with pytest.raises(PromptError, match="nothing to find yet"):
            model.step(features, prompts)


def test_prompts_of_another_size_are_refused() -> None:
    model = predictor()
    with pytest.raises(PromptError, match=r"drawn on \(20, 30\)"):
        model.step(model.features(photo(*SHAPE)), click((20, 30), 9, 9))
    with pytest.raises(PromptError, match="same image"):
        Prompts(positive=np.zeros((3, 3), bool), negative=np.zeros((4, 3), bool))
    with pytest.raises(PromptError, match="two-dimensional"):
        Prompts(positive=np.zeros(3, bool), negative=np.zeros(3, bool))


def test_a_text_that_is_too_long_is_refused_and_nothing_is_lost() -> None:
    model = predictor()
    session = seem_model.Session(model, photo(*SHAPE))
    first = session.step(asked(drawn=True))
    with pytest.raises(PromptError, match="too long"):
        session.step(asked(drawn=True, text="very " * 40 + "long"))
    with pytest.raises(PromptError, match="too long"):
        model.with_vocabulary(["very " * 40 + "long"])
    assert session.rounds == (first,)


@pytest.mark.parametrize(
    ("image", "mask", "words"),
    [
        (photo(9, 9), np.zeros((9, 9), bool), "empty"),
        (photo(9, 9), np.ones((8, 9), bool), "differ in size"),
        (photo(9, 9)[..., 0], np.ones((9, 9), bool), "RGB"),
        (photo(9, 9) / 255, np.ones((9, 9), bool), "RGB"),
    ],
)
def test_broken_examples_are_refused(image, mask, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        Exemplar(image=image, mask=mask)


def test_another_vocabulary_shares_the_weights() -> None:
    model = predictor()
    other = model.with_vocabulary(["yeti", "sky"])
    assert other.vocabulary == ("yeti", "sky")
    assert other.model is model.model
    assert model.vocabulary != other.vocabulary
    features = model.features(photo(*SHAPE))
    assert other.step(features, asked(drawn=True)).label in ("", "yeti", "sky")


def test_everything_takes_its_own_class_list() -> None:
    model = predictor()
    model = dataclasses.replace(
        model, thresholds=dataclasses.replace(model.thresholds, score=0.0, overlap=0.0, name=0.0)
    )
    features = model.features(photo(*SHAPE))
    for readout in (model.panoptic, model.instances, model.semantic):
        answer = readout(features, classes=["yeti"])
        assert {s.label for s in answer.segments} <= {"yeti"}
        assert sorted({s.id for s in answer.segments} | {0}) == sorted(
            {*np.unique(answer.labels)} | {0}
        )
        assert answer.labels.dtype == np.int32


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(seem_model.CheckpointError, match='Unknown device "abacus"'):
        seem_model.load("tiny", device="abacus")
    assert seem_model.load("tiny", device="auto").device in ("cpu", "cuda", "mps")


def test_loading_leaves_other_random_numbers_alone() -> None:
    import torch

    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    seem_model.load("tiny")
    assert torch.equal(torch.rand(3), wanted)
