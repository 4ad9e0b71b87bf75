"""One trial of a study, as the script that everybody writes trains it; Optuna and Ray Tune are given the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pictures import LetterFiles
from settings import EPOCHS
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def network(setting: dict[str, Any]) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Flatten()]
    width = 784
    for size in setting["hidden"]:
        layers += [nn.Linear(width, size), ACTIVATIONS[setting["activation"]](), nn.Dropout(setting["dropout"])]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, 26))


def train(setting: dict[str, Any], tree: str, report: Callable[[int, float], None]) -> float:
    """Trains a network and scores it after each epoch.

    Args:
        setting: one of `settings.trials`.
        tree: folder of the letters, with train and validation.
        report: told the epoch, from 0, and its validation accuracy.

    Returns:
        The last validation accuracy.
    """
    training, validation = (LetterFiles(Path(tree) / part) for part in ("train", "validation"))
    batches = DataLoader(training, setting["batch_size"], shuffle=True, num_workers=2, persistent_workers=True)
    scored = DataLoader(validation, 256, num_workers=2, persistent_workers=True)
    torch.manual_seed(0)
    model = network(setting)
    optimiser = torch.optim.Adam(model.parameters(), lr=setting["learning_rate"])
    accuracy = 0.0
    for epoch in range(EPOCHS):
        model.train()
        for images, labels in batches:
            optimiser.zero_grad()
            functional.cross_entropy(model(images), labels).backward()
            optimiser.step()
        model.eval()
        right = 0
        with torch.no_grad():
            for images, labels in scored:
                right += int((model(images).argmax(dim=1) == labels).sum())
        accuracy = right / len(validation)
        report(epoch, accuracy)
    return accuracy
