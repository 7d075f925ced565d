"""The published table is what the account says, and no default of the package can change it."""

import inspect
import math
from dataclasses import asdict

import pytest
import torch
from torch import nn

from aecourse import data, models, published

IMAGES = data.load_mnist().test.images[:8]
ROWS = pytest.mark.parametrize("row", published.CONFIGURATIONS, ids=lambda row: f"{row.variant}-{row.published}")
RECIPES = pytest.mark.parametrize("recipe", ("theirs", "course"))


def widths(model):
    """Rows and columns of each weight, or the channels of a convolution, in the order of the layers."""
    layers = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
    return [tuple(layer.weight.shape[:2]) for layer in model.modules() if isinstance(layer, layers)]


def kernels(model):
    return {layer.kernel_size for layer in model.modules() if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d))}


@ROWS
def test_the_course_trains_the_published_widths(row):
    theirs, course = row.theirs(), row.course()
    assert widths(theirs) == widths(course) and theirs.latent_dim == course.latent_dim


@RECIPES
@ROWS
def test_the_widths_are_the_account_s(row, recipe):
    model = getattr(row, recipe)()
    d = model.latent_dim
    if row.variant == "convolutional":
        encoder, decoder = [(16, 1), (32, 16), (d, 32 * 49)], [(32 * 49, d), (32, 16), (16, 1)]
    else:
        encoder, decoder = [(512, 784), (256, 512), (d, 256)], [(256, d), (512, 256), (784, 512)]
    assert widths(model) == encoder + decoder
    assert model(IMAGES).shape == IMAGES.shape


def test_the_rows_are_the_account_s():
    rows = [(row.variant, row.theirs().latent_dim, row.published) for row in published.CONFIGURATIONS]
    assert rows == [
        ("vanilla", 2, 0.0401),
        ("vanilla", 32, 0.0125),
        ("denoising", 32, 0.0191),
        ("sparse", 32, 0.0130),
        ("convolutional", 32, 0.0083),
    ]


@ROWS
def test_the_published_models_have_relu_everywhere(row):
    model = row.theirs()
    layers = [type(layer) for part in (model.encoder, model.decoder) for layer in part]
    # Three layers with weights on each side: no activation on the code, in the convolutional one none after the
    # decoder's linear layer either.
    assert layers.count(nn.ReLU) == (3 if row.variant == "convolutional" else 4) and nn.SiLU not in layers


def test_what_else_makes_a_variant():
    _, _, denoising, sparse, convolutional = published.CONFIGURATIONS
    assert denoising.theirs().noise_std == denoising.course().noise_std == 0.3
    assert kernels(convolutional.theirs()) == {(3, 3)} and kernels(convolutional.course()) == {(4, 4)}
    assert sparse.course().top_k == 16 and sparse.course().code == "relu"
    assert sparse.theirs().top_k is None and sparse.theirs().code == "linear"


def test_the_sparse_penalty_is_a_thousandth_of_the_mean():
    *_, sparse, _ = published.CONFIGURATIONS
    model = sparse.theirs()
    z = torch.randn(50, model.latent_dim)
    assert math.isclose(model.penalty(z), 1e-3 * z.abs().mean(), rel_tol=1e-5)
    assert sparse.course().penalty(z) == 0


def test_the_settings_are_the_account_s():
    account = {"optimizer": "adam", "schedule": "constant", "max_lr": 1e-3, "batch_size": 128, "epochs": 30}
    assert asdict(published.PUBLISHED) == account
    assert published.COURSE.epochs == 30


@RECIPES
@ROWS
def test_another_default_changes_no_model(row, recipe, monkeypatch):
    build = getattr(row, recipe)
    torch.manual_seed(0)
    before = build()
    others = {"hidden_dims": (64,), "channels": (4, 8), "noise_std": 0.5, "top_k": 3, "code": "linear"}
    for kind in (
        models.VanillaAutoencoder,
        models.DenoisingAutoencoder,
        models.SparseAutoencoder,
        models.ConvolutionalAutoencoder,
    ):
        parameters = inspect.signature(kind).parameters.values()
        defaults = tuple(others.get(p.name, p.default) for p in parameters if p.default is not p.empty)
        monkeypatch.setattr(kind.__init__, "__defaults__", defaults)
    assert models.VanillaAutoencoder().encoder[1].out_features == 64, "the other default should be in force"
    torch.manual_seed(0)
    after = build()
    torch.manual_seed(1)
    expected = before.loss(IMAGES)
    torch.manual_seed(1)
    assert torch.equal(after.loss(IMAGES), expected)
