"""Evaluation while training: the averaged weights, as saved, meet the simulated user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seem_model.data.opening import open_dataset
from seem_model.errors import DataError
from seem_model.evaluate import interactive
from seem_model.loading import load

if TYPE_CHECKING:
    from seem_model.data.dataset import DataSet
    from seem_model.recipe import Recipe


def evaluation_sets(recipe: Recipe) -> tuple[DataSet, ...]:
    """The data that a recipe evaluates on; reads annotations only.

    Raises
    ------
    DataError
        If a folder is broken or has no image in the split.
    """
    config = recipe.evaluate
    named: list[tuple[str, str | None]] = [(str(Path(recipe.root) / p), None) for p in config.data]
    places = named or [(s.path, s.kind) for s in recipe.sets]
    folders = tuple(open_dataset(path, kind) for path, kind in places)
    empty = [f.name for f in folders if not f.ids(config.split)]
    if empty:
        raise DataError(
            f'{", ".join(empty)}: there are no images in the "{config.split}" split to evaluate '
            "on; name others with evaluate.data, or set evaluate_every=0."
        )
    return folders


def evaluate_checkpoint(
    recipe: Recipe, checkpoint: Path, folders: tuple[DataSet, ...], *, device: str
) -> dict[str, float]:
    """Mean IoU after each click, by the names of the log.

    Parameters
    ----------
    recipe : Recipe
        Its ``evaluate`` part says how.
    checkpoint : Path
        Folder of the weights.
    folders : tuple of DataSet
        From :func:`evaluation_sets`.
    device : str

    Returns
    -------
    dict
        ``evaluate/NAME/iou@1`` and so on to the last click, and ``evaluate/NAME/noc@85``.
    """
    predictor = load(checkpoint, device=device)
    config, found = recipe.evaluate, dict[str, float]()
    for folder in folders:
        report = interactive(
            predictor, folder, split=config.split, max_clicks=config.clicks,
            limit=config.objects, seed=recipe.seed,
        )  # fmt: skip
        numbers = report.flat()
        names = [*(f"iou@{k}" for k in range(1, config.clicks + 1)), "noc@85"]
        found |= {f"evaluate/{folder.name}/{k}": float(numbers[k] or 0.0) for k in names}
    return found
