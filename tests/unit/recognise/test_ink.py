import cv2
import numpy as np
import pytest

from letterlab.recognise.ink import find_ink, prepare, prepare_letters
from letterlab.sources.drawn import draw_letters

DRAWN = draw_letters(np.arange(26, dtype=np.uint8).repeat(2), 0)


def drawn_large(pen, side=400, ground=255, ink=0):
    """A letter A on a page of this side, drawn with this pen."""
    points = np.array([[0.3, 0.75], [0.5, 0.25], [0.7, 0.75], [0.62, 0.55], [0.38, 0.55]]) * side
    page = np.full((side, side), ground, np.uint8)
    cv2.polylines(page, [points[:3].astype(np.int32), points[3:].astype(np.int32)], False, ink, pen, cv2.LINE_AA)
    return page


def light(kind, height, width):
    """How much light falls on each pixel of a page, 0 to 1."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    return {
        "even": lambda: np.ones((height, width)),
        "ramp": lambda: 1 - 0.3 * (x + y),
        "vignette": lambda: 1 - 1.2 * ((x - 0.5) ** 2 + (y - 0.5) ** 2),
        "shadow": lambda: 1 - 0.45 / (1 + np.exp(-(x + 0.3 * y - 0.6) * 30)),
        "hand": lambda: 1 - 0.5 * np.exp(-((x - 0.2) ** 2 + (y - 0.9) ** 2) / 0.05),
    }[kind]()


LIGHTS = ["even", "ramp", "vignette", "shadow", "hand"]


def photo(page, kind, noise=0.0, quality=None):
    """The page photographed in that light, with noise of that deviation, as a JPEG of that quality."""
    seen = page * 0.9 * light(kind, *page.shape) + np.random.default_rng(0).normal(0, 1, page.shape) * noise
    seen = np.clip(np.rint(seen), 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0) if quality else seen


def difference(one, other):
    return np.abs(one.astype(int) - other).mean()


@pytest.mark.parametrize("grey", [0, 1, 63, 64, 128, 254, 255])
@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (9, 300), (3000, 8)])
def test_an_even_picture_has_no_ink(grey, shape):
    found = find_ink(np.full(shape, grey, np.uint8))
    assert found.ink.shape == tuple(side // found.shrink for side in shape)
    assert not found.ink.any()


@pytest.mark.parametrize("kind", LIGHTS)
@pytest.mark.parametrize("noise", [0.0, 3.0, 12.0])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_blank_page_has_no_ink_in_any_light(kind, noise, inverted):
    page = photo(np.full((420, 400), 255, np.uint8), kind, noise)
    assert not find_ink(255 - page if inverted else page).ink.any()


@pytest.mark.parametrize("noise", [2.0, 12.0])
@pytest.mark.parametrize("ground", [255, 140, 40])
@pytest.mark.parametrize("quality", [None, 80])
@pytest.mark.parametrize("side", [28, 200])
def test_noise_is_no_ink(noise, ground, quality, side):
    assert not find_ink(photo(np.full((side, side), ground, np.uint8), "even", noise, quality)).ink.any()


def test_black_and_white_come_out_as_they_are():
    page = drawn_large(9)
    found = find_ink(page).ink
    assert np.abs(found.astype(int) - (255 - page)).max() < 8
    assert np.array_equal(find_ink(255 - page).ink, found)


@pytest.mark.parametrize(("ground", "ink"), [(200, 60), (60, 200), (130, 20), (250, 190), (0, 90)])
def test_full_ink_is_255_whatever_its_colour(ground, ink):
    wanted = 255 - drawn_large(9)
    found = find_ink(drawn_large(9, ground=ground, ink=ink)).ink
    assert found.max() == 255
    assert difference(found, wanted) < 0.3


@pytest.mark.parametrize("kind", LIGHTS)
@pytest.mark.parametrize(("noise", "quality"), [(0.0, None), (4.0, 60), (12.0, None)])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_letter_comes_out_of_any_light_as_if_it_were_even(kind, noise, quality, inverted):
    page = drawn_large(12)
    seen = photo(page, kind, noise, quality)
    found = prepare(find_ink(255 - seen if inverted else seen).ink)
    assert difference(found, prepare(find_ink(page).ink)) < 4


def test_the_edge_of_a_shadow_is_no_ink():
    page = drawn_large(12)
    y, x = np.mgrid[0:400, 0:400] / 400
    shadow = 1 - 0.45 / (1 + np.exp(-(x + 0.3 * y - 0.6) * 100))
    found = prepare(find_ink((page * shadow).astype(np.uint8)).ink)
    assert difference(found, prepare(find_ink(page).ink)) < 8


@pytest.mark.parametrize("margin", [0, 1, 8])
def test_letters_cropped_closely_are_dark_or_light_as_they_were(margin):
    for image in DRAWN:
        x, y, width, height = cv2.boundingRect((image >= 100).astype(np.uint8))
        letter = np.pad(image[y : y + height, x : x + width], margin)
        if (letter >= 128).mean() < 0.5 or margin:
            found, wanted = find_ink(255 - letter).ink, find_ink(letter).ink
            assert np.array_equal(found, wanted)
            assert difference(found, letter) < 20


def test_dark_corners_are_not_the_ground():
    for letter in DRAWN[::8]:
        large = np.pad(cv2.resize(letter, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC), 100)
        page = 255 - large * 0.75
        found = prepare(find_ink(photo(page, "vignette")).ink)
        assert difference(found, prepare(find_ink(page.astype(np.uint8)).ink)) < 10


def test_depth_and_share_are_rounded_as_they_say():
    page = np.full((60, 100), 200, np.uint8)
    page[15:45, 10:50] = 60
    values = np.arange(61, 121)
    page[20:40:10, 15:45] = values.reshape(2, 30)
    depth = ((200 - values) * 255 + 100) // 200
    full = ((200 - 60) * 255 + 100) // 200
    assert np.array_equal(find_ink(page).ink[20:40:10, 15:45].ravel(), (depth * 255 + full // 2) // full)


def test_pieces_hang_together_by_corners():
    letter = np.zeros((28, 28), np.uint8)
    letter[4:20, 12:15] = 255
    for i in range(6):
        letter[20 + i, 15 + i] = 75  # too faint to stand alone
    assert (find_ink(letter).ink[range(20, 26), range(15, 21)] == 75).all()
    letter[20, 15] = 0
    assert not find_ink(letter).ink[range(22, 26), range(17, 21)].any()


def test_a_blot_is_ink_throughout():
    page = np.full((300, 300), 230, np.uint8)
    cv2.circle(page, (150, 150), 70, 30, -1)
    assert find_ink(page).ink[150, 150] == 255
    assert find_ink(255 - page).ink[150, 150] == 255


def test_specks_are_noise_in_a_large_picture_and_dots_are_ink_in_a_small_one():
    page = drawn_large(9)
    page[40:42, 40:42] = 0
    page[360:364, 200:204] = 0
    found = find_ink(page).ink
    assert not found[35:47, 35:47].any()
    assert found[361, 201] == 255
    letter = np.zeros((28, 28), np.uint8)
    letter[9:26, 13:15] = 255
    letter[4, 13] = 110
    assert find_ink(letter).ink[4, 13] == 110


def test_noise_in_the_black_is_dropped():
    noisy = np.maximum(DRAWN[4], np.random.default_rng(0).integers(0, 14, (28, 28), dtype=np.uint8))
    found = find_ink(noisy).ink
    assert not found[:, 0].any()
    assert (found[DRAWN[4] == 0] == 0).mean() > 0.8
    assert difference(found, DRAWN[4]) < 5


def test_a_large_picture_is_shrunk_by_whole_numbers():
    page = np.full((601, 4100), 255, np.uint8)
    page[100:401, 2000:2200] = 0
    found = find_ink(page)
    means = page[:600, :4098].reshape(200, 3, 1366, 3).astype(int).sum(axis=(1, 3))
    assert found.shrink == 3
    assert np.array_equal(found.ink, 255 - (means + 4) // 9)


@pytest.mark.parametrize(
    ("height", "width", "block"), [(40, 4100, 3), (40, 2048 * 16, 16), (34, 2048 * 17, 17), (8, 2048 * 40, 40)]
)
def test_means_are_right_however_many_pixels_become_one(height, width, block):
    page = np.full((height, width), 255, np.uint8)
    page[:, : 200 * block] = 0
    page[:, 200 * block : 201 * block] = 100
    found = find_ink(page)
    assert found.shrink == block
    assert set(found.ink.ravel().tolist()) == {0, 155, 255}


@pytest.mark.parametrize("shape", [(8, 8), (8, 90), (300, 9), (2049, 300)])
def test_a_stroke_is_found_in_pictures_of_any_shape(shape):
    page = np.full(shape, 255, np.uint8)
    page[shape[0] // 4 : shape[0] // 2, shape[1] // 4 : shape[1] // 2] = 0
    found = find_ink(page)
    assert found.ink[3 * shape[0] // 8 // found.shrink, 3 * shape[1] // 8 // found.shrink] == 255
    assert found.ink[-1, -1] == 0


def test_without_ink_nothing_is_prepared():
    assert not prepare(np.zeros((50, 70), np.uint8)).any()
    assert not prepare(np.full((50, 70), 31, np.uint8)).any()
    assert prepare_letters(np.zeros((0, 28, 28), np.uint8)).shape == (0, 28, 28)


def test_a_letter_as_emnist_has_it_is_left_as_it_is():
    letter = np.zeros((28, 28), np.uint8)
    letter[2:26, 8:20] = np.random.default_rng(0).integers(150, 256, (24, 12))
    letter[10, 10] = 255
    assert np.array_equal(prepare(letter), letter)
    moved = np.roll(letter, (1, -5), axis=(0, 1))
    assert np.array_equal(prepare(moved), letter)


def test_drawn_letters_keep_their_shape():
    found = prepare_letters(DRAWN)
    assert np.array_equal(found[7], prepare(find_ink(DRAWN[7]).ink))
    alike = [np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in zip(found, DRAWN, strict=True)]
    assert np.median(alike) > 0.9
    assert min(alike) > 0.6  # some are moved to the middle


@pytest.mark.parametrize(("pen", "counter"), [(1, 2), (1, 4), (3, 2), (4, 2), (6, 3)])
def test_no_counter_is_filled(pen, counter):
    side = 3 * pen + 2 * counter
    letter = np.zeros((28, 28), np.uint8)
    letter[2 : 2 + side, 4 : 4 + 2 * pen + counter] = 255  # a narrow B or 8
    for top in (pen, 2 * pen + counter):
        letter[2 + top : 2 + top + counter, 4 + pen : 4 + pen + counter] = 0
    found = prepare(find_ink(letter).ink)
    pieces = cv2.connectedComponents((found < 110).astype(np.uint8), connectivity=4)[0]
    assert pieces - 1 == 3  # the ground and two counters


def test_no_dot_is_lost():
    for dot in (100, 160, 255):
        letter = np.zeros((28, 28), np.uint8)
        letter[8:24, 13] = 255
        letter[4, 13] = dot
        found = prepare(find_ink(letter).ink)
        assert found[2:5].max() > 60
        assert found[4:7].max(axis=1).min() < 40


@pytest.mark.parametrize("pen", [1, 2, 4, 9, 20])
def test_pens_of_all_widths_come_out_bright_and_wide_enough(pen):
    picture = prepare(find_ink(drawn_large(pen, 1000)).ink)
    wide = prepare(find_ink(drawn_large(40, 1000)).ink)
    assert picture.max() == 255
    assert (picture[6:-6] >= 160).any(axis=1).all()  # a stroke in every row
    assert 0.6 < (picture >= 128).sum() / (wide >= 128).sum() < 1.1


def test_a_thin_pen_is_as_wide_at_the_rim_as_within():
    page = np.full((400, 400), 255, np.uint8)
    page[100:301:50, 100:301] = 0
    page[100:301, [100, 300]] = 0
    rows = prepare(find_ink(page).ink)[:, 14].astype(int)
    top, within, bottom = rows[:6].sum(), rows[11:17].sum(), rows[22:].sum()
    assert top == bottom >= within


def test_where_hairlines_meet_they_are_not_brighter():
    page = np.full((1800, 1800), 255, np.uint8)
    for end in range(100, 1701, 200):
        cv2.line(page, (100, 100), (1700, end), 0, 1)
    picture = prepare(find_ink(page).ink)
    assert np.quantile(picture[:, 25], 0.5) > 160


def test_a_thick_pen_is_left_thick():
    sums = [int(prepare(find_ink(drawn_large(pen)).ink).sum()) for pen in (16, 28, 40)]
    assert sums[0] < sums[1] < sums[2]


def test_a_letter_stands_in_the_middle_with_a_border_of_two():
    tall = np.zeros((90, 200), np.uint8)
    tall[5:85, 20:60] = 200
    picture = prepare(tall)
    assert np.array_equal(np.argwhere(picture)[[0, -1]], [[2, 8], [25, 19]])
    assert np.array_equal(np.unique(picture), [0, 255])
    assert np.array_equal(prepare(tall.T.copy()), picture.T)


def test_area_means_are_rounded_half_up():
    steps = np.zeros((48, 48), np.uint8)
    steps[:] = 255
    steps[0, :2], steps[1, :2] = (255, 254), (255, 255)  # mean 254.75
    steps[0, 2:4], steps[1, 2:4] = (255, 254), (254, 255)  # mean 254.5
    steps[0, 4:6], steps[1, 4:6] = (255, 254), (254, 254)  # mean 254.25
    assert prepare(steps)[2, 2:6].tolist() == [255, 255, 254, 255]


def test_specks_that_vanish_at_the_size_of_a_letter_are_none():
    ink = np.zeros((2048, 2048), dtype=np.uint8)
    ink[0, 0] = ink[-1, -1] = 40
    assert not prepare(ink).any()
