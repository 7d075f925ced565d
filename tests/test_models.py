"""All variants: the same interface, the promised shapes, and each its own idea."""

import math

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from aecourse import losses, models, reproducibility

VARIANTS = [getattr(models, name) for name in models.__all__ if name.endswith("Autoencoder") and name != "Autoencoder"]


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.rand(6, 1, 28, 28)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("d", [1, 5])
def test_shapes(variant, d, x):
    model = variant(latent_dim=d)
    z = model.encode(x)
    assert z.shape == (6, d)
    assert model.decode(z).shape == model(x).shape == x.shape
    assert torch.equal(model(x), model.decode(model.encode(x)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_loss_is_a_scalar_that_reaches_every_weight(variant, x):
    model = variant(latent_dim=5)
    loss = model.loss(x)
    loss.backward()
    assert loss.shape == () and all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_loss_is_the_sum_of_its_parts(variant, x):
    model = variant(latent_dim=5)
    torch.manual_seed(1)
    loss = model.loss(x)
    torch.manual_seed(1)
    reconstruction, penalty = model.loss_parts(x)
    assert torch.allclose(loss, reconstruction + penalty)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_seed_decides_the_weights(variant):
    def built(seed):
        reproducibility.seed_everything(seed)
        return torch.cat([p.detach().flatten() for p in variant(latent_dim=3).parameters()])

    assert torch.equal(built(0), built(0)) and not torch.equal(built(0), built(1))


@pytest.mark.parametrize(("hidden_dims", "d"), [((512, 256), 32), ((256, 64), 16), ((256,), 32), ((), 2)])
def test_vanilla_widths(hidden_dims, d):
    model = models.VanillaAutoencoder(d, hidden_dims)
    widths = [784, *hidden_dims, d]
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in linear] == widths[:-1] + widths[:0:-1]
    assert sum(p.numel() for p in model.parameters()) == sum(
        a * b + b for w in (widths, widths[::-1]) for a, b in zip(w[:-1], w[1:], strict=True)
    )


def test_vanilla_and_base_loss_is_the_plain_error(x):
    model = models.VanillaAutoencoder(4)
    assert torch.equal(model.loss(x), losses.reconstruction(model(x), x))


def test_linear_is_linear(x):
    model = models.LinearAutoencoder(4)
    zero = model(torch.zeros_like(x))
    assert torch.allclose(model(x / 2) - zero, (model(x) - zero) / 2, atol=1e-6)


def test_denoising_learns_from_corrupted_images_to_clean_ones(x):
    seen = []

    def corruption(images):
        seen.append(images)
        return images * 0

    model = models.DenoisingAutoencoder(4, corruption=corruption)
    assert torch.equal(model.loss(x), losses.reconstruction(model(x * 0), x)) and seen[0] is x
    model(x)
    assert len(seen) == 1, "only training corrupts"


def test_denoising_noise_is_clamped_and_as_strong_as_asked():
    grey = torch.full((100, 1, 28, 28), 0.5)
    noisy = models.DenoisingAutoencoder(4, noise_std=0.1).corrupt(grey)
    assert noisy.min() >= 0 and noisy.max() <= 1 and abs((noisy - grey).std() - 0.1) < 0.005


def test_denoising_composes_with_an_architecture(x):
    body = models.ConvolutionalAutoencoder(4)
    model = models.DenoisingAutoencoder(body=body)
    assert model.latent_dim == 4 and torch.equal(model(x), body(x)) and model.max_lr == body.max_lr


def test_sparse_codes_have_exact_zeros_and_unit_columns(x):
    model = models.SparseAutoencoder(40)
    z = model.encode(x)
    assert (z >= 0).all() and (z == 0).any()
    assert torch.allclose(model.decoder[0].weight.norm(dim=0), torch.ones(40), atol=1e-5)
    assert math.isclose(model.penalty(z).item(), model.sparsity_weight * z.abs().sum(1).mean().item(), rel_tol=1e-5)


def test_top_k_keeps_the_k_largest(x):
    model, dense = models.SparseAutoencoder(40, top_k=3), models.SparseAutoencoder(40)
    dense.load_state_dict(model.state_dict())
    z, before = model.encode(x), dense.encode(x)
    assert ((z != 0).sum(1) <= 3).all() and model.penalty(z) == 0
    assert torch.equal(z.sort(1).values[:, -3:], before.sort(1).values[:, -3:])


def test_the_naive_form_has_no_zeros_and_free_columns(x):
    model = models.SparseAutoencoder(40, code="linear")
    assert (model.encode(x) != 0).all() and (model.encode(x) < 0).any()
    assert not torch.allclose(model.decoder[0].weight.norm(dim=0), torch.ones(40), atol=0.05)


def test_variational_loss_is_the_negative_elbo_in_units_of_the_pixel_error(x):
    """Against torch.distributions: -log p(x given z) + KL(q ‖ p), up to the Gaussian's constant."""
    model = models.VariationalAutoencoder(3, (16,), std=0.3)
    torch.manual_seed(0)
    loss = model.loss(x)
    torch.manual_seed(0)
    mu, logvar = model.posterior(x)
    q, p = Normal(mu, (logvar / 2).exp()), Normal(torch.zeros(3), torch.ones(3))
    decoded = Normal(model.decode(model.reparameterize(mu, logvar)), 0.3)
    elbo = decoded.log_prob(x).flatten(1).sum(1) - kl_divergence(q, p).sum(1)
    constant = 784 * math.log(0.3 * math.sqrt(2 * math.pi))
    assert torch.allclose(loss * 784 / (2 * 0.3**2), -elbo.mean() - constant, rtol=1e-4)


def test_variational_codes_are_the_posteriors_means_and_samples_have_its_width(x):
    model = models.VariationalAutoencoder(3)
    mu, logvar = model.posterior(x)
    assert torch.equal(model.encode(x), mu) and mu.shape == logvar.shape == (6, 3)
    torch.manual_seed(0)
    z = model.reparameterize(torch.full((20_000, 3), 2.0), torch.full((20_000, 3), math.log(0.25)))
    assert torch.allclose(z.mean(0), torch.full((3,), 2.0), atol=0.02)
    assert torch.allclose(z.std(0), torch.full((3,), 0.5), atol=0.02)


def test_variational_samples_are_decoded_draws_of_the_prior():
    model = models.VariationalAutoencoder(3)
    torch.manual_seed(0)
    images = model.sample(5)
    torch.manual_seed(0)
    assert torch.equal(images, model.decode(torch.randn(5, 3))) and images.shape == (5, 1, 28, 28)


class Stretch(models.LinearAutoencoder):
    """Two pixels are the code, so that a density of codes can be known."""

    def encode(self, x):
        return x[:, 0, 0, :2]


def clouds(centres):
    """Images whose codes lie around each centre with standard deviation 0.1, equally many."""
    torch.manual_seed(0)
    x = torch.zeros(200 * len(centres), 1, 28, 28)
    x[:, 0, 0, :2] = torch.tensor(centres).repeat_interleave(200, 0) + 0.1 * torch.randn(len(x), 2)
    return x


def test_a_gaussian_density_has_the_codes_mean_and_covariance():
    x, model = clouds([[0.0, 0.0], [3.0, 1.0]]), Stretch(2)
    z = models.fit_latent_density(model, x).sample_codes(20_000)
    codes = model.encode(x)
    assert z.shape == (20_000, 2) and z.dtype == torch.float32
    assert torch.allclose(z.mean(0), codes.mean(0), atol=0.05)
    assert torch.allclose(z.T.cov(), codes.T.cov(), atol=0.05)


def test_a_mixture_keeps_to_the_clouds_and_a_gaussian_does_not():
    centres = [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0], [2.0, 9.0]]
    x, model = clouds(centres), Stretch(2)

    def near_a_cloud(kind):
        z = models.fit_latent_density(model, x, kind).sample_codes(1000)
        return (torch.cdist(z, torch.tensor(centres)).amin(1) < 0.5).float().mean()

    assert near_a_cloud("mixture") > 0.99 > 0.5 > near_a_cloud("gaussian")


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
def test_samples_of_a_density_follow_the_seed_and_come_in_random_order(kind):
    model, x = Stretch(2), clouds([[0.0, 0.0], [5.0, 0.0]])

    def codes(seed):
        reproducibility.seed_everything(seed)
        return models.fit_latent_density(model, x, kind).sample_codes(100)

    z = codes(0)
    assert torch.equal(z, codes(0)) and not torch.equal(z, codes(1))
    right = (z[:, 0] > 2.5).float()
    assert (right[1:] != right[:-1]).sum() > 20, "sorted by component"
    density = models.fit_latent_density(model, x, kind)
    assert not torch.equal(density.sample_codes(5), density.sample_codes(5))
    assert density.sample(4).shape == (4, 1, 28, 28) and not density.sample(4).requires_grad


@pytest.mark.parametrize(
    "build",
    [
        lambda: models.DenoisingAutoencoder(noise_std=0),
        lambda: models.DenoisingAutoencoder(corruption=0.3),
        lambda: models.DenoisingAutoencoder(body=nn.Identity()),
        lambda: models.SparseAutoencoder(4, top_k=5),
        lambda: models.SparseAutoencoder(4, code="tanh"),
        lambda: models.SparseAutoencoder(4, sparsity_weight=-1),
        lambda: models.ConvolutionalAutoencoder(4, channels=16),
        lambda: models.VariationalAutoencoder(4, std=0),
        lambda: models.VariationalAutoencoder(4).sample(0),
        lambda: models.VariationalAutoencoder(4).reparameterize(torch.zeros(2, 4), torch.zeros(2, 3)),
        lambda: models.fit_latent_density(nn.Identity(), torch.rand(200, 1, 28, 28)),
        lambda: models.fit_latent_density(models.VanillaAutoencoder(2), torch.rand(20, 1, 28, 28)),
        lambda: models.fit_latent_density(models.VanillaAutoencoder(2), torch.rand(200, 784)),
        lambda: models.fit_latent_density(models.VanillaAutoencoder(2), torch.rand(200, 1, 28, 28), "kde"),
    ],
)
def test_bad_arguments_are_refused(build):
    with pytest.raises((TypeError, ValueError), match="expected"):
        build()
