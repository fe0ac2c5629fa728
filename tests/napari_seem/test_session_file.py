"""Session files: exact there and back, whole or not at all, and clear words for what is no such."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from napari_seem.document import Answer, Page, Thing
from napari_seem.light import Light
from napari_seem.marks import ExampleMark, Marks, Words
from napari_seem.plane import Plane
from napari_seem.session_data import ImageIdentity, LabelStack, SessionData, SessionError
from napari_seem.session_file import former, image_of, read_session, write_session
from napari_seem.shown import Shown
from seem_model.class_lists import ClassList
from session_values import EXEMPLARS, assert_same_session, sessions

IMAGE = ImageIdentity("cells", "/data/cells.tif", (7, 9), "uint8", "sha256:1234")
CLASSES = ClassList.of("mine", [("cell", "zelle"), ("tissue",)])
PLANE = Plane((0, 1), (0, 0), (7, 9))


def small(name: str = "cell") -> SessionData:
    mask = np.zeros((7, 9), bool)
    mask[2:4, 3:6] = True
    like = ExampleMark(EXEMPLARS[0], "like that")
    thing = Thing(key=1, name=name).with_step(
        Marks(points=np.array([[2.5, 4.0]]), signs=np.array([True]), words=(Words("a cell"),)),
        Answer.of_mask(mask),
    )
    again = thing.with_step(Marks(examples=(like, like)), None)
    labels = LabelStack.of(mask.astype(np.int32) * 3, name="SEEM objects")
    return SessionData(
        image=IMAGE, pages={PLANE: Page(things=(again,))}, labels=labels,
        shown=Shown(Light((0.0, 255.0), 1.0, (1.0, 1.0, 1.0))), classes=CLASSES,
    )  # fmt: skip


def first_mask(document):
    return document["slices"][0]["objects"][0]["steps"][0]["answer"]["mask"]


def changed(path, change) -> None:
    """Rewrite the document of a session file."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    document = json.loads(parts["session.json"])
    change(document)
    parts["session.json"] = json.dumps(document).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=sessions())
def test_there_and_back_is_the_same_session(data, tmp_path) -> None:
    path = tmp_path / "any.seem"
    write_session(path, data)
    assert_same_session(read_session(path), data)
    assert image_of(path) == data.image


def test_an_example_shown_twice_is_one_picture_and_one_example_again(tmp_path) -> None:
    write_session(tmp_path / "a.seem", small())
    with zipfile.ZipFile(tmp_path / "a.seem") as file:
        assert file.namelist() == ["session.json", "objects.tif", "examples/0001.png"]
    (first, second) = read_session(tmp_path / "a.seem").pages[PLANE].current.current.marks.examples
    assert first.exemplar is second.exemplar


def test_a_stranger_reads_it_with_numpy_and_tifffile(tmp_path) -> None:
    import base64
    import zlib

    import tifffile

    write_session(tmp_path / "a.seem", small())
    with zipfile.ZipFile(tmp_path / "a.seem") as file:
        document = json.loads(file.read("session.json"))
        labels = tifffile.imread(io.BytesIO(file.read("objects.tif")))
    assert labels.dtype == np.int32
    assert labels[2:4, 3:6].min() == labels.max() == 3
    mask = document["slices"][0]["objects"][0]["steps"][0]["answer"]["mask"]
    top, left, bottom, right = mask["box"]
    bits = np.frombuffer(zlib.decompress(base64.b64decode(mask["data"])), np.uint8)
    whole = np.zeros(mask["shape"], bool)
    whole[top:bottom, left:right] = np.unpackbits(bits)[: (bottom - top) * (right - left)].reshape(
        bottom - top, right - left
    )
    np.testing.assert_array_equal(whole, labels == 3)


class TestWhatIsNoSession:
    @pytest.mark.parametrize(
        ("content", "words"),
        [(b"", "not a zip"), (b"PK\x03\x04 but no more", "not a zip"), (b"\x89PNG", "not a zip")],
    )
    def test_other_files(self, tmp_path, content, words) -> None:
        (tmp_path / "a.seem").write_bytes(content)
        with pytest.raises(SessionError, match=words):
            read_session(tmp_path / "a.seem")

    def test_no_file(self, tmp_path) -> None:
        with pytest.raises(SessionError, match="No such file"):
            read_session(tmp_path / "a.seem")

    def test_a_zip_of_something_else(self, tmp_path) -> None:
        with zipfile.ZipFile(tmp_path / "a.seem", "w") as file:
            file.writestr("roi.roi", b"")
        with pytest.raises(SessionError, match="no session"):
            read_session(tmp_path / "a.seem")

    def test_a_newer_one(self, tmp_path) -> None:
        write_session(tmp_path / "a.seem", small())
        changed(tmp_path / "a.seem", lambda d: d.update(format=3, version="9.0"))
        with pytest.raises(SessionError, match=r"9\.0.*update"):
            read_session(tmp_path / "a.seem")

    def test_keys_that_are_not_known_are_no_hindrance(self, tmp_path) -> None:
        write_session(tmp_path / "a.seem", small())
        changed(tmp_path / "a.seem", lambda d: d.update(comment="by hand"))
        assert_same_session(read_session(tmp_path / "a.seem"), small())

    def test_one_of_format_1_is_read_without_what_it_does_not_tell(self, tmp_path) -> None:
        def older(document) -> None:
            document.update(format=1)
            for key in ("appearance", "classes"):
                document.pop(key)
            document["image"].pop("pixels")

        write_session(tmp_path / "a.seem", small())
        changed(tmp_path / "a.seem", older)
        expected = replace(small(), shown=None, classes=None)
        assert_same_session(read_session(tmp_path / "a.seem"), expected)

    def test_wherever_it_is_cut_off(self, tmp_path) -> None:
        path = tmp_path / "a.seem"
        write_session(path, small())
        whole = path.read_bytes()
        for end in range(0, len(whole), 97):
            path.write_bytes(whole[:end])
            with pytest.raises(SessionError):
                read_session(path)

    @pytest.mark.parametrize(
        "damage",
        [
            lambda d: d["slices"][0]["objects"][0].update(at=9),
            lambda d: d["slices"][0].update(current=5),
            lambda d: d["slices"][0]["objects"].clear(),
            lambda d: d["slices"][0]["objects"][0]["steps"][1].update(after=2),
            lambda d: d["slices"][0]["objects"][0]["steps"][0]["prompts"].update(signs=[]),
            lambda d: first_mask(d).update(box=[0, 0, 99, 99]),
            lambda d: first_mask(d).update(data="AAAA"),
            lambda d: first_mask(d).update(shape=[1, 1]),
            lambda d: d["slices"][0]["objects"][0]["steps"][1]["prompts"]["examples"][0].update(
                file="examples/0002.png"
            ),
            lambda d: d["objects"].update(shape=[9, 7]),
            lambda d: d["image"].update(shape=[3, 7, 9]),
            lambda d: d.pop("rules"),
            lambda d: d["rules"].update(overlap="whatever"),
            lambda d: d.pop("appearance"),
            lambda d: d.pop("classes"),
            lambda d: d["appearance"].update(contrast="whatever"),
            lambda d: d["appearance"].update(limits=[2, 1]),
            lambda d: d["appearance"].update(gamma=0),
            lambda d: d["appearance"].update(colour=[1, 1, 7]),
            lambda d: d["appearance"].update(channel_axis=0),
            lambda d: d["appearance"].update(
                channels=[{"index": 0, "colour": [1, 1, 1], "shown": True}] * 2
            ),
            lambda d: d["appearance"].update(
                channel_axis=1, channels=[{"index": 0, "colour": [1, 1, 1], "shown": True}]
            ),
            lambda d: d["classes"].update(classes=d["classes"]["classes"] * 2),
        ],
    )
    def test_contradictions(self, tmp_path, damage) -> None:
        write_session(tmp_path / "a.seem", small())
        changed(tmp_path / "a.seem", damage)
        with pytest.raises(SessionError, match="damaged"):
            read_session(tmp_path / "a.seem")


class TestWriting:
    def test_the_former_file_is_kept(self, tmp_path) -> None:
        path = tmp_path / "a.seem"
        for name in ("first", "second", "third"):
            write_session(path, small(name))
        assert read_session(path).pages[PLANE].current.name == "third"
        assert read_session(former(path)).pages[PLANE].current.name == "second"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.seem", "a.seem~"]

    def test_without_links_too(self, tmp_path, monkeypatch) -> None:
        def no_links(*_):
            raise PermissionError

        monkeypatch.setattr("os.link", no_links)
        write_session(tmp_path / "a.seem", small("first"))
        write_session(tmp_path / "a.seem", small("second"))
        assert read_session(former(tmp_path / "a.seem")).pages[PLANE].current.name == "first"

    def test_what_fails_leaves_the_former_file(self, tmp_path, monkeypatch) -> None:
        path = tmp_path / "a.seem"
        write_session(path, small("first"))

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(SessionError, match="No space left"):
            write_session(path, small("second"))
        monkeypatch.undo()
        assert read_session(path).pages[PLANE].current.name == "first"
        assert [p.name for p in tmp_path.iterdir()] == ["a.seem"]

    def test_a_folder_that_is_gone(self, tmp_path) -> None:
        shutil.rmtree(tmp_path)
        with pytest.raises(SessionError, match="another"):
            write_session(tmp_path / "a.seem", small())
