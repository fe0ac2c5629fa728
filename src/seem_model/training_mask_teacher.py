"""Distillation of masks: what the starting weights answer on average over several looks at a view.

A view is also looked at mirrored and smaller, by a frozen copy of the weights that the run starts
from. The mean of its answers to the same marks is a little better than each (see
``docs/experiments.md``) and says how unsure they are, which a mask drawn by a person does not
(knowledge distillation, Hinton et al. 2015; of averaged views, Radosavovic et al., CVPR 2018).
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.errors import ConfigError
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.modeling.points import sample, uncertain_points
from seem_model.modeling.sam_config import SamVitConfig
from seem_model.readout import candidates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seem_model.data.batch import Ask
    from seem_model.loss_config import LossConfig
    from seem_model.modeling.decoded import Decoded, Features
    from seem_model.modeling.seem import Seem

MULTIPLE = 32  # sides that every backbone takes
LOOKS = ((1.0, False), (1.0, True), (0.625, False), (0.625, True))  # of a view's side, mirrored


@dataclass(frozen=True, eq=False)
class Told:
    """What the teacher answers to N prompts.

    Parameters
    ----------
    masks : (N, Q, h, w) float
        Probability of each pixel in each of Q candidate masks.
    choice : (N, Q) float
        How likely each candidate is the answer; rows sum to 1.
    """

    masks: Tensor
    choice: Tensor


class Lesson:
    """One batch as the teacher sees it.

    Parameters
    ----------
    model : Seem
        The teacher's.
    features : sequence of (Features, int, bool)
        Of the prompts' views, for each look; its side in pixels, and whether it is mirrored.
    rows : (N,) int64
        The prompts that are taught: those that marks alone ask, for words and examples may speak
        of left and right.
    """

    def __init__(
        self, model: Seem, features: Sequence[tuple[Features, int, bool]], rows: Tensor
    ) -> None:
        self.model, self.features, self.rows = model, features, rows

    @torch.no_grad()
    def told(self, maps: PromptMaps) -> Told:
        """The mean answer over all looks to the taught rows of ``maps``."""
        asked = _rows(maps, self.rows)
        size = tuple(side // 4 for side in asked.positive.shape[-2:])
        masks, choices = [], []
        for features, side, mirrored in self.features:
            decoded = self.model.decode_prompts(features, _seen(asked, side, mirrored=mirrored))
            queries, choice = candidates(decoded)
            # single precision, for in bfloat16 a probability soon is 1 and its logit infinite
            logits = queries.logits.float()
            logits = logits.flip(-1) if mirrored else logits
            same = F.interpolate(logits, size=size, mode="bilinear", align_corners=False)
            masks.append(same.sigmoid())
            choices.append(choice[:, 0].float().softmax(1))
        return Told(torch.stack(masks).mean(0), torch.stack(choices).mean(0))

    def losses(
        self, decoded: Decoded, maps: PromptMaps, *, config: LossConfig,
        generator: torch.Generator | None,
    ) -> dict[str, Tensor]:  # fmt: skip
        """Divergence of the learner's answers to ``maps`` from the teacher's, weighted.

        Parameters
        ----------
        decoded : Decoded
            The learner's, of all prompts of the batch.
        maps : PromptMaps
            What was asked, memory included.
        """
        if not len(self.rows):
            return {}
        told = self.told(maps)
        queries, choice = candidates(decoded)
        masks = mask_divergence(queries.logits[self.rows], told, config=config, generator=generator)
        chosen = choice[self.rows, 0].log_softmax(1)
        choices = F.kl_div(chosen, told.choice, reduction="batchmean")
        return {
            "told_masks": masks * config.mask_teacher,
            "told_choice": choices * config.clicks.ce,
        }


class MaskTeacher(nn.Module):
    """A frozen copy of the weights that a run starts from.

    Parameters
    ----------
    model : Seem
        Who is to learn, before its first step.

    Raises
    ------
    ConfigError
        If the model sees images of one size only.
    """

    def __init__(self, model: Seem) -> None:
        super().__init__()
        if isinstance(model.config.backbone, SamVitConfig):
            raise ConfigError(
                f"loss.mask_teacher looks at views at two sizes and {model.config.name} sees one "
                "only: set it to 0."
            )
        self.model = deepcopy(model).requires_grad_(False)

    @torch.no_grad()
    def lesson(self, images: Tensor, asks: Sequence[Ask]) -> Lesson:
        """Look at a batch's views, once for all rounds.

        Parameters
        ----------
        images : (B, 3, S, S) float
            Normalised, as the learner's backbone gets them.
        asks : sequence of Ask
        """
        taught = [i for i, a in enumerate(asks) if not a.text and a.example is None]
        rows = torch.tensor(taught, dtype=torch.int64, device=images.device)
        index = torch.tensor([asks[i].image for i in taught], device=images.device)
        features = []
        for share, mirrored in LOOKS if taught else ():
            side = max(round(images.shape[-1] * share / MULTIPLE), 1) * MULTIPLE
            view = F.interpolate(images, size=(side, side), mode="bilinear", antialias=True)
            view = view.flip(-1) if mirrored else view
            encoded = self.model.encode_image(view.contiguous(memory_format=torch.channels_last))
            features.append((encoded.rows(index), side, mirrored))
        return Lesson(self.model, features, rows)


def mask_divergence(
    logits: Tensor, told: Told, *, config: LossConfig, generator: torch.Generator | None
) -> Tensor:
    """Mean Kullback-Leibler divergence of pixels, () float, candidates weighted by their choice.

    Parameters
    ----------
    logits : (N, Q, h, w) float
        The learner's candidates; compared at ``config.points`` points where they are unsure.
    told : Told
    """
    flat, masks = logits.float().flatten(0, 1)[:, None], told.masks.flatten(0, 1)[:, None]
    with torch.no_grad():
        points = uncertain_points(
            flat, count=config.points, oversample=config.oversample,
            importance=config.importance, generator=generator,
        )  # fmt: skip
        wanted = sample(masks.logit(1e-6), points, align_corners=False)[:, 0].sigmoid()
        entropy = F.binary_cross_entropy(wanted, wanted, reduction="none")
    heard = sample(flat, points, align_corners=False)[:, 0]
    crossed = F.binary_cross_entropy_with_logits(heard, wanted, reduction="none")
    each = (crossed - entropy).mean(1).view(told.choice.shape)
    return (each * told.choice).sum() / len(each)


def _rows(maps: PromptMaps, rows: Tensor) -> PromptMaps:
    memory = None if maps.memory is None else maps.memory[rows]
    return PromptMaps(maps.positive[rows], maps.negative[rows], maps.region[rows], memory)


def _seen(maps: PromptMaps, side: int, *, mirrored: bool) -> PromptMaps:
    """``maps`` at another size, at which no mark is lost, and mirrored."""

    def drawn(x: Tensor) -> Tensor:
        smaller = F.adaptive_max_pool2d(x.float(), (side, side)) > 0
        return smaller.flip(-1) if mirrored else smaller

    memory = maps.memory
    if memory is not None:
        memory = F.interpolate(
            memory[:, None], size=(side // 4, side // 4), mode="bilinear", align_corners=False
        )[:, 0]
        memory = memory.flip(-1) if mirrored else memory
    return PromptMaps(drawn(maps.positive), drawn(maps.negative), drawn(maps.region), memory)
