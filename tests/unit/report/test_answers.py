"""The first page: one true sentence for each task."""

import re

import made_up
from letterlab.report.answers import answers, champion


def told(words, results) -> list[str]:
    return [re.sub(r"<[^>]+>", "", str(sentence)) for _, sentence in answers(words, results)]


def test_each_task_has_its_sentence_and_section(results, english):
    assert [section for section, _ in answers(english, results)] == ["s1-1", "s2-1", "s2-2", "s3"]
    mlp, cnn, norm, transfer = told(english, results)
    assert mlp.startswith(f"The best MLP, mlp-finals/{results.family('mlp').best.name} (hidden layers")
    assert english.rate(results.family("mlp").findings.accuracy) in mlp
    assert cnn.startswith(f"The best CNN, cnn-finals/{results.family('cnn').best.name} (filters")
    assert norm.startswith("With a learning rate scaled with the batch size")
    assert transfer.startswith("Shown 10 of each letter, mobilenet_v2 is better from ImageNet weights than from random")


def test_factors_that_are_shown_to_matter_are_named(english, russian):
    plan = made_up.small(made_up.mlp(search=0))
    results = made_up.results(plan, made_up.shares({"activation-sigmoid": 0.6}, 0.9), each=20)
    assert "of 3 factors varied, 1 is shown to move the accuracy: activation." in told(english, results)[0]
    assert (
        "из 3 испытанных факторов влияние на долю верных ответов показано для 1: активация."
        in (told(russian, results)[0])
    )
    alike = made_up.results(plan, made_up.shares({}, 0.9), each=20)
    assert "none of the 3 factors varied is shown to move the accuracy" in told(english, alike)[0]


def test_cnn_and_mlp_are_told_apart_only_where_they_are(english):
    plan = made_up.small(made_up.mlp(search=0), made_up.cnn())

    def better(experiment, candidate):
        return 0.95 if experiment.startswith("cnn") else 0.80

    assert "more than chance would make" in told(english, made_up.results(plan, better, each=20))[1]
    alike = made_up.results(plan, lambda experiment, _: 0.91 if experiment.startswith("cnn") else 0.9, each=20)
    assert "the two are not told apart" in told(english, alike)[1]
    alone = made_up.results(made_up.small(made_up.cnn()), made_up.shares({}, 0.9))
    assert told(english, alone)[1].endswith("of the test letters rightly.")


def test_transfer_that_helps_harms_or_neither(english):
    plan = made_up.small(made_up.transfer())
    shares = {"better": (0.9, 0.6), "worse": (0.6, 0.9), "not shown to be better": (0.8, 0.8)}
    for way, (imagenet, random) in shares.items():
        given = lambda _, one, a=imagenet, b=random: a if one.recipe.model.weights == "imagenet" else b  # noqa: E731
        assert f"mobilenet_v2 is {way}" in told(english, made_up.results(plan, given, each=20))[3]
    only_random = made_up.results(plan, lambda _, one: 0.8 if "random" in one.name else None)
    assert "none was trained both from ImageNet weights and from random ones" in told(english, only_random)[3]


def test_what_was_not_studied_is_said_to_be_missing(english):
    sentences = told(english, made_up.results(made_up.small(made_up.own())))
    assert all("not part of this study" in one for one in sentences)
    begun = made_up.results(
        made_up.small(made_up.norm()), lambda _, one: 0.9 if one.levels["normalisation"] == "none" else None
    )
    assert "not part of this study, or nothing of it" in told(english, begun)[2]


def test_the_champion_is_chosen_by_validation():
    plan = made_up.small(made_up.mlp(search=0), made_up.cnn())
    results = made_up.results(plan, lambda experiment, _: 0.95 if experiment.startswith("mlp") else 0.90)
    for trial in results.family("cnn").best.trials:  # perfect in the test, and yet not chosen
        object.__setattr__(trial, "test_share", 1.0)
    assert results.family("cnn").findings.accuracy.share == 1.0
    assert champion(results).family == "mlp"
