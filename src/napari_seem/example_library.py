"""Examples kept for other images and other days: pictures in a folder of the person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PILImage

from seem_model.errors import DataError
from seem_model.library import library_folder
from seem_model.values import Exemplar

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX = ".png"


@dataclass(frozen=True, eq=False)
class Kept:
    """One example of the library.

    Parameters
    ----------
    title : str
    file : Path
        A PNG: red, green, blue are the picture; alpha is 255 on the object and 0 around it.
    """

    title: str
    file: Path

    def load(self) -> Exemplar:
        """Read it.

        Raises
        ------
        DataError
            If the file is not such a picture.
        """
        try:
            with PILImage.open(self.file) as opened:
                pixels = np.asarray(opened)
        except OSError as error:
            raise DataError(f"The example {self.file} cannot be read: {error}.") from error
        if pixels.ndim != 3 or pixels.shape[2] != 4 or not (pixels[..., 3] > 127).any():
            raise DataError(
                f"The picture {self.file} is no example: it needs an alpha channel that is opaque "
                "on the object and transparent around it."
            )
        return Exemplar(
            image=np.ascontiguousarray(pixels[..., :3]),
            mask=np.ascontiguousarray(pixels[..., 3] > 127),
        )


class ExampleLibrary:
    """The examples in a folder.

    Parameters
    ----------
    folder : Path or None
        None: ``examples`` in :func:`seem_model.library.library_folder`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = library_folder() / "examples" if folder is None else folder

    def __iter__(self) -> Iterator[Kept]:
        """By title."""
        if not self.folder.is_dir():
            return iter(())
        files = sorted(self.folder.glob(f"*{SUFFIX}"), key=lambda f: f.stem.casefold())
        return iter([Kept(f.stem, f) for f in files])

    def keep(self, exemplar: Exemplar, title: str) -> Kept:
        """Store an example; a number is added to a title that is there already.

        Raises
        ------
        DataError
            If the folder cannot be written.
        """
        plain = re.sub(r"[^\w\- ]", "", title).strip() or "example"
        names = {k.title.casefold() for k in self}
        numbered = plain
        number = 2
        while numbered.casefold() in names:
            numbered, number = f"{plain} {number}", number + 1
        file = self.folder / f"{numbered}{SUFFIX}"
        alpha = np.where(exemplar.mask, 255, 0).astype(np.uint8)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            PILImage.fromarray(np.dstack([exemplar.image, alpha])).save(file)
        except OSError as error:
            raise DataError(
                f"The example cannot be kept in {self.folder}: {error}. Check that there is room "
                "and that you may write there."
            ) from error
        return Kept(numbered, file)

    def remove(self, kept: Kept) -> None:
        """Delete an example; one that is gone already is no error."""
        kept.file.unlink(missing_ok=True)
