"""What hundreds of rounds remember lies in a file, not in memory; it is read again when needed."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections import deque
from typing import IO

import torch
from torch import Tensor


class Spilled:
    """A tensor that lies in a :class:`Spill`; its place is free again when nobody has this."""

    def __init__(self, spill: Spill, offset: int, like: Tensor) -> None:
        self._spill, self._offset = spill, offset
        self._shape, self._dtype, self._device = like.shape, like.dtype, like.device

    @property
    def tensor(self) -> Tensor:
        """The tensor, as it was, read from the file each time."""
        count = self._shape.numel() * self._dtype.itemsize
        data = bytearray(self._spill.read(self._offset, count))
        flat = torch.frombuffer(data, dtype=self._dtype)
        return flat.reshape(self._shape).to(self._device)


class Spill:
    """Owner of a file without a name, which is gone when its last user is.

    The file is made when something is first put there. Threads may share it.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()
        self._end = 0
        self._free: dict[int, list[int]] = {}
        # Places are given back while garbage is collected: at any time, so without the lock.
        self._given_back: deque[tuple[int, int]] = deque()

    def put(self, tensor: Tensor) -> Spilled | Tensor:
        """Lay a tensor in the file; a copy of the tensor itself where there is no room on disk."""
        data = tensor.detach().cpu().contiguous().numpy().tobytes()
        if not data:
            return tensor.clone()
        try:
            with self._lock:
                offset = self._place(len(data))
                self._write(offset, data)
        except OSError:
            # a view would keep the larger tensor alive that it is part of
            return tensor.clone()
        spilled = Spilled(self, offset, tensor)
        weakref.finalize(spilled, self._given_back.append, (len(data), offset)).atexit = False
        return spilled

    def read(self, offset: int, count: int) -> bytes:
        """``count`` bytes from ``offset`` on.

        Raises
        ------
        OSError
            If the file cannot be read, or not so far.
        """
        with self._lock:
            if self._file is None:
                raise OSError("Nothing was written yet.")
            self._file.seek(offset)
            data = self._file.read(count)
        if len(data) != count:
            raise OSError("The file of what rounds remember was cut short.")
        return data

    @property
    def size(self) -> int:
        """Bytes that the file has."""
        return self._end

    def _place(self, count: int) -> int:
        while self._given_back:
            freed, offset = self._given_back.popleft()
            self._free.setdefault(freed, []).append(offset)
        places = self._free.get(count)
        return places.pop() if places else self._end

    def _write(self, offset: int, data: bytes) -> None:
        if self._file is None:
            # without a buffer: what did not fit on the disk would be in the way of later reading
            self._file = tempfile.TemporaryFile(prefix="napari-seem-", buffering=0)  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        self._file.seek(offset)
        if self._file.write(data) != len(data):
            raise OSError("The disk is full.")
        self._end = max(self._end, offset + len(data))
