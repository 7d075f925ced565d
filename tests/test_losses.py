"""Each loss against another implementation: torch.distributions, autograd."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from aecourse import losses


@pytest.fixture
def pair():
    torch.manual_seed(0)
    return torch.rand(5, 1, 4, 4), torch.rand(5, 1, 4, 4)


def test_reconstruction_is_the_mean_of_squares(pair):
    x_hat, x = pair
    assert math.isclose(
        losses.reconstruction(x_hat, x), sum(((x_hat - x) ** 2).flatten().tolist()) / x.numel(), rel_tol=1e-5
    )


@pytest.mark.parametrize("std", [0.1, 1, 3.0])
def test_gaussian_nll_is_that_of_torch_distributions(pair, std):
    x_hat, x = pair
    expected = -Normal(x_hat, std).log_prob(x).flatten(1).sum(1).mean()
    assert torch.allclose(losses.gaussian_nll(x_hat, x, std), expected, rtol=1e-5)


def test_bernoulli_nll_is_that_of_torch_distributions(pair):
    x_hat, x = pair[0], pair[1].round()
    expected = -Bernoulli(x_hat).log_prob(x).flatten(1).sum(1).mean()
    assert torch.allclose(losses.bernoulli_nll(x_hat, x), expected, rtol=1e-5)


def test_gradients_follow_the_averages_of_the_docstrings(pair):
    x_hat, x = pair[0].requires_grad_(), pair[1]
    (gradient,) = torch.autograd.grad(losses.reconstruction(x_hat, x), x_hat)
    assert torch.allclose(gradient, 2 * (x_hat - x) / x.numel(), atol=1e-7)
    (gradient,) = torch.autograd.grad(losses.gaussian_nll(x_hat, x, 0.5), x_hat)
    assert torch.allclose(gradient, (x_hat - x) / 0.25 / len(x), atol=1e-6)


def test_values_outside_0_to_1_have_no_cross_entropy(pair):
    with pytest.raises(ValueError, match=r"x: expected values in \[0, 1\]"):
        losses.bernoulli_nll(pair[0], pair[1] + 1)


@pytest.mark.parametrize("std", [0, -1, float("nan"), "1", None])
def test_a_bad_std_is_refused(pair, std):
    with pytest.raises((TypeError, ValueError), match="std: expected"):
        losses.gaussian_nll(*pair, std)


def test_kl_divergence_is_torchs():
    torch.manual_seed(0)
    mu, logvar = torch.randn(7, 3), torch.randn(7, 3)
    expected = kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(torch.zeros(3), torch.ones(3))).sum(1).mean()
    assert torch.allclose(losses.kl_divergence(mu, logvar), expected, rtol=1e-5)
    assert losses.kl_divergence(torch.zeros(7, 3), torch.zeros(7, 3)) == 0
