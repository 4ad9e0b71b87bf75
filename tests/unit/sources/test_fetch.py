import gzip
import hashlib
import random
import resource
import zipfile
from contextlib import contextmanager
from io import BytesIO

import pytest
import requests

from letterlab.errors import LetterlabError
from letterlab.sources import download, fetch
from letterlab.sources.fetch import EMNIST_FILES, fetch_assignment, fetch_emnist

WEB_PAGE = b"\n<!DOCTYPE html><html><body>Quota exceeded</body></html>"


def zip_of(files: dict[str, bytes]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


RANDOM = random.Random(0)
LETTERS = zip_of({"train/images.zip": RANDOM.randbytes(1_200_000), "test/images.zip": RANDOM.randbytes(100_000)})
INSIDE = {name: gzip.compress(RANDOM.randbytes(30_000)) for name in EMNIST_FILES}
EMNIST = zip_of(
    {f"gzip/{name}": content for name, content in INSIDE.items()}
    | {"gzip/emnist-letters-mapping.txt": b"1 65 97", "gzip/emnist-digits-test-images-idx3-ubyte.gz": b"digits"}
)


def unexpected(_done, _total):
    raise AssertionError("nothing was to be fetched")


@contextmanager
def files_up_to(size: int):
    """No file may grow beyond this: to a program that is a full disk, but for the number of the error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(download, "FIRST_WAIT", 0)
    monkeypatch.setattr(fetch, "TRIES", 2)  # gdown waits up to a second before the second try, longer before others


@pytest.fixture
def nist(server, monkeypatch):
    server.content = EMNIST
    monkeypatch.setattr(fetch, "EMNIST_URL", server.url)
    monkeypatch.setattr(fetch, "EMNIST_MD5", hashlib.md5(EMNIST).hexdigest())
    return server


@pytest.fixture
def drive(server, monkeypatch):
    """A plain address in the place of Google's: gdown downloads from it as from any other."""
    server.content = LETTERS
    monkeypatch.setattr(fetch, "ASSIGNMENT_URL", server.url)
    return server


@pytest.fixture
def google(server, monkeypatch):
    """Requests to Google Drive go to the server on this machine: gdown reads Google's pages from it."""
    get = requests.Session.get

    def redirected(session, url, **options):
        assert url.startswith(("https://drive.google.com/", server.url))
        return get(session, url.replace("https://drive.google.com/uc", server.url), **options)

    monkeypatch.setattr(requests.Session, "get", redirected)
    server.content = LETTERS
    return server


class TestEmnist:
    def test_brings_the_letters_alone(self, nist, tmp_path):
        told = []
        folder = fetch_emnist(tmp_path / "data" / "emnist", lambda *step: told.append(step))
        assert folder == tmp_path / "data" / "emnist"
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == INSIDE
        assert told[-1] == (len(EMNIST), len(EMNIST))

    def test_fetches_nothing_a_second_time(self, nist, tmp_path):
        fetch_emnist(tmp_path)
        nist.asked.clear()
        assert fetch_emnist(tmp_path, unexpected) == tmp_path
        assert nist.asked == []

    @pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: b"no gzip", None])
    def test_brings_again_what_is_damaged_or_missing(self, nist, tmp_path, damage):
        fetch_emnist(tmp_path)
        path = tmp_path / EMNIST_FILES[2]
        if damage:
            path.write_bytes(damage(path.read_bytes()))
        else:
            path.unlink()
        fetch_emnist(tmp_path)
        assert path.read_bytes() == INSIDE[path.name]

    def test_goes_on_after_a_command_that_gave_up(self, nist, tmp_path, misdeeds):
        nist.behaviours = [misdeeds.breaks_off(2**14)]
        with pytest.raises(LetterlabError, match="it goes on from 81,920 bytes"):
            fetch_emnist(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [".emnist.zip.part"]
        nist.behaviours, nist.asked = [misdeeds.honest], []
        fetch_emnist(tmp_path)
        assert nist.asked == [5 * 2**14]
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == INSIDE

    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (EMNIST[:-1] + b"x", "something else"),
            (EMNIST[:-100], "something else"),
            (WEB_PAGE, "a web page"),
            (b"", "something else"),
        ],
    )
    def test_the_wrong_bytes_are_named_by_both_sums_and_removed(self, nist, tmp_path, misdeeds, content, what):
        nist.behaviours = [misdeeds.sends(content)]
        wrong, right = hashlib.md5(content).hexdigest(), hashlib.md5(EMNIST).hexdigest()
        with pytest.raises(LetterlabError, match=rf"gave {what} .* MD5 is {wrong}, not {right}"):
            fetch_emnist(tmp_path)
        assert list(tmp_path.iterdir()) == []
        nist.behaviours = [misdeeds.honest]
        fetch_emnist(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == set(EMNIST_FILES)

    def test_a_server_that_announces_too_little(self, nist, tmp_path, misdeeds):
        nist.behaviours = [misdeeds.announces(-50)]
        with pytest.raises(LetterlabError, match=hashlib.md5(EMNIST[:-50]).hexdigest()):
            fetch_emnist(tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_pieces_of_two_versions_do_not_pass(self, nist, tmp_path):
        (tmp_path / ".emnist.zip.part").write_bytes(b"another version")
        with pytest.raises(LetterlabError, match="MD5"):
            fetch_emnist(tmp_path)
        fetch_emnist(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == set(EMNIST_FILES)

    def test_a_full_disk(self, nist, tmp_path):
        with files_up_to(50_000), pytest.raises(LetterlabError, match=r"cannot be written to \(.*\): make room"):
            fetch_emnist(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [".emnist.zip.part"]
        nist.asked.clear()
        fetch_emnist(tmp_path)
        assert nist.asked[0] > 0
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == INSIDE

    def test_a_disk_that_fills_up_while_unpacking_leaves_no_half_file(self, nist, tmp_path):
        (tmp_path / ".emnist.zip.part").write_bytes(EMNIST)
        with files_up_to(10_000), pytest.raises(LetterlabError, match="make room"):
            fetch_emnist(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [".emnist.zip.part"]

    def test_a_file_in_the_place_of_the_folder(self, nist, tmp_path):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(LetterlabError, match=r"file cannot be written to"):
            fetch_emnist(tmp_path / "file")


class TestAssignment:
    def test_brings_the_zip(self, drive, tmp_path):
        told = []
        path = fetch_assignment(tmp_path / "data", lambda *step: told.append(step))
        assert path == tmp_path / "data" / "letters.zip"
        assert path.read_bytes() == LETTERS
        assert list(path.parent.iterdir()) == [path]
        assert told[-1] == (len(LETTERS), len(LETTERS))

    def test_fetches_nothing_a_second_time(self, drive, tmp_path):
        fetch_assignment(tmp_path)
        drive.asked.clear()
        assert fetch_assignment(tmp_path, unexpected).read_bytes() == LETTERS
        assert drive.asked == []

    def test_brings_again_what_is_damaged(self, drive, tmp_path):
        (tmp_path / "letters.zip").write_bytes(LETTERS[:-5])
        assert fetch_assignment(tmp_path).read_bytes() == LETTERS

    def test_goes_on_within_one_command(self, drive, tmp_path, misdeeds):
        drive.behaviours = [misdeeds.breaks_off(2**20), misdeeds.honest]
        assert fetch_assignment(tmp_path).read_bytes() == LETTERS
        assert drive.asked == [None, 2**20]

    def test_goes_on_after_a_command_that_gave_up(self, drive, tmp_path, misdeeds):
        drive.behaviours = [misdeeds.breaks_off(2**19)]
        with pytest.raises(LetterlabError, match=r"the connection broke off.* it goes on from 1,048,576 bytes"):
            fetch_assignment(tmp_path)
        assert not (tmp_path / "letters.zip").exists()
        drive.behaviours, drive.asked = [misdeeds.honest], []
        assert fetch_assignment(tmp_path).read_bytes() == LETTERS
        assert drive.asked == [None, 2**20]
        assert [path.name for path in tmp_path.iterdir()] == ["letters.zip"]

    @pytest.mark.parametrize("held", [LETTERS[:1000], LETTERS, LETTERS + b"more"])
    @pytest.mark.parametrize("behaviour", ["honest", "ignores_range", "sends_the_wrong_range"])
    def test_what_gdown_left_never_stands_in_the_way(self, drive, tmp_path, misdeeds, held, behaviour):
        (tmp_path / ".letters.zipabcd_123.part").write_bytes(held)
        answer = getattr(misdeeds, behaviour)

        def ranges_alone(request, content, start):
            (misdeeds.honest if start is None else answer)(request, content, start)

        drive.behaviours = [ranges_alone]
        assert fetch_assignment(tmp_path).read_bytes() == LETTERS
        assert [path.name for path in tmp_path.iterdir()] == ["letters.zip"]

    def test_two_parts(self, drive, tmp_path):
        for name in ("abcdefgh", "ijklmnop"):
            (tmp_path / f".letters.zip{name}.part").write_bytes(b"x")
        assert fetch_assignment(tmp_path).read_bytes() == LETTERS
        assert [path.name for path in tmp_path.iterdir()] == ["letters.zip"]

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            (WEB_PAGE, "gave is a web page in place of a zip"),
            (LETTERS[:-50], "is no whole zip"),
            (LETTERS[:5000] + b"damaged" + LETTERS[5007:], "is a zip in which train/images.zip is damaged"),
            (b"", "is no whole zip"),
        ],
    )
    def test_what_is_no_whole_zip_is_removed(self, drive, tmp_path, misdeeds, content, fault):
        drive.behaviours = [misdeeds.sends(content)]
        with pytest.raises(LetterlabError, match=rf"{fault}.* removed\. Try again .*letters\.zip"):
            fetch_assignment(tmp_path)
        assert list(tmp_path.iterdir()) == []
        drive.behaviours = [misdeeds.honest]
        assert fetch_assignment(tmp_path).read_bytes() == LETTERS

    def test_pieces_of_two_versions_do_not_pass(self, drive, tmp_path):
        (tmp_path / ".letters.zipabcdefgh.part").write_bytes(b"x" * 5000)
        with pytest.raises(LetterlabError, match="removed"):
            fetch_assignment(tmp_path)
        assert fetch_assignment(tmp_path).read_bytes() == LETTERS

    def test_a_server_that_announces_too_little(self, drive, tmp_path, misdeeds):
        drive.behaviours = [misdeeds.announces(-50)]
        with pytest.raises(LetterlabError, match="is no whole zip"):
            fetch_assignment(tmp_path)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("status", [403, 404])
    def test_a_refusal(self, drive, tmp_path, misdeeds, status):
        drive.behaviours = [misdeeds.says(status)]
        with pytest.raises(LetterlabError, match=rf"could not be fetched \({status} "):
            fetch_assignment(tmp_path)

    def test_no_connection_keeps_what_there_is(self, drive, tmp_path):
        (tmp_path / ".letters.zipabcdefgh.part").write_bytes(LETTERS[:3000])
        drive.close()
        with pytest.raises(LetterlabError, match=r"there is no connection.* goes on from 3,000 bytes"):
            fetch_assignment(tmp_path)

    def test_a_full_disk(self, drive, tmp_path):
        with files_up_to(700_000), pytest.raises(LetterlabError, match=r"cannot be written to \(.*\): make room"):
            fetch_assignment(tmp_path)
        assert not (tmp_path / "letters.zip").exists()
        assert fetch_assignment(tmp_path).read_bytes() == LETTERS

    def test_an_interrupt_keeps_what_came(self, drive, tmp_path):
        def interrupt(_done, _total):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fetch_assignment(tmp_path, interrupt)
        drive.asked.clear()
        assert fetch_assignment(tmp_path).read_bytes() == LETTERS
        assert drive.asked[-1]

    def test_goes_through_the_page_that_asks_for_confirmation(self, google, tmp_path, misdeeds):
        page = (
            f'<html><form id="download-form" action="{google.url}/file" method="get">'
            '<input type="hidden" name="confirm" value="t"></form></html>'
        )

        google.behaviours = [misdeeds.sends(page.encode(), "text/html"), misdeeds.attached]
        assert fetch_assignment(tmp_path).read_bytes() == LETTERS
        assert len(google.asked) == 2

    def test_the_page_that_says_too_many_have_asked(self, google, tmp_path, misdeeds):
        page = b'<html><p class="uc-error-subcaption">Too many users have viewed or downloaded this file.</p></html>'
        google.behaviours = [misdeeds.sends(page, "text/html")]
        with pytest.raises(
            LetterlabError, match=r"too many have asked.* in a browser and save the file as .*letters\.zip"
        ):
            fetch_assignment(tmp_path)
        assert list(tmp_path.iterdir()) == []
