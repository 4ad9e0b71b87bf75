"""What tools/ says of what it found."""

import re
import runpy
from pathlib import Path

import pytest

AUDIT = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "audit.py"))
FINE = {"name": "numpy", "version": "2", "vulns": []}
BAD = {"name": "old", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "torch", "skip_reason": "not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "complaint", "said", "status"),
    [
        ([FINE, BAD], "", "old 1: PYSEC-1, mended in 1.1\n1 known faults in 2 packages", 1),
        ([FINE, UNKNOWN], "", "0 known faults in 1 packages; 1 could not be looked up", 0),
        ([UNKNOWN], "", "No known fault was looked up, .*: not found on PyPI", 0),
        ([], "no route to host", "No known fault was looked up, .*: no route to host", 0),
    ],
)
def test_an_audit_fails_for_a_known_fault_and_not_for_want_of_network(packages, complaint, said, status):
    text, ended = AUDIT["told"](packages, complaint)
    assert ended == status
    assert re.fullmatch(said, text)
