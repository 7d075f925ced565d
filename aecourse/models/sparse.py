"""The sparse autoencoder: a code of which most numbers are exactly zero."""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize

from aecourse import losses
from aecourse.models.vanilla import VanillaAutoencoder
from aecourse.validation import check_choice, check_positive, check_whole_number


class SparseAutoencoder(VanillaAutoencoder):
    """Few units at a time, by an L1 penalty or by keeping the k largest (Makhzani & Frey 2014, arXiv:1312.5663).

    A ReLU makes zeros possible. Decoder columns of length one (Bricken et al. 2023) keep the network
    from shrinking the code and growing the decoder, which would lower the penalty for nothing.

    Args:
        latent_dim, hidden_dims: as in `VanillaAutoencoder`; latent_dim may be above 784. hidden_dims=()
            makes a dictionary: the image is a sum of columns, one a unit, without a sigmoid.
        sparsity_weight: λ, the weight of the mean over images of Σ|z|; no penalty when it is not given.
        top_k: keep the k largest numbers of each code and set the others to zero (Gao et al. 2024, arXiv:2406.04093);
            latent_dim // 2 when neither it nor a sparsity_weight is given.
        code: "relu", or "linear" for the naive form: no ReLU, free decoder columns, no exact zeros.
    """

    def __init__(self, latent_dim=32, hidden_dims=None, sparsity_weight=None, top_k=None, code="relu"):
        super().__init__(latent_dim, hidden_dims)
        check_choice(code, "code", ("relu", "linear"))
        if sparsity_weight is not None:
            check_positive(sparsity_weight, "sparsity_weight")
        elif code == "linear":
            raise ValueError("sparsity_weight: expected a number above zero, the penalty of a linear code, got None.")
        elif top_k is None:
            top_k = max(1, latent_dim // 2)
        if top_k is not None:
            check_whole_number(top_k, "top_k")
            if top_k > latent_dim:
                raise ValueError(f"top_k: expected at most latent_dim, {latent_dim}, got {top_k}.")
        self.sparsity_weight, self.top_k, self.code = sparsity_weight, top_k, code
        if not self.hidden_dims:
            self.decoder = nn.Sequential(self.from_code, self.decoder[-1])  # a sum of columns: no sigmoid
        if code == "relu":
            self.encoder.append(nn.ReLU())
            parametrize.register_parametrization(self.from_code, "weight", UnitColumns())
            with torch.no_grad():  # a unit first looks for what it draws: fewer die (Gao et al. 2024)
                self.to_code.weight.copy_(self.from_code.weight.T)

    def encode(self, x):
        """Codes (N, d), zero but for the active units."""
        z = super().encode(x)  # (N, d)
        if self.top_k is None:
            return z
        values, units = z.topk(self.top_k)  # (N, k)
        return torch.zeros_like(z).scatter(1, units, values)  # (N, d)

    def penalty(self, z):
        """λ times the mean over images of Σ|z|; nothing without a sparsity_weight."""
        return super().penalty(z) if self.sparsity_weight is None else self.sparsity_weight * losses.sparsity(z)


class UnitColumns(nn.Module):
    """A weight of which each column, one a unit, is divided by its length."""

    def forward(self, weight):
        return functional.normalize(weight, dim=0)

    def right_inverse(self, weight):
        return weight  # so that a weight can be assigned; its columns' lengths are lost
