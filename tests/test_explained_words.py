"""Terms, symbols and sources: explained where a chapter first uses them, and nowhere else."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat import write
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx.application import Sphinx

EXTENSIONS = Path(__file__).parent.parent / "book/_extensions"
GLOSSARY = """# Glossary

```{glossary}
Code
  What the {term}`encoder` makes: $z$.
  *All chapters.*

Encoder
  It makes a code.
  *The bottleneck.*

Dead unit
  A unit that is zero.
  *Sparse.*

Score
  A gradient.
  *Denoising, latent space.*
```
"""
CHAPTER = """# The code

A decoder of `code`, of [a code](01_bottleneck.ipynb), of codecs; then codes, and a code again. Two dead units.

**Encoders** came first. An **encoder** later. **Not a term.** The score, [Two (2021)](https://arxiv.org/abs/2101.00001),
[One & Two (2020)](https://doi.org/10.1000/one) and [another](https://doi.org/10.1000/other).

The sum $z + 1$, then $z$, $\\hat x$ and $q$; again $z$.
"""
NOTATION = """# Notation

| Symbol | Code | Meaning | Chapters |
|---|---|---|---|
| **Group** | | | |
| $z$ | `z` | what is *made* | all |
| $\\hat{x}$ | `x_hat` | what is drawn | [bottleneck] |
| $q$ | – | a density | [latent] |
| $r$ | – | never used | all |

[bottleneck]: ../notebooks/01_bottleneck.ipynb
[latent]: ../notebooks/08_latent_space.ipynb
"""
BIBLIOGRAPHY = """
@article{one, author = {One, Ann and Two, Ben}, title = {The work}, journal = {J}, year = {2020}, doi = {10.1000/one}}
@misc{two, author = {Two, Ben}, title = {Preprint}, year = {2021}, eprint = {2101.00001}, archiveprefix = {arXiv}}
"""
PAGES = ("notebooks/01_bottleneck", "notebooks/08_latent_space", "notebooks/solutions/01_bottleneck")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """{name: the page}, of a tiny book."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "notebooks/solutions").mkdir(parents=True)
    for name in PAGES:
        cells = [new_markdown_cell(CHAPTER), new_code_cell("code = 1")]
        write(new_notebook(cells=cells), folder / f"{name}.ipynb")
    (folder / "book").mkdir()
    (folder / "book/notation.md").write_text(NOTATION, encoding="utf-8")
    (folder / "glossary.md").write_text(GLOSSARY, encoding="utf-8")
    (folder / "references.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    (folder / "prose.md").write_text(
        "# Prose\n\nThe code of an **encoder**.\n\n```{bibliography}\n:all:\n```\n", encoding="utf-8"
    )
    toctree = "\n".join(["```{toctree}", *PAGES, "glossary", "book/notation", "prose", "```"])
    (folder / "index.md").write_text(f"# Book\n\n{toctree}\n", encoding="utf-8")
    settings = {
        "extensions": ["myst_nb", "sphinxcontrib.bibtex", "explained_words"],
        "bibtex_bibfiles": ["references.bib"],
        "myst_enable_extensions": ["dollarmath"],
        "nb_execution_mode": "off",
        "html_theme": "basic",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXTENSIONS)
        places = (folder, None, folder / "html", folder / "doctrees")
        Sphinx(*places, "html", confoverrides=settings, status=None, warning=None).build()
    return {
        name: BeautifulSoup((folder / "html" / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        for name in (*PAGES, "prose", "glossary", "book/notation")
    }


def explained(page):
    return {button.get_text(): page.find(id=button["popovertarget"]) for button in page.select("button.course-term")}


def terms(page):
    return {word: text for word, text in explained(page).items() if not word.startswith("\\(")}


def symbols(page):
    return {word: text for word, text in explained(page).items() if word.startswith("\\(")}


def test_a_symbol_is_explained_where_it_first_stands_alone(pages):
    found = symbols(pages["notebooks/01_bottleneck"])
    assert list(found) == [r"\(z\)", r"\(\hat x\)"], "no formula, no symbol of another chapter"
    assert found[r"\(z\)"].get_text() == r"\(z\): what is made. Notation"
    assert found[r"\(z\)"].a["href"] == "../book/notation.html"
    labels = [button.get("aria-label") for button in pages["notebooks/01_bottleneck"].select("button.course-term")]
    assert labels == [None, None, "z, what is made", "hat x, what is drawn"], "a formula has no letters to read aloud"
    assert list(symbols(pages["notebooks/08_latent_space"])) == [r"\(z\)", r"\(q\)"]


def test_a_term_is_explained_at_its_first_use_in_prose(pages):
    found = terms(pages["notebooks/01_bottleneck"])
    assert list(found) == ["codes", "Encoders"], "once each; no title, link, code or other chapter's term"
    assert found["codes"].get_text().split() == ["Code", "What", "the", "encoder", "makes:", "\\(z\\).", "Glossary"]
    assert found["codes"].a["href"] == "../glossary.html#term-Code"
    assert found["Encoders"].has_attr("popover") and found["Encoders"].name == "span"


def test_a_term_of_another_chapter_is_explained_only_in_bold(pages):
    assert list(terms(pages["notebooks/08_latent_space"])) == ["codes", "Encoders", "score"]


@pytest.mark.parametrize("name", ["notebooks/solutions/01_bottleneck", "prose", "glossary", "book/notation"])
def test_other_pages_explain_nothing(pages, name):
    assert "course-" not in str(pages[name])


def test_a_source_is_told_beside_its_link(pages):
    page = pages["notebooks/01_bottleneck"]
    two, one = page.select(".course-source")
    assert one.a["href"] == "https://doi.org/10.1000/one" and one.a.get_text() == "One & Two (2020)"
    told = page.find(id=one.a["aria-describedby"])
    assert told["role"] == "tooltip" and "Ann One and Ben Two. The work. J, 2020." in told.get_text()
    assert "Preprint" in two.get_text()
    assert page.find("a", href="https://doi.org/10.1000/other").find_parent(class_="course-source") is None
