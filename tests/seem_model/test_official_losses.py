"""One training step of the official model at its full size: every loss and every gradient norm.

Features, prompts, draws and sampled points are those of the golden numbers, so that nothing is
left to chance; without the golden numbers these tests are skipped (see ``conftest.official``).
"""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from even_points import spread
from golden import Replay
from seem_model.config import FOCAL_TINY
from seem_model.depth import deepest_by_shells
from seem_model.loss_config import LossConfig
from seem_model.losses import (
    ObjectTargets,
    PhraseTargets,
    click_losses,
    layers,
    object_losses,
    phrase_losses,
    total,
)
from seem_model.modeling.attention import TokenGroup, group
from seem_model.modeling.decoded import Decoded, Features, Request
from seem_model.modeling.seem import Seem
from seem_model.modeling.text import TextStates
from seem_model.modeling.visual_sampler import Points, gather_points
from seem_model.official_names import official_name
from seem_model.readout import by_prompts

pytestmark = pytest.mark.official

HEIGHT, WIDTH = 192, 256
SOURCES = {"v0": "all", "v1": "draw"}
OFFICIAL_TERMS = {"objects": "mask", "clicks": "spatial", "phrases": "grounding"}
CLASSES = ([3, 17, 101], [0, 120])
# Rows of the golden phrases: "the brown dog on the left", "zebra", "zebra"; "a photo of a person."
PHRASES = ([1, 2, 2], [0])


@dataclass(frozen=True)
class Encoded:
    """What does not depend on the version: weights, image features and phrase states."""

    weights: dict[str, torch.Tensor]
    features: Features
    text: TextStates


@dataclass(frozen=True)
class Drawn:
    """Prompts of the two images and the masks that are asked for, all (2, n, H, W) bool."""

    positive: torch.Tensor
    negative: torch.Tensor
    truth: torch.Tensor

    def points(self) -> Points:
        return gather_points(self.positive, self.negative, limit=512)


@pytest.fixture(scope="module")
def encoded(official) -> Encoded:
    with torch.device("meta"):
        model = Seem(FOCAL_TINY)
    weights = official.state(model.state_dict())
    model.load_state_dict(weights, assign=True)
    frame = FOCAL_TINY.frame
    pixels = (official.inputs.image_a() - np.array(frame.mean)) / np.array(frame.std)
    image = torch.from_numpy(pixels).float().permute(2, 0, 1)
    with torch.no_grad():
        features = model.eval().encode_image(torch.stack([image, image.flip(2)]))
        text = model.text.encode_ids(torch.from_numpy(official.numbers["text/input_ids"]).long())
    return Encoded(weights, features, text)


@dataclass(frozen=True)
class Step:
    """One step of one version: the model after `backward`, and the weighted losses by name."""

    model: Seem
    losses: dict[str, torch.Tensor]
    numbers: dict[str, np.ndarray]


@pytest.fixture(scope="module", params=["v0", "v1"])
def step(request, official, encoded) -> Step:
    numbers = official.losses(request.param)
    model = built(request.param, encoded)
    draws = [numbers[f"draw{i}"] for i in range(sum(k.startswith("draw") for k in numbers))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "rand", spread)
        if draws:
            patch.setattr(torch, "randint", Replay(draws))
        decoded, truth = decode(model, encoded, drawn(official.inputs, request.param))
        losses = step_losses(model, decoded, truth, encoded, official.inputs, numbers)
    if draws:
        assert not draws, "draws are left over"
    total(losses).backward()
    return Step(model, losses, numbers)


def built(version: str, encoded: Encoded) -> Seem:
    layout = {"prompting": f"separate_{version}", "spatial_source": SOURCES[version]}
    with torch.device("meta"):
        model = Seem(replace(FOCAL_TINY, decoder=replace(FOCAL_TINY.decoder, **layout)))
    model.load_state_dict(encoded.weights, assign=True)
    model.eval().requires_grad_(False)
    model.decoder.requires_grad_(True).zero_grad()
    return model


def object_masks(inputs) -> list[torch.Tensor]:
    first = [
        inputs.ellipse(HEIGHT, WIDTH, 60, 70, 40, 50),
        inputs.ellipse(HEIGHT, WIDTH, 130, 180, 30, 60),
        inputs.box(HEIGHT, WIDTH, 150, 0, 192, 256),
    ]
    second = [
        inputs.ellipse(HEIGHT, WIDTH, 90, 128, 70, 60),
        inputs.box(HEIGHT, WIDTH, 0, 0, 20, 256),
    ]
    return [torch.from_numpy(np.stack(masks)) for masks in (first, second)]


def drawn(inputs, version: str) -> Drawn:
    """v1: two prompts in image 0; image 1 has one and an empty one. v0: the first of each."""
    masks = object_masks(inputs)
    n = 2 if version == "v1" else 1
    positive = torch.zeros(2, 2, HEIGHT, WIDTH, dtype=torch.bool)
    truth = torch.zeros_like(positive)
    positive[0, 0] = torch.from_numpy(inputs.click(HEIGHT, WIDTH, 60, 70))
    positive[0, 1] = torch.from_numpy(inputs.box(HEIGHT, WIDTH, 128, 160, 134, 200))
    positive[1, 0] = torch.from_numpy(inputs.click(HEIGHT, WIDTH, 90, 128))
    truth[0], truth[1, 0] = masks[0][:2], masks[1][0]
    return Drawn(positive[:, :n], torch.zeros_like(positive[:, :n]), truth[:, :n])


def decode(model: Seem, encoded: Encoded, first: Drawn) -> tuple[Decoded, torch.Tensor]:
    """A round without gradients, a corrective click, and the round that is learned from."""
    with torch.no_grad():
        request = Request(spatial=True, points=first.points())
        memory = by_prompts(model.decoder(encoded.features, request)).logits
    second = corrected(first, memory)
    request = Request(
        objects=True, grounding=True, spatial=True, points=second.points(), memory=memory,
        text=phrase_tokens(model, encoded.text),
    )  # fmt: skip
    return model.decoder(encoded.features, request, every_layer=True), second.truth


def corrected(first: Drawn, memory: torch.Tensor) -> Drawn:
    """With the official next click: 3x3 pixels at the deepest place of the larger error."""
    size = (HEIGHT, WIDTH)
    answer = F.interpolate(memory, size=size, mode="bilinear", align_corners=False) > 0
    positive, negative = first.positive.clone(), first.negative.clone()
    for b, k in first.truth.flatten(2).any(2).nonzero().tolist():
        wanted, got = first.truth[b, k], answer[b, k]
        clicked = first.positive[b, k] | first.negative[b, k]
        missed, excess = wanted & ~got & ~clicked, got & ~wanted & ~clicked
        region, marks = (missed, positive) if missed.sum() > excess.sum() else (excess, negative)
        row, col = deepest_by_shells(region.numpy())
        marks[b, k, max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2] = True
    return Drawn(positive, negative, first.truth)


def phrase_tokens(model: Seem, text: TextStates) -> TokenGroup:
    """The tokens of each image's different phrases, one after another."""
    rows = []
    for phrases in PHRASES:
        different = list(dict.fromkeys(phrases))
        rows.append(text.tokens[different][~text.padding[different]] @ model.lang_proj)
    value = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    padding = torch.arange(value.shape[1]) >= lengths[:, None]
    return group("text", value, value.detach(), padding=padding)


def step_losses(
    model: Seem, decoded: Decoded, truth: torch.Tensor, encoded: Encoded, inputs,
    numbers: dict[str, np.ndarray],
) -> dict[str, torch.Tensor]:  # fmt: skip
    """Weighted losses under their official names; layer 0 is the last."""
    names = torch.from_numpy(numbers["class_embeddings"])
    masks, config = object_masks(inputs), LossConfig()
    objects = [
        ObjectTargets(m, torch.tensor(c), names) for m, c in zip(masks, CLASSES, strict=True)
    ]
    phrases = [
        PhraseTargets(masks[0], ("dog", "zebra", "zebra"), sentence=True),
        PhraseTargets(masks[1][:1], ("person",), sentence=False),
    ]
    phrase_vectors = [model.phrase_embedding(encoded.text.summary[p]) for p in PHRASES]
    losses = {}
    for i, layer in enumerate(reversed(layers(decoded))):
        logits = [model.similarity(c, names) for c in layer.objects.concepts]
        likeness = [
            model.similarity(c, v)
            for c, v in zip(layer.grounding.concepts, phrase_vectors, strict=True)
        ]
        terms = object_losses(layer.objects, logits, objects, config=config, generator=None)
        terms |= click_losses(
            layer.spatial, decoded.pooled, truth, config=config, generator=None
        )[0]  # fmt: skip
        terms |= phrase_losses(layer.grounding, likeness, phrases, config=config, generator=None)
        for ours, value in terms.items():
            kind, term = ours.split("_")
            losses[f"loss_{OFFICIAL_TERMS[kind]}_{term}_{i}"] = value
    return losses


def test_every_loss_of_every_layer_is_the_official_one(step: Step) -> None:
    weights = json.loads(str(step.numbers["weight_dict_json"]))
    wanted = {k.removeprefix("loss/"): v for k, v in step.numbers.items() if k.startswith("loss/")}
    assert step.losses.keys() == wanted.keys()
    assert len(wanted) == 90
    for name, value in step.losses.items():
        assert value.item() == pytest.approx(weights[name] * float(wanted[name]), rel=1e-3), name
    summed = float(step.numbers["total_weighted"])
    assert total(step.losses).item() == pytest.approx(summed, rel=1e-4)


def test_every_gradient_has_the_official_norm(step: Step) -> None:
    parameters = {
        official_name(f"decoder.{name}"): p for name, p in step.model.decoder.named_parameters()
    }
    prefix = "gradnorm/"
    wanted = {k.removeprefix(prefix): v for k, v in step.numbers.items() if k.startswith(prefix)}
    assert parameters.keys() == wanted.keys()
    for name, parameter in parameters.items():
        assert parameter.grad.norm().item() == pytest.approx(float(wanted[name]), rel=1e-3), name
