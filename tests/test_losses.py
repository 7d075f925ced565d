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


@pytest.mark.parametrize(
    "loss", [losses.reconstruction, lambda x_hat, x: losses.gaussian_nll(x_hat, x, 0.3), losses.bernoulli_nll]
)
@pytest.mark.parametrize(
    ("spoil", "mend"),
    [
        (lambda x: x * 255, "by 255"),
        (lambda x: 2 * (x > 0.5).float() - 1, r"\(x \+ 1\) / 2"),
        (lambda x: (x - 0.13) / 0.31, r"x \* std \+ mean"),
    ],
)
def test_targets_on_another_scale_are_refused_with_the_mend(pair, loss, spoil, mend):
    x_hat, x = pair
    with pytest.raises(ValueError, match=rf"^x: expected values in \[0, 1\], got .*{mend}"):
        loss(x_hat, spoil(x))


def test_reconstructions_may_leave_0_to_1_but_for_the_cross_entropy(pair):
    x_hat, x = pair
    assert losses.reconstruction(3 * x_hat - 1, x) > 0 and losses.gaussian_nll(3 * x_hat - 1, x, 0.3) > 0
    with pytest.raises(ValueError, match=r"x_hat: expected values in \[0, 1\]"):
        losses.bernoulli_nll(x_hat + 1, x)


def test_rounding_is_forgiven(pair):
    x_hat, x = pair
    beyond = torch.where(x > 0.5, 1 + 5e-7, -5e-7)
    assert torch.isclose(losses.reconstruction(x_hat, beyond), losses.reconstruction(x_hat, x.round()), rtol=1e-4)
    assert torch.isclose(losses.bernoulli_nll(beyond, x), losses.bernoulli_nll(x.round(), x), rtol=1e-4)


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
