"""Preferences for session files, as declared under ``configurations`` in the manifest."""

from __future__ import annotations

from dataclasses import dataclass

from napari_seem.session_places import Where
from napari_seem.settings import plugin_settings


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


def session_preferences() -> SessionPreferences:
    """What the person chose for session files; the defaults where that is not available."""
    settings = plugin_settings()
    if settings is None:
        return SessionPreferences()
    session = settings.session
    return SessionPreferences(bool(session.autosave), Where(session.where), session.folder.strip())
