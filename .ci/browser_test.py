#!/usr/bin/env python3
"""Opens a report in headless Chromium and checks what a reader would see.

Usage: browser_test.py REPORT.html OUT_DIR

Python's standard library and Debian's chromium and chromium-driver (CHROMIUM and CHROMEDRIVER name others). Checks: nothing
is written to the console, no request leaves the page, curves and matrices are drawn, the text of a point shows when it is
pointed at or focused, nothing is wider than the page at phone and desktop width, dark colours are used when asked for.
Writes phone.png, desktop.png, dark.png and print.pdf to OUT_DIR. The last line is "N passed, N failed"; exit code 1 after a failure.
"""

import base64
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True

from browser import Browser, Checks, check_console, check_dark, check_width, requests  # noqa: E402

PHONES = [360, 390]
DESKTOP = 1280

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


def check_requests(browser, checks, url):
    urls = requests(browser)
    # The report is the only file it may ask for; pictures are part of it.
    foreign = [u[:100] for u in urls if not u.startswith("data:") and u.split("#")[0] != url]
    checks.that("the report itself was asked for", url in urls, urls[:5])
    checks.that("no request leaves the page", not foreign, foreign)
    check_console(browser, checks)


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
