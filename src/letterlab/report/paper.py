"""The report on paper: a PDF, printed by a Chromium that this machine has."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from letterlab.errors import LetterlabError
from letterlab.files import replace_whole

BROWSERS: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
"""Names that a Chromium goes by on PATH, then the places where macOS and Windows keep one."""
PATIENCE: Final = 300
"""Seconds after which the browser is taken to hang; a report of 400 trainings takes some ten."""
QUIET: Final = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
)


def write_pdf(page: Path, path: Path) -> None:
    """Prints a report, an HTML file, whole or not at all, with nothing of the user's own browser profile.

    Raises:
        LetterlabError: no Chromium is found, it does not come to an end, or it writes nothing.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise LetterlabError(
            f"A PDF needs Chromium, Chrome or Edge, and none is found: install one, or print {page} from any browser."
        )
    # Chromium refuses to sandbox what root runs; the page is our own and asks for nothing.
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="letterlab-", ignore_cleanup_errors=True) as room:
        printed = Path(room) / "report.pdf"
        options = [*QUIET, *as_root, f"--user-data-dir={room}/profile", f"--print-to-pdf={printed}"]
        try:
            done = subprocess.run(
                [browser, *options, page.resolve().as_uri()], capture_output=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            raise LetterlabError(
                f"{browser} has not printed {page} within {PATIENCE} seconds: print it from a browser."
            ) from None
        if not printed.exists():
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
            raise LetterlabError(f"{browser} has not printed {page} ({said[-1]}): print it from a browser.")
        with replace_whole(path) as file:
            file.write(printed.read_bytes())
