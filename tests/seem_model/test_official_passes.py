"""Every activation of the official v0 and v1 models, with the golden weights and draws."""

import numpy as np
import pytest
import torch

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

QUERIES = (10, 2)
OBJECTS = {"obj1": 1, "obj1_posneg": 1, "obj2": 2}


@pytest.fixture(scope="module", params=["v1-a", "v1-b", "v0-a", "v0-b"])
def golden(request, golden_of) -> Golden:
    return golden_of(*request.param.split("-"))


def clicks(golden: Golden, which: str, *, more: bool = False) -> tuple[list, list]:
    """Positive and negative masks of the prompts of one golden pass."""
    inputs, (h, w) = golden.inputs, golden.padded
    c1 = inputs.click(h, w, h // 3, w // 4)
    s2 = inputs.box(h, w, h // 2, w // 2, h // 2 + 12, w // 2 + 30)
    n1, nothing = inputs.click(h, w, h // 2, w // 2 + 20), np.zeros((h, w), bool)
    positive, negative = {
        "obj1": ([c1], [nothing]), "obj1_posneg": ([c1 | s2], [n1]),
        "obj2": ([c1, s2], [nothing, n1]),
    }[which]  # fmt: skip
    if more:
        apart = golden.model.config.decoder.prompting == "separate_v1"
        added = [inputs.click(h, w, h // 4 + 9 * k * apart, w // 3) for k in range(len(positive))]
        positive = [p | a for p, a in zip(positive, added, strict=True)]
    return positive, negative


def drawn(golden: Golden, which: str, *, more: bool = False, **also) -> tuple[Request, int]:
    """A request for the prompts of one golden pass, and how many copies of the image it needs."""
    apart = golden.model.config.decoder.prompting == "separate_v0"
    prompts = points(*clicks(golden, which, more=more), apart=apart)
    return Request(spatial=True, points=prompts, **also), OBJECTS[which] if apart else 1


def test_without_a_prompt(golden: Golden) -> None:
    def check(decoded: Decoded) -> None:
        assert_same(class_logits(golden, decoded), golden.numbers["seg/pred_logits"])
        assert_same_maps(decoded.present_objects.logits, golden, "seg/pred_masks", QUERIES)
        for i in (0, 4, 8):
            means = decoded.aux[i].present_objects.logits.mean((2, 3))
            assert_same(means, golden.numbers[f"seg/aux{i}/pred_masks/mean"], f"layer {i}")

    agreeing(golden, Request(objects=True), None, check)


@pytest.mark.parametrize("which", OBJECTS)
def test_drawn_prompts(golden: Golden, which: str) -> None:
    where, numbers = f"{which}/seg", golden.numbers

    def check(decoded: Decoded) -> None:
        assert_same(class_logits(golden, decoded), numbers[f"{where}/pred_logits"])
        assert_same_maps(decoded.present_objects.logits, golden, f"{where}/pred_masks", QUERIES)
        assert_same_maps(decoded.spatial.logits, golden, f"{where}/pred_smasks", QUERIES)
        assert_same(
            decoded.pooled.flatten(0, 1), numbers[f"{where}/pred_pspatials"].reshape(-1, 512)
        )
        assert_same(other_sign(golden, request), numbers[f"{where}/pred_nspatials"])
        every = 10 if "v0" in golden.model.config.name else 1
        assert_same(decoded.spatial.embeds[:, ::every], numbers[f"{where}/pred_smaskembs"])
        if f"{where}/pred_captions" in numbers:
            assert_same(decoded.objects.concepts[:, ::10], numbers[f"{where}/pred_captions"])
        if every == 1:
            assert_same(decoded.spatial.concepts, numbers[f"{where}/pred_stexts"])
        for i in (0, 4, 8):
            aux = decoded.aux[i]
            for kind, queries in (("masks", aux.objects), ("smasks", aux.spatial)):
                means = queries.logits.mean((2, 3))
                assert_same(means, numbers[f"{where}/aux{i}/pred_{kind}/mean"], f"{kind} {i}")

    request, copies = drawn(golden, which, objects=True)
    agreeing(golden, request, where, check, copies=copies)


@pytest.mark.parametrize("which", OBJECTS)
def test_two_rounds(golden: Golden, which: str) -> None:
    numbers = golden.numbers

    def check_first(decoded: Decoded) -> None:
        answer = by_prompts(decoded).logits
        assert_same(answer, numbers[f"{which}/round1/prev_mask"])
        final = final_masks(golden, answer)
        bits = np.unpackbits(numbers[f"{which}/round1/final"])[: final.size]
        assert (final != bits.reshape(final.shape).astype(bool)).mean() <= 1e-3

    def check_second(decoded: Decoded) -> None:
        assert_same(by_prompts(decoded).logits, numbers[f"{which}/round2/prev_mask"])
        assert_same_maps(decoded.spatial.logits, golden, f"{which}/round2_seg/pred_smasks", QUERIES)
        assert_same(class_logits(golden, decoded), numbers[f"{which}/round2_seg/pred_logits"])
        assert_same(decoded.pooled, numbers[f"{which}/round2_seg/pred_pspatials"])
        assert_same(other_sign(golden, request), numbers[f"{which}/round2_seg/pred_nspatials"])

    request, copies = drawn(golden, which)
    agreeing(golden, request, f"{which}/round1", check_first, copies=copies)
    memory = torch.from_numpy(numbers[f"{which}/round1/prev_mask"]).double()
    request, copies = drawn(golden, which, more=True, memory=memory, objects=True)
    agreeing(golden, request, f"{which}/round2", check_second, copies=copies)


def test_phrases(golden: Golden) -> None:
    numbers, vectors = golden.numbers, phrase_vectors(golden)

    def check(decoded: Decoded) -> None:
        assert_same(class_logits(golden, decoded), numbers["grounding/pred_logits"])
        assert_same_maps(decoded.objects.logits, golden, "grounding/pred_masks", QUERIES)
        assert_same_maps(decoded.grounding.logits, golden, "grounding/pred_gmasks", QUERIES)
        assert_same(decoded.objects.concepts[:, ::10], numbers["grounding/pred_captions"])
        assert_same(decoded.grounding.concepts[:, ::10], numbers["grounding/pred_gtexts"])
        likeness = golden.model.similarity(decoded.grounding.concepts, vectors)[0]
        assert_same(likeness, numbers["grounding/similarity"])
        assert likeness.argmax(0).tolist() == numbers["grounding/matched_id"].tolist()
        assert_same(by_phrases(decoded, vectors).logits[0], numbers["grounding/matched_masks"])
        for i in (0, 4, 8):
            aux = decoded.aux[i]
            for kind, queries in (("masks", aux.objects), ("gmasks", aux.grounding)):
                means = queries.logits.mean((2, 3))
                assert_same(means, numbers[f"grounding/aux{i}/pred_{kind}/mean"], f"layer {i}")

    request = Request(objects=True, grounding=True, text=phrase_tokens(golden))
    agreeing(golden, request, None, check)


def test_a_phrase_and_a_click(golden: Golden) -> None:
    numbers = golden.numbers

    def check(decoded: Decoded) -> None:
        assert_same(class_logits(golden, decoded), numbers["text_click/pred_logits"])
        assert_same_maps(decoded.grounding.logits, golden, "text_click/pred_gmasks", QUERIES)
        assert_same_maps(decoded.spatial.logits, golden, "text_click/pred_smasks", QUERIES)
        assert_same(decoded.grounding.concepts[:, ::10], numbers["text_click/pred_gtexts"])

    text = phrase_tokens(golden)
    request, _ = drawn(golden, "obj1", objects=True, grounding=True, text=text)
    agreeing(golden, request, "text_click", check)
