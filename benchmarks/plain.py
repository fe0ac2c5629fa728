"""The official computation rendered straightforwardly: what the fast path is measured against.

Every layer predicts the masks and classes of every query at stride 4, masks are resized for the
attention, object queries always run along, keys and values are made anew for each request, and the
click simulator peels distances off by convolutions. Weights and results are those of our model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from seem_model.modeling.attention import (
    TABLES,
    CrossAttentionLayer,
    TokenGroup,
    self_attention_mask,
)
from seem_model.modeling.decoded import Request
from seem_model.modeling.pixel_decoder import sine_position
from seem_model.modeling.seem import Seem
from seem_model.modeling.visual_sampler import Points, gather_points

if TYPE_CHECKING:
    from seem_model.modeling.decoded import Features


@dataclass(frozen=True, eq=False)
class Plain:
    """A model asked in the plain way.

    Parameters
    ----------
    model : Seem
        Official layout, in evaluation mode.
    names : (K, D) float
        Class embeddings.
    """

    model: Seem
    names: Tensor

    def encode(self, images: Tensor) -> Features:
        """Backbone and pixel decoder, nothing else."""
        return self.model.encode_image(images)

    def click(self, features: Features, points: Points, memory: Tensor | None) -> Tensor:
        """(n, h, w) mask logits of the prompts' likeliest queries."""
        decoder = self.model.decoder
        joint = self.model.config.decoder.prompting == "joint"
        maps, tokens, places = self._levels(features)
        rows = self._rows(points.prompts, memory, joint=joint)
        clicks = decoder.sampler(points, maps, features.mask)
        masks = self._heads(rows, features)
        for i in range(decoder.config.layers):
            size = maps[i % 3].shape[-2:]
            rows = decoder._shared_out(rows, points.prompts, torch.Generator().manual_seed(0))
            blocked = self._blocked(rows, masks, memory, size)
            x = torch.cat([g.value for g in rows], dim=1)
            position = torch.cat([g.position for g in rows], dim=1)
            cross = cast("CrossAttentionLayer", decoder.cross[i])
            x = cross(x, position, cross.see(tokens[i % 3], places[i % 3]), blocked)
            everyone = [*self._split(rows, x), clicks.at(i % 3, "clicks")]
            x = torch.cat([g.value for g in everyone], dim=1)
            position = torch.cat([g.position for g in everyone], dim=1)
            hidden = self_attention_mask(everyone, TABLES[decoder.config.prompting])
            x = decoder.ffn[i](decoder.self_attention[i](x, position, hidden))
            rows = self._split(everyone, x)[:-1]
            masks = self._heads(rows, features)
        kind = "objects" if joint else "spatial"
        k = next(i for i, g in enumerate(rows) if g.kind == kind)
        embeds = decoder.mask_embed(decoder.norm(rows[k].value))
        likeness = embeds[0] @ clicks.pooled[0].T  # (N, n)
        owner = rows[k].owner[0]
        for n in range(points.prompts):
            likeness[(owner != n) & (owner != -1), n] = -torch.inf
        return masks[k][0][likeness.argmax(dim=0)]

    def everything(self, features: Features, shape: tuple[int, int]) -> None:
        """Panoptic, semantic and instance masks of all queries at full size, as a whole."""
        queries = self.model.decode_objects(features, every_layer=True).present_objects
        chances = self.model.similarity(queries.concepts, self.names).softmax(2)[0]
        size = [4 * n for n in features.mask.shape[-2:]]
        masks = F.interpolate(queries.logits, size=size, mode="bilinear", align_corners=False)
        masks = masks[..., : shape[0], : shape[1]]
        masks = F.interpolate(masks, size=shape, mode="bicubic", antialias=True)[0]
        torch.einsum("qc,qhw->chw", chances[:, :-1], masks.sigmoid())
        scores, _ = chances.max(1)
        (scores[:, None, None] * masks.sigmoid()).argmax(0)
        best = chances[:, :-1].flatten().topk(100).indices // (chances.shape[1] - 1)
        chosen = masks[best]
        inside = (chosen > 0).float()
        (chosen.sigmoid() * inside).sum((1, 2)) / inside.sum((1, 2))

    def _levels(self, features: Features) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        decoder = self.model.decoder
        maps, tokens, places = [], [], []
        for i, level in enumerate(features.levels):
            x = level + decoder.level_embed.weight[i][None, :, None, None]
            maps.append(x)
            tokens.append(x.flatten(2).transpose(1, 2))
            places.append(sine_position(x.shape[2], x.shape[3], x.shape[1], x.device))
        return maps, tokens, places

    def _rows(self, prompts: int, memory: Tensor | None, *, joint: bool) -> list[TokenGroup]:
        nothing = torch.zeros(1, prompts, 4, 4, dtype=torch.bool)
        points = gather_points(nothing, nothing, limit=1)
        request = Request(objects=True, spatial=not joint, points=points, memory=memory)
        return self.model.decoder._queries(1, request, torch.Generator().manual_seed(0))

    def _heads(self, rows: list[TokenGroup], features: Features) -> list[Tensor]:
        """Masks of all rows at stride 4; the class logits are computed and thrown away."""
        decoder, masks = self.model.decoder, []
        for g in rows:
            d = decoder.norm(g.value)
            self.model.similarity(d @ decoder.class_embed, self.names)
            masks.append(torch.einsum("bnm,bmhw->bnhw", decoder.mask_embed(d), features.mask))
        return masks

    def _blocked(
        self, rows: list[TokenGroup], masks: list[Tensor], memory: Tensor | None,
        size: torch.Size,
    ) -> Tensor:  # fmt: skip
        small = []
        for g, m in zip(rows, masks, strict=True):
            if g.kind == "memory" and memory is not None:
                m = memory[:, g.owner[0]]
            resized = F.interpolate(m, size=size, mode="bilinear", align_corners=False)
            small.append(resized.flatten(2))
        blocked = torch.cat(small, dim=1).sigmoid() < 0.5
        return blocked & ~blocked.all(dim=2, keepdim=True)

    def _split(self, groups: list[TokenGroup], x: Tensor) -> list[TokenGroup]:
        parts = x.split([g.length for g in groups], dim=1)
        return [g.replaced(v) for g, v in zip(groups, parts, strict=True)]


def convolved_peak(region: Tensor) -> int:
    """Index of the deepest pixel of a (H, W) region, by peeling shells off with convolutions."""
    seen = (~F.pad(region, (1, 1, 1, 1))).float()[None, None]
    steps = torch.tensor([[2.0, 1.0, 2.0], [1.0, 0.0, 1.0], [2.0, 1.0, 2.0]]).sqrt()
    kernel = (-steps / 0.35).exp()[None, None]
    depth = torch.zeros_like(seen)
    for shell in range(max(region.shape)):
        around = F.conv2d(F.pad(seen, (1, 1, 1, 1), mode="replicate"), kernel)
        step = (-0.35 * around.log()).nan_to_num(posinf=0.0)
        reached = step > 0
        if not reached.any():
            break
        depth += torch.where(reached, shell + step, torch.zeros_like(step))
        seen = torch.where(reached, torch.ones_like(seen), seen)
    return int(depth[0, 0, 1:-1, 1:-1].argmax())
