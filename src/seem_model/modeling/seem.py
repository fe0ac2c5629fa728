"""SEEM: the boxes of the paper's figure, joined."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.modeling.attention import TokenGroup, group
from seem_model.modeling.build import (
    build_backbone,
    build_imagenet_stages,
    build_pixel_decoder,
    reads_imagenet,
)
from seem_model.modeling.decoded import Decoded, Features, Request
from seem_model.modeling.decoder import Decoder
from seem_model.modeling.dense_prompt import DensePrompt, PromptMaps
from seem_model.modeling.naming import Naming
from seem_model.modeling.seeds import Seeds
from seem_model.modeling.text import TextStates, build_text
from seem_model.modeling.visual_sampler import VisualTokens, gather_points

if TYPE_CHECKING:
    from pathlib import Path

    from seem_model.config import ModelConfig
    from seem_model.modeling.naming import Disturb


class Seem(nn.Module):
    """Image and prompts in, masks with meaning out.

    Parameters
    ----------
    config : ModelConfig
    folder : Path or None
        Where the text tower's own files are (tokenizer, frozen weights), if it has any.

    Raises
    ------
    ConfigError
        If parts of the configuration do not go together.
    """

    def __init__(self, config: ModelConfig, *, folder: Path | None = None) -> None:
        super().__init__()
        self.config = config
        self.backbone = build_backbone(config.backbone)
        pixel, decoder = config.pixel_decoder, config.decoder
        channels = self.backbone.channels
        self.pixel_decoder = build_pixel_decoder(channels, pixel)
        self.decoder = Decoder(decoder, level_width=pixel.width, mask_width=pixel.mask_width)
        self.dense = (
            None
            if config.dense is None
            else DensePrompt(pixel.width, pixel.mask_width, config.dense)
        )
        self.text = build_text(config.text, folder)
        width = self.text.width
        self.lang_proj = nn.Parameter(torch.empty(width, decoder.concept))
        nn.init.trunc_normal_(self.lang_proj, std=width**-0.5)
        shared = decoder.concept == decoder.width
        self.token_proj = None if shared else nn.Linear(width, decoder.width)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        naming = config.naming
        self.naming = (
            None
            if naming is None
            else Naming(channels[-naming.maps :], decoder.concept, imagenet=naming.imagenet)
        )
        self.imagenet = build_imagenet_stages(config)
        seeds = config.seeds
        self.seeds = None if seeds is None else Seeds(pixel.width, pixel.mask_width, seeds)

    @property
    def proposes(self) -> bool:
        """Whether everything is found by clicks instead of object queries."""
        return self.config.proposals is not None and self.seeds is not None

    # ------------------------------------------------------------------ encoders
    def encode_image(self, images: Tensor) -> Features:
        """(B, 3, H, W) normalised, padded to the divisor -> features, once for all prompts."""
        maps = self.backbone(images)
        known = () if self.imagenet is None else self.imagenet(maps[0])
        beside = known if reads_imagenet(self.config.pixel_decoder) else ()
        mask, levels = self.pixel_decoder(maps + beside)
        naming = self.config.naming
        if naming is None:
            return Features(mask, levels)
        deep = maps[-naming.maps :]
        if naming.imagenet:
            deep += known[-naming.maps :]
        return Features(mask, levels, deep)

    def prepared(self, features: Features) -> Features:
        """Features of an image that many prompts will ask about.

        Where prompts do not change the features, what all of them would compute is computed now.
        """
        return self.decoder.prepared(features) if self.dense is None else features

    def phrase_tokens(self, states: TextStates) -> TokenGroup:
        """Phrase states (N, T, D) as decoder tokens of kind ``text``."""
        value = states.tokens
        value = value @ self.lang_proj if self.token_proj is None else self.token_proj(value)
        return group("text", value, value.detach(), padding=states.padding)

    def phrase_embedding(self, summary: Tensor) -> Tensor:
        """(N, D) tower summaries -> (N, concept), normalised."""
        return F.normalize(summary @ self.lang_proj, dim=-1)

    def similarity(self, concepts: Tensor, embeddings: Tensor) -> Tensor:
        """Temperature-scaled cosine: (..., N, D) queries against (K, D) names -> (..., N, K).

        Official models do not limit the temperature (SEEM §4).
        """
        scale = self.logit_scale.exp()
        scale = scale.clamp(max=100) if self.config.composed else scale
        return scale * F.normalize(concepts, dim=-1) @ embeddings.transpose(-1, -2)

    def meaning(self, features: Features, masks: Tensor, concepts: Tensor) -> Tensor:
        """What answers stand for in the text space.

        Parameters
        ----------
        features : Features
            Of B images, as :meth:`encode_image` gave them.
        masks : (B, N, H/4, W/4) float
            Mask logits of the answers.
        concepts : (B, N, D) float
            Of the queries that gave them; the meaning, unless there is a naming head.

        Returns
        -------
        (B, N, D) float, not normalised
        """
        return concepts if self.naming is None else self.naming(features.deep, masks.sigmoid())

    def meanings(
        self, features: Features, masks: Tensor, *, disturb: Disturb | None = None
    ) -> tuple[Tensor, ...]:
        """What each reader of the naming head makes of answers, see :meth:`meaning`.

        ``disturb``, in training, is what becomes of normalised features before they are read.
        """
        if self.naming is None:
            return ()
        return self.naming.each(features.deep, masks.sigmoid(), disturb=disturb)

    def meanings_everywhere(
        self, features: Features, *, disturb: Disturb | None = None
    ) -> tuple[Tensor, ...]:
        """What each reader makes of every place, see :meth:`meaning_everywhere`."""
        if self.naming is None:
            return ()
        return self.naming.each_everywhere(features.deep, disturb=disturb)

    def meaning_everywhere(self, features: Features) -> Tensor | None:
        """(B, h, w, D) float, not normalised: what each place stands for, at stride 16.

        None for models without a naming head.
        """
        return None if self.naming is None else self.naming.everywhere(features.deep)

    def depth(self, features: Features) -> Tensor:
        """(B, H/4, W/4) logits of how deep inside some object each place lies.

        Raises
        ------
        ValueError
            If the model has no seeds head.
        """
        if self.seeds is None:
            raise ValueError("This model has no seeds head.")
        depth: Tensor = self.seeds(features)
        return depth

    # ------------------------------------------------------------------ the decoder's passes
    def decode_objects(self, features: Features, *, every_layer: bool = False) -> Decoded:
        """No prompt: what is there (panoptic, instances, semantic are readouts of this)."""
        return self.decoder(features, Request(objects=True), every_layer=every_layer)

    def decode_phrases(
        self, features: Features, text: TokenGroup, *, every_layer: bool = False
    ) -> Decoded:
        """One phrase for each image of the batch, nothing drawn."""
        joint = self.config.decoder.prompting == "joint"
        request = Request(objects=joint, grounding=not joint, text=text)
        return self.decoder(features, request, every_layer=every_layer)

    def decode_prompts(
        self, features: Features, maps: PromptMaps, *, text: TokenGroup | None = None,
        example: VisualTokens | None = None, every_layer: bool = False,
        generator: torch.Generator | None = None,
    ) -> Decoded:  # fmt: skip
        """One object a row: drawn prompts, memory, phrase and example together.

        Parameters
        ----------
        features : Features
            N images (repeat an image for each of its objects).
        maps : PromptMaps
            N drawn prompts on the padded grid.
        text : TokenGroup or None
            N phrases.
        example : VisualTokens or None
            N examples, from :meth:`example_tokens`.
        """
        if self.dense is not None:
            features = Features(*self.dense(features.mask, features.levels, maps))
        drawn = maps.positive.flatten(1).any(dim=1)[:, None, None]
        inside = torch.where(drawn, maps.positive, maps.region)
        points = gather_points(
            inside[:, None], maps.negative[:, None],
            limit=self.config.decoder.max_points, generator=generator,
        )  # fmt: skip
        # The joint layout has neither queries of its own for prompts, nor memory.
        joint = self.config.decoder.prompting == "joint"
        memory = None if joint or maps.memory is None else maps.memory[:, None]
        request = Request(
            objects=joint, spatial=not joint, points=points, text=text, example=example,
            memory=memory,
        )  # fmt: skip
        return self.decoder(features, request, every_layer=every_layer, generator=generator)

    def example_tokens(self, features: Features, mask: Tensor) -> VisualTokens:
        """Tokens of examples marked in their own images; ``mask`` (N, H, W) bool."""
        negative = torch.zeros_like(mask)
        limit = self.config.decoder.max_points
        points = gather_points(mask[:, None], negative[:, None], limit=limit)
        scene = self.decoder.scene(features)
        return self.decoder.sampler(points, scene.maps, scene.fine)
