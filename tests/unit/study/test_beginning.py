from dataclasses import replace

import numpy as np
import pytest

from letterlab.errors import LetterlabError
from letterlab.recipe import Cnn, Mlp, Recipe, Torchvision
from letterlab.study.beginning import Costs, begin, quicker_precision, read_letters
from letterlab.study.folder import Asked, Pace, Study, stored_letters
from letterlab.study.shared_store import SharedStore
from letterlab.study.store import Store
from letterlab.study.unfolding import unfold
from small_plan import mlp, norm, plan

ASKED = Asked("blobs", ("mlp",), "I", "Иванов", "letterlab study blobs")
WHOLE = plan(mlp(), norm())


def begun(folder, letters, asked=ASKED, whole=WHOLE):
    read, used = read_letters(letters, keep_leaks=True)
    return begin(folder, used, read, asked, whole)


def test_a_study_is_written_down_as_it_begins(letters, tmp_path):
    study = begun(tmp_path / "new" / "study", letters)
    assert Study.open(tmp_path / "new" / "study") == study
    assert study.whole_plan == WHOLE
    assert [family.name for family in study.plan.families] == ["mlp"]
    assert (study.letters.train, study.letters.validation, study.letters.test) == (468, 52, 104)
    assert study.environment["torch"]


def test_leaks_are_left_out_and_named_unless_told_otherwise(letters):
    copied = letters.train.images.copy()
    copied[5] = letters.test.images[0]
    leaky = replace(letters, train=type(letters.train).of(copied, letters.train.labels, letters.train.names.tolist()))
    read, used = read_letters(leaky, keep_leaks=False)
    assert letters.train.names[5] in read.leaks
    assert sorted([*used.train.names, *read.leaks]) == sorted(letters.train.names)
    read, used = read_letters(leaky, keep_leaks=True)
    assert read.leaks == ()
    assert len(used.train) == len(letters.train)


def test_a_folder_with_another_study_is_refused(letters, tmp_path):
    begun(tmp_path, letters)
    with pytest.raises(LetterlabError, match="holds a small study of blobs"):
        begun(tmp_path, letters.without_train(np.array([0])))
    with pytest.raises(LetterlabError, match="give another --out"):
        begun(tmp_path, letters, whole=WHOLE.model_copy(update={"name": "other"}))
    # Another letter, or other families of the plan, are no other study.
    study = begun(tmp_path, letters, replace(ASKED, letter="B", only=("norm",)))
    assert Study.open(tmp_path).asked.letter == "B"
    assert [family.name for family in study.plan.families] == ["norm"]


def test_what_is_foreseen_is_written_down_and_not_measured_again(letters, tmp_path, monkeypatch):
    study = begun(tmp_path, letters, replace(ASKED, only=()))
    assert {name: one.trainings for name, one in study.foreseen.items()} == {
        "mlp-factors": 10, "mlp-finals": 2, "norm-batches": 4
    }  # fmt: skip
    assert all(one.seconds > 0 for one in study.foreseen.values())
    monkeypatch.setattr("letterlab.study.beginning.seconds_of", lambda *_: pytest.fail("measured again"))
    assert begun(tmp_path, letters, replace(ASKED, only=())).foreseen == study.foreseen
    assert begun(tmp_path, letters).foreseen.keys() == {"mlp-factors", "mlp-finals"}


def test_a_budgets_study_that_is_begun_keeps_its_plan_and_measures_nothing_again(letters, tmp_path, monkeypatch):
    measured = []
    monkeypatch.setattr(
        "letterlab.study.beginning.seconds_of", lambda shape, *_: measured.append(shape) or (0.001, 0.0001)
    )
    study = begun(tmp_path, letters, replace(ASKED, only=()), "smoke")
    monkeypatch.setattr("letterlab.study.beginning.seconds_of", lambda *_: pytest.fail("measured again"))
    assert begun(tmp_path, letters, replace(ASKED, only=()), "smoke").whole_plan == study.whole_plan
    assert measured


def test_ones_own_plan_may_be_changed_until_a_trial_is_stored(letters, tmp_path):
    begun(tmp_path, letters)
    other = plan(mlp(epochs=5), norm())
    assert begun(tmp_path, letters, whole=other).whole_plan == other
    Store(tmp_path).close()
    assert begun(tmp_path, letters, whole=other).whole_plan == other
    with pytest.raises(LetterlabError, match="another plan of the name small"):
        begun(tmp_path, letters)


def test_a_study_that_holds_trials_is_not_written_anew_by_beginning(letters, tmp_path):
    first = begun(tmp_path, letters)
    Store(tmp_path).close()
    again = begun(tmp_path, letters, replace(ASKED, letter="B", only=("norm",)))
    assert (again.asked.letter, again.asked.only) == ("B", ("norm",))
    assert Study.open(tmp_path).asked == first.asked


def test_one_of_the_two_precisions_is_the_quicker():
    assert quicker_precision() in ("fp32", "bf16")


def test_the_letters_are_written_once(letters, tmp_path):
    begun(tmp_path, letters)
    for name, part in (("train.npz", letters.train), ("test.npz", letters.test)):
        assert stored_letters(tmp_path / name).fingerprint == part.fingerprint
    Store(tmp_path).close()
    before = (tmp_path / "train.npz").stat().st_mtime_ns
    begun(tmp_path, letters)
    assert (tmp_path / "train.npz").stat().st_mtime_ns == before


@pytest.fixture(scope="module")
def costs(letters):
    read, _ = read_letters(letters, keep_leaks=True)
    return Costs(replace(read, train=50_000, validation=1000, test=1000), {})


@pytest.mark.parametrize(
    ("cheaper", "dearer"),
    [
        (Recipe(model=Mlp(hidden=(32,))), Recipe(model=Mlp(hidden=(2000, 2000)))),
        (Recipe(model=Cnn(filters=(8,)), epochs=2), Recipe(model=Cnn(filters=(8,)), epochs=4)),
        (Recipe(model=Mlp(), letters_of_each=20), Recipe(model=Mlp())),
        (Recipe(model=Mlp()), Recipe(model=Mlp(), batch_size=2)),
        (
            Recipe(model=Torchvision(network="squeezenet1_1", head_epochs=4), epochs=4, letters_of_each=100),
            Recipe(model=Torchvision(network="squeezenet1_1", head_epochs=1), epochs=4, letters_of_each=100),
        ),
    ],
)
def test_what_takes_longer_costs_more(costs, cheaper, dearer):
    assert 0 < costs(cheaper) < costs(dearer)


@pytest.mark.parametrize(
    ("pace", "usual", "held_out"),
    [
        (Pace(0.0, 1.0, 0.0), 2 * 50_000, 2 * 38_250),
        # In each epoch the validation letters, as many training letters, the test letters; at the end, three views.
        (Pace(0.0, 0.0, 1.0), 2 * 3000 + 2000, 2 * (2 * 12_750 + 1000) + 3 * 13_750),
    ],
)
def test_of_a_fold_a_quarter_is_read_and_not_learned(pace, usual, held_out, letters, monkeypatch):
    monkeypatch.setattr("letterlab.study.beginning._measure", lambda shape: pace)
    read, _ = read_letters(letters, keep_leaks=True)
    costs = Costs(replace(read, train=50_000, validation=1000, test=1000), {})
    assert costs(Recipe(model=Mlp(), epochs=2)) == pytest.approx(usual, abs=1)
    assert costs(Recipe(model=Mlp(), epochs=2, fold=0)) == pytest.approx(held_out, abs=1)


def test_networks_of_one_shape_are_measured_once(costs, monkeypatch):
    costs(Recipe(model=Mlp(hidden=(32,))))
    monkeypatch.setattr("letterlab.study.beginning.seconds_of", lambda *_: pytest.fail("measured again"))
    costs(Recipe(model=Mlp(hidden=(32,), activation="tanh", dropout=0.1), seed=3, epochs=9))


def test_a_network_too_large_for_this_machine_is_left_to_its_trial(costs):
    assert costs(Recipe(model=Mlp(hidden=(16, 2**20, 2**20)))) < 10


@pytest.fixture
def shared(database, tmp_path):
    opened = SharedStore(database, tmp_path)
    yield opened
    opened.close()


def begun_together(folder, letters, shared, whole=WHOLE, asked=ASKED):
    read, used = read_letters(letters, keep_leaks=True)
    return begin(folder, used, read, asked, whole, shared)


def test_a_study_that_is_shared_is_one_of_the_same_letters_and_the_same_plan(letters, shared, tmp_path):
    first = begun_together(tmp_path / "first", letters, shared)
    second = begun_together(tmp_path / "second", letters, shared, asked=replace(ASKED, letters="elsewhere/blobs"))
    assert Study.open(tmp_path / "second") == second
    assert (tmp_path / "second" / "train.npz").exists()
    assert second.asked.letters == "elsewhere/blobs"
    assert shared.begun() == first
    with pytest.raises(LetterlabError, match=r"postgresql://postgres@127.+ holds a small study of blobs"):
        begun_together(tmp_path / "third", letters.without_train(np.array([0])), shared)
    with pytest.raises(LetterlabError, match="another --store"):
        begun_together(tmp_path / "third", letters, shared, WHOLE.model_copy(update={"name": "other"}))
    # Until a trial is stored a plan of one's own may be mended.
    mended = plan(mlp(epochs=3), norm())
    assert begun_together(tmp_path / "third", letters, shared, mended).whole_plan == shared.begun().whole_plan == mended
    shared.alone(lambda: unfold(mended, shared))
    with pytest.raises(LetterlabError, match="another plan of the name small: give another --store"):
        begun_together(tmp_path / "fourth", letters, shared)


def test_of_two_that_begin_at_a_time_the_second_takes_the_plan_of_the_first(letters, shared, tmp_path, monkeypatch):
    monkeypatch.setattr("letterlab.study.beginning.quicker_precision", lambda: "fp32")
    monkeypatch.setattr("letterlab.study.beginning.seconds_of", lambda *_: (0.001, 0.0001))
    smoke = replace(ASKED, only=())
    first = begun_together(tmp_path / "first", letters, shared, "smoke", smoke)
    monkeypatch.setattr("letterlab.study.beginning.quicker_precision", lambda: "bf16")
    looks, is_begun = [], shared.is_begun
    monkeypatch.setattr(
        shared, "is_begun", lambda: looks.append(1) or (len(looks) > 1 and is_begun())
    )  # once too early
    second = begun_together(tmp_path / "second", letters, shared, "smoke", smoke)
    assert second.whole_plan == first.whole_plan
