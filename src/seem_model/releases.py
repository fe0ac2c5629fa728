"""The official SEEM checkpoints that were released: names, files, and what each is for.

Importing this costs nothing, so that menus can be made of it.
"""

from __future__ import annotations

from dataclasses import dataclass

REPOSITORY = "xdecoder/SEEM"
LICENCE = (
    "The official SEEM repository states Apache-2.0 for its code; the weights are published by its "
    f"authors on huggingface.co/{REPOSITORY}. Check both before you pass them on."
)
WHY_CHOOSE = (
    "The file does not tell which: v0 and v1 have the same names and sizes, the demo reads v0 "
    "files, and files of early 2023 called “v1” are what later is called v0. A wrong choice loads "
    "all the same and answers worse."
)
_USES = {
    "v0": "one object at a time; the numbers published first",
    "v1": "fewest clicks to a mask, several objects at once (October 2023)",
    "demo": "v0 files as the authors' web demo reads them: clicks and words work together",
}
_UNRELEASED = "no file was released; for one of your own"
# Family of our configurations -> how the names of released files begin, and in which layouts.
_FILES = {
    "focal-tiny": ("seem_focalt", ("v0", "v1", "demo")),
    "focal-large": ("seem_focall", ("v0", "v1", "demo")),
    "sam-base": ("seem_samvitb", ("v1",)),
    "sam-large": ("seem_samvitl", ("v1",)),
    "davit-d3": ("", ("v1",)),
    "davit-d5": ("", ("v1",)),
}


@dataclass(frozen=True)
class Release:
    """One official checkpoint as a person chooses it.

    Parameters
    ----------
    name : str
        A key of :data:`seem_model.presets.OFFICIAL`.
    file : str
        In the hub repository :data:`REPOSITORY`; "" where nothing was released.
    use : str
        What it is for, in a few words.
    """

    name: str
    file: str
    use: str


def family(name: str) -> str:
    """What variants of one size have in common: "focal-tiny" of "focal-tiny-v1"."""
    return name.rpartition("-")[0]


def _releases() -> dict[str, Release]:
    found = {}
    for stem, (start, layouts) in _FILES.items():
        for layout in layouts:
            # the demo has no files of its own
            file = f"{start}_{layout.replace('demo', 'v0')}.pt" if start else ""
            use = _USES[layout] if file else _UNRELEASED
            found[f"{stem}-{layout}"] = Release(f"{stem}-{layout}", file, use)
    return found


RELEASES: dict[str, Release] = _releases()


def choices() -> str:
    """The names with what they are for, one a line."""
    width = max(len(name) for name in RELEASES)
    return "\n".join(f"  {r.name:<{width}}  {r.use}" for r in RELEASES.values())
