"""Which recogniser hears a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seem_model.errors import SpeechError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from seem_model.speech.transcript import Recogniser


def recogniser(vocabulary: Iterable[str], *, whisper: str | Path = "") -> Recogniser:
    """The recogniser to use; heavy, so not on a thread that draws.

    Parameters
    ----------
    vocabulary : iterable of str
        Class names: all that the recogniser of the package hears, and what Whisper hears best.
    whisper : str or Path
        Folder with a Whisper model; without one PocketSphinx is used.

    Raises
    ------
    SpeechError
        If the folder holds no Whisper model, or PocketSphinx is not installed.
    """
    if str(whisper):
        from seem_model.speech.whisper import WhisperRecogniser

        return WhisperRecogniser(whisper, vocabulary)
    from seem_model.speech.sphinx import PocketSphinxRecogniser

    try:
        return PocketSphinxRecogniser(vocabulary)
    except ImportError as error:
        raise SpeechError(
            'No speech recogniser is installed: run  pip install "napari-seem[audio]"  or choose '
            "a folder with a Whisper model."
        ) from error
