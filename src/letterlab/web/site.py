"""The page as plain files for any web server: the browser reads by itself, with the same network."""

import base64
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import tarfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Final

import onnxruntime

from letterlab.errors import LetterlabError
from letterlab.files import cache_folder, replace_whole
from letterlab.recognise.model import SHIPPED, open_model
from letterlab.terminal import console

VERSION: Final = "1.30.0"
"""Of onnxruntime-web, ONNX Runtime for browsers."""
INTEGRITY: Final = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
"""SHA-512 of its package, as the npm registry states it."""
FILES: Final[Mapping[str, str]] = {
    "ort.js": "package/dist/ort.wasm.min.mjs",
    "ort-wasm.js": "package/dist/ort-wasm-simd-threaded.mjs",
    "ort-wasm.wasm": "package/dist/ort-wasm-simd-threaded.wasm",
}
"""What the page needs of it, by the names that it has in the site: web servers often do not know .mjs."""
LICENCES: Final = ("LICENSE", "ThirdPartyNotices.txt")
"""The package holds none. These are of ONNX Runtime for Python, which is made from the same code."""
TIMEOUT: Final = 60.0
"""Seconds to wait for the registry, and for each further piece of the package."""

STATIC: Final = Path(__file__).parent / "static"
READER: Final = '<meta name="letterlab-reader" content="{}">'
# The page's own files alone, as under `letterlab serve`, and besides that programs compiled for browsers.
POLICY: Final = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'; img-src 'self' blob: data:; "
    "style-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'\">"
)


def write_site(folder: Path) -> None:
    """Writes the page, the shipped network and ONNX Runtime for browsers: whole or not at all.

    onnxruntime-web is fetched from the npm registry (npm's setting `registry`) and kept in the cache, so that this
    happens once.

    Args:
        folder: does not exist, is empty, or holds such a site, which is replaced.

    Raises:
        LetterlabError: the folder holds something else or cannot be written, or the package cannot be fetched.
    """
    try:
        if not _may_be_replaced(folder):
            raise LetterlabError(f"{folder} holds something that is no such site: give --static a new folder.")
        runtime = _runtime()
        with _replaced_whole(folder) as new:
            static = new / "static"
            shutil.copytree(STATIC, static, ignore=shutil.ignore_patterns("index.html", "reader-http.js"))
            (new / "index.html").write_text(_page(), encoding="utf-8")
            metadata = open_model(SHIPPED).metadata
            said = {"no_letter": metadata.no_letter, "refusal": metadata.refusal}
            (static / "network.json").write_text(json.dumps(said), encoding="utf-8")
            shutil.copyfile(SHIPPED, static / "letters.onnx")
            copied = Path(shutil.copytree(runtime, static / "onnxruntime-web"))
            for name in LICENCES:
                shutil.copyfile(Path(onnxruntime.__file__).with_name(name), copied / name)
    except OSError as error:
        raise LetterlabError(
            f"{folder} cannot be written ({error.strerror or error}): give --static another."
        ) from None


def _page() -> str:
    served = (STATIC / "index.html").read_text(encoding="utf-8")
    return served.replace(READER.format("http"), f"{POLICY}\n{READER.format('local')}")


def _may_be_replaced(folder: Path) -> bool:
    """Whether nothing is lost with this folder: it holds nothing, or a site and nothing beside it."""
    if not folder.is_dir():
        return not folder.exists()
    names = {file.name for file in folder.iterdir()}
    is_site = (
        names == {"index.html", "static"} and READER.format("local").encode() in (folder / "index.html").read_bytes()
    )
    return is_site or not names


@contextmanager
def _replaced_whole(folder: Path) -> Iterator[Path]:
    """A folder to write into, that takes the name `folder` only when the block ends without an error."""
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    new, old = (folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.{part}") for part in ("part", "old"))
    new.mkdir()
    try:
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _runtime() -> Path:
    """The folder with the files of onnxruntime-web, in the cache; fetched where it is not there yet."""
    folder = cache_folder() / f"onnxruntime-web-{VERSION}"
    if not all((folder / name).is_file() for name in FILES):
        with console.status(f"Fetching onnxruntime-web {VERSION}"):
            package = _fetched()
        try:
            for name, content in _unpacked(package).items():
                with replace_whole(folder / name) as file:
                    file.write(content)
        except OSError as error:
            raise LetterlabError(
                f"The cache {folder} cannot be written ({error.strerror}): set LETTERLAB_CACHE to another folder."
            ) from None
    return folder


def _fetched() -> bytes:
    """The package from the npm registry, as it was published."""
    url = f"{_registry()}/onnxruntime-web/-/onnxruntime-web-{VERSION}.tgz"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            package: bytes = answer.read()
    except (OSError, HTTPException, ValueError) as error:
        raise LetterlabError(
            f"{url} could not be fetched ({getattr(error, 'reason', error)}): check the connection and npm's setting "
            "`registry`, then give the same command again."
        ) from None
    if base64.b64encode(hashlib.sha512(package).digest()).decode() != INTEGRITY:
        raise LetterlabError(f"{url} is not the package that was published: check npm's setting `registry`.")
    return package


def _unpacked(package: bytes) -> dict[str, bytes]:
    """The contents of `FILES`, by their names in the site."""
    names = {member: name for name, member in FILES.items()}
    with tarfile.open(fileobj=io.BytesIO(package), mode="r|gz") as archive:
        return {
            names[member.name]: file.read()
            for member in archive
            if member.name in names and (file := archive.extractfile(member))
        }


def _registry() -> str:
    """npm's setting `registry`: from the environment, else from ~/.npmrc, else the public one."""
    said = os.environ.get("npm_config_registry") or os.environ.get("NPM_CONFIG_REGISTRY")  # noqa: SIM112
    settings = Path("~/.npmrc").expanduser()
    if not said and settings.is_file():
        lines = re.findall(r"^\s*registry\s*=\s*(\S+)", settings.read_text(encoding="utf-8"), re.MULTILINE)
        said = lines[-1] if lines else None
    return (said or "https://registry.npmjs.org").rstrip("/")
