"""How many pictures a second the server reads, and how it holds up under more: python benchmarks/serving_load.py

A server process of its own is asked over kept connections, by this process, about letters of 28x28 pixels and
drawings like the page's (400x300), alone and 16 to a request. Every answer is compared with what the recogniser says
here. Beside the rate stands the server's processor time for each picture: where other work goes on, that is the figure.

    at once     as fast as 8 connections go, each asking anew when it is answered
    at a rate   at moments drawn beforehand (a Poisson process), whether or not what was asked before is answered; a
                request's time begins at its moment, so that waiting for a free connection counts
    too much    the same at four times the rate that it can read: each request is answered rightly or told 429
    for long    memory, before and after as many requests as --requests says
"""

import argparse
import asyncio
import base64
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import NamedTuple

import cv2
import numpy as np

from letterlab.recognise.recogniser import Recogniser
from letterlab.sources.drawn import draw_letters

parser = argparse.ArgumentParser()
parser.add_argument("--requests", type=int, default=20_000, help="of the last part; an hour at 240 a second: 864000")
parser.add_argument("--pictures", type=int, default=2_000, help="of each of the other parts")
parser.add_argument("--rate", type=float, default=240, help="pictures a second: 80 percent of 300")
parser.add_argument("--figures", type=Path, help="a JSON file for what is printed")
arguments = parser.parse_args()


class Kind(NamedTuple):
    """Requests of one kind, and what each must be answered."""

    name: str
    requests: list[tuple[bytes, list[str]]]
    pictures: int


class Server:
    """`letterlab serve` in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "letterlab", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        assert self.process.stdout
        self.port = int(re.search(rb":(\d+)/", self.process.stdout.readline())[1])

    def processor(self) -> float:
        """Seconds that it and the processes that read for it have worked."""
        return sum(int(fields[11]) + int(fields[12]) for _, fields in self.processes()) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MB that they hold, of what they share a part each (Pss)."""
        told = [(process / "smaps_rollup").read_text() for process, _ in self.processes()]
        return sum(int(re.search(r"\bPss:\s+(\d+)", one)[1]) for one in told) / 1024

    def processes(self) -> list[tuple[Path, list[str]]]:
        """Of its session, each with what its stat says from the state on."""
        every = [(one.parent, one.read_text().rsplit(")", 1)[1].split()) for one in Path("/proc").glob("[0-9]*/stat")]
        return [(process, fields) for process, fields in every if int(fields[3]) == self.process.pid]


class Client:
    """Connections that are kept, and what became of the requests on them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.became: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def ask(self, request: bytes, texts: list[str], begun: float | None = None) -> None:
        begun = begun or perf_counter()
        while self.free and self.free[-1][0].at_eof():  # the server has closed it, for nothing was asked for a while
            self.free.pop()[1].close()
        connection = self.free.pop() if self.free else await asyncio.open_connection("127.0.0.1", self.port)
        try:
            connection[1].write(request)
            head = await connection[0].readuntil(b"\r\n\r\n")
            body = await connection[0].readexactly(int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1]))
        except (OSError, asyncio.IncompleteReadError):
            self.became["lost"] += 1
            return
        self.free.append(connection)
        if head.startswith(b"HTTP/1.1 429") and b"retry-after: 1" in head.lower():
            self.became["refused"] += 1
        elif head.startswith(b"HTTP/1.1 200") and [one["text"] for one in json.loads(body)["pictures"]] == texts:
            self.became["right"] += 1
            self.seconds.append(perf_counter() - begun)
        else:
            self.became["wrong"] += 1

    def close(self) -> None:
        for _, writer in self.free:
            writer.close()


def png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def kinds() -> list[Kind]:
    recogniser = Recogniser()
    letters = draw_letters(np.arange(26, dtype=np.uint8).repeat(2), 0)
    small = [png(255 - letter) for letter in letters]
    large = []
    for letter in letters[::2]:
        sheet = np.zeros((300, 400, 3), np.uint8)
        sheet[38:262, 88:312] = cv2.resize(letter, (224, 224), interpolation=cv2.INTER_CUBIC)[:, :, None]
        large.append(png(255 - sheet))

    def parts(pictures: list[bytes]) -> bytes:
        part = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n%s\r\n'
        body = b"".join(part % picture for picture in pictures) + b"--x--\r\n"
        return post("multipart/form-data; boundary=x", body)

    def said(pictures: list[bytes]) -> bytes:
        items = [{"content": base64.b64encode(picture).decode()} for picture in pictures]
        return post("application/json", json.dumps({"pictures": items}).encode())

    def post(kind: str, body: bytes) -> bytes:
        head = f"POST /v1/read?single=true HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def of(name: str, pictures: list[bytes], each: int) -> Kind:
        texts = [recogniser.read(picture, single=True).text for picture in pictures]
        requests = []
        for start in range(len(pictures)):
            chosen = [(start + i) % len(pictures) for i in range(each)]
            write = said if start % 2 else parts
            requests.append((write([pictures[i] for i in chosen]), [texts[i] for i in chosen]))
        return Kind(name, requests, each)

    return [of("letter", small, 1), of("16 letters", small, 16), of("drawing", large, 1), of("16 drawings", large, 16)]


async def at_once(server: Server, kind: Kind, n: int, connections: int = 8) -> Client:
    client, left = Client(server.port), iter(range(n))

    async def go_on() -> None:
        for i in left:
            await client.ask(*kind.requests[i % len(kind.requests)])

    await asyncio.gather(*(go_on() for _ in range(connections)))
    client.close()
    return client


async def at_a_rate(server: Server, kind: Kind, n: int, rate: float) -> Client:
    client, chance, asking = Client(server.port), random.Random(0), []
    moment = perf_counter()
    for i in range(n):
        moment += chance.expovariate(rate)
        await asyncio.sleep(max(moment - perf_counter(), 0))
        asking.append(asyncio.create_task(client.ask(*kind.requests[i % len(kind.requests)], moment)))
    await asyncio.gather(*asking)
    client.close()
    return client


async def main() -> None:
    server, every, figures = Server(), kinds(), []
    for kind in every:
        await at_once(server, kind, 50 // kind.pictures)
    print("                       pictures a second   ms of processor a picture   50 %   99 % (ms)   became")
    highest: dict[str, float] = {}
    for part in ("at once", "at a rate", "too much"):
        for kind in every:
            n = arguments.pictures // kind.pictures
            begun, worked = perf_counter(), server.processor()
            if part == "at once":
                client = await at_once(server, kind, n)
                highest[kind.name] = n * kind.pictures / (perf_counter() - begun)
            else:
                rate = arguments.rate if part == "at a rate" else 4 * highest[kind.name]
                client = await at_a_rate(server, kind, n, rate / kind.pictures)
            figures.append(tell(part, kind, n, perf_counter() - begun, server.processor() - worked, client))
    held = [server.memory()]
    for _ in range(4):
        client = await at_once(server, every[0], arguments.requests // 4)
        assert client.became["right"] == arguments.requests // 4, client.became
        held.append(server.memory())
    print(f"for long   {arguments.requests:,} requests: " + " ".join(f"{one:.0f}" for one in held) + " MB")
    server.process.terminate()
    assert server.process.wait() == 0
    if arguments.figures:
        told = {"rate": arguments.rate, "parts": figures, "requests": arguments.requests, "memory": held}
        arguments.figures.write_text(json.dumps(told), encoding="utf-8")


def tell(part: str, kind: Kind, n: int, seconds: float, worked: float, client: Client) -> dict[str, object]:
    times = [1000 * one for one in quantiles(client.seconds, n=100)]
    read = client.became["right"] * kind.pictures
    became = ", ".join(f"{number} {what}" for what, number in client.became.items())
    each = 1000 * worked / read
    name = f"{part:<11}{kind.name}"
    print(f"{name:<23}{read / seconds:14.0f}{each:26.2f}{times[49]:14.0f}{times[98]:7.0f}        {became}")
    assert client.became["right"] + client.became["refused"] == n, became
    return {"part": part, "kind": kind.name, "n": n, "rate": read / seconds, "p99": times[98], **client.became}


if __name__ == "__main__":
    asyncio.run(main())
