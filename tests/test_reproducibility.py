"""Same seed, same numbers."""

import random

import numpy as np
import pytest
import torch

from aecourse import reproducibility


def draws(seed):
    reproducibility.seed_everything(seed)
    return random.random(), np.random.rand(), torch.rand(()).item()


def test_the_same_seed_gives_the_same_draws():
    assert draws(3) == draws(3)


def test_another_seed_gives_other_draws():
    assert all(a != b for a, b in zip(draws(3), draws(4), strict=True))


@pytest.mark.parametrize("seed", [-1, 1.5, "0", None, True])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises((TypeError, ValueError), match="seed: expected"):
        reproducibility.seed_everything(seed)


def test_the_device_can_compute():
    assert (torch.ones(2, device=reproducibility.default_device()) * 2).sum().item() == 4
