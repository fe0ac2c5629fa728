"""Keys: what is read from text, who yields to whom, and that table, manifest and docs agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_model import Application
from app_model.types import Action as MenuAction
from app_model.types import KeyBinding, KeyCode, KeyMod, OperatingSystem
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Points
from npe2 import PluginManifest

from napari_seem import keys
from napari_seem.actions import ACTIONS, key_text, legend, plan_now
from napari_seem.conflicts import Binding, Holder, Wish, conflicts, plan
from napari_seem.hints import hint
from napari_seem.keys import Keys
from napari_seem.settings import follow_keys
from napari_seem.shortcuts import ShortcutError, Taken, napari_keys, read_keys

ROOT = Path(__file__).parents[2]
KEYS = st.sampled_from(["K", "N", "T", "Ctrl+Z", "Shift+B", "F1"])


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_file(ROOT / "src/napari_seem/napari.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k", ("K",)),
        (" shift+ctrl+z , U", ("Ctrl+Shift+Z", "U")),
        ("K, k", ("K",)),
        ("/", ("/",)),
        ("Shift+F1", ("Shift+F1",)),
        ("", ()),
        ("  ", ()),
    ],
)
def test_keys_are_read_into_their_normal_form(text, expected):
    assert read_keys(text, system=OperatingSystem.LINUX) == expected


@pytest.mark.parametrize("text", ["K M", "banana", "Ctrl+", "Shift", "é", "K,,N", "Shift+1", ","])
def test_what_is_no_key_is_refused_with_its_name(text):
    with pytest.raises(ShortcutError) as refusal:
        read_keys(text)
    assert refusal.value.args[0][0] in "“n"


def test_ctrl_is_the_command_key_on_a_mac():
    assert read_keys("Ctrl+Z", system=OperatingSystem.MACOS) == ("Meta+Z",)


@given(st.lists(st.lists(KEYS, max_size=3, unique=True), max_size=6), st.lists(KEYS, unique=True))
def test_no_key_is_ever_bound_twice_or_taken_from_napari(wanted, taken):
    wish = tuple(Wish(str(k), f"do {k}", ", ".join(w), "") for k, w in enumerate(wanted))
    decided = plan(wish, tuple(Taken(key, "napari's") for key in taken))
    bound = [key for b in decided.bindings for key in b.keys]
    assert len(bound) == len(set(bound))
    assert not set(bound) & set(taken)
    # what is not bound is told
    lost = {c.key for c in decided.conflicts if not c.is_bound}
    assert {k for w in wanted for k in w} == set(bound) | lost


def test_of_two_actions_the_later_yields_and_is_told_what_to_do():
    first, second = Binding("a", "commit", ("K",)), Binding("b", "undo", ("U", "K"))
    [conflict] = conflicts([first, second], [])
    assert (conflict.binding, conflict.key, conflict.holder) == (second, "K", Holder.ACTION)
    assert "“commit”" in str(conflict)
    assert "Preferences → SEEM" in str(conflict)


def test_a_key_of_a_layer_type_is_bound_and_told():
    [conflict] = conflicts([Binding("a", "commit", ("P",))], [Taken("P", "paint mode", "Labels")])
    assert conflict.is_bound
    assert "Labels layer of your own" in str(conflict)


def test_what_cannot_be_read_stays_at_its_default():
    decided = plan((Wish("commit", "commit", "Ctrl+banana", "K"),), ())
    assert decided.keys("commit") == ("K",)
    [(action, words)] = decided.mistakes
    assert action == "commit"
    assert "banana" in words


def test_keys_that_napari_uses_at_this_moment_are_known():
    assert Taken("Ctrl+C", "copy", "Points") in napari_keys()
    Points.bind_key("F7", lambda layer: None)
    try:
        assert any(t.key == "F7" and t.layer == "Points" for t in napari_keys())
    finally:
        Points.bind_key("F7", None)
    assert not any(t.key == "F7" for t in napari_keys())


@pytest.fixture
def menus():
    """The application that napari registers its menus with, or a stand-in while there is none."""
    app = Application.get_app("napari")
    yield app or Application("napari")
    if app is None:
        Application.destroy("napari")


def test_keys_of_napari_menus_are_known(menus):
    key = KeyMod.CtrlCmd | KeyCode.F6
    rules = [{"primary": key}]
    action = MenuAction(id="x.y", title="Do it", callback=lambda: None, keybindings=rules)
    dispose = menus.register_action(action)
    try:
        assert Taken(str(KeyBinding.from_int(key)), "Do it") in napari_keys()
    finally:
        dispose()


def test_the_default_keys_are_all_bound():
    decided = plan([Wish(a.id, a.title, a.default, a.default) for a in ACTIONS], napari_keys())
    assert not decided.mistakes
    assert not [str(c) for c in decided.conflicts if not c.is_bound]


def test_names_of_actions_are_unique():
    assert len({a.id for a in ACTIONS}) == len({a.title for a in ACTIONS}) == len(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: a.id)
def test_the_manifest_has_each_action_as_the_table_has_it(manifest, action):
    commands = {c.id: c for c in manifest.contributions.commands}
    wanted = (
        f"    - id: napari-seem.{action.id}\n"
        f'      title: "SEEM: {action.title}"\n'
        f"      python_name: napari_seem.keys:{action.id}\n"
    )
    assert f"napari-seem.{action.id}" in commands, f"add to commands in napari.yaml:\n{wanted}"
    command = commands[f"napari-seem.{action.id}"]
    assert command.title == f"SEEM: {action.title}", wanted
    assert command.python_name == f"napari_seem.keys:{action.id}", wanted
    title = action.title[0].upper() + action.title[1:]
    wanted = (
        f"        {action.id}_key:\n          type: string\n"
        f'          default: "{action.default}"\n          title: "{title}"\n'
    )
    properties = manifest.contributions.configurations["keyboard"].properties
    assert f"{action.id}_key" in properties, f"add to keyboard in napari.yaml:\n{wanted}"
    assert properties[f"{action.id}_key"].default == action.default, wanted
    assert properties[f"{action.id}_key"].title == title, wanted


def test_the_manifest_has_no_action_that_the_table_lacks(manifest):
    ids = {a.id for a in ACTIONS}
    ours = [c for c in manifest.contributions.commands if "napari_seem.keys:" in c.python_name]
    assert {c.id.removeprefix("napari-seem.") for c in ours} == ids
    properties = manifest.contributions.configurations["keyboard"].properties
    assert {name.removesuffix("_key") for name in properties} == ids


def test_the_page_of_keys_is_the_table():
    page = (ROOT / "docs/shortcuts.md").read_text()
    rows = [
        f"| {a.title[0].upper()}{a.title[1:]} | "
        + ", ".join(f"`{key}`" for key in a.default.split(", ") if key)
        + " |"
        for a in ACTIONS
    ]
    missing = [row for row in rows if row.replace("|  |", "| none |") not in page]
    assert not missing, "the table of docs/shortcuts.md lacks:\n" + "\n".join(missing)
    assert page.count("\n| ") == len(rows) + 1


def test_no_preference_has_the_name_of_something_that_settings_have(manifest):
    from napari.settings._plugin_settings import PluginSettings
    from napari.utils.events import EventedModel

    for section, contribution in manifest.contributions.configurations.items():
        assert section not in dir(PluginSettings)
        assert section != "shortcuts"  # napari's dialog takes that name for its own page
        assert not set(contribution.properties) & set(dir(EventedModel))


def test_palette_commands_act_on_the_open_dock_only(model_viewer, told, monkeypatch):
    keys.toggle_sign(model_viewer)
    assert "Open the SEEM dock" in told.text


def test_keys_that_change_in_napari_are_followed_until_the_end(monkeypatch, tmp_path):
    from napari.settings import get_settings

    monkeypatch.setattr("napari.settings._SETTINGS", None)
    calls, theirs = [], get_settings(tmp_path / "settings.yaml").shortcuts
    before = dict(theirs.shortcuts)
    end = follow_keys(lambda: calls.append(1))
    theirs.shortcuts = before | {"napari:reset_view": ["Ctrl+K"]}
    assert len(calls) == 1
    end()
    theirs.shortcuts = before
    assert len(calls) == 1


def test_hints_name_the_key_that_is_bound_or_none(annotator, model_viewer):
    assert "(" not in hint_for_negative(annotator)
    bound = Keys(model_viewer, annotator)
    key = plan_now().keys("toggle_sign")[0]
    assert f"({key}: back" in hint_for_negative(annotator)
    assert key_text(annotator, "reset") == ""
    assert legend(annotator).startswith(f"{key} sign · ")
    bound.close()


def hint_for_negative(annotator):
    annotator.set_positive(False)
    return hint(annotator)
