"""A rule as a grid names it, with numbers of its own or without: ``Adam``, ``Adam@0.001``.

What follows @ is the rule's own learning rate, and after blanks come others of its numbers, as in
``Adam@0.001 beta1=0.5 eps=0``; they go before those that the grid has for all rules. Each is in the
notation of :mod:`simulations.sweep.notation`, and where that says several, as ``GD@0.1:10:5:log``,
the name stands for a rule with each of them.
"""

from collections.abc import Callable
from itertools import product
from typing import Any, Final, NamedTuple, Self

from simulations.engine.rules import KINDS
from simulations.sweep.grid import Parameter
from simulations.sweep.notation import values_of
from simulations.sweep.parameters import EVERY_RULE, NUMBERS, OPTIONS
from theory.common.errors import UserError

RULE: Final = "rule"
"""Name of the parameter."""
RATE: Final = "learning_rate"
"""Name of the number that follows @."""


class OwnRule(NamedTuple):
    """A rule and its own numbers.

    Attributes:
        name: one of :data:`simulations.engine.rules.KINDS`.
        own: name and value of each, in the order of :data:`simulations.sweep.parameters.NUMBERS`.

    """

    name: str
    own: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        """Return the rule as a grid names it, its numbers with all their bits."""
        return self._written(repr)

    def shown(self, digits: int) -> str:
        """Return the rule for people, with so many digits of its numbers."""
        return self._written(lambda number: f"{number:.{digits}g}")

    def _written(self, number: Callable[[float], str]) -> str:
        rate = "".join(f"@{number(value)}" for name, value in self.own if name == RATE)
        others = (f" {name}={number(value)}" for name, value in self.own if name != RATE)
        return "".join((self.name, rate, *others))

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the rule that ``str`` writes as ``text``."""
        name, own = _parts(text)
        return cls(name, tuple((option, float(number)) for option, number in own))


def read(written: str) -> tuple[OwnRule, ...]:
    """Return the rules that are written, one for each combination of their own numbers.

    Raises:
        UserError: there is no such rule, it does not use a number, or one cannot be read.

    """
    name, own = _parts(written)
    if name not in KINDS:
        raise UserError(
            f"rule: expected one of {', '.join(KINDS)}, {EVERY_RULE}, or one with numbers of its "
            f"own, as Adam@0.001; got {written!r}"
        )
    given = dict(own)
    if len(given) < len(own):
        raise UserError(f"rule: expected each number of a rule once, got {written!r}")
    unused = [option for option in given if option not in usable(name)]
    if unused:
        raise UserError(
            f"{written}: {name} does not use {', '.join(unused)}; expected "
            f"{', '.join(usable(name))}, which it uses"
        )
    ordered = [option for option in NUMBERS if option in given]
    values: list[Any] = [values_of(Parameter(o, float), given[o], source=written) for o in ordered]
    return tuple(
        OwnRule(name, tuple(zip(ordered, numbers, strict=True))) for numbers in product(*values)
    )


def usable(name: str) -> tuple[str, ...]:
    """Return the names of the numbers that a rule uses."""
    return tuple(n for n in NUMBERS if n not in OPTIONS or n in KINDS[name].defaults)


def _parts(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the name and what is written of each number."""
    head, *others = text.split() or [""]
    name, at, rate = head.partition("@")
    options = [other.partition("=")[::2] for other in others]
    return name, [*([(RATE, rate)] if at else []), *options]
