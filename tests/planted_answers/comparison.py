"""Wrong answers that the checks of chapter 7 must reject, with part of the hint."""

import torch


def by(score_ours, score_theirs=None):
    """A rule that compares one score of each list."""

    def rule(ours, theirs):
        a, b = score_ours(ours), (score_theirs or score_ours)(theirs)
        return "ours" if a < b else "theirs" if b < a else "open"

    return rule


def mean(errors):
    return sum(errors) / len(errors)


def separate(ours, theirs):
    return "ours" if max(ours) < min(theirs) else "theirs" if max(theirs) < min(ours) else "open"


def paired(ours, theirs):
    wins = [a < b for a, b in zip(ours, theirs, strict=False)]
    return "ours" if all(wins) else "open" if any(wins) else "theirs"


def choose(**changed):
    """The right choice, but for the named tasks: t1 to t5."""
    best = {"t1": "denoising", "t2": "convolutional", "t3": "PCA", "t4": "sparse", "t5": "none"}
    return {f"task {name}": value for name, value in (best | changed).items()}


def with_error(error):
    """The right mean difference with another standard error."""
    return lambda a, b: ((a - b).mean(), error(a, b))


def root(a):
    return len(a) ** 0.5


WRONG = {
    "psnr": [
        (lambda e: (-10 * e.log10()).mean(), "images' own PSNRs"),
        (lambda e: -10 * e.mean().log(), "natural logarithm"),
        (lambda e: 10 * e.mean().log10(), "sign is turned"),
        (lambda e: -e.mean().log10(), "bels"),
        (lambda e: -20 * e.mean().log10(), "factor 20"),
        (lambda e: -10 * e.sum().log10(), "sum of the errors"),
        (lambda e: -10 * e.median().log10(), "median"),
        (lambda e: 10 * (255**2 / e.mean()).log10(), "range of bytes"),
        (lambda e: -10 * e.sqrt().mean().log10(), "no root"),
        (lambda e: e.mean(), "Turn it into decibels"),
        (lambda e: -10 * e.log10(), "should be a number"),
        (lambda e: 20.0, "multiply by -10"),
    ],
    "clean_mse": [
        (lambda model, x: model.loss(x), "own objective"),
        (lambda model, x: model.loss_parts(x)[0], "Show it the clean images"),
        (lambda model, x: (model(model.corrupt(x)) - x).square().mean(), "Show it the clean images"),
        (lambda model, x: (model((x + torch.randn_like(x)).clamp(0, 1)) - x).square().mean() * 2, "take the mean of"),
        (lambda model, x: (model(x) - x).square().sum(), "that is a sum"),
        (lambda model, x: (model(x) - x).square().sum((1, 2, 3)).mean(), "factor of 784"),
        (lambda model, x: (model(x) - x).square().mean((1, 2, 3)).sum(), "over the images too"),
        (lambda model, x: (model(x) - x).square().mean().sqrt(), "RMSE"),
        (lambda model, x: (model(x) - x).abs().mean(), "absolute error"),
        (lambda model, x: (model(x) - x).mean(), "cancel each other"),
        (lambda model, x: (model(x) - x).mean() ** 2, "squared the mean difference"),
        (lambda model, x: (model(x) - x).square().mean((1, 2, 3)), "one number"),
    ],
    "winner": [
        (lambda a, b: {"ours": "theirs", "theirs": "ours", "open": "open"}[separate(a, b)], "lower is better"),
        (lambda a, b: "ours" if max(a) < min(b) else "open", "never say 'theirs'"),
        (lambda a, b: "ours" if max(a) < min(b) else "theirs", "not winning is not losing"),
        (lambda a, b: "ours" if max(a) <= min(b) else "theirs" if max(b) <= min(a) else "open", "use `<`"),
        (paired, "seed by seed"),
        (lambda a, b: "ours" if all(x < y for x, y in zip(a, b, strict=True)) else "open", "different lengths"),
        (by(mean), "the means"),
        (lambda a, b: "ours" if mean(a) < mean(b) else "theirs", "the means"),
        (by(lambda e: sorted(e)[len(e) // 2]), "the medians"),
        (by(min), "the best seeds"),
        (by(max), "the worst seeds"),
        (by(min, max), "our best seed with their worst"),
        (by(lambda e: e[0]), "first seeds"),
        (by(lambda e: e[-1]), "last seeds"),
        (lambda a, b: "open", "largest of ours"),
        (lambda a, b: max(a) < min(b), "should be 'ours'"),
    ],
    "components": [
        (67, "forget the mean, or round up"),
        (53_193 / 784, "not a whole number"),
        (53_193 / 784 - 1, "round down"),
        (32, "code length of the network"),
        (33, "counted the components twice"),
        (65, "one more fits"),
        (52_409, "left for the components"),
        (10, "results, not parameters"),
        (150, "must be at most"),
    ],
    "difference": [
        (lambda a, b: ((b - a).mean(), (a - b).std() / root(a)), "wrong sign"),
        (lambda a, b: ((a - b).abs().mean(), (a - b).std() / root(a)), "absolute values"),
        (lambda a, b: ((a - b).sum(), (a - b).std() / root(a)), "sum of the differences"),
        (lambda a, b: (a.mean() / b.mean(), (a - b).std() / root(a)), "a ratio"),
        (lambda a, b: (0.5, (a - b).std() / root(a)), "first number"),
        (with_error(lambda a, b: ((a.var() + b.var()) / len(a)) ** 0.5), "*independent*"),
        (with_error(lambda a, b: (a - b).std()), "one difference"),
        (with_error(lambda a, b: (a - b).std() / len(a)), "not by N"),
        (with_error(lambda a, b: (a - b).var() / len(a)), "variance of the mean"),
        (with_error(lambda a, b: (a - b).var()), "variance of one difference"),
        (with_error(lambda a, b: a.std() / root(a)), "one model's mean"),
        (with_error(lambda a, b: (a.std() + b.std()) / root(a)), "added the two"),
        (with_error(lambda a, b: (a.std() - b.std()).abs() / root(a)), "subtracted the standard deviations"),
        (with_error(lambda a, b: (a - b).abs().std() / root(a)), "absolute values first"),
        (with_error(lambda a, b: 1.96 * (a - b).std() / root(a)), "95 %"),
        (with_error(lambda a, b: 0.1), "second number"),
        (lambda a, b: (a - b).mean(), "two numbers"),
    ],
    "choice": [
        (choose(t1="convolutional"), "worse than they came in"),
        (choose(t1="PCA"), "one network has seen it"),
        (choose(t1="vanilla"), "noisy to clean"),
        (choose(t2="vanilla"), "on *new* digits"),
        (choose(t2="denoising"), "not trained on clean digits"),
        (choose(t2="PCA"), "clean test error"),
        (choose(t3="convolutional"), "no clear gain"),
        (choose(t3="vanilla"), "no better than PCA's"),
        (choose(t4="PCA"), "hardly ever"),
        (choose(t4="denoising"), "exact zeros"),
        (choose(t5="vanilla"), "a random one means nothing"),
        (choose(t5="denoising"), "random *code*"),
        (choose(t5="convolutional"), "which codes are likely"),
        (choose(t3="t-SNE"), "choose one of"),
        (choose(t3=...), "no answer yet"),
        ({"one task": "PCA"}, "five tasks"),
    ],
}
