"""What training makes small. All functions take float32 tensors and return a scalar tensor."""

import math

from torch.nn import functional

from aecourse.validation import check_codes, check_positive, check_same_shape


def reconstruction(x_hat, x):
    """Mean squared error, averaged over pixels and images: 1/(N n) Σ (x_hat - x)².

    Args:
        x_hat: reconstructions, any shape; they may leave [0, 1].
        x: targets, the same shape, values in [0, 1].

    Raises:
        TypeError, ValueError: if they are not finite float32 tensors of one shape, or the targets leave [0, 1].
    """
    check_same_shape(x_hat, x, ("x_hat", "x"), grey=("x",))
    return functional.mse_loss(x_hat, x)


def gaussian_nll(x_hat, x, std):
    """-log N(x; x_hat, std² I) in nats, summed over pixels and averaged over images.

    The chapter on the mean squared error derives it: ‖x - x_hat‖² / (2 std²) + n log(std √(2π)).

    Args:
        x_hat, x: (N, ...), one shape; x in [0, 1].
        std: the decoder's fixed standard deviation, above zero, in units of a pixel.
    """
    check_same_shape(x_hat, x, ("x_hat", "x"), batch=True, grey=("x",))
    check_positive(std, "std")
    squares = (x - x_hat).flatten(1).square().sum(1)  # (N,)
    n = x[0].numel()
    return (squares / (2 * std**2)).mean() + n * math.log(std * math.sqrt(2 * math.pi))


def bernoulli_nll(x_hat, x):
    """Binary cross-entropy in nats, summed over pixels and averaged over images.

    A likelihood only where x is 0 or 1; for grey x it is not, and x_hat = x does not make it zero
    (Loaiza-Ganem & Cunningham 2019, arXiv:1907.06845).

    Args:
        x_hat, x: (N, ...), one shape, values in [0, 1].
    """
    check_same_shape(x_hat, x, ("x_hat", "x"), batch=True, grey=("x_hat", "x"))
    x_hat = x_hat.clamp(0, 1)  # where it is above 1 by rounding
    return functional.binary_cross_entropy(x_hat, x, reduction="none").flatten(1).sum(1).mean()


def sparsity(z):
    """L1 penalty of a code: Σ|z| over the units, averaged over the images.

    Averaging over the units as well would divide its weight by d.

    Args:
        z: (N, d).
    """
    check_codes(z)
    return z.abs().sum(1).mean()


def kl_divergence(mu, logvar):
    """KL(N(mu, diag exp logvar) ‖ N(0, I)) in nats, summed over the units, averaged over the images.

    ½ Σ (mu² + exp logvar - logvar - 1): Kingma & Welling 2014, arXiv:1312.6114, appendix B.

    Args:
        mu, logvar: (N, d), one shape.
    """
    check_same_shape(mu, logvar, ("mu", "logvar"), batch=True)
    return 0.5 * (mu.square() + logvar.exp() - logvar - 1).flatten(1).sum(1).mean()
