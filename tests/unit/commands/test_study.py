"""What a study is said to have been called with."""

import sys

import pytest

from letterlab.commands import study


@pytest.mark.parametrize("given", [["--store", "{}"], ["--store={}"]])
def test_the_command_that_gives_a_study_again_holds_no_password(monkeypatch, given):
    url = "postgresql://me:se%2Fcret@host/db"
    monkeypatch.setattr(sys, "argv", ["letterlab", "study", "my letters", *[one.format(url) for one in given]])
    said = study._command(url)
    assert said.startswith("letterlab study 'my letters' --store")
    assert said.endswith("postgresql://me@host/db")


def test_without_a_store_it_is_what_was_typed(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["letterlab", "study", "letters"])
    assert study._command(None) == "letterlab study letters"
