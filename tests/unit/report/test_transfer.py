"""ImageNet weights against random ones: a difference is told at each number of letters, where it is shown."""

import re
from dataclasses import replace

import pytest

import made_up
from letterlab.findings.compare import compare
from letterlab.report.transfer import (
    letter_sweep,
    letters_figure,
    network_sentences,
    transfer_sentences,
    without_weights,
)
from letterlab.study.results import Failure


def study(share=None, failed=(), **given):
    return made_up.results(made_up.small(made_up.transfer(**given)), share, each=20, failed=failed)


def helped(experiment, candidate):
    """ImageNet weights help where few letters are shown, and squeezenet never."""
    few = candidate.recipe.letters_of_each == 10
    from_imagenet = candidate.recipe.model.weights == "imagenet"
    if from_imagenet and candidate.recipe.model.network == "mobilenet_v2" and few:
        return 0.90
    return 0.705 if from_imagenet else 0.70


def bare(markup) -> str:
    return re.sub(r"<[^>]+>", "", str(markup))


def sweep_of(results):
    return letter_sweep(results.families[0].experiments[0], results)


def test_what_differs_beside_the_weights_is_told(english, russian):
    results = study(helped)
    assert sweep_of(results).differing(english) == []
    result = results.families[0].experiments[0]

    def changed(alters, **update):
        tried = [
            replace(one, recipe=one.recipe.model_copy(update=update)) if alters(one) else one for one in result.tried
        ]
        return letter_sweep(replace(result, tried=tuple(tried)), results)

    [own] = changed(lambda one: one.name == "mobilenet_v2-random-10", batch_size=8).differing(english)
    assert "the optimiser, learning rate and batch size that suit them" in own
    fewer = changed(lambda one: one.recipe.letters_of_each == 10, epochs=9)
    [epochs] = fewer.differing(english)
    assert "the epochs were 10: 9; 100: 4; all (425): 4;" in epochs
    assert "10: 9; 100: 4; все (425): 4" in fewer.differing(russian)[0]


def test_sentences_follow_the_tests(english, russian):
    sweep = sweep_of(study(helped))
    told = [bare(one) for one in transfer_sentences(english, sweep)]
    assert len(told) == 4
    assert told[0].startswith(
        "With 10 of each letter, training from ImageNet weights is shown to be better than from random ones: "
        "mobilenet_v2 +20."
    )
    assert told[1].startswith(
        "With 10 of each letter, no difference between ImageNet weights and random ones is shown: squeezenet1_1"
    )
    assert told[3].startswith("With all (425) of each letter, no difference")
    assert bare(transfer_sentences(russian, sweep)[0]).startswith(
        "Изображений каждой буквы: 10. Показано, что обучение с весов ImageNet лучше, чем со случайных: "
        "mobilenet_v2 +20,"
    )


def test_each_network_is_told_with_the_letters_at_which_weights_help(english, russian):
    told = [bare(one) for one in network_sentences(english, sweep_of(study(helped)))]
    assert told[0].startswith(
        "mobilenet_v2 is shown to be better from ImageNet weights than from random ones with so many of each letter, "
        "in points: 10: +20."
    )
    assert "100" not in told[0]
    assert told[1].startswith("For mobilenet_v2 no difference between ImageNet weights and random ones is shown")
    assert re.findall(r"(\d+|all \(425\)): [+−]?\d", told[1]) == ["100", "all (425)"]
    assert told[2].startswith("For squeezenet1_1 no difference")
    assert len(told) == 3
    assert "mobilenet_v2 с весов ImageNet обучается лучше" in bare(
        network_sentences(russian, sweep_of(study(helped)))[0]
    )
    harmed = study(lambda _, one: 0.6 if one.recipe.model.weights == "imagenet" else 0.9)
    assert all("is shown to be worse" in one for one in network_sentences(english, sweep_of(harmed)))


def test_weights_that_harm_are_said_to_harm(english):
    results = study(lambda experiment, candidate: 0.6 if candidate.recipe.model.weights == "imagenet" else 0.9)
    assert all("is shown to be worse" in one for one in transfer_sentences(english, sweep_of(results)))


def test_pairs_are_of_one_network_and_number_of_letters():
    sweep = sweep_of(study(helped))
    assert [(pair.network, pair.letters) for pair in sweep.pairs] == [
        (network, n) for network in ("mobilenet_v2", "squeezenet1_1") for n in (10, 100, 425)
    ]
    for pair in sweep.pairs:
        assert pair.imagenet.name == pair.random.name.replace("random", "imagenet")
        alone = compare(pair.imagenet.validation_correct, pair.random.validation_correct)
        assert pair.comparison.difference == alone.difference
        assert pair.comparison.p >= alone.p_letters
    assert any(pair.comparison.p > pair.comparison.p_letters for pair in sweep.pairs)


def test_networks_without_weights_are_named_once_with_the_first_reason():
    failed = (
        Failure("transfer-letters/squeezenet1_1-imagenet-10.seed0", "There is no file."),
        Failure("transfer-letters/squeezenet1_1-imagenet-100.seed1", "There is still none."),
        Failure("transfer-letters/mobilenet_v2-random-10.seed0", "Its loss is not a number."),
    )

    def share(experiment, candidate):
        lost = candidate.levels.get("network") == "squeezenet1_1" and candidate.levels.get("weights") == "imagenet"
        return None if lost else helped(experiment, candidate)

    results = study(share, failed)
    result = results.families[0].experiments[0]
    assert without_weights(results, result) == [("squeezenet1_1", "There is no file.")]
    assert {pair.network for pair in sweep_of(results).pairs} == {"mobilenet_v2"}
    one_came_through = study(helped, failed)
    assert without_weights(one_came_through, one_came_through.families[0].experiments[0]) == []


def test_random_weights_that_fail_are_no_want_of_weights():
    failed = (Failure("transfer-letters/mobilenet_v2-random-10.seed0", "Its loss is not a number."),)
    results = study(lambda _, one: None if one.levels.get("weights") == "imagenet" else 0.8, failed)
    assert without_weights(results, results.families[0].experiments[0]) == []


def test_the_figure_has_solid_and_dashed_curves_at_the_true_number_of_letters(english):
    sweep = sweep_of(study(helped))
    figure = letters_figure(english, sweep)
    assert figure.count('class="curve ') == 4
    assert len(re.findall(r'class="curve c\d dashed"', figure)) == 2
    kinds = re.findall(r'class="(mark[^"]*)"></\w+><text[^>]*class="end">([^<]*)<', figure)
    assert {name: "hollow" in kind for kind, name in kinds} == {
        "mobilenet_v2": False,
        "mobilenet_v2, random": True,
        "squeezenet1_1": False,
        "squeezenet1_1, random": True,
    }
    found = re.findall(r'<text x="([\d.]+)" y="[\d.]+" class="tick">([^<]*)<', figure)
    ticks = {name: float(x) for x, name in found}
    decade = ticks["100"] - ticks["10"]
    assert ticks["all (425)"] - ticks["100"] == pytest.approx(decade * 0.628, abs=0.5)


def test_only_random_weights_make_no_pairs(english):
    results = study(lambda experiment, candidate: 0.8 if "random" in candidate.name else None)
    sweep = sweep_of(results)
    assert sweep.pairs == []
    assert transfer_sentences(english, sweep) == []
    assert letters_figure(english, sweep).count('class="curve ') == 2


def test_other_experiments_are_no_such_sweep(results):
    stem = results.family("transfer").experiments[1]
    assert letter_sweep(stem, results) is None
    assert without_weights(results, stem) == []
    assert letter_sweep(results.family("norm").experiments[0], results) is None
