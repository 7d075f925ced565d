"""Open every page of the built book from file:// in Chromium and check what a reader would see.

    python .ci/check_pages.py                 # _build/html
    python .ci/check_pages.py _build/html 05_sparse     # some of its pages
    python .ci/check_pages.py --self-test     # prove that each check can fail, on planted pages

A page passes when its formulas are typeset, can be read aloud and offer no menu that needs a network, its pictures are
loaded and described, its dropdowns open, its links lead somewhere, it asks no other host for anything and no script
fails. At three widths, in light and in dark, nothing overlaps, sticks out, is cut or scrolls the page sideways, and
keys reach what scrolls or is clicked. axe-core finds nothing, with everything that folds closed and open, but what
`THEME` lists. A chapter shows no more code than measure_pages.py allows. The search must find a word.
Needs playwright and a chromium on PATH.
"""

import argparse
import collections
import concurrent.futures
import functools
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import axe_playwright_python
from playwright.sync_api import Error, sync_playwright

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
WORD = "bottleneck"
SECONDS = 15  # for the formulas of one page, and for a search
RESIZED = 400  # milliseconds, after which tab stops are made of what scrolls now
WIDTHS = (360, 768, 1440)  # a small phone, a tablet, a laptop
PROBES = Path(__file__).with_name("probes.js")
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")

# What axe-core finds in the theme's own parts, and no style sheet or setting of this book can mend:
# (the rule, what the selector of the element holds, why it stays).
THEME = (("region", ".title", "the name of the book stands in the sidebar, a div outside every landmark"),)

WITHOUT_SVG = """[...document.querySelectorAll('.math')].filter(
    m => !m.querySelector('mjx-container svg')).length"""
PICTURES = """[...document.querySelectorAll('img')].map(
    i => ({src: i.getAttribute('src'), alt: (i.getAttribute('alt') || '').trim(), width: i.naturalWidth}))"""
LINKS = "[...document.links].map(a => [a.href, a.getAttribute('href')])"
# Colours are compared as they are, not on the way from light to dark.
STILL = "*, ::before, ::after { transition: none !important; animation: none !important }"


def a_file_name(text):
    """Whether an alt text is only the name of the file, which Sphinx and MyST-NB put where there is none."""
    return text.endswith((".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp")) or " " not in text


@functools.cache
def anchors(file):
    """The names that a link into a page can end with."""
    return set(re.findall(r"""\b(?:id|name)=["']([^"']+)""", file.read_text(encoding="utf-8")))


def problems_of_the_links(page):
    """The links inside the book that lead nowhere, as sentences."""
    for address, written in page.evaluate(LINKS):
        parts = urlsplit(address)
        if parts.scheme != "file":
            continue
        file = Path(url2pathname(parts.path))
        if not file.is_file():
            yield f"the link {written} leads to no file"
        elif parts.fragment and file.suffix == ".html" and unquote(parts.fragment) not in anchors(file):
            yield f"the link {written} leads to no such place of the page"


def in_every_frame(page, expression, argument=None):
    """The lists that an expression gives in the page and in the pages inside it, one after the other."""
    return [text for frame in page.frames for text in frame.evaluate(expression, argument) or []]


def problems_at_every_width(page):
    """What overlaps, sticks out, is cut or cannot be reached, all open, as {sentence: where it is so}."""
    found = collections.defaultdict(list)
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
            if (mode, width) == ("light", min(WIDTHS)):  # once as a reader does: a page that opens, then its dropdowns
                page.evaluate("probes.open(false)")
                page.wait_for_timeout(RESIZED)
                in_every_frame(page, "probes.open(true)")
            for patience in (RESIZED, 4 * RESIZED):  # a slow machine gets a second look
                page.wait_for_timeout(patience)
                texts = [*page.evaluate("probes.layout()"), *in_every_frame(page, "probes.keyboard()")]
                if not texts:
                    break
            for text in texts:
                found[text].append(f"{width} {mode}")
    return [f"{text} ({', '.join(places)})" for text, places in found.items()]


RUN_AXE = """async () => {
    const rules = {};  // what a page must have, its frames need not
    if (window !== window.top) {
        for (const rule of ['page-has-heading-one', 'landmark-one-main', 'region', 'bypass']) {
            rules[rule] = {enabled: false};
        }
    }
    const found = await axe.run(document, {resultTypes: ['violations'], iframes: false, preload: false, rules});
    return found.violations.flatMap(v => v.nodes.map(n => [v.id, n.target.join(' '), v.help + '. ' + [
        ...n.any, ...n.all, ...n.none].map(c => c.message).join(' ')]));
}"""


def problems_of_axe(page):
    """What axe-core finds in light and dark, with everything closed and open. Thins the page out: call it last."""
    states = collections.defaultdict(list)  # {(rule, selector, why): where it is so}
    page.add_style_tag(content=STILL)
    for frame in page.frames:
        frame.evaluate("probes.thin()")
        frame.evaluate(AXE)
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode)
        for is_open in (False, True):
            in_every_frame(page, "is_open => probes.open(is_open)", is_open)
            for rule, selector, why in in_every_frame(page, RUN_AXE):
                if not any(rule == known and part in selector for known, part, _ in THEME):
                    states[rule, selector, why].append(f"{mode} {'open' if is_open else 'closed'}")
    places = collections.defaultdict(list)  # what is wrong in many places is said once
    for (rule, selector, why), found in states.items():
        places[rule, why, ", ".join(found)].append(selector)
    return [
        f"axe: {rule} ({found}): {why} At {len(at)} place(s): {' | '.join(at[:4])}"
        for (rule, why, found), at in places.items()
    ]


def problems_of_the_shares(browser, file):
    """How far a chapter is from the bars of measure_pages.py."""
    from measure_pages import FEWEST_FIGURES, MOST_ASSERTS, MOST_CODE, SCREENS, measure

    problems = []
    for width in SCREENS:
        found = measure(browser, file, width)
        for kind, most in (("code", MOST_CODE[width]), ("asserts", MOST_ASSERTS)):
            if found[kind] > most:
                problems.append(f"{kind} {found[kind]:.1%} of its height at {width} px, more than {most:.0%}")
        if width == max(SCREENS) and found["figures"] < FEWEST_FIGURES:
            problems.append(f"figures and tables {found['figures']:.1%} of its height, less than {FEWEST_FIGURES:.0%}")
        if found["first"]:
            problems.append(f"code on the first screen at {width} px")
    return problems


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
    page.add_init_script(path=PROBES)
    page.goto(url)
    try:
        page.wait_for_function(WITHOUT_SVG + " === 0", timeout=SECONDS * 1000)
    except Error:
        problems.append(f"{page.evaluate(WITHOUT_SVG)} formulas are not typeset")
    problems += page.evaluate("probes.asTyped()")
    problems += dict.fromkeys(problems_of_the_links(page))

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

    in_every_frame(page, "probes.open(true)")
    problems += page.evaluate("probes.formulas()")
    problems += problems_at_every_width(page)
    problems += problems_of_axe(page)
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


def problems_of_a_file(browser, folder, file):
    """What is wrong with one file of the book."""
    redirect = re.search(r'http-equiv="Refresh" content="0; url=([^"]+)"', file.read_text(encoding="utf-8"))
    if redirect:  # index.html leads to the first page, which has its own turn
        there = (file.parent / redirect[1]).is_file()
        return [] if there else [f"leads to {redirect[1]}, which does not exist"]
    page = browser.new_page(viewport={"width": max(WIDTHS), "height": 900})
    try:
        if file.name == "search.html":
            return problems_of_the_search(page, folder)
        problems = problems_of_a_page(page, file.as_uri())
        if file.parent == folder / "notebooks":
            problems += problems_of_the_shares(browser, file)
        return problems
    except Error as error:
        return [f"the check itself failed: {error.message}"]
    finally:
        page.close()


def check(folder, names=(), report=print):
    """Check the pages below `folder`, or some; return how many passed and the problems of the others by page."""
    pages = [p for p in folder.rglob("*.html") if "_static" not in p.parts and p.name != "search.html"]
    pages = [p for p in pages if not names or any(name in p.as_posix() for name in names)]
    files = [*pages, folder / "search.html"] if not names else pages
    todo = collections.deque(sorted(files, key=lambda file: -file.stat().st_size))  # the longest first
    failed = {}

    def work(_):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            while todo:
                try:
                    file = todo.popleft()
                except IndexError:  # another was faster
                    break
                problems = problems_of_a_file(browser, folder, file)
                name = str(file.relative_to(folder))
                if problems:
                    failed[name] = problems
                report(f"{'FAIL' if problems else 'ok  '} {name}", *problems, sep="\n       ")
            browser.close()

    workers = min(4, 3 * (os.cpu_count() or 1) // 2 + 1)  # one browser each; they wait now and then
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    return len(files) - len(failed), dict(sorted(failed.items()))


PICTURE = "<img src='data:image/svg+xml,{svg}' {alt}>"
DROPDOWN = "<article><details{event}><summary>Hint</summary>x</details></article>"
BROKEN = "<span class='math'><mjx-container><svg>{g}</svg></mjx-container></span>"
FORMULA = (
    "<span class='math'><mjx-container{menu}><svg width='9' height='9'></svg><mjx-assistive-mml><math><mi>x</mi></math>"
    "</mjx-assistive-mml></mjx-container></span>"
)
MENU = """ oncontextmenu="document.body.insertAdjacentHTML('beforeend', '<div class=CtxtMenu_Menu></div>')\""""
HEAD = "<title>x</title><style>mjx-assistive-mml { position: absolute; clip: rect(1px, 1px, 1px, 1px) }</style>"
GOOD = (
    "<article><p>Some <a href='good.html#here'>words</a>, and <a href='https://example.org'>more</a>.</p>"
    "<pre id='here' tabindex='0' style='overflow: auto; width: 90px'>" + "wide" * 9 + "</pre></article>"
)
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
    "dead.html": ("<a href='gone_too.html'>x</a>", "the link gone_too.html leads to no file"),
    "anchor.html": ("<a href='good.html#nowhere'>x</a>", "good.html#nowhere leads to no such place"),
    "mute.html": ("<span class='math'><mjx-container><svg></svg></mjx-container></span>", "no MathML to be read"),
    "menu.html": (FORMULA.format(menu=MENU), "a formula offers a menu"),
    "sideways.html": ("<article><p style='width: 500px'>A long line</p></article>", "the page scrolls sideways"),
    "out.html": ("<article><p style='margin-left: -3em'>It sticks out</p></article>", "sticks out of the page: p"),
    "over.html": ("<p>One line.</p><p style='margin-top: -2.2em'>Another.</p>", "overlaps p"),
    "dark_over.html": (
        "<style>@media (prefers-color-scheme: dark) { .a { margin-top: -2.2em } }</style><p>1</p><p class=a>2</p>",
        "(360 dark, 768 dark, 1440 dark)",
    ),
    "folded_over.html": ("<details><summary>x</summary><p>1</p><p style='margin-top: -2.2em'>2</p></details>", "overl"),
    "cut.html": (f"<article><p style='overflow: hidden; width: 90px'>{'wide' * 9}</p></article>", "is cut: p"),
    "scroller.html": (f"<pre style='overflow: auto; width: 90px'>{'wide' * 9}</pre>", "no key reaches it: pre"),
    "click.html": ("<span onclick='1'>Do it</span>", "can be clicked, but no key reaches it: span"),
    "framed.html": ("<iframe title=x srcdoc='<span onclick=1>Do it</span>'></iframe>", "no key reaches it: span"),
    "axe.html": ("<p style='color: #999'>Faint</p>", "axe: color-contrast"),
    "axe_dark.html": (
        "<style>@media (prefers-color-scheme: dark) { p { color: #999 } }</style><p>Faint</p>",
        "color-contrast (dark closed, dark open)",
    ),
    "axe_framed.html": ("<iframe title=x srcdoc='<html lang=en><p style=color:#999>Faint'></iframe>", "color-contrast"),
    "axe_folded.html": (
        "<details><summary>x</summary><p style='color: #999'>Faint</p></details>",
        "(light open, dark open)",
    ),
    "axe_lang.html": ("<script>document.documentElement.lang = ''</script>", "axe: html-has-lang"),
    "notebooks/code.html": ("<article><div class='cell_input' style='height: 9em'>x</div></article>", "code 100"),
    "notebooks/assert.html": ("<article><div class='cell_input'>assert x</div></article>", "asserts 100"),
    "notebooks/first.html": ("<article><div class='cell_input'>x</div></article>", "first screen at 390"),
    "notebooks/text.html": ("<article><p>Words</p></article>", "figures and tables 0.0%"),
    "stuck.html": (DROPDOWN.replace("{event}", " onclick='event.preventDefault()'"), "a click does not open"),
    "index.html": ('<meta http-equiv="Refresh" content="0; url=gone.html" />', "leads to gone.html"),
    "search.html": ("<div id='search-results'></div>", "the search finds nothing"),
    "good.html": (
        PICTURE.replace("{alt}", "alt='A good picture'")
        + DROPDOWN.replace("{event}", "")
        + GOOD
        + FORMULA.format(menu=""),
        None,
    ),
}


def self_test():
    """Check that every planted page is refused for the planted reason, and the good one is not."""
    global SECONDS
    SECONDS = 1
    svg = "<svg xmlns=%22http://www.w3.org/2000/svg%22 width=%228%22 height=%228%22/>"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, (body, _) in PLANTED.items():
            (folder / file).parent.mkdir(exist_ok=True)
            page = f"<!doctype html><html lang='en'><head>{HEAD}</head><main><h1>x</h1>{body}</main></html>"
            (folder / file).write_text(page.replace("{svg}", svg), encoding="utf-8")
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
    parser.add_argument("pages", nargs="*", help="parts of the names of pages, such as 05_sparse; all if left out")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if shutil.which("chromium") is None:
        sys.exit("no chromium on PATH: install it first (Debian: apt-get install chromium)")
    if arguments.self_test:
        passed, failures = self_test()
    else:
        if not (arguments.folder / "search.html").exists():
            sys.exit(f"{arguments.folder} holds no book: run `jupyter-book build .` first")
        passed, failed_pages = check(arguments.folder.resolve(), arguments.pages)
        failures = len(failed_pages)
    print(f"{passed} passed, {failures} failed")
    sys.exit(1 if failures else 0)
