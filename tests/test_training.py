"""`fit` against a plain PyTorch loop, and what it promises when things go wrong."""

import math

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from torch import nn
from tqdm import tqdm

from aecourse import data, metrics, models, reproducibility, training


@pytest.fixture(scope="module")
def digits():
    digits = data.load_mnist()
    return data.Split(data.ImageSet(*digits.train[:250]), data.ImageSet(*digits.test[:100]))


def small_model(seed=0, model=models.VanillaAutoencoder):
    reproducibility.seed_everything(seed)
    return model(latent_dim=4, hidden_dims=(16,))


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_plain_adam_is_a_plain_loop(digits):
    ours, theirs = small_model(), small_model()
    history = training.fit(
        ours,
        digits.train,
        epochs=3,
        seed=5,
        batch_size=64,
        max_lr=1e-3,
        optimizer="adam",
        schedule="constant",
        progress=False,
    )
    optimizer = torch.optim.Adam(theirs.parameters(), lr=1e-3)
    torch.manual_seed(5)
    images, losses = digits.train.images, []
    for _ in range(3):
        total = 0.0
        for indices in torch.randperm(250).split(64):  # 64, 64, 64, 58: the last one counts less
            loss = nn.functional.mse_loss(theirs(images[indices]), images[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(indices)
        losses.append(total / 250)
    assert torch.allclose(weights(ours), weights(theirs), atol=1e-5)
    assert all(math.isclose(a, b, rel_tol=1e-4) for a, b in zip(history.train_loss, losses, strict=True))


def test_the_same_seed_gives_the_same_numbers(digits):
    runs = [
        (model := small_model(), training.fit(model, digits.train, digits.test, epochs=2, seed=1, progress=False))
        for _ in range(2)
    ]
    (a, first), (b, second) = runs
    assert torch.equal(weights(a), weights(b))
    assert first.train_loss == second.train_loss and first.test_mse == second.test_mse


def test_another_seed_gives_other_numbers(digits):
    losses = [
        training.fit(small_model(), digits.train, epochs=1, seed=seed, progress=False).train_loss for seed in (1, 2)
    ]
    assert losses[0] != losses[1]


def test_training_lowers_the_error_and_the_history_says_how_much(digits):
    model = small_model()
    history = training.fit(model, digits.train, test=digits.test, epochs=8, progress=False)
    lists = (history.train_loss, history.train_reconstruction, history.train_mse, history.test_mse)
    assert all(len(values) == 8 and values[-1] < values[0] for values in lists)
    assert math.isclose(history.train_mse[-1], metrics.reconstruction_mse(model, digits.train.images), rel_tol=1e-5)
    assert math.isclose(history.test_mse[-1], metrics.reconstruction_mse(model, digits.test.images), rel_tol=1e-5)
    assert history.seconds > 0 and not model.training


def test_all_training_images_are_measured_after_the_last_epoch_and_a_sample_before():
    train = data.load_mnist().train
    models_, histories = [small_model(), small_model()], []
    for epochs, model in zip((1, 2), models_, strict=True):
        histories.append(training.fit(model, train, epochs=epochs, schedule="constant", progress=False))
    complete, sample = histories[0].train_mse[0], histories[1].train_mse[0]  # the same epoch
    assert complete != sample and math.isclose(complete, sample, rel_tol=0.05)
    for model, history in zip(models_, histories, strict=True):
        assert math.isclose(history.train_mse[-1], metrics.reconstruction_mse(model, train.images), rel_tol=1e-5)


def test_without_a_test_set_there_is_no_test_error(digits):
    assert training.fit(small_model(), digits.train, epochs=1, progress=False).test_mse == []


def test_none_takes_what_the_variant_recommends(digits):
    a, b = small_model(), small_model()
    training.fit(a, digits.train, epochs=1, progress=False)
    training.fit(b, digits.train, epochs=1, batch_size=b.batch_size, max_lr=b.max_lr, progress=False)
    assert torch.equal(weights(a), weights(b))


class Interrupted(models.VanillaAutoencoder):
    """Ctrl-C in the middle of the third epoch."""

    def loss_parts(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == 10:  # four batches an epoch
            raise KeyboardInterrupt
        return super().loss_parts(x)


def test_an_interrupt_returns_the_finished_epochs_and_a_usable_model(digits):
    model = small_model(model=Interrupted)
    history = training.fit(model, digits.train, test=digits.test, epochs=5, batch_size=64, progress=False)
    assert len(history.train_loss) == len(history.train_mse) == len(history.test_mse) == 2
    assert not model.training and model(digits.test.images).isfinite().all()


class Exploding(models.VanillaAutoencoder):
    def loss_parts(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        reconstruction, penalty = super().loss_parts(x)
        return reconstruction / (0 if self.calls == 6 else 1), penalty


def test_a_loss_that_is_not_finite_names_epoch_and_batch(digits):
    with pytest.raises(FloatingPointError, match="epoch 2, batch 2") as caught:
        training.fit(small_model(model=Exploding), digits.train, epochs=5, batch_size=64, progress=False)
    assert "\n" not in str(caught.value) and "max_lr" in str(caught.value)


def test_a_rate_that_is_far_too_high_is_told_so(digits):
    model = models.LinearAutoencoder(4)
    with pytest.raises(FloatingPointError, match="max_lr below 1e"):
        training.fit(model, digits.train, epochs=50, max_lr=1e30, progress=False)


def test_the_bar_leaves_nothing_behind(digits, capfd):
    training.fit(small_model(), digits.train, epochs=2)
    out, err = capfd.readouterr()
    assert not out.strip() and not err.strip()


@pytest.mark.parametrize("delay", [0, 2], ids=["long training", "short training"])
def test_a_watched_bar_wipes_itself_off(digits, capfd, monkeypatch, delay):
    monkeypatch.setenv("JPY_SESSION_NAME", "opened in Jupyter")
    monkeypatch.setattr(training, "tqdm", lambda **options: tqdm(**options | {"delay": delay, "mininterval": 0}))
    training.fit(small_model(), digits.train, epochs=2)
    out, err = capfd.readouterr()
    assert ("epoch 1/2" in out) == (delay == 0), "long work shows a bar, short work nothing"
    assert not err and "\n" not in out and not out.rpartition("\r")[0].rpartition("\r")[2].strip()


def test_fit_hands_the_model_back_where_it_was(digits):  # also where it computes on a GPU
    model = small_model()
    training.fit(model, digits.train, epochs=1, progress=False)
    assert {p.device.type for p in model.parameters()} == {"cpu"}


def test_a_notebook_stays_without_output(digits):
    code = """
from aecourse import data, models, training
history = training.fit(models.LinearAutoencoder(2), data.load_mnist().train, epochs=2)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=120).execute()
    assert notebook.cells[0].outputs == []
