"""The denoising autoencoder: noisy image in, clean image out."""

import inspect

import torch

from aecourse.models.autoencoder import Autoencoder
from aecourse.models.vanilla import VanillaAutoencoder
from aecourse.validation import check_images, check_positive, describe


class DenoisingAutoencoder(Autoencoder):
    """Trained to undo a corruption: mean of (g(f(x_noisy)) - x)² (Vincent et al. 2008, doi:10.1145/1390156.1390294).

    Corruption and architecture compose: any autoencoder can be the body, any function of a batch of
    images the corruption.

    Args:
        latent_dim, hidden_dims: of the vanilla body, None for its defaults; another `body` brings its own.
        noise_std: standard deviation of the Gaussian noise added to each pixel, then clamped to [0, 1]; None for
            0.3, or for no Gaussian noise when there is a `corruption`.
        corruption: a function (N, 1, 28, 28) -> (N, 1, 28, 28) used instead of Gaussian noise,
            such as `functools.partial(data.mask_pixels, share=0.5)`. It is handed a copy.
        body: the `Autoencoder` that encodes, decodes and keeps its objective, such as `ConvolutionalAutoencoder(32)`.
            Its encoder, decoder and penalty are the denoiser's, also when they are assigned to.

    Raises:
        TypeError, ValueError: on bad input, and where an argument would have no effect.
    """

    def __init__(self, latent_dim=None, hidden_dims=None, noise_std=None, corruption=None, body=None):
        hidden_dims = tuple(hidden_dims) if isinstance(hidden_dims, list) else hidden_dims
        given = {"latent_dim": latent_dim, "hidden_dims": hidden_dims}
        given = {name: value for name, value in given.items() if value is not None}
        body = VanillaAutoencoder(**given) if body is None else body
        check_body(body)
        super().__init__(body.latent_dim)
        self.body = body
        for name, value in given.items():
            if value != getattr(self, name):
                raise ValueError(f"{name}: expected none beside a body, which has {getattr(self, name)}, got {value}.")
        if corruption is None:
            noise_std = 0.3 if noise_std is None else noise_std
            check_positive(noise_std, "noise_std")
        elif not callable(corruption):
            raise TypeError(f"corruption: expected a function of a batch of images, got {describe(corruption)}.")
        elif noise_std is not None:
            raise ValueError(f"noise_std: expected none beside a corruption, which takes its place, got {noise_std}.")
        self.noise_std, self.corruption = noise_std, corruption

    def corrupt(self, x):
        """What the encoder sees in training: a fresh corruption of x each time."""
        check_images(x, "x", overshoot=True)
        if self.corruption is None:
            return (x + self.noise_std * torch.randn_like(x)).clamp(0, 1)
        x_noisy = self.corruption(x.clone())  # it may work in place
        check_images(x_noisy, "what corruption returns", overshoot=True)
        if len(x_noisy) != len(x):
            raise ValueError(f"what corruption returns: expected {len(x)} images, as many as x, got {len(x_noisy)}.")
        return x_noisy

    def loss_parts(self, x, target=None):
        """The body's objective, with a corruption of x to encode and x itself, or target, to reconstruct."""
        return self.body.loss_parts(self.corrupt(x), target=x if target is None else target)

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
    hidden_dims = property(lambda self: getattr(self.body, "hidden_dims", None))

    def __setattr__(self, name, value):
        """What is the body's goes to the body: an nn.Module would keep it beside the properties, and never use it."""
        if name in ("encoder", "decoder", "penalty"):
            return setattr(self.body, name, value)
        if name == "body":
            check_body(value)
            self.latent_dim, self.batch_size, self.max_lr = value.latent_dim, value.batch_size, value.max_lr
        super().__setattr__(name, value)

    def __init_subclass__(cls, **kwargs):
        """A subclass's own penalty would have no effect: training asks the body."""
        super().__init_subclass__(**kwargs)
        idle = [name for name in ("encode", "decode", "penalty") if name in vars(cls)]
        if idle and "loss_parts" not in vars(cls):
            raise TypeError(f"{idle[0]}: expected in the body's class, which training asks, got it in {cls.__name__}.")


def check_body(body):
    """Raise unless `body` is an autoencoder that can be given one image and reconstruct another."""
    if not isinstance(body, Autoencoder):
        raise TypeError(f"body: expected an Autoencoder, got {describe(body)}.")
    if "target" not in inspect.signature(body.loss_parts).parameters:
        raise TypeError(
            f"body: expected an Autoencoder with loss_parts(x, target), as it sees noisy images and reconstructs clean "
            f"ones, got {describe(body)} with loss_parts{inspect.signature(body.loss_parts)}."
        )
