"""The variational autoencoder: a code with a width, held near a prior from which one can sample."""

import torch
from torch import nn

from aecourse import losses
from aecourse.models.vanilla import VanillaAutoencoder
from aecourse.validation import (
    IMAGE_SIZE,
    check_codes,
    check_images,
    check_positive,
    check_same_shape,
    check_whole_number,
)


class VariationalAutoencoder(VanillaAutoencoder):
    """Trained on the negative ELBO (Kingma & Welling 2014, arXiv:1312.6114, equation 10), in units of the pixel error.

    With a Gaussian decoder of standard deviation s the bound is ‖x - x_hat‖² / (2 s²) + KL per image, up to
    a constant. Multiplied by 2 s² / n it is the mean squared error plus 2 s² / n · KL: the same minimum, and a
    reconstruction part that compares with the other variants'.

    Args:
        latent_dim, hidden_dims: as in `VanillaAutoencoder`.
        std: s, the decoder's fixed standard deviation; a larger one weighs the KL term more.
    """

    def __init__(self, latent_dim=32, hidden_dims=None, std=0.2):
        super().__init__(latent_dim, hidden_dims)
        check_positive(std, "std")
        self.std = std
        self.encoder[-1] = nn.Linear(self.to_code.in_features, 2 * latent_dim)  # mu and logvar

    def posterior(self, x):
        """Mean and log-variance of q(z given x): (N, 1, 28, 28) -> (N, d), (N, d)."""
        check_images(x, "x", overshoot=True)
        return self.encoder(x).chunk(2, dim=1)

    def reparameterize(self, mu, logvar):
        """A sample of the posterior that gradients pass: z = mu + exp(logvar / 2) · ε, ε ~ N(0, I): (N, d)."""
        check_same_shape(mu, logvar, ("mu", "logvar"))
        check_codes(mu, self.latent_dim, "mu")
        return mu + (logvar / 2).exp() * torch.randn_like(mu)

    def encode(self, x):
        """The posterior's mean, the code without its noise: (N, 1, 28, 28) float32 -> (N, d)."""
        mu, _ = self.posterior(x)
        return mu

    def loss_parts(self, x, target=None):
        """(reconstruction of target, or x, from a sampled code, 2 s² / n · KL), scalars."""
        mu, logvar = self.posterior(x)
        x_hat = self.decode(self.reparameterize(mu, logvar))
        kl = losses.kl_divergence(mu, logvar)
        return losses.reconstruction(x_hat, x if target is None else target), 2 * self.std**2 / IMAGE_SIZE * kl

    @torch.no_grad()
    def sample(self, n):
        """Images decoded from n draws of the prior N(0, I): (n, 1, 28, 28)."""
        check_whole_number(n, "n")
        return self.decode(torch.randn(n, self.latent_dim, device=next(self.parameters()).device))
