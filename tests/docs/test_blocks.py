"""What the README and the tutorial tell people to type works as it stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{k}")
    for page in PAGES
    for k, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_python_blocks_run(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "block", "exec"), {"__name__": "block"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target


def test_the_readme_has_six_lines_of_python() -> None:
    [block] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len([line for line in block.splitlines() if line.strip()]) <= 6


def test_every_dependency_has_its_licence_in_the_list() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = (ROOT / "docs/licences.md").read_text().lower()
    extras = [r for extra in project["optional-dependencies"].values() for r in extra]
    names = {re.split(r"[^\w.-]", r)[0].lower() for r in project["dependencies"] + extras}
    own = {"napari-seem", *(name for name in names if name.startswith("pytest-"))}
    assert not [name for name in names - own if name not in listed]


def test_every_decision_is_listed_and_short() -> None:
    folder = ROOT / "docs/decisions"
    listed = (folder / "index.md").read_text()
    for note in folder.glob("0*.md"):
        assert note.name in listed
        assert len(note.read_text().splitlines()) <= 40, note.name
