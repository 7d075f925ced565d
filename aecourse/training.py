"""The only place where weights are updated; and where a trained model is kept."""

import contextlib
import hashlib
import inspect
import json
import os
import random
import signal
import statistics
import sys
import threading
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from aecourse import models
from aecourse.reproducibility import default_device, seed_everything
from aecourse.validation import (
    NotFiniteError,
    check_choice,
    check_loss_parts,
    check_positive,
    check_scalar,
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
FORMAT = 1  # of the files that `save` writes


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

    def __init__(self, message, history):
        super().__init__(message)
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
        FloatingPointError: when a loss is NaN or infinite, at the end of its epoch; it names the batch.
        Stopped: on Ctrl-C or Jupyter's stop button; it holds the history of the finished epochs.

    Warns:
        UserWarning: if the trained model reconstructs no better than the mean image does.
    """
    _check(model, train, test)
    batch_size = model.batch_size if batch_size is None else batch_size
    max_lr = model.max_lr if max_lr is None else max_lr
    check_whole_number(epochs, "epochs")
    check_whole_number(batch_size, "batch_size")
    check_positive(max_lr, "max_lr")
    check_choice(optimizer, "optimizer", tuple(OPTIMIZERS))
    check_choice(schedule, "schedule", SCHEDULES)
    check_whole_number(seed, "seed", minimum=0)

    history, losses, epoch, stopped, hint = History(), [], 1, False, None
    start, afterwards = time.perf_counter(), contextlib.ExitStack()
    try:
        train, test, device = _prepare(afterwards, model, train, test, seed)
        steps = epochs * -(-len(train) // batch_size)
        optim, scheduler = _optimizer(model, optimizer, schedule, max_lr, steps)
        adjust_threads = afterwards.enter_context(_threads(device))
        bar = afterwards.enter_context(_bar(steps, progress))
        start = time.perf_counter()
        for epoch in range(1, epochs + 1):
            losses = []
            for x in _batches(train, batch_size, device):
                step_start = time.perf_counter()
                losses.append(_step(model, x, optim, scheduler, first=not losses))
                adjust_threads(time.perf_counter() - step_start)
                bar.update()
            _record(history, losses, model, train, test, last=epoch == epochs)
            bar.set_postfix_str(f"epoch {epoch}/{epochs}, train MSE {history.train_mse[-1]:.4f}", refresh=False)
        hint = _hint(model, train, history, steps)
    except KeyboardInterrupt:
        stopped = True
    except NotFiniteError:
        raise FloatingPointError(
            f"The loss became NaN or infinite in epoch {epoch}, batch {_first_odd(losses)}: "
            f"build the model anew and train it with a max_lr below {max_lr:g}."
        ) from None
    finally:
        with _undisturbed() as presses:
            afterwards.close()
            history.seconds = time.perf_counter() - start
    if stopped or presses:
        raise _stopped(history, epoch, epochs)
    if hint:
        warnings.warn(hint, stacklevel=2)
    return history


def _check(model, train, test):
    """Raise unless `model` can be trained and `train` and `test` are images."""
    if not isinstance(model, models.Autoencoder):
        raise TypeError(
            f"model: expected an autoencoder such as models.VanillaAutoencoder(), got {describe(model)}; "
            "for a network of your own, write a subclass of models.Autoencoder whose __init__ calls "
            "super().__init__(latent_dim) and sets self.encoder and self.decoder."
        )
    _check_weights(model)
    if not any(weight.requires_grad for weight in model.parameters()):
        raise ValueError("model: expected weights to train, but all are frozen; model.requires_grad_(True) frees them.")
    for name, images in (("train", train), ("test", test)):
        if not (hasattr(images, "batch") and hasattr(images, "to")) and (name == "train" or images is not None):
            raise TypeError(
                f"{name}: expected a data.ImageSet such as digits.{name}, got {describe(images)}; "
                "wrap tensors as data.ImageSet(images, labels)."
            )


def _check_weights(model):
    """Raise unless `model` has weights, all float32 and made for training."""
    weights = list(model.parameters())
    if not weights:
        raise ValueError("model: expected weights to train, but it has none; set self.encoder and self.decoder.")
    odd = [weight for weight in weights if weight.dtype != torch.float32]
    if odd:
        raise TypeError(f"model: expected float32 weights, got {describe(odd[0])}; call model.float().")
    if any(tensor.is_inference() for tensor in (*weights, *model.buffers())):
        raise ValueError(
            "model: its weights were made under torch.inference_mode() and can't be trained; build it outside."
        )


def _prepare(afterwards, model, train, test, seed):
    """Seed, allow gradients and move everything to the device; `afterwards` puts back what the caller had."""
    afterwards.enter_context(_generators_kept())
    seed_everything(seed)
    afterwards.enter_context(torch.inference_mode(False))  # gradients, also where the caller has switched them off
    afterwards.enter_context(torch.enable_grad())
    home, device = next(model.parameters()).device, default_device()
    afterwards.callback(lambda: model.eval().to(home))
    model.to(device)
    return train.to(device), test and test.to(device), device


def _optimizer(model, optimizer, schedule, max_lr, steps):
    """The optimizer of the weights that aren't frozen, and the schedule of its rate."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optim = OPTIMIZERS[optimizer](weights, lr=max_lr, fused=weights[0].device.type != "mps")
    if schedule == "one_cycle" and steps > 1:  # a cycle of one step would only have its end, a rate of nearly zero
        return optim, torch.optim.lr_scheduler.OneCycleLR(optim, max_lr, total_steps=steps)
    return optim, torch.optim.lr_scheduler.ConstantLR(optim, factor=1.0)


def _batches(train, batch_size, device):
    """All images once, in a fresh order."""
    for indices in torch.randperm(len(train), device=device).split(batch_size):
        yield train.batch(indices)


def _step(model, x, optim, scheduler, first):
    """Train on one batch: its loss, the reconstruction part if the model has parts, its number of images.

    The numbers stay where they were computed until the epoch ends. What a model of the learner's own can have wrong
    shows in the `first` batch of an epoch; there it is looked for, not in each.
    """
    if first:
        model.train()
    version = x._version  # grows with each change in place
    objective = _objective(model, x)
    if first:
        _check_objective(objective, model, unchanged=x._version == version)
    loss = objective[0]
    optim.zero_grad()
    loss.backward()
    optim.step()
    scheduler.step()
    return *(torch.as_tensor(part).detach() for part in objective), len(x)


def _objective(model, x):
    """(loss, reconstruction), scalars; of a model with a `loss` of its own only (loss,)."""
    if not _has_parts(model):
        return (model.loss(x),)
    parts = model.loss_parts(x)
    check_loss_parts(parts)
    reconstruction, penalty = parts
    return reconstruction + penalty, reconstruction


def _has_parts(model):
    return getattr(model.loss, "__func__", None) is models.Autoencoder.loss


def _check_objective(objective, model, unchanged):
    """Raise unless what a model of the learner's own asks for can be trained on."""
    if not _has_parts(model):
        check_scalar(objective[0], "loss")
    if not getattr(objective[0], "requires_grad", False):
        raise ValueError(
            "The model's loss depends on no weight that is trained: is one of them frozen that should not be, "
            "or does it use .detach(), .item() or torch.no_grad()?"
        )
    if not unchanged:
        raise ValueError(
            "The model's loss changed the images that it was given, and so what it should reconstruct; "
            "let it work on a copy, x.clone()."
        )


def _record(history, losses, model, train, test, last):
    """Add an epoch to `history`, at its end and all at once: an interrupt can't leave lists of different lengths."""
    if _first_odd(losses) <= len(losses):
        raise NotFiniteError
    model.eval()
    every = -(-len(train) // (EVALUATION_LIMIT if last else EVALUATION_GLANCE))
    train_mse, test_mse = _clean_mse(model, train, every), test and _clean_mse(model, test)
    *columns, sizes = zip(*losses, strict=True)
    columns, sizes = [torch.stack(column).cpu().double() for column in columns], torch.tensor(sizes).double()
    train_loss, *train_reconstruction = [(column @ sizes / sizes.sum()).item() for column in columns]
    history.train_loss.append(train_loss)
    history.train_reconstruction.extend(train_reconstruction)
    history.train_mse.append(train_mse)
    history.test_mse.extend([] if test_mse is None else [test_mse])


def _first_odd(losses):
    """The batch, counted from 1, whose loss is the first that isn't finite; the next batch if all are."""
    finite = torch.stack([loss for loss, *_ in losses]).isfinite().tolist() if losses else []
    return [*finite, False].index(False) + 1


def _stopped(history, epoch, epochs):
    """What to raise after a press of stop in this epoch."""
    finished = len(history.train_mse) or "no"
    return Stopped(
        f"Stopped in epoch {epoch} of {epochs}; the model has the weights of its last step, "
        f"and this exception's `history` has {finished} finished epoch{'' if finished == 1 else 's'}.",
        history,
    )


@contextlib.contextmanager
def _bar(steps, progress):
    """A bar of `steps` batches, if someone watches; on stdout, since a wiped one on stderr would leave a red strip."""
    hidden = not (progress and _watched())
    with tqdm(total=steps, unit="batch", delay=2, leave=False, file=sys.stdout, disable=hidden) as bar:
        yield bar


def _watched():
    """Whether someone sees the bar: in a terminal, in Jupyter or Colab, not when the book is built."""
    return sys.stdout.isatty() or "JPY_SESSION_NAME" in os.environ or "google.colab" in sys.modules


@torch.no_grad()
def _clean_mse(model, images, step=1):
    """Mean squared pixel error of `model` on every `step`-th uncorrupted image."""
    device, total, pixels = next(model.parameters()).device, 0.0, 0
    for indices in torch.arange(0, len(images), step, device=device).split(EVALUATION_BATCH):
        x = images.batch(indices)
        squares = (model(x.clone()).flatten() - x.flatten()).square()  # a copy: the model may work in place
        total, pixels = total + squares.sum().item(), pixels + len(squares)
    return total / pixels


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


def save(model, path):
    """Keep a model in one file, of which `load` makes the same model again.

    The weights are stored as safetensors, which hold numbers and nothing that runs, and in the file's header how
    the model was built, as JSON. The file appears whole or not at all: what was at `path` before stays until then.

    Args:
        model: one of the variants in `models`.
        path: a str or Path in a folder that exists; by custom it ends in .safetensors.

    Raises:
        TypeError, ValueError: if its class and its arguments, numbers and other models, don't make it again.
        OSError: if the file can't be written.
    """
    from safetensors.torch import save  # here, not above: training does without

    path = _checked_path(path)
    recipe = json.dumps({"format": FORMAT} | _recipe(model))
    weights = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in model.state_dict().items()
    }
    again = _build(json.loads(recipe))
    replaced = [name for name in vars(model) if callable(getattr(type(model), name, None))]
    if replaced or str(again) != str(model) or _shapes(again.state_dict()) != _shapes(weights):
        raise ValueError(
            f"model: expected what {type(model).__name__} builds, but {replaced[0] if replaced else 'a layer'} "
            "was replaced; torch.save(model.state_dict(), path) keeps the weights alone."
        )
    _write(path, save(weights, {"aecourse": recipe, "sha256": _digest(recipe, weights)}))


def load(path):
    """The model that `save` kept: on the CPU, in eval mode, its weights the same bit for bit, none frozen.

    Args:
        path: a str or Path.

    Raises:
        TypeError: if `path` is something else.
        OSError: if there is no such file, or it can't be read.
        ValueError: if it isn't a file that `save` wrote, whole and unchanged.
    """
    from safetensors import SafetensorError, safe_open

    path = _checked_path(path)
    expected = f"{path}: expected a file from training.save"
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a dict
    except OSError as error:
        raise OSError(f"{expected}, but it can't be read ({error}).") from None
    except SafetensorError as error:
        raise ValueError(f"{expected}, got another one or a part of one ({error}).") from None
    if "aecourse" not in metadata:
        raise ValueError(f"{expected}, got safetensors that another program wrote.")
    if metadata.get("sha256") != _digest(metadata["aecourse"], weights):
        raise ValueError(f"{expected}, got one that was changed or damaged since (its SHA-256 differs).")
    try:
        recipe = json.loads(metadata["aecourse"])
        if recipe["format"] != FORMAT:
            raise ValueError(f"its format is {recipe['format']}, not {FORMAT}")
        model = _build(recipe)
    except (ArithmeticError, AttributeError, KeyError, RecursionError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"{expected}, got one from which this version builds no model ({error!r:.200}).") from None
    needed, found = _shapes(model.state_dict()), _shapes(weights)
    if needed != found:
        name = min(name for name, _ in needed.items() ^ found.items())
        raise ValueError(f"{expected}, whose {name} is {needed.get(name, 'absent')}, got {found.get(name, 'none')}.")
    model.load_state_dict(weights, assign=True)
    return model.eval()


def _recipe(model):
    """How `model` was built, for JSON: its class and its arguments, of which a body is such a recipe too."""
    kind = type(model)
    if kind not in _variants().values():
        raise TypeError(
            f"model: expected one of the variants in models, got {describe(model)}; "
            "torch.save(model.state_dict(), path) keeps the weights of a class of your own."
        )
    _check_weights(model)
    arguments = {name: getattr(model, name) for name in inspect.signature(kind).parameters}
    for name, value in arguments.items():
        if isinstance(value, nn.Module):
            arguments[name] = _recipe(value)
        elif callable(value):
            raise TypeError(
                f"{name}: expected nothing that runs, as a file can't hold it, got {describe(value)}; save model.body, "
                f"which has the weights, and build {kind.__name__}(body=training.load(path), {name}=...) around it."
            )
    return {"class": kind.__name__, "arguments": arguments}


def _build(recipe):
    """The model of a recipe, still without weights: they are on the device "meta", which stores shapes alone."""
    arguments = {
        name: _build(value) if isinstance(value, dict) else tuple(value) if isinstance(value, list) else value
        for name, value in recipe["arguments"].items()
    }
    with torch.device("meta"):
        return _variants()[recipe["class"]](**arguments)


def _variants():
    """The classes in `models` by their names."""
    public = {name: getattr(models, name) for name in models.__all__}
    return {
        name: thing
        for name, thing in public.items()
        if inspect.isclass(thing) and issubclass(thing, models.Autoencoder) and thing is not models.Autoencoder
    }


def _shapes(weights):
    """What each weight is, in words."""
    return {name: describe(tensor) for name, tensor in weights.items()}


def _digest(recipe, weights):
    """SHA-256 of all that a file says."""
    digest = hashlib.sha256(recipe.encode())
    for name in sorted(weights):
        digest.update(f"{name} {describe(weights[name])}".encode())
        digest.update(weights[name].contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _checked_path(path):
    """`path` as a Path, with ~ for the home folder."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path: expected a str or Path such as 'model.safetensors', got {describe(path)}.")
    path = Path(path).expanduser()
    if path.is_dir():
        raise OSError(f"{path}: expected a file, but it is a folder; add a name such as model.safetensors.")
    return path


def _write(path, content):
    """Write a file so that it appears whole or not at all."""
    if not path.parent.is_dir():
        raise OSError(f"{path}: expected a folder that exists, but {path.parent} does not; make it first.")
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise OSError(f"{path}: can't be written ({error.strerror}); what was there before is unchanged.") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
