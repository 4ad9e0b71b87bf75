"""`letterlab serve` in a process of its own, and ways to ask it."""

import base64
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

from letterlab.web.openapi import EXAMPLE

PICTURE = base64.b64decode(EXAMPLE)


class Server:
    """`letterlab serve` in a process of its own."""

    def __init__(self, *words):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "letterlab", "serve", "--port", "0", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What a shell runs in the background ignores Ctrl-C, and so does what that runs.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            start_new_session=True,
        )
        said = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
        assert found, said + self.process.stderr.read()
        self.connections = []
        self.url = found[0]
        self.port = int(found[1])

    def readers(self):
        """Process numbers of what reads for it: of its session, the copies of the one that has loaded what reads."""
        of_session = {}
        for one in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has ended meanwhile
                state, parent, _, session = one.read_text().rsplit(")", 1)[1].split()[:4]
                if int(session) == self.process.pid and state != "Z":
                    of_session[int(one.parent.name)] = int(parent)
        return [one for one, parent in of_session.items() if of_session.get(parent) == self.process.pid]

    def connect(self):
        self.connections.append(http.client.HTTPConnection("127.0.0.1", self.port))
        return self.connections[-1]

    def talk(self, words):
        """A bare connection, on which `words` have been said."""
        self.connections.append(socket.create_connection(("127.0.0.1", self.port)))
        self.connections[-1].sendall(words)
        return self.connections[-1]

    def stop(self, how=signal.SIGTERM):
        """The exit code, and what was said on standard error."""
        self.process.send_signal(how)
        _, said = self.process.communicate()
        return self.process.returncode, said


@contextmanager
def serving(*words):
    server = Server(*words)
    try:
        yield server
    finally:
        for connection in server.connections:
            connection.close()
        server.process.kill()
        server.process.communicate()


def asked(connection, body, kind="application/json", path="/v1/read?single=true"):
    connection.request("POST", path, body, {"Content-Type": kind})
    return answered(connection.getresponse())


def answered(response):
    return response.status, json.loads(response.read())


def heard(connection):
    """The answer on a bare connection, which is then closed."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    found = *answered(response), dict(response.headers)
    assert connection.recv(1) == b""
    return found


ONE = json.dumps({"pictures": [{"file": "l.png", "content": EXAMPLE}]}).encode()
PARTS = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="l.png"\r\n\r\n' + PICTURE + b"\r\n--x--\r\n"

HEAD = b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
