"""One process at a time works on a study."""

import subprocess
import sys

import pytest

from letterlab.errors import LetterlabError
from letterlab.study.holding import HOLDER, held

HOLD = """
import sys, time
from pathlib import Path
from letterlab.study.holding import held
with held(Path(sys.argv[1]), "letterlab study mine"):
    print("held", flush=True)
    time.sleep(1000)
"""


def test_another_process_is_told_who_holds_it_and_has_it_when_that_was_killed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with (
            pytest.raises(LetterlabError, match=rf"process {process.pid} on \S+ \(letterlab study mine\): wait"),
            held(tmp_path, ""),
        ):
            pass
        process.kill()
    with held(tmp_path, ""):
        assert "(" not in (tmp_path / HOLDER).read_text(encoding="utf-8")
    assert not (tmp_path / HOLDER).exists()


def test_who_has_not_said_who_it_is_yet_is_another_process(tmp_path):
    with held(tmp_path, ""):
        (tmp_path / HOLDER).unlink()
        with pytest.raises(LetterlabError, match="worked on by another process"), held(tmp_path, ""):
            pass
