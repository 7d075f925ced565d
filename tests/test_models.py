"""All variants: the same interface, the promised shapes, and each its own idea."""

import inspect
import math

import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn
from torch.distributions import Normal, kl_divergence

from aecourse import data, losses, metrics, models, reproducibility, training

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


@pytest.mark.parametrize("variant", VARIANTS)
def test_input_and_target_are_two_things(variant, x):
    model = variant(latent_dim=5)
    parts = []
    for target in (None, x, 1 - x):
        torch.manual_seed(1)
        parts.append([part.item() for part in model.loss_parts(x, target)])
    assert parts[0] == parts[1] and parts[1][0] != parts[2][0] and parts[1][1] == parts[2][1]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_layers_around_the_code_have_names(variant):
    model = variant(latent_dim=5)
    rows = 10 if variant is models.VariationalAutoencoder else 5  # mu and logvar
    assert isinstance(model.to_code, nn.Linear) and model.to_code.out_features == rows
    assert isinstance(model.from_code, nn.Linear) and model.from_code.in_features == 5
    assert any(layer is model.to_code for layer in model.encoder) and model.from_code is model.decoder[0]


def test_the_layer_to_the_code_is_the_last_one_with_weights_also_before_a_relu():
    for code in ("relu", "linear"):
        model = models.SparseAutoencoder(5, hidden_dims=(), sparsity_weight=1e-4, code=code)
        assert model.to_code is model.encoder[1] and model.to_code.weight.shape == model.from_code.weight.T.shape


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
    assert torch.equal(model.loss(x), losses.reconstruction(model(x * 0), x)) and torch.equal(seen[0], x)
    model(x)
    assert len(seen) == 1, "only training corrupts"


def test_a_corruption_that_works_in_place_changes_neither_images_nor_targets(x):
    before = x.clone()
    model = models.DenoisingAutoencoder(4, corruption=lambda images: images.zero_())
    assert torch.equal(model.loss(x), losses.reconstruction(model(x * 0), before)) and torch.equal(x, before)


@pytest.mark.parametrize(
    ("corruption", "came"),
    [
        (lambda x: None, "None"),
        (lambda x: x.flatten(1), r"a float32 tensor of shape \(6, 784\)"),
        (lambda x: x.double(), "a float64 tensor"),
        (lambda x: x * 255, "0.*255"),
    ],
)
def test_a_corruption_must_return_images(corruption, came, x):
    with pytest.raises((TypeError, ValueError), match=rf"^what corruption returns: expected .* got {came}"):
        models.DenoisingAutoencoder(4, corruption=corruption).loss(x)


def test_a_corruption_must_return_all_images(x):
    with pytest.raises(ValueError, match=r"expected two tensors of one shape, got \(3, .* and \(6, "):
        models.DenoisingAutoencoder(4, corruption=lambda images: images[:3]).loss(x)


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v is not models.DenoisingAutoencoder])
def test_any_body_keeps_its_whole_objective_under_noise(variant, x):
    """A corruption that changes nothing: then the denoiser's objective is the body's, penalty and sampling included."""
    body = variant(latent_dim=5)
    model = models.DenoisingAutoencoder(body=body, corruption=lambda images: images)
    torch.manual_seed(1)
    expected = [part.item() for part in body.loss_parts(x)]
    torch.manual_seed(1)
    assert [part.item() for part in model.loss_parts(x)] == expected
    torch.manual_seed(1)
    given = [part.item() for part in body.loss_parts(x * 0, target=x)]
    model.corruption = lambda images: images * 0
    torch.manual_seed(1)
    assert [part.item() for part in model.loss_parts(x)] == given != expected


def test_a_variational_body_keeps_its_kl_term_and_its_sampling(x):
    model = models.DenoisingAutoencoder(body=models.VariationalAutoencoder(3))
    assert model.loss_parts(x)[1] > 0
    model.corruption = lambda images: images
    assert model.loss(x) != model.loss(x), "the code should be sampled"


def test_a_denoiser_is_what_it_was_for_a_plain_body(x):
    """The objective in two lines, with the same random numbers."""
    model = models.DenoisingAutoencoder(4, (16,), noise_std=0.2)
    torch.manual_seed(1)
    loss = model.loss(x)
    torch.manual_seed(1)
    x_noisy = (x + 0.2 * torch.randn_like(x)).clamp(0, 1)
    assert torch.equal(loss, (model(x_noisy) - x).square().mean())


@pytest.mark.parametrize(
    "settings",
    [
        {"latent_dim": 8, "body": models.VanillaAutoencoder(4)},
        {"hidden_dims": (8,), "body": models.VanillaAutoencoder(4)},
        {"hidden_dims": (8,), "body": models.ConvolutionalAutoencoder(4)},
        {"noise_std": 0.3, "corruption": lambda x: x},
    ],
)
def test_an_argument_without_effect_is_refused(settings):
    with pytest.raises(ValueError, match=f"^{next(iter(settings))}: expected none beside a"):
        models.DenoisingAutoencoder(**settings)


def test_the_denoisers_parts_are_the_bodys_also_when_they_are_assigned(x):
    body = models.SparseAutoencoder(4)
    model = models.DenoisingAutoencoder(body=body, corruption=lambda images: images)
    names = set(model.state_dict())
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 4))
    model.encoder = encoder
    assert model.encoder is body.encoder is encoder and torch.equal(model(x), body.decode(body.encode(x)))
    model.decoder = decoder = nn.Sequential(nn.Linear(4, 784), nn.Unflatten(1, (1, 28, 28)))
    assert model.decoder is body.decoder is decoder and torch.equal(model(x), decoder(body.encode(x)))
    assert all(name.startswith("body.") for name in model.state_dict()) and set(model.state_dict()) != names
    model.penalty = lambda z: z.sum() * 0 + 7
    assert model.loss_parts(x)[1] == 7


def test_the_recipe_is_the_bodys():
    body = models.ConvolutionalAutoencoder(7)
    body.max_lr, body.batch_size = 1e-4, 17
    model = models.DenoisingAutoencoder(body=body)
    assert (model.latent_dim, model.max_lr, model.batch_size, model.hidden_dims) == (7, 1e-4, 17, None)


def test_a_denoiser_can_be_a_body_and_both_corrupt(x):
    inner = models.DenoisingAutoencoder(4, (16,), corruption=lambda images: images / 2)
    model = models.DenoisingAutoencoder(body=inner, corruption=lambda images: images / 3)
    assert torch.equal(model.loss(x), losses.reconstruction(model(x / 3 / 2), x))


class OwnLoss(models.VanillaAutoencoder):
    def loss(self, x):
        return (self(x) - x).abs().mean()


class NoTarget(models.VanillaAutoencoder):
    def loss_parts(self, x):
        return losses.reconstruction(self(x), x), 0


def assigned_loss():
    body = models.VanillaAutoencoder(4)
    body.loss = lambda x: (body(x) - x).abs().mean()
    return body


@pytest.mark.parametrize(
    ("build", "came"),
    [
        (lambda: OwnLoss(4), r"a loss\(x\) of its own"),
        (assigned_loss, r"a loss\(x\) of its own"),
        (lambda: NoTarget(4), r"loss_parts\(x\)"),
    ],
)
def test_a_body_that_cannot_tell_its_input_from_its_target_is_refused(build, came):
    """Its objective would be left out in silence, or it would learn to reconstruct the noise."""
    with pytest.raises(
        TypeError, match=rf"^body: expected an Autoencoder with loss_parts\(x, target\).* {came}; .*\.$"
    ):
        models.DenoisingAutoencoder(body=build())


def test_a_subclass_must_not_hide_the_body():
    with pytest.raises(TypeError, match="penalty: expected in the body's class"):

        class Idle(models.DenoisingAutoencoder):
            def penalty(self, z):
                return z.square().mean()


@pytest.mark.parametrize("method", ["penalty", "loss_parts"])
@pytest.mark.parametrize(
    ("returned", "came"),
    [(None, "None"), (torch.zeros(3), r"a float32 tensor of shape \(3,\)"), ("0", "'0'"), (True, "True")],
)
def test_a_method_that_returns_no_scalar_is_named(method, returned, came, x):
    model = models.VanillaAutoencoder(4)
    setattr(model, method, lambda *_: returned)
    with pytest.raises((TypeError, ValueError), match=rf"^{method}: expected .*scalar tensor.*, got {came}"):
        model.loss(x)
    if method == "loss_parts":
        model.loss_parts = lambda x: (losses.reconstruction(x, x), returned)
        with pytest.raises((TypeError, ValueError), match=rf"^loss_parts, penalty: expected .*, got {came}"):
            model.loss(x)


def test_a_plain_number_is_a_penalty_too(x):
    model = models.VanillaAutoencoder(4)
    without = model.loss(x)
    model.penalty = lambda z: 2
    assert torch.equal(model.loss(x), without + 2)


ARGUMENTS = [
    (models.LinearAutoencoder, {"latent_dim": 3}),
    (models.VanillaAutoencoder, {"latent_dim": 3, "hidden_dims": (8, 6)}),
    (models.ConvolutionalAutoencoder, {"latent_dim": 3, "channels": (2, 5)}),
    (models.SparseAutoencoder, {"latent_dim": 9, "hidden_dims": (8,), "sparsity_weight": 1e-2, "code": "linear"}),
    (models.SparseAutoencoder, {"latent_dim": 9, "hidden_dims": (), "top_k": 2, "code": "relu"}),
    (models.VariationalAutoencoder, {"latent_dim": 3, "hidden_dims": (8,), "std": 0.5}),
    (models.DenoisingAutoencoder, {"latent_dim": 3, "hidden_dims": (8,), "noise_std": 0.7}),
    (models.DenoisingAutoencoder, {"body": models.ConvolutionalAutoencoder(3), "corruption": torch.relu}),
    (models.DenoisingAutoencoder, {"body": models.VariationalAutoencoder(3, (8,)), "noise_std": 0.1}),
]


@pytest.mark.parametrize(("variant", "given"), ARGUMENTS)
def test_every_argument_is_an_attribute_from_which_the_model_is_built_again(variant, given):
    model = variant(**{name: list(value) if isinstance(value, tuple) else value for name, value in given.items()})
    kept = {name: getattr(model, name) for name in inspect.signature(variant).parameters}
    assert given.items() <= kept.items()
    again = variant(**kept)
    assert {name: getattr(again, name) for name in kept} == kept
    again.load_state_dict(model.state_dict())


def test_defaults_are_kept_as_what_they_stand_for():
    assert models.DenoisingAutoencoder().noise_std == 0.3
    assert models.DenoisingAutoencoder(corruption=torch.relu).noise_std is None
    vanilla = models.VanillaAutoencoder()
    assert models.DenoisingAutoencoder().hidden_dims == vanilla.hidden_dims
    assert models.DenoisingAutoencoder().latent_dim == vanilla.latent_dim


def test_denoising_noise_is_clamped_and_as_strong_as_asked():
    grey = torch.full((100, 1, 28, 28), 0.5)
    noisy = models.DenoisingAutoencoder(4, noise_std=0.1).corrupt(grey)
    assert noisy.min() >= 0 and noisy.max() <= 1 and abs((noisy - grey).std() - 0.1) < 0.005


def test_a_denoiser_without_noise_is_its_body(x):
    model = models.DenoisingAutoencoder(4, noise_std=0)
    assert torch.equal(model.loss(x), model.body.loss(x))


def test_denoising_composes_with_an_architecture(x):
    body = models.ConvolutionalAutoencoder(4)
    model = models.DenoisingAutoencoder(body=body)
    assert model.latent_dim == 4 and torch.equal(model(x), body(x)) and model.max_lr == body.max_lr


def test_sparse_codes_have_exact_zeros_and_unit_columns(x):
    model = models.SparseAutoencoder(40, sparsity_weight=3e-5)
    z = model.encode(x)
    assert (z >= 0).all() and (z == 0).any()
    assert torch.allclose(model.from_code.weight.norm(dim=0), torch.ones(40), atol=1e-5)
    assert math.isclose(model.penalty(z).item(), model.sparsity_weight * z.abs().sum(1).mean().item(), rel_tol=1e-5)


def test_top_k_keeps_the_k_largest(x):
    model, dense = models.SparseAutoencoder(40, top_k=3), models.SparseAutoencoder(40)
    dense.load_state_dict(model.state_dict())
    z, before = model.encode(x), dense.encode(x)
    assert ((z != 0).sum(1) <= 3).all() and model.penalty(z) == 0
    assert torch.equal(z.sort(1).values[:, -3:], before.sort(1).values[:, -3:])


def test_the_naive_form_has_no_zeros_and_free_columns(x):
    model = models.SparseAutoencoder(40, sparsity_weight=3e-5, code="linear")
    assert (model.encode(x) != 0).all() and (model.encode(x) < 0).any()
    assert not torch.allclose(model.from_code.weight.norm(dim=0), torch.ones(40), atol=0.05)


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
    """Two pixels, stretched to -5..15, are the code, so that a density of codes can be known."""

    def encode(self, x):
        return 20 * x[:, 0, 0, :2] - 5


def clouds(centres):
    """Images whose codes lie around each centre with standard deviation 0.1, equally many."""
    torch.manual_seed(0)
    x = torch.zeros(200 * len(centres), 1, 28, 28)
    x[:, 0, 0, :2] = torch.tensor(centres).repeat_interleave(200, 0) + 0.1 * torch.randn(len(x), 2)
    return (x + 5) / 20


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
        lambda: models.DenoisingAutoencoder(noise_std=-0.1),
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


@pytest.fixture(scope="module")
def digits():
    return data.load_mnist()


def test_pca_is_scikit_learns_as_a_model(digits):
    x = digits.train.images[:1000]
    model = models.fit_pca(x, latent_dim=7)
    theirs = PCA(7, svd_solver="full").fit(x.flatten(1).numpy())
    unseen = digits.test.images.flatten(1).numpy()
    assert isinstance(model, models.LinearAutoencoder) and not model.training
    reconstructed = torch.from_numpy(theirs.inverse_transform(theirs.transform(unseen)))
    assert torch.allclose(model(digits.test.images).flatten(1), reconstructed, atol=1e-4)
    z = model.encode(x)
    assert torch.allclose(z.mean(0), torch.zeros(7), atol=1e-4)
    variances = torch.from_numpy(theirs.explained_variance_)
    assert torch.allclose(torch.cov(z.T), variances.diag(), atol=1e-3)


def test_pca_draws_nothing_and_gives_the_same_each_time(digits):
    x = digits.train.images[:200]
    torch.manual_seed(3)
    state = torch.get_rng_state()
    one, two = models.fit_pca(x, 4), models.fit_pca(x, 4)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    largest = one.from_code.weight.gather(0, one.from_code.weight.abs().argmax(0, keepdim=True))
    assert (largest > 0).all()


def test_no_linear_autoencoder_has_less_error_than_pca(digits):
    x = digits.train.images[:300]
    pca = models.fit_pca(x, 3)
    error = metrics.reconstruction_mse(pca, x)
    assert training.fit(pca, data.ImageSet(x), epochs=2, max_lr=1e-3, progress=False).train_mse[-1] > 0.999 * error


@pytest.mark.parametrize(
    ("images", "latent_dim", "says"),
    [
        (torch.rand(5, 784), 2, "images"),
        (torch.rand(5, 1, 28, 28), 5, "at most 4 for 5 images"),
        (torch.rand(5, 1, 28, 28), 0, "latent_dim"),
        (255 * torch.rand(5, 1, 28, 28), 2, "images"),
        ([1, 2], 2, "images"),
    ],
)
def test_pca_says_what_it_expects(images, latent_dim, says):
    with pytest.raises((TypeError, ValueError), match=says):
        models.fit_pca(images, latent_dim)
