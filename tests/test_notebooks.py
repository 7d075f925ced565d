"""The frame of the notebooks: what nbval cannot see. (nbval runs the cells and compares the kept outputs.)

A lint yields one sentence for each problem that it finds. Each is also shown notebooks that break its rule.
"""

import ast
import contextlib
import copy
import functools
import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from keep import KEPT
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
CHAPTERS = sorted(NOTEBOOKS.glob("*.ipynb"))
SOLUTIONS = sorted(NOTEBOOKS.glob("solutions/*.ipynb"))

COLAB_CELL = """\
import sys

# Elsewhere, requirements.txt has installed the course.
if "google.colab" in sys.modules:
    %pip install -q git+https://github.com/autoencoder-course/autoencoder-course"""
CARD = re.compile(r"\*\*Difficulty\*\* [●○]{3} · \*\*Minutes\*\* \d+ · \*\*Why it matters\*\* \S.+")
EXERCISE = re.compile(r"Exercise (\d+)\.(\d+) · (\S.*)")
CHECK = re.compile(r"^checks\.\w+\.\w+\(", re.MULTILINE)
FENCE = re.compile(r"^(```+|~~~+).*?^\1", re.MULTILINE | re.DOTALL)
ABSOLUTE = re.compile(r"(?<![\w./:$])/(home|Users|root|tmp|content|mnt|usr|var|opt)/|\b[A-Z]:\\\\?\w")
MEND = "`python tests/keep.py` with the notebook's path mends it"


@dataclass
class Section:
    """A heading and what follows it up to the next: prose (with the cell's number) and code cells."""

    level: int
    title: str
    within: str  # the title of the level-2 section around it, or its own
    prose: list = field(default_factory=list)
    code: list = field(default_factory=list)

    @property
    def text(self):
        return "\n\n".join(text for _, text in self.prose)


class Notebook:
    """A notebook, its place among the files, and its sections."""

    def __init__(self, path):
        self.path, self.content = path, nbformat.read(path, as_version=4)
        self.cells = self.content.cells
        self.code = [cell for cell in self.cells if cell.cell_type == "code"]
        self.markdown = [(i, cell.source) for i, cell in enumerate(self.cells) if cell.cell_type == "markdown"]
        self.chapter_number, _, self.slug = path.stem.partition("_")

    @functools.cached_property
    def sections(self):
        sections = [Section(0, "", "")]
        for i, cell in enumerate(self.cells):
            if cell.cell_type == "code":
                sections[-1].code.append(cell)
                continue
            fences = [range(*m.span()) for m in FENCE.finditer(cell.source)]
            starts = [m for m in re.finditer(r"^(#{1,6}) +(.+)$", cell.source, re.MULTILINE)
                      if not any(m.start() in fence for fence in fences)]  # fmt: skip
            ends = [m.start() for m in starts[1:]] + [len(cell.source)] * bool(starts)
            sections[-1].prose.append((i, cell.source[: starts[0].start() if starts else None]))
            for start, end in zip(starts, ends, strict=True):
                level, title = len(start[1]), start[2].strip()
                within = title if level <= 2 else sections[-1].within
                sections.append(Section(level, title, within, [(i, cell.source[start.end() : end])]))
        return sections

    @property
    def exercises(self):
        """Exercise sections by their title; level 3 in a chapter, 2 in its solutions."""
        return {section.title: section for section in self.sections if section.title.startswith("Exercise ")}


def tags(cell):
    return set(cell.metadata.get("tags", []))


def output_text(cell):
    return "".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs).strip()


def tree(cell):
    """The syntax tree of a cell, without IPython's own lines."""
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE))


def first_line(cell):
    """The first line of a cell; a comment is read over all the lines that it is wrapped to."""
    source = cell.source.strip()
    comment = re.match(r"#.*(?:\n#.*)*", source)
    return re.sub(r"\n# *", " ", comment[0]) if comment else source.partition("\n")[0]


LINTS = {}


def lint(*kinds):
    """Register a lint for chapters, solutions or both."""

    def register(function):
        LINTS[function.__name__] = (function, kinds)
        return function

    return register


@lint("chapter", "solutions")
def opening_cells(book):
    if [section.level for section in book.sections[:2]] != [0, 1] or book.sections[0].text.strip():
        yield "the first line must be the title: '# ...'"
    if not book.code or book.code[0].source.strip() != COLAB_CELL:
        yield "the first code cell must be the Colab cell, letter for letter"
    second = book.code[1].source if len(book.code) > 1 else ""
    for part in ("import ", "reproducibility.seed_everything(0)", "plotting.use_style()"):
        if part not in second:
            yield f"the second code cell must hold `{part.strip()}`"


@lint("chapter")
def frame(book):
    titles = [section.title for section in book.sections if section.level == 2]
    if titles[-3:] != ["Exercises", "Summary", "Further reading"]:
        yield f"the last sections must be Exercises, Summary, Further reading, not {titles[-3:]}"
    if sum(section.level == 1 for section in book.sections) != 1:
        yield "a chapter has exactly one '# ' heading"
    if not any(first_line(cell).startswith("# Checkpoint: ") for cell in book.code):
        yield "no code cell starts with '# Checkpoint: '"
    if not any("> **Predict.**" in text for _, text in book.markdown):
        yield "no blockquote starts with '> **Predict.**'"


@lint("chapter", "solutions")
def checkpoints_assert(book):
    for cell in book.code:
        if first_line(cell).startswith("# Checkpoint"):
            if not re.match(r"# Checkpoint: \S", first_line(cell)):
                yield f"{first_line(cell)!r} must say the claim: '# Checkpoint: ...'"
            asserts = [node for node in ast.walk(tree(cell)) if isinstance(node, ast.Assert)]
            if not asserts:
                yield f"{first_line(cell)!r} asserts nothing"
            if any(node.msg is None for node in asserts):
                yield f"{first_line(cell)!r} has an assert without a sentence"


@lint("chapter", "solutions")
def stored_outputs(book):
    for i, cell in enumerate(book.cells):
        if cell.cell_type != "code":
            continue
        if not cell.source.strip():
            yield f"cell {i} is empty"
        if tags(cell) & KEPT and not tags(cell) >= KEPT:
            yield f"cell {i} must have both tags, {sorted(KEPT)}, or none"
        if tags(cell) >= KEPT and not cell.outputs:
            yield f"cell {i} is tagged keep_output, but no output is stored; {MEND}"
        if not tags(cell) >= KEPT and cell.outputs:
            yield f"cell {i} has a stored output, but not the tags {sorted(KEPT)}; {MEND}"
        if any(output.output_type == "error" for output in cell.outputs):
            yield f"cell {i} has a stored traceback"
        # nbval refuses a stored output without a count ("unrun cell"); a count without output is only noise.
        if (cell.get("execution_count") is None) == bool(cell.outputs):
            yield f"cell {i} must have an execution count if and only if it has a stored output; {MEND}"


@lint("chapter", "solutions")
def portable(book):
    """Nothing that depends on the machine, the folder or the notebook's server."""
    if "raises-exception" in set().union(*map(tags, book.code)):
        yield "the tag raises-exception hides a failure"
    for i, cell in enumerate(book.cells):
        if ABSOLUTE.search(cell.source):
            yield f"cell {i} holds an absolute path"
        if cell.cell_type != "code":
            continue
        if re.search(r"os\.chdir|sys\.path\b", cell.source):
            yield f"cell {i} changes the folder or the import path"
        if cell is not book.code[0] and re.search(r"^\s*[%!]", cell.source, re.MULTILINE):
            yield f"cell {i} has a magic or a shell command"
    metadata = book.content.metadata
    if metadata.get("kernelspec", {}).get("name") != "python3":
        yield f"the kernel in the metadata must be python3; {MEND}"
    if set(metadata) - {"kernelspec", "language_info"} or "/" in json.dumps(metadata):
        yield f"the notebook's metadata must not tell of the machine: {dict(metadata)}; {MEND}"


@lint("chapter", "solutions")
def plain_markdown(book):
    """Readable in Jupyter, not only in the book: no MyST directives or roles."""
    for i, text in book.markdown:
        if re.search(r"^\s*(```+\{|:::)", text, re.MULTILINE):
            yield f"cell {i} has a MyST directive"
        if any(m[1] for m in re.finditer(r"`[^`]*`|(\{[a-z][\w:.-]*\})`", FENCE.sub("", text))):
            yield f"cell {i} has a MyST role"
        for quote in re.findall(r"(?:^>.*\n?)+", text, re.MULTILINE):
            if not quote.startswith(("> **Predict.**", "> **Mistake.**")):
                yield f"cell {i}: a blockquote must start with '> **Predict.**' or '> **Mistake.**'"


@lint("chapter", "solutions")
def pictures_are_described(book):
    for i, cell in enumerate(book.cells):
        if cell.cell_type == "code":
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
            shows = cell.source.rstrip().endswith("plt.show()")
            if "plt.show()" in cell.source and not shows:
                yield f"cell {i} must end with plt.show()"
            if shows and len((alt or "").strip()) < 20:
                yield f"cell {i} shows a figure, but its metadata has no alt text of 20 characters: {alt!r}"
            if alt and "plt.show()" not in cell.source:
                yield f"cell {i} has an alt text, but does not end with plt.show()"
            continue
        for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)\s]*)", cell.source):
            if len(alt.strip()) < 20:
                yield f"cell {i}: the picture {target} has no alt text of 20 characters"
            if not (book.path.parent / target).is_file():
                yield f"cell {i}: the picture {target} is not a file of the repository"
        if "<img" in cell.source:
            yield f"cell {i}: write a picture as ![alt](file), not as HTML"


@lint("chapter")
def exercises(book):
    if len(book.exercises) < 4:
        yield f"{len(book.exercises)} exercises: a chapter has at least four"
    file = book.path.parent / "solutions" / book.path.name
    solutions = Notebook(file).exercises if file.exists() else {}
    if not file.exists():
        yield f"solutions/{file.name} does not exist"
    if file.exists() and list(solutions) != list(book.exercises):
        yield f"the solutions' headings differ: {set(solutions) ^ set(book.exercises) or 'in their order'}"
    for position, (title, section) in enumerate(book.exercises.items(), start=1):
        label = EXERCISE.fullmatch(title)
        if not label or (int(label[1]), int(label[2])) != (int(book.chapter_number), position):
            yield f"{title!r} must be 'Exercise {int(book.chapter_number)}.{position} · Name'"
        if section.level != 3 or section.within != "Exercises":
            yield f"{title!r} must be a '###' heading below '## Exercises'"
        lines = [line for line in section.text.splitlines() if line.strip()]
        if not lines or not CARD.fullmatch(lines[0].strip()):
            yield f"{title!r} must open with **Difficulty** ●○○ · **Minutes** 5 · **Why it matters** ..."
        if f"[Solution](solutions/{book.path.name})" not in section.text:
            yield f"{title!r} has no link [Solution](solutions/{book.path.name})"
        checks = [cell for cell in section.code if CHECK.search(cell.source)]
        if not checks:
            yield f"{title!r} has no cell checks.{book.slug}.<name>(answer)"
            continue
        stubs = section.code[: section.code.index(checks[0])]
        if not any("..." in cell.source for cell in stubs):
            yield f"{title!r} has no stub (a ... to replace) before its check"
        for cell in checks:
            if not cell.source.startswith(f"checks.{book.slug}."):
                yield f"{title!r} must be checked by checks.{book.slug}"
            if not output_text(cell).startswith("○ Not attempted"):
                yield f"{title!r}: the stored output of the check must start with '○ Not attempted'"
        if title in solutions:
            wanted = [call for cell in checks for call in CHECK.findall(cell.source)]
            given = [c for cell in solutions[title].code for c in CHECK.findall(cell.source)]
            if wanted != given:
                yield f"{title!r}: the solution is checked by {given}, the exercise by {wanted}"


@lint("solutions")
def solutions_pass(book):
    chapter = book.path.parent.parent / book.path.name
    if not chapter.exists():
        yield f"there is no chapter {chapter.name}"
    if f"(../{book.path.name})" not in book.sections[-1].text:
        yield f"no link back to the chapter at the end: [Back to the chapter](../{book.path.name})"
    for title, section in book.exercises.items():
        if section.level != 2:
            yield f"{title!r} must be a '##' heading"
        checks = [cell for cell in section.code if CHECK.search(cell.source)]
        if not checks:
            yield f"{title!r} has no check cell"
        for cell in checks:
            if not output_text(cell).startswith("✓ Right"):
                yield f"{title!r}: the stored output of the check must start with '✓ Right'"


DIGITS = r"(?<![\w.,])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?!,?\d|\.\d)"
CLAIM = re.compile(
    rf"{DIGITS}(?:(?P<times>\s*(?:\\times|\\cdot|×|·)\s*10\^\{{?(?P<power>-?\d+)\}}?)"
    r"|(?P<percent>\s*\\?%|\s*per\s?cent\b)|(?P<ratio>\s?×(?!\s*[\d$\\])|\s?-fold|\s+times\b))?"
)
MEASURED = re.compile(
    r"(?:factor of (?:more than |at least |over )?|\b(?:about|nearly|roughly|almost) |≈|\\approx)"
    rf"\s*\$?{DIGITS}"
    r"(?!\s*(?:minutes|seconds|hours)\b)"
)
SUPERSCRIPTS = re.compile(r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
ASCII = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
ARITHMETIC = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
REFERENCES = re.compile(r"\b(Exercise|Chapter|Section|Figure|Python|[Vv]ersion|PyTorch)s? \d+(\.\d+)*")


EVIDENCE = re.compile(r"\s*\(\[evidence\]\(([^)\s]+)\)\)")
OUTSIDE = ("Exercises", "Further reading")  # sections that claim nothing about this chapter's models


def sentences(text):
    """The sentences of a piece of prose, without code, Predict boxes and an exercise's card."""
    text = re.sub(r"`[^`]*`", " ", FENCE.sub("", text))
    text = re.sub(r"^> \*\*Predict\.\*\*.*\n?(?:^>.*\n?)*", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\*\*Difficulty\*\*.*$", "", text, flags=re.MULTILINE)
    return re.split(r"(?<=[.!?:])\s+|\n\s*\n|\n(?=\s*(?:[-*|]|\d+\. ))", text)


def claimed_numbers(text):
    """The numbers that a piece of prose claims: (as written, value, decimals, is a percentage)."""
    for sentence in sentences(text):
        if re.search(r"\]\(https?:", sentence):
            continue
        sentence = REFERENCES.sub(" ", re.sub(r"!?\[[^\]]*\]\([^)]*\)|<[^>]+>", " ", sentence))
        sentence = SUPERSCRIPTS.sub(lambda m: "10^" + m[1].translate(ASCII), sentence)
        measured = {match.start(1) for match in MEASURED.finditer(sentence)}
        for match in CLAIM.finditer(sentence):
            digits = match[1].replace(",", "")
            unit = match["percent"] or match["ratio"] or match["times"] or match.start(1) in measured
            if "." in digits or unit:
                power = int(match["power"] or 0)
                decimals = len(digits.partition(".")[2]) - power
                yield match[0].strip(), float(digits) * 10.0**power, decimals, bool(match["percent"])


def numbers_in(*nodes):
    """The numbers that code writes down, and the sums, products, ratios and powers of such numbers."""
    values = []
    for node in (part for whole in nodes for part in ast.walk(whole)):
        if isinstance(node, ast.expr) and all(isinstance(part, ARITHMETIC) for part in ast.walk(node)):
            with contextlib.suppress(TypeError, ValueError, ArithmeticError):  # text, or an impossible sum
                values.append(abs(float(eval(compile(ast.Expression(node), "constant", "eval")))))
    return values


def evidence_of(book):
    """The syntax trees of the evidence files that a chapter links to."""
    targets = {target for _, text in book.markdown for target in EVIDENCE.findall(text)}
    files = [file for file in ((book.path.parent / target).resolve() for target in sorted(targets)) if file.is_file()]
    return [ast.parse(file.read_text(encoding="utf-8")) for file in files]


@lint("chapter")
def every_number_is_asserted(book):
    """A number that the prose claims must be written in a code cell that asserts something.

    Claims: numbers with a decimal point, percentages, powers of ten ($2 \\times 10^{-3}$), ratios
    ('24 times', '6×', '12-fold', 'a factor of 784') and 'about 193'. The cell may hold 14 % as 0.14 or 14,
    24.5 as 784 / 32, and more digits than the prose (0.0143 for 'about 0.014').
    Not claims: headings, code spans, Predict boxes, the sections Exercises and Further reading,
    'Exercise 2.1' and the like, and any sentence with a link to its source.
    The evidence that a chapter links to counts as a cell.
    """
    literals = numbers_in(*evidence_of(book))
    for cell in book.code[1:]:
        if any(isinstance(node, ast.Assert) for node in ast.walk(tree(cell))):
            literals += numbers_in(tree(cell))
    for section in book.sections:
        if section.within in OUTSIDE:
            continue
        for i, text in section.prose:
            for written, value, decimals, percent in claimed_numbers(text):
                ways = [(value, decimals), (value / 100, decimals + 2)] if percent else [(value, decimals)]
                if not any(math.isclose(round(x, d), v, rel_tol=1e-9) for x in literals for v, d in ways):
                    yield (
                        f"cell {i}: the prose says {written!r}, but no cell with an assert holds it. "
                        "Assert it beside the claim, or leave it out."
                    )


NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
           "eleven": 11, "twelve": 12, "twenty": 20, "a hundred": 100}  # fmt: skip
A_NUMBER = "|".join(NUMBERS)
OTHER_RUNS = re.compile(
    r"\b(?:some|other|another|a different|most|many|every|each|any|all|several)\s+"
    rf"(?:(?:of\s+)?(?:the\s+|other\s+|our\s+)?(?:{A_NUMBER})?\s*(?:seeds|runs|trainings)|seed|single\s+run)\b"
    r"|\b(?:each|every|another)\s+training\b(?!\s+(?:digit|code|image|set|example|error))"
    rf"|\b(?:in|with|over|on|of|for|from|across|all)\s+(?:the\s+)?(?:{A_NUMBER})\s+(?:other\s+)?(?:seeds|runs|trainings)\b"
    r"|\b(?:in|on)\s+(?:every|each|any|another)\s+run\b"
    r"|\b(?:whatever|whichever|no matter which|depend\w*\s+on|var\w+\s+with)\s+(?:the|its|your)\s+seeds?\b"
    r"|\bfrom\s+(?:one\s+)?(?:seed|run|training)\s+to\s+(?:the next|another|seed|run|training)\b"
    r"|\b(?:and|:)\s+some\s+do\s+(?:much\s+)?(?:worse|better)\b",
    re.IGNORECASE,
)
INVITED = re.compile(
    r"\b(?:try|set|run)\b[^.!?:]*\b(?:seeds?|epochs|rates?)\b[^.!?]*(?::|\band you will (?:see|find)\b)",
    re.IGNORECASE,
)
FRACTIONS = {
    "tenth": 0.1, "eighth": 0.125, "sixth": 1 / 6, "fifth": 0.2, "quarter": 0.25, "third": 1 / 3, "half": 0.5,
    "two thirds": 2 / 3, "three quarters": 0.75, "two fifths": 0.4, "twice": 2, "doubles": 2, "doubled": 2,
    "halves": 0.5, "halved": 0.5, "triples": 3, "tripled": 3, "half a million": 5e5, "a million": 1e6,
}  # fmt: skip
ABOUT = r"(?:about|nearly|almost|roughly|around|(?:more|less|fewer)\s+than|at least|at most|over|by)\s+(?:an?\s+)?"
MEASURED_WORDS = re.compile(
    rf"\b{ABOUT}(two thirds|three quarters|two fifths|tenth|eighth|sixth|fifth|quarter|third|half|twice)\b"
    r"(?!\s+(?:a million|of the time|an hour))"
    r"|\b(twice)\s+(?:as|the|its|their)\b"
    r"|\b(doubles|doubled|halves|halved|triples|tripled)\b"
    r"|\b(half a million|a million)\b"
    rf"|\b({A_NUMBER})\s+times\s+(?:more|less|fewer|lower|higher|smaller|larger|longer|shorter)\b",
    re.IGNORECASE,
)


def assertions(cell):
    """A cell's asserts, each as the syntax that decides it: its test, and the loops around it."""
    found, loops = [], []

    def visit(node):
        if isinstance(node, ast.Assert):
            found.append([node.test, *(part for loop in loops for part in (loop.target, loop.iter))])
        loops.extend([node] * isinstance(node, ast.For))
        for child in ast.iter_child_nodes(node):
            visit(child)
        if isinstance(node, ast.For):
            loops.pop()

    visit(tree(cell))
    return found


def about_other_runs(cell):
    """Whether an assert of this cell, or the claim on its first line, speaks of seeds or runs."""
    nodes = [node for parts in assertions(cell) for node in parts]
    claim = first_line(cell) if nodes and first_line(cell).startswith("# Checkpoint") else ""
    return bool(re.search(r"seed|\b(?:runs?|trainings)\b", " ".join([claim, *map(ast.unparse, nodes)]), re.IGNORECASE))


@lint("chapter")
def words_are_asserted_too(book):
    """What the prose says in words, of other runs ('in six runs') or of a measure ('about a third'), is asserted.

    For other runs: an assert of the section, or the claim above it, speaks of seeds or runs.
    For a measure: an assert of the section holds the number, its reciprocal, or one plus or minus it.
    A section without an assert, such as the summary, repeats the chapter and may lean on all of it.
    Otherwise, and always where the reader is told what another recipe would give ('try twice the epochs, and you
    will see'), the sentence links to its evidence: ([evidence](../tests/evidence/test_NN_slug.py)).
    """
    cells = {}  # the asserting cells of each section
    for section in book.sections:
        cells.setdefault(section.within, []).extend(cell for cell in section.code if assertions(cell))
    everywhere = [cell for found in cells.values() for cell in found]
    for section in book.sections:
        if section.within in OUTSIDE:
            continue
        near = cells[section.within] or everywhere
        runs = any(about_other_runs(cell) for cell in near)
        numbers = [n for cell in near for parts in assertions(cell) for n in numbers_in(*parts)]
        for i, text in section.prose:
            for sentence in sentences(text):
                if EVIDENCE.search(sentence) or re.search(r"\]\(https?:", sentence):
                    continue
                sentence = re.sub(r"\s+", " ", sentence).strip()
                for match in INVITED.finditer(sentence):
                    yield f"cell {i}: {match[0]!r} tells what another run gives; link its evidence: {sentence}"
                for match in OTHER_RUNS.finditer(sentence) if not runs else ():
                    yield f"cell {i}: {match[0]!r}, but no assert of this section speaks of seeds or runs: {sentence}"
                for match in MEASURED_WORDS.finditer(sentence):
                    word = next(word for word in match.groups() if word).lower()
                    value = FRACTIONS.get(word) or NUMBERS[word]
                    ways = (value, 1 / value, 1 + value, abs(1 - value) or value)
                    if not any(math.isclose(n, way, rel_tol=0.06) for n in numbers for way in ways):
                        yield f"cell {i}: {match[0]!r}, but no assert of this section holds {value:.3g}: {sentence}"


# Of written numbers they make written numbers.
PLAIN = re.findall(
    r"\w+", "abs bool dict enumerate float int len list math max min pow range round set sorted sum tuple zip"
)


class Constants(ast.NodeVisitor):
    """Which names of a notebook only ever stand for numbers and texts that are written down in it."""

    def __init__(self, book):
        self.bound = {}  # name -> the expressions that are bound to it; None for what was computed
        for cell in book.code:
            self.visit(tree(cell))

    def bind(self, target, value):
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.bound.setdefault(node.id, []).append(value)
            if isinstance(node, (ast.Subscript, ast.Attribute)):  # x[0] = ..., x.y = ...: x is no longer what it was
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Name):
                        self.bound.setdefault(inner.id, []).append(None)

    def visit_Assign(self, node):
        for target in node.targets:
            self.bind(target, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node):
        self.bind(node.target, None)
        self.bound.setdefault(getattr(node.target, "id", ""), []).append(None)
        self.generic_visit(node)

    def visit_NamedExpr(self, node):
        self.bind(node.target, node.value)
        self.generic_visit(node)

    def visit_For(self, node):
        self.bind(node.target, node.iter)
        self.generic_visit(node)

    visit_comprehension = visit_For

    def visit_With(self, node):
        for item in node.items:
            if item.optional_vars:
                self.bind(item.optional_vars, None)
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        self.bound.setdefault(node.name, []).append(None)
        for argument in [*node.args.args, *node.args.kwonlyargs]:
            self.bound.setdefault(argument.arg, []).append(None)
        self.generic_visit(node)

    def visit_ClassDef(self, node):
        self.bound.setdefault(node.name, []).append(None)
        self.generic_visit(node)

    def visit_Expr(self, node):
        """A list that something is appended to holds more than what was written down."""
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            self.bind(node.value.func, None)
        self.generic_visit(node)

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name != "math":
                self.bound.setdefault(alias.asname or alias.name.partition(".")[0], []).append(None)

    visit_ImportFrom = visit_Import  # noqa: N815

    def constant(self, node, seen=()):
        """Whether the value of this expression is fixed by what is written down."""
        for part in ast.walk(node):
            if isinstance(part, (ast.Yield, ast.Await, ast.Lambda)):
                return False
            if isinstance(part, ast.Name) and part.id not in PLAIN and part.id not in seen:
                values = self.bound.get(part.id, [None])
                if any(value is None or not self.constant(value, (*seen, part.id)) for value in values):
                    return False
        return True


def parts_of(test):
    """What an assert demands, one by one: the sides of an `and`, the equations of a chain."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [part for value in test.values for part in parts_of(value)]
    if isinstance(test, ast.Compare) and len(test.ops) > 1:
        sides = [test.left, *test.comparators]
        pairs = zip(sides, test.ops, sides[1:], strict=False)
        equations = [ast.Compare(left, [op], [right]) for left, op, right in pairs if isinstance(op, ast.Eq)]
        return equations or [test]
    return [test]


@lint("chapter", "solutions")
def asserts_can_fail(book):
    """An assert must test something that the notebook computed, not one written number against another."""
    constants = Constants(book)
    for i, cell in enumerate(book.cells):
        if cell.cell_type == "code":
            for test, *_ in assertions(cell):
                for part in parts_of(test):
                    if constants.constant(part):
                        yield f"cell {i}: `assert {ast.unparse(part)}` cannot fail: nothing in it was computed"


def windows(book):
    """The pairs of numbers between which an assert of the chapter lets one value lie: 0.6 < ratio < 0.8."""
    found = set()
    for cell in book.code[1:]:
        for node in ast.walk(tree(cell)):
            if isinstance(node, ast.Compare) and len(node.ops) == 2:
                low, high = (numbers_in(part) for part in (node.left, node.comparators[-1]))
                if low and high and all(isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for op in node.ops):
                    found.add(tuple(sorted((low[0], high[0]))))
    return found


RANGE = re.compile(rf"{DIGITS}(?:\s*\\?%)?\$?\s*(?:to|and|–)\s*\$?{DIGITS}(?P<percent>\s*(?:\\?%|per\s?cent))?")


@lint("chapter")
def no_window_is_quoted(book):
    """Prose quotes what was measured, never the two ends between which an assert lets it lie."""
    found = windows(book)
    prose = [(i, text) for section in book.sections if section.within not in OUTSIDE for i, text in section.prose]
    claims = [(i, first_line(cell)) for i, cell in enumerate(book.cells) if first_line(cell).startswith("# Checkpoint")]
    for i, sentence in ((i, sentence) for i, text in [*prose, *claims] for sentence in sentences(text)):
        for match in RANGE.finditer(sentence):
            low, high = sorted(float(end.replace(",", "")) for end in (match[1], match[2]))
            for scale in (1, 100) if match["percent"] else (1,):
                if any(math.isclose(a, low / scale) and math.isclose(b, high / scale) for a, b in found):
                    yield f"cell {i}: {match[0].strip()!r} are the ends of an assert's window: {sentence.strip()}"


def problems(path):
    """All that the lints say about a notebook: {name of the lint: sentences}."""
    kind = "solutions" if path.parent.name == "solutions" else "chapter"
    book = Notebook(path)
    found = {name: list(function(book)) for name, (function, kinds) in LINTS.items() if kind in kinds}
    return {name: sentences for name, sentences in found.items() if sentences}


@pytest.mark.parametrize("path", [*CHAPTERS, *SOLUTIONS], ids=lambda p: p.relative_to(NOTEBOOKS).as_posix())
def test_notebook_keeps_the_frame(path):
    found = problems(path)
    assert not found, "\n" + "\n".join(f"{name}: {text}" for name, texts in found.items() for text in texts)


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
    code(COLAB_CELL),
    code("from aecourse import plotting, reproducibility\n\nreproducibility.seed_everything(0)\nplotting.use_style()"),
]
CARD_LINE = "**Difficulty** ●○○ · **Minutes** 5 · **Why it matters** It counts."
ALT = {"mystnb": {"image": {"alt": "A line that rises to the right"}}}
PROSE = (
    "## Idea\n\nThe error is about 0.014, 14 % of 784 pixels, 24.5 times less. See Exercise 7.1.\n\n"
    "[Someone (2006)](https://doi.org/10.1) reports 0.77.\n\n"
    "> **Predict.** Is it 0.33?\n\nIt was $2 \\times 10^{-3}$."
)
CHECKPOINT = """\
# Checkpoint: small
assert abs(error - 0.0143) < 0.14 * (784 / 32), 'small'
assert error > 2e-3, 'positive'"""


def good_pair():
    """A chapter (7, 'idea') and its solutions that break no rule."""
    chapter = [
        new_markdown_cell("# Title\n\nYou will."),
        *OPENING,
        new_markdown_cell(PROSE),
        code(CHECKPOINT),
    ]
    chapter += [code("plt.plot([0, 1])\nplt.show()", **ALT), new_markdown_cell("## Exercises")]
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


def problems_of(chapter, solutions, folder):
    """Write the pair as files; return the lints' sentences about both."""
    (folder / "solutions").mkdir()
    nbformat.write(chapter, folder / "07_idea.ipynb")
    nbformat.write(solutions, folder / "solutions/07_idea.ipynb")
    found = problems(folder / "07_idea.ipynb")
    for name, sentences in problems(folder / "solutions/07_idea.ipynb").items():
        found[name] = found.get(name, []) + sentences
    return found


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


WINDOW = add(code("# Checkpoint: near\nassert 0.6 < ratio < 0.8, 'near'"))


PLANTED = [
    ("opening_cells", "title", add(new_markdown_cell("Hello"), at=0)),
    ("opening_cells", "Colab cell", swap("pip install -q", "pip install")),
    ("opening_cells", "Colab cell", swap("pip install -q", "pip install", 1)),
    ("opening_cells", "seed_everything(0)", swap("seed_everything(0)", "seed_everything(1)")),
    ("frame", "last sections", swap("## Summary", "## Recap")),
    ("frame", "exactly one", swap("## Idea", "# Idea")),
    ("frame", "Checkpoint", swap("# Checkpoint: small", "# Small")),
    ("frame", "Predict", swap("**Predict.**", "**Mistake.**")),
    ("checkpoints_assert", "asserts nothing", add(code("# Checkpoint: x\nprint(1)"))),
    ("checkpoints_assert", "without a sentence", add(code("# Checkpoint: x\nassert 1"))),
    ("checkpoints_assert", "say the claim", add(code("# Checkpoint\nassert 1, 'one'"))),
    ("stored_outputs", "is empty", add(code("  "))),
    ("stored_outputs", "both tags", add(code("1", tags=["keep_output"]))),
    ("stored_outputs", "no output is stored", add(code("1", tags=sorted(KEPT)))),
    ("stored_outputs", "not the tags", change(0, 4, outputs=[new_output("stream", text="1")])),
    (
        "stored_outputs",
        "traceback",
        change(0, 4, outputs=[new_output("error", ename="E", evalue="", traceback=[])]),
    ),
    ("stored_outputs", "execution count", change(0, 4, execution_count=3)),
    ("portable", "raises-exception", metadata(4, tags=["raises-exception"])),
    ("portable", "absolute path", add(code("open('/home/me/digits')"))),
    ("portable", "absolute path", add(code(r"open('C:\\digits')"), which=1)),
    ("portable", "changes the folder", add(code("import os\nos.chdir('..')"))),
    ("portable", "changes the folder", add(code("import sys\nsys.path.append('..')"))),
    ("portable", "magic", add(code("%matplotlib inline"))),
    ("portable", "magic", add(code("!ls"))),
    ("portable", "must be python3", lambda c, s: c.metadata.kernelspec.update(name="venv")),
    ("portable", "tell of the machine", lambda c, s: c.metadata.update(vscode={"path": "/x"})),
    ("plain_markdown", "directive", say("```{note}\nx\n```")),
    ("plain_markdown", "directive", say(":::{tip}\nx\n:::")),
    ("plain_markdown", "role", say("See {cite}`hinton2006`, not `{x}`.")),
    ("plain_markdown", "blockquote", say("> Note this.")),
    ("pictures_are_described", "20 characters", metadata(5, mystnb={})),
    ("pictures_are_described", "20 characters", metadata(5, mystnb={"image": {"alt": "A plot"}})),
    ("pictures_are_described", "must end with", swap("plt.show()", "plt.show()\nx = 1")),
    ("pictures_are_described", "does not end", swap("plt.show()", "")),
    ("pictures_are_described", "no alt text", say("![](../book/x.svg)")),
    ("pictures_are_described", "not a file", say("![A funnel that narrows to a code](../book/x.svg)")),
    ("pictures_are_described", "not as HTML", say("<img src='x.svg'>")),
    ("exercises", "at least four", swap("### Exercise 7.4", "### Task 7.4")),
    ("exercises", "headings differ", swap("Name 2", "Other", 1)),
    ("exercises", "must be 'Exercise 7.3", swap("Exercise 7.3", "Exercise 6.3")),
    ("exercises", "below '## Exercises'", swap("### Exercise 7.1", "#### Exercise 7.1")),
    ("exercises", "must open with", swap("**Minutes** 5", "**Minutes** some")),
    ("exercises", "no link", swap("(solutions/07_idea.ipynb)", "(solutions/08_idea.ipynb)")),
    ("exercises", "no cell checks", swap("checks.idea.name_1(answer)", "answer")),
    ("exercises", "no stub", swap("answer = ...", "answer = None")),
    ("exercises", "checked by checks.idea", swap("checks.idea.name_1", "checks.other.name_1")),
    ("exercises", "Not attempted", outputs_of("○ Not attempted", "✗ Not yet", 0)),
    ("exercises", "the solution is checked by", swap("name_2(", "name_3(", 1)),
    ("solutions_pass", "link back", swap("(../07_idea.ipynb)", "(../06_idea.ipynb)", 1)),
    ("solutions_pass", "'##' heading", swap("## Exercise 7.2", "### Exercise 7.2", 1)),
    ("solutions_pass", "no check cell", swap("checks.idea.name_2(answer)", "answer", 1)),
    ("solutions_pass", "✓ Right", outputs_of("✓ Right", "✗ Not yet", 1)),
    ("every_number_is_asserted", "'0.015'", say("The error is about 0.015.")),
    ("every_number_is_asserted", "'31 %'", say("It falls by 31 %.")),
    ("every_number_is_asserted", "'31\\\\%'", say("It falls by $31\\%$.")),
    ("every_number_is_asserted", "'6 times'", say("It is 6 times smaller.")),
    ("every_number_is_asserted", "'12-fold'", say("A 12-fold gain.")),
    ("every_number_is_asserted", "'783'", say("You are off by a factor of 783.")),
    ("every_number_is_asserted", "'193'", say("It needs about 193 bytes.")),
    ("every_number_is_asserted", "10^{-4}", say("It is $2 \\times 10^{-4}$.")),
    ("every_number_is_asserted", "'0.044'", say("| d | error |\n|---|---|\n| 2 | 0.044 |")),
    ("every_number_is_asserted", "'0.0144'", say("The error is 0.0144, more exactly.")),
    ("every_number_is_asserted", "'0.66'", swap("## Summary\n", "## Summary\n\nIt was 0.66.\n")),
    ("words_are_asserted_too", "'In six runs'", say("In six runs it was never\nworse.")),
    ("words_are_asserted_too", "'other seeds'", say("With other seeds it is worse.")),
    ("words_are_asserted_too", "'every seed'", swap("## Summary\n", "## Summary\n\nIt wins with every seed.\n")),
    ("words_are_asserted_too", "'depends on the seed'", say("The angle depends on the seed.")),
    ("words_are_asserted_too", "'whatever the seed'", say("It is so, whatever the seed.")),
    ("words_are_asserted_too", "another run gives", say("Set `epochs=30` and try other seeds: it shrinks.")),
    ("words_are_asserted_too", "another run gives", say("Try twice the epochs, and you will see it fall.")),
    ("words_are_asserted_too", "holds 0.333", say("One costs about a third of the other.")),
    ("words_are_asserted_too", "holds 0.1", say("It moves by a tenth.")),
    ("words_are_asserted_too", "holds 2", say("It has twice the error.")),
    ("words_are_asserted_too", "holds 5", say("It is five times lower.")),
    ("words_are_asserted_too", "holds 5e+05", say("A decoder of half a million weights.")),
    ("asserts_can_fail", "784 / 32 == 24.5", add(code("assert 784 / 32 == 24.5, 'ratio'"))),
    ("asserts_can_fail", "isclose(error, 0.5)", add(code("error = (1 / 4) ** 0.5\nassert math.isclose(error, 0.5)"))),
    ("asserts_can_fail", "low < high", add(code("for low, high in ((1, 2), (2, 3)):\n    assert low < high"))),
    ("asserts_can_fail", "16 * 9 == 144", add(code("assert weight.numel() == 16 * 9 == 144"))),
    ("asserts_can_fail", "49 * 8 == 392", add(code("assert used == 49 and 49 * 8 == 392"))),
    ("asserts_can_fail", "len(rows) == 2", add(code("rows = [1, 2]\nassert len(rows) == 2"), which=1)),
    ("no_window_is_quoted", "'0.6 to 0.8'", in_turn(WINDOW, say("It is 0.6 to 0.8."))),
    ("no_window_is_quoted", "'60 and 80 %'", in_turn(WINDOW, say("It is between 60 and 80 %."))),
    ("no_window_is_quoted", "'0.6 to 0.8'", in_turn(WINDOW, swap("Checkpoint: near", "Checkpoint: 0.6 to 0.8"))),
    ("no_window_is_quoted", "'0.6 to 0.8'", add(code("# Checkpoint: in\n# 0.6 to 0.8\nassert 0.6 < r < 0.8, 'near'"))),
]


def test_a_good_pair_passes_every_lint(tmp_path):
    assert problems_of(*good_pair(), tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "fragment", "spoil"), PLANTED, ids=[f"{name}-{fragment}" for name, fragment, _ in PLANTED]
)
def test_each_lint_finds_what_is_planted(name, fragment, spoil, tmp_path):
    pair = good_pair()
    spoil(*pair)
    found = problems_of(*pair, tmp_path).get(name, [])
    assert any(fragment in sentence for sentence in found), found


def test_a_chapter_without_solutions_is_found(tmp_path):
    nbformat.write(good_pair()[0], tmp_path / "07_idea.ipynb")
    assert any("does not exist" in sentence for sentence in problems(tmp_path / "07_idea.ipynb")["exercises"])


def test_every_lint_is_planted():
    assert {name for name, _, _ in PLANTED} == set(LINTS)


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
    found = problems_of(chapter, solutions, tmp_path)
    assert not set(found) & {"words_are_asserted_too", "asserts_can_fail", "no_window_is_quoted"}, found


def test_numbers_in_the_evidence_count(tmp_path):
    chapter, solutions = good_pair()
    say("Others have 0.77 ([evidence](evidence/test_07_idea.py)).")(chapter, solutions)
    evidence = tmp_path / "evidence/test_07_idea.py"
    evidence.parent.mkdir()
    for number in (0.66, 0.77):
        evidence.write_text(f"def test_it():\n    assert abs(error() - {number}) < 0.01\n", encoding="utf-8")
        nbformat.write(chapter, tmp_path / "07_idea.ipynb")
        assert ("every_number_is_asserted" in problems(tmp_path / "07_idea.ipynb")) == (number != 0.77)


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
    assert list(claimed_numbers(text)) == []
