"""Wrong answers that the checks of chapter 8 must reject, with part of the hint."""

import torch


def distances(points, codes):
    return (points[:, None] - codes[None]).norm(dim=2)  # (P, N)


def leg(a, b, weights):
    return (1 - weights[:, None]) * a + weights[:, None] * b


def path(stops, steps, weights=None, piece=slice(None)):
    """All legs one after the other, of each the piece that is asked for."""
    weights = torch.linspace(0, 1, steps) if weights is None else weights
    return torch.cat([leg(a, b, weights)[piece] for a, b in zip(stops[:-1], stops[1:], strict=True)])


def right_path(stops, steps):
    return torch.cat([path(stops, steps, piece=slice(-1)), stops[-1:]])


def neighbours(points, k):
    """The k nearest, the point itself first."""
    return torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist").topk(k, largest=False).indices


def common(a, b):
    return torch.tensor([len(set(p) & set(q)) for p, q in zip(a.tolist(), b.tolist(), strict=True)]).float()


def kept(z, picture, k):
    """The right answer, as a number of neighbours for each point."""
    return common(neighbours(z, k + 1)[:, 1:], neighbours(picture, k + 1)[:, 1:])


def pairs(a, b):
    return (b[None] > a[:, None]).float() + 0.5 * (b[None] == a[:, None]).float()


WRONG = {
    "codes_within": [
        (lambda p, z, r: (distances(p, z) ** 2 <= r).sum(1), "*squared*"),
        (lambda p, z, r: (distances(p, z) > r).sum(1), "farther away"),
        (lambda p, z, r: ((p[:, None] - z).abs() <= r).all(2).sum(1), "box"),
        (lambda p, z, r: ((p[:, None] - z).abs().sum(2) <= r).sum(1), "absolute differences"),
        (lambda p, z, r: (distances(p, z) <= r).float().mean(1), "share of the codes"),
        (lambda p, z, r: (distances(p, z) <= r).any(1), "Count how many"),
        (lambda p, z, r: distances(p, z).amin(1), "nearest code"),
        (lambda p, z, r: (distances(p, z) <= r / 2).sum(1), "do not halve"),
        (lambda p, z, r: (distances(p, z) <= r).sum(1) - 1, "one too few"),
        (lambda p, z, r: (distances(p, z) <= r).sum(0), "for each *point*"),
        (lambda p, z, r: distances(p, z) <= r, "each pair"),
        (lambda p, z, r: (distances(p, z) <= 2 * r).sum(1), "compare with r"),
        (lambda p, z, r: (distances(p, z) <= r).sum(), "shape"),
    ],
    "path": [
        (path, "appear twice"),
        (lambda s, n: path(s, n, piece=slice(-1)), "last stop is missing"),
        (lambda s, n: path(s, n, weights=torch.arange(n) / n), "never arrives"),
        (lambda s, n: right_path(s, n).flip(0), "backwards"),
        (lambda s, n: right_path(s[[0, -1]], n), "straight from the first"),
        (lambda s, n: right_path(s, n + 1), "one step too many"),
        (lambda s, n: right_path(s, n + 2), "two steps too many"),
        (lambda s, n: path(s, n, piece=slice(1, None)), "first stop is missing"),
        (lambda s, n: s, "stops alone"),
        (lambda s, n: path(s, n).view(len(s) - 1, n, -1), "block for each leg"),
        (lambda s, n: right_path(s, n).T, "swapped"),
        (lambda s, n: torch.zeros(len(s), 1, 28, 28), "those are images"),
        (lambda s, n: right_path(s, n)[:, :1], "the shape should be"),
        (lambda s, n: right_path(s, n) ** 2, "(1 - t) a + t b"),
        (lambda s, n: torch.cat([path(s, n, torch.linspace(0, 1, n) ** 2, slice(-1)), s[-1:]]), "equally spaced"),
    ],
    "kept_neighbours": [
        (lambda z, p, k: common(neighbours(z, k), neighbours(p, k)).mean() / k, "its own neighbour"),
        (lambda z, p, k: common(neighbours(z, k + 1), neighbours(p, k + 1)).mean() / (k + 1), "both counts"),
        (lambda z, p, k: common(neighbours(z, k + 1), neighbours(p, k + 1)).mean() / k, "its own neighbour"),
        (lambda z, p, k: common(neighbours(z, k)[:, 1:], neighbours(p, k)[:, 1:]).mean() / (k - 1), "only k - 1"),
        (lambda z, p, k: common(neighbours(z, k)[:, 1:], neighbours(p, k)[:, 1:]).mean() / k, "only k - 1"),
        (
            lambda z, p, k: (neighbours(z, k + 1)[:, 1:] == neighbours(p, k + 1)[:, 1:]).float().mean(),
            "place by place",
        ),
        (lambda z, p, k: kept(z, p, k).mean() / len(z), "number of points"),
        (lambda z, p, k: kept(z, p, k).mean(), "Divide by k"),
        (lambda z, p, k: kept(z, p, k).sum(), "sum over all points"),
        (lambda z, p, k: 100 * kept(z, p, k).mean() / k, "in percent"),
        (lambda z, p, k: 1 - kept(z, p, k).mean() / k, "*lost*"),
        (lambda z, p, k: (kept(z, p, k) / (2 * k - kept(z, p, k))).mean(), "in either"),
        (lambda z, p, k: (kept(z, p, k) == k).float().mean(), "*all* k"),
        (lambda z, p, k: (kept(z, p, k) > 0).float().mean(), "*some* neighbour"),
        (
            lambda z, p, k: common(*(torch.cdist(v, v).topk(k).indices for v in (z, p))).mean() / k,
            "farthest points",
        ),
        (lambda z, p, k: kept(z, p, 1).mean(), "one nearest neighbour"),
        (lambda z, p, k: 0.5, "in both lists"),
        (kept, "should be a number"),
    ],
    "may_be_read": [
        ("AB", "gap as a hole"),
        ("ACEG", "reads sizes"),
        ({"A", "D"}, "reads distances"),
        (["F"], "reads the axes"),
        ("EG", "A is missing"),
        ("A, G", "E is missing"),
        ("a e", "G is missing"),
        ("BCDF", "other way round"),
        ("ABCDEFG", "gap as a hole"),
        ("", "A is missing"),
        ("AEX", "letters A to G"),
        (3, "should be letters"),
    ],
    "auc": [
        (lambda a, b: (b[None] > a[:, None]).float().mean(), "ties get nothing"),
        (lambda a, b: (b[None] >= a[:, None]).float().mean(), "ties count in full"),
        (lambda a, b: 1 - pairs(a, b).mean(), "wrong way round: the *outlier*"),
        (lambda a, b: (a[None] > b[:, None]).float().mean(), "wrong way round, and ties"),
        (lambda a, b: max(pairs(a, b).mean(), 1 - pairs(a, b).mean()), "turn the score round"),
        (
            lambda a, b: max((a <= c).sum() + (b > c).sum() for c in [*a, *b, -9.0]) / (len(a) + len(b)),
            "best threshold",
        ),
        (lambda a, b: (b > a.median()).float().mean(), "median inlier"),
        (lambda a, b: (b > a.mean()).float().mean(), "mean inlier"),
        (lambda a, b: (b > a.max()).float().mean(), "*all* inliers"),
        (lambda a, b: pairs(a, b).sum(), "number of pairs"),
        (lambda a, b: pairs(a, b).sum() / (len(a) + len(b)), "N + M"),
        (lambda a, b: 100 * pairs(a, b).mean(), "in percent"),
        (lambda a, b: 2 * pairs(a, b).mean() - 1, "0.5 at chance"),
        (lambda a, b: b.mean() - a.mean(), "means are apart"),
        (lambda a, b: 0.5, "each outlier with each inlier"),
    ],
}
