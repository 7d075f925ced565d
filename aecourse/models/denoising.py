"""The denoising autoencoder: noisy image in, clean image out."""

import torch

from aecourse.models.autoencoder import Autoencoder
from aecourse.models.vanilla import VanillaAutoencoder
from aecourse.validation import check_positive, describe


class DenoisingAutoencoder(Autoencoder):
    """Trained to undo a corruption: mean of (g(f(x_noisy)) - x)² (Vincent et al. 2008, doi:10.1145/1390156.1390294).

    Corruption and architecture compose: any autoencoder can be the body, any function of a batch of
    images the corruption.

    Args:
        latent_dim, hidden_dims: of the vanilla body; not used when `body` is given.
        noise_std: standard deviation of the Gaussian noise added to each pixel, then clamped to [0, 1].
        corruption: a function (N, 1, 28, 28) -> (N, 1, 28, 28) used instead of Gaussian noise,
            such as `functools.partial(data.mask_pixels, share=0.5)`.
        body: the `Autoencoder` that encodes, decodes and keeps its penalty, such as `ConvolutionalAutoencoder(32)`.
    """

    def __init__(self, latent_dim=32, hidden_dims=(512, 256), noise_std=0.3, corruption=None, body=None):
        if body is None:
            body = VanillaAutoencoder(latent_dim, hidden_dims)
        elif not isinstance(body, Autoencoder):
            raise TypeError(f"body: expected an Autoencoder, got {describe(body)}.")
        super().__init__(body.latent_dim)
        check_positive(noise_std, "noise_std")
        if corruption is not None and not callable(corruption):
            raise TypeError(f"corruption: expected a function of a batch of images, got {describe(corruption)}.")
        self.body, self.batch_size, self.max_lr = body, body.batch_size, body.max_lr
        self.noise_std, self.corruption = noise_std, corruption

    def corrupt(self, x):
        """What the encoder sees in training: a fresh corruption of x each time."""
        if self.corruption is not None:
            return self.corruption(x)
        return (x + self.noise_std * torch.randn_like(x)).clamp(0, 1)

    def encode(self, x):
        """Codes (N, d), by the body."""
        return self.body.encode(x)

    def decode(self, z):
        """Images (N, 1, 28, 28), by the body."""
        return self.body.decode(z)

    def penalty(self, z):
        """What the body asks of the codes."""
        return self.body.penalty(z)

    encoder = property(lambda self: self.body.encoder)
    decoder = property(lambda self: self.body.decoder)
