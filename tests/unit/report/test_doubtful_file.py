"""doubtful.csv: what it holds, whose verdicts it keeps, what it refuses."""

import csv
from dataclasses import replace

import pytest

import made_up
from letterlab.errors import LetterlabError
from letterlab.report.doubtful_file import COLUMNS, agreement, read_verdicts, write_doubtful

FOUND = made_up.doubt()


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def judge(path, *verdicts):
    """Writes verdicts into the first rows, as a person would."""
    written = rows(path)
    for row, verdict in zip(written, verdicts, strict=False):
        row["verdict"] = verdict
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(written)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "doubtful.csv"
    write_doubtful(FOUND, path)
    return path


def test_every_letter_has_its_row_the_surest_first(path):
    written = rows(path)
    assert [(row["part"], row["name"]) for row in written] == [(one.part, one.name) for one in FOUND.letters]
    first = FOUND.letters[0]
    assert written[0] == {
        "part": first.part,
        "position": str(first.position),
        "name": first.name,
        "label": first.label,
        "kind": first.kind,
        "suggested": first.suggested,
        "probability_of_label": f"{first.of_label:.4f}",
        "probability_of_suggested": f"{first.of_suggested:.4f}",
        "score": f"{first.score:.4f}",
        "verdict": "",
    }
    [unreadable] = [row for row in written if row["kind"] == "unreadable"]
    assert (unreadable["suggested"], unreadable["probability_of_suggested"]) == ("", "")


def test_verdicts_are_kept_and_counted(path):
    assert agreement(FOUND, read_verdicts(path)).n == 0
    judge(path, "yes", "no", " YES ", "")
    write_doubtful(FOUND, path)
    assert [row["verdict"] for row in rows(path)][:4] == ["yes", "no", "yes", ""]
    agreed = agreement(FOUND, read_verdicts(path))
    assert (agreed.hits, agreed.n) == (2, 3)


def test_a_verdict_on_a_letter_that_is_no_longer_in_doubt_is_kept_and_not_counted(path):
    judge(path, "yes", "", "no")
    fewer = replace(FOUND, letters=FOUND.letters[3:])
    write_doubtful(fewer, path)
    assert [(row["name"], row["verdict"]) for row in rows(path)[-2:]] == [
        (FOUND.letters[0].name, "yes"), (FOUND.letters[2].name, "no")
    ]  # fmt: skip
    assert len(rows(path)) == len(FOUND.letters) - 1
    assert agreement(fewer, read_verdicts(path)).n == 0
    write_doubtful(FOUND, path)
    assert [row["verdict"] for row in rows(path)][:3] == ["yes", "", "no"]


def test_letters_of_the_same_name_have_verdicts_of_their_own(tmp_path):
    names = [one.name for one in FOUND.letters]
    [twice] = {name for name in names if names.count(name) == 2}
    letters = [replace(one, part="train", position=i, name=twice) for i, one in enumerate(FOUND.letters[:5])]
    alike = replace(FOUND, letters=tuple(letters))
    path = tmp_path / "doubtful.csv"
    write_doubtful(alike, path)
    judge(path, "", "no", "yes")
    write_doubtful(alike, path)
    assert [row["verdict"] for row in rows(path)] == ["", "no", "yes", "", ""]
    assert agreement(alike, read_verdicts(path)).hits == 1


def test_names_may_hold_anything(tmp_path):
    names = ['a,"b".png', "c\rd.png", "e\nf;.png", "ж.png"]
    odd = replace(
        FOUND, letters=tuple(replace(one, name=name) for one, name in zip(FOUND.letters, names, strict=False))
    )
    path = tmp_path / "doubtful.csv"
    for _ in range(2):
        write_doubtful(odd, path)
        assert [row["name"] for row in rows(path)] == names


def test_what_a_spreadsheet_makes_of_it_is_read(path):
    judge(path, "yes")
    text = path.read_text(encoding="utf-8")
    plain = text.replace('"', "").replace(",", ";").replace(";\n", "\n").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + plain.encode() + b"\r\n")
    assert list(read_verdicts(path).values())[:2] == ["yes", ""]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "has not the columns"),
        (b"name,age\nAnna,7\n", "has not the columns"),
        (b"\xff\xfe\x00part", "cannot be read"),
        (b"part," + b"x" * 200_000, "cannot be read"),
        (",".join(COLUMNS).encode() + b"\ntrain,3,a.png,A,mislabelled,B,0.1,0.9,0.8,perhaps\n", "row 2: give yes, no"),
        (",".join(COLUMNS).encode() + b"\ntrain,a.png,A\n", "row 2: give yes, no"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused_and_left_alone(content, expected, tmp_path):
    path = tmp_path / "doubtful.csv"
    path.write_bytes(content)
    with pytest.raises(LetterlabError, match=expected):
        write_doubtful(FOUND, path)
    assert path.read_bytes() == content
