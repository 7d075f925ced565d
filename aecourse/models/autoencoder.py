"""What all variants share: encode, decode, and a loss made of two parts."""

from torch import nn

from aecourse import losses
from aecourse.validation import check_codes, check_images, check_loss_parts, check_scalar, check_whole_number


class Autoencoder(nn.Module):
    """An encoder f and a decoder g, trained so that g(f(x)) ≈ x (Rumelhart, Hinton & Williams 1986).

    A variant sets `encoder` (images to codes) and `decoder` (codes to images) and overrides `penalty` or
    `loss_parts` where its objective differs.

    Images are float32 of shape (N, 1, 28, 28) in [0, 1]. What is encoded may leave [0, 1], as noise and linear
    decoders do; images on another scale (0..255, [-1, 1], standardised) are refused where they show.

    Args:
        latent_dim: d, the length of a code.
    """

    # What training.fit uses unless told otherwise.
    batch_size = 64
    max_lr = 3e-3

    def __init__(self, latent_dim):
        super().__init__()
        check_whole_number(latent_dim, "latent_dim")
        self.latent_dim = latent_dim

    @property
    def to_code(self):
        """The last linear layer of the encoder: row j of its weight computes number j of the code."""
        return [layer for layer in self.encoder.modules() if isinstance(layer, nn.Linear)][-1]

    @property
    def from_code(self):
        """The first linear layer of the decoder: column j of its weight is what number j of the code adds."""
        return next(layer for layer in self.decoder.modules() if isinstance(layer, nn.Linear))

    def encode(self, x):
        """Codes z = f(x): (N, 1, 28, 28) float32 -> (N, d)."""
        check_images(x, "x", overshoot=True)
        return self.encoder(x)  # (N, d)

    def decode(self, z):
        """Images x_hat = g(z): (N, d) float32 -> (N, 1, 28, 28)."""
        check_codes(z, self.latent_dim)
        return self.decoder(z)  # (N, 1, 28, 28)

    def forward(self, x):
        """Reconstructions x_hat = g(f(x)), same shape as x."""
        return self.decode(self.encode(x))

    def penalty(self, z):
        """What the objective asks of the codes, a scalar: here nothing."""
        return z.new_zeros(())

    def loss_parts(self, x, target=None):
        """The two parts of the objective, (reconstruction, penalty), scalars.

        Args:
            x: what is encoded, (N, 1, 28, 28) float32; it may leave [0, 1], as noise does.
            target: what is to be reconstructed, the same shape, in [0, 1]; None for x itself.

        Raises:
            TypeError, ValueError: on bad input, or if `penalty` does not return a scalar.
        """
        z = self.encode(x)
        penalty = self.penalty(z)
        check_scalar(penalty, "penalty")
        return losses.reconstruction(self.decode(z), x if target is None else target), penalty

    def loss(self, x):
        """The variant's own objective for a batch of images in [0, 1], a scalar.

        Raises:
            TypeError, ValueError: if x is something else, or a method of the variant does not return what it should.
        """
        parts = self.loss_parts(x)
        check_loss_parts(parts)
        return sum(parts)
