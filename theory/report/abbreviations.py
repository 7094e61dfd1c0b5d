"""Letters for what formulas repeat, so that each long part is set once.

A long part of a formula that occurs again is given a letter with an index, k₁ for a value and K₁
for a condition, and what the letter stands for is told once. Only elements that are a whole
expression are replaced, and a letter stands where such an element may stand: putting it back gives
the formulas as they were.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final
from xml.etree import ElementTree as ET

from theory.report.html import Formula
from theory.report.mathml import element

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
    places: dict[int, list[tuple[ET.Element, int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, formulas: Iterable[ET.Element]) -> "_Census":
        """Count what is in formulas."""
        census = cls()
        for each in formulas:
            census.count(each)
        return census

    def count(self, parent: ET.Element) -> int:
        """Count what is in an element; return the element's number."""
        inside = []
        for place, child in enumerate(parent):
            inside.append(self.count(child))
            if _is_whole(child):
                self.places.setdefault(inside[-1], []).append((parent, place))
        key = (parent.tag, parent.text, *sorted(parent.attrib.items()), *inside)
        number = self.numbers.setdefault(key, len(self.numbers))
        own = 2 * len(parent.tag) + len("<></>") + len(parent.text or "")
        self.lengths[number] = own + sum(self.lengths[each] for each in inside)
        return number

    def best(self, least: int) -> list[tuple[ET.Element, int]]:
        """Return the places of the element for which a letter saves most; none below the least.

        Of equals the first is taken, so that the same formulas get the same letters.
        """
        best, most = [], least - 1
        for number, places in self.places.items():
            length, n = self.lengths[number], len(places)
            saved = (n - 1) * length - n * _OF_A_LETTER - _OF_A_MEANING
            if n > 1 and length >= _LEAST_LENGTH and saved > most:
                best, most = places, saved
        return best


def abbreviate(formulas: Sequence[ET.Element], least: int = LEAST_SAVING) -> list[Formula]:
    """Put letters for the long parts that formulas repeat.

    Args:
        formulas: ``math`` elements, which are changed.
        least: characters of a file that a letter saves at least.

    Returns:
        What the letters stand for; a meaning may have other letters.

    """
    values, conditions = _letters(formulas)
    meanings: list[ET.Element] = []
    while places := _Census.of([*formulas, *meanings]).best(least):
        first, place = places[0]
        part = first[place]
        is_condition = any(c.tag == "mo" and c.text in _OF_CONDITIONS for c in part)
        letter = next(conditions if is_condition else values)
        for parent, at in places:
            parent[at] = element("mi", letter)
        means = element("mo", "⇔" if is_condition else "=")
        meanings.append(element("math", element("mi", letter), means, part))
    return [Formula(each) for each in meanings]


def _is_whole(part: ET.Element) -> bool:
    """Whether an element is an expression that a letter may stand for."""
    if part.tag != "mrow":
        return part.tag in _WHOLE
    return part[0].text != "(" and not any(child.tag == "mtext" for child in part)


def _letters(formulas: Sequence[ET.Element]) -> tuple[Iterator[str], Iterator[str]]:
    """Return unused names of values and of conditions."""
    used = {(each.text or "")[:1] for formula in formulas for each in formula.iter("mi")}
    value, condition = (
        next(letter for letter in choice if letter not in used) for choice in (_VALUES, _CONDITIONS)
    )
    return _numbered(value), _numbered(condition)


def _numbered(letter: str) -> Iterator[str]:
    return (letter + str(number).translate(_SUBSCRIPTS) for number in count(1))
