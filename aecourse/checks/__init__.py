"""Exercise checkers: `checks.<chapter>.<name>(answer)` says what is right, or what is wrong and why."""

from aecourse.checks import (
    bottleneck,
    comparison,
    convolutional,
    denoising,
    latent_space,
    mean_squared_error,
    pca,
    random_sampling,
    sparse,
    toward_the_vae,
)

__all__ = [
    "bottleneck",
    "comparison",
    "convolutional",
    "denoising",
    "latent_space",
    "mean_squared_error",
    "pca",
    "random_sampling",
    "sparse",
    "toward_the_vae",
]
