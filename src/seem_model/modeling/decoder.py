"""The prompt decoder: queries, prompt tokens and memory through masked attention (SEEM §3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seem_model.modeling.attention import (
    TABLES,
    CrossAttentionLayer,
    FeedForwardLayer,
    Kind,
    SelfAttentionLayer,
    TokenGroup,
    group,
    self_attention_mask,
)
from seem_model.modeling.decoded import Decoded, Features, Queries, Request, Scene
from seem_model.modeling.mask_heads import MaskEmbed, blocked_places
from seem_model.modeling.pixel_decoder import sine_position
from seem_model.modeling.visual_sampler import VisualSampler, VisualTokens

if TYPE_CHECKING:
    from seem_model.config import DecoderConfig


class Decoder(nn.Module):
    """Object, grounding and spatial queries over one set of layers.

    Parameters
    ----------
    config : DecoderConfig
    level_width, mask_width : int
        Channels of the pixel decoder's levels and mask features.
    """

    def __init__(self, config: DecoderConfig, *, level_width: int, mask_width: int) -> None:
        super().__init__()
        self.config = config
        c = config.width
        self.query_feat = nn.Embedding(config.queries, c)
        self.query_embed = nn.Embedding(config.queries, c)
        self.level_embed = nn.Embedding(3, c)
        self.memory_feat = nn.Embedding(config.memory, c)
        self.memory_embed = nn.Embedding(config.memory, c)
        own = config.spatial_queries if config.spatial_source == "own" else 0
        self.spatial_feat = nn.Embedding(own, c) if own else None
        self.spatial_embed = nn.Embedding(own, c) if own else None
        same = level_width == c
        self.input_proj = nn.ModuleList(
            nn.Identity() if same else nn.Conv2d(level_width, c, 1) for _ in range(3)
        )
        empty = -1.0 if config.prompting == "separate_v1" else 0.0
        self.sampler = VisualSampler(c, empty=empty, centred=config.points == "centres")
        layers = range(config.layers)
        self.cross = nn.ModuleList(CrossAttentionLayer(c, config.heads) for _ in layers)
        self.self_attention = nn.ModuleList(SelfAttentionLayer(c, config.heads) for _ in layers)
        self.ffn = nn.ModuleList(FeedForwardLayer(c, config.ffn) for _ in layers)
        self.norm = nn.LayerNorm(c)
        self.mask_embed = MaskEmbed(c, mask_width)
        self.class_embed = nn.Parameter(torch.empty(c, config.concept))
        nn.init.trunc_normal_(self.class_embed, std=0.02)

    # ------------------------------------------------------------------ what is looked at
    def scene(self, features: Features) -> Scene:
        """Image tokens of the three levels, computed once for all layers."""
        if features.scene is not None:
            return features.scene
        maps, tokens, places, masks = [], [], [], []
        for i, (project, level) in enumerate(zip(self.input_proj, features.levels, strict=True)):
            x = project(level) + self.level_embed.weight[i][None, :, None, None]
            c, h, w = x.shape[1:]
            maps.append(x)
            tokens.append(x.flatten(2).transpose(1, 2))
            places.append(sine_position(h, w, c, x.device))
            # The resize is linear: resizing features equals resizing every mask made of them.
            small = F.interpolate(features.mask, size=(h, w), mode="bilinear", align_corners=False)
            masks.append(small.flatten(2))
        return Scene(tuple(maps), tuple(tokens), tuple(places), tuple(masks), features.mask)

    def prepared(self, features: Features) -> Features:
        """The same with all that every prompt would compute anew: each layer's keys and values.

        For models whose prompts do not change the features (no dense prompt fusion).
        """
        scene = self.scene(features)
        read = tuple(
            cast("CrossAttentionLayer", layer).see(scene.tokens[i % 3], scene.places[i % 3])
            for i, layer in enumerate(self.cross)
        )
        return replace(features, scene=replace(scene, read=read))

    def _queries(
        self, batch: int, request: Request, generator: torch.Generator | None
    ) -> list[TokenGroup]:
        def rows(values: Tensor, places: Tensor, kind: Kind, owner: Tensor | None) -> TokenGroup:
            value = values.expand(batch, -1, -1)
            owners = None if owner is None else owner.expand(batch, -1)
            return group(kind, value, places.expand(batch, -1, -1), owner=owners)

        feat, embed = self.query_feat.weight, self.query_embed.weight
        groups = []
        if request.objects:
            groups.append(rows(feat, embed, "objects", None))
        if request.grounding:
            groups.append(rows(feat, embed, "grounding", None))
        if request.spatial:
            groups.append(rows(*self._spatial_rows(request.prompts, generator)))
            if request.memory is not None:
                memory = (self.memory_feat.weight, self.memory_embed.weight)
                owner = torch.zeros(1, self.config.memory, dtype=torch.int64, device=feat.device)
                groups.append(rows(*memory, "memory", owner))
        return groups

    def _spatial_rows(
        self, prompts: int, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Kind, Tensor | None]:
        feat, embed = self.query_feat.weight, self.query_embed.weight
        if self.spatial_feat is not None and self.spatial_embed is not None:
            feat, embed = self.spatial_feat.weight, self.spatial_embed.weight
            owner = torch.arange(prompts, device=feat.device).repeat_interleave(len(feat))
            return feat.repeat(prompts, 1), embed.repeat(prompts, 1), "spatial", owner[None]
        if self.config.spatial_source == "all":
            return feat, embed, "spatial", None
        per = self.config.spatial_queries
        index = torch.randint(len(feat), (per * prompts,), generator=generator).to(feat.device)
        owner = torch.arange(prompts, device=feat.device).repeat_interleave(per)
        return feat[index], embed[index], "spatial", owner[None]

    def _shared_out(
        self, rows: list[TokenGroup], prompts: int, generator: torch.Generator
    ) -> list[TokenGroup]:
        """The same with memory rows dealt to the prompts, anew in each layer (SEEM §5.5)."""
        if prompts == 1 or rows[-1].kind != "memory":
            return rows
        count = self.config.memory
        owner = torch.randint(prompts, (1, count), generator=generator).sort(dim=1).values
        owners = owner.to(rows[-1].owner.device).expand_as(rows[-1].owner)
        return [*rows[:-1], replace(rows[-1], owner=owners)]

    # ------------------------------------------------------------------ prediction heads
    def _embeds(self, rows: list[TokenGroup]) -> list[Tensor | None]:
        """Mask vectors; memory rows have none."""
        return [None if g.kind == "memory" else self.mask_embed(self.norm(g.value)) for g in rows]

    def _predict(
        self, rows: list[TokenGroup], embeds: list[Tensor | None], scene: Scene,
        pooled: Tensor | None,
    ) -> Decoded:  # fmt: skip
        queries = {
            g.kind: Queries(m, self.norm(g.value) @ self.class_embed, owner=g.owner)
            for g, m in zip(rows, embeds, strict=True)
            if m is not None
        }
        return Decoded.of(queries, scene.fine, pooled)

    # ------------------------------------------------------------------ the pass
    def forward(
        self, features: Features, request: Request, *, every_layer: bool = False,
        generator: torch.Generator | None = None,
    ) -> Decoded:  # fmt: skip
        """Answer one request on one batch of images.

        Parameters
        ----------
        features : Features
        request : Request
        every_layer : bool
            Also predict before and after every layer (deep supervision).
        generator : torch.Generator or None
            For official layouts, which draw query rows and memory rows.
        """
        scene = self.scene(features)
        generator = generator or torch.Generator().manual_seed(0)
        rows = self._queries(features.mask.shape[0], request, generator)
        clicks = None
        if request.points is not None:
            clicks = self.sampler(request.points, scene.maps, scene.fine)
        text, pooled = request.text, self._pooled(clicks, request.example)
        embeds, outputs = self._embeds(rows), []
        for i in range(self.config.layers):
            if every_layer:
                outputs.append(self._predict(rows, embeds, scene, pooled))
            rows = self._shared_out(rows, request.prompts, generator)
            blocked = blocked_places(rows, embeds, scene, i % 3, request.memory)
            rows, text = self._layer(i, scene, rows, blocked, text, (clicks, request.example))
            embeds = self._embeds(rows)
        return self._predict(rows, embeds, scene, pooled).with_aux(tuple(outputs))

    def _layer(
        self, i: int, scene: Scene, rows: list[TokenGroup], blocked: Tensor,
        text: TokenGroup | None, prompts: tuple[VisualTokens | None, VisualTokens | None],
    ) -> tuple[list[TokenGroup], TokenGroup | None]:  # fmt: skip
        level = i % 3
        cross = cast("CrossAttentionLayer", self.cross[i])
        x = torch.cat([g.value for g in rows], dim=1)
        position = torch.cat([g.position for g in rows], dim=1)
        tokens, places = scene.tokens[level], scene.places[level]
        if scene.read:
            read = scene.read[i]
        else:
            looked_at, blocked = _looked_at(blocked)
            read = cross.see(tokens[:, looked_at], places[looked_at])
        x = cross(x, position, read, blocked)
        lengths = [g.length for g in rows]
        moved = [g.replaced(v) for g, v in zip(rows, x.split(lengths, dim=1), strict=True)]
        if text is not None:
            moved.append(text)
        # Tokens of visual prompts are read anew in every layer: they are looked at, never moved.
        everyone = list(moved)
        clicks, example = prompts
        if clicks is not None:
            everyone.append(clicks.at(level, "clicks"))
        if example is not None:
            everyone.append(example.at(level, "example"))
        x = torch.cat([g.value for g in everyone], dim=1)
        position = torch.cat([g.position for g in everyone], dim=1)
        table = TABLES[self.config.prompting]
        hidden = self_attention_mask(everyone, table, looking=len(moved))
        lengths = [g.length for g in moved]
        x = self.ffn[i](self.self_attention[i](x, position, hidden, moved=sum(lengths)))
        moved = [g.replaced(v) for g, v in zip(moved, x.split(lengths, dim=1), strict=True)]
        return (moved, None) if text is None else (moved[:-1], moved[-1])

    def _pooled(self, clicks: VisualTokens | None, example: VisualTokens | None) -> Tensor | None:
        if clicks is None:
            return None if example is None else example.pooled
        if example is None:
            return clicks.pooled
        missing = (clicks.pooled == self.sampler.empty).all(dim=2, keepdim=True)
        return torch.where(missing, example.pooled, clicks.pooled)


def _looked_at(blocked: Tensor) -> tuple[Tensor | slice, Tensor]:
    """Places that some row looks at, as an index, and which of them are blocked.

    Keys and values of the others would be computed for nobody. Found out for one prompt alone:
    several rarely look at the same places.
    """
    if blocked.shape[0] > 1 or torch.is_grad_enabled():
        return slice(None), blocked
    seen = (~blocked[0]).any(dim=0).nonzero()[:, 0]
    return seen, blocked[:, :, seen]
