"""Checks of the chapter on the mean squared error."""

import math

import torch
from torch.nn import functional

from aecourse.checks.verdict import BadAnswer, call, close, diagnose, exercise, number, right, same, tensor, wrong
from aecourse.validation import IMAGE_SHAPE, IMAGE_SIZE, describe

RETURNED = "what your function returns"


@exercise
def nll_gradient(function):
    """A function (x_hat, x, std) -> gradient of losses.gaussian_nll with respect to x_hat, by hand."""
    generator = torch.Generator().manual_seed(2)
    cases, answers = [], []
    for count, std in ((5, 0.3), (32, 1.7), (12, 0.05)):
        x, x_hat = (torch.rand(count, *IMAGE_SHAPE, generator=generator) for _ in range(2))
        cases.append((x_hat, x, std))
        answers.append(tensor(call(function, x_hat.clone(), x.clone(), std), x.shape, RETURNED))

    def matches(factor):
        """True when every answer is `factor(N, std)` times (x_hat - x)."""
        targets = [factor(len(x), std) * (x_hat - x).double() for x_hat, x, std in cases]
        return all(same(answer, target) for answer, target in zip(answers, targets, strict=True))

    if matches(lambda count, std: 1 / (count * std**2)):
        return right("the -2/N of the squared error became -1/(N s²): a small s makes each error cost more.")
    mistakes = [
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
        (
            lambda count, std: 1 / std**2,
            "too large by N. The loss is an average over the N images of the batch.",
        ),
        (
            lambda count, std: 1 / (count * std),
            "you divided by s. The density has s² below the squared error.",
        ),
        (
            lambda count, std: 2 / count,
            "s is missing. That is the gradient of the squared error alone, summed over pixels.",
        ),
        (
            lambda count, std: 1 / count,
            "s is missing. The squared error is divided by 2 s².",
        ),
        (
            lambda count, std: 2 / (count * IMAGE_SIZE),
            "that is the gradient of nn.MSELoss. Here pixels are summed, and divided by 2 s².",
        ),
    ]
    if matches(lambda count, std: -1 / (count * std**2)):
        return wrong("the sign is turned. Where x_hat is too large, a larger x_hat makes the loss grow.")
    turned = [
        (lambda count, std, factor=factor: -factor(count, std), f"the sign is turned, and {hint}")
        for factor, hint in mistakes
    ]
    otherwise = "differentiate ‖x - x_hat‖² / (2 s²) for one pixel, then average over the N images."
    return diagnose(matches, mistakes + turned, otherwise)


@exercise
def absolute_error_constant(function):
    """A function from images (N, 1, 28, 28) to the one image with the least mean absolute error."""
    generator = torch.Generator().manual_seed(2)
    cases = [torch.rand(count, *IMAGE_SHAPE, generator=generator) ** 3 for count in (41, 64)]
    answers = [_one_image(call(function, images.clone())) for images in cases]

    def error(images, constant):
        return (images.double() - constant).abs().mean().item()

    def matches(constant):
        """True when every answer is `constant(images)`, an image or one number for all its pixels."""
        targets = [torch.as_tensor(constant(images.double())).expand(IMAGE_SHAPE) for images in cases]
        return all(same(answer, target) for answer, target in zip(answers, targets, strict=True))

    # Every minimiser counts: with an even N all values between the two middle ones are equally good.
    if all(
        error(images, answer) <= 1.0001 * error(images, images.median(0).values)
        for images, answer in zip(cases, answers, strict=True)
    ):
        return right("the median of each pixel: black wherever fewer than half of the images have ink.")
    mistakes = [
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
    ]
    otherwise = "the derivative of |x - c| is +1 or -1. Choose c so that these cancel over the N images."
    return diagnose(matches, mistakes, otherwise)


@exercise
def best_std(function):
    """A function (x_hat, x) -> the std that minimises losses.gaussian_nll(x_hat, x, std)."""
    generator = torch.Generator().manual_seed(2)
    errors, answers = [], []
    for count, bias, spread in ((6, 0.15, 0.1), (25, -0.3, 0.2)):
        x = torch.rand(count, *IMAGE_SHAPE, generator=generator)
        noise = torch.randn(count, *IMAGE_SHAPE, generator=generator)
        per_image = spread * (0.2 + 3 * torch.rand(count, 1, 1, 1, generator=generator))
        x_hat = x + bias + per_image * noise
        errors.append((x_hat - x).double())
        answers.append(number(call(function, x_hat.clone(), x.clone()), RETURNED))

    def matches(formula):
        """True when every answer is `formula(error)`."""
        pairs = zip(answers, errors, strict=True)
        return all(close(answer, float(formula(error)), 5e-3) for answer, error in pairs)

    if matches(lambda error: error.square().mean().sqrt()):
        return right("s² = MSE: the error that a decoder makes is the best estimate of its own error bar.")
    mistakes = [
        (lambda error: error.square().mean(), "that is s². The function should return s."),
        (
            lambda error: error.square().flatten(1).sum(1).mean().sqrt(),
            "off by 28, the root of 784: log(s √(2π)) counts n times, so the sum of squares is divided by n.",
        ),
        (
            lambda error: (error.square().mean() / 2).sqrt(),
            "off by the root of 2: the derivative of 1/(2 s²) is -1/s³, without a 2.",
        ),
        (
            lambda error: (error.square().mean() * 2).sqrt(),
            "off by the root of 2: the derivative of 1/(2 s²) is -1/s³, without a 2.",
        ),
        (
            lambda error: error.std(),
            "that is the spread of the errors about their mean. An error that is always +0.3 counts too.",
        ),
        (lambda error: error.abs().mean(), "that is the mean absolute error. The Gaussian has the square."),
        (
            lambda error: error.square().flatten(1).mean(1).sqrt().mean(),
            "you averaged the roots of each image. Average the squares over all images, then take the root.",
        ),
        (
            lambda error: 1 / math.sqrt(2 * math.pi),
            "that is where log(s √(2π)) is zero, not where the loss is smallest: it depends on the errors.",
        ),
    ]
    otherwise = "set the derivative of ‖x - x_hat‖² / (2 s²) + n log s with respect to s to zero."
    return diagnose(matches, mistakes, otherwise)


@exercise
def strongest_gradient(answer):
    """The error 1 - x_hat of a white pixel at which the squared error's logit gradient is largest."""
    answer = number(answer)

    def matches(value):
        return close(answer, value, 0.01)

    if matches(2 / 3):
        return right("beyond 2/3 the squared error pulls less the worse a pixel gets; cross-entropy pulls more.")
    mistakes = [
        (1.0, "at error 1 the sigmoid is flat: the gradient there is zero."),
        (1 / 2, "the sigmoid is steepest there, but the gradient also has the error itself as a factor."),
        (1 / 3, "1/3 is x_hat. The error is 1 - x_hat."),
        (8 / 27, "that is how large the gradient gets. Asked is the error at which it does."),
        (4 / 27, "that is how large the gradient gets, without its 2. Asked is the error at which it does."),
        (-math.log(2), "that is a logit. Put it through the sigmoid, and take the distance from 1."),
        (math.log(2), "that is a logit. Put it through the sigmoid, and take the distance from 1."),
    ]
    otherwise = "write the gradient with e = 1 - x_hat: its size is 2 e² (1 - e). Set its derivative to zero."
    return diagnose(matches, mistakes, otherwise)


@exercise
def bce_from_logits(function):
    """A function (logits, x) -> binary cross-entropy of each pixel, right for logits of any size."""
    generator = torch.Generator().manual_seed(2)
    logits, x = 2 * torch.randn(9, 7, generator=generator), torch.rand(9, 7, generator=generator)
    answer = call(function, logits.clone(), x.clone())
    if isinstance(answer, (int, float)) or getattr(answer, "shape", None) == ():
        return wrong("return the loss of each pixel, in the shape of x: neither their mean nor their sum.")
    answer = tensor(answer, x.shape, RETURNED)

    def matches(formula):
        return same(answer, formula(logits.double(), x.double()))

    if not matches(_bce):
        mistakes = [
            (
                lambda a, x: -_bce(a, x),
                "the sign is turned: minus the logarithm of a probability is never below zero.",
            ),
            (
                lambda a, x: _bce(a, 1 - x),
                "black and white are swapped: x multiplies log x_hat, 1 - x multiplies log(1 - x_hat).",
            ),
            (
                lambda a, x: -x * functional.logsigmoid(a),
                "only white pixels count in your loss. The term (1 - x) log(1 - x_hat) is missing.",
            ),
            (lambda a, x: _bce(a, x) / math.log(2), "that is in bits. Use the natural logarithm: nats."),
            (
                lambda a, x: (torch.sigmoid(a) - x).square(),
                "that is the squared error. Take minus the logarithm of the Bernoulli probability.",
            ),
        ]
        otherwise = "wrong at ordinary logits. Start from -x log x_hat - (1 - x) log(1 - x_hat), x_hat = sigmoid(a)."
        if not torch.isfinite(answer).all():
            otherwise = "NaN or infinity at ordinary logits: a logit is no probability before the sigmoid."
        return diagnose(matches, mistakes, otherwise)

    logits = torch.tensor([20.0, -20.0, 60.0, -60.0, 200.0, -200.0, 5000.0, -5000.0]).repeat_interleave(3)
    x = torch.tensor([0.0, 1.0, 0.25]).repeat(8)
    answer = tensor(call(function, logits.clone(), x.clone()), x.shape, RETURNED)
    if not torch.isfinite(answer).all():
        return wrong(
            "right for small logits, but infinite or NaN for large ones: exp(a) overflows, or the logarithm "
            "of 0 is taken. Never let the exponent be positive."
        )
    if not matches(_bce):
        return wrong(
            "right for small logits, but not for large ones: a clamp, or a small constant in the logarithm, "
            "hides the infinity, and the loss stops growing where the pixel is worst."
        )
    return right("exact for any logit, as functional.binary_cross_entropy_with_logits is.")


@exercise
def worst_hole(function):
    """A function (images, width) -> (N,) MSE of each image with a black square where it does most damage."""
    generator = torch.Generator().manual_seed(2)
    cases, answers = [], []
    for count, width in ((40, 5), (30, 8)):
        images = _blocks(count, generator)
        given = images.clone()
        answer = call(function, given, width)
        if not torch.equal(given, images):
            return wrong("your function changed the images that it was given. Make the hole in images.clone().")
        if isinstance(answer, (int, float)) or getattr(answer, "shape", None) == ():
            return wrong("return one error for each image, (N,): each image has a worst place of its own.")
        cases.append((images, width))
        answers.append(tensor(answer, (count,), RETURNED))

    def matches(errors):
        """True when every answer is `errors(images, width)`."""
        targets = [errors(images.double(), width) for images, width in cases]
        return all(same(answer, target) for answer, target in zip(answers, targets, strict=True))

    def worst(images, width):
        """MSE (N,) of the worst hole, by the sum of squares that each place of the hole removes."""
        return _window_sums(images.square(), width).amax(1) / IMAGE_SIZE

    def of_whole_images(images, width):
        return images.square().flatten(1).mean(1)

    def in_the_middle(images, width):
        start = 14 - width // 2
        return images[:, :, start : start + width, start : start + width].square().sum((1, 2, 3)) / IMAGE_SIZE

    def where_most_ink_is(images, width):
        place = _window_sums(images, width).argmax(1, keepdim=True)
        return _window_sums(images.square(), width).gather(1, place)[:, 0] / IMAGE_SIZE

    def at_one_place(images, width):
        sums = _window_sums(images.square(), width)
        return sums[:, sums.sum(0).argmax()] / IMAGE_SIZE

    if matches(worst):
        return right("every place tried, one worst for each image. Now the comparison with the shift is fair.")
    mistakes = [
        (in_the_middle, "that is the hole in the middle. Try every place and keep the worst."),
        (
            lambda images, width: _window_sums(images.square(), width, step=width).amax(1) / IMAGE_SIZE,
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
            lambda images, width: _window_sums(images, width).amax(1) / IMAGE_SIZE,
            "you added up the grey values. Blackening a pixel of value x costs x².",
        ),
        (where_most_ink_is, "you looked for the most ink. Look for the largest error: sums of x², not of x."),
        (at_one_place, "you used one place for all images. Each image has a worst place of its own."),
        (
            lambda images, width: _window_sums(images.square(), width).mean(1) / IMAGE_SIZE,
            "that is the average over all places. Keep the worst.",
        ),
        (
            lambda images, width: _window_sums(images.square(), width).amin(1) / IMAGE_SIZE,
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
    ]
    otherwise = "for every place of the square: sum the squares inside, divide by 784; then take the largest."
    return diagnose(matches, mistakes, otherwise)


def _one_image(value):
    """The learner's image as float64 (1, 28, 28); one number stands for an image of one grey."""
    if not isinstance(value, torch.Tensor) and hasattr(value, "values") and hasattr(value, "indices"):
        raise BadAnswer("median along a dimension returns values and indices: return its .values")
    try:
        value = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        raise BadAnswer(f"{RETURNED} should be an image, but it is {describe(value)}") from None
    if value.numel() in (1, IMAGE_SIZE):
        value = value.flatten().expand(IMAGE_SIZE).reshape(IMAGE_SHAPE)
    return tensor(value, IMAGE_SHAPE, RETURNED)


def _bce(logits, x):
    """Binary cross-entropy of each pixel, in float64."""
    return functional.binary_cross_entropy_with_logits(logits.double(), x.double(), reduction="none")


def _blocks(count, generator):
    """Grey speckled rectangles on black: (count, 1, 28, 28)."""
    images = torch.zeros(count, *IMAGE_SHAPE)
    for image in images:
        for _ in range(4):
            top, left, height, width = torch.randint(0, 24, (4,), generator=generator).tolist()
            grey = 0.2 + 0.8 * torch.rand(1, generator=generator)
            image[0, top : top + 2 + height // 3, left : left + 2 + width // 3] = grey
    return images * torch.rand(images.shape, generator=generator).sqrt()


def _window_sums(images, width, step=1):
    """Sum of each square of `width` pixels in each image: (N, places)."""
    return functional.avg_pool2d(images, width, step, divisor_override=1).flatten(1)
