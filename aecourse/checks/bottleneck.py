"""Checks of the chapter on the bottleneck."""

import zlib

import torch
from torch import nn

from aecourse.checks.exercise import Exercise
from aecourse.checks.guard import judged
from aecourse.checks.verdict import BadAnswer, call, right, wrong
from aecourse.validation import describe

WEIGHTS = 784 * 512 + 512 * 256 + 256 * 32

parameter_count = Exercise(
    "How many numbers training may change in the 784-512-256-32 autoencoder: encoder, decoder, biases.",
    solution=2 * WEIGHTS + (512 + 256 + 32) + (256 + 512 + 784),
    tolerance=0,
    lesson="more than a million parameters for 4,000 images of 784 pixels: the network could overfit.",
    mistakes=[
        (2 * WEIGHTS, "those are the weights alone. Each unit also has a bias, in the decoder's last layer too."),
        (WEIGHTS, "that is the encoder, without its biases. The decoder mirrors it and has parameters of its own."),
        (
            WEIGHTS + 512 + 256 + 32,
            "that is the encoder. The decoder mirrors it and has parameters of its own.",
        ),
        (
            2 * (WEIGHTS + 512 + 256 + 32),
            "the decoder's biases differ from the encoder's: a layer has as many biases as outputs, "
            "and the decoder ends in 784 of them.",
        ),
    ],
    otherwise="a layer from a to b units has a·b weights and b biases. Add up all six layers.",
)

compression_factor = Exercise(
    "Bytes of a 28×28 uint8 image over bytes of a float32 code of length 32.",
    solution=784 / (32 * 4),
    tolerance=0.01,
    lesson="in bytes the factor is about 6, not 24.5, and lossless zlib alone already reaches about 4.",
    mistakes=[
        (784 / 32, "24.5 counts dimensions, or pixels of 4 bytes. A float32 takes 4 bytes, a grey value only 1."),
        (32 * 4 / 784, "you have the ratio upside down: original over compressed."),
        (784 / (32 * 32), "you mixed bits and bytes: 32 bits are 4 bytes."),
        (784 * 8 / 32, "you mixed bits and bytes: 32 bits are 4 bytes."),
    ],
    otherwise="divide the bytes of an image (784 × 1) by the bytes of its code (32 × 4).",
)


def uint8_images():
    """A black image, a ramp, and a ring, on which the level of the compression shows."""
    ramp = torch.arange(784).remainder(256).to(torch.uint8).reshape(28, 28)
    black = torch.zeros(28, 28, dtype=torch.uint8)
    axis = torch.arange(-27, 28, 2)
    ring = (255 - (axis**2 + axis[:, None] ** 2 - 300).abs()).clamp(min=0).to(torch.uint8)
    return [(black,), (ramp,), (ring,)]


def zlib_length(image, level=9):
    return len(zlib.compress(image.numpy().tobytes(), level))


zlib_bytes = Exercise(
    "A function from one uint8 image (28, 28) to the length in bytes of its zlib compression, level 9.",
    solution=zlib_length,
    cases=uint8_images,
    tolerance=0,
    lesson="a black image shrinks to a few bytes. zlib loses nothing, and needs no training.",
    mistakes=[
        (lambda image: 784, "784 is the uncompressed size. Pass the bytes through zlib.compress first."),
        (
            lambda image: zlib_length(image.float() / 255),
            "you compressed float32 pixels, 4 bytes each. Compress the uint8 grey values.",
        ),
        *[
            (
                lambda image, level=level: zlib_length(image, level),
                "that is another level of zlib. Ask for the best one, level 9.",
            )
            for level in range(-1, 7)  # 7 and 8 are as good on these images
        ],
        (
            lambda image: 784 / zlib_length(image),
            "that is the compression factor. The function should return the number of bytes.",
        ),
        (lambda image: 8 * zlib_length(image), "that counts bits. One byte is 8 bits; return bytes."),
    ],
    otherwise="compress the bytes of the image with zlib, at level 9, and return how many there are; "
    "your number differs.",
)


@judged
def build_encoder(function):
    """A function from d to an encoder 784-128-d: (N, 1, 28, 28) images to (N, d) codes of either sign."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(64, 1, 28, 28, generator=generator)
    for d in (7, 16):
        torch.manual_seed(0)
        encoder = call(function, d)
        if not isinstance(encoder, nn.Module):
            raise BadAnswer(f"your function should return an nn.Sequential, but it returned {describe(encoder)}")
        widths = [tuple(layer.weight.shape) for layer in encoder.modules() if isinstance(layer, nn.Linear)]
        if not any(isinstance(layer, nn.Flatten) for layer in encoder.modules()):
            return wrong("nn.Linear works on the last axis, 28 long. Flatten the image to 784 numbers first.")
        if widths == [(128, 784), (7, 128)] and d != 7:
            return wrong("the code has 7 numbers whatever latent_dim says. Use the argument.")
        if widths != [(128, 784), (d, 128)]:
            found = ", ".join(f"{b} to {a}" for a, b in widths) or "none"
            return wrong(f"the linear layers should go 784 to 128 and 128 to {d}; yours go {found}.")
        with torch.no_grad():
            z, zero, half = encoder(x), encoder(torch.zeros_like(x)), encoder(x / 2)
        if tuple(z.shape) != (64, d):
            return wrong(f"64 images should give codes of shape (64, {d}); yours have {tuple(z.shape)}.")
        if torch.allclose(half - zero, (z - zero) / 2, atol=1e-5):
            return wrong("two linear layers in a row are one linear layer. Put an activation between them.")
        if z.min() >= 0:
            return wrong("no number of your code is negative: an activation follows the last layer. Drop it.")
        if z.abs().max() <= 1 and isinstance(list(encoder.modules())[-1], (nn.Tanh, nn.Sigmoid, nn.Softsign)):
            return wrong("the last activation shuts the code into a fixed range. Drop it.")
    return right("flatten, a nonlinearity between the layers, and no activation on the code.")


def quantise_cases():
    return [(torch.randn(50, 4, generator=torch.Generator().manual_seed(0)), bits) for bits in (1, 3, 8)]


def levels(z, count):
    """z on a scale from 0, its lowest number, to `count`, its highest."""
    return (z - z.min()) / (z.max() - z.min()) * count


def scale_back(level, count, z):
    return level / count * (z.max() - z.min()) + z.min()


def row_by_row(z, bits):
    return torch.stack([scale_back(levels(row, 2**bits - 1).round(), 2**bits - 1, row) for row in z])


def too_many_levels(values, targets):
    """What to say of codes on other levels."""
    for value, (_, bits) in zip(values, quantise_cases(), strict=True):
        if len(value.unique()) > 2**bits:
            return (
                f"more than {2**bits} different values are left for {bits} bit{'s' * (bits > 1)}. "
                "One set of levels serves all of z: not one a row."
            )
    return "the lowest level should be z.min(), the highest z.max(), and the rest evenly between them."


quantise = Exercise(
    "A function (z, bits) that rounds codes to the nearest of 2^bits levels from z.min() to z.max().",
    solution=lambda z, bits: scale_back(levels(z, 2**bits - 1).round(), 2**bits - 1, z),
    cases=quantise_cases,
    margin=1e-4,
    lesson="with 8 bits a number, 32 bytes hold the code: now 24.5 times fewer is true in bytes too.",
    mistakes=[
        (
            lambda z, bits: levels(z, 2**bits - 1).round(),
            "those are the numbers of the levels. Scale them back to the range of z.",
        ),
        (
            lambda z, bits: scale_back(levels(z, 2**bits - 1).floor(), 2**bits - 1, z),
            "you cut off instead of rounding to the nearest level: the error doubles.",
        ),
        (
            lambda z, bits: scale_back(levels(z, 2**bits).round(), 2**bits, z),
            "you use one level too many: 3 bits count 8 levels, with 7 steps between.",
        ),
        (lambda z, bits: z, "the codes came back as they were. Nothing was rounded."),
        (row_by_row, "each row has levels of its own. One set of levels serves all of z: not one a row."),
        (
            lambda z, bits: row_by_row(z.T, bits).T,
            "each unit has levels of its own. One set of levels, from z.min() to z.max(), serves all of z.",
        ),
    ],
    otherwise=too_many_levels,
)
