"""Which pictures arguments stand for."""

import pytest

from letterlab.commands.picture_files import natural, picture_files
from letterlab.errors import LetterlabError


@pytest.fixture
def folder(tmp_path):
    names = ("10.png", "2.PNG", "b/1.jpg", "a1.webp", "A2.bmp", "a10.jpeg", "old.gif", "notes.txt", ".hidden.png")
    for name in (*names, ".git/x.png", "empty/none.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def below(folder, argument):
    return [name.removeprefix(f"{folder}/") for name in picture_files(argument)]


def test_a_folder_stands_for_all_pictures_below_it_in_natural_order(folder):
    assert below(folder, str(folder)) == [
        "2.PNG", "10.png", "a1.webp", "A2.bmp", "a10.jpeg", "b/1.jpg", "old.gif",
    ]  # fmt: skip


def test_a_glob_stands_for_the_pictures_that_it_matches(folder):
    assert below(folder, f"{folder}/*.*") == ["2.PNG", "10.png", "a1.webp", "A2.bmp", "a10.jpeg", "old.gif"]
    assert below(folder, f"{folder}/**") == below(folder, str(folder))
    assert below(folder, f"{folder}/[ab]1.*") == ["a1.webp"]


def test_a_file_stands_for_itself_whatever_its_name_and_whether_it_is_there(folder):
    (folder / "[1].png").write_bytes(b"")
    for name in ("notes.txt", ".hidden.png", "[1].png", "nowhere.png"):
        assert below(folder, f"{folder}/{name}") == [name]
    assert list(picture_files("-")) == ["-"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("empty", "There is no picture in the folder .*empty: give"),
        ("*.tiff", r"No picture matches .*\*.tiff: give"),
        ("*.txt", "No picture matches"),
    ],
)
def test_nothing_found_is_said(folder, argument, message):
    with pytest.raises(LetterlabError, match=message):
        list(picture_files(f"{folder}/{argument}"))


def test_what_looks_like_an_option_is_none_unless_it_is_a_file(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(LetterlabError, match="--josn is neither an option nor a picture"):
        list(picture_files("--josn"))
    (folder / "-1.png").write_bytes(b"")
    assert list(picture_files("-1.png")) == ["-1.png"]


def test_links_to_folders_are_not_followed_round_in_circles(folder):
    (folder / "b" / "up").symlink_to(folder)
    assert below(folder, str(folder)).count("2.PNG") == 1


def test_names_are_looked_up_only_as_they_are_asked_for(folder):
    files = picture_files(str(folder))
    next(files)
    (folder / "b" / "2.jpg").write_bytes(b"")
    assert f"{folder}/b/2.jpg" in files


def test_the_natural_order_counts():
    names = ["a", "A1", "a01", "a1b", "a2", "a10", "b", "é1"]
    assert sorted(sorted(names, reverse=True), key=natural) == names
    assert natural("²") > natural("2")
