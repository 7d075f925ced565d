"""Checks of the chapter on random sampling."""

import torch

from aecourse import metrics
from aecourse.checks.exercise import Exercise
from aecourse.checks.guard import judged
from aecourse.checks.verdict import call, diagnose, right, tensor, wrong

RETURNED = "what your function returns"

typical_norm = Exercise(
    "A function (d, tau) to the root of the mean squared norm of a sample from N(0, tau² I).",
    solution=lambda d, tau: tau * d**0.5,
    cases=lambda: [(32, 1.0), (7, 3.0), (200, 0.4)],
    lesson="a sample of N(0, I) lies near a sphere of radius √d. Measure your codes before you draw.",
    mistakes=[
        (lambda d, tau: tau**2 * d, "that is the mean *squared* norm. Take its root."),
        (lambda d, tau: tau * d, "the squares add up, not the numbers themselves: the norm grows with the root of d."),
        (lambda d, tau: tau, "that is the size of one number of z. Its norm has the squares of all d in it."),
        (lambda d, tau: d**0.5, "that is right for τ = 1 only. What does a factor τ do to the norm?"),
        (lambda d, tau: tau**2 * d**0.5, "τ is a standard deviation: a factor τ on z is a factor τ on its norm."),
        (lambda d, tau: (tau * d) ** 0.5, "the variance of a number is τ², not τ. Then take the root of the sum."),
        (lambda d, tau: tau / d**0.5, "divided instead of multiplied: more numbers make a longer vector."),
        (
            lambda d, tau: 0.0,
            "that is the norm of the mean. The mean of z is 0, but hardly a sample is near it.",
        ),
        (
            lambda d, tau: tau * (2 / torch.pi) ** 0.5 * d,
            "you added absolute values. A norm is the root of a sum of squares.",
        ),
    ],
    otherwise="each number has the mean square τ². Add d of them, then take the root.",
)


@judged
def sample_gaussian(function):
    """A function (mean, covariance, n) to n samples of that Gaussian; judged by their mean and covariance."""
    means, covariances, rotations = [], [], []
    for seed, d in ((1, 4), (2, 3)):
        generator = torch.Generator().manual_seed(seed)
        mix = torch.randn(d, d, generator=generator)
        covariances.append(mix @ mix.T + 0.5 * torch.eye(d))
        means.append(3 * torch.randn(d, generator=generator) + 4)
        rotations.append(torch.linalg.cholesky(covariances[-1]))
    n, answers = 40_000, []
    torch.manual_seed(0)
    for mean, covariance in zip(means, covariances, strict=True):
        few = tensor(call(function, mean, covariance, 5), (5, len(mean)), RETURNED)
        z = tensor(call(function, mean, covariance, n), (n, len(mean)), RETURNED)
        if not (few.isfinite().all() and z.isfinite().all()):
            return wrong("some of your numbers are NaN or infinite.")
        answers.append(z)

    if any(len(z.unique(dim=0)) < n / 2 for z in answers):
        return wrong("your samples repeat each other. Draw new noise for each row: torch.randn(n, d).")

    def mean_is(wanted):
        return all(
            (z.mean(0) - wanted(mean).double()).abs().max() < 0.15 for z, mean in zip(answers, means, strict=True)
        )

    def matches(shape):
        """Whether the covariances of the samples are shape(Σ, L), to within sampling error."""
        return all(
            (torch.cov(z.T) - wanted).norm() < 0.06 * wanted.norm()
            for z, wanted in (
                (z, shape(C.double(), L.double())) for z, C, L in zip(answers, covariances, rotations, strict=True)
            )
        )

    def gaussian():
        """Skewness and excess kurtosis are near zero."""
        for z in answers:
            unit = (z - z.mean(0)) / z.std(0)
            if unit.pow(3).mean(0).abs().max() > 0.15 or (unit.pow(4).mean(0) - 3).abs().max() > 0.3:
                return False
        return True

    if matches(lambda C, L: C):
        if mean_is(lambda m: m) and gaussian():
            return right("in rows it is mean + noise @ L.T. The order and the .T matter.")
        if mean_is(lambda m: m):
            return wrong("mean and covariance are right, but it is no Gaussian: use torch.randn, not torch.rand.")
        if mean_is(torch.zeros_like):
            return wrong("the covariance is right, but the samples lie around 0. Add the mean.")
        return wrong("the covariance is right, but not the mean. Add the mean once, after the noise was shaped.")
    mistakes = [
        (lambda C, L: L.T @ L, "the covariance of your samples is L.T @ L, not L @ L.T. For rows it is noise @ L.T."),
        (lambda C, L: C @ C, "you multiplied by the covariance itself: its square comes out. Multiply by its root L."),
        (lambda C, L: C.diagonal().diag(), "independent numbers: that is only the diagonal of the covariance."),
        (
            lambda C, L: C.diagonal().square().diag(),
            "you scaled each number by its variance: use a root, and use the whole matrix, not its diagonal.",
        ),
        (lambda C, L: torch.eye(len(C)).double(), "your samples have the covariance I: the noise was not shaped."),
        (
            lambda C, L: C.sqrt().nan_to_num() @ C.sqrt().nan_to_num().T,
            "C.sqrt() takes the root of each entry. L must be a root of the whole *matrix*: L @ L.T = Σ.",
        ),
        (lambda C, L: L.inverse().T @ L.inverse(), "you used the inverse of L, which undoes a shape."),
        (lambda C, L: L.inverse() @ L.inverse().T, "you used the inverse of L, which undoes a shape."),
        (
            lambda C, L: L @ L.T / 12,
            "the shape is right, but the noise is torch.rand, with a variance of 1/12. Use torch.randn.",
        ),
        (
            lambda C, L: L.diagonal().square().diag(),
            "you used only the diagonal of L. The entries below it carry the correlations.",
        ),
    ]
    return diagnose(matches, mistakes, "take L from torch.linalg.cholesky; a row is mean + (a row of noise) @ L.T.")


frechet_1d = Exercise(
    "A function (mean_a, std_a, mean_b, std_b) to the Fréchet distance, in squared units.",
    solution=lambda m, s, n, t: (m - n) ** 2 + (s - t) ** 2,
    cases=lambda: [(1.0, 2.0, 4.0, 0.5), (-2.0, 0.7, 1.5, 3.0), (0.5, 1.2, 0.1, 1.9)],
    lesson="it sees means and spreads, nothing else: clouds of different shape can be at distance 0.",
    mistakes=[
        (
            lambda m, s, n, t: (m - n) ** 2 + (s**2 - t**2) ** 2,
            "you compared variances. It is the difference of the *standard deviations* that is squared.",
        ),
        (
            lambda m, s, n, t: (m - n) ** 2 + abs(s**2 - t**2),
            "you compared variances. It is the difference of the *standard deviations* that is squared.",
        ),
        (
            lambda m, s, n, t: ((m - n) ** 2 + (s - t) ** 2) ** 0.5,
            "that is its root. This chapter, like the FID, leaves it in squared units.",
        ),
        (lambda m, s, n, t: (m - n) ** 2, "the spreads are missing: two Gaussians of one mean can still differ."),
        (lambda m, s, n, t: (s - t) ** 2, "the means are missing."),
        (lambda m, s, n, t: (m - n) ** 2 + abs(s - t), "the difference of the spreads must be squared as well."),
        (lambda m, s, n, t: abs(m - n) + (s - t) ** 2, "the difference of the means must be squared as well."),
        (lambda m, s, n, t: abs(m - n) + abs(s - t), "both differences must be squared."),
        (
            lambda m, s, n, t: (m - n) ** 2 + s**2 + t**2,
            "the cross term is missing: s² + t² - 2 s t. As it is, a Gaussian is far from itself.",
        ),
        (
            lambda m, s, n, t: (m - n) ** 2 + s**2 + t**2 - 2 * (s * t) ** 0.5,
            "the root in the cross term is of the product of the *variances*: √(s² t²) = s t.",
        ),
        (
            lambda m, s, n, t: (m - n) ** 2 + s**2 + t**2 - s * t,
            "the cross term needs its factor of 2: (s - t)² = s² + t² - 2 s t.",
        ),
        (
            lambda m, s, n, t: (m - n) ** 2 + s + t - 2 * (s * t) ** 0.5,
            "the arguments are standard deviations; the formula for vectors takes variances. Square them first.",
        ),
        (lambda m, s, n, t: (m - n) ** 2 - (s - t) ** 2, "the two parts are added, not subtracted."),
        (lambda m, s, n, t: ((m - n) + (s - t)) ** 2, "square each difference by itself, then add."),
    ],
    otherwise="square the difference of the means and that of the standard deviations, add.",
)


def real_and_fake():
    cases = []
    for seed, (n, m, d, k) in enumerate([(60, 45, 2, 3), (50, 70, 3, 1), (80, 40, 2, 5), (60, 8, 2, 5)]):
        generator = torch.Generator().manual_seed(seed)
        real, fake = torch.randn(n, d, generator=generator), torch.randn(m, d, generator=generator)
        cases.append((real, 0.6 * fake + 0.7, k))
    return cases


def radii(centres, k):
    """Distance to the k-th nearest, the centre itself counted as the first: so k + 1 for the k-th other."""
    return torch.cdist(centres, centres).kthvalue(k, dim=1).values


def inside(points, centres, r):
    return (torch.cdist(points, centres) <= r).any(1).float().mean()


def balls_of_others(values, targets):
    """What to say of a recall that is no usual mistake."""
    for value, (real, fake, k) in zip(values, real_and_fake(), strict=True):
        r = torch.cdist(fake, real).kthvalue(k, dim=1).values
        # Such a ball ends at a real point, which rounding puts inside or outside.
        if not inside(real, fake, 0.999 * r) - 1e-4 < value < inside(real, fake, 1.001 * r) + 1e-4:
            return "radii from torch.cdist(fake, fake), then ask for each real point whether any ball holds it."
    return "the radius of a fake point is its distance to other *fake* points, not to real ones."


recall = Exercise(
    "A function (real, fake, k) to the share of real points inside a ball of at least one fake point.",
    solution=lambda real, fake, k: inside(real, fake, radii(fake, k + 1)),
    cases=real_and_fake,
    lesson="balls around the samples, and real points counted. Precision is the other way round.",
    mistakes=[
        (
            lambda real, fake, k: inside(fake, real, radii(real, k + 1)),
            "that is precision: balls around real points. For recall the balls stand around the fake ones.",
        ),
        (
            lambda real, fake, k: inside(real, fake, radii(fake, k)),
            "your balls are too small: the point itself was counted as its first neighbour.",
        ),
        (lambda real, fake, k: inside(real, fake, radii(fake, k + 2)), "your balls reach one neighbour too far."),
        (
            lambda real, fake, k: inside(real, fake, radii(fake, k + 1) ** 2),
            "you compare a distance with a *squared* radius.",
        ),
        (
            lambda real, fake, k: inside(real, fake, radii(fake, k + 1) ** 0.5),
            "you compare a squared distance with a radius that is not squared.",
        ),
        (
            lambda real, fake, k: inside(real, fake, radii(fake, k + 1).mean()),
            "your balls all have the same size. Each point has its own radius.",
        ),
        (
            lambda real, fake, k: inside(fake, real, radii(fake, k + 1)[:, None]),
            "you count the fake points whose own ball holds a real one. Count the *real* points that lie in a ball.",
        ),
        (
            lambda real, fake, k: inside(real, fake, radii(real, k + 1)[:, None]),
            "the balls stand around the wrong points: take the radii from the fake ones.",
        ),
        (
            lambda real, fake, k: (torch.cdist(real, fake) <= radii(fake, k + 1)).float().mean(),
            "that is the share of pairs. A real point counts once, if *any* ball holds it.",
        ),
        (
            lambda real, fake, k: (torch.cdist(real, fake) <= radii(fake, k + 1)).all(1).float().mean(),
            "you ask that *all* balls hold the point. One is enough.",
        ),
        (
            lambda real, fake, k: (torch.cdist(real, fake) <= radii(fake, k + 1)).any(1).sum(),
            "that is a number of points. Divide by the number of real points.",
        ),
        (
            lambda real, fake, k: 1 - inside(real, fake, radii(fake, k + 1)),
            "that is the share *outside* every ball.",
        ),
        *[(lambda *_, v=v: v, "the answer depends on the points.") for v in (0.0, 1.0)],
        (
            lambda real, fake, k: (torch.cdist(real, fake) <= radii(fake, k + 1)).any(1),
            "that says which real points lie in a ball. Return their share.",
        ),
    ],
    otherwise=balls_of_others,
)


def distances(a, b):
    """Without the rounding errors of the fast way, which would tell copies apart."""
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


@judged
def impostors(function):
    """A function from real features to 100 fake ones with a recall above 0.95 and a precision below 0.05."""
    for seed, (n, d, scale) in enumerate([(300, 32, 1.0), (200, 24, 5.0)]):
        generator = torch.Generator().manual_seed(seed)
        real = (scale * torch.randn(n, d, generator=generator) + 2 * scale).relu()  # as features after a ReLU
        torch.manual_seed(seed)
        fake = tensor(call(function, real), (100, d), RETURNED).float()
        if not fake.isfinite().all():
            return wrong("some of your numbers are NaN or infinite.")
        precision, recall = metrics.precision_recall(real, fake)
        if recall > 0.95 and precision < 0.05:
            continue
        is_real = distances(fake, real).amin(1) < 1e-3 * scale
        if is_real.float().mean() > 0.5:
            if len(fake.unique(dim=0)) < 50:
                return wrong("copies of a real point are precise and cover nothing. The other score should fall.")
            return wrong("those are real points, so precision is high. The fakes must lie where no real point is near.")
        if is_real.any():
            return wrong("some of your points are real ones: each of them counts for precision.")
        if precision < 0.05 and recall < 0.05:
            spread = distances(fake, fake).kthvalue(4, dim=1).values.median()
            away = distances(fake, real).amin(1).median()
            if spread < 0.3 * away:
                return wrong("far away, but in a heap: their balls are small. They must be far from *each other* too.")
            return wrong("the balls do not reach the real points: they must be at least as large as the way there.")
        if precision < 0.05:
            return wrong("hardly one looks real, well done, but the balls do not cover enough. Spread the fakes wider.")
        if recall > 0.95:
            return wrong("the recall is high, but too many of your points look real. Move them farther away.")
        return wrong("too many of your points look real, and they cover too little. Move them far out.")
    return right("a few far points with huge balls 'cover' everything. Recall without precision says nothing.")
