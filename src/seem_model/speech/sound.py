"""Recordings: reading WAV files, and making a recording ready to be recognised."""

from __future__ import annotations

import struct
import wave
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from seem_model.errors import SpeechError

if TYPE_CHECKING:
    from pathlib import Path

Samples = NDArray[np.float32]
"""(N,) float32, one channel, full scale is -1 to 1."""

RATE = 16000
"""Samples a second that recognisers take."""
LONGEST = 20.0
"""Seconds; a phrase takes two."""
SHORTEST = 0.2
_SILENT = 10 ** (-50 / 20)  # of full scale; the noise of a quiet room is below
_BLOCK = 0.02
_MARGIN = 0.2
_ABOVE_NOISE = 3.0
_CLIPPED_SHARE = 0.02
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


def read_wav(path: str | Path) -> tuple[Samples, int]:
    """Read a WAV file.

    Parameters
    ----------
    path : str or Path
        8, 16, 24 or 32 bits of PCM, or 32 or 64 bits of float; channels are averaged.

    Returns
    -------
    samples : (N,) float32
        One channel, from -1 to 1.
    rate : int
        Samples a second.

    Raises
    ------
    SpeechError
        If there is no such file, or it is no WAV file of such a kind.
    """
    try:
        with open(path, "rb") as file:
            kind, channels, rate, bits, data = _chunks(file)
    except OSError as error:
        raise SpeechError(f"Cannot read {path}: {error.strerror or error}.") from error
    except (EOFError, struct.error, ValueError) as error:
        raise SpeechError(
            f"{path} is not a WAV file, or it is damaged; save the recording as WAV (PCM)."
        ) from error
    frame = channels * bits // 8
    data = data[: len(data) // frame * frame] if frame else b""
    samples = _decoded(kind, bits, data)
    if samples is None or not channels or not rate:
        raise SpeechError(
            f"{path} is compressed or of an unusual kind ({bits} bits); save it as WAV (PCM)."
        )
    mono = samples.reshape(-1, channels).mean(axis=1, dtype=np.float64)
    return np.nan_to_num(mono, posinf=1.0, neginf=-1.0).astype(np.float32), rate


def write_wav(path: str | Path, samples: Samples, rate: int) -> None:
    """Write one channel as 16-bit WAV.

    Parameters
    ----------
    path : str or Path
    samples : (N,) float
        From -1 to 1; what is beyond is cut off.
    rate : int
    """
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(to_int16(samples))


def to_int16(samples: Samples) -> bytes:
    """Samples as little-endian 16-bit whole numbers."""
    return np.clip(np.rint(samples * 32767.0), -32768, 32767).astype("<i2").tobytes()


def ready(samples: Samples, rate: int) -> Samples:
    """A recording as recognisers like it: 16 kHz, without the silence around it, loud enough.

    Parameters
    ----------
    samples : (N,) float
        From -1 to 1.
    rate : int
        Samples a second.

    Returns
    -------
    (M,) float32
        At :data:`RATE`, 0.2 s of what was around the speech kept on each side, peak at 0.5.

    Raises
    ------
    SpeechError
        If there is nothing to hear: too short, too long, silent, or clipped.
    """
    seconds = len(samples) / rate
    if seconds < SHORTEST:
        raise SpeechError("The recording is too short: hold the button while you speak.")
    if seconds > LONGEST + 1:
        raise SpeechError(
            f"The recording is {seconds:.0f} s long: say one phrase of at most {LONGEST:.0f} s."
        )
    peak = float(np.abs(samples).max())
    if peak < _SILENT:
        raise SpeechError(
            "The recording is silent: check that the right microphone is chosen, switched on and "
            "allowed for this program."
        )
    if np.mean(np.abs(samples) >= 0.999) > _CLIPPED_SHARE:
        raise SpeechError(
            "The recording is distorted by being too loud: lower the microphone's level or speak "
            "from further away."
        )
    spoken = _without_silence(np.asarray(samples, np.float32) * np.float32(0.5 / peak), rate)
    if rate == RATE:
        return spoken
    shared = int(np.gcd(RATE, rate))
    return resample_poly(spoken, RATE // shared, rate // shared).astype(np.float32)


def _without_silence(samples: Samples, rate: int) -> Samples:
    size = max(1, round(_BLOCK * rate))
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    level = np.sqrt(np.mean(np.square(blocks, dtype=np.float64), axis=1))
    # quiet parts of speech are well above the noise between words, loud noise never above speech
    limit = min(max(_ABOVE_NOISE * np.percentile(level, 10), 0.02 * level.max()), level.max() / 4)
    loud = np.flatnonzero(level >= limit)
    margin = round(_MARGIN * rate)
    return samples[max(0, loud[0] * size - margin) : (loud[-1] + 1) * size + margin]


def _chunks(file: BinaryIO) -> tuple[int, int, int, int, bytes]:
    """Kind of sample, channels, rate, bits of a sample, and the data; RIFF is little-endian."""
    riff, _, form = struct.unpack("<4sI4s", file.read(12))
    if (riff, form) != (b"RIFF", b"WAVE"):
        raise ValueError("no RIFF WAVE")
    found: tuple[int, int, int, int] | None = None
    while True:
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"data" and found:
            return (*found, file.read(size))
        body = file.read(size + size % 2)
        if name == b"fmt ":
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if kind == _EXTENSIBLE:
                (kind,) = struct.unpack_from("<H", body, 24)
            found = (kind, channels, rate, bits)


def _decoded(kind: int, bits: int, data: bytes) -> NDArray[np.float64] | None:
    if kind == _FLOAT and bits in (32, 64):
        return np.frombuffer(data, f"<f{bits // 8}").astype(np.float64)
    if kind != _PCM:
        return None
    if bits == 8:
        return np.frombuffer(data, np.uint8) / 128.0 - 1.0
    if bits == 24:
        low = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(low), 4), np.uint8)
        wide[:, 1:] = low
        return wide.view("<i4").ravel() / 2.0**31
    if bits in (16, 32):
        return np.frombuffer(data, f"<i{bits // 8}") / 2.0 ** (bits - 1)
    return None
