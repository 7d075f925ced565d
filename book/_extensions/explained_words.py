"""Words, symbols and citations, explained where a chapter first uses them: on a tap, by mouse and by keyboard.

A term is a button that opens its definition; the browser does it (`popover`), without a script. It is explained where a
chapter sets it in bold for the first time; the chapters that its entry names in italics explain its first plain use.
A symbol that stands alone in a formula says what the page of the notation says of it, the row that names the chapter.
A link to a source of the bibliography says which work it is, as long as a mouse or the keyboard's focus is on it.
"""

import re
from html import escape
from pathlib import PurePosixPath

from docutils import nodes
from pybtex.backends.plaintext import Backend
from sphinx.addnodes import pending_xref
from sphinx.transforms.post_transforms import SphinxPostTransform

EVERYWHERE = "all chapters"
NOTATION = "book/notation"
QUIET = (nodes.title, nodes.reference, nodes.literal, nodes.strong, nodes.sidebar, nodes.raw)  # hold no plain words


class Explained(nodes.Inline, nodes.TextElement):
    """A word or a link, the first child, and what is shown about it, the second; `kind` is "term" or "source"."""


def open_explained(translator, node):
    body, name, start = translator.body, node["name"], len(translator.body)
    node[0].walkabout(translator)
    inside = "".join(body[start:])
    del body[start:]
    if node["kind"] == "term":
        label = f' aria-label="{escape(node["label"])}"' if "label" in node else ""
        button = f'class="course-term" type="button" popovertarget="{name}" style="anchor-name: --{name}"{label}'
        body.append(f"<button {button}>{inside}</button>")
        body.append(f'<span class="course-explained" id="{name}" popover style="position-anchor: --{name}">')
    else:
        inside = inside.replace("<a ", f'<a aria-describedby="{name}" ', 1)
        body.append(f'<span class="course-source">{inside}<span class="course-explained" id="{name}" role="tooltip">')
    node[1].walkabout(translator)
    body.append("</span>" if node["kind"] == "term" else "</span></span>")
    raise nodes.SkipNode


def singular(words):
    return re.sub(r"(?<=\w\w)s$", "", " ".join(words.lower().split()).strip(" ."))


def parts(definition):
    """The inline content of a definition, without its links, and the names of chapters in its last line."""
    content = [node for paragraph in definition.deepcopy() for node in (*paragraph, nodes.Text(" "))]
    last = next((node for node in reversed(content) if node.astext().strip()), None)
    chapters = []
    if isinstance(last, nodes.emphasis):
        chapters = [name.strip().removeprefix("the ") for name in last.astext().lower().rstrip(".").split(",")]
        content = content[: content.index(last)]
    text = nodes.inline("", "", *content)
    for link in list(text.findall(pending_xref)):
        link.replace_self(nodes.inline("", link.astext()))
    return text, chapters


def glossary(env):
    """{term: its page, its anchor, its name there, its definition, the chapters that its entry names}."""
    entries = {}
    pages = {page for (kind, _), (page, _) in env.get_domain("std").objects.items() if kind == "term"}
    for page in sorted(pages):
        for item in env.get_doctree(page).findall(nodes.definition_list_item):
            for term in [child for child in item if isinstance(child, nodes.term) and child["ids"]]:
                entries[singular(term.astext())] = (page, term["ids"][0], term.astext(), *parts(item[-1]))
    return entries


def plain_latex(formula):
    """A formula without what LaTeX doesn't mind: \\hat{x} and \\hat x are one symbol."""
    return re.sub(r"[{}\s]", "", formula)


def symbols(env, docname):
    """{symbol: what it means in this chapter}, from the rows of the notation that name the chapter or all of them."""
    if NOTATION not in env.found_docs:
        return {}
    found = {}
    for row in env.get_doctree(NOTATION).findall(nodes.row):
        symbol, meaning, where = row[0].next_node(nodes.math), row[2], row[-1]
        chapters = [link["reftarget"] for link in where.findall(pending_xref)]
        if symbol is not None and (docname in chapters or where.astext().strip() == "all"):
            for one in row[0].findall(nodes.math):
                found[plain_latex(one.astext())] = nodes.inline("", "", *meaning.deepcopy()[0].children)
    return found


def sources(env):
    """{address: the whole reference, as text}, of the bibliography."""
    if "cite" not in env.domains:
        return {}
    found = {}
    for citation in env.get_domain("cite").citations:
        fields = env.get_domain("cite").bibdata.data.entries[citation.formatted_entry.key].fields
        text = re.sub(r"\s+", " ", citation.formatted_entry.text.render(Backend()))
        for prefix, field in (("https://doi.org/", "doi"), ("https://arxiv.org/abs/", "eprint"), ("", "url")):
            if field in fields:
                found[f"{prefix}{fields[field]}"] = text
    return found


class ExplainedWords(SphinxPostTransform):
    """After reading_page has set up the page (190)."""

    default_priority = 195
    formats = ("html",)

    def run(self, **kwargs):
        docname = self.env.docname
        if not self.env.doc2path(docname).endswith(".ipynb") or "solutions" in PurePosixPath(docname).parts:
            return
        self.number = 0
        entries = glossary(self.env)
        told = self.explain_bold(entries)
        chapter = re.sub(r"^\d+_", "", PurePosixPath(docname).name).replace("_", " ")
        self.explain_plain({w: e for w, e in entries.items() if w not in told and {EVERYWHERE, chapter} & {*e[-1]}})
        self.explain_symbols(symbols(self.env, docname))
        known = sources(self.env)
        for link in [link for link in self.document.findall(nodes.reference) if link.get("refuri") in known]:
            link.replace_self(self.explained("source", link.deepcopy(), nodes.Text(known[link["refuri"]])))

    def explained(self, kind, word, *text):
        self.number += 1
        text = nodes.inline("", "", *text, classes=["no-search"])  # it is found where it stands first
        return Explained("", "", word, text, kind=kind, name=f"course-{kind}-{self.number}")

    def define(self, word, entry):
        page, anchor, name, text, _ = entry
        link = self.link("Glossary", f"{page}#{anchor}")
        return self.explained("term", word, nodes.strong("", name), nodes.Text(" "), text.deepcopy(), link)

    def link(self, name, place):
        page, hash_, anchor = place.partition("#")
        address = self.app.builder.get_relative_uri(self.env.docname, page) + hash_ + anchor
        return nodes.reference("", name, internal=True, refuri=address)

    def explain_bold(self, entries):
        """Explain each term that stands in bold, where it does first; return these terms."""
        told = set()
        for strong in [
            strong for strong in self.document.findall(nodes.strong) if singular(strong.astext()) in entries
        ]:
            word = singular(strong.astext())
            if word not in told and strong.next_node(nodes.reference) is None:
                told.add(word)
                inside = nodes.inline("", "", *strong.children)
                strong.children = []
                strong.append(self.define(inside, entries[word]))
        return told

    def explain_plain(self, entries):
        """Explain each of these terms where running text has it first."""
        places = [text for text in self.document.findall(nodes.Text) if is_plain(text)]
        for word, entry in sorted(entries.items(), key=lambda item: -len(item[0])):
            use = re.compile(rf"\b{re.escape(word)}s?\b", re.IGNORECASE)
            for i, text in enumerate(places):
                if found := use.search(text):
                    before, after = nodes.Text(text[: found.start()]), nodes.Text(text[found.end() :])
                    inside = nodes.inline("", found[0])
                    text.parent.replace(text, [before, self.define(inside, entry), after])
                    places[i : i + 1] = [before, after]
                    break

    def explain_symbols(self, meanings):
        """Explain each symbol where running text has it first, alone in its formula."""
        for formula in [formula for formula in self.document.findall(nodes.math) if is_plain(formula)]:
            if meaning := meanings.pop(plain_latex(formula.astext()), None):
                text = (
                    formula.deepcopy(),
                    nodes.Text(": "),
                    meaning,
                    nodes.Text(". "),
                    self.link("Notation", NOTATION),
                )
                symbol = self.explained("term", formula.deepcopy(), *text)
                letters = re.sub(r"[{}\\]", "", formula.astext())
                symbol["label"] = f"{letters}, {meaning.astext()}"
                formula.replace_self(symbol)


def is_plain(text):
    """Whether text is a part of a paragraph's prose, outside an exercise."""
    above, paragraph = text.parent, False
    while above is not None:
        if isinstance(above, (*QUIET, Explained)) or "course-exercise" in above.get("classes", ()):
            return False
        paragraph = paragraph or isinstance(above, nodes.paragraph)
        above = above.parent
    return paragraph


def setup(app):
    app.add_node(Explained, html=(open_explained, None))
    app.add_post_transform(ExplainedWords)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
