"""letterlab's default perceptron and CNN of three layers, as a script with PyTorch alone writes them."""

from torch import Tensor, nn

MEAN, DEVIATION = 0.17, 0.33
"""About those of the letters' ink, 0..1."""


class Standardise(nn.Module):
    """[B, 1, 28, 28] in 0..1 to mean about 0 and deviation about 1."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - MEAN) / DEVIATION


def network(kind: str) -> nn.Sequential:
    """`mlp` or `cnn`: [B, 1, 28, 28] in 0..1 to scores [B, 26]."""
    return nn.Sequential(Standardise(), *(mlp() if kind == "mlp" else cnn()))


def mlp() -> list[nn.Module]:
    return [
        nn.Flatten(),
        *hidden(784, 512),
        *hidden(512, 256),
        nn.Linear(256, 26),
    ]


def hidden(before: int, width: int) -> list[nn.Module]:
    return [nn.Linear(before, width, bias=False), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.3)]


def cnn() -> list[nn.Module]:
    return [
        *block(1, 32),
        *block(32, 64),
        *block(64, 128),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(128 * 3 * 3, 26),
    ]


def block(before: int, filters: int) -> list[nn.Module]:
    convolution = nn.Conv2d(before, filters, 3, padding=1, bias=False)
    return [convolution, nn.MaxPool2d(2), nn.BatchNorm2d(filters), nn.ReLU()]
