"""The notebook tells a study, and runs again wherever its folder is carried."""

import builtins
import re
import shutil

import nbformat
import pytest
from nbclient import NotebookClient

import letterlab
from letterlab.errors import LetterlabError
from letterlab.report import notebook
from letterlab.report.notebook import write_notebook
from small_plan import mlp, norm, plan


@pytest.fixture(scope="module")
def study(letters, tmp_path_factory):
    """The folder of a small study with MLPs and own CNNs."""
    folder = tmp_path_factory.mktemp("study")
    letterlab.begin_study(letters, plan(mlp(), norm()), folder, letter="K", keep_leaks=True).run()
    return folder


@pytest.fixture(scope="module", params=["en", "ru"])
def written(request, study):
    path = study / f"report.{request.param}.ipynb"
    write_notebook(letterlab.open_results(study).about("I", 'Ив"анов'), path, request.param)
    return nbformat.read(path, as_version=4)


def test_every_cell_has_run_without_a_word_of_complaint(written):
    nbformat.validate(written)
    code = [cell for cell in written.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert {output.output_type for output in outputs} == {"execute_result", "display_data", "stream"}
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    assert "timing" not in str([cell.metadata for cell in code])


def test_it_tells_the_study_section_by_section(written, study):
    text = "\n".join(cell.source for cell in written.cells if cell.cell_type == "markdown")
    assert re.findall(r"^## (\d\.?\d?)", text, re.MULTILINE) == ["1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "3", "4"]
    shown = [
        data
        for cell in written.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if (data := output.get("data"))
    ]
    results = letterlab.open_results(study)
    said = "\n".join(one.get("text/markdown", "") for one in shown)
    for one in results.family("mlp").ranked:
        assert f"| {one.name}: " in said
    figures = [one["image/svg+xml"] for one in shown if "image/svg+xml" in one]
    assert sum("прочитана как" in one or "read as" in one for one in figures) == 1  # the matrix
    assert len(figures) >= 2 + 2 + 2 * len(results.families)
    assert sum("image/png" in one for one in shown) > 2
    assert "**I**: " in said


def test_it_runs_again_elsewhere(written, study, tmp_path):
    there = shutil.copytree(study, tmp_path / "carried")
    again = nbformat.from_dict(written)
    NotebookClient(again, timeout=None, resources={"metadata": {"path": str(there)}}).execute()
    assert str(study) not in str([cell.source for cell in again.cells])


def test_what_was_not_studied_is_said(study):
    made = notebook._notebook(letterlab.open_results(study), "en")
    section = next(cell.source for cell in made.cells if "2.1 CNN" in cell.source)
    assert "not part of the study" in section
    assert not any('family("cnn")' in cell.source for cell in made.cells)


def test_a_cell_that_fails_fails_the_command(study, tmp_path):
    with pytest.raises(LetterlabError, match="code fails: LetterlabError: There is no study in"):
        write_notebook(letterlab.open_results(study), tmp_path / "report.ipynb")
    assert list(tmp_path.iterdir()) == []


def test_without_jupyter_it_says_what_to_install(study, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *given, **more):
        if name == "nbclient":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LetterlabError, match=r"A notebook needs nbclient: \S+ -m pip install nbformat nbclient"):
        write_notebook(letterlab.open_results(study), tmp_path / "report.ipynb")
