"""What the README shows is what a reader gets."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import cv2
import numpy as np

from letterlab.sources.drawn import draw_letters

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def run(*command, cwd):
    environment = {**os.environ, "LETTERLAB_CACHE": str(cwd / "cache"), "NO_COLOR": "1"}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=environment)


def test_the_python_in_it_runs_and_says_what_its_comments_say(tmp_path):
    _, first, *then = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    guarded = textwrap.indent("".join(then), "    ")
    (tmp_path / "script.py").write_text(f"{first}\nif __name__ == '__main__':\n{guarded}", encoding="utf-8")
    done = run(sys.executable, "script.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "(13000, 28, 28)" in done.stdout
    assert "Rate(share=0." in done.stdout
    assert re.search(r"^mlp \S+ Rate\(share=0\..* Pair\(", done.stdout, re.MULTILINE)


def test_the_three_lines_that_read_a_letter_read_one(tmp_path):
    lines, *_ = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    letter = draw_letters(np.array([23], dtype=np.uint8), seed=1)[0]
    cv2.imwrite(str(tmp_path / "letter.png"), letter)
    done = run(sys.executable, "-c", lines, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "X\n"), done.stderr


def test_the_recipe_in_it_is_one(tmp_path):
    from letterlab.recipe import Cnn, read_recipe

    [text] = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    (tmp_path / "recipe.toml").write_text(text)
    recipe = read_recipe(tmp_path / "recipe.toml")
    assert (recipe.model, recipe.epochs, recipe.seed) == (Cnn(filters=(16, 32)), 3, 1)


def test_every_command_and_option_in_it_exists(tmp_path):
    [synopsis] = re.findall(r"## What it does\n\n((?:    .*\n)+)", README)
    for line in re.sub(r"\n {8,}", " ", synopsis).splitlines():
        command = line.split()[1]
        shown = run(sys.executable, "-m", "letterlab", command, "--help", cwd=tmp_path)
        assert shown.returncode == 0, line
        for option in re.findall(r"--[a-z]+", line):
            assert option in shown.stdout, f"{option} of {command}"


def test_every_file_it_links_to_is_there():
    root = Path(__file__).parents[2]
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (root / target).exists(), target
