"""Reading maps at points: bilinear sampling in normalised coordinates."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def sample(maps: Tensor, points: Tensor, *, align_corners: bool) -> Tensor:
    """Bilinear values of maps at points, zero outside.

    Parameters
    ----------
    maps : (B, C, H, W) float
    points : (B, P, 2) float
        (x, y) in [0, 1].
    align_corners : bool
        True puts 0 and 1 on the centres of the corner pixels (visual prompts, SEEM §5.4), False
        on the image's outer edges (losses).

    Returns
    -------
    (B, C, P) float
    """
    grid = (points * 2 - 1).unsqueeze(2)  # (B, P, 1, 2)
    values = F.grid_sample(maps, grid, mode="bilinear", align_corners=align_corners)
    return values.squeeze(3)


def uncertain_points(
    logits: Tensor,
    *,
    count: int,
    oversample: float,
    importance: float,
    generator: torch.Generator | None,
) -> Tensor:
    """Points where masks are least certain, plus uniform ones (PointRend, CVPR 2020).

    Parameters
    ----------
    logits : (N, 1, h, w) float
    count : int
        Points a mask.
    oversample, importance : float
        Candidates per kept point, and the share that is chosen by uncertainty.

    Returns
    -------
    (N, count, 2) float
        (x, y) in [0, 1].
    """
    rows = logits.shape[0]
    candidates = torch.rand(rows, int(count * oversample), 2, generator=generator)
    candidates = candidates.to(logits.device)
    uncertainty = -sample(logits, candidates, align_corners=False)[:, 0].abs()
    chosen = int(count * importance)
    index = uncertainty.topk(chosen, dim=1).indices
    kept = torch.gather(candidates, 1, index.unsqueeze(2).expand(-1, -1, 2))
    rest = torch.rand(rows, count - chosen, 2, generator=generator).to(logits.device)
    return torch.cat([kept, rest], dim=1)
