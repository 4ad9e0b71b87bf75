"""torchvision is loaded in processes of their own: what torch is once told of operators cannot be taken back."""

import os
import subprocess
import sys

import pytest

COMPILED = (
    "from torch import library; mine = library.Library('torchvision', 'DEF'); mine.define('nms(Tensor x) -> Tensor')"
)
LOAD = "from letterlab.models import vision; torchvision = vision.load_torchvision(); "


def python(code, *folders):
    path = os.pathsep.join([*map(str, folders), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )


@pytest.fixture
def pretended(tmp_path):
    """Makes a torchvision that does this when it is imported."""

    def pretend(does):
        (tmp_path / "torchvision.py").write_text(does)
        return tmp_path

    return pretend


def test_its_networks_transforms_and_data_sets_are_there():
    pictures = "torchvision.datasets.FakeData(1, transform=torchvision.transforms.ToTensor())"
    uses = f"torchvision.models.squeezenet1_1(); {pictures}[0]"
    done = python(LOAD + uses)
    assert (done.returncode, done.stderr) == (0, "")


def test_operators_that_do_not_load_are_declared_for_good(pretended):
    describes = "from torch import library; library.register_fake('torchvision::nms', lambda *given: None)"
    folder = pretended(describes)
    plain = python("import torchvision", folder)
    assert "operator torchvision::nms does not exist" in plain.stderr
    done = python(
        LOAD + "import gc, torch; gc.collect(); torch.ops.torchvision.nms; torch.ops.torchvision.qnms", folder
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_operators_that_load_are_not_declared_again(pretended):
    done = python(LOAD + "import torch; print(torch.ops.torchvision.nms.default._schema)", pretended(COMPILED))
    assert (done.stdout.strip(), done.stderr) == ("torchvision::nms(Tensor x) -> Tensor", "")


def test_what_else_is_wrong_with_it_is_said(pretended):
    done = python(LOAD, pretended(f"{COMPILED}; raise RuntimeError('different CUDA major versions')"))
    assert done.stderr.strip().endswith("RuntimeError: different CUDA major versions")


def test_it_is_loaded_only_for_a_network_of_its_own():
    done = python(
        "import sys, letterlab.training\n"
        "from letterlab.models.build import build\n"
        "from letterlab.recipe import Cnn, Torchvision\n"
        "build(Cnn()); print('torchvision' in sys.modules)\n"
        "build(Torchvision(network='squeezenet1_1')); print('torchvision' in sys.modules)\n"
    )
    assert done.stdout.split() == ["False", "True"], done.stderr
