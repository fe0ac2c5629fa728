"""A marked example on the tiny photo, and a tiny predictor of an official layout."""

from functools import cache

import numpy as np

import seem_model
from official_twin import twin
from seem_model.vocabulary import NameList, Vocabulary
from tiny_model import photo

SHAPE = (60, 80)
LISTED = NameList(("dog", "wall"), (True, False))


def example(image: np.ndarray | None = None) -> seem_model.Exemplar:
    """A square of an image (of the tiny photo, if none is given)."""
    image = photo(*SHAPE) if image is None else image
    mask = np.zeros(image.shape[:2], bool)
    mask[20:40, 30:50] = True
    return seem_model.Exemplar(image=image, mask=mask)


@cache
def official() -> seem_model.Predictor:
    """Finds everything by object queries."""
    model = twin()
    return seem_model.Predictor(model, "twin", "cpu", LISTED, Vocabulary.build(model, LISTED))
