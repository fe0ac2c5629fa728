"""A folder of image features, so that a picture seen before need not be encoded again."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from seem_model import feature_file
from seem_model.errors import DataError
from seem_model.library import library_folder

if TYPE_CHECKING:
    from seem_model.encoded import ImageFeatures
    from seem_model.predictor import Predictor
    from seem_model.proposals import Watch
    from seem_model.values import RGB

GIGABYTE = 10**9
DISK_SPEED = 250e6  # bytes a second of a slow disk that has nothing in memory
WORTH = 3  # how many times longer encoding must take than reading
ABANDONED = 3600.0  # seconds without a change after which a half-written file is litter
SUFFIX = ".features.safetensors"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FeatureStore:
    """Image features on disk, the least recently used ones deleted beyond a size.

    A feature file is named after the pixels that the model sees, the model and the version of
    the file format, so it is never wrong, only unused. Nothing here raises for what goes wrong
    on the disk: then the picture is encoded, as without a store. Several programs may use one
    folder.

    Parameters
    ----------
    folder : Path
        Made when the first file is written.
    limit : int
        Bytes that all files together may have.
    """

    folder: Path
    limit: int = 2 * GIGABYTE

    @classmethod
    def of(cls, folder: str, gigabytes: float) -> FeatureStore:
        """Store in ``folder`` ("" for ``features`` in the folder of converted models)."""
        named = folder.strip()
        where = Path(named).expanduser() if named else library_folder() / "features"
        return cls(where, round(max(0.0, gigabytes) * GIGABYTE))

    @torch.inference_mode()
    def read(self, predictor: Predictor, picture: RGB) -> ImageFeatures | None:
        """Features of ``picture`` (H, W, 3) uint8; None where they must be computed.

        A damaged file is deleted.
        """
        path = self.path(predictor, picture)
        try:
            found = feature_file.load(path, picture, predictor.model)
        except FileNotFoundError:
            return None
        except (DataError, OSError, RuntimeError) as error:
            _log.warning("%s It is deleted and the image encoded again.", error)
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used now; most systems do not note reading
        return found

    def keep(self, predictor: Predictor, features: ImageFeatures, *, seconds: float) -> bool:
        """Write features if that pays.

        Parameters
        ----------
        predictor : Predictor
            Which made them.
        features : ImageFeatures
        seconds : float
            What encoding took; what is computed about as quickly as it is read is not kept.

        Returns
        -------
        bool
            Whether they are on disk now.
        """
        size = feature_file.size(features)
        if seconds < WORTH * size / DISK_SPEED or size > self.limit:
            return False
        path = self.path(predictor, features.image)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            feature_file.save(features, path)
            self._tidy()
        except OSError as error:
            _log.warning("Image features cannot be kept in %s: %s.", self.folder, error)
            return False
        return path.exists()

    def features(
        self, predictor: Predictor, picture: RGB, *, watch: Watch | None = None
    ) -> tuple[ImageFeatures, bool]:
        """Features of ``picture``, read or computed, and whether they are on disk now.

        Raises
        ------
        ImageError
            If the picture makes no sense as an image.
        """
        found = self.read(predictor, picture)
        if found is not None:
            return found, True
        start = time.perf_counter()
        computed = predictor.features(picture, watch=watch)
        seconds = time.perf_counter() - start
        return computed, self.keep(predictor, computed, seconds=seconds)

    def path(self, predictor: Predictor, picture: RGB) -> Path:
        """Where the features of ``picture`` are or would be."""
        key = feature_file.picture_key(predictor.fingerprint, picture)
        return self.folder / f"{key}{SUFFIX}"

    def _tidy(self) -> None:
        """Delete the files that were used the longest time ago until the rest fits."""
        for part in self.folder.glob(f"*{SUFFIX}.*.part"):  # of a program that was killed
            with contextlib.suppress(OSError):
                if time.time() - part.stat().st_mtime > ABANDONED:
                    part.unlink()
        files = []
        for path in self.folder.glob(f"*{SUFFIX}"):
            with contextlib.suppress(OSError):  # another program may delete it meanwhile
                told = path.stat()
                files.append((told.st_mtime_ns, told.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.limit:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
