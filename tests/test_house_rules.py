"""The habits that keep the code small and clear, held by a machine so that reviews need not."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
OURS = sorted(
    path
    for folder in ("src", "tests", "scripts", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
FILE_LINES = 250
FUNCTION_LINES = 50
SMELLS = {"utils.py", "helpers.py", "base.py", "common.py", "misc.py"}
FLAGS = {"extra", "mode", "task", "flags"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> list[Function]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Function)]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
class TestEachSourceFile:
    def test_it_fits_its_budget(self, path: Path) -> None:
        lines = len(path.read_text().splitlines())
        assert lines <= FILE_LINES, f"{lines} lines: is this two files?"

    def test_its_functions_fit_theirs(self, path: Path) -> None:
        long = {
            f.name: f.end_lineno - f.lineno + 1 - docstring_lines(f)
            for f in functions(path)
            if f.end_lineno - f.lineno + 1 - docstring_lines(f) > FUNCTION_LINES
        }
        assert not long

    def test_it_raises_and_never_asserts(self, path: Path) -> None:
        nodes = ast.walk(ast.parse(path.read_text()))
        assert not [node.lineno for node in nodes if isinstance(node, ast.Assert)]

    def test_it_has_no_argument_that_is_a_flag(self, path: Path) -> None:
        found = {
            f"{f.name}({argument.arg})"
            for f in functions(path)
            for argument in [*f.args.args, *f.args.kwonlyargs]
            if argument.arg in FLAGS
        }
        assert not found

    def test_it_leaves_nothing_to_do(self, path: Path) -> None:
        assert not re.findall(r"#.*\b(TODO|FIXME|XXX|HACK)\b", path.read_text())

    def test_its_name_says_something(self, path: Path) -> None:
        assert path.name not in SMELLS

    def test_no_layer_is_looked_up_by_a_literal_name(self, path: Path) -> None:
        assert not re.findall(r"\.layers\[[\"']", path.read_text())

    def test_no_device_is_hard_wired(self, path: Path) -> None:
        assert ".cuda(" not in path.read_text()


def docstring_lines(function: Function) -> int:
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return first.end_lineno - first.lineno + 1 if is_docstring else 0


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in SOURCES}
    assert not [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()]


def test_there_is_one_click_simulator() -> None:
    users = {path.name for path in SOURCES if "distance_transform" in path.read_text()}
    assert users <= {"depth.py", "training_seeds.py", "baselines.py"}  # these two do not click


def test_unpickling_never_runs_code() -> None:
    for path in SOURCES:
        text = path.read_text()
        assert not re.findall(r"\bpickle\.load|allow_pickle=True|weights_only=False", text), path
        for call in re.findall(r"torch\.load\(.*", text):
            assert "weights_only=True" in call, f"{path}: {call}"


def test_the_plugin_has_no_import_of_torch() -> None:
    for path in (ROOT / "src/napari_seem").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            roots = {name.split(".")[0] for name in names}
            assert not roots & {"torch", "transformers"}, f"{path}:{node.lineno}"


def test_both_manifests_are_one() -> None:
    top, real = ROOT / "napari.yaml", ROOT / "src/napari_seem/napari.yaml"
    assert top.read_bytes() == real.read_bytes()


@pytest.mark.parametrize("package", ["napari_seem", "seem_model"])
def test_import_is_quick_and_brings_no_torch(package: str) -> None:
    """The plugin must not slow napari's start: at most 0.15 s, numpy included."""
    times = []
    for _ in range(3):
        start = f"import sys, time; t = time.process_time(); import {package}; "
        report = "print(time.process_time() - t, *{'torch', 'transformers'} & set(sys.modules))"
        out = subprocess.run(
            [sys.executable, "-c", start + report], capture_output=True, text=True, check=True
        )
        seconds, *heavy = out.stdout.split()
        assert not heavy
        times.append(float(seconds))
    # processor time, best of three: other programs on the machine must not matter
    limit = 0.15 if package == "napari_seem" else 0.6
    assert min(times) < limit


def test_project_files_do_not_mention_their_workshop() -> None:
    words = ["/" + "work/", "/" + "opt/seem", "shared" + "/design", "shared" + "/data"]
    files = [
        *OURS,
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("*.md"),
        *ROOT.glob("*.toml"),
        *ROOT.glob("*.yml"),
        *(ROOT / "recipes").glob("*"),
        ROOT / ".ci/run",
    ]
    for path in files:
        if path.is_file():
            assert not [word for word in words if word in path.read_text()], path
