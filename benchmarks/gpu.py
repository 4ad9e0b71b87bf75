"""How quickly a GPU learns letters, after the manner of cifar10-airbench (Keller Jordan 2024, arXiv:2404.00498).

    python benchmarks/gpu.py pack LETTERS FILE     anywhere: LETTERS as one file, to be carried to the GPU's machine
    python benchmarks/gpu.py run FILE OUT.json     there: what follows; with `until` or `trials` behind it, that

The machine needs torch, NumPy and what letterlab's recipes need (pydantic); the letters are on the GPU
before the clock starts, and everything that a training does afterwards, augmentation too, is done there. A step is
compiled (torch.compile) and recorded as one CUDA graph before the clock starts; weights are made anew for every seed.
In bf16.

- epoch: one pass over the training letters.
- until: trainings of 2 to 48 epochs, several seeds each; the time until a share of the test letters is read is that of
  the shortest whose mean reaches it. The test letters choose nothing else: the recipe was chosen by validation.
- trials: perceptrons and CNNs, each from its own seed with its own learning rate, trained as one batched network
  (torch.func), twice as many until the memory, `MOST` or `PATIENCE` is reached.
"""

import json
import platform
import sys
import time
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state
from torch.nn import functional

from letterlab.augment import augment
from letterlab.models.build import build, count_parameters
from letterlab.optimising import rate_share
from letterlab.recipe import Augmentation, Cnn, Mlp

DEVICE = torch.device("cuda")
NETWORK = Cnn(filters=(32, 64, 128), convolutions=1, dropout=0.2)
CHANGES = Augmentation(rotation=10, shift=1.5, scale=0.1, slant=0.2, elastic=0.5)
BATCH, RATE, DECAY, SMOOTHING = 256, 6e-3, 0.02, 0.1
EPOCHS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
TARGETS = (0.94, 0.955)
SEEDS = 5
MOST = 1024
"""Trials trained at once."""
PATIENCE = 15
"""Seconds for one number of trials, after which no greater one is tried."""


def pack(source: str, file: Path) -> None:
    """The letters of a source as one file: what trains, validates and tests."""
    import letterlab
    from letterlab.parts import parts

    cut = parts(letterlab.open_letters(source))
    named = {"train": cut.train, "validation": cut.validation, "test": cut.test}
    arrays = {f"{name}_{what}": getattr(one, what) for name, one in named.items() for what in ("images", "labels")}
    np.savez_compressed(file, **arrays)


class Letters:
    """On the GPU: pictures as bf16 from 0 to 1, [n, 1, 28, 28], and labels."""

    def __init__(self, file: Path) -> None:
        stored = np.load(file)
        self.part: dict[str, tuple[Tensor, Tensor]] = {}
        for name in ("train", "validation", "test"):
            pictures = torch.from_numpy(stored[f"{name}_images"]).to(DEVICE)[:, None].float() / 255
            self.part[name] = pictures, torch.from_numpy(stored[f"{name}_labels"].astype(np.int64)).to(DEVICE)
        ink = self.part["train"][0]
        self.mean, self.deviation = ink.mean().item(), ink.std().item()


class Training:
    """One network and its recorded step; `begin` makes it a new one."""

    def __init__(self, letters: Letters, batch: int, compiled: bool = True) -> None:
        self.images, self.labels = letters.part["train"]
        self.letters, self.batch = letters, batch
        self.network = self._new(0)
        self.module = torch.compile(self.network) if compiled else self.network
        weights = [one for one in self.network.parameters() if one.dim() > 1]
        others = [one for one in self.network.parameters() if one.dim() <= 1]
        self.rate = torch.zeros((), device=DEVICE)
        groups = [{"params": weights, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=self.rate, fused=True, capturable=True)
        self.chosen = torch.arange(batch, device=DEVICE)
        self.generator = torch.Generator(DEVICE)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # whatever is compiled or chosen at the first steps is so before recording
            for _ in range(4):
                self._step()
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        self.graph.register_generator_state(self.generator)
        self.optimiser.zero_grad(set_to_none=True)
        with torch.cuda.graph(self.graph):
            self._step()

    def _new(self, seed: int) -> nn.Sequential:
        torch.manual_seed(seed)
        network = build(NETWORK, self.letters.mean, self.letters.deviation)
        return network.to(DEVICE).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _step(self) -> None:
        changed = augment(self.images[self.chosen], CHANGES, self.generator)
        with torch.autocast("cuda", torch.bfloat16, cache_enabled=False):
            scores = self.module(changed.contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(scores.float(), self.labels[self.chosen], label_smoothing=SMOOTHING)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()

    def begin(self, seed: int) -> None:
        """New weights where the old ones lay, and nothing remembered of the steps before."""
        self.network.load_state_dict(self._new(seed).state_dict())
        for state in self.optimiser.state.values():
            for value in state.values():
                value.zero_()
        self.generator.manual_seed(seed)
        torch.manual_seed(seed)
        self.network.train()

    def run(self, epochs: int) -> float:
        """Seconds that so many epochs take."""
        steps = len(self.labels) // self.batch
        torch.cuda.synchronize()
        began = time.perf_counter()
        for epoch in range(epochs):
            order = torch.randperm(len(self.labels), device=DEVICE)
            for number in range(steps):
                self.rate.fill_(RATE * rate_share("one-cycle", epoch * steps + number, epochs * steps))
                self.chosen.copy_(order[number * self.batch : (number + 1) * self.batch])
                self.graph.replay()
        torch.cuda.synchronize()
        return time.perf_counter() - began

    @torch.inference_mode()
    def accuracy(self, name: str) -> float:
        """Share of a part that is read rightly."""
        images, labels = self.letters.part[name]
        self.network.eval()
        with torch.autocast("cuda", torch.bfloat16):
            scores = self.network(images.contiguous(memory_format=torch.channels_last))
        return (scores.argmax(dim=1) == labels).float().mean().item()


def until(training: Training) -> list[dict[str, Any]]:
    """Time and accuracy of trainings of so many epochs."""
    rows = []
    for epochs in EPOCHS:
        seconds, validation, test = [], [], []
        for seed in range(SEEDS):
            training.begin(seed)
            seconds.append(training.run(epochs))
            validation.append(training.accuracy("validation"))
            test.append(training.accuracy("test"))
        row = {"epochs": epochs, "seconds": median(seconds), "validation": mean(validation), "test": mean(test)}
        rows.append(row | {"test_deviation": stdev(test), "all_test": test, "all_seconds": seconds})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def trials(model: Cnn | Mlp, letters: Letters, batch: int, steps: int = 20) -> list[dict[str, Any]]:
    """Trials trained at once, twice as many each time: how many letters all of them together learn from in a second."""
    images, labels = letters.part["train"]
    rows: list[dict[str, Any]] = []
    count = 1
    while count <= MOST:
        began = time.perf_counter()
        try:
            rows.append({"trials": count} | _together(model, letters, images, labels, count, batch, steps))
        except torch.cuda.OutOfMemoryError:
            rows.append({"trials": count, "memory": "not enough"})
            break
        print(model.kind, json.dumps(rows[-1]), flush=True)
        if time.perf_counter() - began > PATIENCE:
            break
        count *= 2
    torch.cuda.empty_cache()
    return rows


def _together(
    model: Cnn | Mlp, letters: Letters, images: Tensor, labels: Tensor, count: int, batch: int, steps: int
) -> dict[str, Any]:
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    networks = []
    for seed in range(count):
        torch.manual_seed(seed)
        network = build(model, letters.mean, letters.deviation).to(DEVICE)
        # What BatchNorm keeps between steps cannot change within vmap: these take each batch's own alone.
        networks.append(torch.func.replace_all_batch_norm_modules_(network).train())
    weights, kept = stack_module_state(networks)
    one = networks[0]
    del networks
    rates = torch.logspace(-4, -2, count, device=DEVICE)

    def loss(own: dict[str, Tensor], buffers: dict[str, Tensor], pictures: Tensor, right: Tensor) -> Tensor:
        halved = {name: value.bfloat16() for name, value in (own | buffers).items()}
        scores = functional_call(one, halved, (pictures.bfloat16(),))
        return functional.cross_entropy(scores.float(), right)

    several = torch.func.vmap(torch.func.grad(loss), in_dims=(0, 0, 0, 0), randomness="different")
    momentum = {name: torch.zeros_like(value) for name, value in weights.items()}
    generator = torch.Generator(DEVICE).manual_seed(0)

    def step() -> None:
        chosen = torch.randint(len(labels), (count, batch), generator=generator, device=DEVICE)
        gradients = several(weights, kept, images[chosen], labels[chosen])
        for name, value in weights.items():  # SGD with momentum, each trial at its own rate
            rate = rates.view(-1, *[1] * (value.dim() - 1))
            momentum[name].mul_(0.9).add_(gradients[name])
            with torch.no_grad():
                value -= rate * momentum[name]

    for _ in range(3):
        step()
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(steps):
        step()
    torch.cuda.synchronize()
    seconds = time.perf_counter() - began
    return {
        "letters_a_second": count * batch * steps / seconds,
        "memory": f"{torch.cuda.max_memory_allocated() / 2**30:.2f} GiB",
    }


def run(file: Path, out: Path, what: tuple[str, ...]) -> None:
    """Everything that is asked for, into a JSON file that keeps the rest of what it held."""
    torch.backends.cudnn.benchmark = True
    letters = Letters(file)
    found: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {}
    found |= {
        "gpu": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "letters": {name: len(labels) for name, (_, labels) in letters.part.items()},
        "seeds": SEEDS,
    }
    if "until" in what:
        began = time.perf_counter()
        training = Training(letters, BATCH)
        found["seconds_to_compile"] = time.perf_counter() - began
        found["network"] = NETWORK.model_dump() | {"parameters": count_parameters(training.network)}
        found["recipe"] = {"batch": BATCH, "rate": RATE, "decay": DECAY, "smoothing": SMOOTHING} | CHANGES.model_dump()
        training.begin(0)
        training.run(2)
        found["epoch"] = median(training.run(1) for _ in range(9))
        print(json.dumps(found), flush=True)
        found["until"] = until(training)
        for target in TARGETS:
            reached = [row for row in found["until"] if row["test"] >= target]
            found[f"seconds_until_{target:.1%}"] = reached[0]["seconds"] if reached else None
        out.write_text(json.dumps(found, indent=1) + "\n")
    if "trials" in what:
        found["trials"] = {}
        for model in (Mlp(hidden=(256,)), Cnn(filters=(16, 32, 64))):
            found["trials"][model.kind] = trials(model, letters, 128)
            out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["pack", source, file]:
            pack(source, Path(file))
        case ["run", _, _, *_] if not torch.cuda.is_available():
            sys.exit("This machine has no GPU that torch knows.")
        case ["run", file, out, *what]:
            run(Path(file), Path(out), tuple(what) or ("until", "trials"))
        case _:
            sys.exit(__doc__)
