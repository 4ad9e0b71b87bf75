import re

import pytest
from pydantic import ValidationError

from letterlab.errors import LetterlabError
from letterlab.recipe import FILE_LIMIT, Cnn, Mlp, Optimiser, Recipe, Torchvision, no_augmentation, read_recipe


def test_recipes_are_frozen_and_compare_by_value():
    assert Recipe(seed=1) == Recipe(seed=1) != Recipe(seed=2)
    with pytest.raises(ValidationError):
        Recipe().seed = 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cnn(kernel=4), "kernel 4 is even"),
        (lambda: Cnn(normalisation="group", group_size=5), "filters 32 cannot be split into groups of 5"),
        (lambda: Cnn(filters=(16, 24), normalisation="group"), "filters 24 cannot be split into groups of 16"),
        (lambda: Mlp(hidden=(10,), normalisation="group", group_size=4), "hidden 10 cannot be split into groups of 4"),
        (lambda: Cnn(filters=(4, 4, 4), kernel=7, padding="none"), "leaves nothing of the picture after 3 layers"),
        (lambda: Mlp(dropout=1.0), "less than 1"),
        (lambda: Cnn(filters=()), "at least 1"),
    ],
)
def test_impossible_networks_are_refused(make, message):
    with pytest.raises(ValidationError, match=message):
        make()


def test_groups_that_nobody_makes_need_not_divide():
    assert Cnn(filters=(10,), normalisation="batch", group_size=16).group_size == 16
    assert Mlp(hidden=(10, 3), normalisation="group").group_size == "all"


@pytest.mark.parametrize(
    ("settings", "sides"),
    [
        ({}, (14, 7, 3, 1)),
        ({"halving": "stride"}, (14, 7, 4, 2)),  # a step of two meets an odd side's last pixel
        ({"padding": "none"}, (13, 5, 1)),
        ({"padding": "none", "halving": "stride"}, (13, 6, 2)),
        ({"kernel": 11}, (14, 7, 3, 1)),
        ({"kernel": 11, "padding": "none"}, (9,)),
    ],
)
def test_sides_by_hand(settings, sides):
    assert Cnn(filters=(8,) * len(sides), **settings).sides == sides


@pytest.mark.parametrize(
    ("name", "batch", "rate"), [("sgd", 256, 0.4), ("sgd", 32, 0.05), ("adam", 256, 0.2), ("adamw", 16, 0.05)]
)
def test_the_rate_is_scaled_to_the_batch(name, batch, rate):
    optimiser = Optimiser(name=name, learning_rate=0.1, rate_for_batch=64)
    assert Recipe(optimiser=optimiser, batch_size=batch).peak_rate == pytest.approx(rate)
    assert Recipe(optimiser=optimiser, batch_size=64).peak_rate == 0.1
    assert Recipe(optimiser=Optimiser(name=name, learning_rate=0.1), batch_size=batch).peak_rate == 0.1


def test_the_last_layer_cannot_learn_alone_for_longer_than_there_are_epochs():
    assert Recipe(model=Torchvision(head_epochs=3), epochs=3).epochs == 3
    with pytest.raises(ValidationError, match="head_epochs 4 is more than epochs, 3"):
        Recipe(model=Torchvision(head_epochs=4), epochs=3)


@pytest.mark.parametrize(
    "wrong", [{"network": "vgg16"}, {"side": 27}, {"side": 225}, {"stem_stride": 3}, {"stem_rate": 0}]
)
def test_impossible_networks_of_torchvisions_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Torchvision(**wrong)


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
        ('[model]\nkind = "torchvision"\nnetwrk = "resnet18"', "netwrk is not a setting, perhaps network is meant"),
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


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a = " + "[" * 5000, "it is nested too deeply"),
        (f"seed = {'9' * 5000}", "cannot be read as a recipe: Exceeds the limit"),
        (".".join("a" * 5000) + " = 1", "has a line with more than 200 dots"),
        ("#" * (FILE_LIMIT + 1), "has more than 262,144 bytes"),
        ("[optimiser]\nlearning_rate = inf", "learning_rate: Input should be a finite number"),
        ("[model]\nkind = 'mlp'\nhidden = [0x1000000000]", "hidden.0: Input should be less than or equal to 1048576"),
    ],
    ids=["nested", "digits", "dots", "long", "infinite", "wide"],
)
def test_what_would_take_for_ever_is_refused(tmp_path, content, said):
    path = tmp_path / "recipe.toml"
    path.write_text(content)
    with pytest.raises(LetterlabError, match=re.escape(said)) as raised:
        read_recipe(path)
    assert str(path) in str(raised.value)


def test_of_many_mistakes_the_first_are_told(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("".join(f"x{number} = 1\n" for number in range(5000)))
    with pytest.raises(LetterlabError, match=r"x19 is not a setting; and 4,980 more\.$"):
        read_recipe(path)
