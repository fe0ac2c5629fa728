"""Preferences of the plugin, as declared under ``configurations`` in the manifest."""

from __future__ import annotations

from dataclasses import dataclass

from napari_seem.session_places import Where


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
class SessionPreferences:
    """What is saved without being asked.

    Parameters
    ----------
    autosave : bool
    where : Where
    folder : str
        For :attr:`Where.FOLDER`.
    """

    autosave: bool = True
    where: Where = Where.BESIDE
    folder: str = ""


def preferences() -> Preferences:
    """What the person chose in napari's preferences; the defaults where that is not available."""
    from napari.settings import get_plugin_settings

    try:
        model = get_plugin_settings("napari-seem").model
        return Preferences(checkpoint=str(model.checkpoint).strip() or "lite", device=model.device)
    except (AttributeError, KeyError, ValueError):
        # run from a source tree that is not installed as a plugin
        return Preferences()


def session_preferences() -> SessionPreferences:
    """What the person chose for session files; the defaults where that is not available."""
    from napari.settings import get_plugin_settings

    try:
        session = get_plugin_settings("napari-seem").session
        return SessionPreferences(
            autosave=bool(session.autosave),
            where=Where(session.where),
            folder=str(session.folder).strip(),
        )
    except (AttributeError, KeyError, ValueError):
        return SessionPreferences()
