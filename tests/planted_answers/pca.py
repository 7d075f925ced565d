"""Wrong answers that the checks of chapter 3 must reject, with part of the hint."""

import torch


def count(s, share):
    return int((s.cumsum(0) / s.sum() < share).sum()) + 1


def cosines(a, b):
    return torch.linalg.svdvals(torch.linalg.qr(a)[0].T @ torch.linalg.qr(b)[0]).clamp(max=1)


def least_squares(z, x):
    return z @ torch.linalg.lstsq(z, x).solution


def encoder(z, x):
    return torch.linalg.lstsq(x - x.mean(0), z - z.mean(0)).solution


def inside(w, images):
    """The principal axes of the images inside the span of w."""
    basis, _ = torch.linalg.qr(w)
    return basis @ torch.linalg.svd(images @ basis, full_matrices=False)[2].T


WRONG = {
    "reconstruct": [
        (lambda x, mean, u: x @ u @ u.T + mean, "you did not centre"),
        (lambda x, mean, u: (x - mean) @ u @ u.T, "did not add the mean back"),
        (lambda x, mean, u: x @ u @ u.T, "plane through the origin"),
        (lambda x, mean, u: (x - x.mean(0)) @ u @ u.T + x.mean(0), "mean of this batch"),
        (lambda x, mean, u: (x - mean) @ u, "that is the code"),
        (lambda x, mean, u: x, "x itself"),
        (lambda x, mean, u: x - mean - (x - mean) @ u @ u.T, "what the projection removes"),
        (lambda x, mean, u: mean.expand_as(x), "add the mean back."),
        (lambda x, mean, u: x.T, "should have the shape"),
    ],
    "components_needed": [
        (count, "added up singular values"),
        (lambda s, share: count(s**2, share) - 1, "one too few"),
        (lambda s, share: count(s**2, share) + 1, "one too many"),
        (lambda s, share: -int(-share * len(s) // 1), "a share of the number of components"),
        (lambda s, share: int((s**2 / (s**2).sum() >= 1 - share).sum()), "each component alone"),
        (lambda s, share: count(s**4, share), "squared twice"),
        (lambda s, share: (s**2).cumsum(0)[0] / (s**2).sum(), "that is a share."),
        (lambda s, share: 84, "count until the share is reached"),
    ],
    "largest_angle": [
        (lambda a, b: torch.rad2deg(torch.linalg.svdvals(a.T @ b).min().acos()), "not orthonormal"),
        (
            lambda a, b: torch.rad2deg(torch.linalg.svdvals(a.T @ b).clamp(max=1).min().acos()),
            "not orthonormal",
        ),
        (
            lambda a, b: torch.rad2deg(
                torch.linalg.svdvals((a / a.norm(dim=0)).T @ (b / b.norm(dim=0))).clamp(max=1).min().acos()
            ),
            "columns of length 1",
        ),
        (lambda a, b: cosines(a, b).min().acos(), "radians"),
        (lambda a, b: torch.rad2deg(cosines(a, b).max().acos()), "smallest angle"),
        (lambda a, b: torch.rad2deg(cosines(a, b).acos().mean()), "mean of the angles"),
        (lambda a, b: cosines(a, b).min(), "that is the cosine"),
        (lambda a, b: torch.rad2deg(cosines(a, b).acos()), "several numbers"),
        (
            lambda a, b: float("nan") if cosines(a, b).min() > 0.9999 else cosines(a, b).min().item(),
            "just above 1",
        ),
        (lambda a, b: 45.0, "the same subspace"),
    ],
    "best_linear_decoder": [
        (lambda z, x: x, "you returned x"),
        (least_squares, "no offset"),
        (lambda z, x: least_squares(z - z.mean(0), x - x.mean(0)), "did not add the mean of x back"),
        (lambda z, x: (z - z.mean(0)) @ torch.linalg.pinv(encoder(z, x)) + x.mean(0), "and inverted it"),
        (lambda z, x: (z - z.mean(0)) @ encoder(z, x).T + x.mean(0), "and transposed it"),
        (lambda z, x: torch.linalg.lstsq(z, x).solution, "those are the weights"),
        (lambda z, x: x.mean(0).expand_as(x), "a smaller error"),
    ],
    "principal_axes": [
        (lambda w, x: torch.linalg.qr(w)[0], "so is any rotation"),
        (lambda w, x: torch.linalg.svd(w, full_matrices=False)[0], "singular vectors of W"),
        (lambda w, x: inside(w, x - x.mean(0)).flip(1), "wrong order"),
        (
            lambda w, x: torch.linalg.svd(x - x.mean(0), full_matrices=False)[2][: w.shape[1]].T,
            "principal components of all of x",
        ),
        (inside, "did not centre"),
        (lambda w, x: w / w.norm(dim=0), "columns of W with length 1"),
        (lambda w, x: w, "not orthonormal"),
        (lambda w, x: inside(w, x - x.mean(0)).T, "your axes are rows"),
        (lambda w, x: torch.linalg.qr(w)[0].T @ inside(w, x - x.mean(0)), "code space"),
        (lambda w, x: torch.eye(len(w))[:, : w.shape[1]], "leave the plane"),
        (lambda w, x: torch.linalg.qr(w.flip(1))[0], "right plane, other axes"),
    ],
}
