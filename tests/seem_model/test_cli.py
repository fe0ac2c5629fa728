"""The seem command: what people type, what they get, and what they are told when it is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seem_model
from fakes import FakeLoad, blobs
from seem_model.cli import main
from seem_model.speech.sound import write_wav
from seem_model.speech.transcript import Transcript
from tiny_folder import write_folder


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> FakeLoad:
    fake = FakeLoad()
    monkeypatch.setattr(seem_model, "load", fake)
    return fake


@pytest.fixture
def picture(tmp_path: Path) -> str:
    Image.fromarray(blobs()).save(tmp_path / "blobs.png")
    return str(tmp_path / "blobs.png")


def test_clicks_and_avoidances_repeat(load: FakeLoad, picture: str, tmp_path: Path, capsys) -> None:
    out = tmp_path / "mask.png"
    clicks = ["--click", "15,15", "--click", "45,50", "--avoid", "28,28", "--avoid", "12,28"]
    assert main(["segment", picture, *clicks, "--out", str(out)]) == 0
    mask = np.asarray(Image.open(out))
    assert set(np.unique(mask)) == {0, 255}
    assert mask[15, 15] == mask[45, 50] == 255
    assert mask[28, 28] == mask[12, 28] == 0
    assert "blob (0.80), score 0.90" in capsys.readouterr().out


def test_boxes_and_words(load: FakeLoad, picture: str, tmp_path: Path) -> None:
    boxed, named = tmp_path / "boxed.npy", tmp_path / "named.tif"
    assert main(["segment", picture, "--box", "5,5,35,35", "--out", str(boxed)]) == 0
    assert np.load(boxed).sum() == 400
    assert np.load(boxed).dtype == bool
    assert main(["segment", picture, "--text", "blob", "--out", str(named)]) == 0
    assert (np.asarray(Image.open(named)) > 0).sum() == 400 + 15 * 25


def test_spoken_words(load: FakeLoad, picture: str, tmp_path: Path, capsys, monkeypatch) -> None:
    class Ears:
        def hear(self, samples, rate):
            return Transcript("blob", 0.5)

    asked = []

    def recogniser(vocabulary, *, whisper):
        asked.append((*vocabulary, whisper))
        return Ears()

    monkeypatch.setattr("seem_model.segmenting.recogniser", recogniser)
    said, out = tmp_path / "said.wav", tmp_path / "named.tif"
    write_wav(said, np.full(8000, 0.1, np.float32), 16000)
    command = ["segment", picture, "--speech", str(said), "--whisper", "here", "--out", str(out)]
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("heard “blob”\n")
    assert (np.asarray(Image.open(out)) > 0).sum() == 400 + 15 * 25
    assert asked == [("blob", "background", "here")]


@pytest.mark.parametrize("kind", [[], ["instances"], ["semantic"]])
def test_everything(load: FakeLoad, picture: str, tmp_path: Path, capsys, kind) -> None:
    out = tmp_path / "labels.png"
    assert main(["segment", picture, "--everything", *kind, "--out", str(out)]) == 0
    assert set(np.unique(np.asarray(Image.open(out)))) == {0, 1, 2}
    assert "2 segments" in capsys.readouterr().out


def test_classes_to_look_for(load: FakeLoad, picture: str, tmp_path: Path, capsys) -> None:
    command = ["segment", picture, "--everything", "--class", "yeast", "--class", "dirt"]
    assert main([*command, "--out", str(tmp_path / "l.png")]) == 0
    assert "yeast" in capsys.readouterr().out


def test_built_in_samples(load: FakeLoad, tmp_path: Path) -> None:
    out = str(tmp_path / "m.png")
    assert main(["segment", "--sample", "coffee", "--click", "50,50", "--out", out]) == 0
    assert Image.open(out).size == (600, 400)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--click", "64,3"], "row 64, column 3 is outside the image of 64 rows and 80 columns"),
        (["--avoid", "3,80", "--click", "1,1"], "outside the image"),
        (["--box", "5,5,5,9"], "empty or not inside"),
        (["--box", "5,5,65,9"], "empty or not inside"),
        (["--avoid", "3,8"], "Say what to find"),
        ([], "Say what to find"),
        (["--everything", "--click", "3,3"], "takes no prompts"),
        (["--text", "blob", "--class", "x"], "goes with --everything"),
        (["--click", "3,3", "--sample", "cat"], "either an image file or --sample"),
        (["--click", "3,3", "--checkpoint", "missing"], "no checkpoint called 'missing'"),
        (["--text", "blob " * 20], "too long"),
        (["--text", "blob", "--speech", "a.wav"], "either by --text or by --speech"),
        (["--speech", "none.wav"], "Cannot read none.wav"),
    ],
)
def test_one_sentence(
    load: FakeLoad, picture: str, tmp_path: Path, capsys, arguments, sentence
) -> None:
    assert main(["segment", picture, *arguments, "--out", str(tmp_path / "m.png")]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
    assert not (tmp_path / "m.png").exists()


def test_files_that_cannot_be(load: FakeLoad, picture: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "text.png").write_text("no picture")
    ask = ["--click", "3,3", "--out"]
    for image, out, sentence in (
        (str(tmp_path / "none.png"), "m.png", "none.png"),
        (str(tmp_path / "text.png"), "m.png", "text.png"),
        (picture, "m.jpeg", "use one of the endings"),
        (picture, "no/m.png", "there is no folder"),
    ):
        assert main(["segment", image, *ask, str(tmp_path / out)]) == 2
        assert sentence in capsys.readouterr().err
    assert not load.made, "refused before the model was loaded"


def test_no_memory_left(load: FakeLoad, picture: str, tmp_path: Path, capsys, monkeypatch) -> None:
    for error in (MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")):
        monkeypatch.setattr("fakes.FakePredictor.features", _raise(error))
        command = ["segment", picture, "--click", "3,3", "--out", str(tmp_path / "m.png")]
        assert main(command) == 2
        assert "not enough memory" in capsys.readouterr().err
    monkeypatch.setattr("fakes.FakePredictor.features", _raise(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        main(command)


def _raise(error: BaseException):
    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("text", ["3", "3,4,5", "a,b", "3.5,4"])
def test_malformed_clicks_are_usage_errors(picture: str, capsys, text: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["segment", picture, "--click", text, "--out", "m.png"])
    assert stopped.value.code == 2
    assert "is not ROW,COLUMN in whole pixels" in capsys.readouterr().err


def test_evaluate_writes_a_report(load: FakeLoad, tmp_path: Path, capsys) -> None:
    data, out = write_folder(tmp_path / "tiny"), tmp_path / "out.json"
    command = ["evaluate", "interactive", "--data", str(data), "--report", str(out)]
    assert main([*command, "--limit", "2", "--max-clicks", "6", "--min-area", "0.01"]) == 0
    numbers = json.loads(out.read_text())
    assert (numbers["objects"], numbers["split"], numbers["protocol"]) == (2, "val", "ritm")
    assert numbers["noc@90"] == 1.0
    assert "mean IoU" in capsys.readouterr().out


def test_evaluate_refuses_at_once(load: FakeLoad, tmp_path: Path, capsys) -> None:
    data = str(write_folder(tmp_path / "tiny"))
    command = ["evaluate", "interactive", "--data"]
    assert main([*command, str(tmp_path / "none")]) == 2
    assert "no data folder" in capsys.readouterr().err
    assert main([*command, data, "--report", str(tmp_path / "no" / "r.json")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert not load.made


def test_train_passes_recipe_overrides_and_resume(monkeypatch, tmp_path: Path, capsys) -> None:
    asked = []

    def train(recipe, *, resume: bool) -> Path:
        asked.append((recipe, resume))
        return tmp_path / "checkpoint"

    monkeypatch.setattr("seem_model.train.train", train)
    (tmp_path / "r.yaml").write_text("model: tiny\nsteps: 7\n")
    command = ["train", "--recipe", str(tmp_path / "r.yaml")]
    assert main([*command, "steps=3", "optim.lr=0.5", "--resume"]) == 0
    (recipe, resume) = asked[0]
    assert (recipe.model, recipe.steps, recipe.optim.lr, resume) == ("tiny", 3, 0.5, True)
    assert "checkpoint" in capsys.readouterr().out
    assert main([*command, "speed=3"]) == 2
    assert "unknown key speed" in capsys.readouterr().err
    assert main(["train", "--recipe", str(tmp_path / "none.yaml")]) == 2


@pytest.mark.parametrize(
    "words", [["--resume", "steps=3", "seed=5"], ["steps=3", "--resume", "seed=5"]]
)
def test_changes_of_a_recipe_stand_anywhere(words, monkeypatch, tmp_path: Path) -> None:
    asked = []
    monkeypatch.setattr("seem_model.train.train", lambda recipe, resume: asked.append(recipe))
    (tmp_path / "r.yaml").write_text("model: tiny\nsteps: 7\n")
    assert main(["train", "--recipe", str(tmp_path / "r.yaml"), *words]) == 0
    assert (asked[0].steps, asked[0].seed) == (3, 5)


@pytest.mark.parametrize(
    "words", [["train", "--recipe", "r.yaml", "a=1", "--reusme"], ["segment", "a.png", "b=1"]]
)
def test_what_no_command_knows_is_refused(words, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_interrupted(monkeypatch, load: FakeLoad, picture: str, tmp_path: Path, capsys) -> None:
    monkeypatch.setattr("fakes.FakePredictor.features", _raise(KeyboardInterrupt()))
    command = ["segment", picture, "--click", "3,3", "--out", str(tmp_path / "m.png")]
    assert main(command) == 130
    assert "interrupted" in capsys.readouterr().err


def test_help_and_version_are_light() -> None:
    code = (
        "import sys, contextlib\n"
        "from seem_model.cli import main\n"
        "for words in (['--version'], ['segment', '--help'], ['evaluate', 'interactive', '-h']):\n"
        "    with contextlib.suppress(SystemExit):\n"
        "        main(words)\n"
        "heavy = {'torch', 'transformers', 'scipy', 'skimage'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"seem {seem_model.__version__}" in done.stdout
    assert "--click" in done.stdout


def test_the_real_tiny_model_end_to_end(picture: str, tmp_path: Path) -> None:
    out = tmp_path / "m.npy"
    command = ["segment", picture, "--click", "15,15", "--avoid", "45,50", "--checkpoint", "tiny"]
    assert main([*command, "--device", "cpu", "--out", str(out)]) == 0
    assert np.load(out).shape == (64, 80)
    labels = tmp_path / "l.tif"
    command = ["segment", picture, "--everything", "--checkpoint", "tiny", "--device", "cpu"]
    assert main([*command, "--out", str(labels)]) == 0
    assert np.asarray(Image.open(labels)).shape == (64, 80)
