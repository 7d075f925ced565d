"""Bad input gets one sentence: what was expected, and what came."""

import math

import torch

IMAGE_SHAPE = (1, 28, 28)
IMAGE_SIZE = math.prod(IMAGE_SHAPE)
WHOLE_NUMBERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def describe(value):
    """What came, in words: 'a float64 tensor of shape (3, 28, 28)'."""
    if isinstance(value, torch.Tensor):
        return f"a {str(value.dtype).removeprefix('torch.')} tensor of shape {tuple(value.shape)}"
    if isinstance(value, (bool, int, float, str)) or value is None:
        return repr(value)
    return f"an object of type {type(value).__name__}"


class NotFiniteError(ValueError):
    """NaN or infinity where numbers belong: in training the sign of a rate that is too high."""


def check_float_tensor(value, name, expected):
    """Raise unless `value` is a non-empty float32 tensor without NaN or infinity."""
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name}: expected {expected}, got {describe(value)}.")
    if value.dtype != torch.float32:
        mend = "divide by 255 for images of 0..255" if not value.is_floating_point() else "call .float()"
        raise TypeError(f"{name}: expected {expected}, got {describe(value)}; {mend}.")
    if value.numel() == 0:
        raise ValueError(f"{name}: expected {expected}, got {describe(value)}, which is empty.")
    # NaN and infinity show in the sum, one fast pass; so do large values that overflow it, hence the second look.
    value = value.detach()
    if not math.isfinite(value.sum().item()) and not value.isfinite().all():
        raise NotFiniteError(f"{name}: expected {expected}, got {describe(value)} with NaN or infinite values.")


def check_images(images, name="images"):
    """Raise unless `images` is a finite float32 tensor of shape (N, 1, 28, 28), N > 0."""
    expected = "float32 images of shape (N, 1, 28, 28)"
    check_float_tensor(images, name, expected)
    if images.dim() != 4 or tuple(images.shape[1:]) != IMAGE_SHAPE:
        raise ValueError(f"{name}: expected {expected}, got {describe(images)}.")


def check_codes(z, latent_dim=None, name="z"):
    """Raise unless `z` is a finite float32 tensor of shape (N, latent_dim), N > 0."""
    expected = f"float32 codes of shape (N, {'d' if latent_dim is None else latent_dim})"
    check_float_tensor(z, name, expected)
    if z.dim() != 2 or (latent_dim is not None and z.shape[1] != latent_dim):
        raise ValueError(f"{name}: expected {expected}, got {describe(z)}.")


def check_labels(labels, length, name="labels"):
    """Raise unless `labels` holds one integer for each of `length` samples."""
    expected = f"whole-number labels of shape ({length},)"
    if not isinstance(labels, torch.Tensor) or labels.dtype not in WHOLE_NUMBERS:
        raise TypeError(f"{name}: expected {expected}, got {describe(labels)}.")
    if tuple(labels.shape) != (length,):
        raise ValueError(f"{name}: expected {expected}, got {describe(labels)}.")


def check_same_shape(a, b, names, batch=False):
    """Raise unless `a` and `b` are finite float32 tensors of one shape, (N, ...) where `batch` is set."""
    expected = "a float32 tensor of shape (N, ...)" if batch else "a float32 tensor"
    for value, name in zip((a, b), names, strict=True):
        check_float_tensor(value, name, expected)
        if batch and value.dim() < 2:
            raise ValueError(f"{name}: expected {expected}, got {describe(value)}.")
    if a.shape != b.shape:
        raise ValueError(
            f"{names[0]}, {names[1]}: expected two tensors of one shape, got {tuple(a.shape)} and {tuple(b.shape)}."
        )


def check_whole_number(value, name, minimum=1):
    """Raise unless `value` is an int (not a bool) of at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: expected a whole number of at least {minimum}, got {describe(value)}.")
    if value < minimum:
        raise ValueError(f"{name}: expected a whole number of at least {minimum}, got {value}.")


def check_positive(value, name):
    """Raise unless `value` is a finite number above zero."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: expected a number above zero, got {describe(value)}.")
    if not 0 < value < math.inf:  # False for NaN
        raise ValueError(f"{name}: expected a number above zero, got {value}.")


def check_share(value, name):
    """Raise unless `value` is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: expected a number from 0 to 1, got {describe(value)}.")
    if not 0 <= value <= 1:
        raise ValueError(f"{name}: expected a number from 0 to 1, got {value}.")


def check_choice(value, name, choices):
    """Raise unless `value` is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, choices))}, got {describe(value)}.")
