"""A trained network as one ONNX file, which ONNX Runtime reads without torch, in a browser too.

The file takes pictures [n, 28, 28] in uint8, bright ink on black, and gives calibrated probabilities [n, 26], or
[n, 27] of a network that knows what is no letter: the division by 255, the network, the division by the temperature and
the softmax are all in its graph. What is known of the network stands in its metadata, in JSON
(`letterlab.recognise.model`).
"""

import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from torch import Tensor, nn

from letterlab.alphabet import LETTERS
from letterlab.checkpoint import NAME, read_checkpoint
from letterlab.checksum import UNSEALED, sealed
from letterlab.errors import LetterlabError
from letterlab.evaluation import Outputs, Predictions
from letterlab.files import replace_whole
from letterlab.findings.calibration import calibration
from letterlab.history import Record
from letterlab.letterset import SIDE
from letterlab.prediction import outputs_of, rebuilt
from letterlab.recognise.model import FORMAT, KEY, Metadata
from letterlab.report.answers import champion
from letterlab.shapes import Float, UInt8
from letterlab.sources.drawn import draw_letters
from letterlab.study.folder import OUTPUTS_FILE, STUDY_FILE, TEST_FILE, VALIDATION_FILE
from letterlab.study.results import open_results
from letterlab.training import without_file

OPSET: Final = 18
"""Of ONNX's operators: ONNX Runtime knows it, and so does onnxruntime-web."""
LARGEST_DIFFERENCE: Final = 1e-4
"""Between a probability of torch's and the same one of ONNX Runtime's."""
TEMPERATURES: Final = (0.25, 4.0)
"""Where all validation letters are read rightly, the likeliest temperature would be 0, and nothing ever doubted."""
MOST_REFUSED: Final = 0.005
"""Share of the validation letters that may be taken for no letter."""
LEAST_REFUSAL: Final = 0.5
"""What is more likely a letter than not is always read."""
_PACKAGES: Final = ("letterlab", "python", "torch", "torchvision", "numpy", "opencv")


@dataclass(frozen=True)
class Exported:
    """What was written."""

    run: Path
    """Folder of the training whose network it is."""
    size: int
    """Bytes."""
    difference: float
    """The largest between probabilities of torch's and ONNX Runtime's, on drawn letters."""
    metadata: Metadata
    """What the file says of itself."""


class _Reader(nn.Module):
    """All that is in the file's graph."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, pictures: Tensor) -> Tensor:
        """[B, 28, 28] in uint8 to probabilities [B, C]."""
        scores = self.network(pictures.unsqueeze(1).float() / 255)
        return torch.softmax(scores / self.temperature, dim=1)


def export(folder: Path, out: Path) -> Exported:
    """Writes the network of a training, or the best one of a study, as an ONNX file, whole or not at all.

    Temperature and the probability above which a picture is said to be no letter are chosen by what the training's
    folder holds of its validation letters. The same folder gives the same bytes on the same machine.

    Args:
        folder: of a training (`letterlab train`, or a trial of a study), or of a study: then the network that its
            report calls the best is taken.
        out: the file.

    Raises:
        LetterlabError: there is no finished training in the folder, it is damaged, `out` is a folder, or ONNX Runtime
            does not give the probabilities that torch gives.
    """
    if out.is_dir():
        raise LetterlabError(f"{out} is a folder: give the name of the file to write, such as {out / 'letters.onnx'}.")
    run = champion(open_results(folder)).best_trial.folder if (folder / STUDY_FILE).exists() else folder
    stored = read_checkpoint(run / NAME)
    record = stored.record
    if not record.finished or not (run / TEST_FILE).exists():
        raise LetterlabError(
            f"The training in {run} is not finished, it has come to epoch {len(record.epochs)} of "
            f"{record.recipe.epochs}: run the command that began it again, and it goes on."
        )
    # On the CPU, wherever it was trained.
    network = rebuilt(stored, run / NAME).eval()
    validation, test = (Predictions.open(run / name) for name in (VALIDATION_FILE, TEST_FILE))
    outputs = Outputs.open(run / OUTPUTS_FILE) if record.recipe.no_letter else None
    scores = outputs.letters if outputs else np.log(np.maximum(validation.probabilities, np.finfo(np.float32).tiny))
    temperature = fit_temperature(scores, validation.labels)
    metadata = _metadata(record, validation, test, outputs, scores, temperature)
    content, difference = _checked(network, temperature, metadata)
    with replace_whole(out) as file:
        file.write(content)
    return Exported(run, len(content), difference, metadata)


def fit_temperature(scores: Float[np.ndarray, "n c"], labels: UInt8[np.ndarray, "n"]) -> float:
    """By what scores before softmax are divided so that the labels are likeliest (Guo et al. 2017), to four decimals.

    The likelihood has one peak, for its logarithm is concave in the temperature's inverse.
    """

    def loss(log_temperature: float) -> float:
        likelihood = log_softmax(scores.astype(np.float64) / np.exp(log_temperature), axis=1)
        return -float(likelihood[np.arange(len(labels)), labels].mean())

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES).tolist(), method="bounded", options={"xatol": 1e-6})
    return round(float(np.exp(found.x)), 4)


def choose_refusal(no_letter: Float[np.ndarray, "n"]) -> float:
    """The probability of being no letter above which a picture is said to be none.

    Args:
        no_letter: that probability of each validation letter. At most `MOST_REFUSED` of them are above the result.
    """
    allowed = int(len(no_letter) * MOST_REFUSED)
    return max(float(np.sort(no_letter)[len(no_letter) - 1 - allowed]), LEAST_REFUSAL)


def _metadata(
    record: Record,
    validation: Predictions,
    test: Predictions,
    outputs: Outputs | None,
    scores: Float[np.ndarray, "n c"],
    temperature: float,
) -> Metadata:
    """What the file says of the network. Of the machine it was trained on only versions: the file may go anywhere."""
    probabilities = softmax(scores.astype(np.float64) / temperature, axis=1)
    refusal = choose_refusal(probabilities[:, len(LETTERS)]) if outputs else 1.0
    calibrated, before = (
        calibration(Predictions(part[:, : len(LETTERS)].astype(np.float32), validation.labels, validation.names))
        for part in (probabilities, softmax(scores.astype(np.float64), axis=1))
    )
    return Metadata(
        classes=LETTERS,
        no_letter=outputs is not None,
        prepared=record.prepared,
        refusal=refusal,
        recipe=without_file(record.recipe).model_dump(mode="json"),
        letters=record.letters,
        parameters=record.parameters,
        temperature=temperature,
        accuracy={
            name: {key: getattr(said.accuracy, key) for key in ("share", "low", "high", "n")}
            for name, said in (("validation", validation), ("test", test))
        },
        calibration={"error": calibrated.error, "before": before.error, "n": len(validation)},
        versions={name: record.environment[name] for name in _PACKAGES},
    )


def _checked(network: nn.Sequential, temperature: float, metadata: Metadata) -> tuple[bytes, float]:
    """The file, and by how much what it gives for drawn letters differs at most from what torch gives."""
    model = _graph(_Reader(network, temperature))
    said = {"format": FORMAT, "checksum": UNSEALED, **asdict(metadata)}
    onnx.helper.set_model_props(model, {KEY: json.dumps(said)})
    onnx.checker.check_model(model, full_check=True)
    content = sealed(model.SerializeToString(deterministic=True))
    pictures = draw_letters(np.arange(4 * len(LETTERS), dtype=np.uint8) % len(LETTERS), 0)
    expected = torch.softmax(outputs_of(network, torch.from_numpy(pictures), "fp32") / temperature, dim=1).numpy()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    # One alone and many together: how many there are must not be part of the graph.
    given = np.concatenate([session.run(None, {"pictures": part})[0] for part in (pictures[:1], pictures[1:])])
    difference = float(np.abs(given - expected).max())
    if not difference < LARGEST_DIFFERENCE:
        raise LetterlabError(
            f"ONNX Runtime's probabilities differ from torch's by up to {difference:.2g}, and {LARGEST_DIFFERENCE} is "
            "allowed: install the versions that constraints.txt names."
        )
    return content, difference


def _graph(reader: nn.Module) -> onnx.ModelProto:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of what its exporter does within
        program = torch.onnx.export(
            reader,
            (torch.zeros(2, SIDE, SIDE, dtype=torch.uint8),),
            input_names=["pictures"],
            output_names=["probabilities"],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    # The exporter notes where in whose files each node comes from: nobody needs it, and the file may go anywhere.
    del model.graph.value_info[:]
    parts = (model.graph.node, model.graph.initializer, model.graph.input, model.graph.output)
    for part in (model, model.graph, *(one for several in parts for one in several)):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model
