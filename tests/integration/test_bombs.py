"""However much a file claims or unfolds to, reading it takes no more memory than its limits allow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REFUSED = {
    "a picture unpacks to 150 MB": "more than its limit of 33,554,432 bytes",
    "a picture unpacks to more than it says": "damaged in the zip",
    "a zip by bzip2 unpacks to more than it says": "packed by another method than deflate",
    "a PNG claims 60000 x 60000": "more than the limit of 50,000,000 pixels",
    "a JPEG claims 60000 x 60000": "60000x60000 pixels, over the limit of 50,000,000",
    "an idx claims 4 billion letters": "claims 4294967295 x 28 x 28 items",
    "an idx claims 900,000 letters": "has 0 instead of the 705,600,000 bytes",
    "a gzip goes on behind what its idx claims": "has more instead of the 1,568 bytes",
    "a recipe of 10 MB nests": "has more than 262,144 bytes",
    "a recipe's key has 100,000 parts": "has a line with more than 200 dots",
    "predictions claim a TB": "Unable to allocate 1.00 TiB",
    "a network's description nests": "is damaged",
}
READ = {
    "a zip in a zip lists 1.5 million files",
    "100,000 files",
    "a PNG's texts unpack to 800 MB",
    "a page's texts unpack to 800 MB",
    "a PNG's pixels unpack to 150 MB",
}
"""Of these the bomb is passed over, or is none."""
MOST = 300
"""MB. The zip in a zip takes 80 itself, and 100,000 files with what is said of each take 135."""


@pytest.fixture(scope="module")
def told():
    script = Path(__file__).with_name("bombs.py")
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return {name: (said, megabytes) for name, said, megabytes in map(json.loads, ended.stdout.splitlines())}


def test_all_were_tried(told):
    assert told.keys() == REFUSED.keys() | READ


@pytest.mark.parametrize("name", [*REFUSED, *sorted(READ)])
def test_a_bomb_takes_no_memory_beyond_the_limits(told, name):
    said, megabytes = told[name]
    assert REFUSED.get(name, "read") in said
    assert megabytes < MOST


def test_memory_is_measured(told):
    assert told["100,000 files"][1] > 30
