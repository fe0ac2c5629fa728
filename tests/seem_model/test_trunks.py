"""Models with the borrowed backbones, small: saved, loaded, asked, trained, and chosen by name."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import seem_model
from seem_model import checkpoint
from seem_model.config import FOCAL_TINY, TINY, ModelConfig
from seem_model.dry_run import described
from seem_model.errors import ConfigError
from seem_model.frame_config import FrameConfig
from seem_model.modeling.davit_config import DavitConfig
from seem_model.modeling.deformable_config import DeformablePixelDecoderConfig
from seem_model.modeling.sam_config import SamVitConfig
from seem_model.modeling.seem import Seem
from seem_model.modeling.text_config import MiniLMConfig
from seem_model.presets import OFFICIAL
from seem_model.recipe import Recipe
from seem_model.start import start_model
from seem_model.train import train
from shapes_folder import write_shapes
from shapes_recipe import logged, quiet, shapes_recipe
from tiny_model import click, photo

SIDE = 96
PLAIN = replace(TINY, dense=None, naming=None, seeds=None, proposals=None)
MODELS = {
    "sam": replace(
        PLAIN,
        name="small-sam",
        backbone=SamVitConfig(
            width=8, depth=2, heads=2, global_blocks=(1,), window=4, side=SIDE,
            channels=(4, 8, 8, 16),
        ),
        pixel_decoder=DeformablePixelDecoderConfig(
            width=16, mask_width=16, layers=1, heads=2, points=2, ffn=32, groups=4
        ),
        frame=FrameConfig(divisor=SIDE, long_side=SIDE),
    ),
    "davit": replace(
        PLAIN,
        name="small-davit",
        backbone=DavitConfig(
            widths=(8, 8, 16, 16), depths=(1, 1, 1, 1), heads=(2, 2, 4, 4), window=3
        ),
        frame=FrameConfig(long_side=SIDE),
    ),
}  # fmt: skip


@pytest.fixture(params=MODELS)
def config(request: pytest.FixtureRequest) -> ModelConfig:
    return MODELS[request.param]


@pytest.fixture
def folder(config: ModelConfig, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    checkpoint.save(Seem(config), tmp_path / "model", half=False)
    return tmp_path / "model"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shapes(tmp_path_factory.mktemp("data") / "shapes")


def test_a_checkpoint_comes_back_and_answers_clicks(config: ModelConfig, folder: Path) -> None:
    model = seem_model.load(folder)
    assert model.model.config == config
    shape = (60, 80)
    features = model.features(photo(*shape))
    answers = [model.step(features, click(shape, *place)) for place in ((10, 10), (40, 60))]
    assert answers[0].mask.shape == shape
    assert all(np.isfinite(a.memory.logits).all() for a in answers)
    assert not np.array_equal(answers[0].memory.logits, answers[1].memory.logits)


def test_training_changes_what_is_not_frozen(data: Path, folder: Path, tmp_path: Path) -> None:
    recipe = shapes_recipe(data, tmp_path / "run")
    recipe = replace(recipe, start=str(folder), sizes=(SIDE,))
    before = start_model(recipe)
    still = {id(p) for p in before.backbone.frozen_parameters()}
    frozen = tuple(n for n, p in before.named_parameters() if id(p) in still)
    train(replace(recipe, optim=replace(recipe.optim, frozen=frozen)), report=quiet)
    assert all(np.isfinite(value) for _, _, value in logged(recipe))
    after = dict(checkpoint.load_model(Path(recipe.out) / "checkpoint").named_parameters())
    # a checkpoint keeps half precision
    kept = {n: p.half().float() for n, p in before.named_parameters()}
    changed = {n for n, p in kept.items() if not torch.equal(p, after[n])}
    assert {n.split(".")[0] for n in changed} >= {"pixel_decoder", "decoder"}
    assert not changed & set(frozen)
    neck = [n for n in after if n.startswith("backbone.neck.")]
    assert set(neck) <= changed


def test_sam_trains_on_its_own_size_only(data: Path, tmp_path: Path) -> None:
    checkpoint.save(Seem(MODELS["sam"]), tmp_path / "model")
    recipe = shapes_recipe(data, tmp_path / "run")
    for sizes in ((64,), (SIDE, 64)):
        with pytest.raises(ConfigError, match=r"small-sam sees images 96 pixels .* sizes=\[96\]"):
            start_model(replace(recipe, start=str(tmp_path / "model"), sizes=sizes))


ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["focal_large", "davit_d3"])
def test_a_recipe_of_full_size_can_be_tried(name: str, data: Path, tmp_path: Path) -> None:
    recipe = Recipe.from_yaml(
        ROOT / f"recipes/{name}.yaml",
        (
            f"data=[{{path: {data}, complete: true}}]", "root=", "start=", f"out={tmp_path}/run",
            f"model={name.replace('_', '-')}-minilm", "sizes=[64]", "precision=no",
            "batch.images=1", "batch.objects=1", "rounds.most=0", "loader_workers=0",
            "evaluate_every=0",
        ),
    )  # fmt: skip
    lines = [line.split() for line in described(recipe).splitlines()]
    assert ["decoder", "39,812,608", "0"] in lines
    assert {row[1] for row in lines if row[:1] in (["backbone"], ["pixel_decoder"])} == {"0"}


# ---------------------------------------------------------------------- by name
class Asked(Exception):
    """Instead of a model of full size: what it would have been."""


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch):
    def build(config: ModelConfig, folder: Path | None = None) -> Seem:
        raise Asked(config)

    def ask(name: str) -> ModelConfig:
        with pytest.raises(Asked) as caught:
            start_model(Recipe(model=name))
        return caught.value.args[0]

    monkeypatch.setattr(checkpoint, "build", build)
    return ask


SHORT = [n.removesuffix("-v1") for n in OFFICIAL if n.endswith("-v1")]


@pytest.mark.parametrize("name", [*OFFICIAL, *SHORT])
def test_a_published_model_needs_a_start_or_the_embedded_text_tower(name: str, built) -> None:
    with pytest.raises(ConfigError, match=f"start=FOLDER.* model={name}-minilm"):
        start_model(Recipe(model=name))
    config = built(f"{name}-minilm")
    published = OFFICIAL.get(name) or OFFICIAL[f"{name}-v1"]
    assert config == replace(published, name=f"{name}-minilm", text=MiniLMConfig())


def test_the_first_recipe_s_name_means_what_it_did(built) -> None:
    assert built("focal-tiny-minilm") == replace(
        FOCAL_TINY, name="focal-tiny-minilm", text=MiniLMConfig()
    )


@pytest.mark.parametrize("name", ["lite-minilm", "focal-huge", "focal-tiny-minilm-v1", "-minilm"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f'Unknown model "{name}"; known: lite, tiny, focal'):
        start_model(Recipe(model=name))


def test_every_image_fills_sam_s_one_grid() -> None:
    for name in ("sam-base-v1", "sam-large-v1"):
        config = OFFICIAL[name]
        assert isinstance(config.backbone, SamVitConfig)
        assert config.backbone.side == config.frame.divisor == config.frame.long_side == 1024
