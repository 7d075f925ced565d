"""Checks of the chapter on denoising."""

import math

import torch
from torch import nn

from aecourse.checks.exercise import Exercise, same
from aecourse.checks.guard import judged
from aecourse.checks.verdict import BadAnswer, call, close, diagnose, number, right, tensor, wrong
from aecourse.validation import IMAGE_SHAPE, IMAGE_SIZE, describe

RETURNED = "what your function returns"

decibels = Exercise(
    "The change of PSNR in decibels when the MSE is halved.",
    solution=10 * math.log10(2),
    tolerance=0.01,
    lesson="3 decibels: half the squared error, whatever it was before.",
    mistakes=[
        (-10 * math.log10(2), "the sign is turned. PSNR is minus a logarithm of the error: better is more."),
        (20 * math.log10(2), "twice too large. The factor 20 belongs to the root of the MSE."),
        (-20 * math.log10(2), "twice too large, and turned: 20 belongs to the root of the MSE, and better is more."),
        (10 * math.log(2), "you used the natural logarithm. Decibels take the one to base 10."),
        (math.log(2), "you used the natural logarithm, without the factor 10."),
        (math.log10(2), "that is the logarithm alone, in bels. A decibel is a tenth of a bel: times 10."),
        (-math.log10(2), "that is in bels, and turned. Multiply by 10; better is more."),
        (2.0, "that is the ratio. A ratio of errors becomes a difference of decibels."),
        (0.5, "that is the ratio. A ratio of errors becomes a difference of decibels."),
    ],
    otherwise="take -10 log10 of MSE / 2, and subtract -10 log10 of MSE. The MSE itself cancels.",
)


def score_cases():
    """Exact denoisers of values N(mean, spread²), noisy values, and the noise's standard deviation."""
    generator = torch.Generator().manual_seed(4)
    cases = []
    for shape, std, mean, spread in (((6, *IMAGE_SHAPE), 0.3, 0.4, 0.25), ((50, 1), 1.7, -1.0, 0.9)):

        def denoiser(values, std=std, mean=mean, spread=spread):
            return (spread**2 * values + std**2 * mean) / (spread**2 + std**2)

        cases.append((denoiser, mean + 2 * spread * torch.randn(shape, generator=generator), std))
    return cases


score_from = Exercise(
    "A function (denoiser, x_noisy, std) -> the score of the noised density, from the denoiser's residual.",
    solution=lambda denoiser, x_noisy, std: (denoiser(x_noisy) - x_noisy) / std**2,
    cases=score_cases,
    lesson="residual over variance: for a Gaussian it is exactly the slope of the noised log-density.",
    mistakes=[
        (
            lambda denoiser, x_noisy, std: (x_noisy - denoiser(x_noisy)) / std**2,
            "the sign is turned. The score points from the noisy value to where values are denser.",
        ),
        (
            lambda denoiser, x_noisy, std: (denoiser(x_noisy) - x_noisy) / std,
            "you divided by the standard deviation. The formula has the variance, std².",
        ),
        (
            lambda denoiser, x_noisy, std: (x_noisy - denoiser(x_noisy)) / std,
            "that is an estimate of the noise ε. The score has the other sign, and std² below.",
        ),
        (
            lambda denoiser, x_noisy, std: denoiser(x_noisy) - x_noisy,
            "that is the residual alone. Divide it by the variance, std².",
        ),
        (
            lambda denoiser, x_noisy, std: x_noisy - denoiser(x_noisy),
            "that is the residual, turned around. Take denoised minus noisy, and divide by std².",
        ),
        (
            lambda denoiser, x_noisy, std: denoiser(x_noisy) / std**2,
            "you divided the denoised value. Subtract the noisy one first.",
        ),
        (
            lambda denoiser, x_noisy, std: (denoiser(x_noisy) - x_noisy) * std**2,
            "you multiplied by the variance. Divide by it.",
        ),
        (
            lambda denoiser, x_noisy, std: -x_noisy / std**2,
            "you used the noisy value alone. What is denser is told by the denoiser: denoised minus noisy.",
        ),
    ],
    otherwise="solve Tweedie's formula, E[x | x_noisy] = x_noisy + std² · score, for the score.",
)


class Grey(nn.Module):
    """Answers every image with the same grey."""

    def forward(self, x):
        return torch.full_like(x, 0.4)


class Halve(nn.Module):
    """Answers with half of what it is given, and a little more."""

    def forward(self, x):
        return x / 2 + 0.1


def error_levels(function, model, images, stds):
    """The learner's errors as a list of floats, one for each of `stds`."""
    torch.manual_seed(0)
    with torch.no_grad():
        answer = call(function, model, images, stds)
    if isinstance(answer, dict):
        answer = [answer[std] for std in stds] if set(answer) == set(stds) else list(answer.values())
    if isinstance(answer, torch.Tensor) and answer.dim() == 1:
        answer = list(answer)
    if not isinstance(answer, (list, tuple)):
        raise BadAnswer(f"{RETURNED} should be a list of {len(stds)} errors, but it is {describe(answer)}")
    if len(answer) != len(stds):
        raise BadAnswer(f"{RETURNED} should have one error for each of {len(stds)} levels, but it has {len(answer)}")
    return [number(value, "each error") for value in answer]


def normal(x, generator):
    """Standard normal noise in the shape of x."""
    return torch.randn(x.shape, generator=generator)


def kurtosis(values):
    """Fourth moment over squared second: 3 for Gaussian noise, more for a mixture of levels."""
    values = values.flatten() - values.mean()
    return (values.pow(4).mean() / values.pow(2).mean().square()).item()


@judged
def denoising_errors(function):
    """A function (model, images, stds) -> a list of MSEs of model(noisy) against the clean images."""
    images = torch.rand(240, *IMAGE_SHAPE, generator=torch.Generator().manual_seed(4)).square()
    images[:, :, :14] = 0  # much black, so that clamping shows
    stds = (0.3, 0, 0.8)
    models = {"identity": nn.Identity(), "grey": Grey(), "halve": Halve()}
    answers = {name: error_levels(function, model, images, stds) for name, model in models.items()}

    def expected(score, noise=None):
        """What a mistaken function would answer: `score(model, noisy, clean)` with the given noise."""
        generator = torch.Generator().manual_seed(5)
        noise = noise or (lambda x, std: (x + std * normal(x, generator)).clamp(0, 1))
        return {
            name: [score(model, noise(images, std) if std else images, images).item() for std in stds]
            for name, model in models.items()
        }

    def against_clean(model, noisy, clean):
        return (model(noisy) - clean).square().mean()

    def matches(target):
        """True when every answer is within 3 % (or sampling error) of `target()`."""
        wanted = target()
        pairs = [pair for name in models for pair in zip(answers[name], wanted[name], strict=True)]
        return all(math.isclose(answer, value, rel_tol=0.03, abs_tol=1e-9) for answer, value in pairs)

    if matches(lambda: expected(against_clean)):
        return right("noise on the input, never on the target, and one number for each level.")
    generator = torch.Generator().manual_seed(6)
    mistakes = [
        (
            lambda: expected(lambda model, noisy, clean: (model(noisy) - noisy).square().mean()),
            "you compared with the noisy images: the identity is perfect that way. Compare with the clean ones.",
        ),
        (
            lambda: expected(lambda model, noisy, clean: (model(clean) - clean).square().mean()),
            "the model never sees noise: you fed it the clean images at every level.",
        ),
        (
            lambda: expected(lambda model, noisy, clean: (model(clean) - noisy).square().mean()),
            "input and target are swapped: the model gets the noisy images, and is compared with the clean ones.",
        ),
        (
            lambda: expected(against_clean, lambda x, std: x + std * normal(x, generator)),
            "the noise is not clamped. An image of grey values ends at 0 and 1, and so did the training noise.",
        ),
        (
            lambda: expected(against_clean, lambda x, std: (x + std**2 * normal(x, generator)).clamp(0, 1)),
            "your noise is too weak: std is the standard deviation. Do not square it.",
        ),
        (
            lambda: expected(against_clean, lambda x, std: (x + math.sqrt(std) * normal(x, generator)).clamp(0, 1)),
            "your noise is too strong: std is the standard deviation. Take no root of it.",
        ),
        (
            lambda: expected(
                against_clean, lambda x, std: (x + std * torch.rand(x.shape, generator=generator)).clamp(0, 1)
            ),
            "your noise only ever brightens: torch.rand is never negative. Use torch.randn.",
        ),
        (
            lambda: expected(lambda *a: against_clean(*a).sqrt()),
            "those are the roots. MSE is the mean of the squares.",
        ),
        (
            lambda: expected(lambda *a: against_clean(*a) * IMAGE_SIZE),
            "off by a factor of 784: average over the pixels too.",
        ),
        (
            lambda: expected(lambda *a: against_clean(*a) * images.numel()),
            "those are sums. MSE is the mean over pixels and images.",
        ),
        (
            lambda: {name: sorted(values) for name, values in expected(against_clean).items()},
            "you sorted the levels. Keep the order of stds.",
        ),
    ]
    otherwise = "for each std: make noisy images, clamp them, and take the mean of (model(noisy) - images)²."
    return diagnose(matches, mistakes, otherwise)


@judged
def random_noise(function):
    """A corruption (x, max_std) with a noise level of its own for each image, uniform on [0, max_std]."""

    def corrupt(x, max_std, seed):
        torch.manual_seed(seed)
        return tensor(call(function, x, max_std), x.shape, RETURNED)

    grey = torch.full((600, *IMAGE_SHAPE), 0.5)
    max_std = 0.1  # clamping hardly ever acts on grey
    noise = corrupt(grey, max_std, seed=0) - 0.5
    columns = corrupt(grey[:28], max_std, seed=1) - 0.5  # 28 levels fit the columns of an image too
    extremes = corrupt(
        (torch.arange(200) % 2.0).reshape(-1, 1, 1, 1).expand(200, *IMAGE_SHAPE).contiguous(), 0.6, seed=2
    )
    if noise.abs().max() < 1e-9:
        return wrong("the images came back as they were. Nothing was added.")
    if noise.mean().abs() > 0.1 * max_std:
        return wrong("your noise has not the mean zero: torch.rand is never negative. Draw the noise with torch.randn.")
    size = noise.square().mean().sqrt()
    if min(noise.std(dim=dim).mean() for dim in (2, 3, (2, 3))) < 0.2 * size:
        return wrong("whole images, rows or columns share one number as their noise. Draw the noise in the shape of x.")
    if (noise[0] * noise[1]).mean() > 0.9 * noise[0].std() * noise[1].std():
        return wrong("all images got the same noise. Draw it in the shape of x.")

    level = noise.flatten(1).std(1)  # (600,), estimates each image's σ within 3 %
    by_column = columns.std(dim=(0, 1, 2))  # (28,), one for each column over all images
    by_row = columns.std(dim=(0, 1, 3))
    for name, spread in (("column", by_column), ("row", by_row)):
        if spread.std() > 0.2 * spread.mean():
            return wrong(
                f"with 28 images the levels differ by {name}, not by image. Give the levels the shape (N, 1, 1, 1)."
            )
    if level.std() < 0.06 * level.mean():
        if close(level.mean().item(), max_std, 0.03):
            return wrong("every image gets the largest level. Draw a level for each, from 0 to max_std.")
        if close(level.mean().item(), max_std / math.sqrt(3), 0.03) and kurtosis(noise[0]) > 3.5:
            return wrong("you drew a level for each pixel: then all images are equally noisy. Draw one for each image.")
        return wrong("all images of the batch have one level. Draw a level for each image: N of them.")
    if level.max() > 1.2 * max_std:
        if close(level.pow(2).mean().item(), max_std**2, 0.2):
            return wrong("a level should be uniform from 0 to max_std: draw it with torch.rand, not torch.randn.")
        return wrong("some images get more than max_std. Scale a uniform number from 0 to 1 by it.")
    if level.max() < 0.5 * max_std:
        return wrong(
            "no image gets near max_std. Scale a uniform number from 0 to 1 by max_std itself, not its square."
        )
    quarters = level.double().quantile(torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9], dtype=torch.float64)) / max_std
    if (quarters - torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9])).abs().max() > 0.08:
        return wrong("the levels are not spread evenly from 0 to max_std. Draw them with torch.rand, times max_std.")
    if not 2.7 < kurtosis(noise / level[:, None, None, None].double()) < 3.3:
        return wrong("within an image the noise is not Gaussian. Draw it with torch.randn_like.")
    if extremes.min() < 0 or extremes.max() > 1:
        return wrong("grey values leave [0, 1]. Clamp the result.")
    if not 0.4 < (extremes[0::2] == 0).double().mean() < 0.6 or not 0.4 < (extremes[1::2] == 1).double().mean() < 0.6:
        return wrong("half of the black pixels should stay black and half of the white ones white: add, then clamp.")
    return right("one network for every level up to max_std: train it, and look at its row of the matrix.")


def grey_values():
    return [(torch.linspace(0, 1, 21), std) for std in (0.1, 0.3, 0.9)]


def density(t):
    return torch.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)


def below(t):
    return torch.special.ndtr(t)


def between(x, std):
    """The share of noisy values between the walls."""
    return below((1 - x) / std) - below(-x / std)


def inside(x, std):
    """∫ (x + std t) φ(t) dt between the walls."""
    return x * between(x, std) + std * (density(-x / std) - density((1 - x) / std))


def upper(x, std):
    """The share of noisy values beyond the upper wall."""
    return 1 - below((1 - x) / std)


BLACK_ONLY = "that is right for a black pixel only. A grey one is cut less, and a white one from above."

clamped_mean = Exercise(
    "A function (x, std) -> the exact mean of clamp(x + std ε, 0, 1) for each grey value in x.",
    solution=lambda x, std: inside(x, std) + upper(x, std),
    cases=grey_values,
    margin=2e-4,
    lesson="black and white move towards each other, and only 0.5 stays: clamping takes contrast away.",
    mistakes=[
        (lambda x, std: x, "that is the mean without clamping: the noise alone has mean zero."),
        (inside, "you left out what lands on the upper wall: above b the pixel is 1, with probability 1 - Φ(b)."),
        (
            lambda x, std: inside(x, std) / between(x, std),
            "you threw away what lies beyond the walls and scaled up the rest. Clamping moves it onto the walls.",
        ),
        (
            lambda x, std: x * below(x / std) + std * density(x / std),
            "you clamped at 0 only. Values above 1 are cut as well.",
        ),
        (lambda x, std: x + std / math.sqrt(2 * math.pi), BLACK_ONLY),
        (lambda x, std: (x + std / math.sqrt(2 * math.pi)).clamp(0, 1), BLACK_ONLY),
        (
            lambda x, std: inside(x, std) + below(-x / std),
            "the walls are swapped: below a the pixel is 0 and adds nothing, above b it is 1.",
        ),
        (
            lambda x, std: inside(x, std) + upper(x, std) + below(-x / std),
            "both walls count as 1 in your sum. At the lower one the pixel is 0 and adds nothing.",
        ),
        (
            lambda x, std: x * between(x, std) + upper(x, std),
            "the noise between the walls is missing: σ (φ(a) - φ(b)) is not zero unless x is 0.5.",
        ),
        (
            lambda x, std: 2 * x * between(x, std) - inside(x, std) + upper(x, std),
            "a sign is turned: the integral of t φ(t) from a to b is φ(a) - φ(b).",
        ),
        (
            lambda x, std: x * between(x, std) + density(-x / std) - density((1 - x) / std) + upper(x, std),
            "φ(a) - φ(b) lacks its factor σ: the pixel is x + σ t.",
        ),
    ],
    otherwise=lambda values, targets: (
        "close, but not exact. Use the formula, or a much finer sum."
        if all(map(lambda value, target: same(value, target, margin=0.01), values, targets))
        else "add three parts: 0 below a, the integral of (x + σ t) φ(t) from a to b, and 1 above b."
    ),
)


def few_training_images():
    """Close images and strong noise, so that many weights count; then far images, whose exponentials underflow."""
    generator = torch.Generator().manual_seed(4)
    cases = []
    for count, spread, std in ((12, 0.05, 0.6), (9, 0.03, 0.5), (7, 1.0, 0.3)):
        brightness = torch.linspace(0.8, 1, count)[:, None, None, None]
        images = (0.5 + spread * (torch.rand(count, *IMAGE_SHAPE, generator=generator) - 0.5)) * brightness
        chosen = images[torch.randint(count, (5,), generator=generator)]
        cases.append((chosen + std * torch.randn(chosen.shape, generator=generator), images, std))
    return cases


def averaged(weights):
    """A function (x_noisy, train_images, std) that averages the images with `weights(distances (N, M), std)`."""

    def average(x_noisy, train_images, std):
        distances = torch.cdist(x_noisy.flatten(1), train_images.flatten(1))
        return (weights(distances, std) @ train_images.flatten(1)).view_as(x_noisy)

    return average


def posterior(distances, std):
    return (-(distances**2) / (2 * std**2)).softmax(1)


def as_images(value):
    """Rows of 784 numbers count as images."""
    rows = isinstance(value, torch.Tensor) and value.dim() == 2 and value.shape[1] == IMAGE_SIZE
    return value.reshape(-1, *IMAGE_SHAPE) if rows else value


def underflow(values, targets):
    """What to say of averages that are no usual mistake."""
    if all(same(value, target, margin=2e-5) for value, target in zip(values[:2], targets[:2], strict=True)):
        if not values[2].isfinite().all():
            return "right for images that are close, but NaN for others: all exponentials underflow. Use softmax."
        return "right for images that are close, wrong for others: the exponentials underflow. Use softmax."
    if not values[0].isfinite().all():
        return "NaN or infinity: the exponentials underflow to zero, and zero is divided by zero. Use softmax."
    return "weights: softmax over the training images of -‖x̃ - x_i‖² / (2 σ²). Then average the images with them."


training_set_optimum = Exercise(
    "A function (x_noisy, train_images, std) -> the average of the training images, weighted by the posterior.",
    solution=averaged(posterior),
    cases=few_training_images,
    margin=2e-5,
    read=as_images,
    lesson="the formula behind the score of Vincent (2011): now see how it does on test digits.",
    mistakes=[
        (
            averaged(lambda distances, std: torch.eye(distances.shape[1])[distances.argmin(1)]),
            "that is the nearest training image. The posterior mean averages over all of them.",
        ),
        (
            averaged(lambda distances, std: torch.full_like(distances, 1 / distances.shape[1])),
            "that is the plain average. Images that explain the noisy one better weigh more.",
        ),
        (
            averaged(lambda distances, std: (-(distances**2) / std**2).softmax(1)),
            "a 2 is missing: the exponent is -‖x̃ - x_i‖² / (2 σ²).",
        ),
        (
            averaged(lambda distances, std: (-(distances**2) / (2 * std)).softmax(1)),
            "you divided by σ. The Gaussian has σ² below the square.",
        ),
        (
            averaged(lambda distances, std: (-(distances**2) / std).softmax(1)),
            "you divided by σ. The Gaussian has 2 σ² below the square.",
        ),
        (
            averaged(lambda distances, std: (-(distances**2) / 2).softmax(1)),
            "σ is missing: divide the squared distance by 2 σ².",
        ),
        (
            averaged(lambda distances, std: (-distances / (2 * std**2)).softmax(1)),
            "you used the distance, not its square. torch.cdist returns the distance.",
        ),
        (
            averaged(lambda distances, std: (-(distances**2) / IMAGE_SIZE / (2 * std**2)).softmax(1)),
            "you averaged the squares over the pixels. The Gaussian of 784 pixels has their sum.",
        ),
        (
            averaged(lambda distances, std: (distances**2 / (2 * std**2)).softmax(1)),
            "the sign of the exponent is turned: far images get the largest weight.",
        ),
        (
            averaged(lambda distances, std: (-(distances**2) / (2 * std**2)).softmax(0)),
            "each noisy image's weights should add up to 1. You normalised over the noisy images: wrong dimension.",
        ),
        (
            averaged(lambda distances, std: (-(distances**2) / (2 * std**2)).exp()),
            "the weights do not add up to 1. Divide them by their sum, or use softmax.",
        ),
        (
            lambda x_noisy, train_images, std: posterior(torch.cdist(x_noisy.flatten(1), train_images.flatten(1)), std),
            "those are weights, one for each training image. Use them to average the images.",
        ),
    ],
    otherwise=underflow,
)
