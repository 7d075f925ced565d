"""A model that is kept in a file comes back the same; a file that `save` didn't write builds nothing."""

import json
import os

import pytest
import torch
from torch import nn

from aecourse import data, models, reproducibility, saving, training


@pytest.fixture(scope="module")
def digits():
    digits = data.load_mnist()
    return data.Split(data.ImageSet(*digits.train[:250]), data.ImageSet(*digits.test[:100]))


class Own(models.LinearAutoencoder):
    """A class that isn't in `models`."""


def test_training_has_both():
    assert training.save is saving.save and training.load is saving.load


VARIANTS = {
    "linear": lambda: models.LinearAutoencoder(3),
    "vanilla": lambda: models.VanillaAutoencoder(4, [16, 8]),
    "vanilla without hidden layers": lambda: models.VanillaAutoencoder(4, ()),
    "sparse": lambda: models.SparseAutoencoder(8, (16,), sparsity_weight=1e-4),
    "dictionary": lambda: models.SparseAutoencoder(32, (), top_k=4),
    "naive": lambda: models.SparseAutoencoder(8, (16,), sparsity_weight=1e-4, code="linear"),
    "convolutional": lambda: models.ConvolutionalAutoencoder(4, (2, 3)),
    "variational": lambda: models.VariationalAutoencoder(2, (16,), std=0.3),
    "denoising": lambda: models.DenoisingAutoencoder(4, (16,), noise_std=0.6),
    "denoising, sparse": lambda: models.DenoisingAutoencoder(body=models.SparseAutoencoder(8, (16,), top_k=2)),
    "denoising, convolutional": lambda: models.DenoisingAutoencoder(body=models.ConvolutionalAutoencoder(4, (2, 3))),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_saved_model_comes_back_bit_for_bit(digits, tmp_path, name):
    reproducibility.seed_everything(0)
    model = VARIANTS[name]()
    training.fit(model, digits.train, epochs=1, progress=False)
    before = torch.get_rng_state()
    training.save(model, tmp_path / "kept")
    again = training.load(str(tmp_path / "kept"))
    assert torch.equal(torch.get_rng_state(), before), "keeping a model draws nothing"
    assert type(again) is type(model) and str(again) == str(model) and not again.training
    ours, theirs = model.state_dict(), again.state_dict()
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)
    x = digits.test.images
    assert torch.equal(again(x), model(x))
    losses = []
    for each in (model, again):  # the settings of the objective came back too
        torch.manual_seed(0)
        losses.append(each.loss(x).item())
    assert losses[0] == losses[1]
    training.fit(again, digits.train, epochs=1, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_every_variant_is_tried():
    built = [build() for build in VARIANTS.values()]
    assert {type(model) for model in built} == set(saving._variants().values())


def test_a_saved_file_replaces_another_whole(tmp_path):
    path = tmp_path / "model.safetensors"
    for latent_dim in (2, 3):
        training.save(models.LinearAutoencoder(latent_dim), path)
        assert training.load(path).latent_dim == latent_dim


def test_a_failed_save_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "model"
    training.save(models.LinearAutoencoder(2), path)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        training.save(models.LinearAutoencoder(3), path)
    monkeypatch.undo()
    assert training.load(path).latent_dim == 2 and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "path, error, words",
    [
        ("missing/model", OSError, "make it first"),
        ("", OSError, "folder"),
        (".", OSError, "folder"),
        (7, TypeError, "str or Path"),
        (None, TypeError, "str or Path"),
    ],
)
def test_a_path_that_cannot_be_written_gets_a_sentence(tmp_path, monkeypatch, path, error, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=words) as caught:
        training.save(models.LinearAutoencoder(2), path)
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_a_folder_that_is_read_only_gets_a_sentence(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(saving, "open", refuse, raising=False)  # root may write everywhere
    with pytest.raises(OSError, match=r"Permission denied.*unchanged"):
        training.save(models.LinearAutoencoder(2), tmp_path / "model")


def replaced_layer():
    model = models.VanillaAutoencoder(4, (16,))
    model.encoder[2] = nn.Tanh()
    return model


def replaced_penalty():
    model = models.VanillaAutoencoder(4, (16,))
    model.penalty = lambda z: z.abs().mean()
    return model


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: Own(2), "state_dict"),
        (lambda: nn.Linear(2, 2), "state_dict"),
        (lambda: None, "variants"),
        (replaced_layer, "a layer was replaced"),
        (replaced_penalty, "penalty was replaced"),
        (lambda: models.LinearAutoencoder(2).double(), "float32"),
        (lambda: models.DenoisingAutoencoder(2, (8,), corruption=lambda x: x), "model.body"),
        (lambda: models.DenoisingAutoencoder(body=Own(2)), "state_dict"),
    ],
    ids=["own class", "module", "None", "layer", "penalty", "float64", "corruption", "own body"],
)
def test_what_a_file_cannot_hold_is_refused(tmp_path, build, words):
    with pytest.raises((TypeError, ValueError), match=words) as caught:
        training.save(build(), tmp_path / "model")
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_the_way_around_a_corruption_works(tmp_path):
    model = models.DenoisingAutoencoder(2, (8,), corruption=torch.zeros_like)
    training.save(model.body, tmp_path / "body")
    again = models.DenoisingAutoencoder(body=training.load(tmp_path / "body"), corruption=torch.zeros_like)
    assert torch.equal(again.to_code.weight, model.to_code.weight)


NOT_OURS = r"expected a file from training\.save"


def forged(path, change):
    """The file of a small model with another recipe or other weights, and a checksum that fits them."""
    from safetensors.torch import save

    recipe = {"format": saving.FORMAT} | saving._recipe(model := models.SparseAutoencoder(4, (8,)))
    tensors = dict(model.state_dict())
    change(recipe, tensors)
    text = json.dumps(recipe)
    path.write_bytes(save(tensors, {"aecourse": text, "sha256": saving._digest(text, tensors)}))


def deep(recipe, _):
    for _ in range(100):
        recipe["arguments"] = {"body": {"class": "DenoisingAutoencoder", "arguments": recipe["arguments"]}}


FORGERIES = {
    "unknown class": lambda recipe, _: recipe.update({"class": "Popen"}),
    "a class that is no variant": lambda recipe, _: recipe.update({"class": "Autoencoder"}),
    "a later format": lambda recipe, _: recipe.update({"format": saving.FORMAT + 1}),
    "no arguments": lambda recipe, _: recipe.pop("arguments"),
    "an unknown argument": lambda recipe, _: recipe["arguments"].update({"command": "ls"}),
    "a bad argument": lambda recipe, _: recipe["arguments"].update({"latent_dim": -1}),
    "a huge argument": lambda recipe, _: recipe["arguments"].update({"hidden_dims": [10**15, 10**15]}),
    "another width": lambda recipe, _: recipe["arguments"].update({"latent_dim": 5}),
    "recipes in recipes": deep,
    "a list": lambda recipe, _: recipe.update({"arguments": [1]}),
    "one weight less": lambda _, tensors: tensors.pop("encoder.1.bias"),
    "one weight more": lambda _, tensors: tensors.update({"extra": torch.ones(2)}),
    "float64": lambda _, tensors: tensors.update({"encoder.1.bias": tensors["encoder.1.bias"].double()}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_file_is_refused(tmp_path, name):
    path = tmp_path / "model"
    forged(path, lambda recipe, tensors: None)
    training.load(path)  # forged without a change, it is a file like any other
    forged(path, FORGERIES[name])
    with pytest.raises(ValueError, match=NOT_OURS) as caught:
        training.load(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


def test_a_file_with_a_changed_byte_anywhere_is_refused(tmp_path):
    path = tmp_path / "model"
    training.save(models.VanillaAutoencoder(2, ()), path)
    whole = path.read_bytes()
    for place in (*range(0, 1000, 7), *range(1000, len(whole), len(whole) // 50), len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ValueError, match=NOT_OURS):
            training.load(path)
    for length in (0, 7, 8, 500, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=NOT_OURS):
            training.load(path)


def test_a_foreign_file_is_refused_and_nothing_in_it_runs(tmp_path):
    from safetensors.torch import save_file

    torch.save(models.LinearAutoencoder(2), tmp_path / "pickle.pt")
    save_file({"weight": torch.ones(2)}, tmp_path / "foreign.safetensors")
    for name in ("pickle.pt", "foreign.safetensors"):
        with pytest.raises(ValueError, match=NOT_OURS):
            training.load(tmp_path / name)
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(OSError, match="expected a file"):
            training.load(path)
    with pytest.raises(TypeError, match="str or Path"):
        training.load(3)
