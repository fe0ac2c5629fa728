"""Pictures to try things on; they ship with scikit-image, so nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seem_model.errors import ImageError
from seem_model.image import read_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FILES = {
    "coffee": "coffee.png",
    "cat": "chelsea.png",
    "astronaut": "astronaut.png",
    "tissue": "ihc.png",
    "cell": "cell.png",
}


def names() -> tuple[str, ...]:
    """Names that :func:`load` knows; the first is the one shown by default.

    ``coffee``, ``cat`` and ``astronaut`` are photos; ``tissue`` (stained colon, RGB) and
    ``cell`` (grey) come from microscopes.
    """
    return tuple(_FILES)


def load(name: str) -> NDArray[Any]:
    """Read one sample.

    Parameters
    ----------
    name : str
        One of :func:`names`.

    Returns
    -------
    (H, W, 3) uint8 or, for grey ones, (H, W) uint8

    Raises
    ------
    ImageError
        If there is no sample of this name.
    """
    if name not in _FILES:
        raise ImageError(f"There is no sample named {name!r}; there are {', '.join(_FILES)}.")
    import skimage.data

    return read_image(Path(skimage.data.__file__).parent / _FILES[name])
