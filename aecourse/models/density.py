"""A density fitted to an autoencoder's codes after training: with it, a plain autoencoder can sample."""

import torch

from aecourse.models.autoencoder import Autoencoder
from aecourse.validation import check_choice, check_images, check_whole_number, describe

COMPONENTS = (5, 10, 20, 40)  # candidates for a mixture; a fifth of the codes decides between them
RIDGE = 1e-3  # of the codes' mean variance, added to each variance: a component of few codes stays proper


def fit_latent_density(model, images, kind="gaussian"):
    """Fit a density to the codes of `images` (Ghosh et al. 2020, arXiv:1903.12436, section 4).

    Args:
        model: a trained `Autoencoder`.
        images: (N, 1, 28, 28) float32 in [0, 1], at least 100, such as digits.train.images.
        kind: "gaussian", N(μ, Σ) of the codes; or "mixture", as many Gaussians as give a held-out fifth of the
            codes the highest likelihood.

    Returns:
        A `LatentDensity`.

    Raises:
        TypeError, ValueError: on bad input.
    """
    if not isinstance(model, Autoencoder):
        raise TypeError(f"model: expected a trained Autoencoder, got {describe(model)}.")
    check_images(images)
    check_choice(kind, "kind", ("gaussian", "mixture"))
    if len(images) < 100:
        raise ValueError(f"images: expected at least 100, to fit a density, got {len(images)}.")
    modes = {module: module.training for module in model.modules()}  # put back: measuring changes nothing
    try:
        model.eval()
        with torch.no_grad():
            z = torch.cat([model.encode(x.clone()) for x in images.split(1000)]).double().cpu().numpy()  # (N, d)
    finally:
        for module, mode in modes.items():
            module.training = mode
    return LatentDensity(model, fit_mixture(z, choose_components(z) if kind == "mixture" else 1))


def fit_mixture(z, n_components):
    """scikit-learn's mixture of Gaussians with full covariances, seeded as torch is."""
    from sklearn.mixture import GaussianMixture  # here, not above: it takes as long to import as torch
    from threadpoolctl import threadpool_limits

    mixture = GaussianMixture(n_components, reg_covar=RIDGE * z.var(0).mean(), random_state=_seed())
    with threadpool_limits(1, user_api="blas"):  # the matrices are small: on busy cores a second thread only waits
        return mixture.fit(z)


def choose_components(z):
    """The candidate that gives a held-out fifth of the codes the highest likelihood."""
    from sklearn.model_selection import train_test_split

    kept, held_out = train_test_split(z, test_size=0.2, random_state=_seed())
    candidates = [n for n in COMPONENTS if n <= len(kept) // 10]
    return max(candidates, key=lambda n: fit_mixture(kept, n).score(held_out))


def _seed():
    """A seed for scikit-learn that follows torch's, and so `seed_everything`."""
    return int(torch.randint(2**31, ()))


class LatentDensity:
    """A density over the codes of one model.

    Attributes:
        mixture: the fitted `sklearn.mixture.GaussianMixture`; one component for a Gaussian.
    """

    def __init__(self, model, mixture):
        self.model, self.mixture = model, mixture

    def sample_codes(self, n):
        """n codes drawn from the density: (n, d) float32, in random order; seeded as torch is."""
        check_whole_number(n, "n")
        self.mixture.random_state = _seed()
        z, _ = self.mixture.sample(n)
        like = next(self.model.parameters())
        return torch.as_tensor(z, dtype=like.dtype, device=like.device)[torch.randperm(n)]  # sorted by component before

    @torch.no_grad()
    def sample(self, n):
        """n images, decoded from such codes: (n, 1, 28, 28) float32."""
        return self.model.decode(self.sample_codes(n))
