"""No code of the program loads a file in a way that could run code: looked for in the source itself."""

import ast
import re
from pathlib import Path

import pytest

import letterlab

SOURCES = sorted(Path(letterlab.__file__).parent.rglob("*.py"))
FORBIDDEN = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "shelve",
    "yaml",
    "runpy",
    "code",
}
"""Modules whose readers can run what a file says."""
SAFE = {"weights_only": True, "allow_pickle": False}
"""What a call of a `load` must say, one of them."""


def faults(source):
    """What of a module could run code from a file: line and reason."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if found := [one.name for one in names if one.name.split(".")[0] in FORBIDDEN]:
                yield node.lineno, f"import {found[0]}"
            case ast.ImportFrom(module=str(module), level=0) if module.split(".")[0] in FORBIDDEN:
                yield node.lineno, f"from {module}"
            case ast.ImportFrom(names=names) if {one.name for one in names} & {"load", "read_array"}:
                yield node.lineno, "a load under a name of its own"
            case ast.Call(func=ast.Name(id="eval" | "exec" | "compile" | "__import__" as name)):
                yield node.lineno, name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy" | "torch" | "format"), attr="load")):
                if not _says_so(node):
                    yield node.lineno, "load"
            case ast.Call(func=ast.Attribute(attr="read_array" | "get_state_dict" | "load_state_dict_from_url")):
                if not _says_so(node):
                    yield node.lineno, node.func.attr
            case ast.Call(func=ast.Attribute(attr="read_pickle" | "to_pickle" | "load_module" | "unsafe_load" as name)):
                yield node.lineno, name
            case ast.Attribute(value=ast.Attribute(attr="hub"), attr="load"):
                yield node.lineno, "hub.load"


def _says_so(call):
    said = {one.arg: one.value.value for one in call.keywords if isinstance(one.value, ast.Constant)}
    return any(said.get(name) is value for name, value in SAFE.items())


def test_no_file_is_loaded_in_a_way_that_could_run_code():
    found = {str(file): list(faults(file.read_text(encoding="utf-8"))) for file in SOURCES}
    assert {file: lines for file, lines in found.items() if lines} == {}


def test_torch_reads_files_in_one_place_only():
    loads = re.compile(r"(?<!safetensors\.)torch\.load\(")
    users = {file.name for file in SOURCES if loads.search(file.read_text(encoding="utf-8"))}
    assert users == {"pretrained.py"}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "import os, joblib", "from yaml import safe_load", "from numpy import load",
        "np.load(path)", "np.load(path, allow_pickle=True)", "np.load(path, allow_pickle=given)",
        "torch.load(path)", "torch.load(path, weights_only=False)", "weights.get_state_dict(progress=False)",
        "np.lib.format.read_array(file)", "eval(text)", "pd.read_pickle(path)", "torch.hub.load('x', 'y')",
    ],
)  # fmt: skip
def test_it_would_be_found(source):
    assert list(faults(source))


@pytest.mark.parametrize(
    "source", ["np.load(path, allow_pickle=False)", "torch.load(p, weights_only=True)", "json.load(f)"]
)
def test_what_runs_no_code_is_allowed(source):
    assert list(faults(source)) == []
