"""The layer of proposals: what waits to be accepted on a slice, painted where it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_seem.plane import Plane
    from napari_seem.proposals import Proposals
    from napari_seem.target import Target


def show(target: Target, plane: Plane, proposals: Proposals | None) -> None:
    """Make the layer of proposals show these on a slice; None: none."""
    if proposals is None and target.proposed is None:
        return
    layer = target.ensure_proposed()
    before = target.offered.pop(plane, None)
    pixels = layer.data[plane.indexer]
    if proposals is not None:
        target.offered[plane] = proposals
        box = proposals.changed(before, plane.shape)
        if box is None:
            return
        pixels[box] = proposals.painted_in(box)
    elif pixels.any():
        pixels[...] = 0
    else:
        return
    layer.refresh(thumbnail=False, extent=False)
