"""From the real zips to findings, by the names that `import letterlab` gives."""

import letterlab


def test_a_network_learns_real_letters_and_its_findings_are_about_them(real, tmp_path):
    letters = letterlab.open_letters(real / "letters", cache=tmp_path / "cache")
    recipe = letterlab.Recipe(model=letterlab.Mlp(hidden=(128,)), epochs=3)
    epochs = list(letterlab.fit(recipe, letters, tmp_path / "run"))
    assert epochs[-1].validation.accuracy > epochs[0].validation.accuracy
    said = letterlab.evaluate(tmp_path / "run", letters.test)
    assert said.accuracy.n == 3640
    assert said.accuracy.low > 0.6  # 3 epochs of a small network; a twenty-sixth is chance
    found = letterlab.Findings.of(said)
    assert found.counts.sum(axis=1).tolist() == [140] * 26
    assert len(found.pairs) == 10
    assert not found.evenness.even
