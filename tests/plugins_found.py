"""The plugins as napari finds them when it starts, whatever ran before in this process."""

from __future__ import annotations

from npe2 import PluginManager


def find_plugins() -> None:
    """Let napari look for plugins, unless it has: windows of other tests make it forget that."""
    from napari.plugins import _initialize_plugins

    if "napari-seem" not in {m.name for m in PluginManager.instance().iter_manifests()}:
        _initialize_plugins()
