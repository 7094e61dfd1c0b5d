"""Statements as MathML: sympy's presentation printer, with what it does not know.

A statement is a few formulas with words between, so that a narrow screen breaks lines there; only
a formula that is wider than the screen scrolls, in its own box.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from html import unescape
from typing import Any, Final
from xml.dom.minidom import Element as DomElement
from xml.dom.minidom import Text
from xml.etree import ElementTree as ET

import sympy as sp
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.pretty.pretty_symbology import greek_unicode

from theory.logic.exact import Surd
from theory.logic.statements import Along, Always, EventuallyAlways, Possible, Statement
from theory.report.html import Formula, Line, Link, Piece

_NAME = re.compile(r"(?P<base>[A-Za-z]+)(?P<digits>\d*)(?P<rest>(?:_[A-Za-z0-9]+)*)(?P<after>.*)")
_ACCENTS = {"tilde": "~", "hat": "^", "bar": "¯"}
_SUPERSCRIPTS = {"star": "*"}
_SPACE = "\N{NO-BREAK SPACE}"  # others are cut off at the ends of a text in a formula
_LETTERS = {**greek_unicode, "ell": "ℓ"}
NO_NAMES: Final[Mapping[sp.Basic, str]] = {}


class _Printer(MathMLPresentationPrinter):
    """sympy's printer, which lacks cases and tests, and the text's own names of quantities."""

    def _element(self, tag: str, *children: DomElement | str) -> DomElement:
        element = self.dom.createElement(tag)
        for child in children:
            is_text = isinstance(child, str)
            element.appendChild(self.dom.createTextNode(child) if is_text else child)
        return element

    def _print_Symbol(self, sym: sp.Symbol, style: str = "plain") -> DomElement:
        """w_tilde_2 is w with a tilde and the index 2, w_star has a star, and G'' two primes."""
        name = _NAME.fullmatch(sym.name)
        if name is None:
            return self._element("mi", str(sym.name))
        parts = [name["digits"], *name["rest"].split("_")]
        base = str(name["base"])
        letter = self._element("mi", _LETTERS.get(base, base))
        for accent in (_ACCENTS[part] for part in parts if part in _ACCENTS):
            letter = self._element("mover", letter, self._element("mo", accent))
            letter.setAttribute("accent", "true")
        below = [p for p in parts if p and p not in _ACCENTS and p not in _SUPERSCRIPTS]
        above = "".join(_SUPERSCRIPTS.get(part, "") for part in parts)
        primes = "′" * (len(name["after"]) - len(name["after"].lstrip("'")))
        script = self._with_scripts(letter, below, above + primes)
        rest = name["after"].lstrip("'")
        return self._element("mrow", script, self._element("mtext", rest)) if rest else script

    def _with_scripts(self, letter: DomElement, below: list[str], above: str) -> DomElement:
        index = self._element("mi", ",".join(_LETTERS.get(part, part) for part in below))
        raised = self._element("mo", above)
        if below and above:
            return self._element("msubsup", letter, index, raised)
        if below:
            return self._element("msub", letter, index)
        return self._element("msup", letter, raised) if above else letter

    def _print_Function(self, e: sp.Function) -> DomElement:
        """The name of a function stands off from what it is a factor to."""
        gap = self._element("mspace")
        gap.setAttribute("width", "0.17em")
        return self._element("mrow", gap, *super()._print_Function(e).childNodes)

    def _print_Piecewise(self, expr: sp.Piecewise) -> DomElement:
        rows = []
        for value, when in expr.args:
            words = "otherwise" if when == sp.true else f"if{_SPACE}"
            condition = [self._element("mtext", words)]
            condition += [] if when == sp.true else [self._print(when)]
            cells = (self._print(value), self._element("mrow", *condition))
            rows.append(self._element("mtr", *(self._element("mtd", cell) for cell in cells)))
        return self._element("mrow", self._l_brace(), self._element("mtable", *rows))

    def _print_ITE(self, expr: sp.ITE) -> DomElement:
        test, then, otherwise = map(self._print, expr.args)
        words = (
            self._element("mtext", f"{_SPACE}{word}{_SPACE}") for word in ("if", "then", "else")
        )
        pairs = zip(words, (test, then, otherwise), strict=True)
        return self._element("mrow", *(part for pair in pairs for part in pair))


def element(tag: str, *children: ET.Element | str, **attributes: str) -> ET.Element:
    """Return an element of a formula; a text stands before elements."""
    found = ET.Element(tag, attributes)
    for child in children:
        if isinstance(child, str):
            found.text = (found.text or "") + child
        else:
            found.append(child)
    return found


def formula(expression: sp.Basic, *, enclosed: bool = False) -> Formula:
    """Return a formula.

    Args:
        expression: an expression, a relation or a formula with connectives.
        enclosed: whether it stands in parentheses.

    """
    row = _converted(_Printer()._print(expression))
    parentheses = (element("mo", "("), row, element("mo", ")"))
    return Formula(element("math", *parentheses) if enclosed else element("math", row))


def _converted(printed: DomElement) -> ET.Element:
    """Turn sympy's tree, in which entities stand as text, into the page's."""
    children = [child for child in printed.childNodes if isinstance(child, DomElement | Text)]
    if printed.tagName == "mrow" and len(children) == 1 and not isinstance(children[0], Text):
        return _converted(children[0])  # a row of one is that one
    inside = (
        _converted(child)
        if isinstance(child, DomElement)
        else unescape(child.data).replace("-", "−")
        for child in children
    )
    return element(printed.tagName, *inside, **dict(printed.attributes.items()))


def stated(
    statement: Any, assumed: Sequence[sp.Basic] = (), names: Mapping[sp.Basic, str] = NO_NAMES
) -> Line:
    """Return a statement as formulas and words.

    Args:
        statement: a shape of :mod:`theory.logic.statements`; of any other, the text is shown.
        assumed: hypotheses that the page has told of already, which are left out here.
        names: hypotheses that the page tells of once, by the name that each has there.

    """
    return Line([*_parts(statement, set(assumed), names)])


def listed(formulas: Iterable[Formula | Link]) -> Line:
    """Return formulas with commas between."""
    return Line([*_pieces(formulas, ",", "")])


def named(
    expressions: Iterable[sp.Basic], names: Mapping[sp.Basic, str] = NO_NAMES
) -> list[Formula | Link]:
    """Return formulas; for one that has a name, a link to where it stands under its name."""
    return [Link(names[e], names[e]) if e in names else formula(e) for e in expressions]


def _parts(
    statement: Any, assumed: AbstractSet[sp.Basic], names: Mapping[sp.Basic, str]
) -> Iterator[Piece]:
    if isinstance(statement, Statement | Always | EventuallyAlways):
        given = named((each for each in statement.hypotheses if each not in assumed), names)
    match statement:
        case Statement():
            yield from _pieces(given, ",", " ⟹ ")
            yield from _conjuncts(statement.conclusion)
        case Possible():
            yield "for some "
            yield from _pieces(map(formula, statement.symbols), ",", ": ")
            yield from _conjuncts(statement.formula)
        case Always() | EventuallyAlways():
            always = "always " if isinstance(statement, Always) else "from some t on, always "
            yield from _pieces(given, ",", "; ")
            yield "for orbits of "
            yield from _pieces(map(_image, statement.step.items()), ",", ": ")
            yield always
            yield from _conjuncts(statement.region)
        case Along():
            yield f"{statement.name}, for t = {statement.start}, …, {statement.stop - 1}: "
            yield from _conjuncts(statement.formula)
        case _:
            yield str(statement)


def _image(pair: tuple[sp.Symbol, sp.Expr]) -> Formula:
    symbol, image = (_converted(_Printer()._print(each)) for each in pair)
    return Formula(element("math", symbol, element("mo", "↦"), image))


def _conjuncts(expression: sp.Basic) -> Iterator[Piece]:
    """A long conjunction, in pieces between which a line may end."""
    if not isinstance(expression, sp.And):
        return _pieces([formula(expression)], "", "")
    parts = sorted(expression.args, key=str)
    return _pieces((formula(part, enclosed=True) for part in parts), " and", "")


def _pieces(formulas: Iterable[Formula | Link], between: str, end: str) -> Iterator[Piece]:
    """Formulas with words and marks between; nothing at all if there are none.

    A mark is part of the formula before it.
    """
    found = list(formulas)
    for number, each in enumerate(found, 1):
        after = (between if number < len(found) else end).rstrip()
        space = " " * (number < len(found) or bool(end))
        if isinstance(each, Formula) and after in (",", ";", ":"):
            yield from (marked(each, after), space)
        else:
            yield from (each, after + space)


def marked(before: Formula, mark: str) -> Formula:
    """Return a formula with a mark after it, which no line begins with."""
    before.math.append(element("mo", mark))
    return before


def equation(left: sp.Basic, right: sp.Basic) -> Formula:
    """Return an equation of two expressions, kept as they are."""
    return formula(sp.Eq(left, right, evaluate=False))


def point(at: Mapping[sp.Symbol, Surd]) -> list[Piece]:
    """Return the values of symbols, as formulas."""
    return [*_pieces((equation(s, value.to_sympy()) for s, value in at.items()), ",", "")]
