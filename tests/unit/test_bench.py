import json
import math
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from letterlab import open_letters
from letterlab.parts import parts
from packed import encoded, laid, pictures, zipped

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _among_the_benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def job(name, seconds, least=2.0, **shown):
    answers = [{"seconds": one, **{key: value[at] for key, value in shown.items()}} for at, one in enumerate(seconds)]
    return {"name": name, "least": least, "answers": answers, "peak": 5_000_000}


def row(ours, *theirs, limit=None):
    return {
        "what": "one letter & more",
        "limit": limit,
        "ours": ours,
        "theirs": list(theirs),
        "date": "2026-11-27 12:00 UTC",
        "command": "python benchmarks/bench.py",
        "drawn": False,
        "machine": {"processor": "a processor", "load before": 0.1},
        "versions": {"ours": {"torch": "2.13.0"}, "theirs": {"torch": "2.13.0"}},
    }


def test_the_ratio_is_that_of_medians_and_its_spread_that_of_turns():
    from results import against

    found = against(job("ours", [1.0, 2.0, 4.0]), job("theirs", [10.0, 30.0, 12.0]))
    assert (found.ratio, found.low, found.high) == (6.0, 3.0, 15.0)


def test_the_fastest_peer_counts_and_a_comparison_for_context_never_does():
    from results import standing

    found = standing(row(job("ours", [1.0]), job("slow", [9.0]), job("fast", [3.0]), job("context", [0.5], least=0)))
    assert found.fastest.name == "fast"
    assert found.met


@pytest.mark.parametrize(
    ("ours", "theirs", "limit", "met"),
    [
        ([1.0], [2.0], None, True),
        ([1.0], [1.9], None, False),
        ([1.0], [2.0], 1.0, False),
        ([1.0], [2.0], 1.1, True),
        ([None], [2.0], None, False),
        ([1.0], [None], None, True),
    ],
)
def test_a_promise_is_kept_or_not(ours, theirs, limit, met):
    from results import standing

    assert standing(row(job("ours", ours), job("theirs", theirs), limit=limit)).met is met


def test_a_peer_with_a_promise_of_its_own():
    from results import standing

    slow, near = job("slow", [9.0], least=3), job("bare", [0.95], least=0.9)
    assert standing(row(job("ours", [1.0]), slow, near)).met
    assert not standing(row(job("ours", [1.1]), slow, near)).met


def test_what_could_not_be_done():
    from results import against

    assert against(job("ours", [None]), job("theirs", [2.0])).ratio == 0
    assert math.isinf(against(job("ours", [1.0]), job("theirs", [None])).ratio)


def test_what_else_the_answers_said():
    from results import shown

    answers = job("ours", [1.0, 2.0], batch=[64, 64], accuracy=[0.91234, 0.9], kind=["bf16", "bf16"])["answers"]
    assert shown(answers) == "batch 64, accuracy 0.9 to 0.9123, kind bf16"


def test_times_and_ratios_have_three_digits():
    from results import time, times

    assert [time(one) for one in (12.34, 1.0, 0.0123, 0.0000042, math.inf)] == [
        "12.3 s",
        "1.00 s",
        "12.3 ms",
        "4 µs",
        "not done",
    ]
    assert [time(123.4), times(123.4), times(12.34), times(0.5), times(math.inf)] == [
        "123 s",
        "123",
        "12.3",
        "0.500",
        "∞",
    ]


def test_table_and_figure():
    from results import figure, table

    found = {
        "kept": row(job("letterlab", [1.0, 1.0]), job("peer", [5.0, 6.0])),
        "broken": row(job("letterlab", [None, None]), job("peer", [None, 6.0])),
    }
    text = table(found)
    assert "| [one letter & more](#kept) | 1.00 s | peer, 5.50 s | **5.50** (5.00 to 6.00) | 2.00 | yes |" in text
    assert "| **no** |" in text
    assert "kept, broken: `python benchmarks/bench.py` on 2026-11-27" in text
    drawing = ElementTree.fromstring(figure(found))
    assert len(drawing.findall("{http://www.w3.org/2000/svg}circle")) == 2


def test_every_row_has_a_name_of_its_own_and_jobs_that_are_there():
    from rows import all_rows

    rows = list(all_rows())
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        jobs = [row.ours, *row.theirs]
        assert len({job.name for job in jobs}) == len(jobs)
        assert all(not job.program or (BENCHMARKS / f"jobs/{job.program}.py").exists() for job in jobs)


PROGRAM = """
import sys
sys.path.insert(0, {jobs!r})
from protocol import serve
print("noise of setting up", end="")
def work(given):
    print("noise of a library")
    return {{"seconds": 0.5, "number": given["number"], "heard": list(given["earlier"])}}
serve(work)
"""


def test_jobs_take_turns_and_hear_of_those_before_them(tmp_path, monkeypatch):
    import running
    from rows import Job, Row

    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs/fake.py").write_text(PROGRAM.format(jobs=str(BENCHMARKS / "jobs")))
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.setattr(running, "HERE", tmp_path)
    monkeypatch.setattr(running, "PAUSE", 0.0)
    row = Row(
        "fake", "nothing", 1, Job("ours", "fake"), (Job("theirs", "fake"), Job("cold", "", ("{theirs}/python", "-V")))
    )
    places = {"ours": str(tmp_path), "theirs": str(tmp_path)}
    found = running.measure(row, 2, places)
    assert [answer["number"] for answer in found["ours"].answers] == [0, 1]
    assert found["ours"].answers[1]["heard"] == ["theirs", "cold"]
    assert found["theirs"].answers[0]["heard"] == []
    assert len(found["cold"].answers) == 2
    assert all(one.peak > 1_000_000 for one in found.values())


def test_a_job_that_fails_ends_the_row(tmp_path, monkeypatch):
    import running
    from rows import Job

    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs/fake.py").write_text("raise SystemExit(3)")
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.setattr(running, "HERE", tmp_path)
    with pytest.raises(RuntimeError, match="ended with 3"), running.started(Job("fake", "fake"), str(tmp_path), {}):
        pass


def test_the_same_pictures_are_unpacked_as_fit_divides_them(tmp_path):
    from places import Places

    names = [(f"{letter}_{number:05}.jpg", encoded(picture, ".jpg")) for number, (letter, picture) in numbered(30)]
    given = {"train": names, "test": names[:4], "extra": names}
    source = laid(tmp_path / "letters", [(f"{part}/images.zip", zipped(files)) for part, files in given.items()])
    with Places(source, tmp_path / "work", quick=False) as places:
        tree = Path(places["tree"])
    found = {str(file.relative_to(tree)): file.read_bytes() for file in tree.rglob("*.jpg")}
    cut = parts(open_letters(source, cache=tmp_path / "cache"))
    assert found == {
        f"{part}/{name[0]}/{name}": dict(names)[name]
        for part in ("train", "validation", "test")
        for name in getattr(cut, part).names
    }
    assert len(found) == 34
    assert not list((tmp_path / "work").glob("scratch-*"))


def numbered(count):
    return list(enumerate(zip("abc" * (count // 3), pictures(count), strict=True)))


def test_what_was_measured_earlier_stays(tmp_path, monkeypatch):
    import bench
    from rows import Job, Row

    known = [Row(name, "what", 1, Job("ours"), ()) for name in ("a", "b")]
    monkeypatch.setattr(bench, "all_rows", lambda: known)
    bench.write(tmp_path, {"b": row(job("ours", [1.0]), job("theirs", [2.0]))})
    found = bench.stored(tmp_path / "results.json")
    bench.write(tmp_path, {"a": row(job("ours", [1.0]), job("theirs", [2.0])), **found})
    assert list(json.loads((tmp_path / "results.json").read_text())) == ["a", "b"]


def test_accuracy_is_told_with_its_interval_and_held_against_what_is_promised():
    import beside

    found = {"parameters": 1234, "epochs": 3, "machine": "GPU", "torch": "2", "seconds": 9.6, "seeds": [{}] * 5}
    for name, mean in (("validation", 0.95), ("test", 0.9612), ("emnist", 0.8)):
        found |= {name: mean, f"{name}_interval": 0.0015}
    reasons = {"cnn-3": "few letters.", "cnn-small": "none."}
    lines = beside.accuracy({"cnn-3": found, "cnn-small": found}, reasons)
    assert [line for line in lines if "cnn-3.toml" in line] == [
        "| CNN of 3 convolutional layers (`cnn-3.toml`) | 1,234 | 3 | 95.00% ± 0.15 | 96.12% ± 0.15 | 80.00% ± 0.15 "
        "| 96.2% | **no** | GPU, torch 2, 10 s each, 5 seeds |"
    ]
    assert "| 95.5% | yes |" in next(line for line in lines if "cnn-small.toml" in line)
    assert [line for line in lines if line.startswith("Why not")] == ["Why not `cnn-3`: few letters."]
    assert beside.accuracy({}, {}) == beside.gpu({}) == []


def test_a_gpu_is_told_of_though_its_trials_ended_early():
    import beside

    found = json.loads((BENCHMARKS / "gpu.json").read_text())
    del found["trials"]["cnn"]
    text = "\n".join(beside.gpu(found))
    assert found["gpu"] in text
    assert f"| {found['trials']['mlp'][0]['trials']} | " in text
    assert "Until 94.0% of the test letters: **" in text


def test_a_row_that_falls_short_says_why():
    from results import table

    why = {"a-row": "the bound."}
    assert "Why not: the bound." in table({"a-row": row(job("ours", [1.0]), job("theirs", [1.9]))}, why)
    assert "Why not" not in table({"a-row": row(job("ours", [1.0]), job("theirs", [2.0]))}, why)
