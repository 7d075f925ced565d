"""requirements.txt: every package that is imported is declared, and pyproject.toml says the same bounds."""

import ast
import functools
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DRIVES = {  # named in settings or on the command line, imported nowhere
    "codespell",
    "jupyter-book",
    "jupyterlab",
    "ipykernel",
    "myst-nb",
    "nbval",
    "oxfmt",
    "oxlint",
    "pytest-xdist",
    "ruff",
    "sphinx-book-theme",
    "sphinx-mathjax-offline",
    "torchvision",
}


@functools.cache
def brings():
    """{imported name: the distributions that bring it}."""
    return packages_distributions()


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def bounds(lines):
    """{distribution: {when: its bounds}} of lines such as 'numpy>=2.0,<3; python_version < "3.15"   # what for'."""
    found = {}
    for line in lines:
        requirement, _, when = (part.strip() for part in line.partition("#")[0].partition(";"))
        if requirement and not requirement.startswith("-"):
            name, limits = re.fullmatch(r"([\w.-]+)(.*)", requirement).groups()
            found.setdefault(plain(name), {})[when] = sorted(limits.replace(" ", "").split(","))
    return found


REQUIRED = bounds((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines())


def sources():
    """(path, code) of all that is run: the package, the tests, the book's extensions, the notebooks."""
    for pattern in ("aecourse/**/*.py", "tests/**/*.py", "book/_extensions/*.py", ".ci/*.py", "*.py"):
        for path in sorted(ROOT.glob(pattern)):
            if path.name != "make.py":  # made the embedded digits, once, from a package that nobody needs now
                yield path, path.read_text(encoding="utf-8")
    for path in sorted(ROOT.glob("notebooks/**/*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        yield path, re.sub(r"^(\s*)[%!].*", r"\1pass", code, flags=re.MULTILINE)


def imported(code):
    """The first names of all imports: 'sklearn' for `from sklearn.decomposition import PCA`."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


def undeclared(code, required, own=()):
    """The imported packages that no line of the requirements brings by name."""
    for name in sorted(set(imported(code)) - {"aecourse", "tests", *own} - set(sys.stdlib_module_names)):
        if not {plain(distribution) for distribution in brings().get(name, [])} & set(required):
            yield name


def test_every_imported_package_is_declared():
    own = {path.stem for path in ROOT.rglob("*.py")}  # the extensions and the tests import their neighbours
    missing = {name: path.name for path, code in sources() for name in undeclared(code, REQUIRED, own)}
    assert not missing, f"imported, but not in requirements.txt: {missing}"


def test_every_declared_package_is_used():
    used = {plain(d) for _, code in sources() for name in imported(code) for d in brings().get(name, [])}
    assert not set(REQUIRED) - used - DRIVES, "declared, but neither imported nor in the list of what drives"


def test_a_missing_line_is_found():
    assert list(undeclared("import os, numpy\nfrom sklearn import svm\n", {"numpy"})) == ["sklearn"]


def test_both_files_have_the_same_bounds():
    in_project = bounds(PROJECT["dependencies"])
    assert in_project == {name: REQUIRED.get(name) for name in in_project}
    names = {name for path, code in sources() if ROOT / "aecourse" in path.parents for name in imported(code)}
    package = {plain(distribution) for name in names for distribution in brings().get(name, [])}
    assert package & set(REQUIRED) <= set(in_project), "the package imports what only requirements.txt declares"


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_every_bound_has_two_ends(name):
    for limits in REQUIRED[name].values():
        assert any(limit.startswith(("<", "==")) for limit in limits), limits
        assert any(limit.startswith((">=", "==")) for limit in limits), limits


def test_the_pythons_agree():
    """requires-python, the classifiers and the README name the same versions."""
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    versions = [f"3.{minor}" for minor in range(int(low), int(high))]
    classified = [
        c.rpartition(" ")[2] for c in PROJECT["classifiers"] if c.startswith("Programming Language :: Python :: 3.")
    ]
    assert classified == versions
    assert f"Python {versions[0]} to {versions[-1]}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_names_the_licence_of_every_package():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    licences = text.partition("## Licences")[2].partition("\n## ")[0]
    named = {plain(word) for word in re.findall(r"[\w-]+", licences)}
    assert not set(REQUIRED) - named
