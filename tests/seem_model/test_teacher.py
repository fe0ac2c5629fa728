"""ImageNet's networks and classifiers are the package's; the teacher teaches what fits it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seem_model import checkpoint
from seem_model.config import LITE, TINY
from seem_model.errors import ConfigError
from seem_model.modeling.backbone_config import LITE0, LITE2
from seem_model.modeling.efficientnet import EfficientNetLite, ImageNetClassifier, fold_imagenet
from seem_model.start import imagenet
from seem_model.training_teacher import Teacher, divergence

package = pytest.importorskip("efficientnet_lite_pytorch", reason="needs napari-seem[train]")


@pytest.mark.parametrize(("variant", "config"), [("lite0", LITE0), ("lite2", LITE2)])
def test_backbone_and_classifier_answer_as_the_package_does(variant, config):
    state = imagenet(variant)
    theirs = package.EfficientNet.from_name(f"efficientnet-{variant}")
    theirs.load_state_dict(state)
    for module in theirs.modules():  # padded for the odd maps of 260 x 260, ours for even ones
        if hasattr(module, "static_padding") and module.stride[0] == 2:
            total = module.kernel_size[0] - 2
            lead, trail = total // 2, total - total // 2
            module.static_padding = torch.nn.ZeroPad2d((lead, trail, lead, trail))
    theirs.eval()
    ours = EfficientNetLite(config)
    ours.load_state_dict(fold_imagenet(state, config))
    classes = ImageNetClassifier.from_package(state)
    image = torch.randn(2, 3, 96, 128, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        wanted, got = theirs(image), classes(ours(image)[-1]).mean(dim=(2, 3))
    assert (got - wanted).abs().max() < 1e-4 * wanted.abs().max()


@pytest.fixture(scope="module")
def lesson():
    """A new model with ImageNet's backbone, its teacher and two smooth pictures."""
    torch.manual_seed(0)
    model = checkpoint.build(LITE)
    model.backbone.load_state_dict(fold_imagenet(imagenet("lite0"), LITE0))
    coarse = np.random.default_rng(0).uniform(-1, 1, (2, 3, 6, 6)).astype(np.float32)
    images = torch.nn.functional.interpolate(torch.from_numpy(coarse), scale_factor=16)
    return model, Teacher(model), images


def test_a_backbone_that_forgot_is_told_so(lesson):
    model, teacher, images = lesson
    fresh = teacher.loss(images, model.backbone(images)[-1])
    torch.manual_seed(1)
    lost = teacher.loss(images, EfficientNetLite(LITE0)(images)[-1])
    assert 0 < fresh < lost


def test_only_the_learner_learns(lesson):
    model, teacher, images = lesson
    assert not any(p.requires_grad for p in teacher.parameters())
    teacher.loss(images, model.backbone(images)[-1]).backward()
    late = model.backbone.stages[-1][0].project.weight.grad
    assert late is not None
    assert late.abs().max() > 0


def test_other_models_are_refused():
    with pytest.raises(ConfigError, match=r"loss\.teacher"):
        Teacher(checkpoint.build(TINY))


@given(st.integers(0, 1000), st.sampled_from([1, 2, 4]))
def test_a_divergence_is_zero_where_both_agree_and_positive_elsewhere(seed, parts):
    generator = torch.Generator().manual_seed(seed)
    heard, told = torch.randn(2, 2, 5, 7, 6, generator=generator).unbind(0)
    assert abs(float(divergence(told, told, parts))) < 1e-6
    # what is added to all classes of a place alike says nothing
    shifted = told + torch.randn(2, 1, 7, 6, generator=generator)
    assert abs(float(divergence(shifted, told, parts))) < 1e-5
    assert float(divergence(heard, told, parts)) > 0
