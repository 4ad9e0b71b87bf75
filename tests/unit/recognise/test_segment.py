import numpy as np
import pytest

from letterlab.recognise.segment import MOST, Mark, find_lines, join, typical

STEM = (0, 0, 6, 40)


def drawn(height, width, *boxes):
    """Ink with a full rectangle for each box (x, y, width, height)."""
    ink = np.zeros((height, width), np.uint8)
    for x, y, w, h in boxes:
        ink[y : y + h, x : x + w] = 255
    return ink


def ring(ink, x, y, size, pen=4):
    """A letter O."""
    ink[y : y + size, x : x + size] = 255
    ink[y + pen : y + size - pen, x + pen : x + size - pen] = 0


def rings(height, width, *places, size=30):
    ink = np.zeros((height, width), np.uint8)
    for x, y in places:
        ring(ink, x, y, size)
    return ink


def boxes(ink):
    return [[mark.box for mark in line] for line in find_lines(ink)]


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (300, 200)])
def test_an_empty_page_has_no_lines(shape):
    assert find_lines(np.zeros(shape, np.uint8)) == []


def test_a_pixel_and_a_full_page_are_one_mark():
    assert boxes(np.full((1, 1), 255, np.uint8)) == [[(0, 0, 1, 1)]]
    assert boxes(np.full((50, 70), 255, np.uint8)) == [[(0, 0, 70, 50)]]


def test_lines_from_the_top_marks_from_the_left():
    ink = rings(200, 200, (100, 20), (20, 24), (60, 18), (120, 110), (30, 115))
    assert [[box[:2] for box in line] for line in boxes(ink)] == [
        [(20, 24), (60, 18), (100, 20)],
        [(30, 115), (120, 110)],
    ]


def test_boxes_move_with_the_ink():
    ink = rings(150, 150, (20, 24), (60, 18), (30, 95))
    moved = [[(x + 7, y + 11, w, h) for x, y, w, h in line] for line in boxes(ink)]
    assert boxes(np.pad(ink, ((11, 3), (7, 5)))) == moved


def test_a_mark_has_its_own_ink_alone_and_the_faint_edge_beside_it():
    ink = np.zeros((60, 60), np.uint8)
    ring(ink, 5, 5, 40)
    ink[17:33, 17:33] = 200  # another piece in the ring's box, too large for a dot of it
    ink[9, 12:20] = 40  # the ring's soft inner edge
    ink[12, 12:20] = 40  # faint, and beside nothing
    ((outer, inner),) = find_lines(ink)
    assert outer.box == (5, 5, 40, 40)
    assert outer.ink[0].tolist() == [255] * 40
    assert outer.ink[4, 7:15].tolist() == [40] * 8
    assert not outer.ink[7].any(where=np.arange(40) % 36 >= 4)
    assert not outer.ink[12:28, 12:28].any()
    assert inner.box == (17, 17, 16, 16)
    assert (inner.ink == 200).all()


def test_pieces_that_meet_at_a_corner_are_one():
    assert boxes(drawn(60, 60, (10, 10, 10, 10), (20, 20, 10, 10))) == [[(10, 10, 20, 20)]]


@pytest.mark.parametrize("degrees", [-5, -2, 2, 5])
def test_slanted_lines_stay_whole(degrees):
    fall = np.tan(np.radians(degrees))
    places = [(x, round(120 + 60 * line + (x + 7 * line) * fall)) for line in range(3) for x in range(20, 1000, 55)]
    generator = np.random.default_rng(0)
    wobbled = [(x, y + int(generator.integers(-4, 5))) for x, y in places]
    lines = boxes(rings(450, 1100, *wobbled))
    assert [[box[:2] for box in line] for line in lines] == [wobbled[:18], wobbled[18:36], wobbled[36:]]


def test_two_marks_do_not_make_a_slant():
    outer, inner = (10, 10, 80, 40), (16, 15, 14, 14)
    ink = drawn(200, 200, outer)
    ink[14:46, 14:86] = 0
    assert boxes(ink | drawn(200, 200, inner)) == [[inner, outer]]


def test_ascenders_and_descenders_stay_in_their_line():
    line = [(10, 50, 20, 30), (40, 30, 8, 50), (60, 50, 12, 50), (85, 50, 20, 30), (115, 30, 8, 50), (135, 52, 20, 28)]
    below = [(x, y + 62, w, h) for x, y, w, h in line]  # its ascenders reach above the end of the descender
    assert boxes(drawn(250, 200, *line, *below)) == [line, below]


def test_a_line_may_begin_under_a_descender():
    line = [(10, 50, 20, 30), (40, 30, 8, 50), (60, 50, 12, 50), (115, 52, 20, 28)]
    below = [(74, 92, 8, 50), (90, 112, 20, 30)]
    assert boxes(drawn(250, 200, *line, *below)) == [line, below]


def test_high_and_low_marks_beside_each_other_stay_in_their_line():
    line = [(10, 20, 20, 40), (40, 50, 16, 22), (60, 18, 16, 20), (90, 20, 20, 40)]
    assert boxes(drawn(100, 130, *line)) == [line]


def test_lines_may_differ_in_size():
    ink = rings(300, 400, *[(x, 20) for x in range(10, 390, 110)], size=90)
    for x in range(10, 390, 45):
        ring(ink, x, 150, 36)
    assert [len(line) for line in boxes(ink)] == [4, 9]


def test_a_short_line_above_a_long_one_that_rises_is_read_first():
    long = [(x, round(190 - x * 0.087)) for x in range(20, 1600, 50)]
    ink = rings(250, 1650, (30, 138), (80, 134), *long)
    assert [len(line) for line in boxes(ink)] == [2, 32]


@pytest.mark.parametrize("dot", [(10, 10, 6, 6), (14, 8, 6, 8), (6, 4, 5, 5)], ids=["straight", "right", "left"])
def test_the_dot_of_an_i_is_joined_to_its_stem(dot):
    stem = (10, 22, 6, 30)
    ((mark,),) = boxes(drawn(100, 100, dot, stem))
    assert mark == join([Mark(box, drawn(box[3], box[2])) for box in (dot, stem)]).box


def test_a_thick_dot_is_joined_too():
    assert boxes(drawn(100, 100, (10, 10, 16, 14), (11, 30, 14, 26))) == [[(10, 10, 16, 46)]]
    assert boxes(drawn(200, 100, (10, 10, 16, 14), (11, 30, 14, 26), (50, 10, 16, 14), (51, 30, 14, 26))) == [
        [(10, 10, 16, 46), (50, 10, 16, 46)]
    ]


def test_a_thick_bar_above_is_joined_too():
    assert boxes(drawn(600, 600, (140, 60, 120, 70), (100, 150, 150, 115))) == [[(100, 60, 160, 205)]]


def test_small_letters_over_tall_ones_are_a_line():
    upper = [(10, 10, 16, 14), (40, 10, 16, 14), (140, 10, 16, 14)]
    lower = [(11, 30, 14, 26), (41, 30, 14, 26)]
    assert boxes(drawn(100, 200, *upper, *lower)) == [upper, lower]


def test_a_dot_at_a_bar_at_a_stem_is_not_lost():
    stem, bar, dot = (10, 10, 8, 60), (30, 30, 40, 12), (27, 22, 4, 4)
    assert boxes(drawn(100, 100, stem, bar, dot)) == [[stem, dot, bar]]


def test_a_dot_goes_to_the_letter_below_it():
    above = [(10, 10, 20, 50), (40, 10, 20, 50)]
    dot, stem = (12, 65, 6, 6), (12, 80, 6, 50)
    assert boxes(drawn(200, 100, *above, dot, stem, (40, 80, 20, 50))) == [above, [(12, 65, 6, 65), (40, 80, 20, 50)]]


def test_a_bar_over_two_stems_belongs_to_neither_for_certain():
    left, bar, right = (10, 10, 6, 50), (12, 32, 34, 6), (44, 10, 6, 50)
    ink = drawn(80, 80, left, right)
    ink[32:38, 18:42] = 255  # touches neither
    assert boxes(ink) == [[left, (18, 32, 24, 6), right]]
    close = [left, (18, 32, 6, 6), (26, 10, 6, 50)]
    assert boxes(drawn(80, 80, *close)) == [close]
    assert boxes(drawn(80, 80, left, bar)) == [[(10, 10, 36, 50)]]  # touches: one piece


def test_ruled_lines_frames_and_tables_are_left_out():
    letters = [(100 + 45 * k, 60) for k in range(6)]
    ink = rings(300, 600, *letters)
    alone = boxes(ink)
    for y in (40, 100, 160):
        ink[y : y + 2] = 255
    assert boxes(ink) == alone
    ink[:, 50:52] = 255  # a margin that crosses them
    assert boxes(ink) == alone
    ink = rings(300, 600, *letters) | drawn(300, 600, (20, 20, 500, 3), (20, 20, 3, 250), (20, 267, 500, 3))
    assert boxes(ink) == alone
    assert boxes(rings(300, 600, *letters) | drawn(300, 600, (95, 98, 270, 3))) == alone  # a word underlined


def test_a_word_in_one_stroke_is_no_rule():
    ink = rings(300, 600, *[(100 + 45 * k, 60) for k in range(6)])
    word = [(100, 200, 200, 3), *[(100 + 20 * k, 172, 3, 30) for k in range(10)]]
    assert boxes(ink | drawn(300, 600, *word))[1] == [(100, 172, 200, 31)]


@pytest.mark.parametrize(
    "strokes",
    [
        [(20, 10, 8, 180)],
        [(20, 10, 12, 20), (20, 50, 12, 140)],
        [(20, 10, 10, 180), (34, 90, 60, 10), (100, 10, 10, 180)],
        [(20, 10, 10, 180), (34, 10, 60, 10), (34, 90, 60, 10), (34, 180, 60, 10)],
        [(20, 10, 140, 10), (85, 24, 10, 166)],
    ],
    ids=["I", "i", "H", "E", "T"],
)
def test_strokes_of_a_letter_as_large_as_the_page_are_no_rules(strokes):
    ink = drawn(200, 200, *strokes)
    (line,) = find_lines(ink)
    assert (join(line).ink > 0).sum() == (ink > 0).sum()


def test_specks_are_left_out_wherever_they_are():
    ink = rings(100, 300, *[(20 + 50 * k, 40) for k in range(5)], size=36)
    alone = boxes(ink)
    ink[10, 100:102] = ink[60, 64:66] = 255
    assert boxes(ink) == alone


def test_a_few_small_marks_far_from_all_writing_are_left_out():
    ink = rings(200, 300, *[(20 + 50 * k, 40) for k in range(5)], size=36)
    alone = boxes(ink)
    ink[150:160, 100:110] = 255
    assert boxes(ink) == alone


def test_but_a_line_of_small_writing_is_not():
    ink = rings(300, 400, *[(x, 20) for x in range(10, 390, 110)], size=90)
    for x in range(10, 100, 35):
        ring(ink, x, 180, 25)
    assert [len(line) for line in boxes(ink)] == [4, 3]


def test_a_blot_takes_no_letter_from_its_line():
    upper, lower = ([(10 + 45 * k, y) for k in (0, 1, 2, 4, 5, 6)] for y in (40, 110))
    blot = (142, 30, 33, 120)
    (first, second) = boxes(rings(250, 500, *upper, *lower) | drawn(250, 500, blot))
    assert [box[:2] for box in first if box != blot] == upper
    assert [box[:2] for box in second] == lower


def test_the_largest_pieces_of_noise_are_kept():
    ink = np.zeros((500, 1000), np.uint8)
    ink[::4, ::4] = 255
    ink[100:110, 200:210] = 255
    marks = [mark for line in find_lines(ink) for mark in line]
    assert len(marks) == MOST
    assert max(mark.box[2] for mark in marks) == 10


def test_joined_marks_keep_the_ink_of_each():
    first, second = (
        Mark((10, 5, 2, 3), np.full((3, 2), 100, np.uint8)),
        Mark((11, 7, 3, 2), np.full((2, 3), 50, np.uint8)),
    )
    box, ink = join([first, second])
    assert box == (10, 5, 4, 4)
    assert ink.tolist() == [[100, 100, 0, 0], [100, 100, 0, 0], [100, 100, 50, 50], [0, 50, 50, 50]]


def test_dots_and_rules_do_not_pass_for_the_size_of_letters():
    letters = [Mark((0, 0, 20, 30), np.zeros((30, 20), np.uint8))] * 4
    dots = [Mark((0, 0, 2, 3), np.zeros((3, 2), np.uint8))] * 10
    rule = [Mark((0, 0, 400, 2), np.zeros((2, 400), np.uint8))] * 3
    assert typical(letters + dots + rule) == 30
    assert typical(dots) == 3


def test_of_two_sizes_in_the_middle_the_larger_is_typical():
    broad, high = Mark((0, 0, 20, 20), np.zeros((20, 20), np.uint8)), Mark((0, 0, 10, 40), np.zeros((40, 10), np.uint8))
    assert typical([broad, high]) == typical([high, broad]) == 40
