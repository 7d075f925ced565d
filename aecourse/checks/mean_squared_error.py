"""Checks of the chapter on the mean squared error."""

import math

import torch
from torch.nn import functional

from aecourse.checks.exercise import Exercise, same
from aecourse.checks.verdict import BadAnswer, tensor
from aecourse.validation import IMAGE_SHAPE, IMAGE_SIZE


def gradient_cases():
    generator = torch.Generator().manual_seed(2)
    return [
        (*(torch.rand(count, *IMAGE_SHAPE, generator=generator) for _ in range(2)), std)
        for count, std in ((5, 0.3), (32, 1.7), (12, 0.05))
    ]


def times_error(factor):
    """A gradient that is `factor(N, std)` times (x_hat - x)."""
    return lambda x_hat, x, std: factor(len(x), std) * (x_hat - x)


WRONG_FACTORS = [
    (
        lambda count, std: 1 / (count * IMAGE_SIZE * std**2),
        "you averaged over pixels: off by a factor of 784. Sum over pixels, average over images only.",
    ),
    (
        lambda count, std: 2 / (count * std**2),
        "twice too large. The 2 from the derivative of the square cancels the 2 in 1/(2 s²).",
    ),
    (
        lambda count, std: 1 / (2 * count * std**2),
        "half of what it should be. The derivative of a square brings down a 2.",
    ),
    (
        lambda count, std: 1 / (IMAGE_SIZE * std**2),
        "you averaged over pixels and summed over images. It is the other way round.",
    ),
    (lambda count, std: 1 / std**2, "too large by N. The loss is an average over the N images of the batch."),
    (lambda count, std: 1 / (count * std), "you divided by s. The density has s² below the squared error."),
    (
        lambda count, std: 2 / count,
        "s is missing. That is the gradient of the squared error alone, summed over pixels.",
    ),
    (lambda count, std: 1 / count, "s is missing. The squared error is divided by 2 s²."),
    (
        lambda count, std: 2 / (count * IMAGE_SIZE),
        "that is the gradient of nn.MSELoss. Here pixels are summed, and divided by 2 s².",
    ),
]

nll_gradient = Exercise(
    "A function (x_hat, x, std) -> gradient of losses.gaussian_nll with respect to x_hat, by hand.",
    solution=times_error(lambda count, std: 1 / (count * std**2)),
    cases=gradient_cases,
    lesson="the -2/N of the squared error became -1/(N s²): a small s makes each error cost more.",
    mistakes=[
        (
            times_error(lambda count, std: -1 / (count * std**2)),
            "the sign is turned. Where x_hat is too large, a larger x_hat makes the loss grow.",
        ),
        *[(times_error(factor), hint) for factor, hint in WRONG_FACTORS],
        *[
            (
                times_error(lambda count, std, factor=factor: -factor(count, std)),
                f"the sign is turned, and {hint}",
            )
            for factor, hint in WRONG_FACTORS
        ],
    ],
    otherwise="differentiate ‖x - x_hat‖² / (2 s²) for one pixel, then average over the N images.",
)


def odd_sets():
    """Sets of an odd number of images, of which each pixel has one median."""
    generator = torch.Generator().manual_seed(2)
    return [(torch.rand(count, *IMAGE_SHAPE, generator=generator) ** 3,) for count in (41, 65)]


def one_image(value):
    """A learner's image as float64 (1, 28, 28); one number stands for an image of one grey."""
    if not isinstance(value, torch.Tensor) and hasattr(value, "values") and hasattr(value, "indices"):
        raise BadAnswer("median along a dimension returns values and indices: return its .values")
    image = tensor(value, None, "what your function returns")
    if image.numel() in (1, IMAGE_SIZE):
        image = image.flatten().expand(IMAGE_SIZE).reshape(IMAGE_SHAPE)
    return image


absolute_error_constant = Exercise(
    "A function from images (N, 1, 28, 28) to the one image with the least mean absolute error.",
    solution=lambda images: images.median(0).values,
    cases=odd_sets,
    read=one_image,
    lesson="the median of each pixel: black wherever fewer than half of the images have ink.",
    mistakes=[
        (
            lambda images: images.mean(0),
            "that is the mean, which minimises the squared error. Which value has as many above as below?",
        ),
        (
            lambda images: images.median(),
            "that is one median for all pixels. Take one for each pixel: over the images, dimension 0.",
        ),
        (
            lambda images: images.quantile(0.5),
            "that is one median for all pixels. Take one for each pixel: over the images, dimension 0.",
        ),
        (
            lambda images: (images.amin(0) + images.amax(0)) / 2,
            "halfway between the extremes minimises the largest error, not the average one.",
        ),
        (
            lambda images: images.mean(),
            "that is one mean for all pixels. Find a value for each pixel, and for the absolute error.",
        ),
        (
            lambda images: 0.0,
            "black is best only where fewer than half of the images have ink: it must depend on the images.",
        ),
        (
            lambda images: images[0],
            "that is the first image. Find a value for each pixel that suits all N images.",
        ),
    ],
    otherwise="the derivative of |x - c| is +1 or -1. Choose c so that these cancel over the N images.",
)


def std_cases():
    generator = torch.Generator().manual_seed(2)
    cases = []
    for count, bias, spread in ((6, 0.15, 0.1), (25, -0.3, 0.2)):
        x = torch.rand(count, *IMAGE_SHAPE, generator=generator)
        noise = torch.randn(count, *IMAGE_SHAPE, generator=generator)
        per_image = spread * (0.2 + 3 * torch.rand(count, 1, 1, 1, generator=generator))
        cases.append((x + bias + per_image * noise, x))
    return cases


def of_error(formula):
    return lambda x_hat, x: formula(x_hat - x)


best_std = Exercise(
    "A function (x_hat, x) -> the std that minimises losses.gaussian_nll(x_hat, x, std).",
    solution=of_error(lambda error: error.square().mean().sqrt()),
    cases=std_cases,
    tolerance=5e-3,
    lesson="s² = MSE: the error that a decoder makes is the best estimate of its own error bar.",
    mistakes=[
        (of_error(lambda error: error.square().mean()), "that is s². The function should return s."),
        (
            of_error(lambda error: error.square().flatten(1).sum(1).mean().sqrt()),
            "off by 28, the root of 784: log(s √(2π)) counts n times, so the sum of squares is divided by n.",
        ),
        (
            of_error(lambda error: (error.square().mean() / 2).sqrt()),
            "off by the root of 2: the derivative of 1/(2 s²) is -1/s³, without a 2.",
        ),
        (
            of_error(lambda error: (error.square().mean() * 2).sqrt()),
            "off by the root of 2: the derivative of 1/(2 s²) is -1/s³, without a 2.",
        ),
        (
            of_error(lambda error: error.std()),
            "that is the spread of the errors about their mean. An error that is always +0.3 counts too.",
        ),
        (
            of_error(lambda error: error.abs().mean()),
            "that is the mean absolute error. The Gaussian has the square.",
        ),
        (
            of_error(lambda error: error.square().flatten(1).mean(1).sqrt().mean()),
            "you averaged the roots of each image. Average the squares over all images, then take the root.",
        ),
        (
            lambda x_hat, x: 1 / math.sqrt(2 * math.pi),
            "that is where log(s √(2π)) is zero, not where the loss is smallest: it depends on the errors.",
        ),
    ],
    otherwise="set the derivative of ‖x - x_hat‖² / (2 s²) + n log s with respect to s to zero.",
)

strongest_gradient = Exercise(
    "The error 1 - x_hat of a white pixel at which the squared error's logit gradient is largest.",
    solution=2 / 3,
    tolerance=0.01,
    lesson="beyond 2/3 the squared error pulls less the worse a pixel gets; cross-entropy pulls more.",
    mistakes=[
        (1.0, "at error 1 the sigmoid is flat: the gradient there is zero."),
        (1 / 2, "the sigmoid is steepest there, but the gradient also has the error itself as a factor."),
        (1 / 3, "1/3 is x_hat. The error is 1 - x_hat."),
        (8 / 27, "that is how large the gradient gets. Asked is the error at which it does."),
        (4 / 27, "that is how large the gradient gets, without its 2. Asked is the error at which it does."),
        (-math.log(2), "that is a logit. Put it through the sigmoid, and take the distance from 1."),
        (math.log(2), "that is a logit. Put it through the sigmoid, and take the distance from 1."),
    ],
    otherwise="write the gradient with e = 1 - x_hat: its size is 2 e² (1 - e). Set its derivative to zero.",
)


def logit_cases():
    """Ordinary logits, then large ones."""
    generator = torch.Generator().manual_seed(2)
    ordinary = 2 * torch.randn(9, 7, generator=generator), torch.rand(9, 7, generator=generator)
    large = torch.tensor([20.0, -20.0, 60.0, -60.0, 200.0, -200.0, 5000.0, -5000.0]).repeat_interleave(3)
    return [ordinary, (large, torch.tensor([0.0, 1.0, 0.25]).repeat(8))]


def bce(logits, x):
    return functional.binary_cross_entropy_with_logits(logits, x, reduction="none")


def large_or_ordinary(values, targets):
    """What to say of a cross-entropy that is no usual mistake: right at ordinary logits, or wrong there too."""
    if same(values[0], targets[0]):
        if not torch.isfinite(values[1]).all():
            return (
                "right for small logits, but infinite or NaN for large ones: exp(a) overflows, or the logarithm "
                "of 0 is taken. Never let the exponent be positive."
            )
        return (
            "right for small logits, but not for large ones: a clamp, or a small constant in the logarithm, "
            "hides the infinity, and the loss stops growing where the pixel is worst."
        )
    if not torch.isfinite(values[0]).all():
        return "NaN or infinity at ordinary logits: a logit is no probability before the sigmoid."
    return "wrong at ordinary logits. Start from -x log x_hat - (1 - x) log(1 - x_hat), x_hat = sigmoid(a)."


PER_PIXEL = "return the loss of each pixel, in the shape of x: neither their mean nor their sum."

bce_from_logits = Exercise(
    "A function (logits, x) -> binary cross-entropy of each pixel, right for logits of any size.",
    solution=bce,
    cases=logit_cases,
    lesson="exact for any logit, as functional.binary_cross_entropy_with_logits is.",
    mistakes=[
        (
            lambda a, x: -bce(a, x),
            "the sign is turned: minus the logarithm of a probability is never below zero.",
        ),
        (
            lambda a, x: bce(a, 1 - x),
            "black and white are swapped: x multiplies log x_hat, 1 - x multiplies log(1 - x_hat).",
        ),
        (
            lambda a, x: -x * functional.logsigmoid(a),
            "only white pixels count in your loss. The term (1 - x) log(1 - x_hat) is missing.",
        ),
        (lambda a, x: bce(a, x) / math.log(2), "that is in bits. Use the natural logarithm: nats."),
        (
            lambda a, x: (torch.sigmoid(a) - x).square(),
            "that is the squared error. Take minus the logarithm of the Bernoulli probability.",
        ),
        (lambda a, x: bce(a, x).mean(), PER_PIXEL),
        (lambda a, x: bce(a, x).sum(), PER_PIXEL),
    ],
    otherwise=large_or_ordinary,
)


def blocks(count, generator):
    """Grey speckled rectangles on black: (count, 1, 28, 28)."""
    images = torch.zeros(count, *IMAGE_SHAPE)
    for image in images:
        for _ in range(4):
            top, left, height, width = torch.randint(0, 24, (4,), generator=generator).tolist()
            grey = 0.2 + 0.8 * torch.rand(1, generator=generator)
            image[0, top : top + 2 + height // 3, left : left + 2 + width // 3] = grey
    return images * torch.rand(images.shape, generator=generator).sqrt()


def hole_cases():
    generator = torch.Generator().manual_seed(2)
    return [(blocks(count, generator), width) for count, width in ((40, 5), (30, 8))]


def window_sums(images, width, step=1):
    """Sum of each square of `width` pixels in each image: (N, places)."""
    return functional.avg_pool2d(images, width, step, divisor_override=1).flatten(1)


def worst(images, width):
    """MSE (N,) of the worst hole, by the sum of squares that each place of the hole removes."""
    return window_sums(images.square(), width).amax(1) / IMAGE_SIZE


def of_whole_images(images, width):
    return images.square().flatten(1).mean(1)


def in_the_middle(images, width):
    start = 14 - width // 2
    return images[:, :, start : start + width, start : start + width].square().sum((1, 2, 3)) / IMAGE_SIZE


def where_most_ink_is(images, width):
    place = window_sums(images, width).argmax(1, keepdim=True)
    return window_sums(images.square(), width).gather(1, place)[:, 0] / IMAGE_SIZE


def at_one_place(images, width):
    sums = window_sums(images.square(), width)
    return sums[:, sums.sum(0).argmax()] / IMAGE_SIZE


PER_IMAGE = "return one error for each image, (N,): each image has a worst place of its own."

worst_hole = Exercise(
    "A function (images, width) -> (N,) MSE of each image with a black square where it does most damage.",
    solution=worst,
    cases=hole_cases,
    lesson="every place tried, one worst for each image. Now the comparison with the shift is fair.",
    mistakes=[
        (in_the_middle, "that is the hole in the middle. Try every place and keep the worst."),
        (
            lambda images, width: window_sums(images.square(), width, step=width).amax(1) / IMAGE_SIZE,
            "you tried only places that do not overlap: a pooling layer steps by its width by default.",
        ),
        (
            lambda images, width: worst(images, width) * IMAGE_SIZE / width**2,
            "you averaged over the pixels of the hole. MSE averages over all 784: off by 784 over width².",
        ),
        (
            lambda images, width: worst(images, width) * IMAGE_SIZE,
            "that is a sum of squares: off by a factor of 784. MSE is the mean over the pixels.",
        ),
        (
            lambda images, width: window_sums(images, width).amax(1) / IMAGE_SIZE,
            "you added up the grey values. Blackening a pixel of value x costs x².",
        ),
        (where_most_ink_is, "you looked for the most ink. Look for the largest error: sums of x², not of x."),
        (at_one_place, "you used one place for all images. Each image has a worst place of its own."),
        (
            lambda images, width: window_sums(images.square(), width).mean(1) / IMAGE_SIZE,
            "that is the average over all places. Keep the worst.",
        ),
        (
            lambda images, width: window_sums(images.square(), width).amin(1) / IMAGE_SIZE,
            "that is the place where a hole does least damage. Keep the worst.",
        ),
        (
            lambda images, width: of_whole_images(images, width) - worst(images, width),
            "you blanked everything but the square. Keep the rest of the image.",
        ),
        (of_whole_images, "that is the error of an all-black image. Blacken one square only."),
        (
            lambda images, width: worst(images, width - 1),
            "your square is one pixel too narrow. A slice from i to i + width holds width pixels.",
        ),
        (
            lambda images, width: worst(images, width + 1),
            "your square is one pixel too wide. A slice from i to i + width holds width pixels.",
        ),
        (lambda images, width: worst(images, width).mean(), PER_IMAGE),
    ],
    otherwise="for every place of the square: sum the squares inside, divide by 784; then take the largest.",
)
