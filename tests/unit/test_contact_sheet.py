import cv2
import numpy as np
import pytest

from letterlab.contact_sheet import contact_sheet
from letterlab.errors import LetterlabError
from letterlab.letterset import SIDE, Letters, LetterSet, Orientation


def plain(counts: dict[int, int]) -> LetterSet:
    """So many of each class, number k of a class a square of its own grey: 255, 254, ..."""
    labels = np.array([label for label, count in counts.items() for _ in range(count)], dtype=np.uint8)
    order = np.array([number for count in counts.values() for number in range(count)], dtype=int)
    images = np.repeat(255 - order, SIDE * SIDE).astype(np.uint8).reshape(-1, SIDE, SIDE)
    return LetterSet.of(images, labels, [str(number) for number in range(len(labels))])


def letters_of(train, test) -> Letters:
    return Letters(plain(train), plain(test), "squares", Orientation("upright", 1.0, "Said so."))


def cells(sheet, row, left, count):
    """Grey in the middle of the first cells in a row."""
    return [int(sheet[56 + row * 60 + 28, left + column * 60 + 28]) for column in range(count)]


def test_examples_are_spread_over_all_of_a_letter(tmp_path):
    out = contact_sheet(letters_of({0: 101, 1: 2}, {25: 11}), tmp_path / "sheet.png", per_letter=6)
    assert out == tmp_path / "sheet.png"
    sheet = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert sheet.ndim == 2
    assert cells(sheet, 0, 64, 6) == [0, 20, 40, 60, 80, 100]
    assert cells(sheet, 1, 64, 6) == [0, 1, 255, 255, 255, 255], "two, then empty paper"
    assert cells(sheet, 2, 64, 6) == [255] * 6, "no C"
    assert cells(sheet, 25, 64 + 6 * 60 + 32, 2) == [0, 10], "a third as many of test"


def test_every_row_is_named(tmp_path):
    sheet = cv2.imread(str(contact_sheet(letters_of({}, {}), tmp_path / "sheet.png")), cv2.IMREAD_UNCHANGED)
    names = [sheet[56 + row * 60 : 116 + row * 60, :64] for row in range(26)]
    assert all((name < 128).any() for name in names)
    assert len({name.tobytes() for name in names}) == 26
    assert (sheet[60:, 64:] == 255).all()


def test_letters_are_shown_upright_dark_on_light(tmp_path):
    image = np.zeros((1, SIDE, SIDE), np.uint8)
    image[0, 3, 20] = 255  # high up, at the right
    one = LetterSet.of(image, np.array([0], dtype=np.uint8), ["a_1.jpg"])
    shown = Letters(one, plain({}), "one", Orientation("upright", 1.0, "Said so."))
    sheet = cv2.imread(str(contact_sheet(shown, tmp_path / "sheet.png")), cv2.IMREAD_UNCHANGED)
    cell = sheet[56 : 56 + 56, 64 : 64 + 56]
    assert np.argwhere(cell == 0).tolist() == [[6, 40], [6, 41], [7, 40], [7, 41]]
    assert (np.delete(cell.ravel(), np.flatnonzero(cell.ravel() == 0)) == 255).all()


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    old = tmp_path / "sheet.png"
    old.mkdir()
    with pytest.raises(LetterlabError, match=r"sheet\.png cannot be written \(Is a directory\)"):
        contact_sheet(letters_of({}, {}), old)
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]
