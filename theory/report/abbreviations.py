"""Letters for what formulas repeat, so that each long part is set once.

A long part of a formula that occurs again is given a letter with an index, k₁ for a value and K₁
for a condition, and what the letter stands for is told once. Only elements that are a whole
expression are replaced, and a letter stands where such an element may stand: putting it back gives
the formulas as they were.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

from theory.report.markup import node

_VALUES: Final = "kghqfvz"
_CONDITIONS: Final = "KHGQFVZ"
"""Letters, of which the first that no formula has is taken."""
_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_WHOLE: Final = {"mrow", "mfrac", "msup", "msqrt"}
"""Elements that are an expression, unless they are parentheses or words."""
_OF_CONDITIONS: Final = set("=≠<>≤≥∧∨¬⇒⇔")

LEAST_SAVING: Final = 200
"""Characters of a file that a letter saves in a proof."""
_LEAST_LENGTH: Final = 130
"""Characters of a part that is given a letter: ``sign(a)/3`` has as many."""
_OF_A_LETTER: Final = len("<mi>k₁</mi>")
_OF_A_MEANING: Final = 60


@dataclass
class _Census:
    """How often each element occurs, by a number that equal elements share, and its length."""

    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    times: Counter[int] = field(default_factory=Counter)
    places: dict[int, list[tuple[ET.Element, int]]] = field(default_factory=dict)

    def count(self, element: ET.Element) -> int:
        """Count what is in an element; return the element's number."""
        inside = []
        for place, child in enumerate(element):
            inside.append(self.count(child))
            if _is_whole(child):
                self.times[inside[-1]] += 1
                self.places.setdefault(inside[-1], []).append((element, place))
        key = (element.tag, element.text, *sorted(element.attrib.items()), *inside)
        number = self.numbers.setdefault(key, len(self.numbers))
        tags = 2 * len(element.tag) + len("<></>")
        self.lengths[number] = (
            tags + len(element.text or "") + sum(self.lengths[each] for each in inside)
        )
        return number

    def best(self, least: int) -> list[tuple[ET.Element, int]]:
        """Return the places of the element for which a letter saves most; none below the least.

        Of equals the first is taken, so that the same formulas get the same letters.
        """
        savings = {
            number: (n - 1) * self.lengths[number] - n * _OF_A_LETTER - _OF_A_MEANING
            for number, n in self.times.items()
            if n > 1 and self.lengths[number] >= _LEAST_LENGTH
        }
        best = max(savings, key=savings.__getitem__, default=None)
        is_worth_it = best is not None and savings[best] >= least
        return self.places[best] if best is not None and is_worth_it else []


def abbreviate(within: ET.Element, least: int = LEAST_SAVING) -> list[ET.Element]:
    """Put letters for the long parts that the formulas inside an element repeat.

    Args:
        within: an element with ``math`` elements inside, which are changed.
        least: characters of a file that a letter saves at least.

    Returns:
        What the letters stand for, each a ``math`` element; a meaning may have other letters.

    """
    formulas = [*within.iter("math")]
    values, conditions = _letters(formulas)
    meanings: list[ET.Element] = []
    while places := _counted([*formulas, *meanings]).best(least):
        first, place = places[0]
        part = first[place]
        is_condition = any(c.tag == "mo" and c.text in _OF_CONDITIONS for c in part)
        letter = next(conditions if is_condition else values)
        for parent, at in places:
            parent[at] = node("mi", letter)
        means = node("mo", "⇔" if is_condition else "=")
        meanings.append(node("math", node("mi", letter), means, part))
    return meanings


def _counted(formulas: list[ET.Element]) -> _Census:
    census = _Census()
    for each in formulas:
        census.count(each)
    return census


def _is_whole(element: ET.Element) -> bool:
    """Whether an element is an expression that a letter may stand for."""
    if element.tag != "mrow":
        return element.tag in _WHOLE
    return element[0].text != "(" and not any(child.tag == "mtext" for child in element)


def _letters(formulas: list[ET.Element]) -> tuple[Iterator[str], Iterator[str]]:
    """Return unused names of values and of conditions."""
    used = {(each.text or "")[:1] for formula in formulas for each in formula.iter("mi")}
    value, condition = (
        next(letter for letter in choice if letter not in used) for choice in (_VALUES, _CONDITIONS)
    )
    return _numbered(value), _numbered(condition)


def _numbered(letter: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield letter + str(number).translate(_SUBSCRIPTS)
