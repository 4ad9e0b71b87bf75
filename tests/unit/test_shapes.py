"""jaxtyping is there for development alone: a user's installation has none."""

import re
from pathlib import Path

import letterlab

MAY = {"shapes.py", "report/schema.py"}  # where it was imported before; for the schema, which a test writes


def test_no_other_module_imports_jaxtyping():
    folder = Path(letterlab.__file__).parent
    found = {
        str(file.relative_to(folder))
        for file in folder.rglob("*.py")
        if re.search(r"^\s*(from|import) jaxtyping", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert found == MAY
