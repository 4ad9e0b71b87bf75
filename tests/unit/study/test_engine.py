"""The engine and its trials: small studies, really trained, in processes of their own."""

import multiprocessing
import multiprocessing.forkserver
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
import torch

from letterlab.checkpoint import NAME, read_checkpoint
from letterlab.recipe import Mlp, Recipe, Torchvision
from letterlab.study import engine
from letterlab.study.folder import TEST_FILE, TRIALS
from letterlab.study.plan import Experiment, FamilyPlan
from letterlab.study.processes import Processes
from letterlab.study.store import Store
from small_plan import MLP, RATES, diverging, dump, mlp, norm, plan

WHOLE = plan(mlp(search=2, finals=1), norm())


def run(letters, folder, whole=WHOLE, watch=lambda step: None, workers=2):
    """Runs a plan and gives what its store holds then."""
    folder.mkdir(exist_ok=True)
    with closing(Store(folder)) as store:
        engine.run(whole, store, Processes(letters, folder, workers, {}), lambda recipe: float(recipe.epochs), watch)
        return dump(store, whole)


@pytest.fixture(scope="module")
def straight(letters, tmp_path_factory):
    """A study that nothing disturbed: its folder, what its store holds, and all that it told."""
    folder = tmp_path_factory.mktemp("straight")
    steps = []
    return folder, run(letters, folder, watch=steps.append), steps


def test_a_study_runs_to_its_end_and_tells_of_it(straight):
    folder, stored, steps = straight
    assert {state for _, _, state, *_ in stored} <= {"done", "given up"}
    for name, planned, state, value, epochs, _, _ in stored:
        told = [step for step in steps if step.trial.name == name]
        assert [step.what for step in told] == ["begun"] + ["epoch"] * len(epochs) + [state]
        assert {s.epoch.number: s.epoch.validation.accuracy for s in told if s.epoch} == epochs
        assert (folder / TRIALS / name / TEST_FILE).exists() == (state == "done")
        if state == "done":
            assert len(epochs) == planned.candidate.recipe.epochs
            assert value == pytest.approx(epochs[len(epochs)])  # 52 letters validate: the curves are on all of them
    assert len(stored) == 10 + 2 + 2 + 4


def test_the_longest_of_an_experiment_begin_first(letters, tmp_path):
    family = FamilyPlan(
        name="mlp",
        experiments=(
            Experiment(
                name="epochs",
                base=MLP,
                factors=(RATES.model_validate({"name": "epochs", "setting": "epochs", "values": [1, 3, 2]}),),
                seeds=1,
            ),
        ),
    )
    steps = []
    run(letters, tmp_path, plan(family), steps.append, workers=1)
    assert [s.trial.candidate.recipe.epochs for s in steps if s.what == "begun"] == [3, 2, 1]


def test_a_study_stopped_at_any_step_ends_in_the_same_store_and_the_same_weights(straight, letters, tmp_path):
    class StoppedError(Exception):
        pass

    folder, stored, _steps = straight
    for stop in (1, 9, 20, 12):
        seen = []

        def watch(step, seen=seen, stop=stop):
            seen.append(step)
            if len(seen) == stop:
                raise StoppedError

        with pytest.raises(StoppedError):
            run(letters, tmp_path, watch=watch)
    with closing(Store(tmp_path)) as store:
        ended = {name for name, _, state, *_ in dump(store, WHOLE) if state in ("done", "given up")}
    again = []
    assert run(letters, tmp_path, watch=again.append) == stored
    assert ended
    assert not ended & {step.trial.name for step in again}
    for path in (folder / TRIALS).glob(f"*/*/{NAME}"):
        first, second = read_checkpoint(path), read_checkpoint(tmp_path / path.relative_to(folder))
        assert first.weights.keys() == second.weights.keys()
        assert all((first.weights[key] == second.weights[key]).all() for key in first.weights)


def test_permuting_the_test_labels_changes_no_choice(straight, letters, tmp_path):
    permuted = letters.test.labels[np.random.default_rng(0).permutation(len(letters.test))]
    other = replace(letters, test=type(letters.test).of(letters.test.images, permuted, letters.test.names.tolist()))
    assert run(other, tmp_path) == straight[1]


def test_the_number_of_workers_changes_no_number(straight, letters, tmp_path):
    assert run(letters, tmp_path, workers=1) == straight[1]


def family_of(*recipes):
    """A family whose candidates are these recipes."""
    levels = [
        {"name": f"recipe-{number}", "changes": recipe.model_dump(mode="json")} for number, recipe in enumerate(recipes)
    ]
    factor = RATES.model_validate({"name": "recipe", "levels": levels})
    return FamilyPlan(name="mlp", experiments=(Experiment(name="recipes", crossed=(factor,), seeds=1),))


def test_a_trial_that_fails_is_stored_with_its_reason_and_the_study_goes_on(letters, tmp_path):
    small = MLP.model_copy(update={"epochs": 1})
    huge = Recipe(model=Mlp(hidden=(16, 2**20, 2**20)), epochs=1)  # 4 TB of weights
    whole = plan(family_of(diverging(), huge, small))
    states = {name: (state, reason) for name, _, state, _, _, _, reason in run(letters, tmp_path, whole)}
    state, reason = states["mlp-recipes/recipe-0.seed0"]
    assert state == "failed"
    assert "came apart in epoch 1" in reason
    state, reason = states["mlp-recipes/recipe-1.seed0"]
    assert state == "failed"
    assert "memory" in reason
    assert states["mlp-recipes/recipe-2.seed0"][0] == "done"
    steps = []
    run(letters, tmp_path, whole, steps.append)
    # What came apart would again; memory may be there another time.
    assert {step.trial.candidate.name for step in steps} == {"recipe-1"}


def test_levels_that_make_no_recipe_are_stored_as_failed(letters, tmp_path):
    family = family_of(MLP.model_copy(update={"epochs": 1}))
    crossed = family.experiments[0].crossed[0]
    wrong = crossed.levels[0].model_copy(update={"name": "wrong", "changes": {"model.kernel": 4}})
    experiment = family.experiments[0].model_copy(
        update={"crossed": (crossed.model_copy(update={"levels": (*crossed.levels, wrong)}),)}
    )
    whole = plan(family.model_copy(update={"experiments": (experiment,)}))
    for workers in (1, 2):
        stored = run(letters, tmp_path / str(workers), whole, workers=workers)
        assert [state for _, _, state, *_ in stored] == ["done", "failed"]
        assert "kernel 4 is even" in stored[1][-1]


def killing(times, name="neurons-32.seed0"):
    """Watches, and kills the process of a trial after its first epoch so many times."""
    left = [times]

    def watch(step):
        if left[0] and step.what == "epoch" and step.trial.name.endswith(name):
            # An epoch may be told of by a process that is gone already: it was still in the pipe.
            for child in multiprocessing.active_children():
                if child.name == step.trial.name:
                    left[0] -= 1
                    child.kill()

    return watch


def test_a_trial_whose_process_was_killed_goes_on_and_ends_the_same(straight, letters, tmp_path):
    assert run(letters, tmp_path, watch=killing(1)) == straight[1]


def test_a_trial_whose_process_is_always_killed_has_failed_and_the_study_goes_on(letters, tmp_path):
    whole = plan(mlp(finals=0, seeds=1, epochs=100))  # so many that it cannot end before it is killed again
    states = {name: (state, reason) for name, _, state, _, _, _, reason in run(letters, tmp_path, whole, killing(99))}
    state, reason = states["mlp-factors/neurons-32.seed0"]
    assert state == "failed"
    assert "SIGKILL" in reason
    again = run(letters, tmp_path, whole)
    assert {state for _, _, state, *_ in again} == {"done"}


def test_files_in_the_working_folder_that_are_named_like_pythons_own_disturb_nothing(letters, tmp_path, monkeypatch):
    server = multiprocessing.forkserver._forkserver
    (tmp_path / "timeit.py").write_text("raise RuntimeError('imported from the working folder')")
    monkeypatch.chdir(tmp_path)
    server._stop()  # the next trial starts it anew, in this folder
    stored = run(letters, tmp_path / "study", plan(family_of(MLP)))
    server._stop()
    assert [state for _, _, state, *_ in stored] == ["done"]


def test_imagenets_weights_come_from_the_file_that_this_call_names(letters, tmp_path):
    from letterlab.models.vision import load_torchvision

    file = tmp_path / "squeezenet1_1-mine.pth"
    torch.save(load_torchvision().models.squeezenet1_1().state_dict(), file)
    model = Torchvision(network="squeezenet1_1", stem_stride=2, weights_file=str(tmp_path / "nowhere.pth"))
    whole = plan(family_of(Recipe(model=model, letters_of_each=1, batch_size=26, epochs=1)))

    def state(weights):
        with closing(Store(tmp_path)) as store:
            engine.run(whole, store, Processes(letters, tmp_path, 1, weights), lambda recipe: 1.0, lambda step: None)
            [(_, _, state, _, _, _, reason)] = dump(store, whole)
            return state, reason

    failed, reason = state({})
    assert failed == "failed"
    assert "nowhere.pth" in reason
    assert state({"squeezenet1_1": str(file)})[0] == "done"
