"""Checks of the chapter on the latent space."""

import torch

from aecourse.checks.exercise import Exercise
from aecourse.checks.guard import judged
from aecourse.checks.verdict import BadAnswer, right, wrong
from aecourse.validation import describe


def normal(count, d, seed):
    return torch.randn(count, d, generator=torch.Generator().manual_seed(seed))


def difference(points, codes):
    return points[:, None] - codes[None]  # (P, N, d)


def distance(points, codes):
    return difference(points, codes).norm(dim=2)  # (P, N)


codes_within = Exercise(
    "A function (points, codes, r) to how many codes lie within r of each point.",
    solution=lambda points, codes, r: (distance(points, codes) <= r).sum(1),
    cases=lambda: [
        (normal(12, 2, seed=1), normal(300, 2, seed=2), 0.6),
        (normal(7, 3, seed=3), normal(90, 3, seed=4), 1.7),
    ],
    lesson="that is a density, up to a factor: codes in a ball of fixed size. Where it is 0, no data speak.",
    mistakes=[
        (
            lambda p, z, r: (distance(p, z) ** 2 <= r).sum(1),
            "you compare the *squared* distance with r. Take the root, or compare with r².",
        ),
        (lambda p, z, r: (distance(p, z) > r).sum(1), "you counted the codes that are farther away than r."),
        (
            lambda p, z, r: (difference(p, z).abs() <= r).all(2).sum(1),
            "that is a box of half-width r, not a ball: use the length of the difference, not each number by itself.",
        ),
        (
            lambda p, z, r: (difference(p, z).abs().sum(2) <= r).sum(1),
            "you added up the absolute differences. Distance is the root of the summed squares.",
        ),
        (
            lambda p, z, r: (distance(p, z) <= r).float().mean(1),
            "that is a share of the codes. Count them: sum, not mean.",
        ),
        (
            lambda p, z, r: (distance(p, z) <= r).any(1),
            "that says whether there is a code. Count how many.",
        ),
        (lambda p, z, r: distance(p, z).amin(1), "that is the distance to the nearest code. Count those within r."),
        (
            lambda p, z, r: (distance(p, z) <= r / 2).sum(1),
            "r is a radius, not a diameter: do not halve it.",
        ),
        (
            lambda p, z, r: (distance(p, z) <= r).sum(1) - 1,
            "one too few everywhere. The points are not codes: there is no point itself to leave out.",
        ),
        (
            lambda p, z, r: (distance(p, z) <= r).sum(0),
            "you return one count for each code. Count for each *point*: sum over the codes.",
        ),
        (
            lambda p, z, r: distance(p, z) <= r,
            "that is one value for each pair of a point and a code. Sum over the codes.",
        ),
    ],
    otherwise="take the distance of every point to every code, (P, N), compare with r, and sum over the codes.",
)


def legs(stops, weights):
    """For each pair of neighbouring stops the codes with these weights of the second."""
    w = weights[:, None]  # (steps, 1)
    return [(1 - w) * a + w * b for a, b in zip(stops[:-1], stops[1:], strict=True)]


def even_legs(stops, steps):
    return legs(stops, torch.linspace(0, 1, steps))


def walk(stops, steps):
    each = even_legs(stops, steps)
    return torch.cat([*(leg[:-1] for leg in each[:-1]), each[-1]])


def no_images(value):
    """Codes as they are."""
    if isinstance(value, torch.Tensor) and (value.shape[-1:] == (784,) or value.shape[-2:] == (28, 28)):
        raise BadAnswer("those are images. Return codes; what lies between two codes is for the decoder to say")
    return value


path = Exercise(
    "A function (stops, steps) to the codes on straight lines from stop to stop, each stop once.",
    solution=walk,
    cases=lambda: [(normal(2, 3, seed=5), 5), (normal(4, 2, seed=6), 6), (normal(3, 32, seed=7), 2)],
    read=no_images,
    lesson="every stop once. Equal steps in the code are not equal steps in the image.",
    mistakes=[
        (
            lambda s, n: torch.cat(even_legs(s, n)),
            "the inner stops appear twice, as the end of one leg and the start of the next. Leave one of them out.",
        ),
        (
            lambda s, n: torch.cat([leg[:-1] for leg in even_legs(s, n)]),
            "the last stop is missing: a path ends where it should arrive.",
        ),
        (
            lambda s, n: torch.cat(legs(s, torch.arange(n) / n)),
            "your weights run from 0 to 1 - 1/steps: the path never arrives. `torch.linspace` has both ends.",
        ),
        (lambda s, n: walk(s.flip(0), n), "that is the path backwards: the weight of the *next* stop should grow."),
        (
            lambda s, n: torch.cat([leg.flip(0)[:-1] for leg in even_legs(s, n)] + [s[-2:-1]]),
            "each leg runs backwards: the weight of the *next* stop should grow from 0 to 1.",
        ),
        (
            lambda s, n: walk(s[[0, -1]], n),
            "you went straight from the first stop to the last. Visit all stops in between.",
        ),
        (lambda s, n: walk(s, n + 1), "one step too many: a leg has `steps` codes, both of its ends included."),
        (
            lambda s, n: walk(s, n + 2),
            "two steps too many: a leg has `steps` codes, both of its ends *included*.",
        ),
        (
            lambda s, n: torch.cat([leg[1:] for leg in even_legs(s, n)]),
            "the first stop is missing: a path starts where it should.",
        ),
        (lambda s, n: s, "those are the stops alone. Put the codes in between."),
        (
            lambda s, n: torch.stack(even_legs(s, n)),
            "you return one block for each leg. Join them to (codes, d), with each stop once.",
        ),
        (lambda s, n: walk(s, n).T, "rows and columns are swapped: one code a row."),
    ],
    otherwise="on a leg from a to b take (1 - t) a + t b, with `steps` equally spaced t from 0 to 1.",
)


def points_and_pictures():
    cases = []
    for seed, count, k in ((8, 60, 5), (9, 45, 8)):
        z = normal(count, 6, seed=seed)
        cases.append((z, z[:, :2] * torch.tensor([1.0, 1.5]) + 0.3 * normal(count, 2, seed=seed + 20), k))
    return cases


def neighbours(points, k, itself=False, farthest=False):
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    if not itself:
        distances.fill_diagonal_(-torch.inf if farthest else torch.inf)
    return distances.topk(k, largest=farthest).indices  # (N, k)


def common(a, b):
    """How many entries of each row of `a` are somewhere in the same row of `b`: (N,)."""
    return (a[:, :, None] == b[:, None, :]).any(2).sum(1).float()


def both(z, picture, k, **options):
    return neighbours(z, k, **options), neighbours(picture, k, **options)


def share(z, picture, k, **options):
    return common(*both(z, picture, k, **options)).mean() / k


kept_neighbours = Exercise(
    "A function (z, picture, k) to the share of each point's k nearest neighbours in z that picture keeps.",
    solution=share,
    cases=points_and_pictures,
    lesson="a picture that keeps half of the neighbours may be read for neighbours, half of the time.",
    mistakes=[
        (
            lambda z, p, k: share(z, p, k, itself=True),
            "each point counts as its own neighbour, and that one is always kept. Leave it out and take k others.",
        ),
        (
            lambda z, p, k: common(*both(z, p, k + 1, itself=True)).mean() / (k + 1),
            "each point counts as its own neighbour, and that one is always kept. Leave it out of both counts.",
        ),
        (
            lambda z, p, k: common(*both(z, p, k + 1, itself=True)).mean() / k,
            "each point counts as its own neighbour, and that one is always kept. Leave it out.",
        ),
        (
            lambda z, p, k: common(*(n[:, 1:] for n in both(z, p, k, itself=True))).mean() / (k - 1),
            "after leaving out the point itself only k - 1 neighbours are left: ask for k + 1 first.",
        ),
        (
            lambda z, p, k: common(*(n[:, 1:] for n in both(z, p, k, itself=True))).mean() / k,
            "after leaving out the point itself only k - 1 neighbours are left: ask for k + 1 first.",
        ),
        (
            lambda z, p, k: torch.eq(*both(z, p, k)).float().mean(),
            "you compare the lists place by place. A neighbour that moved from third to fourth is still kept.",
        ),
        (
            lambda z, p, k: common(*both(z, p, k)).mean() / len(z),
            "you divide by the number of points. Each point has k neighbours to keep.",
        ),
        (lambda z, p, k: common(*both(z, p, k)).mean(), "that is a number of neighbours. Divide by k for a share."),
        (
            lambda z, p, k: common(*both(z, p, k)).sum(),
            "that is a sum over all points. Divide by how many there are, N·k.",
        ),
        (lambda z, p, k: 100 * share(z, p, k), "that is in percent. Return a share, from 0 to 1."),
        (lambda z, p, k: 1 - share(z, p, k), "that is the share that was *lost*."),
        (
            lambda z, p, k: (common(*both(z, p, k)) / (2 * k - common(*both(z, p, k)))).mean(),
            "you divide by all points that are neighbours in either. Divide by k.",
        ),
        (
            lambda z, p, k: (common(*both(z, p, k)) == k).float().mean(),
            "you count points that keep *all* k neighbours. Average the share over the points.",
        ),
        (
            lambda z, p, k: (common(*both(z, p, k)) > 0).float().mean(),
            "you count points that keep *some* neighbour. Average the share over the points.",
        ),
        (
            lambda z, p, k: share(z, p, k, farthest=True),
            "those are the farthest points: `topk` takes the largest unless told `largest=False`.",
        ),
        (
            lambda z, p, k: common(*both(z, p, 1)).mean(),
            "you looked at the one nearest neighbour only. Take k.",
        ),
        (
            lambda z, p, k: common(*both(z, p, k)) / k,
            "that is one share for each point. The answer should be a number: average over the points.",
        ),
    ],
    otherwise="find the indices of each point's k nearest others in z and in picture; count those in both lists.",
)

STATEMENTS = {
    # letter: (may it be concluded, what to say when the answer has it wrong)
    "A": (True, "A is missing: neighbours are what the method keeps, and you can measure how many."),
    "B": (False, "B reads a gap as a hole. t-SNE tears closed rings; only the code knows where it is empty."),
    "C": (False, "C reads sizes. A cloud five times as wide was drawn as wide as the others."),
    "D": (False, "D reads distances between groups. A distance ten times as large was drawn alike."),
    "E": (True, "E is missing: it concludes nothing yet, it sends you to look in the code, and that is allowed."),
    "F": (False, "F reads the axes. They have no meaning: turn the picture, and it is as good as before."),
    "G": (True, "G is missing: it is about one digit and its neighbours, and you check it by looking at the image."),
}


@judged
def may_be_read(answer):
    """The letters of the statements that a t-SNE picture permits."""
    if isinstance(answer, str):
        answer = answer.replace(",", "").split() if " " in answer.strip() else list(answer.replace(",", ""))
    if not isinstance(answer, (set, frozenset, list, tuple)) or not all(isinstance(letter, str) for letter in answer):
        raise BadAnswer(f"the answer should be letters such as 'BD', but it is {describe(answer)}")
    chosen = {letter.strip().upper() for letter in answer}
    if not chosen <= set(STATEMENTS):
        raise BadAnswer("the answer should only have the letters A to G, such as 'BD'")
    allowed = {letter for letter, (may, _) in STATEMENTS.items() if may}
    if chosen == allowed:
        return right("neighbours may be read, and doubts raised. Gaps, sizes, distances and axes may not.")
    if chosen == set(STATEMENTS) - allowed:
        return wrong("the other way round: you chose exactly those that may not be concluded.")
    mistakes = [(letter, hint) for letter, (may, hint) in STATEMENTS.items() if (letter in chosen) != may]
    wrongly = [pair for pair in mistakes if pair[0] in chosen]  # first what must not be concluded
    return wrong((wrongly or mistakes)[0][1])


def scores():
    first, second = normal(30, 1, seed=10)[:, 0], normal(20, 1, seed=11)[:, 0] + 0.8
    with_ties = (torch.tensor([0.0, 1, 1, 2, 2, 3]), torch.tensor([1.0, 2, 2, 4]))
    return [(first, second), with_ties, (torch.zeros(5), torch.zeros(3)), (second, first)]


def pairs(inliers, outliers):
    """1 where the outlier has the larger score, 0.5 where both are equal: (N, M)."""
    gap = outliers[None, :] - inliers[:, None]  # (N, M)
    return (gap > 0).float() + 0.5 * (gap == 0).float()


def best_accuracy(a, b):
    cuts = torch.cat([a, b, torch.tensor([-torch.inf])])
    return max(((a <= cut).sum() + (b > cut).sum()).item() for cut in cuts) / (len(a) + len(b))


auc = Exercise(
    "A function (inlier scores, outlier scores) to the share of pairs in which the outlier has the larger score.",
    solution=lambda a, b: pairs(a, b).mean(),
    cases=scores,
    lesson="no threshold was needed, and that is the limit of the AUC too: it does not say where to put one.",
    mistakes=[
        (
            lambda a, b: (b[None, :] > a[:, None]).float().mean(),
            "ties get nothing. Equal scores count one half: a detector that always says 0 is at chance, 0.5.",
        ),
        (
            lambda a, b: (b[None, :] >= a[:, None]).float().mean(),
            "ties count in full. Equal scores count one half: a detector that always says 0 is not perfect.",
        ),
        (lambda a, b: 1 - pairs(a, b).mean(), "the wrong way round: the *outlier* should have the larger score."),
        (
            lambda a, b: (a[:, None] > b[None, :]).float().mean(),
            "the wrong way round, and ties get nothing: the *outlier* should have the larger score, a tie counts 0.5.",
        ),
        (
            lambda a, b: max(pairs(a, b).mean().item(), 1 - pairs(a, b).mean().item()),
            "below 0.5 you turn the score round. Do not: a detector that points the wrong way should show it.",
        ),
        (best_accuracy, "that is the accuracy at the best threshold. Count pairs, without a threshold."),
        (
            lambda a, b: (b > a.median()).float().mean(),
            "you compare the outliers with the median inlier only. Compare each with each.",
        ),
        (
            lambda a, b: (b > a.mean()).float().mean(),
            "you compare the outliers with the mean inlier only. Compare each with each.",
        ),
        (
            lambda a, b: (b > a.max()).float().mean(),
            "those are the outliers above *all* inliers. Compare each with each.",
        ),
        (lambda a, b: pairs(a, b).sum(), "that is a number of pairs. Divide by how many there are, N·M."),
        (
            lambda a, b: pairs(a, b).sum() / (len(a) + len(b)),
            "you divide by N + M. There are N·M pairs.",
        ),
        (lambda a, b: 100 * pairs(a, b).mean(), "that is in percent. Return a share, from 0 to 1."),
        (
            lambda a, b: 2 * pairs(a, b).mean() - 1,
            "that is 0 at chance. The AUC is 0.5 at chance: leave it as a share.",
        ),
        (lambda a, b: b.mean() - a.mean(), "that is how far the means are apart, in units of the score. Count pairs."),
    ],
    otherwise="compare each outlier with each inlier: 1 if its score is larger, 0.5 if equal, else 0; then average.",
)
