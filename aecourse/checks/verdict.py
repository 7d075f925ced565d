"""What a check answers, and the small questions with which checks read an answer."""

import math
import types
from dataclasses import dataclass

import torch

from aecourse.validation import describe


@dataclass(frozen=True)
class Verdict:
    """One line for the learner. `bool(verdict)` is True when the answer is right."""

    mark: str
    message: str

    def __bool__(self):
        return self.mark == "✓"

    def __repr__(self):
        return f"{self.mark} {self.message}"


def right(lesson):
    """The answer is right; `lesson` says what was learned."""
    return Verdict("✓", f"Right: {lesson}")


def wrong(reason):
    """The answer is wrong; `reason` names the mistake and points to the mend."""
    return Verdict("✗", f"Not yet: {reason}")


NOT_ATTEMPTED = Verdict("○", "Not attempted yet: replace the ... above, run that cell, then this one.")


class NotAttempted(Exception):  # noqa: N818 - a signal, not an error
    """Raised inside a check when what the learner should replace is still there."""


class BadAnswer(Exception):  # noqa: N818
    """Raised inside a check when the answer is of the wrong kind; its text is the reason."""


def call(function, *arguments):
    """The value of the learner's function for copies of the arguments, which it must leave as they are.

    Raises:
        NotAttempted: if it returns `...`.
        BadAnswer: if it is no function, returns nothing, or changes what it was given.
    """
    if not callable(function):
        raise BadAnswer(f"expected a function, got {describe(function)}")
    given = copy(arguments)
    value = function(*given)
    if value is ...:
        raise NotAttempted
    changed = [here for here, before in zip(given, arguments, strict=True) if not unchanged(here, before)]
    if changed:
        kind = "tensor" if isinstance(changed[0], torch.Tensor) else "list"
        raise BadAnswer(f"your function changed the {kind} that it was given: let it work on a copy, such as x.clone()")
    if value is None:
        raise BadAnswer("your function returned nothing: is `return` missing?")
    if isinstance(value, (types.GeneratorType, types.CoroutineType)):
        kind = "`yield`" if isinstance(value, types.GeneratorType) else "`async`"
        raise BadAnswer(f"your function should `return` its answer, but it is one with {kind}")
    return value


def copy(value):
    """`value` with tensors and lists of its own, also inside tuples; everything else as it is."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    return type(value)(map(copy, value)) if type(value) in (list, tuple) else value


def unchanged(value, before):
    """Whether a tensor, or a list of numbers, is still what it was."""
    if isinstance(before, torch.Tensor):
        return value.shape == before.shape and value.dtype == before.dtype and torch.equal(value, before)
    return type(before) is not list or value == before


def number(value, name="the answer"):
    """`value` as a float; a tensor or an array with one element counts, a bool does not."""
    if not isinstance(value, (torch.Tensor, int, float)) and hasattr(value, "item") and getattr(value, "size", 0) == 1:
        value = value.item()  # of NumPy
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadAnswer(f"{name} should be a number, but it is {describe(value)}")
    return float(value)


def tensor(value, shape=None, name="the answer"):
    """`value` as a float64 tensor on the CPU, of the given shape if there is one."""
    try:
        if not isinstance(value, torch.Tensor):
            value = torch.as_tensor(value)
        if value.is_complex() or value.is_quantized:
            raise TypeError
        value = value.detach().to_dense() if value.layout != torch.strided else value.detach()
        value = value.to("cpu", torch.float64)
    except Exception:  # whatever converting a learner's object may raise
        raise BadAnswer(f"{name} should be a tensor, but it is {describe(value)}") from None
    if shape is not None and tuple(value.shape) != tuple(shape):
        raise BadAnswer(f"{name} should have the shape {tuple(shape)}, but it has {tuple(value.shape)}")
    return value


def close(value, target, tolerance=1e-3):
    """True when `value` is within a relative `tolerance` of `target`."""
    return math.isclose(value, target, rel_tol=tolerance, abs_tol=1e-12)


def diagnose(matches, mistakes, otherwise):
    """Wrong, with the hint of the first mistake for which `matches(mistake)`; `mistakes` are pairs (mistake, hint)."""
    return wrong(next((hint for mistake, hint in mistakes if matches(mistake)), otherwise))
