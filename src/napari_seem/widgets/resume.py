"""One line that offers to go on with an earlier session; no dialog, nothing waits for it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_seem.sessions import counted

if TYPE_CHECKING:
    from napari_seem.sessions import Sessions


class ResumeBanner(QWidget):
    """Hidden unless a session of the image in focus was found.

    Parameters
    ----------
    sessions : Sessions
    """

    def __init__(self, sessions: Sessions) -> None:
        super().__init__()
        self._sessions = sessions
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.resume = QPushButton("Resume")
        self.resume.setToolTip(
            "Go on where you were: objects, prompts and rounds come back. Can be undone."
        )
        self.resume.clicked.connect(lambda: sessions.resume())
        self.anew = QPushButton("Start anew")
        self.anew.setToolTip("Leave the earlier session; its file gets a number and is kept.")
        self.anew.clicked.connect(lambda: sessions.start_anew())
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.resume)
        row.addWidget(self.anew)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        box.addWidget(self.words)
        box.addLayout(row)
        sessions.found_changed.connect(self.refresh)
        stop = partial(sessions.found_changed.disconnect, self.refresh, missing_ok=True)
        self.destroyed.connect(lambda: stop())
        self._say()
        if sessions.found is None:
            self.hide()

    def refresh(self) -> None:
        """Show what was found, or nothing."""
        self._say()
        self.setVisible(self._sessions.found is not None)

    def _say(self) -> None:
        found = self._sessions.found
        if found is not None:
            self.words.setText(f"{counted(found.objects)} from {spoken(found.saved)}.")
            self.words.setToolTip(f"Saved by itself as {found.path}")


def spoken(saved: str, now: datetime | None = None) -> str:
    """A time as people say it: "today 14:03", "yesterday 9:30", "3 May 2026 9:30".

    Parameters
    ----------
    saved : str
        ISO 8601 with the offset from UTC.
    now : datetime or None
        The present; None: the clock's.
    """
    try:
        then = datetime.fromisoformat(saved).astimezone()
    except ValueError:
        return "earlier"
    now = datetime.now().astimezone() if now is None else now
    clock = f"{then.hour}:{then.minute:02d}"
    days = (now.date() - then.date()).days
    if days == 0:
        return f"today {clock}"
    return f"yesterday {clock}" if days == 1 else f"{then.day} {then:%B %Y} {clock}"
