"""The only place where weights are updated."""

import math
import os
import sys
import time
from dataclasses import dataclass, field

import torch
from torch import nn
from tqdm import tqdm

from aecourse.reproducibility import default_device, seed_everything
from aecourse.validation import NotFiniteError, check_choice, check_positive, check_whole_number, describe

OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
SCHEDULES = ("one_cycle", "constant")
EVALUATION_BATCH = 250  # memory of this size is reused; larger pieces come fresh from the system each time
EVALUATION_LIMIT = 10_000  # after the last epoch; more training images would cost a third of an epoch
EVALUATION_GLANCE = 1_000  # after the others: enough for a curve


@dataclass
class History:
    """One float an epoch in each list; all lists have the same length, but for `test_mse` without a test set.

    Attributes:
        train_loss: the variant's own objective, averaged over the epoch's batches as they were trained on.
        train_reconstruction: its reconstruction part alone, without the penalty.
        train_mse: mean squared pixel error on the clean training images after the epoch; the one to compare.
            Of more than 1,000 images, about 1,000 evenly spaced ones are measured; after the last epoch
            about 10,000, so that of the 4,000 or 5,000 embedded digits the last figure counts them all.
        test_mse: the same on the test images, all of them.
        seconds: wall-clock time of the whole training.
    """

    train_loss: list[float] = field(default_factory=list)
    train_reconstruction: list[float] = field(default_factory=list)
    train_mse: list[float] = field(default_factory=list)
    test_mse: list[float] = field(default_factory=list)
    seconds: float = 0.0


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
    Ctrl-C ends early and returns the history of the finished epochs.

    Args:
        model: an `Autoencoder`.
        train, test: `data.ImageSet`s such as `digits.train`; `test` may be None.
        epochs: passes over the training images.
        seed: of the order of the images and of the model's own noise; the weights are seeded where
            the model is built.
        batch_size, max_lr: None for what the variant recommends.
        optimizer: "adamw" (Loshchilov & Hutter 2019, arXiv:1711.05101) or "adam".
        schedule: "one_cycle", up to `max_lr` and down again (Smith & Topin 2019, arXiv:1708.07120),
            or "constant" at `max_lr`.
        progress: show a bar when training takes more than two seconds.

    Returns:
        A `History`.

    Raises:
        TypeError, ValueError: on bad input, before anything is trained.
        FloatingPointError: when the loss is NaN or infinite.
    """
    if not (isinstance(model, nn.Module) and hasattr(model, "loss_parts")):
        raise TypeError(f"model: expected an autoencoder such as models.VanillaAutoencoder(), got {describe(model)}.")
    for name, images in (("train", train), ("test", test)):
        if not (hasattr(images, "batch") and hasattr(images, "to")) and (name == "train" or images is not None):
            raise TypeError(
                f"{name}: expected a data.ImageSet such as digits.{name}, got {describe(images)}; "
                "wrap tensors as data.ImageSet(images, labels)."
            )
    batch_size = model.batch_size if batch_size is None else batch_size
    max_lr = model.max_lr if max_lr is None else max_lr
    check_whole_number(epochs, "epochs")
    check_whole_number(batch_size, "batch_size")
    check_positive(max_lr, "max_lr")
    check_choice(optimizer, "optimizer", tuple(OPTIMIZERS))
    check_choice(schedule, "schedule", SCHEDULES)
    seed_everything(seed)

    home, device = next(model.parameters()).device, default_device()
    model.to(device)
    train, test = train.to(device), test and test.to(device)
    batches = -(-len(train) // batch_size)
    optim = OPTIMIZERS[optimizer](model.parameters(), lr=max_lr, fused=device.type != "mps")
    if schedule == "one_cycle":
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optim, max_lr, total_steps=epochs * batches)
    else:
        scheduler = torch.optim.lr_scheduler.ConstantLR(optim, factor=1.0)

    history, start = History(), time.perf_counter()
    unwatched = not (progress and _watched())
    # To stdout: a wiped bar on stderr would leave a red strip in the notebook.
    bar = tqdm(total=epochs * batches, unit="batch", delay=2, leave=False, file=sys.stdout, disable=unwatched)
    try:
        for epoch in range(1, epochs + 1):
            model.train()
            parts = []  # of the loss: one (loss, reconstruction, images) a batch
            order = torch.randperm(len(train), device=device)
            for batch, indices in enumerate(order.split(batch_size), start=1):  # noqa: B007 - for the error
                x = train.batch(indices)  # (B, 1, 28, 28)
                reconstruction, penalty = model.loss_parts(x)
                loss = reconstruction + penalty
                if not math.isfinite(loss.item()):
                    raise NotFiniteError
                optim.zero_grad()
                loss.backward()
                optim.step()
                scheduler.step()
                parts.append((loss.item(), reconstruction.item(), len(x)))
                bar.update()
            model.eval()
            limit = EVALUATION_LIMIT if epoch == epochs else EVALUATION_GLANCE
            train_mse = _clean_mse(model, train, step=-(-len(train) // limit))
            test_mse = [_clean_mse(model, test)] if test is not None else []
            losses, reconstructions, sizes = torch.tensor(parts).T
            train_loss, train_reconstruction = _mean(losses, sizes), _mean(reconstructions, sizes)
            # All at once: an interrupt cannot leave lists of different lengths.
            history.train_loss.append(train_loss)
            history.train_reconstruction.append(train_reconstruction)
            history.train_mse.append(train_mse)
            history.test_mse.extend(test_mse)
            bar.set_postfix_str(f"epoch {epoch}/{epochs}, train MSE {train_mse:.4f}", refresh=False)
    except KeyboardInterrupt:
        pass
    except NotFiniteError:
        raise FloatingPointError(
            f"The loss became NaN or infinite in epoch {epoch}, batch {batch}: "
            f"build the model anew and train it with a max_lr below {max_lr:g}."
        ) from None
    finally:
        bar.close()
        model.eval().to(home)
        history.seconds = time.perf_counter() - start
    return history


def _watched():
    """Whether someone sees the bar: in a terminal, in Jupyter or Colab, not when the book is built."""
    return sys.stdout.isatty() or "JPY_SESSION_NAME" in os.environ or "google.colab" in sys.modules


def _mean(values, weights):
    """The weighted mean, a float."""
    from torchmetrics import MeanMetric  # here, not above: it takes longer to import than torch

    return MeanMetric()(values, weights).item()  # with nan_strategy="disable", torchmetrics 1.9 ignores weights


@torch.no_grad()
def _clean_mse(model, images, step=1):
    """Mean squared pixel error of `model` on every `step`-th uncorrupted image."""
    from torchmetrics import MeanSquaredError

    error = MeanSquaredError().to(images.labels.device)
    for indices in torch.arange(0, len(images), step, device=images.labels.device).split(EVALUATION_BATCH):
        x = images.batch(indices)
        error.update(model(x).flatten(), x.flatten())
    return error.compute().item()
