"""ImageJ itself opens our selections, sees the same pixels, and saves what we open again.

Needs ImageJ (on Debian: ``apt install imagej default-jre``) and an X server, as pytest-xvfb makes;
skipped where its ``ij.jar`` is not found.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from skimage.io import imread

from label_images import hard, same
from seem_model.export.imagej import read_rois, write_rois
from seem_model.export.objects import Objects

JAR = Path("/usr/share/java/ij.jar")
MACRO = """
setBatchMode(true);
newImage("blank", "8-bit black", {width}, {height}, {slices});
blank = getImageID();
roiManager("reset");
roiManager("Open", "{given}");
for (i = 0; i < roiManager("count"); i++) {{
    newImage("drawn", "8-bit black", {width}, {height}, 1);
    roiManager("select", i);
    setForegroundColor(255, 255, 255);
    run("Fill", "slice");
    saveAs("PNG", "{folder}/" + i + ".png");
    close();
    selectImage(blank);
}}
roiManager("deselect");
roiManager("Save", "{saved}");
print(roiManager("count"));
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not JAR.exists() or shutil.which("java") is None,
        reason="ImageJ is not installed (apt install imagej default-jre)",
    ),
]


def opened(objects: Objects, folder: Path) -> tuple[list[np.ndarray], Path]:
    """What ImageJ draws of each selection, and the file in which it saves them all."""
    write_rois(folder / "given.zip", objects)
    *_, height, width = objects.labels.shape
    macro = MACRO.format(
        width=width, height=height, given=folder / "given.zip", folder=folder,
        saved=folder / "saved.zip", slices=len(objects.slices),
    )  # fmt: skip
    (folder / "open.ijm").write_text(macro)
    command = ["java", f"-Duser.home={folder}", "-cp", str(JAR)]
    done = subprocess.run(
        [*command, "ij.ImageJ", "-batch", str(folder / "open.ijm")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    numbers = done.stdout.split()
    if not numbers or not numbers[-1].isdigit():
        pytest.fail(f"ImageJ did not finish: {done.stdout}{done.stderr}")
    drawn = [imread(folder / f"{i}.png") > 0 for i in range(int(numbers[-1]))]
    return drawn, folder / "saved.zip"


def test_it_draws_the_same_pixels(tmp_path: Path) -> None:
    drawn, _ = opened(hard(), tmp_path)
    assert len(drawn) == len(hard().table)
    for mask, row in zip(drawn, hard().table, strict=True):
        assert np.array_equal(mask, hard().labels == row.id)


def test_what_it_saves_is_opened_with_labels_and_names(tmp_path: Path) -> None:
    _, saved = opened(hard(), tmp_path)
    assert same(read_rois(saved), hard())


def test_slices(tmp_path: Path) -> None:
    stack = Objects(np.stack([hard().labels, hard().labels[::-1]]), hard().table)
    drawn, saved = opened(stack, tmp_path)
    assert len(drawn) == 2 * len(hard().table)
    assert same(read_rois(saved), stack)
