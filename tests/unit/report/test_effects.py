"""What an experiment tells: sentences follow the tests, and say so where nothing is shown."""

from dataclasses import replace

import numpy as np
import pytest

import made_up
from letterlab.findings.compare import Comparison, compare, compare_all, mean_interval
from letterlab.report.effects import (
    best_of_search,
    by_factor,
    combination,
    conditions,
    counted,
    effect_sentences,
    is_screening,
    largest_change,
    mean_validation,
    steps,
    tied,
    title,
)


def experiment(shares, family=None, each=20, position=0):
    plan = made_up.small(family or made_up.mlp(search=0))
    return made_up.results(plan, shares, each=each).families[0].experiments[position]


def bare(markup) -> str:
    import re

    return re.sub(r"<[^>]+>", "", str(markup))


@pytest.fixture(scope="module")
def one_matters():
    """Activation matters, both ways; dropout and layers do not."""
    return experiment(made_up.shares({"activation-sigmoid": 0.70, "activation-tanh": 0.97}, 0.85))


def test_a_factor_that_matters_is_told_from_those_that_do_not(one_matters, english):
    told = {factor: bare(sentence) for factor, sentence in effect_sentences(english, one_matters)}
    assert list(told) == ["activation", "dropout", "layers"]
    assert told["activation"].startswith("Better than relu: tanh +11.")
    assert "Worse than relu: sigmoid −15." in told["activation"]
    assert told["dropout"] == "No difference from 0.3 is shown: 0."
    assert told["layers"] == "No difference from 2 is shown: 1; 3."
    assert bare(counted(english, one_matters)) == (
        "Of 5 changes of the base, 1 is shown to be better and 1 to be worse; for 3 no difference is shown."
    )


def test_the_same_in_russian(one_matters, russian):
    told = {factor: bare(sentence) for factor, sentence in effect_sentences(russian, one_matters)}
    assert told["активация"].startswith("Лучше, чем relu: tanh +11,")
    assert "Хуже, чем relu: sigmoid −15," in told["активация"]
    assert told["слои"] == "Отличие от уровня «2» не показано: 1; 3."
    assert bare(counted(russian, one_matters)) == (
        "Изменений базы: 5. Показано, что лучше неё 1 из них, а хуже — 1; для 3 различие не показано."
    )


def test_where_nothing_matters_none_is_shown(english):
    result = experiment(made_up.shares({}, 0.85))
    assert bare(counted(english, result)) == "Of 5 changes of the base, none is shown to make a difference."
    assert all(not one.better and not one.worse for one in by_factor(result))
    assert all("No difference" in sentence and "+" not in sentence for _, sentence in effect_sentences(english, result))


def test_effects_are_corrected_over_the_experiment(one_matters):
    factor = next(one for one in by_factor(one_matters) if one.factor == "activation")
    (effect,) = factor.better
    base = one_matters.tried[0]
    alone = compare(effect.tried.validation_correct, base.validation_correct)
    assert effect.comparison.difference == alone.difference
    assert effect.comparison.p > alone.p_letters


def test_an_interval_without_zero_is_not_enough(english):
    result = experiment(made_up.shares({}), each=6)
    corrected = {name: Comparison(0.02, 0.001, 0.04, 156, 2, 0.04, 0.04, 0.2) for name in result.to_base}
    result.__dict__["to_base"] = corrected
    assert all(not one.better for one in by_factor(result))


def test_crossed_factors_are_named_with_each_level(english):
    result = experiment(made_up.shares({"1-activation-sigmoid": 0.6}, 0.9), made_up.cnn())
    told = dict(effect_sentences(english, result))
    assert "Worse than relu: <span class='name'>sigmoid</span> with layers 1 −30" in told["activation"]
    unclear = bare(told["activation"]).partition("others: ")[2]
    assert unclear == "sigmoid with layers 2; sigmoid with layers 3."
    assert combination(english, result, result.tried[0]) == "layers 1"


def test_steps_compare_each_base_with_the_one_before():
    result = experiment(made_up.shares({"1": 0.8, "2": 0.9, "3": 0.9}), made_up.cnn())
    found = steps(result)
    assert [one.name for one, _ in found] == ["1", "2", "3"]
    assert found[0][1] is None
    means = [one.validation_mean for one, _ in found]
    assert [step.difference for _, step in found[1:]] == pytest.approx(np.diff(means))
    assert [step.apart for _, step in found[1:]] == [True, False]
    bases = [one.validation_correct for one, _ in found]
    assert [step for _, step in found[1:]] == compare_all([(bases[1], bases[0]), (bases[2], bases[1])])


def test_without_one_crossed_factor_there_are_no_steps():
    assert steps(experiment(made_up.shares({}))) == []
    assert steps(experiment(made_up.shares({}), made_up.norm(), each=6)) == []


def test_the_best_of_the_search_is_compared_with_the_base():
    given = {"search-00": 0.80, "search-01": 0.99, "search-02": 0.90}
    result = experiment(made_up.shares(given, 0.85), made_up.mlp(search=3))
    effect = best_of_search(result)
    assert effect.tried.name == "search-01"
    assert effect.reference is result.tried[0]
    assert effect.comparison == compare(effect.tried.validation_correct, result.tried[0].validation_correct)
    assert effect.comparison.difference > 0.1
    assert best_of_search(experiment(made_up.shares({}))) is None


def test_what_the_search_is_compared_with_is_named_also_where_everything_is_crossed():
    levels = made_up.factor("layers", "model.layers", 1, 2)
    family = made_up.mlp(search=2, crossed=(levels,), factors=())
    result = experiment(made_up.shares({"1": 0.95, "2": 0.80}), family)
    effect = best_of_search(result)
    assert (effect.reference.name, effect.tried.name[:6]) == ("1", "search")


def test_the_largest_change_is_the_largest_that_is_shown(one_matters, english):
    activation, dropout, _ = by_factor(one_matters)
    assert activation.largest is activation.worse[0]  # -15 points, and not the +12 of the better
    assert dropout.largest is None
    told = bare(largest_change(english, one_matters, activation.largest, "activation"))
    assert told.startswith("activation: sigmoid instead of relu: −15.")
    crossed = experiment(made_up.shares({"1-activation-sigmoid": 0.6}, 0.9), made_up.cnn())
    effect = next(one.largest for one in by_factor(crossed) if one.factor == "activation")
    assert effect.reference is crossed.base_of(effect.tried)
    told = bare(largest_change(english, crossed, effect, "activation"))
    assert told.startswith("activation: sigmoid instead of relu with layers 1: −30.")


def test_a_mean_has_the_interval_of_letters_and_seeds(one_matters, english, russian):
    base = one_matters.tried[0]
    low, high = mean_interval(base.validation_correct)
    assert low < base.validation_mean < high
    assert (low, high) == base.validation_interval != base.test_interval == mean_interval(base.test_correct)
    mean, low, high = (english.decimal(100 * value) for value in (base.validation_mean, low, high))
    assert mean_validation(english, base) == f"{mean}\u202f% ({low} to {high})"
    assert mean_validation(russian, base) == f"{mean}\u202f% ({low}–{high})".replace(".", ",")


def test_the_heading_names_a_network_that_stands_alone(english, russian):
    alone = made_up.results(made_up.small(made_up.transfer(networks=("squeezenet1_1",)))).families[0].experiments
    assert title(english, alone[0]) == "squeezenet1_1: ImageNet weights against random ones, by the number of letters"
    assert title(russian, alone[0]).startswith("squeezenet1_1: Веса ImageNet и случайные веса")
    assert title(english, alone[1]) == "Stem, size of the picture, what is trained"
    both = made_up.results(made_up.small(made_up.transfer())).families[0].experiments[0]
    assert title(english, both) == "ImageNet weights against random ones, by the number of letters"


def test_a_screening_is_what_finals_follow(results):
    screened = {one.family: is_screening(results, one.experiments[0]) for one in results.families}
    assert screened == {"mlp": True, "cnn": True, "norm": False, "transfer": False}
    begun = made_up.results(share=lambda experiment, _: None if experiment.endswith("finals") else 0.9)
    assert is_screening(begun, begun.family("mlp").experiments[0])  # the finals are still to come
    another = replace(results, plan=made_up.small(made_up.norm()))  # a later command that asked for another family
    assert is_screening(another, results.family("mlp").experiments[0])


def test_ties_are_those_not_apart_from_the_best():
    plan = made_up.small(made_up.mlp(search=0))
    given = {"mlp-finals/base": 0.95, "mlp-finals/layers-3": 0.95, "layers-3": 0.91, "dropout-0": 0.92, "base": 0.93}
    family = made_up.results(plan, made_up.shares(given, 0.80), each=20).families[0]
    assert {one.name for one in family.finals} == {"base", "layers-3", "dropout-0"}
    assert {one.name for one in (family.best, *tied(family))} == {"base", "layers-3"}


def test_conditions_say_which_letters_the_numbers_come_from(results, english, russian):
    mlp = results.family("mlp")
    screened = [bare(one) for one in conditions(english, mlp.experiments[0].tried, screening=True)]
    assert screened[0] == (
        "Screening: each network was shown only 200 of each letter of the training part; the best are trained again in "
        "the finals."
    )
    assert screened[1:3] == ["Each was trained for 4 epochs.", "Each has 2 seeds."]
    assert "too narrow" in screened[3]
    assert bare(conditions(english, mlp.finals)[0]) == "Each network was shown all letters of the training part."
    vary = results.family("transfer").experiments[0].tried
    assert "differs" in conditions(english, vary)[0]
    assert bare(conditions(russian, mlp.finals)[1]) == "Каждая обучалась 4 эпохи."
    some = conditions(english, results.family("norm").experiments[0].tried)
    assert bare(some[0]) == "Each network was shown only 200 of each letter of the training part."
    one_seed = made_up.results(made_up.small(made_up.own())).families[0].experiments[0].tried
    assert "one seed" in conditions(english, one_seed)[-1]
