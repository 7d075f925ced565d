"""Every check: right answers are right, each mistake gets its own hint, nonsense one line, and nothing else changes.

A mistake of an `Exercise` is written once, in the exercise, and handed in here. What is judged instead of compared
has wrong answers in judged/<chapter>.py, as WRONG = {"check": [(answer, "part of the hint"), …]}. That solutions of
judged exercises pass is seen by nbval, which compares each check's stored '✓' line in the solutions notebook.
"""

import ast
import importlib
import inspect
import math
import re
import zlib
from importlib.util import find_spec

import pytest
import torch
from torch import nn
from torch.nn import functional

from aecourse import checks
from aecourse.checks.exercise import Exercise
from aecourse.checks.guard import public_checks

CHAPTERS = {name: public_checks(getattr(checks, name)) for name in checks.__all__}
EVERY_CHECK = [
    pytest.param(check, id=f"{chapter}.{name}") for chapter, of in CHAPTERS.items() for name, check in of.items()
]
EXERCISES = [entry for entry in EVERY_CHECK if isinstance(entry.values[0], Exercise)]
JUDGED = {name: importlib.import_module(f"judged.{name}").WRONG for name in CHAPTERS if find_spec(f"judged.{name}")}
EVERY_WRONG = [
    pytest.param(CHAPTERS[chapter][name], answer, hint, id=f"{chapter}.{name}-{hint[:24]}")
    for chapter, wrong in JUDGED.items()
    for name, answers in wrong.items()
    for answer, hint in answers
]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_chapter_has_at_least_four_checks(chapter):
    assert len(CHAPTERS[chapter]) >= 4


@pytest.mark.parametrize("check", EVERY_CHECK)
def test_a_check_says_what_is_asked(check):
    assert re.fullmatch(r"[^\n]{20,}\.", inspect.getdoc(check))


def test_what_is_judged_has_wrong_answers():
    judged = {
        (chapter, name) for chapter, of in CHAPTERS.items() for name, check in of.items() if type(check) is not Exercise
    }
    assert judged == {(chapter, name) for chapter, wrong in JUDGED.items() for name in wrong}
    for wrong in JUDGED.values():
        for name, answers in wrong.items():
            assert len({hint for _, hint in answers}) >= 3, f"{name} needs three wrong answers with different hints"


@pytest.mark.parametrize(("check", "answer", "hint"), EVERY_WRONG)
def test_a_wrong_answer_to_a_judged_exercise_gets_its_hint(check, answer, hint):
    verdict = check(answer)
    assert verdict.mark == "✗", f"accepted: {verdict}"
    assert hint in verdict.message


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_solution_is_right(exercise):
    verdict = exercise(exercise.solution)
    assert verdict.mark == "✓", verdict
    assert exercise.lesson in verdict.message


@pytest.mark.parametrize("exercise", EXERCISES)
def test_each_mistake_gets_its_own_hint(exercise):
    assert len({hint for _, hint in exercise.mistakes}) >= 3
    for mistake, hint in exercise.mistakes:
        assert exercise(mistake).message == f"Not yet: {hint}"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_any_other_answer_gets_the_general_hint(exercise):
    """A little off the solution is wrong, and none of the mistakes."""

    def off(value):
        if isinstance(value, tuple):
            return tuple(map(off, value))
        return (
            {"ours": "open", "open": "theirs", "theirs": "open"}[value]
            if isinstance(value, str)
            else 1.37 * value + 0.171
        )

    answer = (lambda *case: off(exercise.solution(*case))) if exercise.cases else off(exercise.solution)
    verdict = exercise(answer)
    assert verdict.mark == "✗"
    assert verdict.message.removeprefix("Not yet: ") not in [hint for _, hint in exercise.mistakes]
    if isinstance(exercise.otherwise, str):
        assert verdict.message == f"Not yet: {exercise.otherwise}"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_cases_are_the_same_at_each_call(exercise):
    """Else an answer that changes its input in one call could spoil the next."""
    if exercise.cases:
        for first, second in zip(exercise.cases(), exercise.cases(), strict=True):
            for a, b in zip(first, second, strict=True):
                assert torch.equal(a, b) and a is not b if isinstance(a, torch.Tensor) else callable(a) or a == b


def hints(check):
    """All that a check can say of a wrong answer, as far as it is written down as text."""
    if isinstance(check, Exercise):
        texts = [hint for _, hint in check.mistakes]
        if isinstance(check.otherwise, str):
            return [*texts, check.otherwise]
        return texts + strings_of(check.otherwise)
    return strings_of(check.__wrapped__)


def strings_of(function):
    tree = ast.parse(inspect.cleandoc(inspect.getsource(inspect.getmodule(function))))
    name = function.__name__
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name] or [tree]
    constants = (node.value for top in nodes for node in ast.walk(top) if isinstance(node, ast.Constant))
    return [value for value in constants if isinstance(value, str) and " " in value]


def expressions(hint):
    """Each stretch of a hint that is a Python expression by itself: what a learner might paste."""
    words = hint.replace("`", " ").rstrip(".").split()
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            text = " ".join(words[start:end]).strip(".,;:…")
            try:
                tree = ast.parse(text, mode="eval").body
            except (SyntaxError, ValueError):
                continue
            if not isinstance(tree, (ast.Name, ast.Constant, ast.Tuple)):
                yield text


def accepted(check):
    """The stretches of a check's hints that are right answers: as a value, or as what a function returns."""
    known = {"torch": torch, "nn": nn, "functional": functional, "math": math, "zlib": zlib}
    parameters = inspect.signature(check.solution).parameters.values() if getattr(check, "cases", None) else []
    names = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    for text in {text for hint in hints(check) for text in expressions(hint)}:
        free = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)} - set(known)
        unknown = free - set(names)
        orders = [names]
        if names and len(unknown) == 1:  # the learner may call it something else: try each place
            orders = [[*names[:i], *unknown, *names[i + 1 :]] for i in range(len(names))]
        for order in orders:
            answer = pasted(text, known, order)
            if answer is not None and check(answer):
                yield text


def pasted(text, known, names):
    """The answer that a learner makes of an expression: a function of these names, or without any the value, if any."""
    if names:
        return lambda *case: eval(text, known | dict(zip(names, case, strict=True)))
    try:
        return eval(text, dict(known))
    except Exception:
        return None


@pytest.mark.parametrize("check", EVERY_CHECK)
@pytest.mark.filterwarnings("ignore")
def test_no_hint_holds_the_line_that_answers_it(check):
    assert list(accepted(check)) == []


@pytest.mark.parametrize(
    ("solution", "cases", "hint"),
    [
        (6.125, None, "divide: 784 / 128 it is."),
        (lambda z: z.sum(1), lambda: [(torch.ones(2, 3),)], "expected z.sum(1); yours differs."),
        (lambda z: z.sum(1), lambda: [(torch.ones(2, 3),)], "add up: `codes.sum(dim=1)`, no more."),
    ],
)
def test_a_line_that_can_be_pasted_is_found(solution, cases, hint):
    exercise = Exercise("Planted.", solution=solution, cases=cases, lesson="", mistakes=[(0.0, hint)], otherwise="")
    assert list(accepted(exercise)) != []


def test_a_shape_alone_gives_no_reason_that_only_values_could_give():
    message = checks.toward_the_vae.kl(lambda mu, logvar: mu.max()).message
    assert "one number for the whole batch" in message and "averaged" not in message
