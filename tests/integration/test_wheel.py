"""The wheel, installed without extras into an empty environment: what a reader of letters gets."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from letterlab.sources.drawn import draw_letters

ROOT = Path(__file__).parents[2]
LARGEST = 250_000_000
"""Bytes that it may come to, installed with all that it needs."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def run(*command, cwd, **more):
    return subprocess.run([str(one) for one in command], cwd=cwd, capture_output=True, text=True, check=False, **more)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from what the Dockerfile copies, which is all that it needs."""
    place = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, place)
    shutil.copytree(ROOT / "src", place / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    index = run(sys.executable, "-m", "pip", "download", "--no-deps", "setuptools", cwd=place)
    if index.returncode:
        pytest.skip(f"no package index can be reached: {index.stderr.splitlines()[-1]}")
    built = run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", "dist", ".", cwd=place)
    assert built.returncode == 0, built.stderr
    [found] = (place / "dist").iterdir()
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The programs of an environment that holds the wheel, and what that needs."""
    place = tmp_path_factory.mktemp("installed")
    made = run(sys.executable, "-m", "venv", "--without-pip", "environment", cwd=place)
    assert made.returncode == 0, made.stderr
    programs = place / "environment" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", programs / "python"]
    done = run(*pip, "install", "--constraint", ROOT / "constraints.txt", wheel, cwd=place)
    assert done.returncode == 0, done.stderr
    return programs


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder with a letter of each kind, drawn by this program: dark on light, named by what they are."""
    folder = tmp_path_factory.mktemp("pictures")
    for letter, image in zip(LETTERS, draw_letters(np.arange(26, dtype=np.uint8), 3), strict=True):
        cv2.imwrite(str(folder / f"{letter}.png"), cv2.resize(255 - image, (140, 140)))
    return folder


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    source = wheel.parents[1] / "src"
    files = {one.relative_to(source).as_posix() for one in (source / "letterlab").rglob("*") if one.is_file()}
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert inside == files
    assert {"letterlab/recognise/letters.onnx", "letterlab/web/static/index.html", "letterlab/py.typed"} <= inside


def test_it_is_small_and_brings_no_torch(installed, tmp_path):
    [packages] = (installed.parent / "lib").glob("python*/site-packages")
    sizes = {
        one.name: sum(file.lstat().st_size for file in (one, *one.rglob("*")) if file.is_file())
        for one in packages.iterdir()
    }
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:8]
    assert sum(sizes.values()) < LARGEST, largest
    assert not {"torch", "cv2", "pip", "setuptools", "scipy", "pandas"} & set(sizes)


def test_it_reads_letters(installed, pictures, tmp_path):
    words = ["read", pictures, "--json", "--single", "--annotated", "drawn over"]
    done = run(installed / "letterlab", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "drawn over").glob("*.png"))) == 26
    said = {Path(one["file"]).stem: one["text"] for one in map(json.loads, done.stdout.splitlines())}
    assert set(said) == set(LETTERS)
    assert sum(letter == text for letter, text in said.items()) >= 20, said


def test_three_lines_of_python_read_a_letter(installed, pictures, tmp_path):
    picture = str(pictures / "O.png")
    code = f"import letterlab\nrecogniser = letterlab.Recogniser()\nprint(recogniser.read({picture!r}).text)"
    done = run(installed / "python", "-c", code, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("O\n", "")


def test_what_needs_more_says_what_to_install(installed, tmp_path):
    (tmp_path / "recipe.toml").write_text("epochs = 1\n")
    needing = (
        ["train", "recipe.toml"],
        ["report", "nowhere"],
        ["export", "nowhere"],
        ["draw", "letters.zip"],
        ["inspect"],
        ["fetch", "assignment", "letters"],
    )
    for words in needing:
        done = run(installed / "letterlab", *words, cwd=tmp_path)
        assert done.returncode == 2
        assert "which is not installed: pip install 'letterlab[study]'" in done.stderr
        assert "Traceback" not in done.stderr
    helped = run(installed / "letterlab", "--help", cwd=tmp_path)
    assert helped.returncode == 0
    assert "serve" in helped.stdout


def test_the_containers_command_serves_and_its_check_of_health_tells(installed, tmp_path):
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    [command] = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    [check] = re.findall(r"^HEALTHCHECK .*\\\n +CMD (\[.*\])$", text, re.MULTILINE)
    words = [word.replace("8000", "0") for word in json.loads(command)]  # any port that is free
    server = subprocess.Popen(
        [str(installed / "letterlab"), *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )

    def healthy(port: str) -> bool:
        program, *code = [word.replace("8000", port) for word in json.loads(check)]
        return run(installed / program, *code, cwd=tmp_path).returncode == 0

    try:
        [port] = re.findall(r":(\d+)/", server.stdout.readline())  # it says its address once it listens
        assert healthy(port)
    finally:
        server.terminate()
        _, complaints = server.communicate()
    assert server.returncode == 0, complaints
    assert not healthy(port)
