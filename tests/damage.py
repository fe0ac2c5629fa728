"""Damages each file of a data set in turn; nothing but a DataError with its path may come out."""

import json
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seem_model.data.opening import open_dataset, samples
from seem_model.errors import DataError


def _halved(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _nonsense(path: Path) -> None:
    path.write_bytes(b"\x93\xff{]nonsense\x00" * 7)


def _a_number(path: Path) -> None:
    path.write_text("7\n8 9\n")


def _another_picture(path: Path) -> None:
    if path.suffix.lower() in {".png", ".jpg", ".bmp", ".tif"}:
        Image.fromarray(np.full((3, 5, 3), 77, np.uint8)).save(path)


DAMAGES: list[Callable[[Path], None]] = [
    Path.unlink, _halved, _emptied, _nonsense, _a_number, _another_picture,
]  # fmt: skip


def messages(root: Path, kind: str) -> Iterator[tuple[str, Path]]:
    """What is said about each damage, and the file that was damaged."""
    copy = root.with_name("damaged")
    files = sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
    alike = {re.sub(r"[0-9]+", "", str(file)): file for file in files}
    for file in alike.values():
        for damage in DAMAGES:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(root, copy)
            damage(copy / file)
            for words in _said(copy, kind):
                yield words, copy / file


def check_messages(root: Path, kind: str) -> None:
    """Whatever is wrong is told with a path of the data set and what is skipped."""
    found = list(messages(root, kind))
    assert found
    for words, file in found:
        assert str(root.with_name("damaged")) in words, (words, file)
        assert "Skipped: " in words, (words, file)


def check_values(root: Path, kind: str) -> None:
    """The same with each value of each JSON file replaced by one that makes no sense there."""
    for path in sorted(root.rglob("*.json")):
        text = path.read_text()
        for place in _places(json.loads(text)):
            for value in (None, "x", -1):
                path.write_text(json.dumps(_replaced(json.loads(text), place, value)))
                for words in _said(root, kind):
                    assert str(root) in words, (words, place)
                    assert "Skipped: " in words, (words, place)
        path.write_text(text)


def _places(content: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    inner = content.items() if isinstance(content, dict) else enumerate(content[:1])
    for key, value in inner:
        if isinstance(value, dict | list):
            yield from _places(value, (*place, key))
        else:
            yield (*place, key)


def _replaced(content: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    content[place[0]] = _replaced(content[place[0]], place[1:], value)
    return content


def _said(root: Path, kind: str) -> list[str]:
    skipped: list[str] = []
    try:
        with warnings.catch_warnings(record=True, action="always") as told:
            data = open_dataset(root, kind)
        skipped += [str(warning.message) for warning in told]
        for split in _splits(data):
            for sample in samples(data, split, skipped=skipped):
                data.size(sample.id)
                data.segments(sample.id)
        return skipped
    except DataError as error:
        return [str(error)]


def _splits(data: object) -> list[str]:
    try:
        data.ids("no such split")  # type: ignore[attr-defined]
    except DataError as error:
        if "it has: " not in str(error):
            raise
        return str(error).rpartition("it has: ")[2].rstrip(".").split(", ")
    return []
