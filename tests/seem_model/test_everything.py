"""Readouts by hand-made queries, against the definitions of SEEM §6."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from seem_model.errors import CheckpointError, PromptError
from seem_model.everything import Objects, Thresholds, instances, panoptic, semantic
from seem_model.modeling.decoded import Decoded, Queries
from seem_model.modeling.names import BACKGROUND, PhraseBook, plain_name
from seem_model.readout import by_click, by_phrases, by_prompts
from seem_model.vocabulary import NameList, Vocabulary, clean, read, write
from tiny_model import tiny

WORDS = Vocabulary(("cat", "dog", "sky"), (True, True, False), torch.zeros(4, 2))
SHAPE = (6, 8)
LIMITS = Thresholds(score=0.4, overlap=0.8)


def found(*queries: tuple[list[float], np.ndarray]) -> Objects:
    """Queries as (class probabilities, background last; (H, W) bool mask)."""
    masks = np.stack([np.where(mask, 6.0, -6.0) for _, mask in queries])
    return Objects(torch.tensor([p for p, _ in queries]), torch.from_numpy(masks).float())


def rect(rows: slice, cols: slice) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[rows, cols] = True
    return mask


def read_out(function, objects: Objects):
    return function(objects, WORDS, lambda x: x.numpy(), SHAPE, LIMITS)


def brute_panoptic(objects: Objects) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """SEEM §6, pixel by pixel."""
    kept = []
    for p, logits in zip(objects.probabilities.numpy(), objects.logits.numpy(), strict=True):
        if p.argmax() < 3 and p.max() > LIMITS.score:
            kept.append((p.argmax(), p.max(), 1 / (1 + np.exp(-logits))))
    labels, segments, stuff = np.zeros(SHAPE, int), [], {}
    owner = np.argmax([score * mask for _, score, mask in kept], axis=0)
    for k, (label, _, mask) in enumerate(kept):
        claimed, own = owner == k, mask >= 0.5
        both = claimed & own
        if not (claimed.any() and own.any() and both.any()):
            continue
        if claimed.sum() / own.sum() < LIMITS.overlap:
            continue
        if label == 2 and label in stuff:
            labels[both] = stuff[label]
            continue
        segments.append((len(segments) + 1, WORDS.names[label]))
        labels[both] = stuff[label] = len(segments)
    return labels, segments


@pytest.mark.parametrize("seed", range(30))
def test_panoptic_is_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    objects = Objects(
        torch.from_numpy(rng.dirichlet([0.4] * 4, 7)).float(),
        torch.from_numpy(rng.normal(-1, 3, (7, *SHAPE)).round(2)).float(),
    )
    if not any(p.argmax() < 3 and p.max() > 0.4 for p in objects.probabilities):
        return
    answer = read_out(panoptic, objects)
    labels, segments = brute_panoptic(objects)
    np.testing.assert_array_equal(answer.labels, labels)
    assert [(s.id, s.label) for s in answer.segments] == segments
    assert answer.labels.dtype == np.int32


def test_panoptic_drops_what_is_mostly_covered_and_merges_stuff() -> None:
    left, right = rect(slice(0, 6), slice(0, 3)), rect(slice(0, 6), slice(5, 8))
    objects = found(
        ([0.9, 0.0, 0.0, 0.1], left),
        ([0.0, 0.6, 0.0, 0.4], rect(slice(0, 6), slice(0, 4))),  # three quarters covered
        ([0.0, 0.0, 0.8, 0.2], right),
        ([0.0, 0.0, 0.7, 0.3], rect(slice(0, 2), slice(3, 5))),
        ([0.0, 0.1, 0.1, 0.8], rect(slice(0, 6), slice(0, 8))),  # background
    )
    answer = read_out(panoptic, objects)
    assert [(s.id, s.label, s.is_thing) for s in answer.segments] == [
        (1, "cat", True), (2, "sky", False),
    ]  # fmt: skip
    assert (answer.labels[left] == 1).all()
    assert (answer.labels[right] == 2).all()
    assert (answer.labels[:2, 3:5] == 2).all()
    assert not answer.labels[2:, 3:5].any()


@pytest.mark.parametrize("function", [panoptic, instances])
def test_nothing_found_is_an_empty_segmentation(function) -> None:
    answer = read_out(function, found(([0.1, 0.1, 0.1, 0.7], rect(slice(0, 6), slice(0, 8)))))
    assert not answer.labels.any()
    assert answer.segments == ()


def test_instances_are_things_and_the_surer_one_is_on_top() -> None:
    objects = found(
        ([0.6, 0.0, 0.0, 0.4], rect(slice(0, 6), slice(2, 6))),
        ([0.0, 0.9, 0.0, 0.1], rect(slice(0, 6), slice(0, 3))),
        ([0.0, 0.0, 1.0, 0.0], rect(slice(0, 6), slice(0, 8))),
        ([0.3, 0.0, 0.0, 0.7], rect(slice(0, 6), slice(7, 8))),
    )
    answer = read_out(instances, objects)
    assert [(s.id, s.label, s.is_thing) for s in answer.segments] == [
        (1, "dog", True), (2, "cat", True),
    ]  # fmt: skip
    np.testing.assert_array_equal(answer.labels[0], [1, 1, 1, 2, 2, 2, 0, 0])
    assert answer.segments[0].score == pytest.approx(0.9, abs=0.01)


def test_of_two_queries_on_one_object_one_instance_remains() -> None:
    same = rect(slice(1, 4), slice(1, 4))
    answer = read_out(instances, found(([0.9, 0.0, 0.0, 0.1], same), ([0.8, 0.1, 0.0, 0.1], same)))
    assert len(answer.segments) == 1


def test_semantic_gives_each_pixel_the_class_with_most_evidence() -> None:
    objects = found(
        ([0.9, 0.0, 0.0, 0.1], rect(slice(0, 6), slice(0, 4))),
        ([0.0, 0.5, 0.4, 0.1], rect(slice(0, 6), slice(3, 8))),
        ([0.0, 0.0, 0.4, 0.6], rect(slice(0, 6), slice(6, 8))),
    )
    answer = read_out(semantic, objects)
    names = {s.id: s.label for s in answer.segments}
    row = [names.get(i) for i in answer.labels[0]]
    assert row == ["cat"] * 4 + ["dog"] * 2 + ["sky"] * 2


def queries(masks: torch.Tensor, embeds: torch.Tensor, concepts: torch.Tensor | None = None):
    return Queries(embeds[None], (embeds if concepts is None else concepts)[None], masks[None])


def test_a_click_chooses_by_hits_first_and_by_likeness_then() -> None:
    masks = torch.full((3, 4, 4), -5.0)
    masks[0, :2], masks[1, 2:], masks[2, :3] = 5, 5, 5
    spatial = queries(masks, torch.tensor([[1.0, 0.0], [9.0, 0.0], [5.0, 0.0]]))
    decoded = Decoded(spatial=spatial, pooled=torch.tensor([[[1.0, 0.0]]]))
    positive, negative = torch.zeros(2, 1, 16, 16, dtype=torch.bool)
    positive[0, 1, 1] = True
    # Query 1 is most alike but misses the click; 2 is more alike than 0.
    assert torch.equal(by_click(decoded, positive, negative).logits[0], masks[2])
    negative[0, 9, 9] = True  # which 2 holds
    assert torch.equal(by_click(decoded, positive, negative).logits[0], masks[0])
    assert torch.equal(by_prompts(decoded).logits[0, 0], masks[1])


def test_each_prompt_is_answered_by_its_own_queries() -> None:
    masks = torch.randn(1, 4, 4, 4)
    embeds = torch.tensor([[[9.0, 9.0], [1.0, 0.0], [0.0, 1.0], [5.0, 5.0]]])
    owner = torch.tensor([[0, 0, 1, 1]])
    spatial = Queries(embeds, embeds, masks, owner=owner)
    decoded = Decoded(spatial=spatial, pooled=torch.tensor([[[0.0, 1.0], [-1.0, 1.0]]]))
    answer = by_prompts(decoded)
    assert torch.equal(answer.logits[0], masks[0, [0, 2]])
    assert torch.equal(answer.concepts[0], embeds[0, [0, 2]])


def test_a_phrase_chooses_by_cosine() -> None:
    concepts = torch.tensor([[9.0, 9.0], [0.1, 0.0]])
    masks = torch.randn(2, 4, 4)
    decoded = Decoded(grounding=queries(masks, torch.zeros(2, 2), concepts))
    answer = by_phrases(decoded, torch.tensor([[1.0, 0.0], [1.0, 1.0]]))
    assert torch.equal(answer.logits[0], masks[[1, 0]])


@pytest.mark.parametrize("function", [by_prompts, lambda d: by_phrases(d, torch.zeros(1, 2))])
def test_reading_what_was_not_asked_is_an_error(function) -> None:
    with pytest.raises(ValueError, match="was not given"):
        function(Decoded())


def test_class_lists_as_people_type_them() -> None:
    known = NameList(("cat", "sky"), (True, False))
    assert clean([" cat ", "", "sky", "cat", "yeti"], known) == NameList(
        ("cat", "sky", "yeti"), (True, False, True)
    )
    with pytest.raises(PromptError, match="class list is empty"):
        clean([" ", ""], known)


def test_a_vocabulary_is_written_and_read(tmp_path) -> None:
    listed = NameList(("cat", "Löwe"), (True, False))
    summaries = torch.randn(3, 32)
    write(tmp_path, listed, summaries)
    again, vectors = read(tmp_path)
    assert again == listed
    torch.testing.assert_close(vectors, summaries, atol=1e-2, rtol=1e-2)
    short = NameList(("cat",), (True,))
    (tmp_path / "vocabulary.json").write_text('[{"name": "cat", "thing": true}]')
    assert read(tmp_path) == (short, None)  # vectors of another list are not used
    for broken in ("{", '[{"name": 3}]', "[3]"):
        (tmp_path / "vocabulary.json").write_text(broken)
        with pytest.raises(CheckpointError, match="cannot be read"):
            read(tmp_path)


def test_damaged_vectors_are_a_checkpoint_error(tmp_path) -> None:
    write(tmp_path, NameList(("cat",), (True,)), torch.randn(2, 32))
    (tmp_path / "vocabulary.safetensors").write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read(tmp_path)


def test_names_become_unit_vectors_with_background_last() -> None:
    words = Vocabulary.build(tiny(), NameList(("cat", "dog"), (True, True)))
    assert words.embeddings.shape == (3, 16)
    torch.testing.assert_close(words.embeddings.norm(dim=1), torch.ones(3))
    only = Vocabulary.build(tiny(), NameList((BACKGROUND,), (True,)))
    torch.testing.assert_close(words.embeddings[2], only.embeddings[1])


def test_the_phrase_book_computes_each_phrase_once() -> None:
    calls = []
    tower = tiny().text
    counting = SimpleNamespace(
        width=tower.width, encode=lambda phrases: calls.append(phrases) or tower.encode(phrases)
    )
    book = PhraseBook(counting)
    states = book.states(["a red dog", "cat", "cat"])
    assert states.tokens.shape == (3, 3, 32)
    assert states.padding.sum(1).tolist() == [0, 2, 2]
    book.states(["cat", "a red dog"])
    assert sum(len(c) for c in calls) == 2
    forgetful = PhraseBook(counting, kept=1)
    assert torch.equal(forgetful.states(["a red dog", "cat", "cat"]).tokens, states.tokens)
    forgetful.states(["cat"])
    assert sum(len(c) for c in calls) == 4
    forgetful.states(["a red dog"])
    assert sum(len(c) for c in calls) == 5
    names = book.names(["cat", BACKGROUND])
    assert torch.equal(names[0], book.names(["dog", "cat"])[1])
    assert plain_name("floor-other-merged") == "floor"
    assert F.normalize(names, dim=1).shape == (2, 32)
