"""How long work will take is told once it can be known."""

from __future__ import annotations

import pytest

from napari_seem.jobs import Progress, Stopped


def test_time_left_at_the_pace_so_far(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("napari_seem.jobs.time.monotonic", lambda: now[0])
    progress = Progress()
    assert progress.left is None
    progress.watch(0.0)
    assert progress.left is None
    now[0] += 3
    progress.watch(0.25)
    assert progress.left == pytest.approx(9)
    now[0] += 9
    progress.watch(1.0)
    assert progress.left == 0
    progress.stop()
    with pytest.raises(Stopped):
        progress.watch(1.0)
