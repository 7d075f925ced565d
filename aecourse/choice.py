"""How the defaults were chosen: on validation digits, by a search that anyone can rerun.

`python -m aecourse.benchmark --choose` cuts 400 validation digits from the 4,000 training digits, trains every
candidate on the other 3,600, and prints its table. The 1,000 test digits take no part: an error on images that
helped to choose is no longer an error on new images.

The rule is the same for all: the smallest network whose validation error is within a tenth of the lowest one, and
for it the recipe with the lowest error. A tenth, because two seeds differ by about 6 %: what is less may be luck,
and a class of thirty laptops waits for every weight.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import torch
from joblib import Parallel, delayed

from aecourse import data, metrics, models, reproducibility, training

VALIDATION_SHARE = 0.1
TOLERANCE = 0.1
MIN_ZEROS = 0.5  # of a sparse code
NOISE_STD = 0.3  # of the denoiser's validation digits
# Where each search starts; the rate is one of its own.
FIRST = training.Settings(epochs=30, batch_size=64, max_lr=1e-2, optimizer="adamw", schedule="one_cycle")


@dataclass(frozen=True)
class Candidate:
    """One training: the widths of the hidden layers (or channels), and the settings."""

    widths: tuple
    settings: training.Settings


@dataclass(frozen=True)
class Search:
    """What is tried for one variant: all widths with all rates, then the last two fields around the best of them."""

    variant: str
    build: Callable  # widths -> a new model
    error: Callable  # (model, validation images) -> what has to be low
    widths: tuple
    rates: tuple
    batch_sizes: tuple = (128,)
    epochs: tuple = (10, 20)


@dataclass(frozen=True)
class Row:
    """A candidate, trained: its errors, and how large it is."""

    candidate: Candidate
    train: float
    validation: float
    weights: int


def clean_error(model, images):
    """Mean squared error of the reconstructions of clean images."""
    return metrics.reconstruction_mse(model, images)


def noisy_error(model, images):
    """Mean squared error, against the clean images, of the reconstructions of noisy ones."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    noisy = (images + NOISE_STD * noise).clamp(0, 1)
    with torch.no_grad():
        return (model(noisy) - images).square().mean().item()


def sparse_error(model, images):
    """The clean error; infinite where less than half of the code is exactly zero, for that was the task."""
    with torch.no_grad():
        zeros = (model.encode(images) == 0).float().mean().item()
    return clean_error(model, images) if zeros >= MIN_ZEROS else float("inf")


@torch.no_grad()
def objective(model, images):
    """The variant's own objective, its penalty included: for the variational one, whose task is both."""
    reproducibility.seed_everything(0)  # of the noise in the code
    return model.loss(images).item()


DENSE = ((128,), (256,), (512,), (256, 128), (512, 256))
RATES = (3e-3, 1e-2)
SEARCHES = [
    Search("linear", lambda _: models.LinearAutoencoder(32), clean_error, widths=((),), rates=(3e-3, 1e-2, 3e-2)),
    Search("vanilla, d = 2", lambda w: models.VanillaAutoencoder(2, w), clean_error, DENSE, RATES),
    Search("vanilla, d = 8", lambda w: models.VanillaAutoencoder(8, w), clean_error, DENSE[1::2], RATES[1:], (), ()),
    Search("vanilla, d = 32", lambda w: models.VanillaAutoencoder(32, w), clean_error, DENSE, RATES),
    Search("denoising", lambda w: models.DenoisingAutoencoder(32, w), noisy_error, DENSE, RATES),
    Search("sparse, top 16", lambda w: models.SparseAutoencoder(32, w, top_k=16), sparse_error, DENSE, RATES),
    *(
        Search(
            f"sparse, λ = {weight:g}",
            lambda w, weight=weight: models.SparseAutoencoder(32, w, sparsity_weight=weight),
            sparse_error,
            widths=((256,),),
            rates=(1e-2,),
            batch_sizes=(),
            epochs=(),
        )
        for weight in (1e-4, 2e-4, 4e-4)
    ),
    Search(
        "convolutional",
        lambda w: models.ConvolutionalAutoencoder(32, w),
        clean_error,
        widths=((8, 16), (16, 32), (32, 64)),
        rates=(5e-3, 1e-2),
    ),
    Search("variational", lambda w: models.VariationalAutoencoder(32, w), objective, DENSE, RATES),
]


def run(search, candidate, train, validation):
    """Train one candidate with seed 0: a `Row`."""
    reproducibility.seed_everything(0)
    model = search.build(candidate.widths)
    training.fit(model, train, progress=False, **asdict(candidate.settings))
    return Row(
        candidate,
        train=search.error(model, train.images),
        validation=search.error(model, validation.images),
        weights=metrics.parameter_count(model),
    )


def chosen(rows):
    """The row that the rule takes: the smallest network within a tenth of the lowest error, then its best recipe."""
    bar = (1 + TOLERANCE) * min(row.validation for row in rows)
    return min((row for row in rows if row.validation <= bar), key=lambda row: (row.weights, row.validation))


def search_through(search, train, validation):
    """All rows of one variant, and the chosen one: widths and rates first, then batches, then epochs."""
    tried = []

    def try_all(candidates):
        new = [candidate for candidate in candidates if candidate not in (row.candidate for row in tried)]
        tried.extend(Parallel(n_jobs=2)(delayed(run)(search, candidate, train, validation) for candidate in new))
        return chosen(tried).candidate

    # The largest networks first: of two processes none is left alone with the longest training.
    best = try_all(
        Candidate(widths, replace(FIRST, max_lr=rate)) for widths in search.widths[::-1] for rate in search.rates
    )
    for name, values in (("batch_size", search.batch_sizes), ("epochs", search.epochs)):
        best = try_all(Candidate(best.widths, replace(best.settings, **{name: value})) for value in values)
    return tried, best


def choose():
    """Search for every variant, and print the table of the book's page on the defaults."""
    train, validation = data.load_mnist().train.split(VALIDATION_SHARE, seed=0)
    print("| variant | widths | rate | batch | epochs | train | validation | verdict |")
    print("|---|---|---|---|---|---|---|---|")
    for search in SEARCHES:
        tried, best = search_through(search, train, validation)
        for row in sorted(tried, key=lambda row: row.validation):
            widths = "-".join(map(str, row.candidate.widths)) or "none"
            settings = row.candidate.settings
            recipe = f"{settings.max_lr:g} | {settings.batch_size} | {settings.epochs}"
            mark = "chosen" if row.candidate == best and math.isfinite(row.validation) else ""
            errors = f"{row.train:.4f} | {row.validation:.4f} | {mark}"
            print(f"| {search.variant} | {widths} | {recipe} | {errors} |", flush=True)
