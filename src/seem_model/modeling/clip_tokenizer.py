"""CLIP's byte-pair tokenizer (Radford et al., 2021), made from the merges that we ship.

The merges are those of OpenAI's CLIP (MIT licence).
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from seem_model.errors import CheckpointError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MERGES_FILE = Path(__file__).parents[1] / "weights" / "clip" / "merges.txt.gz"
PIECES = 49408
START, END = "<|startoftext|>", "<|endoftext|>"
_WORD_END = "</w>"
# Endings of English short forms, runs of letters, single digits, runs of other signs.
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"


@cache
def clip_tokenizer() -> Tokenizer:
    """The tokenizer: composed characters, lower case, single spaces; adds no start and end.

    Raises
    ------
    CheckpointError
        If the file of merges is missing or damaged.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    merges = _merges()
    vocabulary = {piece: index for index, piece in enumerate(_pieces(merges))}
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary, merges=merges, end_of_word_suffix=_WORD_END, unk_token=END
        )
    )  # fmt: skip
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def _merges() -> list[tuple[str, str]]:
    try:
        lines = gzip.decompress(MERGES_FILE.read_bytes()).decode().split("\n")
        merges = [(left, right) for left, right in (line.split(" ") for line in lines)]
    except (OSError, EOFError, ValueError) as error:
        raise CheckpointError(
            f"CLIP's word pieces cannot be read from {MERGES_FILE} ({error}): install napari-seem "
            "again."
        ) from error
    return merges


def _pieces(merges: list[tuple[str, str]]) -> list[str]:
    """All pieces in the order of their ids: bytes, bytes that end a word, merges, start, end."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = [byte for byte in range(256) if byte not in printable]
    # a byte without a sign of its own is written as one of the signs after the 256th
    signs = [chr(byte) for byte in printable] + [chr(256 + k) for k in range(len(other))]
    ends = [sign + _WORD_END for sign in signs]
    return [*signs, *ends, *(left + right for left, right in merges), START, END]
