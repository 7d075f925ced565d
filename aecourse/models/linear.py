"""The linear autoencoder: one matrix down, one matrix up, PCA's subspace at its optimum; and PCA itself."""

import torch
from torch import nn

from aecourse.models.autoencoder import Autoencoder
from aecourse.validation import IMAGE_SHAPE, IMAGE_SIZE, check_images, check_whole_number


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


def fit_pca(images, latent_dim=32):
    """PCA as a model: the linear autoencoder with the smallest error on `images`, in closed form.

    No linear autoencoder has less error (Baldi & Hornik 1989, doi:10.1016/0893-6080(89)90014-2). The directions are
    orthonormal, of falling variance, and the largest entry of each is positive. Nothing is drawn at random.

    Args:
        images: (N, 1, 28, 28) float32 in [0, 1], such as digits.train.images.
        latent_dim: d, at most N - 1 and 784: more directions have no variance.

    Returns:
        A `LinearAutoencoder` in eval mode.

    Raises:
        TypeError, ValueError: on bad input.
    """
    check_images(images)
    check_whole_number(latent_dim, "latent_dim")
    most = min(len(images) - 1, IMAGE_SIZE)
    if latent_dim > most:
        raise ValueError(f"latent_dim: expected at most {most} for {len(images):,} images, got {latent_dim}.")
    x = images.detach().cpu().flatten(1).double()  # (N, 784); small variances need more than float32
    mean = x.mean(0)
    directions = torch.linalg.eigh(torch.cov(x.T)).eigenvectors.flip(1)[:, :latent_dim]  # (784, d)
    directions = directions * directions.gather(0, directions.abs().argmax(0, keepdim=True)).sign()
    with torch.random.fork_rng(devices=[]):
        model = LinearAutoencoder(latent_dim)
    with torch.no_grad():
        model.to_code.weight.copy_(directions.T)
        model.to_code.bias.copy_(-mean @ directions)
        model.from_code.weight.copy_(directions)
        model.from_code.bias.copy_(mean)
    return model.eval().to(images.device)
