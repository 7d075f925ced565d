"""Outside the notebooks a chapter goes by its name: `_toc.yml` alone numbers it."""

import ast
import io
import re
import tokenize
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parent.parent
TEXTS = ("*.md", "*.cff", "*.py", "book/**/*.md", "book/**/*.py", "aecourse/**/*.*", "tests/**/*.py", ".ci/*",
         ".github/**/*.yml")  # fmt: skip
READ = {".md", ".cff", ".py", ".html", ".js", ".yml", ""}
ORDINAL = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
GAP = r"(?:[ #]|\n(?!\n))*"  # within a paragraph or a comment
CHAPTER = re.compile(rf"\b(?:chapters?|ch\.){GAP}(\d+)|\b(?:{ORDINAL})\b{GAP}chapters?\b", re.IGNORECASE)
EXERCISE = re.compile(r"\b(?:exercises?|solutions?|homework)[\s:.*]+\d+\.\d", re.IGNORECASE)


def chapters():
    """{title: its notebook}, in the order of _toc.yml."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [entry.get("file", "") for part in toc["parts"] for entry in part["chapters"]]
    paths = [ROOT / f"{file}.ipynb" for file in files if file.startswith("notebooks/")]
    return {nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].lstrip("# "): path for path in paths}


CHAPTERS = chapters()


def comments_and_docstrings(source):
    """What a Python source says to its reader, without the strings that it works with."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [ast.get_docstring(node) or "" for node in ast.walk(ast.parse(source)) if isinstance(node, documented)]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return "\n\n".join(found) + "\n\n" + "\n".join(t.string for t in tokens if t.type == tokenize.COMMENT)


def problems(texts):
    """One sentence for each chapter, and on pages each exercise, that goes by a number, with what mends it."""
    for where, text in texts.items():
        if re.fullmatch(r"tests/test_\w+\.py", where):
            text = comments_and_docstrings(text)  # its strings are planted
        for match in CHAPTER.finditer(text):
            number = int(match[1] or 1)
            title, path = list(CHAPTERS.items())[number - 1 if 0 < number <= len(CHAPTERS) else 0]
            file = path.relative_to(ROOT).with_suffix("").as_posix()
            if where.startswith("book/") and where.endswith(".md"):
                mend = f"link it, {{doc}}`../{file}` or [the chapter on ...](../{file}.ipynb)"
            elif where.endswith(".md"):
                mend = f"link it, [{title}]({file}.ipynb)"
            else:
                mend = f"say what it is about, for example 'the chapter {title}'"
            yield f"{where}: {' '.join(match[0].split())!r} is numbered by hand: {mend}"
        if where.endswith(".md"):
            for match in EXERCISE.finditer(text):
                yield f"{where}: {match[0]!r} is numbered by hand: give the exercise's title in italics"


def test_no_chapter_goes_by_its_number():
    paths = sorted({path for pattern in TEXTS for path in ROOT.glob(pattern) if path.suffix in READ and path.is_file()})
    found = list(problems({path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}))
    assert not found, "\n" + "\n".join(found)


def plans(page):
    """{heading: [the exercises that it names]} of the plans of fifty minutes."""
    found = {}
    for section in page.partition("\n## Fifty minutes per chapter\n")[2].partition("\n## ")[0].split("\n### ")[1:]:
        lines = [line for line in section.splitlines() if "First exercise" in line or line.startswith("**Homework.**")]
        found[section.splitlines()[0]] = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", "\n".join(lines))
    return found


def test_each_chapter_has_its_plan_under_its_title_with_its_exercises():
    found = plans((ROOT / "book/instructors.md").read_text(encoding="utf-8"))
    assert list(found) == list(CHAPTERS), (
        "book/instructors.md: a heading for each chapter, its title, in the book's order"
    )
    for title, path in CHAPTERS.items():
        prose = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        exercises = re.findall(r"^### Exercise \d+\.\d+ · (.+)$", prose, re.MULTILINE)
        assert set(found[title]) <= set(exercises), f"book/instructors.md, {title}: {path.name} has {exercises}"


# It can fail.


@pytest.mark.parametrize(
    ("where", "text", "fragment"),
    [
        ("book/a.md", "*See* [chapter 4](../notebooks/04_denoising.ipynb).", "{doc}`../notebooks/04_denoising`"),
        ("book/a.md", "as in chapter\n10", "'chapter 10' is numbered by hand: link it, {doc}`../notebooks/10_toward"),
        ("README.md", "the explorer of chapter 9", "[Why random sampling fails](notebooks/09_random_sampling.ipynb)"),
        ("conftest.py", "# The comparison is the\n# seventh chapter.\n", "say what it is about"),
        ("aecourse/a.py", 'raise ValueError("see chapters 3 and 5")', "the chapter PCA, and what bending buys"),
        ("tests/test_a.py", "x = 1  # as chapter 2 does\n", "the chapter Mean squared error"),
        ("tests/test_a.py", 'def f():\n    """Of ch. 2."""\n', "say what it is about"),
        ("tests/evidence/test_07_a.py", '"""Evidence for chapter 7."""', "the chapter Comparing the variants"),
        ("book/a.md", "as the third chapter does", "'third chapter' is numbered by hand"),
        ("book/a.md", "| 10 | First exercises: 4.1 (decibels) |", "give the exercise's title"),
        ("book/a.md", "**Homework.** 4.2 and 4.4", "give the exercise's title"),
    ],
)
def test_a_number_is_found_and_its_mend_is_named(where, text, fragment):
    (sentence,) = problems({where: text})
    assert where in sentence and fragment in sentence, sentence


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (
            "book/a.md",
            "Ten chapters. {doc}`../notebooks/04_denoising` and [PCA](../notebooks/03_pca.ipynb), 24.5 times",
        ),
        ("CONTRIBUTING.md", "## Add a chapter\n\n1. The notebooks: `### Exercise N.M · Title`"),
        ("README.md", "A chapter takes 60 seconds, and 75 from the latent space on."),
        ("aecourse/a.py", 'yield f"chapter {number}: the exercise has 0.5"'),
        ("tests/test_a.py", 'PLANTED = "chapter 3"\n'),
    ],
)
def test_names_and_other_numbers_pass(where, text):
    assert list(problems({where: text})) == []


def test_the_plans_are_read():
    page = "## Fifty minutes per chapter\n\n### One\n\n| 5 | First exercises: *A*, then *B?* |\n| 5 | *Not this* |\n\n"
    assert plans("\n" + page + "**Homework.** *C*.\n\n### Two\n\n## Assessment\n*D*") == {
        "One": ["A", "B?", "C"],
        "Two": [],
    }
