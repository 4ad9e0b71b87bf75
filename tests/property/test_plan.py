"""Reading a plan: any text gives a plan or one sentence; any plan survives being written down."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from letterlab.errors import LetterlabError
from letterlab.study.plan import Experiment, Plan, candidates, read_plan

KEYS = [
    "name", "families", "experiments", "factors", "crossed", "levels", "changes", "setting", "values", "seeds",
    "search", "trials", "at_once", "base", "base_of", "finals", "take", "model", "kind", "hidden", "epochs",
]  # fmt: skip
VALUES = st.sampled_from(
    ['"mlp"', '"x y"', "3", "0", "-1", "0.5", "[]", "[1, 2]", "[[8], [16]]", "{}", '{"model.width" = 2}', "true",
     '{"model.layers" = -3}', '{"model.width" = "wide"}', '{"model.hidden" = [], "model.layers" = 2}',
     '{"epochs.x" = 1}', '{"model" = 3}', '{"a.b.c.d" = []}', '"model.kernel"', "inf"]
)  # fmt: skip
LINES = st.one_of(
    st.tuples(st.sampled_from(KEYS), VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    st.sampled_from(
        ["[[families]]", "[[families.experiments]]", "[[families.experiments.factors]]", "[families.finals]",
         "[families.experiments.search]", "[families.experiments.base.model]", "[families.experiments.changes]"]
    ),
)  # fmt: skip
START = '[[families]]\nname = "mlp"\n[[families.experiments]]\nname = "x"\n'


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(st.binary(max_size=100), st.lists(LINES, max_size=10).map(lambda lines: "\n".join(lines).encode())))
def test_any_file_is_a_plan_or_one_sentence(content):
    for text in (content, b'name = "x"\n' + START.encode() + content):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "plan.toml"
            path.write_bytes(text)
            try:
                read_plan(path)
            except LetterlabError as error:
                assert "plan.toml" in str(error)


SETTINGS = {
    "model.width": [0.5, 1.0, 2.0],
    "model.layers": [1, 2],
    "batch_size": [2, 64],
    "label_smoothing": [0.0, 0.2],
}
FACTORS = st.lists(st.sampled_from(sorted(SETTINGS)), unique=True, max_size=2).map(
    lambda ways: [{"name": way.replace(".", " "), "setting": way, "values": SETTINGS[way]} for way in ways]
)
SEARCHES = st.none() | st.fixed_dictionaries({"trials": st.integers(1, 9), "at_once": st.integers(1, 5)})
EXPERIMENTS = st.fixed_dictionaries(
    {"name": st.just("x"), "factors": FACTORS, "seeds": st.integers(1, 5), "search": SEARCHES}
)
FINALS = st.none() | st.fixed_dictionaries({"take": st.integers(1, 4), "seeds": st.integers(1, 4)})


@settings(max_examples=60, deadline=None, derandomize=True)
@given(EXPERIMENTS, FINALS)
def test_every_plan_comes_back_from_json(experiment, finals):
    families = [{"name": "cnn", "experiments": [experiment], "finals": finals}]
    plan = Plan.model_validate({"name": "p", "families": families})
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


@settings(max_examples=60, deadline=None, derandomize=True)
@given(EXPERIMENTS, st.booleans())
def test_candidates_differ_in_name_and_each_has_a_level_of_every_factor(given_one, crossed):
    if crossed:
        given_one = {"crossed" if key == "factors" else key: value for key, value in given_one.items()}
    experiment = Experiment.model_validate(given_one)
    found = candidates(experiment, experiment.base)
    assert len({one.name for one in found}) == len(found)
    factors = (*experiment.crossed, *experiment.factors)
    known = {factor.name: {level.name for level in factor.levels} for factor in factors}
    for one in found:
        assert one.levels.keys() == known.keys()
        assert all(level in known[name] | {"base"} for name, level in one.levels.items())
        assert one.recipe is not None
