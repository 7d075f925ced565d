"""The small package behind the autoencoder course: `from aecourse import data, models, training, …`."""

__version__ = "1.0.0"
