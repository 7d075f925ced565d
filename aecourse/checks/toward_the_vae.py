"""Checks of the chapter on the way to the VAE."""

import torch

from aecourse.checks.verdict import call, close, diagnose, exercise, number, right, same, tensor, wrong

RETURNED = "what your function returns"


@exercise
def reparameterize(function):
    """A function (mu, logvar, eps) -> z with z = mu + exp(logvar / 2) eps."""
    mu, logvar = _posteriors()
    eps = torch.randn(mu.shape, generator=torch.Generator().manual_seed(1))
    z = tensor(call(function, mu.clone(), logvar.clone(), eps.clone()), mu.shape, RETURNED)
    m, v, e = mu.double(), logvar.double(), eps.double()
    std = (v / 2).exp()
    if same(z, m + std * e):
        return right("the noise knows nothing of mu and logvar, so gradients pass to both.")
    mistakes = [
        (m + v.exp() * e, "you multiplied the noise by the variance. The width is its square root, exp(logvar / 2)."),
        (m + v * e, "logvar is a logarithm, so it may be negative. Take its exponential before you use it as a width."),
        (m + v / 2 * e, "half of logvar is the logarithm of the width. The exponential is missing."),
        (m + (-v / 2).exp() * e, "the sign of logvar is turned: the code is wide where it should be narrow."),
        (m + v.sqrt() * e, "the square root of a logarithm is not a width. Take exp(logvar / 2)."),
        (std * e, "the mean is missing: all codes would be drawn around zero."),
        ((m + e) * std, "you scaled the mean too. Scale the noise, then add the mean."),
        (m * e + std, "the noise multiplies the mean. It should multiply the width."),
        (m + std, "there is no noise: every code is moved by exactly one width."),
        (m, "there is no noise, so this is a plain autoencoder."),
        (m - std * e, "the distribution is right but each draw is mirrored. Add the noise, as the formula has it."),
    ]
    otherwise = "compute mu + σ_z · eps with σ_z = exp(logvar / 2)."
    return diagnose(lambda m: same(z.nan_to_num(), m.nan_to_num()), mistakes, otherwise)


@exercise
def kl(function):
    """A function (mu, logvar) -> (N,), the divergence from N(0, I) in nats."""
    mu, logvar = _posteriors()
    m, v = mu.double(), logvar.double()
    terms = 0.5 * (m**2 + v.exp() - v - 1)  # (N, d)
    target = terms.sum(1)
    answer = torch.as_tensor(call(function, mu.clone(), logvar.clone()))
    if answer.dim() == 0:
        hints = [
            (target.mean(), "you averaged over the images as well. Return one number for each image."),
            (target.sum(), "you summed over the images as well. Return one number for each image."),
            (terms.mean(), "you averaged over everything. Sum over the units, and keep the images apart."),
        ]
        scalar = answer.detach().double()
        return diagnose(lambda t: same(scalar, t), hints, "return one number for each image, shape (N,).")
    if tuple(answer.shape) == tuple(mu.shape):
        return wrong("you return one number for each unit of each image. Sum over the units.")
    if tuple(answer.shape) == (mu.shape[1],):
        return wrong("you summed over the images. Sum over the units, dim=1, and keep the images apart.")
    answer = tensor(answer, (len(mu),), RETURNED)
    if same(answer, target):
        return right("independent units: their divergences add up, and the price of a code is their sum.")
    mistakes = [
        (terms.mean(1), "you averaged over the units: the price is too low by a factor of d. Sum."),
        (-target, "the sign is turned: this would pay the model for leaving the prior."),
        (2 * target, "the factor ½ is missing."),
        ((terms + 0.5).sum(1), "the −1 is missing: at the prior itself the divergence must be zero."),
        (0.5 * (m**2 + v.exp() + v - 1).sum(1), "the sign of logvar is wrong: a narrow code must cost, not earn."),
        (0.5 * (m**2 + (v / 2).exp() - v - 1).sum(1), "exp(logvar / 2) is the width; the formula has the variance."),
        (0.5 * (m**2 + v.exp() - v / 2 - 1).sum(1), "you took log σ_z; the formula has log σ_z²."),
        (0.5 * (m.abs() + v.exp() - v - 1).sum(1), "the mean enters squared."),
        (0.5 * (v.exp() - v - 1).sum(1), "mu is missing: a code far from zero must cost."),
        (0.5 * (m**2).sum(1), "only the mean is there: a narrow code must cost too."),
        (0.5 * ((m**2 + 1) * (-v).exp() + v - 1).sum(1), "that is KL(p ‖ q). Here q comes first."),
    ]
    return diagnose(lambda m: same(answer, m), mistakes, "compute ½ Σ (mu² + exp(logvar) − logvar − 1) over the units.")


@exercise
def beta(function):
    """A function std -> 2 std², the weight of the KL beside a squared error summed over pixels."""
    stds = (0.3, 1.7)
    answers = [number(call(function, std), RETURNED) for std in stds]

    def matches(formula):
        return all(close(answer, formula(std)) for answer, std in zip(answers, stds, strict=True))

    if matches(lambda s: 2 * s**2):
        return right("a decoder that promises little precision makes nats dear; only a sum over pixels gives 2 s².")
    mistakes = [
        (lambda s: 2 * s**2 / 784, "that is the weight beside the *mean* over pixels. Here the error is summed."),
        (lambda s: 2 * s**2 * 784, "n is not needed: the error is already summed over the pixels, as in the bound."),
        (lambda s: 1 / (2 * s**2), "upside down: that is the factor of the squared error in the bound. Divide by it."),
        (lambda s: s**2, "the 2 is missing: a Gaussian has ‖x − x̂‖² / (2 s²) in its exponent."),
        (lambda s: 2 * s, "the exponent of a Gaussian has the variance s², not s."),
        (lambda s: s, "the exponent of a Gaussian has 2 s², not s."),
        (lambda s: s**2 / 2, "the 2 is on the wrong side: multiply the bound by 2 s²."),
        (lambda s: 1.0, "one is right for a single s only: where 2 s² = 1."),
    ]
    return diagnose(matches, mistakes, "multiply the negative bound by what makes the factor of the squared error one.")


@exercise
def active_units(function):
    """A function (mu, logvar, threshold) -> number of units with a mean divergence of at least threshold nats."""
    generator = torch.Generator().manual_seed(3)
    d, count = 12, 400
    scale = torch.linspace(0, 1.2, d)
    mu = torch.randn(count, d, generator=generator) * scale
    logvar = (-1.5 * scale**2).expand(count, d) + 0.1 * torch.randn(count, d, generator=generator)
    nats = 0.5 * (mu**2 + logvar.exp() - logvar - 1)  # (N, d)
    thresholds = (0.1, 0.5)
    answers = []
    for threshold in thresholds:
        answer = torch.as_tensor(call(function, mu.clone(), logvar.clone(), threshold))
        if answer.dtype == torch.bool and tuple(answer.shape) == (d,):
            return wrong("you return which units are active. Count them.")
        if tuple(answer.shape) == (count,):
            return wrong("you return one number for each image. Average over the images first, dim=0.")
        answers.append(number(answer, RETURNED))

    def matches(formula):
        return all(close(answer, float(formula(t))) for answer, t in zip(answers, thresholds, strict=True))

    mean = nats.mean(0)
    if matches(lambda t: (mean >= t).sum()):
        return right("average over the images, compare, count: the length of the code that is really used.")
    mistakes = [
        (lambda t: (mean < t).sum(), "you counted the silent units. The active ones are paid at least the threshold."),
        (lambda t: (nats.sum(0) >= t).sum(), "you summed over the images, so a little counts 400 times. Average."),
        (lambda t: (nats >= t).any(0).sum(), "you counted units that are active for *some* image. Average first."),
        (lambda t: (nats >= t).all(0).sum(), "you counted units that are active for *every* image. Average first."),
        (lambda t: (nats >= t).sum(), "you counted images and units together. Average over the images first."),
        (lambda t: (nats >= t).float().sum(1).mean(), "you averaged the counts of the images. Average the nats first."),
        (lambda t: (nats.mean(1) >= t).sum(), "you averaged over the units and counted images: dim=0 are the images."),
        (lambda t: (2 * mean >= t).sum(), "the factor ½ of the divergence is missing."),
        (lambda t: (mu.var(0) >= t).sum(), "you compared the variance of mu. The threshold here is in nats."),
        (lambda t: (mean >= 0.1).sum(), "you compare with 0.1 whatever the threshold is."),
    ]
    return diagnose(matches, mistakes, "average the divergence of each unit over the images, compare, and count.")


@exercise
def aggregate_variance(function):
    """A function (mu, logvar) -> (d,), the variance of a code drawn from the posterior of a random image."""
    mu, logvar = _posteriors()
    m, v = mu.double(), logvar.double()
    answer = torch.as_tensor(call(function, mu.clone(), logvar.clone()))
    if tuple(answer.shape) == (len(mu),):
        return wrong("you return one number for each image. Every unit has a variance: average over dim=0.")
    answer = tensor(answer, (mu.shape[1],), RETURNED)
    within, between = v.exp().mean(0), m.var(0, correction=0)
    if same(answer, within + between):
        return right("it is one where the prior is matched, and no draw was needed to see that it is not.")
    mistakes = [
        (within + m.var(0), "that divides by N − 1. Here the N images are all there is: divide by N."),
        (within, "that is the mean width alone. The means differ between images too."),
        (between, "that is the spread of the means alone. Each code also has a width."),
        (within + (m**2).mean(0), "that is the mean of z². Subtract the square of the mean of mu."),
        ((v / 2).exp().mean(0) + between, "you averaged the widths. Variances add up, widths do not."),
        ((v / 2).exp().mean(0) ** 2 + between, "you squared the mean width. Square first, then average."),
        (v.mean(0).exp() + between, "you averaged the logarithms. Take the exponential first, then average."),
        (v.mean(0) + between, "logvar is a logarithm. Take its exponential first."),
        (within - between, "the two parts add up: both spread the code."),
        ((within + between).sqrt(), "that is the standard deviation. The variance was asked for."),
        (within + m.std(0, correction=0), "you added a standard deviation to a variance."),
    ]
    return diagnose(lambda m: same(answer, m), mistakes, "add the mean of the variances and the variance of the means.")


def _posteriors():
    """mu and logvar of 40 images and 6 units, with means away from zero."""
    generator = torch.Generator().manual_seed(0)
    mu = torch.randn(40, 6, generator=generator) + torch.tensor([0.5, -1.0, 0.0, 2.0, 1.0, -0.5])
    return mu, torch.randn(40, 6, generator=generator) - 0.7
