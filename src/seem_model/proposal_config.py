"""How everything is found by clicks, see :mod:`seem_model.proposals`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProposalConfig:
    """Everything by clicks (see ``proposals``) instead of object queries.

    Parameters
    ----------
    side : int
        Longer side of a view, model pixels.
    batch, most : int
        Clicks answered at once, and most of them in a view.
    depth, quality : float
        Least depth of a seed and least quality of an answer, in [0, 1].
    same : float
        Answers with a larger IoU are one.
    small : int
        If the median answer is smaller (longer side, model pixels), the view is split,
    levels, quarter : int, float
        at most so often, into quarters of this share of its sides.
    closer : int
        Longer side of a second view of the whole image, model pixels, unless that was split; not
        above ``side``: there is none.
    little : float
        Of what the second view shows, only things count whose longer side is below this share of
        the image's.
    """

    side: int = 256
    batch: int = 16
    most: int = 150
    depth: float = 0.4
    quality: float = 0.5
    same: float = 0.6
    small: int = 40
    levels: int = 3
    quarter: float = 0.6
    closer: int = 0
    little: float = 0.4
