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


def preferences() -> Preferences:
    """What the person chose in napari's preferences; the defaults where that is not available."""
    from napari.settings import get_plugin_settings

    try:
        model = get_plugin_settings("napari-seem").model
        return Preferences(checkpoint=str(model.checkpoint).strip() or "lite", device=model.device)
    except (AttributeError, KeyError, ValueError):
        # run from a source tree that is not installed as a plugin
        return Preferences()


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
    from napari.settings import get_plugin_settings

    try:
        return SpeechPreferences(get_plugin_settings("napari-seem").speech.whisper.strip())
    except (AttributeError, KeyError, ValueError):
        return SpeechPreferences()
