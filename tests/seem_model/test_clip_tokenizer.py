"""CLIP's tokenizer against the official ids, an oracle, and by its own rules."""

import gzip
import json
from pathlib import Path

import pytest

from seem_model.errors import CheckpointError
from seem_model.modeling import clip_tokenizer as module
from seem_model.modeling.clip_tokenizer import END, MERGES_FILE, PIECES, START, clip_tokenizer

PHRASES = (
    "a photo of a person.",
    "The  corgi's\tball — isn't 1234 items!!!",
    "naïve Café, Ångström; ½ of ﬁgs",
    "зелёное яблоко 🍏 绿苹果",
    "(left-most) cup/mug #3 @ $5.00 <b>&amp;</b>",
    "window-blind",
    "",
    "   ",
)


def test_there_are_as_many_pieces_as_the_official_table_has_rows() -> None:
    tokenizer = clip_tokenizer()
    assert tokenizer.get_vocab_size() == PIECES == 49408
    assert (tokenizer.token_to_id(START), tokenizer.token_to_id(END)) == (49406, 49407)
    assert MERGES_FILE.stat().st_size < 300_000


def test_known_words_have_their_ids() -> None:
    # as in the published examples of CLIP's tokenizer: "a photo of a cat"
    assert clip_tokenizer().encode("a photo of a Cat").ids == [320, 1125, 539, 320, 2368]


def test_case_and_spaces_do_not_matter() -> None:
    encode = clip_tokenizer().encode
    assert encode("The  BROWN\n dog ").ids == encode("the brown dog").ids
    assert encode("e\u0301clair").ids == encode("\u00e9clair").ids


@pytest.mark.parametrize("phrase", PHRASES)
def test_ids_are_those_of_transformers(phrase: str) -> None:
    transformers = pytest.importorskip("transformers")
    lines = gzip.decompress(MERGES_FILE.read_bytes()).decode().split("\n")
    oracle = transformers.CLIPTokenizer(
        vocab=clip_tokenizer().get_vocab(), merges=[tuple(line.split(" ")) for line in lines]
    )
    ours = clip_tokenizer().encode(phrase).ids
    assert [49406, *ours, 49407] == oracle(phrase)["input_ids"]


@pytest.mark.parametrize("phrase", PHRASES[:2] + PHRASES[5:])
def test_ids_are_those_of_open_clip(phrase: str) -> None:
    open_clip = pytest.importorskip("open_clip")
    assert clip_tokenizer().encode(phrase).ids == open_clip.SimpleTokenizer().encode(phrase)


def test_a_damaged_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (b"", MERGES_FILE.read_bytes()[:1000], gzip.compress(json.dumps([]).encode())):
        (tmp_path / "merges.txt.gz").write_bytes(content)
        monkeypatch.setattr(module, "MERGES_FILE", tmp_path / "merges.txt.gz")
        with pytest.raises(CheckpointError, match="install napari-seem again"):
            clip_tokenizer.__wrapped__()
