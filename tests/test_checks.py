"""Every check: an untouched stub is 'not attempted', three planted wrong answers get their hint, nothing raises.

The planted answers are in planted_answers/<chapter>.py, as WRONG = {"check": [(answer, "part of the hint"), …]}.
That solutions pass is seen by nbval, which compares each check's stored '✓' line in the solutions notebook.
"""

import importlib

import pytest

from aecourse import checks
from aecourse.checks.verdict import public_checks

CHAPTERS = {name: public_checks(getattr(checks, name)) for name in checks.__all__}
EVERY_CHECK = [(chapter, name) for chapter, found in CHAPTERS.items() for name in found]
PLANTED = {name: importlib.import_module(f"planted_answers.{name}").WRONG for name in CHAPTERS}
EVERY_WRONG = [
    pytest.param(CHAPTERS[chapter][name], answer, hint, id=f"{chapter}.{name}-{hint[:24]}")
    for chapter, planted in PLANTED.items()
    for name, answers in planted.items()
    for answer, hint in answers
]


def arguments(answer):
    """A tuple holds the arguments of a check that takes several."""
    return answer if isinstance(answer, tuple) else (answer,)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_chapter_has_at_least_four_checks(chapter):
    assert len(CHAPTERS[chapter]) >= 4


@pytest.mark.parametrize(("chapter", "name"), EVERY_CHECK)
def test_three_different_wrong_answers_are_planted(chapter, name):
    hints = {hint for _, hint in PLANTED[chapter].get(name, [])}
    assert len(hints) >= 3, f"{chapter}.{name} needs three planted wrong answers with different hints"


@pytest.mark.parametrize(("check", "answer", "hint"), EVERY_WRONG)
def test_a_wrong_answer_is_rejected_with_its_hint(check, answer, hint):
    verdict = check(*arguments(answer))
    assert verdict.mark == "✗", f"accepted: {verdict}"
    assert hint in verdict.message


@pytest.mark.parametrize(("chapter", "name"), EVERY_CHECK)
def test_an_untouched_stub_is_not_attempted(chapter, name):
    count = len(arguments(PLANTED[chapter][name][0][0]))
    check = CHAPTERS[chapter][name]
    assert check(*[...] * count).mark == "○"
    assert check(*[None] * count).mark == "○"


@pytest.mark.parametrize(("chapter", "name"), EVERY_CHECK)
@pytest.mark.parametrize("nonsense", ["a word", float("nan"), True, [1, 2], object(), lambda *_: 1 / 0, lambda *_: "?"])
def test_nonsense_is_wrong_and_never_a_traceback(chapter, name, nonsense):
    count = len(arguments(PLANTED[chapter][name][0][0]))
    verdict = CHAPTERS[chapter][name](*[nonsense] * count)
    assert verdict.mark == "✗"
    assert "\n" not in repr(verdict)
