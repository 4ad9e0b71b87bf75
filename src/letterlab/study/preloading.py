"""What each trial begins with: loaded once, while the study itself begins, and not by every trial."""

from typing import Final

from letterlab.machine import begin_loading

_MODULES: Final = [
    "letterlab.study.processes",
    "letterlab.study.running",  # what the study's own process began with is looked for by each trial's
    "torch._inductor",  # loaded where torch is asked for deterministic algorithms; takes longer than a small training
    "safetensors.torch",
    "tensorboard.plugins.hparams.metadata",
    "PIL.PngImagePlugin",  # TensorBoard's, for the confusion matrix
    "numpy.ma",
]


def begin_loading_for_trials() -> None:
    """Begins the process that the trials' processes begin as copies of, where it has not begun."""
    begin_loading(_MODULES)
