"""Checks of the chapter on the comparison of the variants."""

import math

import torch

from aecourse import models
from aecourse.checks.exercise import Exercise
from aecourse.checks.guard import judged
from aecourse.checks.verdict import BadAnswer, NotAttempted, call, close, diagnose, number, right, wrong
from aecourse.validation import describe

RETURNED = "what your function returns"


def errors_of_images():
    generator = torch.Generator().manual_seed(1)
    return [(torch.rand(count, generator=generator) * scale + 1e-4,) for count, scale in ((40, 0.05), (25, 0.5))]


psnr = Exercise(
    "A function from the MSE of each image (N,) to the PSNR in decibels of their mean, for pixels in [0, 1].",
    solution=lambda e: -10 * e.mean().log10(),
    cases=errors_of_images,
    lesson="the error is averaged first, the logarithm comes last. Say so wherever you report decibels.",
    mistakes=[
        (
            lambda e: (-10 * e.log10()).mean(),
            "that is the mean of the images' own PSNRs, which is larger. Take the mean of the errors first.",
        ),
        (lambda e: -10 * e.mean().log(), "that is the natural logarithm. A decibel is made with log10."),
        (lambda e: 10 * e.mean().log10(), "the sign is turned. A smaller error has the larger PSNR."),
        (lambda e: -e.mean().log10(), "those are bels. There are ten decibels in one."),
        (
            lambda e: -20 * e.mean().log10(),
            "the factor 20 belongs to the root of the MSE. Use 10, since the MSE is squared already.",
        ),
        (lambda e: -10 * e.sum().log10(), "you took the sum of the errors. Take their mean."),
        (lambda e: -10 * e.median().log10(), "you took the median of the errors. Take their mean."),
        (
            lambda e: 10 * (255**2 / e.mean()).log10(),
            "255 is the range of bytes. These pixels are in [0, 1], so the range is 1.",
        ),
        (
            lambda e: -10 * e.sqrt().mean().log10(),
            "no root is needed: the errors are squared errors, and stay so.",
        ),
        (lambda e: e.mean(), "that is the mean error itself. Turn it into decibels."),
        (
            lambda e: -10 * e.log10(),
            "your result should be a number, but you return one for each image. Average the errors first.",
        ),
    ],
    otherwise="average the errors, take log10, multiply by -10.",
)


@judged
def clean_mse(function):
    """A function (model, images) -> the mean squared pixel error on clean images, whatever the variant."""
    x = torch.rand(12, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    torch.manual_seed(3)
    denoiser = models.DenoisingAutoencoder(4, hidden_dims=(8,), noise_std=0.7).eval()
    sparse = models.SparseAutoencoder(4, hidden_dims=(8,), sparsity_weight=0.5).eval()
    for parameter in [*denoiser.parameters(), *sparse.parameters()]:
        parameter.data *= 4  # so that the answer depends on the input
    pairs = []
    for model in (denoiser, sparse):
        torch.manual_seed(4)
        answer = call(function, model, x)
        if isinstance(answer, torch.Tensor) and answer.numel() > 1:
            return wrong(f"that has the shape {tuple(answer.shape)}. Average over everything: one number.")
        torch.manual_seed(4)
        with torch.no_grad():
            pairs.append((model, number(answer, RETURNED), model(x), model.loss(x).item()))

    def matches(value):
        return all(close(a, float(value(x_hat)), 1e-4) for _, a, x_hat, _ in pairs)

    if matches(lambda x_hat: (x_hat - x).square().mean()):
        return right("one quantity, the same for every variant. Only now can their numbers stand in one table.")
    (_, from_denoiser, _, denoiser_loss), (_, from_sparse, sparse_hat, sparse_loss) = pairs
    if close(from_sparse, sparse_loss, 1e-4):
        return wrong("model.loss is the variant's own objective: it corrupts, and it penalises. Use model(images).")
    if close(from_sparse, (sparse_hat - x).square().mean().item(), 1e-4):
        if close(from_denoiser, denoiser_loss, 0.05):
            return wrong("the denoiser's input was corrupted. Show it the clean images: model(images).")
        return wrong("right for the sparse model, not for the denoiser: do not corrupt its input.")
    mistakes = [
        (lambda x_hat: (x_hat - x).square().sum(), "that is a sum. Average over pixels and images."),
        (
            lambda x_hat: (x_hat - x).square().sum() / len(x),
            "you averaged over the images only: off by a factor of 784. Average over the pixels too.",
        ),
        (
            lambda x_hat: (x_hat - x).square().sum() / 784,
            "you averaged over the pixels only. Average over the images too.",
        ),
        (lambda x_hat: (x_hat - x).square().mean().sqrt(), "that is the root of it, the RMSE. Leave the root away."),
        (lambda x_hat: (x_hat - x).abs().mean(), "that is the absolute error. Square the differences."),
        (lambda x_hat: (x_hat - x).mean() ** 2, "you squared the mean difference. Square first, then take the mean."),
        (lambda x_hat: (x_hat - x).mean(), "the differences cancel each other. Square them before you take the mean."),
    ]
    return diagnose(matches, mistakes, "take the mean of (model(images) - images) squared.")


def runs():
    cases = [
        ([0.3, 0.1, 0.2], [0.6, 0.5, 0.4]),
        ([0.6, 0.5, 0.4], [0.3, 0.2, 0.1]),
        ([0.1, 0.2, 0.5], [0.4, 0.6, 0.7]),  # better in the mean, and seed by seed
        ([0.3, 0.3, 0.3], [0.1, 0.5, 0.9]),  # the best and the worst are both theirs
        ([0.1, 0.2, 0.3], [0.3, 0.4, 0.5]),  # a tie between worst and best
        ([0.1, 0.9], [0.3, 0.35, 0.4]),  # another number of seeds
        ([0.1, 0.2], [0.4, 0.3, 0.5]),
    ]
    generator = torch.Generator().manual_seed(6)
    return cases + [tuple(torch.rand(2, 3, generator=generator).tolist()) for _ in range(30)]


def separate(ours, theirs):
    return "ours" if max(ours) < min(theirs) else "theirs" if max(theirs) < min(ours) else "open"


def turned(ours, theirs):
    return {"ours": "theirs", "theirs": "ours", "open": "open"}[separate(ours, theirs)]


def by(score_ours, score_theirs=None, tie="open"):
    """A rule that compares a score of ours with one of theirs."""

    def rule(ours, theirs):
        a, b = score_ours(ours), (score_theirs or score_ours)(theirs)
        return tie if math.isclose(a, b) else "ours" if a < b else "theirs"

    return rule


def paired(some, none, strict):
    """A rule that compares seed by seed, by how many we win; `strict` fails where the lists differ in length."""

    def rule(ours, theirs):
        wins = [a < b for a, b in zip(ours, theirs, strict=strict)]
        return "ours" if all(wins) else some if any(wins) else none

    return rule


def mean(errors):
    return sum(errors) / len(errors)


def median(errors):
    return sorted(errors)[len(errors) // 2]


def by_index(some, none):
    """The same with indices."""

    def rule(ours, theirs):
        wins = [ours[i] < theirs[i] for i in range(len(theirs))]
        return "ours" if all(wins) else some if any(wins) else none

    return rule


NOT_ALL = [("open", "theirs"), ("theirs", "theirs"), ("open", "open")]  # what a rule says of some wins, and of none
SEED_BY_SEED = "you compared seed by seed. Seeds are not pairs: in another order the same runs would decide otherwise."
LENGTHS = "your function fails when the two lists have different lengths. It should not pair the seeds."
SCORES = [
    (mean, None, "you compared the means. One of our seeds can still be worse than one of theirs."),
    (median, None, "you compared the medians. Compare our worst seed with their best."),
    (min, None, "you compared the best seeds. That rewards whoever is luckier: take our worst and their best."),
    (max, None, "you compared the worst seeds. Compare our worst with their *best*."),
    (min, max, "you compared our best seed with their worst. It has to be our worst against their best."),
    (lambda e: e[0], None, "you compared only the first seeds."),
    (lambda e: e[-1], None, "you compared only the last seeds."),
]

winner = Exercise(
    "A function (ours, theirs) of two lists of errors, one a seed -> 'ours', 'theirs' or 'open'.",
    solution=separate,
    cases=runs,
    lesson="worst against best: nobody can turn the result round by picking a seed.",
    mistakes=[
        (turned, "the wrong way round: these are errors, so lower is better."),
        (
            lambda ours, theirs: "ours" if max(ours) < min(theirs) else "open",
            "you never say 'theirs'. Test the other direction too.",
        ),
        (
            lambda ours, theirs: "ours" if max(ours) < min(theirs) else "theirs",
            "not winning is not losing: what does not hold with every seed is 'open'.",
        ),
        (
            lambda a, b: "ours" if max(a) <= min(b) else "theirs" if max(b) <= min(a) else "open",
            "if our worst seed equals their best, nobody has the *lower* error: use `<`.",
        ),
        *[(paired(*rest, strict=False), SEED_BY_SEED) for rest in NOT_ALL],
        *[(paired(*rest, strict=True), LENGTHS) for rest in NOT_ALL],
        *[(by_index(*rest), LENGTHS) for rest in NOT_ALL],
        *[
            (lambda a, b, rest=rest: "ours" if all(x < y for x, y in zip(a, b, strict=True)) else rest, LENGTHS)
            for rest in ("open", "theirs")
        ],
        *[(by(ours, theirs, tie), hint) for ours, theirs, hint in SCORES for tie in ("open", "theirs", "ours")],
        (lambda ours, theirs: max(ours) < min(theirs), "say which it is: 'ours', 'theirs' or 'open'."),
    ],
    otherwise="compare the largest of ours with the smallest of theirs, and the reverse.",
)

TWICE = "you counted the components twice. One matrix serves both directions: its transpose is not stored."
CODES = "the 4,000 codes are results, not parameters. Only the mean and the components are stored."

components = Exercise(
    "How many components PCA may have with at most the 53,193 numbers of the convolutional network.",
    solution=66,
    tolerance=0,
    lesson="twice the code length for the same storage. Which of the two is held fixed decides who may win.",
    mistakes=[
        (67, "67 components and a mean are 53,312 numbers, too many. Did you forget the mean, or round up?"),
        (53_193 / 784, "that is not a whole number, and the mean needs its 784 numbers too."),
        (53_193 / 784 - 1, "nearly: round down to whole components."),
        (32, "that is the code length of the network. Here the number of parameters is held fixed instead."),
        (33, TWICE),
        (34, TWICE),
        (65, "one more fits: 66 components and one mean are 52,528 numbers."),
        (67 * 784, "that counts numbers. How many components of 784 numbers each is that, without the mean?"),
        (66 * 784, "that counts numbers. How many components of 784 numbers each is that?"),
        (52_409, "that is what is left for the components. Divide it by 784."),
        (13, CODES),
        (11, CODES),
        (10, CODES),
    ],
    otherwise="(components + 1) · 784 must be at most 53,193, in whole components.",
)


def errors_of_two_models():
    """What is hard for one model is hard for both."""
    generator = torch.Generator().manual_seed(5)
    cases = []
    for count in (120, 300):
        hard = torch.rand(count, generator=generator)
        a = hard + 0.1 * torch.rand(count, generator=generator) + 0.02
        cases.append((a, hard + 0.1 * torch.rand(count, generator=generator)))
    return cases


def standard_error(a, b):
    return (a - b).std() / len(a) ** 0.5


ONE_MODEL = "that is the standard error of one model's mean. Use the differences."
WRONG_MEANS = [
    (lambda a, b: (b - a).mean(), "the mean has the wrong sign: it is errors_a - errors_b."),
    (lambda a, b: (a - b).abs().mean(), "you took absolute values: then a model cannot be better on some images."),
    (lambda a, b: (a - b).sum(), "that is the sum of the differences. Divide by their number."),
    (lambda a, b: a.mean() / b.mean(), "that is a ratio. Subtract."),
]
WRONG_ERRORS = [
    (
        lambda a, b: ((a.var() + b.var()) / len(a)) ** 0.5,
        "that is the error for two *independent* sets of images. Take the standard deviation of the differences.",
    ),
    (
        lambda a, b: (a - b).std(),
        "that is the standard deviation of one difference. The mean of N varies less: divide by the root of N.",
    ),
    (lambda a, b: (a - b).std() / len(a), "divide by the root of N, not by N."),
    (lambda a, b: (a - b).var() / len(a), "that is the variance of the mean. Take its root."),
    (lambda a, b: (a - b).var(), "that is the variance of one difference: take the root of it / N."),
    (lambda a, b: a.std() / len(a) ** 0.5, ONE_MODEL),
    (lambda a, b: b.std() / len(a) ** 0.5, ONE_MODEL),
    (
        lambda a, b: (a.std() + b.std()) / len(a) ** 0.5,
        "you added the two standard errors. Use the standard deviation of the differences instead.",
    ),
    (
        lambda a, b: (a.std() - b.std()).abs() / len(a) ** 0.5,
        "you subtracted the standard deviations. Subtract the errors first, then take the standard deviation.",
    ),
    (
        lambda a, b: (a - b).abs().std() / len(a) ** 0.5,
        "you took absolute values first. Keep the signs of the differences.",
    ),
    (
        lambda a, b: 1.96 * (a - b).std() / len(a) ** 0.5,
        "that is half of a 95 % interval. Leave the factor 1.96 away.",
    ),
]


def both(mean, error):
    return lambda a, b: (mean(a, b), error(a, b))


difference = Exercise(
    "A function (errors_a, errors_b), both (N,) -> the mean difference and its standard error, images paired.",
    solution=both(lambda a, b: (a - b).mean(), standard_error),
    cases=errors_of_two_models,
    tolerance=5e-3,  # N or N - 1 in the standard deviation: both are right
    lesson="what is hard for both cancels, and the error bar shrinks. Compare models on the same images.",
    mistakes=[
        *[(both(mean, standard_error), hint) for mean, hint in WRONG_MEANS],
        *[(both(lambda a, b: (a - b).mean(), error), hint) for error, hint in WRONG_ERRORS],
        *[(both(mean, error), hint) for mean, hint in WRONG_MEANS for error, _ in WRONG_ERRORS],
        (lambda a, b: (a - b).mean(), "that is one number. Return two numbers: the mean and its standard error."),
        (standard_error, "that is one number. Return two numbers: the mean and its standard error."),
    ],
    otherwise=lambda values, targets: (
        "the second number is the standard deviation of the differences / the root of N."
        if all(math.isclose(value[0], target[0], rel_tol=5e-3) for value, target in zip(values, targets, strict=True))
        else "the first number is the mean of errors_a - errors_b."
    ),
)

NAMES = ("PCA", "vanilla", "denoising", "sparse", "convolutional", "none")


@judged
def choice(answer):
    """{task: model} for the five tasks of the chapter's last exercise."""
    if not isinstance(answer, dict):
        raise BadAnswer(f"expected the dictionary of the exercise, got {describe(answer)}")
    best = ("denoising", "convolutional", "PCA", "sparse", "none")
    if len(answer) != len(best):
        return wrong(f"keep the five tasks of the exercise; your dictionary has {len(answer)}.")
    chosen = list(answer.values())
    if all(name is ... or name is None for name in chosen):
        raise NotAttempted
    for i, name in enumerate(chosen, start=1):
        if name is ... or name is None:
            return wrong(f"task {i} has no answer yet.")
        if not isinstance(name, str) or name not in NAMES:
            return wrong(f"task {i}: choose one of {', '.join(NAMES)}.")
    special = {
        (1, "convolutional"): "it is best on clean digits. With some seeds it made noisy ones worse than they came in.",
        (1, "PCA"): "PCA copes with noise better than the networks that never saw it, but one network has seen it.",
        (2, "vanilla"): "it fits well, but one variant beats it on *new* digits with every seed.",
        (
            2,
            "denoising",
        ): "it was not trained on clean digits, and loses there to all other networks of its code length.",
        (3, "convolutional"): "its codes are no clear gain over PCA's, and training depends on the seed.",
        (3, "vanilla"): "its codes are no better than PCA's, and they depend on the seed.",
        (4, "PCA"): "PCA's numbers are hardly ever exactly zero.",
        (5, "vanilla"): "nothing in its loss says how the codes are distributed, so a random one means nothing.",
        (5, "denoising"): "it removes noise from images. A random *code* is another thing: it was not trained on any.",
    }
    general = (
        "which model was trained on noisy input? Look at the column noisy to clean.",
        "look at the column of the clean test error: which one wins with every seed?",
        "at 32 numbers no code was clearly ahead, so what else is asked for? Time, and no luck of the seed.",
        "which is the only one with exact zeros?",
        "no model here was trained to say which codes are likely.",
    )
    for i, (name, target, hint) in enumerate(zip(chosen, best, general, strict=True), start=1):
        if name != target:
            return wrong(f"task {i}: {special.get((i, name), hint)}")
    return right("each choice has a column behind it. Without the column it would be a habit.")
