"""The autoencoders: one file a variant, each overriding only what makes it one."""

from aecourse.models.autoencoder import Autoencoder
from aecourse.models.convolutional import ConvolutionalAutoencoder
from aecourse.models.denoising import DenoisingAutoencoder
from aecourse.models.density import fit_latent_density
from aecourse.models.linear import LinearAutoencoder, fit_pca
from aecourse.models.sparse import SparseAutoencoder
from aecourse.models.vanilla import VanillaAutoencoder
from aecourse.models.variational import VariationalAutoencoder

__all__ = [
    "Autoencoder",
    "ConvolutionalAutoencoder",
    "DenoisingAutoencoder",
    "LinearAutoencoder",
    "SparseAutoencoder",
    "VanillaAutoencoder",
    "VariationalAutoencoder",
    "fit_latent_density",
    "fit_pca",
]
