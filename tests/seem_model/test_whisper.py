"""Whisper from a folder: a tiny model with random weights, so what it hears means nothing."""

import json
from pathlib import Path
from shutil import copytree, rmtree

import numpy as np
import pytest

from seem_model.errors import SpeechError
from seem_model.speech.choosing import recogniser
from seem_model.speech.grammar import Arc, Grammar
from seem_model.speech.scribe import Marks, Scribe, Written
from seem_model.speech.sound import RATE
from seem_model.speech.spelling import Spelling
from seem_model.speech.whisper import PREFERENCE, cleaned, ranked
from seem_model.speech.whisper_folder import load, marks

SPECIAL = ("<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("whisper"), SPECIAL)


def made(place: Path, special: tuple[str, ...], tokens_at_least: int = 0) -> Path:
    """Write a folder as the hub has them."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperTokenizer,
    )

    letters = [*"abcdefghijklmnopqrstuvwxyz", "Ġ", "."]
    vocabulary = {token: k for k, token in enumerate([*letters, *special])}
    (place / "vocab.json").write_text(json.dumps(vocabulary))
    (place / "merges.txt").write_text("#version: 0.2\n")
    tokens = WhisperTokenizer.from_pretrained(
        place, unk_token=SPECIAL[0], bos_token=SPECIAL[0], eos_token=SPECIAL[0]
    )
    tokens.save_pretrained(place)
    end, start = vocabulary[SPECIAL[0]], vocabulary[SPECIAL[1]]
    config = WhisperConfig(
        vocab_size=max(len(vocabulary), tokens_at_least), num_mel_bins=80, d_model=16,
        encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=16, decoder_ffn_dim=16, pad_token_id=end, bos_token_id=end,
        eos_token_id=end, decoder_start_token_id=start,
        suppress_tokens=None, begin_suppress_tokens=None,
    )  # fmt: skip
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        pad_token_id=end, bos_token_id=end, eos_token_id=end, decoder_start_token_id=start,
        suppress_tokens=[end, start], is_multilingual=False, no_timestamps_token_id=start + 1,
    )  # fmt: skip
    model.save_pretrained(place)
    WhisperFeatureExtractor(feature_size=80).save_pretrained(place)
    return place


def said() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)


def test_it_spells_something_and_can_be_stopped(folder: Path) -> None:
    ears, told = recogniser((), whisper=folder), []
    heard = ears.hear(said(), RATE, watch=told.append)
    assert heard.text == heard.text.strip().lower() != ""
    assert 0 < heard.confidence < 1
    assert told == sorted(told)
    assert len(told) > 5

    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        ears.hear(said(), RATE, watch=stop)


def test_other_names_without_the_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seem_model.speech.whisper.PREFERENCE", 1e9)  # only phrases of names
    place = copytree(folder, tmp_path / "whisper")
    settings = json.loads((place / "generation_config.json").read_text())
    (place / "generation_config.json").write_text(json.dumps({**settings, "suppress_tokens": []}))
    ears = recogniser(("car",), whisper=place)
    rmtree(place)
    before = ears.hear(said(), RATE)
    assert ears.knowing(("zz",)).hear(said(), RATE).text == "small zz"
    assert ears.hear(said(), RATE) == before
    assert "zz" not in before.text, "the first still hears its own names"


def test_silence_is_told_before_the_model_invents_words(folder: Path) -> None:
    with pytest.raises(SpeechError, match="silent"):
        recogniser((), whisper=folder).hear(np.zeros(RATE, np.float32), RATE)


def test_what_is_asked_of_whisper_is_said_and_nothing_more(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recogniser(("car",), whisper=folder).hear(said(), RATE)
    assert capfd.readouterr() == ("", "")


def test_the_likeliest_phrase_is_the_one_that_counting_finds(folder: Path) -> None:
    """Beam search, against the whole model's answer to every phrase of a small grammar."""
    import torch

    whisper = load(folder)
    arcs = [Arc(0, 1, 0.5, word) for word in ("a", "the", "aa")]
    arcs += [Arc(0, 1, 0.5, ""), *(Arc(1, 2, 0.3, word) for word in ("cat", "cab", "ox"))]
    texts = {f"{first} {name}".strip() for first in ("a", "the", "aa", "") for name in
             ("cat", "cab", "ox")}  # fmt: skip

    def spell(text: str) -> tuple[int, ...]:
        return tuple(whisper.tokens.convert_tokens_to_ids([*text.replace(" ", "Ġ")]))

    spelling = Spelling(
        Grammar(tuple(arcs), 2, ()), lambda word: spell(f" {word}"),
        lambda word: {spell(f" {word}")}, stop=spell(".")[0],
    )  # fmt: skip
    end, start, no_times = whisper.tokens.convert_tokens_to_ids([*SPECIAL])
    prompt = (start, no_times)
    features = whisper.listen(said(), sampling_rate=RATE, return_tensors="pt").input_features

    def likelihood(tokens: tuple[int, ...]) -> float:
        whole = torch.tensor([[*prompt, *tokens]])
        logits = whisper.model(features, decoder_input_ids=whole).logits[0, 1:]
        logits[:, start] = -torch.inf
        steps = logits.log_softmax(-1)
        return float(sum(steps[k, token] for k, token in enumerate((*tokens, end))))

    with torch.inference_mode():
        sound = whisper.model.model.encoder(features).last_hidden_state
        marks = Marks(prompt, end, never=(start,), never_first=())
        scribe = Scribe(whisper.model, sound, marks, lambda: None)
        found = scribe.within(spelling, width=24)
        every = {spell(f" {text}{stop}") for text in texts for stop in ("", ".")}
        counted = {tokens: likelihood(tokens) for tokens in every}
    assert {written.tokens for written in found} == set(counted)
    assert [w.likelihood for w in found] == sorted((w.likelihood for w in found), reverse=True)
    for written in found:
        assert written.likelihood == pytest.approx(counted[written.tokens], abs=1e-4)


def test_a_model_of_many_languages_is_asked_for_english(tmp_path: Path) -> None:
    special = (*SPECIAL, "<|de|>", "<|en|>", "<|translate|>", "<|transcribe|>")
    whisper = load(made(tmp_path, special, tokens_at_least=51865))
    told = whisper.tokens.convert_ids_to_tokens(marks(whisper).prompt)
    assert told == ["<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"]


def test_a_phrase_is_preferred_to_a_text_that_is_a_little_likelier() -> None:
    free, phrase = Written((1,), -2.0), Written((2,), -2.0 - PREFERENCE)
    assert ranked(free, [Written((3,), phrase.likelihood + 0.1), phrase])[0].tokens == (3,)
    assert ranked(free, [phrase]) == [free, phrase]
    assert ranked(free, []) == [free]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [(" The cat, on the couch.", "the cat on the couch"), (" Select all nuclei!", "all nuclei"),
     (" the dog's T-shirt", "the dog's t-shirt"), (" ... ", ""), (" café", "café")],
)  # fmt: skip
def test_texts_are_cleaned(text: str, wanted: str) -> None:
    assert cleaned(text) == wanted


def test_weights_in_half_precision(folder: Path, tmp_path: Path) -> None:
    import torch
    from transformers import WhisperForConditionalGeneration

    place = copytree(folder, tmp_path / "half")
    model = WhisperForConditionalGeneration.from_pretrained(folder, dtype=torch.float16)
    model.save_pretrained(place)
    assert json.loads((place / "config.json").read_text())["dtype"] == "float16"
    assert recogniser((), whisper=place).hear(said(), RATE).text


def test_a_folder_with_something_else(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SpeechError, match="lacks"):
        recogniser((), whisper=tmp_path)
    (tmp_path / "model.bin").write_bytes(b"")
    with pytest.raises(SpeechError, match=r"faster-whisper.*format of transformers"):
        recogniser((), whisper=tmp_path)


@pytest.mark.parametrize("lost", ["tokenizer.json", "preprocessor_config.json"])
def test_a_folder_that_lacks_a_file(folder: Path, tmp_path: Path, lost: str) -> None:
    place = copytree(folder, tmp_path / "part", ignore=lambda *_: [lost, "vocab.json"])
    with pytest.raises(SpeechError, match=lost):
        recogniser((), whisper=place)


def test_a_tokenizer_without_the_signs_of_whisper(tmp_path: Path) -> None:
    place = made(tmp_path, (*SPECIAL[:2], "<|silence|>"))
    with pytest.raises(SpeechError, match=r"does not know .*notimestamps"):
        recogniser((), whisper=place)


def test_weights_that_are_damaged_or_of_another_model(folder: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    place = copytree(folder, tmp_path / "part")
    weights = place / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SpeechError, match="cannot be loaded"):
        recogniser((), whisper=place)
    weights.write_bytes(whole)
    kept = {name: w for name, w in load_file(weights).items() if "encoder.conv1" not in name}
    save_file(kept, weights, {"format": "pt"})
    with pytest.raises(SpeechError, match="2 tensors are missing"):
        recogniser((), whisper=place)
