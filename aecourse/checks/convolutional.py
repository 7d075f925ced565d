"""Checks of the chapter on convolutional autoencoders."""

import torch
from torch import nn
from torch.nn import functional

from aecourse.checks.exercise import Exercise
from aecourse.checks.guard import judged
from aecourse.checks.verdict import BadAnswer, call, number, right, wrong
from aecourse.validation import describe

ALL_FOUR = "size over stride holds only for some kernels and paddings. Use all four arguments."

output_size = Exercise(
    "A function (size, kernel, stride, padding) -> the side of the map that Conv2d makes of a side.",
    solution=lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride + 1,
    cases=lambda: [
        (28, 3, 1, 0), (28, 3, 1, 1), (28, 3, 2, 1), (27, 3, 2, 1), (28, 4, 2, 1),
        (28, 5, 2, 2), (32, 7, 4, 3), (10, 3, 3, 0), (9, 2, 2, 0), (8, 8, 5, 0),
    ],
    tolerance=0,
    lesson="count the places where the kernel can start: one at the left edge, then one every stride.",
    mistakes=[
        (
            lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride,
            "one too few: you counted the steps. The kernel also stands where it starts.",
        ),
        (
            lambda size, kernel, stride, padding: (size + padding - kernel) // stride + 1,
            "padding is added at both ends: it counts twice.",
        ),
        (
            lambda size, kernel, stride, padding: (size - kernel) // stride + 1,
            "you left out the padding. It makes the input longer, at both ends.",
        ),
        (
            lambda size, kernel, stride, padding: size + 2 * padding - kernel + 1,
            "you left out the stride: the kernel moves that many pixels at a time.",
        ),
        (
            lambda size, kernel, stride, padding: (size + 2 * padding - kernel) / stride + 1,
            "half a position is none: round the quotient down.",
        ),
        (
            lambda size, kernel, stride, padding: -(-(size + 2 * padding - kernel) // stride) + 1,
            "you rounded up. A kernel that would hang over the edge is not used: round down.",
        ),
        (
            lambda size, kernel, stride, padding: (size + 2 * padding - kernel + 1) // stride,
            "the 1 belongs outside the division: divide by the stride first, round down, then add 1.",
        ),
        (lambda size, kernel, stride, padding: size // stride, ALL_FOUR),
        (lambda size, kernel, stride, padding: -(-size // stride), ALL_FOUR),
    ],
    otherwise="the kernel first starts at 0 and last at size + 2 × padding - kernel or just before. Count the starts.",
)  # fmt: skip


def two_whole_numbers(value):
    """(padding, output_padding) as ints."""
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise BadAnswer(f"return two numbers, padding and output_padding; yours is {describe(value)}")
    for part in value:
        number(part, "each of the two")
        if not float(part).is_integer():
            raise BadAnswer(f"half a pixel cannot be padded, but one of your numbers is {part:g}: divide with //")
        if isinstance(part, float):
            raise BadAnswer(f"PyTorch wants whole numbers, but {part!r} is a float: divide with // instead of /")
    return tuple(int(part) for part in value)


@judged
def doubling(function):
    """A function kernel -> (padding, output_padding) with which a transposed convolution of stride 2 doubles a side."""
    answers = {kernel: two_whole_numbers(call(function, kernel)) for kernel in range(2, 8)}

    def side(kernel, padding, output_padding):
        """What becomes of 7."""
        return 6 * 2 - 2 * padding + kernel + output_padding

    if any(side(k, p, o) != 14 for k, (p, o) in answers.items()) and all(
        side(k, p, o) == 14 and 0 <= o < 2 for k, (o, p) in answers.items()
    ):
        return wrong("your two numbers are in the wrong order: padding first, then output_padding.")
    for kernel, (padding, output_padding) in answers.items():
        if padding < 0:
            return wrong(f"for kernel {kernel} your padding is negative, which PyTorch refuses.")
        if output_padding < 0 or output_padding > 1:
            return wrong(
                f"for kernel {kernel} your output_padding is {output_padding}. It must be less than the stride: 0 or 1."
            )
        found = side(kernel, padding, output_padding)
        if found == 13 and output_padding == 0:
            return wrong(
                f"with kernel {kernel}, 7 becomes 13: one short. An odd kernel needs output_padding to choose 14."
            )
        if found == 15 and output_padding == 1:
            return wrong(f"with kernel {kernel}, 7 becomes 15: one too many. Not every kernel needs output_padding.")
        if found == 12:
            return wrong(f"with kernel {kernel}, 7 becomes 12: padding takes from both ends, and you took too much.")
        if found != 14:
            return wrong(
                f"with kernel {kernel}, 7 becomes {found}. Make kernel - 2 × padding + output_padding equal to 2."
            )
    return right("an even kernel doubles by itself; an odd one leaves a pixel open, and output_padding settles it.")


def signals():
    generator = torch.Generator().manual_seed(6)
    return [
        (*(torch.rand(count, generator=generator) + 0.1 for count in (length, kernel)), stride)
        for length, kernel, stride in ((5, 4, 2), (4, 3, 2), (3, 2, 3), (4, 3, 1))
    ]


def transposed(y, w, stride, overwrite=False):
    """The 1-D transposed convolution; `overwrite` for the mistake of not adding."""
    result = torch.zeros((len(y) - 1) * stride + len(w))
    for i, value in enumerate(y):
        place = slice(i * stride, i * stride + len(w))
        result[place] = value * w + (0 if overwrite else result[place])
    return result


NO_ROOM = "len(y) × stride has no room for the last copy: it may reach beyond, or end before."

spread = Exercise(
    "A function (y, w, stride) -> the 1-D transposed convolution, without padding.",
    solution=transposed,
    cases=signals,
    lesson="each number writes a copy of the kernel, and copies that overlap add up.",
    mistakes=[
        (
            lambda y, w, stride: transposed(y, w.flip(0), stride),
            "your kernel is turned round. Its first weight goes where the copy starts.",
        ),
        (
            lambda y, w, stride: transposed(y, w, stride, overwrite=True),
            "a later copy overwrites an earlier one. Where copies overlap, add.",
        ),
        (
            lambda y, w, stride: (
                transposed(y, w, stride) / transposed(torch.ones_like(y), torch.ones_like(w), stride).clamp(min=1)
            ),
            "you averaged the copies where they overlap. A transposed convolution adds them.",
        ),
        (
            lambda y, w, stride: transposed(torch.ones_like(y), w, stride),
            "each copy must be multiplied by its number in y.",
        ),
        (
            lambda y, w, stride: transposed(y, torch.ones_like(w), stride),
            "a copy of the kernel holds all its weights. Yours repeats the number of y.",
        ),
        (
            lambda y, w, stride: transposed(y, w, stride)[:-1],
            "one short: the last copy starts at (len(y) - 1) × stride and is as long as the kernel.",
        ),
        (
            lambda y, w, stride: transposed(y, w, 1),
            "your length is that of stride 1. Let the copies start stride places apart.",
        ),
        (lambda y, w, stride: transposed(y, w, stride)[: len(y) * stride], NO_ROOM),
        (lambda y, w, stride: functional.pad(transposed(y, w, stride), (0, stride))[: len(y) * stride], NO_ROOM),
        (
            lambda y, w, stride: functional.conv1d(y[None], w[None, None], stride=stride)[0],
            "that is as short as a convolution makes it. Transposed, the signal grows.",
        ),
        (lambda y, w, stride: transposed(y, w, stride)[None], "return one axis, as y has: yours has two."),
        (
            lambda y, w, stride: transposed(y, w, stride)[None, None],
            "return one axis, as y has: yours has three.",
        ),
    ],
    otherwise="y[i] adds y[i] × w to the places i × stride, i × stride + 1, … of the result. Yours differs.",
)


@judged
def double(function):
    """A function (channels_in, channels_out) -> a module that doubles a map's sides and draws no pattern."""
    generator = torch.Generator().manual_seed(6)
    for few, many, side in ((3, 5, 6), (4, 1, 7)):
        torch.manual_seed(6)
        block = call(function, few, many)
        if not isinstance(block, nn.Module):
            raise BadAnswer(f"your function should return an nn.Sequential, but it returned {describe(block)}")
        block = block.eval()
        layers = list(block.modules())
        if not list(block.parameters()):
            return wrong("nothing in your block can learn. After the upsampling comes a convolution.")
        x = torch.rand(2, few, side, side, generator=generator)
        flat = torch.linspace(0.5, 1.5, few).view(1, few, 1, 1).expand(2, few, side, side).contiguous()
        with torch.no_grad():
            answer, plain = block(x), block(flat)
        if not isinstance(answer, torch.Tensor) or answer.dim() != 4:
            raise BadAnswer(f"your block should map to maps (N, channels, height, width), not to {describe(answer)}")
        height, channels = answer.shape[2], answer.shape[1]
        if channels != many:
            return wrong(f"double({few}, {many}) should end in {many} channels; yours ends in {channels}.")
        if height == 2 * side - 2:
            return wrong("the convolution cuts the border off. Give its kernel of 3 a padding of 1.")
        if height == side:
            return wrong("the sides did not grow. Upsample by a factor of 2 first.")
        if tuple(answer.shape[2:]) != (2 * side, 2 * side):
            return wrong(f"sides of {side} should become {2 * side}; yours become {height}.")
        inside = plain[..., 3:-3, 3:-3]
        if not torch.allclose(inside, inside[..., :1, :1], atol=1e-5):
            if any(isinstance(layer, nn.ConvTranspose2d) for layer in layers):
                return wrong(
                    "on a flat map your block draws a pattern: a transposed convolution uses other weights "
                    "for odd pixels than for even ones, whatever its kernel."
                )
            if any(isinstance(layer, nn.PixelShuffle) for layer in layers):
                return wrong(
                    "on a flat map your block draws a pattern: PixelShuffle takes the four pixels of a square "
                    "from four channels, each with weights of its own."
                )
            return wrong("on a flat map your block draws a pattern. Every pixel must see the same weights.")
        corners = [answer[..., i::2, j::2] for i in (0, 1) for j in (0, 1)]
        if all(torch.allclose(corner, corners[0], atol=1e-5) for corner in corners):
            return wrong(
                "each square of four pixels has one value: nothing mixes them after the upsampling. "
                "Put a convolution with a kernel of 3 behind it."
            )
    return right("upsample, then convolve: every pixel sees the same weights, so a flat map stays flat.")


def maps():
    generator = torch.Generator().manual_seed(6)
    return [(torch.randn(2, channels, 8, 12, generator=generator) + 0.5,) for channels in (3, 4)]


def blurred(h, vertical=True, horizontal=True, **settings):
    """Each channel with [1 2 1] / 4 in the directions asked for, padded with zeros."""
    blur, none = torch.tensor([1.0, 2.0, 1.0]) / 4, torch.tensor([0.0, 1.0, 0.0])
    kernel = torch.outer(blur if vertical else none, blur if horizontal else none)
    settings = {"padding": 1} | settings
    return functional.conv2d(h, kernel.expand(h.shape[1], 1, 3, 3), groups=h.shape[1], **settings)


def without_border(value):
    """How the border is padded is the learner's choice."""
    return value[..., 1:-1, 1:-1] if isinstance(value, torch.Tensor) and value.dim() == 4 else value


blur_pool = Exercise(
    "A function (N, C, H, W) -> (N, C, H/2, W/2): blur each channel with [1 2 1]/4, keep every second pixel.",
    solution=lambda h: blurred(h)[..., ::2, ::2],
    cases=maps,
    margin=1e-4,
    read=without_border,
    lesson="a pixel that is skipped now leaves a trace in its neighbours, so a shift by one changes less.",
    mistakes=[
        (lambda h: h[..., ::2, ::2], "you kept every second pixel without a blur: that is what a stride does."),
        (
            lambda h: functional.avg_pool2d(h, 2),
            "a 2 × 2 average is a blur too, but its centre lies between pixels. Use [1 2 1] in both directions.",
        ),
        (
            lambda h: functional.avg_pool2d(h, 3, stride=2, padding=1),
            "all nine weights are equal. The outer product of [1 2 1] with itself has a 4 in the middle.",
        ),
        (lambda h: functional.max_pool2d(h, 2), "a maximum is no blur."),
        (
            lambda h: blurred(h)[..., 1::2, 1::2],
            "you kept the pixels 1, 3, 5, … Start with the first, pixel 0.",
        ),
        (
            lambda h: blurred(h, vertical=False)[..., ::2, ::2],
            "you blurred along the rows only. Blur along the columns too.",
        ),
        (
            lambda h: blurred(h, horizontal=False)[..., ::2, ::2],
            "you blurred along the columns only. Blur along the rows too.",
        ),
        (
            lambda h: blurred(h).sum(1, keepdim=True).expand_as(h)[..., ::2, ::2],
            "each of your channels is the sum of all. Blur each by itself: groups=C.",
        ),
        (
            lambda h: blurred(h).mean(1, keepdim=True).expand_as(h)[..., ::2, ::2],
            "each of your channels is the mean of all. Blur each by itself: groups=C.",
        ),
        (blurred, "the map is as large as before: blur, then keep every second pixel."),
        (
            lambda h: blurred(h, stride=2, padding=0),
            "the border is lost. Pad by 1 before you blur with a kernel of 3.",
        ),
        (
            lambda h: blurred(h).sum(1, keepdim=True)[..., ::2, ::2],
            "your channels became one. Blur each by itself: groups=C.",
        ),
        *[
            (
                lambda h, total=total: total * blurred(h)[..., ::2, ::2],
                f"your nine weights sum to {total:g}. A blur must not make the map brighter or darker: to 1.",
            )
            for total in (16, 4, 2, 9 / 16, 1 / 4, 1 / 16)
        ],
    ],
    otherwise="blur with the outer product of [1 2 1] with itself, divided by 16, and keep pixels 0, 2, 4, …",
)
