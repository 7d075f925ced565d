"""What the chapter on the bottleneck says of other seeds."""

import pytest

from aecourse import models, reproducibility, training

SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def halves(digits):
    """3,600 digits to train on and 400 validation digits, as in the chapter."""
    return digits.train.split(0.1, seed=0)


def trained(halves, seed, latent_dim, hidden_dims):
    """The history of the default recipe, with the validation errors in `test_mse`."""
    train, validation = halves
    reproducibility.seed_everything(seed)
    model = models.VanillaAutoencoder(latent_dim, hidden_dims)
    return training.fit(model, train, test=validation, seed=seed)


def test_the_deep_funnel_is_behind_on_both_sets(halves):
    """notebooks/01_bottleneck.ipynb: "With the seeds 0, 1 and 2 the funnel ends above the small network in both
    errors"."""
    for seed in SEEDS:
        deep, small = (trained(halves, seed, 32, hidden_dims) for hidden_dims in ((512, 256), (256,)))
        for name in ("train_mse", "test_mse"):
            behind, ahead = getattr(deep, name)[-1], getattr(small, name)[-1]
            assert behind > 1.1 * ahead, f"seed {seed}, {name}: the funnel {behind:.4f}, the small network {ahead:.4f}"


def test_depth_helps_a_code_of_two_numbers(halves):
    """notebooks/01_bottleneck.ipynb: "with a code of two numbers a second hidden layer lowers the validation error,
    again with each of the three seeds"."""
    for seed in SEEDS:
        two, one = (trained(halves, seed, 2, dims).test_mse[-1] for dims in ((256, 128), (256,)))
        assert two < 0.95 * one, f"seed {seed}: two hidden layers {two:.4f}, one {one:.4f}"
