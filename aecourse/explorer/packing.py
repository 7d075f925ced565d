"""The decoder's weights for a page: read from the model, rounded, compared with the model, packed as text."""

import base64
import math
import zlib

import torch
from torch import nn
from torch.nn import functional

from aecourse.validation import IMAGE_SIZE, describe

MEND = "train models.VanillaAutoencoder(latent_dim=2)"
PAGE_BYTES = 800_000
FLOAT16_WEIGHTS = 270_000  # in float16 and base64 at most 2.7 bytes each: room is left for codes and program
INT8_WEIGHTS = 550_000  # in int8 and base64 at most 1.38 bytes each with their scales; deflated 1.27 once trained
GROUP = 64  # weights of a row that share a scale in int8
SMALLEST_FLOAT16, LARGEST_FLOAT16 = 2**-24, 65_504
PROMISES = {  # what share of the pixels, in [0, 1], is how close to the model's
    "float16": (0.999, 2e-3),  # half a step of the 8-bit screen
    "int8": (0.999, 5e-3),  # a step and a quarter
}
ACTIVATIONS = {"SiLU": functional.silu, "ReLU": torch.relu, "Sigmoid": torch.sigmoid}
SHAPES_ONLY = (nn.Flatten, nn.Unflatten, nn.Identity)  # the page works on vectors of 784 pixels


def decoder_steps(model):
    """The decoder as a list of steps: ("Linear", weight, bias), ("SiLU",), ("ReLU",), ("Sigmoid",)."""
    expected = "an autoencoder with latent_dim=2 and a fully connected decoder"
    if not all(hasattr(model, name) for name in ("latent_dim", "encode", "decode", "decoder")):
        raise TypeError(f"model: expected {expected}, got {describe(model)}; {MEND}.")
    if model.latent_dim != 2:
        raise ValueError(f"model: expected {expected}, got latent_dim={model.latent_dim}; {MEND}.")
    layers = model.decoder if isinstance(model.decoder, nn.Sequential) else [model.decoder]
    steps = []
    for layer in layers:
        kind = type(layer).__name__
        if kind in ACTIVATIONS:
            steps.append((kind,))
        elif isinstance(layer, nn.Linear):  # also one with a parametrised weight, whose type is another
            weight = layer.weight.detach().cpu()  # (outputs, inputs)
            bias = torch.zeros(len(weight)) if layer.bias is None else layer.bias.detach().cpu()
            steps.append(("Linear", weight, bias))
        elif not isinstance(layer, SHAPES_ONLY):
            raise TypeError(f"model: expected {expected}, got a decoder with a {kind}; {MEND}.")
    linear = list(filter(is_linear, steps))
    if not linear or len(linear[-1][1]) != IMAGE_SIZE:
        raise TypeError(f"model: expected {expected}, whose last linear layer has {IMAGE_SIZE} outputs; {MEND}.")
    count = count_weights(steps)
    if count > INT8_WEIGHTS:
        raise ValueError(
            f"model: expected a decoder of at most {INT8_WEIGHTS:,} weights, which fit in a page of "
            f"{PAGE_BYTES // 1000} kB, got {count:,}; {MEND}."
        )
    for tensor in (tensor for step in steps for tensor in step[1:]):
        largest = tensor.abs().max().item()
        if not largest <= LARGEST_FLOAT16:  # also NaN
            raise ValueError(
                f"model: expected weights that float16 can hold, up to {LARGEST_FLOAT16:,}, got {largest:.3g}; "
                "train again with a lower max_lr."
            )
    return steps


def is_linear(step):
    return step[0] == "Linear"


def count_weights(steps):
    return sum(step[1].numel() for step in filter(is_linear, steps))


def run(step, x):
    """One step of the decoder for a batch: (N, inputs) -> (N, outputs)."""
    kind, *tensors = step
    return functional.linear(x, *tensors[:2]) if is_linear(step) else ACTIVATIONS[kind](x)


def round_to(storage, steps, x):
    """The steps with all weights but the first layer's rounded to float16 or int8, for inputs like x (N, 2).

    The first layer stays float32: its errors would be multiplied by codes of any size, and it is small.
    A layer in int8 carries its scales: ("Linear", weight, bias, scale).
    """
    rounded = []
    for step in steps:
        if is_linear(step) and any(map(is_linear, rounded)):
            _, weight, bias = step
            weight, *scale = rounded_that_cancels(weight, x, storage)
            step = ("Linear", weight, bias, *scale)
        rounded.append(step)
        x = run(step, x)
    return rounded


def rounded_that_cancels(weight, x, storage):
    """weight (outputs, inputs) rounded such that x @ weight.T hardly changes.

    Each column's rounding errors are made up for by the columns not yet rounded, as far as the inputs x
    (N, inputs) are correlated. On a plane they are strongly so: the error is a tenth of plain rounding's.
    The method is OPTQ (Frantar et al. 2023, arXiv:2210.17323).

    Returns:
        For "float16" one tensor, the weights. For "int8" two: the weights, which are whole numbers from -127 to 127
        times the scale of their group, and the scales (outputs, groups), which float16 holds.
    """
    weight, x = weight.double(), x.double()
    gram = x.T @ x
    gram.diagonal().add_(1e-6 * gram.diagonal().mean() + 1e-12)  # units that never vary leave it singular
    factor = torch.linalg.cholesky(torch.linalg.inv(gram), upper=True)
    rounded = torch.empty_like(weight)
    scales = []
    for j in range(weight.shape[1]):
        if storage == "float16":
            rounded[:, j] = weight[:, j].half()
        else:
            if j % GROUP == 0:  # only now: the columns before have changed these
                scales.append((weight[:, j : j + GROUP].abs().amax(1) / 127).clamp(min=SMALLEST_FLOAT16).half())
            rounded[:, j] = (weight[:, j] / scales[-1]).round().clamp(-127, 127) * scales[-1]
        error = (weight[:, j] - rounded[:, j]) / factor[j, j]
        weight[:, j:] -= torch.outer(error, factor[j, j:])
    return (rounded.float(), torch.stack(scales, 1).float()) if scales else (rounded.float(),)


@torch.no_grad()
def check_agreement(model, steps, z, storage):
    """Raise unless the steps draw what model.decode draws, as close as the storage promises."""
    x_hat = model.decode(z.to(next(model.parameters()).device)).float().cpu().flatten(1)  # (N, 784)
    for step in steps:
        z = run(step, z)
    share, tolerance = PROMISES[storage]
    errors = (z - x_hat).abs().flatten()
    error = errors.kthvalue(math.ceil(share * len(errors))).values.item()  # this share has at most this error
    if not error <= tolerance:
        drawn = f"{100 * share:g} % of the pixels the same"
        smaller = "train for fewer epochs or with a lower max_lr, so that the codes stay smaller"
        raise ValueError(
            f"model: expected a decoder whose copy in {storage} draws {drawn} to {tolerance}, got {error:.2g}; "
            f"{smaller if storage == 'float16' else MEND}."
        )


def pack_step(step):
    """A step as JSON: the first layer in float32, all rounded weights in float16 or int8 without loss."""
    if not is_linear(step):
        return {"kind": step[0]}
    _, weight, bias, *scale = step
    content = {"kind": "Linear", "bias": pack(bias)}
    if scale:
        whole = weight / scale[0].repeat_interleave(GROUP, dim=1)[:, : weight.shape[1]]
        return content | {"weight": pack(whole.round().to(torch.int8)), "scale": pack(scale[0].half())}
    exact = torch.equal(weight, weight.half().float())
    return content | {"weight": pack(weight.half() if exact else weight)}


def pack(tensor):
    """A tensor as [type, base64 of its deflated numbers], little-endian."""
    kind = str(tensor.dtype).removeprefix("torch.")
    numbers = tensor.contiguous().numpy().astype({"float32": "<f4", "float16": "<f2", "int8": "i1"}[kind]).tobytes()
    return [kind, base64.b64encode(zlib.compress(numbers, 9)).decode()]
