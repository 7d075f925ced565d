"""Wrong answers that the checks of chapter 9 must reject, with part of the hint."""

import torch


def root(covariance):
    return torch.linalg.cholesky(covariance)


def noise(mean, n):
    return torch.randn(n, len(mean))


def radii(centres, k):
    """The point itself counts as its nearest."""
    return torch.cdist(centres, centres).kthvalue(k, dim=1).values


def within(real, fake, r):
    return torch.cdist(real, fake) <= r


def share(real, fake, r):
    return within(real, fake, r).any(1).float().mean()


def directions(real, count=100):
    return torch.nn.functional.normalize(torch.randn(count, real.shape[1]), dim=1)


WRONG = {
    "typical_norm": [
        (lambda d, tau: tau**2 * d, "Take its root"),
        (lambda d, tau: tau * d, "the squares add up"),
        (lambda d, tau: tau, "one number of z"),
        (lambda d, tau: d**0.5, "τ = 1 only"),
        (lambda d, tau: tau**2 * d**0.5, "a standard deviation"),
        (lambda d, tau: (tau * d) ** 0.5, "τ², not τ"),
        (lambda d, tau: tau / d**0.5, "divided instead"),
        (lambda d, tau: 0, "norm of the mean"),
        (lambda d, tau: tau * d * (2 / torch.pi) ** 0.5, "absolute values"),
        (lambda d, tau: tau * d**0.5 / 2, "mean square τ²"),
        (lambda d, tau: torch.ones(d), "should be a number"),
    ],
    "sample_gaussian": [
        (lambda m, C, n: m + noise(m, n) @ root(C), "L.T @ L"),
        (lambda m, C, n: m + noise(m, n) @ C, "the covariance itself"),
        (lambda m, C, n: m + noise(m, n) * C.diagonal().sqrt(), "only the diagonal of the covariance"),
        (lambda m, C, n: m + noise(m, n) * C.diagonal(), "each number by its variance"),
        (lambda m, C, n: m + noise(m, n), "not shaped"),
        (lambda m, C, n: noise(m, n) @ root(C).T, "Add the mean"),
        (lambda m, C, n: (m + noise(m, n)) @ root(C).T, "after the noise was shaped"),
        (lambda m, C, n: m + noise(m, n) @ root(C).inverse().T, "inverse"),
        (lambda m, C, n: m + torch.rand(n, len(m)) @ root(C).T, "torch.rand, with a variance"),
        (lambda m, C, n: m + (torch.rand(n, len(m)) - 0.5) * 12**0.5 @ root(C).T, "no Gaussian"),
        (lambda m, C, n: m + noise(m, n) * root(C).diagonal(), "diagonal of L"),
        (lambda m, C, n: (m + noise(m, 1) @ root(C).T).expand(n, -1), "repeat"),
        (lambda m, C, n: m + 2 * noise(m, n) @ root(C).T, "a row of noise"),
        (lambda m, C, n: m[:, None] + root(C) @ noise(m, n).T, "shape"),
    ],
    "frechet_1d": [
        (lambda m, s, n, t: (m - n) ** 2 + (s**2 - t**2) ** 2, "compared variances"),
        (lambda m, s, n, t: ((m - n) ** 2 + (s - t) ** 2) ** 0.5, "that is its root"),
        (lambda m, s, n, t: (m - n) ** 2, "spreads are missing"),
        (lambda m, s, n, t: (s - t) ** 2, "means are missing"),
        (lambda m, s, n, t: (m - n) ** 2 + abs(s - t), "of the spreads must be squared"),
        (lambda m, s, n, t: abs(m - n) + (s - t) ** 2, "of the means must be squared"),
        (lambda m, s, n, t: abs(m - n) + abs(s - t), "both differences"),
        (lambda m, s, n, t: (m - n) ** 2 + s**2 + t**2, "cross term is missing"),
        (lambda m, s, n, t: (m - n) ** 2 + s**2 + t**2 - 2 * (s * t) ** 0.5, "product of the *variances*"),
        (lambda m, s, n, t: (m - n) ** 2 + s**2 + t**2 - s * t, "factor of 2"),
        (lambda m, s, n, t: (m - n) ** 2 + s + t - 2 * (s * t) ** 0.5, "Square them first"),
        (lambda m, s, n, t: (m - n) ** 2 - (s - t) ** 2, "added, not subtracted"),
        (lambda m, s, n, t: (m - n + s - t) ** 2, "each difference by itself"),
        (lambda m, s, n, t: 0.0, "square the difference of the means"),
    ],
    "recall": [
        (lambda real, fake, k: share(fake, real, radii(real, k + 1)), "that is precision"),
        (lambda real, fake, k: share(real, fake, radii(fake, k)), "its first neighbour"),
        (lambda real, fake, k: share(real, fake, radii(fake, k + 2)), "one neighbour too far"),
        (lambda real, fake, k: share(real, fake, radii(fake, k + 1) ** 2), "*squared* radius"),
        (lambda real, fake, k: share(real, fake, radii(fake, k + 1) ** 0.5), "squared distance"),
        (lambda real, fake, k: share(real, fake, radii(fake, k + 1).mean()), "the same size"),
        (
            lambda real, fake, k: within(real, fake, radii(fake, k + 1)).any(0).float().mean(),
            "whose own ball holds a real one",
        ),
        (lambda real, fake, k: share(real, fake, radii(real, k + 1)[:, None]), "around the wrong points"),
        (
            lambda real, fake, k: share(real, fake, torch.cdist(fake, real).kthvalue(k, dim=1).values),
            "other *fake* points",
        ),
        (lambda real, fake, k: within(real, fake, radii(fake, k + 1)).float().mean(), "share of pairs"),
        (lambda real, fake, k: within(real, fake, radii(fake, k + 1)).all(1).float().mean(), "*all* balls"),
        (lambda real, fake, k: within(real, fake, radii(fake, k + 1)).any(1).sum(), "number of points"),
        (lambda real, fake, k: 1 - share(real, fake, radii(fake, k + 1)), "*outside*"),
        (lambda real, fake, k: 1.0, "depends on the points"),
        (lambda real, fake, k: 0.5, "radii from"),
    ],
    "impostors": [
        (lambda real: real[:1].expand(100, -1), "copies of a real point"),
        (lambda real: real[:100], "those are real points"),
        (lambda real: torch.cat([real[:20], 1e4 * directions(real, 80)]), "some of your points are real"),
        (lambda real: 1e4 + torch.rand(100, real.shape[1]), "in a heap"),
        (lambda real: real.mean(0).expand(100, -1), "look real"),
        (lambda real: real[:100] + 0.1 * torch.randn(100, real.shape[1]), "look real"),
        (lambda real: real.mean(0) + real.std() * torch.randn(100, real.shape[1]), "look real"),
        (lambda real: 2e3 * directions(real, 1) + 1e3 * directions(real), "do not reach"),
        (lambda real: directions(real, 99), "shape"),
        (lambda real: torch.full((100, real.shape[1]), float("inf")), "NaN or infinite"),
    ],
}
