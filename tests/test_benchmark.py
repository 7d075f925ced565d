"""The benchmark measures what it says. (Whether the bars are met is measured by running it, on an idle machine.)"""

import subprocess
import sys
from dataclasses import asdict, replace

import pytest
import torch
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from aecourse import benchmark, data, models, published

IMAGES = data.load_mnist().test


def test_the_opponent_reads_the_same_images():
    transform = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    x, labels = next(iter(DataLoader(benchmark.PillowDataset(IMAGES, transform), batch_size=50)))
    assert torch.allclose(x, IMAGES[:50][0], atol=1e-6) and torch.equal(labels, IMAGES[:50][1])


@pytest.mark.parametrize("network", benchmark.NETWORKS)
def test_the_loop_by_hand_does_what_fit_does(network):
    histories = []
    fit = benchmark.training.fit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmark.training, "fit", lambda *a, **k: histories.append(fit(*a, **k)))
        benchmark.fit_epoch(IMAGES, network)
    loss, error = benchmark.bare_epoch(IMAGES.images, network)
    assert histories[0].train_loss == pytest.approx([loss], rel=1e-3)
    assert histories[0].train_mse == pytest.approx([error], rel=1e-3)


def test_the_images_are_the_embedded_digits_several_times():
    digits, many = data.load_mnist().all, benchmark.many_images()
    assert len(many) == benchmark.COPIES * len(digits)
    assert torch.equal(many[-3:][0], digits[-3:][0]) and torch.equal(many[-3:][1], digits[-3:][1])


def test_contestants_take_turns_and_the_median_of_the_ratios_counts():
    order = []
    seconds = benchmark.seconds_by_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=3)
    assert order == ["a", "b", "b", "a", "a", "b"] and all(len(rounds) == 3 for rounds in seconds.values())
    assert benchmark.median_ratio([1.0, 9.0, 4.0], [1.0, 1.0, 2.0]) == 2.0, "a slow moment in one round is left out"


def test_a_missed_bar_is_told_and_ends_with_an_error(monkeypatch, capsys):
    times = {"loader": 9.0, "fit, dense": 1.2, "by hand, dense": 1.0, "torch": 1.0, "aecourse": 1.1}
    times |= {"fit, convolutional": 1.05, "by hand, convolutional": 1.0}
    monkeypatch.setattr(benchmark, "many_images", lambda: IMAGES)
    monkeypatch.setattr(benchmark, "seconds_by_turns", lambda runs, rounds: {n: [times.get(n, 1.0)] for n in runs})
    monkeypatch.setattr(sys, "argv", ["benchmark", "--rounds", "1"])
    with pytest.raises(SystemExit) as caught:
        benchmark.main()
    assert str(caught.value) == "Not as promised: epoch of fit / by hand, dense is 1.20 but should be at most 1.1."
    out = capsys.readouterr().out
    assert out.count("✓") == 3 and "✗ epoch of fit / by hand, dense: 1.20" in out


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
        for name in ("PUBLISHED", "COURSE"):
            monkeypatch.setattr(published, name, replace(getattr(published, name), epochs=1))
        monkeypatch.setattr(published, "CONFIGURATIONS", configurations)
        return benchmark.headline(recipe, seed=0)

    return run


def vanilla():
    return models.VanillaAutoencoder(latent_dim=2, hidden_dims=(16,))


def test_headline_names_each_broken_promise(one_epoch, capsys):
    broken = one_epoch(
        published.Configuration("easy", 0.5, 1.0, vanilla, vanilla),
        published.Configuration("hard", 0.5, 0.001, vanilla, vanilla),
    )
    assert len(broken) == 1 and "hard, d = 2" in broken[0] and "0.0000 to 0.0010" in broken[0]
    assert "easy" in capsys.readouterr().out


def test_headline_wants_exact_zeros_of_the_sparse_one(one_epoch):
    def naive():
        return models.SparseAutoencoder(8, hidden_dims=(16,), code="linear", sparsity_weight=1e-4, top_k=None)

    row = published.Configuration("sparse", 0.5, 1.0, naive, naive, min_zeros=0.5)
    assert "only 0% of the code" in one_epoch(row)[0]


def test_the_published_recipe_may_miss_on_either_side(one_epoch):
    for figure in (0.5, 0.001):
        row = published.Configuration("vanilla", figure, 1.0, vanilla, vanilla)
        assert len(one_epoch(row, recipe="published")) == 1


@pytest.mark.parametrize("recipe", ("course", "published"))
def test_the_penalty_belongs_to_the_loss_that_is_compared(one_epoch, recipe, capsys):
    def sparse():
        return models.SparseAutoencoder(8, hidden_dims=(16,), code="linear", sparsity_weight=10.0, top_k=None)

    broken = one_epoch(published.Configuration("sparse", 0.3, 0.3, sparse, sparse), recipe=recipe)
    _, _, _, row = capsys.readouterr().out.splitlines()
    _, _, figure, loss, ratio, reconstruction, *_ = row.split()
    assert float(reconstruction) < float(figure) < float(loss) and float(ratio) > 1
    assert len(broken) == 1 and f"the loss of sparse, d = 8 is {loss}" in broken[0]


def test_a_recipe_is_trained_with_its_own_model_and_settings(one_epoch, monkeypatch):
    calls = []
    fit = benchmark.training.fit
    monkeypatch.setattr(benchmark.training, "fit", lambda *a, **k: calls.append((a[0], k)) or fit(*a, **k))
    theirs, course = vanilla(), vanilla()
    row = published.Configuration("vanilla", 0.5, 1.0, lambda: theirs, lambda: course)
    for recipe, model, settings in (
        ("published", theirs, published.PUBLISHED),
        ("course", course, published.COURSE),
    ):
        one_epoch(row, recipe=recipe)
        trained, used = calls.pop()
        assert trained is model and used.items() >= (asdict(settings) | {"epochs": 1}).items()
