"""report.ipynb: the study told through the Python API, executed, as a course hands it in."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from letterlab.errors import LetterlabError
from letterlab.files import write_text
from letterlab.report.answers import anchor
from letterlab.report.words import Language, Words
from letterlab.study.results import Results

if TYPE_CHECKING:  # Jupyter's packages are an extra
    from nbformat import NotebookNode

_CODE = re.compile(r"```python\n(.*?)```\n", re.DOTALL)


def write_notebook(results: Results, path: Path, language: Language = "en") -> None:
    """Writes the notebook with the output of every cell, whole or not at all. Nothing is trained.

    Args:
        results: of the study in the folder of `path`; the notebook opens them itself, there or wherever that folder is
            carried.
        path: the file.
        language: of its sentences; its code is the same in all.

    Raises:
        LetterlabError: Jupyter's packages are not installed, or a cell fails.
    """
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ModuleNotFoundError as error:
        raise LetterlabError(
            f"A notebook needs {error.name}: {sys.executable} -m pip install nbformat nbclient ipykernel."
        ) from None
    notebook = _notebook(results, language)
    client = NotebookClient(
        notebook,
        timeout=None,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],  # it would warn that it talks to us over a socket of this machine
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise LetterlabError(f"The notebook's code fails: {error.ename}: {error.evalue}") from error
    write_text(path, nbformat.writes(notebook) + "\n")


def _notebook(results: Results, language: Language) -> "NotebookNode":
    """The notebook before it is run."""
    from nbformat import v4

    environment = Environment(
        loader=PackageLoader("letterlab.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    asked = results.asked
    told = environment.get_template("notebook.jinja").render(
        say=Words(language),
        results=results,
        letter=asked.letter,
        about=", ".join(json.dumps(one, ensure_ascii=False) for one in (asked.letter, asked.surname) if one),
        mlp=results.family("mlp"),
        cnn=results.family("cnn"),
        norm=results.family("norm"),
        transferred=results.family("transfer"),
        own=[one.family for one in results.families if anchor(one.family).startswith("family-")],
    )
    cells = []
    for number, text in enumerate(_CODE.split(told)):
        if number % 2:
            cells.append(v4.new_code_cell(text.strip(), id=f"cell-{number}"))
        elif text.strip():
            cells.append(v4.new_markdown_cell(text.strip(), id=f"cell-{number}"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
