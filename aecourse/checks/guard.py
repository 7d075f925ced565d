"""Around every check: whatever a learner hands in, one line comes out, soon, and nothing else has changed."""

import contextlib
import ctypes
import dis
import functools
import random
import sys
import threading
import types
import warnings

import numpy as np
import torch

from aecourse.checks.verdict import NOT_ATTEMPTED, BadAnswer, NotAttempted, Verdict, wrong

PATIENCE = 5.0  # seconds for an answer to come back; a right one takes a tenth of one
LONGEST = 300  # characters of a message


class Stop(BaseException):
    """Raised in the midst of an answer that took too long; no `except Exception` of the learner's holds it."""


class Check:
    """`check(answer)` is a `Verdict` whatever the answer is: it never raises, hangs, or changes a global setting.

    Args:
        judge: a function from the answer to a `Verdict`; what is asked is its docstring.
    """

    def __init__(self, judge):
        self._judge = judge
        functools.update_wrapper(self, judge)

    def __call__(self, answer):
        if answer is ... or is_stub(answer):
            return NOT_ATTEMPTED
        if answer is None:
            return wrong("your answer is None: is `return` missing in what made it?")
        with settings_kept():
            torch.set_default_dtype(torch.float32)  # of the cases, whatever another library has set
            return run(lambda: self._judge(answer))


def judged(judge):
    """Decorate a function from an answer to a `Verdict` as a `Check`."""
    return Check(judge)


def public_checks(chapter):
    """The checks of a chapter's module, by name."""
    return {name: value for name, value in vars(chapter).items() if isinstance(value, Check)}


def is_stub(answer):
    """Whether `answer` is a function whose body is `...`, as the exercises hand it out."""
    if not isinstance(answer, types.FunctionType) or answer.__code__.co_flags & 0x2A0:  # yields or awaits
        return False
    steps = [step for step in dis.get_instructions(answer) if step.opname not in ("RESUME", "NOP", "COPY_FREE_VARS")]
    return all(step.opname.startswith(("LOAD_CO", "RETURN")) and step.argval in (None, ...) for step in steps)


def run(judge):
    """The verdict of `judge()`, which works in a thread of its own: the only thing that can be left behind anywhere.

    A signal would do on Linux and macOS, but Windows has none that wakes a sleeping call.
    """
    verdicts, grad, device = [], torch.is_grad_enabled(), torch.get_default_device()

    def work():
        with contextlib.suppress(Stop):
            torch.set_grad_enabled(grad)  # a new thread begins with PyTorch's own settings
            torch.set_num_threads(1)  # more would wait for each other where other programs run, and the data are small
            with contextlib.nullcontext() if device.type == "cpu" else device:
                verdicts.append(verdict_of(judge))

    worker = threading.Thread(target=work, daemon=True)
    try:
        worker.start()
        worker.join(PATIENCE)
        if verdicts:
            return verdicts[0]
        verdict = wrong(f"your code did not come back within {PATIENCE:g} seconds: does a loop in it never end?")
    except KeyboardInterrupt:
        verdict = wrong("stopped by hand before your code came back.")
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(worker.ident), ctypes.py_object(Stop))
    return verdict


def verdict_of(judge):
    """`judge()`, or one line on what was raised in it."""
    try:
        verdict = judge()
        if not isinstance(verdict, Verdict):
            raise TypeError(f"a check returned {type(verdict).__name__}")
        return Verdict(verdict.mark, one_line(verdict.message))
    except NotAttempted:
        return NOT_ATTEMPTED
    except BadAnswer as error:
        return wrong(one_line(f"{error}."))
    except RecursionError:
        return wrong("your function calls itself without end (RecursionError).")
    except SystemExit:
        return wrong("your code ended the program with exit() or SystemExit: let it `return` instead.")
    except Stop:
        raise
    except BaseException as error:
        return wrong(one_line(f"your code raised {type(error).__name__}{said(error)}"))


def said(error):
    """': what the error says', its first sentence, or nothing where even that fails."""
    try:
        text = " ".join(str(error).split()).split(". ")[0].rstrip(".")
    except Exception:
        return "."
    return f": {text}." if text else "."


def one_line(text):
    """`text` without line breaks, and not longer than a learner reads."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 2].rstrip() + " …"


@contextlib.contextmanager
def settings_kept():
    """Put back what an answer may have changed for everyone: seeds, default type, threads, warnings, output."""
    python, numpy, generator = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    limit, errors, output = sys.getrecursionlimit(), np.geterr(), (sys.stdout, sys.stderr)
    try:
        with warnings.catch_warnings(), exit_raises():
            yield
    finally:
        sys.stdout, sys.stderr = output
        sys.setrecursionlimit(limit)
        np.seterr(**errors)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)
        torch.random.set_rng_state(generator)
        np.random.set_state(numpy)
        random.setstate(python)


@contextlib.contextmanager
def exit_raises():
    """In Jupyter `exit()` ends the kernel without raising anything; here it raises SystemExit as elsewhere."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    names = {} if shell is None else {name: shell.user_ns.get(name) for name in ("exit", "quit")}
    names = {name: value for name, value in names.items() if type(value).__module__.startswith("IPython")}
    try:
        for name in names:
            shell.user_ns[name] = sys.exit
        yield
    finally:
        for name, value in names.items():
            shell.user_ns[name] = value
