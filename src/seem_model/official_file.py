"""Reading a checkpoint file of someone else: tensors only, and plain words when it is none."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from seem_model.errors import CheckpointError

_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
_POINTER = b"version https://git-lfs"
# Training programs put the tensors under one of these keys, beside counters and optimisers, and
# names behind one of these prefixes.
_WRAPPERS = ("state_dict", "model", "model_state_dict")
_PREFIXES = ("module.", "model.")


def read_tensors(file: str | Path) -> dict[str, Tensor]:
    """All tensors of a ``.pt`` or ``.safetensors`` file, by name; no code in it is run.

    Parameters
    ----------
    file : str or Path
        What is in it counts, not its ending.

    Returns
    -------
    dict
        Tensors of any dtype on the CPU, where possible mapped from the file. A wrapper
        (``{"model": ...}``) and a prefix that all names have in common are taken off.

    Raises
    ------
    CheckpointError
        If the file is missing, cut short, or holds something else.
    """
    path = Path(file)
    try:
        with path.open("rb") as stream:
            start = stream.read(64)
    except FileNotFoundError:
        raise CheckpointError(f"There is no file {path}.") from None
    except OSError as error:
        if path.is_dir():
            raise CheckpointError(f"{path} is a folder; give the .pt file itself.") from None
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    _refuse_pages(path, start)
    if start.startswith(_ZIP) or start.startswith(_PICKLE):
        loaded = _torch_file(path, zipped=start.startswith(_ZIP))
    elif start[8:9] == b"{":
        loaded = _safetensors(path)
    else:
        raise CheckpointError(f"{path} is no checkpoint: neither a .pt nor a .safetensors file.")
    return _bare(path, loaded)


def _refuse_pages(path: Path, start: bytes) -> None:
    if not start:
        raise CheckpointError(f"{path} is empty: download it again.")
    if start.startswith(_POINTER):
        raise CheckpointError(
            f"{path} is only a Git LFS pointer to the checkpoint: fetch the file itself."
        )
    if start.lstrip()[:1] == b"<":
        raise CheckpointError(
            f"{path} is a web page, not a checkpoint: the link led to a page about the file."
        )


def _torch_file(path: Path, *, zipped: bool) -> Any:
    if zipped and not zipfile.is_zipfile(path):
        raise _cut(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        # torch says which class it would have to make, in a text of many lines
        if "GLOBAL" in str(error) or "class" in str(error):
            raise CheckpointError(
                f"{path} holds Python objects and not only tensors; reading them could run code "
                "of the file, so it is not opened. Save the weights alone, with "
                "torch.save(model.state_dict(), FILE), where the objects are known."
            ) from error
        raise _cut(path) from error
    except EOFError as error:
        raise _cut(path) from error
    except Exception as error:  # torch raises almost anything for what it cannot read
        if zipped:
            raise CheckpointError(f"{path} is an archive, but no checkpoint of tensors.") from error
        raise _cut(path) from error


def _safetensors(path: Path) -> Any:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise _cut(path) from error


def _cut(path: Path) -> CheckpointError:
    size = path.stat().st_size
    return CheckpointError(
        f"{path} is cut short or damaged: it stops at {size:,} bytes ({size / 1e6:.1f} MB) and "
        "its end is missing. Download or copy it again."
    )


def _bare(path: Path, loaded: Any) -> dict[str, Tensor]:
    for _ in _WRAPPERS:
        inner = [loaded[k] for k in _WRAPPERS if k in loaded] if isinstance(loaded, Mapping) else []
        loaded = next((x for x in inner if isinstance(x, Mapping)), loaded)
    tensors = (
        {str(k): v for k, v in loaded.items() if isinstance(v, Tensor)}
        if isinstance(loaded, Mapping)
        else {}
    )
    if not tensors:
        raise CheckpointError(f"{path} is no checkpoint: it holds no named tensors.")
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors
