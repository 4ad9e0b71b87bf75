"""Letters read by a network that is ready, and by a command from cold.

Costs some 4 minutes: torch as it comes takes up to 10 seconds for 10,000 letters, the others 1 to 4, and each job reads
them once before it is asked.
"""

from rows import Job, Row

CASES = ((1, "one letter"), (10_000, "10,000 letters"))


def reading(count: int, reader: str, name: str) -> Job:
    return Job(name, "reading", ("{tree}", str(count), reader), environment=(("TF_CPP_MIN_LOG_LEVEL", "3"),))


def ours(count: int) -> Job:
    return reading(count, "letterlab", "letterlab.Recogniser.probabilities")


ROWS = (
    *(
        Row(
            name=f"read-{count}",
            what=f"{what} of 28x28 through the same network",
            least=3,
            ours=ours(count),
            theirs=(
                reading(count, "torch", "torch eager"),
                reading(count, "torch-channels-last", "torch eager, channels last"),
                reading(count, "keras", "Keras"),
                reading(count, "opencv", "OpenCV DNN"),
            ),
        )
        for count, what in CASES
    ),
    *(
        Row(
            name=f"read-{count}-bare",
            what=f"{what}: what letterlab adds to ONNX Runtime",
            least=0.9,
            ours=ours(count),
            theirs=(reading(count, "onnxruntime", "ONNX Runtime"),),
        )
        for count, what in CASES
    ),
    Row(
        name="cold-help",
        what="`letterlab --help`, the whole command",
        least=5,
        limit=0.25,
        ours=Job("letterlab --help", arguments=("{ours}/letterlab", "--help")),
        theirs=(Job("a script that imports torch", arguments=("{theirs}/python", "-c", "import torch")),),
    ),
    Row(
        name="cold-read",
        what="`letterlab read` of one letter's picture, the whole command",
        least=5,
        limit=0.25,
        ours=Job("letterlab read", arguments=("{ours}/letterlab", "read", "{picture}")),
        theirs=(
            Job("a script that imports torch", arguments=("{theirs}/python", "-c", "import torch")),
            Job("a script that reads it with torch", "cold_torch", ("{picture}",)),
        ),
    ),
)
