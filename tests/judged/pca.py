"""Wrong answers to the judged exercises on PCA, each with a part of its hint."""

import torch


def cosines(a, b):
    return torch.linalg.svdvals(torch.linalg.qr(a)[0].T @ torch.linalg.qr(b)[0]).clamp(max=1)


WRONG = {
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
}
