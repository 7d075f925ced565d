"""Checks of chapter 1."""

import zlib

from aecourse.checks.verdict import call, close, exercise, number, right, wrong


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
        return wrong("24.5 counts dimensions. A float32 takes 4 bytes, a grey value takes 1.")
    if close(answer, 784 * 4 / (32 * 4)):
        return wrong("you stored the pixels as float32 too. The image file has 1 byte a pixel.")
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
    import torch

    ramp = torch.arange(784, dtype=torch.int64).remainder(256).to(torch.uint8).reshape(28, 28)
    black = torch.zeros(28, 28, dtype=torch.uint8)
    for image in (black, ramp):
        answer = number(call(function, image), "what your function returns")
        raw = image.numpy().tobytes()
        expected = len(zlib.compress(raw, 9))
        if answer == expected:
            continue
        if answer == 784:
            return wrong("784 is the uncompressed size. Pass the bytes through zlib.compress first.")
        if answer == len(zlib.compress((image.float() / 255).numpy().tobytes(), 9)):
            return wrong("you compressed float32 pixels, 4 bytes each. Compress the uint8 grey values.")
        if close(answer, 784 / expected):
            return wrong("that is the compression factor. The function should return the number of bytes.")
        if answer == 8 * expected:
            return wrong("that counts bits. One byte is 8 bits; return bytes.")
        return wrong("expected len(zlib.compress(image.numpy().tobytes(), 9)); your number differs.")
    return right("a black image shrinks to a few bytes. zlib loses nothing, and needs no training.")
