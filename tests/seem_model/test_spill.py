"""What lies in the file of :class:`Spill` comes back as it was, and its place is used again."""

import gc
import threading

import numpy as np
import pytest
import torch

from seem_model import spill as module
from seem_model.spill import Spill, Spilled


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bool, torch.int64])
def test_a_tensor_comes_back_as_it_was(dtype):
    spill = Spill()
    tensors = [(torch.randn(n, 7) * 9).to(dtype) for n in (1, 5, 33)]
    held = [spill.put(t) for t in tensors]
    assert all(isinstance(h, Spilled) for h in held)
    for tensor, put in zip(tensors, held, strict=True):
        assert torch.equal(put.tensor, tensor)
        assert put.tensor.dtype == dtype


def test_a_part_of_a_tensor_is_written_alone():
    spill, whole = Spill(), torch.arange(10_000.0).reshape(100, 100)
    held = spill.put(whole[10:20, ::3])
    assert torch.equal(held.tensor, whole[10:20, ::3])
    assert spill.size == 10 * 34 * 4


def test_what_nobody_has_any_more_leaves_its_place():
    spill = Spill()
    kept = spill.put(torch.zeros(100))
    for k in range(50):
        held = spill.put(torch.full((100,), float(k)))
        assert held.tensor[0] == k
        del held
        gc.collect()
    assert spill.size <= 3 * 400
    assert not kept.tensor.any()


def test_without_room_on_the_disk_it_stays_in_memory(monkeypatch):
    def full(**_):
        raise OSError("No space left on device")

    monkeypatch.setattr(module.tempfile, "TemporaryFile", full)
    source = torch.randn(5)
    held = Spill().put(source)
    assert isinstance(held, torch.Tensor)
    assert torch.equal(held, source)
    assert held.data_ptr() != source.data_ptr()


@pytest.mark.parametrize("fails", [OSError("No space left on device"), None])
def test_a_disk_that_fills_up_loses_nothing_that_was_laid_there(monkeypatch, fails):
    spill, before = Spill(), torch.randn(50)
    held = spill.put(before)

    class Full:
        """The file; it takes nothing or half of what is written."""

        def __init__(self, file):
            self.seek, self.read = file.seek, file.read
            self.take = file.write

        def write(self, data):
            if fails is not None:
                raise fails
            return self.take(data[: len(data) // 2])

    monkeypatch.setattr(spill, "_file", Full(spill._file))
    later = torch.randn(50)
    assert torch.equal(spill.put(later), later)
    assert torch.equal(held.tensor, before)


def test_threads_share_it():
    spill, wrong = Spill(), []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(100):
            tensor = torch.from_numpy(rng.random((int(rng.integers(1, 4)), 50)))
            held = spill.put(tensor)
            if not torch.equal(held.tensor, tensor):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_file_is_closed_when_its_last_user_is_gone(monkeypatch):
    made, real = [], module.tempfile.TemporaryFile

    def watched(**kwargs):
        made.append(real(**kwargs))
        return made[-1]

    monkeypatch.setattr(module.tempfile, "TemporaryFile", watched)
    spill = Spill()
    held = spill.put(torch.zeros(3))
    del spill
    gc.collect()
    assert not made[0].closed
    assert torch.equal(held.tensor, torch.zeros(3))
    del held
    gc.collect()
    assert made[0].closed
