"""The workflows: they call .ci/run and the README's commands, on the Pythons that pyproject.toml names."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands(workflow):
    """Every line that a job runs: {job: [command, …]}."""
    jobs = read(ROOT / ".github/workflows" / workflow)["jobs"]
    return {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}


def readme_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^pip install -r requirements.txt && .*$", readme, re.MULTILINE)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_names_every_version_and_may_write_nothing_by_default(path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert "uses" not in step or re.search(r"@v\d+$", step["uses"]), step


def test_one_job_is_ci_run_and_nothing_else():
    assert commands("ci.yml")["all"] == ["bash .ci/run"]


def test_the_matrix_runs_the_readmes_test_command_on_every_python():
    build, test = readme_commands()
    assert commands("ci.yml")["tests"][0] == test
    assert commands("book.yml")["build"][0] == build
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [c.rpartition(" ")[2] for c in project["classifiers"] if " :: Python :: 3." in c]
    assert read(ROOT / ".github/workflows/ci.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"] == versions


def test_every_hook_is_installed_with_the_course_or_said_to_be_optional():
    hooks = read(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    programs = {hook["entry"].split()[0] for hook in hooks} - {"python"}
    assert programs == {"ruff", "codespell", "oxlint", "oxfmt"}
    required = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert all(f"\n{program}>=" in required for program in programs)
