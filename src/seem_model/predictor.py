"""The numpy door: images, prompts and answers in original pixels; torch stays inside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from seem_model import everything, vocabulary, zoom
from seem_model.encoded import Encoded, ImageFeatures, Look, Memory, encode_crop, encode_whole
from seem_model.errors import PromptError
from seem_model.everything import Objects, Thresholds
from seem_model.image import to_rgb
from seem_model.marks import obeyed
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.modeling.seem import Seem
from seem_model.readout import Answer, by_click, by_text
from seem_model.settling import may_settle
from seem_model.values import Prompts, Round, Segmentation
from seem_model.vocabulary import NameList, Vocabulary
from seem_model.words import Words, encode_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seem_model.frame import Box


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model ready to answer; make one with :func:`seem_model.load`.

    Parameters
    ----------
    model : Seem
        In evaluation mode, on ``device``.
    name : str
        For people and reports.
    device : str
    listed : NameList
        Names used for objects unless a call brings its own.
    words : Vocabulary
        The same, with vectors.
    zoom_in : bool
        Whether small objects are looked at again in a crop.
    """

    model: Seem
    name: str
    device: str
    listed: NameList
    words: Vocabulary
    zoom_in: bool = True
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Class names used to name objects."""
        return self.listed.names

    @property
    def has_text(self) -> bool:
        """Whether phrases are understood."""
        return True

    def with_vocabulary(self, names: Sequence[str]) -> Predictor:
        """The same model with another class list.

        Raises
        ------
        PromptError
            If the list is empty or a name is too long.
        """
        listed = vocabulary.clean(names, self.listed)
        return replace(self, listed=listed, words=Vocabulary.build(self.model, listed))

    def without_zoom(self) -> Predictor:
        """The same model, never looking at crops (for ablations and weak machines)."""
        return replace(self, zoom_in=False)

    # ------------------------------------------------------------------ image
    @torch.inference_mode()
    def features(self, image: NDArray[Any]) -> ImageFeatures:
        """Encode an image once for all prompts.

        Parameters
        ----------
        image : array
            Anything :func:`seem_model.image.to_rgb` takes.

        Raises
        ------
        ImageError
            If it makes no sense as an image.
        """
        rgb = to_rgb(image)
        return ImageFeatures(rgb, encode_whole(self.model, rgb))

    # ------------------------------------------------------------------ one round
    @torch.inference_mode()
    def step(
        self, features: ImageFeatures, prompts: Prompts, memory: Memory | None = None
    ) -> Round:
        """Answer prompts about one object, refining ``memory`` if there is one.

        Parameters
        ----------
        features, prompts
            The image, and all that was drawn and said about the object so far.
        memory : object or None
            ``Round.memory`` of the round that is refined.

        Raises
        ------
        PromptError
            If there is nothing to find, the sizes differ, or a phrase is too long.
        """
        if prompts.shape != features.shape:
            raise PromptError(
                f"The prompts were drawn on {prompts.shape} pixels, the image has {features.shape}."
            )
        if prompts.is_empty:
            raise PromptError(
                "There is nothing to find yet: click on the object, draw on it, or type what "
                "it is. Negative marks alone do not say what you want."
            )
        words = encode_words(self.model, prompts, features.examples)
        drawn = bool(prompts.positive.any()) or prompts.region is not None
        if not drawn and memory is None and words.phrases is not None and words.example is None:
            return self._phrase_round(features, prompts, words)
        return self._round(prompts, self._look(features, prompts, memory, words))

    def _look(
        self, features: ImageFeatures, prompts: Prompts, memory: Memory | None, words: Words
    ) -> Look:
        """The whole image first, unless memory or a region says where the object is."""
        zooms = self.zoom_in and self.model.config.frame.zoom_side > 0
        look, known = None, memory
        if memory is None and (prompts.region is None or not zooms):
            look = self._ask(features.whole, prompts, None, words)
            known = look.remembered(prompts)
        box = self._view(prompts, known, features.whole.frame.box) if zooms else None
        if look is None or box is not None:
            shown = features.whole if box is None else encode_crop(self.model, features, box)
            look = self._ask(shown, prompts, known, words)
        if memory is None or not may_settle(memory.prompts, prompts):
            return look
        return look.settled(memory, prompts)

    def _view(self, prompts: Prompts, known: Memory | None, whole: Box) -> Box | None:
        """The crop to look at, the one of the round before if it still serves; None: no crop."""
        wanted = zoom.need(None if known is None else known.logits > 0, prompts)
        if wanted is None:
            return None
        if known is not None and known.box != whole and zoom.still_good(known.box, wanted):
            return known.box
        return zoom.view(wanted)

    def _ask(self, shown: Encoded, prompts: Prompts, known: Memory | None, words: Words) -> Look:
        frame = shown.frame
        region = np.zeros(prompts.shape, bool) if prompts.region is None else prompts.region
        maps = PromptMaps(
            positive=frame.marks(prompts.positive).to(self.device),
            negative=frame.marks(prompts.negative).to(self.device),
            region=frame.mask(region).to(self.device),
            memory=None if known is None else known.seen_in(frame)[None].to(self.device),
        )
        decoded = self.model.decode_prompts(
            shown.features, maps, text=words.tokens, example=words.example
        )
        answer = by_click(decoded, maps.positive, maps.negative)
        return self._seen(shown, answer)

    def _phrase_round(self, features: ImageFeatures, prompts: Prompts, words: Words) -> Round:
        shown = features.whole
        if words.tokens is None or words.phrases is None:
            raise PromptError("There is no phrase to look for.")
        decoded = self.model.decode_phrases(shown.features, words.tokens)
        answer, _ = by_text(decoded, words.phrases, self.model.logit_scale.exp())
        return self._round(prompts, self._seen(shown, answer))

    def _seen(self, shown: Encoded, answer: Answer) -> Look:
        concepts = self.model.meaning(shown.features, answer.logits[None], answer.concepts[None])
        return Look(answer.logits[0].float().cpu(), concepts[0], shown.frame)

    def _round(self, prompts: Prompts, look: Look) -> Round:
        logits = look.frame.back(look.coarse, prompts.shape)
        logits = obeyed(logits, prompts.positive, prompts.negative)
        mask = logits > 0
        inside = logits[mask]
        score = float((1 / (1 + np.exp(-inside))).mean()) if inside.size else 0.0
        similarity = self.model.similarity(look.concepts, self.words.embeddings[:-1])
        best = similarity[0].softmax(dim=0).max(dim=0)
        return Round(
            prompts=prompts,
            mask=mask,
            score=score,
            label=self.words.names[int(best.indices)] if mask.any() else "",
            label_score=float(best.values) if mask.any() else 0.0,
            memory=look.remembered(prompts),
        )

    # ------------------------------------------------------------------ everything
    def panoptic(
        self, features: ImageFeatures, *, classes: Sequence[str] | None = None
    ) -> Segmentation:
        """Things and stuff, each pixel at most one segment; no prompt needed."""
        found, words = self._objects(features, classes)
        return everything.panoptic(found, words, *self._grid(features), self.thresholds)

    def instances(
        self, features: ImageFeatures, *, classes: Sequence[str] | None = None
    ) -> Segmentation:
        """Things, one segment each; no prompt needed."""
        found, words = self._objects(features, classes)
        return everything.instances(found, words, *self._grid(features), self.thresholds)

    def semantic(
        self, features: ImageFeatures, *, classes: Sequence[str] | None = None
    ) -> Segmentation:
        """One segment for each class that is there; no prompt needed."""
        found, words = self._objects(features, classes)
        return everything.semantic(found, words, *self._grid(features), self.thresholds)

    @torch.inference_mode()
    def _objects(
        self, features: ImageFeatures, classes: Sequence[str] | None
    ) -> tuple[Objects, Vocabulary]:
        words = self.words if not classes else self.with_vocabulary(classes).words
        decoded = self.model.decode_objects(features.whole.features)
        if decoded.objects is None:
            raise PromptError("This model has no object queries.")
        shown, queries = features.whole.features, decoded.objects
        concepts = self.model.meaning(shown, queries.logits, queries.concepts)
        logits = self.model.similarity(concepts[0], words.embeddings)
        masks = queries.logits[0].float().cpu()
        return Objects(logits.softmax(dim=1).float().cpu(), masks), words

    def _grid(self, features: ImageFeatures) -> tuple[everything.Resize, tuple[int, int]]:
        frame, shape = features.whole.frame, features.shape
        return lambda logits: frame.back(logits, shape), shape
