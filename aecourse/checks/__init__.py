"""Exercise checkers: `checks.<chapter>.<name>(answer)` says what is right, or what is wrong and why."""

from aecourse.checks import bottleneck, convolutional, denoising, mean_squared_error, pca, sparse

__all__ = ["bottleneck", "convolutional", "denoising", "mean_squared_error", "pca", "sparse"]
