"""Normalisation over batch sizes: crossings are told where they are shown, and only there."""

import re

import pytest

import made_up
from letterlab.findings.compare import compare, compare_all
from letterlab.report.batches import (
    PAPER,
    batch_sweep,
    choice_sentence,
    normalisation,
    rise_sentence,
    versus_sentence,
)


def sweep_of(share, each=20, family=None):
    return batch_sweep(
        made_up.results(made_up.small(family or made_up.norm()), share, each=each).families[0].experiments[0]
    )


def by(batch_norm, group_norm, none=lambda size: 0.80):
    """Shares right by batch size, of each normalisation."""

    def share(experiment, candidate):
        size, model = candidate.recipe.batch_size, candidate.recipe.model
        if model.normalisation == "group" and model.group_size == "all":
            return group_norm(size) - 0.03
        return {"batch": batch_norm, "group": group_norm, "none": none}[model.normalisation](size)

    return share


def bare(markup) -> str:
    return re.sub(r"<[^>]+>", "", str(markup))


def told(words, sweep, rate, second):
    one = next(one for one in sweep.versus if (one.rate, one.second) == (rate, second))
    return bare(versus_sentence(words, sweep, one))


@pytest.fixture(scope="module")
def crossing():
    return sweep_of(by(lambda size: 0.70 if size < 8 else 0.80 if size == 8 else 0.93, lambda size: 0.82))


def test_curves_that_cross_are_said_to_cross(crossing, english, russian):
    assert told(english, crossing, "scaled", "gn-16").startswith(
        "With a learning rate scaled with the batch size they cross: GroupNorm with 16 channels a group (gn-16) is "
        "shown to be better than BatchNorm (bn) at batch size 2, +"
    )
    batch, group = crossing.along("fixed", "bn"), crossing.along("fixed", "gn-16")
    at_2, at_32 = (compare(group[size].validation_correct, batch[size].validation_correct) for size in (2, 32))
    better, worse = russian.difference(at_2), russian.difference(at_32)
    assert told(russian, crossing, "fixed", "gn-16") == (
        "При постоянной скорости обучения кривые пересекаются: показано, что GroupNorm с 16 каналами в группе (gn-16) "
        f"лучше, чем BatchNorm (bn), при размере пакета 2, {better} п. п., и хуже при 32, {worse}."
    )
    turned = sweep_of(by(lambda size: 0.95 if size < 8 else 0.7, lambda size: 0.7 if size < 8 else 0.95))
    sentence = told(english, turned, "fixed", "gn-16")
    assert "BatchNorm (bn) is shown to be better than GroupNorm with 16 channels a group (gn-16) at" in sentence
    assert re.search(r"at batch size 2, \+25\.\d \(\+.* points, and worse at 8, −25\.\d \(−", sentence)


def test_curves_that_do_not_cross_are_not(english, russian):
    ahead = sweep_of(by(lambda size: 0.60 if size == 2 else 0.90, lambda size: 0.90))
    sentence = told(english, ahead, "fixed", "gn-16")
    assert sentence.startswith(
        "With a fixed learning rate no crossing is shown: GroupNorm with 16 channels a group (gn-16) is shown to be "
        "better than BatchNorm (bn) at 1 of 4 batch sizes, and at none is it shown to be worse. Where it is better, by "
        "batch size in points: 2: +30."
    )
    batch, group = ahead.along("fixed", "bn")[2], ahead.along("fixed", "gn-16")[2]
    alone = compare(group.validation_correct, batch.validation_correct)
    assert sentence.endswith(f": 2: {english.difference(alone)}.")
    assert "при 1 из 4 размеров пакета, и ни при одном размере не показано, что хуже" in told(
        russian, ahead, "fixed", "gn-16"
    )
    assert told(english, ahead, "fixed", "none").startswith(
        "With a fixed learning rate they cross: no normalisation (none) is shown to be better than BatchNorm (bn) at"
    )


def test_where_nothing_is_shown_no_crossing_is(english, russian):
    alike = sweep_of(by(lambda size: 0.90, lambda size: 0.90, lambda size: 0.90))
    assert told(english, alike, "fixed", "gn-16") == (
        "With a fixed learning rate no difference between BatchNorm (bn) and GroupNorm with 16 channels a group "
        "(gn-16) is shown at any of the 4 batch sizes, and so no crossing."
    )
    assert "не показано и пересечение" in told(russian, alike, "fixed", "none")


def test_the_group_norm_is_the_one_of_highest_mean(crossing):
    assert crossing.group == "gn-16"
    other = sweep_of(lambda experiment, candidate: 0.95 if candidate.recipe.model.group_size == "all" else 0.80, each=6)
    assert other.group == "gn-all"
    assert [(one.rate, one.second) for one in crossing.versus] == [
        ("fixed", "gn-16"),
        ("fixed", "none"),
        ("scaled", "gn-16"),
        ("scaled", "none"),
    ]


def test_that_the_group_norm_was_chosen_is_said_where_there_was_a_choice(crossing, english, russian):
    assert "compared is gn-16: of the 2 tried, its mean" in choice_sentence(english, crossing)
    assert "BatchNorm had no such choice" in choice_sentence(english, crossing)
    assert "из испытанных вариантов GroupNorm (2)" in choice_sentence(russian, crossing)
    assert choice_sentence(english, sweep_of(None, each=6, family=made_up.norm(sizes=(16,)))) is None


def test_comparisons_are_bn_less_the_other_corrected_over_batch_sizes(crossing):
    one = crossing.versus[0]
    batch, group = crossing.along("fixed", "bn"), crossing.along("fixed", "gn-16")
    pairs = [(batch[size].validation_correct, group[size].validation_correct) for size in (2, 8, 32, 256)]
    assert one.batches == (2, 8, 32, 256)
    assert list(one.comparisons) == compare_all(pairs)
    assert one.comparisons[0].difference < 0 < one.comparisons[-1].difference


def test_beside_the_paper_a_rise_is_told_only_where_it_is_shown(crossing, english, russian):
    batch, group = crossing.rises[:2]
    assert (batch.normalisation, group.normalisation) == ("bn", "gn-16")
    assert (batch.large, batch.small) == (32, 2)
    large, small = crossing.along("fixed", "bn")[32], crossing.along("fixed", "bn")[2]
    assert batch.comparison.difference == compare(large.validation_correct, small.validation_correct).difference
    assert batch.at_small - batch.at_large == pytest.approx(batch.comparison.difference)
    sentence = bare(rise_sentence(english, batch, "batch"))
    assert sentence.startswith("With a fixed learning rate the error of bn rises to small batches, as BatchNorm’s does")
    assert f"from {english.percent(batch.at_large)} at 32 to {english.percent(batch.at_small)} at 2" in sentence
    assert sentence.endswith("there +11.1 points from 32 to 2.")
    flat = bare(rise_sentence(russian, group, "group"))
    assert "изменение доли ошибок gn-16 не показано" in flat
    assert flat.endswith("там 0,0 п. п. от 32 к 2.")


def test_an_error_that_falls_is_told_to_fall(english):
    sweep = sweep_of(by(lambda size: 0.95 if size == 2 else 0.85, lambda size: 0.7 if size == 2 else 0.9))
    batch, group = sweep.rises[:2]
    assert "falls to small batches, against the paper" in rise_sentence(english, batch, "batch")
    assert "rises to small batches, where GroupNorm’s stays" in rise_sentence(english, group, "group")


def test_the_papers_numbers():
    assert (PAPER[32], PAPER[2]) == ((0.236, 0.241), (0.347, 0.241))


def test_a_study_that_has_only_begun(english):
    def share(experiment, candidate):
        there = candidate.levels["normalisation"] in ("bn", "gn-all") and candidate.recipe.batch_size in (8, 256)
        return 0.9 if there and candidate.levels["rate"] == "fixed" else None

    sweep = sweep_of(share, each=6)
    assert sweep.rates == ["fixed"]
    assert [(one.second, one.batches) for one in sweep.versus] == [("gn-all", (8, 256))]
    assert sweep.rises == []
    only_bn = sweep_of(lambda experiment, candidate: 0.9 if candidate.levels["normalisation"] == "bn" else None, each=6)
    assert (only_bn.group, only_bn.versus) == (None, [])


def test_what_a_level_is(crossing, english):
    names = [str(normalisation(english, crossing, name)) for name in crossing.normalisations]
    assert names == [
        "BatchNorm (bn)",
        "GroupNorm with 16 channels a group (gn-16)",
        "GroupNorm with all channels in one group (gn-all)",
        "no normalisation (none)",
    ]


def test_other_experiments_are_no_such_sweep(results):
    assert batch_sweep(results.family("mlp").experiments[0]) is None
    assert batch_sweep(results.family("transfer").experiments[0]) is None
