import os
import shutil
import subprocess
from pathlib import Path

import pytest

from killing import letterlab
from small_commands import KINDS, lay


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, help="So often each kind of command is killed.")


@pytest.fixture(scope="session")
def begun(tmp_path_factory):
    """By kind of command, a folder in which it, and what it needs, has run undisturbed; by None one with letters."""
    made, ended = {}, {}

    def folder(kind):
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp(str(kind))
            if kind is None:
                lay(made[kind])
            else:
                shutil.copytree(folder(KINDS[kind].needs), made[kind], dirs_exist_ok=True)
                ended[kind] = letterlab(*KINDS[kind].words, cwd=made[kind])
                assert ended[kind].code == 0, ended[kind].said
        return made[kind]

    folder.ended = ended
    return folder


@pytest.fixture
def disk(tmp_path):
    """Gives disks of so many bytes; skips where this machine lets nobody mount one."""
    mounted = []

    def give(size):
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place], check=False, capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"no small disk can be mounted ({done.stderr.strip()}): run as root, or under unshare -rm")
        mounted.append(place)
        return place

    yield give
    for place in mounted:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def filled():
    """Fills a disk until so many bytes are left; gives the file to remove."""

    def fill(place: Path, left: int) -> Path:
        free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
        ballast = place / "ballast"
        ballast.write_bytes(bytes(max(free - left, 0)))
        return ballast

    return fill
