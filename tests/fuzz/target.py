"""Readers under libFuzzer: python tests/fuzz/target.py FOLDER READER[,READER ...] [-runs=N and other flags of its].

The corpus of each and whatever breaks it lie in FOLDER/READER, and what libFuzzer says in FOLDER/READER/said. Atheris
must see the modules when they are imported; that takes a while, so each reader gets a fork of this process.
"""

import ctypes
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import atheris

with atheris.instrument_imports(include=["letterlab", "zipfile", "gzip", "tomllib", "csv", "json", "python_multipart"]):
    from readers import READERS, examine


def fuzz(name: str, folder: Path, flags: list[str]) -> None:
    """Ends the process."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True)
    for number, content in enumerate(READERS[name].valid()):
        (corpus / f"whole-{number}").write_bytes(content)
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    # libFuzzer would take no input of more than 4096 bytes.
    arguments = [sys.argv[0], *flags, "-max_len=65536", f"-artifact_prefix={folder}/", str(corpus)]
    # libFuzzer ends by exit(), and ONNX Runtime would then wait for a thread of its own that a fork does not have.
    libc = ctypes.CDLL(None)
    libc.on_exit(libc._exit, None)
    atheris.Setup(arguments, lambda content: examine(name, content))
    atheris.Fuzz()


# A line on standard output for each reader that has ended.
for one in sys.argv[2].split(","):
    if (child := os.fork()) == 0:
        fuzz(one, Path(sys.argv[1]) / one, sys.argv[3:])
    os.waitpid(child, 0)
    print(one, flush=True)
