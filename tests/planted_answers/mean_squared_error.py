"""Wrong answers that the checks of chapter 2 must reject, with part of the hint."""

import torch
from torch.nn import functional


def clamped_bce(logits, x):
    """The usual repair: a small constant in the logarithm."""
    x_hat = torch.sigmoid(logits).clamp(1e-7, 1 - 1e-7)
    return -x * x_hat.log() - (1 - x) * (1 - x_hat).log()


def naive_bce(logits, x):
    x_hat = torch.sigmoid(logits)
    return -x * x_hat.log() - (1 - x) * (1 - x_hat).log()


def bce_of(logits, x, reduction="none"):
    return functional.binary_cross_entropy_with_logits(logits, x, reduction=reduction)


def places(images, width, step=1):
    """Sum of each square of an image, (N, places)."""
    return functional.avg_pool2d(images, width, step).flatten(1) * width**2


def worst(images, width):
    return places(images.square(), width).amax(1) / 784


def holes_in_the_given(images, width):
    """Forgets to clone: each hole stays."""
    before, errors = images.clone(), []
    for top in range(29 - width):
        images[:, :, top : top + width, :width] = 0
        errors.append((images - before).square().mean((1, 2, 3)))
    return torch.stack(errors).amax(0)


def where_most_ink_is(images, width):
    place = places(images, width).argmax(1, keepdim=True)
    return places(images.square(), width).gather(1, place)[:, 0] / 784


def at_one_place(images, width):
    sums = places(images.square(), width)
    return sums[:, sums.sum(0).argmax()] / 784


def in_the_middle(images, width):
    start = 14 - width // 2
    return images[:, :, start : start + width, start : start + width].square().sum((1, 2, 3)) / 784


WRONG = {
    "nll_gradient": [
        (lambda x_hat, x, std: (x - x_hat) / (len(x) * std**2), "the sign is turned"),
        (lambda x_hat, x, std: (x_hat - x) / (x.numel() * std**2), "off by a factor of 784"),
        (lambda x_hat, x, std: (x_hat - x) / (784 * std**2), "the other way round"),
        (lambda x_hat, x, std: 2 * (x_hat - x) / (len(x) * std**2), "twice too large"),
        (lambda x_hat, x, std: (x_hat - x) / (2 * len(x) * std**2), "half of what it should be"),
        (lambda x_hat, x, std: (x_hat - x) / std**2, "too large by N"),
        (lambda x_hat, x, std: (x_hat - x) / (len(x) * std), "you divided by s"),
        (lambda x_hat, x, std: (x_hat - x) / len(x), "s is missing"),
        (lambda x_hat, x, std: 2 * (x_hat - x) / len(x), "squared error alone"),
        (lambda x_hat, x, std: 2 * (x_hat - x) / x.numel(), "nn.MSELoss"),
        (
            lambda x_hat, x, std: 2 * (x - x_hat) / x.numel(),
            "the sign is turned, and that is the gradient of nn",
        ),
        (lambda x_hat, x, std: (x_hat - x) / (5 * std**2), "for one pixel"),  # N of the first case only
        (lambda x_hat, x, std: ((x_hat - x) / (len(x) * std**2)).mean(), "should have the shape"),
    ],
    "absolute_error_constant": [
        (lambda images: images.mean(0), "minimises the squared error"),
        (lambda images: images.median(), "one median for all pixels"),
        (lambda images: images.median(0), "return its .values"),
        (lambda images: (images.amin(0) + images.amax(0)) / 2, "halfway between the extremes"),
        (lambda images: images.mean(), "one mean for all pixels"),
        (lambda images: torch.zeros(1, 28, 28), "must depend on the images"),
        (lambda images: images[0], "the first image"),
        (lambda images: images.mode(0).values, "cancel over the N images"),
        (lambda images: images, "should have the shape"),
    ],
    "best_std": [
        (lambda x_hat, x: (x_hat - x).square().mean(), "that is s²"),
        (lambda x_hat, x: (x_hat - x).square().flatten(1).sum(1).mean().sqrt(), "off by 28"),
        (lambda x_hat, x: ((x_hat - x).square().mean() / 2).sqrt(), "root of 2"),
        (lambda x_hat, x: (x_hat - x).std(), "spread of the errors"),
        (lambda x_hat, x: (x_hat - x).abs().mean(), "mean absolute error"),
        (
            lambda x_hat, x: (x_hat - x).square().flatten(1).mean(1).sqrt().mean(),
            "averaged the roots of each image",
        ),
        (lambda x_hat, x: 0.39894, "where log(s √(2π)) is zero"),
        (lambda x_hat, x: x.std(), "with respect to s to zero"),
    ],
    "strongest_gradient": [
        (1.0, "the sigmoid is flat"),
        (0.5, "steepest there"),
        (1 / 3, "1/3 is x_hat"),
        (8 / 27, "how large the gradient gets"),
        (-0.693, "that is a logit"),
        (0.75, "2 e² (1 - e)"),
    ],
    "bce_from_logits": [
        (naive_bce, "infinite or NaN for large ones"),
        (clamped_bce, "the loss stops growing"),
        (
            lambda a, x: functional.binary_cross_entropy(torch.sigmoid(a), x, reduction="none"),
            "stops growing",
        ),
        (lambda a, x: torch.log(1 + torch.exp(a)) - a * x, "exp(a) overflows"),
        (lambda a, x: -bce_of(a, x), "the sign is turned"),
        (lambda a, x: bce_of(a, 1 - x), "black and white are swapped"),
        (lambda a, x: -x * functional.logsigmoid(a), "only white pixels count"),
        (lambda a, x: bce_of(a, x, "mean"), "the loss of each pixel"),
        (lambda a, x: bce_of(a, x) / torch.tensor(2.0).log(), "that is in bits"),
        (lambda a, x: (torch.sigmoid(a) - x).square(), "that is the squared error"),
        (lambda a, x: -x * a.log() - (1 - x) * (1 - a).log(), "no probability before"),
        (lambda a, x: bce_of(a, x.round()), "wrong at ordinary logits"),
    ],
    "worst_hole": [
        (in_the_middle, "hole in the middle"),
        (lambda images, width: places(images.square(), width, step=width).amax(1) / 784, "do not overlap"),
        (lambda images, width: places(images.square(), width).amax(1) / width**2, "pixels of the hole"),
        (lambda images, width: places(images.square(), width).amax(1), "off by a factor of 784"),
        (lambda images, width: places(images, width).amax(1) / 784, "added up the grey values"),
        (where_most_ink_is, "looked for the most ink"),
        (at_one_place, "one place for all images"),
        (lambda images, width: places(images.square(), width).mean(1) / 784, "average over all places"),
        (lambda images, width: places(images.square(), width).amin(1) / 784, "least damage"),
        (lambda images, width: images.square().mean((1, 2, 3)) - worst(images, width), "everything but"),
        (lambda images, width: images.square().mean((1, 2, 3)), "all-black"),
        (lambda images, width: worst(images, width - 1), "too narrow"),
        (lambda images, width: worst(images, width + 1), "too wide"),
        (lambda images, width: worst(images, width).max(), "return one error for each image"),
        (holes_in_the_given, "changed the images"),
        (lambda images, width: worst(images, 5), "for every place of the square"),
        (lambda images, width: worst(images, width).tolist()[:3], "should have the shape"),
    ],
}
