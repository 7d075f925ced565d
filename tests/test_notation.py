"""The notation page and the formulas agree: each symbol of a chapter has its row, and each row its chapters."""

import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
GREEK = (
    r"\\(?:alpha|beta|gamma|delta|varepsilon|epsilon|zeta|eta|vartheta|theta|kappa|lambda|mu|nu|xi|varpi|pi|rho|sigma|tau"
    r"|varphi|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|Psi|Omega|ell)(?![A-Za-z])"
)
LETTER = r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])"
BASE = rf"(?:{GREEK}|{LETTER})"
SYMBOL = re.compile(
    rf"(?:\\(?P<accent>hat|tilde|bar|mathcal|mathbb)\s*(?:\{{\s*(?P<inner>{BASE})\s*\}}|\s(?P<spaced>{BASE}))|(?P<plain>{BASE}))"
    rf"(?:_(?P<index>\{{[^{{}}]*\}}|{GREEK}|[A-Za-z0-9]))?"
)
RUNNING = re.compile(r"[ijkd]|ij|[ijkd][+-]1")  # an index that runs: what it runs over has the row
MATH = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$]+?)\$", re.DOTALL)
NO_SYMBOLS = re.compile(
    r"\\(?:text|mathrm|operatorname|begin|end)\*?\{[^{}]*\}|(?:(?<=\\sum)|(?<=\\prod))_(?:\{[^{}]*\}|\w)"
)


def formulas(text):
    """The formulas of a Markdown text, without words and without what a sum runs over."""
    text = re.sub(r"^(```+|~~~+).*?^\1|`[^`\n]*`", " ", text, flags=re.MULTILINE | re.DOTALL)
    return [NO_SYMBOLS.sub(" ", display or inline) for display, inline in MATH.findall(text)]


def symbol(match):
    """A symbol as (accent, letter, index)."""
    letter = match["inner"] or match["spaced"] or match["plain"]
    return match["accent"] or "", letter, re.sub(r"[{}\s]", "", match["index"] or "")


def symbols(text):
    return {symbol(match) for formula in formulas(text) for match in SYMBOL.finditer(formula)}


def written(name):
    accent, letter, index = name
    return (rf"\{accent}{{{letter}}}" if accent else letter) + (f"_{{{index}}}" if index else "")


def rows(page):
    """[(symbol, its argument, the chapters)] for each symbol that the table defines.

    `$r_1, r_2$` defines two; `$p(z)$` defines p, with an argument; `$S_j^2 / N$` explains, but defines nothing.
    """
    found = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 5 or not cells[4]:
            continue
        chapters = cells[4].split(", ")
        for formula in formulas(cells[0]):
            argument = "".join(re.findall(r"\([^()]*\)", formula))
            for part in re.sub(r"\([^()]*\)", "", formula).split(","):
                if match := SYMBOL.fullmatch(part.strip()):
                    found.append((symbol(match), argument, chapters))
    return found


def covered(name, chapter, table):
    """Whether the table has this symbol for this chapter; a running index needs no row of its own.

    What is not a chapter, such as the glossary, may use the symbols of all.
    """
    accent, letter, index = name
    known = {row for row, _, chapters in table if not chapter.isdigit() or chapter in chapters or "all" in chapters}
    if RUNNING.fullmatch(index) and any(row[:2] == (accent, letter) and RUNNING.fullmatch(row[2]) for row in known):
        return True  # $w_j$ stands for $w_d$, too
    fixed = ",".join(part for part in index.split(",") if not RUNNING.fullmatch(part))
    return name in known or (accent, letter, fixed) in known


def problems(page, texts):
    """One sentence for each symbol without a row, and each row without a use. `texts` is {chapter: [Markdown]}."""
    table = rows(page)
    used = {chapter: symbols("\n\n".join(parts)) for chapter, parts in texts.items()}
    for chapter, names in used.items():
        for name in sorted(names):
            if not covered(name, chapter, table):
                yield f"chapter {chapter}: ${written(name)}$ has no row for this chapter"
    for name, argument, chapters in table:
        for chapter in chapters:
            here = used.get(chapter, set()) if chapter != "all" else set().union(*used.values())
            if not any(name in (other, (*other[:2], ""), (*other[:2], other[2].partition(",")[0])) for other in here):
                yield f"the row of ${written(name)}{argument}$ names chapter {chapter}, which has no such symbol"
    for key, count in Counter((name, argument, at) for name, argument, chapters in table for at in chapters).items():
        name, argument, chapter = key
        everywhere = chapter != "all" and any(row[:2] == (name, argument) and "all" in row[2] for row in table)
        if count > 1 or (everywhere and chapter != "errata"):
            yield f"${written(name)}{argument}$ has two rows for chapter {chapter}"


def course():
    """{chapter: [its Markdown]}: a chapter and its solutions under its number, a page under its name."""
    texts = {}
    for path in sorted(ROOT.glob("notebooks/**/*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        chapter = texts.setdefault(str(int(path.name[:2])), [])
        chapter += [cell.source for cell in cells if cell.cell_type == "markdown"]
    for name in ("errata", "glossary", "instructors"):
        texts[name] = [(ROOT / f"book/{name}.md").read_text(encoding="utf-8")]
    return texts


def test_every_symbol_has_its_row_and_every_row_its_symbol():
    found = list(problems((ROOT / "book/notation.md").read_text(encoding="utf-8"), course()))
    assert not found, "\n" + "\n".join(found)


# It can fail.

PAGE = r"""
| Symbol | Code | Meaning | Shape or unit | Chapters |
|---|---|---|---|---|
| **Data** | | | | |
| $x$ | `x` | an image | 784 | all |
| $\hat{x}$ | `x_hat` | reconstruction | 784 | all |
| $r(\tilde{x})$ | – | denoiser | 784 | 4 |
| $r, r_1$ | – | radius | – | 3 |
| $S_j^2 / N$ | – | variance | – | |
"""
TEXTS = {
    "3": [r"A ball of radius $r$, $r_1 < r$ and `$q$`, $\hat x_{ij} = x_{ij}$."],
    "4": [r"$r(x) = \text{as above}$"],
}


def test_a_page_and_texts_that_agree_pass():
    assert list(problems(PAGE, TEXTS)) == []


@pytest.mark.parametrize(
    ("fragment", "page", "texts"),
    [
        ("chapter 4: $q$ has no row", PAGE, {**TEXTS, "4": ["$r$ and $q$"]}),
        (r"chapter 4: $\tau$ has no row", PAGE, {**TEXTS, "4": [r"$r = 2\tau$"]}),
        (r"chapter 4: $\hat{r}$ has no row", PAGE, {**TEXTS, "4": [r"$r - \hat r$"]}),
        ("chapter 4: $x_{1}$ has no row", PAGE, {**TEXTS, "4": ["$r(x_1)$"]}),
        ("chapter 4: $S_{j}$ has no row", PAGE, {**TEXTS, "4": ["$r$\n\n$$\nS_j^2\n$$"]}),
        ("chapter 5: $r$ has no row", PAGE, {**TEXTS, "5": ["$r$"]}),
        ("names chapter 5", PAGE.replace("| 4 |", "| 4, 5 |"), {**TEXTS, "5": ["$x$"]}),
        ("$r_{1}$ names chapter 3", PAGE, {**TEXTS, "3": ["$r$"]}),
        ("chapter 4: $w$ has no row", PAGE + "| $w_j$ | – | weight | – | 4 |\n", {**TEXTS, "4": ["$r, w, w_d$"]}),
        ("two rows for chapter 3", PAGE + "| $r$ | – | range | – | 3 |\n", TEXTS),
        ("two rows for chapter 4", PAGE + "| $x$ | – | position | – | 4 |\n", TEXTS),
    ],
)
def test_what_does_not_agree_is_found(fragment, page, texts):
    assert any(fragment in sentence for sentence in problems(page, texts)), list(problems(page, texts))
