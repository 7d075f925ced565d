"""Each metric against scikit-learn, NumPy or data whose answer is known."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_squared_error
from sklearn.neighbors import KNeighborsClassifier

from aecourse import metrics, models


def test_reconstruction_mse_is_scikit_learns():
    torch.manual_seed(0)
    x, model = torch.rand(2500, 1, 28, 28), models.VanillaAutoencoder(2, (8,))
    with torch.no_grad():
        expected = mean_squared_error(x.flatten(1), model(x).flatten(1))
    assert math.isclose(metrics.reconstruction_mse(model, x), expected, rel_tol=1e-5)
    assert metrics.reconstruction_mse(lambda x: x, x) == 0


def test_knn_accuracy_is_scikit_learns():
    torch.manual_seed(0)
    codes, labels = torch.randn(300, 3), torch.randint(0, 3, (300,))
    expected = KNeighborsClassifier(7).fit(codes[:200], labels[:200]).score(codes[200:], labels[200:])
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


def test_two_nn_drops_duplicates():
    torch.manual_seed(0)
    points = torch.rand(500, 2)
    assert metrics.two_nn_dimension(torch.cat([points, points])) == metrics.two_nn_dimension(points)
