"""Recordings: every common kind of WAV, and what is said about recordings that hold no phrase."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seem_model.errors import SpeechError
from seem_model.speech.sound import RATE, read_wav, ready, write_wav

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE


def wav(kind: int, bits: int, channels: int, rate: int, data: bytes, *, more: bytes = b"") -> bytes:
    """A WAV file by the letter: RIFF header, format, anything, data."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    if kind == EXTENSIBLE:
        guid = struct.pack("<H", PCM) + bytes.fromhex("000000001000800000aa00389b71")
        form += struct.pack("<HHI", 22, bits, 4) + guid
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + more
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tone(seconds: float = 0.5, rate: int = RATE, loud: float = 0.5) -> np.ndarray:
    return (loud * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype("f4")


def as_bytes(samples: np.ndarray, kind: int, bits: int) -> bytes:
    if kind == FLOAT:
        return samples.astype(f"<f{bits // 8}").tobytes()
    if bits == 8:
        return np.round(samples * 127 + 128).astype(np.uint8).tobytes()
    whole = np.round(samples.astype(float) * (2 ** (bits - 1) - 1)).astype("<i4")
    return whole.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()


@pytest.mark.parametrize(
    ("kind", "bits", "step"),
    [
        (PCM, 8, 0.01),
        (PCM, 16, 0.0001),
        (PCM, 24, 1e-06),
        (PCM, 32, 1e-06),
        (FLOAT, 32, 1e-07),
        (FLOAT, 64, 1e-07),
        (EXTENSIBLE, 24, 1e-06),
    ],
)
def test_kinds_of_samples(tmp_path: Path, kind: int, bits: int, step: float) -> None:
    path, said = tmp_path / "a.wav", tone()
    note = b"LIST" + struct.pack("<I", 3) + b"abc\0"  # an odd chunk, padded
    path.write_bytes(wav(kind, bits, 1, 8000, as_bytes(said, kind, bits), more=note))
    samples, rate = read_wav(path)
    assert rate == 8000
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, said, atol=step)


def test_channels_are_averaged(tmp_path: Path) -> None:
    path, left = tmp_path / "stereo.wav", tone()
    both = np.stack([left, np.zeros_like(left)], axis=1).ravel()
    path.write_bytes(wav(PCM, 16, 2, 44100, as_bytes(both, PCM, 16)))
    samples, rate = read_wav(path)
    assert rate == 44100
    np.testing.assert_allclose(samples, left / 2, atol=1e-4)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, said: list) -> None:
    path = tmp_path_factory.mktemp("wav") / "a.wav"
    write_wav(path, np.array(said, np.float32), 11025)
    samples, rate = read_wav(path)
    assert rate == 11025
    np.testing.assert_allclose(samples, said, atol=1e-4)


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(wav(PCM, 16, 1, RATE, as_bytes(tone(), PCM, 16))[:-1001])
    assert len(read_wav(path)[0]) == 8000 - 501


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Cannot read"),
        (b"", "not a WAV file"),
        (b"ID3 this is music, really it is", "not a WAV file"),
        (wav(PCM, 16, 1, RATE, b"")[:20], "not a WAV file"),
        (wav(17, 4, 1, RATE, bytes(100)), "compressed"),
        (wav(PCM, 12, 1, RATE, bytes(100)), "12 bits"),
        (wav(PCM, 16, 0, RATE, bytes(100)), "unusual"),
        (wav(PCM, 16, 1, 0, bytes(100)), "unusual"),
    ],
)
def test_no_recording(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "x.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpeechError, match=sentence):
        read_wav(path)


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (tone(0.1), "too short"),
        (np.zeros(0, np.float32), "too short"),
        (np.zeros(RATE, np.float32), "silent"),
        (tone(1, loud=0.001), "silent"),
        (np.clip(tone(1, loud=5), -1, 1), "too loud"),
        (tone(25), "25 s long"),
    ],
)
def test_recordings_without_a_phrase(samples: np.ndarray, sentence: str) -> None:
    with pytest.raises(SpeechError, match=sentence):
        ready(samples, RATE)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_silence_is_cut_and_the_rate_changed(rate: int) -> None:
    rng = np.random.default_rng(0)
    quiet = rng.normal(0, 0.0005, 2 * rate).astype("f4")
    said = np.concatenate([quiet, tone(1, rate, 0.1), quiet])
    heard = ready(said, rate)
    assert heard.dtype == np.float32
    assert len(heard) / RATE == pytest.approx(1.4, abs=0.05)
    assert np.abs(heard).max() == pytest.approx(0.5, abs=0.05)
    strongest = np.abs(np.fft.rfft(heard)).argmax() * RATE / len(heard)
    assert strongest == pytest.approx(440, abs=5)
