"""File > IO Utilities > Open OME-Zarr labels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from napari.utils.notifications import show_error, show_info

# app-model finds the viewer by this annotation, so the name must exist when the module runs
from napari.viewer import Viewer  # noqa: TC002

from napari_seem.worker import on_worker
from napari_seem.zarr_files import read_labels
from seem_model.errors import SeemError

if TYPE_CHECKING:
    from napari_seem.worker import Run


def ask_for_labels(viewer: Viewer) -> None:
    """Let the person choose a folder of labels, or an image that has some, and open them."""
    from qtpy.QtWidgets import QFileDialog

    folder = QFileDialog.getExistingDirectory(None, "Open OME-Zarr labels: choose the folder")
    if folder:
        open_labels(viewer, folder)


def open_labels(viewer: Any, folder: str, *, run: Run = on_worker) -> None:
    """Add a Labels layer for each of the labels in ``folder``; what goes wrong is shown."""
    run(partial(read_labels, folder), done=partial(_add, viewer), failed=_tell)


def _add(viewer: Any, found: list[tuple[Any, dict[str, Any], str]]) -> None:
    for data, meta, _ in found:
        layer = Labels(data, **meta)
        viewer.add_layer(layer)
        show_info(f"{layer.name}: {len(layer.features)} objects.")


def _tell(error: Exception) -> None:
    if not isinstance(error, SeemError):
        raise error
    show_error(str(error))
