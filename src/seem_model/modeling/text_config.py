"""What a text tower is made of, as plain values (no torch needed to read them)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TinyTextConfig:
    """A seeded table of hashed words; needs no files, meant for tests.

    Parameters
    ----------
    width : int
        Channels of a token.
    words : int
        Rows of the table; different words may share a row.
    max_tokens : int
        Most words in one phrase.
    seed : int
        Seed of the table's normal random numbers.
    """

    width: int = 32
    words: int = 300
    max_tokens: int = 16
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class MiniLMConfig:
    """A BERT-like sentence encoder; the defaults are those of the embedded tower.

    Parameters
    ----------
    width, layers, heads, hidden : int
        Channels of a token, encoder layers, attention heads, channels inside the MLP.
    vocabulary : int
        Rows of the word-piece table; must agree with the tokenizer file.
    max_tokens : int
        Most word pieces in one phrase, start and end pieces included.
    epsilon : float
        Epsilon of the layer norms.
    """

    width: int = 384
    layers: int = 6
    heads: int = 12
    hidden: int = 1536
    vocabulary: int = 26764
    max_tokens: int = 128
    epsilon: float = 1e-12


@dataclass(frozen=True, kw_only=True)
class ClipTextConfig:
    """The causal text transformer of the official SEEM checkpoints.

    Parameters
    ----------
    width, layers, heads, hidden : int
        Channels of a token, encoder layers, attention heads, channels inside the MLP.
    vocabulary : int
        Rows of the byte-pair table.
    max_tokens : int
        Length every phrase is padded to, start and end tokens included.
    start, end : int
        Token ids; the end token also pads.
    epsilon : float
        Epsilon of the layer norms.
    """

    width: int = 512
    layers: int = 12
    heads: int = 8
    hidden: int = 2048
    vocabulary: int = 49408
    max_tokens: int = 77
    start: int = 49406
    end: int = 49407
    epsilon: float = 1e-12


TextConfig = TinyTextConfig | MiniLMConfig | ClipTextConfig
