#!/usr/bin/env python3
"""Opens the pages of `howfar serve` in headless Chromium and checks what a reader would see and what a camera would.

Usage: serve_test.py HOWFAR OUT_DIR NODE_MODULES

Runs the demo into OUT_DIR/demo and follows it on the study's page to its end; then leafs through its faces, looks at the
newly correct ones, drops a picture and holds a drawn face before a camera that Chromium makes of a film. Everywhere:
nothing on the console, no request to anywhere else, nothing wider than the page on a phone, nothing serious that axe
(NODE_MODULES/axe-core) finds, light and dark. Writes screenshots to OUT_DIR. ffmpeg makes the film. The last line is "N
passed, N failed"; exit code 1 after a failure.
"""

import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from browser import CAMERA, Browser, Checks, check_console, check_dark, check_width, requests, until  # noqa: E402

WIDTHS = {"phone": 360, "tablet": 768, "desktop": 1280}
STUDY_SECONDS = 600
PAGE_SECONDS = 60
# Frames a second that a camera must be looked at with, on a core that has nothing else to do; printed, and not checked
# below a tenth of it: a busy machine is no fault of the page.
FRAMES = 10


@contextlib.contextmanager
def served(howfar, *what):
    """The address of a server, while it runs."""
    server = subprocess.Popen([howfar, "serve", *what, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = server.stdout.readline().strip()
        if not url.startswith("http://127.0.0.1:"):
            sys.exit(f"howfar serve {' '.join(map(str, what))} did not start: {url}")
        yield url
    finally:
        server.terminate()
        server.wait(20)


def check_page(browser, checks, name, url, axe, out):
    """What every page must pass, with pictures of it."""
    for word, pixels in WIDTHS.items():
        check_width(browser, checks, pixels)
        browser.picture(out / f"{name}-{word}.png")
    check_dark(browser, checks)
    for colours in ("dark", "light"):
        browser.colours(colours)
        found = browser.run(axe + "; return axe.run().then((r) => r.violations.filter((v) => ['serious', 'critical']"
                            ".includes(v.impact)).map((v) => [v.id, v.help, v.nodes.slice(0, 2).map((n) => n.html)]))")
        checks.that(f"axe finds nothing serious in {name}, {colours}", found == [], json.dumps(found)[:900])
        browser.picture(out / f"{name}-{colours}.png")
    foreign = [u for u in requests(browser) if not u.startswith((url.split("?")[0], "data:", "blob:"))]
    checks.that(f"{name} asks nobody else for anything", not foreign, foreign[:5])
    check_console(browser, checks)


def follow_demo(howfar, browser, checks, out, axe):
    """The page of a study while it runs, and when it is done."""
    place = out / "demo"
    log = (out / "demo.log").open("w")
    demo = subprocess.Popen([howfar, "demo", "--out", place, "--quiet"], stdout=log, stderr=log)
    try:
        if not until((place / "plan.json").is_file, STUDY_SECONDS) or demo.poll():
            sys.exit(f"the demo did not begin: {(out / 'demo.log').read_text()}")
        with served(howfar, str(place)) as url:
            browser.open(url)
            seen, states = [], set()
            look = ("return [document.getElementById('progress').value, document.documentElement.dataset.results,"
                    "document.querySelectorAll('svg.curve circle').length,"
                    "[...new Set([...document.querySelectorAll('#cells .cell')].map((c) => c.className))]]")

            def is_over():
                value, results, dots, cells = browser.run(look)
                seen.append((value, dots))
                states.update(cells)
                if 0.2 < value < 1 and "running" not in pictured:
                    pictured.add("running")
                    browser.picture(out / "live-running.png")
                return results == "true" or demo.poll()

            pictured = set()
            until(is_over, STUDY_SECONDS)
            code = demo.wait(STUDY_SECONDS)
            checks.that("the demo ends well", code == 0, (code, (out / "demo.log").read_text()[-600:]))
            until(lambda: browser.run("return document.documentElement.dataset.results") == "true", PAGE_SECONDS)
            values = [value for value, _ in seen]
            back = sum(after < before for before, after in zip(values, values[1:]))
            # The runs at the chosen k are known when it is chosen: more of them, so a smaller share is finished.
            checks.that("the page follows the study, back but for the second stage never", len(set(values)) > 3 and back < 2, values)
            checks.that("it ends with all runs finished", browser.run("return document.getElementById('progress').value") == 1)
            checks.that("the curve has grown", len({dots for _, dots in seen}) > 2, seen[-5:])
            checks.that("runs were waiting, running and finished",
                        {"cell waiting", "cell running", "cell finished"} <= states, states)
            answer = json.loads((place / "results.json").read_text())["answer"]
            heading = browser.run("return document.querySelector('h1').textContent")
            checks.that("at the end the page has the answer", heading == answer, heading)
            check_page(browser, checks, "live", url, axe, out)
            browser.run("document.getElementById('to-report').click()")
            shown = until(lambda: browser.run("return document.querySelectorAll('svg.curve .point').length"), PAGE_SECONDS)
            checks.that("the report is one step away", shown, shown)
            browser.open(url + "changed")
            until(lambda: browser.run("return document.getElementById('found').textContent"), PAGE_SECONDS)
            faces = browser.run("return document.querySelectorAll('#grid .face').length")
            said = browser.run("return document.getElementById('found').textContent")
            checks.that("newly correct and newly wrong faces are told", "newly correct" in said, said)
            results = json.loads((place / "results.json").read_text())
            changed = [c for r in results["recipes"] for c in r["changed"]]
            checks.that("all that the results name are there",
                        faces == sum(len(c["fixed"]) + len(c["broken"]) for c in changed), (faces, said))
            check_page(browser, checks, "changed", url, axe, out)
    finally:
        demo.kill()
        demo.wait()
        log.close()


def leaf_through_faces(howfar, browser, checks, out, axe):
    folder = sorted(path.parent for path in (out / "demo").rglob("face_set.json"))[0]
    with served(howfar, str(folder)) as url:
        browser.open(url)
        shown = "return [...document.images].filter((i) => i.complete && i.naturalWidth > 0).length"
        checks.that("faces are shown", until(lambda: browser.run(shown), PAGE_SECONDS))
        words = "return document.getElementById('found').textContent"
        before = browser.run(words)
        browser.run("document.getElementById('next').focus()")
        browser.keys("\ue007")
        after = until(lambda: (found := browser.run(words)) != before and found, PAGE_SECONDS)
        checks.that("the keyboard turns the page", after and "61 to" in after, (before, after))
        browser.run("const s = document.getElementById('class'); s.selectedIndex = 1;"
                    "s.dispatchEvent(new Event('input', {bubbles: true}))")
        fewer = until(lambda: (found := browser.run(words)) != after and found, PAGE_SECONDS)
        wanted = browser.run("return document.getElementById('class').value")
        classes = browser.run("return [...document.querySelectorAll('#grid .face span')].map((s) => s.firstChild.textContent)")
        checks.that("a class is shown alone", fewer and set(classes) == {wanted}, (fewer, set(classes)))
        browser.run("document.querySelector('#grid .face').focus()")
        browser.keys("\ue007")
        told = browser.run("return [document.getElementById('detail').open, document.getElementById('detail-words').textContent]")
        checks.that("a face tells what is known of it", told[0] and "drawn face" in told[1], told)
        check_page(browser, checks, "face", url, axe, out)
        browser.keys("\ue00c")
        checks.that("escape closes it", not browser.run("return document.getElementById('detail').open"))
        check_page(browser, checks, "faces", url, axe, out)


def portrait(howfar, out):
    """A photograph of a drawn face that the program itself is sure about, and the expression."""
    words = ["draw", "--people", "6", "--style", "studio", "--seed", "21", "--size", "256", "--out", out / "portraits"]
    subprocess.run([howfar, *words, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    words = ["faces", "export", out / "portraits", "--out", out / "portraits-png"]
    subprocess.run([howfar, *words, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    pictures = sorted((out / "portraits-png").rglob("*.png"))
    photos = []
    for number, picture in enumerate(pictures[:12]):
        photos.append(out / f"photo-{number}.png")
        pad = "scale=300:300,pad=640:480:170:90:color=gray,format=rgb24"
        subprocess.run(["ffmpeg", "-loglevel", "error", "-y", "-i", picture, "-vf", pad, photos[-1]], check=True)
    said = subprocess.run([howfar, "predict", *photos, "--json", "--quiet"], check=True, capture_output=True, text=True)
    faces = [row for row in json.loads(said.stdout) if "expression" in row]
    best = max(faces, key=lambda row: max(row["probabilities"].values()))
    return pathlib.Path(best["image"]), best


def see(howfar, checks, out, axe):
    photo, expected = portrait(howfar, out)
    film = out / "film.mjpeg"
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", "-loop", "1", "-i", photo, "-t", "4", "-r", "25", "-q:v", "2",
                    "-pix_fmt", "yuvj420p", "-f", "mjpeg", film], check=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, served(howfar) as url:
        browser = Browser(profile, *CAMERA, f"--use-file-for-fake-video-capture={film}")
        try:
            browser.colours("light")
            browser.width(WIDTHS["desktop"])
            browser.open("about:blank")
            browser.log("performance"), browser.log("browser")
            browser.open(url)
            ready = until(lambda: not browser.run("return document.getElementById('camera').disabled"), PAGE_SECONDS)
            checks.that("the network is there", ready, browser.run("return document.body.innerText"))
            browser.choose_file("#files", photo)
            words = "return document.querySelector('.looked figcaption')?.innerText ?? ''"
            said = until(lambda: browser.run(words), PAGE_SECONDS)
            sure = round(100 * max(expected["probabilities"].values()))
            checks.that("a picture is told as by the program", f"{expected['expression']} {sure} %" in said, (said, expected))
            browser.run("document.getElementById('camera').focus()")
            browser.keys("\ue007")
            named = until(lambda: expected["expression"] in browser.run("return document.getElementById('seen').textContent"), 30)
            checks.that("the camera names the expression of a drawn face", named,
                        (browser.run("return document.body.innerText"), expected["expression"]))
            time.sleep(4)
            rate = browser.run("return document.getElementById('live').dataset.rate")
            print(f"       {rate} frames a second at 640x480 ({FRAMES} are wanted)")
            checks.that("frames follow each other", rate and float(rate) >= FRAMES / 10, rate)
            check_page(browser, checks, "camera", url, axe, out)
        finally:
            browser.close()


def main(howfar, out, modules):
    out.mkdir(parents=True, exist_ok=True)
    axe = (modules / "axe-core" / "axe.min.js").read_text()
    checks = Checks()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            browser.colours("light")
            browser.width(WIDTHS["desktop"])
            browser.open("about:blank")
            browser.log("performance"), browser.log("browser")
            follow_demo(howfar, browser, checks, out, axe)
            leaf_through_faces(howfar, browser, checks, out, axe)
        finally:
            browser.close()
    see(howfar, checks, out, axe)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])))
