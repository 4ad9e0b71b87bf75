"""What an installation holds, as sbom.json (CycloneDX), and whether a fault of any of it is known (pip-audit).

.audit/bin/python tools/audit.py .venv/bin/python

Ends with 1 where a fault is known. Without network nothing is looked up, which is said and is no error.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SBOM = Path("sbom.json")
BIN = Path(sys.executable).parent


def write_sbom(python: str) -> None:
    """Writes sbom.json: of the environment of this Python, with versions, licences and what needs what."""
    command = [BIN / "cyclonedx-py", "environment", "--pyproject", "pyproject.toml", "--output-reproducible"]
    subprocess.run([*command, "--output-file", SBOM, python], check=True)
    print(f"{SBOM}: {len(json.loads(SBOM.read_text(encoding='utf-8'))['components'])} packages")


def looked_up(python: str) -> tuple[list[dict[str, Any]], str]:
    """What is known of each package of the environment, and what pip-audit complained of."""
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    command = [BIN / "pip-audit", "--path", site, "--skip-editable", "--progress-spinner", "off", "--format", "json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(ended.stdout)["dependencies"], ""
    except ValueError:  # it could ask nobody
        return [], ended.stderr.strip().splitlines()[-1]


def told(packages: list[dict[str, Any]], complaint: str) -> tuple[str, int]:
    """What to say, and the status to end with."""
    answered = [one for one in packages if "skip_reason" not in one]
    if not answered:
        why = complaint or next((one["skip_reason"] for one in packages), "")
        return f"No known fault was looked up, for there is no way to PyPI's list of them: {why}", 0
    faults = [
        f"{one['name']} {one['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'none yet'}"
        for one in answered
        for fault in one["vulns"]
    ]
    rest = len(packages) - len(answered)
    summary = f"{len(faults)} known faults in {len(answered)} packages"
    return "\n".join([*faults, summary + (f"; {rest} could not be looked up" if rest else "")]), int(bool(faults))


if __name__ == "__main__":
    write_sbom(sys.argv[1])
    text, status = told(*looked_up(sys.argv[1]))
    print(text)
    sys.exit(status)
