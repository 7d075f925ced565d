"""Wrong answers that the checks of chapter 1 must reject, with part of the hint."""

import zlib

import torch
from torch import nn

WEIGHTS = 784 * 512 + 512 * 256 + 256 * 32


def encoder(*layers):
    """A function of d; a layer that needs d is given as a function of it."""
    return lambda d: nn.Sequential(*(layer if isinstance(layer, nn.Module) else layer(d) for layer in layers))


def levels(z, count):
    return (z - z.min()) / (z.max() - z.min()) * count


def scale_back(level, count, z):
    return level / count * (z.max() - z.min()) + z.min()


WRONG = {
    "parameter_count": [
        (2 * WEIGHTS, "weights alone"),
        (WEIGHTS + 512 + 256 + 32, "that is the encoder"),
        (2 * (WEIGHTS + 512 + 256 + 32), "biases differ"),
        (1_000_000, "a·b weights and b biases"),
    ],
    "compression_factor": [
        (24.5, "counts dimensions"),
        (24.5 * 4 / 4 + 1e-6, "counts dimensions"),
        (128 / 784, "upside down"),
        (784 * 8 / 32, "bits and bytes"),
        (10.0, "divide the bytes"),
    ],
    "zlib_bytes": [
        (lambda image: 784, "uncompressed size"),
        (lambda image: len(zlib.compress((image.float() / 255).numpy().tobytes(), 9)), "float32 pixels"),
        (lambda image: len(zlib.compress(image.numpy().tobytes())), "another level"),
        (lambda image: len(zlib.compress(image.numpy().tobytes(), 1)), "another level"),
        (lambda image: 784 / len(zlib.compress(image.numpy().tobytes(), 9)), "compression factor"),
        (lambda image: 8 * len(zlib.compress(image.numpy().tobytes(), 9)), "counts bits"),
        (lambda image: 190, "your number differs"),
    ],
    "build_encoder": [
        (encoder(nn.Linear(784, 128), nn.SiLU(), lambda d: nn.Linear(128, d)), "Flatten the image"),
        (encoder(nn.Flatten(), nn.Linear(784, 128), lambda d: nn.Linear(128, d)), "one linear layer"),
        (encoder(nn.Flatten(), nn.Linear(784, 128), nn.SiLU(), lambda d: nn.Linear(128, d), nn.ReLU()), "Drop it"),
        (encoder(nn.Flatten(), nn.Linear(784, 128), nn.SiLU(), nn.Linear(128, 7)), "Use the argument"),
        (encoder(nn.Flatten(), nn.Linear(784, 64), nn.SiLU(), lambda d: nn.Linear(64, d)), "784 to 128"),
        (encoder(nn.Flatten(), nn.Linear(784, 128), nn.SiLU(), lambda d: nn.Linear(128, d), nn.Tanh()), "fixed range"),
        (lambda d: torch.zeros(d), "nn.Sequential"),
    ],
    "quantise": [
        (lambda z, bits: levels(z, 2**bits - 1).round(), "numbers of the levels"),
        (lambda z, bits: scale_back(levels(z, 2**bits - 1).floor(), 2**bits - 1, z), "cut off"),
        (lambda z, bits: scale_back(levels(z, 2**bits).round(), 2**bits, z), "3 levels"),
        (lambda z, bits: z, "Nothing was rounded"),
        (
            lambda z, bits: torch.stack([scale_back(levels(r, 2**bits - 1).round(), 2**bits - 1, r) for r in z]),
            "One set of levels",
        ),
        (lambda z, bits: z.round(), "more than 2"),
        (lambda z, bits: z.sign(), "lowest level"),
        (lambda z, bits: levels(z, 2**bits - 1).round()[0], "shape"),
    ],
}
