"""The numpy door: images, prompts and answers in original pixels; torch stays inside."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from seem_model import answering, automatic, looking, vocabulary
from seem_model import similar as alike
from seem_model.encoded import ImageFeatures, Memory, encode_whole
from seem_model.errors import PromptError
from seem_model.everything import Thresholds
from seem_model.feature_file import fingerprint
from seem_model.image import to_rgb
from seem_model.interruptible import watched
from seem_model.modeling.seem import Seem
from seem_model.spill import Spill
from seem_model.vocabulary import NameList, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from seem_model.proposals import Watch
    from seem_model.values import Exemplar, Instance, Prompts, Round, Segmentation

    Names = Sequence[str] | None


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
    known : dict
        Vectors of names read before, see :meth:`Vocabulary.build`; other class lists share it.
    spill : Spill
    """

    model: Seem
    name: str
    device: str
    listed: NameList
    words: Vocabulary
    zoom_in: bool = True
    thresholds: Thresholds = field(default_factory=Thresholds)
    known: dict[str, Tensor] = field(default_factory=dict)
    spill: Spill = field(default_factory=Spill)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Class names used to name objects."""
        return self.listed.names

    @cached_property
    def fingerprint(self) -> str:
        """What the image features depend on besides the picture; see :mod:`feature_file`."""
        return fingerprint(self.model)

    def with_vocabulary(
        self, names: Sequence[str], *, things: Sequence[bool] | None = None,
        watch: Watch | None = None,
    ) -> Predictor:  # fmt: skip
        """The same model with another class list.

        Parameters
        ----------
        names : sequence of str
        things : sequence of bool or None
            Which of them are countable; None: as the vocabulary says, new names are.
        watch : callable or None
            Called with the share done, 0 to 1, while names are read; what it raises stops.

        Raises
        ------
        PromptError
            If the list is empty or a name is too long.
        """
        given = None if things is None else NameList(tuple(names), tuple(things))
        listed = given or vocabulary.clean(names, self.listed)
        words = Vocabulary.build(self.model, listed, known=self.known, watch=watch)
        return replace(self, listed=listed, words=words)

    def without_zoom(self) -> Predictor:
        """The same model, never looking at crops."""
        return replace(self, zoom_in=False)

    def with_sizes(self, *, long_side: int, short_side: int = 0) -> Predictor:
        """The same model, shown images at other sizes (see ``FrameConfig``).

        Raises
        ------
        PromptError
            If a side is too small.
        """
        if long_side < 32 or short_side < 0:
            raise PromptError("Images must be shown with a longer side of at least 32 pixels.")
        frame = replace(self.model.config.frame, long_side=long_side, short_side=short_side)
        model = copy(self.model)
        model.config = replace(model.config, frame=frame)
        return replace(self, model=model, name=f"{self.name} ({short_side}/{long_side})")

    @torch.inference_mode()
    def features(self, image: NDArray[Any], *, watch: Watch | None = None) -> ImageFeatures:
        """Encode an image once for all prompts.

        Parameters
        ----------
        image : array
            Anything :func:`seem_model.image.to_rgb` takes.
        watch : callable or None
            Called before every layer with the share done, 0 to 1; what it raises stops.

        Raises
        ------
        ImageError
            If it makes no sense as an image.
        """
        rgb = to_rgb(image)
        with watched(self.model, watch):
            return ImageFeatures(rgb, encode_whole(self.model, rgb))

    @torch.inference_mode()
    def step(
        self, features: ImageFeatures, prompts: Prompts, memory: Memory | None = None, *,
        watch: Watch | None = None,
    ) -> Round:  # fmt: skip
        """Answer prompts about one object, refining ``memory`` if there is one.

        Parameters
        ----------
        features, prompts
            The image, and all that was drawn and said about the object so far.
        memory : Memory or None
            Of the round that is refined.
        watch : callable or None
            Called with the share done, 0 to 1, while something is searched; what it raises stops.

        Raises
        ------
        PromptError
            If nothing is asked (negatives alone refine only), sizes differ, or a phrase is long.
        """
        return answering.answered(self, features, prompts, memory, watch)

    @torch.inference_mode()
    def memory_of(self, features: ImageFeatures, mask: NDArray[np.bool_]) -> Memory:
        """A mask (H, W) bool that another tool made, as the answer of a round to be refined.

        Raises
        ------
        PromptError
            If it is empty, not boolean, or of another size than the image.
        """
        made = looking.memory_of(self.model, features, mask, zoom_in=self.zoom_in)
        return made.spilled(self.spill)

    def similar(
        self, features: ImageFeatures, exemplars: Sequence[Exemplar], *,
        watch: Watch | None = None,
    ) -> tuple[Instance, ...]:  # fmt: skip
        """Everything in an image that is like the examples, best first.

        Parameters
        ----------
        features, watch
            As of :meth:`panoptic`, whose search is shared.
        exemplars : sequence of Exemplar
            Marked in this image (then they are found, too) or in others.

        Returns
        -------
        tuple of Instance
            Of what overlaps the best; most that score ``values.ALIKE`` or more are right.

        Raises
        ------
        PromptError
            If there is no example.
        """
        return alike.similar(self.model, features, exemplars, watch)

    def named(
        self, features: ImageFeatures, text: str, *, watch: Watch | None = None
    ) -> tuple[Instance, ...]:
        """What fits a phrase better than names of the vocabulary do; else as :meth:`similar`."""
        return alike.named(self.model, features, text, self.words, watch)

    def panoptic(
        self, features: ImageFeatures, *, classes: Names = None, watch: Watch | None = None
    ) -> Segmentation:
        """Things and stuff, each pixel at most one segment; no prompt needed.

        Parameters
        ----------
        features : ImageFeatures
        classes : sequence of str or None
            Names to choose from instead of the vocabulary.
        watch : callable or None
            Called with the share done, 0 to 1; what it raises stops.

        Raises
        ------
        PromptError
            If the class list is empty or a name is too long.
        """
        return self._everything(features, "panoptic", classes, watch)

    def instances(
        self, features: ImageFeatures, *, classes: Names = None, watch: Watch | None = None
    ) -> Segmentation:
        """Things, one segment each; parameters and errors as of :meth:`panoptic`."""
        return self._everything(features, "instances", classes, watch)

    def semantic(
        self, features: ImageFeatures, *, classes: Names = None, watch: Watch | None = None
    ) -> Segmentation:
        """One segment for each class; parameters and errors as of :meth:`panoptic`."""
        return self._everything(features, "semantic", classes, watch)

    def ranked(self, features: ImageFeatures, *, classes: Names = None) -> tuple[Instance, ...]:
        """Things that may be there, surest first, overlapping; errors as of :meth:`panoptic`."""
        words = self.words if not classes else self.with_vocabulary(classes).words
        return automatic.ranked(self.model, features, words, thresholds=self.thresholds)

    def _everything(
        self, features: ImageFeatures, kind: automatic.Kind, classes: Names, watch: Watch | None
    ) -> Segmentation:
        words = self.words if not classes else self.with_vocabulary(classes, watch=watch).words
        limit = self.thresholds
        return automatic.segment(self.model, features, words, kind, thresholds=limit, watch=watch)
