"""Checks of the chapter on PCA."""

import math

import torch

from aecourse.checks.verdict import BadAnswer, call, exercise, number, right, tensor, wrong

RETURNED = "what your function returns"


def _same(answer, target, tolerance=1e-3):
    """True when two tensors agree up to a share of the target's size."""
    return bool((answer - target).norm() <= tolerance * (target.norm() + 1e-9))


def _centred(x):
    return x - x.mean(0)


@exercise
def reconstruct(function):
    """A function (x, mean, U_d) -> x_hat that sends images, one a row, through d principal components."""
    generator = torch.Generator().manual_seed(31)
    mean = torch.rand(12, generator=generator) + 0.5
    basis, _ = torch.linalg.qr(torch.randn(12, 3, generator=generator))
    x = mean + torch.randn(5, 12, generator=generator)
    answer = call(function, x.clone(), mean.clone(), basis.clone())
    if isinstance(answer, torch.Tensor) and answer.shape == (5, 3):
        return wrong("that is the code, (N, d). Multiply by the transpose of U_d to come back to pixels.")
    answer = tensor(answer, x.shape, RETURNED)
    x, mean, basis = x.double(), mean.double(), basis.double()
    projector = basis @ basis.T
    mistakes = [
        (
            x @ projector + mean,
            "you did not centre. Subtract the mean before you project; you do add it back.",
        ),
        ((x - mean) @ projector, "you did not add the mean back after the projection."),
        (
            x @ projector,
            "that projects on a plane through the origin. Subtract the mean first, add it back last.",
        ),
        (
            (x - x.mean(0)) @ projector + x.mean(0),
            "you centred with the mean of this batch. Use the mean that you are given: the training set's.",
        ),
        (
            (x - x.mean(0)) @ projector + mean,
            "you centred with the mean of this batch. Use the mean that you are given: the training set's.",
        ),
        (x - mean - (x - mean) @ projector, "that is what the projection removes. Keep the other part."),
        (x, "that is x itself. With d < n something must be lost: project on the d columns of U_d."),
    ]
    for target, hint in mistakes:
        if _same(answer, target):
            return wrong(hint)
    if not _same(answer, mean + (x - mean) @ projector):
        return wrong("subtract the mean, multiply by U_d, multiply by its transpose, add the mean back.")
    return right("subtract the mean, two matrix products, add the mean: an autoencoder without training.")


@exercise
def components_needed(function):
    """A function (S, share) -> how many components hold at least that share of the variance."""
    cases = [
        (torch.tensor([4.0, 3.0, 2.0, 1.0, 0.5]), 0.9),
        (torch.tensor([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]), 0.75),
        (torch.tensor([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]), 0.5),
        (torch.linspace(1, 0.1, 40), 0.95),
        (torch.tensor([10.0, 1.0, 1.0, 1.0]), 0.9),
    ]
    answers = [number(call(function, s.clone(), share), RETURNED) for s, share in cases]

    def count(values, share):
        shares = values.double().cumsum(0) / values.double().sum()
        return int((shares < share).sum()) + 1

    def matches(mistake):
        return answers == [mistake(s, share) for s, share in cases]

    mistakes = [
        (
            lambda s, share: count(s, share),
            "you added up singular values. The variance along a direction is the *square*, S² / N.",
        ),
        (
            lambda s, share: count(s**2, share) - 1,
            "one too few. Position 0 of the cumulative sum holds one component: add 1 to the index.",
        ),
        (
            lambda s, share: count(s**2, share) + 1,
            "one too many. Stop at the first component with which the share is reached.",
        ),
        (
            lambda s, share: math.ceil(share * len(s)),
            "that is a share of the number of components. Ask for a share of their variance.",
        ),
        (
            lambda s, share: int((s**2 / (s**2).sum() >= 1 - share).sum()),
            "you looked at each component alone. Add up the shares from the largest on: a cumulative sum.",
        ),
        (
            lambda s, share: count(s**4, share),
            "you squared twice. S² is already proportional to the variance.",
        ),
    ]
    if not matches(lambda s, share: count(s**2, share)):
        for mistake, hint in mistakes:
            if matches(mistake):
                return wrong(hint)
        if all(0 < answer <= 1 for answer in answers):
            return wrong("that is a share. The function should return how many components it takes.")
        return wrong("square S, divide by the sum, add up from the first: count until the share is reached.")
    return right("variances are squared singular values. The digits need dozens of components for 90 % of theirs.")


@exercise
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
        answer = call(function, a.clone(), b.clone())
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


@exercise
def best_linear_decoder(function):
    """A function (z, x) -> x_hat, the best reconstruction of x that is linear in the codes."""
    generator = torch.Generator().manual_seed(34)
    z = torch.randn(60, 3, generator=generator) * torch.tensor([1.0, 2.0, 0.5]) + torch.tensor([3.0, 0.0, 2.5]) - 2
    x = torch.tanh(z @ torch.randn(3, 9, generator=generator)) + 1
    x = x + 0.3 * torch.randn(60, 9, generator=generator)
    answer = call(function, z.clone(), x.clone())
    if isinstance(answer, torch.Tensor) and answer.shape in ((3, 9), (4, 9), (9, 3), (9, 4)):
        return wrong("those are the weights. Return the reconstructions, one row for each code: (N, n).")
    answer = tensor(answer, x.shape, RETURNED)
    z, x = z.double(), x.double()
    offset = torch.cat([z, torch.ones(len(z), 1, dtype=z.dtype)], 1)

    def fit(codes, images):
        return codes @ torch.linalg.lstsq(codes, images).solution

    back = torch.linalg.lstsq(_centred(x), _centred(z)).solution  # (n, d): codes from images
    orthonormal = _centred(z) / _centred(z).norm(dim=0)
    mistakes = [
        (x, "you returned x. The decoder may look at the code only, not at the image."),
        (fit(z, x), "your decoder has no offset: a code of zeros gives black. Add a column of ones to z."),
        (fit(_centred(z), _centred(x)), "you fitted centred data and did not add the mean of x back."),
        (
            _centred(z) @ torch.linalg.pinv(back) + x.mean(0),
            "you fitted an encoder, codes from images, and inverted it. Fit images from codes.",
        ),
        (
            _centred(z) @ back.T + x.mean(0),
            "you fitted an encoder, codes from images, and transposed it. Fit images from codes.",
        ),
        (
            orthonormal @ (orthonormal.T @ _centred(x)) + x.mean(0),
            "that treats the codes as uncorrelated. Solve the least squares for all of them together.",
        ),
    ]
    for target, hint in mistakes:
        if _same(answer, target):
            return wrong(hint)
    if not _same(answer, fit(offset, x)):
        return wrong("another linear decoder has a smaller error: least squares, images from codes and ones.")
    return right("least squares, no training. Whatever the encoder, a linear decoder cannot beat PCA here.")


@exercise
def principal_axes(function):
    """A function (W, x) -> (n, d): orthonormal axes of the span of W, by falling variance of the images x."""
    generator = torch.Generator().manual_seed(35)
    spread = torch.tensor([5.0, 4.0, 3.0, 2.5, 2.0, 1.5, 1.0, 0.5])
    rotation, _ = torch.linalg.qr(torch.randn(8, 8, generator=generator))
    x = (torch.randn(400, 8, generator=generator) * spread) @ rotation.T + 3 * torch.rand(8, generator=generator) + 1
    # A span that is not that of the first components: an answer that ignores W is found out.
    span = rotation[:, [0, 2, 3]] + 0.1 * torch.randn(8, 3, generator=generator)
    w = span @ (torch.randn(3, 3, generator=generator) + torch.eye(3))
    answer = call(function, w.clone(), x.clone())
    if isinstance(answer, torch.Tensor) and answer.shape == (3, 8):
        return wrong("your axes are rows. Return them as columns, in the shape of W: (n, d).")
    if isinstance(answer, torch.Tensor) and answer.shape == (3, 3):
        return wrong("those axes live in code space, (d, d). Multiply the orthonormal basis by them: (n, d).")
    answer = tensor(answer, w.shape, RETURNED)
    if not torch.isfinite(answer).all():
        raise BadAnswer(f"{RETURNED} should be finite, but it holds nan or infinity")
    w, x = w.double(), x.double()
    basis, _ = torch.linalg.qr(w)

    def axes(images):
        return basis @ torch.linalg.svd(images @ basis, full_matrices=False)[2].T

    def same_axes(targets):
        """Equal columns up to the sign."""
        signs = (answer * targets).sum(0).sign()
        return _same(answer * signs, targets, 0.01)

    if same_axes(axes(_centred(x))):
        return right("the plane fixes the error; the variance inside it fixes the axes, up to signs.")
    pca = torch.linalg.svd(_centred(x), full_matrices=False)[2][:3].T
    mistakes = [
        (
            basis,
            "that is an orthonormal basis of the right plane, but so is any rotation of it: "
            "look at the variance of the codes.",
        ),
        (
            torch.linalg.svd(w, full_matrices=False)[0],
            "those are the singular vectors of W, which know nothing of the images.",
        ),
        (axes(_centred(x)).flip(1), "right axes, wrong order: largest variance first. eigh sorts upwards."),
        (
            pca,
            "those are the principal components of all of x, outside the plane of W. Project on that first.",
        ),
        (axes(x), "you did not centre the images, so your first axis points at their mean."),
        (
            w / w.norm(dim=0),
            "those are the columns of W with length 1. They are not orthogonal to each other.",
        ),
    ]
    for target, hint in mistakes:
        if same_axes(target):
            return wrong(hint)
    gram = answer.T @ answer
    if not _same(gram, torch.eye(3, dtype=gram.dtype), 0.01):
        return wrong("your axes are not orthonormal: their products with each other should be 1 or 0.")
    if not _same(basis @ (basis.T @ answer), answer, 0.01):
        return wrong("your axes leave the plane that the columns of W span.")
    return wrong("right plane, other axes. Take codes in an orthonormal basis of it, centre them, and do PCA on them.")
