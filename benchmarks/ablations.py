"""What each piece of LITE brings: variants trained on one short budget, seen by one simulated user.

``python benchmarks/ablations.py --root DATA [--steps 240] [--batches 60] [--only NAME ...]`` trains
each variant from the ImageNet backbone with ``recipes/ablation.yaml`` and measures views of
validation images as training sees them (256 pixels, undisturbed), without what a predictor does
around the model (zooming, settling, obeying clicks): those are compared with ``--shipped``, which
asks the embedded default with and without them. Prints one JSON line a variant.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F

from seem_model import checkpoint, load
from seem_model.config import LITE, LITE_PYRAMID, DensePromptConfig
from seem_model.data.batches import Batches
from seem_model.data.crops import CropConfig
from seem_model.data.opening import open_dataset
from seem_model.evaluate import interactive
from seem_model.frame import normalised
from seem_model.losses import layers
from seem_model.modeling.backbone_config import LITE0, LITE2
from seem_model.modeling.efficientnet import fold_imagenet
from seem_model.modeling.names import BACKGROUND, PhraseBook
from seem_model.modeling.naming import NamingConfig
from seem_model.modeling.text_config import TinyTextConfig
from seem_model.readout import by_prompts
from seem_model.recipe import Recipe
from seem_model.start import imagenet
from seem_model.train import train
from seem_model.training_names import places_of
from seem_model.training_rounds import RoundsConfig, prompt_maps, with_corrections

if TYPE_CHECKING:
    from seem_model.config import ModelConfig
    from seem_model.data.batch import Batch
    from seem_model.modeling.seem import Seem

HERE = Path(__file__).parent
# One reader of names: what ImageNet left would be the same, trained or not, in every variant.
# Six blocks of dense prompt fusion, masks that do not read it either: `lite` as it was measured.
PIECES = replace(
    LITE,
    naming=NamingConfig(),
    dense=DensePromptConfig(),
    pixel_decoder=replace(LITE_PYRAMID, imagenet=False),
)
VARIANTS: dict[str, ModelConfig] = {
    "all of it": PIECES,
    "no dense prompt fusion": replace(PIECES, dense=None),
    "prompts apart, as in official v1": replace(
        PIECES, decoder=replace(PIECES.decoder, prompting="separate_v1")
    ),
    "a text tower that knows no words": replace(PIECES, text=TinyTextConfig()),
    "names by the queries": replace(PIECES, naming=None),
    "EfficientNet-Lite2 instead of Lite0": replace(PIECES, backbone=LITE2),
    "one query a prompt instead of three": replace(
        PIECES, decoder=replace(PIECES.decoder, spatial_queries=1)
    ),
    "ten blocks of dense prompt fusion instead of six": replace(PIECES, dense=LITE.dense),
    "masks also read what ImageNet left": replace(PIECES, pixel_decoder=LITE.pixel_decoder),
    "a decoder 256 wide instead of 192": replace(
        PIECES, decoder=replace(PIECES.decoder, width=256, heads=8, ffn=1024)
    ),
}
LESSONS: dict[str, tuple[str, ...]] = {
    "all of it, taught by Lite2": ("loss.teacher=1",),
    "first answers learned from in every step": ("rounds.first=0.5",),
    "places named as well as objects": ("loss.places=1",),
}
PLAIN = CropConfig(colour=0, noise=0, invert=0, blur=0, grey=0)
CLICKS = 5


def trained(config: ModelConfig, recipe: Recipe, folder: Path) -> Seem:
    """A variant after the short budget."""
    model = checkpoint.build(config)
    variant, backbone = ("lite2", LITE2) if config.backbone == LITE2 else ("lite0", LITE0)
    model.backbone.load_state_dict(fold_imagenet(imagenet(variant), backbone))
    checkpoint.save(model, folder / "start", half=False)
    done = train(replace(recipe, start=str(folder / "start"), out=str(folder / "run")))
    return checkpoint.load_model(done)


@torch.inference_mode()
def seen(
    model: Seem, book: PhraseBook, batch: Batch, rng: np.random.Generator
) -> list[list[float]]:
    """IoU of each object after 1 to CLICKS clicks, and after one click with its name."""
    frame = model.config.frame
    images = torch.stack(
        [normalised(v.crop.image, (v.crop.height, v.crop.width), frame) for v in batch.views]
    )
    features = model.encode_image(images)
    rows = features.rows(torch.tensor([a.image for a in batch.asks]))
    truth = np.stack([a.truth for a in batch.asks])
    rounds = RoundsConfig(again=0, random_click=0)
    found = []
    maps = prompt_maps(batch.asks)
    text = model.phrase_tokens(book.states([a.name for a in batch.asks]))
    named = by_prompts(model.decode_prompts(rows, maps, text=text)).of(0).logits
    for _ in range(CLICKS):
        logits = by_prompts(model.decode_prompts(rows, maps)).of(0).logits
        answers = masks_of(logits, truth.shape[-1])
        found.append(ious(answers, truth))
        maps = with_corrections(maps, truth, answers, rng=rng, rounds=rounds).with_memory(logits)
    found.append(ious(masks_of(named, truth.shape[-1]), truth))
    return [list(row) for row in zip(*found, strict=True)]


def masks_of(logits: torch.Tensor, size: int) -> np.ndarray:
    """(N, h, w) logits as (N, size, size) masks."""
    large = F.interpolate(logits[:, None], size=(size, size), mode="bilinear")
    return (large[:, 0] > 0).numpy()


def ious(answers: np.ndarray, truth: np.ndarray) -> list[float]:
    """Of N masks."""
    both = (answers & truth).sum((1, 2))
    return [float(v) for v in both / np.maximum(1, (answers | truth).sum((1, 2)))]


@torch.inference_mode()
def names_right(model: Seem, book: PhraseBook, batch: Batch) -> list[bool]:
    """Whether each object, its true mask given, gets its name out of its data set's list."""
    frame = model.config.frame
    right = []
    for ask in batch.asks:
        view = batch.views[ask.image]
        image = normalised(view.crop.image, (view.crop.height, view.crop.width), frame)
        features = model.encode_image(image[None])
        decoded = model.decode_prompts(features, prompt_maps((ask,)))
        concepts = by_prompts(list(layers(decoded))[-1]).of(0).concepts[:, None]
        size = features.mask.shape[-2:]
        soft = F.interpolate(torch.from_numpy(ask.truth)[None, None].float(), size, mode="area")
        meant = model.meaning(features, torch.logit(soft, eps=1e-4), concepts)[0]
        known = model.phrase_embedding(book.names(view.vocabulary))
        best = int(model.similarity(meant, known)[0].argmax())
        right.append(view.vocabulary[best] == ask.name)
    return right


@torch.inference_mode()
def places_right(model: Seem, book: PhraseBook, batch: Batch) -> list[bool]:
    """Whether each place of a view (stride 16) gets the name of what covers it; photos alone."""
    right: list[bool] = []
    for view in batch.views:
        image = normalised(view.crop.image, (view.crop.height, view.crop.width), model.config.frame)
        concepts = model.meaning_everywhere(model.encode_image(image[None]))
        if concepts is None or "nucleus" in view.names:
            continue
        rows = places_of(view, (concepts.shape[1], concepts.shape[2]))
        known = model.phrase_embedding(book.names((*view.vocabulary, BACKGROUND)))
        best = model.similarity(concepts[0], known).argmax(dim=-1)
        right += (best == rows)[rows >= 0].tolist()
    return right


def measured(model: Seem, recipe: Recipe, batches: int) -> dict[str, float]:
    """Numbers of one variant on validation views; the same views for all."""
    sets = tuple(replace(s, split="val") for s in recipe.sets)
    asking = replace(recipe.batch, point=1.0, box=0, drawn=0, text=0, example=0, phrases=0)
    source = Batches(sets, PLAIN, asking, recipe.sizes, seed=1)
    book, rng = PhraseBook(model.text), np.random.default_rng(1)
    found: list[list[float]] = []
    right: list[bool] = []
    places: list[bool] = []
    for number in range(batches):
        batch = source(number)
        found += seen(model, book, batch, rng)
        right += names_right(model, book, batch)
        places += places_right(model, book, batch)
    mean = np.mean(found, axis=0)
    names = [*(f"iou@{k + 1}" for k in range(CLICKS)), "iou@1 with the name"]
    numbers = {n: round(float(v), 4) for n, v in zip(names, mean, strict=True)}
    numbers["right name"] = round(float(np.mean(right)), 4)
    numbers["right name of places"] = round(float(np.mean(places)), 4) if places else float("nan")
    return {**numbers, "objects": len(found)}


def shipped(root: Path, objects: int) -> None:
    """The embedded default with and without what surrounds the model."""
    whole = load("lite")
    for name in ("coco_objects", "dsb2018_nuclei"):
        data = open_dataset(root / name)
        for words in ("all of it", "no zoom-in", "clicks are not obeyed", "coarse outlines"):
            predictor = whole.without_zoom() if words == "no zoom-in" else whole
            if words == "coarse outlines":
                predictor = load("lite")
                config = predictor.model.config
                predictor.model.config = replace(config, frame=replace(config.frame, edges=0.0))
            free = words == "clicks are not obeyed"
            obeyed = mock.patch("seem_model.answering.obeyed", lambda logits, *_: logits)
            with obeyed if free else nullcontext():
                report = interactive(predictor, data, max_clicks=10, limit=objects, seed=0).flat()
            keys = ("iou@1", "iou@3", "iou@5", "iou@10", "noc@85")
            print(json.dumps({"data": name, "what": words} | {k: report[k] for k in keys}))


def main() -> None:
    """Train and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--objects", type=int, default=60)
    parser.add_argument("--only", nargs="*", default=[*VARIANTS, *LESSONS])
    parser.add_argument("--shipped", action="store_true")
    options = parser.parse_args()
    if options.shipped:
        shipped(options.root, options.objects)
        return
    path = HERE.parent / "recipes" / "ablation.yaml"
    for name in options.only:
        start = time.perf_counter()
        settings = (f"root={options.root}", f"steps={options.steps}", *LESSONS.get(name, ()))
        recipe = Recipe.from_yaml(path, settings)
        with TemporaryDirectory() as folder:
            model = trained(VARIANTS.get(name, PIECES), recipe, Path(folder))
            numbers = measured(model, recipe, options.batches)
        seconds = round(time.perf_counter() - start)
        print(json.dumps({"variant": name, **numbers, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
