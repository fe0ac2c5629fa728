"""Class names in the 81 official sentences: the rule on a small tower, numbers on the real one."""

import pytest
import torch
import torch.nn.functional as F

from official_twin import TWIN, twin
from seem_model.coco_names import COCO, STUFF, THINGS
from seem_model.modeling.clip_text import ClipText
from seem_model.modeling.names import official_summaries
from seem_model.modeling.templates import OFFICIAL_TEMPLATES
from seem_model.modeling.text_config import ClipTextConfig
from seem_model.vocabulary import NameList, Vocabulary, read, write

NAMES = ("wall-other-merged", "dog")


def by_the_rule(name: str) -> torch.Tensor:
    model = twin()
    vectors = []
    for template in OFFICIAL_TEMPLATES:
        states = model.text.encode([template.format(name)])
        vector = states.summary[0] @ model.lang_proj
        vectors.append(vector / (vector.norm() + 1e-7))
    mean = torch.stack(vectors).mean(0)
    return mean / mean.norm()


def test_there_are_81_sentences_each_with_one_place_for_the_name() -> None:
    assert len(set(OFFICIAL_TEMPLATES)) == 81
    assert OFFICIAL_TEMPLATES[0] == "{}."
    assert all(t.count("{}") == 1 and t.format("x") != t for t in OFFICIAL_TEMPLATES)


def test_vectors_follow_the_rule_and_background_is_an_ordinary_name() -> None:
    words = Vocabulary.build(twin(), NameList(NAMES, (False, True)))
    expected = torch.stack([by_the_rule(n) for n in ("wall", "dog", "background")])
    torch.testing.assert_close(words.embeddings, expected)


def test_names_known_before_are_not_read_again(monkeypatch) -> None:
    model, known, shares = twin(), {}, []
    first = Vocabulary.build(model, NameList(("wall", "dog"), (False, True)), known=known)
    more = NameList(("cat", "dog", "wall-other-merged"), (True, True, False))
    words = Vocabulary.build(model, more, known=known, watch=shares.append)
    torch.testing.assert_close(words.embeddings[1:], first.embeddings[[1, 0, 2]], rtol=0, atol=0)
    torch.testing.assert_close(words.embeddings[0], by_the_rule("cat"))
    assert shares == pytest.approx([64 / 81, 1])
    assert known.keys() == {"wall", "dog", "background", "cat"}
    monkeypatch.setattr(type(model.text), "encode", None)
    Vocabulary.build(model, NameList(("dog", "cat"), (True, True)), known=known)


def test_work_stops_when_it_is_not_wanted_any_more() -> None:
    class Enough(Exception):
        pass

    def stop(share: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        Vocabulary.build(twin(), COCO, watch=stop)


def test_stored_vectors_give_the_same_names(tmp_path) -> None:
    model, listed = twin(), NameList(NAMES, (False, True))
    summaries = official_summaries(model.text, model.lang_proj, [*NAMES, "background"])
    built = Vocabulary.build(model, listed).embeddings
    for half, off in ((False, 1e-6), (True, 1e-3)):
        write(tmp_path, listed, summaries, half=half)
        again = Vocabulary.build(model, *read(tmp_path)).embeddings
        difference = (again - built).norm() / built.norm()
        assert difference < off
        assert half == (difference > 1e-5)


def test_coco_has_80_things_and_53_stuff() -> None:
    assert (len(THINGS), len(STUFF), len(set(COCO.names))) == (80, 53, 133)
    assert sum(COCO.things) == 80
    assert not [name for name in COCO.names if name.endswith(("-merged", "-other", "-stuff"))]
    assert TWIN.text.vocabulary == ClipTextConfig().vocabulary


@pytest.mark.official
def test_class_vectors_are_the_official_ones(official) -> None:
    with torch.device("meta"):
        tower = ClipText(ClipTextConfig())
    like = {f"text.{name}": tensor for name, tensor in tower.state_dict().items()}
    state = official.state(like | {"lang_proj": torch.empty(512, 512)})
    projection = state.pop("lang_proj")
    tower.load_state_dict({n.removeprefix("text."): t for n, t in state.items()}, assign=True)
    names = ["person", "dog", "wall-other-merged", "floor-wood", "playing field", "background"]
    summaries = official_summaries(tower.eval(), projection, names)
    ours = F.normalize(summaries @ projection, dim=-1)
    theirs = torch.from_numpy(official.numbers["text/class_text_embeddings"])
    assert (ours - theirs).norm() / theirs.norm() < 1e-4
    # what a name is called matters at this precision
    assert (ours[2] - theirs[3]).norm() > 1e-2
