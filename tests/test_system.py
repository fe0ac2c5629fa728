"""What the machine lacks is named exactly, installed where we may, and never guessed."""

from __future__ import annotations

import socket
import sys

import pytest

from napari_seem import _launch, _system
from napari_seem._system import Missing

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about Linux")
GHOST = Missing("libghost.so.9", "libghost9")


@pytest.fixture
def ghost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_system, "LIBRARIES", (GHOST,))


def test_no_display_at_all() -> None:
    assert "DISPLAY" in _system.no_display({})
    assert not _system.no_display({"WAYLAND_DISPLAY": "wayland-0"})


def test_a_display_is_there_only_if_somebody_answers() -> None:
    name = "\0/tmp/.X11-unix/X4242"
    assert "4242" in _system.no_display({"DISPLAY": ":4242"})
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        assert not _system.no_display({"DISPLAY": ":4242.0"})
    assert not _system.no_display({"DISPLAY": "far.example:10.0"})  # forwarded: not ours to check


def test_a_missing_library_is_found_and_named(ghost: None) -> None:
    assert _system.missing_libraries() == (GHOST,)
    assert _system.apt_command([GHOST, GHOST]).endswith(" libghost9")


def test_the_check_names_what_is_missing_and_fails(
    ghost: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _system.main([]) == 1
    said = capsys.readouterr().err
    assert "libghost.so.9" in said
    assert "apt-get install --no-install-recommends" in said


def test_it_is_installed_where_we_may(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str]) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr(_system, "_run", run)
    monkeypatch.setattr(_system.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(_system.os, "geteuid", lambda: 0)
    assert _system.install([GHOST])
    assert commands[-1][-1] == "libghost9"
    monkeypatch.setattr(_system.os, "geteuid", lambda: 1000)
    assert _system.install([GHOST])
    assert commands[-1][:2] == ["sudo", "-n"]


def test_nothing_is_installed_without_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_system, "_run", lambda command: 1)
    monkeypatch.setattr(_system.os, "geteuid", lambda: 1000)
    assert not _system.install([GHOST])


def test_the_app_names_missing_libraries_instead_of_crashing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_launch, "no_display", lambda environ: "")
    monkeypatch.setattr(_launch, "missing_libraries", lambda: (GHOST,))
    assert _launch.main([]) == 1
    assert "libghost9" in capsys.readouterr().err


def test_an_unknown_sample_is_refused_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_launch, "no_window", lambda: "")
    assert _launch.main(["--sample", "dog"]) == 2
    assert "coffee" in capsys.readouterr().err
