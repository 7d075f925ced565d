"""A trained model in a file: `training.save` and `training.load`."""

import contextlib
import hashlib
import inspect
import json
import os
from pathlib import Path

import torch
from torch import nn

from aecourse import models
from aecourse.validation import check_weights, describe

FORMAT = 1  # of the files that `save` writes


def save(model, path):
    """Keep a model in one file, of which `load` makes the same model again.

    The weights are stored as safetensors, which hold numbers and nothing that runs, and in the file's header how
    the model was built, as JSON. The file appears whole or not at all: what was at `path` before stays until then.

    Args:
        model: one of the variants in `models`.
        path: a str or Path in a folder that exists; by custom it ends in .safetensors.

    Raises:
        TypeError, ValueError: if its class and its arguments, numbers and other models, don't make it again.
        OSError: if the file can't be written.
    """
    from safetensors.torch import save  # here, not above: training does without

    path = _checked_path(path)
    recipe = json.dumps({"format": FORMAT} | _recipe(model))
    weights = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in model.state_dict().items()
    }
    again = _build(json.loads(recipe))
    replaced = [name for name in vars(model) if callable(getattr(type(model), name, None))]
    if replaced or str(again) != str(model) or _shapes(again.state_dict()) != _shapes(weights):
        raise ValueError(
            f"model: expected what {type(model).__name__} builds, but {replaced[0] if replaced else 'a layer'} "
            "was replaced; torch.save(model.state_dict(), path) keeps the weights alone."
        )
    _write(path, save(weights, {"aecourse": recipe, "sha256": _digest(recipe, weights)}))


def load(path):
    """The model that `save` kept: on the CPU, in eval mode, its weights the same bit for bit, none frozen.

    Args:
        path: a str or Path.

    Raises:
        TypeError: if `path` is something else.
        OSError: if there is no such file, or it can't be read.
        ValueError: if it isn't a file that `save` wrote, whole and unchanged.
    """
    from safetensors import SafetensorError, safe_open

    path = _checked_path(path)
    expected = f"{path}: expected a file from training.save"
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a dict
    except OSError as error:
        raise OSError(f"{expected}, but it can't be read ({error}).") from None
    except SafetensorError as error:
        raise ValueError(f"{expected}, got another one or a part of one ({error}).") from None
    if "aecourse" not in metadata:
        raise ValueError(f"{expected}, got safetensors that another program wrote.")
    if metadata.get("sha256") != _digest(metadata["aecourse"], weights):
        raise ValueError(f"{expected}, got one that was changed or damaged since (its SHA-256 differs).")
    try:
        recipe = json.loads(metadata["aecourse"])
        if recipe["format"] != FORMAT:
            raise ValueError(f"its format is {recipe['format']}, not {FORMAT}")
        model = _build(recipe)
    except (ArithmeticError, AttributeError, KeyError, RecursionError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"{expected}, got one from which this version builds no model ({error!r:.200}).") from None
    needed, found = _shapes(model.state_dict()), _shapes(weights)
    if needed != found:
        name = min(name for name, _ in needed.items() ^ found.items())
        raise ValueError(f"{expected}, whose {name} is {needed.get(name, 'absent')}, got {found.get(name, 'none')}.")
    model.load_state_dict(weights, assign=True)
    return model.eval()


def _recipe(model):
    """How `model` was built, for JSON: its class and its arguments, of which a body is such a recipe too."""
    kind = type(model)
    if kind not in _variants().values():
        raise TypeError(
            f"model: expected one of the variants in models, got {describe(model)}; "
            "torch.save(model.state_dict(), path) keeps the weights of a class of your own."
        )
    check_weights(model)
    arguments = {name: getattr(model, name) for name in inspect.signature(kind).parameters}
    for name, value in arguments.items():
        if isinstance(value, nn.Module):
            arguments[name] = _recipe(value)
        elif callable(value):
            raise TypeError(
                f"{name}: expected nothing that runs, as a file can't hold it, got {describe(value)}; save model.body, "
                f"which has the weights, and build {kind.__name__}(body=training.load(path), {name}=...) around it."
            )
    return {"class": kind.__name__, "arguments": arguments}


def _build(recipe):
    """The model of a recipe, still without weights: they are on the device "meta", which stores shapes alone."""
    arguments = {
        name: _build(value) if isinstance(value, dict) else tuple(value) if isinstance(value, list) else value
        for name, value in recipe["arguments"].items()
    }
    with torch.device("meta"):
        return _variants()[recipe["class"]](**arguments)


def _variants():
    """The classes in `models` by their names."""
    public = {name: getattr(models, name) for name in models.__all__}
    return {
        name: thing
        for name, thing in public.items()
        if inspect.isclass(thing) and issubclass(thing, models.Autoencoder) and thing is not models.Autoencoder
    }


def _shapes(weights):
    """What each weight is, in words."""
    return {name: describe(tensor) for name, tensor in weights.items()}


def _digest(recipe, weights):
    """SHA-256 of all that a file says."""
    digest = hashlib.sha256(recipe.encode())
    for name in sorted(weights):
        digest.update(f"{name} {describe(weights[name])}".encode())
        digest.update(weights[name].contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _checked_path(path):
    """`path` as a Path, with ~ for the home folder."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path: expected a str or Path such as 'model.safetensors', got {describe(path)}.")
    path = Path(path).expanduser()
    if path.is_dir():
        raise OSError(f"{path}: expected a file, but it is a folder; add a name such as model.safetensors.")
    return path


def _write(path, content):
    """Write a file so that it appears whole or not at all."""
    if not path.parent.is_dir():
        raise OSError(f"{path}: expected a folder that exists, but {path.parent} does not; make it first.")
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise OSError(f"{path}: can't be written ({error.strerror}); what was there before is unchanged.") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
