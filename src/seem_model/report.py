"""The result of an evaluation: one flat JSON file for machines, one table for people."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seem_model.errors import DataError
from seem_model.metrics.interactive import ClickTally
from seem_model.reporting import Value, code_version, over_seeds, write_rows

NOC = (50, 80, 85, 90)
CAPS = (5, 10)
WITH_INTERVAL = (1, 3, 5)
SHOWN = (1, 2, 3, 5, 7, 10, 15, 20)
# Up to here more clicks must not make the mean worse.
MONOTONE_CLICKS = 10


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was measured, on what, and with what.

    Parameters
    ----------
    protocol, data, split, checkpoint, device : str
        Names; ``data`` is the data set's.
    data_hash : str
        Start of the SHA-256 of ``annotations.json``.
    images : int
        Images with at least one object clicked.
    skipped : int
        Chosen objects without a visible, labelled pixel; not part of the tally.
    max_clicks, limit, min_area, things, seed
        As asked for.
    tally : ClickTally
        One record for each object.
    encode_seconds : float
        Median time to encode an image.
    click_seconds : float
        Median time from prompts to mask.
    neighbours : tuple of Report
        Of other methods with the same clicks; their keys start with the method's name and a colon.
    first, sampler : str
        The first mark of each object, and how later clicks are placed.
    repeats : tuple of Report
        The same measurement with other seeds.
    """

    protocol: str
    data: str
    split: str
    checkpoint: str
    tally: ClickTally
    images: int
    max_clicks: int
    seed: int
    encode_seconds: float
    click_seconds: float
    device: str = ""
    data_hash: str = ""
    skipped: int = 0
    limit: int | None = None
    min_area: float | None = None
    things: bool = False
    neighbours: tuple[Report, ...] = ()
    first: str = "point"
    sampler: str = "best"
    repeats: tuple[Report, ...] = ()

    def flat(self) -> dict[str, Value]:
        """All numbers under the names of the JSON file."""
        numbers: dict[str, Value] = {
            "task": "interactive",
            "protocol": self.protocol,
            "first": self.first,
            "sampler": self.sampler,
            "data": self.data,
            "split": self.split,
            "objects": len(self.tally),
            "images": self.images,
            "skipped": self.skipped,
            "checkpoint": self.checkpoint,
            "seed": self.seed,
            "seeds": self.seeds,
            "max_clicks": self.max_clicks,
            "limit": self.limit,
            "min_area": self.min_area,
            "things": self.things,
        }
        numbers |= self._measures()
        if self.repeats:
            numbers |= over_seeds([r._measures() for r in (self, *self.repeats)])
        return numbers | {
            "encode_seconds": round(self.encode_seconds, 4),
            "click_seconds": round(self.click_seconds, 4),
            "device": self.device,
            "data_hash": self.data_hash,
            **code_version(),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }

    @property
    def seeds(self) -> str:
        """All seeds that were used, the own first, with spaces between."""
        return " ".join(str(r.seed) for r in (self, *self.repeats))

    def _measures(self) -> dict[str, Value]:
        """Quality of the model and of its neighbours."""
        found = self._quality()
        for other in self.neighbours:
            quality = other._quality() | {"click_seconds": round(other.click_seconds, 4)}
            found |= {f"{other.checkpoint}:{k}": v for k, v in quality.items()}
        return found

    def _quality(self) -> dict[str, Value]:
        tally, found = self.tally, dict[str, Value]()
        curves, images = tally.curves, tally.images()
        for click, mean in enumerate(tally.iou(), start=1):
            found[f"iou@{click}"] = round(float(mean), 5)
            if click in WITH_INTERVAL:
                low, high = tally.interval(curves[:, click - 1], seed=self.seed, images=images)
                found |= {f"iou@{click}_low": round(low, 5), f"iou@{click}_high": round(high, 5)}
        for percent in NOC:
            needed = tally.clicks_needed(percent / 100).astype(float)
            low, high = tally.interval(needed, seed=self.seed, images=images)
            found |= {
                f"noc@{percent}": round(tally.noc(percent / 100), 4),
                f"noc@{percent}_low": round(low, 4),
                f"noc@{percent}_high": round(high, 4),
                f"failures@{percent}": tally.failures(percent / 100),
            }
        for cap in (c for c in CAPS if c < self.max_clicks):
            capped = tally.capped(cap)
            found |= {f"noc{cap}@{p}": round(capped.noc(p / 100), 4) for p in NOC}
            found |= {f"failures{cap}@{p}": capped.failures(p / 100) for p in NOC}
        for key, values in tally.beside().items():
            low, high = tally.interval(values, seed=self.seed, images=tally.images(key))
            found |= {
                key: round(float(values.mean()), 5),
                f"{key}_low": round(low, 5),
                f"{key}_high": round(high, 5),
            }
        drop = tally.worst_drop(MONOTONE_CLICKS)
        return found | {
            "positive_inside": round(tally.positive_inside(), 5),
            "negative_outside": round(tally.negative_outside(), 5),
            "monotone": math.isclose(drop, 0.0, abs_tol=1e-9),
            "worst_drop": round(drop, 5),
            "setbacks": round(tally.setbacks(), 5),
        }

    def save(self, path: str | Path) -> None:
        """Write the JSON file, and beside it ``<name>.csv`` with a row for each object.

        Raises
        ------
        DataError
            If the file cannot be written.
        """
        text = json.dumps(self.flat(), indent=2) + "\n"
        try:
            Path(path).write_text(text, encoding="utf-8")
            with open(Path(path).with_suffix(".csv"), "w", newline="", encoding="utf-8") as file:
                write_rows(file, self._rows())
        except OSError as error:
            raise DataError(f"The report cannot be written to {path}: {error.strerror}.") from error

    def _rows(self) -> list[dict[str, Value]]:
        return [
            {**({"seed": report.seed} if self.repeats else {}), **record.row()}
            for report in (self, *self.repeats)
            for record in report.tally.records
        ]

    def table(self) -> str:
        """Format the main numbers for a terminal, at most 80 columns wide."""
        n = self.flat()
        shown = [k for k in SHOWN if f"iou@{k}" in n]
        lines = [
            f"{self.checkpoint} on {self.data} ({self.split}), {self.protocol} clicks: "
            f"{len(self.tally)} objects in {self.images} images",
            *self._marks(),
            "",
            "clicks    " + "".join(f"{k:>8}" for k in shown),
            "mean IoU  " + "".join(f"{n[f'iou@{k}']:>8.3f}" for k in shown),
            *(
                f"{other.checkpoint[:10]:<10}"
                + "".join(f"{n[f'{other.checkpoint}:iou@{k}']:>8.3f}" for k in shown)
                for other in self.neighbours
            ),
            "95 % from " + "".join(_cell(n.get(f"iou@{k}_low")) for k in shown),
            "       to " + "".join(_cell(n.get(f"iou@{k}_high")) for k in shown),
            *self._spread(n, shown),
            "",
        ]
        lines += [
            f"NoC@{p}    {n[f'noc@{p}']:6.2f}  ({n[f'noc@{p}_low']:.2f} to "
            f"{n[f'noc@{p}_high']:.2f}), never reached by {n[f'failures@{p}']}"
            for p in NOC
        ]
        lines += [""] if self.tally.beside() else []
        lines += [
            f"{key:<14}{n[key]:6.3f}  ({n[f'{key}_low']:.3f} to {n[f'{key}_high']:.3f})"
            for key in self.tally.beside()
        ]
        verdict = "never worse" if n["monotone"] else f"worse by up to {n['worst_drop']:.3f}"
        return "\n".join(
            [
                *lines,
                "",
                f"clicks obeyed: positive {n['positive_inside']:.1%}, "
                f"negative {n['negative_outside']:.1%}",
                f"mean over 1 to {MONOTONE_CLICKS} clicks: {verdict}; "
                f"single setbacks {n['setbacks']:.1%}",
                f"seconds (median): encode {self.encode_seconds:.3f}, click "
                f"{self.click_seconds:.3f}",
            ]
        )

    def _marks(self) -> list[str]:
        """Line about marks that are not central clicks."""
        first = [] if self.first == "point" else [f"first mark: {self.first}"]
        later = [] if self.sampler == "best" else [f"sampler: {self.sampler}"]
        return ["; ".join([*first, *later])] if first or later else []

    def _spread(self, n: dict[str, Value], shown: list[int]) -> list[str]:
        """Lines of mean and standard deviation over several seeds."""
        if not self.repeats:
            return []
        cells = {p: [_cell(n[f"iou@{k}_seeds_{p}"]) for k in shown] for p in ("mean", "sd")}
        return [
            f"seeds {self.seeds}",
            "  mean    " + "".join(cells["mean"]),
            "  sd      " + "".join(cells["sd"]),
        ]


def _cell(value: Value) -> str:
    return f"{value:>8.3f}" if isinstance(value, float) else " " * 8
