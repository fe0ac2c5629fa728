"""Docks of the plugin share one place as tabs: below each other they need more than 800 pixels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget


def join(newer: QWidget, kind: type[QWidget]) -> bool:
    """Put the dock of ``newer`` as a tab, in front, over the first dock beside it with a ``kind``.

    Parameters
    ----------
    newer : QWidget
        A widget that was just docked.
    kind : type
        Class of the widget in the dock to share a place with.

    Returns
    -------
    bool
        False where there is nothing to join in the same area of the window.
    """
    ours = dock_of(newer)
    window = None if ours is None else ours.parentWidget()
    if ours is None or ours.isFloating() or not isinstance(window, QMainWindow):
        return False
    for dock in window.findChildren(QDockWidget):
        beside = window.dockWidgetArea(dock) == window.dockWidgetArea(ours)
        shown = beside and dock.isVisible() and not dock.isFloating()
        if dock is not ours and shown and dock.findChild(kind) is not None:
            window.tabifyDockWidget(dock, ours)
            # Qt makes the tabs when it comes to itself; the timer goes with the dock
            later = QTimer(ours)
            later.setSingleShot(True)
            later.timeout.connect(ours.raise_)
            # two docks below each other may have made the window higher than the screen
            later.timeout.connect(partial(_fit, window))
            later.start(0)
            return True
    return False


def _fit(window: QMainWindow) -> None:
    screen = window.screen()
    if screen is not None and not window.isMaximized() and not window.isFullScreen():
        window.resize(window.size().boundedTo(screen.availableSize()))


def dock_of(widget: QWidget) -> QDockWidget | None:
    """The dock that holds a widget, None when it is not docked."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent


def bring_forward(widget: QWidget) -> None:
    """Show the dock of a widget in front of those that share its place."""
    dock = dock_of(widget)
    if dock is not None:
        dock.show()
        dock.raise_()


def join_main(newer: QWidget) -> None:
    """Put a dock of the plugin as a tab over the main one, where that is docked."""
    from napari_seem.widgets.seem import SeemWidget  # it needs this file

    join(newer, SeemWidget)
