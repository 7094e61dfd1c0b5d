"""Formulas in MathML say what the formulas say: they are read again, and evaluated.

The reader below knows nothing of sympy: it goes from the elements to Python's own operators, of
which the order of precedence is that of the text's.
"""

import random
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import sympy as sp

from tests.theory.report.small import text_of
from theory.ledger.verify import Verdict
from theory.logic.evidence import Argument
from theory.logic.exact import NotRepresentableError, Surd, holds
from theory.logic.findings import admits
from theory.logic.statements import Along, Always, EventuallyAlways, Possible, Statement
from theory.report.html import Link, formulas_in
from theory.report.mathml import formula, point, stated

_OPERATORS = {
    "\N{INVISIBLE TIMES}": "*",
    "−": "-",
    "=": "==",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "∧": " and ",
    "∨": " or ",
    "¬": " not ",
    "{": "",
}
_FUNCTIONS: dict[str, Any] = {
    "sign": lambda x: (x > 0) - (x < 0),
    "max": max,
    "min": min,
    "floor": floor,
    "ceiling": ceil,
    "abs": abs,
    "Fraction": Fraction,
}


_IF = ("if", "then", "else")


class _Reader:
    """Turns MathML into the text of a Python expression."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names  # of symbols, by their elements

    def __call__(self, element: ET.Element) -> str:
        if (name := self.names.get(written(element))) is not None:
            return name
        children = list(element)
        match element.tag:
            case "mn":
                return f"Fraction('{element.text}')".replace("−", "-")
            case "mo" | "mi" | "mtext":
                text = element.text or ""
                return _OPERATORS.get(text, text.replace("\N{NO-BREAK SPACE}", " "))
            case "mspace":
                return ""
            case "mfrac":
                return "(({})/({}))".format(*map(self, children))
            case "msup":
                return "(({})**({}))".format(*map(self, children))
            case "mtable":
                return self.cases(children)
        return self.row(children)

    def row(self, children: list[ET.Element]) -> str:
        """Of what stands side by side; bars and corners are functions."""
        children = _with_rows_for_parentheses(children)
        if children[0].text == "(":
            return f"({self.row(children[1:-1])})"
        fences = {"|": "abs", "⌊": "floor", "⌈": "ceiling"}
        texts = [child.text if child.tag in ("mo", "mtext") else None for child in children]
        if texts[0] in fences:
            return f"{fences[texts[0]]}({self.row(children[1:-1])})"
        for sign, read in (("⇒", "((not ({})) or ({}))"), ("⇔", "(bool({}) == bool({}))")):
            if sign in texts:
                at = texts.index(sign)
                return read.format(self.row(children[:at]), self.row(children[at + 1 :]))
        words = [
            i for i, text in enumerate(texts) if (text or "").strip("\N{NO-BREAK SPACE}") in _IF
        ]
        if len(words) == 3:
            ends = [*words[1:], len(children)]
            parts = (self.row(children[i + 1 : j]) for i, j in zip(words, ends, strict=True))
            return "(({1}) if ({0}) else ({2}))".format(*parts)
        return "".join(map(self, children))

    def cases(self, rows: list[ET.Element]) -> str:
        text = "None"
        for row in reversed(rows):
            value, when = row
            first = when[0] if when[0].tag == "mtext" else when[0][0]
            condition = "True" if first.text == "otherwise" else self(when).removeprefix("if ")
            text = f"(({self(value)}) if ({condition}) else ({text}))"
        return text


def _with_rows_for_parentheses(children: list[ET.Element]) -> list[ET.Element]:
    """Put what is in parentheses into a row of its own, unless all is in one pair."""
    found: list[ET.Element] = []
    inside: list[ET.Element] = []
    depth = 0
    for child in children:
        depth += child.text == "("
        (inside if depth else found).append(child)
        depth -= child.text == ")"
        if inside and not depth:
            row = ET.Element("mrow")
            row.extend(inside)
            found.append(row)
            inside = []
    return children if len(found) == 1 and children[0].text == "(" else found


def written(element: ET.Element) -> str:
    return ET.tostring(element, encoding="unicode")


def value(expression: sp.Basic, at: dict[sp.Symbol, Fraction]) -> Any:
    """Evaluate the MathML of an expression."""
    return value_of(formula(expression).math, at)


def value_of(math: ET.Element, at: dict[sp.Symbol, Fraction]) -> Any:
    """Evaluate a formula in MathML."""
    names = {written(formula(s).math[0]): f"x{i}" for i, s in enumerate(at)}
    assert len(names) == len(at), "two symbols look the same"
    text = _Reader(names)(math)
    values = {f"x{i}": number for i, number in enumerate(at.values())}
    return eval(text.strip(), {"__builtins__": {"bool": bool}}, {**_FUNCTIONS, **values})


def formulas(verdicts: list[Verdict]) -> Iterator[sp.Basic]:
    """Formulas in statements."""
    for verdict in verdicts:
        for argument in (verdict.claim.published, verdict.claim.corrected):
            obligations = argument.obligations if isinstance(argument, Argument) else {}
            for obligation in obligations.values():
                if isinstance(obligation.statement, Statement):
                    yield from obligation.statement.hypotheses
                    yield obligation.statement.conclusion


def points(
    expression: sp.Basic, draw: random.Random, count: int
) -> Iterator[dict[sp.Symbol, Fraction]]:
    """Rational points that the symbols' assumptions admit."""
    symbols = sorted(expression.free_symbols, key=str)
    for _ in range(count):
        at = {}
        for symbol in symbols:
            tries = (Fraction(draw.randint(-9, 9), draw.choice((1, 1, 2, 3))) for _ in range(200))
            found = next((x for x in tries if admits(symbol, Surd.of(x))), None)
            if found is None:
                return
            at[symbol] = found
        yield at


def test_formulas_of_the_ledger_say_in_mathml_what_they_say(small_ledger: list[Verdict]) -> None:
    draw, compared, truths = random.Random(0), 0, set()
    for expression in set(formulas(small_ledger)):
        if any(not isinstance(s, sp.Symbol) for s in expression.free_symbols):
            continue
        for at in points(expression, draw, 4):
            surds = {s: Surd.of(x) for s, x in at.items()}
            try:
                expected = holds(expression, surds)
            except (NotRepresentableError, ZeroDivisionError):
                continue
            if "msqrt" in written(formula(expression).math) or expression in (True, False):
                continue
            assert bool(value(expression, at)) is expected, expression
            compared += 1
            truths.add(expected)
    assert compared >= 200
    assert truths == {True, False}


x, y, z = sp.symbols("x y z", real=True)
third = sp.Rational(1, 3)
AT = {x: Fraction(-3, 2), y: Fraction(2), z: Fraction(1, 3)}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (x - (y - z), Fraction(-19, 6)),
        (x * (y + z), Fraction(-7, 2)),
        (-(x + y), Fraction(-1, 2)),
        (x**2 * y, Fraction(9, 2)),
        ((x + y) ** 2, Fraction(1, 4)),
        (x / (y * z), Fraction(-9, 4)),
        (x / y / (y + z), Fraction(-9, 28)),
        ((-x) ** -2, Fraction(4, 9)),
        (abs(x - abs(y)), Fraction(7, 2)),
        (y * sp.sign(x), -2),
        (sp.Min(x, y) * sp.Max(y, z), -3),
        (sp.floor(x) + sp.ceiling(x), -3),
        (sp.Piecewise((y, x > 0), (z, x > -1), (x, True)), Fraction(-3, 2)),
        (sp.Or(sp.And(x > 0, y > 0), z > 0), True),
        (sp.And(x > 0, sp.Or(y > 0, z > 0)), False),
        (sp.Not(sp.And(x > 0, y > 0)), True),
        (sp.Not(sp.Or(x > 0, y > 0)), False),
        (sp.Implies(x > 0, y > 5), True),
        (sp.Implies(sp.Implies(x > 0, y > 5), z > 1), False),
        (sp.Equivalent(x > 0, y > 5), True),
        (sp.ITE(x > 0, y > 5, z > 0), True),
        (sp.ITE(x < 0, y > 5, z > 0), False),
    ],
    ids=str,
)
def test_parentheses_are_where_they_must_be(expression: sp.Basic, expected: Any) -> None:
    at = {s: AT[s] for s in sorted(expression.free_symbols, key=str)}
    assert value(expression, at) == expected


def test_the_reader_sees_a_missing_pair_of_parentheses() -> None:
    """The failing twin: what the reader reads is the elements, not the formula."""
    tree = formula(x * (y + z)).math
    for row in [*tree.iter()]:
        for part in [part for part in row if part.text in ("(", ")")]:
            row.remove(part)
    names = {written(formula(s).math[0]): str(s) for s in (x, y, z)}
    read = eval(_Reader(names)(tree), {}, {**_FUNCTIONS, **{str(s): v for s, v in AT.items()}})
    assert read != Fraction(-7, 2)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x", "<mi>x</mi>"),
        ("eta", "<mi>η</mi>"),
        ("ell", "<mi>ℓ</mi>"),
        ("x_0", "<msub><mi>x</mi><mi>0</mi></msub>"),
        ("sigma0_sq", "<msub><mi>σ</mi><mi>0,sq</mi></msub>"),
        ("w_star", "<msup><mi>w</mi><mo>*</mo></msup>"),
        ("G''", "<msup><mi>G</mi><mo>′′</mo></msup>"),
        ("e_2'", "<msubsup><mi>e</mi><mi>2</mi><mo>′</mo></msubsup>"),
        ("w_star_1", "<msubsup><mi>w</mi><mi>1</mi><mo>*</mo></msubsup>"),
        (
            "w_tilde_2",
            '<msub><mover accent="true"><mi>w</mi><mo>~</mo></mover><mi>2</mi></msub>',
        ),
        ("w_2(0)", "<mrow><msub><mi>w</mi><mi>2</mi></msub><mtext>(0)</mtext></mrow>"),
        ("1x", "<mi>1x</mi>"),
    ],
)
def test_names_are_set_as_the_text_has_them(name: str, expected: str) -> None:
    assert written(formula(sp.Symbol(name)).math[0]) == expected


def test_no_two_symbols_of_a_statement_look_the_same(small_ledger: list[Verdict]) -> None:
    for expression in formulas(small_ledger):
        names = {s.name for s in expression.free_symbols}
        assert len({written(formula(sp.Symbol(name)).math) for name in names}) == len(names)


n = sp.Symbol("n")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (Statement(x < y), "x<y"),
        (Statement(x < y, (x < 0, z > 0)), "x<0, z>0 ⟹ x<y"),
        (Statement(sp.And(x < y, z > 0)), "(x<y) and (z>0)"),
        (Possible(x < y), "for some x, y: x<y"),
        (Always({n: n + 1}, n < 2, (n > 0,)), "n>0; for orbits of n↦n+1: always n<2"),
        (EventuallyAlways({n: -n}, n < 2), "for orbits of n↦−n: from some t on, always n<2"),
        (Along("a walk", (), (x,), (y,), x < y, 0, 3), "a walk, for t = 0, …, 2: x<y"),
        ("other", "other"),
    ],
    ids=str,
)
def test_statements_are_formulas_with_words_between(statement: Any, expected: str) -> None:
    assert text_of(stated(statement)) == expected


def test_hypotheses_that_are_told_elsewhere_are_left_out() -> None:
    given = Statement(x < y, (x < 0, z > 0))
    assert text_of(stated(given, (x < 0,))) == "z>0 ⟹ x<y"
    assert text_of(stated(given, (x < 0, z > 0))) == "x<y"
    always = Always({n: n + 1}, n < 2, (n > 0, x > 0))
    assert text_of(stated(always, (n > 0,))) == "x>0; for orbits of n↦n+1: always n<2"


def test_hypotheses_that_have_a_name_are_referred_to() -> None:
    given = Statement(x < y, (x < 0, z > 0))
    shown = stated(given, (), {x < 0: "D1"})
    assert text_of(shown) == "D1, z>0 ⟹ x<y"
    assert [each for each in shown.pieces if isinstance(each, Link)] == [Link("D1", "D1")]
    assert text_of(stated(given, (x < 0,), {x < 0: "D1"})) == "z>0 ⟹ x<y"


def test_commas_are_operators_which_stand_off_from_what_follows() -> None:
    commas = [
        each.tag
        for math in formulas_in([stated(Statement(x < y, (x < 0, z > 0)))])
        for each in math
        if each.text == ","
    ]
    assert commas == ["mo"]


def test_a_point_is_a_list_of_equations() -> None:
    at = {x: Surd.of(1) / 3, y: Surd.sqrt(Fraction(2))}
    assert text_of(*point(at)) == "x=13, y=2"
    tags = [each.tag for math in formulas_in(point(at)) for each in math.iter()]
    assert tags.count("mfrac") == tags.count("msqrt") == 1


def test_strict_and_weak_are_told_apart() -> None:
    shown = [text_of(formula(r(x, y))) for r in (sp.Lt, sp.Le, sp.Gt, sp.Ge, sp.Eq, sp.Ne)]
    assert shown == ["x<y", "x≤y", "x>y", "x≥y", "x=y", "x≠y"]
