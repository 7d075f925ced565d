"""A published table, the recipe behind it, and the course's own: five small autoencoders on 5,000 MNIST digits.

The table is from S. Mohapatra, *Deconstructing Autoencoders from Scratch* (2026): part 3,
https://soveshmohapatra.com/projects/autoencoders-benchmark, has the figures; part 2,
https://soveshmohapatra.com/projects/autoencoders-live-code, the networks.
Its parts 1 to 3 are one of the two accounts that the course grew from; the other is jshn9515, *Deep Learning
Notes*, 13.1 AutoEncoder (2026), https://github.com/jshn9515/deep-learning-notes.

Every width, rate and weight is written out, theirs and the course's: a default of the package may change,
a comparison with a printed figure may not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from aecourse import models
from aecourse.training import Settings

PUBLISHED = Settings(epochs=30, batch_size=128, max_lr=1e-3, optimizer="adam", schedule="constant")
COURSE = Settings(epochs=30, batch_size=96, max_lr=1e-2, optimizer="adamw", schedule="one_cycle")
TOLERANCE = 0.1  # how far a re-run of their recipe may be from their loss
DENSE = {"hidden_dims": (512, 256)}
CONVOLUTIONAL = {"channels": (16, 32)}


@dataclass(frozen=True)
class Configuration:
    """A row of the table.

    A loss is the variant's own objective, with its penalty where it has one, averaged over the batches of the
    last epoch (`History.train_loss[-1]`). Down the column objectives differ: compare along a row only.

    Attributes:
        variant: its name.
        published: the loss that the account prints.
        promised: the loss that the course's recipe has to reach.
        theirs, course: functions that build the two models, each with fresh weights.
        min_zeros: share of the code that the course's recipe has to leave exactly zero.
    """

    variant: str
    published: float
    promised: float
    theirs: Callable
    course: Callable
    min_zeros: float = 0.0


def with_relu(model):
    """The model with ReLU between its layers in place of SiLU, as the published ones have it."""
    for part in (model.encoder, model.decoder):
        for i, layer in enumerate(part):
            if isinstance(layer, nn.SiLU):
                part[i] = nn.ReLU()
    return model


def published_convolutional():
    """The convolutional model with kernels of 3 × 3 in place of 4 × 4, and ReLU."""
    model = models.ConvolutionalAutoencoder(latent_dim=32, **CONVOLUTIONAL)
    few, many = CONVOLUTIONAL["channels"]
    shape = {"kernel_size": 3, "stride": 2, "padding": 1}
    model.encoder[0], model.encoder[2] = nn.Conv2d(1, few, **shape), nn.Conv2d(few, many, **shape)
    model.decoder[1] = nn.Identity()  # theirs goes from the linear layer straight to the first convolution
    model.decoder[3] = nn.ConvTranspose2d(many, few, **shape, output_padding=1)
    model.decoder[5] = nn.ConvTranspose2d(few, 1, **shape, output_padding=1)
    return with_relu(model)


CONFIGURATIONS = [
    Configuration(
        "vanilla",
        published=0.0401,
        promised=0.0360,
        theirs=lambda: with_relu(models.VanillaAutoencoder(latent_dim=2, **DENSE)),
        course=lambda: models.VanillaAutoencoder(latent_dim=2, **DENSE),
    ),
    Configuration(
        "vanilla",
        published=0.0125,
        promised=0.0078,
        theirs=lambda: with_relu(models.VanillaAutoencoder(latent_dim=32, **DENSE)),
        course=lambda: models.VanillaAutoencoder(latent_dim=32, **DENSE),
    ),
    Configuration(
        "denoising",
        published=0.0191,
        promised=0.0135,
        theirs=lambda: with_relu(models.DenoisingAutoencoder(latent_dim=32, noise_std=0.3, **DENSE)),
        course=lambda: models.DenoisingAutoencoder(latent_dim=32, noise_std=0.3, **DENSE),
    ),
    Configuration(
        "sparse",
        published=0.0130,
        promised=0.0105,
        # Their code takes 1e-3 times the mean of |z| over images and units; our penalty sums over the 32 units.
        theirs=lambda: with_relu(
            models.SparseAutoencoder(latent_dim=32, code="linear", sparsity_weight=1e-3 / 32, top_k=None, **DENSE)
        ),
        course=lambda: models.SparseAutoencoder(latent_dim=32, code="relu", top_k=16, **DENSE),
        min_zeros=0.5,
    ),
    Configuration(
        "convolutional",
        published=0.0083,
        promised=0.0045,
        theirs=published_convolutional,
        course=lambda: models.ConvolutionalAutoencoder(latent_dim=32, **CONVOLUTIONAL),
    ),
]
