"""How long a drawing of the page's takes to be read over HTTP: python benchmarks/serving.py

A server process of its own is asked over one kept connection, as a browser asks it, about a 400x300 PNG; then by its
page in Chromium. "stroke to answer" is from the event that begins a stroke to the frame that shows the letter. The page
asks for no explanation while one draws: "fetch" is such a question as the browser times it, "explained" the one that
follows when nothing newer is wanted.
"""

import http.client
import re
import subprocess
import sys
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

ROUNDS = 500
STROKES = 60

CHROMIUM = Path("/usr/bin/chromium")

canvas = np.full((300, 400, 3), 255, np.uint8)
for begin, end in (((150, 50), (150, 230)), ((150, 230), (260, 230))):
    cv2.line(canvas, begin, end, (0, 0, 0), 14, cv2.LINE_AA)
png = cv2.imencode(".png", canvas)[1].tobytes()
body = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="drawing.png"\r\n\r\n' + png + b"\r\n--x--\r\n"

process = subprocess.Popen(
    [sys.executable, "-m", "letterlab", "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
)
assert process.stdout
port = int(re.search(rb":(\d+)/", process.stdout.readline())[1])
connection = http.client.HTTPConnection("127.0.0.1", port)


def tell(what: str, times: list[float]) -> None:
    found = quantiles(times, n=20)
    print(f"{what:<31}{found[9]:8.2f} {found[18]:8.2f} {min(times):8.2f}", flush=True)


print("milliseconds                     median     95 %    least")
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
    tell(path.removeprefix("/v1/"), times[20:])

WATCH = """() => {
  window.waited = [];
  let begun = null;
  document.addEventListener("pointerdown", ({ timeStamp }) => (begun = timeStamp), true);
  new MutationObserver(() => {
    if (begun === null || !document.getElementById("glyph").textContent) return;
    const since = begun;
    begun = null;
    requestAnimationFrame(() => setTimeout(() => window.waited.push(performance.now() - since)));
  }).observe(document.getElementById("glyph"), { childList: true });
  performance.setResourceTimingBufferSize(10000);
}"""
FETCHES = """() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/v1/read"))
  .map(({ name, duration }) => [name.includes("explain=true"), duration])"""

with sync_playwright() as playwright:
    page = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]).new_page(bypass_csp=True)
    page.goto(f"http://127.0.0.1:{port}/")
    sheet = page.locator("#pen").bounding_box()
    page.evaluate(WATCH)
    for i in range(STROKES):
        page.mouse.move(sheet["x"] + 0.4 * sheet["width"], sheet["y"] + 0.2 * sheet["height"])
        page.mouse.down()
        page.mouse.move(sheet["x"] + 0.4 * sheet["width"], sheet["y"] + 0.8 * sheet["height"], steps=5)
        page.mouse.up()
        page.wait_for_function("(n) => waited.length === n", arg=i + 1)
        page.wait_for_function("document.getElementById('grids').classList.contains('old') === false")
        page.keyboard.press("Delete")
    fetches = page.evaluate(FETCHES)
    tell("page: stroke to answer", page.evaluate("waited")[5:])
    tell("page: fetch", [duration for explained, duration in fetches if not explained][5:])
    tell("page: explained", [duration for explained, duration in fetches if explained][5:])
process.terminate()
