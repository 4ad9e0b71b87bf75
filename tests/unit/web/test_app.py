"""The application asked without a network, by a recogniser that says what it was told to say."""

import asyncio
import base64
import json
import logging
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from importlib.metadata import version
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from letterlab.errors import LetterlabError
from letterlab.recognise.decoding import PictureError
from letterlab.recognise.recogniser import Candidate, Reading, ReadLetter, Recogniser
from letterlab.web.app import application
from letterlab.web.guard import is_localhost, local_names
from letterlab.web.limits import ServerLimits
from letterlab.web.openapi import EXAMPLE
from letterlab.web.refusal import REASONS

SEEN = np.eye(28, dtype=np.uint8) * 255


class FakeRecogniser(Recogniser):
    """Says of every picture what its bytes say: `AB` holds two letters, `?` none; `damaged` is damaged."""

    fingerprint = "0123456789abcdef"
    metadata = SimpleNamespace(
        classes="ABC", no_letter=True, accuracy={"test": {"share": 0.9, "low": 0.8, "high": 0.95, "n": 100}}
    )

    def __init__(self):
        self.asked = []
        self.explained = []

    def read(self, picture, *, single=False, limits):
        self.asked.append((picture, single, limits))
        if picture in (b"not-a-picture", b"damaged", b"too-large", b"too-small", b"unsupported"):
            raise PictureError(picture.decode(), "as it says: mend it")
        if picture == b"bug":
            raise ZeroDivisionError("of the server's own")
        likeliest = (Candidate("A", 0.75), Candidate("B", 0.125), Candidate("C", 0.0625))
        letters = tuple(
            ReadLetter(None if letter == "?" else letter, 0.75, likeliest, (x, 2, 3, 4), SEEN)
            for x, letter in enumerate(picture.decode())
        )
        return Reading(picture.decode(), letters)

    def saliency(self, picture, letter):
        self.explained.append(letter)
        return np.full((28, 28), 1 / 3, dtype=np.float32)


@pytest.fixture
def fake():
    return FakeRecogniser()


@pytest.fixture
def client(fake):
    return TestClient(application(fake, ServerLimits()))


def sent(*contents, name="picture"):
    return [(name, (f"{number}.png", content)) for number, content in enumerate(contents)]


def as_json(*contents):
    return {"pictures": [{"file": "a.png", "content": base64.b64encode(content).decode()} for content in contents]}


def test_one_picture_by_multipart(client, fake):
    answer = client.post("/v1/read", files=sent(b"A?"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    candidates = [
        {"letter": "A", "probability": 0.75},
        {"letter": "B", "probability": 0.125},
        {"letter": "C", "probability": 0.0625},
    ]
    assert answer.json() == {
        "pictures": [
            {
                "file": "0.png",
                "text": "A?",
                "letters": [
                    {"letter": "A", "probability": 0.75, "candidates": candidates, "box": [0, 2, 3, 4]},
                    {"letter": None, "probability": 0.75, "candidates": candidates, "box": [1, 2, 3, 4]},
                ],
            }
        ]
    }
    assert fake.asked[0][:2] == (b"A?", False)
    assert not fake.explained


def test_json_says_the_same_as_multipart(client):
    by_parts = client.post("/v1/read?single=true", files=[("picture", ("a.png", b"AB")), ("picture", ("a.png", b"C"))])
    assert client.post("/v1/read?single=true", json=as_json(b"AB", b"C")).content == by_parts.content
    assert [one["text"] for one in by_parts.json()["pictures"]] == ["AB", "C"]


def test_single_and_the_limits_reach_the_recogniser(fake):
    limits = ServerLimits(request_bytes=1000, picture_pixels=77)
    TestClient(application(fake, limits)).post("/v1/read?single=true", files=sent(b"A"))
    (_, single, given) = fake.asked[0]
    assert single
    assert (given.bytes, given.pixels) == (1000, 77)


def test_an_explanation_goes_with_the_letters_up_to_the_limit(fake):
    client = TestClient(application(fake, ServerLimits(explained_letters=3)))
    first, second, third = client.post("/v1/read?explain=true", files=sent(b"A?", b"BC", b"D")).json()["pictures"]
    assert first["letters"][1]["picture"] == SEEN.tolist()
    assert first["letters"][1]["saliency"] == [[0.333] * 28] * 28
    assert "saliency" in second["letters"][0]
    assert "saliency" not in second["letters"][1]
    assert "saliency" not in third["letters"][0]
    assert fake.explained == ["A", "A", "A"]  # of the likeliest, also where none is sure enough


def test_unnamed_pictures_are_numbered(client):
    boundary = b'--x\r\nContent-Disposition: form-data; name="picture"\r\n\r\nA\r\n--x--\r\n'
    parts = client.post("/v1/read", content=boundary, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert parts.json()["pictures"][0]["file"] == "picture 1"
    said = client.post("/v1/read", json={"pictures": [{"content": "QQ=="}, {"content": "QQ=="}]})
    assert [one["file"] for one in said.json()["pictures"]] == ["picture 1", "picture 2"]


@pytest.mark.parametrize("name", ["Буква Ж.png", "a\ud800.png", 'a".png', "..\\..\\a.png", "<script>.png"])
def test_any_name_is_given_back(client, name):
    said = json.dumps({"pictures": [{"file": name, "content": "QQ=="}]})
    answer = client.post("/v1/read", content=said, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["pictures"][0]["file"] == name.replace("\ud800", "?")
    refused = said.replace("QQ==", base64.b64encode(b"damaged").decode())
    answer = client.post("/v1/read", content=refused, headers={"Content-Type": "application/json"})
    assert answer.json() == {"error": f"{name.replace(chr(0xD800), '?')}: as it says: mend it.", "problem": "damaged"}


@pytest.mark.parametrize(
    ("problem", "status"),
    [("not-a-picture", 415), ("unsupported", 415), ("too-large", 413), ("damaged", 422), ("too-small", 422)],
)
def test_the_only_picture_refused(client, problem, status):
    answer = client.post("/v1/read", files=sent(problem.encode()))
    assert answer.status_code == status
    assert answer.json() == {"error": "0.png: as it says: mend it.", "problem": problem}
    assert f'letterlab_pictures_refused_total{{problem="{problem}"}} 1.0' in client.get("/metrics").text


def test_one_of_several_refused(client):
    answer = client.post("/v1/read", files=sent(b"A", b"damaged", b"B"))
    assert answer.status_code == 200
    first, second, third = answer.json()["pictures"]
    assert second == {"file": "1.png", "error": "1.png: as it says: mend it.", "problem": "damaged"}
    assert (first["text"], third["text"]) == ("A", "B")


WHOLE = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\nA\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("kind", "body", "status", "sentence"),
    [
        ("text/plain", b"A", 415, "multipart/form-data"),
        ("image/png", b"A", 415, "multipart/form-data"),
        (None, b"A", 415, "multipart/form-data"),
        ("application/json", b"", 400, "not JSON"),
        ("application/json", b"{", 400, "not JSON"),
        ("application/json", b"\xff", 400, "not JSON"),
        ("application/json", b"[" * 100_000, 400, "not JSON"),
        ("application/json", b"[]", 422, '"pictures"'),
        ("application/json", b"{}", 422, '"pictures"'),
        ("application/json", b'{"pictures": []}', 422, "no picture"),
        ("application/json", b'{"pictures": {}}', 422, "a list"),
        ("application/json", b'{"pictures": [], "more": 1}', 422, "one field"),
        ("application/json", b'{"pictures": [null]}', 422, "picture 1"),
        ("application/json", b'{"pictures": [{"file": "a"}]}', 422, '"content"'),
        ("application/json", b'{"pictures": [{"content": "QQ==", "x": 1}]}', 422, '"content"'),
        ("application/json", b'{"pictures": [{"content": 1}]}', 422, "strings"),
        ("application/json", b'{"pictures": [{"file": null, "content": "QQ=="}]}', 422, "strings"),
        ("application/json", b'{"pictures": [{"content": "QQ=="}, {"content": "Q"}]}', 400, "picture 2 is not base64"),
        ("application/json", '{"pictures": [{"content": "Ж"}]}'.encode(), 400, "picture 1 is not base64"),
        ("application/json", b'{"pictures": [{"content": "Q*Q=="}]}', 400, "picture 1 is not base64"),
        ("multipart/form-data", WHOLE, 400, "no boundary"),
        ("multipart/form-data; boundary=" + "x" * 1000, WHOLE, 400, "malformed"),
        ("multipart/form-data; boundary=y", WHOLE, 400, "malformed"),
        ("multipart/form-data; boundary=x", b"", 400, "cut short"),
        ("multipart/form-data; boundary=x", WHOLE[:-5], 400, "cut short"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422, "no picture"),
        ("multipart/form-data; boundary=x", WHOLE.replace(b"picture", b"image"), 422, "'image'"),
        ("multipart/form-data; boundary=x", WHOLE.replace(b'; name="picture"', b""), 422, "named ''"),
        ("multipart/form-data; boundary=x", WHOLE.replace(b"\r\n\r\n", b"\r\n bad\r\n\r\n"), 400, "malformed"),
    ],
)
def test_a_body_that_is_no_request(client, fake, kind, body, status, sentence):
    answer = client.post("/v1/read", content=body, headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == status
    assert REASONS[answer.json()["problem"]].status == status
    assert sentence in answer.json()["error"]
    assert not fake.asked


@pytest.mark.parametrize(
    "query", ["single=yes", "single=", "single=true&single=true", "explain=1", "sinlge=true", "single=True"]
)
def test_a_query_that_says_nothing_known(client, query):
    answer = client.post(f"/v1/read?{query}", files=sent(b"A"))
    assert answer.status_code == 422
    assert "query" in answer.json()["error"]


def test_too_many_pictures(fake):
    client = TestClient(application(fake, ServerLimits(request_pictures=2)))
    assert client.post("/v1/read", files=sent(b"A", b"B")).status_code == 200
    fake.asked.clear()
    for answer in (
        client.post("/v1/read", files=sent(*[b"A"] * 10_000)),
        client.post("/v1/read", files=sent(b"A", b"B", b"C")),
        client.post("/v1/read", json=as_json(b"A", b"B", b"C")),
    ):
        assert answer.status_code == 413
        sentence = "The request holds more than 2 pictures: send them in several requests."
        assert answer.json() == {"error": sentence, "problem": "too-many"}
    assert not fake.asked


class Talk:
    """One request spoken by hand to an application: what was taken of its body, and the answer."""

    def __init__(self, app, *body, query=b"", headers=(), then=()):
        """`then`: whether the body is whole after `body` ("end") and whether the client goes ("leave")."""
        self.taken = 0
        rest = [{"end": {"type": "http.request"}, "leave": {"type": "http.disconnect"}}[one] for one in then]
        self.messages = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/v1/read",
            "raw_path": b"/v1/read",
            "query_string": query,
            "headers": [(b"content-type", b"application/json"), *headers],
            "client": ("127.0.0.1", 1),
        }

        async def receive():
            if self.taken < len(body):
                self.taken += 1
                return {"type": "http.request", "body": body[self.taken - 1], "more_body": True}
            if rest:
                return rest.pop(0)
            return await asyncio.Event().wait()

        async def send(message):
            self.messages.append(message)

        # In a thread of its own: a browser's tests in the same process leave theirs with an event loop.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, app(scope, receive, send)).result()

    @property
    def status(self):
        return self.messages[0]["status"]

    @property
    def headers(self):
        return dict(self.messages[0]["headers"])


def test_a_body_said_to_be_too_large_is_not_taken(fake):
    app = application(fake, ServerLimits(request_bytes=100))
    talk = Talk(app, b"x" * 50, headers=[(b"content-length", b"101")])
    assert (talk.status, talk.taken) == (413, 0)


def test_a_body_that_grows_too_large_is_left(fake):
    talk = Talk(application(fake, ServerLimits(request_bytes=100)), *[b"x" * 50] * 9)
    assert (talk.status, talk.taken) == (413, 3)


def test_a_body_just_as_large_as_may_be_is_taken(fake):
    body = json.dumps(as_json(b"A")).encode()
    talk = Talk(application(fake, ServerLimits(request_bytes=len(body))), body, then=["end"])
    assert talk.status == 200
    assert Talk(application(fake, ServerLimits(request_bytes=len(body) - 1)), body, then=["end"]).status == 413


def test_a_body_that_comes_too_slowly_is_left(fake):
    talk = Talk(application(fake, ServerLimits(body_seconds=0.01)), b"{")
    assert talk.status == 408
    assert talk.headers[b"connection"] == b"close"


def test_a_client_that_goes_away_gets_nothing_and_nothing_is_said(fake, caplog):
    caplog.set_level(logging.INFO)
    app = application(fake, ServerLimits())
    talk = Talk(app, b'{"pic', then=["leave"])
    assert not talk.messages
    assert not fake.asked
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert 'letterlab_requests_total{route="/v1/read",status="499"} 1.0' in TestClient(app).get("/metrics").text


@pytest.mark.parametrize("explain", [b"", b"explain=true"])
def test_what_was_not_begun_is_left_when_the_client_goes_away(fake, explain):
    """Whatever is read or explained takes a moment: the 10,000 would take ten seconds."""
    for name in ("read", "saliency"):
        setattr(fake, name, slowly(getattr(fake, name)))
    app = application(fake, ServerLimits(request_pictures=10_000, explained_letters=10_000))
    contents = [b"A" * 10_000] if explain else [b"A"] * 10_000
    talk = Talk(app, json.dumps(as_json(*contents)).encode(), query=explain, then=["end", "leave"])
    assert not talk.messages
    assert len(fake.asked) + len(fake.explained) < 10_000


def slowly(method):
    def slow(*words, **more):
        time.sleep(0.001)
        return method(*words, **more)

    return slow


def test_one_request_too_many_is_told_to_come_again(fake):
    """Health answers meanwhile: what is read is read beside it."""
    reading, go_on = threading.Event(), threading.Event()
    asked = fake.read

    def read(picture, **more):
        reading.set()
        go_on.wait()
        return asked(picture, **more)

    fake.read = read
    app = application(fake, ServerLimits(requests_at_once=1))
    with TestClient(app) as client, ThreadPoolExecutor() as pool:
        first = pool.submit(client.post, "/v1/read", files=sent(b"A"))
        reading.wait()
        second = client.post("/v1/read", files=sent(b"B"))
        assert client.get("/v1/health").status_code == 200
        assert "letterlab_requests_in_flight 2.0" in client.get("/metrics").text  # the first, and this one
        go_on.set()
        assert first.result().status_code == 200
        assert (second.status_code, second.headers["retry-after"]) == (429, "1")
        assert second.json()["problem"] == "busy"
        assert client.post("/v1/read", files=sent(b"C")).status_code == 200
        assert "letterlab_requests_in_flight 1.0" in client.get("/metrics").text


@pytest.mark.parametrize("query", ["", "?explain=true"])
def test_many_pictures_do_not_hold_up_one(fake, monkeypatch, query):
    """On one core: between the pictures of a request, or their explanations, others have their turn."""
    monkeypatch.setattr(FakeRecogniser, "at_once", 1)
    begun = threading.Event()
    work = {"": "read", "?explain=true": "saliency"}[query]
    slow = getattr(fake, work)

    def slowly(*words, **more):
        begun.set()
        time.sleep(0.02)  # more than a turn
        return slow(*words, **more)

    setattr(fake, work, slowly)
    contents = [b"A" * 60] if query else [b"A"] * 60
    with TestClient(application(fake, ServerLimits())) as client, ThreadPoolExecutor() as pool:
        many = pool.submit(client.post, f"/v1/read{query}", files=sent(*contents))
        begun.wait()
        assert client.post("/v1/read", files=sent(b"B")).json()["pictures"][0]["text"] == "B"
        assert len(fake.explained if query else fake.asked) < 60
        letters = [letter for one in many.result().json()["pictures"] for letter in one["letters"]]
        assert len(letters) == 60
        assert all("saliency" in letter for letter in letters) == bool(query)


def test_a_refused_request_leaves_its_place(fake):
    client = TestClient(application(fake, ServerLimits(requests_at_once=1)))
    for _ in range(3):
        assert client.post("/v1/read", files=sent(b"damaged")).status_code == 422
        assert client.post("/v1/read", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400


def test_a_mistake_of_the_servers_own_is_logged_and_told_without_its_inside(client, caplog):
    answer = client.post("/v1/read", files=sent(b"bug"))
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "own" in answer.json()["error"]
    assert "Zero" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_metrics_count(client):
    client.post("/v1/read", files=sent(b"AB", b"C", b"damaged"))
    client.post("/v1/read?single=maybe", files=sent(b"AB"))
    client.get("/no/such")
    said = client.get("/metrics")
    assert said.headers["content-type"].startswith("text/plain; version=")
    for line in (
        'letterlab_requests_total{route="/v1/read",status="200"} 1.0',
        'letterlab_requests_total{route="/v1/read",status="422"} 1.0',
        'letterlab_requests_total{route="elsewhere",status="404"} 1.0',
        'letterlab_request_seconds_count{route="/v1/read"} 2.0',
        "letterlab_pictures_read_total 2.0",
        "letterlab_letters_read_total 3.0",
        'letterlab_pictures_refused_total{problem="damaged"} 1.0',
    ):
        assert line in said.text.splitlines()


def test_each_application_counts_for_itself(client, fake):
    client.post("/v1/read", files=sent(b"A"))
    other = TestClient(application(fake, ServerLimits()))
    assert "letterlab_pictures_read_total 0.0" in other.get("/metrics").text


def test_the_log_has_a_line_a_request_without_what_was_asked(client, caplog):
    caplog.set_level(logging.INFO, "letterlab.web")
    client.post("/v1/read?single=true", files=[("picture", ("secret.png", b"A"))])
    client.get('/a%0Ab"c?secret=1')
    first, second = [record.getMessage() for record in caplog.records if record.name == "letterlab.web"]
    assert re.fullmatch(r'testclient "POST /v1/read" 200 \d+\.\d ms', first)
    assert re.fullmatch(r'testclient "GET /a%0Ab%22c" 404 \d+\.\d ms', second)


ROUTES = ["/", "/static/page.css", "/v1/health", "/metrics", "/v1/openapi.json", "/nowhere", "/v1/read"]


@pytest.mark.parametrize("path", ROUTES)
def test_every_answer_has_the_headers_of_security(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/v1/read", 405, "POST"),
        ("OPTIONS", "/v1/read", 405, "POST"),
        ("POST", "/v1/health", 405, "GET"),
        ("DELETE", "/static/page.css", 405, "GET"),
        ("GET", "/v1/health/", 404, None),
        ("GET", "/static/", 404, None),
        ("GET", "/static/..%2fapp.py", 404, None),
        ("GET", "/static/%2e%2e/app.py", 404, None),
    ],
)
def test_other_addresses_and_methods(client, method, path, status, allowed):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["problem"] == {404: "no-such-address", 405: "method"}[status]
    assert allowed is None or allowed in answer.headers["allow"]


def test_the_page_is_kept_by_its_etag(client):
    for path, kind in (("/", "text/html"), ("/static/page.js", "text/javascript"), ("/static/icon.svg", "image/svg")):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["cache-control"] == "no-cache"
        again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == "no-cache"
    assert client.head("/").status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("127.0.0.2", 200),
        ("evil.example", 421),
        ("localhost.evil.example:8000", 421),
        ("127.0.0.1:8000@evil.example", 421),
        ("", 421),
    ],
)
def test_a_name_made_to_point_here_is_refused(fake, host, status):
    client = TestClient(application(fake, ServerLimits(), hosts=local_names("127.0.0.2")))
    assert client.get("/v1/health", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(("host", "local"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True)])
def test_localhost(host, local):
    assert is_localhost(host) is local


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)]
)
def test_a_page_of_another_site_may_not_post(client, fake, site, status):
    answer = client.post("/v1/read", files=sent(b"A"), headers={"Sec-Fetch-Site": site})
    assert answer.status_code == status
    assert len(fake.asked) == (status == 200)
    assert client.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200


def basic(words):
    return "Basic " + base64.b64encode(words.encode()).decode()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Bearer open-sesame", 200),
        ("bearer open-sesame", 200),
        (basic("me:open-sesame"), 200),
        (basic(":open-sesame"), 200),
        (basic("open-sesame"), 401),
        (basic("open-sesame:"), 401),
        ("Basic open-sesame", 401),
        ("Basic \xff", 401),
        ("Bearer open-sesam", 401),
        ("Bearer open-sesame2", 401),
        ("Bearer \xff", 401),
        ("Bearer", 401),
        ("Digest open-sesame", 401),
        ("open-sesame", 401),
        ("", 401),
    ],
)
def test_a_token_opens(fake, said, status):
    client = TestClient(application(fake, ServerLimits(), token="open-sesame"))
    headers = {"Authorization": said.encode("latin-1")}
    answer = client.post("/v1/read", files=sent(b"A"), headers=headers)
    assert answer.status_code == status
    assert ("www-authenticate" in answer.headers) == (status == 401)
    for path in ("/", "/metrics", "/v1/openapi.json", "/static/page.js"):
        assert client.get(path, headers=headers).status_code == status
    assert client.get("/v1/health").status_code == 200


def test_health_says_what_reads(client, fake):
    assert client.get("/v1/health").json() == {
        "status": "ok",
        "version": version("letterlab"),
        "network": fake.fingerprint,
        "letters": "ABC",
        "no_letter": True,
        "accuracy": {"test": {"share": 0.9, "low": 0.8, "high": 0.95, "n": 100}},
    }


def test_the_document_is_openapi_and_says_the_limits(fake):
    limits = ServerLimits(request_pictures=7)
    said = TestClient(application(fake, limits)).get("/v1/openapi.json").json()
    assert said["openapi"] == "3.1.0"
    assert set(said["paths"]) == {"/", "/static/{file}", "/v1/read", "/v1/health", "/metrics", "/v1/openapi.json"}
    assert said["components"]["schemas"]["Pictures"]["properties"]["pictures"]["maxItems"] == 7
    for path in said["paths"].values():
        for operation in (path.get("get"), path.get("post")):
            for schema in schemas_of(operation or {}):
                Draft202012Validator.check_schema(schema)


def schemas_of(part):
    """Every schema below a part of the document."""
    if isinstance(part, dict):
        if "schema" in part:
            yield part["schema"]
        for below in part.values():
            yield from schemas_of(below)


def test_the_answers_are_as_the_document_says(client):
    document = client.get("/v1/openapi.json").json()
    said = client.post("/v1/read?explain=true", files=sent(b"A?", b"damaged"))
    for name, instance in (("Read", said.json()), ("Health", client.get("/v1/health").json())):
        Draft202012Validator({"$ref": f"#/components/schemas/{name}", **document}).validate(instance)


def test_the_documents_example_is_a_picture():
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(EXAMPLE), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture.shape == (28, 28)


@pytest.mark.parametrize("name", [field.name for field in fields(ServerLimits)])
def test_a_limit_must_let_something_through(name):
    with pytest.raises(LetterlabError, match=f"--{name.replace('_', '-')} 0"):
        ServerLimits(**{name: 0.0 if name == "body_seconds" else 0})
