"""Reading a recipe: any text gives a recipe or one sentence; any recipe survives being written down."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from letterlab.errors import LetterlabError
from letterlab.recipe import Augmentation, Cnn, Mlp, Optimiser, Recipe, Torchvision, read_recipe

KINDS = (Recipe, Mlp, Cnn, Torchvision, Optimiser, Augmentation)
NAMES = sorted({name for kind in KINDS for name in kind.model_fields})
VALUES = st.one_of(
    st.integers(-5, 10**6),
    st.floats(allow_nan=True).map(str),
    st.sampled_from(
        ['"mlp"', '"cnn"', '"torchvision"', '"all"', '"relu"', "true", "[]", "[8, 16]", '[""]', "{}", '"группа"']
    ),
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
    "group_size": st.sampled_from([1, 2, 4, "all"]),
    "dropout": st.floats(0, 0.9),
}
MLPS = st.fixed_dictionaries({"kind": st.just("mlp"), "hidden": st.lists(WIDTHS, max_size=4), **COMMON})
CNNS = st.fixed_dictionaries(
    {
        "kind": st.just("cnn"),
        "filters": st.lists(WIDTHS, min_size=1, max_size=4),
        "kernel": st.sampled_from([1, 3, 5, 7]),
        "halving": st.sampled_from(["pool", "stride"]),
        **COMMON,
    }
)
PRETRAINED = st.fixed_dictionaries(
    {
        "kind": st.just("torchvision"),
        "network": st.sampled_from(
            ["mobilenet_v2", "mobilenet_v3_small", "squeezenet1_1", "resnet18", "efficientnet_b0"]
        ),
        "weights": st.sampled_from(["imagenet", "random"]),
        "weights_file": st.none() | st.text(),
        "side": st.integers(28, 224),
        "stem_stride": st.sampled_from([1, 2]),
        "stem_rate": st.floats(0, 1, exclude_min=True),
    }
)
LETTERS_OF_EACH = st.integers(1, 500) | st.just("all")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.one_of(MLPS, CNNS, PRETRAINED), st.integers(1, 500), st.integers(0, 2**31 - 1), LETTERS_OF_EACH)
def test_every_recipe_comes_back_from_json(model, epochs, seed, letters_of_each):
    given = {"model": model, "epochs": epochs, "seed": seed, "letters_of_each": letters_of_each}
    recipe = Recipe.model_validate(given)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
