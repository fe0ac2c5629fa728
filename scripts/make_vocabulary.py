"""Write the embedded default's class names and their text-tower vectors.

Usage: python scripts/make_vocabulary.py DATA_FOLDER...

The names are those of the data sets the weights were trained on, in the order given; names that
mean the same as an earlier one are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from seem_model.checkpoint import EMBEDDED
from seem_model.data.folder import Folder
from seem_model.modeling.names import BACKGROUND, name_summaries, plain_name
from seem_model.modeling.text import build_text
from seem_model.modeling.text_config import MiniLMConfig
from seem_model.vocabulary import NameList, write

# Pascal VOC's spelling of classes that COCO has under another name.
SAME = {
    "aeroplane", "diningtable", "motorbike", "pottedplant", "sofa", "tvmonitor", "tv monitor",
    "table",
}  # fmt: skip


def main(folders: list[str]) -> None:
    """Collect names, embed them, write both files."""
    things: dict[str, bool] = {}
    for path in folders:
        for info in Folder.open(path).classes:
            name = plain_name(info.name)
            if name not in SAME and name not in things:
                things[name] = info.is_thing
    listed = NameList(tuple(things), tuple(things.values()))
    tower = build_text(MiniLMConfig(), EMBEDDED)
    write(Path(EMBEDDED), listed, name_summaries(tower, [*listed.names, BACKGROUND]))
    print(f"{len(listed.names)} names: {', '.join(listed.names)}")


if __name__ == "__main__":
    main(sys.argv[1:])
