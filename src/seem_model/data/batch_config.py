"""What a batch holds: sizes, and the shares of what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from seem_model.drawing import Shape
from seem_model.official_prompts import TrainedShape

Drawing = Literal[Shape, TrainedShape]


@dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """What a batch holds.

    Parameters
    ----------
    images, objects : int
        Images a batch, and objects asked for in each.
    min_pixels : int
        Objects with fewer visible pixels are not asked for.
    largest_click : int
        First clicks are painted with a radius from 1 to this: zoomed-in views show them larger.
    point, box, drawn : float
        Shares of first prompts: a click, a box, a drawn stroke or polygon; the rest has none
        (text or example alone).
    shapes : tuple of str
        Kinds of drawing, equally likely: ours (:func:`seem_model.drawing.draw`), and those of
        the paper, "seem-point" and so on (:func:`seem_model.official_prompts.training_prompt`).
    text, example : float
        Shares of objects that also come with a phrase, or with an example of their class.
    most_phrases : int
        Phrases asked for together, from 1 to this (the paper: 4).
    phrases : float
        Share of images that are asked by phrase alone (grounding).
    sentences : float
        Of these, share by a sentence where the image has one that is true of the view (see
        :func:`seem_model.data.phrasing.stays_true`); the others are asked by a class name.
    telling : float
        Where all objects are labelled: of these others, and of the phrases beside a first prompt,
        share by words for place, size or colour where they tell an object from its like (see
        :func:`seem_model.data.telling_apart.told_apart`).
    absent : float
        Of the images asked by class names or such words, share with one more phrase that nothing
        in the view fits: its mask is empty.
    """

    images: int = 6
    objects: int = 2
    min_pixels: int = 30
    largest_click: int = 1
    point: float = 0.68
    box: float = 0.12
    drawn: float = 0.14
    shapes: tuple[Drawing, ...] = ("stroke", "polygon", "circle", "mask")
    text: float = 0.25
    example: float = 0.2
    phrases: float = 0.5
    most_phrases: int = 1
    sentences: float = 0.6
    telling: float = 0.0
    absent: float = 0.0
