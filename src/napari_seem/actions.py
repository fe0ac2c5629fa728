"""Everything that a person can do by key or palette, in one table.

To add an action: a line in :data:`ACTIONS`, a line in the palette of :mod:`napari_seem.keys`, and a
command and a preference in ``napari.yaml``; a test says what is missing, ready to be pasted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from napari_seem.annotator import Annotator
from napari_seem.conflicts import Plan, Wish, plan
from napari_seem.desk import Request, desk_for
from napari_seem.settings import key_texts
from napari_seem.shortcuts import napari_keys
from napari_seem.suggesting import Suggestions
from napari_seem.target import Tool


def _toggle(annotator: Annotator) -> None:
    annotator.set_positive(not annotator.positive)


def _take(tool: Tool, annotator: Annotator) -> None:
    annotator.use(tool)


def _class(number: int, annotator: Annotator) -> None:
    annotator.name_by_number(number)


def _suggest(deed: Callable[[Suggestions], None]) -> Callable[[Annotator], None]:
    return lambda annotator: deed(annotator.suggestions)


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
    *(
        Action(f"class_{k}", f"class {k} of the list", f"Alt+{k}", partial(_class, k))
        for k in range(1, 10)
    ),
    Action("accept", "accept the proposal", "Q", _suggest(Suggestions.accept)),
    Action("reject", "reject the proposal", "W", _suggest(Suggestions.reject)),
    Action("next_proposal", "next proposal", "J", lambda a: a.suggestions.move(1)),
    Action("accept_all", "accept all proposals", "", _suggest(Suggestions.accept_all)),
    Action("one_each", "an object for each mark", "G", Annotator.one_object_each),
    Action("answer_all", "answer all open objects again", "", lambda a: a.search.answer_all()),
    Action("type_words", "name the object by words", "/", partial(_ask, Request.TYPE_WORDS)),
    Action(
        "talk",
        "hold to talk",
        "",
        partial(_ask, Request.TALK),
        release=partial(_ask, Request.STOP_TALKING),
    ),
    Action(
        "show_keys", "list the keys", "F1", partial(_ask, Request.SHOW_KEYS), "keys", None, True
    ),
    Action(
        "teach", "teach the model your objects", "", partial(_ask, Request.TEACH), opens_dock=True
    ),
    Action("take_tour", "take the tour", "", partial(_ask, Request.TAKE_TOUR), opens_dock=True),
)


def plan_now(actions: tuple[Action, ...] = ACTIONS) -> Plan:
    """The keys as the preferences have them and as they can be bound at this moment."""
    texts = key_texts()
    wishes = [Wish(a.id, a.title, texts.get(a.id, a.default), a.default) for a in actions]
    return plan(wishes, napari_keys())


def key_text(annotator: Annotator, action: str) -> str:
    """The first key of an action that is bound, as people write it; "" if there is none."""
    return desk_for(annotator).plan.text(action)


def legend(annotator: Annotator) -> str:
    """The keys that matter most, in one or two lines."""
    texts = [(key_text(annotator, a.id), a.brief) for a in ACTIONS if a.brief]
    return " · ".join(f"{key} {brief}" for key, brief in texts if key)
