"""A store that answers as S3 does what is asked of it here: listing below a prefix, and an object's size and bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape


@contextmanager
def fake_s3(bucket: str, objects: dict[str, bytes]) -> Iterator[str]:
    """Serves a bucket on loopback; gives what its addresses end with, so that it is found."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked = urlsplit(self.path)
            words = parse_qs(asked.query)
            key = asked.path.removeprefix(f"/{bucket}").lstrip("/")
            if "list-type" in words:
                prefix = words.get("prefix", [""])[0]
                found = "".join(
                    f"<Contents><Key>{escape(name)}</Key><Size>{len(content)}</Size>"
                    "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
                    for name, content in objects.items()
                    if name.startswith(prefix)
                )
                count = found.count("<Key>")
                self.answer(200, f"<ListBucketResult><KeyCount>{count}</KeyCount>{found}</ListBucketResult>".encode())
            elif key in objects:
                self.answer(200, objects[key])
            else:
                self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

        do_HEAD = do_GET

        def answer(self, status, content):
            start, _, end = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
            part = content
            if status == 200 and start:
                status, part = 206, content[int(start) : int(end) + 1]
            self.send_response(status)
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{int(start) + len(part) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(part)

        def log_message(self, *_):
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"?scheme=http&region=here&endpoint_override=127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
