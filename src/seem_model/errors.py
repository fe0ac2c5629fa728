"""The few kinds of error a caller can cause; every message says what was wrong and what to do."""

from __future__ import annotations


class SeemError(Exception):
    """Base of every error raised on purpose by :mod:`seem_model`."""


class ImageError(SeemError):
    """An image cannot be read or makes no sense as an image."""


class PromptError(SeemError):
    """A prompt is empty, outside the image, or of the wrong shape."""


class CheckpointError(SeemError):
    """A checkpoint is missing, damaged, or of another model."""


class ConfigError(SeemError):
    """A configuration or recipe holds unknown keys or impossible values."""


class DataError(SeemError):
    """A data set folder is missing files or its annotations are broken."""


class ClassListError(SeemError):
    """A class list cannot be read, or would be ambiguous: a name is empty or there twice."""


class SpeechError(SeemError):
    """A recording cannot be read or understood, or nothing is there that could do so."""
