"""torchvision beside a torch that its compiled operators were not made for: a CUDA build beside a CPU-only torch."""

from torch import library

_declared: list[library.Library] = []  # torch forgets operators when what declared them is collected


def declare_missing() -> None:
    """Lets torchvision, and with it fastai, be imported: two operators, which find boxes, are declared without code."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        declared = library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            declared.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(declared)
