"""Image features on disk: what the image encoder made of one picture, as one safetensors file."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from seem_model.config import to_json
from seem_model.encoded import Encoded, ImageFeatures
from seem_model.errors import DataError
from seem_model.frame import Box, Frame
from seem_model.modeling.decoded import Features

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from seem_model.modeling.seem import Seem
    from seem_model.values import RGB

FORMAT = "2"
"""Raised whenever the way from pixels to features changes; older files are then of no use."""
_TEXT_TOWER = "text."


def fingerprint(model: Seem) -> str:
    """Hexadecimal digest of the configuration and of every weight but the text tower's.

    Two models with the same one make the same features of a picture.
    """
    digest = hashlib.blake2b(json.dumps(to_json(model.config), sort_keys=True).encode())
    for name, value in sorted(model.state_dict().items()):
        if not name.startswith(_TEXT_TOWER):
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def picture_key(identity: str, picture: RGB) -> str:
    """Name of the features of a picture.

    Parameters
    ----------
    identity : str
        Of the model, see :func:`fingerprint`.
    picture : (H, W, 3) uint8
        All that the model sees of it goes in: another contrast is another picture.
    """
    digest = hashlib.blake2b(f"{FORMAT} {identity} {picture.shape}".encode(), digest_size=20)
    digest.update(picture.data if picture.flags.c_contiguous else picture.tobytes())
    return digest.hexdigest()


def size(features: ImageFeatures) -> int:
    """Bytes that :func:`save` will write, but for a few hundred."""
    return sum(x.element_size() * x.numel() for x in _tensors(features).values())


def save(features: ImageFeatures, path: Path) -> None:
    """Write the whole view of an image, exactly; the file is either complete or not there.

    Parameters
    ----------
    features : ImageFeatures
        Its crops, which answers add, are not kept.
    path : Path
        In a folder that exists; replaced if it is there.

    Raises
    ------
    OSError
        If the disk is full or must not be written to.
    """
    # as they are: in float16 one pixel of a mask in a thousand answers came out otherwise
    exact = {k: x.detach().cpu().contiguous() for k, x in _tensors(features).items()}
    frame = features.whole.frame
    box = frame.box
    place = [box.row0, box.col0, box.row1, box.col1, frame.height, frame.width, *frame.padded]
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        save_file(exact, part, metadata={"format": FORMAT, "frame": json.dumps(place)})
        os.replace(part, path)
    except SafetensorError as error:  # how safetensors tells of a full disk
        raise OSError(str(error)) from error
    finally:
        part.unlink(missing_ok=True)


def load(path: Path, picture: RGB, model: Seem) -> ImageFeatures:
    """Features of ``picture`` as :func:`save` wrote them, on the model's device.

    Parameters
    ----------
    path : Path
    picture : (H, W, 3) uint8
        The image itself, which the file does not hold.
    model : Seem
        The model that made them.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    DataError
        If it is damaged or holds features of another picture or format.
    """
    if not path.is_file():
        raise FileNotFoundError(path)
    device = model.logit_scale.device
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            told = file.metadata() or {}
            names = sorted(file.keys())
            tensors = {k: file.get_tensor(k).to(device) for k in names}
        row0, col0, row1, col1, height, width, *padded = json.loads(told["frame"])
        frame = Frame(Box(row0, col0, row1, col1), height, width, (padded[0], padded[1]))
        features = Features(
            tensors["mask"], _numbered(tensors, "level"), _numbered(tensors, "deep")
        )
    except (SafetensorError, OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise DataError(f"The image features in {path} cannot be read ({error}).") from error
    fits = frame.coarse == tuple(features.mask.shape[-2:]) and len(features.levels) == 3
    if told.get("format") != FORMAT or (row1, col1) != picture.shape[:2] or not fits:
        raise DataError(f"The image features in {path} are not those of this picture.")
    return ImageFeatures(picture, Encoded(frame, model.prepared(features)))


def _tensors(features: ImageFeatures) -> dict[str, Tensor]:
    """What cannot be computed from the rest."""
    whole = features.whole.features
    tensors = {"mask": whole.mask}
    tensors |= {f"level{k}": x for k, x in enumerate(whole.levels)}
    tensors |= {f"deep{k}": x for k, x in enumerate(whole.deep)}
    return tensors


def _numbered(tensors: dict[str, Tensor], name: str) -> tuple[Tensor, ...]:
    count = sum(k.startswith(name) for k in tensors)
    return tuple(tensors[f"{name}{k}"] for k in range(count))
