"""Whisper from a folder: a tiny model with random weights, so what it hears means nothing."""

import json
from pathlib import Path

import numpy as np
import pytest

from seem_model.errors import SpeechError
from seem_model.speech.choosing import recogniser
from seem_model.speech.sound import RATE

SPECIAL = ("<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperTokenizer,
    )

    place = tmp_path_factory.mktemp("whisper")
    letters = [*"abcdefghijklmnopqrstuvwxyz", "Ġ"]
    vocabulary = {token: k for k, token in enumerate([*letters, *SPECIAL])}
    (place / "vocab.json").write_text(json.dumps(vocabulary))
    (place / "merges.txt").write_text("#version: 0.2\n")
    tokens = WhisperTokenizer.from_pretrained(
        place, unk_token=SPECIAL[0], bos_token=SPECIAL[0], eos_token=SPECIAL[0]
    )
    tokens.save_pretrained(place)
    end, start = vocabulary[SPECIAL[0]], vocabulary[SPECIAL[1]]
    config = WhisperConfig(
        vocab_size=len(vocabulary), num_mel_bins=80, d_model=16, encoder_layers=1,
        decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=16, decoder_ffn_dim=16, pad_token_id=end, bos_token_id=end,
        eos_token_id=end, decoder_start_token_id=start,
        suppress_tokens=None, begin_suppress_tokens=None,
    )  # fmt: skip
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        pad_token_id=end, bos_token_id=end, eos_token_id=end, decoder_start_token_id=start,
        suppress_tokens=[end, start], is_multilingual=False, no_timestamps_token_id=start + 1,
    )  # fmt: skip
    model.save_pretrained(place)
    WhisperFeatureExtractor(feature_size=80).save_pretrained(place)
    return place


def said() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)


def test_it_spells_something_and_can_be_stopped(folder: Path) -> None:
    ears, told = recogniser((), whisper=folder), []
    heard = ears.hear(said(), RATE, watch=told.append)
    assert heard.text == heard.text.strip().lower() != ""
    assert 0 < heard.confidence < 1
    assert told == sorted(told)
    assert len(told) > 5

    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        ears.hear(said(), RATE, watch=stop)


def test_silence_is_told_before_the_model_invents_words(folder: Path) -> None:
    with pytest.raises(SpeechError, match="silent"):
        recogniser((), whisper=folder).hear(np.zeros(RATE, np.float32), RATE)


def test_a_folder_with_something_else(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SpeechError, match="cannot be loaded"):
        recogniser((), whisper=tmp_path)
