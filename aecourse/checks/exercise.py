"""An exercise whose answers can be compared with a solution: one object, of which its tests are made too."""

import functools

import torch

from aecourse.checks.guard import Check
from aecourse.checks.verdict import BadAnswer, NotAttempted, call, number, right, tensor, wrong
from aecourse.validation import describe


class Exercise(Check):
    """A check that knows its solution, and the usual mistakes as a learner writes them.

    Kind and shape of an answer come from the solution: a number, a tensor, a word, or a tuple of these. An answer is
    right if it gives what the solution gives. Else it is the first mistake that gives the same as it does, or fails
    with the same error; and if its shape is not the solution's, the first mistake of its shape. So each mistake is
    written once. `tests/test_checks.py` hands in all of them: each must get its own hint.

    Args:
        asks: what is asked, in a line; it becomes the docstring.
        solution: a value, or a function in the learner's own signature.
        cases: for a function, `cases()` is a list of tuples of arguments, the same at each call.
        lesson: what a right answer says.
        mistakes: pairs (mistake, hint), values or functions like the solution, the special before the general.
        otherwise: the hint for all other answers, or a function that chooses it: (values, targets), lists with one
            entry a case.
        tolerance: how far a number may be from its target, as a share of it.
        margin: the same as a distance.
        read: what is compared of a value, such as a map without its border; raises BadAnswer for another kind.
    """

    def __init__(
        self, asks, *, solution, cases=None, lesson, mistakes, otherwise, tolerance=1e-4, margin=0.0, read=None
    ):
        super().__init__(self.compare)
        self.__doc__ = asks
        self.solution, self.cases, self.lesson = solution, cases, lesson
        self.mistakes, self.otherwise = mistakes, otherwise
        self.tolerance, self.margin, self.read = tolerance, margin, read

    @functools.cached_property
    def targets(self):
        """What the solution gives, a list with one value a case."""
        return self.values(self.solution)

    @functools.cached_property
    def mistaken(self):
        """Pairs (what a mistake gives, its hint)."""
        return [(self.values(mistake), hint) for mistake, hint in self.mistakes]

    def compare(self, answer):
        """The verdict on an answer; raises what the answer raises."""
        values = self.values(answer)
        if self.alike(values, self.targets):
            return right(self.lesson)
        for mistaken, hint in self.mistaken:
            if self.alike(values, mistaken):
                return wrong(hint)
        shapes = [shape(value) for value in values]
        if shapes != [shape(target) for target in self.targets]:
            for mistaken, hint in self.mistaken:
                if shapes == [shape(value) for value in mistaken]:
                    return wrong(hint)
        name = "what your function returns" if self.cases else "the answer"
        values = [of_kind(value, target, name) for value, target in zip(values, self.targets, strict=True)]
        if self.cases and not self.alike(values, self.values(answer)):
            return wrong("your answer changes from call to call: it is drawn at random, but should be computed.")
        return wrong(self.otherwise(values, self.targets) if callable(self.otherwise) else self.otherwise)

    def values(self, answer):
        """A list: what `answer` gives in each case, or the exception that it raises there."""
        if not self.cases:
            if callable(answer):
                raise BadAnswer(f"expected a value, got {describe(answer)}; call your function and hand in its result")
            return [self.read(answer) if self.read else answer]
        return [self.value(answer, case) for case in self.cases()]

    def value(self, function, case):
        try:
            value = call(function, *case)
        except (BadAnswer, NotAttempted):
            raise
        except Exception as error:
            return error
        return self.read(value) if self.read else value

    def alike(self, values, targets):
        """Whether two lists of values agree, entry by entry."""
        return all(same(*pair, self.tolerance, self.margin) for pair in zip(values, targets, strict=True))


def same(value, target, tolerance=1e-4, margin=0.0):
    """Whether two values are of one kind and shape, and agree; a tensor also relative to its largest number."""
    if isinstance(target, (Exception, str)) or isinstance(value, (Exception, str)):
        return type(value) is type(target) and (isinstance(value, Exception) or value == target)
    if isinstance(target, (tuple, list)) and (parts := parts_of(value, len(target))):
        return all(same(*pair, tolerance, margin) for pair in zip(parts, target, strict=True))
    if isinstance(value, bool) != isinstance(target, bool) or shape(value) is None or shape(value) != shape(target):
        return False
    precision = value.dtype if isinstance(value, torch.Tensor) and value.is_floating_point() else torch.float64
    value, target = tensor(value).reshape(shape(target)), tensor(target).reshape(shape(target))
    size = target[target.isfinite()].abs().amax().item() if target.isfinite().any() else 0.0
    tolerance = max(tolerance, 4 * torch.finfo(precision).eps)  # a float16 is right if it is as near as it can be
    return torch.allclose(value, target, rtol=tolerance, atol=margin + max(1e-6 * size, 1e-12), equal_nan=True)


def shape(value):
    """The shape of what stands for a tensor, () also for a tensor of one number, else None."""
    try:
        value = tensor(value)
    except BadAnswer:
        return None
    return () if value.numel() == 1 else tuple(value.shape)


def parts_of(value, count):
    """The parts of a tuple, a list or a tensor along its first axis, if there are as many as `count`; else None."""
    if not isinstance(value, (tuple, list, torch.Tensor)) or getattr(value, "ndim", 1) == 0 or len(value) != count:
        return None
    return list(value)


def of_kind(value, target, name):
    """`value` as float, float64 tensor, word or list of these, as `target` is; raises if it is of another kind."""
    if isinstance(value, Exception):
        raise value
    if isinstance(target, Exception):
        return value
    if isinstance(target, str):
        if not isinstance(value, str):
            raise BadAnswer(f"{name} should be a word such as {target!r}, but it is {describe(value)}")
        return value
    if isinstance(target, (tuple, list)):
        parts = parts_of(value, len(target))
        if not parts:
            raise BadAnswer(f"{name} should have {len(target)} parts, but it is {describe(value)}")
        if any(part is ... for part in parts):
            raise NotAttempted
        return [of_kind(part, wanted, f"each part of {name}") for part, wanted in zip(parts, target, strict=True)]
    return number(value, name) if shape(target) == () else tensor(value, tuple(target.shape), name)
