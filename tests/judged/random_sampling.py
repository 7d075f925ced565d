"""Wrong answers to the judged exercises on random sampling, each with a part of its hint."""

import torch


def root(covariance):
    return torch.linalg.cholesky(covariance)


def noise(mean, n):
    return torch.randn(n, len(mean))


def directions(real, count=100):
    return torch.nn.functional.normalize(torch.randn(count, real.shape[1]), dim=1)


WRONG = {
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
