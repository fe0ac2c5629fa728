"""Speak a phrase, read what was understood, correct it, use it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_seem.dictation import Dictation, State
from napari_seem.widgets.microphone import LONGEST, LevelMeter, QtMicrophone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtpy.QtGui import QHideEvent, QShowEvent

    from napari_seem.dictation import Make
    from napari_seem.widgets.microphone import Level, Microphone
    from napari_seem.worker import Run
    from seem_model.speech.transcript import Transcript

_UNSURE = 0.05
_TALK, _RELEASE = "Hold to talk", "Release to stop"
_TIP = "Press and hold, say what you are looking for, release. The sound stays on this machine."


class SpeechView(QWidget):
    """Push to talk, a level meter, and the transcript, which can be edited before it is used.

    Parameters
    ----------
    vocabulary : callable
        Class names of the moment; what the small recogniser listens for.
    use : callable
        Takes the phrase when the person agrees to it.
    run : Run
        Where recognition runs: :func:`napari_seem.worker.on_worker`.
    microphone : Microphone, optional
        Qt's by default.
    recogniser : callable, optional
        Another one than :func:`seem_model.speech.choosing.recogniser`.
    """

    def __init__(
        self,
        vocabulary: Callable[[], Sequence[str]],
        use: Callable[[str], None],
        run: Run,
        *,
        microphone: Microphone | None = None,
        recogniser: Make | None = None,
    ) -> None:
        super().__init__()
        self.dictation = (
            Dictation(vocabulary, use, run)
            if recogniser is None
            else Dictation(vocabulary, use, run, recogniser)
        )
        self._microphone = QtMicrophone() if microphone is None else microphone
        self._trouble: str | None = None
        self._shown: Transcript | None = None
        self.talk = _button(_TALK, _TIP)
        self.talk.pressed.connect(self.start)
        self.talk.released.connect(self.stop)
        self.open = _button("Open WAV…", "Take the phrase from a recording: a WAV file.")
        self.open.clicked.connect(self._choose)
        self.meter = LevelMeter()
        self.text = QLineEdit()
        self.text.setPlaceholderText("what was understood")
        self.text.setToolTip("What was understood; correct it, then press Enter to use it.")
        self.text.returnPressed.connect(self._use)
        self.text.textChanged.connect(self._enable)
        self.use = _button("Use", "Take the words as text prompt (Enter).")
        self.use.clicked.connect(self._use)
        self.cancel = _button("Clear", "Forget the words; stop recording or recognising.")
        self.cancel.clicked.connect(self._clear)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setToolTip("What is going on.")
        self._lay_out()
        self.dictation.changed.connect(self.refresh)
        self.destroyed.connect(partial(_end, self.dictation, self._microphone))
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.timeout.connect(self._look_for_microphone)
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the moment."""
        state, transcript = self.dictation.state, self.dictation.transcript
        if transcript is not self._shown:
            self._shown = transcript
            self.text.setText(transcript.text if transcript is not None else "")
            others = transcript.alternatives if transcript is not None else ()
            if others:
                self.text.setToolTip("Or was it: " + ", or ".join(f"“{o}”" for o in others) + "?")
            if transcript is not None:
                self.text.setFocus()
        if state is not State.RECORDING:
            self.meter.clear()
        self.talk.setText(_RELEASE if state is State.RECORDING else _TALK)
        self.hint.setText(self._words())
        self._enable()

    def open_file(self, path: str) -> None:
        """Recognise a WAV file."""
        self.dictation.open(path)

    def start(self) -> None:
        """Record; while recording, stop: whoever starts by a command has nothing to let go."""
        if self.dictation.state is State.RECORDING:
            self.stop()
            return
        # it may have been unplugged since
        self._trouble = self._microphone.trouble()
        if self._trouble:
            self.refresh()
            return
        self.dictation.clear()
        self.dictation.record()
        self._microphone.start(self._hear_level)

    def stop(self) -> None:
        """Stop recording, and recognise what was said."""
        if self.dictation.state is State.RECORDING:
            self.dictation.hear(*self._microphone.stop())

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look for a microphone: not before, since Qt's sound library takes 0.2 s to load."""
        super().showEvent(event)
        self._look.start(0)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Nothing is recorded that nobody sees."""
        if self.dictation.state is State.RECORDING:
            self._clear()
        super().hideEvent(event)

    def _words(self) -> str:
        state, transcript = self.dictation.state, self.dictation.transcript
        if state is State.RECORDING:
            return f"Listening… release the button or key to stop; {LONGEST:.0f} s at most."
        if state is State.RECOGNISING:
            return "Recognising…"
        if self.dictation.problem:
            return self.dictation.problem
        if transcript is not None:
            unsure = " Not sure about this one." if transcript.confidence < _UNSURE else ""
            return f"Right? Press Enter to use it, or correct it first.{unsure}"
        return self._trouble or "Hold the button and say what to find: “the red car on the left”."

    def _enable(self) -> None:
        state = self.dictation.state
        idle = state is State.IDLE
        can = self._trouble == "" and state is not State.RECOGNISING
        self.talk.setEnabled(can)
        self.talk.setToolTip(self._trouble or _TIP)
        self.open.setEnabled(idle)
        self.use.setEnabled(idle and bool(self.text.text().strip()))
        self.cancel.setText("Clear" if idle else "Cancel")
        self.cancel.setEnabled(not idle or bool(self.text.text()))

    def _look_for_microphone(self) -> None:
        self._trouble = self._microphone.trouble()
        self.refresh()

    def _hear_level(self, level: Level) -> None:
        self.meter.show_level(level)
        if level.seconds >= LONGEST:
            self.stop()

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Open a recording", "", "WAV files (*.wav *.WAV)"
        )
        if path:
            self.open_file(path)

    def _use(self) -> None:
        if self.use.isEnabled():
            self.dictation.use(self.text.text())

    def _clear(self) -> None:
        if self.dictation.state is State.RECORDING:
            self._microphone.stop()
        self.text.clear()
        self.dictation.clear()

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        for parts in ((self.talk, self.open), (self.text, self.use, self.cancel)):
            row = QHBoxLayout()
            row.setSpacing(3)
            for k, part in enumerate(parts):
                row.addWidget(part, 0 if k else 1)
            box.addLayout(row)
        box.insertWidget(1, self.meter)
        box.addWidget(self.hint)
        box.addStretch(1)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button


def _end(dictation: Dictation, microphone: Microphone) -> None:
    """The view is gone: record no more, and tell it nothing."""
    dictation.changed.disconnect()
    if dictation.state is State.RECORDING:
        microphone.stop()
    dictation.clear()
