"""What a person can do by key or palette: one table, bound on the canvas while a dock is open.

napari ignores keybindings of a manifest, so they are bound in code. Each key is a preference of the
plugin. On our own layers the layer itself gets the binding too, because a layer's keys win over
the viewer's: there T switches the sign, though Shapes layers have a tool on that letter.

To add an action: a line in :data:`ACTIONS`, a line in the palette below it, and in ``napari.yaml``
a command and a preference; a test says what is missing.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info

# app-model finds the viewer by this annotation, so the name must exist when the module runs
from napari.viewer import Viewer  # noqa: TC002

from napari_seem.annotator import Annotator, annotator_for, real_viewer
from napari_seem.desk import Request, desk_for
from napari_seem.settings import PLUGIN, follow_keys, key_texts
from napari_seem.shortcuts import Plan, Wish, napari_keys, plan, shown_key
from napari_seem.target import Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers.base import Layer


def _toggle(annotator: Annotator) -> None:
    annotator.set_positive(not annotator.positive)


def _take(tool: Tool, annotator: Annotator) -> None:
    annotator.use(tool)


def _ask(request: Request, annotator: Annotator) -> None:
    desk_for(annotator).asked.emit(request)


@dataclass(frozen=True)
class Action:
    """Something a person does by key or palette.

    Parameters
    ----------
    id : str
        Name of the command and of the preference.
    title : str
        What it does, in words.
    default : str
        Its key unless the preferences say otherwise: several separated by commas, "" for none.
    act : callable
        The deed.
    brief : str
        One word for the line of keys in the dock; "" leaves it out there.
    release : callable, optional
        Called when the key is let go, for actions that last as long as a key is down.
    opens_dock : bool
        Whether the palette's command opens the dock when it is closed.
    """

    id: str
    title: str
    default: str
    act: Callable[[Annotator], None]
    brief: str = ""
    release: Callable[[Annotator], None] | None = None
    opens_dock: bool = False


ACTIONS = (
    Action("toggle_sign", "switch between adding and removing", "T", _toggle, "sign"),
    Action("commit", "commit the object", "K", Annotator.commit, "commit"),
    Action("next_object", "next object", "N", Annotator.next_object, "next"),
    Action("undo", "undo", "Ctrl+Z, Ctrl+Alt+Z", Annotator.undo, "undo"),
    Action("redo", "redo", "Ctrl+Shift+Z, Ctrl+Alt+Shift+Z", Annotator.redo, "redo"),
    Action("reset", "clear all prompts of the object", "", Annotator.reset),
    Action("use_click", "tool: click", "Shift+C", partial(_take, Tool.CLICK)),
    Action("use_box", "tool: box", "Shift+B", partial(_take, Tool.BOX)),
    Action("use_polygon", "tool: polygon", "Shift+G", partial(_take, Tool.POLYGON)),
    Action("use_ellipse", "tool: ellipse", "Shift+E", partial(_take, Tool.ELLIPSE)),
    Action("use_stroke", "tool: stroke", "Shift+S", partial(_take, Tool.STROKE)),
    Action("use_paint", "tool: paint", "Shift+D", partial(_take, Tool.PAINT)),
    Action("type_words", "name the object by words", "/", partial(_ask, Request.TYPE_WORDS)),
    Action(
        "show_keys", "list the keys", "F1", partial(_ask, Request.SHOW_KEYS), "keys", None, True
    ),
    Action("take_tour", "take the tour", "", partial(_ask, Request.TAKE_TOUR), opens_dock=True),
)


def wishes() -> tuple[Wish, ...]:
    """Keys of every action as the preferences have them."""
    texts = key_texts()
    return tuple(Wish(a.id, a.title, texts.get(a.id, a.default), a.default) for a in ACTIONS)


def plan_now() -> Plan:
    """The keys as they can be bound at this moment."""
    return plan(wishes(), napari_keys())


def key_text(action: str) -> str:
    """The first key of an action as people write it, "" if it has none."""
    keys = plan_now().keys(action)
    return shown_key(keys[0]) if keys else ""


@dataclass(frozen=True)
class Shortcut:
    """A default key with the words for it."""

    key: str
    words: str
    brief: str = ""


SHORTCUTS = tuple(
    Shortcut(key, a.title, "" if k else a.brief)
    for a in ACTIONS
    for k, key in enumerate(a.default.split(", ") if a.default else [])
)


class Keys:
    """Binds :data:`ACTIONS` on a viewer and on the annotator's prompt layers.

    The keys are those of the preferences, and follow them.

    Parameters
    ----------
    viewer : Viewer
    annotator : Annotator
    """

    def __init__(self, viewer: Any, annotator: Annotator) -> None:
        # a widget that waits for the garbage collector must not keep a closed viewer alive
        self._viewer = weakref.ref(real_viewer(viewer))
        self._annotator = annotator
        self._before: dict[str, Any] = {}
        self._layers: list[Layer] = []
        self._acts: dict[str, Callable[[Any], Any]] = {}
        self._closed = False
        self._unfollow = follow_keys(self._changed)
        annotator.changed.connect(self._bind_layers)
        self._bind()

    def _changed(self) -> None:
        self._unbind()
        self._bind()
        self._annotator.changed.emit()  # whatever shows keys shows the new ones

    def _bind(self) -> None:
        decided = plan_now()
        for action in ACTIONS:
            for key in decided.keys(action.id):
                self._acts[key] = _pressed(action, self._annotator)
        viewer = self._viewer()
        if viewer is not None:
            for key, act in self._acts.items():
                self._before[key] = viewer.bind_key(key, None)
                viewer.bind_key(key, act, overwrite=True)
        self._bind_layers()

    def close(self) -> None:
        """Unbind all; what was bound on the viewer before comes back."""
        if self._closed:
            return
        self._closed = True
        self._unfollow()
        self._annotator.changed.disconnect(self._bind_layers)
        self._unbind()

    def _unbind(self) -> None:
        viewer = self._viewer()
        for key in self._acts:
            if viewer is not None:
                viewer.bind_key(key, self._before.get(key), overwrite=True)
            for layer in self._layers:
                layer.bind_key(key, None)
        self._acts, self._before = {}, {}
        self._layers.clear()

    def _bind_layers(self) -> None:
        target = self._annotator.focus.target
        for layer in [] if target is None else target.prompts.all:
            if not any(layer is x for x in self._layers):
                self._layers.append(layer)
                for key, act in self._acts.items():
                    layer.bind_key(key, act, overwrite=True)


def _pressed(action: Action, annotator: Annotator) -> Callable[[Any], Any]:
    act, release = action.act, action.release

    def press(_: Any) -> None:
        act(annotator)

    if release is None:
        return press
    let_go = release

    def hold(_: Any) -> Iterator[None]:
        act(annotator)
        yield
        let_go(annotator)

    return hold


def _command(action: str) -> Callable[[Viewer], None]:
    found = next(a for a in ACTIONS if a.id == action)

    def run(viewer: Viewer) -> None:
        annotator = annotator_for(viewer)
        if not annotator.is_open and found.opens_dock:
            viewer.window.add_plugin_dock_widget(PLUGIN, "SEEM")
        if annotator.is_open:
            found.act(annotator)
        else:
            show_info("Open the SEEM dock first: Plugins → SEEM.")

    run.__doc__ = f"{found.title[0].upper()}{found.title[1:]}."
    return run


# the palette
toggle_sign = _command("toggle_sign")
commit = _command("commit")
next_object = _command("next_object")
undo = _command("undo")
redo = _command("redo")
reset = _command("reset")
use_click = _command("use_click")
use_box = _command("use_box")
use_polygon = _command("use_polygon")
use_ellipse = _command("use_ellipse")
use_stroke = _command("use_stroke")
use_paint = _command("use_paint")
type_words = _command("type_words")
show_keys = _command("show_keys")
take_tour = _command("take_tour")
