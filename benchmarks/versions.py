"""On what was measured: the machine, and the programs' versions."""

import json
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from letterlab.history import environment

OURS = ("letterlab", "torch", "numpy", "opencv-python-headless", "onnxruntime", "optuna")


def machine() -> dict[str, str]:
    """Processor, cores, memory and system."""
    known = environment(threads=0)
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    return {
        "processor": known["processor"],
        "cores": known["cores"],
        "memory": f"{int(memory[1]) / 2**20:.0f} GiB" if memory else "unknown",
        "system": known["system"],
    }


def versions(theirs: Path) -> dict[str, dict[str, str]]:
    """Of Python and of what is compared: in our environment, and in the peers'."""
    names = re.findall(r"^([\w-]+)", (Path(__file__).parent / "peers/requirements.txt").read_text(), re.MULTILINE)
    code = (
        "import json, platform, sys; from importlib.metadata import version; "
        "print(json.dumps({'python': platform.python_version(), **{name: version(name) for name in sys.argv[1:]}}))"
    )
    found = subprocess.run([theirs, "-c", code, *names], check=True, capture_output=True, text=True)
    return {
        "ours": {"python": platform.python_version(), **{name: version(name) for name in OURS}},
        "theirs": json.loads(found.stdout),
    }
