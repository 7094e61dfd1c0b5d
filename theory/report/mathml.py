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
from theory.report.markup import Child, add, node

_NAME = re.compile(r"(?P<base>[A-Za-z]+)(?P<digits>\d*)(?P<rest>(?:_[A-Za-z0-9]+)*)(?P<after>.*)")
_ACCENTS = {"tilde": "~", "hat": "^", "bar": "¯"}
_SUPERSCRIPTS = {"star": "*"}
_SPACE = "\N{NO-BREAK SPACE}"  # others are cut off at the ends of a text in a formula
_LETTERS = {**greek_unicode, "ell": "ℓ"}
_TIMES = "\N{INVISIBLE TIMES}"
_LETTER = re.compile(r"[A-Za-z][₀-₉]+")
"""A letter that stands for a part of formulas; other names have their index below."""
_FENCES = set("()[]{}|‖⌊⌋⌈⌉")
_PARENTHESES = set("()")
"""Fences that stand as close to their neighbours in any place of a row."""
_TALL = {"mfrac", "mtable", "msqrt", "msup", "msubsup", "mover"}
"""Elements with which fences beside them grow."""
_ROWS = {"mrow", "math", "mtd", "msqrt"}
"""Elements whose content is set side by side, as in a row."""
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


def formula(expression: sp.Basic, *, enclosed: bool = False) -> ET.Element:
    """Return a formula as a ``math`` element.

    Args:
        expression: an expression, a relation or a formula with connectives.
        enclosed: whether it stands in parentheses.

    """
    row = _converted(_Printer()._print(expression))
    parentheses = (node("mo", "("), row, node("mo", ")"))
    return node("math", *parentheses) if enclosed else node("math", row)


def simplify(math: ET.Element) -> None:
    """Leave out rows and gaps that change nothing of how a formula is drawn."""
    _bare(math)
    for row in [each for each in math.iter() if each.tag in _ROWS]:
        row[:] = _joined(row, not any(each.tag in _TALL for each in row.iter()))
    for row in [each for each in math.iter() if each.tag in _ROWS]:
        before = [None, *row[:-1]]
        gaps = [
            each
            for each, left in zip(row, before, strict=True)
            if each.tag == "mspace" and (left is None or _is_seen_operator(left))
        ]
        for gap in gaps:
            row.remove(gap)


def _bare(row: ET.Element, before: ET.Element | None = None) -> None:
    """Leave out parentheses around a letter that stands for a part, but for a function's argument.

    Args:
        row: an element, with what is in it.
        before: what stands left of it in its row, if anything does.

    """
    kept: list[ET.Element] = []
    for child in row:
        _bare(child, kept[-1] if kept else before)
        kept.append(child)
        left = kept[-4] if len(kept) > 3 else before
        is_argument = left is not None and left.tag != "mo"
        if len(kept) > 2 and _is_lone_letter(*kept[-3:]) and not is_argument:
            kept[-3:] = [kept[-2]]
    row[:] = kept


def _is_lone_letter(left: ET.Element, inside: ET.Element, right: ET.Element) -> bool:
    is_enclosed = (left.text, right.text) == ("(", ")")
    return is_enclosed and _LETTER.fullmatch(inside.text or "") is not None


def _joined(row: ET.Element, is_flat: bool) -> list[ET.Element]:
    """Return the row's content, with the content of rows inside that need not be rows.

    An operator's spacing depends on whether it is first or last in its row, and a fence grows with
    what is in its row; a row inside, in which neither matters, need not be one.

    Args:
        row: the row.
        is_flat: whether nothing is so tall, in the row that all this is joined to, that parentheses
            grow with it.

    """
    joined: list[ET.Element] = []
    fixed = _PARENTHESES if is_flat else set()
    for place, child in enumerate(row):
        inside = _joined(child, is_flat) if child.tag == "mrow" else []
        is_loose = inside and _is_loose(inside, place == 0, place == len(row) - 1, fixed)
        joined += inside if is_loose else [child]
    return joined


def _is_loose(inside: list[ET.Element], is_first: bool, is_last: bool, fixed: set[str]) -> bool:
    operators = [
        each.text if each.tag == "mo" and each.text not in fixed else "" for each in inside
    ]
    has_fence = any(operator in _FENCES for operator in operators)
    begins, ends = (bool(operators[i]) for i in (0, -1))
    is_name = inside[-1].tag == "mtext"
    return not (has_fence or is_name) and (is_first or not begins) and (is_last or not ends)


def _is_seen_operator(element: ET.Element) -> bool:
    return element.tag == "mo" and element.text != _TIMES


def _converted(element: DomElement) -> ET.Element:
    """Turn sympy's tree, in which entities stand as text, into the page's."""
    children = [child for child in element.childNodes if isinstance(child, DomElement | Text)]
    if element.tagName == "mrow" and len(children) == 1 and not isinstance(children[0], Text):
        return _converted(children[0])  # a row of one is that one
    found = node(element.tagName, **dict(element.attributes.items()))
    for child in children:
        if isinstance(child, DomElement):
            add(found, _converted(child))
        else:
            add(found, unescape(child.data).replace("-", "−"))
    return found


def stated(
    statement: Any, assumed: Sequence[sp.Basic] = (), names: Mapping[sp.Basic, str] = NO_NAMES
) -> ET.Element:
    """Return a statement as formulas and words, in a box.

    Args:
        statement: a shape of :mod:`theory.logic.statements`; of any other, the text is shown.
        assumed: hypotheses that the page has told of already, which are left out here.
        names: hypotheses that the page tells of once, by the name that each has there.

    """
    return node("div", *_parts(statement, set(assumed), names), class_="formula")


def listed(formulas: Iterable[ET.Element]) -> ET.Element:
    """Return formulas with commas between, in a box."""
    return node("div", *_pieces(formulas, ",", ""), class_="formula")


def named(
    expressions: Iterable[sp.Basic], names: Mapping[sp.Basic, str] = NO_NAMES
) -> list[ET.Element]:
    """Return formulas; for one that has a name, a link to where it stands under its name."""
    return [
        node("a", names[each], href=f"#{names[each]}") if each in names else formula(each)
        for each in expressions
    ]


def _parts(
    statement: Any, assumed: AbstractSet[sp.Basic], names: Mapping[sp.Basic, str]
) -> Iterator[Child]:
    if isinstance(statement, Statement | Always | EventuallyAlways):
        given = named((each for each in statement.hypotheses if each not in assumed), names)
    match statement:
        case Statement():
            yield from _pieces(given, ",", " ⟹ ")
            yield from _conjuncts(statement.conclusion)
        case Possible():
            yield "for some "
            yield from _listed(statement.symbols, ": ")
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


def _image(pair: tuple[sp.Symbol, sp.Expr]) -> ET.Element:
    symbol, image = (_converted(_Printer()._print(each)) for each in pair)
    return node("math", symbol, node("mo", "↦"), image)


def _listed(expressions: Iterable[sp.Basic], end: str = "") -> Iterator[Child]:
    return _pieces(map(formula, expressions), ",", end)


def _conjuncts(expression: sp.Basic) -> Iterator[Child]:
    """A long conjunction, in pieces between which a line may end."""
    if not isinstance(expression, sp.And):
        return _pieces([formula(expression)], "", "")
    parts = sorted(expression.args, key=str)
    return _pieces((formula(part, enclosed=True) for part in parts), " and", "")


def _pieces(formulas: Iterable[ET.Element], between: str, end: str) -> Iterator[Child]:
    """Formulas with words and marks between; nothing at all if there are none.

    A mark is part of the formula before it.
    """
    found = list(formulas)
    for number, each in enumerate(found, 1):
        after = (between if number < len(found) else end).rstrip()
        is_mark = each.tag == "math" and after in (",", ";", ":")
        yield marked(each, after) if is_mark else each
        yield ("" if is_mark else after) + " " * (number < len(found) or bool(end))


def marked(math: ET.Element, mark: str) -> ET.Element:
    """Return a formula with a mark after it, which no line begins with."""
    add(math, node("mo", mark))
    return math


def equation(left: sp.Basic, right: sp.Basic) -> ET.Element:
    """Return an equation of two expressions, kept as they are."""
    return formula(sp.Eq(left, right, evaluate=False))


def point(at: Mapping[sp.Symbol, Surd]) -> ET.Element:
    """Return the values of symbols, as formulas."""
    values = (sp.Eq(s, value.to_sympy(), evaluate=False) for s, value in at.items())
    return node("span", *_listed(values))
