"""Hard images more often: chances of training images by what a checkpoint found difficult."""

from __future__ import annotations

import csv
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from seem_model.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CLICKS = 3
FLOOR = 0.2  # what an image without any error counts


def chances(report: str | Path, ids: Sequence[str]) -> NDArray[np.float64]:
    """How likely each image is drawn: by the mean error of its objects after a few clicks.

    An image that was not measured counts as the mean of the others.

    Parameters
    ----------
    report : str or Path
        The table (``.csv``) that ``seem evaluate interactive --split train --report FILE`` writes
        beside its report; a column ``iou@3`` is needed.
    ids : sequence of str
        The images to draw from.

    Returns
    -------
    (len(ids),) float64
        They add up to 1.

    Raises
    ------
    DataError
        If the table is missing, is not such a table, or knows none of the images.
    """
    column = f"iou@{CLICKS}"
    errors: dict[str, list[float]] = defaultdict(list)
    try:
        with open(report, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                errors[row["image"]].append(1 - float(row[column]))
    except OSError as error:
        raise DataError(
            f"The table of hard images {report} cannot be read ({error.strerror}); `seem evaluate "
            "interactive --split train --report FILE` makes one."
        ) from error
    except (KeyError, TypeError, ValueError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{report} has no columns image and {column}: take the .csv that `seem evaluate "
            f"interactive --split train` writes, with {CLICKS} clicks or more."
        ) from error
    found = np.array([np.mean(errors[i]) if i in errors else np.nan for i in ids])
    if np.isnan(found).all():
        raise DataError(f"{report} tells of none of the {len(ids)} images to train on.")
    found = FLOOR + np.where(np.isnan(found), np.nanmean(found), found)
    shares: NDArray[np.float64] = found / found.sum()
    return shares
