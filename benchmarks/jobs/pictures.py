"""The Dataset with Pillow that everybody writes."""

import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset


class LetterFiles(Dataset[tuple[Tensor, int]]):
    """Pictures named like a_00002.jpg, anywhere in a folder: float [1, 28, 28] in 0..1, and the letter's index."""

    def __init__(self, folder: Path) -> None:
        found = sorted((place, name) for place, _, names in os.walk(folder) for name in names if name.endswith(".jpg"))
        self.files = [f"{place}/{name}" for place, name in found]
        self.labels = [ord(name[0]) - ord("a") for _, name in found]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        with Image.open(self.files[number]) as picture:
            pixels = np.array(picture.convert("L"), dtype=np.float32) / 255
        return torch.from_numpy(pixels)[None], self.labels[number]
