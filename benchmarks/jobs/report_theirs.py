"""What others show of the shipped network's answers to the test letters: python report_theirs.py TREE fastai|sklearn

Each time the confusion matrix as a figure, the most confused pairs, and the 25 letters of the greatest loss as a
figure, in files. `fastai` is its ClassificationInterpretation, which keeps no predictions and so makes them: once for
the losses and once for each use of the matrix. `sklearn` draws the same by scikit-learn and Matplotlib from predictions
that are kept, as one who knows both would write it.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from numpy.typing import NDArray
from operators import declare_missing
from PIL import Image
from protocol import serve
from shipped import torch_network
from torch import nn

TOP = 25


def test_letters(tree: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pictures [n, 28, 28] as they are stored, and labels."""
    files = sorted((tree / "test").rglob("*.jpg"))
    labels = np.array([ord(file.name[0]) - ord("a") for file in files])
    return np.stack([np.array(Image.open(file).convert("L")) for file in files]), labels


def answers_to(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The shipped network's probabilities [n, 26], not yet summing to 1."""
    with torch.inference_mode():
        return torch_network()(torch.from_numpy(pixels)[:, None].float())[:, :26].numpy()


def transposed(tree: Path) -> bool:
    """Whether the letters lie on their sides, as EMNIST's do: whether the network reads more of them so."""
    pixels, labels = test_letters(tree)
    turned = np.ascontiguousarray(pixels.transpose(0, 2, 1))
    stored, upright = ((answers_to(one).argmax(axis=1) == labels).mean() for one in (pixels, turned))
    return bool(upright > stored)


def fastai(tree: Path, out: Path) -> Callable[[], int]:
    """Its interpretation as its documentation shows it, on the letters of a folder."""
    declare_missing()
    from fastai.vision.all import (
        ClassificationInterpretation,
        CrossEntropyLossFlat,
        ImageDataLoaders,
        Lambda,
        Learner,
        PILImageBW,
    )

    loaders = ImageDataLoaders.from_folder(
        tree, train="train", valid="test", img_cls=PILImageBW, bs=64, num_workers=2, device=torch.device("cpu")
    )
    # fastai gives it pictures in 0..1 and takes scores of the 26 letters.
    turn = Lambda(lambda x: x.transpose(2, 3)) if transposed(tree) else nn.Identity()
    network = nn.Sequential(turn, *torch_network()[1:-1], Lambda(lambda scores: scores[:, :26]))
    learner = Learner(loaders, network, loss_func=CrossEntropyLossFlat())

    def work() -> int:
        with learner.no_bar():
            shown = ClassificationInterpretation.from_learner(learner)
            shown.plot_confusion_matrix(figsize=(12, 12), dpi=60)
            plt.savefig(out / "matrix.png")
            pairs = shown.most_confused()
            (out / "pairs.txt").write_text("\n".join(map(str, pairs)))
            shown.plot_top_losses(TOP, figsize=(12, 12))
            plt.savefig(out / "losses.png")
        plt.close("all")
        return int(sum(count for _, _, count in pairs))

    return work


def sklearn(tree: Path, out: Path) -> Callable[[], int]:
    """ConfusionMatrixDisplay, and pictures drawn by hand."""
    from sklearn.metrics import ConfusionMatrixDisplay

    pixels, labels = test_letters(tree)
    if transposed(tree):
        pixels = np.ascontiguousarray(pixels.transpose(0, 2, 1))
    said = answers_to(pixels)
    np.savez(out / "test.npz", pixels=pixels, labels=labels, probabilities=said / said.sum(axis=1, keepdims=True))

    def work() -> int:
        with np.load(out / "test.npz") as held:
            images, truth, probabilities = held["pixels"], held["labels"], held["probabilities"]
        answers = probabilities.argmax(axis=1)
        names = [chr(ord("A") + number) for number in range(26)]
        _, axes = plt.subplots(figsize=(12, 12), dpi=60)
        shown = ConfusionMatrixDisplay.from_predictions(
            truth, answers, labels=range(26), display_labels=names, ax=axes, colorbar=False
        )
        plt.savefig(out / "matrix.png")
        wrong = shown.confusion_matrix * (1 - np.eye(26, dtype=int))
        pairs = sorted(((int(wrong[i, j]), names[i], names[j]) for i, j in np.argwhere(wrong)), reverse=True)
        (out / "pairs.txt").write_text("\n".join(map(str, pairs)))
        losses = -np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-38))
        _, places = plt.subplots(5, 5, figsize=(12, 12))
        for i, place in zip(np.argsort(-losses)[:TOP], places.flat, strict=True):
            place.imshow(images[i], cmap="gray")
            place.set_title(f"{names[answers[i]]}/{names[truth[i]]} / {losses[i]:.2f}")
            place.axis("off")
        plt.savefig(out / "losses.png")
        plt.close("all")
        return int(wrong.sum())

    return work


def main() -> None:
    with TemporaryDirectory() as scratch:
        work = {"fastai": fastai, "sklearn": sklearn}[sys.argv[2]](Path(sys.argv[1]), Path(scratch))
        work()

        def timed(_: dict[str, Any]) -> dict[str, Any]:
            began = time.perf_counter()
            misread = work()
            return {"seconds": time.perf_counter() - began, "misread": misread}

        serve(timed)


if __name__ == "__main__":
    main()
