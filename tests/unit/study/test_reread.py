"""Letters read again by networks that did not learn them: one small study, from its trials to its doubts."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from letterlab.errors import LetterlabError
from letterlab.evaluation import Predictions
from letterlab.findings.doubt import VIEWS
from letterlab.letterset import FOLDS, LetterSet, folds_stratified
from letterlab.recipe import Mlp, Recipe, no_augmentation
from letterlab.study import engine
from letterlab.study.assignment import reread
from letterlab.study.beginning import begin, read_letters
from letterlab.study.folder import TEST_FILE, VALIDATION_FILE, Asked, in_view
from letterlab.study.plan import Experiment, FamilyPlan
from letterlab.study.processes import Processes
from letterlab.study.results import open_results
from letterlab.study.store import Store
from letterlab.training import parts
from small_plan import MLP, plan

SURE = Recipe(model=Mlp(hidden=(64,), dropout=0.0), augmentation=no_augmentation(), batch_size=26, epochs=12)
BEST = FamilyPlan(name="cnn", experiments=(Experiment(name="all", base=SURE, seeds=1),))
ASKED = Asked("blobs", (), "I", None, "letterlab study blobs")


def read_again(letters, folder, whole, only=()):
    read, used = read_letters(letters, keep_leaks=True)
    study = begin(folder, used, read, replace(ASKED, only=only), whole)
    with closing(Store(folder)) as store:
        engine.run(study.plan, store, Processes(used, folder, 2, {}), lambda recipe: 1.0, lambda step: None)


@pytest.fixture(scope="module")
def wrong(letters):
    """The letters, of which a training letter Q is labelled B and a test letter K stands on its head."""
    labels, images = letters.train.labels.copy(), letters.test.images.copy()
    labels[16 * 20 + 3] = 1
    images[10 * 4 + 2] = images[10 * 4 + 2, ::-1, ::-1]
    return replace(
        letters,
        train=LetterSet.of(letters.train.images, labels, letters.train.names.tolist()),
        test=LetterSet.of(images, letters.test.labels, letters.test.names.tolist()),
    )


@pytest.fixture(scope="module")
def folder(wrong, tmp_path_factory):
    place = tmp_path_factory.mktemp("study")
    read_again(wrong, place, plan(BEST, reread(12, "fp32")))
    return place


@pytest.fixture(scope="module")
def results(folder):
    return open_results(folder)


def test_it_is_the_best_network_and_no_candidate(results):
    assert [family.family for family in results.families] == ["cnn"]
    assert len(results.trials) == len(results.families[0].best.trials) + FOLDS  # and their time is counted
    assert results.seconds > sum(trial.record.seconds for trial in results.reread.trials)
    recipes = [trial.record.recipe for trial in results.reread.trials]
    assert [one.fold for one in recipes] == list(range(FOLDS))
    assert {one.model_copy(update={"fold": None}) for one in recipes} == {SURE}


def test_what_is_wrong_is_found_among_many_that_are_right(results, wrong):
    found = results.reread.doubt
    assert [(one.part, one.name, one.label, one.kind, one.suggested) for one in found.letters if one.score > 0.5] == [
        ("train", str(wrong.train.names[16 * 20 + 3]), "B", "mislabelled", "Q"),
        ("test", str(wrong.test.names[10 * 4 + 2]), "K", "turned", "K"),
    ]
    assert found.sizes == {"train": 520, "test": 104}
    for one, image in zip(
        found.letters, (wrong.train.images[16 * 20 + 3], wrong.test.images[10 * 4 + 2]), strict=False
    ):
        assert (results.reread.picture(one) == image).all()


def test_a_training_letter_is_read_by_the_network_that_did_not_learn_it(results, wrong, folder):
    folds = folds_stratified(wrong.train.labels)
    for fold, trial in enumerate(results.reread.trials):
        said = Predictions.open(trial.folder / VALIDATION_FILE)
        assert said.names.tolist() == wrong.train.names[folds == fold].tolist()
        assert not set(said.names) & set(parts(wrong, fold).train.names)
        learned = {"train", "validation"} & {path.name.split(".")[0] for path in trial.folder.glob("*.npz")}
        assert learned == {"validation"}
        for view in VIEWS:
            assert len(Predictions.open(trial.folder / in_view(VALIDATION_FILE, view))) == len(said)
            assert len(Predictions.open(trial.folder / in_view(TEST_FILE, view))) == 104
    [plain] = results.family("cnn").best.trials
    assert sorted(path.name for path in plain.folder.glob("*.npz")) == [TEST_FILE, VALIDATION_FILE]


def test_a_network_says_of_a_view_what_it_says_of_letters_that_are_so(results, wrong):
    trial = results.reread.trials[0]
    upright, turned = (Predictions.open(trial.folder / name) for name in (TEST_FILE, in_view(TEST_FILE, "turned")))
    right = (turned.answers == wrong.test.labels)[wrong.test.labels == 10]
    assert right.tolist().count(True) == 1  # the K that stands on its head
    assert upright.accuracy.share > 0.9


def test_until_every_fold_is_done_nothing_is_in_doubt(wrong, tmp_path):
    [folds] = reread(1, "fp32").experiments
    two = folds.crossed[0].model_copy(update={"levels": folds.crossed[0].levels[:2]})
    some = FamilyPlan(name="reread", experiments=(folds.model_copy(update={"crossed": (two,), "base": MLP}),))
    read_again(wrong, tmp_path, plan(BEST, some))
    found = open_results(tmp_path)
    assert found.reread is None
    assert [family.family for family in found.families] == ["cnn"]


def test_alone_it_is_the_plans_own_network_and_makes_no_results(wrong, tmp_path):
    [folds] = reread(1, "fp32").experiments
    alone = FamilyPlan(name="reread", experiments=(folds.model_copy(update={"base": MLP}),))
    read_again(wrong, tmp_path, plan(BEST, alone), only=("reread",))
    with closing(Store(tmp_path)) as store:
        assert {one.candidate.recipe.model for one in store.trials("reread-folds")} == {MLP.model}
    with pytest.raises(LetterlabError, match="has trained no candidates, only reread"):
        open_results(tmp_path)


def test_the_letters_that_were_learned_are_kept(results, wrong):
    assert results.reread.train.fingerprint == wrong.train.fingerprint
    assert results.reread.train.names.tolist() == wrong.train.names.tolist()
    assert np.array_equal(results.test.images, wrong.test.images)


def test_the_family_is_of_the_best_cnn():
    [experiment] = reread(3, "bf16").experiments
    assert (experiment.base_of, experiment.seeds, experiment.base.precision) == ("cnn", 1, "bf16")
    assert Recipe().fold is None
