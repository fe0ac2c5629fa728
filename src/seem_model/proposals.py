"""Everything by clicks: the seeds head says where to click, the decoder answers, repeats go.

For models whose object queries cannot find everything (see decision note 16). Where objects are
small, the view is split into overlapping quarters, and those again, so that they become large;
elsewhere a second look at the whole image, shown larger, is for the small ones among them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from skimage.feature import peak_local_max
from torch import Tensor

from seem_model.encoded import Encoded, ImageFeatures, Look, encode
from seem_model.frame import DOTS, STRIDE, Box
from seem_model.modeling.appearance import appearance
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.modeling.seem import Seem
from seem_model.proposal import Proposal, distinct
from seem_model.proposal_config import ProposalConfig
from seem_model.readout import Answer, by_click
from seem_model.zoom import extent

if TYPE_CHECKING:
    from numpy.typing import NDArray

Watch = Callable[[float], None]
_OWN = 0.2  # of the work in a place, in its own view; the rest in its quarters or the second look


@dataclass(frozen=True)
class _Place:
    """A part of the image that is searched, and the share of the whole search it stands for."""

    box: Box
    level: int
    share: float


def proposals(
    model: Seem, features: ImageFeatures, watch: Watch | None = None
) -> tuple[Proposal, ...]:
    """All objects and stuff of an image, best first; computed once and kept in ``features``.

    Parameters are those of :func:`propose`; the model's own configuration decides.
    """
    config = model.config.proposals
    if config is None or model.seeds is None:
        raise ValueError("This model finds everything by object queries.")
    if config not in features.found:
        features.found[config] = propose(model, features, config, watch)
    return features.found[config]


def propose(
    model: Seem, features: ImageFeatures, config: ProposalConfig, watch: Watch | None = None
) -> tuple[Proposal, ...]:
    """All objects and stuff of an image, best first.

    Parameters
    ----------
    model : Seem
        With a seeds head.
    features : ImageFeatures
    config : ProposalConfig
    watch : callable or None
        Called now and then with the share done, 0 to 1. What it raises stops the search.
    """
    whole = Box(0, 0, *features.shape)
    places = deque([_Place(whole, 0, 1.0)])
    found: list[Proposal] = []
    done = 0.0
    tell = watch or _nobody
    while places:
        place = places.popleft()
        here = _Search.of(model, features, place.box, config, config.side)
        parts: list[Proposal] = []
        deeper: list[_Place] = []
        for share, batch in here.batches():
            tell(round(done + _OWN * place.share * share, 9))
            parts += here.answers(batch)
            deeper = _quarters(place, parts, here, config)
            if deeper:  # the deepest seeds come first: what is left is small too
                break
        places.extend(deeper)
        if deeper:
            parts = [p for p in parts if here.side(p) >= config.small]
        elif place.level == 0:
            parts += _closer(model, features, config, tell)
        found += parts
        done += place.share - sum(p.share for p in deeper)
    tell(1.0)
    return distinct(found, config.same)


def _closer(
    model: Seem, features: ImageFeatures, config: ProposalConfig, tell: Watch
) -> list[Proposal]:
    """What a second look at the whole image, shown larger, finds of what is small in it."""
    if config.closer <= config.side:
        return []
    whole = Box(0, 0, *features.shape)
    here = _Search.of(model, features, whole, config, config.closer)
    found: list[Proposal] = []
    for share, batch in here.batches():
        tell(round(_OWN + (1 - _OWN) * share, 9))
        found += here.answers(batch)
    return [p for p in found if p.box.side < config.little * whole.side]


def _nobody(share: float) -> None:
    """Nobody watches."""


def _quarters(
    place: _Place, parts: list[Proposal], here: _Search, config: ProposalConfig
) -> list[_Place]:
    """Overlapping quarters, where most of what was found is small and a closer look can help."""
    box = place.box
    if place.level >= config.levels or min(box.height, box.width) < config.side // 4:
        return []
    if not parts or np.median([here.side(p) for p in parts]) >= config.small:
        return []
    height, width = (max(1, round(n * config.quarter)) for n in (box.height, box.width))
    share = (1 - _OWN) / 4 * place.share
    return [
        _Place(Box(row, col, row + height, col + width), place.level + 1, share)
        for row in (box.row0, box.row1 - height)
        for col in (box.col0, box.col1 - width)
    ]


@dataclass(frozen=True, eq=False)
class _Search:
    """Clicking in one view; ``finer`` shows the same box larger, and helps to name things."""

    model: Seem
    shape: tuple[int, int]
    view: Encoded
    config: ProposalConfig
    finer: Encoded | None

    @classmethod
    def of(
        cls, model: Seem, features: ImageFeatures, box: Box, config: ProposalConfig, side: int
    ) -> _Search:
        """In a view of ``box`` whose longer side is ``side`` model pixels."""
        view = encode(model, features.image, box, long_side=side)
        whole = Box(0, 0, *features.shape)
        return cls(model, features.shape, view, config, features.whole if box == whole else None)

    def batches(self) -> Iterator[tuple[float, NDArray[np.int64]]]:
        """Seeds, the deepest first, each with the share of the batches before it."""
        seeds, size = self.seeds(), self.config.batch
        for first in range(0, len(seeds), size):
            yield first / len(seeds), seeds[first : first + size]

    def side(self, found: Proposal) -> float:
        """Longer side of a proposal in model pixels."""
        frame = self.view.frame
        return found.box.side * frame.height / frame.box.height

    def seeds(self) -> NDArray[np.int64]:
        """(K, 2) model pixels (row, col) where clicking is worth it, the deepest first."""
        frame = self.view.frame
        depth = self.model.depth(self.view.features)[0].sigmoid().float().cpu().numpy()
        depth = depth[: -(-frame.height // STRIDE), : -(-frame.width // STRIDE)]
        peaks = peak_local_max(
            depth, min_distance=1, threshold_abs=self.config.depth, exclude_border=False,
            num_peaks=self.config.most,
        )  # fmt: skip
        last = np.array([frame.height, frame.width]) - 1
        seeds: NDArray[np.int64] = np.minimum(peaks * STRIDE + STRIDE // 2, last).astype(np.int64)
        return seeds

    def answers(self, seeds: NDArray[np.int64]) -> list[Proposal]:
        """What clicks on ``seeds`` (N, 2) find, without what is unsure or cut by the view."""
        frame, device = self.view.frame, self.model.logit_scale.device
        positive = torch.zeros(len(seeds), *frame.padded, dtype=torch.bool)
        reach = DOTS[1] // 2
        for dot, (row, col) in zip(positive, seeds.tolist(), strict=True):
            dot[max(0, row - reach) : row + reach + 1, max(0, col - reach) : col + reach + 1] = True
        positive[:, frame.height :], positive[:, :, frame.width :] = False, False
        positive = positive.to(device)
        nothing = torch.zeros_like(positive)
        rows = self.view.features.rows(torch.zeros(len(seeds), dtype=torch.int64, device=device))
        maps = PromptMaps(positive=positive, negative=nothing, region=nothing)
        answer = by_click(self.model.decode_prompts(rows, maps), positive, nothing)
        sure = quality(answer.logits)
        concepts = self.model.meaning(
            self.view.features, answer.logits[None], answer.concepts[None]
        )[0]
        kinds = appearance(self.view.features, answer.logits.sigmoid(), concepts).cpu()
        concepts = self._named(answer, concepts)
        found = []
        for k, q in enumerate(sure.tolist()):
            if q >= self.config.quality:
                look = Look(answer.logits[k].float().cpu(), concepts[k : k + 1].cpu(), frame)
                found += self._proposal(look, q, kinds[k])
        return found

    def _named(self, answer: Answer, concepts: Tensor) -> Tensor:
        """Concepts (N, D), averaged with those that the finer view gives the same masks."""
        if self.finer is None:
            return concepts
        logits = self.view.frame.shown_in(self.finer.frame, answer.logits)
        model = self.model
        also = model.meaning(self.finer.features, logits[None], answer.concepts[None])[0]
        return F.normalize(concepts, dim=-1) + F.normalize(also, dim=-1)

    def _proposal(self, look: Look, sure: float, kind: Tensor) -> list[Proposal]:
        box = look.frame.box
        mask = look.frame.part(look.coarse) > 0
        inside = extent(mask)
        if inside is None or self._cut(inside):
            return []
        place = Box(
            box.row0 + inside.row0, box.col0 + inside.col0,
            box.row0 + inside.row1, box.col0 + inside.col1,
        )  # fmt: skip
        return [Proposal(place, mask[inside.slices].copy(), sure, look, kind)]

    def _cut(self, inside: Box) -> bool:
        """Whether something touches a border of the view that is none of the image."""
        box = self.view.frame.box
        return bool(
            (inside.row0 == 0 and box.row0 > 0)
            or (inside.col0 == 0 and box.col0 > 0)
            or (inside.row1 == box.height and box.row1 < self.shape[0])
            or (inside.col1 == box.width and box.col1 < self.shape[1])
        )


def quality(logits: Tensor) -> Tensor:
    """(N, h, w) -> (N,): mean probability inside, times how little the area hangs on the threshold.

    The second factor is the stability score of Segment Anything (Kirillov et al., 2023, app. B).
    """
    inside = (logits > 0).float()
    area = inside.sum((1, 2)).clamp(min=1)
    sure = (logits.sigmoid() * inside).sum((1, 2)) / area
    stable = (logits > 1).sum((1, 2)) / (logits > -1).sum((1, 2)).clamp(min=1)
    return sure * stable
