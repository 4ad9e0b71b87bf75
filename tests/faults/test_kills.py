"""Whatever is killed at whatever moment: no file is half, the same command goes on, and its end is the same.

`--kills N` kills each kind of command N times; without it a few times. How often each was killed and went on stands
in the file of `--junitxml`.
"""

import shutil
from collections import Counter
from itertools import islice

import pytest

from killing import Moment, check_files, left_over, letterlab, moments
from small_commands import KINDS


@pytest.fixture
def count(name, record_property):
    """Kills that were tried and survived; written down whatever becomes of the test."""
    counted = Counter(tried=0, survived=0)
    yield counted
    record_property("killed", name)
    for what, times in counted.items():
        record_property(what, times)


@pytest.mark.parametrize("name", KINDS)
def test_killed_at_any_moment_it_goes_on_to_the_same_end(name, begun, tmp_path, request, count):
    kind = KINDS[name]
    expected = kind.result(begun(name))
    assert len(expected) > 0
    wanted = request.config.getoption("kills", None) or kind.kills
    rounds = 0
    chosen = moments(wanted, begun.ended[name])
    while count["survived"] < wanted:
        rounds += 1
        assert rounds <= 10 * wanted
        place = tmp_path / str(rounds)
        shutil.copytree(begun(kind.needs), place)
        kills = 0
        # Up to three in a row, and then to the end.
        for moment in islice(chosen, min(1 + rounds % 3, wanted - count["survived"])):
            ended = letterlab(*kind.words, cwd=place, moment=moment)
            assert ended.killed or ended.code == 0, (moment, ended.said)
            kills += ended.killed
            count["tried"] += ended.killed
            check_files(place)
            assert len(left_over(place)) <= 3 * kills, moment
        # However many trainings go on at a time.
        last = [*kind.words, "--workers", rounds % 2 + 1] if name == "study" else kind.words
        ended = letterlab(*last, cwd=place)
        assert ended.code == 0, ended.said
        assert check_files(place) >= check_files(begun(name)) - 1
        assert left_over(place) == []
        assert kind.result(place) == expected
        count["survived"] += kills
        shutil.rmtree(place)


def test_a_moment_is_when_it_says(begun, tmp_path):
    shutil.copytree(begun(None), tmp_path / "here")
    assert letterlab(*KINDS["train"].words, cwd=tmp_path / "here", moment=Moment(1, 0.0)).killed
    assert not (tmp_path / "here" / "run" / "checkpoint.safetensors").exists()
