"""Class lists in files: our JSON, plain text of others, the lists that are built in.

The JSON is ``{"format": 1, "title": "…", "classes": [{"name": "…", "synonyms": ["…"],
"colour": "#rrggbb", "thing": true}, …]}``; of a class only the name is needed.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from seem_model.class_lists import ClassEntry, ClassList, split_names
from seem_model.errors import ClassListError, DataError
from seem_model.export.json_files import read_json, write_text
from seem_model.library import library_folder
from seem_model.palette import NEUTRAL, default_colours

FORMAT = 1
LAST_USED = "classes.json"
_BUILT_IN = Path(__file__).with_name("class_lists.json")
_LARGEST = 5_000_000  # bytes; a list of 5,000 classes has less than 1 MB
_KEYS = {"name": str, "synonyms": list, "colour": str, "thing": bool}


@cache
def built_in() -> tuple[ClassList, ...]:
    """The lists that come with the package.

    COCO panoptic (133 classes), ADE20K (150), Pascal VOC (20), and cells and tissue.
    """
    return tuple(parse(content, content["title"]) for content in read_json(_BUILT_IN))


def read_class_list(path: str | Path) -> ClassList:
    """Read a list: ``.json`` as this module writes it, anything else as lines of text.

    A line of text is a class: its name, and after commas, semicolons or tabs its synonyms. Empty
    lines and lines that begin with ``#`` are left out. Such a list is called as its file.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    ClassListError
        If the file cannot be read, is something else, or holds a class that makes no sense.
    """
    where = Path(path).expanduser()
    try:
        if where.stat().st_size > _LARGEST:
            raise ClassListError(f"{where.name} is too large to be a list of classes.")
        if where.suffix.lower() == ".json":
            return parse(read_json(where), where.name)
        text = where.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ClassListError(f"Cannot read {where}: {error.strerror or error}.") from error
    except (DataError, UnicodeDecodeError) as error:
        raise ClassListError(f"{where.name} is no list of classes: {error}") from error
    lines = (line.replace('"', "") for line in text.splitlines() if not line.startswith("#"))
    rows = [row for row in map(split_names, lines) if row]
    if not rows:
        raise ClassListError(f"There are no names in {where.name}: write one on each line.")
    try:
        return ClassList.of(where.stem, rows)
    except ClassListError as error:
        raise ClassListError(f"{where.name} cannot be used. {error}") from error


def write_class_list(path: str | Path, class_list: ClassList) -> None:
    """Write a list as JSON, whole or not at all.

    Raises
    ------
    ClassListError
        If the name does not end in ``.json``, or the file cannot be written.
    """
    where = Path(path).expanduser()
    if where.suffix.lower() != ".json":
        raise ClassListError(f"Class lists are saved as .json, not as {where.name}.")
    part = where.with_name(f"{where.name}.part-{os.getpid()}")
    try:
        write_text(part, to_json(class_list))
        part.replace(where)
    except DataError as error:
        raise ClassListError(str(error)) from error
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ClassListError(f"Cannot write {where}: {error.strerror or error}.") from error


def remember(class_list: ClassList) -> None:
    """Keep a list for :func:`last_used`; ClassListError if it cannot be written."""
    where = library_folder() / LAST_USED
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ClassListError(f"Cannot make {where.parent}: {error.strerror or error}.") from error
    write_class_list(where, class_list)


def last_used() -> ClassList | None:
    """The list that was remembered last; None if there is none.

    Raises
    ------
    ClassListError
        If it is damaged.
    """
    where = library_folder() / LAST_USED
    return read_class_list(where) if where.is_file() else None


def to_json(class_list: ClassList) -> str:
    """The list as text of format 1, a class on each line."""
    rows = [
        {"name": e.name, "synonyms": list(e.synonyms), "colour": e.colour, "thing": e.is_thing}
        for e in class_list.entries
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    title = json.dumps(class_list.title, ensure_ascii=False)
    return f'{{"format": {FORMAT}, "title": {title}, "classes": [\n{lines}\n]}}\n'


def parse(content: Any, source: str) -> ClassList:
    """The list in parsed JSON of format 1.

    Parameters
    ----------
    content : object
    source : str
        Named in errors.

    Raises
    ------
    ClassListError
        If it is something else, or a class makes no sense.
    """
    if not isinstance(content, dict) or not isinstance(content.get("classes"), list):
        raise ClassListError(f"{source} is no list of classes: it has no list “classes”.")
    if content.get("format") != FORMAT:
        raise ClassListError(
            f"{source} is of format {content.get('format')!r}, which this version does not know: "
            f"it reads format {FORMAT}."
        )
    rows = [_checked(row, f"Class {n} of {source}") for n, row in enumerate(content["classes"], 1)]
    try:
        entries = [
            ClassEntry(
                row["name"],
                tuple(row.get("synonyms", ())),
                row.get("colour", NEUTRAL),
                row.get("thing", True),
            )
            for row in rows
        ]
        plain = [n for n, row in enumerate(rows) if "colour" not in row]
        used = [row["colour"] for row in rows if "colour" in row]
        colours = default_colours([entries[n].name for n in plain], taken=used)
        for n, colour in zip(plain, colours, strict=True):
            entries[n] = replace(entries[n], colour=colour)
        return ClassList(str(content.get("title", source)), tuple(entries))
    except ClassListError as error:
        raise ClassListError(f"{source} cannot be used. {error}") from error


def _checked(row: Any, which: str) -> dict[str, Any]:
    if not isinstance(row, dict) or "name" not in row:
        raise ClassListError(f"{which} has no “name”.")
    for key, value in row.items():
        if key not in _KEYS:
            known = ", ".join(_KEYS)
            raise ClassListError(f"{which} has a key “{key}” that is not known; there are {known}.")
        words = value if key == "synonyms" and isinstance(value, list) else ()
        if not isinstance(value, _KEYS[key]) or not all(isinstance(word, str) for word in words):
            raise ClassListError(f"“{key}” of {which[0].lower()}{which[1:]} is of a wrong kind.")
    return row
