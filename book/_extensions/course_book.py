"""What this book needs beyond Sphinx's settings: figures that cannot be old, formulas without a network, a map."""

import hashlib
import importlib.util
import os
import shutil
from importlib import metadata
from pathlib import Path

import chapter_map
import run_notebooks
from sphinx.errors import ExtensionError
from sphinx.util import logging

log = logging.getLogger(__name__)

# A new version of one of these may draw another figure.
DRAWS = ("torch", "torchvision", "matplotlib", "scikit-learn", "numpy")


def prepare_kernels(app):
    """Settings that the notebooks' kernels inherit."""
    os.environ["TQDM_DISABLE"] = "1"  # progress bars are for people who wait, not for readers
    # A kernel has one core to itself: one thread, and no processes of joblib beside its own.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")
    # The first import on a machine builds the font cache and says so: here, not on a page.
    importlib.import_module("matplotlib.font_manager")

    found = importlib.util.find_spec("aecourse")
    if found is None or Path(app.srcdir) not in Path(found.origin).resolve().parents:
        where = found.origin if found else "nowhere"
        log.warning("the notebooks would import aecourse from %s, not from this book's folder", where)


def digest_of_the_code(srcdir):
    """One hash of everything outside a notebook that decides what its figures show."""
    digest = hashlib.sha256()
    package = Path(srcdir, "aecourse")
    for file in sorted(package.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(package)}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    for name in DRAWS:
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    return digest.hexdigest()


def notebooks_to_run_again(app, env, added, changed, removed):
    """Every notebook is outdated when `aecourse` (code or data) is not what it was when the book was read.

    Contents, not dates: a restored or deleted file counts as well, and so does one edited during a build.
    """
    digest = digest_of_the_code(app.srcdir)
    notebooks = {name for name in env.found_docs if env.doc2path(name).endswith(".ipynb")}
    outdated = notebooks if digest != getattr(env, "course_book_digest", None) else notebooks & changed
    env.course_book_digest = digest
    for name in outdated:  # if a notebook fails now, its old page must not stay behind
        Path(app.builder.get_outfilename(name)).unlink(missing_ok=True)
    return sorted(outdated)


def plain_citations(app, pagename, templatename, context, doctree):
    """Citations without the roles that docutils gives them: one is deprecated, the other wants list items."""
    if "body" in context:
        body = context["body"].replace(' role="doc-biblioentry"', "")
        context["body"] = body.replace('<div role="list" class="citation-list">', '<div class="citation-list">')


def finish(app, error):
    """Copy MathJax to the book and delete the pictures that no page shows any more."""
    if error or app.builder.format != "html":
        return
    files = metadata.files("sphinx-mathjax-offline") or []  # its folder has hyphens: no module to import
    core = next((f for f in files if f.name == "tex-svg.js"), None)
    if core is None:
        raise ExtensionError("sphinx-mathjax-offline has no tex-svg.js: formulas would need a network")
    mathjax, out = Path(core.locate()).parent, Path(app.outdir, "_static", "mathjax")
    extensions = Path("input", "tex", "extensions")  # loaded when a formula needs one
    shutil.copytree(mathjax / extensions, out / extensions, dirs_exist_ok=True)
    shutil.copy(mathjax / "tex-svg.js", out)

    shown = {name for _, name in app.env.images.values()}
    for picture in Path(app.outdir, "_images").glob("*"):
        # Those for dark pages are made when a page is written, so a build that writes none does not know them.
        if picture.name.replace("-dark.png", ".png") not in shown and picture.name not in shown:
            picture.unlink()


def setup(app):
    app.add_directive("chapter-map", chapter_map.ChapterMap)
    app.connect("builder-inited", prepare_kernels)
    app.connect("config-inited", run_notebooks.take_over)
    app.connect("env-get-outdated", notebooks_to_run_again)
    app.connect("env-before-read-docs", run_notebooks.run_all)
    app.connect("source-read", run_notebooks.hand_over)
    app.connect("html-page-context", plain_citations)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
