"""The network that letterlab reads with, as other libraries hold it: the same layers and weights."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

SHIPPED = Path(__file__).parents[2] / "src/letterlab/recognise/letters.onnx"

Read = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Letters [n, 28, 28], bright on black, to probabilities [n, 27]."""


def steps() -> Iterator[tuple[str, list[NDArray[Any]]]]:
    """Each operator of the file's graph, one after the other, with the numbers that it holds."""
    graph = onnx.load(SHIPPED).graph
    held = {one.name: numpy_helper.to_array(one).copy() for one in graph.initializer}
    for node in graph.node:
        yield node.op_type, [held[name] for name in node.input if name in held]


def onnxruntime_alone() -> Read:
    """ONNX Runtime as it comes, with a thread for each core."""
    import onnxruntime

    session = onnxruntime.InferenceSession(SHIPPED, providers=["CPUExecutionProvider"])
    return lambda pictures: session.run(None, {"pictures": pictures})[0]


def opencv() -> Read:
    """OpenCV's DNN, which reads the file itself."""
    import cv2

    network = cv2.dnn.readNetFromONNX(str(SHIPPED))

    def read(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        network.setInput(pictures)
        return network.forward()

    return read


def torch_network() -> Any:
    """Layers of torch.nn, one after the other: pixels [n, 1, 28, 28] in 0..255 to probabilities [n, 27]."""
    import torch
    from torch import Tensor, nn

    class By(nn.Module):
        """Takes a number off, or divides by it."""

        def __init__(self, name: str, number: float) -> None:
            super().__init__()
            self.change: Callable[[Tensor, float], Tensor] = torch.sub if name == "Sub" else torch.div
            self.number = number

        def forward(self, x: Tensor) -> Tensor:
            return self.change(x, self.number)

    def with_weights(layer: nn.Module, *numbers: NDArray[Any]) -> nn.Module:
        for place, one in zip([*layer.parameters(), *layer.buffers()], numbers, strict=False):
            place.data.copy_(torch.from_numpy(one))
        return layer

    layers: list[nn.Module] = []
    for name, numbers in steps():
        if name == "Conv":
            filters, before, side, _ = numbers[0].shape
            layer = nn.Conv2d(before, filters, side, padding=side // 2, bias=len(numbers) > 1)
            layers.append(with_weights(layer, *numbers))
        elif name == "BatchNormalization":
            layers.append(with_weights(nn.BatchNorm2d(len(numbers[0])), *numbers))
        elif name == "Gemm":
            layers += [nn.Flatten(), with_weights(nn.Linear(*numbers[0].T.shape), *numbers)]
        elif name in ("Sub", "Div"):
            layers.append(By(name, float(numbers[0])))
        elif name in ("Relu", "MaxPool", "Softmax"):
            layers.append({"Relu": nn.ReLU(), "MaxPool": nn.MaxPool2d(2), "Softmax": nn.Softmax(dim=1)}[name])
    return nn.Sequential(*layers).eval()


def torch_eager(channels_last: bool = False) -> Read:
    """torch without any compilation; in memory as usual, or as its tuning guide advises for a CPU."""
    import torch

    network = torch_network()
    if channels_last:
        network = network.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def read(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return network(torch.from_numpy(pictures)[:, None].float()).numpy()

    return read


def keras() -> Read:
    """A Keras model, run through `predict_on_batch`, which is quicker here than calling it, and than `predict`."""
    from keras import Input, Model, layers, ops

    given = x = Input((28, 28), dtype="uint8")
    x = ops.cast(x[..., None], "float32")
    weights: list[NDArray[Any]] = []
    for name, numbers in steps():
        if name == "Conv":
            filters, _, side, _ = numbers[0].shape
            x = layers.Conv2D(filters, side, padding="same", use_bias=len(numbers) > 1)(x)
            weights += [numbers[0].transpose(2, 3, 1, 0), *numbers[1:]]
        elif name == "BatchNormalization":
            x = layers.BatchNormalization(epsilon=1e-5)(x)
            weights += numbers
        elif name == "Gemm":
            _, height, width, channels = x.shape
            x = layers.Dense(len(numbers[0]))(layers.Flatten()(x))
            # Its features stand with the channels last.
            by_place = numbers[0].reshape(-1, channels, height, width).transpose(2, 3, 1, 0)
            weights += [by_place.reshape(-1, len(numbers[0])), numbers[1]]
        elif name in ("Sub", "Div"):
            x = x - float(numbers[0]) if name == "Sub" else x / float(numbers[0])
        elif name in ("Relu", "MaxPool", "Softmax"):
            x = {"Relu": layers.ReLU(), "MaxPool": layers.MaxPooling2D(), "Softmax": layers.Softmax()}[name](x)
    model = Model(given, x)
    model.set_weights(weights)
    return model.predict_on_batch
