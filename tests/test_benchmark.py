"""The benchmark measures what it says. (Whether the bars are met is measured by running it, on an idle machine.)"""

import subprocess
import sys

import pytest
import torch
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from aecourse import benchmark, data

IMAGES = data.load_mnist().test


def test_the_opponent_reads_the_same_images():
    transform = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    x, labels = next(iter(DataLoader(benchmark.PillowDataset(IMAGES, transform), batch_size=50)))
    assert torch.allclose(x, IMAGES[:50][0], atol=1e-6) and torch.equal(labels, IMAGES[:50][1])


def test_the_fastest_round_counts_and_contestants_take_turns():
    order = []
    seconds = benchmark.best_seconds({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2)
    assert order == ["a", "b", "a", "b"] and set(seconds) == {"a", "b"}


@pytest.mark.parametrize("statement", benchmark.IMPORTS.values())
def test_the_imports_can_be_run(statement):
    benchmark.run_python(statement)


def test_importing_the_package_loads_nothing_slow():
    code = "import sys, aecourse; sys.exit(bool({'torchvision', 'torchmetrics', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
