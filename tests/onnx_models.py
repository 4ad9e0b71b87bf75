"""Tiny networks as ONNX files: they tell upright bars (I) from lying ones (Z), and filled squares from letters."""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

METADATA = {
    "format": 1,
    "classes": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "no_letter": False,
    "prepared": True,
    "refusal": 0.5,
    "recipe": {"seed": 1},
    "letters": "0123456789abcdef",
    "parameters": 784,
    "temperature": 1.0,
    "accuracy": {"validation": {"share": 0.5, "low": 0.4, "high": 0.6, "n": 100}},
    "calibration": {"error": 0.01, "n": 100},
    "versions": {"letterlab": "0.1.0"},
}


def bars(file, *, output="probabilities", written=True, **changed):
    """Writes such a network; `changed` in its metadata, or none of it when not `written`."""
    said = METADATA | changed
    classes = 26 + bool(said["no_letter"])
    weights = np.zeros((28, 28, classes), np.float32)
    weights[:, 10:18, 8] = weights[10:18, :, 25] = 1
    weights[:10, :10, 8] = weights[:10, :10, 25] = -1
    if said["no_letter"]:
        weights[:10, :10, 26] = 4
    constants = {
        "weights": weights.reshape(784, classes) / 255 / 8,
        "flat": np.array([-1, 784], np.int64),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Reshape", ["pictures", "flat"], ["rows"]),
            helper.make_node("Cast", ["rows"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("MatMul", ["floats", "weights"], ["scores"]),
            helper.make_node("Softmax", ["scores"], [output], axis=-1),
        ],
        "bars",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", 28, 28])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", classes])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if written:
        helper.set_model_props(model, {"letterlab": json.dumps(said)})
    onnx.save(model, file)
    return file
