import pytest
from pydantic import ValidationError

from letterlab.errors import LetterlabError
from letterlab.recipe import Cnn, Mlp, Recipe, no_augmentation, read_recipe


def test_recipes_are_frozen_and_compare_by_value():
    assert Recipe(seed=1) == Recipe(seed=1) != Recipe(seed=2)
    with pytest.raises(ValidationError):
        Recipe().seed = 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cnn(kernel=4), "kernel 4 is even"),
        (lambda: Cnn(normalisation="group", groups=5), "cannot be split into 5 groups"),
        (lambda: Mlp(hidden=(10,), normalisation="group"), "cannot be split into 8 groups"),
        (lambda: Mlp(dropout=1.0), "less than 1"),
        (lambda: Cnn(filters=()), "at least 1"),
    ],
)
def test_impossible_networks_are_refused(make, message):
    with pytest.raises(ValidationError, match=message):
        make()


def test_a_recipe_from_toml(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('epochs = 3\n[model]\nkind = "mlp"\nhidden = [30]\n[optimiser]\nname = "sgd"\n')
    recipe = read_recipe(path)
    assert recipe.model == Mlp(hidden=(30,))
    assert (recipe.epochs, recipe.optimiser.name) == (3, "sgd")
    assert recipe.optimiser.learning_rate == Recipe().optimiser.learning_rate


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch = 3", "epoch is not a setting, perhaps epochs is meant"),
        ('[model]\nkind = "cnn"\nfilter = [3]', "filter is not a setting, perhaps filters is meant"),
        ('[model]\nkind = "rnn"', "model: .*'mlp'"),
        ("epochs = 0\nseed = -1", "epochs: .*; seed: "),
        ("epochs = ", "cannot be read as a recipe"),
    ],
)
def test_a_wrong_recipe_is_explained(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(LetterlabError, match=message) as raised:
        read_recipe(path)
    assert "mine.toml" in str(raised.value)


def test_a_missing_recipe_is_named(tmp_path):
    with pytest.raises(LetterlabError, match=r"nowhere\.toml"):
        read_recipe(tmp_path / "nowhere.toml")


def test_no_augmentation_is_all_zero():
    assert not any(no_augmentation().model_dump().values())
