"""Masks are taught by what the starting weights answer on average over several looks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seem_model import checkpoint
from seem_model.config import TINY
from seem_model.data.batch import Ask
from seem_model.errors import ConfigError
from seem_model.loss_config import LossConfig
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.presets import SAM_BASE
from seem_model.readout import by_prompts
from seem_model.train import train
from seem_model.training_mask_teacher import MaskTeacher, Told, mask_divergence
from shapes_folder import write_shapes
from shapes_recipe import logged, quiet, same_weights, shapes_recipe, stopped_and_resumed

SIDE = 64
CONFIG = LossConfig(points=256, mask_teacher=2.0)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return checkpoint.build(TINY)


def ask(image=0, *, text="", example=None) -> Ask:
    """One click on the left of a view."""
    empty = np.zeros((SIDE, SIDE), bool)
    positive, truth = empty.copy(), empty.copy()
    positive[30:33, 9:12] = True
    truth[20:40, 4:20] = True
    return Ask(
        image=image,
        truth=truth,
        name="thing",
        positive=positive,
        negative=empty,
        region=empty,
        text=text,
        example=example,
    )


def maps_of(asks) -> PromptMaps:
    def stack(name):
        return torch.from_numpy(np.stack([getattr(a, name) for a in asks]))

    return PromptMaps(stack("positive"), stack("negative"), stack("region"))


def pictures(seed=0, count=1):
    coarse = np.random.default_rng(seed).uniform(-1, 1, (count, 3, 8, 8)).astype(np.float32)
    return torch.nn.functional.interpolate(
        torch.from_numpy(coarse), scale_factor=8, mode="bilinear"
    )


@pytest.fixture
def one_look(monkeypatch):
    monkeypatch.setattr("seem_model.training_mask_teacher.LOOKS", ((1.0, False),))


def test_who_has_learned_nothing_yet_agrees_with_its_own_look(model, one_look):
    images, asks = pictures(count=2), [ask(0), ask(1)]
    lesson = MaskTeacher(model).lesson(images, asks)
    maps = maps_of(asks)
    decoded = model.decode_prompts(model.encode_image(images), maps)
    memory = by_prompts(decoded).of(0).logits.detach()
    for asked in (maps, maps.with_memory(memory)):
        decoded = model.decode_prompts(model.encode_image(images), asked)
        losses = lesson.losses(decoded, asked, config=CONFIG, generator=None)
        assert set(losses) == {"told_masks", "told_choice"}
        assert all(value.abs() < 1e-6 for value in losses.values())


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_a_mirrored_view_gets_the_mirrored_answer(seed):
    torch.manual_seed(seed)
    teacher = MaskTeacher(checkpoint.build(TINY))
    images, maps = pictures(seed), maps_of([ask()])
    memory = torch.randn(1, SIDE // 4, SIDE // 4)
    told = teacher.lesson(images, [ask()]).told(maps.with_memory(memory))
    turned = PromptMaps(maps.positive.flip(-1), maps.negative, maps.region, memory.flip(-1))
    again = teacher.lesson(images.flip(-1), [ask()]).told(turned)
    torch.testing.assert_close(again.masks.flip(-1), told.masks, atol=1e-4, rtol=0)
    torch.testing.assert_close(again.choice, told.choice, atol=1e-4, rtol=0)


def test_words_and_examples_are_not_taught(model):
    images = pictures(count=2)
    asks = [ask(0, text="the left dog"), ask(1), ask(0, example=ask().truth)]
    index = torch.tensor([a.image for a in asks])
    teacher, maps = MaskTeacher(model), maps_of(asks)
    decoded = model.decode_prompts(model.encode_image(images).rows(index), maps)
    lesson = teacher.lesson(images, asks)
    alone = teacher.lesson(images[1:], [ask()])
    torch.testing.assert_close(lesson.told(maps).masks, alone.told(maps_of([ask()])).masks)
    assert lesson.losses(decoded, maps, config=CONFIG, generator=None)["told_masks"] > 0
    none = teacher.lesson(images, [asks[0], asks[2]])
    assert none.losses(decoded, maps, config=CONFIG, generator=None) == {}


def test_a_learner_comes_nearer_and_the_teacher_stays(model):
    teacher, images, asks = MaskTeacher(model), pictures(), [ask()]
    before = {k: v.clone() for k, v in teacher.state_dict().items()}
    torch.manual_seed(1)
    learner, maps = checkpoint.build(TINY), maps_of([ask()])
    lesson = teacher.lesson(images, asks)
    optimizer = torch.optim.SGD(learner.parameters(), lr=0.05)
    course = []
    for _ in range(8):
        generator = torch.Generator().manual_seed(0)
        decoded = learner.decode_prompts(learner.encode_image(images), maps)
        losses = lesson.losses(decoded, maps, config=CONFIG, generator=generator)
        loss = torch.stack(list(losses.values())).sum()
        course.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert course[-1] < 0.9 * course[0]
    assert all(torch.equal(v, before[k]) for k, v in teacher.state_dict().items())


@given(st.integers(0, 1000))
def test_a_divergence_weighs_the_candidates_by_their_choice(seed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 3, 8, 8, generator=generator)
    masks = logits.sigmoid()
    masks[:, 1] = torch.rand(2, 8, 8, generator=generator)

    def diverged(choice):
        told = Told(masks, torch.tensor([choice, choice]))
        same = torch.Generator().manual_seed(seed)
        return mask_divergence(logits, told, config=CONFIG, generator=same)

    right, both, wrong = (diverged(c) for c in ([1.0, 0, 0], [0.5, 0.5, 0], [0, 1.0, 0]))
    assert right.abs() < 1e-6
    assert wrong > 0.01
    torch.testing.assert_close(both, wrong / 2)


def test_sure_answers_in_bfloat16_stay_numbers(model):
    images, asks = pictures(), [ask()]
    lesson, maps = MaskTeacher(model).lesson(images, asks), maps_of([ask()])
    decoded = model.decode_prompts(model.encode_image(images), maps)
    sure = replace(decoded.spatial, masks=decoded.spatial.logits.bfloat16() * 1e4, fine=None)
    with torch.autocast("cpu", torch.bfloat16):
        lesson.model.decode_prompts = lambda *_: replace(decoded, spatial=sure)
        told = lesson.told(maps)
        loss = mask_divergence(-sure.logits, told, config=CONFIG, generator=None)
    assert told.masks.dtype == torch.float32
    assert loss.isfinite()


@pytest.fixture
def recipe(tmp_path, model):
    data = write_shapes(tmp_path / "shapes")
    checkpoint.save(model, tmp_path / "start", half=False)
    recipe = replace(shapes_recipe(data, tmp_path / "run"), steps=3, start=str(tmp_path / "start"))
    return replace(recipe, loss=replace(recipe.loss, mask_teacher=1.0))


def test_a_run_learns_from_its_start_and_resumes_exactly(recipe, tmp_path):
    train(recipe, report=quiet)
    told = [value for _, key, value in logged(recipe) if key == "told_masks"]
    assert told
    assert all(value > 0 for value in told)
    assert same_weights(recipe, stopped_and_resumed(recipe, tmp_path / "twin"))


def test_without_a_start_there_is_nobody_to_teach(recipe):
    with pytest.raises(ConfigError, match=r"set start, to lite or a checkpoint"):
        train(replace(recipe, start=""), report=quiet)


def test_models_that_see_one_size_are_refused(model):
    class SeesOneSize:
        config = SAM_BASE

    with pytest.raises(ConfigError, match=r"loss\.mask_teacher looks at views at two sizes"):
        MaskTeacher(SeesOneSize())
