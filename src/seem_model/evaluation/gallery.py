"""Pictures of the best and the worst cases of an evaluation: numbers say how good, not why."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from skimage.color import label2rgb
from skimage.segmentation import mark_boundaries

from seem_model.errors import DataError
from seem_model.values import RGB

if TYPE_CHECKING:
    from numpy.typing import NDArray


_SIDE = 384  # pixels, longer side of a picture
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body {{ font-family: sans-serif; background: #222; color: #ddd; }}
figure {{ display: inline-block; margin: 8px; }} img {{ height: 256px; }}</style>
<h1>{title}</h1><p>Each picture: the image, the truth, the answer.</p>
{parts}
</html>
"""


@dataclass(frozen=True, eq=False)
class Case:
    """One case, already small: image, truth and answer side by side."""

    score: float
    caption: str
    picture: RGB


@dataclass(eq=False)
class Gallery:
    """Keeps the best and the worst cases that it is shown.

    Parameters
    ----------
    keep : int
        Cases of each kind.
    """

    keep: int = 20
    best: list[Case] = field(default_factory=list, init=False)
    worst: list[Case] = field(default_factory=list, init=False)

    def show(
        self, image: RGB, truth: NDArray[np.integer], found: NDArray[np.integer], *,
        score: float, caption: str,
    ) -> None:  # fmt: skip
        """Consider a case.

        Parameters
        ----------
        image : (H, W, 3) uint8
        truth, found : (H, W) int
            Labels; 0 is nothing.
        score : float
            The larger the better; nan is left out.
        caption : str
            One line.
        """
        if np.isnan(score) or not self._wanted(score):
            return
        case = Case(score, caption, _picture(image, truth, found))
        self.best = sorted([*self.best, case], key=lambda c: -c.score)[: self.keep]
        self.worst = sorted([*self.worst, case], key=lambda c: c.score)[: self.keep]

    def save(self, folder: str | Path, title: str) -> Path:
        """Write ``index.html`` and its pictures; the page's path.

        Raises
        ------
        DataError
            If they cannot be written.
        """
        out = Path(folder)
        parts = []
        try:
            out.mkdir(parents=True, exist_ok=True)
            for kind, cases in (("worst", self.worst), ("best", self.best)):
                parts.append(f"<h2>{kind}</h2>")
                for n, case in enumerate(cases, start=1):
                    name = f"{kind}_{n:02d}.png"
                    Image.fromarray(case.picture).save(out / name)
                    words = html.escape(f"{case.score:.3f} {case.caption}")
                    parts.append(
                        f'<figure><img src="{name}" alt="{words}"><figcaption>{words}</figcaption>'
                        "</figure>"
                    )
            page = out / "index.html"
            text = _PAGE.format(title=html.escape(title), parts="\n".join(parts))
            page.write_text(text, encoding="utf-8")
        except OSError as error:
            raise DataError(f"The gallery cannot be written to {out}: {error.strerror}.") from error
        return page

    def _wanted(self, score: float) -> bool:
        room = len(self.best) < self.keep
        return room or score > self.best[-1].score or score < self.worst[-1].score


def _picture(image: RGB, truth: NDArray[np.integer], found: NDArray[np.integer]) -> RGB:
    step = max(1, -(-max(image.shape[:2]) // _SIDE))
    small = image[::step, ::step]
    panels = [small, *(_painted(small, x[::step, ::step]) for x in (truth, found))]
    gap = np.zeros((small.shape[0], 4, 3), np.uint8)
    return np.concatenate([panels[0], gap, panels[1], gap, panels[2]], axis=1)


def _painted(image: RGB, labels: NDArray[np.integer]) -> RGB:
    if not labels.any():
        return image
    painted = label2rgb(labels, image, alpha=0.45, bg_label=0)
    return np.asarray(255 * mark_boundaries(painted, labels, color=(1, 1, 1)), np.uint8)
