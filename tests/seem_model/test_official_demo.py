"""The official demo's layout: object queries that look at every prompt."""

import numpy as np
import pytest

from golden import (
    Golden,
    agreeing,
    assert_same,
    assert_same_maps,
    class_logits,
    final_masks,
    other_sign,
    phrase_tokens,
    phrase_vectors,
    points,
)
from seem_model.modeling.decoded import Decoded, Request
from seem_model.readout import by_phrases, by_prompts

pytestmark = [pytest.mark.official, pytest.mark.slow]
PHRASE = (3,)


@pytest.fixture(scope="module", params=["a", "b"])
def golden(request, golden_of) -> Golden:
    return golden_of("demo", request.param)


def same_queries(golden: Golden, decoded: Decoded, where: str) -> None:
    numbers = golden.numbers
    assert_same(class_logits(golden, decoded), numbers[f"{where}/pred_logits"])
    assert_same_maps(decoded.present_objects.logits, golden, f"{where}/pred_masks", (10, 2))
    assert_same(decoded.objects.embeds[:, ::10], numbers[f"{where}/pred_maskembs"])
    for i in (0, 4, 8):
        means = decoded.aux[i].objects.logits.mean((2, 3))
        assert_same(means, numbers[f"{where}/aux{i}/pred_masks/mean"], f"layer {i}")


def marked(golden: Golden) -> tuple[np.ndarray, np.ndarray]:
    """The stroke, and the example (the stroke and a click)."""
    h, w = golden.padded
    stroke = golden.inputs.box(h, w, h // 2, w // 2, h // 2 + 12, w // 2 + 30)
    return stroke, stroke | golden.inputs.click(h, w, h // 3, w // 4)


def test_without_a_prompt(golden: Golden) -> None:
    agreeing(golden, Request(objects=True), None, lambda d: same_queries(golden, d, "seg"))


def test_a_stroke(golden: Golden) -> None:
    numbers, (stroke, _) = golden.numbers, marked(golden)

    def check(decoded: Decoded) -> None:
        same_queries(golden, decoded, "stroke")
        assert_same(decoded.pooled, numbers["stroke/pred_pspatials"])
        answer = by_prompts(decoded)
        assert_same(answer.logits[0], numbers["stroke/selected_mask"])
        (query,) = numbers["stroke/selected_query"]
        assert_same(answer.logits[0, 0], decoded.objects.logits[0, query].numpy())
        assert_same(other_sign(golden, request), numbers["stroke/pred_nspatials"])
        logits = golden.model.similarity(answer.concepts, golden.names)
        assert logits[0].argmax(1).tolist() == numbers["stroke/selected_class"].tolist()

    drawn = points([stroke], [np.zeros_like(stroke)], apart=True)
    request = Request(objects=True, points=drawn)
    agreeing(golden, request, None, check)


def test_an_example(golden: Golden) -> None:
    numbers, (_, example) = golden.numbers, marked(golden)
    drawn = points([example], [np.zeros_like(example)], apart=True)
    scene = golden.model.decoder.scene(golden.features)
    tokens = golden.model.decoder.sampler(drawn, scene.maps, scene.fine)
    assert_same(tokens.pooled, numbers["ref/visual_query_pos"])
    assert_same(tokens.levels[0][0, ::16, None], numbers["ref/src_visual_queries_0"])

    def check(decoded: Decoded) -> None:
        same_queries(golden, decoded, "visual")
        assert_same(decoded.pooled, numbers["visual/pred_pvisuals"])
        assert_same(by_prompts(decoded).logits[0], numbers["visual/selected_mask"])
        (query,) = numbers["visual/selected_query"]
        assert_same(by_prompts(decoded).logits[0, 0], decoded.objects.logits[0, query].numpy())
        negative = other_sign(golden, Request(objects=True, points=drawn))
        assert_same(negative, numbers["visual/pred_nvisuals"])

    agreeing(golden, Request(objects=True, example=tokens), None, check)


def test_a_phrase(golden: Golden) -> None:
    numbers, vectors = golden.numbers, phrase_vectors(golden, PHRASE)

    def check(decoded: Decoded) -> None:
        same_queries(golden, decoded, "text")
        assert_same(decoded.objects.concepts[:, ::10], numbers["text/pred_captions"])
        likeness = golden.model.similarity(decoded.objects.concepts, vectors)[0]
        assert_same(likeness, numbers["text/similarity"])
        assert likeness.argmax(0).tolist() == numbers["text/matched_id"].tolist()
        answer = by_phrases(decoded, vectors).logits
        assert_same(answer[0], numbers["text/selected_mask"])
        assert (final_masks(golden, answer)[0] != numbers["text/final"]).mean() <= 1e-3

    request = Request(objects=True, text=phrase_tokens(golden, PHRASE))
    agreeing(golden, request, None, check)
