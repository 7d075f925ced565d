"""The book: every page is listed, and no figure is older than the code that drew it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parent.parent
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))


def named_by(entry):
    """The pages of one line of the table: a file and those below it, or all that a pattern finds."""
    if "file" in entry:
        return [entry["file"], *(page for below in entry.get("sections", []) for page in named_by(below))]
    return sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.glob(f"{entry['glob']}.ipynb"))


PAGES = [page for part in TOC["parts"] for entry in part["chapters"] for page in named_by(entry)]


def listed_below(folder):
    return [page.removeprefix(folder) for page in PAGES if page.rpartition("/")[0] + "/" == folder]


def test_the_table_of_contents_lists_every_page_once():
    files = [
        *ROOT.glob("book/*.md"),
        *ROOT.glob("notebooks/*.ipynb"),
        *ROOT.glob("notebooks/solutions/*.ipynb"),
    ]
    pages = [file.relative_to(ROOT).with_suffix("").as_posix() for file in files]
    assert sorted([TOC["root"], *PAGES]) == sorted(pages)


def test_every_chapter_has_its_solutions_in_the_same_order():
    chapters = listed_below("notebooks/")
    assert chapters == sorted(chapters), "the numbers in the file names must agree with the order in the book"
    assert chapters == listed_below("notebooks/solutions/")


CODE = """
import matplotlib.pyplot as plt
from aecourse.curve import height
print("the height is", height)
plt.plot([0, height])
plt.show()
"""


class TinyBook:
    """A book of two pages with this book's real settings and extension, and a package of one line."""

    def __init__(self, folder):
        self.folder, self.page = folder, folder / "_build/html/notebooks/figure.html"
        shutil.copy(ROOT / "_config.yml", folder)
        for name in ("_extensions", "_static"):
            shutil.copytree(ROOT / "book" / name, folder / "book" / name)
        (folder / "book/references.bib").write_text("", encoding="utf-8")
        (folder / "book/intro.md").write_text("# Intro\n\nA formula: $x^2$.\n", encoding="utf-8")
        (folder / "aecourse").mkdir()
        (folder / "aecourse/__init__.py").write_text("", encoding="utf-8")
        self.write_code("height = 111")
        (folder / "notebooks").mkdir()
        self.write_notebooks(figure=CODE)

    def write_notebooks(self, **codes):
        """Notebooks of one code cell each; they are the chapters of the book."""
        alt = {"mystnb": {"image": {"alt": "A line that rises to the height"}}}
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        for name, code in codes.items():
            cells = [new_markdown_cell(f"# {name}"), new_code_cell(code, metadata=alt)]
            nbformat.write(new_notebook(cells=cells, metadata=kernel), self.folder / f"notebooks/{name}.ipynb")
        chapters = "".join(f"- file: notebooks/{name}\n" for name in codes)
        (self.folder / "_toc.yml").write_text(
            f"format: jb-book\nroot: book/intro\nchapters:\n{chapters}", encoding="utf-8"
        )

    def write_code(self, line):
        """Edit the package and give the file an old date, as a restored copy has."""
        file = self.folder / "aecourse/curve.py"
        file.write_text(line + "\n", encoding="utf-8")
        os.utime(file, (1_000_000_000, 1_000_000_000))

    def start(self):
        """Start `jupyter-book build . -n -W --keep-going`."""
        command = "from jupyter_book.cli.main import main; main(['build', '.', '-n', '-W', '--keep-going'])"
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as most people have it
        return subprocess.Popen(
            [sys.executable, "-c", command],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def build(self):
        """Build the book; return whether it passed, and the log."""
        process = self.start()
        log, _ = process.communicate()
        return process.returncode == 0, re.sub(r"\x1b\[[\d;]*m", "", log)

    def pictures(self):
        shown = re.findall(r'<img[^>]* src="\.\./_images/([^"]+)"', self.page.read_text(encoding="utf-8"))
        return shown, [p.name for p in (self.folder / "_build/html/_images").glob("*.png")]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The tiny book, built once."""
    book = TinyBook(tmp_path_factory.mktemp("book"))
    passed, log = book.build()
    assert passed, log
    return book


def test_editing_the_package_cannot_leave_an_old_figure_in_a_built_book(book):
    assert "the height is 111" in book.page.read_text(encoding="utf-8")
    (old,), kept = book.pictures()
    assert kept == [old]

    passed, log = book.build()
    assert passed, log
    assert "Executed notebook" not in log, "nothing was edited, yet a notebook ran again"

    book.write_code("height = 222")
    passed, log = book.build()
    assert passed, log
    assert "the height is 222" in book.page.read_text(encoding="utf-8")
    assert "the height is 111" not in book.page.read_text(encoding="utf-8")
    (new,), kept = book.pictures()
    assert new != old
    assert kept == [new], "the old picture is still in the book's folder"
    assert not list(book.folder.rglob(".jupyter_cache")), "outputs are cached somewhere"

    book.write_code("height = 1 / 0")
    passed, log = book.build()
    assert not passed, "a notebook fails, yet the book builds"
    assert not book.page.exists(), "a notebook fails, yet its old page is still there"
    assert "notebooks/figure, cell 1" in log and "ZeroDivisionError" in log, log


WAIT_FOR = """
import os, time
from pathlib import Path

Path("{me}.pid").write_text(str(os.getpid()), encoding="utf-8")
start = time.monotonic()
while not Path("{other}.pid").exists():
    time.sleep(0.1)
    assert time.monotonic() - start < {seconds}, "{other} never started"
"""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core runs one notebook at a time")
def test_notebooks_run_side_by_side_and_progress_is_printed(tmp_path):
    book = TinyBook(tmp_path)
    pair = {"one": "two", "two": "one"}
    book.write_notebooks(**{me: WAIT_FOR.format(me=me, other=other, seconds=60) for me, other in pair.items()})
    passed, log = book.build()
    assert passed, log
    assert "[1 of 2] Executed notebook" in log and "[2 of 2] Executed notebook" in log, log


@pytest.mark.skipif(os.name == "nt", reason="sends an interrupt as a terminal does")
def test_an_interrupt_ends_the_build_and_its_kernels(tmp_path):
    book = TinyBook(tmp_path)
    book.write_notebooks(alone=WAIT_FOR.format(me="alone", other="nobody", seconds=600))
    process, note = book.start(), tmp_path / "notebooks/alone.pid"
    start = time.monotonic()
    while not (note.exists() and note.read_text(encoding="utf-8")):
        assert time.monotonic() - start < 60, "the notebook never started"
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    log, _ = process.communicate(timeout=60)
    assert process.returncode != 0, log
    with pytest.raises(ProcessLookupError):  # no kernel is left
        os.kill(int(note.read_text(encoding="utf-8")), 0)


def test_formulas_are_typeset_by_a_local_copy(book):
    page = (book.folder / "_build/html/book/intro.html").read_text(encoding="utf-8")
    (script,) = re.findall(r'src="([^"]*tex-svg\.js)[^"]*"', page)
    assert (book.folder / "_build/html/book" / script).resolve().stat().st_size > 1_000_000


def test_no_page_names_another_host_to_load_from(book):
    for page in (book.folder / "_build/html").rglob("*.html"):
        loads = re.findall(r'<(?:script|img|iframe|source)[^>]* src="([^"]+)"', page.read_text(encoding="utf-8"))
        loads += re.findall(
            r'<link[^>]* rel="(?:stylesheet|preload)"[^>]* href="([^"]+)"', page.read_text(encoding="utf-8")
        )
        assert not [address for address in loads if re.match(r"(https?:)?//", address)], page
        assert "THEBE" not in page.read_text(encoding="utf-8"), page
