"""Weights and sampling of the training losses (no torch here)."""

from __future__ import annotations

from dataclasses import dataclass

from seem_model.errors import ConfigError


@dataclass(frozen=True)
class TaskWeights:
    """Weights of one task's cross-entropy, BCE and Dice; clicks of weight 0 are not asked."""

    ce: float
    bce: float
    dice: float

    @property
    def any(self) -> bool:
        """Whether anything is to be learned from the task."""
        return bool(self.ce or self.bce or self.dice)


@dataclass(frozen=True)
class LossConfig:
    """Weights and sampling of all losses: the paper's L = alpha CE + beta BCE + gamma Dice.

    Parameters
    ----------
    cost, objects, clicks, phrases : TaskWeights
        Of the matching, and of the losses of each kind of query.
    sentence, class_name : float
        Factor on the cross-entropy of a phrase, by what the phrase is.
    names, naming, seeds : float
        Weights of the heads that official SEEM does not have.
    places : float
        Weight of the naming head's names of single places (see ``training_names``).
    naming_dropout : float
        Share of what the naming head reads that is left out, drawn anew for each mask and place.
    teacher : float
        Weight of what a larger ImageNet network says of a view (see ``training_teacher``); 0: none.
    mask_teacher : float
        Weight of what the starting weights answer to the same marks, averaged over looks at a view
        (see ``training_mask_teacher``); 0: none.
    no_object : float
        Weight of a query without object in the class cross-entropy.
    points : int
        Points at which masks are compared.
    oversample, importance : float
        Candidates per point, and the share of points that is chosen by uncertainty.
    """

    cost: TaskWeights = TaskWeights(2.0, 5.0, 5.0)
    objects: TaskWeights = TaskWeights(2.0, 5.0, 5.0)
    clicks: TaskWeights = TaskWeights(0.4, 1.0, 1.0)
    phrases: TaskWeights = TaskWeights(0.4, 1.0, 1.0)
    sentence: float = 2.0
    class_name: float = 0.5
    names: float = 0.2
    naming: float = 1.0
    places: float = 0.0
    naming_dropout: float = 0.0
    seeds: float = 1.0
    teacher: float = 0.0
    mask_teacher: float = 0.0
    no_object: float = 0.1
    points: int = 12544
    oversample: float = 3.0
    importance: float = 0.75

    def __post_init__(self) -> None:
        if not 0 <= self.naming_dropout < 1:
            raise ConfigError(
                f"loss.naming_dropout={self.naming_dropout} must be a share from 0 to below 1."
            )
