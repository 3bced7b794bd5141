#!/usr/bin/env python3
"""Opens a report in headless Chromium and checks what a reader would see.

Usage: browser_test.py REPORT.html OUT_DIR

Python's standard library and Debian's chromium and chromium-driver (CHROMIUM and CHROMEDRIVER name others). Checks: nothing
is written to the console, no request leaves the page, curves and matrices are drawn, the text of a point shows when it is
pointed at or focused, nothing is wider than the page at phone and desktop width, dark colours are used when asked for.
Writes phone.png, desktop.png, dark.png and print.pdf to OUT_DIR. The last line is "N passed, N failed"; exit code 1 after a failure.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

# Without a network of its own a container's Chromium must not try to reach one; root needs --no-sandbox.
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --force-device-scale-factor=1""".split()
PHONES = [360, 390]
DESKTOP = 1280
START_SECONDS = 60
CALL_SECONDS = 120

DRAWN = """
const box = (e) => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; };
return {
  curves: [...document.querySelectorAll('svg.curve')].map((svg) => ({
    box: box(svg),
    points: svg.querySelectorAll('.point').length,
    drawn: [...svg.querySelectorAll('.point use')].filter(box).length,
    steps: svg.querySelectorAll('line.step').length,
    finite: ![...svg.querySelectorAll('*')].some((e) => [...e.attributes].some((a) => /NaN|inf/.test(a.value))),
  })),
  recipes: document.querySelectorAll('section.recipe').length,
  matrices: [...document.querySelectorAll('table.confusion')].map((table) => ({
    box: box(table),
    classes: table.querySelectorAll('th.class').length,
    cells: [...table.querySelectorAll('tbody td')].filter((td) => box(td) && /\\d.*%/.test(td.textContent)).length,
  })),
  images: [...document.images].map((i) => i.complete && i.naturalWidth > 0 && i.src.startsWith('data:')),
  answer: document.querySelector('h1').textContent.trim(),
  unlabelled: document.querySelectorAll('table th:not([scope]), img:not([alt])').length,
};"""

# What sticks out of the page without lying in a box that scrolls by itself.
OVERFLOW = """
const page = document.documentElement;
const scrolls = (e) => { for (; e; e = e.parentElement) { const o = getComputedStyle(e).overflowX;
  if (o === 'auto' || o === 'scroll' || o === 'hidden') return true; } return false; };
const out = [...document.body.querySelectorAll('*')].filter((e) =>
  e.getBoundingClientRect().right > page.clientWidth + 1 && !scrolls(e));
return { page: page.scrollWidth - page.clientWidth, out: out.slice(0, 5).map((e) => e.tagName + '.' + e.getAttribute('class')) };"""


class Browser:
    """A chromedriver session, spoken to by WebDriver over HTTP."""

    def __init__(self, profile):
        # Port 0 lets the driver choose; it prints which.
        driver = os.environ.get("CHROMEDRIVER", "chromedriver")
        self.driver = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.base = f"http://127.0.0.1:{self._port()}"
        chrome = {
            "args": FLAGS + [f"--user-data-dir={profile}"],
            "binary": os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome"),
        }
        wanted = {"browserName": "chrome", "goog:chromeOptions": chrome,
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self.session = ""
        self.session = "/session/" + self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def _port(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            line = self.driver.stdout.readline()
            if not line:
                break
            if "started successfully on port" in line:
                return int(line.rstrip().rstrip(".").split()[-1])
        sys.exit("chromedriver did not start; Debian: apt-get install chromium chromium-driver")

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + self.session + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.read().decode()[:600]}")

    def run(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def width(self, pixels, height=900):
        self.devtools("Emulation.setDeviceMetricsOverride", width=pixels, height=height, deviceScaleFactor=1, mobile=False)

    def colours(self, scheme):
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def log(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def picture(self, target):
        png = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        target.write_bytes(base64.b64decode(png))

    def point_at(self, x, y):
        move = {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move]}
        self.call("POST", "/actions", {"actions": [mouse]})

    def close(self):
        if self.session:
            self.call("DELETE", "")
        self.driver.terminate()
        self.driver.wait(20)


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def that(self, what, holds, found=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
        print(("ok     " if holds else "FAILED ") + what + ("" if holds else f"\n       found: {found}"))


def check_drawing(browser, checks):
    page = browser.run(DRAWN)
    curves, matrices = page["curves"], page["matrices"]
    checks.that("the page begins with an answer", len(page["answer"]) > 10, page["answer"])
    checks.that("every recipe has its curve", len(curves) == page["recipes"] > 0, curves)
    checks.that("the curves have points of visible size",
                all(c["box"] and c["points"] > 1 and c["drawn"] == c["points"] for c in curves), curves)
    checks.that("the points are joined", all(c["steps"] > 0 for c in curves), curves)
    checks.that("every position in the curves is a number", all(c["finite"] for c in curves), curves)
    checks.that("there are confusion matrices", len(matrices) > 0, matrices)
    checks.that("every matrix shows classes × classes cells with percent",
                all(m["box"] and m["cells"] == m["classes"] ** 2 > 0 for m in matrices), matrices)
    checks.that("every picture is inside the page and decodes", all(page["images"]), page["images"])
    checks.that("headings of tables have a scope and pictures a text", page["unlabelled"] == 0, page["unlabelled"])


def check_tip(browser, checks):
    middle = """
      const point = document.querySelector('.point'); point.scrollIntoView({block: 'center', behavior: 'instant'});
      const r = point.querySelector('.reach').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2];"""
    tip = "const t = document.getElementById('tip'); return t.hidden ? null : t.textContent;"
    checks.that("no text is shown before a point is pointed at", browser.run(tip) is None, browser.run(tip))
    x, y = browser.run(middle)
    browser.point_at(x, y)
    text = browser.run(tip)
    checks.that("pointing at a point shows its numbers", text is not None and "95 % interval" in text, text)
    inside = browser.run("const r = document.getElementById('tip').getBoundingClientRect();"
                         "return r.left >= 0 && r.right <= innerWidth && r.width > 0;")
    checks.that("the text lies inside the window", inside)
    browser.point_at(2, 2)
    checks.that("the text goes when the pointer leaves", browser.run(tip) is None, browser.run(tip))
    browser.run("document.querySelectorAll('.point')[1].focus()")
    text = browser.run(tip)
    checks.that("the keyboard shows it too", text is not None and "%" in text, text)
    browser.run("document.activeElement.blur()")


def check_width(browser, checks, pixels):
    browser.width(pixels)
    found = browser.run(OVERFLOW)
    checks.that(f"nothing sticks out of the page at {pixels} pixels", found["page"] <= 0 and not found["out"], found)


def check_dark(browser, checks):
    colours = "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color];"
    brightness = lambda rgb: sum(int(float(n)) for n in rgb[rgb.index("(") + 1:-1].split(",")[:3])
    browser.colours("light")
    paper, ink = browser.run(colours)
    checks.that("light colours: dark ink on light paper", brightness(paper) > 600 > brightness(ink), (paper, ink))
    browser.colours("dark")
    paper, ink = browser.run(colours)
    checks.that("dark colours: light ink on dark paper", brightness(paper) < 150 < brightness(ink), (paper, ink))


def check_requests(browser, checks, url):
    urls = []
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        # Chromium's own first tab asks for its parts before the report is opened.
        if message["method"] == "Network.requestWillBeSent" and not message["params"]["documentURL"].startswith("chrome://"):
            urls.append(message["params"]["request"]["url"])
    # The report is the only file it may ask for; pictures are part of it.
    foreign = [u[:100] for u in urls if not u.startswith("data:") and u.split("#")[0] != url]
    checks.that("the report itself was asked for", url in urls, urls[:5])
    checks.that("no request leaves the page", not foreign, foreign)
    messages = [f"{m['level']}: {m['message']}" for m in browser.log("browser")]
    checks.that("the console stays empty", not messages, messages)


def main(report, out):
    out.mkdir(parents=True, exist_ok=True)
    url = report.resolve().as_uri()
    checks = Checks()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            browser.colours("light")
            browser.width(DESKTOP)
            browser.open("about:blank")
            browser.log("performance"), browser.log("browser")
            browser.open(url)
            check_drawing(browser, checks)
            check_tip(browser, checks)
            for pixels in [*PHONES, DESKTOP]:
                check_width(browser, checks, pixels)
            check_dark(browser, checks)
            browser.picture(out / "dark.png")
            browser.colours("light")
            browser.picture(out / "desktop.png")
            browser.width(PHONES[-1])
            check_drawing(browser, checks)
            check_tip(browser, checks)
            browser.picture(out / "phone.png")
            pdf = browser.devtools("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"]
            (out / "print.pdf").write_bytes(base64.b64decode(pdf))
            checks.that("the page prints", (out / "print.pdf").stat().st_size > 10_000)
            check_requests(browser, checks, url)
        finally:
            browser.close()
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
