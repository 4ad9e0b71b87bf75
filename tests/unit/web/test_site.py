"""The page as plain files: what is written, in place of what, and from where ONNX Runtime for browsers comes."""

import base64
import hashlib
import io
import json
import tarfile
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from letterlab.errors import LetterlabError
from letterlab.recognise.model import SHIPPED
from letterlab.web import site
from letterlab.web.guard import SECURITY
from letterlab.web.site import STATIC, write_site

NAME = "/onnxruntime-web/-/onnxruntime-web-1.30.0.tgz"


def packed(**files: bytes) -> bytes:
    """An npm package with these files, and some that the page does not need."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        others = {"package/package.json": b"{}", "../../evil.js": b"evil", "/tmp/evil.js": b"evil"}
        for name, data in (others | {site.FILES[name]: data for name, data in files.items()}).items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


RUNTIME = {"ort.js": b"runs networks", "ort-wasm.js": b"runs the program", "ort-wasm.wasm": b"the program"}
PACKAGE = packed(**RUNTIME)


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """Neither the user's settings nor the user's cache; and a package of our own is the one that was published."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LETTERLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("npm_config_registry", raising=False)
    monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
    monkeypatch.setattr(site, "INTEGRITY", base64.b64encode(hashlib.sha512(PACKAGE).digest()).decode())


class Registry(HTTPServer):
    """An npm registry that has one package."""

    def __init__(self, answers: bytes | int) -> None:
        self.answers = answers
        self.asked = []
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers = self.server.answers
        self.server.asked.append(self.path)
        if isinstance(answers, int):
            self.send_error(answers)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(PACKAGE)))
        self.end_headers()
        self.wfile.write(answers)

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def registry(monkeypatch):
    with Registry(PACKAGE) as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        monkeypatch.setenv("npm_config_registry", f"{server.url}/")
        yield server
        server.shutdown()
        thread.join()


def contents(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_page_is_written_with_all_it_needs(registry, tmp_path):
    folder = tmp_path / "new" / "site"
    write_site(folder)
    written = contents(folder)
    for name, content in RUNTIME.items():
        assert written.pop(f"static/onnxruntime-web/{name}") == content
    for licence in ("LICENSE", "ThirdPartyNotices.txt"):
        assert b"Microsoft" in written.pop(f"static/onnxruntime-web/{licence}")
    assert written.pop("static/letters.onnx") == SHIPPED.read_bytes()
    assert json.loads(written.pop("static/network.json")).keys() == {"no_letter", "refusal"}
    page = written.pop("index.html").decode()
    own = {f"static/{name}": content for name, content in contents(STATIC).items()}
    assert own.pop("static/index.html").decode() != page
    del own["static/reader-http.js"]
    assert written == own
    assert '<meta name="letterlab-reader" content="local">' in page
    assert page.count("letterlab-reader") == page.count("Content-Security-Policy") == 1
    assert page.index("Content-Security-Policy") < page.index("<script")
    assert "'wasm-unsafe-eval'" in page
    assert "unsafe-inline" not in page
    assert list(folder.parent.iterdir()) == [folder]


def test_the_package_is_fetched_once(registry, tmp_path):
    for name in ("one", "other"):
        write_site(tmp_path / name)
    assert registry.asked == [NAME]
    assert contents(tmp_path / "one") == contents(tmp_path / "other")
    # A file that was lost from the cache is brought back.
    (tmp_path / "cache" / "onnxruntime-web-1.30.0" / "ort.js").unlink()
    write_site(tmp_path / "third")
    assert registry.asked == [NAME, NAME]
    assert contents(tmp_path / "third") == contents(tmp_path / "one")


@pytest.mark.parametrize("before", ["site", "empty"])
def test_a_site_is_replaced_whole(registry, tmp_path, before):
    folder = tmp_path / "site"
    if before == "site":
        write_site(folder)
        (folder / "static" / "of-an-earlier-version.js").touch()
    else:
        folder.mkdir()
    write_site(folder)
    assert not (folder / "static" / "of-an-earlier-version.js").exists()
    assert (folder / "index.html").exists()
    assert not [file.name for file in tmp_path.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize("other", ["letter.png", "index.html", "static/page.js", ".git/config"])
def test_what_is_no_site_is_left_alone(registry, tmp_path, other):
    folder = tmp_path / "mine"
    (folder / other).parent.mkdir(parents=True)
    (folder / other).write_text("mine", encoding="utf-8")
    with pytest.raises(LetterlabError, match=r"mine holds something that is no such site: give --static a new folder"):
        write_site(folder)
    assert contents(folder) == {other: b"mine"}
    assert registry.asked == []


def test_what_lies_beside_a_site_is_not_lost_with_it(registry, tmp_path):
    write_site(tmp_path / "site")
    (tmp_path / "site" / "CNAME").write_text("letters.example", encoding="utf-8")
    with pytest.raises(LetterlabError, match="no such site"):
        write_site(tmp_path / "site")
    assert (tmp_path / "site" / "CNAME").exists()


def test_a_file_is_no_folder(registry, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LetterlabError, match=r"file holds something that is no such site"):
        write_site(tmp_path / "file")
    with pytest.raises(LetterlabError, match=r"site cannot be written \(.+\): give --static another"):
        write_site(tmp_path / "file" / "site")


def test_a_site_that_cannot_be_finished_leaves_the_earlier_one(registry, tmp_path, monkeypatch):
    write_site(tmp_path / "site")
    before = contents(tmp_path / "site")
    monkeypatch.setattr(site, "LICENCES", ("no such file",))
    with pytest.raises(LetterlabError, match="site cannot be written"):
        write_site(tmp_path / "site")
    assert contents(tmp_path / "site") == before
    assert {file.name for file in tmp_path.iterdir()} == {"site", "cache"}


def test_a_registry_that_has_it_not(registry, tmp_path):
    registry.answers = 404
    with pytest.raises(LetterlabError, match=rf"{registry.url}{NAME} could not be fetched \(Not Found\)"):
        write_site(tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [(PACKAGE[::-1], "is not the package that was published: check"), (PACKAGE[:-1], "could not be fetched")],
)
def test_a_package_that_is_not_what_was_published(registry, tmp_path, answers, sentence):
    registry.answers = answers
    with pytest.raises(LetterlabError, match=sentence):
        write_site(tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


def test_without_a_network(tmp_path, monkeypatch):
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:1")
    with pytest.raises(
        LetterlabError, match=r"http://127.0.0.1:1/.+ could not be fetched \(.*refused\): check the conn"
    ):
        write_site(tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


def test_a_registry_that_is_no_address(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "nowhere")
    with pytest.raises(LetterlabError, match="could not be fetched"):
        write_site(tmp_path / "site")


def test_the_registry_of_the_users_settings(registry, tmp_path, monkeypatch):
    monkeypatch.delenv("npm_config_registry")
    (tmp_path / "home").mkdir()
    settings = (
        f"fund=false\n; registry=http://127.0.0.1:1\nregistry = {registry.url}/\n@mine:registry=http://127.0.0.1:1\n"
    )
    (tmp_path / "home" / ".npmrc").write_text(settings, encoding="utf-8")
    write_site(tmp_path / "site")
    assert registry.asked == [NAME]
    # The environment is stronger.
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:1")
    monkeypatch.setenv("LETTERLAB_CACHE", str(tmp_path / "other"))
    with pytest.raises(LetterlabError, match="could not be fetched"):
        write_site(tmp_path / "site")


def test_a_cache_that_cannot_be_written(registry, tmp_path, monkeypatch):
    (tmp_path / "taken").touch()
    monkeypatch.setenv("LETTERLAB_CACHE", str(tmp_path / "taken"))
    with pytest.raises(LetterlabError, match=r"The cache .+taken.+ cannot be written \(.+\): set LETTERLAB_CACHE"):
        write_site(tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_the_policy_is_the_servers_but_for_programs():
    served = {one.strip() for one in SECURITY["Content-Security-Policy"].split(";")}
    written = site.POLICY.partition('content="')[2].rpartition('"')[0].split(";")
    # A page cannot forbid by itself to be shown inside another.
    assert {one.strip().replace(" 'wasm-unsafe-eval'", "") for one in written} == served - {"frame-ancestors 'none'"}
