"""How a job and the harness talk: a line in, a line out. Imported by ours and theirs alike."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def serve(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Says that the job is ready, and does its work once for each line of standard input.

    Whatever libraries print to standard output goes to standard error from here on.

    Args:
        work: is given {"number": of the alternation from 0, "earlier": the answers of the jobs that came before it in
            this alternation, by name} and answers with "seconds", which is None where the work could not be done, and
            whatever else the row shows.
    """
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)
        print(json.dumps({"ready": True}), file=answers)
        for line in sys.stdin:
            print(json.dumps(work(json.loads(line))), file=answers)
