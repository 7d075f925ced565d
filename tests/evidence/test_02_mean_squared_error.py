"""Evidence for the chapter on squared error: both losses again, with other seeds, for longer, and at a lower rate."""

import pytest

from aecourse import losses, metrics, models, reproducibility, training


class CrossEntropyAutoencoder(models.VanillaAutoencoder):
    """The chapter's: BCE, summed over pixels, in place of MSE."""

    def loss_parts(self, x, target=None):
        z = self.encode(x)
        target = x if target is None else target
        return losses.bernoulli_nll(self.decode(z), target), self.penalty(z)


@pytest.fixture
def leads(digits):
    """A function (epochs, max_lr) -> by what share BCE leaves a lower test MSE, for three seeds."""

    def lead(seed, epochs, max_lr):
        test_mse = []
        for variant in (CrossEntropyAutoencoder, models.VanillaAutoencoder):
            reproducibility.seed_everything(seed)
            model = variant(latent_dim=32)
            training.fit(model, digits.train, epochs=epochs, seed=seed, max_lr=max_lr)
            test_mse.append(metrics.reconstruction_mse(model, digits.test.images))
        return 1 - test_mse[0] / test_mse[1]

    return lambda epochs, max_lr=None: [lead(seed, epochs, max_lr) for seed in range(3)]


def test_cross_entropy_is_ahead_with_three_seeds(leads):
    """notebooks/02_mean_squared_error.ipynb: "With three seeds BCE is ahead by 2 to 6 % after 10 epochs, and by 3
    to 6 % after the default 30."
    """
    for epochs, low, high in ((10, 0.02, 0.06), (30, 0.03, 0.06)):
        found = leads(epochs)
        assert abs(min(found) - low) < 0.007 and abs(max(found) - high) < 0.007, f"{epochs} epochs: {found}"


def test_at_a_lower_rate_the_sign_depends_on_the_seed(leads):
    """notebooks/02_mean_squared_error.ipynb: "With 30 epochs at a peak rate of 0.003 in place of 0.01, the sign of the
    gap depends on the seed."
    """
    found = leads(30, max_lr=3e-3)
    assert min(found) < 0 < max(found), f"the leads are {found}"
