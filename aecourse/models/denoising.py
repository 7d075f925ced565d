"""The denoising autoencoder: noisy image in, clean image out."""

import inspect

from aecourse.corruptions import add_gaussian_noise
from aecourse.models.autoencoder import Autoencoder
from aecourse.models.vanilla import VanillaAutoencoder
from aecourse.validation import check_images, check_not_negative, describe


class DenoisingAutoencoder(Autoencoder):
    """Trained to undo a corruption: mean of (g(f(x_noisy)) - x)² (Vincent et al. 2008, doi:10.1145/1390156.1390294).

    Corruption and architecture compose: any autoencoder can be the body, which keeps its own objective, and any
    function of a batch of images the corruption. Encoder, decoder and penalty are the body's, also when they are
    assigned to.

    Args:
        latent_dim, hidden_dims: of the vanilla body, None for its defaults; another `body` brings its own.
        noise_std: standard deviation of the Gaussian noise added to each pixel, then clamped to [0, 1]; None for
            0.3, or for no Gaussian noise when there is a `corruption`.
        corruption: a function (N, 1, 28, 28) -> (N, 1, 28, 28) used instead of Gaussian noise,
            such as `functools.partial(corruptions.mask_pixels, share=0.5)`. It is handed a copy.
        body: the `Autoencoder` that is trained, such as `ConvolutionalAutoencoder(32)`.

    Raises:
        TypeError, ValueError: on bad input, and where an argument, a body's loss or a method would have no effect.
    """

    def __init__(self, latent_dim=None, hidden_dims=None, noise_std=None, corruption=None, body=None):
        if body is None:
            body = VanillaAutoencoder(32 if latent_dim is None else latent_dim, hidden_dims)
        else:
            check_body(body)
            for name, value in (("latent_dim", latent_dim), ("hidden_dims", hidden_dims)):
                its = getattr(body, name, None)
                if value not in (None, its):
                    raise ValueError(f"{name}: expected none beside a body, which has {its}, got {value}.")
        if corruption is None:
            noise_std = 0.3 if noise_std is None else noise_std
            check_not_negative(noise_std, "noise_std")
        elif not callable(corruption):
            raise TypeError(f"corruption: expected a function of a batch of images, got {describe(corruption)}.")
        elif noise_std is not None:
            raise ValueError(f"noise_std: expected none beside a corruption, which takes its place, got {noise_std}.")
        super().__init__(body.latent_dim)
        self.body, self.noise_std, self.corruption = body, noise_std, corruption
        self.batch_size, self.max_lr = body.batch_size, body.max_lr

    encoder = property(lambda self: self.body.encoder)
    decoder = property(lambda self: self.body.decoder)
    hidden_dims = property(lambda self: getattr(self.body, "hidden_dims", None))

    def encode(self, x):
        """Codes (N, d), by the body."""
        return self.body.encode(x)

    def decode(self, z):
        """Images (N, 1, 28, 28), by the body."""
        return self.body.decode(z)

    def penalty(self, z):
        """What the body asks of the codes."""
        return self.body.penalty(z)

    def __setattr__(self, name, value):
        """What is the body's goes to the body: an nn.Module would keep it here, where nothing asks for it."""
        owner = self.body if name in ("encoder", "decoder", "penalty") else super()
        owner.__setattr__(name, value)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        idle = sorted(vars(cls).keys() & {"encode", "decode", "penalty"})
        if idle and "loss_parts" not in vars(cls):
            raise TypeError(f"{idle[0]}: expected in the body's class, which training asks, got it in {cls.__name__}.")

    def corrupt(self, x):
        """A fresh corruption of x each time: (N, 1, 28, 28) float32 in [0, 1] -> the same shape."""
        if self.corruption is None:
            return add_gaussian_noise(x, self.noise_std)
        check_images(x, "x")
        x_noisy = self.corruption(x.clone())  # it may work in place
        check_images(x_noisy, "what corruption returns", overshoot=True)
        return x_noisy

    def loss_parts(self, x, target=None):
        """The body's objective, with a corruption of x to encode and x itself, or target, to reconstruct."""
        return self.body.loss_parts(self.corrupt(x), target=x if target is None else target)


def check_body(body):
    """Raise unless `body` is an autoencoder that can encode one image and reconstruct another."""
    if not isinstance(body, Autoencoder):
        raise TypeError(f"body: expected an Autoencoder, got {describe(body)}.")
    own_loss = getattr(body.loss, "__func__", None) is not Autoencoder.loss
    if own_loss or "target" not in inspect.signature(body.loss_parts).parameters:
        its = "a loss(x) of its own" if own_loss else f"loss_parts{inspect.signature(body.loss_parts)}"
        raise TypeError(
            f"body: expected an Autoencoder with loss_parts(x, target), as it encodes noisy images and reconstructs "
            f"clean ones, got {describe(body)} with {its}; write its objective as loss_parts(x, target)."
        )
