"""One data set of a recipe, and how it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seem_model.data.opening import open_dataset
from seem_model.data.refcoco import held_out
from seem_model.data.without import Without
from seem_model.errors import ConfigError

if TYPE_CHECKING:
    from seem_model.data.dataset import DataSet

FARTHEST = 16  # pixels: masks that lie farther from their pictures are no masks of them


@dataclass(frozen=True, kw_only=True)
class SetConfig:
    """One data set of a recipe.

    Parameters
    ----------
    path : str
        Folder of the data set.
    weight : float
        Its share of the images drawn, relative to the other sets.
    any_way_up : bool
        Whether flipping and turning keeps images plausible (microscopy).
    complete : bool
        Whether everything of its classes is labelled, so that what is not is background.
    kind : str, optional
        Its layout; recognised from the files if not given.
    split : str
        Its split to train on, by the name that the layout gives.
    exclude : str
        RefCOCO folder whose validation and test images are left out; "" for none.
    mined : str
        Table of what a checkpoint found hard, so that hard images are drawn more often (see
        :func:`seem_model.data.mining.chances`), relative to where you run; "": all are as likely.
    offset : (float, float)
        How far below and to the right of its pictures' own edges its outlines lie, in image pixels
        (``benchmarks/truth_offset.py`` measures it); views are cut with the labels moved back.

    Raises
    ------
    ConfigError
        If the offset is not two such numbers.
    """

    path: str
    weight: float = 1.0
    any_way_up: bool = False
    complete: bool = False
    kind: str | None = None
    split: str = "train"
    exclude: str = ""
    mined: str = ""
    offset: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if len(self.offset) != 2 or not all(abs(pixels) <= FARTHEST for pixels in self.offset):
            raise ConfigError(
                f"offset={list(self.offset)} of {self.path} must be two numbers of pixels, down "
                f"and right, of at most {FARTHEST}."
            )

    def open(self) -> DataSet:
        """Open it, without the images to exclude; DataError if something is missing or broken."""
        data = open_dataset(self.path, self.kind)
        return Without(data, held_out(self.exclude)) if self.exclude else data
