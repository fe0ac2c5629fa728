"""What can be segmented without a prompt, by the names that people choose it by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seem_model import Predictor, Segmentation

Names = Sequence[str] | None
Watch = Callable[[float], None]


def _panoptic(classes: Names, predictor: Predictor, features: Any, watch: Watch) -> Segmentation:
    return predictor.panoptic(features, classes=classes, watch=watch)


def _instances(classes: Names, predictor: Predictor, features: Any, watch: Watch) -> Segmentation:
    return predictor.instances(features, classes=classes, watch=watch)


def _semantic(classes: Names, predictor: Predictor, features: Any, watch: Watch) -> Segmentation:
    return predictor.semantic(features, classes=classes, watch=watch)


READOUTS = {
    "Panoptic": (_panoptic, "Things one by one, and stuff such as sky or background."),
    "Instances": (_instances, "Things one by one: people, cells, cars."),
    "Semantic": (_semantic, "One label for each class."),
}
