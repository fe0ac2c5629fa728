"""The decoder and the model around it: shapes, sizes, and what each prompt changes."""

from dataclasses import replace
from itertools import permutations

import pytest
import torch

from seem_model.config import FOCAL_TINY, TINY, DecoderConfig
from seem_model.modeling.decoded import Features, Request
from seem_model.modeling.decoder import Decoder
from seem_model.modeling.pixel_decoder import sine_position
from seem_model.modeling.seem import Seem
from seem_model.modeling.visual_sampler import gather_points
from tiny_model import SIDE, box, maps, scene, tiny


def test_the_official_model_has_the_official_number_of_parameters() -> None:
    with torch.device("meta"):
        model = Seem(FOCAL_TINY)

    def count(part) -> int:
        return sum(p.numel() for p in part.parameters())

    assert count(model.backbone) == 29_922_288
    assert count(model.pixel_decoder) == 31_456_256
    assert count(model.decoder) == 39_812_608
    assert count(model.text) + model.lang_proj.numel() + model.logit_scale.numel() == 63_428_097
    assert count(model) == 164_619_249


def test_features_have_the_strides_of_the_paper() -> None:
    features = scene(2)
    assert features.mask.shape == (2, 16, SIDE // 4, SIDE // 4)
    assert [level.shape[-1] for level in features.levels] == [SIDE // 32, SIDE // 16, SIDE // 8]


def test_every_layer_predicts() -> None:
    decoded = tiny().decode_objects(scene(2), every_layer=True)
    assert len(decoded.aux) == TINY.decoder.layers
    for layer in (*decoded.aux, decoded):
        assert layer.objects.logits.shape == (2, 12, SIDE // 4, SIDE // 4)
        assert layer.objects.concepts.shape == (2, 12, 16)
        assert layer.grounding is layer.spatial is None
    assert not tiny().decode_objects(scene()).aux


def prompted(*, positive=None, text: str = "", example: bool = False, memory: bool = False):
    """Logits of the spatial queries for one combination of prompts."""
    model = tiny()
    drawn = maps(positive, memory=torch.full((1, 16, 16), 3.0) if memory else None)
    words = model.phrase_tokens(model.text.encode([text])) if text else None
    shown = model.example_tokens(scene(seed=5), box(30, 30, 16)) if example else None
    return model.decode_prompts(scene(), drawn, text=words, example=shown).spatial.logits


PROMPTS = {
    "click": {"positive": box(20, 20)},
    "text": {"text": "dog"},
    "example": {"example": True},
    "memory": {"memory": True},
}


@pytest.mark.parametrize(("first", "second"), list(permutations(PROMPTS, 2)))
def test_every_prompt_changes_the_answer_to_every_other(first: str, second: str) -> None:
    alone = prompted(**PROMPTS[first])
    together = prompted(**PROMPTS[first], **PROMPTS[second])
    assert not torch.allclose(alone, together, atol=1e-4)


def test_an_answer_is_the_same_with_and_without_gradients() -> None:
    # Without, keys and values of what no row looks at are left out.
    memory = torch.full((1, 16, 16), -3.0).index_fill(2, torch.arange(4, 9), 3.0)
    drawn = maps(box(20, 20), memory=memory)
    layers = {}
    for learning in (True, False):
        with torch.set_grad_enabled(learning):
            answer = tiny().decode_prompts(scene(), drawn, every_layer=True)
            layers[learning] = [d.spatial.logits for d in (*answer.aux, answer)]
    for kept, left_out in zip(layers[True], layers[False], strict=True):
        torch.testing.assert_close(left_out, kept)


def test_negative_marks_and_regions_change_the_answer() -> None:
    model, features = tiny(), scene()
    answers = [
        model.decode_prompts(features, m).spatial.logits
        for m in (
            maps(box(20, 20)),
            maps(box(20, 20), box(40, 40)),
            maps(box(20, 20), region=box(10, 10, 30)),
            maps(region=box(10, 10, 30)),
        )
    ]
    for i, one in enumerate(answers):
        assert not any(torch.allclose(one, other, atol=1e-4) for other in answers[i + 1 :])


@pytest.mark.parametrize("layout", ["separate_v0", "separate_v1", "composed"])
def test_prompts_never_change_the_answer_of_object_queries(layout: str) -> None:
    decoder = seeded(layout)
    alone = decoder(image(), Request(objects=True)).objects
    beside = decoder(image(), request(objects=True)).objects
    torch.testing.assert_close(alone.logits, beside.logits, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(alone.concepts, beside.concepts, atol=1e-5, rtol=1e-5)


def test_in_the_demo_layout_object_queries_look_at_prompts() -> None:
    decoder = seeded("joint")
    both = request(objects=True)
    asked = replace(both, grounding=False, spatial=False, memory=None)
    alone = decoder(image(), Request(objects=True)).objects.logits
    assert not torch.allclose(alone, decoder(image(), asked).objects.logits, atol=1e-5)


@pytest.mark.parametrize(("source", "queries"), [("own", 3), ("draw", 3), ("all", 12)])
def test_spatial_queries_come_from_where_the_layout_says(source: str, queries: int) -> None:
    decoder = seeded("separate_v1", source)
    spatial = decoder(image(), request()).spatial
    assert spatial.logits.shape == (1, queries, 16, 16)
    assert (decoder.spatial_feat is None) == (source != "own")


def test_drawn_queries_repeat_for_a_seed() -> None:
    decoder = seeded("separate_v1", "draw")
    answers = [
        decoder(image(), request(), generator=torch.Generator().manual_seed(seed)).spatial.logits
        for seed in (1, 1, 2)
    ]
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])


@pytest.mark.parametrize(("prompts", "draws"), [(1, 0), (2, 3)])
def test_memory_rows_are_dealt_to_the_prompts_anew_in_every_layer(
    prompts: int, draws: int, monkeypatch
) -> None:
    dealt, real = [], torch.randint

    def recording(high: int, size: tuple[int, ...], **options) -> torch.Tensor:
        if size == (1, 4):  # memory rows; query rows are drawn as (3 * prompts,)
            dealt.append(high)
        return real(high, size, **options)

    monkeypatch.setattr(torch, "randint", recording)
    drawn = torch.cat([box(8, 8), box(40, 40)])[None, :prompts]
    points = gather_points(drawn, torch.zeros_like(drawn), limit=16)
    memory = torch.zeros(1, prompts, 16, 16)
    asked = Request(spatial=True, points=points, memory=memory)
    seeded("separate_v1", "draw")(image(), asked)
    assert dealt == [prompts] * draws


@pytest.mark.parametrize(
    ("source", "owners"), [("own", [0, 0, 0, 1, 1, 1]), ("all", [-1] * 12)]
)  # fmt: skip
def test_queries_know_whose_prompt_they_answer(source: str, owners: list[int]) -> None:
    drawn = torch.cat([box(8, 8), box(40, 40)])[None]
    points = gather_points(drawn, torch.zeros_like(drawn), limit=16)
    layout = "separate_v0" if source == "all" else "separate_v1"
    decoded = seeded(layout, source)(image(), Request(objects=True, spatial=True, points=points))
    assert decoded.spatial.owner.tolist() == [owners]
    assert set(decoded.objects.owner.flatten().tolist()) == {-1}


def seeded(layout: str, source: str = "own") -> Decoder:
    config = DecoderConfig(
        width=16, concept=16, queries=12, heads=2, ffn=32, layers=3, memory=4,
        prompting=layout, spatial_source=source, max_points=16,
    )  # fmt: skip
    torch.manual_seed(3)
    return Decoder(config, level_width=16, mask_width=16).eval().requires_grad_(False)


def image() -> Features:
    return scene(seed=2)


def request(*, objects: bool = False) -> Request:
    model = tiny()
    points = gather_points(box(8, 8)[:, None], box(40, 40)[:, None], limit=16)
    return Request(
        objects=objects, grounding=True, spatial=True, points=points,
        text=model.phrase_tokens(model.text.encode(["red dog"])),
        example=model.example_tokens(scene(seed=5), box(30, 30, 16)),
        memory=torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(1)),
    )  # fmt: skip


def test_sine_positions_follow_the_written_formula() -> None:
    places = sine_position(3, 5, 8, torch.device("cpu")).view(3, 5, 8)
    y = torch.tensor(2 / 3 * 2 * torch.pi)
    x = torch.tensor(4 / 5 * 2 * torch.pi)
    wanted = [y.sin(), y.cos(), (y / 100).sin(), (y / 100).cos()]
    wanted += [x.sin(), x.cos(), (x / 100).sin(), (x / 100).cos()]
    torch.testing.assert_close(places[1, 3], torch.stack(wanted), atol=1e-4, rtol=1e-4)
