"""Reading comes first: how a chapter's page shows each kind of cell, read from the notebook's own conventions.

Code before the first `##` is set-up, a cell that starts with `# Checkpoint: ` is a claim, a cell whose output is a
figure or a table draws, `> **Predict.**` is a question, `> **Aside.**` a note in the margin, `### Exercise N.M · ` a
card. The one tag, `hook`, names the cell whose figure opens the page. JupyterLab and Colab show the file as it is.
On a page of solutions only the set-up folds, and each leads back to its exercise.
Everything folds with `<details>`, which needs no script; book/_static/reading_page.css gives it its look.

After a change here, build with `--all`: Sphinx writes only those pages again whose notebook has changed.
"""

import ast
import re
from html import escape
from pathlib import Path, PurePosixPath

from dark_figures import save_dark
from docutils import nodes
from PIL import Image
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

log = logging.getLogger(__name__)

CLAIM = re.compile(r"# Checkpoint: *((?:.+\n?)(?:#.*\n?)*)")  # the comment, which may go on in the next lines
SENTENCE = re.compile(r".+?[.!?](?=\s|$)|.+")  # up to the first full stop that is not inside a number
FIGURE = re.compile(r"<(?:img|svg|iframe|canvas)\b")
TABLE = re.compile(r"<table\b")
PICTURES = re.compile(r'(<div class="course-pictures" [^>]*aria-label=")[^"]*')
EXERCISE = re.compile(r"Exercise \d+\.\d+ · ")
MINUTES = re.compile(r"Minutes (\d+)")  # in the line below an exercise's title
DRAWING = {"plt", "plotting", "explorer", "fig", "ax", "axes", "rows", "caption"}  # names of code that only shows
LESSON = 5  # so many lines above the drawing are still a part of it; more are the lesson
DPI = 130  # of a picture that does not say
PIXELS_AN_INCH = 37 * 16 / 5.5  # 37 rem for a figure as wide as it should be
NOT_ATTEMPTED = "Not attempted yet"


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
    claim = SENTENCE.match(" ".join([first, *(line.lstrip("# ") for line in more)]))[0]
    return claim[0].upper() + claim[1:] if re.match(r"[a-z]{2,}|a\b", claim) else claim  # a symbol stays as it is


def set_width(image, srcdir):
    """Show a figure of 5.5 inches 37 rem wide, another in proportion: the letters of all have one size."""
    file = Path(srcdir, image["uri"])
    if file.suffix == ".png" and file.is_file():
        with Image.open(file) as picture:
            inches = picture.width / picture.info.get("dpi", (DPI, DPI))[0]
        image["width"] = f"{inches * PIXELS_AN_INCH:.0f}px"
        image["classes"].append("no-scaled-link")  # the file itself shows no more


def add_dark_twin(image, env):
    """Beside a figure of digits one for dark pages, where their black stays black; the theme shows one of the two."""
    file = Path(env.srcdir, image["uri"])
    if file.suffix != ".png" or not file.is_file():
        return
    dark = file.with_stem(f"{file.stem}-dark")
    save_dark(file, dark)
    twin = image.deepcopy()
    twin["uri"] = str(PurePosixPath(image["uri"]).with_name(dark.name))
    twin["candidates"] = {"*": twin["uri"]}
    env.images.add_file(env.docname, twin["uri"])
    image["classes"].append("only-light")
    twin["classes"].append("only-dark")
    image.parent.insert(image.parent.index(image) + 1, twin)


def holds_digits(cell, helpers):
    """Whether a cell's figure shows images, itself or by a helper: in dark mode their black stays black."""
    code = source_of(cell).astext()
    return "imshow" in code or any(re.search(rf"\b{name}\(", code) for name in helpers)


def helpers_of(page):
    """The functions, defined in cells of the page, that show images."""
    codes = [source_of(cell).astext() for cell in page.findall(is_cell) if source_of(cell)]
    return [name for code in codes if "imshow" in code for name in re.findall(r"^def (\w+)", code, re.MULTILINE)]


def lesson_of(code):
    """How many lines stand above what draws or tabulates, the last statement at least.

    0 if they are few, or the code is no plain Python.
    """
    try:
        statements = ast.parse(code).body
    except SyntaxError:  # a magic
        return 0
    above = 0
    for statement in statements[:-1]:
        if DRAWING & {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}:
            break
        above = statement.end_lineno
    return above if above > LESSON else 0


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


def helpers_in(code):
    """The names of the functions of a cell that does nothing but define how something is drawn or tabulated."""
    try:
        statements = ast.parse(code).body
    except SyntaxError:  # a magic
        return []
    draw = [
        isinstance(statement, ast.FunctionDef)
        and bool(
            {"plt", "plotting", "ax", "axes"} & {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        )
        for statement in statements
    ]
    return [statement.name for statement in statements] if all(draw) else []


def fold_helper(cell):
    """Fold a function that only draws: its figures are further down."""
    source = source_of(cell)
    names = ", ".join(helpers_in(source.astext()))
    cell.replace(
        source, Fold("", source.deepcopy(), summary=f"A function that draws: {names}", classes=["course-helper"])
    )


def code_like(source, code):
    """The container of a cell's source, with other code in it."""
    block = source.next_node(nodes.literal_block)
    other = nodes.literal_block(code, code, **{name: block[name] for name in ("language", "classes") if name in block})
    return nodes.container("", other, **{name: value for name, value in source.attributes.items() if name != "ids"})


def fold_drawing(cell):
    """Show the figure or the table first, and fold the code that makes it under it.

    A longer computation, or a function, that stands above the drawing is the lesson: it stays in sight.
    """
    source, kind = source_of(cell), "figure" if draws(cell) else "table"
    lines = source.astext().splitlines()
    above = lesson_of(source.astext())
    cell.remove(source)
    if above:
        cell.insert(0, code_like(source, "\n".join(lines[:above])))
        source = code_like(source, "\n".join(lines[above:]).strip("\n"))
    cell.append(Fold("", source, summary=f"Code of this {kind}", classes=["course-figure-code"]))


def describe_pictures(cell):
    """Give rows of pictures the alt text of their cell, as MyST-NB gives it to an image."""
    alt = cell["cell_metadata"].get("mystnb", {}).get("image", {}).get("alt")
    for raw in list(cell.findall(nodes.raw)) if alt else ():
        text = PICTURES.sub(lambda start: start[1] + escape(alt), raw.astext())
        raw.replace_self(nodes.raw("", text, format=raw["format"], classes=raw["classes"]))


def mark_quote(quote):
    """Tell a question (`> **Predict.**`), a popular mistake (`> **Mistake.**`) and a note from other quotes."""
    first = quote.next_node(nodes.strong)
    if not first or not quote.astext().startswith(first.astext()):
        return
    if first.astext() in ("Predict.", "Mistake."):
        quote["classes"].append("course-" + first.astext().strip(".").lower())
    elif first.astext() == "Aside.":  # `sidebar` and `margin` are the theme's words for what stands in the margin
        quote.replace_self(nodes.sidebar("", *quote.children, classes=["margin", "course-aside"]))


def mark_opening(page):
    """Name the parts of a chapter's opening: the first paragraph, and what stands between it and the first section."""
    paragraphs = [child for child in page.children if isinstance(child, nodes.paragraph)]
    if paragraphs:
        paragraphs[0]["classes"].append("course-lede")
    for child in page.children:
        plan = child.astext().startswith(("After this chapter you can", "You need", "Minutes"))
        if (isinstance(child, nodes.paragraph) and plan) or isinstance(child, nodes.bullet_list):
            child["classes"].append("course-plan")


def make_card(section):
    """Leave in sight of an exercise its title and the line with difficulty and minutes; the rest opens.

    Nothing can be answered on a page: that nothing was is not worth a line.
    """
    section["classes"].append("course-exercise")
    for cell in list(section.findall(is_cell)):
        if (output := output_of(cell)) and NOT_ATTEMPTED in output.astext():
            cell.remove(output)
    rest = section.children[2:]
    del section.children[2:]
    section.append(Fold("", *rest, summary="The exercise", classes=["course-exercise-body"]))


def sum_up(section, exercises, config, docname):
    """Say below the heading of the exercises how many there are, how long they take, and where they are answered."""
    minutes = sum(int(found[1]) for exercise in exercises if (found := MINUTES.search(exercise[1].astext())))
    number = "1 exercise" if len(exercises) == 1 else f"{len(exercises)} exercises"
    line = nodes.paragraph(
        "", f"{number}, {minutes} minutes. You answer them in the notebook, which checks each answer"
    )
    options = config.html_theme_options
    if colab := options.get("launch_buttons", {}).get("colab_url"):
        repository = options["repository_url"].removeprefix("https://github.com/")
        address = f"{colab}/github/{repository}/blob/{options['repository_branch']}/{docname}.ipynb"
        line += [
            nodes.Text(": "),
            nodes.reference("", "open it in Colab", refuri=address),
            nodes.Text(", or on your computer"),
        ]
    line += nodes.Text(".")
    section.insert(1, line)


def place_of(env, docname, exercise):
    """The anchor of an exercise ("Exercise 5.1 · ") on a page; empty if the page has none."""
    for link in env.tocs[docname].findall(nodes.reference) if docname in env.tocs else ():
        if link.astext().startswith(exercise):
            return link["anchorname"]
    return ""


def link_exercise(section, env, builder, docname):
    """Let a link to a page of solutions, or back to its chapter, lead to this exercise there."""
    exercise = EXERCISE.match(section.next_node(nodes.title).astext())[0]
    for link in section.findall(nodes.reference):
        for other in (solutions_of(docname), chapter_of(docname)):
            if other in env.all_docs and link.get("refuri") == builder.get_relative_uri(docname, other):
                link["refuri"] += place_of(env, other, exercise)


def solutions_of(docname):
    path = PurePosixPath(docname)
    return str(path.parent / "solutions" / path.name)


def chapter_of(docname):
    path = PurePosixPath(docname)
    return str(path.parent.parent / path.name) if is_solution(docname) else ""


def add_way_back(section, env, builder, docname):
    """On a page of solutions: a link from a solution to its exercise."""
    chapter, exercise = chapter_of(docname), EXERCISE.match(section.next_node(nodes.title).astext())[0]
    if place := place_of(env, chapter, exercise):
        link = nodes.reference("", "Back to the exercise", internal=True)
        link["refuri"] = builder.get_relative_uri(docname, chapter) + place
        section.append(nodes.paragraph("", "", link, classes=["course-way-back"]))


def title_of(env, docname):
    """The title of a page, with its number if it has one."""
    number = ".".join(map(str, env.toc_secnumbers.get(docname, {}).get("", ())))
    title = env.titles[docname].astext()
    return f"{number}. {title}" if number else title


def next_step(env, builder, docname):
    """A link to the next page that is not a solution; from the last numbered one, back to the book's first page."""
    relations = env.collect_relations()
    after = relations[docname][2]
    while after and is_solution(after):
        after = relations[after][2]
    label = "Next"
    numbered = env.toc_secnumbers.get(docname, {}).get("")
    if not after or (numbered and not env.toc_secnumbers.get(after, {}).get("")):
        label, after = "This was the last chapter. All of them:", env.config.root_doc
    link = nodes.reference("", title_of(env, after), refuri=builder.get_relative_uri(docname, after), internal=True)
    label = nodes.inline("", label, classes=["course-next-label"])
    return nodes.container("", nodes.paragraph("", "", label, nodes.Text(" "), link), classes=["course-next"])


def walk_past_solutions(app, pagename, templatename, context, doctree):
    """The theme's links at the foot: no way through the solutions, and none where the page has a box of its own."""
    if pagename not in app.env.all_docs:  # the search
        return
    relations = app.env.collect_relations()
    if is_solution(pagename):
        context["prev"] = context["next"] = None
        return
    if app.env.doc2path(pagename).endswith(".ipynb"):
        context["next"] = None
    before = relations[pagename][1]
    while before and is_solution(before):
        before = relations[before][1]
    context["prev"] = before and {
        "link": app.builder.get_relative_uri(pagename, before),
        "title": app.builder.render_partial(app.env.titles[before])["title"],
    }


class ReadingPage(SphinxPostTransform):
    """After myst-nb has chosen what an output shows (priority 4), before it folds cells by their tags (199)."""

    default_priority = 190
    formats = ("html",)

    def run(self, **kwargs):
        docname = self.env.docname
        if not self.env.doc2path(docname).endswith(".ipynb"):
            return
        page = self.document.next_node(nodes.section)
        if page is None:
            return
        exercises = [section for section in page.findall(nodes.section) if EXERCISE.match(section[0].astext())]
        for section in exercises:
            link_exercise(section, self.env, self.app.builder, docname)
        if is_solution(docname):
            page["classes"].append("course-solution")
            fold_setup(page)
            for section in exercises:
                add_way_back(section, self.env, self.app.builder, docname)
            return
        page["classes"].append("course-chapter")
        for cell in list(page.findall(is_cell)):
            describe_pictures(cell)
        helpers = helpers_of(page)
        for cell in list(page.findall(is_cell)):
            if source_of(cell) and output_of(cell) and draws(cell):
                kind = "course-digits" if holds_digits(cell, helpers) else "course-plot"
                output_of(cell)["classes"].append(kind)
                for image in list(output_of(cell).findall(nodes.image)):
                    set_width(image, self.env.srcdir)
                    if kind == "course-digits":
                        add_dark_twin(image, self.env)
        mark_opening(page)
        show_hook(page)
        fold_setup(page)
        for cell in list(page.findall(is_cell)):
            if claim_of(cell):
                fold_checkpoint(cell)
            elif source_of(cell) and (draws(cell) or shows(cell, TABLE)):
                fold_drawing(cell)
            elif source_of(cell) and not output_of(cell) and helpers_in(source_of(cell).astext()):
                fold_helper(cell)
        for quote in list(page.findall(nodes.block_quote)):
            mark_quote(quote)
        for section in exercises:
            make_card(section)
        if exercises:
            sum_up(exercises[0].parent, exercises, self.config, docname)
        for section in page.findall(nodes.section):
            if section[0].astext() == "Summary":
                section["classes"].append("course-summary")
        page.append(next_step(self.env, self.app.builder, docname))


def setup(app):
    app.add_node(Fold, html=(open_details, close_details))
    app.add_post_transform(ReadingPage)
    app.connect("html-page-context", walk_past_solutions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
