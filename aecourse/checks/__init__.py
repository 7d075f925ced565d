"""Exercise checkers: `checks.<chapter>.<name>(answer)` says what is right, or what is wrong and why."""

from aecourse.checks import bottleneck, mean_squared_error, pca

__all__ = ["bottleneck", "mean_squared_error", "pca"]
