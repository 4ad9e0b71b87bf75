import pytest
from pydantic import ValidationError

from letterlab.errors import LetterlabError
from letterlab.recipe import Cnn, Mlp, Recipe
from letterlab.study.plan import (
    Experiment,
    Factor,
    FamilyPlan,
    Finals,
    Level,
    Plan,
    candidates,
    changed,
    proposed,
    read_plan,
)
from small_plan import MLP, NEURONS, RATES, mlp, norm, plan

FOLDS = Factor.model_validate({"name": "fold", "setting": "fold", "values": [0, 1, 2, 3]})


def test_one_factor_at_a_time_around_the_base():
    experiment = mlp().experiments[0]
    found = candidates(experiment, experiment.base)
    assert [one.name for one in found] == [
        "base",
        "neurons-8",
        "neurons-32",
        "learning-rate-1e-06",
        "learning-rate-0.01",
    ]
    assert found[0].levels == {"neurons": "16", "learning rate": "0.003"}
    assert found[1].levels == {"neurons": "8", "learning rate": "0.003"}
    assert [one.varied for one in found] == ["base", "neurons", "neurons", "learning rate", "learning rate"]
    assert found[1].recipe == changed(experiment.base, {"model.hidden": [8]})
    assert len({one.recipe.model_dump_json() for one in found}) == len(found)


def test_crossed_factors_give_every_combination_each_with_its_own_base():
    layers = Factor(name="layers", levels=tuple(Level(name=f"{n}-layers", changes={"model.layers": n}) for n in (1, 2)))
    rate = Factor.model_validate({"name": "kernel", "setting": "model.kernel", "values": [3, 5]})
    found = candidates(Experiment(name="x", crossed=(layers,), factors=(rate,)), Recipe())
    assert [one.name for one in found] == ["1-layers", "1-layers-kernel-5", "2-layers", "2-layers-kernel-5"]
    assert [one.varied for one in found] == ["base", "kernel", "base", "kernel"]
    assert [len(one.recipe.model.filters) for one in found] == [1, 1, 2, 2]
    assert found[3].levels == {"layers": "2-layers", "kernel": "5"}
    crossed = candidates(norm().experiments[0], MLP)
    assert [one.name for one in crossed] == ["batch-26", "batch-52", "none-26", "none-52"]
    assert {one.varied for one in crossed} == {"base"}


def test_the_level_of_a_base_is_that_of_its_own_combination():
    kernel = Factor.model_validate({"name": "kernel", "setting": "model.kernel", "values": [3, 5]})
    levels = (Level(name="fine", changes={}), Level(name="coarse", changes={"model.kernel": 5}))
    found = candidates(Experiment(name="x", crossed=(Factor(name="size", levels=levels),), factors=(kernel,)), Recipe())
    assert [(one.name, one.levels["kernel"]) for one in found] == [
        ("fine", "3"),
        ("fine-kernel-5", "5"),
        ("coarse", "5"),
    ]


def test_a_level_without_a_name_of_its_own_for_the_base_is_called_base():
    factor = Factor.model_validate({"name": "rate", "setting": "optimiser.learning_rate", "values": [0.5]})
    found = candidates(Experiment(name="x", factors=(factor,)), Recipe())
    assert [one.levels["rate"] for one in found] == ["base", "0.5"]


def test_levels_of_a_factor_that_another_also_sets_leave_the_others_levels_as_the_base_has_them():
    sgd = Level(name="sgd", changes={"optimiser.name": "sgd", "optimiser.learning_rate": 0.1})
    experiment = Experiment(name="x", factors=(RATES, Factor(name="optimiser", levels=(sgd,))))
    found = candidates(experiment, MLP)
    assert found[-1].levels == {"learning rate": "0.003", "optimiser": "sgd"}
    assert found[-1].recipe.optimiser.learning_rate == 0.1


@pytest.mark.parametrize(
    ("model", "changes", "sizes"),
    [
        (Mlp(hidden=(512, 256)), {"model.layers": 1}, (512,)),
        (Mlp(hidden=(512, 256)), {"model.layers": 4}, (512, 256, 128, 64)),
        (Mlp(hidden=(512, 256)), {"model.width": 0.5}, (256, 128)),
        (Cnn(filters=(32, 64)), {"model.layers": 3}, (32, 64, 128)),
        (Cnn(filters=(32, 64)), {"model.layers": 3, "model.width": 1.5}, (48, 96, 192)),
        (Cnn(filters=(32, 64)), {"model.filters": [7, 9]}, (7, 9)),
    ],
)
def test_layers_and_width_shape_a_network(model, changes, sizes):
    found = changed(Recipe(model=model), changes).model
    assert (found.hidden if found.kind == "mlp" else found.filters) == sizes


def test_changes_that_make_no_recipe_are_kept_with_what_is_wrong():
    padding = Factor.model_validate({"name": "padding", "setting": "model.padding", "values": ["same", "none"]})
    kernel = Factor.model_validate({"name": "kernel", "setting": "model.kernel", "values": [3, 7]})
    experiment = Experiment(name="x", crossed=(padding, kernel))
    wrong = [one for one in candidates(experiment, Recipe()) if one.recipe is None]
    assert [one.name for one in wrong] == ["none-7"]
    assert "leaves nothing of the picture" in wrong[0].wrong


def test_a_search_combines_levels():
    experiment = mlp().experiments[0]
    found = proposed(experiment, experiment.base, 0, {"neurons": "8", "learning rate": "0.01"})
    assert (found.name, found.varied) == ("search-01", "search")
    assert found.recipe == changed(experiment.base, {"model.hidden": [8], "optimiser.learning_rate": 0.01})
    assert found.trial_name(3) == "search-01.seed3"


def factor(name, level):
    return Factor(name=name, levels=(Level(name=level, changes={"epochs": 3 + len(name)}),))


def family(name, experiment):
    return FamilyPlan(name=name, experiments=(Experiment(name=experiment),))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Factor(name="a", levels=(Level(name="x", changes={}), Level(name="x", changes={}))), "two levels"),
        (lambda: Experiment(name="a", factors=(NEURONS, NEURONS)), "two factors are named neurons"),
        (lambda: Experiment(name="a", factors=(factor("search", "x"),)), "two factors are named search"),
        (
            lambda: Experiment(name="a", factors=(factor("a", "b-c"), factor("a b", "c"))),
            "two candidates are named a-b-c",
        ),
        (lambda: plan(family("a", "b-c"), family("a-b", "c")), "two experiments are named a-b-c"),
        (lambda: FamilyPlan(name="a", experiments=(Experiment(name="x"), Experiment(name="x"))), "two experiments"),
        (lambda: FamilyPlan(name="a", experiments=(Experiment(name="finals"),), finals=Finals()), "two experiments"),
        (lambda: plan(mlp(), mlp()), "two families are named mlp"),
        (lambda: Experiment(name="../x"), "match pattern"),
        (
            lambda: FamilyPlan(name="cnn", experiments=(Experiment(name="x", base=Recipe(fold=0)),)),
            "cnn.x: all recipes of",
        ),
        (
            lambda: FamilyPlan(name="cnn", experiments=(Experiment(name="x", changes={"fold": 1}),)),
            "cnn.x: all recipes of",
        ),
        (
            lambda: FamilyPlan(name="cnn", experiments=(Experiment(name="x", factors=(FOLDS,)),)),
            "all recipes of reread, and none of another family, have a fold",
        ),
        (lambda: FamilyPlan(name="reread", experiments=(Experiment(name="x"),)), "reread.x: all recipes of"),
        (
            lambda: FamilyPlan(name="reread", experiments=(Experiment(name="x", factors=(FOLDS,)),)),
            "reread.x: all recipes of",  # its base has none
        ),
        (lambda: Factor.model_validate({"name": "a", "setting": "epochs", "values": [3, 3]}), "two levels"),
    ],
)
def test_names_must_differ_and_be_fit_for_folders(make, message):
    with pytest.raises(ValidationError, match=message):
        make()


def test_only_some_families():
    whole = plan(mlp(), norm())
    assert [family.name for family in whole.only(("norm",)).families] == ["norm"]
    with pytest.raises(LetterlabError, match="'rnn' is not in the plan small: give mlp, norm"):
        whole.only(("rnn",))


OWN = """
name = "mine"

[[families]]
name = "mlp"

[[families.experiments]]
name = "rates"
seeds = 2
base = {epochs = 2, letters_of_each = 5, model = {kind = "mlp", hidden = [16]}}

[[families.experiments.factors]]
name = "learning rate"
setting = "optimiser.learning_rate"
values = [0.001, 0.01]

[[families.experiments.factors]]
name = "regularisation"
levels = [{name = "none", changes = {"model.dropout" = 0.0}}]

[families.experiments.search]
trials = 4

[families.finals]
take = 1
changes = {letters_of_each = "all", epochs = 4}
"""

FACTOR = """
[[families.experiments]]
name = "more"
[[families.experiments.factors]]
name = "f"
setting = {}
values = {}
"""
CROSSED = FACTOR.format('"seed"', "[1, 2, 3]") + "".join(
    f"""
[[families.experiments.crossed]]
name = "crossed {number}"
setting = "seed"
values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
"""
    for number in range(3)
)


def test_a_plan_from_toml_is_the_same_as_in_python(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    found = read_plan(path)
    [experiment] = found.families[0].experiments
    assert [level.name for level in experiment.factors[0].levels] == ["0.001", "0.01"]
    assert experiment.base.model == Mlp(hidden=(16,))
    assert experiment.search.trials == 4
    assert found.families[0].finals.changes == {"letters_of_each": "all", "epochs": 4}
    assert Plan.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "cannot be read as a plan"),
        ('name = "x"', "families: Field required"),
        (OWN.replace("seeds = 2", "seed = 2"), "seed is not a setting, perhaps seeds is meant"),
        (OWN.replace("optimiser.learning_rate", "optimiser.rate"), "learning-rate-0.001 in mlp.rates is no recipe"),
        (OWN.replace("trials = 4", "trials = 0"), "trials: .*greater than or equal to 1"),
        (OWN.replace("epochs = 4}", "epoch = 4}"), "finals.*epoch is not a setting"),
        (
            OWN.replace("seeds = 2", 'seeds = 2\nbase_of = "mlp"'),
            "base_of of mlp.rates is mlp, which is no",
        ),
        (OWN.replace("seeds = 2", 'seeds = 2\nbase_of = "nosuch"'), "base_of of mlp.rates is nosuch"),
        (OWN.replace("seeds = 2", 'seeds = 2\nchanges = {"model.layers" = 10000000}'), "layers: .*or equal to 100"),
        (OWN.replace("seeds = 2", 'seeds = 2\nchanges = {"model.width" = 1e308}'), "width: .*or equal to 1000"),
        (OWN + CROSSED, r"comes to 4,000 recipes, more than 1,000: cross or vary fewer levels"),
        (OWN + FACTOR.format("[1]", "[1]"), "give a setting in quotes"),
        (OWN + FACTOR.format('"seed"', "1"), "its values as a list"),
    ],
)
def test_a_wrong_plan_is_explained(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(LetterlabError, match=message) as raised:
        read_plan(path)
    assert "mine.toml" in str(raised.value)


def test_a_missing_plan_is_named(tmp_path):
    with pytest.raises(LetterlabError, match=r"no plan at .*nowhere\.toml"):
        read_plan(tmp_path / "nowhere.toml")
