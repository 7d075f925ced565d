"""The map of the chapters on the first page: their titles as links, with the minutes that their openings state.

    ```{chapter-map}
    The idea:
      01_bottleneck: What keeps a network from copying?
    ```

The titles, the numbers and the minutes come from the notebooks when the book is built; the page adds the questions.
"""

import re
from pathlib import Path

import nbformat
import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

READ = re.compile(r"\*\*Minutes\*\* (\d+) to read|Reading takes (\d+) minutes")
EXERCISES = re.compile(r"(\d+) for the exercises|the exercises take (\d+)")


def opening(path):
    """Title of a chapter, its minutes to read, and its minutes of exercises."""
    text = nbformat.read(path, as_version=4).cells[0].source
    minutes = [pattern.search(text) for pattern in (READ, EXERCISES)]
    if None in minutes:
        line = "**Minutes** 15 to read · 1 to run every cell · 45 for the exercises"
        raise ValueError(f"{path.name}: its first cell should hold a line such as {line}")
    return text.splitlines()[0].lstrip("# "), *(int(found[1] or found[2]) for found in minutes)


def problems(named, files):
    """One sentence where the map and the notebooks differ."""
    names = [name for part in named.values() for name in part]
    for name in sorted(set(files) - set(names)):
        yield f"the map of the chapters has no line for {name}: give it a question"
    for name in names:
        if name not in files:
            yield f"the map of the chapters names {name}, which is no notebook"
    if names != sorted(names):
        yield "the map of the chapters is not in their order"


def hours(minutes):
    return f"{round(minutes / 60)} hours" if minutes > 80 else f"{minutes} minutes"


class ChapterMap(SphinxDirective):
    """A list of chapters for each part, and below it how long all of it takes."""

    has_content = True

    def run(self):
        named = yaml.safe_load("\n".join(self.content))
        folder = Path(self.env.srcdir, "notebooks")
        files = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
        for problem in problems(named, files):
            raise self.error(problem)
        book = nodes.container(classes=["course-map"])
        number, reading, exercises = 0, 0, 0
        for part, chapters in named.items():
            chain = nodes.enumerated_list(start=number + 1)
            for name, question in chapters.items():
                number += 1
                self.env.note_dependency(str(files[name]))
                title, *minutes = opening(files[name])
                reading, exercises = reading + minutes[0], exercises + minutes[1]
                chain += self.card(f"/notebooks/{name}", title, question, *minutes)
            book += [nodes.rubric(part, part), chain]
        total = f"In all: {hours(reading)} of reading, and {hours(exercises)} of exercises for whoever does every one."
        book += nodes.paragraph(total, total, classes=["course-map-total"])
        return [book]

    def card(self, target, title, question, reading, exercises):
        link = addnodes.pending_xref(
            "",
            reftype="doc",
            refdomain="std",
            reftarget=target,
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )
        link += nodes.inline(title, title)
        time = f"{reading} min · exercises {exercises} min"
        return nodes.list_item(
            "",
            nodes.paragraph("", "", link, classes=["course-map-title"]),
            nodes.paragraph(question, question),
            nodes.paragraph(time, time, classes=["course-map-minutes"]),
        )
