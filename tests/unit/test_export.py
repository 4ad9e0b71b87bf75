from contextlib import closing
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from scipy.special import softmax

import letterlab.export
from letterlab.checkpoint import NAME
from letterlab.errors import LetterlabError
from letterlab.evaluation import Outputs, Predictions
from letterlab.export import LEAST_REFUSAL, TEMPERATURES, choose_refusal, export, fit_temperature
from letterlab.findings.calibration import calibration
from letterlab.recipe import Recipe, Torchvision
from letterlab.recognise.model import open_model
from letterlab.study import engine
from letterlab.study.beginning import begin, read_letters
from letterlab.study.folder import OUTPUTS_FILE, TEST_FILE, VALIDATION_FILE, Asked
from letterlab.study.processes import Processes
from letterlab.study.results import open_results
from letterlab.study.store import Store
from letterlab.study.trial import run_trial
from letterlab.training import DivergedError, fit
from small_plan import MLP, diverging, mlp, plan


def ignore(_):
    pass


@pytest.fixture(scope="module")
def run(letters, tmp_path_factory):
    """A finished training of a small MLP."""
    folder = tmp_path_factory.mktemp("run")
    run_trial(MLP, letters, folder, ignore)
    return folder


@pytest.fixture(scope="module")
def knowing(letters, tmp_path_factory):
    """A finished training of a network that knows what is no letter."""
    folder = tmp_path_factory.mktemp("knowing")
    run_trial(MLP.model_copy(update={"no_letter": 200}), letters, folder, ignore)
    return folder


@pytest.fixture(scope="module")
def written(run, tmp_path_factory):
    """The small MLP's file, and what was said of it."""
    file = tmp_path_factory.mktemp("onnx") / "letters.onnx"
    return file, export(run, file)


def says(file, pictures):
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (said,) = session.run(None, {"pictures": np.array(pictures)})
    return said


def test_the_file_takes_and_gives_what_is_promised_and_is_whole(written):
    file, told = written
    model = onnx.load(file)
    assert told.size == file.stat().st_size
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 18)]
    [given], [taken] = model.graph.output, model.graph.input
    shapes = [[size.dim_param or size.dim_value for size in one.type.tensor_type.shape.dim] for one in (taken, given)]
    assert (taken.name, given.name, shapes) == ("pictures", "probabilities", [["n", 28, 28], ["n", 26]])
    assert taken.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert given.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert not any(one.external_data for one in model.graph.initializer)


def test_nothing_in_the_file_tells_of_the_machine(written):
    content = written[0].read_bytes()
    for trace in (b".py", b"/lib/", b"packages", b"stack_trace", b"processor", b"cores", b"system"):
        assert trace not in content


def test_it_says_what_the_training_said_of_the_test_letters_at_its_temperature(run, written, letters):
    file, told = written
    said = Predictions.open(run / TEST_FILE).probabilities
    expected = softmax(np.log(said) / told.metadata.temperature, axis=1)
    assert np.allclose(says(file, letters.test.images), expected, atol=1e-4)
    assert not np.allclose(expected, said, atol=1e-2)


def test_the_metadata_are_those_of_the_training(run, written, letters):
    file, told = written
    metadata = open_model(file).metadata
    assert metadata == told.metadata
    assert metadata.classes == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert (metadata.no_letter, metadata.prepared, metadata.refusal) == (False, False, 1)
    assert Recipe.model_validate(metadata.recipe) == MLP
    assert metadata.letters == letters.fingerprint
    assert metadata.parameters == 784 * 16 + 2 * 16 + 17 * 26
    for part, name in (("validation", VALIDATION_FILE), ("test", TEST_FILE)):
        rate = Predictions.open(run / name).accuracy
        assert metadata.accuracy[part] == {"share": rate.share, "low": rate.low, "high": rate.high, "n": rate.n}
    validation = Predictions.open(run / VALIDATION_FILE)
    assert metadata.calibration["before"] == pytest.approx(calibration(validation).error, abs=1e-6)
    calibrated = softmax(np.log(validation.probabilities) / metadata.temperature, axis=1)
    error = calibration(replace(validation, probabilities=calibrated)).error
    assert metadata.calibration["error"] == pytest.approx(error, abs=1e-6)
    assert metadata.calibration["n"] == len(validation) == 52
    assert set(metadata.versions) == {"letterlab", "python", "torch", "torchvision", "numpy", "opencv"}


def test_prepared_letters_are_told_of(letters, tmp_path):
    run_trial(MLP, replace(letters, prepared=True), tmp_path, ignore)
    assert export(tmp_path, tmp_path / "letters.onnx").metadata.prepared is True


def test_a_network_that_knows_what_is_no_letter_has_27_outputs(knowing, tmp_path, letters):
    told = export(knowing, tmp_path / "letters.onnx")
    outputs = Outputs.open(knowing / OUTPUTS_FILE)
    labels = Predictions.open(knowing / VALIDATION_FILE).labels
    temperature = told.metadata.temperature
    assert temperature == fit_temperature(outputs.letters, labels)
    assert told.metadata.no_letter is True
    none = softmax(outputs.letters.astype(np.float64) / temperature, axis=1)[:, 26]
    assert told.metadata.refusal == choose_refusal(none)
    assert (none > told.metadata.refusal).mean() <= 0.005
    said = says(tmp_path / "letters.onnx", letters.test.images)
    assert said.shape == (len(letters.test), 27)
    assert np.allclose(said.sum(axis=1), 1, atol=1e-5)
    of_letters = said[:, :26] / said[:, :26].sum(axis=1, keepdims=True)
    expected = softmax(np.log(Predictions.open(knowing / TEST_FILE).probabilities) / temperature, axis=1)
    assert np.allclose(of_letters, expected, atol=1e-4)


def test_the_temperature_is_by_what_scores_are_too_large():
    generator = np.random.default_rng(0)
    scores = generator.normal(0, 2, (20_000, 26))
    drawn = (softmax(scores, axis=1).cumsum(axis=1) > generator.random((20_000, 1))).argmax(axis=1).astype(np.uint8)
    for times in (0.5, 1.0, 3.0):
        assert fit_temperature(scores * times, drawn) == pytest.approx(times, rel=0.02)


def test_letters_that_are_all_read_rightly_leave_some_doubt():
    labels = np.arange(26, dtype=np.uint8)
    assert fit_temperature(np.eye(26) * 5, labels) == pytest.approx(TEMPERATURES[0], abs=1e-3)
    assert fit_temperature(np.eye(26) * 5, np.roll(labels, 1)) == pytest.approx(TEMPERATURES[1], abs=1e-3)


def test_one_letter_in_two_hundred_may_be_refused():
    assert choose_refusal(np.linspace(0, 1, 1001)) == pytest.approx(0.995)  # 5 of them are above
    assert choose_refusal(np.array([0.9] + [0.0] * 198)) == 0.9  # one of 199 would be too many
    assert choose_refusal(np.array([0.9] + [0.0] * 199)) == LEAST_REFUSAL
    assert choose_refusal(np.full(1000, 0.7)) == 0.7


def test_the_same_training_gives_the_same_bytes(run, written, tmp_path):
    export(run, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == written[0].read_bytes()


def test_of_a_study_the_best_network_is_taken(letters, tmp_path):
    read, used = read_letters(letters, keep_leaks=True)
    asked = Asked("blobs", ("mlp",), "A", None, "letterlab study blobs")
    study = begin(tmp_path, used, read, asked, plan(mlp(finals=0, seeds=1)))
    with closing(Store(tmp_path)) as store:
        engine.run(study.plan, store, Processes(used, tmp_path, 2, {}), lambda recipe: 1.0, lambda step: None)
    told = export(tmp_path, tmp_path / "letters.onnx")
    [family] = open_results(tmp_path).families
    assert told.run == family.best_trial.folder
    assert told.metadata.accuracy["validation"]["share"] == max(
        trial.on_validation.accuracy for tried in family.ranked for trial in tried.trials
    )


def test_what_is_no_finished_training_is_said(run, letters, tmp_path):
    with pytest.raises(LetterlabError, match="There is no training at"):
        export(tmp_path / "nowhere", tmp_path / "letters.onnx")
    with pytest.raises(LetterlabError, match="is a folder: give the name of the file"):
        export(run, tmp_path)
    with pytest.raises(DivergedError):
        run_trial(diverging(), letters, tmp_path / "diverged", ignore)
    with pytest.raises(LetterlabError, match="There is no training at"):
        export(tmp_path / "diverged", tmp_path / "letters.onnx")
    next(fit(MLP, letters, tmp_path / "begun"))
    with pytest.raises(LetterlabError, match="is not finished, it has come to epoch 1 of 2: run the command"):
        export(tmp_path / "begun", tmp_path / "letters.onnx")
    list(fit(MLP, letters, tmp_path / "begun"))  # its predictions are still to come
    with pytest.raises(LetterlabError, match="is not finished"):
        export(tmp_path / "begun", tmp_path / "letters.onnx")
    assert not (tmp_path / "letters.onnx").exists()


@pytest.mark.parametrize("name", [NAME, VALIDATION_FILE, TEST_FILE, OUTPUTS_FILE])
def test_a_damaged_training_is_said(knowing, tmp_path, name):
    for file in (NAME, VALIDATION_FILE, TEST_FILE, OUTPUTS_FILE):
        content = (knowing / file).read_bytes()
        (tmp_path / file).write_bytes(content[: len(content) // 2] if file == name else content)
    with pytest.raises(LetterlabError, match=f"{name} is (missing or )?damaged"):
        export(tmp_path, tmp_path / "letters.onnx")
    assert not (tmp_path / "letters.onnx").exists()


def test_a_file_that_says_something_else_than_torch_is_not_written(run, tmp_path, monkeypatch):
    earlier = tmp_path / "letters.onnx"
    earlier.write_bytes(b"earlier")
    graph = letterlab.export._graph

    def wrong(reader):
        reader.temperature *= 1.1
        return graph(reader)

    monkeypatch.setattr(letterlab.export, "_graph", wrong)
    with pytest.raises(LetterlabError, match=r"differ from torch's by up to 0\.\d+"):
        export(run, earlier)
    assert earlier.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [earlier]


def test_where_imagenets_weights_came_from_is_not_told(letters, tmp_path, monkeypatch):
    model = Torchvision(network="squeezenet1_1", weights="random", weights_file="/home/me/weights.pth", stem_stride=2)
    run_trial(Recipe(model=model, letters_of_each=5, batch_size=52, epochs=1), letters, tmp_path, ignore)
    told = export(tmp_path, tmp_path / "letters.onnx")
    assert told.metadata.recipe["model"]["weights_file"] is None
    assert b"/home/me" not in (tmp_path / "letters.onnx").read_bytes()
