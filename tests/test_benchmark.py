"""The benchmark measures what it says. (Whether the bars are met is measured by running it, on an idle machine.)"""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from aecourse import benchmark, data, models

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


@pytest.fixture
def one_epoch(monkeypatch):
    """A function that runs the headline for one epoch of the given configurations, on few digits."""

    def run(*configurations, recipe="course"):
        few = data.Split(IMAGES, IMAGES)
        monkeypatch.setattr(data, "load_mnist", lambda: few)
        monkeypatch.setattr(benchmark, "HEADLINE_EPOCHS", 1)
        monkeypatch.setattr(benchmark, "CONFIGURATIONS", configurations)
        return benchmark.headline(recipe, seed=0)

    return run


def vanilla():
    return models.VanillaAutoencoder(latent_dim=2, hidden_dims=(16,))


def test_headline_names_each_broken_promise(one_epoch, capsys):
    broken = one_epoch(
        benchmark.Configuration("easy", 0.5, 1.0, vanilla, vanilla),
        benchmark.Configuration("hard", 0.5, 0.001, vanilla, vanilla),
    )
    assert len(broken) == 1 and "hard, d = 2" in broken[0] and "0.0000 to 0.0010" in broken[0]
    assert "easy" in capsys.readouterr().out


def test_headline_wants_exact_zeros_of_the_sparse_one(one_epoch):
    def sparse(code):
        return lambda: models.SparseAutoencoder(latent_dim=8, hidden_dims=(16,), code=code, top_k=None)

    naive = benchmark.Configuration("sparse", 0.5, 1.0, sparse("linear"), sparse("linear"), min_zeros=0.5)
    assert "only 0% of the code" in one_epoch(naive)[0]


def test_the_published_recipe_may_miss_on_either_side(one_epoch):
    for published, misses in ((0.5, 1), (0.001, 1)):
        row = benchmark.Configuration("vanilla", published, 1.0, vanilla, vanilla)
        assert len(one_epoch(row, recipe="published")) == misses


def test_published_models_have_relu_everywhere():
    for row in benchmark.CONFIGURATIONS:
        kinds = {type(layer) for layer in benchmark.with_relu(row.theirs()).modules()}
        assert nn.ReLU in kinds and nn.SiLU not in kinds


def test_the_course_trains_the_published_widths():
    def widths(model):
        layers = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
        return [tuple(layer.weight.shape[:2]) for layer in model.modules() if isinstance(layer, layers)]

    for row in benchmark.CONFIGURATIONS:
        theirs, course = row.theirs(), (row.course or row.theirs)()
        assert widths(theirs) == widths(course) and theirs.latent_dim == course.latent_dim
