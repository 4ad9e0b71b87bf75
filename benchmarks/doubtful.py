"""Shows the letters of a study whose label is in doubt: python benchmarks/doubtful.py STUDY [MOST] [FILES]

Writes into the study's folder doubtful.csv, and doubtful.png with the MOST surest (100) of them, ten in a row; under
each its place in the list, its label, what is suggested (t: turned, m: mirrored) and the score. FILES is a text file
with names of letters, one a line: only these are shown, as to look at one source of several.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from letterlab.findings.doubt import Doubtful
from letterlab.report.doubtful_file import DOUBTFUL_FILE, write_doubtful
from letterlab.study.results import open_results

CELL, TEXT, ACROSS = 84, 18, 10
MARKS = {"turned": "t", "mirrored": "m", "mislabelled or turned": "t", "mislabelled or mirrored": "m"}


def cell(place: int, one: Doubtful, picture: np.ndarray) -> np.ndarray:
    found = np.full((CELL + TEXT, CELL + 8), 255, np.uint8)
    found[:CELL, 4:-4] = 255 - cv2.resize(picture, (CELL, CELL), interpolation=cv2.INTER_NEAREST)
    told = f"{place} {one.label}>{one.suggested or '?'}{MARKS.get(one.kind, '')} {one.score:.2f}"
    cv2.putText(found, told, (2, CELL + 13), cv2.FONT_HERSHEY_SIMPLEX, 0.36, 0, 1, cv2.LINE_AA)
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    names = set(Path(sys.argv[3]).read_text().split()) if len(sys.argv) > 3 else None
    reread = open_results(folder).reread
    if reread is None:
        raise SystemExit(f"The letters of {folder} were not read again: run `letterlab study` with the family reread.")
    write_doubtful(reread.doubt, folder / DOUBTFUL_FILE)
    shown = [one for one in reread.doubt.letters if names is None or one.name in names][:most]
    cells = [cell(place, one, reread.picture(one)) for place, one in enumerate(shown, start=1)]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % ACROSS)
    rows = [np.hstack(cells[i : i + ACROSS]) for i in range(0, len(cells), ACROSS)]
    cv2.imwrite(str(folder / "doubtful.png"), np.vstack(rows))
    for kind in dict.fromkeys(one.kind for one in reread.doubt.letters):
        parts = [one.part for one in reread.doubt.letters if one.kind == kind]
        print(f"{kind}: {parts.count('train')} to train on, {parts.count('test')} to test with")


if __name__ == "__main__":
    main()
