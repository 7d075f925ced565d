"""Checks of the chapter on PCA."""

import math

import torch

from aecourse.checks.exercise import Exercise, same
from aecourse.checks.guard import judged
from aecourse.checks.verdict import BadAnswer, call, number, right, tensor, wrong

RETURNED = "what your function returns"


def centred(x):
    return x - x.mean(0)


def reconstruct_cases():
    generator = torch.Generator().manual_seed(31)
    mean = torch.rand(12, generator=generator) + 0.5
    basis, _ = torch.linalg.qr(torch.randn(12, 3, generator=generator))
    return [(mean + torch.randn(5, 12, generator=generator), mean, basis)]


BATCH_MEAN = "you centred with the mean of this batch. Use the mean that you are given: the training set's."

reconstruct = Exercise(
    "A function (x, mean, U_d) -> x_hat that sends images, one a row, through d principal components.",
    solution=lambda x, mean, U_d: (x - mean) @ U_d @ U_d.T + mean,
    cases=reconstruct_cases,
    margin=1e-3,
    lesson="subtract the mean, two matrix products, add the mean: an autoencoder without training.",
    mistakes=[
        (
            lambda x, mean, U_d: x @ U_d @ U_d.T + mean,
            "you did not centre. Subtract the mean before you project; you do add it back.",
        ),
        (
            lambda x, mean, U_d: (x - mean) @ U_d @ U_d.T,
            "you did not add the mean back after the projection.",
        ),
        (
            lambda x, mean, U_d: x @ U_d @ U_d.T,
            "that projects on a plane through the origin. Subtract the mean first, add it back last.",
        ),
        (lambda x, mean, U_d: centred(x) @ U_d @ U_d.T + x.mean(0), BATCH_MEAN),
        (lambda x, mean, U_d: centred(x) @ U_d @ U_d.T + mean, BATCH_MEAN),
        (
            lambda x, mean, U_d: x - mean - (x - mean) @ U_d @ U_d.T,
            "that is what the projection removes. Keep the other part.",
        ),
        (
            lambda x, mean, U_d: x,
            "that is x itself. With d < n something must be lost: project on the d columns of U_d.",
        ),
        (
            lambda x, mean, U_d: (x - mean) @ U_d,
            "that is the code, (N, d). Multiply by the transpose of U_d to come back to pixels.",
        ),
    ],
    otherwise="subtract the mean, multiply by U_d, multiply by its transpose, add the mean back.",
)


def spectra():
    falling = torch.arange(9.0, 0, -1)
    return [
        (torch.tensor([4.0, 3.0, 2.0, 1.0, 0.5]), 0.9),
        (falling, 0.75),
        (falling.clone(), 0.5),
        (torch.linspace(1, 0.1, 40), 0.95),
        (torch.tensor([10.0, 1.0, 1.0, 1.0]), 0.9),
    ]


def first_to_reach(values, share):
    """How many of the values, from the first on, hold that share of their sum."""
    return int((values.cumsum(0) / values.sum() < share).sum()) + 1


components_needed = Exercise(
    "A function (S, share) -> how many components hold at least that share of the variance.",
    solution=lambda S, share: first_to_reach(S**2, share),
    cases=spectra,
    tolerance=0,
    lesson="variances are squared singular values. The digits need dozens of components for 90 % of theirs.",
    mistakes=[
        (
            first_to_reach,
            "you added up singular values. The variance along a direction is the *square*, S² / N.",
        ),
        (
            lambda S, share: first_to_reach(S**2, share) - 1,
            "one too few. Position 0 of the cumulative sum holds one component: add 1 to the index.",
        ),
        (
            lambda S, share: first_to_reach(S**2, share) + 1,
            "one too many. Stop at the first component with which the share is reached.",
        ),
        (
            lambda S, share: math.ceil(share * len(S)),
            "that is a share of the number of components. Ask for a share of their variance.",
        ),
        (
            lambda S, share: int((S**2 / (S**2).sum() >= 1 - share).sum()),
            "you looked at each component alone. Add up the shares from the largest on: a cumulative sum.",
        ),
        (
            lambda S, share: first_to_reach(S**4, share),
            "you squared twice. S² is already proportional to the variance.",
        ),
        (
            lambda S, share: (S**2).cumsum(0) / (S**2).sum(),
            "those are the shares that the first 1, 2, 3, … components hold. Count how many it takes.",
        ),
    ],
    otherwise=lambda values, targets: (
        "that is a share. The function should return how many components it takes."
        if all(0 < value <= 1 for value in values)
        else "square S, divide by the sum, add up from the first: count until the share is reached."
    ),
)


@judged
def largest_angle(function):
    """A function (A, B) -> the largest principal angle, in degrees, between the spans of their columns."""
    generator = torch.Generator().manual_seed(33)
    cases = []
    for n, d in ((12, 3), (30, 4), (8, 2)):
        a = torch.randn(n, d, generator=generator)
        b = a + 0.4 * torch.randn(n, d, generator=generator)
        cases.append((a @ (torch.randn(d, d, generator=generator) + 3 * torch.eye(d)), 9 * b))
    same = cases[-1][0]
    cases.append((same, same @ torch.randn(2, 2, generator=generator)))  # one span, two bases: angle 0
    answers = []
    for a, b in cases:
        answer = call(function, a, b)
        if hasattr(answer, "__len__") and not isinstance(answer, str) and getattr(answer, "ndim", 1) > 0:
            if len(answer) > 1:
                return wrong("you returned several numbers: all d angles? Return the largest one.")
            answer = answer[0]
        if isinstance(answer, (float, torch.Tensor)) and math.isnan(answer):
            if a is not same:
                return wrong("nan: a cosine above 1. A and B are not orthonormal; use torch.linalg.qr first.")
            return wrong("nan. Rounding can push a cosine just above 1: clamp it before the arc cosine.")
        answers.append(number(answer, RETURNED))

    def matches(mistake, prepare=lambda m: torch.linalg.qr(m)[0], tolerance=0.2):
        """True when all answers are `mistake` of the cosines; near 1, float32 costs 0.1 degrees."""
        for answer, (a, b) in zip(answers, cases, strict=True):
            cosines = torch.linalg.svdvals(prepare(a.double()).T @ prepare(b.double())).clamp(max=1)
            if abs(answer - float(mistake(cosines))) > tolerance:
                return False
        return True

    def largest(cosines):
        return torch.rad2deg(cosines.min().acos())

    if matches(largest):
        return right("an angle between subspaces does not depend on the bases. QR takes the bases out.")
    if matches(lambda cosines: cosines.min().acos(), tolerance=0.005):
        return wrong("that is in radians. Turn it into degrees: torch.rad2deg.")
    if matches(lambda cosines: cosines.min(), tolerance=0.001):
        return wrong("that is the cosine. Take its arc cosine, in degrees.")
    if matches(lambda cosines: torch.rad2deg(cosines.max().acos())):
        return wrong("that is the smallest angle. The largest belongs to the *smallest* singular value.")
    if matches(lambda cosines: torch.rad2deg(cosines.acos().mean())):
        return wrong("that is the mean of the angles. One direction that is lost would hide in it.")
    if matches(largest, prepare=lambda m: m / m.norm(dim=0)):
        return wrong("columns of length 1 are not enough: they must be orthogonal too. Use torch.linalg.qr.")
    if matches(largest, prepare=lambda m: m):
        return wrong("A and B are not orthonormal: their product holds lengths too. Use torch.linalg.qr.")
    if abs(answers[-1]) > 1:
        return wrong(
            "A and A @ R span the same subspace, so the angle between them is 0. Yours is not: "
            "make both bases orthonormal first."
        )
    return wrong("QR both bases, multiply the Qs, take the smallest singular value and its arc cosine.")


def decoder_cases():
    generator = torch.Generator().manual_seed(34)
    z = torch.randn(60, 3, generator=generator) * torch.tensor([1.0, 2.0, 0.5]) + torch.tensor([3.0, 0.0, 2.5]) - 2
    x = torch.tanh(z @ torch.randn(3, 9, generator=generator)) + 1
    return [(z, x + 0.3 * torch.randn(60, 9, generator=generator))]


def least_squares(z, x):
    """The matrix that takes z nearest to x."""
    return torch.linalg.lstsq(z, x).solution


def with_ones(z):
    return torch.cat([z, torch.ones(len(z), 1)], 1)


def orthonormal_columns(z):
    return centred(z) / centred(z).norm(dim=0)


THE_WEIGHTS = "those are the weights. Return the reconstructions, one row for each code: (N, n)."

best_linear_decoder = Exercise(
    "A function (z, x) -> x_hat, the best reconstruction of x that is linear in the codes.",
    solution=lambda z, x: with_ones(z) @ least_squares(with_ones(z), x),
    cases=decoder_cases,
    margin=1e-3,
    lesson="least squares, no training. Whatever the encoder, a linear decoder cannot beat PCA here.",
    mistakes=[
        (lambda z, x: x, "you returned x. The decoder may look at the code only, not at the image."),
        (
            lambda z, x: z @ least_squares(z, x),
            "your decoder has no offset: a code of zeros gives black. Add a column of ones to z.",
        ),
        (
            lambda z, x: centred(z) @ least_squares(centred(z), centred(x)),
            "you fitted centred data and did not add the mean of x back.",
        ),
        (
            lambda z, x: centred(z) @ torch.linalg.pinv(least_squares(centred(x), centred(z))) + x.mean(0),
            "you fitted an encoder, codes from images, and inverted it. Fit images from codes.",
        ),
        (
            lambda z, x: centred(z) @ least_squares(centred(x), centred(z)).T + x.mean(0),
            "you fitted an encoder, codes from images, and transposed it. Fit images from codes.",
        ),
        (
            lambda z, x: orthonormal_columns(z) @ (orthonormal_columns(z).T @ centred(x)) + x.mean(0),
            "that treats the codes as uncorrelated. Solve the least squares for all of them together.",
        ),
        (least_squares, THE_WEIGHTS),
        (lambda z, x: least_squares(with_ones(z), x), THE_WEIGHTS),
        (lambda z, x: least_squares(z, x).T, THE_WEIGHTS),
        (lambda z, x: least_squares(with_ones(z), x).T, THE_WEIGHTS),
    ],
    otherwise="another linear decoder has a smaller error: least squares, images from codes and ones.",
)


def axes_cases():
    """W spans another plane than the first components do, so that an answer that ignores it is found out."""
    generator = torch.Generator().manual_seed(35)
    spread = torch.tensor([5.0, 4.0, 3.0, 2.5, 2.0, 1.5, 1.0, 0.5])
    rotation, _ = torch.linalg.qr(torch.randn(8, 8, generator=generator))
    x = (torch.randn(400, 8, generator=generator) * spread) @ rotation.T + 3 * torch.rand(8, generator=generator) + 1
    span = rotation[:, [0, 2, 3]] + 0.1 * torch.randn(8, 3, generator=generator)
    return [(span @ (torch.randn(3, 3, generator=generator) + torch.eye(3)), x)]


def axes_inside(W, images):
    """The principal axes of the images inside the span of W."""
    basis, _ = torch.linalg.qr(W)
    return basis @ torch.linalg.svd(images @ basis, full_matrices=False)[2].T


def signs_settled(axes):
    """Axes are right up to their signs: the largest number of each column is made positive."""
    axes = tensor(axes, None, RETURNED)
    if not axes.isfinite().all():
        raise BadAnswer(f"{RETURNED} should be finite, but it holds nan or infinity")
    if axes.dim() != 2:
        return axes
    return axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()


def orthonormal_or_astray(values, targets):
    """What to say of axes that are no usual mistake."""
    basis, _ = torch.linalg.qr(axes_cases()[0][0].double())
    axes = values[0]
    if not same(axes.T @ axes, torch.eye(3), margin=0.01):
        return "your axes are not orthonormal: their products with each other should be 1 or 0."
    if not same(basis @ (basis.T @ axes), axes, margin=0.01):
        return "your axes leave the plane that the columns of W span."
    return "right plane, other axes. Take codes in an orthonormal basis of it, centre them, and do PCA on them."


principal_axes = Exercise(
    "A function (W, x) -> (n, d): orthonormal axes of the span of W, by falling variance of the images x.",
    solution=lambda W, x: axes_inside(W, centred(x)),
    cases=axes_cases,
    margin=0.01,
    read=signs_settled,
    lesson="the plane fixes the error; the variance inside it fixes the axes, up to signs.",
    mistakes=[
        (
            lambda W, x: torch.linalg.qr(W)[0],
            "that is an orthonormal basis of the right plane, but so is any rotation of it: "
            "look at the variance of the codes.",
        ),
        (
            lambda W, x: torch.linalg.svd(W, full_matrices=False)[0],
            "those are the singular vectors of W, which know nothing of the images.",
        ),
        (
            lambda W, x: axes_inside(W, centred(x)).flip(1),
            "right axes, wrong order: largest variance first. eigh sorts upwards.",
        ),
        (
            lambda W, x: torch.linalg.svd(centred(x), full_matrices=False)[2][: W.shape[1]].T,
            "those are the principal components of all of x, outside the plane of W. Project on that first.",
        ),
        (axes_inside, "you did not centre the images, so your first axis points at their mean."),
        (
            lambda W, x: W / W.norm(dim=0),
            "those are the columns of W with length 1. They are not orthogonal to each other.",
        ),
        (
            lambda W, x: axes_inside(W, centred(x)).T,
            "your axes are rows. Return them as columns, in the shape of W: (n, d).",
        ),
        (
            lambda W, x: torch.linalg.qr(W)[0].T @ axes_inside(W, centred(x)),
            "those axes live in code space, (d, d). Multiply the orthonormal basis by them: (n, d).",
        ),
    ],
    otherwise=orthonormal_or_astray,
)
