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
PAGES = ("errata", "glossary", "instructors")  # what is not a chapter
SHORT_NAME = re.compile(r"^\[([^\]]+)\]: \S*/\d\d_(\w+)\.ipynb$", re.MULTILINE)
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
    A chapter is named by a link, `[PCA]`, whose address stands at the end of the page.
    """
    slugs = {f"[{name}]": slug for name, slug in SHORT_NAME.findall(page)}
    found = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 5 or not cells[4]:
            continue
        chapters = [slugs.get(name, name) for name in cells[4].split(", ")]
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
    known = {row for row, _, chapters in table if chapter in PAGES or chapter in chapters or "all" in chapters}
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
                yield f"{chapter}: ${written(name)}$ has no row for this chapter"
    for name, argument, chapters in table:
        for chapter in chapters:
            if chapter not in (*used, "all"):
                mend = "write a link such as [PCA], with its address at the end of the page"
                yield f"the row of ${written(name)}{argument}$ names {chapter}, which is no page: {mend}"
                continue
            here = used[chapter] if chapter != "all" else set().union(*used.values())
            if not any(name in (other, (*other[:2], ""), (*other[:2], other[2].partition(",")[0])) for other in here):
                yield f"the row of ${written(name)}{argument}$ names {chapter}, which has no such symbol"
    for key, count in Counter((name, argument, at) for name, argument, chapters in table for at in chapters).items():
        name, argument, chapter = key
        everywhere = chapter != "all" and any(row[:2] == (name, argument) and "all" in row[2] for row in table)
        if count > 1 or (everywhere and chapter != "errata"):
            yield f"${written(name)}{argument}$ has two rows for {chapter}"


def course():
    """{chapter: [its Markdown]}: a chapter and its solutions as `pca`, a page under its name."""
    texts = {}
    for path in sorted(ROOT.glob("notebooks/**/*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        chapter = texts.setdefault(path.stem[3:], [])
        chapter += [cell.source for cell in cells if cell.cell_type == "markdown"]
    for name in PAGES:
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
| $r(\tilde{x})$ | – | denoiser | 784 | [denoising] |
| $r, r_1$ | – | radius | – | [PCA] |
| $S_j^2 / N$ | – | variance | – | |

[PCA]: ../notebooks/03_pca.ipynb
[denoising]: ../notebooks/04_denoising.ipynb
"""
TEXTS = {
    "pca": [r"A ball of radius $r$, $r_1 < r$ and `$q$`, $\hat x_{ij} = x_{ij}$."],
    "denoising": [r"$r(x) = \text{as above}$"],
}


def test_a_page_and_texts_that_agree_pass():
    assert list(problems(PAGE, TEXTS)) == []


@pytest.mark.parametrize(
    ("fragment", "page", "texts"),
    [
        ("denoising: $q$ has no row", PAGE, {**TEXTS, "denoising": ["$r$ and $q$"]}),
        (r"denoising: $\tau$ has no row", PAGE, {**TEXTS, "denoising": [r"$r = 2\tau$"]}),
        (r"denoising: $\hat{r}$ has no row", PAGE, {**TEXTS, "denoising": [r"$r - \hat r$"]}),
        ("denoising: $x_{1}$ has no row", PAGE, {**TEXTS, "denoising": ["$r(x_1)$"]}),
        ("denoising: $S_{j}$ has no row", PAGE, {**TEXTS, "denoising": ["$r$\n\n$$\nS_j^2\n$$"]}),
        ("sparse: $r$ has no row", PAGE, {**TEXTS, "sparse": ["$r$"]}),
        ("names sparse", PAGE.replace("| [denoising] |", "| [denoising], sparse |"), {**TEXTS, "sparse": ["$x$"]}),
        ("names 4, which is no page: write a link", PAGE.replace("| [denoising] |", "| 4 |"), TEXTS),
        ("$r_{1}$ names pca", PAGE, {**TEXTS, "pca": ["$r$"]}),
        (
            "denoising: $w$ has no row",
            PAGE + "| $w_j$ | – | weight | – | [denoising] |\n",
            {**TEXTS, "denoising": ["$r, w, w_d$"]},
        ),
        ("two rows for pca", PAGE + "| $r$ | – | range | – | [PCA] |\n", TEXTS),
        ("two rows for denoising", PAGE + "| $x$ | – | position | – | [denoising] |\n", TEXTS),
    ],
)
def test_what_does_not_agree_is_found(fragment, page, texts):
    assert any(fragment in sentence for sentence in problems(page, texts)), list(problems(page, texts))
