"""A headless Chromium that tests look through, by chromedriver and Python's standard library alone.

In: Debian's chromium and chromium-driver (CHROMIUM and CHROMEDRIVER name others). Out: a Browser, and checks that every
page must pass: nothing wider than the page, colours for light and dark, no word on the console, no foreign request.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

# Without a network of its own a container's Chromium must not try to reach one; root needs --no-sandbox.
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --force-device-scale-factor=1""".split()
START_SECONDS = 60
CALL_SECONDS = 120

# What sticks out of the page without lying in a box that scrolls by itself.
OVERFLOW = """
const page = document.documentElement;
const scrolls = (e) => { for (; e; e = e.parentElement) { const o = getComputedStyle(e).overflowX;
  if (o === 'auto' || o === 'scroll' || o === 'hidden') return true; } return false; };
const out = [...document.body.querySelectorAll('*')].filter((e) =>
  e.getBoundingClientRect().right > page.clientWidth + 1 && !scrolls(e));
return { page: page.scrollWidth - page.clientWidth, out: out.slice(0, 5).map((e) => e.tagName + '.' + e.getAttribute('class')) };"""


# A camera that is a film (`--use-file-for-fake-video-capture=FILE.mjpeg`), and nobody is asked for it.
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def until(holds, seconds, pause=0.2):
    """What `holds` gives as soon as that is true; what it gave last after so many seconds."""
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(pause)
    return found


class Browser:
    """A chromedriver session, spoken to by WebDriver over HTTP."""

    def __init__(self, profile, *flags):
        # Port 0 lets the driver choose; it prints which.
        driver = os.environ.get("CHROMEDRIVER", "chromedriver")
        self.driver = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.base = f"http://127.0.0.1:{self._port()}"
        chrome = {
            "args": [*FLAGS, *flags, f"--user-data-dir={profile}"],
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

    def keys(self, text):
        """Presses keys, by WebDriver's names for those without a letter: U+E007 is enter, U+E00C escape."""
        presses = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": presses}]})

    def choose_file(self, selector, path):
        found = self.call("POST", "/element", {"using": "css selector", "value": selector})
        (element,) = found.values()
        self.call("POST", f"/element/{element}/value", {"text": str(path)})

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


def requests(browser):
    """Addresses that pages have asked for since the last call."""
    urls = []
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        # Chromium's own first tab asks for its parts before the first page is opened.
        if message["method"] == "Network.requestWillBeSent" and not message["params"]["documentURL"].startswith("chrome://"):
            urls.append(message["params"]["request"]["url"])
    return urls


def check_console(browser, checks):
    messages = [f"{m['level']}: {m['message']}" for m in browser.log("browser")]
    checks.that("the console stays empty", not messages, messages)
