"""Keys on the canvas and commands in the palette, for the table of :mod:`napari_seem.actions`.

napari ignores keybindings of a manifest, so they are bound in code while the dock is open. On our
own layers the layer itself gets the binding too, because a layer's keys win over the viewer's:
there T switches the sign, though Shapes layers have a tool on that letter.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info

# app-model finds the viewer by this annotation, so the name must exist when the module runs
from napari.viewer import Viewer  # noqa: TC002

from napari_seem.actions import ACTIONS, Action, plan_now
from napari_seem.annotator import Annotator, annotator_for, real_viewer
from napari_seem.desk import desk_for
from napari_seem.settings import PLUGIN, follow_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers.base import Layer


class Keys:
    """Binds actions on a viewer and on the annotator's prompt layers.

    The keys are those of the preferences, and follow them.

    Parameters
    ----------
    viewer : Viewer
    annotator : Annotator
    actions : tuple of Action
    """

    def __init__(
        self, viewer: Any, annotator: Annotator, actions: tuple[Action, ...] = ACTIONS
    ) -> None:
        # a widget that waits for the garbage collector must not keep a closed viewer alive
        self._viewer = weakref.ref(real_viewer(viewer))
        self._annotator = annotator
        self._actions = actions
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
        decided = desk_for(self._annotator).plan = plan_now(self._actions)
        for action in self._actions:
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
        for layer in [] if target is None else target.layers:
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
talk = _command("talk")
show_keys = _command("show_keys")
take_tour = _command("take_tour")
teach = _command("teach")
class_1, class_2, class_3 = _command("class_1"), _command("class_2"), _command("class_3")
class_4, class_5, class_6 = _command("class_4"), _command("class_5"), _command("class_6")
class_7, class_8, class_9 = _command("class_7"), _command("class_8"), _command("class_9")
accept = _command("accept")
reject = _command("reject")
next_proposal = _command("next_proposal")
accept_all = _command("accept_all")
one_each = _command("one_each")
answer_all = _command("answer_all")
