"""Numbers from tensors and models; scikit-learn and torchmetrics do the work."""

import torch

from aecourse.validation import (
    check_codes,
    check_images,
    check_labels,
    check_same_shape,
    check_whole_number,
    describe,
)


@torch.no_grad()
def reconstruction_mse(model, images):
    """Mean squared error of `model(images)`, averaged over pixels and images, a float.

    Args:
        model: anything that maps images to reconstructions of the same shape.
        images: (N, 1, 28, 28) float32, clean: the variant's own corruption is not applied.

    Raises:
        TypeError, ValueError: if `images` is something else.
    """
    from torchmetrics import MeanSquaredError  # here, not above: it takes longer to import than torch

    check_images(images)
    if not callable(model):
        raise TypeError(f"model: expected a function from images to reconstructions, got {describe(model)}.")
    error = MeanSquaredError().to(images.device)
    for x in images.split(1000):
        x_hat = model(x)
        check_same_shape(x_hat, x, ("what the model returns", "images"))
        error.update(x_hat.flatten(), x.flatten())
    return error.compute().item()


def knn_accuracy(train_codes, train_labels, test_codes, test_labels, n_neighbors=5):
    """Share of test codes whose class the majority of their nearest training codes shares, in [0, 1].

    Args:
        train_codes, test_codes: (N, d) and (M, d) float32; flattened images are codes too.
        train_labels, test_labels: (N,) and (M,) whole numbers.
        n_neighbors: how many neighbours vote.

    Raises:
        TypeError, ValueError: if shapes or types differ.
    """
    from sklearn.neighbors import KNeighborsClassifier

    check_codes(train_codes, name="train_codes")
    check_codes(test_codes, train_codes.shape[1], name="test_codes")
    check_labels(train_labels, len(train_codes), "train_labels")
    check_labels(test_labels, len(test_codes), "test_labels")
    check_whole_number(n_neighbors, "n_neighbors")
    if n_neighbors > len(train_codes):
        raise ValueError(f"n_neighbors: expected at most the {len(train_codes)} training codes, got {n_neighbors}.")
    classifier = KNeighborsClassifier(n_neighbors).fit(train_codes.detach().cpu(), train_labels.cpu())
    return float(classifier.score(test_codes.detach().cpu(), test_labels.cpu()))


def two_nn_dimension(points):
    """Intrinsic dimension from each point's two nearest neighbours (Facco et al. 2017, doi:10.1038/s41598-017-11873-y).

    The ratio μ of the second distance to the first has the distribution 1 - μ^-D, so D is estimated
    by maximum likelihood as N / Σ log μ. Duplicate points carry no ratio and are dropped.

    Args:
        points: (N, d) float32, N > 2.

    Raises:
        TypeError, ValueError: if `points` is something else, or fewer than 3 points are distinct.
    """
    from sklearn.neighbors import NearestNeighbors

    check_codes(points, name="points")
    distinct = torch.unique(points.detach().cpu(), dim=0).numpy()
    if len(distinct) < 3:
        raise ValueError(f"points: expected at least 3 distinct points, got {len(distinct)}.")
    distances, _ = NearestNeighbors(n_neighbors=3).fit(distinct).kneighbors(distinct)  # (N, 3), the first is 0
    log_ratio = torch.from_numpy(distances[:, 2] / distances[:, 1]).log()
    return float(len(distinct) / log_ratio.sum())
