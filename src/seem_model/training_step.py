"""One training step as one module with one ``forward``, as distributed wrappers need it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.frame import normalised
from seem_model.losses import added, click_losses, layers
from seem_model.modeling.names import BACKGROUND, PhraseBook
from seem_model.readout import by_prompts
from seem_model.training_names import Dropout, naming_loss, places_loss, query_names_loss
from seem_model.training_objects import objects_loss
from seem_model.training_phrases import phrases_loss
from seem_model.training_rounds import RoundsConfig, prompt_maps, settle, with_corrections
from seem_model.training_seeds import seeds_loss
from seem_model.training_spoiling import nearly_right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seem_model.data.batch import Ask, Batch
    from seem_model.loss_config import LossConfig
    from seem_model.modeling.attention import TokenGroup
    from seem_model.modeling.decoded import Decoded, Features
    from seem_model.modeling.dense_prompt import PromptMaps
    from seem_model.modeling.seem import Seem
    from seem_model.modeling.visual_sampler import VisualTokens
    from seem_model.training_mask_teacher import Lesson, MaskTeacher
    from seem_model.training_teacher import Teacher

T = TypeVar("T")


@dataclass(frozen=True)
class Schedule:
    """Which parts of the step run this time."""

    objects: bool
    phrases: bool


class TrainingStep(nn.Module):
    """Losses of a batch: clicks and names always, objects and phrases when scheduled.

    Parameters
    ----------
    model : Seem
    book : PhraseBook
        Frozen text states.
    loss : LossConfig
    rounds : RoundsConfig
    teacher : Teacher or None
        Needed where ``loss.teacher`` is not 0.
    mask_teacher : MaskTeacher or None
        Needed where ``loss.mask_teacher`` is not 0.
    """

    def __init__(
        self, model: Seem, *, book: PhraseBook, loss: LossConfig, rounds: RoundsConfig,
        teacher: Teacher | None = None, mask_teacher: MaskTeacher | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.model = model
        self.book = book
        self.loss = loss
        self.rounds = rounds
        self.teacher = teacher
        self.mask_teacher = mask_teacher

    @property
    def device(self) -> torch.device:
        """Where the model is; batches come from the processor's memory."""
        return self.model.logit_scale.device

    def _to_model(self, masks: Sequence[NDArray[np.bool_]]) -> Tensor:
        """N (H, W) masks as (N, H, W) bool."""
        return torch.from_numpy(np.stack(masks)).to(self.device)

    def forward(
        self, batch: Batch, schedule: Schedule, *, rng: np.random.Generator,
        generator: torch.Generator,
    ) -> dict[str, Tensor]:  # fmt: skip
        """Weighted losses by name; their sum is what is minimised."""
        frame = self.model.config.frame
        images = torch.stack(
            [normalised(v.crop.image, (v.crop.height, v.crop.width), frame) for v in batch.views]
        ).to(self.device)
        images = images.contiguous(memory_format=torch.channels_last)
        features = self.model.encode_image(images)
        losses: dict[str, Tensor] = {}
        if self.loss.clicks.any:
            taught = self.mask_teacher
            lesson = None if taught is None else taught.lesson(images, batch.asks)
            losses |= self._clicks(features, batch, rng, generator, lesson)
        if self.model.naming is not None:
            dropout = Dropout(self.loss.naming_dropout, generator)
            naming = naming_loss(self.model, self.book, features, batch, dropout)
            losses["naming_ce"] = naming * self.loss.naming
            if self.loss.places:
                places = places_loss(self.model, self.book, features, batch, dropout)
                losses["places_ce"] = places * self.loss.places
        if self.model.seeds is not None:
            seeds = seeds_loss(self.model, features, batch)
            losses["seeds_bce"] = seeds * self.loss.seeds
        if self.teacher is not None:
            last = features.deep[self.teacher.last]
            losses["teacher_kl"] = self.teacher.loss(images, last) * self.loss.teacher
        if schedule.objects:
            losses |= objects_loss(
                self.model, self.book, features, batch, config=self.loss, generator=generator
            )
        if schedule.phrases:
            losses |= phrases_loss(
                self.model, self.book, features, batch, config=self.loss, generator=generator
            )
        return losses

    # ------------------------------------------------------------------ clicks
    def _clicks(
        self, features: Features, batch: Batch, rng: np.random.Generator,
        generator: torch.Generator, lesson: Lesson | None,
    ) -> dict[str, Tensor]:  # fmt: skip
        asks = batch.asks
        index = torch.tensor([a.image for a in asks], device=self.device)
        truth = self._to_model([a.truth for a in asks])
        rows = features.rows(index)
        maps = prompt_maps(asks).to(self.device)
        text = self._text([a.text for a in asks])
        example = self._examples(features, asks, index)
        first: dict[str, Tensor] = {}
        before = None
        spoils = self.rounds.spoils(rng)
        if spoils:
            maps = self._nearly_right(maps, truth, rng)
        for number in range(1, 0 if spoils else self.rounds.drawn(rng) + 1):
            learned = number == 1 and self.rounds.first > 0
            with torch.set_grad_enabled(learned):
                decoded = self.model.decode_prompts(
                    rows, maps, text=text, example=example, every_layer=learned,
                    generator=generator if learned else None,
                )  # fmt: skip
                if learned:
                    first = self._click_losses(decoded, batch, truth, generator)
                    first |= self._told(lesson, decoded, maps, generator)
            logits = by_prompts(decoded).of(0).logits.detach()
            if self.rounds.settle:
                logits = settle(before, maps, logits, number=number)
            before, maps = maps, self._corrected(logits, maps, truth, rng)
        if maps.memory is not None and rng.random() < self.rounds.forget:
            maps = maps.with_memory(None)
        decoded = self.model.decode_prompts(
            rows, maps, text=text, example=example, every_layer=True, generator=generator
        )
        last = self._click_losses(decoded, batch, truth, generator)
        last |= self._told(lesson, decoded, maps, generator)
        return added(last, {k: v * self.rounds.first for k, v in first.items()})

    def _told(
        self, lesson: Lesson | None, decoded: Decoded, maps: PromptMaps, generator: torch.Generator
    ) -> dict[str, Tensor]:
        if lesson is None:
            return {}
        return lesson.losses(decoded, maps, config=self.loss, generator=generator)

    def _click_losses(
        self, decoded: Decoded, batch: Batch, truth: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        summed: dict[str, Tensor] = {}
        index = torch.zeros(0, dtype=torch.int64, device=self.device)
        for layer in layers(decoded):
            terms, index = click_losses(
                _present(layer.spatial), _present(decoded.pooled), truth[:, None],
                config=self.loss, generator=generator,
            )  # fmt: skip
            summed = added(summed, terms)
        if self.model.naming is None:
            concepts = _present(decoded.spatial).concepts
            picked = concepts[torch.arange(len(index), device=self.device), index]
            summed["names_ce"] = query_names_loss(self.model, self.book, picked, batch)
            summed["names_ce"] *= self.loss.names
        return summed

    def _corrected(
        self, logits: Tensor, maps: PromptMaps, truth: Tensor, rng: np.random.Generator
    ) -> PromptMaps:
        """What was asked, the answer as memory, and the click that a careful person would add."""
        size = truth.shape[-2:]
        masks = F.interpolate(logits[:, None], size=size, mode="bilinear", align_corners=False)
        answers = (masks[:, 0] > 0).cpu().numpy()
        clicked = with_corrections(maps, truth.cpu().numpy(), answers, rng=rng, rounds=self.rounds)
        return clicked.with_memory(logits)

    def _nearly_right(
        self, maps: PromptMaps, truth: Tensor, rng: np.random.Generator
    ) -> PromptMaps:
        """As after many clicks, and the next one."""
        truths = truth.cpu().numpy()
        known, answers = nearly_right(maps, truths, rng=rng, rounds=self.rounds)
        return with_corrections(known, truths, answers, rng=rng, rounds=self.rounds)

    def _text(self, phrases: list[str]) -> TokenGroup | None:
        if not any(phrases):
            return None
        states = self.book.states([p or BACKGROUND for p in phrases]).to(self.device)
        given = torch.tensor([bool(p) for p in phrases], device=self.device)
        tokens = self.model.phrase_tokens(states)
        return replace(tokens, padding=tokens.padding | ~given[:, None])

    def _examples(
        self, features: Features, asks: tuple[Ask, ...], index: Tensor
    ) -> VisualTokens | None:
        if all(a.example is None for a in asks):
            return None
        masks = [np.zeros_like(a.truth) if a.example is None else a.example for a in asks]
        return self.model.example_tokens(features.rows(index), self._to_model(masks))


def _present(value: T | None) -> T:
    if value is None:
        raise ValueError("The decoder was not asked for these queries.")
    return value
