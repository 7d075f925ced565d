"""Each test in tests/evidence/ is linked from the sentence that it quotes, and each such link leads to a test."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\s*\(\[evidence\]\(([^)\s]+)\)\)")
QUOTE = re.compile(r'(\S+\.(?:ipynb|md)): "(.{20,})"', re.DOTALL)


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r"^> ?", "", text, flags=re.MULTILINE)).strip()


def pages(root):
    """{path of a page: its prose}, for notebooks and prose pages."""
    found = {}
    for path in [*root.glob("notebooks/**/*.ipynb"), *root.glob("book/*.md")]:
        if path.suffix == ".md":
            found[path] = path.read_text(encoding="utf-8")
        else:
            cells = nbformat.read(path, as_version=4).cells
            found[path] = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return found


def links(path, text):
    """[(evidence file, the words before the link, without other links of the kind)]."""
    text = plain(text)
    return [((path.parent / m[1]).resolve(), LINK.sub("", text[: m.start()])) for m in LINK.finditer(text)]


def quotes(file):
    """[(name of the test, page, quoted sentence)]; the last two are None where the docstring gives none."""
    found = []
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            match = QUOTE.match(ast.get_docstring(node) or "")
            found.append((node.name, *((match[1], plain(match[2])) if match else (None, None))))
    return found


def ends_with(words, quote):
    return words.rstrip(" .!?").endswith(quote.rstrip(" .!?"))


def problems(root):
    """One sentence for each link without its test, and for each test without its link."""
    root = root.resolve()
    folder = root / "tests/evidence"
    linked = {path.relative_to(root).as_posix(): links(path, text) for path, text in pages(root).items()}
    tests = {file: quotes(file) for file in sorted(folder.glob("*.py")) if file.name != "conftest.py"}
    for page, found in linked.items():
        for file, words in found:
            end = words[-60:]
            if file not in tests:
                yield f"{page}: the evidence for '...{end}' should be in {file}, which is no file of tests/evidence"
            elif not any(name == page and ends_with(words, quote) for _, name, quote in tests[file]):
                yield f"{page}: no test in {file.name} quotes the words before its link, '...{end}'"
    for file, found in tests.items():
        if not file.name.startswith("test_"):
            yield f"{file.name}: pytest would not collect it; call it test_NN_slug.py"
        for name, page, quote in found:
            if page is None:
                yield f'{file.name}, {name}: the docstring must start with: notebooks/NN_slug.ipynb: "the sentence"'
            elif page not in linked:
                yield f"{file.name}, {name}: there is no page {page}"
            elif file.stem.removeprefix("test_") != Path(page).stem:
                yield f"{file.name}, {name}: evidence for {page} belongs in test_{Path(page).stem}.py"
            elif not any(at == file and ends_with(words, quote) for at, words in linked[page]):
                yield f"{file.name}, {name}: in {page} no link to this file follows the words {quote!r}"


def test_sentences_and_evidence_name_each_other():
    found = list(problems(ROOT))
    assert not found, "\n" + "\n".join(found)


# It can fail: a page and its test, and every way to spoil them.

PROSE = """The error is small.
In six runs no angle
was below 20 degrees ([evidence](../tests/evidence/test_07_idea.py)), which is much.
"""
TEST = '''def test_angles():
    """notebooks/07_idea.ipynb: "In six runs no angle was below 20 degrees"."""
    assert True
'''


def written(folder, prose=PROSE, test=TEST, name="test_07_idea.py"):
    for part in ("notebooks", "book", "tests/evidence"):
        (folder / part).mkdir(parents=True)
    nbformat.write(new_notebook(cells=[new_markdown_cell(prose)]), folder / "notebooks/07_idea.ipynb")
    (folder / "book/intro.md").write_text("# Intro\n", encoding="utf-8")
    (folder / "tests/evidence" / name).write_text(test, encoding="utf-8")
    return list(problems(folder))


def test_a_sentence_and_its_evidence_pass(tmp_path):
    assert written(tmp_path) == []


@pytest.mark.parametrize(
    ("fragment", "planted"),
    [
        ("no file of tests/evidence", {"prose": PROSE.replace("test_07_idea.py", "test_07_other.py")}),
        ("no file of tests/evidence", {"prose": PROSE.replace("../tests", "tests")}),
        ("no test in test_07_idea.py quotes", {"prose": PROSE.replace("six", "ten")}),
        ("no test in test_07_idea.py quotes", {"test": TEST.replace("07_idea.ipynb", "08_idea.ipynb")}),
        ("no link to this file follows", {"prose": PROSE.replace("six", "ten")}),
        ("no link to this file follows", {"prose": "In six runs no angle was below 20 degrees."}),
        ("the docstring must start with", {"test": "def test_angles():\n    assert True\n"}),
        ("there is no page", {"test": TEST.replace("07_idea.ipynb", "08_idea.ipynb")}),
        ("belongs in test_07_idea.py", {"name": "test_08_idea.py"}),
        ("pytest would not collect it", {"name": "07_idea.py"}),
    ],
)
def test_a_missing_half_is_found(fragment, planted, tmp_path):
    found = written(tmp_path, **planted)
    assert any(fragment in sentence for sentence in found), found


def test_evidence_is_left_out_unless_asked_for(pytestconfig):
    options = pytestconfig.getini("addopts")
    assert options[options.index("-m") + 1] == "not evidence"
    assert any(line.startswith("evidence:") for line in pytestconfig.getini("markers"))
