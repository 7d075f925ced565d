"""The vanilla autoencoder: fully connected layers that narrow to the code and widen again."""

from torch import nn

from aecourse.models.autoencoder import Autoencoder
from aecourse.validation import IMAGE_SHAPE, IMAGE_SIZE, check_whole_number, describe


class VanillaAutoencoder(Autoencoder):
    """784-256-d-256-784 by default, a small relative of Hinton & Salakhutdinov's (2006, doi:10.1126/science.1127647).

    SiLU between the layers, none on the code, a sigmoid on the pixels. The default widths and rate have been chosen
    on validation digits: `python -m aecourse.benchmark --choose`.

    Args:
        latent_dim: d, the length of a code.
        hidden_dims: widths of the encoder's hidden layers; the decoder mirrors them. None for (256,), or for
            (256, 128) when the code has fewer than 8 numbers: depth helps a short code and hurts a long one.

    Raises:
        TypeError, ValueError: if a width is not a whole number of 1 or more.
    """

    max_lr = 1e-2

    def __init__(self, latent_dim=32, hidden_dims=None):
        super().__init__(latent_dim)
        if hidden_dims is None:
            hidden_dims = (256,) if latent_dim >= 8 else (256, 128)
        if not isinstance(hidden_dims, (tuple, list)):
            raise TypeError(f"hidden_dims: expected widths such as (512, 256), got {describe(hidden_dims)}.")
        for width in hidden_dims:
            check_whole_number(width, "hidden_dims")
        self.hidden_dims = tuple(hidden_dims)
        widths = [IMAGE_SIZE, *hidden_dims, latent_dim]
        self.encoder = nn.Sequential(nn.Flatten(), *dense_layers(widths))
        self.decoder = nn.Sequential(*dense_layers(widths[::-1]), nn.Sigmoid(), nn.Unflatten(1, IMAGE_SHAPE))


def dense_layers(widths):
    """Linear layers between the given widths, with SiLU after each but the last."""
    layers = []
    for n_in, n_out in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(n_in, n_out), nn.SiLU()]
    return layers[:-1]
