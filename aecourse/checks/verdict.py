"""What a check answers, and the wrapper that keeps tracebacks away from the learner."""

import functools
import inspect
import math
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


def diagnose(matches, mistakes, otherwise):
    """Wrong, with the hint of the first mistake for which `matches(mistake)`; `mistakes` are pairs (mistake, hint)."""
    return wrong(next((hint for mistake, hint in mistakes if matches(mistake)), otherwise))


NOT_ATTEMPTED = Verdict("○", "Not attempted yet: replace the ... above, run that cell, then this one.")


class NotAttempted(Exception):  # noqa: N818 - a signal, not an error
    """Raised inside a check when a learner's function still returns nothing."""


class BadAnswer(Exception):  # noqa: N818
    """Raised inside a check when the answer is of the wrong kind; its text is the reason."""


def exercise(check):
    """Turn `check(answer) -> Verdict` into one that never raises and knows an untouched stub.

    An answer of `...` or None, and a function that returns either, is 'not attempted'. An exception
    in the learner's function becomes a sentence.
    """

    @functools.wraps(check)
    def safe_check(*answers):
        if any(answer is None or answer is ... for answer in answers):
            return NOT_ATTEMPTED
        try:
            return check(*answers)
        except (NotAttempted, NotImplementedError):
            return NOT_ATTEMPTED
        except BadAnswer as error:
            return wrong(f"{error}.")
        except Exception as error:
            return wrong(f"your code raised {type(error).__name__}: {' '.join(str(error).split())}")

    safe_check.is_exercise = True
    return safe_check


def call(function, *arguments):
    """The value of the learner's function; nothing returned means that it was not attempted."""
    if not callable(function):
        raise BadAnswer(f"expected a function, got {describe(function)}")
    value = function(*arguments)
    if value is None or value is ...:
        raise NotAttempted
    return value


def number(value, name="the answer"):
    """`value` as a float; a one-element tensor counts, a bool does not."""
    if isinstance(value, torch.Tensor) and value.numel() == 1:
        value = value.item()
    if hasattr(value, "item") and not isinstance(value, (torch.Tensor, int, float)):
        value = value.item()  # a NumPy scalar
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadAnswer(f"{name} should be a number, but it is {describe(value)}")
    return float(value)


def close(value, target, tolerance=1e-3):
    """True when `value` is within a relative `tolerance` of `target`."""
    return math.isclose(value, target, rel_tol=tolerance, abs_tol=1e-12)


def same(answer, target):
    """True when two float64 tensors agree, relative to each entry and a little to the largest."""
    target = target.double()
    return torch.allclose(answer, target, rtol=1e-4, atol=1e-6 * max(target.abs().max().item(), 1e-12))


def tensor(value, shape, name="the answer"):
    """`value` as a float64 tensor of the given shape."""
    try:
        value = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        raise BadAnswer(f"{name} should be a tensor, but it is {describe(value)}") from None
    if tuple(value.shape) != tuple(shape):
        raise BadAnswer(f"{name} should have the shape {tuple(shape)}, but it has {tuple(value.shape)}")
    return value.detach().double()


def public_checks(chapter):
    """The checks of a chapter's module, by name."""
    return {name: f for name, f in inspect.getmembers(chapter) if getattr(f, "is_exercise", False)}
