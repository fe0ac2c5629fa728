"""Small models of the official layouts, asked through the public doors."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from seem_model import SeemError
from seem_model.config import TINY, DecoderConfig
from seem_model.everything import Thresholds
from seem_model.frame import Box, Frame
from seem_model.frame_config import FrameConfig
from seem_model.modeling.decoded import Request
from seem_model.modeling.seem import Seem
from seem_model.modeling.visual_sampler import gather_points
from seem_model.predictor import Predictor
from seem_model.presets import OFFICIAL
from seem_model.readout import by_prompts
from seem_model.session import Session
from seem_model.together import step_all
from seem_model.vocabulary import NameList, Vocabulary
from tiny_model import click, photo

LAYOUTS = {"v0": "separate_v0", "v1": "separate_v1", "demo": "joint"}


def small(version: str) -> Seem:
    sources = {"v0": "all", "v1": "draw", "demo": "all"}
    config = replace(
        TINY, name=f"small-{version}", dense=None, naming=None, seeds=None, proposals=None,
        decoder=DecoderConfig(
            width=16, concept=16, queries=12, heads=2, ffn=32, layers=4, memory=6,
            prompting=LAYOUTS[version], spatial_source=sources[version], max_points=64,
        ),
        frame=FrameConfig(long_side=128, short_side=64, max_upscale=8.0),
    )  # fmt: skip
    torch.manual_seed(1)
    model = Seem(config).eval().requires_grad_(False)
    for p in model.decoder.parameters():  # queries that differ, masks of both signs
        torch.nn.init.normal_(p, std=0.3)
    return model


@pytest.fixture(params=LAYOUTS)
def predictor(request) -> Predictor:
    model, listed = small(request.param), NameList(("cat", "sky"), (True, False))
    words = Vocabulary.build(model, listed)
    return Predictor(
        model=model, name="small", device="cpu", listed=listed, words=words,
        thresholds=Thresholds.of(model.config),
    )  # fmt: skip


def test_the_answer_is_the_likeliest_query_as_it_is(predictor: Predictor) -> None:
    image, model = photo(), predictor.model
    prompts = click(image.shape[:2], 30, 40)
    answer = predictor.step(predictor.features(image), prompts)

    frame = Frame.fit(Box(0, 0, 60, 80), long_side=128, config=model.config.frame)
    assert (frame.height, frame.width) == (64, 85)
    features = model.encode_image(frame.image(image, model.config.frame))
    drawn = frame.marks(prompts.positive)[None]
    points = gather_points(drawn, torch.zeros_like(drawn), limit=64)
    joint = model.config.decoder.prompting == "joint"
    decoded = model.decoder(features, Request(objects=joint, spatial=not joint, points=points))
    wanted = frame.back(by_prompts(decoded).logits[0, 0], (60, 80))
    np.testing.assert_allclose(answer.memory.logits, wanted, atol=1e-4)
    assert np.array_equal(answer.mask, wanted > 0)


def test_rounds_refine_and_equal_rounds_are_equal(predictor: Predictor) -> None:
    image = photo()
    first, second = Session(predictor, image), Session(predictor, image)
    prompts = click(image.shape[:2], 30, 40)
    more = replace(prompts, negative=click(image.shape[:2], 5, 5).positive)
    for session in (first, second):
        session.step(prompts)
        session.step(more)
    assert np.array_equal(first.rounds[1].mask, second.rounds[1].mask)
    alone = predictor.step(first.features, more)
    same = np.allclose(alone.memory.logits, first.rounds[1].memory.logits, atol=1e-4)
    assert same == (predictor.model.config.decoder.prompting == "joint")  # which has no memory


def test_objects_together_are_answered_as_alone(predictor: Predictor) -> None:
    features = predictor.features(photo())
    prompts = [click((60, 80), row, col) for row, col in ((30, 40), (10, 12), (50, 70))]
    first = step_all(predictor, features, prompts)
    again = step_all(predictor, features, prompts, [first[0].memory, None, first[2].memory])
    for p, one, other, memory in zip(
        prompts, first, again, (first[0].memory, None, first[2].memory), strict=True
    ):
        for found, known in ((one, None), (other, memory)):
            alone = predictor.step(features, p, known)
            np.testing.assert_allclose(found.memory.logits, alone.memory.logits, atol=1e-4)
            assert found.label == alone.label
    said = [prompts[0].with_text("a cat"), prompts[1]]
    assert len(step_all(predictor, features, said)) == 2
    with pytest.raises(SeemError, match="2 prompts, but 1 memories"):
        step_all(predictor, features, said, [None])
    with pytest.raises(SeemError, match="nothing to find"):
        step_all(predictor, features, [replace(prompts[0], positive=np.zeros((60, 80), bool))])


def test_what_is_computed_once_an_image_changes_nothing(predictor: Predictor) -> None:
    model = predictor.model
    features = model.encode_image(torch.randn(1, 3, 64, 96))
    ready = model.prepared(features)
    positive = torch.zeros(1, 1, 64, 96, dtype=torch.bool)
    positive[..., 20:23, 30:33] = True
    points = gather_points(positive, torch.zeros_like(positive), limit=64)
    text = model.phrase_tokens(model.text.encode(["a cat"]))
    joint = model.config.decoder.prompting == "joint"
    memory = None if joint else torch.randn(1, 1, 16, 24)
    request = Request(
        objects=True, grounding=not joint, spatial=not joint, points=points, text=text,
        memory=memory,
    )  # fmt: skip
    for a, b in zip(layers(model, features, request), layers(model, ready, request), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
    both = torch.zeros(2, dtype=torch.int64)
    twice = model.decode_objects(ready.rows(both)).present_objects.logits
    torch.testing.assert_close(twice[0], twice[1])


def layers(model: Seem, features, request: Request) -> list[torch.Tensor]:
    decoded = model.decoder(features, request, every_layer=True)
    return [step.present_objects.logits for step in (*decoded.aux, decoded)]


def test_everything_and_its_ranking(predictor: Predictor) -> None:
    features = predictor.features(photo())
    whole = predictor.semantic(features)
    assert (whole.labels > 0).all()
    found = predictor.ranked(features)
    assert found
    assert {i.label for i in found} == {"cat"}
    assert [i.score for i in found] == sorted((i.score for i in found), reverse=True)


def test_phrases_are_answered(predictor: Predictor) -> None:
    features = predictor.features(photo())
    nothing = click((60, 80), 30, 40)
    prompts = replace(nothing, positive=np.zeros((60, 80), bool)).with_text("a cat")
    assert predictor.step(features, prompts).mask.shape == (60, 80)


def test_other_sizes(predictor: Predictor) -> None:
    larger = predictor.with_sizes(long_side=400, short_side=150)
    assert larger.features(photo()).whole.frame.height == 150
    assert predictor.features(photo()).whole.frame.height == 64
    assert "150/400" in larger.name
    with pytest.raises(SeemError, match="at least 32 pixels"):
        predictor.with_sizes(long_side=0)


def test_thresholds_are_those_of_the_official_evaluation_and_demo() -> None:
    scores = {name: Thresholds.of(config).score for name, config in OFFICIAL.items()}
    assert scores["focal-tiny-v0"] == scores["focal-large-v1"] == scores["sam-base-v1"] == 0.8
    assert scores["focal-tiny-demo"] == 0.4
