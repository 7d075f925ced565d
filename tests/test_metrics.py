"""Each metric against scikit-learn, NumPy or data whose answer is known."""

import math
import warnings

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mean_squared_error
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from torch import nn

from aecourse import data, metrics, models


def test_reconstruction_mse_is_scikit_learns():
    torch.manual_seed(0)
    x, model = torch.rand(2500, 1, 28, 28), models.VanillaAutoencoder(2, (8,))
    with torch.no_grad():
        expected = mean_squared_error(x.flatten(1), model(x).flatten(1))
    assert math.isclose(metrics.reconstruction_mse(model, x), expected, rel_tol=1e-5)
    assert metrics.reconstruction_mse(lambda x: x, x) == 0


def test_measuring_an_in_place_model_changes_nothing():
    torch.manual_seed(0)
    x = torch.rand(50, 1, 28, 28)
    before = x.clone()
    error = metrics.reconstruction_mse(lambda x: x.mul_(0.5), x)
    assert math.isclose(error, (before / 2).square().mean(), rel_tol=1e-5)
    assert torch.equal(x, before)


class Mixed(models.LinearAutoencoder):
    """Statistics, dropout, and one layer that its owner keeps in eval mode."""

    def __init__(self):
        super().__init__(2)
        self.encoder.append(nn.BatchNorm1d(2))
        self.encoder.append(nn.Dropout(0.5))
        self.train()
        self.decoder[0].eval()

    def encode(self, x):
        x -= x.mean()  # in place
        return self.encoder(x)


@pytest.mark.parametrize(
    "measure",
    [metrics.reconstruction_mse, lambda m, x: metrics.reconstruction_auc(m, x, x), models.fit_latent_density],
)
def test_measuring_leaves_modes_statistics_and_images_alone(measure):
    torch.manual_seed(0)
    model, x = Mixed(), torch.rand(200, 1, 28, 28)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    modes, before = [module.training for module in model.modules()], x.clone()
    measure(model, x)
    assert [module.training for module in model.modules()] == modes and torch.equal(x, before)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_a_network_is_measured_in_eval_mode_and_keeps_its_mode_when_it_fails():
    torch.manual_seed(0)
    model, x = Mixed(), torch.rand(200, 1, 28, 28)
    error = metrics.reconstruction_mse(model, x)
    assert metrics.reconstruction_mse(model, x) == error, "dropout would differ each time"
    assert math.isclose(metrics.reconstruction_mse(model.eval(), x), error, rel_tol=1e-6)
    broken = nn.Sequential(nn.Dropout(), nn.Flatten())
    with pytest.raises(ValueError, match="one shape"):
        metrics.reconstruction_mse(broken, x)
    assert broken.training and broken[0].training


def test_knn_accuracy_is_scikit_learns():
    torch.manual_seed(0)
    codes, labels = torch.randn(300, 3), torch.randint(0, 3, (300,))
    points, classes = codes.numpy(), labels.numpy()  # scikit-learn 1.6 refuses tensors
    expected = KNeighborsClassifier(7).fit(points[:200], classes[:200]).score(points[200:], classes[200:])
    assert metrics.knn_accuracy(codes[:200], labels[:200], codes[200:], labels[200:], 7) == expected


def test_knn_accuracy_of_separate_classes_is_one():
    codes, labels = torch.cat([torch.randn(50, 2), torch.randn(50, 2) + 100]), torch.arange(100) // 50
    assert metrics.knn_accuracy(codes[::2], labels[::2], codes[1::2], labels[1::2]) == 1


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_two_nn_finds_a_known_dimension(dimension):
    """Uniform points in a cube, rotated into 50 dimensions."""
    generator = np.random.default_rng(0)
    points = generator.random((3000, dimension)) @ np.linalg.qr(generator.standard_normal((50, dimension)))[0].T
    assert math.isclose(metrics.two_nn_dimension(torch.from_numpy(points).float()), dimension, rel_tol=0.1)


def test_two_nn_is_the_maximum_likelihood_estimate():
    """Not the line fit of Facco et al.: the two differ on the same points."""
    points = np.random.default_rng(0).random((300, 3)).astype(np.float32)
    distances = np.sort(np.linalg.norm(points[:, None] - points[None], axis=2), axis=1)
    mu = np.sort(distances[:, 2] / distances[:, 1])
    assert math.isclose(metrics.two_nn_dimension(torch.from_numpy(points)), 300 / np.log(mu).sum(), rel_tol=1e-4)
    share = np.arange(300) / 300
    fitted = -(np.log(mu) @ np.log(1 - share)) / (np.log(mu) @ np.log(mu))
    assert abs(fitted / (300 / np.log(mu).sum()) - 1) > 0.01


@pytest.mark.parametrize(
    "points", [torch.arange(50.0)[:, None], torch.cartesian_prod(torch.arange(9.0), torch.arange(9.0))]
)
def test_two_nn_refuses_a_grid(points):
    with pytest.raises(ValueError, match=r"points: expected two neighbours at different distances, got \d+%"):
        metrics.two_nn_dimension(points)


def test_two_nn_drops_duplicates():
    torch.manual_seed(0)
    points = torch.rand(500, 2)
    assert metrics.two_nn_dimension(torch.cat([points, points])) == metrics.two_nn_dimension(points)


def test_reconstruction_errors_average_to_the_mse_image_by_image():
    torch.manual_seed(0)
    x, model = torch.rand(1200, 1, 28, 28), models.VanillaAutoencoder(2, (8,))
    errors = metrics.reconstruction_errors(model, x)
    assert errors.shape == (1200,) and not errors.requires_grad
    assert math.isclose(errors[7], metrics.reconstruction_mse(model, x[7:8]), rel_tol=1e-5)
    assert math.isclose(errors.mean(), metrics.reconstruction_mse(model, x), rel_tol=1e-5)


def test_linear_probe_is_a_logistic_regression_on_scaled_codes():
    torch.manual_seed(0)
    labels = torch.arange(400) % 4
    codes = torch.randn(400, 5) + torch.randn(4, 5)[labels]
    codes[:, 0] *= 1000  # a unit in other units must not decide
    points, classes = codes.numpy(), labels.numpy()
    scale = StandardScaler().fit(points[:300])
    probe = LogisticRegression(max_iter=1000).fit(scale.transform(points[:300]), classes[:300])
    expected = probe.score(scale.transform(points[300:]), classes[300:])
    assert metrics.linear_probe_accuracy(codes[:300], labels[:300], codes[300:], labels[300:]) == expected


def test_a_linear_probe_needs_two_classes():
    with pytest.raises(ValueError, match="at least two classes"):
        metrics.linear_probe_accuracy(torch.randn(9, 2), torch.zeros(9).long(), torch.randn(9, 2), torch.ones(9).long())


def test_classifier_features_are_the_last_hidden_layer_of_scikit_learns_classifier():
    train = data.load_mnist().train[:600]
    images, labels = train
    features = metrics.classifier_features(images, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = MLPClassifier((128, 64), learning_rate_init=3e-3, batch_size=64, max_iter=12, random_state=0)
        theirs.fit(images.flatten(1), labels)
    z = features(images)
    assert z.shape == (600, 64) and z.dtype == torch.float32 and z.min() == 0
    logits = z.double().numpy() @ theirs.coefs_[-1] + theirs.intercepts_[-1]
    assert (logits.argmax(1) == theirs.predict(images.flatten(1))).mean() > 0.99
    assert torch.equal(z, metrics.classifier_features(images, labels)(images))


def test_classifier_features_need_images_and_two_classes():
    images, labels = torch.rand(20, 1, 28, 28), torch.arange(20) % 2
    with pytest.raises(ValueError, match="at least two classes, got only 1"):
        metrics.classifier_features(images, torch.ones(20, dtype=torch.long))
    with pytest.raises(ValueError, match=r"images: expected"):
        metrics.classifier_features(images, labels)(images.flatten(1))


def test_precision_and_recall_are_those_of_a_plain_loop():
    torch.manual_seed(0)
    real, fake = torch.randn(80, 3), 0.7 * torch.randn(60, 3) + 0.5

    def share_inside(points, centres, k):
        radii = NearestNeighbors(n_neighbors=k + 1).fit(centres).kneighbors(centres)[0][:, -1]
        return np.mean([any(np.linalg.norm(p - c) <= r for c, r in zip(centres, radii, strict=True)) for p in points])

    for k in (1, 3):
        expected = share_inside(fake.numpy(), real.numpy(), k), share_inside(real.numpy(), fake.numpy(), k)
        assert metrics.precision_recall(real, fake, k) == pytest.approx(expected)


@pytest.mark.parametrize("shift", [1e3, 1e4])
def test_precision_and_recall_do_not_depend_on_where_the_features_are(shift):
    torch.manual_seed(0)
    real, fake = torch.randn(300, 16), 0.9 * torch.randn(200, 16)
    # As float32 keeps them there, so that both calls get the same cloud.
    real, fake = (real + shift) - shift, (fake + shift) - shift
    precision, recall = metrics.precision_recall(real, fake)
    assert 0.2 < recall < 0.9
    assert metrics.precision_recall(real + shift, fake + shift) == (precision, recall)


def test_precision_and_recall_are_computed_in_pieces():
    """All distances of 20,000 points at once would be 3 GB; here the pieces are smaller than the sets."""
    torch.manual_seed(0)
    real, fake = torch.randn(2300, 2), torch.randn(1100, 2) + 1
    radii = torch.cdist(real.double(), real.double()).kthvalue(4, dim=1).values
    inside = (torch.cdist(fake.double(), real.double()) <= radii).any(1).double().mean().item()
    assert metrics.precision_recall(real, fake)[0] == inside


def test_precision_sees_ugly_samples_and_recall_sees_missing_ones():
    torch.manual_seed(0)
    real = torch.cat([torch.randn(200, 4), torch.randn(200, 4) + 50])
    half, far = torch.randn(400, 4), torch.randn(400, 4) - 500
    precision, recall = metrics.precision_recall(real, half)
    assert precision > 0.9 and 0.4 < recall < 0.51
    assert metrics.precision_recall(real, far) == (0, 0)
    assert metrics.precision_recall(real, real) == (1, 1)


def test_frechet_distance_is_the_formula_with_scipys_root():
    torch.manual_seed(0)
    real, fake = torch.randn(300, 4), torch.randn(250, 4) @ torch.randn(4, 4) + 1
    a, b = real.double().numpy(), fake.double().numpy()
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    expected = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(cov_a + cov_b - 2 * sqrtm(cov_a @ cov_b).real)
    assert math.isclose(metrics.frechet_distance(real, fake), expected, rel_tol=1e-4)
    assert metrics.frechet_distance(real, real) < 1e-4
    assert math.isclose(metrics.frechet_distance(real, real + 2), 16, rel_tol=1e-4)


@pytest.mark.parametrize("metric", [metrics.precision_recall, metrics.frechet_distance])
def test_feature_sets_must_match_and_suffice(metric):
    for real, fake in [(torch.randn(9, 3), torch.randn(9, 4)), (torch.randn(9, 3), torch.randn(1, 3)), (None, None)]:
        with pytest.raises((TypeError, ValueError), match="expected"):
            metric(real, fake)


def test_reconstruction_auc_is_the_share_of_pairs_in_the_right_order():
    torch.manual_seed(0)
    inliers, outliers = torch.rand(30, 1, 28, 28) * 0.98, torch.rand(20, 1, 28, 28)

    def black(x):
        return torch.zeros_like(x)

    low, high = (metrics.reconstruction_errors(black, x) for x in (inliers, outliers))
    expected = (high[None] > low[:, None]).double().mean().item()
    assert 0.5 < expected < 1
    assert math.isclose(metrics.reconstruction_auc(black, inliers, outliers), expected, rel_tol=1e-6)
    assert math.isclose(metrics.reconstruction_auc(black, outliers, inliers), 1 - expected, rel_tol=1e-6)


def test_parameters_are_counted():
    assert metrics.parameter_count(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))) == 3 * 2 + 2 + 2 + 2
    with pytest.raises(TypeError, match=r"^module: expected a network \(nn.Module\), got"):
        metrics.parameter_count([1.0])
