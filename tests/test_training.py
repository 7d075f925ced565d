"""`fit` against a plain PyTorch loop, and what it promises when things go wrong."""

import contextlib
import dataclasses
import inspect
import math
import os
import random
import signal
import subprocess
import sys
import threading
import warnings

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from torch import nn
from tqdm import tqdm

from aecourse import data, metrics, models, reproducibility, training
from aecourse.validation import describe


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


def test_settings_are_all_that_one_chooses_and_leave_nothing_to_a_default(digits):
    chosen = {field.name for field in dataclasses.fields(training.Settings)}
    assert chosen == inspect.signature(training.fit).parameters.keys() - {"model", "train", "test", "seed", "progress"}
    assert all(field.default is dataclasses.MISSING for field in dataclasses.fields(training.Settings))
    settings = training.Settings(epochs=2, batch_size=50, max_lr=1e-3, optimizer="adam", schedule="constant")
    a, b = small_model(), small_model()
    training.fit(a, digits.train, progress=False, **dataclasses.asdict(settings))
    training.fit(b, digits.train, None, 2, 0, 50, 1e-3, "adam", "constant", progress=False)
    assert torch.equal(weights(a), weights(b))
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.epochs = 3


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


def pressing(at, base=models.VanillaAutoencoder, presses=1):
    """A class that presses Ctrl-C during its loss number `at`."""

    class Pressing(base):
        calls = 0

        def loss_parts(self, x, target=None):
            self.calls += 1
            if self.calls == at:
                for _ in range(presses):
                    signal.raise_signal(signal.SIGINT)
            return super().loss_parts(x, target)

    return Pressing


@pytest.mark.parametrize("at, epoch, finished", [(1, 1, 0), (10, 3, 2)], ids=["at once", "in the third epoch"])
def test_a_stop_says_so_and_leaves_a_usable_model(digits, at, epoch, finished):
    model = small_model(model=pressing(at))  # four batches an epoch
    with pytest.raises(training.Stopped, match=f"epoch {epoch} of 5") as caught:
        training.fit(model, digits.train, test=digits.test, epochs=5, batch_size=64, progress=False)
    history = caught.value.history
    assert len(history.train_loss) == len(history.train_mse) == len(history.test_mse) == finished
    assert not model.training and model(digits.test.images).isfinite().all()
    assert "\n" not in str(caught.value) and history.seconds > 0


def test_a_stopped_model_has_the_weights_of_its_last_step(digits):
    stopped, finished = small_model(model=pressing(5)), small_model()
    with pytest.raises(training.Stopped):
        training.fit(stopped, digits.train, epochs=2, batch_size=64, schedule="constant", progress=False)
    training.fit(finished, digits.train, epochs=1, batch_size=64, schedule="constant", progress=False)
    assert torch.equal(weights(stopped), weights(finished))


def test_one_press_ends_a_loop_of_trainings(digits):
    done = []
    with pytest.raises(KeyboardInterrupt):
        for at in (100, 2, 100, 100):
            try:
                training.fit(small_model(model=pressing(at)), digits.train, epochs=1, progress=False)
            except Exception:
                pytest.fail("a stop is not an error that a notebook may swallow")
            done.append(at)
    assert done == [100]


def test_a_stop_while_measuring_counts_the_epoch_as_unfinished(digits):
    class PressingEvaluation(models.VanillaAutoencoder):
        def forward(self, x):
            signal.raise_signal(signal.SIGINT)
            return super().forward(x)

    with pytest.raises(training.Stopped, match="epoch 1 of 2") as caught:
        training.fit(small_model(model=PressingEvaluation), digits.train, epochs=2, progress=False)
    assert caught.value.history.train_loss == caught.value.history.train_mse == []


@pytest.mark.parametrize("at", [3, 1000], ids=["second press", "only press"])
def test_a_press_while_tidying_up_waits_until_the_model_is_whole(digits, at):
    class PressingWhileTidied(pressing(at)):
        def eval(self):
            if self.calls >= min(at, 4):
                signal.raise_signal(signal.SIGINT)
            return super().eval()

    model, before, handler = small_model(model=PressingWhileTidied), torch.get_rng_state(), signal.getsignal(2)
    with pytest.raises(training.Stopped):
        training.fit(model, digits.train, epochs=1, batch_size=64, progress=False)
    assert not model.training and torch.equal(torch.get_rng_state(), before)
    assert signal.getsignal(signal.SIGINT) is handler


def test_training_works_in_a_thread_where_no_signal_arrives(digits):
    histories = []
    run = threading.Thread(
        target=lambda: histories.append(training.fit(small_model(), digits.train, epochs=1, progress=False))
    )
    run.start()
    run.join()
    assert len(histories[0].train_loss) == 1


STOPPED_RUN = """
import signal
from aecourse import data, models, training

class Pressing(models.LinearAutoencoder):
    def loss_parts(self, x, target=None):
        signal.raise_signal(signal.SIGINT)
        return super().loss_parts(x, target)

training.fit(Pressing(2), data.load_mnist().train, epochs=7)
"""


def test_in_a_notebook_a_stop_is_one_line_and_ends_run_all():
    cells = [nbformat.v4.new_code_cell(source) for source in (STOPPED_RUN, "print('the next cell ran')")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=120).execute()
    (error,) = notebook.cells[0].outputs
    assert error.ename == "Stopped" and len(error.traceback) == 1
    assert error.traceback[0].startswith("Stopped in epoch 1 of 7") and "\n" not in error.traceback[0]
    assert notebook.cells[1].outputs == []


def test_in_a_script_a_stop_is_short():
    result = subprocess.run([sys.executable, "-c", STOPPED_RUN], capture_output=True, encoding="utf-8", check=False)
    lines = result.stderr.strip().splitlines()
    assert result.returncode and "Stopped in epoch 1 of 7" in lines[-1] and len(lines) < 10


class Exploding(models.VanillaAutoencoder):
    def loss_parts(self, x, target=None):
        self.calls = getattr(self, "calls", 0) + 1
        reconstruction, penalty = super().loss_parts(x, target)
        return reconstruction / (0 if self.calls == 6 else 1), penalty


def test_a_loss_that_is_not_finite_names_epoch_and_batch(digits):
    with pytest.raises(FloatingPointError, match="epoch 2, batch 2") as caught:
        training.fit(small_model(model=Exploding), digits.train, epochs=5, batch_size=64, progress=False)
    assert "\n" not in str(caught.value) and "max_lr" in str(caught.value)


class Unguarded(models.VanillaAutoencoder):
    """A loss of its own, around all checks in the package; NaN from its loss number `bad` on."""

    bad, calls = math.inf, 0

    def loss(self, x):
        self.calls += 1
        loss = (self.decoder(self.encoder(x)) - x).square().mean()
        return loss * math.nan if self.calls >= self.bad else loss


@pytest.mark.parametrize("bad, epoch, batch", [(1, 1, 1), (7, 2, 3), (8, 2, 4)])
def test_the_first_loss_that_is_not_finite_is_named_and_its_epoch_the_last(digits, bad, epoch, batch):
    model = small_model(model=Unguarded)
    model.bad = bad
    with pytest.raises(FloatingPointError, match=f"epoch {epoch}, batch {batch}:"):
        training.fit(model, digits.train, epochs=5, batch_size=64, progress=False)
    assert model.calls <= 4 * epoch and not model.training


def test_a_check_in_the_model_that_meets_the_nan_first_ends_it_too(digits):
    model = small_model()
    with torch.no_grad():
        model.to_code.bias.fill_(math.nan)
    with pytest.raises(FloatingPointError, match="epoch 1, batch 1:"):
        training.fit(model, digits.train, epochs=2, batch_size=64, progress=False)


def test_no_step_waits_for_the_value_of_its_loss(digits, monkeypatch):
    looks, item = [], torch.Tensor.item
    monkeypatch.setattr(torch.Tensor, "item", lambda self: looks.append(self) or item(self))
    counts = []
    for batch_size in (125, 5):  # 2 and 50 steps
        looks.clear()
        training.fit(small_model(model=Unguarded), digits.train, epochs=1, batch_size=batch_size, progress=False)
        counts.append(len(looks))
    assert counts[0] == counts[1]


def test_what_a_method_returns_is_looked_at_once(digits, monkeypatch):
    looks, check = [], training.check_loss_parts
    monkeypatch.setattr(training, "check_loss_parts", lambda parts: looks.append(parts) or check(parts))
    training.fit(small_model(), digits.train, epochs=3, batch_size=64, progress=False)
    assert len(looks) == 1


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


def test_training_imports_nothing_that_takes_seconds():
    code = """
import sys
from aecourse import data, models, training
digits = data.load_mnist()
training.fit(models.LinearAutoencoder(2), data.ImageSet(*digits.train[:100]), epochs=1)
print({"torchmetrics", "torchvision", "sklearn"} & set(sys.modules))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert result.stdout.strip() == "set()"


def test_images_without_labels_are_trained_on_like_any_others(digits):
    histories = []
    for train in (digits.train, data.ImageSet(digits.train.images)):
        histories.append(training.fit(small_model(), train, test=train, epochs=2, progress=False))
    assert histories[0].train_loss == histories[1].train_loss
    assert histories[0].test_mse == histories[1].test_mse


@pytest.mark.parametrize(
    "off",
    [torch.no_grad, torch.inference_mode, lambda: torch.autograd.set_grad_enabled(False)],
    ids=["no_grad", "inference_mode", "switched off"],
)
def test_it_trains_where_gradients_are_switched_off(digits, off):
    plain, model = small_model(), small_model()
    training.fit(plain, digits.train, digits.test, epochs=1, progress=False)
    try:
        with off():
            training.fit(model, digits.train, digits.test, epochs=1, progress=False)
            assert not torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)
    assert torch.equal(weights(model), weights(plain))
    assert not any(weight.is_inference() for weight in model.parameters())


def test_images_made_in_inference_mode_can_be_trained_on(digits):
    with torch.inference_mode():
        images = data.ImageSet(digits.train.images * 0.5, digits.train.labels)
    assert len(training.fit(small_model(), images, epochs=1, progress=False).train_loss) == 1


def test_frozen_weights_stay(digits):
    model = small_model()
    model.encoder.requires_grad_(False)
    before, code = weights(model.decoder), weights(model.encoder)
    training.fit(model, digits.train, epochs=2, progress=False)
    assert torch.equal(weights(model.encoder), code) and not torch.equal(weights(model.decoder), before)


def inference_model():
    with torch.inference_mode():
        return small_model()


class NoWeights(models.Autoencoder):
    def __init__(self):
        super().__init__(2)
        self.encoder = self.decoder = nn.Identity()


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: small_model().requires_grad_(False), ("frozen", "requires_grad_(True)")),
        (inference_model, ("inference_mode", "outside")),
        (NoWeights, ("none", "self.encoder")),
        (lambda: small_model().double(), ("float64", ".float()")),
        (lambda: nn.Linear(784, 2), ("models.Autoencoder", "super().__init__(latent_dim)", "self.decoder")),
        (lambda: models.VanillaAutoencoder, ("models.VanillaAutoencoder()",)),
    ],
    ids=["frozen", "inference", "no weights", "float64", "plain module", "class"],
)
def test_what_cannot_be_trained_gets_one_sentence(digits, build, words):
    model = build()
    with pytest.raises((TypeError, ValueError)) as caught:
        training.fit(model, digits.train, epochs=1, progress=False)
    message = str(caught.value)
    assert "\n" not in message and message.startswith("model: ") and all(word in message for word in words), message


class Own(models.Autoencoder):
    """A network of one's own, as the sentence for a plain module says."""

    def __init__(self, latent_dim):
        super().__init__(latent_dim)
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, latent_dim))
        self.decoder = nn.Sequential(nn.Linear(latent_dim, 784), nn.Unflatten(1, (1, 28, 28)))


def test_a_network_of_ones_own_is_trained(digits):
    history = training.fit(Own(4), digits.train, epochs=4, progress=False)
    assert history.train_mse[-1] < history.train_mse[0]


@pytest.mark.parametrize("schedule", training.SCHEDULES)
@pytest.mark.parametrize("epochs", range(1, 6))
def test_few_steps_move_the_weights_too(digits, epochs, schedule):
    model = small_model()
    before = weights(model)
    training.fit(model, digits.train, epochs=epochs, batch_size=250, schedule=schedule, progress=False)
    assert (weights(model) - before).abs().max() > model.max_lr / 2


class OwnLoss(models.VanillaAutoencoder):
    def loss(self, x):
        return 3 * (self(x) - x).abs().mean()


def test_a_loss_of_its_own_is_what_is_minimised(digits):
    model = small_model(model=OwnLoss)
    history = training.fit(model, digits.train, epochs=1, batch_size=250, progress=False)
    expected = small_model(model=OwnLoss).loss(digits.train.images).item()
    assert math.isclose(history.train_loss[0], expected, rel_tol=1e-5)
    assert history.train_reconstruction == [] and len(history.train_mse) == 1


def test_so_is_one_that_was_assigned(digits):
    model = small_model()
    model.loss = lambda x: 7 * (model(x) - x).square().mean()
    history = training.fit(model, digits.train, epochs=1, batch_size=250, progress=False)
    assert math.isclose(history.train_loss[0], 7 * small_model().loss(digits.train.images).item(), rel_tol=1e-5)


@pytest.mark.parametrize(
    "method, returned",
    [
        ("penalty", None),
        ("penalty", "sum"),
        ("penalty", torch.ones(64)),
        ("loss", None),
        ("loss", torch.ones(64)),
        ("loss", torch.ones(())),
        ("loss_parts", None),
        ("loss_parts", torch.ones(())),
        ("loss_parts", (torch.ones(()), None)),
        ("loss_parts", (torch.ones(()), torch.zeros(()))),
    ],
    ids=lambda value: value if isinstance(value, str) else describe(value).replace("an object of type ", ""),
)
def test_a_method_that_returns_something_else_is_named(digits, method, returned):
    model = type("Wrong", (models.VanillaAutoencoder,), {method: lambda self, *_: returned})(4, (16,))
    with pytest.raises((TypeError, ValueError)) as caught:
        training.fit(model, digits.train, epochs=1, progress=False)
    assert "\n" not in str(caught.value) and method.split("_")[0] in str(caught.value)


class DeadUnits(models.VanillaAutoencoder):
    """Its code is zero for every image, and without a gradient."""

    def __init__(self):
        super().__init__(4, (16,))
        self.encoder.append(nn.ReLU())
        nn.init.constant_(self.to_code.bias, -100.0)


@pytest.mark.parametrize(
    "build, settings, words",
    [
        (lambda: models.VanillaAutoencoder(32, (64,)), {"max_lr": 0.3, "epochs": 70}, "The trained model"),
        (lambda: models.SparseAutoencoder(32, (64,), sparsity_weight=10), {}, "same reconstruction"),
        (DeadUnits, {}, "same reconstruction"),
        (lambda: models.LinearAutoencoder(8), {"max_lr": 1.0, "epochs": 70}, "no better than the mean image"),
        (lambda: models.VariationalAutoencoder(4, (16,), std=3.0), {"epochs": 70}, "no better than the mean image"),
    ],
    ids=["rate", "sparsity", "dead units", "linear", "KL"],
)
def test_a_collapse_is_told(digits, build, settings, words):
    reproducibility.seed_everything(0)
    with pytest.warns(UserWarning, match=words) as caught:
        training.fit(build(), digits.train, progress=False, **{"epochs": 10} | settings)
    (warning,) = caught
    assert warning.filename == __file__ and "\n" not in str(warning.message) and "max_lr" in str(warning.message)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("epochs", [1, 2, 63])
@pytest.mark.parametrize(
    "build",
    [
        lambda: models.VanillaAutoencoder(1, (4,)),
        lambda: models.VanillaAutoencoder(2, (64,)),
        lambda: models.LinearAutoencoder(1),
        lambda: models.SparseAutoencoder(8, (16,)),
        lambda: models.VariationalAutoencoder(2, (16,), std=1.0),
        lambda: models.DenoisingAutoencoder(2, (16,), noise_std=0.6),
    ],
    ids=["tiny", "vanilla", "linear", "sparse", "variational", "denoising"],
)
def test_a_training_that_is_not_done_yet_is_not_called_collapsed(digits, build, epochs):
    reproducibility.seed_everything(0)
    training.fit(build(), digits.train, epochs=epochs, progress=False)


def test_images_that_are_all_the_same_are_reconstructed_without_a_warning(digits):
    same = data.ImageSet(digits.train.images[:1].repeat(50, 1, 1, 1), digits.train.labels[:50])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        training.fit(small_model(), same, epochs=2, progress=False)


def draws():
    return random.random(), np.random.rand(), torch.rand(1).item()


@pytest.mark.parametrize("end", ["return", "error", "stop"])
def test_the_learners_own_random_numbers_go_on(digits, end):
    model = small_model(model={"return": models.VanillaAutoencoder, "error": Exploding, "stop": pressing(6)}[end])
    reproducibility.seed_everything(3)
    first, expected = draws(), draws()
    reproducibility.seed_everything(3)
    assert draws() == first
    try:
        training.fit(model, digits.train, epochs=2, batch_size=64, progress=False)
        assert end == "return"
    except (FloatingPointError, training.Stopped):
        assert end != "return"
    assert draws() == expected != first


def test_a_corruption_that_works_in_place_spoils_neither_target_nor_images(digits):
    stored, found = digits.train.images, []
    for corruption in (torch.zeros_like, torch.Tensor.zero_):
        reproducibility.seed_everything(0)
        model = models.DenoisingAutoencoder(4, (16,), corruption=corruption)
        found.append((training.fit(model, digits.train, epochs=2, progress=False), weights(model)))
    (history, expected), (in_place, actual) = found
    assert torch.equal(actual, expected) and in_place.train_reconstruction == history.train_reconstruction
    assert torch.equal(digits.train.images, stored)


class InPlace(models.VanillaAutoencoder):
    """Darkens the images that it is given: always, or only when it is measured."""

    always = False

    def encode(self, x):
        return super().encode(x.mul_(0.1) if self.always or not self.training else x)


def test_measuring_hands_out_copies(digits):
    images = data.ImageSet(digits.train.images, digits.train.labels)  # float32, not made anew from bytes
    model = small_model(model=InPlace)
    history = training.fit(model, images, epochs=2, test=images, progress=False)
    assert torch.equal(images.images, digits.train.images)
    assert math.isclose(
        history.test_mse[-1], (model(images.images) - images.images).square().mean().item(), rel_tol=1e-5
    )


def test_a_loss_that_changes_its_images_is_refused(digits):
    model = small_model(model=InPlace)
    model.always = True
    with pytest.raises(ValueError, match=r"x\.clone\(\)"):
        training.fit(model, digits.train, epochs=1, progress=False)


def run_steps(one, several, steps):
    """Total time of `steps` steps, and how many threads each had, where a step takes `one(i)` or `several(i)`."""
    choices, numbers, total = training.thread_choices(2), [], 0.0
    number = next(choices)
    for i in range(steps):
        seconds = one(i) if number == 1 else several(i)
        numbers.append(number)
        total += seconds
        number = choices.send(seconds)
    return total, numbers


def test_on_idle_cores_all_threads_are_used():
    total, numbers = run_steps(lambda i: 1.0, lambda i: 0.6, steps=300)
    assert total < 1.15 * 300 * 0.6 and set(numbers[12:]) == {2}


def test_where_more_threads_do_not_help_one_is_used():
    _, numbers = run_steps(lambda i: 1.0, lambda i: 1.0, steps=1000)
    assert numbers.count(1) > 750


@pytest.mark.parametrize("steps", [60, 300, 2000])
@pytest.mark.parametrize("slow", [1.5, 4.0, 20.0])
def test_on_busy_cores_one_thread_is_used(steps, slow):
    total, _ = run_steps(lambda i: 1.0, lambda i: slow, steps)
    assert total < 1.5 * steps


@pytest.mark.parametrize("slow", [1.5, 4.0, 20.0])
def test_cores_that_get_busy_and_idle_again_are_noticed(slow):
    def several(i):
        return slow if 500 <= i < 1000 else 0.6

    _, numbers = run_steps(lambda i: 1.0, several, steps=2000)
    busy = sum(several(i) if number == 2 else 1.0 for i, number in enumerate(numbers) if 500 <= i < 1000)
    assert busy < 1.3 * 500 and set(numbers[-200:]) == {2}


def test_now_and_then_a_slow_step_matters_little():
    total, _ = run_steps(lambda i: 1.0, lambda i: 10.0 if i % 200 == 199 else 0.6, steps=2000)
    assert total < 1.15 * (10 * 10.0 + 1990 * 0.6)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("end", [models.VanillaAutoencoder, Exploding, pressing(6)], ids=["return", "error", "stop"])
def test_the_number_of_threads_is_put_back(digits, two_threads, end):
    with contextlib.suppress(FloatingPointError, training.Stopped):
        training.fit(small_model(model=end), digits.train, epochs=2, batch_size=64, progress=False)
    assert torch.get_num_threads() == 2


def test_a_number_of_threads_chosen_by_hand_is_a_limit(digits, monkeypatch):
    class Counting(models.VanillaAutoencoder):
        def loss_parts(self, x, target=None):
            seen.append(torch.get_num_threads())
            return super().loss_parts(x, target)

    seen, before = [], torch.get_num_threads()
    try:
        for limit in (1, 2):
            torch.set_num_threads(limit)
            training.fit(small_model(model=Counting), digits.train, epochs=4, batch_size=64, progress=False)
            assert max(seen) == limit, "with one thread there is nothing to choose"
    finally:
        torch.set_num_threads(before)


BUSY_RUN = """
import subprocess, sys, time, torch
from aecourse import data, models, training
threads = torch.get_num_threads()
few = data.ImageSet(*data.load_mnist().train[:2500])

def seconds():
    return training.fit(models.VanillaAutoencoder(8, (32,)), few, epochs=4).seconds

torch.set_num_threads(1)
seconds()
loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * threads)]
time.sleep(0.5)
try:
    one, chosen = [], []
    for _ in range(3):
        torch.set_num_threads(1)
        one.append(seconds())
        torch.set_num_threads(threads)
        chosen.append(seconds())
finally:
    for loop in loops:
        loop.kill()
print(threads, min(one), min(chosen))
"""


def test_other_programs_on_the_same_cores_do_not_slow_it_down():
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "MKL_"))}
    result = subprocess.run(
        [sys.executable, "-c", BUSY_RUN],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env=environment,
        timeout=300,
    )
    threads, one, chosen = (float(word) for word in result.stdout.split())
    if threads == 1:
        pytest.skip("one core: nothing to choose")
    # With all threads it would be 5 to 20 times as long.
    assert chosen < 3 * one, f"{chosen:.2f} s, with one thread {one:.2f} s"
