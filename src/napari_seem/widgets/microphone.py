"""The microphone, through Qt; and the meter that shows how loud it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from qtpy.QtGui import QPainter, QPalette
from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent

    Told = Callable[["Level"], None]

RATE = 16000
LONGEST = 20.0  # seconds
_NO_QT = (
    "The microphone cannot be used: Qt's sound library does not load here. On Debian or Ubuntu: "
    "apt-get install libpulse0. A WAV file works."
)
_NO_DEVICE = "No microphone was found. Connect one, or open a WAV file."
_QUIETEST = 60.0  # dB below full scale, the left end of the meter


@dataclass(frozen=True)
class Level:
    """How loud a piece of a recording is, and how much was recorded.

    Parameters
    ----------
    rms, peak : float
        0 to 1, of full scale.
    seconds : float
        Recorded so far.
    """

    rms: float
    peak: float
    seconds: float


class Microphone(Protocol):
    """Something that records."""

    def trouble(self) -> str:
        """Why it cannot record, in a sentence; empty if it can."""
        ...

    def start(self, told: Told) -> None:
        """Record; ``told`` is called for every piece, on the GUI thread."""
        ...

    def stop(self) -> tuple[NDArray[np.float32], int]:
        """Stop, and give what was recorded: (N,) from -1 to 1, and samples a second."""
        ...


class QtMicrophone:
    """The system's default microphone. Qt's sound library is loaded when it is first asked."""

    def __init__(self) -> None:
        self._source: Any = None
        self._stream: Any = None
        self._format: Any = None
        self._told: Told | None = None
        self._pieces: list[NDArray[np.float32]] = []
        self._count = 0
        self._rest = b""

    def trouble(self) -> str:
        """Why it cannot record, in a sentence; empty if it can."""
        try:
            from qtpy.QtMultimedia import QAudioSource, QMediaDevices
        except ImportError:  # no system library, or a Qt that is too old
            return _NO_QT
        del QAudioSource
        return _NO_DEVICE if QMediaDevices.defaultAudioInput().isNull() else ""

    def start(self, told: Told) -> None:
        """Record; ``told`` is called for every piece."""
        from qtpy.QtMultimedia import QAudioFormat, QAudioSource, QMediaDevices

        device = QMediaDevices.defaultAudioInput()
        wanted = QAudioFormat()
        wanted.setSampleRate(RATE)
        wanted.setChannelCount(1)
        wanted.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        self._format = wanted if device.isFormatSupported(wanted) else device.preferredFormat()
        self._pieces, self._count, self._rest, self._told = [], 0, b"", told
        self._source = QAudioSource(device, self._format)
        self._stream = self._source.start()
        if self._stream is not None:
            self._stream.readyRead.connect(self._take)

    def stop(self) -> tuple[NDArray[np.float32], int]:
        """Stop, and give what was recorded."""
        rate = RATE
        if self._source is not None:
            self._take()
            self._source.stop()
            rate = self._format.sampleRate()
        self._source = self._stream = self._told = None
        pieces, self._pieces = self._pieces, []
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32), rate

    def _take(self) -> None:
        if self._stream is None or self._told is None:
            return
        data = self._rest + bytes(self._stream.readAll().data())
        frame = self._format.bytesPerFrame()
        whole = len(data) // frame * frame
        self._rest = data[whole:]
        if whole:
            piece = decoded(data[:whole], self._format)
            self._pieces.append(piece)
            self._count += len(piece)
            rms = float(np.sqrt(np.mean(np.square(piece, dtype=np.float64))))
            seconds = self._count / self._format.sampleRate()
            self._told(Level(rms, float(np.abs(piece).max()), seconds))


def decoded(data: bytes, kind: Any) -> NDArray[np.float32]:
    """Bytes of a ``QAudioFormat`` as one channel (N,), from -1 to 1."""
    from qtpy.QtMultimedia import QAudioFormat

    formats = QAudioFormat.SampleFormat
    number, scale, middle = {
        formats.UInt8: ("u1", 128.0, 128.0),
        formats.Int16: ("i2", 2.0**15, 0.0),
        formats.Int32: ("i4", 2.0**31, 0.0),
        formats.Float: ("f4", 1.0, 0.0),
    }[kind.sampleFormat()]
    numbers: NDArray[np.float64] = np.frombuffer(data, number).astype(np.float64)
    channels = ((numbers - middle) / scale).reshape(-1, kind.channelCount())
    samples: NDArray[np.float32] = np.mean(channels, axis=1).astype(np.float32)
    return samples


class LevelMeter(QWidget):
    """Bar as long as the sound is loud (RMS, in decibels), with a line where it was loudest."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(8)
        self.setToolTip("How loud the microphone hears you; halfway is good.")
        self.level = Level(0.0, 0.0, 0.0)

    def show_level(self, level: Level) -> None:
        """Draw this level from now on."""
        self.level = level
        self.update()

    def clear(self) -> None:
        """Draw an empty groove."""
        self.show_level(Level(0.0, 0.0, 0.0))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the groove, the bar and the line."""
        painter = QPainter(self)
        # the colour of text, thinned: it differs from the background in every theme
        color = self.palette().color(QPalette.ColorRole.WindowText)
        painter.setOpacity(0.2)
        painter.fillRect(self.rect(), color)
        painter.setOpacity(0.6)
        painter.fillRect(0, 0, round(share(self.level.rms) * self.width()), self.height(), color)
        if self.level.peak > 0:
            at = min(self.width() - 2, round(share(self.level.peak) * self.width()))
            painter.setOpacity(1.0)
            painter.fillRect(at, 0, 2, self.height(), color)
        painter.end()


def share(level: float) -> float:
    """Where a level is on the meter, 0 to 1: decibels, from -60 to 0 of full scale."""
    if level <= 0:
        return 0.0
    return float(np.clip(1 + 20 * np.log10(level) / _QUIETEST, 0, 1))
