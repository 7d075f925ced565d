"""Open every page of the built book from file:// in Chromium and check what a reader would see.

    python .ci/check_pages.py                 # _build/html
    python .ci/check_pages.py --self-test     # prove that each check can fail, on planted pages

A page passes when its formulas are typeset, its pictures are loaded and described, its dropdowns open, it
asks no other host for anything and no script fails. The search must find a word. Needs playwright and a
chromium on PATH.
"""

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
WORD = "bottleneck"
SECONDS = 15  # for the formulas of one page, and for a search

WITHOUT_SVG = """[...document.querySelectorAll('.math')].filter(
    m => !m.querySelector('mjx-container svg')).length"""
# An unknown command is no error to MathJax: it prints the command in red.
MATH_ERRORS = """[...document.querySelectorAll('[data-mjx-error], [data-mml-node="mtext"][fill="red"]')].map(
    e => e.getAttribute('data-mjx-error') || 'unknown command in ' + e.closest('.math').textContent)"""
# Markdown or TeX that the reader would see as typed: for example in a dropdown without a blank line.
AS_TYPED = r"""(() => {
    const found = [], walker = document.createTreeWalker(
        document.querySelector('article') || document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode, around = text.parentElement;
        const typed = text.data.match(/\$[^$]+\$|\$\$|\*\*[^*]+\*\*|\]\([^)]*\)|\\begin\{|^#+ /);
        if (typed && !around.closest('pre, code, script, style, .math, mjx-container')) found.push(typed[0]);
    }
    return found;
})()"""
PICTURES = """[...document.querySelectorAll('img')].map(
    i => ({src: i.getAttribute('src'), alt: (i.getAttribute('alt') || '').trim(), width: i.naturalWidth}))"""


def a_file_name(text):
    """Whether an alt text is only the name of the file, which Sphinx and MyST-NB put where there is none."""
    return text.endswith((".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp")) or " " not in text


def problems_of_a_page(page, url):
    """Everything that is wrong with one page, as a list of sentences."""
    problems, asked = [], []
    page.on("pageerror", lambda error: problems.append(f"a script failed: {error}"))
    page.on("console", lambda m: problems.append(f"console: {m.text}") if m.type == "error" else None)

    def only_files(route):
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    page.route("**/*", only_files)
    page.goto(url)
    try:
        page.wait_for_function(WITHOUT_SVG + " === 0", timeout=SECONDS * 1000)
    except Error:
        problems.append(f"{page.evaluate(WITHOUT_SVG)} formulas are not typeset")
    problems += [f"a formula has an error: {text}" for text in page.evaluate(MATH_ERRORS)]
    problems += [f"shown as typed: {text!r}" for text in page.evaluate(AS_TYPED)]

    page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    page.wait_for_function("[...document.images].every(i => i.complete)", timeout=SECONDS * 1000)
    for picture in page.evaluate(PICTURES):
        if not picture["width"]:
            problems.append(f"{picture['src']} is not loaded")
        if a_file_name(picture["alt"]) and "logo" not in picture["src"]:
            problems.append(f"{picture['src']} has no alt text but {picture['alt']!r}")

    for details in page.query_selector_all("article details"):
        before = details.get_property("open").json_value()
        summary = details.query_selector("summary")
        if summary is None:
            problems.append("a dropdown has no summary")
            continue
        try:
            summary.click(timeout=3000)
            if details.get_property("open").json_value() == before:
                problems.append(f"a click does not open the dropdown {summary.inner_text()!r}")
        except Error:
            problems.append(f"the dropdown {summary.inner_text()!r} cannot be clicked")

    problems += [f"asks another host: {address}" for address in asked]
    return problems


def problems_of_the_search(page, folder):
    """Search for a word as a reader does: the result page, opened as a file, must list a hit."""
    problems = problems_of_a_page(page, f"{(folder / 'search.html').as_uri()}?q={WORD}")
    try:
        page.wait_for_selector("#search-results li a", timeout=SECONDS * 1000)
    except Error:
        problems.append(f"the search finds nothing for {WORD!r}")
    return problems


def check(folder, report=print):
    """Check all pages below `folder`; return how many passed and the problems of the others by page."""
    pages = sorted(p for p in folder.rglob("*.html") if "_static" not in p.parts and p.name != "search.html")
    failed = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for file in [*pages, folder / "search.html"]:
            redirect = re.search(r'http-equiv="Refresh" content="0; url=([^"]+)"', file.read_text(encoding="utf-8"))
            page = browser.new_page()
            try:
                if redirect:  # index.html leads to the first page, which has its own turn
                    there = (file.parent / redirect[1]).is_file()
                    problems = [] if there else [f"leads to {redirect[1]}, which does not exist"]
                elif file.name == "search.html":
                    problems = problems_of_the_search(page, folder)
                else:
                    problems = problems_of_a_page(page, file.as_uri())
            except Error as error:
                problems = [f"the check itself failed: {error.message}"]
            page.close()
            name = str(file.relative_to(folder))
            if problems:
                failed[name] = problems
            report(f"{'FAIL' if problems else 'ok  '} {name}", *problems, sep="\n       ")
        browser.close()
    return len(pages) + 1 - len(failed), failed


PICTURE = "<img src='data:image/svg+xml,{svg}' {alt}>"
DROPDOWN = "<article><details{event}><summary>Hint</summary>x</details></article>"
BROKEN = "<span class='math'><mjx-container><svg>{g}</svg></mjx-container></span>"
PLANTED = {  # a page, and a fragment of the complaint that it must cause
    "script.html": ("<script>undefined_name()</script>", "a script failed"),
    "console.html": ("<script>console.error('planted')</script>", "console: planted"),
    "host.html": ("<script src='https://example.org/a.js'></script>", "asks another host"),
    "lost.html": ("<img src='lost.png' alt='A picture that is not there'>", "is not loaded"),
    "no_alt.html": (PICTURE.replace("{alt}", ""), "has no alt text"),
    "file_alt.html": (PICTURE.replace("{alt}", "alt='../_images/ab12.png'"), "has no alt text"),
    "math.html": (r"<span class='math'>\(x^2\)</span>", "1 formulas are not typeset"),
    "broken.html": (BROKEN.replace("{g}", "<g data-mjx-error='Bad'></g>"), "a formula has an error: Bad"),
    "unknown.html": (BROKEN.replace("{g}", "<g data-mml-node='mtext' fill='red'></g>"), "unknown command"),
    "dollars.html": ("<p>A code $z$ of four.</p>", "shown as typed: '$z$'"),
    "stars.html": ("<article><details open><summary>Hint</summary>**Four**</details></article>", "as typed"),
    "stuck.html": (DROPDOWN.replace("{event}", " onclick='event.preventDefault()'"), "a click does not open"),
    "index.html": ('<meta http-equiv="Refresh" content="0; url=gone.html" />', "leads to gone.html"),
    "search.html": ("<div id='search-results'></div>", "the search finds nothing"),
    "good.html": (PICTURE.replace("{alt}", "alt='A good picture'") + DROPDOWN.replace("{event}", ""), None),
}


def self_test():
    """Check that every planted page is refused for the planted reason, and the good one is not."""
    global SECONDS
    SECONDS = 1
    svg = "<svg xmlns=%22http://www.w3.org/2000/svg%22 width=%228%22 height=%228%22/>"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, (body, _) in PLANTED.items():
            (folder / file).write_text(f"<!doctype html><title>x</title>{body.replace('{svg}', svg)}", encoding="utf-8")
        _, failed = check(folder, report=lambda *a, **k: None)
    wrong = 0
    for file, (_, expected) in PLANTED.items():
        found = failed.get(file, [])
        right = any(expected in problem for problem in found) if expected else not found
        wrong += not right
        print(f"{'ok  ' if right else 'FAIL'} {file}: expected {expected!r}, found {found}")
    return len(PLANTED) - wrong, wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=Path("_build/html"))
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if shutil.which("chromium") is None:
        sys.exit("no chromium on PATH: install it first (Debian: apt-get install chromium)")
    if arguments.self_test:
        passed, failures = self_test()
    else:
        if not (arguments.folder / "search.html").exists():
            sys.exit(f"{arguments.folder} holds no book: run `jupyter-book build .` first")
        passed, failed_pages = check(arguments.folder.resolve())
        failures = len(failed_pages)
    print(f"{passed} passed, {failures} failed")
    sys.exit(1 if failures else 0)
