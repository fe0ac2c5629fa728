"""Configurations and recipes: to JSON and back, and what is refused."""

import json
from dataclasses import replace

import pytest

from seem_model.checkpoint import EMBEDDED
from seem_model.config import FOCAL_TINY, LITE, TINY, ModelConfig, from_json, to_json
from seem_model.errors import ConfigError
from seem_model.presets import OFFICIAL


def values(config: ModelConfig = TINY) -> dict:
    return json.loads(json.dumps(to_json(config)))


@pytest.mark.parametrize("preset", [TINY, LITE, FOCAL_TINY, *OFFICIAL.values()])
def test_a_preset_survives_json(preset: ModelConfig) -> None:
    assert from_json(values(preset)) == preset


def test_without_dense_prompts_survives_json() -> None:
    sparse = replace(TINY, dense=None)
    assert from_json(values(sparse)) == sparse


def test_missing_settings_take_their_defaults() -> None:
    given = values(FOCAL_TINY)
    del given["decoder"], given["dense"]
    assert from_json(given) == FOCAL_TINY


def test_the_pixel_decoder_is_told_apart_by_its_type() -> None:
    deformable, plain = values(OFFICIAL["sam-base-v1"]), values(LITE)
    assert deformable["pixel_decoder"]["type"] == "DeformablePixelDecoderConfig"
    assert plain["pixel_decoder"]["type"] == "PixelDecoderConfig"
    with pytest.raises(ConfigError, match="Unknown setting points in PixelDecoderConfig"):
        from_json(plain | {"pixel_decoder": {"type": "PixelDecoderConfig", "points": 4}})


def test_older_checkpoints_that_do_not_tell_it_have_the_plain_one() -> None:
    given = values(LITE)
    del given["pixel_decoder"]["type"]
    assert from_json(given) == LITE
    # where there is no usual kind, it must be told
    del given["backbone"]["type"]
    with pytest.raises(ConfigError, match="Unknown type None for backbone"):
        from_json(given)


def test_the_embedded_checkpoint_can_be_read() -> None:
    config = from_json(json.loads((EMBEDDED / "config.json").read_text()))
    assert config.pixel_decoder == LITE.pixel_decoder


@pytest.mark.parametrize("part", [None, "decoder", "backbone", "text", "frame"])
def test_an_unknown_setting_is_refused_by_name(part: str | None) -> None:
    given = values()
    (given if part is None else given[part])["colour"] = 3
    with pytest.raises(ConfigError, match="Unknown setting colour"):
        from_json(given)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 99}, "format 99.*Update"),
        ({"backbone": {"type": "ResNet"}}, "Unknown type 'ResNet' for backbone"),
        ({"backbone": None}, "backbone"),
        ({"backbone": 5}, "backbone"),
        ({"decoder": [1, 2]}, "decoder"),
        ({"pixel_decoder": {"type": "Fpn"}}, "Unknown type 'Fpn' for pixel_decoder"),
        ({"pixel_decoder": None}, "pixel_decoder"),
        ({"decoder": {"width": "wide"}}, "width"),
        ({"decoder": {"prompting": "telepathy"}}, "prompting.*telepathy"),
        ({"name": 3}, "name"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(change: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        from_json(values() | change)


def test_a_missing_part_is_named() -> None:
    given = values()
    del given["text"]
    with pytest.raises(ConfigError, match="text"):
        from_json(given)
