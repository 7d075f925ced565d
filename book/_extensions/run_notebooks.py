"""Run the book's notebooks, one a core, and hand their outputs to myst-nb, which runs one after the other.

Nothing is kept from one build to the next: what is read is run.
"""

import asyncio
import importlib.util
import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from sphinx.errors import SphinxError
from sphinx.util import logging

log = logging.getLogger(__name__)

MOST_KERNELS = 5  # one takes up to 1.3 GiB; beyond five the longest chapter is all that one waits for


class NotebookError(SphinxError):
    """A cell that fails ends the build."""

    category = "Notebook error"


def take_over(app, config):
    """Do what myst-nb would: with `execute_notebooks: force` the notebooks run here; "off" stays off."""
    app.notebook_outputs = {}
    app.runs_notebooks = config.nb_execution_mode == "force"
    if app.runs_notebooks:
        config.nb_execution_mode = "off"


def run_all(app, env, docnames):
    """Run the notebooks among the pages that are about to be read, in the order of the book."""
    if not app.runs_notebooks:
        return
    order = {name: place for place, name in enumerate(env.external_site_map)}
    notebooks = [name for name in docnames if env.doc2path(name).endswith(".ipynb")]
    notebooks.sort(key=lambda name: order.get(name, len(order)))
    if notebooks:
        forget_bytecode(Path(app.srcdir, "aecourse"))
        paths = {name: Path(env.doc2path(name)) for name in notebooks}
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:  # sockets need it on Windows
            app.notebook_outputs = runner.run(_run(paths, app.config.nb_execution_timeout))


def hand_over(app, docname, source):
    """The notebook as it was run, in place of the one in the file."""
    if docname in app.notebook_outputs:
        source[0] = app.notebook_outputs.pop(docname)


def forget_bytecode(package):
    """Delete what Python compiled of the package: it compares dates and sizes, which a restored file may share."""
    for file in package.rglob("*.py"):
        Path(importlib.util.cache_from_source(file)).unlink(missing_ok=True)


def cores():
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def _run(paths, timeout):
    """Run the notebooks {name: path}; return {name: the text of the notebook with its outputs}."""
    waiting, done, kernels = list(paths), {}, min(cores(), MOST_KERNELS, len(paths))

    async def worker():
        while waiting:
            name = waiting.pop(0)
            start = time.perf_counter()
            done[name] = await _run_one(name, paths[name], timeout)
            seconds = time.perf_counter() - start
            log.info("[%d of %d] Executed notebook %s in %.0f s", len(done), len(paths), name, seconds)

    log.info("running %d notebooks, %d at a time", len(paths), kernels)
    tasks = [asyncio.create_task(worker()) for _ in range(kernels)]
    try:
        await asyncio.gather(*tasks)
    finally:  # after an error or Ctrl-C the other kernels end as well, and are waited for
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return done


async def _run_one(name, path, timeout):
    notebook = nbformat.read(path, as_version=4)
    at = 0

    def note(cell, cell_index):
        nonlocal at
        at = cell_index

    client = NotebookClient(
        notebook, timeout=timeout, resources={"metadata": {"path": str(path.parent)}}, on_cell_start=note
    )
    try:
        await client.async_execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise NotebookError(f"{name}, cell {at} (the first is 0):\n{error}") from error
    return nbformat.writes(notebook)
