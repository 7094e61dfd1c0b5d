"""Letters in formulas stand for what was there: putting it back gives the formulas again."""

import random
from copy import deepcopy
from xml.etree import ElementTree as ET

import pytest
import sympy as sp

from tests.theory.report.small import text_of
from tests.theory.report.test_mathml import formulas, points, value_of
from theory.ledger.verify import Verdict
from theory.logic.exact import NotRepresentableError, Surd, holds
from theory.report import abbreviations
from theory.report.abbreviations import abbreviate
from theory.report.html import Formula
from theory.report.mathml import formula

a, b, k = sp.symbols("a b k", real=True)
LONG = abs(a - sp.sign(a - b) / 3 - sp.sign(a + b) / 3)


def written(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode")


def box_of(*expressions: sp.Basic) -> ET.Element:
    box = ET.Element("div")
    box.extend(formula(each).math for each in expressions)
    return box


def put_back(box: ET.Element, meanings: list[Formula]) -> None:
    """Replace each letter by what it stands for, in which there may be others."""
    parts = {letter.text: part for letter, _, part in (each.math for each in meanings)}
    is_done = False
    while not is_done:
        is_done = True
        for parent in [*box.iter()]:
            for place, child in enumerate(parent):
                if child.tag == "mi" and child.text in parts:
                    parent[place] = deepcopy(parts[child.text])
                    is_done = False


def test_what_is_repeated_gets_a_letter() -> None:
    box = box_of(LONG < 1, b + LONG > 0, b > LONG / 2)
    before = written(box)
    (meaning,) = meanings = abbreviate([*box])
    assert [text_of(Formula(math)) for math in box] == ["k₁<1", "b+k₁>0", "b>k₁2"]
    assert text_of(meaning).startswith("k₁=|")
    put_back(box, meanings)
    assert written(box) == before


def test_conditions_get_capitals() -> None:
    either = [sp.Or(LONG < 1, a > n) for n in (5, 6, 7)]
    box = box_of(*either)
    meanings = abbreviate([*box])
    assert [text_of(math)[:3] for math in meanings] == ["K₁⇔"]
    put_back(box, meanings)
    assert written(box) == written(box_of(*either))


def test_a_letter_that_formulas_have_is_not_taken() -> None:
    box = box_of(*(n * k > LONG for n in (1, 2, 3)))
    (meaning,) = abbreviate([*box])
    assert meaning.math[0].text == "g₁"


@pytest.mark.parametrize(
    "expression", [LONG, abs(a - b) / 3, sp.Rational(123456789, 987654321)], ids=str
)
def test_what_occurs_once_or_is_short_stays(expression: sp.Expr) -> None:
    times = 1 if expression is LONG else 6
    box = box_of(*(expression < n for n in range(times)))
    before = written(box)
    assert abbreviate([*box]) == []
    assert written(box) == before


def test_parentheses_and_words_are_no_expressions() -> None:
    """A letter in the place of an argument's parentheses would be a factor."""
    cases = sp.Piecewise((a, LONG > 1), (b, True))
    box = box_of(*(sp.sign(LONG) * cases < n for n in range(4)))
    meanings = abbreviate([*box])
    assert meanings
    for meaning in meanings:
        assert meaning.math[2][0].text != "("
        assert not [child for child in meaning.math[2] if child.tag == "mtext"]


def test_the_same_formulas_get_the_same_letters() -> None:
    boxes = [box_of(*(n > LONG for n in (1, 2, 3))) for _ in range(2)]
    first, second = ([written(each.math) for each in abbreviate([*box])] for box in boxes)
    assert first == second != []


def test_formulas_of_the_ledger_keep_their_meaning(
    small_ledger: list[Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from the elements, with the letters read from theirs, and evaluated at points."""
    monkeypatch.setattr(abbreviations, "_LEAST_LENGTH", 1)
    draw, compared, with_letters = random.Random(1), 0, 0
    for expression in sorted(set(formulas(small_ledger)), key=str):
        box = box_of(expression)
        meanings = abbreviate([*box], 1)
        if not meanings or expression in (True, False) or "msqrt" in written(box):
            continue
        put_back(box, meanings)
        assert written(box) == written(box_of(expression))
        with_letters += 1
        for at in points(expression, draw, 2):
            try:
                expected = holds(expression, {s: Surd.of(x) for s, x in at.items()})
            except (NotRepresentableError, ZeroDivisionError):
                continue
            assert bool(value_of(box[0], at)) is expected
            compared += 1
    assert with_letters >= 20
    assert compared >= 20
