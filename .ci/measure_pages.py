"""Measure what a reader of the built book has in sight: code, asserts, figures, and what the first screen holds.

    python .ci/measure_pages.py                             # all chapters of _build/html
    python .ci/measure_pages.py _build/html 05_sparse       # some of them

Everything that folds is closed, as the page opens. A share is one of height: what stands in one column of text adds
up to the page. A `*` marks what misses its target. Nothing fails: a chapter is judged by a reader, not by a ruler.
Needs playwright and a chromium on PATH, as check_pages.py does.
"""

import argparse
import shutil
import sys
from pathlib import Path

from check_pages import FLAGS
from playwright.sync_api import sync_playwright

SCREENS = {1440: 900, 390: 844}  # a laptop, a phone
MOST_CODE = {1440: 0.20, 390: 0.22}
MOST_ASSERTS, FEWEST_FIGURES = 0.01, 0.15

MEASURE = """() => {
    const article = document.querySelector('article');
    // What a closed dropdown holds has no box; nor is a figure inside a figure counted twice.
    const shown = selector => [...article.querySelectorAll(selector)].filter(
        e => e.checkVisibility() && !e.parentElement.closest(selector));
    const height = elements => elements.reduce((sum, e) => sum + e.getBoundingClientRect().height, 0);
    const code = shown('.cell_input, div.highlight:not(.cell_output *)');
    const first = code.filter(e => e.getBoundingClientRect().top + scrollY < innerHeight);
    return {
        height: article.getBoundingClientRect().height,
        code: height(code),
        asserts: height(code.filter(e => /^\\s*assert\\b/m.test(e.textContent))),
        figures: height(shown('.course-pictures, img, table, iframe, figure, svg:not(mjx-container *)')),
        output: height(shown('.cell_output .highlight')),
        folds: height(shown('summary')),
        first: first.length > 0,
        sideways: document.documentElement.scrollWidth > innerWidth,
    };
}"""


def measure(browser, file, width):
    """The heights of one page at one width of the window, all but the page's as shares of it."""
    page = browser.new_page(viewport={"width": width, "height": SCREENS[width]})
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    page.wait_for_function("[...document.images].every(i => i.complete)")
    page.wait_for_function("!document.querySelector('.math:not(:has(mjx-container svg))')")  # formulas take room too
    found = page.evaluate(MEASURE)
    page.close()
    for kind in ("code", "asserts", "figures", "output", "folds"):
        found[kind] /= found["height"]
    return found


def row(name, width, found):
    """One line of the table."""

    def share(kind, misses=False):
        return f"{found[kind]:7.1%}{'*' if misses else ' '}"

    return "  ".join(
        [
            f"{name:24}{width:6}{found['height']:9,.0f}",
            share("code", found["code"] > MOST_CODE[width]),
            share("asserts", found["asserts"] > MOST_ASSERTS),
            share("figures", found["figures"] < FEWEST_FIGURES),
            share("output"),
            share("folds"),
            "yes *" if found["first"] else "no   ",
            "yes *" if found["sideways"] else "no",
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=Path("_build/html"))
    parser.add_argument("chapters", nargs="*", help="parts of the names of pages, such as 05_sparse; all if left out")
    arguments = parser.parse_args()
    if shutil.which("chromium") is None:
        sys.exit("no chromium on PATH: install it first (Debian: apt-get install chromium)")
    pages = sorted(arguments.folder.resolve().glob("notebooks/*.html"))
    pages = [p for p in pages if not arguments.chapters or any(part in p.stem for part in arguments.chapters)]
    if not pages:
        sys.exit(f"{arguments.folder} holds no such chapter: run `jupyter-book build .` first")
    print(f"{'chapter':24}{'width':>6}{'height':>9}     code  asserts  figures   output    folds  1st code  sideways")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for width in SCREENS:
            for file in pages:
                print(row(file.stem, width, measure(browser, file, width)))
        browser.close()
    most = " and ".join(f"{share:.0%} at {width}" for width, share in MOST_CODE.items())
    print(f"Targets: code at most {most}, asserts {MOST_ASSERTS:.0%}, figures and tables from {FEWEST_FIGURES:.0%} on,")
    print("no code on the first screen, nothing that scrolls sideways.")
