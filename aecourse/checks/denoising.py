"""Checks of the chapter on denoising."""

import math

import torch
from torch import nn

from aecourse.checks.verdict import BadAnswer, call, close, diagnose, exercise, number, right, same, tensor, wrong
from aecourse.validation import IMAGE_SHAPE, IMAGE_SIZE, describe

RETURNED = "what your function returns"


@exercise
def decibels(answer):
    """The change of PSNR in decibels when the MSE is halved."""
    answer = number(answer)

    def matches(value):
        return close(answer, value, 0.01)

    if matches(10 * math.log10(2)):
        return right("3 decibels: half the squared error, whatever it was before.")
    mistakes = [
        (-10 * math.log10(2), "the sign is turned. PSNR is minus a logarithm of the error: better is more."),
        (20 * math.log10(2), "twice too large. The factor 20 belongs to the root of the MSE."),
        (-20 * math.log10(2), "twice too large, and turned: 20 belongs to the root of the MSE, and better is more."),
        (10 * math.log(2), "you used the natural logarithm. Decibels take the one to base 10."),
        (math.log(2), "you used the natural logarithm, without the factor 10."),
        (math.log10(2), "that is the logarithm alone, in bels. A decibel is a tenth of a bel: times 10."),
        (-math.log10(2), "that is in bels, and turned. Multiply by 10; better is more."),
        (2.0, "that is the ratio. A ratio of errors becomes a difference of decibels."),
        (0.5, "that is the ratio. A ratio of errors becomes a difference of decibels."),
    ]
    otherwise = "take -10 log10 of MSE / 2, and subtract -10 log10 of MSE. The MSE itself cancels."
    return diagnose(matches, mistakes, otherwise)


@exercise
def score_from(function):
    """A function (denoiser, x_noisy, std) -> the score of the noised density, from the denoiser's residual."""
    generator = torch.Generator().manual_seed(4)
    cases, answers = [], []
    for shape, std, mean, spread in (((6, *IMAGE_SHAPE), 0.3, 0.4, 0.25), ((50, 1), 1.7, -1.0, 0.9)):
        x_noisy = mean + 2 * spread * torch.randn(shape, generator=generator)

        def denoiser(values, std=std, mean=mean, spread=spread):  # exact for clean values N(mean, spread²)
            return (spread**2 * values + std**2 * mean) / (spread**2 + std**2)

        cases.append((x_noisy.double(), denoiser(x_noisy).double(), std, mean, spread))
        answers.append(tensor(call(function, denoiser, x_noisy.clone(), std), shape, RETURNED))

    def matches(formula):
        """True when every answer is `formula(noisy, answer of the denoiser, std, mean, spread)`."""
        return all(same(answer, formula(*case)) for answer, case in zip(answers, cases, strict=True))

    if matches(lambda noisy, r, std, *_: (r - noisy) / std**2):
        return right("residual over variance: for a Gaussian it is exactly the slope of the noised log-density.")
    mistakes = [
        (
            lambda noisy, r, std, *_: (noisy - r) / std**2,
            "the sign is turned. The score points from the noisy value to where values are denser.",
        ),
        (
            lambda noisy, r, std, *_: (r - noisy) / std,
            "you divided by the standard deviation. The formula has the variance, std².",
        ),
        (
            lambda noisy, r, std, *_: (noisy - r) / std,
            "that is an estimate of the noise ε. The score has the other sign, and std² below.",
        ),
        (lambda noisy, r, std, *_: r - noisy, "that is the residual alone. Divide it by the variance, std²."),
        (
            lambda noisy, r, std, *_: noisy - r,
            "that is the residual, turned around. Take denoised minus noisy, and divide by std².",
        ),
        (lambda noisy, r, std, *_: r / std**2, "you divided the denoised value. Subtract the noisy one first."),
        (lambda noisy, r, std, *_: (r - noisy) * std**2, "you multiplied by the variance. Divide by it."),
        (
            lambda noisy, r, std, mean, spread: (mean - noisy) / spread**2,
            "that is the score of the clean density. The denoiser knows the noised one.",
        ),
    ]
    otherwise = "solve Tweedie's formula, E[x | x_noisy] = x_noisy + std² · score, for the score."
    return diagnose(matches, mistakes, otherwise)


@exercise
def denoising_errors(function):
    """A function (model, images, stds) -> a list of MSEs of model(noisy) against the clean images."""
    images = torch.rand(240, *IMAGE_SHAPE, generator=torch.Generator().manual_seed(4)).square()
    images[:, :, :14] = 0  # much black, so that clamping shows
    stds = (0.3, 0, 0.8)
    models = {"identity": nn.Identity(), "grey": _Grey(), "halve": _Halve()}
    answers = {name: _levels(function, model, images, stds) for name, model in models.items()}

    def expected(score, noise=None):
        """What a mistaken function would answer: `score(model, noisy, clean)` with the given noise."""
        generator = torch.Generator().manual_seed(5)
        noise = noise or (lambda x, std: (x + std * _normal(x, generator)).clamp(0, 1))
        return {
            name: [score(model, noise(images, std) if std else images, images).item() for std in stds]
            for name, model in models.items()
        }

    def against_clean(model, noisy, clean):
        return (model(noisy) - clean).square().mean()

    def matches(target):
        """True when every answer is within 3 % (or sampling error) of the target."""
        pairs = [pair for name in models for pair in zip(answers[name], target[name], strict=True)]
        return all(math.isclose(answer, value, rel_tol=0.03, abs_tol=1e-9) for answer, value in pairs)

    if matches(expected(against_clean)):
        return right("noise on the input, never on the target, and one number for each level.")
    generator = torch.Generator().manual_seed(6)
    mistakes = [
        (
            expected(lambda model, noisy, clean: (model(noisy) - noisy).square().mean()),
            "you compared with the noisy images: the identity is perfect that way. Compare with the clean ones.",
        ),
        (
            expected(lambda model, noisy, clean: (model(clean) - clean).square().mean()),
            "the model never sees noise: you fed it the clean images at every level.",
        ),
        (
            expected(lambda model, noisy, clean: (model(clean) - noisy).square().mean()),
            "input and target are swapped: the model gets the noisy images, and is compared with the clean ones.",
        ),
        (
            expected(against_clean, lambda x, std: x + std * _normal(x, generator)),
            "the noise is not clamped. An image of grey values ends at 0 and 1, and so did the training noise.",
        ),
        (
            expected(against_clean, lambda x, std: (x + std**2 * _normal(x, generator)).clamp(0, 1)),
            "your noise is too weak: std is the standard deviation. Do not square it.",
        ),
        (
            expected(against_clean, lambda x, std: (x + math.sqrt(std) * _normal(x, generator)).clamp(0, 1)),
            "your noise is too strong: std is the standard deviation. Take no root of it.",
        ),
        (
            expected(against_clean, lambda x, std: (x + std * torch.rand(x.shape, generator=generator)).clamp(0, 1)),
            "your noise only ever brightens: torch.rand is never negative. Use torch.randn.",
        ),
        (
            expected(lambda *a: against_clean(*a).sqrt()),
            "those are the roots. MSE is the mean of the squares.",
        ),
        (
            expected(lambda *a: against_clean(*a) * IMAGE_SIZE),
            "off by a factor of 784: average over the pixels too.",
        ),
        (
            expected(lambda *a: against_clean(*a) * images.numel()),
            "those are sums. MSE is the mean over pixels and images.",
        ),
        (
            {name: sorted(values) for name, values in expected(against_clean).items()},
            "you sorted the levels. Keep the order of stds.",
        ),
    ]
    otherwise = "for each std: make noisy images, clamp them, and take the mean of (model(noisy) - images)²."
    return diagnose(matches, mistakes, otherwise)


@exercise
def random_noise(function):
    """A corruption (x, max_std) with a noise level of its own for each image, uniform on [0, max_std]."""

    def corrupt(x, max_std, seed):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            given = x.clone()
            noisy = tensor(call(function, given, max_std), x.shape, RETURNED)
        if not torch.equal(given, x):
            raise BadAnswer("your function changed the images that it was given: return new ones")
        return noisy

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
        if close(level.mean().item(), max_std / math.sqrt(3), 0.03) and _kurtosis(noise[0]) > 3.5:
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
    if not 2.7 < _kurtosis(noise / level[:, None, None, None].double()) < 3.3:
        return wrong("within an image the noise is not Gaussian. Draw it with torch.randn_like.")
    if extremes.min() < 0 or extremes.max() > 1:
        return wrong("grey values leave [0, 1]. Clamp the result.")
    if not 0.4 < (extremes[0::2] == 0).double().mean() < 0.6 or not 0.4 < (extremes[1::2] == 1).double().mean() < 0.6:
        return wrong("half of the black pixels should stay black and half of the white ones white: add, then clamp.")
    return right("one network for every level up to max_std: train it, and look at its row of the matrix.")


@exercise
def clamped_mean(function):
    """A function (x, std) -> the exact mean of clamp(x + std ε, 0, 1) for each grey value in x."""
    grey = torch.linspace(0, 1, 21)
    stds = (0.1, 0.3, 0.9)
    with torch.random.fork_rng(devices=[]):
        answers, again = (
            [tensor(call(function, grey.clone(), std), grey.shape, RETURNED) for std in stds] for _ in range(2)
        )
    x = grey.double()

    def density(t):
        return torch.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)

    def below(t):
        return torch.special.ndtr(t)

    def between(std):
        """The share of values between the walls."""
        return below((1 - x) / std) - below(-x / std)

    def inside(std):
        """∫ (x + std t) φ(t) dt between the walls."""
        return x * between(std) + std * (density(-x / std) - density((1 - x) / std))

    def upper(std):
        """The share of values beyond the upper wall."""
        return 1 - below((1 - x) / std)

    def matches(formula, tolerance=2e-4):
        return all((answer - formula(std)).abs().max() < tolerance for answer, std in zip(answers, stds, strict=True))

    def exact(std):
        return inside(std) + upper(std)

    if any(not torch.equal(first, second) for first, second in zip(answers, again, strict=True)):
        return wrong("your answer changes from call to call: it is drawn at random. Derive the mean.")
    if matches(exact):
        return right("black and white move towards each other, and only 0.5 stays: clamping takes contrast away.")
    mistakes = [
        (lambda std: x + 0 * std, "that is the mean without clamping: the noise alone has mean zero."),
        (inside, "you left out what lands on the upper wall: above b the pixel is 1, with probability 1 - Φ(b)."),
        (
            lambda std: inside(std) / between(std),
            "you threw away what lies beyond the walls and scaled up the rest. Clamping moves it onto the walls.",
        ),
        (
            lambda std: x * below(x / std) + std * density(x / std),
            "you clamped at 0 only. Values above 1 are cut as well.",
        ),
        (
            lambda std: x + std / math.sqrt(2 * math.pi),
            "that is right for a black pixel only. A grey one is cut less, and a white one from above.",
        ),
        (
            lambda std: (x + std / math.sqrt(2 * math.pi)).clamp(0, 1),
            "that is right for a black pixel only. A grey one is cut less, and a white one from above.",
        ),
        (
            lambda std: inside(std) + below(-x / std),
            "the walls are swapped: below a the pixel is 0 and adds nothing, above b it is 1.",
        ),
        (
            lambda std: inside(std) + upper(std) + below(-x / std),
            "both walls count as 1 in your sum. At the lower one the pixel is 0 and adds nothing.",
        ),
        (
            lambda std: x * between(std) + upper(std),
            "the noise between the walls is missing: σ (φ(a) - φ(b)) is not zero unless x is 0.5.",
        ),
        (
            lambda std: x * between(std) - std * (density(-x / std) - density((1 - x) / std)) + upper(std),
            "a sign is turned: the integral of t φ(t) from a to b is φ(a) - φ(b).",
        ),
        (
            lambda std: x * between(std) + density(-x / std) - density((1 - x) / std) + upper(std),
            "φ(a) - φ(b) lacks its factor σ: the pixel is x + σ t.",
        ),
    ]
    otherwise = "add three parts: 0 below a, the integral of (x + σ t) φ(t) from a to b, and 1 above b."
    if matches(exact, 0.01):
        otherwise = "close, but not exact. Use the formula, or a much finer sum."
    return diagnose(matches, mistakes, otherwise)


@exercise
def training_set_optimum(function):
    """A function (x_noisy, train_images, std) -> the average of the training images, weighted by the posterior."""
    generator = torch.Generator().manual_seed(4)
    cases, answers = [], []
    # Close images and strong noise, so that many weights count; then far images, whose exponentials underflow.
    for count, spread, std in ((12, 0.05, 0.6), (9, 0.03, 0.5), (7, 1.0, 0.3)):
        images = (0.5 + spread * (torch.rand(count, *IMAGE_SHAPE, generator=generator) - 0.5)) * torch.linspace(
            0.8, 1, count
        )[:, None, None, None]
        chosen = images[torch.randint(count, (5,), generator=generator)]
        x_noisy = chosen + std * torch.randn(chosen.shape, generator=generator)
        answer = call(function, x_noisy.clone(), images.clone(), std)
        if isinstance(answer, torch.Tensor) and tuple(answer.shape) == (5, IMAGE_SIZE):
            answer = answer.reshape(5, *IMAGE_SHAPE)
        if isinstance(answer, torch.Tensor) and tuple(answer.shape) == (5, count):
            return wrong("those are weights, one for each training image. Use them to average the images.")
        cases.append((x_noisy.double().flatten(1), images.double().flatten(1), std))
        answers.append(tensor(answer, x_noisy.shape, RETURNED).flatten(1))

    def matches(weights, which=slice(0, 2)):
        """True when the answers are averages with `weights(squared distances (5, M), std)`."""
        for answer, (noisy, images, std) in zip(answers[which], cases[which], strict=True):
            target = weights(torch.cdist(noisy, images).square(), std) @ images
            if not torch.allclose(answer, target, rtol=1e-4, atol=2e-5):
                return False
        return True

    def posterior(squares, std):
        return (-squares / (2 * std**2)).softmax(1)

    if matches(posterior):
        if not all(torch.isfinite(answer).all() for answer in answers):
            return wrong(
                "right for images that are close, but NaN for others: all exponentials underflow. Use softmax."
            )
        if not matches(posterior, slice(2, 3)):
            return wrong("right for images that are close, wrong for others: the exponentials underflow. Use softmax.")
        return right("the formula behind the score of Vincent (2011): now see how it does on test digits.")
    if not torch.isfinite(answers[0]).all():
        return wrong("NaN or infinity: the exponentials underflow to zero, and zero is divided by zero. Use softmax.")
    mistakes = [
        (
            lambda squares, std: torch.nn.functional.one_hot(squares.argmin(1), squares.shape[1]).double(),
            "that is the nearest training image. The posterior mean averages over all of them.",
        ),
        (
            lambda squares, std: torch.full_like(squares, 1 / squares.shape[1]),
            "that is the plain average. Images that explain the noisy one better weigh more.",
        ),
        (lambda squares, std: (-squares / std**2).softmax(1), "a 2 is missing: the exponent is -‖x̃ - x_i‖² / (2 σ²)."),
        (
            lambda squares, std: (-squares / (2 * std)).softmax(1),
            "you divided by σ. The Gaussian has σ² below the square.",
        ),
        (lambda squares, std: (-squares / std).softmax(1), "you divided by σ. The Gaussian has 2 σ² below the square."),
        (lambda squares, std: (-squares / 2).softmax(1), "σ is missing: divide the squared distance by 2 σ²."),
        (
            lambda squares, std: (-squares.sqrt() / (2 * std**2)).softmax(1),
            "you used the distance, not its square. torch.cdist returns the distance.",
        ),
        (
            lambda squares, std: (-squares / IMAGE_SIZE / (2 * std**2)).softmax(1),
            "you averaged the squares over the pixels. The Gaussian of 784 pixels has their sum.",
        ),
        (
            lambda squares, std: (squares / (2 * std**2)).softmax(1),
            "the sign of the exponent is turned: far images get the largest weight.",
        ),
        (
            lambda squares, std: (-squares / (2 * std**2)).softmax(0),
            "each noisy image's weights should add up to 1. You normalised over the noisy images: wrong dimension.",
        ),
        (
            lambda squares, std: (-squares / (2 * std**2)).exp(),
            "the weights do not add up to 1. Divide them by their sum, or use softmax.",
        ),
    ]
    otherwise = "weights: softmax over the training images of -‖x̃ - x_i‖² / (2 σ²). Then average the images with them."
    return diagnose(matches, mistakes, otherwise)


class _Grey(nn.Module):
    """Answers every image with the same grey."""

    def forward(self, x):
        return torch.full_like(x, 0.4)


class _Halve(nn.Module):
    """Answers with half of what it is given, and a little more."""

    def forward(self, x):
        return x / 2 + 0.1


def _levels(function, model, images, stds):
    """The learner's errors as a list of floats, one for each of `stds`."""
    given = images.clone()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        answer = call(function, model, given, stds)
    if not torch.equal(given, images):
        raise BadAnswer("your function changed the images that it was given: add the noise to a copy")
    if isinstance(answer, dict):
        answer = [answer[std] for std in stds] if set(answer) == set(stds) else list(answer.values())
    if isinstance(answer, torch.Tensor) and answer.dim() == 1:
        answer = list(answer)
    if not isinstance(answer, (list, tuple)):
        raise BadAnswer(f"{RETURNED} should be a list of {len(stds)} errors, but it is {describe(answer)}")
    if len(answer) != len(stds):
        raise BadAnswer(f"{RETURNED} should have one error for each of {len(stds)} levels, but it has {len(answer)}")
    return [number(value, "each error") for value in answer]


def _normal(x, generator):
    """Standard normal noise in the shape of x."""
    return torch.randn(x.shape, generator=generator)


def _kurtosis(values):
    """Fourth moment over squared second: 3 for Gaussian noise, more for a mixture of levels."""
    values = values.flatten() - values.mean()
    return (values.pow(4).mean() / values.pow(2).mean().square()).item()
