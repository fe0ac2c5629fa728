"""Write the merges of CLIP's byte-pair tokenizer, cut to the ones in use.

Needs ``bpe_simple_vocab_16e6.txt.gz`` of OpenAI's CLIP (MIT licence; the wheel of
``open-clip-torch`` holds it), which nothing needs afterwards.

Usage: python scripts/make_clip_tokenizer.py FILE
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

from seem_model.modeling.clip_tokenizer import MERGES_FILE, PIECES

BYTES, SPECIAL = 256, 2


def main(source: str) -> None:
    """Write the file and say its size."""
    lines = gzip.decompress(Path(source).read_bytes()).decode().split("\n")
    # every byte is a piece twice, inside and at the end of a word; the first line is a title
    merges = lines[1 : 1 + PIECES - 2 * BYTES - SPECIAL]
    packed = gzip.compress("\n".join(merges).encode(), 9, mtime=0)
    MERGES_FILE.parent.mkdir(parents=True, exist_ok=True)
    MERGES_FILE.write_bytes(packed)
    print(f"{len(merges)} merges, {len(packed) / 1e3:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1])
