import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from letterlab.history import Epoch, Record, Score
from letterlab.recipe import Recipe
from letterlab.tracking import Tracker, confusion_picture


def epoch(number):
    return Epoch(number, Score(0.3, 0.9), Score(0.4, 0.8), Score(0.5, number / 10), 0.01, 1.5)


def events(folder):
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def test_tensorboard_shows_every_epoch_of_every_part(tmp_path):
    with Tracker(tmp_path) as tracker:
        for number in (1, 2, 3):
            tracker.epoch(epoch(number))
    found = events(tmp_path)
    assert {f"{what}/{part}" for what in ("loss", "accuracy") for part in ("train", "validation", "test")} <= set(
        found.Tags()["scalars"]
    )
    assert [(point.step, point.value) for point in found.Scalars("accuracy/test")] == [
        (1, pytest.approx(0.1)),
        (2, pytest.approx(0.2)),
        (3, pytest.approx(0.3)),
    ]


def test_a_training_told_again_has_no_epoch_twice(tmp_path):
    for last in (2, 4):
        with Tracker(tmp_path) as tracker:
            for number in range(1, last + 1):
                tracker.epoch(epoch(number))
    assert [point.step for point in events(tmp_path).Scalars("loss/train")] == [1, 2, 3, 4]


def test_hyper_parameters_and_the_confusion_matrix_stand_in_the_same_folder(tmp_path):
    record = Record(Recipe(epochs=1), "f", 10, (epoch(1),), {})
    with Tracker(tmp_path) as tracker:
        tracker.epoch(epoch(1))
        tracker.finished(record, np.diag(np.full(26, 5)))
    assert [entry.is_dir() for entry in tmp_path.iterdir()] == [False]
    found = events(tmp_path)
    assert found.Tags()["images"] == ["confusion matrix of the test letters"]
    assert found.Scalars("final/validation accuracy")[0].value == pytest.approx(0.8)
    plugins = found.PluginTagToContent("hparams")
    assert b"optimiser.learning_rate" in plugins["_hparams_/session_start_info"]


def test_the_picture_is_darker_where_more_were_read():
    counts = np.zeros((26, 26), dtype=np.int64)
    counts[0, 0], counts[0, 1], counts[0, 2] = 90, 9, 1
    picture = confusion_picture(counts)
    assert picture.shape == (28 * 20, 28 * 20, 3)
    shades = [int(picture[45, 45 + 20 * column, 0]) for column in range(4)]
    assert shades[0] < shades[1] < shades[2] < shades[3] == 255
