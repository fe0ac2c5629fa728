"""The visual sampler: drawn prompts -> tokens read from image features (SEEM §3.2).

Every visual prompt, a click as much as another image, becomes a few vectors of the same space.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seem_model.modeling.attention import Kind, TokenGroup
from seem_model.modeling.points import sample


@dataclass(frozen=True, eq=False)
class Points:
    """Prompt pixels of a batch, padded to one length.

    Parameters
    ----------
    places : (B, P, 2) float
        (x, y) in [0, 1): pixel index over image size, no half-pixel shift (official rule).
    positive : (B, P) bool
    padding : (B, P) bool
        True where there is no point.
    owner : (B, P) int64
        Which of the image's prompts the point belongs to; -1 for padding.
    prompts : int
        Number of prompts an image.
    size : (int, int)
        Height and width of the grid that the pixels belong to.
    """

    places: Tensor
    positive: Tensor
    padding: Tensor
    owner: Tensor
    prompts: int
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class VisualTokens:
    """Tokens of visual prompts for each of the three levels.

    Parameters
    ----------
    levels : three (B, P, C) float
    padding : (B, P) bool
    owner : (B, P) int64
    pooled : (B, n, M) float
        Mean mask feature under each prompt's positive points.
    """

    levels: tuple[Tensor, ...]
    padding: Tensor
    owner: Tensor
    pooled: Tensor

    def at(self, level: int, kind: Kind) -> TokenGroup:
        """Decoder rows that carry the tokens of one level."""
        value = self.levels[level]
        return TokenGroup(kind, value, value.detach(), self.padding, self.owner)


def gather_points(
    positive: Tensor, negative: Tensor, *, limit: int, generator: torch.Generator | None = None
) -> Points:
    """Points of drawn prompts, at most ``limit`` positive and ``limit`` negative ones an image.

    Parameters
    ----------
    positive, negative : (B, n, H, W) bool
        n prompts for each image.
    limit : int
        Above it, a random subset is drawn in which every prompt has the same share.
    generator : torch.Generator or None
        Source of that draw; None seeds one with 0 for each image, so that equal prompts give
        equal points, whatever else is in the batch.
    """
    device = positive.device
    b, n, h, w = positive.shape
    chosen: list[tuple[Tensor, Tensor]] = []
    for row in range(b):
        draws = generator or torch.Generator().manual_seed(0)
        for masks, is_positive in ((positive[row], True), (negative[row], False)):
            index = _at_most(limit, masks.nonzero(), n, draws)  # (K, 3): prompt, y, x
            chosen.append((index, torch.full((len(index),), is_positive, device=device)))
    rows = [
        (torch.cat([chosen[i][0], chosen[i + 1][0]]), torch.cat([chosen[i][1], chosen[i + 1][1]]))
        for i in range(0, 2 * b, 2)
    ]
    length = max(1, max(len(index) for index, _ in rows))
    places = torch.zeros(b, length, 2, device=device)
    signs = torch.zeros(b, length, dtype=torch.bool, device=device)
    padding = torch.ones(b, length, dtype=torch.bool, device=device)
    owner = torch.full((b, length), -1, dtype=torch.int64, device=device)
    for i, (index, sign) in enumerate(rows):
        k = len(index)
        places[i, :k, 0] = index[:, 2] / w
        places[i, :k, 1] = index[:, 1] / h
        signs[i, :k], padding[i, :k], owner[i, :k] = sign, False, index[:, 0]
    return Points(places, signs, padding, owner, n, (h, w))


def _at_most(limit: int, index: Tensor, prompts: int, generator: torch.Generator) -> Tensor:
    if len(index) <= limit:
        return index
    counts = torch.bincount(index[:, 0], minlength=prompts).clamp(min=1).float()
    weight = (1 / counts)[index[:, 0]].cpu()
    keep = torch.multinomial(weight, limit, generator=generator)
    return index[keep.sort().values.to(index.device)]


class VisualSampler(nn.Module):
    """Reads features at prompt points and marks them positive or negative.

    Parameters
    ----------
    width : int
        Channels of the decoder.
    levels : int
    empty : float
        What the pooled vector of a prompt without positive points holds (official: 0 or -1).
    centred : bool
        Whether features are read at pixel centres instead of by the official rule.
    """

    def __init__(
        self, width: int, *, levels: int = 3, empty: float = 0.0, centred: bool = False
    ) -> None:
        super().__init__()
        self.projections = nn.ParameterList(
            nn.Parameter(torch.empty(width, width)) for _ in range(levels)
        )
        for projection in self.projections:
            nn.init.xavier_uniform_(projection)
        self.sign_embed = nn.Embedding(2, width)
        nn.init.normal_(self.sign_embed.weight, std=0.02)
        self.empty = empty
        self.centred = centred

    def forward(self, points: Points, maps: tuple[Tensor, ...], mask: Tensor) -> VisualTokens:
        """Tokens of the points.

        Parameters
        ----------
        points : Points
        maps : three (B, C, h, w)
            Image tokens of each level, level embedding included.
        mask : (B, M, H/4, W/4)
            Mask features.
        """
        sign = self.sign_embed((~points.positive).long())  # row 0 positive, row 1 negative
        levels = []
        for projection, level in zip(self.projections, maps, strict=True):
            read = self._read(level, points)
            levels.append(read @ projection + sign)
        return VisualTokens(tuple(levels), points.padding, points.owner, self.pool(points, mask))

    def _read(self, maps: Tensor, points: Points) -> Tensor:
        """(B, P, C) features under the points."""
        if not self.centred:
            return sample(maps, points.places, align_corners=True).transpose(1, 2)
        half = [0.5 / n for n in reversed(points.size)]  # of a pixel, as x and y
        border = maps.new_tensor([0.5 / n for n in reversed(maps.shape[-2:])])
        centres = points.places + points.places.new_tensor(half)
        inside = torch.maximum(torch.minimum(centres, 1 - border), border)
        return sample(maps, inside, align_corners=False).transpose(1, 2)

    def pool(self, points: Points, mask: Tensor) -> Tensor:
        """(B, n, M) mean mask feature under each prompt's positive points."""
        read = self._read(mask, points)  # (B, P, M)
        ids = torch.arange(points.prompts, device=mask.device)
        used = points.positive & ~points.padding
        member = ((points.owner[:, None] == ids[:, None]) & used[:, None]).to(read.dtype)
        count = member.sum(dim=2, keepdim=True)
        pooled = member @ read / count.clamp(min=1)
        return torch.where(count > 0, pooled, torch.full_like(pooled, self.empty))
