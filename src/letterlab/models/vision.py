"""Loading torchvision, also beside a torch that its compiled operators were not made for."""

from types import ModuleType
from typing import Final

from torch import library

_SCHEMAS: Final = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[library.Library] = []  # torch forgets operators when what declared them is collected


def load_torchvision() -> ModuleType:
    """torchvision, imported when it is first asked for, because that takes a second.

    Its compiled operators find boxes in pictures, and no network here does that. Where they do not load (a CUDA build
    beside a CPU-only torch, two versions that do not match), torchvision still describes them to torch, and its import
    fails with "operator torchvision::nms does not exist". Then they are declared, without any code behind them, which
    is all that the description needs.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        declared = library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for schema in _SCHEMAS:
            declared.define(schema)  # type: ignore[no-untyped-call]
        _declared.append(declared)
        import torchvision
    return torchvision
