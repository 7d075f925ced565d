"""Each notebook keeps each convention of tests/notebook_lints.py, and each lint finds a notebook that does not.

nbval runs the cells and compares the kept outputs; the lints see the rest.
"""

import copy
import functools
import re
from pathlib import Path

import nbformat
import notebook_lints as lints
import pytest
from keep import KEPT
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
CHAPTERS = sorted(NOTEBOOKS.glob("*.ipynb"))
SOLUTIONS = sorted(NOTEBOOKS.glob("solutions/*.ipynb"))

read = functools.cache(lints.Notebook)  # a lint changes nothing


@pytest.mark.parametrize(
    ("path", "lint"),
    [(path, lint) for path in [*CHAPTERS, *SOLUTIONS] for lint in lints.lints_for(path)],
    ids=lambda value: value.relative_to(NOTEBOOKS).as_posix() if isinstance(value, Path) else value.__name__,
)
def test_notebook_keeps_the_convention(path, lint):
    found = list(lint(read(path)))
    assert not found, "\n" + "\n".join(found)


def test_there_are_chapters():
    assert CHAPTERS


@pytest.mark.parametrize("path", CHAPTERS[:1], ids=lambda p: p.name)
def test_a_chapter_starts_in_any_folder(path, tmp_path):
    content = nbformat.read(path, as_version=4)
    content.cells = [cell for cell in content.cells if cell.cell_type == "code"][:2]
    NotebookClient(content, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()


# The lints can fail: a good chapter with its solutions, and every way to spoil them.


def code(source, output=None, **metadata):
    cell = new_code_cell(source, metadata=metadata)
    if output:
        cell.metadata["tags"] = sorted(KEPT)
        cell.outputs = [new_output("execute_result", {"text/plain": output})]
    return cell


OPENING = [
    code(lints.COLAB_CELL),
    code("from aecourse import plotting, reproducibility\n\nreproducibility.seed_everything(0)\nplotting.use_style()"),
]
OPENED = """\
# Title

Two numbers draw a digit. How can that be enough?

It matters elsewhere too.

**After this chapter you can**

- measure it
- explain it
- doubt it

**You need** nothing.

**Minutes** 1 to read · 1 to run every cell · 20 for the exercises"""
CARD_LINE = "**Difficulty** ●○○ · **Minutes** 5 · **Why it matters** It counts."
ALT = {"mystnb": {"image": {"alt": "A line that rises to the right"}}}
PROSE = (
    "## Idea\n\nThe error is about 0.014, 14 % of 784 pixels, 24.5 times less. See Exercise 7.1.\n\n"
    "[Someone (2006)](https://doi.org/10.1) reports 0.77.\n\n"
    "> **Predict.** Is it 0.33?\n\nIt was $2 \\times 10^{-3}$."
)
CHECKPOINT = """\
# Checkpoint: It is small.
assert abs(error - 0.0143) < 0.14 * (784 / 32), 'small'
assert error > 2e-3, 'positive'"""


def good_pair():
    """A chapter (7, 'idea') and its solutions that break no rule."""
    chapter = [
        new_markdown_cell(OPENED),
        *OPENING,
        new_markdown_cell(PROSE),
        code(CHECKPOINT),
    ]
    chapter += [
        code("plt.plot([0, 1])\nplt.show()", tags=["hook"], **ALT),
        new_markdown_cell("## Exercises"),
    ]
    solutions = [new_markdown_cell("# Solutions: Title"), *copy.deepcopy(OPENING)]
    for i in (1, 2, 3, 4):
        chapter += [
            new_markdown_cell(f"### Exercise 7.{i} · Name {i}\n\n{CARD_LINE}\n\nDo it with 0.9."),
            code("answer = ..."),
            code(f"checks.idea.name_{i}(answer)", "○ Not attempted yet: replace the ..."),
            new_markdown_cell("[Solution](solutions/07_idea.ipynb)"),
        ]
        solutions += [
            new_markdown_cell(f"## Exercise 7.{i} · Name {i}\n\nBecause."),
            code("answer = 1"),
            code(f"checks.idea.name_{i}(answer)", "✓ Right: it is one."),
        ]
    chapter += [
        new_markdown_cell("## Summary\n\n- Done."),
        new_markdown_cell("## Further reading\n\n- 0.123"),
    ]
    solutions += [new_markdown_cell("[Back to the chapter](../07_idea.ipynb)")]
    for cell in [*chapter, *solutions]:
        if cell.get("outputs"):
            cell.execution_count = 1
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return [new_notebook(cells=copy.deepcopy(cells), metadata=kernel) for cells in (chapter, solutions)]


def write(chapter, solutions, folder):
    """Write the pair as files, but not a notebook without cells; return the paths of what was written."""
    (folder / "solutions").mkdir()
    files = {folder / "07_idea.ipynb": chapter, folder / "solutions/07_idea.ipynb": solutions}
    for path, content in files.items():
        if content.cells:
            nbformat.write(content, path)
    return [path for path in files if path.exists()]


def findings(lint, path):
    """What a lint finds in a notebook that it is meant for."""
    return list(lint(lints.Notebook(path))) if lint in lints.lints_for(path) else []


def swap(old, new, which=0):
    """A way to spoil: replace text in every cell of the chapter (0) or the solutions (1)."""

    def spoil(*pair):
        assert any(old in cell.source for cell in pair[which].cells)
        for cell in pair[which].cells:
            cell.source = cell.source.replace(old, new)

    return spoil


def add(cell, which=0, at=5):
    return lambda *pair: pair[which].cells.insert(at, cell)


def change(which, position, **values):
    """A way to spoil: set fields of one cell."""
    return lambda *pair: pair[which].cells[position].update(values)


def metadata(position, **values):
    return lambda *pair: pair[0].cells[position].metadata.update(values)


def remove(which):
    """A way to spoil: without cells, the notebook is not even written."""
    return lambda *pair: pair[which].cells.clear()


def outputs_of(mark, new, which):
    def spoil(*pair):
        for cell in pair[which].cells:
            for output in cell.get("outputs", []):
                output.data["text/plain"] = output.data["text/plain"].replace(mark, new)

    return spoil


def say(text):
    return add(new_markdown_cell(text), at=4)


def in_turn(*spoils):
    def spoil(*pair):
        for one in spoils:
            one(*pair)

    return spoil


def say_in_solutions(text):
    return add(new_markdown_cell(text), which=1, at=1)


def tables(count):
    """A section with as many tables, as cells of the end of a chapter."""
    return [new_markdown_cell("## More"), *(code(f"plotting.table(rows, 'It is {i}')") for i in range(count))]


LEDE, WHY = "Two numbers draw a digit. How can that be enough?", "It matters elsewhere too."
PICTURE = "![A funnel that narrows to a code](figures/funnel.svg)"
WINDOW = add(code("# Checkpoint: near\nassert 0.6 < ratio < 0.8, 'near'"))


KEEP = "run `python tests/keep.py NOTEBOOK`"  # NOTEBOOK: as the finding names it
LINK = "`([evidence](../tests/evidence/test_07_idea.py))`"
ONE_OUTPUT = [new_output("stream", text="1")]
ROWS = swap("plt.plot([0, 1])\nplt.show()", "plotting.image_rows(\n    [x],\n)")
TRACEBACK = [new_output("error", ename="E", evalue="", traceback=[])]

# The lint, the cell that it must name (None: the notebook alone), what it must say, the mend, and a way to spoil.
PLANTED = [
    (lints.lint_title, 0, "title", "write `# Title`", add(new_markdown_cell("Hello"), at=0)),
    (lints.lint_title, 0, "title", "write `# Title`", add(code("1"), at=0)),
    (lints.lint_title, 0, "title", "write `# Title`", swap("# Title\n", "## Title\n")),
    (lints.lint_colab_cell, 1, "letter for letter", "`COLAB_CELL`", swap("pip install -q", "pip install")),
    (lints.lint_colab_cell, 1, "letter for letter", "`COLAB_CELL`", swap("pip install -q", "pip install", 1)),
    (lints.lint_setup_cell, 2, "imports, the seed", "`import`", swap("import plotting", "")),
    (lints.lint_setup_cell, 2, "imports, the seed", "`reproducibility.seed_everything(0)`", swap("_everything(0)", "")),
    (lints.lint_setup_cell, 2, "imports, the seed", "`plotting.use_style()`", swap("plotting.use_style()", "", 1)),
    *(
        (lint, 0, says, mend, swap(old, new))
        for lint, says, mend, old, new in (
            (lints.lint_opening_lede, "not 0", "between `# Title`", f"{LEDE}\n\n{WHY}\n\n", ""),
            (lints.lint_opening_lede, "not 4", "between `# Title`", WHY, "One.\n\nTwo.\n\nThree."),
            (lints.lint_opening_lede, "not '- It", "plain sentences", WHY, "- It matters."),
            (lints.lint_opening_lede, "sentences in the first paragraph, not 1", "what one sees", LEDE, "It is."),
            (lints.lint_opening_lede, "sentences in the first paragraph, not 5", "the rest", LEDE, "It is. " * 5),
            (lints.lint_opening_outcomes, "you can**'", "a line `**After", "**After this chapter", "**In an hour"),
            (lints.lint_opening_outcomes, "you can**'", "after a blank line", "can**\n\n-", "can**\n-"),
            (lints.lint_opening_outcomes, "not 2", "each with a verb", "- doubt it\n", ""),
            (lints.lint_opening_outcomes, "not 6", "each with a verb", "- doubt it", "- a\n- b\n- c\n- d"),
            (lints.lint_opening_needs, "needs", "write `**You need** [", "**You need** nothing.", "You need nothing."),
            (lints.lint_opening_needs, "needs", "write `**You need** [", "nothing.", "nothing.\n\nNo more."),
            (lints.lint_opening_minutes, "to run", "write `**Minutes** 1 to read · 1 to run", "1 to run", "one to run"),
            (lints.lint_opening_minutes, "to run", "20 for the exercises`", "the exercises", "the exercises\n\nEnjoy."),
            (lints.lint_minutes_to_read, "not 4", "write `**Minutes** 1 to read`", "1 to read", "4 to read"),
            (lints.lint_minutes_to_read, "not 1", "write `**Minutes** 4 to read`", WHY, "word " * 900),
            (lints.lint_minutes_to_read, "not 1", "write `**Minutes** 4 to read`", WHY, f"\n\n{PICTURE}" * 18),
            (lints.lint_minutes_of_exercises, "not 15", "write `20 for", "20 for", "15 for"),
            (lints.lint_chapter_number, "not 'Chapter 7'", "`[Title](07_idea.ipynb)`", WHY, "Chapter 7 says it."),
            (
                lints.lint_chapter_number,
                "'chapters [7'",
                "`[Title](07_idea",
                WHY,
                "As chapters [7](07_idea.ipynb) says.",
            ),
            (lints.lint_chapter_number, "'first two chapters'", "`[Title](07", WHY, "The first\ntwo chapters."),
            (lints.lint_british, "not 'gray'", "write `grey`", WHY, "A gray one."),
            (lints.lint_british, "not 'Colors'", "write `Colours`", WHY, "Colors."),
            (lints.lint_british, "not 'memorized'", "write `memorised`", WHY, "It is memorized."),
            (lints.lint_british, "not 'uncentered'", "write `uncentred`", WHY, "Left uncentered."),
        )
    ),
    *(
        (lints.lint_label_contrast, 5, f"not {colour}", 'color="0.2"', add(code(f"{call}, color={colour})"), which))
        for call, colour, which in (
            ("ax.text(0, 1, 'PCA'", "'C1'", 0),
            ("ax.annotate('PCA', (0, 1)", "line.get_color()", 0),
            ("ax.set_title('PCA'", "f'C{i}'", 0),
            ("plt.title('PCA'", "'0.5'", 1),
        )
    ),
    (lints.lint_minutes_to_read, 0, "not 1", "**Minutes** 5 to", lambda c, s: c.cells.extend(tables(24))),
    (lints.lint_words, None, "not 3,4", "or fold what", swap(WHY, "word " * 3300)),
    (lints.lint_hook, None, "one cell", "add the tag `hook`", metadata(5, tags=[])),
    (lints.lint_hook, 6, "no second", "remove the tag", add(code("plt.show()", tags=["hook"]), at=6)),
    (lints.lint_hook, 4, "that draws", "`image_rows(`", metadata(4, tags=["hook"])),
    (lints.lint_chapter_number, 7, "'chapter 7'", "say what it is", add(code("x = 1  # as chapter 7 did"), at=7)),
    (lints.lint_chapter_number, 1, "'chapter 7'", "`[Title](../07_idea.ipynb)`", say_in_solutions("See chapter 7.")),
    (lints.lint_british, 5, "'center'", "write `centre`", add(code("assert a, 'off the center'"))),
    (lints.lint_british, 5, "'color'", "write `colour`", add(code("x = 1  # its color"), 1)),
    (lints.lint_checkpoint_claim, 5, "claim", "write `# Checkpoint: ", add(code("# Checkpoint\nassert 1, 'one'"))),
    *(
        (lints.lint_checkpoint_first_line, 5, says, mend, add(code(f"{source}\nassert a, 'x'"), which))
        for says, mend, source, which in (
            ("full stop", "write `# Checkpoint: ", "# Checkpoint: No stop", 0),
            ("one sentence", "write `# Checkpoint: ", "# Checkpoint: One. And two.", 1),
            ("begins with", "split the cell", "a = 1\n# Checkpoint: Below.", 0),
            ("a capital", "`# Checkpoint: What", "# Checkpoint: no capital.", 0),
        )
    ),
    (lints.lint_checkpoint_assert, 5, "an assert", "`assert claim, ", add(code("# Checkpoint: x\nprint(1)"))),
    (lints.lint_checkpoint_message, 5, "a sentence", "`assert a, 'a ", add(code("# Checkpoint: x\nassert a"))),
    (lints.lint_empty_cell, 5, "code", "delete the cell", add(code("  "))),
    (lints.lint_tags, 5, "both tags", "add the tag nbval-check-output", add(code("1", tags=["keep_output"]))),
    (lints.lint_tags, 5, "both tags", "add the tag keep_output", add(code("1", tags=["nbval-check-output"]))),
    (lints.lint_stored_output, 5, "a stored output", KEEP, add(code("1", tags=sorted(KEPT)))),
    (lints.lint_stored_output, 4, "without the tags", KEEP, change(0, 4, outputs=ONE_OUTPUT)),
    (lints.lint_traceback, 4, "traceback", KEEP, change(0, 4, outputs=TRACEBACK)),
    (lints.lint_execution_count, 4, "execution count", KEEP, change(0, 4, execution_count=3)),
    (lints.lint_execution_count, 9, "execution count", KEEP, change(0, 9, execution_count=None)),
    (lints.lint_raises_exception, 4, "failure", "remove the tag", metadata(4, tags=["raises-exception"])),
    (lints.lint_absolute_path, 5, "'/home/'", "write the path from", add(code("open('/home/me/digits')"))),
    (lints.lint_absolute_path, 5, "'C:", "write the path from", add(code(r"open('C:\\digits')"), which=1)),
    (lints.lint_absolute_path, 4, "'/tmp/'", "write the path from", say("It is in /tmp/digits.")),
    (lints.lint_folder, 5, "the folder", "delete `os.chdir('..')`", add(code("import os\nos.chdir('..')"))),
    (lints.lint_folder, 5, "import path", "`sys.path.append", add(code("import sys\nsys.path.append('..')"))),
    (lints.lint_magic, 5, "magic", "delete `%matplotlib inline`", add(code("%matplotlib inline"))),
    (lints.lint_magic, 5, "shell", "delete `!ls`", add(code("!ls"))),
    (lints.lint_kernel, None, "not venv", KEEP, lambda c, s: c.metadata.kernelspec.update(name="venv")),
    (lints.lint_metadata, None, "the machine", KEEP, lambda c, s: c.metadata.update(vscode={"path": "x"})),
    (lints.lint_metadata, None, "the machine", KEEP, lambda c, s: c.metadata.kernelspec.update(env="/x")),
    (lints.lint_directive, 4, "'```{note}'", "plain Markdown", say("```{note}\nx\n```")),
    (lints.lint_directive, 4, "':::{tip}'", "plain Markdown", say(":::{tip}\nx\n:::")),
    (lints.lint_role, 4, "{cite}", "`[text](address)`", say("See {cite}`hinton2006`, not `{x}`.")),
    (lints.lint_blockquote, 4, "'> Note this.'", "`> **Mistake.**`", say("> Note this.")),
    (lints.lint_plt_show, 5, "at the end", "write `plt.show()`", swap("plt.show()", "plt.show()\nx = 1")),
    (lints.lint_figure_alt_text, 5, "not ''", '`"mystnb": {"image": ', metadata(5, mystnb={})),
    (lints.lint_figure_alt_text, 5, "'A plot'", '"alt": ', metadata(5, mystnb={"image": {"alt": "A plot"}})),
    (lints.lint_alt_text_without_figure, 5, "'A line that", "end it with `plt.show()`", swap("plt.show()", "")),
    (lints.lint_figure_alt_text, 5, "not ''", '`"mystnb": {"image": ', in_turn(metadata(5, mystnb={}), ROWS)),
    (
        lints.lint_alt_text_without_figure,
        5,
        "'A line that",
        "end it with",
        swap("plt.show()", "plotting.image_rows(x)\n1"),
    ),
    (lints.lint_picture_alt_text, 4, "not ''", "`![what the picture shows](../book/x.svg)`", say("![](../book/x.svg)")),
    (lints.lint_picture_file, 4, "at ../x.svg", "the path", say("![A funnel that narrows to a code](../x.svg)")),
    (lints.lint_html_picture, 4, "not in HTML", "write `![what the picture shows](", say("<img src='x.svg'>")),
    (lints.lint_last_sections, None, "not Exercises, Recap", "`## Summary`", swap("## Summary", "## Recap")),
    (lints.lint_one_title, 3, "'Idea'", "write `## Idea`", swap("## Idea", "# Idea")),
    (lints.lint_one_title, None, "a title", "write `# Title`", swap("# Title\n", "## Title\n")),
    (lints.lint_has_checkpoint, None, "checkpoint", "`# Checkpoint: ", swap("# Checkpoint: It is small.", "# Small.")),
    (lints.lint_has_prediction, None, "prediction", "`> **Predict.** ", swap("**Predict.**", "**Mistake.**")),
    (lints.lint_four_exercises, None, "not 3", "`### Exercise 7.4 · Name`", swap("### Exercise 7.4", "### Task 7.4")),
    (lints.lint_solutions_exist, None, "solutions", "write `notebooks/solutions/07_idea.ipynb`", remove(1)),
    (lints.lint_solutions_headings, None, "Name 2, ", "Exercise 7.2 · Name 2", swap("Name 2", "Other", 1)),
    (lints.lint_exercise_title, 15, "7.3", "`### Exercise 7.3 · Name`", swap("Exercise 7.3", "Exercise 6.3")),
    (lints.lint_exercise_title, 15, "a name", "`### Exercise 7.3 · Name`", swap("7.3 · Name 3", "7.3")),
    (
        lints.lint_exercise_heading,
        7,
        "level 3",
        "`### Exercise 7.1 · Name 1`",
        swap("### Exercise 7.1", "#### Exercise 7.1"),
    ),
    (lints.lint_exercise_heading, 7, "below Exercises", "below `## Exercises`", swap("## Exercises", "## Tasks")),
    (lints.lint_exercise_card, 7, "minutes", "`**Difficulty** ●○○ · ", swap("**Minutes** 5", "**Minutes** some")),
    (
        lints.lint_exercise_link,
        7,
        "'Exercise 7.1 · Name 1'",
        "`[Solution](solutions/07_idea.ipynb)`",
        swap("(solutions/07_idea.ipynb)", "(solutions/08_idea.ipynb)"),
    ),
    (lints.lint_exercise_check, 7, "a check in", "`checks.idea.name(answer)`", swap("checks.idea.name_1(answer)", "1")),
    (
        lints.lint_exercise_check,
        9,
        "this chapter",
        "`checks.idea.name(",
        swap("checks.idea.name_1", "checks.other.name"),
    ),
    (lints.lint_exercise_stub, 7, "`...`", "`answer = ...`", swap("answer = ...", "answer = None")),
    (lints.lint_exercise_not_attempted, 9, "○ Not", KEEP, outputs_of("○ Not attempted", "✗ Not yet", 0)),
    (lints.lint_same_checks, 11, "name_3", "`checks.idea.name_2(answer)`", swap("name_2(", "name_3(", 1)),
    (lints.lint_chapter_exists, None, "a chapter", "write `notebooks/07_idea.ipynb`", remove(0)),
    (
        lints.lint_link_back,
        None,
        "back",
        "`[Back to the chapter](../07_idea.ipynb)`",
        swap("(../07_idea", "(../06_idea", 1),
    ),
    (
        lints.lint_solution_heading,
        6,
        "level 2",
        "`## Exercise 7.2 · Name 2`",
        swap("## Exercise 7.2", "### Exercise 7.2", 1),
    ),
    (lints.lint_solution_check, 6, "a check", "`checks.idea.", swap("checks.idea.name_2(answer)", "answer", 1)),
    (lints.lint_solution_right, 5, "✓ Right", KEEP, outputs_of("✓ Right", "✗ Not yet", 1)),
    (lints.lint_numbers, 4, "'0.015'", "isclose(measured, 0.015, ", say("The error is about 0.015.")),
    (lints.lint_numbers, 4, "'31 %'", "isclose(measured, 0.31, ", say("It falls by 31 %.")),
    (lints.lint_numbers, 4, "'31\\\\%'", "isclose(measured, 0.31, ", say("It falls by $31\\%$.")),
    (lints.lint_numbers, 4, "'6 times'", "isclose(measured, 6, ", say("It is 6 times smaller.")),
    (lints.lint_numbers, 4, "'12-fold'", "isclose(measured, 12, ", say("A 12-fold gain.")),
    (lints.lint_numbers, 4, "'783'", "isclose(measured, 783, ", say("You are off by a factor of 783.")),
    (lints.lint_numbers, 4, "'193'", "isclose(measured, 193, ", say("It needs about 193 bytes.")),
    (lints.lint_numbers, 4, "10^{-4}", "isclose(measured, 0.0002, ", say("It is $2 \\times 10^{-4}$.")),
    (lints.lint_numbers, 4, "'0.044'", "isclose(measured, 0.044, ", say("| d | error |\n|---|---|\n| 2 | 0.044 |")),
    (lints.lint_numbers, 4, "'0.0144'", "isclose(measured, 0.0144, ", say("The error is 0.0144, more exactly.")),
    (lints.lint_numbers, 23, "'0.66'", "leave the number out", swap("## Summary\n", "## Summary\n\nIt was 0.66.\n")),
    (lints.lint_other_runs, 4, "'In six runs'", LINK, say("In six runs it was never\nworse.")),
    (lints.lint_other_runs, 4, "'other seeds'", "`for seed in SEEDS: assert", say("With other seeds it is worse.")),
    (lints.lint_other_runs, 23, "'every seed'", LINK, swap("## Summary\n", "## Summary\n\nIt wins with every seed.\n")),
    (lints.lint_other_runs, 4, "'depends on the seed'", LINK, say("The angle depends on the seed.")),
    (lints.lint_other_runs, 4, "'whatever the seed'", LINK, say("It is so, whatever the seed.")),
    (lints.lint_invitations, 4, "another run gives", LINK, say("Set `epochs=30` and try other seeds: it shrinks.")),
    (lints.lint_invitations, 4, "another run gives", LINK, say("Try twice the epochs, and you will see it fall.")),
    (lints.lint_measures, 4, "holds 0.333", LINK, say("One costs about a third of the other.")),
    (lints.lint_measures, 4, "holds 0.1", "isclose(measured, 0.1, ", say("It moves by a tenth.")),
    (lints.lint_measures, 4, "holds 2", "isclose(measured, 2, ", say("It has twice the error.")),
    (lints.lint_measures, 4, "holds 5", "isclose(measured, 5, ", say("It is five times lower.")),
    (lints.lint_measures, 4, "holds 5e+05", "isclose(measured, 5e+05, ", say("A decoder of half a million weights.")),
    *(
        (lints.lint_assert_can_fail, 5, f"`assert {fixed}`", "what the notebook computes", add(code(source), which))
        for fixed, source, which in (
            ("784 / 32 == 24.5", "assert 784 / 32 == 24.5, 'ratio'", 0),
            ("math.isclose(error, 0.5)", "error = (1 / 4) ** 0.5\nassert math.isclose(error, 0.5)", 0),
            ("low < high", "for low, high in ((1, 2), (2, 3)):\n    assert low < high", 0),
            ("16 * 9 == 144", "assert weight.numel() == 16 * 9 == 144", 0),
            ("49 * 8 == 392", "assert used == 49 and 49 * 8 == 392", 0),
            ("len(rows) == 2", "rows = [1, 2]\nassert len(rows) == 2", 1),
        )
    ),
    (lints.lint_window, 4, "'0.6 to 0.8'", "write the measured number", in_turn(WINDOW, say("It is 0.6 to 0.8."))),
    (
        lints.lint_window,
        5,
        "'0.6 to 0.8'",
        "write the measured",
        add(code("# Checkpoint: in\n# 0.6 to 0.8\nassert 0.6 < r < 0.8, 'near'")),
    ),
    (lints.lint_window, 4, "'60 and 80 %'", "write the measured", in_turn(WINDOW, say("It is between 60 and 80 %."))),
    (
        lints.lint_window,
        5,
        "'0.6 to 0.8'",
        "write the measured",
        in_turn(WINDOW, swap("Checkpoint: near", "Checkpoint: 0.6 to 0.8")),
    ),
    (lints.lint_cell_length, 5, "not 26", "split it in two", add(code("x = 1\n" + "\n" * 24 + "x"))),
    (
        lints.lint_line_length,
        5,
        "not 81, in line 2",
        "run `ruff format NOTEBOOK`",
        add(code("x\n# " + 79 * "a"), which=1),
    ),
]


def test_a_good_pair_passes_every_lint(tmp_path):
    paths = write(*good_pair(), tmp_path)
    assert [sentence for path in paths for lint in lints.lints_for(path) for sentence in findings(lint, path)] == []


@pytest.mark.parametrize(
    ("lint", "cell", "says", "mend", "spoil"),
    PLANTED,
    ids=[f"{lint.__name__}-{says}" for lint, _, says, _, _ in PLANTED],
)
def test_each_lint_finds_what_is_planted(lint, cell, says, mend, spoil, tmp_path):
    pair = good_pair()
    spoil(*pair)
    everything = []
    for path in write(*pair, tmp_path):
        name = lints.Notebook(path).name
        place = name if cell is None else f"{name}, cell {cell} (the first is 0)"
        for sentence in findings(lint, path):
            problem, _, remedy = sentence.rpartition("; ")
            everything.append(sentence)
            if (
                problem.startswith(f"{place}: expected ")
                and says in problem
                and mend.replace("NOTEBOOK", name) in remedy
            ):
                return
    pytest.fail(f"none of {everything}")


@pytest.mark.parametrize(
    ("lint", "spoil"),
    [
        pytest.param(lint, spoil, id=f"{lint.__name__}-{says}")
        for lint, _, says, _, spoil in PLANTED
        if lint in (lints.lint_numbers, lints.lint_other_runs, lints.lint_measures)
    ],
)
def test_the_assert_to_write_mends(lint, spoil, tmp_path):
    chapter, solutions = good_pair()
    spoil(chapter, solutions)
    path, _ = write(chapter, solutions, tmp_path)
    (sentence,) = findings(lint, path)
    chapter.cells.insert(6, code(re.search(r"; write (?:there )?`([^`]+)`", sentence)[1]))
    nbformat.write(chapter, path)
    assert findings(lint, path) == []


def test_what_just_fits_is_no_problem(tmp_path):
    chapter, solutions = good_pair()
    chapter.cells.insert(5, code("x = 1\n" + "\n" * 23 + "#" * 80))
    path, _ = write(chapter, solutions, tmp_path)
    for lint in (lints.lint_cell_length, lints.lint_line_length):
        assert not any("cell 5 (" in sentence for sentence in findings(lint, path))


def test_a_checkpoint_that_claims_one_thing_is_no_problem(tmp_path):
    chapter, solutions = good_pair()
    chapter.cells.insert(5, code("# Checkpoint: With λ = 0.5 it is 0.0096.\nassert a, 'x'\n\n# More. And more."))
    path, _ = write(chapter, solutions, tmp_path)
    assert not any("cell 5 (" in sentence for sentence in findings(lints.lint_checkpoint_first_line, path))


def test_dark_words_and_light_lines_pass(tmp_path):
    chapter, solutions = good_pair()
    source = "ax.plot(x, color='C1')\n" + "\n".join(
        f"ax.text(0, 1, 'PCA', color={colour})" for colour in ("'C2'", "'0.4'", "'white'", "ink", "None")
    )
    chapter.cells.insert(5, code(source))
    path, _ = write(chapter, solutions, tmp_path)
    assert findings(lints.lint_label_contrast, path) == []


def test_what_folds_is_not_read(tmp_path):
    chapter, solutions = good_pair()
    folded = f"<details><summary>Aside: how it works</summary>\n\n{'word ' * 4000}\n\n</details>"
    chapter.cells.insert(4, new_markdown_cell(f"> **Aside.** A note.\n\n{folded}"))
    path, _ = write(chapter, solutions, tmp_path)
    for lint in (lints.lint_words, lints.lint_minutes_to_read, lints.lint_blockquote):
        assert findings(lint, path) == []


@pytest.mark.parametrize(
    "text",
    [
        "A parameter, a diameter and a prize of the right size.",
        "The laboratory sizes and resizes; he seized it, surprised.",
        "[Visualizing data (2008)](https://jmlr.org/a) and `color='gray'`.",
        "This chapter 0.5, the next chapter, Exercise 7.1, [PCA](03_pca.ipynb) in chapters. The chapter: 0.012.",
    ],
)
def test_british_words_titles_and_names_pass(text, tmp_path):
    chapter, solutions = good_pair()
    chapter.cells.insert(4, new_markdown_cell(text))
    path, _ = write(chapter, solutions, tmp_path)
    for lint in (lints.lint_british, lints.lint_chapter_number):
        assert findings(lint, path) == []


PAGES = sorted(path for pattern in ("*.md", "book/*.md", ".github/**/*.md") for path in ROOT.glob(pattern))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_pages_are_in_british_spelling(path):
    assert [
        f"write {british!r} for {found!r}" for found, british in lints.american(path.read_text(encoding="utf-8"))
    ] == []


def test_a_notebook_of_the_course_is_named_from_its_root():
    assert read(CHAPTERS[0]).name == f"notebooks/{CHAPTERS[0].name}"
    assert read(SOLUTIONS[0]).name == f"notebooks/solutions/{SOLUTIONS[0].name}"


def test_every_lint_is_listed_once_and_planted():
    listed = list(lints.LINTS)
    assert len(listed) == len(set(listed))
    assert set(listed) == {value for name, value in vars(lints).items() if name.startswith("lint_")}
    assert set(listed) == {lint for lint, *_ in PLANTED}


@pytest.mark.parametrize(
    "cells",
    [
        ["With other seeds it is worse ([evidence](../tests/evidence/test_07_idea.py))."],
        ["With other seeds it is worse.", code("for seed in SEEDS:\n    assert error[seed] > 1, 'x'")],
        ["It wins with every seed.", code("# Checkpoint: for every seed\nassert wins(a, b), 'x'")],
        ["It costs about a third of it.", code("assert abs(cost / other - 1 / 3) < 0.01, 'x'")],
        ["It has twice the error.", code("assert worse > 2 * error, 'x'")],
        ["Black in every training digit; it runs downhill for half of the time."],
        [code("errors = []\nerrors.append(train())\nassert errors[-1] < 1, 'x'")],
        ["It is 0.7, not 0.8.", code("assert low < 0.7 < 0.8 < high, 'x'")],
        ["It is 0.7 to 0.8.", code("assert 0.7 < error < 0.9, 'x'\nassert low > 0.7 and high < 0.8, 'x'")],
    ],
)
def test_what_is_asserted_or_linked_is_no_problem(cells, tmp_path):
    chapter, solutions = good_pair()
    chapter.cells[4:4] = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    path, _ = write(chapter, solutions, tmp_path)
    for lint in (
        lints.lint_invitations,
        lints.lint_other_runs,
        lints.lint_measures,
        lints.lint_assert_can_fail,
        lints.lint_window,
    ):
        assert findings(lint, path) == []


def test_numbers_in_the_evidence_count(tmp_path):
    chapter, solutions = good_pair()
    say("Others have 0.77 ([evidence](evidence/test_07_idea.py)).")(chapter, solutions)
    evidence = tmp_path / "evidence/test_07_idea.py"
    evidence.parent.mkdir()
    for number in (0.66, 0.77):
        evidence.write_text(f"def test_it():\n    assert abs(error() - {number}) < 0.01\n", encoding="utf-8")
        nbformat.write(chapter, tmp_path / "07_idea.ipynb")
        assert bool(findings(lints.lint_numbers, tmp_path / "07_idea.ipynb")) == (number != 0.77)


@pytest.mark.parametrize(
    "text",
    [
        "28 × 28 pixels",
        "784-512-256-32",
        "chapter 3",
        "d = 32",
        "about 30 minutes",
        "in 2006",
        "`0.5`",
        "[0, 1]",
        "4,000 digits",
        "1.2.3",
    ],
)
def test_sizes_and_names_are_no_claims(text):
    assert list(lints.claimed_numbers(text)) == []
