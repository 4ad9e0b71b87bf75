"""How freed memory is kept, in a process of its own: it is set once and for all."""

import subprocess
import sys

import pytest

PROGRAM = """
import re, sys
import numpy as np
from letterlab.memory import keep_freed_memory

def held():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

if sys.argv[1] == "keep":
    keep_freed_memory()
before = held()
for _ in range(2):
    array = np.ones(100 * 2**20, np.uint8)
    del array
print(held() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is Linux's")
def test_what_is_freed_is_kept_for_what_comes_next():
    kept, given_back = (
        float(subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, check=True).stdout)
        for how in ("keep", "not")
    )
    assert given_back < 50 < 95 < kept
