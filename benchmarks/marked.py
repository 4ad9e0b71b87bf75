"""Parts of pages that programs write: what stands between `<!-- NAME -->` and `<!-- end of NAME -->`."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path


def rewrite(page: Path, name: str, text: str) -> None:
    """Puts the text between the marks; each of them must stand in the page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- end of {name} -->\n")
    assert end, f"{page} has no place for {name}"
    page.write_text(f"{before}<!-- {name} -->\n{text.strip()}\n{end}{after}", encoding="utf-8")


def machine() -> str:
    """What this machine is, and how busy: for below a table."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="ascii"))
    name = found[1] if found else platform.processor()
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%d}, {os.cpu_count()} cores ({name}), load {os.getloadavg()[0]:.1f} when it began"
