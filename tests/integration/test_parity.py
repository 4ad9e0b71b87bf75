"""torch, ONNX Runtime and every way in to a recogniser give the same probabilities."""

import json
import os
import subprocess
import sys

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from letterlab.export import export
from letterlab.prediction import open_network, outputs_of
from letterlab.recipe import Cnn, Mlp, Recipe, Torchvision
from letterlab.recognise.ink import prepare_letters
from letterlab.recognise.recogniser import Recogniser
from letterlab.sources.drawn import draw_letters
from letterlab.study.trial import run_trial
from letterlab.web.app import application
from letterlab.web.limits import ServerLimits

CLOSE = 1e-4
RECIPES = {
    "linear": Recipe(model=Mlp(hidden=()), epochs=1),
    "mlp": Recipe(model=Mlp(hidden=(16, 8), activation="tanh"), epochs=1),
    "cnn": Recipe(model=Cnn(filters=(4, 8)), epochs=1, no_letter=60, precision="bf16"),
    "strides": Recipe(model=Cnn(filters=(4, 8), convolutions=2, halving="stride", activation="silu"), epochs=1),
    "groups": Recipe(
        model=Cnn(filters=(4, 8), normalisation="group", group_size=2, padding="none", activation="gelu"), epochs=1
    ),
    "torchvision": Recipe(model=Torchvision(network="squeezenet1_1", weights="random"), letters_of_each=4, epochs=1),
}


@pytest.fixture(scope="module")
def exported(letters, tmp_path_factory):
    """By a recipe's name, what torch says of pictures, and the ONNX file; made when it is first asked for."""
    made = {}

    def of(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            run_trial(RECIPES[name].model_copy(update={"batch_size": 52}), letters, folder, lambda epoch: None)
            temperature = export(folder, folder / "letters.onnx").metadata.temperature
            network, _ = open_network(folder)

            def says(pictures):
                scores = outputs_of(network, torch.from_numpy(np.array(pictures)), "fp32") / temperature
                return torch.softmax(scores, dim=1).numpy()

            made[name] = says, folder / "letters.onnx"
        return made[name]

    return of


@st.composite
def batches(draw):
    count, generator = draw(st.integers(1, 40)), np.random.default_rng(draw(st.integers(0, 2**32)))
    noise = generator.integers(0, 256, (count, 28, 28)) * generator.random((count, 1, 1))
    blank = generator.integers(0, 2, (count, 1, 1)) * 255 * np.ones((1, 28, 28))
    return draw(st.sampled_from([noise, blank])).astype(np.uint8)


@pytest.mark.parametrize("name", RECIPES)
def test_onnx_runtime_says_what_torch_says(exported, name):
    says, file = exported(name)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])

    @settings(derandomize=True, deadline=None, max_examples=20)
    @given(batches())
    def on_any_pictures(pictures):
        (said,) = session.run(None, {"pictures": pictures})
        assert np.abs(said - says(pictures)).max() < CLOSE

    on_any_pictures()


@pytest.fixture
def pictures(tmp_path):
    """A folder of drawn letters, dark on light, and what a network is to see of them."""
    drawn = 255 - draw_letters(np.arange(26, dtype=np.uint8), 5)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, picture in enumerate(drawn):
        cv2.imwrite(str(folder / f"{number:02}.png"), picture)
    return folder, drawn, prepare_letters(drawn)


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_every_way_in_says_what_torch_says(exported, pictures, tmp_path, name):
    says, file = exported(name)
    folder, drawn, prepared = pictures
    expected = says(prepared)
    files = sorted(folder.iterdir())

    def check(readings):
        """Of each picture the three likeliest letters with their probabilities, which are to be torch's."""
        assert len(readings) == len(expected)
        for candidates, probabilities in zip(readings, expected, strict=True):
            for letter, probability in candidates:
                assert probability == pytest.approx(probabilities[ord(letter) - ord("A")], abs=CLOSE)
            assert candidates[0][1] == pytest.approx(probabilities[:26].max(), abs=CLOSE)

    def of_json(said):
        return [(one["letter"], one["probability"]) for one in said["letters"][0]["candidates"]]

    recogniser = Recogniser(file)
    assert np.abs(recogniser.probabilities(prepared) - expected).max() < CLOSE
    for given_as in (drawn, files, map(str, files), [one.read_bytes() for one in files]):
        read = [recogniser.read(picture, single=True).letters[0] for picture in given_as]
        assert np.array_equal([letter.picture for letter in read], prepared)
        check([[(one.letter, one.probability) for one in letter.candidates] for letter in read])

    words = ["-m", "letterlab", "read", str(folder), "--json", "--single", "--model", str(file)]
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
    check([of_json(json.loads(line)) for line in done.stdout.splitlines()])

    with TestClient(application(recogniser, ServerLimits())) as client:
        answer = client.post("/v1/read?single=true", files=[("picture", (one.name, one.read_bytes())) for one in files])
    assert answer.status_code == 200
    check([of_json(one) for one in answer.json()["pictures"]])
