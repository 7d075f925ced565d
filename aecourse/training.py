"""The only place where weights are updated. `save` and `load`, which keep a model in a file, are from `saving`."""

import contextlib
import math
import os
import random
import signal
import statistics
import sys
import threading
import time
import warnings
from dataclasses import dataclass, field

import numpy as np
import torch
from tqdm import tqdm

from aecourse import models
from aecourse.reproducibility import default_device, seed_everything
from aecourse.saving import load, save  # noqa: F401 - training.save and training.load
from aecourse.validation import (
    NotFiniteError,
    check_choice,
    check_loss_parts,
    check_positive,
    check_scalar,
    check_weights,
    check_whole_number,
    describe,
)

OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
SCHEDULES = ("one_cycle", "constant")
EVALUATION_BATCH = 250  # memory of this size is reused; larger pieces come fresh from the system each time
EVALUATION_LIMIT = 10_000  # after the last epoch; more training images would cost a third of an epoch
EVALUATION_GLANCE = 1_000  # after the others: enough for a curve
SHORTEST_RUN, LONGEST_RUN = 50, 1_000  # steps with all threads: worth another look at once; before the next look
ENOUGH_STEPS = 250  # for any healthy training to do better than the mean image


@dataclass(frozen=True)
class Settings:
    """A training written out, so that no default can change it: `fit(model, train, **asdict(settings))`.

    Attributes: the arguments of `fit` that one chooses, by the same names.
    """

    epochs: int
    batch_size: int
    max_lr: float
    optimizer: str
    schedule: str


@dataclass
class History:
    """One float an epoch in each list; all lists have the same length, but for the two that may be empty.

    Attributes:
        train_loss: the variant's own objective, averaged over the epoch's batches as they were trained on.
        train_reconstruction: its reconstruction part alone, without the penalty; empty for a model with a
            `loss` of its own, which has no parts.
        train_mse: mean squared pixel error on the clean training images after the epoch; the one to compare.
            Of more than 1,000 images, about 1,000 evenly spaced ones are measured; after the last epoch
            about 10,000, so that of the 4,000 or 5,000 embedded digits the last figure counts them all.
        test_mse: the same on the test images, all of them; empty without a test set.
        seconds: wall-clock time of the whole training.
    """

    train_loss: list[float] = field(default_factory=list)
    train_reconstruction: list[float] = field(default_factory=list)
    train_mse: list[float] = field(default_factory=list)
    test_mse: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Stopped(KeyboardInterrupt):
    """Training was stopped by hand; the model is usable, with the weights of its last step.

    A KeyboardInterrupt, so that one press also ends a loop of trainings and *Run All*. Jupyter shows its
    message alone, without a traceback.

    Attributes:
        history: the `History` of the finished epochs, perhaps of none.
    """

    def __init__(self, history, epochs):
        finished = len(history.train_mse)
        super().__init__(
            f"Stopped in epoch {min(finished + 1, epochs)} of {epochs}; the model has the weights of its last step, "
            f"and this exception's `history` has {finished or 'no'} finished epoch{'' if finished == 1 else 's'}."
        )
        self.history = history

    def _render_traceback_(self):
        """What IPython prints in place of a traceback."""
        return [str(self)]


def fit(
    model,
    train,
    test=None,
    epochs=30,
    seed=0,
    batch_size=None,
    max_lr=None,
    optimizer="adamw",
    schedule="one_cycle",
    progress=True,
):
    """Train `model` on the images of `train`; labels are not used.

    Computes on `reproducibility.default_device()` and hands the model back where it was, in eval mode.
    The random numbers of Python, NumPy and PyTorch go on afterwards as if nothing had been drawn.

    On a CPU it uses one of PyTorch's threads or all of them, whichever is faster at the moment, so that other
    programs on the same cores don't slow it down; `torch.set_num_threads(1)` before it settles the matter.
    The same seed gives the same numbers bit for bit only with one thread, else to about 0.1 %.

    Args:
        model: an `Autoencoder`. Its `loss_parts` are summed and minimised; a `loss` of its own instead, where
            its class has one. Weights with requires_grad=False stay as they are.
        train, test: `data.ImageSet`s such as `digits.train`; `test` may be None.
        epochs: passes over the training images.
        seed: of the order of the images and of the model's own noise; the weights are seeded where
            the model is built.
        batch_size, max_lr: None for what the variant recommends.
        optimizer: "adamw" (Loshchilov & Hutter 2019, arXiv:1711.05101) or "adam".
        schedule: "one_cycle", up to `max_lr` and down again (Smith & Topin 2019, arXiv:1708.07120),
            or "constant" at `max_lr`, as is a cycle of a single step.
        progress: show a bar when training takes more than two seconds.

    Returns:
        A `History`.

    Raises:
        TypeError, ValueError: on bad input, before anything is trained; or what the model's own methods return.
        FloatingPointError: when a loss is NaN or infinite, at the end of its epoch at the latest; it names the batch.
        Stopped: on Ctrl-C or Jupyter's stop button; it holds the history of the finished epochs.

    Warns:
        UserWarning: if the trained model reconstructs no better than the mean image does.
    """
    _check_model(model)
    _check_images(train, test)
    batch_size = model.batch_size if batch_size is None else batch_size
    max_lr = model.max_lr if max_lr is None else max_lr
    _check_settings(epochs, seed, batch_size, max_lr, optimizer, schedule)
    steps = epochs * math.ceil(len(train) / batch_size)

    history, hint, stopped, afterwards = History(), None, False, contextlib.ExitStack()
    try:
        device = afterwards.enter_context(_borrowed(model, seed))
        train, test = train.to(device), test and test.to(device)
        optim, scheduler = _prepare(model, optimizer, schedule, max_lr, steps)
        adjust_threads = afterwards.enter_context(_threads(device))
        bar = afterwards.enter_context(_bar(steps, progress))
        afterwards.enter_context(_timed(history))
        for epoch in range(1, epochs + 1):
            order = torch.randperm(len(train), device=device)
            batches = _paced(order.split(batch_size), adjust_threads, bar)
            losses = _train_epoch(model, train, batches, optim, scheduler, first=epoch == 1)
            _check_finite(losses, epoch, max_lr)
            _record(history, losses, model, train, test, last=epoch == epochs)
            bar.set_postfix_str(f"epoch {epoch}/{epochs}, train MSE {history.train_mse[-1]:.4f}", refresh=False)
        hint = _hint(model, train, history, steps)
    except KeyboardInterrupt:
        stopped = True
    finally:
        with _undisturbed() as presses:
            afterwards.close()
    if stopped or presses:
        raise Stopped(history, epochs)
    if hint:
        warnings.warn(hint, stacklevel=2)
    return history


def _check_model(model):
    """Raise unless `model` can be trained."""
    if not isinstance(model, models.Autoencoder):
        raise TypeError(
            f"model: expected an autoencoder such as models.VanillaAutoencoder(), got {describe(model)}; "
            "for a network of your own, write a subclass of models.Autoencoder whose __init__ calls "
            "super().__init__(latent_dim) and sets self.encoder and self.decoder."
        )
    check_weights(model)
    if not any(weight.requires_grad for weight in model.parameters()):
        raise ValueError("model: expected weights to train, but all are frozen; model.requires_grad_(True) frees them.")


def _check_images(train, test):
    """Raise unless both are sets of images; `test` may be None."""
    for name, images in (("train", train), ("test", test)):
        if not (hasattr(images, "batch") and hasattr(images, "to")) and (name == "train" or images is not None):
            raise TypeError(
                f"{name}: expected a data.ImageSet such as digits.{name}, got {describe(images)}; "
                "wrap tensors as data.ImageSet(images, labels)."
            )


def _check_settings(epochs, seed, batch_size, max_lr, optimizer, schedule):
    """Raise unless each is what `fit` says."""
    check_whole_number(epochs, "epochs")
    check_whole_number(batch_size, "batch_size")
    check_positive(max_lr, "max_lr")
    check_choice(optimizer, "optimizer", tuple(OPTIMIZERS))
    check_choice(schedule, "schedule", SCHEDULES)
    check_whole_number(seed, "seed", minimum=0)


def _prepare(model, optimizer, schedule, max_lr, steps):
    """The optimizer of the weights that aren't frozen, and the schedule of its rate."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optim = OPTIMIZERS[optimizer](weights, lr=max_lr, fused=weights[0].device.type != "mps")
    if schedule == "one_cycle" and steps > 1:  # a cycle of one step would only have its end, a rate of nearly zero
        return optim, torch.optim.lr_scheduler.OneCycleLR(optim, max_lr, total_steps=steps)
    return optim, torch.optim.lr_scheduler.ConstantLR(optim, factor=1.0)


def _train_epoch(model, train, batches, optim, scheduler, first):
    """Take a step for each of `batches`, tensors of indices; `first` asks for a closer look at the first of them.

    Returns:
        (batches, 3) float64 on the CPU, a row each: the loss, its reconstruction part, the number of images. A row
        whose loss isn't finite may be the last one, although there are more batches.
    """
    model.train()
    losses, sizes = [], []  # the losses stay on the device until the epoch is over: to look at one is to wait for it
    for indices in batches:
        x = train.batch(indices)  # (N, 1, 28, 28)
        sizes.append(len(x))
        try:
            loss, reconstruction = _first_objective(model, x) if first and not losses else _objective(model, x)
        except NotFiniteError:  # a check in one of the model's methods was the first to see it
            losses += [torch.tensor(math.nan)] * 2
            break
        optim.zero_grad()
        loss.backward()
        optim.step()
        scheduler.step()
        losses += [loss.detach(), torch.as_tensor(reconstruction).detach()]
    values = torch.stack([value.to(x.device) for value in losses]).cpu().double()
    return torch.column_stack([values.view(-1, 2), torch.tensor(sizes, dtype=torch.float64)])


def _objective(model, x, check=False):
    """(loss, reconstruction), scalars; the reconstruction of a model with a `loss` of its own is NaN: it has no parts.

    `check` looks at what the model's methods return, before anything is computed with it.
    """
    if getattr(model.loss, "__func__", None) is models.Autoencoder.loss:
        parts = model.loss_parts(x)
        if check:
            check_loss_parts(parts)
        reconstruction, penalty = parts
        return reconstruction + penalty, reconstruction
    loss = model.loss(x)
    if check:
        check_scalar(loss, "loss")
    return loss, math.nan


def _first_objective(model, x):
    """`_objective` of the first batch: what a model does wrong it does from the start, so that one look is enough."""
    version = x._version  # grows with each change in place
    loss, reconstruction = _objective(model, x, check=True)
    if x._version != version:
        raise ValueError(
            "The model's loss changed the images that it was given, and so what it should reconstruct; "
            "let it work on a copy, x.clone()."
        )
    if not getattr(loss, "requires_grad", False):
        raise ValueError(
            "The model's loss depends on no weight that is trained: is one of them frozen that should not be, "
            "or does it use .detach(), .item() or torch.no_grad()?"
        )
    return loss, reconstruction


def _check_finite(losses, epoch, max_lr):
    """Raise if one of an epoch's losses is NaN or infinite. The model is of no use then."""
    finite = losses[:, 0].isfinite().tolist()
    if not all(finite):
        raise FloatingPointError(
            f"The loss became NaN or infinite in epoch {epoch}, batch {finite.index(False) + 1}: "
            f"build the model anew and train it with a max_lr below {max_lr:g}."
        )


def _record(history, losses, model, train, test, last):
    """Measure `model` and add the epoch to `history`."""
    model.eval()
    every = math.ceil(len(train) / (EVALUATION_LIMIT if last else EVALUATION_GLANCE))
    train_mse, test_mse = _clean_mse(model, train, every), test and _clean_mse(model, test)
    *columns, sizes = losses.T
    train_loss, reconstruction = [(column @ sizes / sizes.sum()).item() for column in columns]
    # At the end and all at once: an interrupt can't leave lists of different lengths.
    history.train_loss.append(train_loss)
    history.train_reconstruction.extend([] if math.isnan(reconstruction) else [reconstruction])
    history.train_mse.append(train_mse)
    history.test_mse.extend([] if test_mse is None else [test_mse])


@torch.no_grad()
def _clean_mse(model, images, step=1):
    """Mean squared pixel error of `model` on every `step`-th uncorrupted image."""
    device, sums, pixels = next(model.parameters()).device, [], 0
    for indices in torch.arange(0, len(images), step, device=device).split(EVALUATION_BATCH):
        x = images.batch(indices)
        squares = (model(x.clone()).flatten() - x.flatten()).square()  # a copy: the model may work in place
        sums.append(squares.sum())
        pixels += len(squares)
    return sum(torch.stack(sums).tolist()) / pixels


def _bar(steps, progress):
    """A bar that shows itself after two seconds where someone sees it, and wipes itself off."""
    watched = sys.stdout.isatty() or "JPY_SESSION_NAME" in os.environ or "google.colab" in sys.modules  # not in a book
    # To stdout: a wiped bar on stderr would leave a red strip in the notebook.
    return tqdm(total=steps, unit="batch", delay=2, leave=False, file=sys.stdout, disable=not (progress and watched))


def _paced(batches, adjust_threads, bar):
    """Hand out `batches`; what is done with one of them is a step, of which the threads and the bar are told."""
    for batch in batches:
        start = time.perf_counter()
        yield batch
        adjust_threads(time.perf_counter() - start)
        bar.update()


@contextlib.contextmanager
def _timed(history):
    """Write down how long it took."""
    start = time.perf_counter()
    try:
        yield
    finally:
        history.seconds = time.perf_counter() - start


@contextlib.contextmanager
def _borrowed(model, seed):
    """Take `model` to the device that is yielded, with gradients on and all generators seeded; give all back."""
    home, device = next(model.parameters()).device, default_device()
    with _generators_kept(), torch.inference_mode(False), torch.enable_grad():
        seed_everything(seed)
        try:
            model.to(device)
            yield device
        finally:
            model.eval().to(home)


@contextlib.contextmanager
def _generators_kept():
    """Put the random number generators back as they were: Python's, NumPy's, PyTorch's on all devices."""
    python, numpy = random.getstate(), np.random.get_state()
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        if mps is not None:
            torch.mps.set_rng_state(mps)


@contextlib.contextmanager
def _undisturbed():
    """Let a press of Ctrl-C or stop wait; yields the list of those that came."""
    presses = []
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is None:  # no press arrives here
        yield presses
        return
    signal.signal(signal.SIGINT, lambda *_: presses.append(True))
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, handler)


@contextlib.contextmanager
def _threads(device):
    """Choose the number of PyTorch's threads; yields a function that is told how long each step took."""
    allowed = torch.get_num_threads()
    if device.type != "cpu" or allowed == 1:
        yield lambda seconds: None
        return
    choices = thread_choices(allowed)
    try:
        torch.set_num_threads(next(choices))
        yield lambda seconds: torch.set_num_threads(choices.send(seconds))
    finally:
        torch.set_num_threads(allowed)


def thread_choices(allowed):
    """Yield the number of threads for the next step, 1 or `allowed`; to be sent the seconds that it took.

    On idle cores more threads are faster. As soon as anything else runs, they are ten times slower than one:
    a step is dozens of short pieces of work, and after each of them all threads wait for the one that has lost its
    core to another program. No rule by the size of the model knows what else runs, so real steps are timed, with
    one thread and with all in turns. All threads stay for as long as they are faster. Where they are not, one thread
    gets a rest from looking, long enough for a look to cost a twentieth of the time.
    """
    while True:
        times = {1: [], allowed: []}
        for number in 2 * (3 * [1] + 3 * [allowed]):
            times[number].append((yield number))
            one = statistics.median(times[1])
            if max(times[allowed], default=0) > 3 * one:  # enough seen
                break
        mean, slowest, lasted = statistics.mean(times[allowed]), max(times[allowed]), 0
        if mean < 0.9 * one:
            while mean < 1.2 * one and lasted < LONGEST_RUN:
                seconds = yield allowed
                mean += (seconds - mean) / 4  # a running mean: one step of ten times the length ends it
                slowest, lasted = max(slowest, seconds), lasted + 1
        if lasted < SHORTEST_RUN:
            for _ in range(int(20 * slowest / one)):
                yield 1


@torch.no_grad()
def _hint(model, images, history, steps):
    """What to tell a learner whose trained model is of no use, else None.

    The mean image is what a network can give that knows nothing about its input. Healthy trainings do better after
    200 steps at the latest, a denoiser perhaps on noisy images alone. So a few steps are no reason to warn, unless all
    reconstructions are the same: their variance is above 1e-8 of the images' in healthy trainings, from the first
    step on, and below 1e-15 in collapsed ones.
    """
    every = -(-len(images) // EVALUATION_GLANCE)
    x = images.batch(torch.arange(0, len(images), every, device=next(model.parameters()).device))
    variance = x.var(dim=0, correction=0).mean().item()  # the mean image's error
    if min([history.train_mse[-1], *history.train_reconstruction[-1:]]) < 0.95 * variance or variance == 0:
        return None
    x_hat = model(x.clone())
    error = (x_hat - x).square().mean().item()
    alike = x_hat.var(dim=0, correction=0).mean().item() < 1e-12 * variance
    if not alike and (steps < ENOUGH_STEPS or error < 0.999 * variance):
        return None
    what = "gives all images the same reconstruction" if alike else "reconstructs no better than the mean image does"
    return (
        f"The trained model {what}: its error on training images is {error:.4f}, the mean image's {variance:.4f}. "
        "Usual causes: a max_lr that is too large or too small, a penalty that outweighs the reconstruction, "
        "or units that are zero for every image."
    )
