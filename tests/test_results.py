"""README and the first page: their numbers come from `python tests/results.py`, and are not older than the code.

All of it again, a minute of training: `pytest -m evidence tests/test_results.py`.
"""

import hashlib
import json
import math
import re
import sys
from pathlib import Path

import nbformat
import pytest
import results
import yaml
from nbformat.v4 import new_markdown_cell, new_notebook

from aecourse import data, metrics

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "book/_extensions"))
import chapter_map  # noqa: E402

KEPT = json.loads(results.KEPT.read_text(encoding="utf-8"))
NUMBERS = KEPT["numbers"]
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "book/intro.md")}
NUMBER = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?: %)?(?!\w)")
COUNTS = {"784", "2", "32", "0", "1"}  # what is set and not measured: pixels, lengths of codes, seeds
AGAIN = "run `python tests/results.py`, a minute, and look at what it changed"


# Not older than the code.


def test_what_is_kept_was_made_by_this_code():
    assert KEPT["made from"] == results.digest(), f"tests/results.py has changed: {AGAIN}"


def test_the_figures_are_those_of_the_numbers_and_light():
    assert set(KEPT["figures"]) == {f"{name}{mode}.png" for name in results.RESULTS for mode in ("", "-dark")}
    for file, expected in KEPT["figures"].items():
        png = (results.FOLDER / file).read_bytes()
        assert hashlib.sha256(png).hexdigest() == expected, f"book/figures/{file} is another picture: {AGAIN}"
        assert len(png) < 120_000, f"book/figures/{file} has {len(png):,} bytes"


def test_a_comment_or_docstring_makes_nothing_old():
    source = '"""Old."""\n\n\ndef f(x):\n    """Twice\n    as much."""\n    # a reason\n    return 2 * x\n'
    assert results.code_only(source) == "def f(x):\n    return 2 * x"
    assert results.code_only(source.replace("2 *", "3 *")) != results.code_only(source)


def close(name, found, expected):
    """5 %; where a chapter gives its own claim 15 % or 10 %, as much."""
    rel_tol = 0.15 if name.endswith(results.STEPS) else 0.1 if name.startswith("kNN accuracy, autoencoder") else 0.05
    if isinstance(expected, list):
        return len(found) == len(expected) and all(close(name, *pair) for pair in zip(found, expected, strict=True))
    return math.isclose(found, expected, rel_tol=rel_tol)


def compare(result, found):
    for name, value in found.items():
        assert close(name, value, NUMBERS[result][name]), f"{name}: kept {NUMBERS[result][name]}, now {value}: {AGAIN}"


@pytest.fixture(scope="module")
def digits():
    return data.load_mnist()


def test_the_cheap_numbers_come_out_again(digits):
    numbers, _ = results.lengths(digits, (2,))
    compare("lengths", numbers)
    assert len(numbers) == 5
    numbers, _ = results.denoising(digits)
    compare("denoising", numbers)
    features = metrics.classifier_features(digits.train.images, digits.train.labels)
    reference, held = (features(half.images) for half in digits.test.split(0.5, seed=0))
    compare("sampling", {"Fréchet distance, real digits": [metrics.frechet_distance(reference, held)]})


@pytest.mark.evidence
@pytest.mark.parametrize("result", results.RESULTS)
def test_every_number_comes_out_again(result, digits):
    numbers, _ = results.RESULTS[result](digits)
    assert set(numbers) == set(NUMBERS[result])
    compare(result, numbers)


# What the pages say.


def sections(page):
    """{heading: text} of a page's results."""
    text = page.partition("\n## Four results\n")[2].partition("\n## ")[0]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in text.split("\n### ")[1:]}


def prose(section):
    """A section without pictures, links' addresses, code and tables."""
    section = re.sub(r"<picture>.*?</picture>|^::::\{.*?^::::$|^\|.*?$|`[^`\n]*`", "", section, flags=re.S | re.M)
    return re.sub(r"\]\([^)]*\)", "]", section)


def is_rounded(text, value):
    share = text.endswith(" %")
    text = text.removesuffix(" %").replace(",", "")
    decimals = len(text.partition(".")[2])
    return abs(float(text) - value * (100 if share else 1)) <= 0.5 * 10**-decimals * (1 + 1e-6)


def problems(page, kept):
    """One sentence for each result of a page that is not in its place, and for each number that is not kept."""
    found = sections(page)
    chapters = {chapter: result for result, chapter in results.CHAPTER.items()}
    told = []
    for heading, section in found.items():
        linked = re.findall(r"notebooks/(\w+)\.ipynb", section)
        if len(linked) != 1 or linked[0] not in chapters:
            yield f"{heading}: expected one link, to the chapter of the result, got {linked}"
            continue
        result = chapters[linked[0]]
        told.append(result)
        values = []
        for value in kept[result].values():
            values += value if isinstance(value, list) else [value]
        chapter = nbformat.read(ROOT / f"notebooks/{linked[0]}.ipynb", as_version=4)
        sources = "\n".join(cell.source for cell in chapter.cells)
        measured = [text for text in NUMBER.findall(prose(section)) if text not in COUNTS]
        if not measured and result != "sampling":
            yield f"{heading}: no number is told"
        for text in measured:
            if not any(is_rounded(text, value) for value in values):
                yield f"{heading}: {text} is none of the numbers of {result!r} in results.json"
            same = f"0.{int(text.removesuffix(' %')):02d}" if text.endswith(" %") else text
            if not re.search(rf"(?<![\d.]){re.escape(same)}(?![\d]|\.\d)", sources):
                yield f"{heading}: {same} is nowhere in the chapter that is linked"
    if told != list(results.CHAPTER):
        yield f"expected one section for each of {list(results.CHAPTER)}, got {told}"


@pytest.mark.parametrize("name", PAGES)
def test_the_results_are_kept_numbers_and_those_of_their_chapters(name):
    found = list(problems(PAGES[name], NUMBERS))
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_is_shown_on_light_and_on_dark_paper(name):
    folder = Path(name).parent
    shown = {(ROOT / folder / path).resolve().name for path in re.findall(r"[\w/]*figures/[\w-]+\.png", PAGES[name])}
    assert shown == set(KEPT["figures"])


def test_readme_has_the_table_of_the_repairs():
    (table,) = results.TABLE.findall(PAGES["README.md"])
    assert table == results.repair_table(NUMBERS["sampling"]), AGAIN


PAGE = PAGES["README.md"]


@pytest.mark.parametrize(
    ("fragment", "old", "new"),
    [
        ("0.0443 is none of the numbers", "0.0447", "0.0443"),
        ("0.0563 is nowhere in the chapter", "0.0565", "0.0563"),
        ("71 % is none", "70 %", "71 %"),
        ("no number is told", "70 %", "most"),
        ("expected one link", "(notebooks/08_latent_space.ipynb)", "(notebooks/05_sparse.ipynb)"),
        ("expected one section for each", "\n### With 32 numbers, the lead is gone\n", "\n"),
    ],
)
def test_a_wrong_result_is_found(fragment, old, new):
    before, results_of, rest = PAGE.partition("\n## Four results\n")
    assert old in rest
    spoilt = rest.replace(old, new)
    if new == "most":
        spoilt = spoilt.replace("42 %", "few")
    found = list(problems(before + results_of + spoilt, NUMBERS))
    assert any(fragment in sentence for sentence in found), found


# The map of the chapters on the first page.


def chapters_of_the_toc():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [Path(entry.get("file", "")) for part in toc["parts"] for entry in part["chapters"]]
    return [file.name for file in files if file.parent.name == "notebooks"]


def test_the_map_names_every_chapter_in_the_order_of_the_book():
    (block,) = re.findall(r"^```\{chapter-map\}\n(.*?)^```", PAGES["book/intro.md"], re.MULTILINE | re.DOTALL)
    named = yaml.safe_load(block)
    assert [name for part in named.values() for name in part] == chapters_of_the_toc()
    assert not list(chapter_map.problems(named, {path.stem for path in ROOT.glob("notebooks/*.ipynb")}))


def test_every_opening_states_its_minutes():
    for name in chapters_of_the_toc():
        title, reading, exercises = chapter_map.opening(ROOT / f"notebooks/{name}.ipynb")
        assert title and 5 <= reading <= 90 and 20 <= exercises <= 120, name


@pytest.mark.parametrize(
    "line",
    [
        "**Minutes** 15 to read · 1 to run every cell · 45 for the exercises",
        "Reading takes 15 minutes; running every cell takes less than one; the exercises take 45.",
    ],
)
def test_minutes_are_read(line, tmp_path):
    path = tmp_path / "01_idea.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell(f"# The idea\n\nWhy?\n\n{line}")]), path)
    assert chapter_map.opening(path) == ("The idea", 15, 45)
    nbformat.write(new_notebook(cells=[new_markdown_cell("# The idea\n\nWhy?")]), path)
    with pytest.raises(ValueError, match=r"01_idea.ipynb: its first cell should hold"):
        chapter_map.opening(path)


@pytest.mark.parametrize(
    ("fragment", "named"),
    [
        ("no line for 02_more", {"The idea": {"01_idea": "Why?"}}),
        ("names 03_lost", {"The idea": {"01_idea": "Why?", "02_more": "How?", "03_lost": "Where?"}}),
        ("not in their order", {"The idea": {"02_more": "How?"}, "Then": {"01_idea": "Why?"}}),
    ],
)
def test_a_map_that_lacks_or_invents_a_chapter_is_found(fragment, named):
    assert fragment in " ".join(chapter_map.problems(named, {"01_idea", "02_more"}))
