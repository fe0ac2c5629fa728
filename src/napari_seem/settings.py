"""Preferences of the plugin, as declared under ``configurations`` in the manifest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preferences:
    """Model to start with.

    Parameters
    ----------
    checkpoint : str
        "lite" for the embedded model, the name of a converted official one, or a folder.
    device : str
        "auto", "cpu", "cuda" or "mps".
    """

    checkpoint: str = "lite"
    device: str = "auto"


@dataclass(frozen=True)
class Cache:
    """Where image features are kept on disk.

    Parameters
    ----------
    on : bool
    folder : str
        "" for a folder beside the converted models.
    gigabytes : float
        Beyond it, the files used the longest time ago are deleted.
    """

    on: bool = True
    folder: str = ""
    gigabytes: float = 2.0


NO_CACHE = Cache(on=False)


def cache() -> Cache:
    """What the person chose in napari's preferences; off where that is not available."""
    from napari.settings import get_plugin_settings

    try:
        chosen = get_plugin_settings("napari-seem").cache
        return Cache(bool(chosen.enabled), str(chosen.folder).strip(), float(chosen.gigabytes))
    except (AttributeError, KeyError, ValueError):
        # run from a source tree that is not installed as a plugin
        return NO_CACHE


def preferences() -> Preferences:
    """What the person chose in napari's preferences; the defaults where that is not available."""
    from napari.settings import get_plugin_settings

    try:
        model = get_plugin_settings("napari-seem").model
        return Preferences(checkpoint=str(model.checkpoint).strip() or "lite", device=model.device)
    except (AttributeError, KeyError, ValueError):
        # run from a source tree that is not installed as a plugin
        return Preferences()
