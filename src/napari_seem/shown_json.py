"""How an image was shown, and the class list, as JSON of a session, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_seem.appearance import Channel, Contrast
from napari_seem.light import Companion, Light
from napari_seem.shown import Shown
from seem_model.class_list_files import parse, to_json

if TYPE_CHECKING:
    from napari_seem.marks_json import Json
    from seem_model.class_lists import ClassList
    from seem_model.composite import RGBTint


def shown_json(shown: Shown) -> Json:
    """How an image is shown; the keys are described in ``docs/session.md``."""
    return {
        "contrast": shown.contrast.name.lower(),
        **_light_json(shown.light),
        "channel_axis": shown.channel_axis,
        "channels": [
            {"index": c.index, "colour": list(c.colour), "shown": c.shown} for c in shown.channels
        ],
        "layers": [{"name": c.name, **_light_json(c.light)} for c in shown.layers],
    }


def shown_of(value: Json) -> Shown:
    """The inverse of :func:`shown_json`.

    Raises
    ------
    KeyError, TypeError, ValueError
        If something is missing or makes no sense.
    """
    axis = value["channel_axis"]
    channels = tuple(
        Channel(int(c["index"]), _colour(c["colour"]), bool(c["shown"])) for c in value["channels"]
    )
    numbers = [c.index for c in channels]
    if len(set(numbers)) != len(numbers) or min(numbers, default=0) < 0:
        raise ValueError(f"the channels are numbered {numbers}")
    if (axis is None) != (not channels) or (axis is not None and int(axis) < 0):
        raise ValueError(f"there are {len(channels)} channels along the axis {axis}")
    return Shown(
        light=_light_of(value),
        contrast=Contrast[str(value["contrast"]).upper()],
        channel_axis=None if axis is None else int(axis),
        channels=channels,
        layers=tuple(Companion(str(v["name"]), _light_of(v)) for v in value["layers"]),
    )


def class_list_json(classes: ClassList | None) -> Json | None:
    """A class list, as files of class lists have it."""
    return None if classes is None else json.loads(to_json(classes))


def class_list_of(value: Json | None) -> ClassList | None:
    """The inverse of :func:`class_list_json`; ClassListError if it makes no sense."""
    return None if value is None else parse(value, "the class list")


def _light_json(light: Light) -> Json:
    return {
        "limits": None if light.limits is None else list(light.limits), "gamma": light.gamma,
        "colour": list(light.colour), "colormap": light.colormap,
    }  # fmt: skip


def _light_of(value: Json) -> Light:
    limits = value["limits"]
    if limits is not None:
        low, high = (float(v) for v in limits)
        if not low <= high:
            raise ValueError(f"the contrast limits are {limits}")
    gamma = float(value["gamma"])
    if not gamma > 0:
        raise ValueError(f"gamma is {gamma}")
    colour = _colour(value["colour"])
    known = None if limits is None else (low, high)
    return Light(known, gamma, colour, str(value["colormap"]))


def _colour(values: Any) -> RGBTint:
    red, green, blue = (float(v) for v in values)
    if not all(0 <= v <= 1 for v in (red, green, blue)):
        raise ValueError(f"a colour is {values}")
    return red, green, blue
