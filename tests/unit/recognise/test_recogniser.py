"""The recogniser, with a network that tells upright bars (I) from lying ones (Z) and refuses filled squares."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

import letterlab
from letterlab.errors import LetterlabError
from letterlab.recognise.decoding import Limits, PictureError
from letterlab.recognise.ink import find_ink, prepare
from letterlab.recognise.recogniser import Recogniser
from onnx_models import bars


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory):
    return Recogniser(bars(tmp_path_factory.mktemp("network") / "bars.onnx", no_letter=True))


def page(*boxes, size=(200, 400)):
    """Black boxes (x, y, width, height) on white."""
    picture = np.full(size, 255, np.uint8)
    for x, y, width, height in boxes:
        picture[y : y + height, x : x + width] = 0
    return picture


UPRIGHT, LYING, FILLED = (60, 40, 8, 60), (120, 70, 60, 8), (220, 40, 60, 60)


def test_a_letter_has_its_probability_its_rivals_its_box_and_what_the_network_saw(recogniser):
    picture = page(UPRIGHT)
    reading = recogniser.read(picture)
    [letter] = reading.letters
    assert reading.text == letter.letter == "I"
    said = recogniser.probabilities(letter.picture[None])[0]
    assert [(one.letter, one.probability) for one in letter.candidates] == [
        ("I", pytest.approx(said[8])),
        ("Z", pytest.approx(said[25])),
        ("A", pytest.approx(said[0])),  # of equals the first
    ]
    assert letter.probability == letter.candidates[0].probability > 0.5
    assert letter.box == UPRIGHT
    assert np.array_equal(letter.picture, prepare(find_ink(picture).ink))


def test_what_is_no_letter_is_a_question_mark_with_the_likeliest_letters(recogniser):
    reading = recogniser.read(page(FILLED), single=True)
    [letter] = reading.letters
    assert (reading.text, letter.letter) == ("?", None)
    assert letter.probability == letter.candidates[0].probability < 0.5
    assert len(letter.candidates) == 3


def test_the_refusal_is_the_files(tmp_path):
    lenient = Recogniser(bars(tmp_path / "bars.onnx", no_letter=True, refusal=1.0))
    assert lenient.read(page(FILLED), single=True).letters[0].letter is not None


def test_a_network_without_a_class_for_no_letter_refuses_only_where_there_is_no_ink(tmp_path):
    recogniser = Recogniser(str(bars(tmp_path / "bars.onnx")))
    assert recogniser.probabilities(np.zeros((2, 28, 28), np.uint8)).shape == (2, 26)
    assert recogniser.read(page(FILLED), single=True).letters[0].letter is not None
    assert recogniser.read(page(), single=True).letters[0].letter is None


def test_a_blank_picture_has_no_letters_and_as_one_letter_none_that_is_likely(recogniser):
    assert (recogniser.read(page()).text, recogniser.read(page()).letters) == ("", ())
    reading = recogniser.read(page(), single=True)
    [letter] = reading.letters
    assert (reading.text, letter.letter, letter.probability, letter.box) == ("?", None, 0.0, (0, 0, 400, 200))
    assert [one.probability for one in letter.candidates] == [0.0] * 3
    assert not letter.picture.any()


def test_lines_words_and_letters_come_in_reading_order(recogniser):
    words = page((60, 40, 8, 60), (100, 40, 8, 60), (240, 40, 8, 60), (60, 140, 8, 55), (100, 140, 8, 55))
    reading = recogniser.read(words)
    assert reading.text == "II I\nII"
    assert [letter.box[:2] for letter in reading.letters] == [(60, 40), (100, 40), (240, 40), (60, 140), (100, 140)]


def test_a_page_told_to_be_one_letter_is_one_and_a_small_picture_always_is(recogniser):
    two = page((60, 40, 8, 60), (340, 40, 8, 60))
    assert len(recogniser.read(two).letters) == 2
    [letter] = recogniser.read(two, single=True).letters
    assert letter.box == (60, 40, 288, 60)
    for size, letters in (((63, 63), 1), ((63, 64), 2), ((64, 63), 2)):
        assert len(recogniser.read(page((10, 5, 6, 50), (40, 5, 6, 50), size=size)).letters) == letters, size


def test_boxes_of_a_large_picture_are_in_its_own_pixels(recogniser):
    large = page((1200, 900, 160, 1200), size=(3000, 5000))
    for single in (False, True):
        [letter] = recogniser.read(large, single=single).letters
        assert np.abs(np.subtract(letter.box, (1200, 900, 160, 1200))).max() <= find_ink(large).shrink


def test_the_box_in_a_picture_thinner_than_a_pixel_of_its_ink_stays_within_it(recogniser):
    strip = page((20_000, 0, 10_000, 10), size=(10, 50_000))
    assert find_ink(strip).shrink > 10
    for picture in (strip, np.ascontiguousarray(strip.T)):
        x, y, width, height = recogniser.read(picture, single=True).letters[0].box
        assert x + width <= picture.shape[1]
        assert y + height <= picture.shape[0]


def test_files_names_bytes_and_pixels_are_read_alike(recogniser, tmp_path):
    picture = page(UPRIGHT, LYING)
    file = tmp_path / "page.png"
    cv2.imwrite(str(file), picture)
    readings = [recogniser.read(one).as_json("page.png") for one in (file, str(file), file.read_bytes(), picture)]
    assert all(reading == readings[0] for reading in readings)


def test_a_refused_file_is_named_and_refused_bytes_are_not(recogniser, tmp_path):
    file = tmp_path / "text.png"
    file.write_bytes(b"no picture at all")
    with pytest.raises(PictureError, match=rf"^{file}: \w.*\.$") as named:
        recogniser.read(file)
    with pytest.raises(PictureError) as unnamed:
        recogniser.read(file.read_bytes())
    assert str(named.value) == f"{file}: {unnamed.value}."
    assert named.value.problem == unnamed.value.problem
    with pytest.raises(LetterlabError, match=rf"^{tmp_path}/nowhere\.png cannot be read \(No such file"):
        recogniser.read(tmp_path / "nowhere.png")
    with pytest.raises(LetterlabError, match=r"cannot be read \(Is a directory\)"):
        recogniser.read(tmp_path)


def test_limits_hold_for_files_and_bytes(recogniser, tmp_path):
    file = tmp_path / "page.png"
    cv2.imwrite(str(file), page(UPRIGHT))
    for limits in (Limits(pixels=79_999), Limits(bytes=100)):
        for one in (file, file.read_bytes()):
            with pytest.raises(PictureError) as caught:
                recogniser.read(one, limits=limits)
            assert caught.value.problem == "too-large"
    assert recogniser.read(file, limits=Limits(pixels=80_000)).text == "I"


def test_a_reading_as_json(recogniser):
    reading = recogniser.read(page(UPRIGHT))
    said = reading.as_json("a.png")
    assert said == {
        "file": "a.png",
        "text": "I",
        "letters": [
            {
                "letter": "I",
                "probability": round(reading.letters[0].probability, 6),
                "candidates": [
                    {"letter": one.letter, "probability": round(one.probability, 6)}
                    for one in reading.letters[0].candidates
                ],
                "box": list(UPRIGHT),
            }
        ],
    }


def test_any_number_of_pictures_is_asked_about_and_in_any_company_the_answer_is_the_same(recogniser):
    pictures = np.random.default_rng(0).integers(0, 256, (150, 28, 28), dtype=np.uint8)
    together = recogniser.probabilities(pictures)
    assert together.shape == (150, 27)
    assert np.allclose(together.sum(axis=1), 1, atol=1e-5)
    alone = np.concatenate([recogniser.probabilities(pictures[i : i + 1]) for i in range(150)])
    assert np.allclose(together, alone, atol=1e-6)
    assert recogniser.probabilities(pictures[:0]).shape == (0, 27)


def test_threads_may_share_a_recogniser(recogniser):
    pictures = [page(UPRIGHT), page(LYING), page(UPRIGHT, LYING)] * 10
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda picture: recogniser.read(picture).text, pictures))
    assert found == [recogniser.read(picture).text for picture in pictures]


def test_saliency_lies_on_the_strokes_that_decided(recogniser):
    cross = np.zeros((28, 28), np.uint8)
    cross[2:26, 12:16] = cross[12:16, 2:26] = 255
    upright = recogniser.saliency(cross, "I")
    assert upright.shape == (28, 28)
    assert (upright.min(), upright.max()) == (0, 1)
    assert not upright[cross == 0].any()
    ends_of_upright, ends_of_lying = np.s_[[3, 24], 12:16], np.s_[12:16, [3, 24]]
    assert upright[ends_of_upright].min() > 0.5 > 5 * upright[ends_of_lying].max()
    lying = recogniser.saliency(cross, "z")
    assert np.allclose(lying, upright.T, atol=1e-6)


def test_where_hiding_lowers_nothing_the_map_is_empty(recogniser):
    assert not recogniser.saliency(np.zeros((28, 28), np.uint8), "A").any()
    corner = np.zeros((28, 28), np.uint8)
    corner[:8, :8] = 255  # it speaks against I alone
    assert not recogniser.saliency(corner, "I").any()
    with pytest.raises(LetterlabError, match="not a letter from A to Z"):
        recogniser.saliency(corner, "é")


def test_it_is_at_hand_in_the_package():
    assert letterlab.Recogniser is Recogniser
