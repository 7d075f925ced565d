"""Wrong answers to the exercises of chapter 10, each with a fragment of the hint that it must get."""

import torch


def nats(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1)


WRONG = {
    "reparameterize": [
        (lambda mu, logvar, eps: mu + logvar.exp() * eps, "by the variance"),
        (lambda mu, logvar, eps: mu + logvar * eps, "logvar is a logarithm"),
        (lambda mu, logvar, eps: mu + logvar / 2 * eps, "The exponential is missing"),
        (lambda mu, logvar, eps: mu + logvar.sqrt() * eps, "square root of a logarithm"),
        (lambda mu, logvar, eps: (logvar / 2).exp() * eps, "the mean is missing"),
        (lambda mu, logvar, eps: (mu + eps) * (logvar / 2).exp(), "scaled the mean too"),
        (lambda mu, logvar, eps: mu + (logvar / 2).exp(), "moved by exactly one width"),
        (lambda mu, logvar, eps: mu, "a plain autoencoder"),
        (lambda mu, logvar, eps: mu - (logvar / 2).exp() * eps, "mirrored"),
        (lambda mu, logvar, eps: mu + (-logvar / 2).exp() * eps, "sign of logvar is turned"),
        (lambda mu, logvar, eps: mu * eps + (logvar / 2).exp(), "multiplies the mean"),
        (lambda mu, logvar, eps: mu + eps, "compute mu + σ_z"),
        (lambda mu, logvar, eps: (mu + (logvar / 2).exp() * eps).sum(1), "should have the shape"),
        (lambda mu, logvar, eps: mu + (logvar / 2).exp() * torch.full_like(eps, torch.nan), "compute mu + σ_z"),
    ],
    "kl": [
        (lambda mu, logvar: nats(mu, logvar).mean(1), "factor of d"),
        (lambda mu, logvar: nats(mu, logvar).sum(1).mean(), "averaged over the images as well"),
        (lambda mu, logvar: nats(mu, logvar).sum(), "summed over the images as well"),
        (lambda mu, logvar: nats(mu, logvar).mean(), "averaged over everything"),
        (lambda mu, logvar: nats(mu, logvar), "one number for each unit"),
        (lambda mu, logvar: nats(mu, logvar).sum(0), "summed over the images. Sum over the units"),
        (lambda mu, logvar: -nats(mu, logvar).sum(1), "sign is turned"),
        (lambda mu, logvar: 2 * nats(mu, logvar).sum(1), "factor ½"),
        (lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar).sum(1), "the −1 is missing"),
        (lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() + logvar - 1).sum(1), "sign of logvar"),
        (lambda mu, logvar: 0.5 * (mu**2 + (logvar / 2).exp() - logvar - 1).sum(1), "has the variance"),
        (lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - logvar / 2 - 1).sum(1), "you took log σ_z"),
        (lambda mu, logvar: 0.5 * (logvar.exp() - logvar - 1).sum(1), "mu is missing"),
        (lambda mu, logvar: 0.5 * (mu**2).sum(1), "only the mean"),
        (lambda mu, logvar: 0.5 * ((mu**2 + 1) * (-logvar).exp() + logvar - 1).sum(1), "q comes first"),
        (lambda mu, logvar: mu.sum(1), "compute ½ Σ"),
    ],
    "beta": [
        (lambda std: 2 * std**2 / 784, "beside the *mean*"),
        (lambda std: 2 * std**2 * 784, "n is not needed"),
        (lambda std: 1 / (2 * std**2), "upside down"),
        (lambda std: std**2, "the 2 is missing"),
        (lambda std: 2 * std, "not s."),
        (lambda std: std, "2 s², not s"),
        (lambda std: std**2 / 2, "wrong side"),
        (lambda std: 1, "for a single s only"),
        (lambda std: 0.18, "multiply the negative bound"),
        (0.18, "expected a function"),
    ],
    "active_units": [
        (lambda mu, logvar, t: (nats(mu, logvar).mean(0) < t).sum(), "silent units"),
        (lambda mu, logvar, t: (nats(mu, logvar).sum(0) >= t).sum(), "summed over the images"),
        (lambda mu, logvar, t: (nats(mu, logvar) >= t).any(0).sum(), "for *some* image"),
        (lambda mu, logvar, t: (nats(mu, logvar) >= t).all(0).sum(), "for *every* image"),
        (lambda mu, logvar, t: (nats(mu, logvar) >= t).sum(), "images and units together"),
        (lambda mu, logvar, t: (nats(mu, logvar) >= t).sum(1).float().mean(), "averaged the counts"),
        (lambda mu, logvar, t: nats(mu, logvar).mean(0) >= t, "Count them"),
        (lambda mu, logvar, t: (nats(mu, logvar) >= t).sum(1), "one number for each image"),
        (lambda mu, logvar, t: (mu.var(0) >= t).sum(), "variance of mu"),
        (lambda mu, logvar, t: (nats(mu, logvar).mean(0) >= 0.1).sum(), "whatever the threshold"),
        (lambda mu, logvar, t: (nats(mu, logvar).mean(1) >= t).sum(), "counted images"),
        (lambda mu, logvar, t: 3.5, "average the divergence"),
    ],
    "aggregate_variance": [
        (lambda mu, logvar: logvar.exp().mean(0) + mu.var(0), "divides by N − 1"),
        (lambda mu, logvar: logvar.exp().mean(0), "mean width alone"),
        (lambda mu, logvar: mu.var(0, correction=0), "spread of the means alone"),
        (lambda mu, logvar: logvar.exp().mean(0) + (mu**2).mean(0), "mean of z²"),
        (lambda mu, logvar: (logvar / 2).exp().mean(0) + mu.var(0, correction=0), "averaged the widths"),
        (lambda mu, logvar: (logvar / 2).exp().mean(0) ** 2 + mu.var(0, correction=0), "squared the mean width"),
        (lambda mu, logvar: logvar.mean(0).exp() + mu.var(0, correction=0), "averaged the logarithms"),
        (lambda mu, logvar: logvar.mean(0) + mu.var(0, correction=0), "logvar is a logarithm"),
        (lambda mu, logvar: (logvar.exp().mean(0) + mu.var(0, correction=0)).sqrt(), "the standard deviation"),
        (lambda mu, logvar: logvar.exp().mean(1) + mu.var(1, correction=0), "for each image"),
        (lambda mu, logvar: torch.ones(mu.shape[1]), "add the mean"),
    ],
}
