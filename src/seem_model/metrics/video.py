"""Video object segmentation: region similarity J and boundary accuracy F (Perazzi et al., 2016).

A tally adds: ``sum`` those of several objects, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation

from seem_model.metrics.overlap import iou

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seem_model.values import Mask

REACH = 0.008  # of the image diagonal: how far a boundary may be off
_QUARTERS = 4


@dataclass(frozen=True)
class Track:
    """J and F of one object in each scored frame, in time order.

    ``seen``: whether its class was in the training data (YouTube-VOS); None if that is unknown.
    """

    name: str
    regions: tuple[float, ...]
    boundaries: tuple[float, ...]
    seen: bool | None = None


@dataclass(frozen=True)
class VideoTally:
    """Tracks of many objects; ``VideoTally()`` is zero, ``+`` joins."""

    tracks: tuple[Track, ...] = ()

    def __post_init__(self) -> None:
        ordered = sorted(self.tracks, key=lambda t: (t.name, t.regions, t.boundaries, str(t.seen)))
        object.__setattr__(self, "tracks", tuple(ordered))

    def __add__(self, other: VideoTally) -> VideoTally:
        """Both together."""
        return VideoTally(self.tracks + other.tracks)

    def __radd__(self, other: int) -> VideoTally:
        """Let ``sum(tallies)`` start from 0."""
        return self if other == 0 else NotImplemented

    def numbers(self) -> dict[str, float]:
        """``j&f``, and ``j``, ``f`` with ``_recall`` (share of frames over 0.5) and ``_decay``.

        Means over objects; the decay is the mean of the first quarter of the frames minus that of
        the last. nan without objects.
        """
        found: dict[str, float] = {}
        for key, curves in (("j", self._curves(0)), ("f", self._curves(1))):
            found[key] = _mean([float(np.mean(c)) for c in curves])
            found[f"{key}_recall"] = _mean([float(np.mean(c > 0.5)) for c in curves])
            found[f"{key}_decay"] = _mean([_decay(c) for c in curves])
        return {"j&f": (found["j"] + found["f"]) / 2, **found}

    def youtube(self) -> dict[str, float]:
        """YouTube-VOS: ``g``, the mean of ``j_seen``, ``f_seen``, ``j_unseen``, ``f_unseen``.

        Each is a mean over the objects of seen or of unseen classes; nan without such objects,
        and then left out of ``g``.
        """
        parts: dict[str, float] = {}
        for end, seen in (("seen", True), ("unseen", False)):
            some = VideoTally(tuple(t for t in self.tracks if t.seen == seen)).numbers()
            parts |= {f"j_{end}": some["j"], f"f_{end}": some["f"]}
        known = [v for v in parts.values() if not np.isnan(v)]
        return {"g": _mean(known), **parts}

    def _curves(self, which: int) -> list[NDArray[np.float64]]:
        return [np.array((t.regions, t.boundaries)[which]) for t in self.tracks if t.regions]


def track(
    name: str, truth: Sequence[Mask], found: Sequence[Mask], *, seen: bool | None = None,
    voids: Sequence[Mask] | None = None,
) -> Track:  # fmt: skip
    """Score one object.

    Parameters
    ----------
    name : str
        Of the sequence and object.
    truth, found : sequence of (H, W) bool
        One mask a scored frame.
    seen : bool, optional
        Whether its class was in the training data (YouTube-VOS).
    voids : sequence of (H, W) bool, optional
        Pixels to leave out of J.
    """
    regions, boundaries = [], []
    for k, (t, f) in enumerate(zip(truth, found, strict=True)):
        regions.append(iou(t, f, None if voids is None else voids[k]))
        boundaries.append(boundary_accuracy(t, f))
    return Track(name, tuple(regions), tuple(boundaries), seen)


def boundary_accuracy(truth: Mask, found: Mask) -> float:
    """F-measure of the boundaries of two masks (H, W) bool, in [0, 1].

    A boundary pixel is right when one of the other mask lies within 0.8 % of the image diagonal,
    at least one pixel. Two empty boundaries agree, one alone is wrong.
    """
    reach = int(np.ceil(REACH * np.hypot(*truth.shape)))
    a, b = boundary(truth), boundary(found)
    if not a.any() or not b.any():
        return float(not a.any() and not b.any())
    rows, cols = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disk = rows**2 + cols**2 <= reach**2
    precision = (b & binary_dilation(a, disk)).sum() / b.sum()
    recall = (a & binary_dilation(b, disk)).sum() / a.sum()
    both = precision + recall
    return float(2 * precision * recall / both) if both else 0.0


def boundary(mask: Mask) -> Mask:
    """Pixels (H, W) bool that differ from their right, lower or lower right neighbour."""
    right = np.pad(mask, ((0, 0), (0, 1)), mode="edge")[:, 1:]
    lower = np.pad(mask, ((0, 1), (0, 0)), mode="edge")[1:]
    both = np.pad(mask, ((0, 1), (0, 1)), mode="edge")[1:, 1:]
    edge: Mask = (mask ^ right) | (mask ^ lower) | (mask ^ both)
    edge[-1] = mask[-1] ^ right[-1]
    edge[:, -1] = mask[:, -1] ^ lower[:, -1]
    edge[-1, -1] = False
    return edge


def _decay(curve: NDArray[np.float64]) -> float:
    parts = np.array_split(curve, _QUARTERS)
    if not parts[-1].size:
        return 0.0
    return float(parts[0].mean() - parts[-1].mean())


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
