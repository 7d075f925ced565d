"""Checks of the chapter on the way to the VAE."""

import torch

from aecourse.checks.exercise import Exercise


def posteriors():
    """mu and logvar of 40 images and 6 units, with means away from zero."""
    generator = torch.Generator().manual_seed(0)
    mu = torch.randn(40, 6, generator=generator) + torch.tensor([0.5, -1.0, 0.0, 2.0, 1.0, -0.5])
    return mu, torch.randn(40, 6, generator=generator) - 0.7


def posteriors_and_noise():
    mu, logvar = posteriors()
    return [(mu, logvar, torch.randn(mu.shape, generator=torch.Generator().manual_seed(1)))]


reparameterize = Exercise(
    "A function (mu, logvar, eps) -> z with z = mu + exp(logvar / 2) eps.",
    solution=lambda mu, logvar, eps: mu + (logvar / 2).exp() * eps,
    cases=posteriors_and_noise,
    lesson="the noise knows nothing of mu and logvar, so gradients pass to both.",
    mistakes=[
        (
            lambda mu, logvar, eps: mu + logvar.exp() * eps,
            "you multiplied the noise by the variance. The width is its square root, exp(logvar / 2).",
        ),
        (
            lambda mu, logvar, eps: mu + logvar * eps,
            "logvar is a logarithm, so it may be negative. Take its exponential before you use it as a width.",
        ),
        (
            lambda mu, logvar, eps: mu + logvar / 2 * eps,
            "half of logvar is the logarithm of the width. The exponential is missing.",
        ),
        (
            lambda mu, logvar, eps: mu + (-logvar / 2).exp() * eps,
            "the sign of logvar is turned: the code is wide where it should be narrow.",
        ),
        (
            lambda mu, logvar, eps: mu + logvar.sqrt() * eps,
            "the square root of a logarithm is not a width. Take exp(logvar / 2).",
        ),
        (
            lambda mu, logvar, eps: (logvar / 2).exp() * eps,
            "the mean is missing: all codes would be drawn around zero.",
        ),
        (
            lambda mu, logvar, eps: (mu + eps) * (logvar / 2).exp(),
            "you scaled the mean too. Scale the noise, then add the mean.",
        ),
        (
            lambda mu, logvar, eps: mu * eps + (logvar / 2).exp(),
            "the noise multiplies the mean. It should multiply the width.",
        ),
        (
            lambda mu, logvar, eps: mu + (logvar / 2).exp(),
            "there is no noise: every code is moved by exactly one width.",
        ),
        (lambda mu, logvar, eps: mu, "there is no noise, so this is a plain autoencoder."),
        (
            lambda mu, logvar, eps: mu - (logvar / 2).exp() * eps,
            "the distribution is right but each draw is mirrored. Add the noise, as the formula has it.",
        ),
    ],
    otherwise="compute mu + σ_z · eps with σ_z = exp(logvar / 2).",
)


def nats(mu, logvar):
    """Divergence of each unit of each image from N(0, 1): (N, d)."""
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1)


kl = Exercise(
    "A function (mu, logvar) -> (N,), the divergence from N(0, I) in nats.",
    solution=lambda mu, logvar: nats(mu, logvar).sum(1),
    cases=lambda: [posteriors()],
    lesson="independent units: their divergences add up, and the price of a code is their sum.",
    mistakes=[
        (
            lambda mu, logvar: nats(mu, logvar).mean(1),
            "you averaged over the units: the price is too low by a factor of d. Sum.",
        ),
        (
            lambda mu, logvar: -nats(mu, logvar).sum(1),
            "the sign is turned: this would pay the model for leaving the prior.",
        ),
        (lambda mu, logvar: 2 * nats(mu, logvar).sum(1), "the factor ½ is missing."),
        (
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar).sum(1),
            "the −1 is missing: at the prior itself the divergence must be zero.",
        ),
        (
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() + logvar - 1).sum(1),
            "the sign of logvar is wrong: a narrow code must cost, not earn.",
        ),
        (
            lambda mu, logvar: 0.5 * (mu**2 + (logvar / 2).exp() - logvar - 1).sum(1),
            "exp(logvar / 2) is the width; the formula has the variance.",
        ),
        (
            lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar / 2 - 1).sum(1),
            "you took log σ_z; the formula has log σ_z².",
        ),
        (lambda mu, logvar: 0.5 * (mu.abs() + logvar.exp() - logvar - 1).sum(1), "the mean enters squared."),
        (
            lambda mu, logvar: 0.5 * (logvar.exp() - logvar - 1).sum(1),
            "mu is missing: a code far from zero must cost.",
        ),
        (lambda mu, logvar: 0.5 * (mu**2).sum(1), "only the mean is there: a narrow code must cost too."),
        (
            lambda mu, logvar: 0.5 * ((mu**2 + 1) * (-logvar).exp() + logvar - 1).sum(1),
            "that is KL(p ‖ q). Here q comes first.",
        ),
        (  # before the other single numbers: those are known by their value, any other only by its shape
            lambda mu, logvar: 0.5 * (mu**2).sum(),
            "that is one number for the whole batch. Return one number for each image, shape (N,).",
        ),
        (
            lambda mu, logvar: nats(mu, logvar).sum(1).mean(),
            "you averaged over the images as well. Return one number for each image.",
        ),
        (
            lambda mu, logvar: nats(mu, logvar).sum(),
            "you summed over the images as well. Return one number for each image.",
        ),
        (
            lambda mu, logvar: nats(mu, logvar).mean(),
            "you averaged over everything. Sum over the units, and keep the images apart.",
        ),
        (nats, "you return one number for each unit of each image. Sum over the units."),
        (
            lambda mu, logvar: nats(mu, logvar).sum(0),
            "you summed over the images. Sum over the units, dim=1, and keep the images apart.",
        ),
    ],
    otherwise="compute ½ Σ (mu² + exp(logvar) − logvar − 1) over the units.",
)

beta = Exercise(
    "A function std -> 2 std², the weight of the KL beside a squared error summed over pixels.",
    solution=lambda std: 2 * std**2,
    cases=lambda: [(0.3,), (1.7,)],
    tolerance=1e-3,
    lesson="a decoder that promises little precision makes nats expensive; only a sum over pixels gives 2 s².",
    mistakes=[
        (
            lambda std: 2 * std**2 / 784,
            "that is the weight beside the *mean* over pixels. Here the error is summed.",
        ),
        (
            lambda std: 2 * std**2 * 784,
            "n is not needed: the error is already summed over the pixels, as in the bound.",
        ),
        (
            lambda std: 1 / (2 * std**2),
            "upside down: that is the factor of the squared error in the bound. Divide by it.",
        ),
        (lambda std: std**2, "the 2 is missing: a Gaussian has ‖x − x̂‖² / (2 s²) in its exponent."),
        (lambda std: 2 * std, "the exponent of a Gaussian has the variance s², not s."),
        (lambda std: std, "the exponent of a Gaussian has 2 s², not s."),
        (lambda std: std**2 / 2, "the 2 is on the wrong side: multiply the bound by 2 s²."),
        (lambda std: 1.0, "one is right for a single s only: where 2 s² = 1."),
    ],
    otherwise="multiply the negative bound by what makes the factor of the squared error one.",
)


def living_and_silent_units():
    generator = torch.Generator().manual_seed(3)
    d, count = 12, 400
    scale = torch.linspace(0, 1.2, d)
    mu = torch.randn(count, d, generator=generator) * scale
    logvar = (-1.5 * scale**2).expand(count, d) + 0.1 * torch.randn(count, d, generator=generator)
    return [(mu, logvar, threshold) for threshold in (0.1, 0.5)]


active_units = Exercise(
    "A function (mu, logvar, threshold) -> number of units with a mean divergence of at least threshold nats.",
    solution=lambda mu, logvar, threshold: (nats(mu, logvar).mean(0) >= threshold).sum(),
    cases=living_and_silent_units,
    lesson="average over the images, compare, count: the length of the code that is really used.",
    mistakes=[
        (
            lambda mu, logvar, t: (nats(mu, logvar).mean(0) < t).sum(),
            "you counted the silent units. The active ones are paid at least the threshold.",
        ),
        (
            lambda mu, logvar, t: (nats(mu, logvar).sum(0) >= t).sum(),
            "you summed over the images, so a little counts 400 times. Average.",
        ),
        (
            lambda mu, logvar, t: (nats(mu, logvar) >= t).any(0).sum(),
            "you counted units that are active for *some* image. Average first.",
        ),
        (
            lambda mu, logvar, t: (nats(mu, logvar) >= t).all(0).sum(),
            "you counted units that are active for *every* image. Average first.",
        ),
        (
            lambda mu, logvar, t: (nats(mu, logvar) >= t).sum(),
            "you counted images and units together. Average over the images first.",
        ),
        (
            lambda mu, logvar, t: (nats(mu, logvar) >= t).float().sum(1).mean(),
            "you averaged the counts of the images. Average the nats first.",
        ),
        (
            lambda mu, logvar, t: (nats(mu, logvar).mean(1) >= t).sum(),
            "you averaged over the units and counted images: dim=0 are the images.",
        ),
        (
            lambda mu, logvar, t: (2 * nats(mu, logvar).mean(0) >= t).sum(),
            "the factor ½ of the divergence is missing.",
        ),
        (
            lambda mu, logvar, t: (mu.var(0) >= t).sum(),
            "you compared the variance of mu. The threshold here is in nats.",
        ),
        (
            lambda mu, logvar, t: (nats(mu, logvar).mean(0) >= 0.1).sum(),
            "you compare with 0.1 whatever the threshold is.",
        ),
        (
            lambda mu, logvar, t: nats(mu, logvar).mean(0) >= t,
            "you return one value for each unit, or which of them are active. Count them.",
        ),
        (
            lambda mu, logvar, t: (nats(mu, logvar) >= t).sum(1),
            "you return one number for each image. Average over the images first, dim=0.",
        ),
    ],
    otherwise="average the divergence of each unit over the images, compare, and count.",
)


def within(mu, logvar):
    """Mean of the variances: (d,)."""
    return logvar.exp().mean(0)


def between(mu, logvar):
    """Variance of the means: (d,)."""
    return mu.var(0, correction=0)


aggregate_variance = Exercise(
    "A function (mu, logvar) -> (d,), the variance of a code drawn from the posterior of a random image.",
    solution=lambda mu, logvar: within(mu, logvar) + between(mu, logvar),
    cases=lambda: [posteriors()],
    lesson="it is one where the prior is matched, and no draw was needed to see that it is not.",
    mistakes=[
        (
            lambda mu, logvar: within(mu, logvar) + mu.var(0),
            "that divides by N − 1. Here the N images are all there is: divide by N.",
        ),
        (within, "that is the mean width alone. The means differ between images too."),
        (between, "that is the spread of the means alone. Each code also has a width."),
        (
            lambda mu, logvar: within(mu, logvar) + (mu**2).mean(0),
            "that is the mean of z². Subtract the square of the mean of mu.",
        ),
        (
            lambda mu, logvar: (logvar / 2).exp().mean(0) + between(mu, logvar),
            "you averaged the widths. Variances add up, widths do not.",
        ),
        (
            lambda mu, logvar: (logvar / 2).exp().mean(0) ** 2 + between(mu, logvar),
            "you squared the mean width. Square first, then average.",
        ),
        (
            lambda mu, logvar: logvar.mean(0).exp() + between(mu, logvar),
            "you averaged the logarithms. Take the exponential first, then average.",
        ),
        (
            lambda mu, logvar: logvar.mean(0) + between(mu, logvar),
            "logvar is a logarithm. Take its exponential first.",
        ),
        (
            lambda mu, logvar: within(mu, logvar) - between(mu, logvar),
            "the two parts add up: both spread the code.",
        ),
        (
            lambda mu, logvar: (within(mu, logvar) + between(mu, logvar)).sqrt(),
            "that is the standard deviation. The variance was asked for.",
        ),
        (
            lambda mu, logvar: within(mu, logvar) + mu.std(0, correction=0),
            "you added a standard deviation to a variance.",
        ),
        (
            lambda mu, logvar: logvar.exp().mean(1) + mu.var(1, correction=0),
            "you return one number for each image. Every unit has a variance: average over dim=0.",
        ),
    ],
    otherwise="add the mean of the variances and the variance of the means.",
)
