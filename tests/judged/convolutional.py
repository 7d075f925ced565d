"""Wrong answers to the judged exercises on convolutional autoencoders, each with a part of its hint."""

import torch
from torch import nn


def block(*layers):
    """A builder of a block; each layer is a function of (channels in, channels out)."""
    return lambda few, many: nn.Sequential(*(layer(few, many) for layer in layers))


def upsample(few, many):
    return nn.Upsample(scale_factor=2)


def convolve(few, many):
    return nn.Conv2d(few, many, 3, padding=1)


WRONG = {
    "doubling": [
        (lambda kernel: ((kernel - 1) // 2, 1), "one too many"),
        (lambda kernel: ((kernel - 1) // 2, 0), "one short"),
        (lambda kernel: (kernel % 2, (kernel - 1) // 2), "wrong order"),
        (lambda kernel: (kernel // 2, kernel % 2), "took too much"),
        (lambda kernel: (0, 0), "equal to 2"),
        (lambda kernel: (kernel // 2, 2 * (kernel // 2) - kernel + 2), "less than the stride"),
        (lambda kernel: ((kernel - 2) // 2 - 1, kernel % 2), "is negative"),
        (lambda kernel: ((kernel - 1) / 2, kernel % 2), "half a pixel"),
        (lambda kernel: ((kernel - 1) // 2 / 1, kernel % 2), "is a float"),
        (lambda kernel: (kernel - 1) // 2, "two numbers"),
    ],
    "double": [
        (block(lambda few, many: nn.ConvTranspose2d(few, many, 4, 2, 1)), "transposed convolution uses other weights"),
        (
            block(lambda few, many: nn.ConvTranspose2d(few, many, 3, 2, 1, output_padding=1)),
            "transposed convolution uses other weights",
        ),
        (
            block(lambda few, many: nn.Conv2d(few, 4 * many, 3, padding=1), lambda few, many: nn.PixelShuffle(2)),
            "PixelShuffle",
        ),
        (block(upsample, lambda few, many: nn.Conv2d(few, many, 3)), "padding of 1"),
        (block(convolve, upsample), "a kernel of 3 behind it"),
        (block(upsample, lambda few, many: nn.Conv2d(few, many, 1)), "a kernel of 3 behind it"),
        (block(convolve), "did not grow"),
        (block(upsample), "can learn"),
        (block(upsample, lambda few, many: nn.Conv2d(few, few, 3, padding=1)), "should end in 5 channels"),
        (block(upsample, upsample, convolve), "should become 12"),
        (lambda few, many: torch.zeros(2), "nn.Sequential"),
    ],
}
