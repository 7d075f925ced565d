"""The reading page: each transform acts where a convention is kept, and nowhere else."""

import io
import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.application import Sphinx

EXTENSIONS = Path(__file__).parent.parent / "book/_extensions"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="


def code(source, shows=None, tags=(), run=True):
    """A code cell as it is after a run; `shows` is what it prints, or {mime type: output}."""
    if isinstance(shows, str):
        outputs = [new_output("stream", text=shows)]
    else:
        outputs = [new_output("display_data", {"text/plain": "<it>", **shows})] if shows else []
    alt = {"mystnb": {"image": {"alt": "A line that rises to the right"}}}
    return new_code_cell(
        source, outputs=outputs, execution_count=int(run) or None, metadata={"tags": list(tags), **alt}
    )


FIGURE = {"image/png": PNG}
FIGURES = {
    "an image": FIGURE,
    "pictures in HTML": {"text/html": "<div><img src='data:,' alt='Ten digits'></div>"},
    "a page in the page": {"text/html": "<iframe srcdoc='x'></iframe>"},
}
CHAPTER = [
    "# The chapter\n\nYou will.\n\nIt matters.\n\n**After this chapter you can**\n\n- measure\n\n"
    "**You need** nothing.\n\n**Minutes** 5 to read",
    code("import sys"),
    code("import torch\nprint(1)", "one"),
    "## Idea\n\nLong ago.\n\n> **Predict.** Is it one?\n\n> **Mistake.** It is two.\n\n> As he said. **Predict.**\n\n"
    "> **Aside.** It was *long* ago.\n\nWe go on.",
    code("lesson = 1\nprint('shown')", "shown"),
    *(code(f"draw({name!r})", shows) for name, shows in FIGURES.items()),
    code("the_hook()", FIGURE, tags=["hook"]),
    code("def lesson(x):\n    return x\n\n\na = lesson(1)\nb = a + 2\n\nplt.plot(a, b)\nplt.show()", FIGURE),
    code("a = 1\nb = 2\nplt.plot(a, b)", FIGURE),
    code("c = [\n    1,\n    2,\n    3,\n    4,\n]\ncompare(c)", FIGURE),
    code("%time a = 1\nb = 2\nc = 3\nd = 4\ne = 5\nf = 6\nplt.plot(a, b)", FIGURE),
    code("def digit(ax):\n    ax.imshow(0)"),
    code("def error(x):\n    return x\n\n\ndef curve(ax):\n    ax.plot(0)"),
    code("plt.imshow(x)", FIGURE),
    code("digit(plt.gca())", FIGURE),
    code("table()", {"text/html": "<table><tr><td>1</td></tr></table>"}),
    code("words()", {"text/html": "<p>Only words.</p>"}),
    code("rows()", {"text/html": '<div class="course-pictures" role="group" aria-label="rows"><img alt="x"></div>'}),
    code("# Checkpoint: the error is 0.0096, x < y. It was `more`.\nassert error < 1, 'small'"),
    code("# Checkpoint: a claim that goes on\n# in the next line. And more.\nprint('checked')", "checked"),
    code("# Checkpoint: never run.\nassert False, 'x'", run=False),
    code("more = 1\n# Checkpoint: not the first line.\nassert more, 'x'"),
    "## Exercises\n\n### Exercise 1.1 · One\n\n**Difficulty** ●○○ · **Minutes** 5 · **Why it matters** Yes.\n\nDo.",
    code("answer = ..."),
    code("checks.idea.one(answer)", "○ Not attempted yet: replace the ... above"),
    "<details><summary>Hint</summary>\n\nThink.\n\n</details>\n\n[Solution](solutions/chapter.ipynb)\n\n"
    "### Exercise 1.2 · Two\n\n**Difficulty** ●○○\n\nDo that.\n\n### No exercise\n\n**Difficulty** none\n\nRead on.",
    code("told()", "○ Not attempted yet: this is the lesson"),
    "## Summary\n\n- Done.\n\n## Further reading\n\n- More.",
]
PLAIN = ["# The second\n\nOnly prose.", "## Idea\n\nFirst.", code("x = 1"), "## In summary\n\nDone."]
NO_FIGURE = ["# The third\n\n## Idea", code("print(3)", "three", tags=["hook"])]
ABOVE = ["# The fourth", code("the_hook()", FIGURE, tags=["hook"]), "A question.\n\n## Idea\n\nEnd."]
SOLUTION = [
    *("# Solutions", "## Exercise 1.1 · One\n\nIt is 1. [The chapter](../chapter.ipynb)"),
    *(code("answer = 1"), code("draw()", FIGURE)),
    "## Exercise 1.3 · Three\n\nThe chapter has no such exercise.\n\n## More\n\n> **Aside.** None.",
]
PROSE = "\n\n".join(cell for cell in CHAPTER if isinstance(cell, str)).replace("(solutions/chapter.ipynb)", "(plain)")
PAGES = {
    "chapter": CHAPTER,
    "plain": PLAIN,
    "no_figure": NO_FIGURE,
    "solutions/chapter": SOLUTION,
    "above": ABOVE,
    "prose": PROSE,
}


class Book:
    """A book of planted pages: their HTML, and what Sphinx warned of."""

    def __init__(self, folder):
        for name, content in PAGES.items():
            file = folder / name
            file.parent.mkdir(exist_ok=True)
            if isinstance(content, str):
                file.with_suffix(".md").write_text(content, encoding="utf-8")
            else:
                cells = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in content]
                nbformat.write(new_notebook(cells=cells), file.with_suffix(".ipynb"))
        *chapters, last = PAGES
        toctree = "\n".join(["```{toctree}", ":numbered:", *chapters, "```\n", "```{toctree}", last, "```"])
        (folder / "index.md").write_text(f"# Book\n\n{toctree}\n", encoding="utf-8")
        warnings, settings = (
            io.StringIO(),
            {
                "extensions": ["myst_nb", "reading_page"],
                "nb_execution_mode": "off",
                "html_theme": "sphinx_book_theme",
                "html_theme_options": {
                    "repository_url": "https://github.com/me/mine",
                    "repository_branch": "main",
                    "launch_buttons": {"colab_url": "https://colab"},
                },
            },
        )
        places = (folder, None, folder / "html", folder / "doctrees")
        Sphinx(*places, "html", confoverrides=settings, status=None, warning=warnings).build()
        self.folder, self.warnings = folder, warnings.getvalue()

    def neighbours(self, name):
        """The titles of the pages before and after, as the theme's links at the foot have them."""
        html = (self.folder / "html" / f"{name}.html").read_text(encoding="utf-8")
        head = BeautifulSoup(html, "html.parser").head
        return [link["title"] for rel in ("prev", "next") for link in head.select(f"link[rel={rel}]")]

    def page(self, name):
        html = (self.folder / "html" / f"{name}.html").read_text(encoding="utf-8")
        return BeautifulSoup(html, "html.parser").select_one("article")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXTENSIONS)
        return Book(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def chapter(book):
    return book.page("chapter")


def sources(page):
    return [block.get_text().strip() for block in page.select(".cell_input pre")]


def around(page, source):
    """The folds around the cell with this code, and the element that holds it and its output."""
    (block,) = (block for block in page.select(".cell_input pre") if source in block.get_text())
    return [fold["class"][0] for fold in block.find_parents("details")], block.find_parent(class_="cell")


def summaries(page, kind):
    return [summary.get_text() for summary in page.select(f"details.course-{kind} > summary")]


@pytest.mark.parametrize("name", [name for name in PAGES if name != "prose"])
def test_every_code_cell_is_on_the_page_once_and_in_order(book, name):
    cells = [cell.source for cell in PAGES[name] if not isinstance(cell, str)]
    assert re.sub(r"\s+", "\n", "\n".join(sources(book.page(name)))) == re.sub(r"\s+", "\n", "\n".join(cells))


def test_every_fold_is_closed_and_has_a_line_in_sight(chapter):
    for fold in chapter.select("details"):
        assert not fold.has_attr("open")
        assert fold.find(True, recursive=False).name == "summary"


def test_code_above_the_first_section_folds_under_one_line(book, chapter):
    (setup,) = chapter.select("details.course-setup")
    assert sources(setup) == ["import sys", "import torch\nprint(1)"]
    (shown,) = (output for output in chapter.select(".cell_output") if "one" in output.get_text())
    assert not shown.find_parents("details"), "what set-up shows stays in sight"
    assert not book.page("plain").select("details"), "code below the first ## is no set-up"


def test_a_checkpoint_is_the_first_sentence_of_its_comment(chapter):
    assert summaries(chapter, "checkpoint") == [
        "✓ The error is 0.0096, x < y.",
        "✓ A claim that goes on in the next line.",
        "not run: Never run.",
    ]
    assert around(chapter, "assert error < 1")[0] == ["course-checkpoint"]
    (shown,) = (output for output in chapter.select(".cell_output") if "checked" in output.get_text())
    assert not shown.find_parents("details"), "what a checkpoint shows stays in sight"


@pytest.mark.parametrize("source", ["lesson = 1", "words()", "more = 1"])
def test_other_code_stays_in_sight(chapter, source):
    folds, cell = around(chapter, source)
    assert folds == []
    assert "cell_input" in cell.find(True, recursive=False)["class"], "and stands above what it shows"


@pytest.mark.parametrize("name", FIGURES)
def test_code_that_draws_folds_under_its_figure(chapter, name):
    folds, cell = around(chapter, f"draw({name!r})")
    assert folds == ["course-figure-code"]
    output, fold = cell.find_all(True, recursive=False)
    assert output.find(["img", "iframe"]) and fold.summary.get_text() == "Code of this figure"


def test_a_lesson_above_a_drawing_stays_in_sight(chapter):
    (block,) = (block for block in chapter.select(".cell_input pre") if "def lesson" in block.get_text())
    assert block.get_text().strip().endswith("b = a + 2") and not block.find_parents("details")
    above, output, fold = block.find_parent(class_="cell").find_all(True, recursive=False)
    assert output.img and sources(fold) == ["plt.plot(a, b)\nplt.show()"]
    assert "highlight" in str(above) and above["class"] == fold.find(class_="cell_input")["class"]


def test_the_last_statement_draws_whatever_its_name(chapter):
    (fold,) = (fold for fold in chapter.select(".course-figure-code") if "compare(c)" in fold.get_text())
    assert sources(fold) == ["compare(c)"]


@pytest.mark.parametrize("source", ["a = 1\nb = 2\nplt", "%time a"])
def test_a_few_lines_above_a_drawing_fold_with_it_and_so_does_what_is_no_python(chapter, source):
    assert around(chapter, source)[0] == ["course-figure-code"]


@pytest.mark.parametrize(
    ("source", "kind"),
    [("plt.imshow(x)", "digits"), ("digit(plt", "digits"), ("a = 1\nb = 2\nplt", "plot"), ("words()", None)],
)
def test_figures_of_digits_are_told_from_plots(chapter, source, kind):
    _, cell = around(chapter, source)
    kinds = [name for name in cell.select_one(".cell_output")["class"] if name.startswith("course-")]
    assert kinds == [f"course-{kind}"] * (kind is not None)


def test_a_function_that_only_draws_folds(chapter):
    assert around(chapter, "def digit")[0] == ["course-helper"]
    assert summaries(chapter, "helper") == ["A function that draws: digit"]
    assert around(chapter, "def curve")[0] == [], "the cell defines more than what draws"


def test_code_that_makes_a_table_folds_under_it(chapter):
    folds, cell = around(chapter, "table()")
    assert folds == ["course-figure-code"]
    output, fold = cell.find_all(True, recursive=False)
    assert output.table and fold.summary.get_text() == "Code of this table"


def test_rows_of_pictures_have_the_alt_text_of_their_cell(book, chapter):
    assert chapter.select_one(".course-pictures")["aria-label"] == "A line that rises to the right"


def test_a_question_and_a_mistake_are_told_from_other_quotes(chapter):
    predict, mistake, other = chapter.select("blockquote")
    assert (predict["class"], mistake["class"]) == (["course-predict"], ["course-mistake"])
    assert not other.has_attr("class")


def test_an_aside_stands_in_the_margin(book, chapter):
    (aside,) = chapter.select("aside")
    assert {"sidebar", "margin", "course-aside"} == set(aside["class"])
    assert aside.get_text().strip() == "Aside. It was long ago."
    assert not book.page("solutions/chapter").select("aside")


def test_the_opening_has_a_lede_and_a_plan(book, chapter):
    (lede,) = chapter.select(".course-lede")
    assert lede.get_text() == "You will."
    assert [part.get_text().split()[0] for part in chapter.select(".course-plan")] == [
        "After",
        "measure",
        "You",
        "Minutes",
    ]
    assert not book.page("plain").select(".course-plan")


def test_an_exercise_is_a_card_with_its_cells_and_its_solution(chapter):
    one, two = chapter.select("section.course-exercise")
    title, line, fold = one.find_all(True, recursive=False)
    assert title.name == "h3" and "Minutes" in line.get_text() and fold.summary.get_text() == "The exercise"
    assert sources(fold) == ["answer = ...", "checks.idea.one(answer)"]
    assert fold.details.summary.get_text() == "Hint"
    assert fold.select_one("a[href='solutions/chapter.html#exercise-1-1-one']"), "the solution of this exercise"
    assert "Not attempted" not in one.get_text(), "on a page nothing can be attempted"
    assert "Not attempted" in around(chapter, "told()")[1].get_text()
    assert "Do that." in two.get_text() and "Read on." not in two.get_text(), "a card ends at the next heading"


def test_the_exercises_are_summed_up(book, chapter):
    line = chapter.find(id="exercises").p
    assert line.get_text() == (
        "2 exercises, 5 minutes. You answer them in the notebook, which checks each answer: "
        "open it in Colab, or on your computer."
    )
    assert line.a["href"] == "https://colab/github/me/mine/blob/main/chapter.ipynb"
    for name in ("plain", "solutions/chapter"):
        assert "You answer them" not in book.page(name).get_text()


def test_the_summary_is_marked(book, chapter):
    (summary,) = chapter.select(".course-summary")
    assert "Summary" in summary.h2.get_text() and "More." not in summary.get_text()
    assert not book.page("plain").select(".course-summary")


def test_the_hook_is_shown_under_the_first_paragraph_and_where_it_is_drawn(book, chapter):
    title, lede, hook = chapter.section.find_all(True, recursive=False)[:3]
    assert (title.name, lede.get_text(), "course-hook" in hook["class"]) == ("h1", "You will.", True)
    _, cell = around(chapter, "the_hook()")
    assert hook.img["src"] == cell.img["src"] and hook.img["alt"] == "A line that rises to the right"
    assert not book.page("plain").select(".course-hook")


def test_a_hook_above_the_first_section_is_shown_once(book):
    page = book.page("above")
    assert [image.find_parent(class_="course-hook") is None for image in page.select("img")] == [False]
    assert around(page, "the_hook()")[0] == ["course-setup"]


def test_a_hook_without_a_figure_is_warned_of(book):
    assert not book.page("no_figure").select(".course-hook")
    assert re.findall(r"(\w+)\.ipynb.*WARNING: the cell tagged `hook` shows no figure", book.warnings) == ["no_figure"]


@pytest.mark.parametrize(
    ("name", "title", "address"),
    [
        ("chapter", "2. The second", "plain.html"),
        ("no_figure", "5. The fourth", "above.html"),  # over the page of a solution
        ("above", "Book", "index.html"),  # the last one leads back to the list of all
    ],
)
def test_a_chapter_ends_with_the_next_step(book, name, title, address):
    step = book.page(name).section.find_all(True, recursive=False)[-1]
    assert "course-next" in step["class"]
    assert (step.a.get_text(), step.a["href"]) == (title, address)


def test_a_solution_leads_back_to_its_exercise(book):
    page = book.page("solutions/chapter")
    first, second, more = page.select("section section")
    assert [link["href"] for link in first.select("p a")] == ["../chapter.html#exercise-1-1-one"] * 2
    assert first.select("p a")[-1].get_text() == "Back to the exercise"
    assert not second.select("p a") and not more.select("p a")
    assert not page.select("details, .course-next, .course-plot"), "and is no chapter"


def test_the_way_through_the_book_goes_past_the_solutions(book):
    assert book.neighbours("solutions/chapter") == []
    assert book.neighbours("above") == ["3. The third"]
    assert book.neighbours("plain") == ["1. The chapter"], "the box has the next page"
    assert book.neighbours("prose") == ["5. The fourth"] and book.neighbours("index") == ["1. The chapter"]


@pytest.mark.parametrize("name", ["prose", "index"])
def test_other_pages_stay_as_they_are(book, name):
    assert "course-" not in str(book.page(name)).replace('class="course-pictures"', "")
