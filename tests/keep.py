"""Run notebooks and write them in the form that they are kept in.

    python tests/keep.py notebooks/01_bottleneck.ipynb notebooks/solutions/01_bottleneck.ipynb

Only cells with both tags, keep_output and nbval-check-output, keep their outputs and counts. A notebook in which a
cell fails stays as it was.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.reader import NotJSONError

KEPT = {"keep_output", "nbval-check-output"}
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def canonical(notebook):
    """Strip, in place, what tells of a run or of a machine: outputs, counts, times, the editor's settings."""
    notebook.metadata = nbformat.from_dict(KERNEL)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in ("tags", "mystnb")})
        if cell.cell_type != "code":
            continue
        if not set(cell.metadata.get("tags", [])) >= KEPT:
            cell.outputs, cell.execution_count = [], None
        for output in cell.outputs:
            if "metadata" in output:
                output.metadata = nbformat.NotebookNode()
    return notebook


def keep(path):
    """Run the notebook in its folder and write it; returns what went wrong, and then leaves the file as it was."""
    at = 0

    def note(cell, cell_index):
        nonlocal at
        at = cell_index

    try:
        notebook = nbformat.read(path, as_version=4)
        folder = {"metadata": {"path": str(path.parent)}}
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources=folder, on_cell_start=note).execute()
    except NotJSONError:
        return "it is no notebook"
    except CellExecutionError as error:
        return f"cell {at} (the first is 0) raised {error.ename}: {' '.join(error.evalue.split())}"
    except CellTimeoutError:
        return f"cell {at} (the first is 0) took more than 600 seconds"
    except DeadKernelError:
        return f"the kernel died in cell {at} (the first is 0)"
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        nbformat.write(canonical(notebook), unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return None


def main(arguments):
    paths = [Path(argument) for argument in arguments]
    odd = [str(path) for path in paths if path.suffix != ".ipynb" or not path.is_file()]
    if odd or not paths:
        return f"Expected notebooks, such as notebooks/01_bottleneck.ipynb, got {', '.join(odd) or 'nothing'}."
    for path in paths:
        problem = keep(path)
        if problem:
            return f"{path} stays as it was: {problem}."
        print(f"{path}: run and kept")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
