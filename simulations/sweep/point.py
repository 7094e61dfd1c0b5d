"""What one point of a grid asks for: its rule, its schedule, and its problem."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from simulations.engine.rules import (
    Constant,
    Cosine,
    InverseTime,
    Polynomial,
    Rule,
    Schedule,
    update_rule,
)
from simulations.engine.spectrum import (
    Fixed,
    Irrelevant,
    Normal,
    PowerLaw,
    Regression,
    Variances,
    Weights,
)
from simulations.sweep.parameters import DEFAULT_SHARE, NUMBERS
from simulations.sweep.rules import OwnRule
from theory.common.errors import UserError
from theory.logic.numbers import exact

At: TypeAlias = Mapping[str, Any]
"""Name and value of the parameters of one point."""

# From (steps, power).
_SCHEDULES: Final[Mapping[str, Callable[[int, float], Schedule]]] = MappingProxyType(
    {
        "constant": lambda steps, power: Constant(),
        "polynomial": Polynomial,
        "cosine": lambda steps, power: Cosine(steps),
        "inverse-time": lambda steps, power: InverseTime(steps),
    }
)


def rule_of(at: At) -> Rule:
    """Return the update rule of a point, schedule included; its own numbers go first."""
    rule = OwnRule.of(at["rule"])
    given = {name: float(at[name]) for name in NUMBERS if name in at} | dict(rule.own)
    return update_rule(rule.name, given.pop("learning_rate"), schedule=schedule_of(at), **given)


def schedule_of(at: At) -> Schedule:
    """Return the schedule of a point; where nothing is said, it ends with the run."""
    make = _SCHEDULES[at["schedule"]]
    return make(at.get("schedule_steps", at["iterations"]), at.get("power", 1.0))


def problem_of(at: At, spectra: Mapping[str, Variances]) -> Regression:
    """Return the problem of a point, given the spectra that are numbers."""
    given = spectra.get(at["spectrum"])
    return Regression(
        given or PowerLaw(at["d"], at["exponent"], at["sigma0_sq"]),
        _irrelevant(at, given),
        _weights(at, "target"),
        _weights(at, "start"),
    )


def _irrelevant(at: At, given: Variances | None) -> Irrelevant:
    d, energy = at["d"], at["energy"]
    if "irrelevant" in at:
        return Irrelevant.highest(at["irrelevant"], d, energy)
    if "irrelevant_at" in at:
        return Irrelevant(_indices(at["irrelevant_at"]), energy)
    if given is not None and "irrelevant_share" not in at:
        return Irrelevant(tuple(k for k in range(1, d) if given.values[k] == 0), energy)
    return Irrelevant.highest(round(at.get("irrelevant_share", DEFAULT_SHARE) * d), d, energy)


def _indices(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(token) for token in text.split())
    except ValueError:
        raise UserError(
            f"irrelevant_at: expected indices with blanks between, as 2 or 5 9 10, got {text!r}"
        ) from None


def _weights(at: At, which: str) -> Weights:
    name = f"{which}_weights"
    if name in at:
        return Fixed(numbers_of(name, at[name]))
    return Normal(at.get(f"{which}_scale", 1.0))


def numbers_of(name: str, text: str) -> tuple[float, ...]:
    """Return the numbers in a text, with blanks between; raises UserError, naming the parameter."""
    try:
        return tuple(float(exact(token)) for token in text.split())
    except (ValueError, OverflowError):
        raise UserError(
            f"{name}: expected numbers with blanks between, as 5 10 0, got {text!r}"
        ) from None
