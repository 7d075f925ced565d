"""Checks of the chapter on the bottleneck."""

import zlib

import torch
from torch import nn

from aecourse.checks.verdict import BadAnswer, call, close, exercise, number, right, tensor, wrong
from aecourse.validation import describe


@exercise
def parameter_count(answer):
    """How many numbers training may change in the 784-512-256-32 autoencoder: encoder, decoder, biases."""
    answer = number(answer)
    widths = [784, 512, 256, 32]
    weights = sum(a * b for a, b in zip(widths, widths[1:], strict=False))
    encoder_biases, decoder_biases = sum(widths[1:]), sum(widths[:-1])
    total = 2 * weights + encoder_biases + decoder_biases
    if answer == 2 * weights:
        return wrong("those are the weights alone. Each unit also has a bias, in the decoder's last layer too.")
    if answer in (weights, weights + encoder_biases):
        return wrong("that is the encoder. The decoder mirrors it and has parameters of its own.")
    if answer == 2 * (weights + encoder_biases):
        return wrong(
            "the decoder's biases differ from the encoder's: a layer has as many biases as outputs, "
            "and the decoder ends in 784 of them."
        )
    if answer != total:
        return wrong("a layer from a to b units has a·b weights and b biases. Add up all six layers.")
    return right("more than a million parameters for 4,000 images of 784 pixels: the network could overfit.")


@exercise
def compression_factor(answer):
    """Bytes of a 28×28 uint8 image over bytes of a float32 code of length 32."""
    answer = number(answer)
    if close(answer, 784 / 32):
        return wrong("24.5 counts dimensions, or pixels of 4 bytes. A float32 takes 4 bytes, a grey value only 1.")
    if close(answer, 32 * 4 / 784):
        return wrong("you have the ratio upside down: original over compressed.")
    if close(answer, 784 / (32 * 32)) or close(answer, 784 * 8 / 32):
        return wrong("you mixed bits and bytes: 32 bits are 4 bytes.")
    if not close(answer, 784 / 128, 0.01):
        return wrong("divide the bytes of an image (784 × 1) by the bytes of its code (32 × 4).")
    return right("in bytes the factor is about 6, not 24.5, and lossless zlib alone already reaches about 4.")


@exercise
def zlib_bytes(function):
    """A function from one uint8 image (28, 28) to the length in bytes of its zlib compression, level 9."""
    ramp = torch.arange(784, dtype=torch.int64).remainder(256).to(torch.uint8).reshape(28, 28)
    black = torch.zeros(28, 28, dtype=torch.uint8)
    axis = torch.arange(-27, 28, 2)
    ring = (255 - (axis**2 + axis[:, None] ** 2 - 300).abs()).clamp(min=0).to(torch.uint8)  # where the level shows
    for image in (black, ramp, ring):
        answer = number(call(function, image), "what your function returns")
        raw = image.numpy().tobytes()
        expected = len(zlib.compress(raw, 9))
        if answer == expected:
            continue
        if answer == 784:
            return wrong("784 is the uncompressed size. Pass the bytes through zlib.compress first.")
        if answer == len(zlib.compress((image.float() / 255).numpy().tobytes(), 9)):
            return wrong("you compressed float32 pixels, 4 bytes each. Compress the uint8 grey values.")
        if any(answer == len(zlib.compress(raw, level)) for level in range(1, 9)):
            return wrong("that is another level of zlib. Ask for the best one: zlib.compress(…, 9).")
        if close(answer, 784 / expected):
            return wrong("that is the compression factor. The function should return the number of bytes.")
        if answer == 8 * expected:
            return wrong("that counts bits. One byte is 8 bits; return bytes.")
        return wrong("expected len(zlib.compress(image.numpy().tobytes(), 9)); your number differs.")
    return right("a black image shrinks to a few bytes. zlib loses nothing, and needs no training.")


@exercise
def build_encoder(function):
    """A function from d to an encoder 784-128-d: (N, 1, 28, 28) images to (N, d) codes of either sign."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(64, 1, 28, 28, generator=generator)
    for d in (7, 16):
        with torch.random.fork_rng(devices=[]):
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


@exercise
def quantise(function):
    """A function (z, bits) that rounds codes to the nearest of 2^bits levels from z.min() to z.max()."""
    z = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    low, span = z.min(), z.max() - z.min()
    for bits in (1, 3, 8):
        answer = tensor(call(function, z.clone(), bits), z.shape, "what your function returns").float()
        steps = 2**bits - 1
        level = (z - low) / span * steps
        if torch.allclose(answer, level.round() / steps * span + low, atol=1e-4):
            continue
        if torch.allclose(answer, level.round(), atol=1e-3):
            return wrong("those are the numbers of the levels. Scale them back to the range of z.")
        if torch.allclose(answer, level.floor() / steps * span + low, atol=1e-4):
            return wrong("you cut off instead of rounding to the nearest level: the error doubles.")
        if len(answer.unique()) == 2**bits + 1:
            return wrong(f"you use {2**bits + 1} levels. {bits} bits count {2**bits}, with {steps} steps between.")
        if torch.allclose(answer, z, atol=1e-4):
            return wrong("the codes came back as they were. Nothing was rounded.")
        if len(answer.unique()) > 2**bits:
            return wrong(
                f"more than {2**bits} different values are left. One set of levels serves all of z: not one a row."
            )
        return wrong("the lowest level should be z.min(), the highest z.max(), and the rest evenly between them.")
    return right("with 8 bits a number, 32 bytes hold the code: now 24.5 times fewer is true in bytes too.")
