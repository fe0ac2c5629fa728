"""The thread for session files."""

from __future__ import annotations

from napari_seem.saver import Saver, never


def test_what_is_handed_over_while_the_program_ends_is_written_at_once():
    saver, done = Saver(never), []
    saver._pool.shutdown()
    saver(lambda: "written", done=done.append, failed=done.append)
    assert done == ["written"]
