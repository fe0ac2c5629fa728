"""Berkeley: 100 objects in 96 photos of the Berkeley segmentation set, for interactive methods.

``images/<id>.jpg`` and ``masks/<id>.png``, or ``masks/<id>#1.png``, ``<id>#2.png`` where a photo
has several objects (255 = object). All images are in the split ``val``.
Paper: McGuinness and O'Connor, Pattern Recognition 2010.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seem_model.data import files
from seem_model.data.grabcut import single_objects

if TYPE_CHECKING:
    from seem_model.data.pictures import Pictures


def is_berkeley(root: Path) -> bool:
    """Whether a folder of images and masks says that it is this set: by its name or a "#"."""
    if not ((root / "images").is_dir() and (root / "masks").is_dir()):
        return False
    return "berkeley" in root.name.lower() or next((root / "masks").glob("*#*"), None) is not None


def open_berkeley(path: str | Path) -> Pictures:
    """Open a Berkeley folder; DataError if its two folders are missing."""
    root = Path(path).expanduser()
    found = files.pictures_in(root / "images")
    masks: dict[str, list[Path]] = {}
    for stem, mask in files.pictures_in(root / "masks").items():
        photo = stem if stem in found else stem.partition("#")[0]
        masks.setdefault(photo, []).append(mask)
    return single_objects("berkeley", root, ("images", "masks"), masks)
