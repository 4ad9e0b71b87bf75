"""One made-up study for all tests of the report."""

import pytest

import made_up
from letterlab.report.words import Words
from letterlab.study.results import Results


@pytest.fixture(scope="session")
def results() -> Results:
    return made_up.results()


@pytest.fixture
def english() -> Words:
    return Words("en")


@pytest.fixture
def russian() -> Words:
    return Words("ru")
