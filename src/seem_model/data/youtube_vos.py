"""YouTube-VOS: objects of named classes in short videos, every fifth frame annotated.

``train/JPEGImages/<video>/<frame>.jpg``, ``train/Annotations/<video>/<frame>.png`` (object
number) and ``train/meta.json`` (``videos`` → ``objects`` → ``category``); the same under ``valid``
(annotated where an object first appears) and ``test``. The splits are called ``train``, ``val``
and ``test``. Classes count as seen when the training split has them: those of
``train/meta.json`` (65 in the published set), or of ``seen.txt`` beside the folders, one name a
line. The public part of the last two has no class names. Paper: Xu et al., ECCV 2018.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seem_model.data import files
from seem_model.data.frames import Frames, find_frames, object_map
from seem_model.data.labels import Labels, describe, void_only
from seem_model.data.pictures import Pictures
from seem_model.data.sample import ClassInfo, Video
from seem_model.errors import DataError
from seem_model.values import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SEEN = "seen.txt"
FOLDERS = {"train": "train", "val": "valid", "test": "test"}
_Names = dict[str, dict[int, str]]


def open_youtube_vos(path: str | Path) -> Pictures:
    """Open a YouTube-VOS folder.

    Raises
    ------
    DataError
        If there is no ``meta.json``, or one is broken.
    """
    root = Path(path).expanduser()
    present = {s: root / f for s, f in FOLDERS.items() if (root / f / "meta.json").is_file()}
    if not present:
        raise DataError(f"There is no {root / 'train/meta.json'} or valid. Skipped: all of it.")
    names: _Names = {}
    parts: dict[str, Frames] = {}
    for split, folder in present.items():
        of_split = _objects(folder / "meta.json", split)
        names |= of_split
        parts[split] = find_frames(folder / "JPEGImages", folder / "Annotations", of_split)
    every = sorted({name for objects in names.values() for name in objects.values()})
    classes = {name: ClassInfo(number, name, True) for number, name in enumerate(every, start=1)}
    maps = {id: path for part in parts.values() for id, path in part.maps.items()}
    pictures = {id: path for part in parts.values() for id, path in part.pictures.items()}
    videos: dict[str, tuple[Video, ...]] = {split: part.videos for split, part in parts.items()}
    return Pictures(
        path=root,
        name="youtube-vos",
        classes=tuple(classes.values()),
        splits={split: part.ids() for split, part in parts.items()},
        picture=pictures.__getitem__,
        labels=lambda id: _labels(id, pictures, maps, names, classes),
        annotations=lambda: [
            *(f / "meta.json" for f in present.values()),
            *([root / SEEN] if (root / SEEN).is_file() else []),
            *maps.values(),
        ],
        videos=videos,
        seen=_seen(root, every),
        skipped=tuple(words for part in parts.values() for words in part.skipped),
    )


def _seen(root: Path, names: Iterable[str]) -> dict[str, bool]:
    """Whether the training split has a class; nothing about unnamed objects, or without a list."""
    if (root / SEEN).is_file():
        lost = "which classes are seen"
        try:
            lines = files.read_bytes(root / SEEN, lost).decode().splitlines()
        except UnicodeDecodeError as error:
            raise files.broken(root / SEEN, f"is no text: {error}", lost) from error
        trained = {line.strip() for line in lines}
    elif (root / "train/meta.json").is_file():
        of_train = _objects(root / "train/meta.json", "train")
        trained = {name for objects in of_train.values() for name in objects.values()}
    else:
        return {}
    return {name: name in trained for name in names if name != UNNAMED}


def _objects(path: Path, split: str) -> _Names:
    content: Any = files.read_json(path, f"the split {split}")
    try:
        return {
            str(video): {
                int(number): str(row.get("category") or UNNAMED)
                for number, row in rows["objects"].items()
            }
            for video, rows in content["videos"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise files.broken(path, f"is damaged: {error!r}", f"the split {split}") from error


def _labels(
    id: str,
    pictures: Mapping[str, Path],
    maps: Mapping[str, Path],
    names: _Names,
    classes: Mapping[str, ClassInfo],
) -> Labels:
    if id not in maps:
        return void_only(files.image_size(pictures[id], f"image {id}"))
    instances = object_map(maps[id], id)
    of_video = names[id.rpartition("/")[0]]
    unnamed = ClassInfo(0, "", True)
    segments = describe(instances, lambda n: classes[of_video[n]] if n in of_video else unnamed)
    return Labels(instances=instances, segments=segments, complete=False)
