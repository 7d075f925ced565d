"""`python tests/keep.py`: what a notebook keeps of a run."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parent.parent
TAGS = ["keep_output", "nbval-check-output"]


def command(*paths):
    """Exit status and everything printed."""
    result = subprocess.run(
        [sys.executable, "tests/keep.py", *map(str, paths)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return result.returncode, result.stdout


def test_only_tagged_cells_keep_what_they_gave(tmp_path):
    old = new_output("execute_result", {"text/plain": "'old'"}, execution_count=9)
    cells = [
        new_markdown_cell("# Title", metadata={"editable": False}),
        new_code_cell("x = 1\nx", outputs=[old], execution_count=9, metadata={"scrolled": True}),
        new_code_cell("x + 1", outputs=[old], execution_count=9, metadata={"tags": TAGS}),
    ]
    path = tmp_path / "short.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"vscode": {"path": "/here"}}), path)
    assert command(path)[0] == 0
    title, plain, tagged = nbformat.read(path, as_version=4).cells
    assert (plain.outputs, plain.execution_count, dict(plain.metadata)) == ([], None, {})
    assert tagged.outputs[0]["data"]["text/plain"] == "2" and tagged.execution_count == 2
    assert not title.metadata
    assert set(nbformat.read(path, as_version=4).metadata) == {"kernelspec", "language_info"}


def test_a_notebook_of_the_course_is_kept_as_it_is(tmp_path):
    source = ROOT / "notebooks/solutions/02_mean_squared_error.ipynb"
    path = Path(shutil.copy(source, tmp_path))
    assert command(path)[0] == 0
    assert path.read_bytes() == source.read_bytes()


def test_a_failing_cell_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "failing.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    status, said = command(path)
    assert status == 1
    assert "failing.ipynb stays as it was: a cell raised ZeroDivisionError: division by zero" in said
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_other_files_get_one_sentence(tmp_path):
    for paths in ([], [tmp_path / "missing.ipynb"], [ROOT / "README.md"]):
        status, said = command(*paths)
        assert status == 1 and said.startswith("Expected notebooks") and "Traceback" not in said
