"""Fetching official files from a hub on this machine: whole, broken, changed, and not at all."""

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import seem_model
from fake_hub import FakeHub, hub
from official_twin import NAME, install, official_state
from seem_model import download
from seem_model.cli import main
from seem_model.download import downloads_folder, fetch
from seem_model.errors import CheckpointError
from seem_model.releases import RELEASES

FILE = RELEASES[NAME].file


@pytest.fixture(scope="module")
def content() -> bytes:
    stream = io.BytesIO()
    torch.save(official_state(), stream)
    return stream.getvalue()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes):
    constants = pytest.importorskip("huggingface_hub.constants")
    install(monkeypatch, tmp_path / "library")
    monkeypatch.setattr(download, "PAUSE", 0.0)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with hub(content) as running:
        pattern = running.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", pattern)
        yield running


def ranges(server: FakeHub) -> list[str]:
    return [part for command, _, part in server.asked if command == "GET"]


def test_a_file_is_fetched_once(server: FakeHub, content: bytes) -> None:
    shares = []
    path = fetch(NAME, watch=shares.append)
    assert path == downloads_folder() / FILE
    assert path.read_bytes() == content
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert server.asked[0][1] == f"/xdecoder/SEEM/resolve/main/{FILE}"
    asked = len(server.asked)
    assert fetch(NAME) == path
    assert len(server.asked) == asked
    assert [p.name for p in downloads_folder().iterdir()] == [FILE]


def test_a_broken_transfer_goes_on_where_it_was(server: FakeHub, content: bytes) -> None:
    server.break_after = len(content) // 2 + 1
    assert fetch(NAME).read_bytes() == content
    assert ranges(server) == ["", f"bytes={server.break_after}-"]


def test_a_stopped_transfer_goes_on_the_next_time(server: FakeHub, content: bytes) -> None:
    class Enough(Exception):
        pass

    def stop(share: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        fetch(NAME, watch=stop)
    part = downloads_folder() / f"{FILE}.part"
    assert 0 < part.stat().st_size < len(content)
    there = part.stat().st_size
    assert fetch(NAME).read_bytes() == content
    assert ranges(server) == ["", f"bytes={there}-"]
    assert not part.exists()


def test_a_server_that_cannot_go_on_starts_anew(server: FakeHub, content: bytes) -> None:
    server.ranges = False
    part = downloads_folder() / f"{FILE}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert fetch(NAME).read_bytes() == content


def test_a_connection_that_never_gives_more_is_given_up(server: FakeHub, content: bytes) -> None:
    server.break_after = 0
    with pytest.raises(CheckpointError, match=f'What has come is kept: run "seem download {NAME}"'):
        fetch(NAME)
    assert len(ranges(server)) == download.ATTEMPTS


@pytest.mark.parametrize("kept", [0, 5000])
def test_other_content_is_refused_and_deleted(server: FakeHub, kept: int, content: bytes) -> None:
    part = downloads_folder() / f"{FILE}.part"
    if kept:
        part.parent.mkdir(parents=True)
        part.write_bytes(b"x" * kept)
    else:
        server.content = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(CheckpointError, match="is not the file that the hub announces"):
        fetch(NAME)
    assert not list(downloads_folder().iterdir())


def test_no_network(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants as constants

    with hub(b"") as gone:
        unused = gone.url
    pattern = unused + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", pattern)
    with pytest.raises(CheckpointError, match=f'Are you offline.*seem convert {FILE} --as {NAME}"'):
        fetch(NAME)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(CheckpointError, match="Are you offline, or is HF_HUB_OFFLINE set"):
        fetch(NAME)
    assert not server.asked


def test_what_was_never_released(server: FakeHub) -> None:
    with pytest.raises(CheckpointError, match="No file of davit-d3-v1 was released"):
        fetch("davit-d3-v1")
    with pytest.raises(CheckpointError, match='no official checkpoint "lite"'):
        fetch("lite")
    assert not server.asked


def test_files_of_other_programs_are_used(server: FakeHub, tmp_path: Path, content: bytes) -> None:
    cached = Path(pytest.importorskip("huggingface_hub").hf_hub_download("xdecoder/SEEM", FILE))
    del server.asked[:]
    assert fetch(NAME) == cached
    assert not server.asked
    if cached.is_symlink():
        cached.write_bytes(content[:-1] + b"?")
        assert fetch(NAME).read_bytes() == content
        assert server.asked


def test_the_endpoint_of_the_environment_is_asked(tmp_path: Path, content: bytes) -> None:
    code = f"from seem_model.download import fetch; print(fetch('{NAME}'))"
    with hub(content) as running:
        offline = {"HF_HUB_OFFLINE", "HF_TOKEN"}
        environment = {k: v for k, v in os.environ.items() if k not in offline} | {
            "HF_ENDPOINT": running.url,
            "HF_HOME": str(tmp_path / "hf"),
            "SEEM_MODELS": str(tmp_path / "library"),
        }
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    found = Path(done.stdout.strip()).read_bytes()
    assert hashlib.sha256(found).digest() == hashlib.sha256(content).digest()


def test_the_command(server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", NAME]) == 0
    said = capsys.readouterr().out
    assert "Apache-2.0" in said
    assert f"--checkpoint {NAME}" in said
    assert "delete it if you want the space" in said
    assert seem_model.load(NAME).name == NAME
    asked = len(server.asked)
    assert main(["download", NAME]) == 0
    assert "already" in capsys.readouterr().out
    assert len(server.asked) == asked
    assert main(["download", "davit-d3-v1"]) == 2
    assert "No file of davit-d3-v1 was released" in capsys.readouterr().err
