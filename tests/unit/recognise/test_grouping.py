import numpy as np
import pytest

from letterlab.recognise.grouping import read_line
from letterlab.recognise.ink import prepare
from letterlab.recognise.segment import Mark, join


def mark(x, y, width, height):
    return Mark((x, y, width, height), np.full((height, width), 255, np.uint8))


def ringed(x, y, size):
    """A letter O, which no other mark looks like."""
    ink = np.full((size, size), 255, np.uint8)
    ink[4:-4, 4:-4] = 0
    return Mark((x, y, size, size), ink)


def scorer(*known, other=0.05, classes=26):
    """Says a probability (of letter 0) for the pictures of known groups of marks, `other` for all other pictures."""
    pictures = [(prepare(join(marks).ink), probability) for marks, probability in known]

    def score(asked):
        said = np.zeros((len(asked), classes), np.float32)
        for row, picture in zip(said, asked, strict=True):
            row[0] = next((p for known, p in pictures if (known == picture).all()), other)
        return said

    return score


def read(marks, score):
    return [group.mark.box for group in read_line(marks, score)]


STEM, ANGLE = mark(0, 0, 6, 40), ringed(10, 8, 26)
PAIR = [STEM, ANGLE]


def test_an_empty_line_has_no_letters():
    assert read_line([], lambda pictures: pytest.fail("asked for nothing")) == []


def test_pieces_are_one_letter_where_the_network_says_so():
    (group,) = read_line(PAIR, scorer((PAIR, 0.9)))
    assert group.mark.box == join(PAIR).box
    assert (group.mark.ink == join(PAIR).ink).all()
    assert (group.picture == prepare(join(PAIR).ink)).all()
    assert group.probabilities.tolist() == scorer((PAIR, 0.9))(group.picture[None])[0].tolist()
    assert not group.space_before


def test_and_two_where_it_says_that():
    assert read(PAIR, scorer(([STEM], 0.9), ([ANGLE], 0.9))) == [STEM.box, ANGLE.box]


CLOSE = [STEM, ringed(6, 8, 26)]


def test_to_join_has_its_price():
    alike = (([CLOSE[0]], 0.9), ([CLOSE[1]], 0.9), (CLOSE, 0.93))
    assert len(read(CLOSE, scorer(*alike))) == 2


@pytest.mark.parametrize(("gap", "letters"), [(0, 1), (1, 1), (4, 2), (8, 2)])
def test_a_gap_speaks_for_two_letters(gap, letters):
    pair = [STEM, ringed(6 + gap, 8, 26)]
    doubtful = (([pair[0]], 0.75), ([pair[1]], 0.75), (pair, 0.97))
    assert len(read(pair, scorer(*doubtful))) == letters


def test_an_overlap_speaks_for_one():
    over = [mark(0, 0, 30, 6), mark(12, 10, 6, 34)]
    alike = (([over[0]], 0.9), ([over[1]], 0.9), (over, 0.9))
    assert read(over, scorer(*alike)) == [join(over).box]


def test_few_groups_are_not_favoured_by_their_number():
    doubtful = (([CLOSE[0]], 0.4), ([CLOSE[1]], 0.4), (CLOSE, 0.35))  # 0.35 alone is more than 0.4 times 0.4
    assert len(read(CLOSE, scorer(*doubtful))) == 2


def test_what_the_27th_class_takes_counts_against_a_group():
    def score(pictures):
        said = scorer(([STEM], 0.6), ([ANGLE], 0.6), classes=27)(pictures)
        said[:, 26] = 1 - said[:, :26].sum(axis=1)
        return said

    assert read(PAIR, score) == [STEM.box, ANGLE.box]


@pytest.mark.parametrize("count", [3, 4])
def test_a_letter_may_have_several_pieces(count):
    pieces = [mark(9 * k, 2 * k, 6, 40) for k in range(count)]
    assert read(pieces, scorer((pieces, 0.95))) == [join(pieces).box]


def test_no_more_than_four():
    pieces = [mark(9 * k, 2 * k, 6, 40) for k in range(5)]
    assert len(read(pieces, scorer((pieces, 0.95)))) > 1


def test_the_best_way_through_the_whole_line_is_taken():
    line = [mark(0, 0, 6, 40), mark(10, 1, 7, 39), mark(21, 2, 8, 38), mark(33, 3, 9, 37)]
    said = ((line[:2], 0.9), (line[1:3], 0.99), (line[2:], 0.9))
    assert read(line, scorer(*said)) == [join(line[:2]).box, join(line[2:]).box]


def test_what_is_far_apart_or_too_wide_is_not_asked_for():
    asked = []

    def score(pictures):
        asked.append(len(pictures))
        return scorer()(pictures)

    read_line([STEM, mark(20, 0, 6, 40)], score)  # a gap of 14, more than a third of 40
    read_line([ringed(0, 0, 31), ringed(33, 0, 31)], score)  # twice as wide as high
    read_line(PAIR, score)
    assert asked == [2, 2, 3]


def test_a_full_stop_is_left_out():
    line = [STEM, ANGLE, mark(40, 30, 5, 5)]
    assert read(line, scorer(*(([part], 0.9) for part in line))) == [STEM.box, ANGLE.box]
    assert read(line[2:], scorer()) == [(40, 30, 5, 5)]  # alone it is all that there is


def test_a_small_mark_is_part_of_a_letter_where_that_is_likelier():
    line = [mark(0, 0, 6, 40), mark(8, 17, 9, 6)]
    assert read(line, scorer((line, 0.95), ([line[0]], 0.1))) == [join(line).box]


def spaces(*gaps, width=30):
    x, line = 0, [ringed(0, 0, width)]
    for gap in gaps:
        x += width + gap
        line.append(ringed(x, 0, width))
    return [group.space_before for group in read_line(line, scorer(other=0.9))]


def test_a_word_begins_after_a_wide_gap():
    assert spaces(6, 5, 30, 7) == [False, False, False, True, False]
    assert spaces(4, 4, 17, 4) == [False, False, False, False, False]
    assert spaces(4, 4, 18, 4) == [False, False, False, True, False]


def test_letters_written_far_apart_are_no_words():
    assert spaces(20, 21, 44, 19) == [False, False, False, True, False]
    assert spaces(20, 21, 39, 19) == [False, False, False, False, False]


def test_single_letters_very_far_apart_are_words():
    assert spaces(45, 45, 45) == [False, True, True, True]
