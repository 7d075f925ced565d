"""Evidence for the convolutional networks: the race with other seeds, the dense network's rate and longer training."""

import functools

import pytest

from aecourse import metrics, models, reproducibility, training

SEEDS = (0, 1, 2)


def train(build, images, epochs, seed=0, max_lr=1e-2):
    """The recipe of the chapter's races: batches of 32."""
    reproducibility.seed_everything(seed)
    model = build(latent_dim=32)
    training.fit(model, images, epochs=epochs, seed=seed, batch_size=32, max_lr=max_lr, progress=False)
    return model


@pytest.fixture(scope="module")
def dense(digits):
    """A function (seed, epochs) -> the dense network of the race."""
    return functools.cache(lambda seed, epochs: train(models.VanillaAutoencoder, digits.train, epochs, seed, 5e-3))


def test_the_rate_of_the_dense_network_is_chosen_on_validation_digits(digits):
    """notebooks/06_convolutional.ipynb: "each of three seeds ends lower with 0.005 than with 0.01"."""
    rest, validation = digits.train.split(0.1, seed=0)
    for seed in SEEDS:
        errors = [
            metrics.reconstruction_mse(train(models.VanillaAutoencoder, rest, 35, seed, rate), validation.images)
            for rate in (5e-3, 1e-2)
        ]
        assert errors[0] < errors[1], f"seed {seed}: {errors}"


def test_the_order_of_the_race_holds_for_other_seeds(digits, dense):
    """notebooks/06_convolutional.ipynb: "with the seeds 1 and 2 the order of the first is the same"."""
    for seed in (1, 2):
        convolutional = train(models.ConvolutionalAutoencoder, digits.train, 7, seed)
        errors = [metrics.reconstruction_mse(model, digits.test.images) for model in (convolutional, dense(seed, 35))]
        assert errors[0] < errors[1] < 0.0175, f"seed {seed}: {errors}"  # PCA has 0.0175


def test_twice_the_epochs_help_the_dense_network_on_its_training_digits_only(digits, dense):
    """notebooks/06_convolutional.ipynb: "its training error falls further, and its test error does not"."""
    (train_once, test_once), (train_twice, test_twice) = (
        [metrics.reconstruction_mse(dense(0, epochs), part.images) for part in (digits.train, digits.test)]
        for epochs in (35, 70)
    )
    assert train_twice < 0.9 * train_once, f"{train_once:.5f}, {train_twice:.5f}"
    assert test_twice > 0.98 * test_once, f"{test_once:.5f}, {test_twice:.5f}"
