"""Pictures from a zip to tensors, as usual: python open_theirs.py ZIP first|second dataset|imagefolder

The zip is unpacked into a folder, and a DataLoader with two processes is gone through once. `second` finds the folder
unpacked. `dataset` is the Dataset with Pillow that everybody writes, `imagefolder` torchvision's.
"""

import io
import shutil
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from operators import declare_missing
from pictures import LetterFiles
from protocol import serve
from torch.utils.data import ConcatDataset, DataLoader, Dataset


def unpack(source: str, folder: Path, kind: str) -> None:
    """The pictures of train/images.zip and test/images.zip; for ImageFolder in a folder for each letter."""
    with zipfile.ZipFile(source) as outer:
        for part in ("train", "test"):
            with zipfile.ZipFile(io.BytesIO(outer.read(f"{part}/images.zip"))) as archive:
                if kind == "dataset":
                    archive.extractall(folder / part)
                    continue
                for name in archive.namelist():
                    archive.extract(name, folder / part / name[0])


def dataset(folder: Path, kind: str) -> Dataset[Any]:
    parts = [folder / "train", folder / "test"]
    if kind == "dataset":
        return ConcatDataset([LetterFiles(part) for part in parts])
    declare_missing()
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    grey = transforms.Compose([transforms.Grayscale(), transforms.ToTensor()])
    return ConcatDataset([ImageFolder(part, grey) for part in parts])


def ready_to_train(folder: Path, kind: str) -> int:
    """Brings all letters into two tensors; how many there are."""
    loader = DataLoader(dataset(folder, kind), batch_size=256, num_workers=2)
    images, labels = map(torch.cat, zip(*loader, strict=True))
    return len(images) if len(images) == len(labels) else 0


def main() -> None:
    source, which, kind = sys.argv[1:]
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "letters"
        unpack(source, folder, kind)
        ready_to_train(folder, kind)

        def work(_: dict[str, Any]) -> dict[str, Any]:
            if which == "first":
                shutil.rmtree(folder)
            began = time.perf_counter()
            if which == "first":
                unpack(source, folder, kind)
            count = ready_to_train(folder, kind)
            return {"seconds": time.perf_counter() - began, "letters": count}

        serve(work)


if __name__ == "__main__":
    main()
