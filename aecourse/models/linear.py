"""The linear autoencoder: one matrix down, one matrix up, and PCA's subspace at its optimum."""

from torch import nn

from aecourse.models.autoencoder import Autoencoder
from aecourse.validation import IMAGE_SHAPE, IMAGE_SIZE


class LinearAutoencoder(Autoencoder):
    """x_hat = W₂ (W₁ x + b₁) + b₂, no activation (Baldi & Hornik 1989, doi:10.1016/0893-6080(89)90014-2).

    Its minimum spans the subspace of the first d principal components; the axes inside it are not
    PCA's (Kunin et al. 2019, arXiv:1901.08168). Reconstructions may leave [0, 1].

    Args:
        latent_dim: d, the length of a code.
    """

    def __init__(self, latent_dim=32):
        super().__init__(latent_dim)
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(IMAGE_SIZE, latent_dim))
        self.decoder = nn.Sequential(nn.Linear(latent_dim, IMAGE_SIZE), nn.Unflatten(1, IMAGE_SHAPE))
        # 0.01 at d = 32, chosen on validation digits. The d terms of each pixel move at once, with signs that
        # mostly differ: a step of the output grows with the root of d.
        self.max_lr = 0.01 * (32 / latent_dim) ** 0.5
