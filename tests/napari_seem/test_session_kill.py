"""A process that is killed loses at most the last moment; saving never makes the window wait."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from fakes import FakeLoad, blobs
from napari_seem.annotator import Annotator
from napari_seem.saver import Saver
from napari_seem.session_file import former, read_session
from napari_seem.session_places import Where
from napari_seem.session_settings import SessionPreferences
from napari_seem.target import Tool

WORK = """
import os, signal, sys, time
sys.path.insert(0, {tests!r})
import numpy as np
from fakes import FakeLoad, blobs
from napari.components import ViewerModel
from napari_seem import autosave
from napari_seem.annotator import Annotator
from napari_seem.saver import Saver
from napari_seem.session_places import Where
from napari_seem.session_settings import SessionPreferences
from napari_seem.target import Tool

waiting = []
later = lambda seconds, act: waiting.append((time.monotonic() + seconds, act))
autosave.DELAY = 0.05
viewer = ViewerModel()
viewer.add_image(blobs((640, 800)), name="blobs")
annotator = Annotator(viewer, load=FakeLoad(), files=Saver(later))
annotator.sessions.start(
    SessionPreferences(where=Where.FOLDER, folder={folder!r}), later=later
)
annotator.open()
annotator.use(Tool.CLICK)
for k in range(10_000):
    annotator.focus.target.prompts.points.add([[20.0, 20.0]])
    annotator.commit()
    annotator.focus.target.prompts.points.add([[45.0, 50.0]])
    annotator.commit()
    annotator.undo()
    until = time.monotonic() + 0.02
    while time.monotonic() < until:
        now = time.monotonic()
        due = [act for at, act in waiting if at <= now]
        waiting[:] = [(at, act) for at, act in waiting if at > now]
        for act in due:
            act()
        time.sleep(0.002)
"""


def test_what_was_done_before_a_kill_can_be_resumed(tmp_path, model_viewer) -> None:
    folder, tests = tmp_path / "sessions", str(Path(__file__).parents[1])
    code = WORK.format(tests=tests, folder=str(folder))
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        deadline = time.monotonic() + 60
        while not list(folder.glob("*.seem~")) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)  # some more files are written, and one is perhaps half done
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    (path,) = folder.glob("*.seem")
    assert read_session(path).objects >= 1
    assert read_session(former(path)).objects >= 1
    model_viewer.add_image(blobs((640, 800)), name="blobs")
    annotator = Annotator(model_viewer, load=FakeLoad())
    wish = SessionPreferences(where=Where.FOLDER, folder=str(folder))
    annotator.sessions.start(wish, later=lambda seconds, act: None)
    annotator.open()
    annotator.sessions.resume()
    assert (annotator.shelf.pixels() == 1).sum() == 20 * 20
    annotator.shelf.refine(1)
    np.testing.assert_array_equal(annotator.focus.target.prompts.points.data, [[20, 20]])


def test_files_are_written_on_a_thread_of_their_own(model_viewer, tmp_path, monkeypatch) -> None:
    from napari_seem import autosave

    threads, waiting, gate = [], [], threading.Event()
    write = autosave.write_session

    def slow(path, data):
        threads.append(threading.current_thread())
        gate.wait(20)
        write(path, data)

    monkeypatch.setattr(autosave, "write_session", slow)

    def later(seconds, act):
        waiting.append(act)

    def turn():
        now, waiting[:] = list(waiting), []
        for act in now:
            act()

    model_viewer.add_image(blobs(), name="blobs")
    annotator = Annotator(model_viewer, load=FakeLoad(), files=Saver(later))
    wish = SessionPreferences(where=Where.FOLDER, folder=str(tmp_path))
    saved = []
    annotator.sessions.autosave.saved.connect(saved.append)
    annotator.sessions.start(wish, later=later)
    annotator.open()
    annotator.use(Tool.CLICK)
    for k in range(5):  # the disk hangs, the person goes on
        annotator.focus.target.prompts.points.add([[12.0 + k, 12.0]])
        turn()
    gate.set()
    deadline = time.monotonic() + 20
    while len(saved) < 2 and time.monotonic() < deadline:
        turn()
        time.sleep(0.01)
    assert len(saved) == 2  # what changed meanwhile went into one file
    assert threading.main_thread() not in threads
    (page,) = read_session(saved[-1].path).pages.values()
    assert len(page.current.current.marks.points) == 5


def test_a_snapshot_of_a_large_image_takes_a_moment(model_viewer) -> None:
    model_viewer.add_image(blobs((2048, 2048)), name="blobs")
    annotator = Annotator(model_viewer, load=FakeLoad())
    annotator.open()
    annotator.use(Tool.CLICK)
    annotator.focus.target.prompts.points.add([[20.0, 20.0]])
    annotator.commit()
    target, times = annotator.focus.target, []
    annotator.sessions.autosave.of(target).watched.identify()()
    for _ in range(5):
        start = time.thread_time()
        snapshot = annotator.sessions.autosave.snapshot(target)
        times.append(time.thread_time() - start)
        snapshot.data()
    assert min(times) < 0.01
