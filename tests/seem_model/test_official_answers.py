"""What people get from the official models: segmentations, masks of clicks and of phrases."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from golden import (
    Golden,
    Replay,
    agreeing,
    assert_same,
    build,
    phrase_tokens,
    phrase_vectors,
    points,
)
from seem_model.clicks import next_click, paint_onto
from seem_model.everything import Objects, Thresholds, class_maps, panoptic, ranked, semantic
from seem_model.frame import Box, Frame
from seem_model.modeling.decoded import Decoded, Request
from seem_model.modeling.winograd import quicken
from seem_model.predictor import Predictor
from seem_model.readout import by_phrases, by_prompts
from seem_model.values import Prompts
from seem_model.vocabulary import NameList, Vocabulary

pytestmark = pytest.mark.official
WRONG = 1e-3  # share of pixels that may differ


def words(count: int, things: set[int]) -> Vocabulary:
    """Classes that are called by their number."""
    names = tuple(str(k) for k in range(count))
    return Vocabulary(names, tuple(k in things for k in range(count)), torch.zeros(count + 1, 2))


def wrong(found: np.ndarray, wanted: np.ndarray) -> float:
    assert found.shape == wanted.shape
    return float((found != wanted).mean())


def classes_of(segmentation) -> np.ndarray:
    """(H, W) class of each pixel, -1 where there is none."""
    table = np.full(len(segmentation.segments) + 1, -1)
    for segment in segmentation.segments:
        table[segment.id] = int(segment.label)
    return table[segmentation.labels]


@pytest.mark.parametrize("version", ["v1", "v0", "demo"])
def test_what_is_read_from_given_queries(official, version: str) -> None:
    numbers = official.version(version)
    logits, masks = official.inputs.post_inputs()
    objects = Objects(torch.from_numpy(logits).softmax(1), torch.from_numpy(masks))
    vocabulary, shape = words(133, set(range(80))), masks.shape[1:]
    score, overlap, top = numbers["post/thresholds"]
    limits = Thresholds(score=float(score), overlap=float(overlap), top=int(top))

    found = panoptic(objects, vocabulary, lambda x: x.numpy(), shape, limits)
    assert np.array_equal(found.labels, numbers["post/panoptic_seg"])
    told = json.loads(str(numbers["meta_json"]))["post/segments_info"]
    assert [(s.id, s.is_thing, int(s.label)) for s in found.segments] == [
        (s["id"], s["isthing"], s["category_id"]) for s in told
    ]
    maps = class_maps(objects, list(range(133)), lambda x: x.numpy())
    assert_same(maps[::7, ::4, ::4], numbers["post/sem_seg_sub"])
    found = semantic(objects, vocabulary, lambda x: x.numpy(), shape, limits)
    assert np.array_equal(classes_of(found), numbers["post/sem_seg_argmax"])
    same_instances(
        ranked(objects, vocabulary, lambda x: x.numpy(), limits), numbers, "post", "area"
    )


def same_instances(found: list, numbers, where: str, area: str) -> None:
    """Scores, classes and areas, as sets."""
    rows = sorted((int(i.label), round(i.score, 4), int(i.mask.sum())) for i in found)
    columns = [numbers[f"{where}/inst_{k}"] for k in ("classes", "scores", area)]
    told = sorted((int(c), round(float(s), 4), int(a)) for c, s, a in zip(*columns, strict=True))
    assert len(rows) == len(told)
    for one, other in zip(rows, told, strict=True):
        assert one[0] == other[0]
        assert one[1] == pytest.approx(other[1], abs=2e-4)
        assert one[2] == pytest.approx(other[2], rel=0.01, abs=3)


@pytest.fixture(scope="module", params=["v1-a", "v1-b", "v0-a", "v0-b", "demo-a", "demo-b"])
def golden(request, golden_of) -> Golden:
    return golden_of(*request.param.split("-"))


def output(golden: Golden):
    """Resize to the size at which the golden segmentations were asked for."""
    height, width = golden.size
    box = Box(0, 0, height + 7, width + 5)
    frame = Frame(box, height, width, golden.padded)
    return lambda logits: frame.part(logits.float(), bicubic=True)


@pytest.mark.slow
@pytest.mark.parametrize("level", ["official", "low"])
def test_segmentations(golden: Golden, level: str) -> None:
    numbers, resize = golden.numbers, output(golden)
    vocabulary = words(5, {0, 1})
    shape = numbers["eval/low/panoptic_seg"].shape
    score, overlap = numbers[f"eval/{level}/thresholds"]
    limits = Thresholds(score=float(score), overlap=float(overlap))

    def check(decoded: Decoded) -> None:
        queries = decoded.present_objects
        chances = golden.model.similarity(queries.concepts, golden.names).softmax(2)[0].float()
        objects = Objects(chances, queries.logits[0].float())
        found = panoptic(objects, vocabulary, resize, shape, limits)
        assert wrong(found.labels, numbers[f"eval/{level}/panoptic_seg"]) <= WRONG
        if level == "low":
            assert_same(
                class_maps(objects, [*range(5)], resize)[:, ::8, ::8], numbers["eval/sem_seg_sub"]
            )
            found = semantic(objects, vocabulary, resize, shape, limits)
            assert wrong(classes_of(found), numbers["eval/sem_seg_argmax"]) <= WRONG
            same_instances(
                ranked(objects, vocabulary, resize, limits), numbers, "eval", "mask_area"
            )

    agreeing(golden, Request(objects=True), None, check)


def memory_for(golden: Golden, clicked: list, stored: list, memory):
    """(n, h, w) answers to the clicks, float64, with the draws of this round."""
    apart = golden.model.config.decoder.prompting == "separate_v0"
    drawn = points([c[0] for c in clicked], [c[1] for c in clicked], apart=apart)
    features = golden.features.rows(torch.zeros(2 if apart else 1, dtype=torch.int64))
    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        if stored:
            patch.setattr(torch, "randint", Replay(stored))
        request = Request(spatial=True, points=drawn, memory=memory)
        return by_prompts(golden.model.decoder(features, request)).logits


@pytest.mark.slow
@pytest.mark.parametrize("which", ["v1-a", "v1-b", "v0-a", "v0-b"])
def test_three_clicks_land_where_the_official_user_clicks(golden_of, which: str) -> None:
    golden = golden_of(*which.split("-"))
    (h, w), padded, numbers = golden.size, golden.padded, golden.numbers
    ellipse = golden.inputs.ellipse
    truths = [ellipse(h, w, h // 3, w // 3, 40, 50), ellipse(h, w, 2 * h // 3, 2 * w // 3, 30, 60)]
    wanted = [np.pad(t, [(0, p - s) for p, s in zip(padded, t.shape, strict=True)]) for t in truths]
    clicked = [[np.zeros(padded, bool), np.zeros(padded, bool)] for _ in truths]
    answers = [np.zeros(padded, bool) for _ in truths]
    stored, memory = golden.draws("interactive"), None
    for round_ in range(1, 5):
        for truth, (positive, negative), answer in zip(wanted, clicked, answers, strict=True):
            click = next_click(truth, answer, clicked=positive | negative, protocol="seem")
            if click is not None:
                paint_onto(positive if click.positive else negative, click)
        if round_ > 1:  # the fixture holds what the user has drawn after each answer
            for k, sign in enumerate(("pos", "neg")):
                bits = np.unpackbits(numbers[f"interactive/after{round_ - 1}/{sign}_bits"])
                masks = bits.reshape(2, *padded).astype(bool)
                assert np.array_equal(np.stack([c[k] for c in clicked]), masks), round_
        if round_ == 4:
            break
        memory = memory_for(golden, clicked, stored, memory)
        rows = memory.reshape(1, 2, *memory.shape[-2:])
        full = F.interpolate(rows, size=padded, mode="bilinear", align_corners=False)[0]
        answers = [m.numpy() for m in full > 0]
        for k, truth in enumerate(truths):
            mask = answers[k][:h, :w]
            iou = (mask & truth).sum() / ((mask | truth).sum() + 1e-8)
            assert iou == pytest.approx(numbers["interactive/mask_iou"][k, round_ - 1], abs=2e-3)


@pytest.mark.slow
def test_phrases(golden: Golden) -> None:
    if "demo" in golden.model.config.name:
        pytest.skip("the demo's phrases are in test_official_demo")
    numbers, resize = golden.numbers, output(golden)
    shape = numbers["eval/low/panoptic_seg"].shape
    bits = np.unpackbits(numbers["grounding/eval_mask_bits"])[: 3 * shape[0] * shape[1]]

    def check(decoded: Decoded) -> None:
        answer = by_phrases(decoded, phrase_vectors(golden))
        masks = np.stack([resize(logits) for logits in answer.logits[0]])
        assert_same(masks[:, ::8, ::8], numbers["grounding/eval_mask_sub"])
        assert wrong(masks > 0, bits.reshape(3, *shape).astype(bool)) <= WRONG

    request = Request(grounding=True, text=phrase_tokens(golden))
    agreeing(golden, request, None, check)


@pytest.mark.parametrize("which", ["v1-a", "v1-b", "v0-a", "v0-b"])
def test_the_final_mask_through_the_public_door(golden_of, which: str) -> None:
    """In float32, with the quicker convolutions, as people get it."""
    version, letter = which.split("-")
    golden = golden_of(version, letter)
    model = build(version, {k: v.float() for k, v in golden.model.state_dict().items()}).float()
    quicken(model)
    names = NameList(tuple("abcde"), (True,) * 5)
    summaries = torch.zeros(6, 512)
    predictor = Predictor(
        model=model, name=version, device="cpu", listed=names,
        words=Vocabulary.build(model, names, summaries),
    ).with_sizes(long_side=max(golden.size))  # fmt: skip
    height, width = golden.size
    h, w = golden.padded
    drawn = golden.inputs.click(h, w, h // 3, w // 4)[:height, :width]
    stored = golden.draws("obj1/round1")
    with pytest.MonkeyPatch.context() as patch:
        if stored:
            patch.setattr(torch, "randint", Replay(stored))
        image = getattr(golden.inputs, f"image_{letter}")()
        prompts = replace(Prompts.empty(golden.size), positive=drawn)
        answer = predictor.step(predictor.features(image), prompts)
    bits = np.unpackbits(golden.numbers["obj1/round1/final"])[: height * width]
    assert wrong(answer.mask, bits.reshape(height, width).astype(bool)) <= WRONG
