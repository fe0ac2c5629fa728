"""Fetching official checkpoints, only when asked: interrupted transfers go on, every byte counts.

Where a file is and which content it must have is asked through ``huggingface_hub``. The transfer is
our own: that library goes on with a broken one within one call only, and over plain HTTP compares
sizes, not contents (seen with version 2.4).
"""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from seem_model.errors import CheckpointError
from seem_model.library import library_folder
from seem_model.releases import RELEASES, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPResponse

CHUNK = 1 << 20
ATTEMPTS = 5  # without a new byte
PAUSE = 1.0  # seconds, longer after each of them
_PATIENCE = 30.0  # seconds without a byte
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Source:
    """A file on the hub: where, how long, and its SHA-256."""

    url: str
    size: int
    digest: str


def downloads_folder() -> Path:
    """Where files are kept as they came."""
    return library_folder() / "downloads"


def fetch(name: str, *, watch: Callable[[float], None] | None = None) -> Path:
    """The official file of a variant, from this machine or else from the hub.

    Parameters
    ----------
    name : str
        A key of :data:`seem_model.releases.RELEASES`.
    watch : callable or None
        Called with the share done, 0 to 1. What it raises stops the transfer, which goes on from
        there the next time.

    Returns
    -------
    Path
        Complete and with the content that the hub says it has.

    Raises
    ------
    CheckpointError
        If nothing was released under this name, the hub cannot be reached, or what came is not
        the file.
    """
    file = _released(name)
    whole = downloads_folder() / file
    if whole.is_file():
        return whole
    cached = _from_hub_cache(file)
    if cached is not None:
        return cached
    source = _source(file, name)
    part = whole.with_name(file + ".part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _transfer(source, part, watch)
        _check(source, part)
        part.replace(whole)
    except OSError as error:
        raise CheckpointError(
            f"{file} could not be fetched completely ({error}). What has come is kept: run "
            f'"seem download {name}" again to go on.'
        ) from error
    return whole


def _released(name: str) -> str:
    if name not in RELEASES:
        with_files = ", ".join(r.name for r in RELEASES.values() if r.file)
        raise CheckpointError(f'There is no official checkpoint "{name}"; known: {with_files}.')
    file = RELEASES[name].file
    if not file:
        raise CheckpointError(
            f"No file of {name} was released. If you have one, convert it with "
            f'"seem convert FILE --as {name}".'
        )
    return file


def _from_hub_cache(file: str) -> Path | None:
    """What other programs fetched before by way of ``huggingface_hub``, unless it is damaged."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(REPOSITORY, file)
    if not isinstance(found, str):
        return None
    # where links exist, the file behind the link is called by its SHA-256
    digest = Path(found).resolve().name
    sound = not _SHA256.fullmatch(digest) or _digest(Path(found)) == digest
    return Path(found) if sound else None


def _source(file: str, name: str) -> Source:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    try:
        found = get_hf_file_metadata(hf_hub_url(REPOSITORY, file), token=False)
    except Exception as error:  # its HTTP library's errors have no common base that is public
        raise CheckpointError(
            f"{file} cannot be looked up at huggingface.co/{REPOSITORY} "
            f"({_brief(error)}). Are you offline, or is HF_HUB_OFFLINE set? Fetch the file in "
            f'another way and run "seem convert {file} --as {name}"; everything else works '
            "without a network."
        ) from error
    if found.size is None or not _SHA256.fullmatch(found.etag or ""):
        raise CheckpointError(
            f"The hub does not say which content {file} must have, so it is not fetched. Update "
            "huggingface_hub, or fetch the file with a browser and convert it."
        )
    return Source(found.location, found.size, str(found.etag))


def _brief(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _transfer(source: Source, part: Path, watch: Callable[[float], None] | None) -> None:
    """Append to ``part`` until it is as long as the source; goes on after a broken connection."""
    failures = 0
    while (there := _length(part)) < source.size:
        broken = OSError(f"the connection ends at {there / 1e6:.1f} of {source.size / 1e6:.1f} MB")
        try:
            _append(source, part, there, watch)
        except urllib.error.HTTPError:
            raise
        except OSError as error:
            broken = error
        except HTTPException as error:
            broken = OSError(_brief(error))
        failures = 0 if _length(part) > there else failures + 1
        if failures >= ATTEMPTS:
            raise broken
        sleep(PAUSE * failures)


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _append(source: Source, part: Path, there: int, watch: Callable[[float], None] | None) -> None:
    asked = urllib.request.Request(source.url)
    if there:
        asked.add_header("Range", f"bytes={there}-")
    answer: HTTPResponse
    with urllib.request.urlopen(asked, timeout=_PATIENCE) as answer:
        # 206: the rest, as asked; 200: a server that starts from the beginning
        goes_on = answer.status == 206
        with part.open("ab" if goes_on else "wb") as stream:
            while chunk := answer.read(CHUNK):
                stream.write(chunk)
                if watch is not None:
                    watch(min(1.0, stream.tell() / source.size))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check(source: Source, part: Path) -> None:
    found = _digest(part)
    if found != source.digest or part.stat().st_size != source.size:
        part.unlink()
        raise CheckpointError(
            f"What came for {part.stem} is not the file that the hub announces (SHA-256 "
            f"{found[:12]}… instead of {source.digest[:12]}…), so it is deleted. Try again; if it "
            "happens again, something between the hub and you changes files."
        )
