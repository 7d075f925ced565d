"""What befalls an image: Gaussian noise, masking, salt and pepper (Vincent et al. 2010, JMLR 11, section 3.3), a shift.

All return a new tensor of the shape of x. All but `shift` draw from PyTorch's global generator, so `seed_everything`
decides them. A strength of 0 corrupts nothing.
"""

import torch
from torch.nn import functional

from aecourse.validation import check_images, check_not_negative, check_share, describe


def add_gaussian_noise(x, std, clamp=True):
    """x + std · ε with ε standard normal, a fresh draw for each pixel.

    Args:
        x: (N, C, H, W) float32 in [0, 1].
        std: standard deviation of the noise, in grey values, 0 or more.
        clamp: cut to [0, 1], as an image must be; the noise is then no longer Gaussian.

    Raises:
        TypeError, ValueError: on bad input.
    """
    check_images(x, "x", shape=None)
    check_not_negative(std, "std")
    noisy = x + std * torch.randn_like(x)
    return noisy.clamp(0, 1) if clamp else noisy


def mask_pixels(x, share):
    """x with each pixel of each channel set to 0 with probability `share`.

    Args:
        x: (N, C, H, W) float32 in [0, 1].
        share: from 0 to 1.

    Raises:
        TypeError, ValueError: on bad input.
    """
    check_images(x, "x", shape=None)
    check_share(share, "share")
    return x * (torch.rand_like(x) >= share)


def salt_and_pepper(x, share):
    """x with each pixel of each channel set, with probability `share`, to 0 or 1 with equal odds.

    Args:
        x: (N, C, H, W) float32 in [0, 1].
        share: from 0 to 1.

    Raises:
        TypeError, ValueError: on bad input.
    """
    check_images(x, "x", shape=None)
    check_share(share, "share")
    corrupted = torch.rand_like(x) < share
    return torch.where(corrupted, torch.randint_like(x, 2), x)


def shift(x, pixels):
    """x moved to the right by whole pixels, to the left if `pixels` is negative; zeros come in from the other side.

    Args:
        x: (N, C, H, W), images or the maps of a convolution, with any values.
        pixels: a whole number.

    Raises:
        TypeError: if `x` is no such tensor or `pixels` no whole number.
    """
    if not isinstance(x, torch.Tensor) or x.dim() != 4:
        raise TypeError(f"x: expected images or maps of shape (N, C, H, W), got {describe(x)}.")
    if not isinstance(pixels, int):
        raise TypeError(f"pixels: expected a whole number, got {describe(pixels)}.")
    return functional.pad(x, (pixels, -pixels))
