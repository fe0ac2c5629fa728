"""Segment one image without a window: from a request to a file and a few words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from seem_model.clicks import Click, add_click
from seem_model.errors import ImageError, PromptError
from seem_model.image import read_image, to_rgb
from seem_model.speech.choosing import recogniser
from seem_model.speech.sound import read_wav
from seem_model.values import Prompts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from seem_model.predictor import Predictor
    from seem_model.values import RGB, Segmentation

FORMATS = (".png", ".tif", ".tiff", ".npy")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to segment, in original image pixels.

    Parameters
    ----------
    image, sample : str or None
        A file, or the name of a built-in image: exactly one of them.
    out : str
        File to write; its ending chooses the format.
    clicks, avoid : tuple of (row, col)
        Pixels of the object, and pixels that are not.
    boxes : tuple of (row0, col0, row1, col1)
        Half-open; the object is inside.
    text : str
        Words that name the object.
    speech : str or None
        WAV file in which they are said, instead.
    whisper : str
        Folder with a Whisper model that hears them; empty for the small recogniser.
    everything : {"panoptic", "instances", "semantic"} or None
        Segment the whole image this way, without prompts.
    classes : tuple of str or None
        With ``everything``: what to look for instead of the checkpoint's vocabulary.
    checkpoint, device : str
        See :func:`seem_model.load`.
    """

    out: str
    image: str | None = None
    sample: str | None = None
    clicks: tuple[tuple[int, int], ...] = ()
    avoid: tuple[tuple[int, int], ...] = ()
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    text: str = ""
    speech: str | None = None
    whisper: str = ""
    everything: Literal["panoptic", "instances", "semantic"] | None = None
    classes: tuple[str, ...] | None = None
    checkpoint: str = "lite"
    device: str = "auto"

    def __post_init__(self) -> None:
        if (self.image is None) == (self.sample is None):
            raise ImageError("Give either an image file or --sample NAME.")
        if self.text.strip() and self.speech:
            raise PromptError("Give the words either by --text or by --speech.")
        words = bool(self.text.strip() or self.speech)
        if self.everything and (self.clicks or self.avoid or self.boxes or words):
            raise PromptError("--everything takes no prompts; leave out clicks, boxes and words.")
        if self.classes is not None and not self.everything:
            raise PromptError("--class goes with --everything; to find one object use --text.")
        if not self.everything and not (self.clicks or self.boxes or words):
            raise PromptError(
                "Say what to find: --click, --box, --text, --speech, or --everything."
            )
        where = Path(self.out)
        if where.suffix.lower() not in FORMATS:
            raise ImageError(f"Cannot write {where}: use one of the endings {', '.join(FORMATS)}.")
        if not where.parent.is_dir():
            raise ImageError(f"Cannot write {where}: there is no folder {where.parent}.")


def segment(request: Request, watch: Callable[[float], None] | None = None) -> str:
    """Do what is asked and write the file.

    A single object is written as a mask (uint8, 0 and 255; bool in .npy), everything as a label
    image (uint16; int32 in .npy).

    Parameters
    ----------
    request : Request
    watch : callable or None
        Called with the share done, 0 to 1, while everything is segmented or a phrase looked for.

    Returns
    -------
    str
        What was found, for the terminal.

    Raises
    ------
    SeemError
        In the words of whatever went wrong.
    """
    from seem_model import Session, load

    image = to_rgb(_read(request))
    if request.everything is None:
        # Refuse prompts outside the image before the model is loaded, which takes seconds.
        height, width = image.shape[:2]
        prompts = prompts_of(request, (height, width))
        sound = None if request.speech is None else read_wav(request.speech)
        predictor = load(request.checkpoint, device=request.device)
        heard = ""
        if sound is not None:
            words = recogniser(predictor.vocabulary, whisper=request.whisper).hear(*sound)
            prompts, heard = prompts.with_text(words.text), f"heard “{words.text}”\n"
        answer = Session(predictor, image).step(prompts, watch=watch)
        save(request.out, answer.mask)
        label = f"{answer.label} ({answer.label_score:.2f})" if answer.label else "unnamed"
        area = int(answer.mask.sum())
        return f"{heard}{label}, score {answer.score:.2f}, {area} pixels: {request.out}"
    found = _everything(load(request.checkpoint, device=request.device), image, request, watch)
    save(request.out, found.labels)
    return "\n".join([*_rows(found), f"{len(found.segments)} segments: {request.out}"])


def prompts_of(request: Request, shape: tuple[int, int]) -> Prompts:
    """Draw the request's prompts on an image of ``shape`` (H, W).

    Raises
    ------
    PromptError
        If a click or box is outside the image, or a box is empty.
    """
    prompts = Prompts.empty(shape).with_text(request.text)
    for pixels, positive in ((request.clicks, True), (request.avoid, False)):
        for row, col in pixels:
            prompts = add_click(prompts, Click(row, col, positive))
    region = np.zeros(shape, bool)
    for row0, col0, row1, col1 in request.boxes:
        if not (0 <= row0 < row1 <= shape[0] and 0 <= col0 < col1 <= shape[1]):
            raise PromptError(
                f"The box {row0},{col0},{row1},{col1} is empty or not inside the image of "
                f"{shape[0]} rows and {shape[1]} columns."
            )
        region[row0:row1, col0:col1] = True
    return replace(prompts, region=region)


def save(path: str | Path, pixels: NDArray[Any]) -> None:
    """Write a mask (H, W) bool or labels (H, W) int; the ending chooses PNG, TIFF or numpy.

    Raises
    ------
    ImageError
        If the file cannot be written or the labels do not fit 16 bits.
    """
    where = Path(path)
    if where.suffix.lower() != ".npy" and pixels.dtype != bool and pixels.max(initial=0) > 65535:
        raise ImageError(f"More than 65535 segments do not fit {where}; write .npy instead.")
    narrow = np.uint8(255) * pixels if pixels.dtype == bool else pixels.astype(np.uint16)
    try:
        if where.suffix.lower() == ".npy":
            np.save(where, pixels)
        else:
            Image.fromarray(narrow).save(where)
    except OSError as error:
        raise ImageError(f"Cannot write {where}: {error.strerror or error}.") from error


def _read(request: Request) -> NDArray[Any]:
    from seem_model import samples

    if request.image is not None:
        return read_image(request.image)
    return samples.load(request.sample or "")


def _everything(
    predictor: Predictor, image: RGB, request: Request, watch: Callable[[float], None] | None
) -> Segmentation:
    features = predictor.features(image)
    read = {
        "panoptic": predictor.panoptic,
        "instances": predictor.instances,
        "semantic": predictor.semantic,
    }[request.everything or "panoptic"]
    return read(features, classes=request.classes, watch=watch)


def _rows(found: Segmentation) -> list[str]:
    return [f"{s.id:>5}  {s.score:.2f}  {s.label}" for s in found.segments]
