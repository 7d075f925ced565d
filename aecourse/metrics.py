"""Numbers from tensors and models, which they leave as they are; scikit-learn and torchmetrics do the work."""

import contextlib
import warnings

import torch
from torch import nn

from aecourse.validation import (
    check_codes,
    check_images,
    check_labels,
    check_same_shape,
    check_whole_number,
    describe,
)


def parameter_count(module):
    """How many numbers training may change in a network or a part of one, an int.

    Raises:
        TypeError: if `module` is no `nn.Module`.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module: expected a network (nn.Module), got {describe(module)}.")
    return sum(parameter.numel() for parameter in module.parameters())


def reconstruction_mse(model, images):
    """Mean squared error of `model(images)`, averaged over pixels and images, a float.

    Args:
        model: anything that maps images to reconstructions of the same shape. A network is measured in eval mode,
            and then has the mode that it had.
        images: (N, 1, 28, 28) float32 in [0, 1], clean: the variant's own corruption is not applied.

    Raises:
        TypeError, ValueError: if `images` is something else.
    """
    return reconstruction_errors(model, images).double().mean().item()


@torch.no_grad()
def reconstruction_errors(model, images):
    """Squared error of each image's reconstruction, averaged over its pixels: (N,) float32.

    Args and errors: as in `reconstruction_mse`.
    """
    check_images(images)
    if not callable(model):
        raise TypeError(f"model: expected a function from images to reconstructions, got {describe(model)}.")
    errors = []
    with _eval_mode(model):
        for x in images.split(1000):
            x_hat = model(x.clone())  # it may work in place
            check_same_shape(x_hat, x, ("what the model returns", "images"))
            errors.append((x_hat - x).square().flatten(1).mean(1))  # (B,)
    return torch.cat(errors)


@contextlib.contextmanager
def _eval_mode(model):
    """Within it a network does not drop units or count statistics; then each module has its mode again."""
    modes = {module: module.training for module in model.modules()} if isinstance(model, nn.Module) else {}
    for module in modes:
        module.training = False
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


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

    _check_labelled_codes(train_codes, train_labels, test_codes, test_labels)
    check_whole_number(n_neighbors, "n_neighbors")
    if n_neighbors > len(train_codes):
        raise ValueError(f"n_neighbors: expected at most the {len(train_codes)} training codes, got {n_neighbors}.")
    classifier = KNeighborsClassifier(n_neighbors).fit(train_codes.detach().cpu().numpy(), train_labels.cpu().numpy())
    return float(classifier.score(test_codes.detach().cpu().numpy(), test_labels.cpu().numpy()))


def linear_probe_accuracy(train_codes, train_labels, test_codes, test_labels):
    """Share of test codes that a linear classifier of the training codes gets right, in [0, 1].

    The classifier is a logistic regression (Alain & Bengio 2016, arXiv:1610.01644) on codes whose
    numbers are each scaled to mean 0 and standard deviation 1.

    Args:
        train_codes, test_codes: (N, d) and (M, d) float32; flattened images are codes too.
        train_labels, test_labels: (N,) and (M,) whole numbers, at least two classes in the first.

    Raises:
        TypeError, ValueError: if shapes or types differ, or all training labels are the same.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    _check_labelled_codes(train_codes, train_labels, test_codes, test_labels)
    if len(train_labels.unique()) < 2:
        raise ValueError(f"train_labels: expected at least two classes, got only {train_labels[0]}.")
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    probe.fit(train_codes.detach().cpu().numpy(), train_labels.cpu().numpy())
    return float(probe.score(test_codes.detach().cpu().numpy(), test_labels.cpu().numpy()))


def _check_labelled_codes(train_codes, train_labels, test_codes, test_labels):
    """Raise unless the codes have one length and each has a label."""
    check_codes(train_codes, name="train_codes")
    check_codes(test_codes, train_codes.shape[1], name="test_codes")
    check_labels(train_labels, len(train_codes), "train_labels")
    check_labels(test_labels, len(test_codes), "test_labels")


def classifier_features(images, labels):
    """Train a small classifier, and return the function that gives its last hidden layer for images.

    784-128-64-10 with ReLU, twelve passes: enough for features to compare real and made digits in, as
    `precision_recall` and `frechet_distance` do. Always from the same seed, so always the same function.

    Args:
        images: (N, 1, 28, 28) float32 in [0, 1] to train on.
        labels: (N,) whole numbers, at least two classes.

    Returns:
        A function (N, 1, 28, 28) -> (N, 64), the features, 0 or more. Made images may leave [0, 1], as those of
        linear decoders do, but not by another scale (0..255, [-1, 1], standardised).

    Raises:
        TypeError, ValueError: if they are something else; the function raises the same.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    check_images(images)
    check_labels(labels, len(images))
    if len(labels.unique()) < 2:
        raise ValueError(f"labels: expected at least two classes, got only {labels[0]}.")
    batch_size = min(64, len(images))
    classifier = MLPClassifier((128, 64), learning_rate_init=3e-3, batch_size=batch_size, max_iter=12, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it could still improve; features need not
        classifier.fit(images.flatten(1).cpu().numpy(), labels.cpu().numpy())
    hidden = [
        (torch.from_numpy(weight).float(), torch.from_numpy(bias).float())
        for weight, bias in zip(classifier.coefs_[:-1], classifier.intercepts_[:-1], strict=True)
    ]

    def features(images):
        check_images(images, overshoot=True)
        h = images.flatten(1)  # (N, 784)
        for weight, bias in hidden:
            h = torch.relu(h @ weight.to(h.device) + bias.to(h.device))  # (N, 128), then (N, 64)
        return h

    return features


def precision_recall(real, fake, n_neighbors=3):
    """How much of what was made looks real, and how much of what is real could have been made.

    Improved precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991, section 2). A set of points
    stands for the balls around them, each as large as the distance to the `n_neighbors`-th neighbour.
    Precision is the share of `fake` inside the balls of `real`; recall the share of `real` inside the balls of `fake`.

    Args:
        real, fake: (N, k) and (M, k) float32, features of real and of made images.
        n_neighbors: larger balls forgive more; at most N - 1 and M - 1.

    Returns:
        (precision, recall), each in [0, 1].

    Raises:
        TypeError, ValueError: if they are something else, or fewer than `n_neighbors` + 1.
    """
    check_codes(real, name="real")
    check_codes(fake, real.shape[1], name="fake")
    check_whole_number(n_neighbors, "n_neighbors")
    for points, name in ((real, "real"), (fake, "fake")):
        if len(points) <= n_neighbors:
            raise ValueError(f"{name}: expected more than n_neighbors = {n_neighbors} points, got {len(points)}.")
    return _share_inside(fake, real, n_neighbors), _share_inside(real, fake, n_neighbors)


def _share_inside(points, centres, n_neighbors):
    """Share of `points` within at least one centre's distance to its `n_neighbors`-th neighbour."""
    # cdist multiplies out (a - b)²: far from 0 the squares cancel, and in float32 little is left of the distance.
    points, centres = (p.detach().cpu().double() for p in (points, centres))
    points, centres = points - centres.mean(0), centres - centres.mean(0)
    # In pieces, as all distances of 20,000 points take 3 GB; a centre's nearest is itself.
    radii = torch.cat([torch.cdist(c, centres).kthvalue(n_neighbors + 1, dim=1).values for c in centres.split(1000)])
    inside = [(torch.cdist(p, centres) <= radii).any(dim=1) for p in points.split(1000)]
    return torch.cat(inside).double().mean().item()


def frechet_distance(real, fake):
    """Fréchet distance between Gaussians fitted to two sets of features: ‖μ - μ'‖² + tr(Σ + Σ' - 2 (ΣΣ')^½).

    The formula of the FID (Heusel et al. 2017, arXiv:1706.08500, equation 6), in features of your choice: values
    compare only within one kind of features and one number of points.

    Args:
        real, fake: (N, k) and (M, k) float32, at least two points each.

    Returns:
        A float of 0 or more, in squared units of the features.

    Raises:
        TypeError, ValueError: if they are something else.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance

    check_codes(real, name="real")
    check_codes(fake, real.shape[1], name="fake")
    for points, name in ((real, "real"), (fake, "fake")):
        if len(points) < 2:
            raise ValueError(f"{name}: expected at least two points, got {len(points)}.")
    given = nn.Identity()  # where torchmetrics would compute features of images
    given.num_features = real.shape[1]
    distance = FrechetInceptionDistance(feature=given)
    distance.update(real.detach().cpu(), real=True)
    distance.update(fake.detach().cpu(), real=False)
    return max(distance.compute().item(), 0.0)


def reconstruction_auc(model, inliers, outliers):
    """How well the reconstruction error tells `outliers` from `inliers`: the area under the ROC curve.

    The probability that a random outlier has the larger error: 0.5 is chance, 1 perfect, below 0.5 the wrong way
    round (Fawcett 2006, doi:10.1016/j.patrec.2005.10.010).

    Args:
        model: anything that maps images to reconstructions of the same shape.
        inliers, outliers: (N, 1, 28, 28) and (M, 1, 28, 28) float32 in [0, 1].

    Raises:
        TypeError, ValueError: if they are something else.
    """
    from sklearn.metrics import roc_auc_score

    errors = [reconstruction_errors(model, images) for images in (inliers, outliers)]
    is_outlier = [torch.full((len(e),), float(kind)) for kind, e in enumerate(errors)]
    return float(roc_auc_score(torch.cat(is_outlier).numpy(), torch.cat(errors).cpu().numpy()))


def two_nn_dimension(points):
    """Intrinsic dimension from each point's two nearest neighbours (Facco et al. 2017, doi:10.1038/s41598-017-11873-y).

    The ratio μ of the second distance to the first has the distribution 1 - μ^-D. Facco et al. fit D as the slope
    of a line through the empirical distribution; here it is the maximum-likelihood estimate N / Σ log μ
    (Denti et al. 2022, doi:10.1038/s41598-022-20991-1). Duplicate points carry no ratio and are dropped.

    Args:
        points: (N, d) float32, N > 2, spread continuously: on a grid both neighbours are equally far.

    Raises:
        TypeError, ValueError: if `points` is something else, fewer than 3 points are distinct, or for a quarter of
            them the two distances differ by less than a thousandth.
    """
    from sklearn.neighbors import NearestNeighbors

    check_codes(points, name="points")
    distinct = torch.unique(points.detach().cpu(), dim=0).numpy()
    if len(distinct) < 3:
        raise ValueError(f"points: expected at least 3 distinct points, got {len(distinct)}.")
    distances, _ = NearestNeighbors(n_neighbors=3).fit(distinct).kneighbors(distinct)  # (N, 3), the first is 0
    log_ratio = torch.from_numpy(distances[:, 2] / distances[:, 1]).log()
    tied = (log_ratio < 1e-3).double().mean().item()  # in D dimensions about D / 1000 by chance
    if tied > 0.25:
        raise ValueError(
            f"points: expected two neighbours at different distances, got {tied:.0%} of the points with ties, as on a "
            "grid; leave the values unrounded."
        )
    return float(len(distinct) / log_ratio.sum())
