"""The script that reads one letter with torch, as everybody writes it: python read_one.py WEIGHTS PICTURE"""

import sys

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn


class Reader(nn.Module):
    """The shipped network."""

    def __init__(self) -> None:
        super().__init__()
        blocks = [self.block(before, filters) for before, filters in ((1, 32), (32, 64), (64, 128))]
        self.network = nn.Sequential(*blocks, nn.Flatten(), nn.Linear(1152, 27))

    @staticmethod
    def block(before: int, filters: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(before, filters, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(filters, filters, 3, padding=1, bias=False),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)


def main() -> None:
    stored = torch.load(sys.argv[1])
    network = Reader()
    network.load_state_dict(stored["weights"])
    network.eval()
    with Image.open(sys.argv[2]) as picture:
        pixels = np.array(picture.convert("L").resize((28, 28)), dtype=np.float32)
    x = (torch.from_numpy(pixels)[None, None] / 255 - stored["mean"]) / stored["deviation"]
    with torch.inference_mode():
        probabilities = torch.softmax(network(x) / stored["temperature"], dim=1)[0]
    print("ABCDEFGHIJKLMNOPQRSTUVWXYZ?"[int(probabilities.argmax())], float(probabilities.max()))


if __name__ == "__main__":
    main()
