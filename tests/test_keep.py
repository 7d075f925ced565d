"""`python tests/keep.py`: what a notebook keeps of a run."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import notebook_lints as lints
import pytest
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


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("1 / 0", "cell 0 (the first is 0) raised ZeroDivisionError: division by zero."),
        ("raise ValueError('two\\nlines')", "cell 0 (the first is 0) raised ValueError: two lines."),
        ("import os; os._exit(1)", "the kernel died in cell 0 (the first is 0)."),
    ],
)
def test_a_failing_cell_leaves_the_file_as_it_was(tmp_path, code, says):
    path = tmp_path / "failing.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(code)]), path)
    before = path.read_bytes()
    status, said = command(path)
    assert status == 1 and "Traceback" not in said
    assert f"failing.ipynb stays as it was: {says}" in said
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_another_kernel_in_the_metadata_is_mended(tmp_path):
    path = tmp_path / "other.ipynb"
    kernel = {"kernelspec": {"name": "venv", "display_name": "mine", "language": "python"}}
    nbformat.write(new_notebook(cells=[new_code_cell("1 + 1")], metadata=kernel), path)
    assert command(path)[0] == 0
    assert nbformat.read(path, as_version=4).metadata.kernelspec.name == "python3"


def test_what_the_lints_send_here_is_mended(tmp_path):
    printed = new_output("stream", text="old")
    failed = new_output("error", ename="E", evalue="", traceback=[])
    cells = [
        new_code_cell("1", metadata={"tags": TAGS}),
        new_code_cell("2", outputs=[printed], execution_count=9),
        new_code_cell("3", execution_count=9),
        new_code_cell("4", outputs=[printed], metadata={"tags": TAGS}),
        new_code_cell("5", outputs=[failed]),
    ]
    path = tmp_path / "07_short.ipynb"
    kernel = {"kernelspec": {"name": "venv", "display_name": "mine", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata={**kernel, "vscode": {"path": "/here"}}), path)
    sent = (
        lints.lint_stored_output,
        lints.lint_execution_count,
        lints.lint_traceback,
        lints.lint_kernel,
        lints.lint_metadata,
    )
    for lint in sent:
        assert all("python tests/keep.py" in sentence for sentence in lint(lints.Notebook(path)))
        assert list(lint(lints.Notebook(path))), lint
    assert command(path)[0] == 0
    assert [sentence for lint in sent for sentence in lint(lints.Notebook(path))] == []


def test_what_is_no_notebook_stays_as_it_is(tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_text("{", encoding="utf-8")
    status, said = command(path)
    assert status == 1 and "it is no notebook" in said and "Traceback" not in said
    assert path.read_text(encoding="utf-8") == "{"


def test_other_files_get_one_sentence(tmp_path):
    for paths in ([], [tmp_path / "missing.ipynb"], [ROOT / "README.md"]):
        status, said = command(*paths)
        assert status == 1 and said.startswith("Expected notebooks") and "Traceback" not in said
