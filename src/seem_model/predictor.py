"""The numpy door: images, prompts and answers in original pixels; torch stays inside."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seem_model import checkpoint as checkpoints
from seem_model import everything, vocabulary, zoom
from seem_model.config import TINY, FrameConfig
from seem_model.errors import CheckpointError, PromptError
from seem_model.everything import Objects, Thresholds
from seem_model.frame import Box, Frame
from seem_model.image import to_rgb
from seem_model.modeling.attention import TokenGroup
from seem_model.modeling.decoded import Features
from seem_model.modeling.dense_prompt import PromptMaps
from seem_model.modeling.seem import Seem
from seem_model.modeling.visual_sampler import VisualTokens
from seem_model.readout import Answer, by_click, by_text
from seem_model.values import RGB, Exemplar, Prompts, Round, Segmentation
from seem_model.vocabulary import NameList, Vocabulary

_CROPS_KEPT = 4


@dataclass(frozen=True, eq=False)
class Encoded:
    """One view of an image after the image encoder."""

    frame: Frame
    features: Features


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """An encoded image; opaque to callers but for its shape.

    ``crops`` is a small cache of zoomed-in views, filled as objects are clicked.
    """

    image: RGB
    whole: Encoded
    crops: OrderedDict[Box, Encoded] = field(default_factory=OrderedDict, repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the original image."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True, eq=False)
class Memory:
    """What a round leaves for the next: mask logits in original pixels and the view used."""

    logits: NDArray[np.float32]  # (H, W)
    box: Box


@dataclass(frozen=True, eq=False)
class _Words:
    """Text and example of a prompt, encoded once for all views of a round."""

    tokens: TokenGroup | None
    phrases: Tensor | None
    example: VisualTokens | None


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model ready to answer; make one with :func:`load`.

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
        box = Box(0, 0, rgb.shape[0], rgb.shape[1])
        return ImageFeatures(rgb, self._encode(rgb, box, self._frame_config.long_side))

    @property
    def _frame_config(self) -> FrameConfig:
        return self.model.config.frame

    def _encode(self, rgb: RGB, box: Box, long_side: int) -> Encoded:
        config = self._frame_config
        # A zoomed view may grow as much as it needs: that is its purpose.
        whole = (box.height, box.width) == rgb.shape[:2]
        limits = config if whole else replace(config, max_upscale=float("inf"))
        frame = Frame.fit(box, long_side=long_side, config=limits)
        pixels = frame.image(rgb, config).to(self.device)
        return Encoded(frame, self.model.encode_image(pixels))

    def _crop(self, features: ImageFeatures, box: Box) -> Encoded:
        crops = features.crops
        if box not in crops:
            crops[box] = self._encode(features.image, box, self._frame_config.zoom_side)
            if len(crops) > _CROPS_KEPT:
                crops.popitem(last=False)
        crops.move_to_end(box)
        return crops[box]

    # ------------------------------------------------------------------ one round
    @torch.inference_mode()
    def step(
        self, features: ImageFeatures, prompts: Prompts, memory: Memory | None = None
    ) -> Round:
        """Answer prompts about one object, refining ``memory`` if there is one.

        Parameters
        ----------
        features : ImageFeatures
        prompts : Prompts
            All that was drawn and said about the object so far.
        memory : object or None
            ``Round.memory`` of the round that is refined.

        Raises
        ------
        PromptError
            If there is nothing to find, the sizes differ, or a phrase is too long.
        """
        if prompts.shape != features.shape:
            raise PromptError(
                f"The prompts were drawn on {prompts.shape} pixels, the image has "
                f"{features.shape}."
            )
        if prompts.is_empty:
            raise PromptError(
                "There is nothing to find yet: click on the object, draw on it, or type what "
                "it is. Negative marks alone do not say what you want."
            )
        words = self._words(prompts)
        drawn = bool(prompts.positive.any()) or prompts.region is not None
        if not drawn and memory is None and words.phrases is not None:
            return self._phrase_round(features, prompts, words)
        logits, answer, box = self._look(features, prompts, memory, words)
        return self._round(prompts, logits, answer, box)

    def _look(
        self, features: ImageFeatures, prompts: Prompts, memory: Memory | None, words: _Words
    ) -> tuple[NDArray[np.float32], Answer, Box]:
        """The whole image first, unless memory or a region says where the object is."""
        logits = None if memory is None else memory.logits
        answer = None
        zooms = self.zoom_in and self._frame_config.zoom_side > 0
        if logits is None and (prompts.region is None or not zooms):
            logits, answer = self._ask(features, features.whole, prompts, None, words)
        box = self._view(features, prompts, logits, memory) if zooms else None
        if box is None:
            if answer is None:
                logits, answer = self._ask(features, features.whole, prompts, logits, words)
            box = features.whole.frame.box
        else:
            crop = self._crop(features, box)
            logits, answer = self._ask(features, crop, prompts, logits, words)
        if logits is None:
            raise PromptError("There is nothing to find yet.")
        return logits, answer, box

    def _view(
        self, features: ImageFeatures, prompts: Prompts, logits: NDArray[np.float32] | None,
        memory: Memory | None,
    ) -> Box | None:  # fmt: skip
        wanted = zoom.need(None if logits is None else logits > 0, prompts)
        if wanted is None:
            return None
        whole = features.whole.frame.box
        if memory is not None and memory.box != whole and zoom.still_good(memory.box, wanted):
            return memory.box
        return zoom.view(wanted)

    def _ask(
        self, features: ImageFeatures, shown: Encoded, prompts: Prompts,
        logits: NDArray[np.float32] | None, words: _Words,
    ) -> tuple[NDArray[np.float32], Answer]:  # fmt: skip
        frame = shown.frame
        region = np.zeros(prompts.shape, bool) if prompts.region is None else prompts.region
        maps = PromptMaps(
            positive=frame.mask(prompts.positive).to(self.device),
            negative=frame.mask(prompts.negative).to(self.device),
            region=frame.mask(region).to(self.device),
            memory=None if logits is None else frame.memory(logits).to(self.device),
        )
        decoded = self.model.decode_prompts(
            shown.features, maps, text=words.tokens, example=words.example
        )
        answer = by_click(decoded, maps.positive, maps.negative)
        return frame.back(answer.logits[0].float().cpu(), features.shape), answer

    def _phrase_round(self, features: ImageFeatures, prompts: Prompts, words: _Words) -> Round:
        shown = features.whole
        if words.tokens is None or words.phrases is None:
            raise PromptError("There is no phrase to look for.")
        decoded = self.model.decode_phrases(shown.features, words.tokens)
        answer, _ = by_text(decoded, words.phrases, self.model.logit_scale.exp())
        logits = shown.frame.back(answer.logits[0].float().cpu(), features.shape)
        return self._round(prompts, logits, answer, shown.frame.box)

    def _words(self, prompts: Prompts) -> _Words:
        tokens = phrases = example = None
        if prompts.text:
            states = self.model.text.encode([prompts.text])
            tokens = self.model.phrase_tokens(states)
            phrases = self.model.phrase_embedding(states.summary)
        if prompts.exemplar is not None:
            example = self._example(prompts.exemplar)
        return _Words(tokens, phrases, example)

    def _example(self, exemplar: Exemplar) -> VisualTokens:
        box = Box(0, 0, exemplar.image.shape[0], exemplar.image.shape[1])
        shown = self._encode(exemplar.image, box, self._frame_config.long_side)
        mask = shown.frame.mask(exemplar.mask).to(self.device)
        return self.model.example_tokens(shown.features, mask)

    def _round(
        self, prompts: Prompts, logits: NDArray[np.float32], answer: Answer, box: Box
    ) -> Round:
        mask = logits > 0
        inside = logits[mask]
        score = float((1 / (1 + np.exp(-inside))).mean()) if inside.size else 0.0
        similarity = self.model.similarity(answer.concepts, self.words.embeddings[:-1])
        best = similarity[0].softmax(dim=0).max(dim=0)
        return Round(
            prompts=prompts,
            mask=mask,
            score=score,
            label=self.words.names[int(best.indices)] if mask.any() else "",
            label_score=float(best.values) if mask.any() else 0.0,
            memory=Memory(logits, box),
        )

    # ------------------------------------------------------------------ everything
    def panoptic(
        self, features: ImageFeatures, *, classes: Sequence[str] | None = None
    ) -> Segmentation:
        """Things and stuff, each pixel at most one segment; no prompt needed."""
        found, words = self._objects(features, classes)
        resize, shape = self._resize(features), features.shape
        return everything.panoptic(found, words, resize, shape, self.thresholds)

    def instances(
        self, features: ImageFeatures, *, classes: Sequence[str] | None = None
    ) -> Segmentation:
        """Things, one segment each; no prompt needed."""
        found, words = self._objects(features, classes)
        resize, shape = self._resize(features), features.shape
        return everything.instances(found, words, resize, shape, self.thresholds)

    def semantic(
        self, features: ImageFeatures, *, classes: Sequence[str] | None = None
    ) -> Segmentation:
        """One segment for each class that is there; no prompt needed."""
        found, words = self._objects(features, classes)
        resize, shape = self._resize(features), features.shape
        return everything.semantic(found, words, resize, shape, self.thresholds)

    @torch.inference_mode()
    def _objects(
        self, features: ImageFeatures, classes: Sequence[str] | None
    ) -> tuple[Objects, Vocabulary]:
        words = self.words if not classes else self.with_vocabulary(classes).words
        decoded = self.model.decode_objects(features.whole.features)
        if decoded.objects is None:
            raise PromptError("This model has no object queries.")
        logits = self.model.similarity(decoded.objects.concepts[0], words.embeddings)
        masks = decoded.objects.logits[0].float().cpu()
        return Objects(logits.softmax(dim=1).float().cpu(), masks), words

    def _resize(self, features: ImageFeatures) -> everything.Resize:
        frame = features.whole.frame
        return lambda logits: frame.back(logits, features.shape)


def load(checkpoint: str | Path = "lite", *, device: str = "cpu") -> Predictor:
    """Load a model.

    Parameters
    ----------
    checkpoint : str or Path
        "lite" (the embedded default), "tiny" (untrained, seeded; for tests) or a folder with
        ``config.json`` and ``model.safetensors``.
    device : str
        "cpu", "cuda", "mps", or "auto" for the best one there is.

    Raises
    ------
    CheckpointError
        If the checkpoint is missing, damaged or not one of ours, or the device is not there.
    """
    place = _device(device)
    if str(checkpoint) == "tiny":
        torch.manual_seed(0)
        model, folder = checkpoints.build(TINY), checkpoints.EMBEDDED / "none"
    else:
        folder = checkpoints.EMBEDDED if str(checkpoint) == "lite" else Path(checkpoint)
        model = checkpoints.load_model(folder)
    model = model.to(place, memory_format=torch.channels_last).eval().requires_grad_(False)
    listed, summaries = vocabulary.read(folder)
    words = Vocabulary.build(model, listed, summaries)
    name = str(checkpoint) if folder != checkpoints.EMBEDDED else "lite"
    return Predictor(model=model, name=name, device=place, listed=listed, words=words)


def _device(wanted: str) -> str:
    available = {"cpu": True, "cuda": torch.cuda.is_available()}
    available["mps"] = torch.backends.mps.is_available()
    if wanted == "auto":
        return "cuda" if available["cuda"] else "mps" if available["mps"] else "cpu"
    kind = wanted.split(":")[0]
    if kind not in available:
        raise CheckpointError(f'Unknown device "{wanted}"; choose auto, cpu, cuda or mps.')
    if not available[kind]:
        raise CheckpointError(f'This machine has no "{wanted}" device; choose "cpu" or "auto".')
    return wanted
