"""Whatever a learner hands in: one line comes back, soon, it is true, and nothing else has changed."""

import asyncio
import contextlib
import decimal
import fractions
import functools
import random
import re
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from aecourse import checks
from aecourse.checks import guard
from aecourse.checks.exercise import Exercise
from aecourse.checks.guard import PATIENCE, judged, public_checks

EVERY_CHECK = [
    pytest.param(check, id=f"{chapter}.{name}")
    for chapter in checks.__all__
    for name, check in public_checks(getattr(checks, chapter)).items()
]


def double_all(z, factor=2.0):
    """The right answer to `doubled`."""
    return z * factor


doubled = Exercise(
    "Twice the numbers of a tensor.",
    solution=double_all,
    cases=lambda: [(torch.tensor([1.0, 2.0, 4.0]),), (torch.tensor([[3.0, 0.5]]),)],
    lesson="twice.",
    mistakes=[(lambda z: z, "they are as before."), (lambda z: 2 * z.sum(), "that is one number.")],
    otherwise="multiply by two.",
)
half = Exercise(
    "Half of one.", solution=0.5, lesson="half.", mistakes=[(2.0, "upside down.")], otherwise="divide one by two."
)


class Evil:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name):
        if name in ("__class__", "__dict__"):
            return object.__getattribute__(self, name)
        raise RuntimeError(f"no {name}")

    def _raise(self, *_):
        raise RuntimeError("evil")

    __repr__ = __str__ = __eq__ = __hash__ = __len__ = __iter__ = __bool__ = __float__ = __index__ = __array__ = _raise


class EvilError(Exception):
    def __str__(self):
        raise RuntimeError("not even a message")


class CallableOnce:
    def __call__(self, *_):
        return self


def fails(error):
    def answer(*_):
        raise error

    return answer


def recursive(*case):
    return itself()


def itself():
    return itself()


def generates(*case):
    yield from case


async def waits(*case):
    await asyncio.sleep(0)


def unpicklable_local(*_):
    return lambda: 0


NONSENSE = {
    "a word": "a word",
    "no word": "",
    "many words": "one two\nthree\n" * 500,
    "bytes": b"784",
    "nan": float("nan"),
    "infinity": float("inf"),
    "minus infinity": -float("inf"),
    "True": True,
    "huge": 10**400,
    "complex": 1 + 2j,
    "Fraction": fractions.Fraction(22, 7),
    "Decimal": decimal.Decimal("NaN"),
    "NumPy nan": np.float64("nan"),
    "NumPy objects": np.array([object(), None], dtype=object),
    "NumPy words": np.array(["a", "b"]),
    "NumPy structured": np.zeros(2, dtype=[("a", int), ("b", float)]),
    "list": [1, 2],
    "ragged list": [[1, 2], [3]],
    "nested tuple": (1, (2, (3, ()))),
    "empty list": [],
    "empty dict": {},
    "dict": {"a": 1, 2: None},
    "set": {1, "x", None},
    "range": range(7),
    "iterator": iter([1]),
    "object": object(),
    "class": nn.Linear,
    "type": type,
    "module": torch,
    "nn.Module": nn.Linear(3, 3),
    "empty Sequential": nn.Sequential(),
    "tensor nan": torch.tensor(torch.nan),
    "empty tensor": torch.empty(0),
    "tensor with an axis of length 0": torch.zeros(3, 0, 28),
    "bool tensor": torch.tensor([True, False]),
    "complex tensor": torch.zeros(2, dtype=torch.complex64),
    "meta tensor": torch.empty(3, device="meta"),
    "sparse tensor": torch.eye(3).to_sparse(),
    "parameter": nn.Parameter(torch.zeros(2)),
    "evil": Evil(),
    "builtin": len,
    "torch function": torch.relu,
    "partial": functools.partial(max, 1),
    "bound method": "x".join,
    "no arguments": lambda: 0,
    "a hundred arguments": lambda *_, **__: 1 / 0,
    "returns a word": lambda *_: "?",
    "returns evil": lambda *_: Evil(),
    "returns a function": unpicklable_local,
    "returns a class": lambda *_: dict,
    "returns a dict": lambda *_: {},
    "returns an empty tensor": lambda *_: torch.empty(0),
    "returns a meta tensor": lambda *_: torch.empty(3, device="meta"),
    "returns nan": lambda *_: float("nan"),
    "returns nothing": lambda *case: case.index(case[0]) and None,
    "returns itself": CallableOnce(),
    "returns a thousand axes": lambda *_: [[[[[[[[]]]]]]]],
    "generator": generates,
    "coroutine": waits,
    "endless recursion": recursive,
    "exit": lambda *_: sys.exit(),
    "exit with a word": lambda *_: sys.exit("bye"),
    "KeyboardInterrupt": fails(KeyboardInterrupt()),
    "GeneratorExit": fails(GeneratorExit()),
    "StopIteration": fails(StopIteration()),
    "MemoryError": fails(MemoryError()),
    "NotImplementedError": fails(NotImplementedError()),
    "AssertionError": fails(AssertionError("no")),
    "an error of many lines": fails(ValueError("first\nsecond\n" * 1000)),
    "an error without a message": fails(EvilError()),
    "an error in a class": fails(type("Ω", (BaseException,), {})()),
}


def test_there_are_at_least_55_kinds():
    assert len(NONSENSE) >= 55


@pytest.mark.parametrize("check", [*EVERY_CHECK, doubled, half])
@pytest.mark.filterwarnings("ignore")
def test_nonsense_gets_one_line_soon_and_is_never_accepted(check):
    for kind, nonsense in NONSENSE.items():
        start = time.perf_counter()
        verdict = check(nonsense)
        assert time.perf_counter() - start < 2, kind
        line = repr(verdict)
        assert verdict.mark == "✗", f"{kind}: {line}"
        assert "\n" not in line and len(line) <= 330, f"{kind}: {line}"
        assert line.endswith((".", "?", "!", "…")), f"{kind}: {line}"
        assert len(re.split(r"[.?!] (?=[A-Z])", verdict.message)) <= 3, f"{kind}: {line}"
        assert "object at 0x" not in line, f"{kind}: {line}"


@pytest.mark.parametrize("check", EVERY_CHECK)
def test_only_an_untouched_stub_is_not_attempted(check):
    def stub(*case): ...

    def stub_with_docstring(*case):
        """What to do."""
        ...

    def stub_that_returns(*case):
        return ...

    for untouched in (..., stub, stub_with_docstring, stub_that_returns):
        assert check(untouched).mark == "○"
    assert check(None).mark == "✗"


def forgets_to_return(z):
    z * 2


def test_a_forgotten_return_is_named():
    assert "is `return` missing?" in doubled(forgets_to_return).message
    assert "is `return` missing" in half(None).message


def test_an_error_inside_pytorch_is_an_error_like_any_other():
    message = doubled(lambda z: nn.Module()(z)).message
    assert "your code raised NotImplementedError" in message


def test_an_answer_that_changes_its_input_is_told_so_and_cannot_spoil_the_comparison():
    def blackens(z):
        z.zero_()
        return z * 2

    def doubles_in_place(z):
        z *= 2
        return z

    for answer in (blackens, doubles_in_place):
        assert "changed the tensor that it was given" in doubled(answer).message
    assert doubled(double_all)


def test_lists_are_copies_too():
    def sorts(ours, theirs):
        ours.sort()
        return checks.comparison.separate(ours, theirs)

    assert "changed the list that it was given" in checks.comparison.winner(sorts).message


def endless(*_):
    while True:
        pass


def deaf(*_):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.01)


def deaf_to_all(*_):
    for _ in range(200):
        with contextlib.suppress(BaseException):
            time.sleep(0.01)


def asleep(*_):
    time.sleep(60)


@pytest.mark.parametrize("answer", [endless, deaf, deaf_to_all, asleep])
def test_an_answer_that_does_not_come_back_is_stopped(answer, monkeypatch):
    monkeypatch.setattr(guard, "PATIENCE", 0.3)
    before = threading.active_count()
    start = time.perf_counter()
    verdict = doubled(answer)
    assert time.perf_counter() - start < 2
    assert "did not come back within 0.3 seconds" in verdict.message
    assert doubled(double_all)
    if answer is not asleep:  # a sleeping call ends by itself; the others have been stopped
        deadline = time.perf_counter() + 5
        while threading.active_count() > before and time.perf_counter() < deadline:
            time.sleep(0.02)
        assert threading.active_count() == before


def test_patience_is_a_few_seconds():
    assert 2 <= PATIENCE <= 10


def test_the_stop_button_ends_in_one_line(monkeypatch):
    class Pressed(threading.Thread):
        def join(self, timeout=None):
            raise KeyboardInterrupt

    monkeypatch.setattr(guard.threading, "Thread", Pressed)
    assert "stopped by hand" in doubled(endless).message


RIGHT_IN_ANOTHER_FORM = {
    "NumPy": lambda z: (2 * z).numpy(),
    "a list": lambda z: (2 * z).tolist(),
    "float64": lambda z: 2 * z.double(),
    "float16": lambda z: (2 * z).half(),
    "bfloat16": lambda z: (2 * z).bfloat16(),
    "with a gradient": lambda z: 2 * z.requires_grad_(),
    "a view": lambda z: torch.cat([z, z]).view(2, *z.shape).sum(0),
    "not contiguous": lambda z: (2 * z.flip(-1)).flip(-1),
    "with keywords": functools.partial(double_all, factor=2.0),
    "a method": torch.tensor(2.0).mul,
    "a module": type("Twice", (nn.Module,), {"forward": lambda self, z: 2 * z})(),
}


@pytest.mark.parametrize("form", RIGHT_IN_ANOTHER_FORM)
def test_a_right_answer_in_another_form_is_right(form):
    verdict = doubled(RIGHT_IN_ANOTHER_FORM[form])
    assert verdict, verdict


@pytest.mark.parametrize(
    "value", [0.5, np.float32(0.5), np.array(0.5), np.array([0.5]), torch.tensor(0.5), torch.tensor([0.5])]
)
def test_a_right_number_in_another_form_is_right(value):
    assert half(value)


def test_a_value_where_a_function_is_asked_and_the_reverse():
    assert "expected a function" in doubled(torch.ones(3)).message
    assert "expected a value" in half(lambda: 0.5).message


def test_a_random_answer_is_told_so():
    assert "changes from call to call" in doubled(lambda z: 2 * z + torch.rand_like(z)).message


def test_a_mistake_by_shape_and_by_error():
    fails_on_rows = Exercise(
        "Planted to fail.",
        solution=lambda z: z.sum(),
        cases=lambda: [(torch.ones(3),), (torch.ones(2, 3),)],
        lesson="",
        mistakes=[(lambda z: float(z.sum(0)), "one axis only."), (lambda z: z.sum(-1), "one number a row.")],
        otherwise="add all.",
    )
    assert "one axis only" in fails_on_rows(lambda z: float(3 * z.mean(0))).message
    assert "one number a row" in fails_on_rows(lambda z: 7 * z.sum(-1)).message


def test_settings_and_seeds_are_as_before():
    def meddles(z):
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)
        torch.set_num_threads(3)
        warnings.simplefilter("error")
        np.seterr(all="raise")
        sys.setrecursionlimit(5000)
        torch.set_grad_enabled(False)
        sys.stdout = sys.stderr = None
        return 2 * z

    def world():
        return (
            torch.get_default_dtype(),
            torch.random.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(),
            random.getstate(),
            torch.get_num_threads(),
            list(warnings.filters),
            np.geterr(),
            sys.getrecursionlimit(),
            torch.is_grad_enabled(),
            sys.stdout,
            sys.stderr,
        )

    before = world()
    assert doubled(meddles)
    assert world() == before
    assert doubled(fails(ValueError("x"))).mark == "✗"
    assert world() == before


@pytest.mark.parametrize("check", EVERY_CHECK)
def test_another_default_type_changes_no_verdict(check):
    if isinstance(check, Exercise):
        try:
            torch.set_default_dtype(torch.float64)
            assert check(check.solution)
        finally:
            torch.set_default_dtype(torch.float32)


def test_a_check_of_a_check_that_returns_no_verdict():
    @judged
    def broken(answer):
        """Planted."""
        return True

    assert broken(1).mark == "✗"
