"""The conventions of the notebooks, one function each: what it finds, and how to mend it.

nbval runs the cells and compares the kept outputs; this is what it cannot see.
A lint yields one sentence a finding: the notebook and the cell, what was expected, and the command or line that
mends it. tests/test_notebooks.py holds each notebook to each lint, and shows each lint a notebook that breaks it.
A new lint is a function here, its name in a list at the end, and a row in `PLANTED` of tests/test_notebooks.py.
"""

import ast
import contextlib
import functools
import io
import json
import math
import re
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.colors
import matplotlib.style
import nbformat
from keep import KEPT

ROOT = Path(__file__).parent.parent
BOTH_TAGS = " and ".join(sorted(KEPT))

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


@dataclass
class Section:
    """A heading and what follows it up to the next: prose (each piece with its cell) and code cells."""

    level: int
    title: str
    within: str  # the title of the level-2 section around it, or its own
    cell: dict = None  # the cell of the heading
    prose: list = field(default_factory=list)
    code: list = field(default_factory=list)

    @property
    def text(self):
        return "\n\n".join(text for _, text in self.prose)

    @property
    def checks(self):
        return [cell for cell in self.code if CHECK.search(cell.source)]


class Notebook:
    """A notebook, its place among the files, and its sections."""

    def __init__(self, path):
        self.path, self.content = path, nbformat.read(path, as_version=4)
        self.name = (path.relative_to(ROOT) if path.is_relative_to(ROOT) else path).as_posix()
        self.run_keep = f"run `python tests/keep.py {self.name}`"
        self.cells = self.content.cells
        self.code = [cell for cell in self.cells if cell.cell_type == "code"]
        self.markdown = [cell for cell in self.cells if cell.cell_type != "code"]
        self.chapter_number, _, self.slug = path.stem.partition("_")

    def finding(self, cell, expected, mend):
        """The sentence of a lint; `cell` is None where there is none to point at."""
        place = next((f", cell {i} (the first is 0)" for i, other in enumerate(self.cells) if other is cell), "")
        return f"{self.name}{place}: expected {expected}; {mend}."

    @functools.cached_property
    def sections(self):
        sections = [Section(0, "", "")]
        for cell in self.cells:
            if cell.cell_type == "code":
                sections[-1].code.append(cell)
                continue
            fences = [range(*m.span()) for m in FENCE.finditer(cell.source)]
            starts = [m for m in re.finditer(r"^(#{1,6}) +(.+)$", cell.source, re.MULTILINE)
                      if not any(m.start() in fence for fence in fences)]  # fmt: skip
            ends = [m.start() for m in starts[1:]] + [len(cell.source)] * bool(starts)
            sections[-1].prose.append((cell, cell.source[: starts[0].start() if starts else None]))
            for start, end in zip(starts, ends, strict=True):
                level, title = len(start[1]), start[2].strip()
                within = title if level <= 2 else sections[-1].within
                sections.append(Section(level, title, within, cell, [(cell, cell.source[start.end() : end])]))
        return sections

    @property
    def exercises(self):
        """Exercise sections by their title; level 3 in a chapter, 2 in its solutions."""
        return {section.title: section for section in self.sections if section.title.startswith("Exercise ")}

    @property
    def checkpoints(self):
        return [cell for cell in self.code if first_line(cell).startswith("# Checkpoint")]

    @functools.cached_property
    def solutions(self):
        """A chapter's solutions, or None if there is no such file."""
        file = self.path.parent / "solutions" / self.path.name
        return Notebook(file) if file.exists() else None

    @property
    def evidence_link(self):
        return f"`([evidence](../tests/evidence/test_{self.path.stem}.py))`"


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


# How a notebook begins


def lint_title(notebook):
    """A notebook begins with its title."""
    before, *sections = notebook.sections
    if before.code or before.text.strip() or not sections or sections[0].level != 1:
        first = notebook.cells[0] if notebook.cells else None
        yield notebook.finding(first, "the title before everything else", "write `# Title` as the first line")


def lint_colab_cell(notebook):
    """The first code cell installs the course on Colab; it is the same everywhere."""
    first = notebook.code[0] if notebook.code else None
    if first is None or first.source.strip() != COLAB_CELL:
        mend = "write there `COLAB_CELL` of tests/notebook_lints.py"
        yield notebook.finding(first, "the Colab cell as the first code cell, letter for letter", mend)


def lint_setup_cell(notebook):
    """The second code cell imports; it, or the next if there are many imports, sets the seed and the style."""
    second = notebook.code[1] if len(notebook.code) > 1 else None
    start = "\n".join(cell.source for cell in notebook.code[1:3])
    for part in ("import ", "reproducibility.seed_everything(0)", "plotting.use_style()"):
        if second is None or part not in (second.source if part == "import " else start):
            mend = f"write there a line with `{part.strip()}`"
            yield notebook.finding(second, "imports, the seed and the style in the second code cell", mend)


# The opening of a chapter: its first Markdown cell

OUTCOMES = "**After this chapter you can**"
NEEDS = "**You need** [The bottleneck](01_bottleneck.ipynb) and matrix products."
MINUTES = re.compile(r"\*\*Minutes\*\* (\d+) to read · (\d+) to run every cell · (\d+) for the exercises")


def opening(notebook):
    """The cell of the opening and its blocks, what blank lines part; a notebook without Markdown has neither."""
    cell = notebook.markdown[0] if notebook.markdown else None
    return cell, [block.strip() for block in re.split(r"\n\s*\n", cell.source.strip())] if cell else []


def lint_opening_lede(notebook):
    """Below the title stands the question, one paragraph; at most two more say why it matters."""
    cell, (_, *blocks) = opening(notebook) if notebook.markdown else (None, [""])
    count = next((i for i, block in enumerate(blocks) if block.startswith("**")), len(blocks))
    odd = next((block for block in blocks[:count] if re.match(r"#|[-*>|]\s|\d+\. |```|!\[", block)), None)
    if not 1 <= count <= 3 or odd:
        mend = f"write between `# Title` and `{OUTCOMES}` the phenomenon and its question, plain sentences"
        yield notebook.finding(cell, f"one to three paragraphs below the title, not {odd or count!r}", mend)
    elif not 2 <= len(asked := re.findall(r"[.?!](?=\s|$|[*_)\"”])", blocks[0])) <= 4:
        mend = "write there what one sees and what one wants to know, and move the rest to the next paragraph"
        yield notebook.finding(cell, f"two to four sentences in the first paragraph, not {len(asked)}", mend)


def lint_opening_outcomes(notebook):
    """Then 3 to 5 bullets say what the reader will be able to do."""
    cell, blocks = opening(notebook)
    place = next((i for i, block in enumerate(blocks) if block.startswith(OUTCOMES)), None)
    if place is None or blocks[place] != OUTCOMES:
        mend = f"write a line `{OUTCOMES}` of its own, and below it, after a blank line, the bullets"
        yield notebook.finding(cell, f"the line {OUTCOMES!r} in the opening", mend)
        return
    bullets, after = [], place + 1
    while after < len(blocks) and blocks[after].startswith("- "):
        bullets += re.findall(r"^- (?=\S)", blocks[after], re.MULTILINE)
        after += 1
    if not 3 <= len(bullets) <= 5:
        mend = "write there `- measure ...`, each with a verb in front"
        yield notebook.finding(cell, f"3 to 5 bullets below {OUTCOMES!r}, not {len(bullets)}", mend)


def lint_opening_needs(notebook):
    """Then it says what the reader needs, one paragraph, as the last but one."""
    cell, blocks = opening(notebook)
    if not re.match(r"\*\*You need\*\* \S", blocks[-2] if len(blocks) > 2 else ""):
        expected = "what the reader needs in the last paragraph but one of the opening"
        yield notebook.finding(cell, expected, f"write `{NEEDS}`")


def lint_opening_minutes(notebook):
    """Last it says how long reading, running and the exercises take."""
    cell, blocks = opening(notebook)
    if not MINUTES.fullmatch(blocks[-1] if blocks else ""):
        line = f"**Minutes** {minutes_to_read(notebook)} to read · 1 to run every cell · {of_the_cards(notebook)} for"
        expected = "minutes to read, to run and for the exercises at the end of the opening"
        yield notebook.finding(cell, expected, f"write `{line} the exercises` as its last line")


def stated_minutes(notebook):
    """(cell, to read, to run, for the exercises) as the opening says, or None."""
    cell, blocks = opening(notebook)
    match = MINUTES.fullmatch(blocks[-1]) if blocks else None
    return match and (cell, *map(int, match.groups()))


def words(text):
    """How many words a piece of Markdown has in sight, without what folds and addresses of links; a formula is one."""
    text = re.sub(r"<details\b.*?</details>", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.+?\$\$|\$[^$\n]+\$", "formula", text, flags=re.DOTALL)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", " ", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return sum(bool(re.search(r"\w", word)) for word in text.split())


def minutes_to_read(notebook):
    """At 238 words a minute (Brysbaert 2019) and 12 seconds a figure or table, without the exercises."""
    count = figures = 0
    for section in notebook.sections:
        if section.within not in OUTSIDE:
            count += words(f"{section.title}\n{section.text}")
            figures += sum(bool(DRAWS.search(cell.source) or TABLE.search(cell.source)) for cell in section.code)
            figures += len(re.findall(r"!\[|^\|[\s:|-]+\|$", section.text, re.MULTILINE))
    return max(1, round(count / 238 + figures * 12 / 60))


DRAWS = re.compile(r"\bplt\.show\(\)\s*\Z|\bimage_rows\(|\bexplorer\.\w+\(")
TABLE = re.compile(r"\bplotting\.table\(")


def of_the_cards(notebook):
    """The minutes of the exercises, added up from their cards."""
    cards = "\n".join(section.text for section in notebook.exercises.values())
    return sum(map(int, re.findall(r"^\*\*Difficulty\*\*.*\*\*Minutes\*\* (\d+)", cards, re.MULTILINE)))


def lint_minutes_to_read(notebook):
    """The minutes to read are true within two: 238 words a minute and 12 seconds a figure."""
    if (stated := stated_minutes(notebook)) and abs(stated[1] - minutes_to_read(notebook)) > 2:
        expected = f"the minutes that the words and figures take, not {stated[1]}"
        yield notebook.finding(stated[0], expected, f"write `**Minutes** {minutes_to_read(notebook)} to read`")


def lint_minutes_of_exercises(notebook):
    """The minutes for the exercises are the sum of their cards'."""
    if (stated := stated_minutes(notebook)) and stated[3] != of_the_cards(notebook):
        expected = f"the minutes of the exercises' cards, added up, not {stated[3]}"
        yield notebook.finding(stated[0], expected, f"write `{of_the_cards(notebook)} for the exercises`")


MOST_WORDS = 3200


def lint_words(notebook):
    """A chapter is short enough to be read."""
    count = sum(words(cell.source) for cell in notebook.markdown)
    if count > MOST_WORDS:
        mend = "cut, or fold what is for the curious: `<details><summary>Aside: how ...</summary>`"
        yield notebook.finding(None, f"at most {MOST_WORDS:,} words in sight, not {count:,}", mend)


def lint_hook(notebook):
    """One cell, which draws, is tagged `hook`: its figure opens the page."""
    hooks = [cell for cell in notebook.cells if "hook" in tags(cell)]
    if not hooks:
        mend = "add the tag `hook` to the cell whose figure makes one want to know"
        yield notebook.finding(None, "one cell with the tag hook", mend)
    for cell in hooks[1:]:
        yield notebook.finding(cell, "no second cell with the tag hook", "remove the tag `hook` from the cell")
    for cell in hooks:
        if cell.cell_type != "code" or not re.search(r"\bimage_rows\(|\bplt\.|\bax(?:es)?\b", cell.source):
            mend = "move the tag `hook` to a code cell with `image_rows(` or `plt.show()`"
            yield notebook.finding(cell, "a cell that draws under the tag hook", mend)


# Checkpoints


def lint_checkpoint_claim(notebook):
    """The first line of a checkpoint says what it claims."""
    for cell in notebook.checkpoints:
        if not re.match(r"# Checkpoint: \S", first_line(cell)):
            expected = f"a claim in the first line of the checkpoint, not {first_line(cell)!r}"
            yield notebook.finding(cell, expected, "write `# Checkpoint: what it claims`")


def lint_checkpoint_first_line(notebook):
    """A checkpoint begins its cell with one sentence, from a capital to a full stop: a page shows it for the cell."""
    for cell in notebook.code:
        if not re.search(r"^# Checkpoint", cell.source, re.MULTILINE):
            continue
        if not cell.source.strip().startswith("# Checkpoint"):
            yield notebook.finding(cell, "a cell that begins with its `# Checkpoint`", "split the cell above that line")
        elif not re.fullmatch(r"(?:(?![.!?]\s).)+\.", first_line(cell)):
            expected = f"one sentence with a full stop in the first comment, not {first_line(cell)!r}"
            yield notebook.finding(cell, expected, "write `# Checkpoint: What it claims.`")
        elif not first_line(cell).removeprefix("# Checkpoint: ")[:1].isupper():
            expected = f"a capital letter at the start of the claim, not {first_line(cell)!r}"
            yield notebook.finding(cell, expected, "write `# Checkpoint: What it claims.`")


def lint_checkpoint_assert(notebook):
    """A checkpoint asserts something."""
    for cell in notebook.checkpoints:
        if not assertions(cell):
            mend = "write in it `assert claim, 'a sentence'`"
            yield notebook.finding(cell, f"an assert in the checkpoint {first_line(cell)!r}", mend)


def lint_checkpoint_message(notebook):
    """Each assert of a checkpoint has a sentence for the case that it fails."""
    for cell in notebook.checkpoints:
        for node in ast.walk(tree(cell)):
            if isinstance(node, ast.Assert) and node.msg is None:
                mend = f"write `assert {ast.unparse(node.test)}, 'a sentence'`"
                yield notebook.finding(cell, "a sentence in each assert of a checkpoint", mend)


# What a notebook keeps of a run


def lint_empty_cell(notebook):
    """No code cell is empty."""
    for cell in notebook.code:
        if not cell.source.strip():
            yield notebook.finding(cell, "code in each code cell", "delete the cell")


def lint_tags(notebook):
    """A cell has both tags of a kept output, or neither."""
    for cell in notebook.code:
        given, missing = KEPT & tags(cell), KEPT - tags(cell)
        if given and missing:
            mend = f"add the tag {', '.join(missing)} to the cell, or remove {', '.join(given)}"
            yield notebook.finding(cell, f"both tags, {BOTH_TAGS}, or neither", mend)


def lint_stored_output(notebook):
    """A cell has a stored output if and only if it has the tags for it."""
    for cell in notebook.code:
        kept = tags(cell) >= KEPT
        if kept and not cell.outputs:
            expected = "a stored output, as the cell has the tag keep_output"
            yield notebook.finding(cell, expected, f"{notebook.run_keep}, or remove both tags if it shows nothing")
        if not kept and cell.outputs:
            expected = f"no stored output without the tags {BOTH_TAGS}"
            yield notebook.finding(cell, expected, f"{notebook.run_keep}, or add the tags first to keep the output")


def lint_traceback(notebook):
    """No stored output is a traceback."""
    for cell in notebook.code:
        if any(output.output_type == "error" for output in cell.outputs):
            yield notebook.finding(cell, "no stored traceback", f"correct the cell and {notebook.run_keep}")


def lint_execution_count(notebook):
    """A cell has an execution count if and only if it has a stored output.

    nbval refuses a stored output without a count ("unrun cell"); a count without output is only noise.
    """
    for cell in notebook.code:
        if (cell.get("execution_count") is None) == bool(cell.outputs):
            expected = "an execution count beside a stored output, and none elsewhere"
            yield notebook.finding(cell, expected, notebook.run_keep)


def lint_raises_exception(notebook):
    """No tag hides a failure."""
    for cell in notebook.code:
        if "raises-exception" in tags(cell):
            mend = "remove the tag, and catch the error in the cell with `try` and `except`"
            yield notebook.finding(cell, "no tag raises-exception, which hides a failure", mend)


# Nothing that depends on the machine, the folder or the notebook's server


def lint_absolute_path(notebook):
    """No cell holds an absolute path."""
    for cell in notebook.cells:
        if match := ABSOLUTE.search(cell.source):
            mend = "write the path from the notebook's folder on, such as `figures/name.svg`"
            yield notebook.finding(cell, f"no absolute path, such as {match[0]!r}", mend)


def lint_folder(notebook):
    """No cell changes the folder or the import path."""
    for cell in notebook.code:
        for line in cell.source.splitlines():
            if re.search(r"os\.chdir|sys\.path\b", line):
                expected = "a cell that changes neither the folder nor the import path"
                yield notebook.finding(cell, expected, f"delete `{line.strip()}`")


def lint_magic(notebook):
    """No magic or shell command, except in the Colab cell."""
    for cell in notebook.code[1:]:
        for line in cell.source.splitlines():
            if line.lstrip().startswith(("%", "!")):
                expected = "no magic or shell command below the Colab cell"
                yield notebook.finding(cell, expected, f"delete `{line.strip()}`, or write it in Python")


def lint_kernel(notebook):
    """The kernel is python3, which every machine has."""
    name = notebook.content.metadata.get("kernelspec", {}).get("name")
    if name != "python3":
        yield notebook.finding(None, f"the kernel python3 in the metadata, not {name}", notebook.run_keep)


def lint_metadata(notebook):
    """The notebook's metadata tell nothing of an editor or a machine."""
    metadata = notebook.content.metadata
    if set(metadata) - {"kernelspec", "language_info"} or "/" in json.dumps(metadata):
        expected = f"metadata that do not tell of the machine, not {json.dumps(metadata)}"
        yield notebook.finding(None, expected, notebook.run_keep)


# Readable in Jupyter, not only in the book


def lint_directive(notebook):
    """No MyST directive."""
    for cell in notebook.markdown:
        if match := re.search(r"^\s*((?:```+\{|:::).*)", cell.source, re.MULTILINE):
            mend = "write a paragraph of plain Markdown, or move it to a page of book/"
            yield notebook.finding(cell, f"no MyST directive, such as {match[1]!r}", mend)


def lint_role(notebook):
    """No MyST role."""
    for cell in notebook.markdown:
        for match in re.finditer(r"`[^`]*`|(\{[a-z][\w:.-]*\})`", FENCE.sub("", cell.source)):
            if match[1]:
                mend = "write plain Markdown, such as `[text](address)`"
                yield notebook.finding(cell, f"no MyST role, such as {match[1]}", mend)


def lint_blockquote(notebook):
    """A blockquote is a prediction, a popular mistake or an aside."""
    for cell in notebook.markdown:
        for quote in re.findall(r"(?:^>.*\n?)+", cell.source, re.MULTILINE):
            if not quote.startswith(("> **Predict.**", "> **Mistake.**", "> **Aside.**")):
                expected = f"a prediction, a mistake or an aside in a blockquote, not {quote.splitlines()[0]!r}"
                mend = "begin it with `> **Predict.**`, `> **Mistake.**` or `> **Aside.**`, or write it as a paragraph"
                yield notebook.finding(cell, expected, mend)


# What the prose says, it says by name and in British spelling


def said(cell):
    """What a cell says to its reader: prose without code and addresses; comments, and texts of three words or more."""
    if cell.cell_type != "code":
        text = re.sub(r"`[^`]*`", " ", FENCE.sub("", cell.source))
        return re.sub(r"\]\((?!https?:)[^)]*\)", "]", text)
    source = re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE)
    comments = [t.string.lstrip("# ") for t in tokenize.generate_tokens(io.StringIO(source).readline)
                if t.type == tokenize.COMMENT]  # fmt: skip
    strings = [n.value for n in ast.walk(tree(cell)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return "\n\n".join([" ".join(comments), *(text for text in strings if text.count(" ") > 1), alt_text(cell)])


ORDINAL = "one|two|three|four|five|six|seven|eight|nine|ten"
CHAPTER_NUMBER = re.compile(
    rf"\b(?:chapters?|ch\.)(?:[ \[#]|\n(?!\n))*(\d+(?!\.?\d)|(?:{ORDINAL})\b)"
    r"|\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)"
    rf"\s+(?:(?:{ORDINAL})\s+)?chapters?\b",
    re.IGNORECASE,
)


def lint_chapter_number(notebook):
    """A chapter goes by its title, as a link: numbers change."""
    for cell in notebook.cells:
        for match in CHAPTER_NUMBER.finditer(said(cell)):
            number = match[1] if match[1] and match[1].isdigit() else "1"
            folder = notebook.path.parents[notebook.path.parent.name == "solutions"]
            path = next(folder.glob(f"{int(number):02}_*.ipynb"), notebook.path)
            title = Notebook(path).sections[1].title if len(Notebook(path).sections) > 1 else path.stem
            away = "../" if folder != notebook.path.parent else ""
            mend = f"write `[{title}]({away}{path.name})`" if cell.cell_type != "code" else "say what it is about"
            yield notebook.finding(cell, f"the title of a chapter, not {' '.join(match[0].split())!r}", mend)


# American spellings and what the course writes; what begins alike is found too.
AMERICAN = {
    "color": "colour", "gray": "grey", "center": "centre", "behavior": "behaviour", "neighbor": "neighbour",
    "favor": "favour", "honor": "honour", "labor": "labour", "flavor": "flavour", "humor": "humour",
    "fiber": "fibre", "meter": "metre", "liter": "litre", "theater": "theatre", "analyz": "analys",
    "labeled": "labelled", "labeling": "labelling", "modeled": "modelled", "modeling": "modelling",
    "traveled": "travelled", "traveling": "travelling", "canceled": "cancelled", "canceling": "cancelling",
    "catalog": "catalogue", "defense": "defence", "offense": "offence", "skeptic": "sceptic", "skillful": "skilful",
    "fulfill": "fulfil", "maneuver": "manoeuvre", "plow": "plough", "aluminum": "aluminium",
}  # fmt: skip
AMERICAN_WORD = re.compile(
    rf"\b(?:un|re)?(?:(?P<stem>{'|'.join(AMERICAN)})(?:s|e|es|ed|ing|ings|ful|fully|less|map|maps|al|able|ably|ite|ites"
    r"|hood|hoods|ism|scale|ish|er|ers|iest|um)?"
    r"|\w{2,}(?P<ize>iz)(?:e|es|ed|er|ers|ing|ation|ations|able))\b",
    re.IGNORECASE,
)
NOT_ISE = {word[:-3] for word in ("size", "resize", "oversize", "downsize", "capsize", "prize", "seize", "maize")}


def american(text):
    """The American spellings of a text and the British ones, outside code, addresses and the titles of works."""
    text = re.sub(r"`[^`]*`", " ", FENCE.sub("", text))
    text = re.sub(r"\[[^\]]*\]\(https?:[^)]*\)|\]\([^)]*\)|https?:\S+|<[^>]+>", " ", text)
    for match in AMERICAN_WORD.finditer(text):
        if match["ize"]:
            stem, _, ending = match[0].rpartition("iz")
            if stem.lower() not in NOT_ISE:
                yield match[0], f"{stem}is{ending}"
        else:
            at = match.start("stem") - match.start()
            british = AMERICAN[match["stem"].lower()]
            british = british.capitalize() if match["stem"][0].isupper() else british
            after = match[0][at + len(match["stem"]) :]
            yield match[0], match[0][:at] + (british.rstrip("e") if after[:1] in ("e", "i") else british) + after


def lint_british(notebook):
    """The text is in British spelling."""
    for cell in notebook.cells:
        for found, british in american(said(cell)):
            yield notebook.finding(cell, f"British spelling, not {found!r}", f"write `{british}`")


# Pictures are described


def lint_plt_show(notebook):
    """A cell that shows a figure ends with it."""
    for cell in notebook.code:
        if "plt.show()" in cell.source and not cell.source.rstrip().endswith("plt.show()"):
            mend = "write `plt.show()` as its last line"
            yield notebook.finding(cell, "the figure at the end of its cell", mend)


def alt_text(cell):
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt") or ""


def shows_figure(cell):
    """Whether a cell ends by showing a plot or rows of pictures."""
    last = cell.source.rstrip()
    return last.endswith("plt.show()") or re.search(
        r"^plotting\.image_rows\([^\n]*(\n[ )][^\n]*)*\Z", last, re.MULTILINE
    )


def lint_figure_alt_text(notebook):
    """A cell that shows a figure describes it."""
    for cell in notebook.code:
        if shows_figure(cell) and len(alt_text(cell).strip()) < 20:
            expected = f"an alt text of at least 20 characters for the figure, not {alt_text(cell)!r}"
            mend = 'add `"mystnb": {"image": {"alt": "what the figure shows"}}` to the metadata of the cell'
            yield notebook.finding(cell, expected, mend)


def lint_alt_text_without_figure(notebook):
    """A cell with an alt text shows a figure."""
    for cell in notebook.code:
        if alt_text(cell) and not shows_figure(cell):
            mend = "end it with `plt.show()` or `plotting.image_rows(...)`, "
            mend += 'or remove "mystnb" from the metadata of the cell'
            yield notebook.finding(cell, f"a figure for the alt text {alt_text(cell)!r}", mend)


WRITES = ("text", "annotate", "figtext", "title", "suptitle", "set_title", "set_xlabel", "set_ylabel", "bar_label")
COLOURS = matplotlib.style.library["petroff10"]["axes.prop_cycle"].by_key()["color"]  # of plotting.use_style


def contrast(colour):
    """Of a colour on white paper, as WCAG 2 has it; "C1" is the second of the course's colours."""
    cycled = re.fullmatch(r"C(\d)", colour)
    levels = matplotlib.colors.to_rgb(COLOURS[int(cycled[1])] if cycled else colour)
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in levels]
    return 1.05 / (sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True)) + 0.05)


def lint_label_contrast(notebook):
    """Words in a figure are dark enough to be read: 4.5 : 1 on white. A line may be light, its label not."""
    for cell in notebook.code:
        for call in ast.walk(tree(cell)):
            name = getattr(call.func, "attr", "") if isinstance(call, ast.Call) else ""
            for given in (k.value for k in call.keywords if k.arg == "color") if name in WRITES else ():
                written = ast.unparse(given)
                light = isinstance(given, ast.JoinedStr) or written.endswith(".get_color()")
                if isinstance(given, ast.Constant) and given.value not in (None, "white", "w"):  # on a dark cell
                    light = contrast(given.value) < 4.5
                if light:
                    mend = 'write `color="0.2"`, or a dark tone of its line, such as `"C2"`, `"C4"` or `"C8"`'
                    yield notebook.finding(cell, f"a dark colour for words, not {written}", mend)


def pictures(cell):
    """The pictures of a Markdown cell: (alt text, file)."""
    return re.findall(r"!\[([^\]]*)\]\(([^)\s]*)", cell.source)


def lint_picture_alt_text(notebook):
    """A picture in Markdown is described."""
    for cell in notebook.markdown:
        for alt, target in pictures(cell):
            if len(alt.strip()) < 20:
                expected = f"an alt text of at least 20 characters for the picture, not {alt!r}"
                yield notebook.finding(cell, expected, f"write `![what the picture shows]({target})`")


def lint_picture_file(notebook):
    """A picture in Markdown is a file of the repository."""
    for cell in notebook.markdown:
        for _, target in pictures(cell):
            if not (notebook.path.parent / target).is_file():
                mend = "correct the path, or add the picture to `notebooks/figures`"
                yield notebook.finding(cell, f"a file of the repository at {target}", mend)


def lint_html_picture(notebook):
    """A picture is written in Markdown."""
    for cell in notebook.markdown:
        if "<img" in cell.source:
            mend = "write `![what the picture shows](file)`"
            yield notebook.finding(cell, "a picture in Markdown, not in HTML", mend)


# The frame of a chapter


def lint_last_sections(notebook):
    """A chapter ends with Exercises, Summary and Further reading."""
    titles = [section.title for section in notebook.sections if section.level == 2]
    if titles[-3:] != ["Exercises", "Summary", "Further reading"]:
        expected = f"Exercises, Summary and Further reading as last sections, not {', '.join(titles[-3:]) or 'none'}"
        mend = "write `## Exercises`, `## Summary` and `## Further reading` as the last headings of this level"
        yield notebook.finding(None, expected, mend)


def lint_one_title(notebook):
    """A chapter has one title."""
    titles = [section for section in notebook.sections if section.level == 1]
    for section in titles[1:]:
        expected = f"no second title, {section.title!r}"
        yield notebook.finding(section.cell, expected, f"write `## {section.title}`")
    if not titles:
        yield notebook.finding(None, "a title", "write `# Title` as the first line")


def lint_has_checkpoint(notebook):
    """A chapter has a checkpoint."""
    if not any(first_line(cell).startswith("# Checkpoint: ") for cell in notebook.checkpoints):
        mend = "write a code cell that begins with `# Checkpoint: what it claims`"
        yield notebook.finding(None, "at least one checkpoint", mend)


def lint_has_prediction(notebook):
    """A chapter lets the reader predict."""
    if not any("> **Predict.**" in cell.source for cell in notebook.markdown):
        yield notebook.finding(None, "at least one prediction", "write `> **Predict.** What will happen?`")


# The exercises of a chapter


def lint_four_exercises(notebook):
    """A chapter has at least four exercises."""
    count = len(notebook.exercises)
    if count < 4:
        mend = f"write `### Exercise {int(notebook.chapter_number)}.{count + 1} · Name` below `## Exercises`"
        yield notebook.finding(None, f"at least four exercises, not {count}", mend)


def lint_solutions_exist(notebook):
    """A chapter has solutions."""
    if notebook.solutions is None:
        mend = f"write `notebooks/solutions/{notebook.path.name}`"
        yield notebook.finding(None, "a notebook with the solutions", mend)


def lint_solutions_headings(notebook):
    """The solutions have the chapter's exercises, in their order."""
    if notebook.solutions is None:
        return
    chapter, solutions = list(notebook.exercises), list(notebook.solutions.exercises)
    if chapter != solutions:
        odd = [title for title in [*chapter, *solutions] if (title in chapter) != (title in solutions)]
        differ = f"they differ in {', '.join(odd)}" if odd else "they differ in their order"
        expected = f"the same exercises in the chapter and in solutions/{notebook.path.name} ({differ})"
        yield notebook.finding(None, expected, "write the headings there as here: " + ", ".join(chapter))


def lint_exercise_title(notebook):
    """An exercise has its chapter's number, its own and a name."""
    for number, (title, section) in enumerate(notebook.exercises.items(), start=1):
        label, chapter = EXERCISE.fullmatch(title), int(notebook.chapter_number)
        if not label or (int(label[1]), int(label[2])) != (chapter, number):
            mend = f"write `### Exercise {chapter}.{number} · Name`"
            yield notebook.finding(section.cell, f"the number {chapter}.{number} and a name, not {title!r}", mend)


def lint_exercise_heading(notebook):
    """An exercise is a heading of level 3 below Exercises."""
    for title, section in notebook.exercises.items():
        if section.level != 3 or section.within != "Exercises":
            mend = f"write `### {title}` below `## Exercises`"
            yield notebook.finding(section.cell, "an exercise as a heading of level 3 below Exercises", mend)


def lint_exercise_card(notebook):
    """An exercise opens with its difficulty, its minutes and why it matters."""
    for title, section in notebook.exercises.items():
        lines = [line for line in section.text.splitlines() if line.strip()]
        if not lines or not CARD.fullmatch(lines[0].strip()):
            mend = "write below the heading `**Difficulty** ●○○ · **Minutes** 5 · **Why it matters** It counts.`"
            yield notebook.finding(section.cell, f"difficulty, minutes and why it matters in {title!r}", mend)


def lint_exercise_link(notebook):
    """An exercise links to its solution."""
    link = f"[Solution](solutions/{notebook.path.name})"
    for title, section in notebook.exercises.items():
        if link not in section.text:
            yield notebook.finding(section.cell, f"a link from {title!r} to its solution", f"write `{link}`")


def lint_exercise_check(notebook):
    """An exercise is checked by a function of the chapter's own checks."""
    call = f"checks.{notebook.slug}."
    for title, section in notebook.exercises.items():
        if not section.checks:
            mend = f"write a cell `{call}name(answer)` with the tags {BOTH_TAGS}"
            yield notebook.finding(section.cell, f"a check in {title!r}", mend)
        for cell in section.checks:
            if not cell.source.startswith(call):
                expected = f"a check of this chapter in {title!r}"
                yield notebook.finding(cell, expected, f"write `{call}name(answer)` in the first line of the cell")


def lint_exercise_stub(notebook):
    """An exercise has a stub above its check."""
    for title, section in notebook.exercises.items():
        above = section.code[: section.code.index(section.checks[0])] if section.checks else []
        if section.checks and not any("..." in cell.source for cell in above):
            expected = f"a stub, a `...` to replace, above the check of {title!r}"
            yield notebook.finding(section.cell, expected, "write a cell such as `answer = ...` above the check")


def lint_exercise_not_attempted(notebook):
    """The kept output of an exercise says that it was not attempted."""
    for title, section in notebook.exercises.items():
        for cell in section.checks:
            if not output_text(cell).startswith("○ Not attempted"):
                expected = f"'○ Not attempted' as the kept output of the check of {title!r}"
                yield notebook.finding(cell, expected, f"write `...` for the answer and {notebook.run_keep}")


def lint_same_checks(notebook):
    """An exercise and its solution are checked by the same functions."""
    solutions = notebook.solutions.exercises if notebook.solutions else {}
    for title, section in notebook.exercises.items():
        wanted = [call for cell in section.checks for call in CHECK.findall(cell.source)]
        if wanted and title in solutions:
            given = [call for cell in solutions[title].code for call in CHECK.findall(cell.source)]
            if wanted != given:
                expected = f"the same checks of {title!r} in its solution, where {given} differ from {wanted}"
                calls = ", ".join(f"`{call}answer)`" for call in wanted)
                yield notebook.finding(section.cell, expected, f"write in the solution {calls}")


# The solutions


def lint_chapter_exists(notebook):
    """Solutions belong to a chapter."""
    if not (notebook.path.parent.parent / notebook.path.name).exists():
        mend = f"name the solutions as their chapter, or write `notebooks/{notebook.path.name}`"
        yield notebook.finding(None, "a chapter of this name", mend)


def lint_link_back(notebook):
    """Solutions end with a link to their chapter."""
    if f"(../{notebook.path.name})" not in notebook.sections[-1].text:
        mend = f"write as the last cell `[Back to the chapter](../{notebook.path.name})`"
        yield notebook.finding(None, "a link back to the chapter at the end", mend)


def lint_solution_heading(notebook):
    """A solution is a heading of level 2."""
    for title, section in notebook.exercises.items():
        if section.level != 2:
            yield notebook.finding(section.cell, f"a heading of level 2 for {title!r}", f"write `## {title}`")


def lint_solution_check(notebook):
    """A solution is checked."""
    for title, section in notebook.exercises.items():
        if not section.checks:
            mend = f"write a cell `checks.{notebook.slug}.name(answer)` with the tags {BOTH_TAGS}"
            yield notebook.finding(section.cell, f"a check in the solution of {title!r}", mend)


def lint_solution_right(notebook):
    """The kept output of a solution says that it is right."""
    for title, section in notebook.exercises.items():
        for cell in section.checks:
            if not output_text(cell).startswith("✓ Right"):
                expected = f"'✓ Right' as the kept output of the check of {title!r}"
                yield notebook.finding(cell, expected, f"correct the solution and {notebook.run_keep}")


# What the prose claims is asserted


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


def evidence_of(notebook):
    """The syntax trees of the evidence files that a chapter links to."""
    targets = {target for cell in notebook.markdown for target in EVIDENCE.findall(cell.source)}
    files = [
        file for file in ((notebook.path.parent / target).resolve() for target in sorted(targets)) if file.is_file()
    ]
    return [ast.parse(file.read_text(encoding="utf-8")) for file in files]


def lint_numbers(notebook):
    """A number that the prose claims must be written in a code cell that asserts something.

    Claims: numbers with a decimal point, percentages, powers of ten ($2 \\times 10^{-3}$), ratios
    ('24 times', '6×', '12-fold', 'a factor of 784') and 'about 193'. The cell may hold 14 % as 0.14 or 14,
    24.5 as 784 / 32, and more digits than the prose (0.0143 for 'about 0.014').
    Not claims: headings, code spans, Predict boxes, the sections Exercises and Further reading,
    'Exercise 2.1' and the like, and any sentence with a link to its source.
    The evidence that a chapter links to counts as a cell.
    """
    literals = numbers_in(*evidence_of(notebook))
    for cell in notebook.code[1:]:
        if assertions(cell):
            literals += numbers_in(tree(cell))
    for section in notebook.sections:
        if section.within in OUTSIDE:
            continue
        for cell, text in section.prose:
            for written, value, decimals, percent in claimed_numbers(text):
                ways = [(value, decimals), (value / 100, decimals + 2)] if percent else [(value, decimals)]
                if not any(math.isclose(round(x, d), v, rel_tol=1e-9) for x in literals for v, d in ways):
                    line = f"assert math.isclose(measured, {ways[-1][0]:.10g}, rel_tol=0.05), 'a sentence'"
                    expected = f"an assert in a cell that holds what the prose says, {written!r}"
                    yield notebook.finding(cell, expected, f"write `{line}` beside it, or leave the number out")


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


def about_other_runs(cell):
    """Whether an assert of this cell, or the claim on its first line, speaks of seeds or runs."""
    nodes = [node for parts in assertions(cell) for node in parts]
    claim = first_line(cell) if nodes and first_line(cell).startswith("# Checkpoint") else ""
    return bool(re.search(r"seed|\b(?:runs?|trainings)\b", " ".join([claim, *map(ast.unparse, nodes)]), re.IGNORECASE))


def sentences_without_source(notebook):
    """Each sentence that links to no source: its cell, itself, and the asserting cells that may stand for it.

    These are the cells of its section. A section without an assert, such as the summary, repeats the chapter and
    may lean on all of it.
    """
    cells = {}  # the asserting cells of each section
    for section in notebook.sections:
        cells.setdefault(section.within, []).extend(cell for cell in section.code if assertions(cell))
    everywhere = [cell for found in cells.values() for cell in found]
    for section in notebook.sections:
        if section.within in OUTSIDE:
            continue
        for cell, text in section.prose:
            for sentence in sentences(text):
                if not EVIDENCE.search(sentence) and not re.search(r"\]\(https?:", sentence):
                    yield cell, re.sub(r"\s+", " ", sentence).strip(), cells[section.within] or everywhere


def lint_invitations(notebook):
    """Telling what another recipe would give ('try twice the epochs, and you will see') needs linked evidence."""
    for cell, sentence, _ in sentences_without_source(notebook):
        for match in INVITED.finditer(sentence):
            expected = f"evidence for {match[0]!r}, which tells what another run gives, in: {sentence}"
            yield notebook.finding(cell, expected, f"write {notebook.evidence_link} at its end")


def lint_other_runs(notebook):
    """What the prose says of other runs ('in six runs') is asserted, or the sentence links to its evidence.

    An assert of the section, or the claim above it, speaks of seeds or runs.
    """
    for cell, sentence, near in sentences_without_source(notebook):
        for match in OTHER_RUNS.finditer(sentence):
            if not any(about_other_runs(other) for other in near):
                expected = f"an assert of this section that speaks of seeds or runs, for {match[0]!r} in: {sentence}"
                mend = "write there `for seed in SEEDS: assert claim, 'a sentence'`"
                yield notebook.finding(cell, expected, f"{mend}, or {notebook.evidence_link} at the sentence's end")


def lint_measures(notebook):
    """What the prose says of a measure in words ('about a third') is asserted, or the sentence links to its evidence.

    An assert of the section holds the number, its reciprocal, or one plus or minus it.
    """
    for cell, sentence, near in sentences_without_source(notebook):
        for match in MEASURED_WORDS.finditer(sentence):
            word = next(word for word in match.groups() if word).lower()
            value = FRACTIONS.get(word) or NUMBERS[word]
            ways = (value, 1 / value, 1 + value, abs(1 - value) or value)
            numbers = [n for other in near for parts in assertions(other) for n in numbers_in(*parts)]
            if not any(math.isclose(n, way, rel_tol=0.06) for n in numbers for way in ways):
                expected = f"an assert of this section that holds {value:.3g}, for {match[0]!r} in: {sentence}"
                mend = f"write there `assert math.isclose(measured, {value:.3g}, rel_tol=0.05), 'a sentence'`"
                yield notebook.finding(cell, expected, f"{mend}, or {notebook.evidence_link} at the sentence's end")


# Of written numbers they make written numbers.
PLAIN = re.findall(
    r"\w+", "abs bool dict enumerate float int len list math max min pow range round set sorted sum tuple zip"
)


class Constants(ast.NodeVisitor):
    """Which names of a notebook only ever stand for numbers and texts that are written down in it."""

    def __init__(self, notebook):
        self.bound = {}  # name -> the expressions that are bound to it; None for what was computed
        for cell in notebook.code:
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


def lint_assert_can_fail(notebook):
    """An assert must test something that the notebook computed, not one written number against another."""
    constants = Constants(notebook)
    for cell in notebook.code:
        for test, *_ in assertions(cell):
            for part in parts_of(test):
                if constants.constant(part):
                    expected = f"something computed in `assert {ast.unparse(part)}`, which cannot fail"
                    yield notebook.finding(cell, expected, "compare there what the notebook computes, or delete it")


def windows(notebook):
    """The pairs of numbers between which an assert of the chapter lets one value lie: 0.6 < ratio < 0.8."""
    found = set()
    for cell in notebook.code[1:]:
        for node in ast.walk(tree(cell)):
            if isinstance(node, ast.Compare) and len(node.ops) == 2:
                low, high = (numbers_in(part) for part in (node.left, node.comparators[-1]))
                if low and high and all(isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for op in node.ops):
                    found.add(tuple(sorted((low[0], high[0]))))
    return found


RANGE = re.compile(rf"{DIGITS}(?:\s*\\?%)?\$?\s*(?:to|and|–)\s*\$?{DIGITS}(?P<percent>\s*(?:\\?%|per\s?cent))?")


def lint_window(notebook):
    """Prose quotes what was measured, never the two ends between which an assert lets it lie."""
    found = windows(notebook)
    prose = [part for section in notebook.sections if section.within not in OUTSIDE for part in section.prose]
    claims = [(cell, first_line(cell)) for cell in notebook.cells if first_line(cell).startswith("# Checkpoint")]
    for cell, sentence in ((cell, sentence) for cell, text in [*prose, *claims] for sentence in sentences(text)):
        for match in RANGE.finditer(sentence):
            low, high = sorted(float(end.replace(",", "")) for end in (match[1], match[2]))
            for scale in (1, 100) if match["percent"] else (1,):
                if any(math.isclose(a, low / scale) and math.isclose(b, high / scale) for a, b in found):
                    expected = f"what was measured, not the ends of an assert's window, {match[0].strip()!r}"
                    yield notebook.finding(cell, f"{expected}, in: {sentence.strip()}", "write the measured number")


# The length of a code cell


def lint_cell_length(notebook):
    """A code cell has at most 25 lines, blank ones included: one sees it at a glance."""
    for cell in notebook.code:
        lines = len(cell.source.split("\n"))
        if lines > 25:
            mend = "split it in two, with a sentence between them"
            yield notebook.finding(cell, f"at most 25 lines, not {lines}", mend)


def lint_line_length(notebook):
    """A code line has at most 80 characters: it is read in a column of the page."""
    for cell in notebook.code:
        for number, line in enumerate(cell.source.split("\n"), start=1):
            if len(line) > 80:
                mend = f"run `ruff format {notebook.name}`, and break by hand the comments and texts that it leaves"
                yield notebook.finding(cell, f"at most 80 characters, not {len(line)}, in line {number}", mend)


# The lists

LINTS_OF_BOTH = (
    lint_checkpoint_first_line,
    lint_cell_length,
    lint_line_length,
    lint_title,
    lint_colab_cell,
    lint_setup_cell,
    lint_checkpoint_claim,
    lint_checkpoint_assert,
    lint_checkpoint_message,
    lint_empty_cell,
    lint_tags,
    lint_stored_output,
    lint_traceback,
    lint_execution_count,
    lint_raises_exception,
    lint_absolute_path,
    lint_folder,
    lint_magic,
    lint_kernel,
    lint_metadata,
    lint_directive,
    lint_role,
    lint_blockquote,
    lint_plt_show,
    lint_figure_alt_text,
    lint_alt_text_without_figure,
    lint_picture_alt_text,
    lint_picture_file,
    lint_html_picture,
    lint_assert_can_fail,
    lint_chapter_number,
    lint_british,
    lint_label_contrast,
)
LINTS_OF_CHAPTERS = (
    lint_opening_lede,
    lint_opening_outcomes,
    lint_opening_needs,
    lint_opening_minutes,
    lint_minutes_to_read,
    lint_minutes_of_exercises,
    lint_words,
    lint_hook,
    lint_last_sections,
    lint_one_title,
    lint_has_checkpoint,
    lint_has_prediction,
    lint_four_exercises,
    lint_solutions_exist,
    lint_solutions_headings,
    lint_exercise_title,
    lint_exercise_heading,
    lint_exercise_card,
    lint_exercise_link,
    lint_exercise_check,
    lint_exercise_stub,
    lint_exercise_not_attempted,
    lint_same_checks,
    lint_numbers,
    lint_invitations,
    lint_other_runs,
    lint_measures,
    lint_window,
)
LINTS_OF_SOLUTIONS = (
    lint_chapter_exists,
    lint_link_back,
    lint_solution_heading,
    lint_solution_check,
    lint_solution_right,
)
LINTS = LINTS_OF_BOTH + LINTS_OF_CHAPTERS + LINTS_OF_SOLUTIONS


def lints_for(path):
    return LINTS_OF_BOTH + (LINTS_OF_SOLUTIONS if path.parent.name == "solutions" else LINTS_OF_CHAPTERS)
