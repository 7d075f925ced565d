"""Bad input gets one sentence: what was expected, and what came."""

import math

import torch

IMAGE_SHAPE = (1, 28, 28)
IMAGE_SIZE = math.prod(IMAGE_SHAPE)
WHOLE_NUMBERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
ROUNDING = 1e-6  # how far a float32 may leave [0, 1] by arithmetic alone


def describe(value):
    """What came, in words: 'a float64 tensor of shape (3, 28, 28)'."""
    if isinstance(value, torch.Tensor):
        return f"a {str(value.dtype).removeprefix('torch.')} tensor of shape {tuple(value.shape)}"
    if isinstance(value, (bool, int, float, str)) or value is None:
        return repr(value)
    return f"an object of type {type(value).__name__}"


class NotFiniteError(ValueError):
    """NaN or infinity where numbers belong: in training the sign of a rate that is too high."""


def check_float_tensor(value, name, expected, extremes=False):
    """Raise unless `value` is a non-empty float32 tensor without NaN or infinity.

    Returns:
        The lowest and the highest value, if `extremes` asks for them.
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name}: expected {expected}, got {describe(value)}.")
    if value.dtype != torch.float32:
        mend = "divide by 255 for images of 0..255" if not value.is_floating_point() else "call .float()"
        raise TypeError(f"{name}: expected {expected}, got {describe(value)}; {mend}.")
    if value.numel() == 0:
        raise ValueError(f"{name}: expected {expected}, got {describe(value)}, which is empty.")
    value = value.detach()
    # One pass: NaN and infinity show in the sum, and in the extremes, which take half as long again. Large finite
    # values may overflow the sum, hence the second look.
    seen = [bound.item() for bound in torch.aminmax(value)] if extremes else [value.sum().item()]
    if not all(map(math.isfinite, seen)) and not value.isfinite().all():
        raise NotFiniteError(f"{name}: expected {expected}, got {describe(value)} with NaN or infinite values.")
    return seen if extremes else None


def check_grey(low, high, name):
    """Raise unless values from `low` to `high` are grey values: in [0, 1], up to rounding."""
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ValueError(f"{name}: expected values in [0, 1], got {low:.3g} to {high:.3g}; {mend_for(low, high)}.")


def mend_for(low, high):
    """How to bring values that run from `low` to `high` back to [0, 1], by the scale that they seem to have."""
    if high > 16:
        return "divide images of 0..255 by 255"
    if -1 - ROUNDING <= low < -0.99 and high <= 1 + ROUNDING:
        return "map images of [-1, 1] back by (x + 1) / 2"
    return "undo a standardisation by x * std + mean, or cut noise off by .clamp(0, 1)"


def check_images(images, name="images", overshoot=False, shape=IMAGE_SHAPE):
    """Raise unless `images` is a finite float32 tensor of shape (N, *shape), N > 0, with values in [0, 1].

    A `shape` of None allows any (C, H, W).

    Noise and linear decoders leave [0, 1]. Where such images are welcome, `overshoot`, only another scale is refused,
    by two signs that neither of them shows: nothing below 0 and something above 16, as in 0..255; or a lowest value
    below 0 that a tenth of all pixels share, which is a black background after standardising or scaling to [-1, 1].
    Photographs without a plain background can be standardised unseen.
    """
    axes = ("C", "H", "W") if shape is None else shape
    expected = f"float32 images of shape (N, {', '.join(map(str, axes))})"
    low, high = check_float_tensor(images, name, expected, extremes=True)
    if images.dim() != 4 or (shape is not None and tuple(images.shape[1:]) != shape):
        raise ValueError(f"{name}: expected {expected}, got {describe(images)}.")
    if overshoot and not is_other_scale(images, low, high):
        return
    check_grey(low, high, name)


def is_other_scale(images, low, high):
    """Whether images that run from `low` to `high` look like 0..255, [-1, 1] or standardised ones."""
    if low < -ROUNDING:
        return (images == low).sum().item() > images.numel() / 10
    return high > 16


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


def check_same_shape(a, b, names, batch=False, grey=()):
    """Raise unless `a` and `b` are finite float32 tensors of one shape, (N, ...) where `batch` is set.

    Those whose names are in `grey` must hold grey values: in [0, 1].
    """
    expected = "a float32 tensor of shape (N, ...)" if batch else "a float32 tensor"
    for value, name in zip((a, b), names, strict=True):
        extremes = check_float_tensor(value, name, expected, extremes=name in grey)
        if batch and value.dim() < 2:
            raise ValueError(f"{name}: expected {expected}, got {describe(value)}.")
        if name in grey:
            check_grey(*extremes, name)
    if a.shape != b.shape:
        raise ValueError(
            f"{names[0]}, {names[1]}: expected two tensors of one shape, got {tuple(a.shape)} and {tuple(b.shape)}."
        )


def check_scalar(value, name):
    """Raise unless `value`, which the method `name` returned, is a tensor of shape () or a plain number."""
    expected = "expected a scalar tensor"
    if value is None:
        raise TypeError(f"{name}: {expected}, got None; its `return` may be missing.")
    if isinstance(value, torch.Tensor) and value.dim() > 0:
        raise ValueError(f"{name}: {expected}, got {describe(value)}; take its .mean() or .sum().")
    if isinstance(value, bool) or not isinstance(value, (torch.Tensor, int, float)):
        raise TypeError(f"{name}: {expected}, got {describe(value)}.")


def check_loss_parts(parts):
    """Raise unless `parts`, which the method `loss_parts` returned, are two scalars."""
    if not isinstance(parts, (tuple, list)) or len(parts) != 2:
        raise TypeError(f"loss_parts: expected two scalar tensors, (reconstruction, penalty), got {describe(parts)}.")
    for part, name in zip(parts, ("reconstruction", "penalty"), strict=True):
        check_scalar(part, f"loss_parts, {name}")


def check_weights(model):
    """Raise unless `model` has weights, all float32 and made for training."""
    weights = list(model.parameters())
    if not weights:
        raise ValueError("model: expected weights to train, but it has none; set self.encoder and self.decoder.")
    odd = [weight for weight in weights if weight.dtype != torch.float32]
    if odd:
        raise TypeError(f"model: expected float32 weights, got {describe(odd[0])}; call model.float().")
    if any(tensor.is_inference() for tensor in (*weights, *model.buffers())):
        raise ValueError(
            "model: its weights were made under torch.inference_mode() and can't be trained; build it outside."
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


def check_not_negative(value, name):
    """Raise unless `value` is a finite number of 0 or more."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: expected a number of 0 or more, got {describe(value)}.")
    if not 0 <= value < math.inf:  # False for NaN
        raise ValueError(f"{name}: expected a number of 0 or more, got {value}.")


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
