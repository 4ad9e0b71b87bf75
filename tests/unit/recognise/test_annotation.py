"""Pictures with what was read drawn over them."""

import cv2
import numpy as np
import pytest

from letterlab.errors import LetterlabError
from letterlab.recognise.annotation import annotate, write_annotated
from letterlab.recognise.recogniser import Candidate, Reading, ReadLetter


def reading(*boxes, letter="M"):
    letters = [ReadLetter(letter, 0.98, (Candidate("M", 0.98),), box, np.zeros((28, 28), np.uint8)) for box in boxes]
    return Reading((letter or "?") * len(letters), tuple(letters))


def annotated(picture, read):
    return np.asarray(annotate(picture, read))


def coloured(page):
    """Where there is any colour."""
    return page.max(axis=2).astype(int) - page.min(axis=2) > 30


@pytest.mark.parametrize("ground", [0, 255])
@pytest.mark.parametrize("box", [(100, 80, 60, 70), (0, 0, 300, 200), (240, 130, 60, 70)])
def test_a_box_and_its_label_show_on_dark_and_light_and_at_the_edge(ground, box):
    page = annotated(np.full((200, 300), ground, np.uint8), reading(box))
    plain = annotated(np.full((200, 300), ground, np.uint8), reading())
    assert not coloured(plain).any()
    rows, columns = np.nonzero(coloured(page))
    assert columns.max() - columns.min() >= box[2] - 1
    label = page[rows.min() : rows.max() - box[3] + 1, columns.min() : columns.min() + 40]
    assert coloured(label).mean() > 0.3  # its ground
    assert (label.min(axis=2) > 200).mean() > 0.05  # its letters
    assert rows.min() > 0
    assert rows.max() < len(page) - 1


def test_boxes_stand_where_the_letters_are():
    picture = np.full((200, 300), 255, np.uint8)
    picture[80:150, 100:160] = 0
    page = annotated(picture, reading((100, 80, 60, 70)))
    box = coloured(page)
    black = (page.max(axis=2) < 30) & ~box
    rows, columns = np.nonzero(black)
    assert rows.max() - rows.min() + 1 in range(64, 71)
    assert box[rows.max() + 1 :, columns.min() : columns.max()].any(axis=0).all()  # the line below it
    assert box[rows.min() : rows.max(), columns.max() + 1 :].any(axis=1).all()  # the line at its right


def test_small_letters_are_enlarged_and_large_pictures_are_not():
    assert annotated(np.zeros((28, 28), np.uint8), reading((4, 4, 20, 20))).shape[0] > 3 * 28
    height, width, _ = annotated(np.zeros((3000, 4000), np.uint8), reading((4, 4, 20, 20))).shape
    assert height < 3200
    assert width < 4200


def test_what_is_no_letter_looks_otherwise():
    picture = np.full((200, 300), 255, np.uint8)
    letter, none = (annotated(picture, reading((100, 80, 60, 70), letter=one)) for one in ("M", None))
    assert not np.array_equal(letter, none)
    (red, _, blue), (none_red, _, none_blue) = (page[coloured(page)].mean(axis=0) for page in (letter, none))
    assert blue > red
    assert none_red > none_blue


def test_a_file_is_written_in_a_folder_that_is_made_but_never_over_the_picture_itself(tmp_path):
    picture, source = np.full((100, 100), 255, np.uint8), tmp_path / "a.png"
    source.write_bytes(b"the picture")
    target = tmp_path / "new" / "a.png"
    write_annotated(picture, reading((10, 10, 50, 50)), str(source), target)
    assert np.array_equal(cv2.imread(str(target))[:, :, ::-1], annotated(picture, reading((10, 10, 50, 50))))
    write_annotated(picture, reading(), str(source), target)
    assert not coloured(cv2.imread(str(target))).any()
    with pytest.raises(LetterlabError, match=r"would take the place of .*a\.png itself"):
        write_annotated(picture, reading(), str(source), tmp_path / "new" / ".." / "a.png")
    assert source.read_bytes() == b"the picture"
    with pytest.raises(LetterlabError, match="cannot be written"):
        write_annotated(picture, reading(), str(source), source / "b.png")
