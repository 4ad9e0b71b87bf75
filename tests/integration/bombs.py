"""Files that claim or unfold to far more than they are, each read in a process of its own that measures its memory.

python tests/integration/bombs.py prints, for each, what was said and how many MB it took at most beside those before.
"""

import gzip
import io
import json
import os
import resource
import struct
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from onnx_models import bars
from packed import encoded, letter_files, pictures, zipped
from readers import READERS

MB = 2**20


def lying(packed: bytes, size: int) -> bytes:
    """The zip with another size of its first member, unpacked."""
    changed = bytearray(packed)
    for signature, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", changed, changed.find(signature) + place, size)
    return bytes(changed)


def by_bzip2(content: bytes) -> bytes:
    """A zip of this member."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a_1.jpg", content)
    return packed.getvalue()


def listing(count: int) -> bytes:
    """A zip that lists a member so many times and holds none."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, *[0] * 8, 7, *[0] * 6) + b"a_1.jpg"
    return entry * count + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, len(entry) * count, 0, 0)


def png(width: int, height: int, extra: bytes = b"", data: bytes = b"") -> bytes:
    """A grey PNG that claims this size."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + extra
        + chunk(b"IDAT", data or zlib.compress(bytes(29 * 28)))
        + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bombs() -> Iterator[tuple[str, str, bytes]]:
    """Name, reader, and content of each."""
    good = letter_files("a")
    many = bytes(150 * MB)
    deflated = zipped([("a_1.jpg", many)])
    yield "a picture unpacks to 150 MB", "zip", deflated
    yield "a picture unpacks to more than it says", "zip", lying(deflated, 100)
    yield "a zip by bzip2 unpacks to more than it says", "zip", lying(by_bzip2(many), 100)
    yield "a zip in a zip lists 1.5 million files", "zip", zipped([("in.zip", listing(1_500_000)), *good])
    yield "100,000 files", "zip", zipped([*good, *((f"x/a_{number}.txt.jpg", b"") for number in range(100_000))])
    yield "a PNG claims 60000 x 60000", "picture", png(60_000, 60_000)
    small = encoded(pictures(1)[0], ".jpg")
    size = small.index(b"\xff\xc0") + 5
    yield "a JPEG claims 60000 x 60000", "page", small[:size] + struct.pack(">HH", 60_000, 60_000) + small[size + 4 :]
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(7_900_000), 9))
    yield "a PNG's texts unpack to 800 MB", "picture", png(28, 28, text * 100)
    yield "a page's texts unpack to 800 MB", "page", png(28, 28, text * 100)
    yield "a PNG's pixels unpack to 150 MB", "picture", png(28, 28, data=zlib.compress(many))
    yield "an idx claims 4 billion letters", "idx", struct.pack(">4I", 0x803, 2**32 - 1, 28, 28)
    yield "an idx claims 900,000 letters", "idx", struct.pack(">4I", 0x803, 900_000, 28, 28)
    yield (
        "a gzip goes on behind what its idx claims",
        "idx.gz",
        gzip.compress(struct.pack(">4I", 0x803, 2, 28, 28) + many),
    )
    yield "a recipe of 10 MB nests", "recipe", b"a = " + b"[" * (10 * MB)
    yield "a recipe's key has 100,000 parts", "recipe", b"a." * 100_000 + b"a = 1"
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }\n" % 2**40
    array = b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header
    yield (
        "predictions claim a TB",
        "predictions",
        zipped([(f"{name}.npy", array) for name in ("labels", "names", "probabilities")]),
    )
    yield "a network's description nests", "network", nested_network()


def nested_network() -> bytes:
    """A network whose metadata are lists in lists."""
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        model = onnx.load(bars(Path(folder) / "bars.onnx"))
        onnx.helper.set_model_props(model, {"letterlab": "[" * 1_000_000})
        return bytes(model.SerializeToString())


def measured(reader: str, content: bytes) -> tuple[str, int]:
    """What a reader says, and its peak in MB above what the process had before; in a fork, whose peak is its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / READERS[reader].file
        for name, held in (*READERS[reader].beside, (path.name, content)):
            (Path(folder) / name).write_bytes(held)
        del content
        receive, send = os.pipe()
        if (child := os.fork()) == 0:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            try:
                READERS[reader].read(path)
                said = "read"
            except Exception as error:
                said = f"{type(error).__name__}: {error}"
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 - before
            os.write(send, json.dumps([said[:2000], peak]).encode())
            os._exit(0)
        os.close(send)
        with os.fdopen(receive) as answer:
            text = answer.read()
        os.waitpid(child, 0)
    return tuple(json.loads(text)) if text else ("killed", 0)


if __name__ == "__main__":
    for name, reader, content in bombs():
        print(json.dumps([name, *measured(reader, content)]), flush=True)
