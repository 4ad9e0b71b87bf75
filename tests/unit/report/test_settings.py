"""Recipes in words: no two candidates look the same in the table of settings."""

import made_up
from letterlab.recipe import Cnn, Mlp, Recipe, Torchvision
from letterlab.report.settings import settings, shape


def test_shapes(english, russian):
    assert shape(english, Recipe(model=Mlp(hidden=(512, 256)))) == "hidden layers 512→256"
    assert shape(english, Recipe(model=Mlp(hidden=()))) == "no hidden layer"
    assert shape(english, Recipe(model=Cnn(filters=(32, 64), kernel=5))) == "filters 32→64, kernel 5×5"
    assert shape(russian, Recipe(model=Torchvision())) == "mobilenet_v2 с весов ImageNet"
    assert shape(english, Recipe(model=Torchvision(weights="random"))) == "mobilenet_v2 from random weights"


def test_settings_name_everything_that_is_varied(results, english):
    for family in results.families:
        for result in family.experiments:
            told = [tuple(settings(english, one).items()) for one in result.tried]
            if result.experiment.name != "stem":  # its levels are those that the base has, but for one
                assert len(set(told)) == len(told)


def test_settings_as_text_and_as_numbers_to_sort_by(results, english, russian):
    base = results.family("mlp").experiments[0].tried[0]
    assert settings(english, base)["rate"] == ("0.003", 0.003)
    assert settings(russian, base)["rate"] == ("0,003", 0.003)
    assert settings(english, base)["letters"] == ("200", 200.0)
    assert settings(english, results.family("mlp").best)["letters"] == ("all", float("inf"))
    assert settings(english, base)["normalisation"] == ("batch", None)
    grouped = {one.levels["normalisation"]: one for one in results.family("norm").experiments[0].tried}
    assert settings(english, grouped["gn-16"])["normalisation"] == ("group 16", None)
    assert settings(russian, grouped["gn-all"])["normalisation"] == ("group все", None)


def test_the_rate_is_the_one_that_was_used(english):
    plan = made_up.small(made_up.norm())
    tried = made_up.results(plan).families[0].experiments[0].tried
    of = {one.levels["rate"]: settings(english, one)["rate"][0] for one in tried if one.recipe.batch_size == 32}
    assert of == {"fixed": "0.003", "scaled": "0.0015"}
