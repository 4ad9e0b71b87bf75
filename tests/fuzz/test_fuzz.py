"""Every reader, for a moment, under a fuzzer that is guided by what it covers. `make fuzz` takes longer."""

import pytest

pytest.importorskip("atheris", reason="Atheris has no wheel for this machine or Python", exc_type=ImportError)

from fuzz.fuzz import fuzz
from readers import READERS

RUNS = 500


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    return dict(fuzz(list(READERS), tmp_path_factory.mktemp("fuzz"), f"-runs={RUNS}", "-seed=1"))


@pytest.mark.parametrize("name", READERS)
def test_no_input_breaks_it(fuzzed, name):
    assert not fuzzed[name].finding
    assert fuzzed[name].executions >= RUNS
    assert fuzzed[name].covered > 0
