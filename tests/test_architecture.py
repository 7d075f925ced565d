"""Who may import whom, and who may touch weights, disk and network."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "aecourse"

# Module -> what it may import from aecourse. Every module may import `validation`, the sentences for bad input.
MAY_IMPORT = {
    "__init__": set(),
    "validation": set(),
    "reproducibility": set(),
    "data": {"corruptions", "reproducibility"},  # corruptions: for the names that the chapters use
    "corruptions": set(),
    "losses": set(),
    "models": {"corruptions", "losses", "models"},
    "saving": {"models"},
    "training": {"models", "reproducibility", "saving"},
    "metrics": set(),
    "plotting": set(),
    "explorer": {"explorer"},
    "checks": {"checks", "models", "losses", "metrics"},
    "published": {"models", "training"},
    "choice": {"data", "models", "training", "metrics", "reproducibility"},
    "benchmark": {"choice", "data", "models", "training", "metrics", "reproducibility", "published"},
    "mnist5000": set(),
}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "make.py")  # make.py is not imported by anything


def module_of(path):
    """`aecourse/models/linear.py` belongs to `models`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(source):
    """Names of all modules that a source imports, in full: 'aecourse.losses', 'torch.nn', …"""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "write imports from aecourse in full"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def aecourse_imports(source):
    """The aecourse modules that a source imports: {'losses', 'models'}."""
    return {name.split(".")[1] for name in imported(source) if name.startswith("aecourse.")}


def forbidden_imports(module, source):
    return aecourse_imports(source) - MAY_IMPORT[module] - {"validation"}


def touches_disk_or_network(source):
    names = imported(source)
    if "io.BytesIO" in names:  # is in memory
        names -= {"io", "io.BytesIO"}
    roots = {name.split(".")[0] for name in names}
    if roots & {"pathlib", "io", "urllib", "requests", "socket", "shutil", "tempfile", "platformdirs"}:
        return True
    nodes = list(ast.walk(ast.parse(source)))
    return any(isinstance(node, ast.Name) and node.id == "open" for node in nodes) or any(
        isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os" and node.attr != "environ" for node in nodes
    )


def updates_weights(source):
    return any(isinstance(node, ast.Attribute) and node.attr == "step" for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_follow_the_table(path):
    assert module_of(path) in MAY_IMPORT, f"{path.name} is in no row of the table"
    assert not forbidden_imports(module_of(path), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_data_touches_disk_or_network(path):
    if module_of(path) == "saving":  # keeps models in files, and reaches no further
        assert not {name.split(".")[0] for name in imported(path.read_text(encoding="utf-8"))} & {
            "urllib",
            "requests",
            "socket",
        }
    else:
        assert module_of(path) == "data" or not touches_disk_or_network(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_training_updates_weights(path):
    # The benchmark's opponent is a training loop written without the package.
    assert module_of(path) in ("training", "benchmark") or not updates_weights(path.read_text(encoding="utf-8"))


def test_there_is_no_drawer_for_leftovers():
    assert not {path.stem for path in FILES} & {"utils", "util", "common", "helpers", "misc"}


def test_the_rules_can_fail():
    assert forbidden_imports("models", "from aecourse import data") == {"data"}
    assert forbidden_imports("metrics", "def f():\n    import aecourse.models.linear") == {"models"}
    assert forbidden_imports("training", "from aecourse.data import ImageSet") == {"data"}
    assert not forbidden_imports("models", "from aecourse.models.vanilla import VanillaAutoencoder")
    assert touches_disk_or_network("import io") and not touches_disk_or_network("from io import BytesIO")
    assert touches_disk_or_network("from pathlib import Path")
    assert touches_disk_or_network("x = open('digits')")
    assert touches_disk_or_network("import os\nos.remove('digits')")
    assert not touches_disk_or_network("import os\nos.environ['CI']")
    assert updates_weights("optimizer.step()")


EVERYWHERE = [
    path
    for pattern in ("aecourse/**/*.py", "tests/**/*.py", "book/_extensions/*.py", ".ci/*.py", "*.py")
    for path in sorted(PACKAGE.parent.glob(pattern))
]


def reads_by_the_code_page(source):
    """Lines that read or write text as the system does it: on Windows often not as UTF-8."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        mode = given.get("mode", node.args[1] if name == "open" and len(node.args) > 1 else None)
        binary = isinstance(mode, ast.Constant) and "b" in str(mode.value)
        text = name in ("read_text", "write_text") or (
            name == "open" and isinstance(node.func, ast.Name) and not binary
        )
        if (text and "encoding" not in given) or ("text" in given and name in ("run", "Popen", "check_output")):
            yield node.lineno


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: path.relative_to(PACKAGE.parent).as_posix())
def test_text_is_utf_8_on_every_system(path):
    assert not list(reads_by_the_code_page(path.read_text(encoding="utf-8"))), "say encoding='utf-8'"


@pytest.mark.parametrize(
    "line", ["p.read_text()", "p.write_text('é')", "open('x')", "open('x', 'w')", "run(c, text=True)"]
)
def test_a_read_by_the_code_page_is_found(line):
    assert list(reads_by_the_code_page(line)) == [1]


def test_bytes_and_utf_8_are_fine():
    assert not list(reads_by_the_code_page("open('x', 'rb'); p.read_text(encoding='utf-8'); Image.open('x')"))


def test_contributing_shows_the_same_table():
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## Who may import whom")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    shown = {
        module.strip("`"): set(allowed.replace("`", "").replace("–", "").split(", ")) - {""} for module, allowed in rows
    }
    assert shown == MAY_IMPORT
