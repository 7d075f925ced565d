"""Wrong answers to the judged exercises on the bottleneck, each with a part of its hint."""

import torch
from torch import nn


def encoder(*layers):
    """A function of d; a layer that needs d is given as a function of it."""
    return lambda d: nn.Sequential(*(layer if isinstance(layer, nn.Module) else layer(d) for layer in layers))


WRONG = {
    "build_encoder": [
        (encoder(nn.Linear(784, 128), nn.SiLU(), lambda d: nn.Linear(128, d)), "Flatten the image"),
        (encoder(nn.Flatten(), nn.Linear(784, 128), lambda d: nn.Linear(128, d)), "one linear layer"),
        (encoder(nn.Flatten(), nn.Linear(784, 128), nn.SiLU(), lambda d: nn.Linear(128, d), nn.ReLU()), "Drop it"),
        (encoder(nn.Flatten(), nn.Linear(784, 128), nn.SiLU(), nn.Linear(128, 7)), "Use the argument"),
        (encoder(nn.Flatten(), nn.Linear(784, 64), nn.SiLU(), lambda d: nn.Linear(64, d)), "784 to 128"),
        (encoder(nn.Flatten(), nn.Linear(784, 128), nn.SiLU(), lambda d: nn.Linear(128, d), nn.Tanh()), "fixed range"),
        (lambda d: torch.zeros(d), "nn.Sequential"),
    ],
}
