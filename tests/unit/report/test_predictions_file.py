"""predictions.csv holds every answer of the networks that the report is about."""

import csv

import made_up
from letterlab.alphabet import LETTERS
from letterlab.report.predictions_file import write_predictions


def rows(results, folder):
    write_predictions(results, folder / "predictions.csv")
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_letter_and_network_has_a_row(results, tmp_path):
    found = rows(results, tmp_path)
    assert len(found) == sum(len(family.best_trial.test) for family in results.families)
    assert list(found[0]) == ["network", "file", "label", "answer", "p_answer", "p_label", *LETTERS]
    for family in results.families:
        own = [row for row in found if row["network"] == family.best_trial.name]
        said = family.best_trial.test
        assert [row["file"] for row in own] == said.names.tolist()
        assert [LETTERS.index(row["label"]) for row in own] == said.labels.tolist()
        assert [LETTERS.index(row["answer"]) for row in own] == said.answers.tolist()


def test_probabilities_are_rounded_to_a_ten_thousandth(results, tmp_path):
    family = results.families[0]
    for row, shares in zip(rows(results, tmp_path), family.best_trial.test.probabilities, strict=False):
        each = [float(row[letter]) for letter in LETTERS]
        assert max(abs(one - float(share)) for one, share in zip(each, shares, strict=True)) <= 0.00005 + 1e-7
        assert float(row["p_answer"]) == max(each)
        assert row["p_label"] == row[row["label"]]
        assert max(map(len, row.values())) < 30
        assert not any("e-" in row[letter] for letter in LETTERS)


def test_a_name_with_a_comma_stays_one_name(tmp_path):
    results = made_up.results(made_up.small(made_up.mlp(search=0)))
    said = results.families[0].best_trial.test
    said.names[0] = 'a,"b".jpg'
    assert rows(results, tmp_path)[0]["file"] == 'a,"b".jpg'
