"""Cores, and processes that begin as copies of one that has loaded something."""

import os
import subprocess
import sys
from contextlib import suppress
from multiprocessing import forkserver

from letterlab.machine import begin_loading, cores, processes, safe_path


def test_cores_are_those_that_this_process_may_use():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert cores() == len(allowed)


def test_what_is_begun_in_the_block_takes_no_module_from_the_working_folder(monkeypatch):
    for before in (None, "0"):
        monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
        if before:
            monkeypatch.setenv("PYTHONSAFEPATH", before)
        with suppress(ZeroDivisionError), safe_path():
            assert os.environ["PYTHONSAFEPATH"] == "1"
            raise ZeroDivisionError
        assert os.environ.get("PYTHONSAFEPATH") == before


def test_what_was_loaded_need_not_be_loaded_by_a_process(tmp_path, monkeypatch):
    """In a program of its own: the process that others are copies of begins once, with what it loads."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "slow.py").write_text("import os\nprint('loaded by', os.getpid(), flush=True)\n")
    (tmp_path / "random.py").write_text("print('taken for Python\\'s own', flush=True)\n")
    (tmp_path / "program.py").write_text(
        "import os, sys\n"
        "from letterlab.machine import begin_loading, processes\n"
        "def work():\n"
        "    import slow\n"
        "    print('worked', os.getpid(), flush=True)\n"
        "if __name__ == '__main__':\n"
        "    begin_loading(['slow'])\n"
        "    for _ in range(2):\n"
        "        process = processes().Process(target=work)\n"
        "        process.start()\n"
        "        process.join()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    monkeypatch.chdir(tmp_path)
    done = subprocess.run([sys.executable, "-P", "program.py"], capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert len(said) == 3
    assert sum(line.startswith("loaded by") for line in said) == 1
    assert sum(line.startswith("worked") for line in said) == 2


def test_a_process_that_cannot_be_begun_is_no_matter_yet(monkeypatch):
    def none_left():
        raise OSError("no memory")

    monkeypatch.setattr(forkserver, "ensure_running", none_left)
    monkeypatch.setattr(forkserver, "set_forkserver_preload", lambda modules: None)
    begin_loading(["letterlab.machine"])
    assert processes().Process
