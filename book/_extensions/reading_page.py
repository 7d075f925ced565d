"""Reading comes first: how a chapter's page shows each kind of cell, read from the notebook's own conventions.

Code before the first `##` is set-up, a cell that starts with `# Checkpoint: ` is a claim, a cell whose output is a
figure or a table draws, `> **Predict.**` is a question, `### Exercise N.M · ` is a card. The one tag, `hook`, names the
cell whose figure opens the page. JupyterLab and Colab show the file as it is, and so does the page of a solution.
Everything folds with `<details>`, which needs no script; book/_static/reading_page.css gives it its look.

After a change here, build with `--all`: Sphinx writes only those pages again whose notebook has changed.
"""

import re
from html import escape
from pathlib import PurePosixPath

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

log = logging.getLogger(__name__)

CLAIM = re.compile(r"# Checkpoint: *((?:.+\n?)(?:#.*\n?)*)")  # the comment, which may go on in the next lines
SENTENCE = re.compile(r".+?[.!?](?=\s|$)|.+")  # up to the first full stop that is not inside a number
FIGURE = re.compile(r"<(?:img|svg|iframe|canvas)\b")
TABLE = re.compile(r"<table\b")
PICTURES = re.compile(r'(<div class="course-pictures" [^>]*aria-label=")[^"]*')
EXERCISE = re.compile(r"Exercise \d+\.\d+ · ")


class Fold(nodes.General, nodes.Element):
    """One line in sight, `summary`; the children open below it."""


def open_details(translator, fold):
    translator.body.append(translator.starttag(fold, "details", CLASS="course-fold"))
    translator.body.append(f"<summary>{translator.encode(fold['summary'])}</summary>\n")


def close_details(translator, fold):
    translator.body.append("</details>\n")


def is_solution(docname):
    return "solutions" in PurePosixPath(docname).parts


# What myst-nb makes of a code cell: a container with the source and, if there is any, the output.


def is_cell(node):
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def part_of(cell, name):
    return next((part for part in cell.children if part.get("nb_element") == name), None)


def source_of(cell):
    return part_of(cell, "cell_code_source")


def output_of(cell):
    return part_of(cell, "cell_code_output")


def shows(cell, pattern):
    """Whether the output of a cell is HTML that holds this."""
    output = output_of(cell)
    return output is not None and any(pattern.search(raw.astext()) for raw in output.findall(nodes.raw))


def draws(cell):
    """Whether the output of a cell holds a figure: an image, or HTML that shows one."""
    output = output_of(cell)
    return output is not None and (next(output.findall(nodes.image), None) is not None or shows(cell, FIGURE))


def claim_of(cell):
    """The first sentence of the comment of a checkpoint; None for any other cell."""
    source = source_of(cell)
    comment = CLAIM.match(source.astext()) if source else None
    if comment is None:
        return None
    first, *more = comment[1].splitlines()
    return SENTENCE.match(" ".join([first, *(line.lstrip("# ") for line in more)]))[0]


# The transforms, one a convention. `page` is the section of the page's title.


def show_hook(page):
    """Show the figure of the cell tagged `hook` under the first paragraph, and where it is drawn."""
    for cell in [cell for cell in page.findall(is_cell) if "hook" in cell["cell_metadata"].get("tags", [])]:
        if not draws(cell):
            log.warning("the cell tagged `hook` shows no figure to open the page with", location=cell)
            continue
        output = output_of(cell)
        if cell.parent is page:  # the figure stands above the first section anyway: not twice
            cell.remove(output)
        else:
            output = output.deepcopy()
        lede = next((child for child in page.children if isinstance(child, nodes.paragraph)), page.children[0])
        page.insert(page.index(lede) + 1, nodes.container("", output, classes=["cell", "course-hook"]))


def fold_setup(page):
    """Fold all code above the first section under one line; what it shows stays in sight."""
    cells = [child for child in page.children if is_cell(child) and source_of(child)]
    if not cells:
        return
    setup = Fold(summary="Set-up: imports, seed, data", classes=["course-setup"])
    page.insert(page.index(cells[0]), setup)
    for cell in cells:
        source = source_of(cell)
        cell.remove(source)
        setup.append(nodes.container("", source, classes=["cell"]))
        if not cell.children:
            page.remove(cell)


def fold_checkpoint(cell):
    """Show a checkpoint as its claim. It is true: a build ends at an assert that fails."""
    source = source_of(cell)
    mark = "✓" if cell["exec_count"] else "not run:"
    fold = Fold(summary=f"{mark} {claim_of(cell)}", classes=["course-checkpoint"])
    cell.replace(source, fold)
    fold.append(source)


def fold_drawing(cell):
    """Show the figure or the table first, and fold the code that makes it under it."""
    source, kind = source_of(cell), "figure" if draws(cell) else "table"
    cell.remove(source)
    cell.append(Fold("", source, summary=f"Code of this {kind}", classes=["course-figure-code"]))


def describe_pictures(cell):
    """Give rows of pictures the alt text of their cell, as MyST-NB gives it to an image."""
    alt = cell["cell_metadata"].get("mystnb", {}).get("image", {}).get("alt")
    for raw in list(cell.findall(nodes.raw)) if alt else ():
        text = PICTURES.sub(lambda start: start[1] + escape(alt), raw.astext())
        raw.replace_self(nodes.raw("", text, format=raw["format"], classes=raw["classes"]))


def mark_quote(quote):
    """Tell a question (`> **Predict.**`) and a popular mistake (`> **Mistake.**`) from other quotes."""
    first = quote.next_node(nodes.strong)
    if first and quote.astext().startswith(first.astext()) and first.astext() in ("Predict.", "Mistake."):
        quote["classes"].append("course-" + first.astext().strip(".").lower())


def make_card(section):
    """Leave in sight of an exercise its title and the line with difficulty and minutes; the rest opens."""
    section["classes"].append("course-exercise")
    rest = section.children[2:]
    del section.children[2:]
    section.append(Fold("", *rest, summary="The exercise", classes=["course-exercise-body"]))


def next_step(env, builder, docname):
    """A link to the next page that is not a solution, with its number and title; None on the last."""
    relations = env.collect_relations()
    after = relations[docname][2]
    while after and is_solution(after):
        after = relations[after][2]
    if not after:
        return None
    number = ".".join(map(str, env.toc_secnumbers.get(after, {}).get("", ())))
    title = f"{number}. {env.titles[after].astext()}" if number else env.titles[after].astext()
    link = nodes.reference("", title, refuri=builder.get_relative_uri(docname, after), internal=True)
    paragraph = nodes.paragraph("", "", nodes.inline("", "Next", classes=["course-next-label"]), nodes.Text(" "), link)
    return nodes.container("", paragraph, classes=["course-next"])


class ReadingPage(SphinxPostTransform):
    """After myst-nb has chosen what an output shows (priority 4), before it folds cells by their tags (199)."""

    default_priority = 190
    formats = ("html",)

    def run(self, **kwargs):
        docname = self.env.docname
        if not self.env.doc2path(docname).endswith(".ipynb") or is_solution(docname):
            return
        page = self.document.next_node(nodes.section)
        page["classes"].append("course-chapter")
        for cell in list(page.findall(is_cell)):
            describe_pictures(cell)
        show_hook(page)
        fold_setup(page)
        for cell in list(page.findall(is_cell)):
            if claim_of(cell):
                fold_checkpoint(cell)
            elif source_of(cell) and (draws(cell) or shows(cell, TABLE)):
                fold_drawing(cell)
        for quote in page.findall(nodes.block_quote):
            mark_quote(quote)
        for section in list(page.findall(nodes.section)):
            title = section.next_node(nodes.title).astext()
            if EXERCISE.match(title):
                make_card(section)
            elif title == "Summary":
                section["classes"].append("course-summary")
        if step := next_step(self.env, self.app.builder, docname):
            page.append(step)


def setup(app):
    app.add_node(Fold, html=(open_details, close_details))
    app.add_post_transform(ReadingPage)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
