"""Classical interactive segmentation with the same clicks, so that a number has a neighbour.

They take the part of a predictor in ``interactive``: ``features`` and ``step``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_cdt
from skimage.color import rgb2gray
from skimage.filters import sobel
from skimage.segmentation import random_walker, watershed

from seem_model.errors import SeemError
from seem_model.image import to_rgb
from seem_model.values import RGB, Mask, Prompts, Round

Name = Literal["random-walker", "watershed", "grabcut"]
NAMES: tuple[Name, ...] = ("random-walker", "watershed", "grabcut")
OBJECT, REST = 1, 2


@dataclass(frozen=True, eq=False)
class Picture:
    """What a baseline keeps of an image."""

    rgb: RGB

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.rgb.shape[0], self.rgb.shape[1]


@dataclass(frozen=True, eq=False)
class Baseline:
    """A classical method in the part of a predictor.

    Parameters
    ----------
    name : str
    method : callable
        (H, W, 3) uint8 and (H, W) int32 seeds (0 unknown, 1 object, 2 rest) -> (H, W) bool.
    """

    name: str
    method: Callable[[RGB, NDArray[np.int32]], Mask]
    device: str = "cpu"
    vocabulary: tuple[str, ...] = ()

    def features(self, image: NDArray[Any]) -> Picture:
        """Nothing is encoded."""
        return Picture(to_rgb(image))

    def step(self, features: Picture, prompts: Prompts, memory: object = None, **_: Any) -> Round:
        """Grow the object from its marks; the border of the image is rest unless marked."""
        seeds = np.zeros(features.shape, np.int32)
        seeds[0], seeds[-1], seeds[:, 0], seeds[:, -1] = REST, REST, REST, REST
        if prompts.region is not None and prompts.region.any():
            seeds[~prompts.region] = REST
            if not prompts.positive.any():
                seeds[_middle(prompts.region)] = OBJECT
        seeds[prompts.positive], seeds[prompts.negative] = OBJECT, REST
        found = self.method(features.rgb, seeds) if (seeds == OBJECT).any() else seeds == OBJECT
        return Round(prompts=prompts, mask=found, score=0.0)


def baseline(name: str) -> Baseline:
    """One of ``NAMES``.

    Raises
    ------
    SeemError
        If it is unknown, or needs OpenCV and there is none.
    """
    if name == "random-walker":
        return Baseline(name, _random_walker)
    if name == "watershed":
        return Baseline(name, _watershed)
    if name != "grabcut":
        raise SeemError(f'Unknown baseline "{name}"; choose one of: {", ".join(NAMES)}.')
    if find_spec("cv2") is None:
        raise SeemError("GrabCut needs OpenCV: pip install opencv-python-headless.")
    return Baseline(name, _grabcut)


def _middle(region: Mask) -> tuple[int, int]:
    deep = distance_transform_cdt(np.pad(region, 1))[1:-1, 1:-1]
    row, col = np.unravel_index(int(deep.argmax()), deep.shape)
    return int(row), int(col)


def _random_walker(image: RGB, seeds: NDArray[np.int32]) -> Mask:
    """Grady 2006, in grey values."""
    grey = rgb2gray(image)
    found: Mask = (
        random_walker(grey, seeds, beta=130, mode="cg_j", tol=1e-3, prob_tol=0.1) == OBJECT
    )
    return found


def _watershed(image: RGB, seeds: NDArray[np.int32]) -> Mask:
    """Marker-controlled watershed of the gradient."""
    found: Mask = watershed(sobel(rgb2gray(image)), seeds) == OBJECT
    return found


def _grabcut(image: RGB, seeds: NDArray[np.int32]) -> Mask:
    """Rother et al., SIGGRAPH 2004, five rounds."""
    import cv2

    start = np.full(seeds.shape, cv2.GC_PR_BGD, np.uint8)
    start[seeds == OBJECT], start[seeds == REST] = cv2.GC_FGD, cv2.GC_BGD
    models = np.zeros((2, 1, 65))
    cv2.grabCut(image, start, None, *models, 5, cv2.GC_INIT_WITH_MASK)
    return np.asarray((start == cv2.GC_FGD) | (start == cv2.GC_PR_FGD))
