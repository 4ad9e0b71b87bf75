"""How long a drawing of the page's takes to be read over HTTP: python benchmarks/serving.py

A server process of its own is asked over one kept connection, as a browser asks it, about a 280x280 PNG.
"""

import http.client
import re
import subprocess
import sys
from statistics import quantiles
from time import perf_counter

import cv2
import numpy as np

ROUNDS = 500

canvas = np.full((280, 280), 255, np.uint8)
for begin, end in (((90, 50), (90, 230)), ((90, 230), (200, 230))):
    cv2.line(canvas, begin, end, 0, 18, cv2.LINE_AA)
png = cv2.imencode(".png", canvas)[1].tobytes()
body = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="drawing.png"\r\n\r\n' + png + b"\r\n--x--\r\n"

process = subprocess.Popen(
    [sys.executable, "-m", "letterlab", "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
)
assert process.stdout
port = int(re.search(rb":(\d+)/", process.stdout.readline())[1])
connection = http.client.HTTPConnection("127.0.0.1", port)
print("milliseconds            median     95 %    least")
for path in ("/v1/read?single=true", "/v1/read?single=true&explain=true", "/v1/read", "/v1/health"):
    times = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        if path == "/v1/health":
            connection.request("GET", path)
        else:
            connection.request("POST", path, body, {"Content-Type": "multipart/form-data; boundary=x"})
        response = connection.getresponse()
        response.read()
        assert response.status == 200
        times.append(1000 * (perf_counter() - begun))
    found = quantiles(times[20:], n=20)
    print(f"{path.removeprefix('/v1/'):<22}{found[9]:8.2f} {found[18]:8.2f} {min(times):8.2f}")
process.terminate()
