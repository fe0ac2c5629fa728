"""A forward pass that tells how far it is and can be stopped between two layers."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn


@contextmanager
def watched(model: nn.Module, watch: Callable[[float], None] | None) -> Iterator[None]:
    """Within it, ``watch`` is called before every layer of ``model``.

    Parameters
    ----------
    model : nn.Module
        Run by one thread at a time.
    watch : callable or None
        Called with the share of layers begun, 0 to 1; what it raises ends the pass. None: nothing
        is done.
    """
    if watch is None:
        yield
        return
    layers = [m for m in model.modules() if not any(m.children())]
    begun: set[int] = set()

    def tell(layer: nn.Module, inputs: Any) -> None:
        begun.add(id(layer))
        watch(len(begun) / len(layers))

    handles = [layer.register_forward_pre_hook(tell) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
