"""Preferences of the plugin, as declared under ``configurations`` in the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PLUGIN = "napari-seem"
KEY = "_key"
"""End of the name of a preference that holds the key of an action: ``commit_key``.

The bare name of an action would do, were it not that ``reset`` and ``update`` are methods of
napari's settings.
"""


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
    settings = plugin_settings()
    if settings is None:
        return NO_CACHE
    kept = settings.cache
    return Cache(bool(kept.enabled), str(kept.folder).strip(), float(kept.gigabytes))


def preferences() -> Preferences:
    """What the person chose in napari's preferences; the defaults where that is not available."""
    settings = plugin_settings()
    if settings is None:
        return Preferences()
    model = settings.model
    return Preferences(checkpoint=str(model.checkpoint).strip() or "lite", device=model.device)


def key_texts() -> dict[str, str]:
    """What the person typed as keys of each action, by the action's name; {} where unavailable."""
    settings = plugin_settings()
    if settings is None:
        return {}
    return {name.removesuffix(KEY): str(t) for name, t in settings.keyboard.model_dump().items()}


def follow_keys(changed: Callable[[], None]) -> Callable[[], None]:
    """Call ``changed`` whenever a key of ours or of napari is changed in the preferences.

    Returns
    -------
    callable
        Ends it.
    """
    from napari.settings import get_settings

    settings = plugin_settings()
    emitters = [get_settings().shortcuts.events.shortcuts]
    if settings is not None:
        emitters.append(settings.keyboard.events)

    def told(event: Any) -> None:
        changed()

    def end() -> None:
        for emitter in emitters:
            emitter.disconnect(told)

    for emitter in emitters:
        emitter.connect(told)
    return end


def tour_is_new() -> bool:
    """Whether the tour was neither taken nor skipped yet; False where that cannot be kept."""
    settings = plugin_settings()
    return False if settings is None else bool(settings.tour.offer)


def tour_was_seen() -> None:
    """Do not start the tour by itself any more."""
    settings = plugin_settings()
    if settings is not None:
        settings.tour.offer = False


def plugin_settings() -> Any:
    """Settings of this plugin in napari; None from a source tree not installed as a plugin."""
    from napari.settings import get_plugin_settings

    try:
        return get_plugin_settings(PLUGIN)
    except (KeyError, ValueError):
        return None


@dataclass(frozen=True)
class SpeechPreferences:
    """How spoken words are recognised.

    Parameters
    ----------
    whisper : str
        Folder with a Whisper model; empty for the recogniser of the extra ``audio``.
    """

    whisper: str = ""


def speech_preferences() -> SpeechPreferences:
    """What the person chose in napari's preferences; the defaults where that is not available."""
    settings = plugin_settings()
    return SpeechPreferences() if settings is None else SpeechPreferences(settings.speech.whisper)
