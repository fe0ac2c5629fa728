"""The process that fine-tunes: ``python -m seem_model.tuning_process FOLDER``.

It reads examples and wish from the folder, writes a line of JSON for every message to the standard
output, and listens to its standard input: a line "keep" ends training with the model as it is, the
end of the input (whoever started it is gone) ends everything.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from seem_model.errors import SeemError
from seem_model.tuning import Message, Trouble, read_wish, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

GIVEN, WISH = "given", "wish.json"
KEEP = "keep"
NICE = 5
"""How far the process stands back: whoever clicks meanwhile should not wait for it."""


def main(folder: str) -> None:
    """Do the work of a folder."""
    where = Path(folder)
    if sys.platform != "win32":
        os.nice(NICE)
    out = _own_output()
    enough = threading.Event()
    ended = threading.Event()

    def abandoned() -> None:
        if not ended.is_set():
            shutil.rmtree(where, ignore_errors=True)
            os._exit(1)

    listener = threading.Thread(target=listen, args=(sys.stdin, enough.set, abandoned), daemon=True)
    listener.start()

    def tell(message: Message) -> None:
        print(written(message), file=out, flush=True)

    tell(_result(where, tell, enough.is_set))
    ended.set()


def listen(lines: Iterable[str], enough: Callable[[], None], abandoned: Callable[[], None]) -> None:
    """Take what the starting process says, until it says nothing any more."""
    for line in lines:
        if line.strip() == KEEP:
            enough()
    abandoned()


def _result(
    where: Path, tell: Callable[[Message], None], enough: Callable[[], bool]
) -> Message:  # fmt: skip
    try:
        # torch and all: what goes wrong with them is told, too
        from seem_model.data.examples import Examples
        from seem_model.fine_tuning import fine_tune

        examples, wish = Examples.open(where / GIVEN), read_wish(where / WISH)
        return fine_tune(examples, wish, where, told=tell, enough=enough)
    except SeemError as error:
        return Trouble(str(error))
    except MemoryError:
        return Trouble("There is not enough memory to train: close other programs, or untick some.")
    except Exception as error:  # the process ends here, and somebody waits for a sentence
        return Trouble(f"Training went wrong ({type(error).__name__}: {error}).")


def _own_output() -> TextIO:
    """The standard output for messages alone; what libraries print goes where errors go."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


if __name__ == "__main__":
    main(sys.argv[1])
