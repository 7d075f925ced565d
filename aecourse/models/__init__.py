"""The autoencoders: one file a variant, each overriding only what makes it one."""

from aecourse.models.autoencoder import Autoencoder
from aecourse.models.linear import LinearAutoencoder
from aecourse.models.vanilla import VanillaAutoencoder

__all__ = ["Autoencoder", "LinearAutoencoder", "VanillaAutoencoder"]
