"""Region and boundary measures, and following objects through frames."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import seem_model
from fakes import FakePredictor
from seem_model.cli import main
from seem_model.data.davis import open_davis
from seem_model.data.folder import Folder
from seem_model.data.youtube_vos import open_youtube_vos
from seem_model.errors import DataError, PromptError
from seem_model.evaluation.running import Choice
from seem_model.evaluation.video import video
from seem_model.metrics.video import (
    VideoTally,
    boundary,
    boundary_accuracy,
    track,
)
from seem_model.propagation import propagate
from seem_model.values import Round
from tiny_folder import write_folder
from tiny_model import photo, predictor

SEEDS = st.integers(0, 2**32 - 1)


def random_mask(rng: np.random.Generator, side: int = 30) -> np.ndarray:
    mask = np.zeros((side, side), bool)
    r, c = rng.integers(0, side - 5, 2)
    h, w = rng.integers(2, 12, 2)
    mask[r : r + h, c : c + w] = True
    return mask


def brute_boundary(mask: np.ndarray) -> np.ndarray:
    height, width = mask.shape
    found = np.zeros(mask.shape, bool)
    for r in range(height):
        for c in range(width):
            near = []
            if c + 1 < width:
                near.append(mask[r, c + 1])
            if r + 1 < height:
                near.append(mask[r + 1, c])
            if r + 1 < height and c + 1 < width:
                near.append(mask[r + 1, c + 1])
            found[r, c] = any(n != mask[r, c] for n in near)
    return found


@given(SEEDS)
def test_boundary_is_where_neighbours_differ(seed: int) -> None:
    mask = np.random.default_rng(seed).random((9, 7)) < 0.5
    np.testing.assert_array_equal(boundary(mask), brute_boundary(mask))


@given(SEEDS)
def test_boundary_accuracy_is_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_mask(rng), random_mask(rng)
    reach = np.ceil(0.008 * np.hypot(30, 30))
    p, q = (np.argwhere(brute_boundary(m)) for m in (a, b))
    far = np.sqrt(((p[:, None] - q[None]) ** 2).sum(2))
    recall, precision = (far.min(1) <= reach).mean(), (far.min(0) <= reach).mean()
    wanted = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    assert boundary_accuracy(a, b) == pytest.approx(wanted)
    assert boundary_accuracy(a, b) == boundary_accuracy(b, a)
    assert boundary_accuracy(a, a) == 1.0


def test_empty_masks_agree_with_each_other_alone() -> None:
    none, some = np.zeros((9, 9), bool), np.eye(9, dtype=bool)
    assert boundary_accuracy(none, none) == 1.0
    assert boundary_accuracy(none, some) == boundary_accuracy(some, none) == 0.0


def test_numbers_by_hand() -> None:
    whole, half = np.ones((1, 4), bool), np.array([[True, True, False, False]])
    frames = [whole] * 4
    tally = VideoTally((track("a/1", frames, [whole, whole, half, half], seen=True),))
    numbers = tally.numbers()
    assert numbers["j"] == 0.75
    assert numbers["j_recall"] == 0.5
    assert numbers["j_decay"] == 0.5
    assert numbers["j&f"] == (numbers["j"] + numbers["f"]) / 2
    other = VideoTally((track("b/1", [whole], [half], seen=False),))
    both = (tally + other).youtube()
    assert (both["j_seen"], both["j_unseen"]) == (0.75, 0.5)
    assert both["g"] == pytest.approx(np.mean([both[k] for k in both if k != "g"]))
    assert sum([tally, other]) == other + tally
    assert np.isnan(VideoTally().numbers()["j"])


class Follower(FakePredictor):
    """Finds the bright blob that overlaps the blob of the frame before most."""

    def step(self, features, prompts, memory=None, *, watch=None) -> Round:
        from scipy import ndimage

        before = prompts.positive if memory is None else memory
        blobs, _ = ndimage.label(features.grey > 127)
        near = blobs[before & (blobs > 0)]
        mask = blobs == np.bincount(near).argmax() if near.size else np.zeros(blobs.shape, bool)
        self.steps.append((prompts, memory))
        return Round(prompts=prompts, mask=mask, score=0.9, memory=mask)


def moving(step: int) -> np.ndarray:
    """Two blobs that move by two pixels a step."""
    image = np.zeros((40, 60, 3), np.uint8)
    image[5 + 2 * step : 15 + 2 * step, 10:20] = 255
    image[20:30, 30 + 2 * step : 38 + 2 * step] = 255
    return image


def test_objects_are_followed_by_example_and_memory() -> None:
    model = Follower()
    first = moving(0)
    bright = first[..., 0] > 0
    left, right = bright.copy(), bright.copy()
    left[:, 25:], right[:, :25] = False, False
    frames = [moving(k) for k in (1, 2, 3)]
    answers = list(propagate(model, first, [left, right], frames))
    for k, (a, b) in enumerate(answers, start=1):
        bright = moving(k)[..., 0] > 0
        np.testing.assert_array_equal(a.mask | b.mask, bright)
        assert a.mask[:, 25:].sum() == b.mask[:, :25].sum() == 0
    assert len(model.encoded) == 4, "each frame is encoded once for all objects"
    asked = model.steps[2][0]
    assert asked.exemplar is not None
    np.testing.assert_array_equal(asked.exemplar.mask, left)


def test_a_lost_object_is_looked_for_where_it_was_last() -> None:
    model, first = Follower(), moving(0)
    left = first[..., 0] > 0
    left[:, 25:] = False
    frames = [np.zeros_like(first), moving(1)]
    lost, back = list(propagate(model, first, [left], frames))
    assert not lost[0].mask.any()
    assert back[0].mask.any()


def test_bad_masks_and_frames_are_refused() -> None:
    image = photo(40, 60)
    with pytest.raises(PromptError, match="not empty"):
        next(propagate(predictor(), image, [np.zeros((40, 60), bool)], [image]))
    mask = np.zeros((40, 60), bool)
    mask[10:20, 10:20] = True
    with pytest.raises(PromptError, match="one size"):
        next(propagate(predictor(), image, [mask], [photo(41, 60)]))


def test_the_real_model_follows() -> None:
    image = photo(40, 60)
    masks = np.zeros((2, 40, 60), bool)
    masks[0, 5:20, 5:20], masks[1, 20:35, 30:50] = True, True
    for rounds in propagate(predictor(), image, list(masks), [image, image[:, ::-1]]):
        assert len(rounds) == 2
        assert not (rounds[0].mask & rounds[1].mask).any()


def test_the_evaluation_follows_every_object_from_its_first_mask(tmp_path) -> None:
    data = open_davis(write_moving(tmp_path / "DAVIS"))
    found = video(Follower(), data, Choice())
    numbers = found.flat()
    assert numbers["j"] == numbers["f"] == numbers["j&f"] == numbers["j_recall"] == 1.0
    assert (numbers["objects"], numbers["images"], numbers["j_decay"]) == (2, 1, 0.0)
    # of five frames the first is given and the last is not scored; object 2 comes one later
    assert {str(r["object"]): r["frames"] for r in found.rows} == {"walk/1": 3, "walk/2": 2}


def test_the_command_writes_a_video_report(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(seem_model, "load", lambda *_, **__: Follower())
    out, data = tmp_path / "r.json", str(write_moving(tmp_path / "DAVIS"))
    assert main(["evaluate", "video", "--data", data, "--report", str(out)]) == 0
    assert json.loads(out.read_text())["j&f"] == 1.0
    assert "j&f" in capsys.readouterr().out


def write_youtube(root: Path) -> Path:
    """YouTube-VOS whose valid has one video of two objects, a dog and, later, a sloth."""
    for part, names in (("train", ("dog", "cat")), ("valid", ("dog", "sloth"))):
        write_moving(root / "davis" / part)
        folder = root / part
        folder.mkdir(parents=True)
        for kind in ("JPEGImages", "Annotations"):
            (root / "davis" / part / kind / "480p").rename(folder / kind)
        objects = {str(n): {"category": name} for n, name in enumerate(names, start=1)}
        (folder / "meta.json").write_text(json.dumps({"videos": {"walk": {"objects": objects}}}))
    return root


class Colourblind(Follower):
    """Loses whatever is in the right half."""

    def step(self, features, prompts, memory=None, *, watch=None) -> Round:
        answer = super().step(features, prompts, memory)
        answer.mask[:, 25:] = False
        return answer


def test_youtube_vos_tells_seen_from_unseen_classes(tmp_path) -> None:
    root = write_youtube(tmp_path / "ytvos")
    found = video(Colourblind(), open_youtube_vos(root), Choice())
    numbers = found.flat()
    assert (numbers["j_seen"], numbers["f_seen"]) == (1.0, 1.0)
    assert (numbers["j_unseen"], numbers["f_unseen"]) == (0.0, 0.0)
    assert numbers["g"] == numbers["j&f"] == 0.5
    assert numbers["g_low"] <= 0.5 <= numbers["g_high"]
    assert {str(r["object"]): r["seen"] for r in found.rows} == {"walk/1": True, "walk/2": False}


def test_a_list_of_seen_classes_stands_for_a_training_split(tmp_path) -> None:
    root = write_youtube(tmp_path / "ytvos")
    (root / "train/meta.json").unlink()
    keys = ("g", "j_seen", "f_seen", "j_unseen", "f_unseen")
    unknown = video(Colourblind(), open_youtube_vos(root), Choice()).flat()
    assert [unknown[k] for k in keys] == [None] * 5
    assert unknown["j&f"] == 0.5
    before = open_youtube_vos(root).fingerprint
    (root / "seen.txt").write_text("sloth\nowl\n")
    listed = video(Colourblind(), open_youtube_vos(root), Choice()).flat()
    assert [listed[k] for k in keys] == [0.5, 0.0, 0.0, 1.0, 1.0]
    assert listed["data_hash"] != before


def test_objects_without_a_class_leave_the_question_open(tmp_path) -> None:
    root = write_youtube(tmp_path / "ytvos")
    content = json.loads((root / "valid/meta.json").read_text())
    content["videos"]["walk"]["objects"]["2"].pop("category")
    (root / "valid/meta.json").write_text(json.dumps(content))
    numbers = video(Colourblind(), open_youtube_vos(root), Choice()).flat()
    assert numbers["g"] is numbers["j_seen"] is numbers["j_unseen"] is None
    assert numbers["j"] == 0.5
    davis = video(Follower(), open_davis(write_moving(tmp_path / "DAVIS")), Choice()).flat()
    assert not {"g", "j_seen"} & set(davis)


def test_data_without_sequences_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="no frames to score"):
        video(Follower(), Folder.open(write_folder(tmp_path / "tiny")), Choice())
    with pytest.raises(DataError, match="has no sequences"):
        video(Follower(), SimpleNamespace(name="photos"), Choice())


def test_own_folders_may_hold_sequences(tmp_path) -> None:
    folder = Folder.open(write_folder(tmp_path / "tiny"))
    for id, frame in (("c", 0), ("a", 1)):
        folder.records[id] |= {"video": "walk", "frame": frame}
    [one] = folder.sequences("val")
    assert (one.name, one.frames, one.annotated) == ("walk", ("c", "a"), frozenset("ac"))


def write_moving(root: Path) -> Path:
    """DAVIS with one sequence of five frames; the second blob appears in the second."""
    for step in range(5):
        image = moving(step)
        labels = np.zeros(image.shape[:2], np.uint8)
        labels[image[..., 0] > 0] = 1
        labels[:, 25:] *= 2
        if step == 0:
            image[:, 25:], labels[:, 25:] = 0, 0
        for part, pixels in (("JPEGImages", image), ("Annotations", labels)):
            where = root / part / "480p/walk"
            where.mkdir(parents=True, exist_ok=True)
            end = "jpg" if part == "JPEGImages" else "png"
            Image.fromarray(pixels).save(where / f"{step:05d}.{end}", quality=95)
    (root / "ImageSets/2017").mkdir(parents=True)
    (root / "ImageSets/2017/val.txt").write_text("walk\n")
    return root
