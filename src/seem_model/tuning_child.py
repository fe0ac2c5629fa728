"""Fine-tuning in a process of its own, which can be killed at any moment; no torch here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from seem_model.errors import SeemError
from seem_model.tuning import Message, Outcome, Trouble, Tuning, read, write_wish
from seem_model.tuning_process import GIVEN, KEEP, WISH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seem_model.data.examples import Examples

LOG = "log.txt"
_TOLD = 300  # characters of the log's end that are shown
_NO_CONSOLE = 0
if sys.platform == "win32":
    _NO_CONSOLE = subprocess.CREATE_NO_WINDOW
_SOURCES = Path(__file__).parents[1]


class TuningChild:
    """A process that fine-tunes in a hidden folder of its own, beside where models are kept.

    Parameters
    ----------
    examples : Examples
    wish : Tuning
    beside : Path
        Folder in which the hidden one is made, so that a finished model needs only be renamed.

    Raises
    ------
    SeemError
        If the folder cannot be written or the process cannot start.
    """

    def __init__(self, examples: Examples, wish: Tuning, *, beside: Path) -> None:
        try:
            beside.mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=beside))
        except OSError as error:
            raise SeemError(f"Nothing can be written to {beside}: {error.strerror}.") from error
        try:
            examples.save(self.folder / GIVEN)
            write_wish(wish, self.folder / WISH)
            self._process = self._started(wish)
        except OSError as error:
            self.clear()
            raise SeemError(f"Training cannot start: {error}.") from error

    def _started(self, wish: Tuning) -> subprocess.Popen[str]:
        paths = [str(_SOURCES), *filter(None, [os.environ.get("PYTHONPATH")])]
        env = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}
        # one core stays for the person who goes on clicking
        env.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))
        if wish.device == "cpu":
            env["ACCELERATE_USE_CPU"] = "true"
        with open(self.folder / LOG, "w", encoding="utf-8") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "seem_model.tuning_process", str(self.folder)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=env,
                encoding="utf-8", start_new_session=True, creationflags=_NO_CONSOLE,
            )  # fmt: skip

    def messages(self) -> Iterator[Message]:
        """What the process says, as it comes; the last is an :class:`Outcome` or trouble."""
        last: Message | None = None
        for line in self._process.stdout or ():
            last = read(line)
            yield last
        self._process.wait()
        if not isinstance(last, Outcome | Trouble):
            yield Trouble(f"The training process has ended too early. {self._end_of_log()}".strip())

    def keep(self) -> None:
        """End training after the step under way; the model as it is then is measured."""
        try:
            if self._process.stdin is not None:
                self._process.stdin.write(f"{KEEP}\n")
                self._process.stdin.flush()
        except (OSError, ValueError):
            pass  # it has ended by itself

    def kill(self) -> None:
        """End it at once; :meth:`clear` takes its files away."""
        self._process.kill()

    def clear(self) -> None:
        """Delete all that it left, except a model that was moved away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Wait for the process, which has ended or was killed, and let go of its pipes."""
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass  # nobody reads the other end any more
        self._process.wait()

    def _end_of_log(self) -> str:
        try:
            text = (self.folder / LOG).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""
        return " ".join(text[-_TOLD:].split())
