"""File > Open Sample: pictures that ship with scikit-image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seem_model import samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    LayerData = tuple[NDArray[Any], dict[str, Any], str]


def coffee() -> list[LayerData]:
    """Photo of a cup of coffee, RGB."""
    return _layer("coffee")


def cat() -> list[LayerData]:
    """Photo of a cat, RGB."""
    return _layer("cat")


def astronaut() -> list[LayerData]:
    """Photo of an astronaut, RGB."""
    return _layer("astronaut")


def tissue() -> list[LayerData]:
    """Stained colon tissue under a light microscope, RGB."""
    return _layer("tissue")


def cell() -> list[LayerData]:
    """One cell under a microscope, grey."""
    return _layer("cell")


def _layer(name: str) -> list[LayerData]:
    image = samples.load(name)
    return [(image, {"name": name, "rgb": image.ndim == 3}, "image")]
