import sys
from pathlib import Path

import pytest

from letterlab import cli, terminal
from letterlab.commands import options
from letterlab.sources import opening
from letterlab.study import budgets


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "a few seconds"), (45.4, "about 45 seconds"), (840.0, "about 14 minutes")]
)
def test_durations_are_said_no_more_exactly_than_they_are_known(seconds, words):
    assert terminal.duration(seconds) == words


def test_bars_say_what_they_are_told(capsys):
    with terminal.bar("Study") as advance:
        advance(5.0, 10.0, "half")
        advance(10.0, 10.0, "all done")
    assert "all done" in capsys.readouterr().out
    with terminal.transfer_bar("Fetching") as advance:
        advance(500, None)
        advance(2000, 2000)
    assert "2.0/2.0 kB" in capsys.readouterr().out


def test_a_program_of_this_environment_can_be_called_as_it_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert (Path.cwd() / terminal.program("letterlab")).resolve() == Path(sys.executable).with_name(
        "letterlab"
    ).resolve()


def test_what_was_there_already_is_not_said_to_be_fetched(tmp_path, capsys):
    cli._fetch(lambda folder, progress: folder, tmp_path)
    assert "There already, whole" in capsys.readouterr().out

    def bring(folder, progress):
        progress(10, 10)
        return folder

    cli._fetch(bring, tmp_path)
    assert "Fetched: " in capsys.readouterr().out


def test_the_command_line_offers_the_orientations_and_budgets_there_are():
    assert options.OrientationChoice == opening.OrientationChoice
    assert options.Budget == budgets.Budget
