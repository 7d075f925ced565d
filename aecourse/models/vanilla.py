"""The vanilla autoencoder: fully connected layers that narrow to the code and widen again."""

from torch import nn

from aecourse.models.autoencoder import Autoencoder
from aecourse.validation import IMAGE_SHAPE, IMAGE_SIZE, check_whole_number, describe


class VanillaAutoencoder(Autoencoder):
    """784-512-256-d-256-512-784 by default, after Hinton & Salakhutdinov (2006, doi:10.1126/science.1127647).

    SiLU between the layers, none on the code, a sigmoid on the pixels.

    Args:
        latent_dim: d, the length of a code.
        hidden_dims: widths of the encoder's hidden layers; the decoder mirrors them.

    Raises:
        TypeError, ValueError: if a width is not a whole number of 1 or more.
    """

    def __init__(self, latent_dim=32, hidden_dims=(512, 256)):
        super().__init__(latent_dim)
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
