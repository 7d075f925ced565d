"""Wrong answers that the checks of chapter 6 must reject, with part of the hint."""

import math

import torch
from torch import nn
from torch.nn import functional

BLUR = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]])


def spread(y, w, stride, add=True):
    result = torch.zeros((len(y) - 1) * stride + len(w))
    for i, value in enumerate(y):
        place = slice(i * stride, i * stride + len(w))
        result[place] = result[place] + value * w if add else value * w
    return result


def average(y, w, stride):
    overlap = spread(torch.ones_like(y), torch.ones_like(w), stride).clamp(min=1)
    return spread(y, w, stride) / overlap


def blur(h, kernel, **settings):
    """Each channel by itself, with a 3 × 3 kernel."""
    return functional.conv2d(h, kernel.expand(h.shape[1], 1, 3, 3), groups=h.shape[1], **settings)


def block(*layers):
    """A builder of a block; each layer is a function of (channels in, channels out)."""
    return lambda few, many: nn.Sequential(*(layer(few, many) for layer in layers))


def upsample(few, many):
    return nn.Upsample(scale_factor=2)


def convolve(few, many):
    return nn.Conv2d(few, many, 3, padding=1)


WRONG = {
    "output_size": [
        (lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride, "counted the steps"),
        (lambda size, kernel, stride, padding: (size + padding - kernel) // stride + 1, "counts twice"),
        (lambda size, kernel, stride, padding: (size - kernel) // stride + 1, "left out the padding"),
        (lambda size, kernel, stride, padding: size + 2 * padding - kernel + 1, "left out the stride"),
        (lambda size, kernel, stride, padding: (size + 2 * padding - kernel) / stride + 1, "round the quotient down"),
        (lambda size, kernel, stride, padding: math.ceil((size + 2 * padding - kernel) / stride) + 1, "rounded up"),
        (lambda size, kernel, stride, padding: (size + 2 * padding - kernel + 1) // stride, "outside the division"),
        (lambda size, kernel, stride, padding: size // stride, "Use all four arguments"),
        (lambda size, kernel, stride, padding: math.ceil(size / stride), "Use all four arguments"),
        (lambda size, kernel, stride, padding: 14, "Count the starts"),
        (lambda size, kernel, stride, padding: (14, 14), "should be a number"),
    ],
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
    "spread": [
        (lambda y, w, stride: spread(y, w.flip(0), stride), "turned round"),
        (lambda y, w, stride: spread(y, w, stride, add=False), "overwrites"),
        (average, "averaged"),
        (lambda y, w, stride: spread(y, w, 1), "that of stride 1"),
        (lambda y, w, stride: spread(y, w, stride)[: len(y) * stride], "no room for the last copy"),
        (lambda y, w, stride: spread(y, w, stride)[:-1], "one short"),
        (lambda y, w, stride: functional.conv1d(y[None], w[None, None], stride=stride)[0], "the signal grows"),
        (lambda y, w, stride: spread(torch.ones_like(y), w, stride), "multiplied by its number"),
        (lambda y, w, stride: spread(y, torch.ones_like(w), stride), "repeats the number"),
        (lambda y, w, stride: 2 * spread(y, w, stride), "Yours differs"),
        (lambda y, w, stride: spread(y, w, stride)[None], "return one axis"),
        (lambda y, w, stride: functional.pad(spread(y, w, stride), (1, 1)), "should give 12 numbers"),
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
    "blur_pool": [
        (lambda h: h[..., ::2, ::2], "without a blur"),
        (lambda h: blur(h, BLUR, stride=2, padding=1), "sum to 16"),
        (lambda h: blur(h, BLUR / 4, stride=2, padding=1), "sum to 4"),
        (lambda h: functional.avg_pool2d(h, 2), "2 × 2 average"),
        (lambda h: blur(h, torch.full((3, 3), 1 / 9), stride=2, padding=1), "nine weights are equal"),
        (lambda h: functional.max_pool2d(h, 2), "maximum"),
        (lambda h: blur(h, BLUR / 16, padding=1), "as large as before"),
        (lambda h: blur(h, BLUR / 16, stride=2), "Pad by 1"),
        (lambda h: blur(h, BLUR / 16, padding=1)[..., 1::2, 1::2], "Start with the first"),
        (lambda h: blur(h, BLUR * torch.tensor([[0], [1], [0]]) / 8, stride=2, padding=1), "along the rows only"),
        (lambda h: blur(h, BLUR * torch.tensor([0, 1, 0]) / 8, stride=2, padding=1), "along the columns only"),
        (
            lambda h: functional.conv2d(h, (BLUR / 16).expand(h.shape[1], h.shape[1], 3, 3), stride=2, padding=1),
            "the sum of all",
        ),
        (
            lambda h: functional.conv2d(h, (BLUR / 16).expand(1, h.shape[1], 3, 3), stride=2, padding=1),
            "became one",
        ),
        (lambda h: -h[..., ::2, ::2], "divided by 16"),
        (lambda h: h.mean(), "shape"),
    ],
}
