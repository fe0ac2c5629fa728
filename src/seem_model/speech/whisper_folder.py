"""Loading a Whisper model from a folder, and saying what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from seem_model.errors import SpeechError
from seem_model.speech.scribe import Marks

if TYPE_CHECKING:
    from pathlib import Path

# Checkpoints of several languages have at least so many tokens; English ones have one less.
_MULTILINGUAL = 51865
_PARTS = "config.json, model.safetensors, preprocessor_config.json and the tokenizer's files"
_BROKEN = (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError)


@dataclass(frozen=True, eq=False)
class Whisper:
    """The parts of transformers' Whisper.

    Parameters
    ----------
    listen : WhisperFeatureExtractor
    tokens : WhisperTokenizer
    model : WhisperForConditionalGeneration
        In float32, whatever the file has.
    """

    listen: Any
    tokens: Any
    model: Any


def load(place: Path) -> Whisper:
    """Load a model; reads nothing but the folder.

    Raises
    ------
    SpeechError
        If the folder does not hold a whole Whisper model in the format of transformers.
    """
    # from their own files: the automatic classes want packages for images and video
    from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration
    from transformers import WhisperTokenizer as Tokenizer
    from transformers.utils import logging

    _refuse_others(place)
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # the dock tells that it loads; a terminal need not
    try:
        listen: Any = WhisperFeatureExtractor.from_pretrained(place, local_files_only=True)
        tokens: Any = Tokenizer.from_pretrained(place, local_files_only=True)
        # halves, as large models are published, do not go with sounds in float32
        opened: Any = WhisperForConditionalGeneration.from_pretrained(
            place, local_files_only=True, dtype=torch.float32, output_loading_info=True
        )
    except _BROKEN as error:
        raise SpeechError(f"The Whisper model in {place} cannot be loaded: {error}") from error
    finally:
        if bars:
            logging.enable_progress_bar()
    model, told = opened
    if told["missing_keys"]:
        raise SpeechError(
            f"The file of weights in {place} is not a whole Whisper model: "
            f"{len(told['missing_keys'])} tensors are missing. Download it again."
        )
    return Whisper(listen, tokens, model.eval())


def marks(whisper: Whisper) -> Marks:
    """The tokens with a meaning, to write English without times.

    Raises
    ------
    SpeechError
        If the tokenizer does not know them.
    """
    signs = ["<|startoftranscript|>", "<|notimestamps|>"]
    if whisper.model.config.vocab_size >= _MULTILINGUAL:
        signs[1:1] = ["<|en|>", "<|transcribe|>"]
    prompt = whisper.tokens.convert_tokens_to_ids(signs)
    if whisper.tokens.unk_token_id in prompt:
        raise SpeechError(
            f"The tokenizer of the Whisper model does not know {' or '.join(signs)}: get its files "
            "anew, tokenizer.json or vocab.json with merges.txt and added_tokens.json."
        )
    settings = whisper.model.generation_config
    return Marks(
        prompt=tuple(prompt),
        end=whisper.tokens.eos_token_id,
        never=tuple(settings.suppress_tokens or ()),
        never_first=tuple(settings.begin_suppress_tokens or ()),
    )


def _refuse_others(place: Path) -> None:
    """Formats that people have and that look alike."""
    if (place / "model.bin").is_file():
        raise SpeechError(
            f"{place} holds a model for faster-whisper (CTranslate2); choose a folder in the "
            "format of transformers, with model.safetensors, such as openai/whisper-base.en."
        )
    missing = [
        " or ".join(names)
        for names in (
            ("config.json",),
            ("preprocessor_config.json",),
            ("tokenizer.json", "vocab.json"),
        )
        if not any((place / name).is_file() for name in names)
    ]
    if "config.json" in missing:
        raise SpeechError(f"{place} holds no Whisper model: choose the folder with its {_PARTS}.")
    if missing:
        raise SpeechError(
            f"The Whisper model in {place} lacks {' and '.join(missing)}: it needs {_PARTS}."
        )
