"""Reading a recipe: any text gives a recipe or one sentence; any recipe survives being written down."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from letterlab.errors import LetterlabError
from letterlab.recipe import Augmentation, Cnn, Mlp, Optimiser, Recipe, read_recipe

NAMES = sorted({name for model in (Recipe, Mlp, Cnn, Optimiser, Augmentation) for name in model.model_fields})
VALUES = st.one_of(
    st.integers(-5, 10**6),
    st.floats(allow_nan=True).map(str),
    st.sampled_from(['"mlp"', '"cnn"', '"relu"', "true", "[]", "[8, 16]", '[""]', "{}", '"группа"']),
)
LINES = st.one_of(
    st.tuples(st.sampled_from(NAMES), VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    st.sampled_from(["[model]", "[optimiser]", "[augmentation]", "# заметка"]),
)
NEAR_RECIPES = st.lists(LINES, max_size=12).map("\n".join)


def read(content):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.toml"
        path.write_bytes(content)
        try:
            read_recipe(path)
        except LetterlabError as error:
            assert "recipe.toml" in str(error)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.one_of(st.binary(max_size=200), NEAR_RECIPES.map(str.encode)))
def test_any_file_is_a_recipe_or_one_sentence(content):
    read(content)


WIDTHS = st.integers(1, 64).map(lambda width: 4 * width)
COMMON = {
    "activation": st.sampled_from(["relu", "gelu", "silu", "tanh", "sigmoid"]),
    "normalisation": st.sampled_from(["none", "batch", "group"]),
    "groups": st.sampled_from([1, 2, 4]),
    "dropout": st.floats(0, 0.9),
}
MLPS = st.fixed_dictionaries({"kind": st.just("mlp"), "hidden": st.lists(WIDTHS, max_size=4), **COMMON})
CNNS = st.fixed_dictionaries(
    {
        "kind": st.just("cnn"),
        "filters": st.lists(WIDTHS, min_size=1, max_size=4),
        "kernel": st.sampled_from([1, 3, 5, 7]),
        **COMMON,
    }
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.one_of(MLPS, CNNS), st.integers(1, 500), st.integers(0, 2**31 - 1))
def test_every_recipe_comes_back_from_json(model, epochs, seed):
    recipe = Recipe.model_validate({"model": model, "epochs": epochs, "seed": seed})
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
