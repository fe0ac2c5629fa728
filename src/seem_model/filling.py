"""Classes where no object was found: what each place looks like to the naming head.

A search finds objects and leaves most of a photo's sky, walls and grass alone. Borders are as
coarse here as the backbone's map (stride 16): that is why outlines of objects come from the search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import isotropic_dilation

from seem_model.values import Segment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seem_model.encoded import ImageFeatures
    from seem_model.modeling.seem import Seem
    from seem_model.values import Mask
    from seem_model.vocabulary import Vocabulary

PLACE = 16  # stride of the naming head's finest map
ENOUGH = 50  # names: the likeliest of a few is no evidence, every place would be one of them


@dataclass(frozen=True, eq=False)
class Ground:
    """The likeliest class of every pixel.

    Parameters
    ----------
    rows : (H, W) int32
        Rows of the vocabulary; -1 where background is likelier than any of them.
    chances : (H, W) float32
        Probability of that class.
    reach : float
        Side of one place of the naming head, pixels: borders are no truer than that.
    """

    rows: NDArray[np.int32]
    chances: NDArray[np.float32]
    reach: float = 0.0


def ground(model: Seem, features: ImageFeatures, words: Vocabulary) -> Ground | None:
    """Name every pixel; None for models without a naming head, and with fewer names than ENOUGH.

    Classes that are likeliest nowhere at stride 16 are left out: large images have no memory for a
    map of each.
    """
    if len(words.names) < ENOUGH:
        return None
    shown, frame = features.whole.features, features.whole.frame
    concepts = model.meaning_everywhere(shown)
    if concepts is None:
        return None
    chances = model.similarity(concepts[0], words.embeddings).softmax(dim=-1).float().cpu()
    rows = np.full(features.shape, -1, np.int32)
    best = np.zeros(features.shape, np.float32)
    for row in chances.argmax(dim=-1).unique().tolist():
        here = frame.part(chances[..., row])
        better = here > best
        best[better] = here[better]
        rows[better] = -1 if row == len(words.names) else row
    return Ground(rows, best, reach=PLACE * frame.box.height / frame.height)


def fill(
    labels: NDArray[np.int32], known: Mapping[int, Segment], under: Ground, words: Vocabulary, *,
    things: bool, least: float,
) -> list[Segment]:  # fmt: skip
    """Give unlabelled pixels (0) of ``labels`` (H, W), in place, the class that the ground says.

    Stuff joins its segment, and so do things, if ``things`` are wanted at all. Where some of a
    class of things were found, these have outlines already: only what reaches away from them is
    filled in, as others that the search missed, not the rim that coarse places put around them.

    Parameters
    ----------
    labels : (H, W) int32
    known : mapping of int to Segment
        Segments by their row of the vocabulary: all of a thing's, or stuff's one.
    under : Ground
    words : Vocabulary
    things : bool
    least : float
        Smallest share of the image that is worth a new segment.

    Returns
    -------
    list of Segment
        The new ones.
    """
    free = labels == 0
    number = int(labels.max(initial=0))
    made: list[Segment] = []
    for row in np.unique(under.rows[free]).tolist():
        thing = row >= 0 and words.things[row]
        if row < 0 or (thing and not things):
            continue
        here = free & (under.rows == row)
        if thing and row in known:
            here = _away(here, labels == known[row].id, under.reach)
        if row in known:
            labels[here] = known[row].id
        elif here.mean() >= least:
            number += 1
            labels[here] = number
            score = float(under.chances[here].mean())
            made.append(Segment(number, words.names[row], score, thing))
    return made


def _away(here: Mask, found: Mask, reach: float) -> Mask:
    """Connected parts of ``here`` with a pixel farther than ``reach`` from what was found."""
    parts, _ = ndimage.label(here)
    kept = np.unique(parts[here & ~isotropic_dilation(found, reach)])
    return np.isin(parts, kept)
