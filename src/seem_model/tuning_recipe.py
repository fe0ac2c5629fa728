"""The recipe for small data: a few hundred gentle steps of the parts behind the backbone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seem_model import checkpoint
from seem_model.config import TINY, ModelConfig
from seem_model.data.batch_config import BatchConfig
from seem_model.data.crops import CropConfig
from seem_model.data.set_config import SetConfig
from seem_model.loading import folder_of
from seem_model.loss_config import LossConfig, TaskWeights
from seem_model.modeling.sam_config import SamVitConfig
from seem_model.recipe import OptimConfig, Recipe
from seem_model.training_rounds import RoundsConfig

if TYPE_CHECKING:
    from pathlib import Path

    from seem_model.data.examples import Examples
    from seem_model.tuning import Tuning

WORK, DATA = "run", "examples"
"""Folders for the run, and for what it learns from."""


def recipe_of(examples: Examples, wish: Tuning, out: Path) -> Recipe:
    """The recipe of a run: gentle steps of the parts behind the backbone.

    The backbone, the text tower and what gives names stay as they are, so the model calls things
    what it called them before. Where no image says what is background, the head that finds
    everything stays, too: it would learn that objects are everywhere.

    Raises
    ------
    SeemError
        If the model is not there or cannot be trained.
    """
    config = _config(wish.base)
    background = examples.knows_background
    there = {
        "backbone": True,
        "lang_proj": True,
        "logit_scale": True,
        "token_proj": config.decoder.concept != config.decoder.width,
        "naming": config.naming is not None,
        "seeds": config.seeds is not None and not background,
    }
    queries = config.proposals is None and background
    return Recipe(
        model="tiny" if wish.base == "tiny" else "lite",
        start="" if wish.base == "tiny" else wish.base,
        data=_sets(examples, wish, out / DATA),
        steps=wish.steps,
        sizes=_sizes(config),
        seed=wish.seed,
        objects_every=2 if queries else 0,
        phrases_every=0,
        save_every=wish.steps,
        log_every=10,
        loader_workers=0,
        out=str(out / WORK),
        crop=CropConfig(whole=0.25, fraction=(0.1, 0.8), colour=0.2, invert=0.05),
        batch=BatchConfig(
            images=4, objects=3, largest_click=3, point=0.7, box=0.1, drawn=0.2, text=0.0,
            example=0.0, phrases=0.0,
        ),
        loss=LossConfig(
            points=2048, clicks=TaskWeights(0.4, 2.5, 2.5), naming=0.0,
            names=0.0, seeds=2.0 if background else 0.0,
        ),
        rounds=RoundsConfig(most=3, largest_click=3),
        optim=OptimConfig(
            lr=wish.rate, decay=0.01, warmup=min(20, wish.steps // 5), ema=0.99,
            frozen=tuple(part for part, frozen in there.items() if frozen),
        ),
    )  # fmt: skip


def _config(base: str) -> ModelConfig:
    return TINY if base == "tiny" else checkpoint.read_config(folder_of(base))


def _sizes(config: ModelConfig) -> tuple[int, ...]:
    if isinstance(config.backbone, SamVitConfig):
        return (config.backbone.side,)
    if not config.composed:
        return (512,)
    return tuple(min(side, config.frame.long_side) for side in (256, 256, 320))


def _sets(examples: Examples, wish: Tuning, folder: Path) -> tuple[SetConfig, ...]:
    counts = {split: len(examples.ids(split)) for split in ("complete", "partial")}
    return tuple(
        SetConfig(
            path=str(folder), kind="examples", split=split, weight=count,
            complete=split == "complete", any_way_up=wish.any_way_up,
        )
        for split, count in counts.items()
        if count
    )  # fmt: skip
