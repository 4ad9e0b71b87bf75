"""A trained network as one ONNX file: opened for ONNX Runtime, and what it says of itself."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, get_origin, get_type_hints

import onnxruntime

from letterlab.alphabet import LETTERS
from letterlab.checksum import is_whole
from letterlab.errors import LetterlabError
from letterlab.letterset import SIDE

SHIPPED: Final = Path(__file__).with_name("letters.onnx")
"""The network that comes with the program."""
FORMAT: Final = 2
"""Number of the form in which a file describes itself. One of the first holds no checksum."""
KEY: Final = "letterlab"
"""Where in the ONNX file's metadata the description stands, as JSON."""
# The key under which a tensor names the file that holds it (onnx.proto, TensorProto.external_data). ONNX Runtime would
# read that one too, from the folder in which the program runs.
_ELSEWHERE: Final = b"location"


@dataclass(frozen=True)
class Metadata:
    """What a network's file says of itself: the recipe, the letters and what came of them."""

    classes: str
    """The letters of the first outputs, in their order."""
    no_letter: bool
    """Whether one more output, the last, says that it is no letter at all."""
    prepared: bool
    """Whether it was trained on letters prepared as `recognise.ink.prepare` does."""
    refusal: float
    """Probability of "no letter" above which nothing else is said; chosen by validation letters."""
    recipe: dict[str, Any]
    letters: str
    """Fingerprint of the letters that it was trained on."""
    parameters: int
    temperature: float
    """What its scores are divided by (Guo et al. 2017); it stands in the graph already."""
    accuracy: dict[str, Any]
    """Of the parts "validation" and "test": "share" read rightly, "low" and "high" of its 95 % interval, "n"."""
    calibration: dict[str, Any]
    """By how much its probabilities are off on average ("error"), and over how many letters ("n")."""
    versions: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Model:
    """A network that can be run."""

    session: onnxruntime.InferenceSession
    metadata: Metadata
    fingerprint: str
    """Which network it is: the beginning of the SHA-256 of its file."""


def open_model(network: Path | bytes, threads: int = 1) -> Model:
    """Opens a network that `letterlab export` wrote.

    Args:
        network: the ONNX file, or its bytes.
        threads: cores that one call may use.

    Raises:
        LetterlabError: it cannot be read, is no ONNX file, or is none that letterlab wrote.
    """
    file = "that was given" if isinstance(network, bytes) else network
    try:
        content = network if isinstance(network, bytes) else network.read_bytes()
    except OSError as error:
        raise LetterlabError(f"The network {file} cannot be read ({error.strerror}): give another.") from None
    if _ELSEWHERE in content:
        raise LetterlabError(
            f"The network {file} keeps its numbers in other files, which are not read: give one that "
            "`letterlab export` wrote."
        )
    onnxruntime.disable_telemetry_events()  # its makers' program would tell them of each start
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong with a file is said below, once
    # Between two pictures its threads sleep: something else may want their cores. Within one they wait for each other
    # by spinning, without which a letter takes half as long again.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.add_session_config_entry("session.load_model_format", "ONNX")  # of its two formats the documented one
    try:
        session = onnxruntime.InferenceSession(
            content,
            options,
            providers=["CPUExecutionProvider"],
            enable_fallback=0,  # it would tell of it on standard output
        )
    except Exception as error:  # ONNX Runtime's errors have no class in common but this
        reason = str(error).strip().splitlines()[0]
        raise LetterlabError(
            f"The network {file} is no ONNX file, or a damaged one ({reason}): give one that `letterlab export` wrote."
        ) from None
    return Model(session, read_metadata(session, file, content), sha256(content).hexdigest()[:16])


def read_metadata(session: onnxruntime.InferenceSession, file: Path | str, content: bytes) -> Metadata:
    """What an ONNX file says of itself, if it is one of letterlab's.

    Args:
        session: the file opened.
        file: its name, for messages.
        content: its bytes, for their checksum.

    Raises:
        LetterlabError: it is another program's, of a format not known yet, damaged, or not of the shape that it says.
    """
    damaged = LetterlabError(f"What the network {file} says of itself is damaged: export it again.")
    try:
        written = session.get_modelmeta().custom_metadata_map.get(KEY)
        found = tuple((one.name, one.type, one.shape[1:]) for one in (*session.get_inputs(), *session.get_outputs()))
    except UnicodeDecodeError:
        raise damaged from None
    if written is None:
        raise LetterlabError(
            f"The network {file} does not say which letters it knows: give one that `letterlab export` wrote."
        )
    try:
        said = json.loads(written)
        number = _of_kind(said["format"], int)
        if number > FORMAT:
            raise LetterlabError(
                f"The network {file} is of format {number}, and this letterlab knows none above {FORMAT}: update "
                "letterlab, or export the network with this one."
            )
        if (number > 1 or "checksum" in said) and not is_whole(content):
            raise LetterlabError(f"The network {file} is damaged (its checksum is another): export or copy it again.")
        metadata = Metadata(**{name: _of_kind(said[name], kind) for name, kind in get_type_hints(Metadata).items()})
    except (ValueError, KeyError, TypeError, RecursionError):
        raise damaged from None
    wanted = (
        ("pictures", "tensor(uint8)", [SIDE, SIDE]),
        ("probabilities", "tensor(float)", [len(LETTERS) + metadata.no_letter]),
    )
    if found != wanted or metadata.classes != LETTERS:
        raise LetterlabError(
            f"The network {file} does not take pictures of {SIDE}x{SIDE} and give probabilities of A to Z: "
            "export it again."
        )
    return metadata


def _of_kind(value: Any, kind: Any) -> Any:
    """The value, if it is of this type; JSON writes a whole number without a point."""
    wanted = (int, float) if kind is float else get_origin(kind) or kind
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
        raise TypeError
    return value
