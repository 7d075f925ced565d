"""The convolutional autoencoder: the same small filters everywhere in the image."""

from torch import nn

from aecourse.models.autoencoder import Autoencoder
from aecourse.validation import check_whole_number, describe


class ConvolutionalAutoencoder(Autoencoder):
    """Two convolutions of stride 2 and their transposes around a code (Masci et al. 2011).

    doi:10.1007/978-3-642-21735-7_7. Kernels of 4 × 4, a multiple of the stride: transposed
    convolutions then cover each pixel equally often, and the cover itself draws no checkerboard
    (Odena et al. 2016, doi:10.23915/distill.00003).

    Args:
        latent_dim: d, the length of a code.
        channels: of the two convolutions.
    """

    max_lr = 1e-2

    def __init__(self, latent_dim=32, channels=(16, 32)):
        super().__init__(latent_dim)
        if not isinstance(channels, (tuple, list)) or len(channels) != 2:
            raise TypeError(f"channels: expected two numbers such as (16, 32), got {describe(channels)}.")
        for width in channels:
            check_whole_number(width, "channels")
        self.channels = few, many = tuple(channels)
        self.encoder = nn.Sequential(
            nn.Conv2d(1, few, kernel_size=4, stride=2, padding=1),  # (N, few, 14, 14)
            nn.SiLU(),
            nn.Conv2d(few, many, kernel_size=4, stride=2, padding=1),  # (N, many, 7, 7)
            nn.SiLU(),
            nn.Flatten(),  # (N, many · 49)
            nn.Linear(many * 49, latent_dim),  # (N, d)
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, many * 49),
            nn.SiLU(),
            nn.Unflatten(1, (many, 7, 7)),  # (N, many, 7, 7)
            nn.ConvTranspose2d(many, few, kernel_size=4, stride=2, padding=1),  # (N, few, 14, 14)
            nn.SiLU(),
            nn.ConvTranspose2d(few, 1, kernel_size=4, stride=2, padding=1),  # (N, 1, 28, 28)
            nn.Sigmoid(),
        )
