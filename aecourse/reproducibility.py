"""Same seed, same numbers; and the device to compute on."""

import random

import numpy as np
import torch

from aecourse.validation import check_whole_number


def seed_everything(seed):
    """Seed Python, NumPy and PyTorch (all devices).

    Args:
        seed: a whole number of 0 or more.

    Raises:
        TypeError, ValueError: if it is not.
    """
    check_whole_number(seed, "seed", minimum=0)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # NumPy takes 32 bits
    torch.manual_seed(seed % 2**64)


def default_device():
    """The fastest device here, a `torch.device`: CUDA, then MPS (Apple), then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
