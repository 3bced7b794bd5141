#!/usr/bin/env python3
"""Opens the page of docs/web.md in headless Chromium, with a drawn face before a camera that Chromium makes of a film.

Usage: web_test.py HOWFAR

Serves the document's own lines beside howfar.wasm and reader.js under a strict Content-Security-Policy, checks that the
page names an expression and asks nobody else for anything, and prints how many frames of 640×480 pixels a second are
read, each drawn, copied and followed one after the other. `taskset -c 1` before it leaves Chromium one core. ffmpeg
makes the film. The last line is "N passed, N failed"; exit code 1 after a failure.
"""

import functools
import http.server
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True

from browser import CAMERA, Browser, Checks, check_console, requests, until  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEB = ROOT / "crates" / "howfar-web"
POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
PAGE_SECONDS = 60
FRAMES = 100
MEASURE = f"""
const draw = () => {{ context.drawImage(video, 0, 0); return context.getImageData(0, 0, canvas.width, canvas.height); }};
window.measured = () => {{
  const [begin, n] = [performance.now(), {FRAMES}];
  let nFaces = 0;
  for (let i = 0; i < n; i += 1) nFaces += reader.follow(draw()).faces.length;
  const between = performance.now();
  for (let i = 0; i < 10; i += 1) reader.read(draw());
  const end = performance.now();
  return {{ rate: 1000 * n / (between - begin), still: (end - between) / 10, nFaces,
    size: [canvas.width, canvas.height] }};
}};"""


class Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_):
        pass


def write_page(place, howfar):
    """The document's page, its script in a file of its own as the policy wants it, with what measures."""
    html = re.search(r"```html\n(.*?)```", (ROOT / "docs" / "web.md").read_text(), re.S).group(1)
    before, script = re.match(r"(.*)<script type=\"module\">\n(.*)</script>", html, re.S).groups()
    (place / "page.js").write_text(script + MEASURE)
    head = '<!doctype html><meta charset="utf-8"><title>howfar</title>'
    (place / "index.html").write_text(f'{head}{before}<script type="module" src="page.js"></script>')
    (place / "favicon.ico").touch()
    shutil.copy(WEB / "data" / "howfar.wasm", place)
    shutil.copy(WEB / "src" / "reader.js", place)
    shutil.copy(ROOT / "crates" / "howfar-train" / "data" / "expression.safetensors", place / "model.safetensors")
    faces = [place / name for name in ("faces", "pictures")]
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([howfar, "draw", "--people", "1", "--size", "256", "--colour", "rgb", "--out", faces[0]], **quiet)
    subprocess.run([howfar, "faces", "export", faces[0], "--out", faces[1]], **quiet)
    face = sorted(faces[1].rglob("*.png"))[0]
    # It walks to and fro, so that no frame is the one before.
    walk = "[back][0]overlay=x='190+60*sin(t)':y='100+20*cos(t)':shortest=1"
    film = place / "film.mjpeg"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-loop", "1", "-i", face, "-filter_complex",
                    f"color=0x808080:size=640x480:rate=30:duration=10[back];{walk}", "-q:v", "2", film], **quiet)
    return film


def main():
    (howfar,) = sys.argv[1:]
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        film = write_page(place, howfar)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        browser = Browser(place / "profile", *CAMERA, f"--use-file-for-fake-video-capture={film}")
        try:
            browser.open(url)
            seen = until(lambda: browser.run("return document.querySelector('#seen').textContent"), PAGE_SECONDS)
            checks.that("the page of docs/web.md names an expression", seen, seen)
            if seen:
                print(f"       it says {seen}")
                found = browser.run("return window.measured()")
                checks.that("a face in nearly every frame", found["nFaces"] >= 0.9 * FRAMES, found)
                width, height = found["size"]
                print(f"       {width}×{height}: {found['rate']:.1f} frames a second; a still picture {found['still']:.0f} ms")
            check_console(browser, checks)
            foreign = [asked for asked in requests(browser) if not asked.startswith((url, "data:"))]
            checks.that("nobody else is asked for anything", not foreign, foreign)
        finally:
            browser.close()
            server.shutdown()
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(checks.failed > 0)


main()
