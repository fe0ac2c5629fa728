"""Places are taught their names where they are known, and first answers in every step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from seem_model.data.batch import Batch, View
from seem_model.data.crops import Crop
from seem_model.loss_config import TaskWeights
from seem_model.modeling.names import BACKGROUND, PhraseBook
from seem_model.train import train
from seem_model.training_names import places_loss
from seem_model.training_rounds import RoundsConfig
from shapes_folder import write_shapes
from shapes_recipe import logged, quiet, same_weights, shapes_recipe
from tiny_model import SIDE, scene, tiny

NAMES = ("sky", "grass", "dog")


def view(labels: np.ndarray, names: dict[int, str], *, background: bool = False) -> View:
    """Labels (S, S), and the name of each; 0 is not labelled."""
    crop = Crop(image=np.zeros((SIDE, SIDE, 3), np.uint8), labels=labels, height=SIDE, width=SIDE)
    masks = np.stack([labels == k for k in names])
    return View(
        crop=crop, masks=masks, names=tuple(names.values()), vocabulary=NAMES, complete=True,
        background=background,
    )  # fmt: skip


def halves(low: int = 1, high: int = 2) -> np.ndarray:
    labels = np.full((SIDE, SIDE), low, np.int32)
    labels[SIDE // 2 :] = high
    return labels


@pytest.fixture(scope="module")
def book() -> PhraseBook:
    return PhraseBook(tiny().text)


def loss(book: PhraseBook, *views: View) -> float:
    return float(places_loss(tiny(), book, scene(len(views)), Batch(views, ())))


def entropies(book: PhraseBook) -> torch.Tensor:
    """(h, w, names) cross-entropies of the first scene's places, worked out by hand."""
    concepts = tiny().meaning_everywhere(scene())[0]
    listed = (*NAMES, BACKGROUND)
    known = tiny().phrase_embedding(book.names(listed))
    return -tiny().similarity(concepts, known).log_softmax(-1)


def test_each_place_is_asked_for_the_class_that_covers_it(book: PhraseBook) -> None:
    by_hand = entropies(book)
    half = by_hand.shape[0] // 2
    wanted = torch.cat([by_hand[:half, :, 0].flatten(), by_hand[half:, :, 2].flatten()]).mean()
    found = loss(book, view(halves(), {1: "sky", 2: "dog"}))
    assert found == pytest.approx(float(wanted), rel=1e-4)


def test_a_class_counts_as_the_root_of_its_places(book: PhraseBook) -> None:
    by_hand = entropies(book)
    cells = by_hand.shape[0]
    labels = halves(1, 1)
    labels[: SIDE // cells, : SIDE // cells] = 2  # one place of many
    many = cells * cells - 1
    sky = (by_hand[..., 0].sum() - by_hand[0, 0, 0]) / many**0.5
    wanted = (sky + by_hand[0, 0, 1]) / (many**0.5 + 1)
    found = loss(book, view(labels, {1: "sky", 2: "grass"}))
    assert found == pytest.approx(float(wanted), rel=1e-4)


def test_parts_of_one_class_count_together(book: PhraseBook) -> None:
    parts = np.ones((SIDE, SIDE), np.int32)
    parts[::2], parts[1::2, ::2] = 2, 3  # none covers half of any place
    one = loss(book, view(np.ones((SIDE, SIDE), np.int32), {1: "grass"}))
    assert loss(book, view(parts, dict.fromkeys((1, 2, 3), "grass"))) == pytest.approx(one)


def test_what_is_not_labelled_is_asked_only_where_it_is_known_to_be_none(book: PhraseBook) -> None:
    labels, by_hand = halves(1, 0), entropies(book)
    half = by_hand.shape[0] // 2
    sky, rest = by_hand[:half, :, 0], by_hand[half:, :, len(NAMES)]
    unknown = loss(book, view(labels, {1: "sky"}))
    assert unknown == pytest.approx(float(sky.mean()), rel=1e-4)
    known = loss(book, view(labels, {1: "sky"}, background=True))
    assert known == pytest.approx(float(torch.stack([sky, rest]).mean()), rel=1e-4)


def test_a_view_that_shows_no_whole_place_asks_nothing(book: PhraseBook) -> None:
    speck = np.zeros((SIDE, SIDE), np.int32)
    speck[3, 3] = 1
    assert loss(book, view(speck, {1: "dog"})) == 0


def test_recipes_without_places_do_not_log_them(tmp_path: Path) -> None:
    recipe = shapes_recipe(write_shapes(tmp_path / "shapes"), tmp_path / "run")
    train(recipe, report=quiet)
    assert not [r for r in logged(recipe) if r[1] == "places_ce"]
    taught = replace(recipe, out=str(tmp_path / "two"), loss=replace(recipe.loss, places=1.0))
    train(taught, report=quiet)
    assert len([r for r in logged(taught) if r[1] == "places_ce" and r[2] > 0]) == recipe.steps


def test_clicks_that_weigh_nothing_are_not_asked(tmp_path: Path) -> None:
    recipe = shapes_recipe(write_shapes(tmp_path / "shapes"), tmp_path / "run")
    names_alone = replace(
        recipe, objects_every=0, phrases_every=0,
        loss=replace(recipe.loss, clicks=TaskWeights(0.0, 0.0, 0.0), seeds=0.0),
        optim=replace(recipe.optim, only=("naming",)),
    )  # fmt: skip
    train(names_alone, report=quiet)
    terms = {name for _, name, _ in logged(names_alone)}
    assert "naming_ce" in terms
    assert not any(name.startswith("clicks") for name in terms)


def test_first_answers_are_learned_from_where_others_follow(tmp_path: Path) -> None:
    recipe = shapes_recipe(write_shapes(tmp_path / "shapes"), tmp_path / "last")
    recipe = replace(recipe, rounds=RoundsConfig(most=3, first=0.0), steps=4, objects_every=0)
    also = replace(recipe, out=str(tmp_path / "first"), rounds=replace(recipe.rounds, first=0.5))
    alone = replace(recipe, out=str(tmp_path / "one"), rounds=RoundsConfig(most=0))
    weighted = replace(alone, out=str(tmp_path / "two"), rounds=RoundsConfig(most=0, first=0.5))
    for each in (recipe, also, alone, weighted):
        train(each, report=quiet)
    sums = [sum(v for _, k, v in logged(r) if k == "clicks_bce") for r in (recipe, also)]
    assert sums[1] > sums[0] * 1.05
    # a step with one answer alone is not counted twice
    assert same_weights(alone, weighted)
