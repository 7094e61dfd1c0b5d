"""The grid of training runs that a file and options ask for, all of whose values are checked."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulations.engine.arguments import MAX_ITERATIONS
from simulations.engine.gradients import MAX_SAMPLES
from simulations.engine.rules import KINDS
from simulations.engine.spectrum import Variances, measured
from simulations.sweep.grid import Axis, Scalar, Sweep, Values
from simulations.sweep.notation import sweep_of
from simulations.sweep.parameters import (
    DEFAULT_D,
    DEFAULT_LEARNING_RATE,
    DEFAULT_SEEDS,
    DEFAULT_SHARE,
    EVERY_RULE,
    GIVEN,
    MEASURED,
    NUMBERS,
    OF_POWER_LAW,
    OPTIONS,
    PARAMETERS,
    POPULATION,
    POWER_LAW,
    PROBLEM,
    SCHEDULES,
    WHICH,
)
from simulations.sweep.point import numbers_of, problem_of, rule_of, schedule_of
from simulations.sweep.rules import OwnRule, read, usable
from theory.common.errors import UserError


@dataclass(frozen=True)
class Grid:
    """A sweep of training runs, all of whose values have been checked.

    Attributes:
        sweep: with ``d``, and with what only a power law has if one is swept.
        spectra: those that are given by their numbers, by their names in the sweep. A file's name
            there ends in the hash of its numbers, so that a changed file is another sweep.

    """

    sweep: Sweep
    spectra: Mapping[str, Variances]


def grid_of(file: Path | None = None, options: Sequence[str] = ()) -> Grid:
    """Return the grid that a TOML file and options ask for, as :func:`sweep_of` reads them.

    Args:
        file: a TOML file with tables ``axes`` and ``fixed`` and a number ``seeds``.
        options: as ``d=3,16,64``; they go before what the file says.

    Raises:
        UserError: something cannot be read, is unknown or out of its range, is not used by a swept
            rule, schedule or spectrum, or contradicts something else. All values are checked.

    """
    asked = sweep_of(PARAMETERS, file, options, seeds=DEFAULT_SEEDS)
    axes = {axis.name for axis in asked.axes}
    values: dict[str, Values] = {axis.name: axis.values for axis in asked.axes}
    values |= {name: _single(value) for name, value in asked.fixed}
    rules = _rules(values["rule"])
    values["rule"] = tuple(map(str, rules))
    _check_rules(rules, values)
    _check_schedules(values)
    spectra = _spectra(values)
    _fill_in(values, spectra)
    _check_problems(values, spectra)
    _check_range("iterations", values, 1, MAX_ITERATIONS - 1)
    _check_range("samples_per_step", values, POPULATION, MAX_SAMPLES)
    _check_range("epsilon", values, 0, 1e60)
    ordered = [(p.name, values[p.name]) for p in PARAMETERS if p.name in values]
    swept = {name for name, of in ordered if len(of) > 1 or name in axes}
    return Grid(
        Sweep(
            tuple(Axis(name, of) for name, of in ordered if name in swept),
            tuple((name, of[0]) for name, of in ordered if name not in swept),
            asked.seeds,
        ),
        spectra,
    )


def _single(value: Scalar) -> Values:
    return (value,)  # type: ignore[return-value]  # one value is of one kind


# Checks: ranges are intervals, so that of many values the ends are enough


def _ends(values: Values) -> tuple[Any, ...]:
    ends: Any = (values[0], values[-1]) if isinstance(values, range) else values
    return tuple(dict.fromkeys((min(ends), max(ends))))


def _check_range(name: str, values: Mapping[str, Values], least: float, most: float) -> None:
    for value in _ends(values[name]):
        if not least <= value <= most:
            raise UserError(f"{name}: expected from {least} to {most}, got {value!r}")


def _rules(written: Values) -> tuple[OwnRule, ...]:
    """Return the rules that are asked for, one for each combination of a rule's own numbers."""
    found = [
        rule
        for text in map(str, written)
        for rule in (map(OwnRule, KINDS) if text == EVERY_RULE else read(text))
    ]
    most, times = Counter(found).most_common(1)[0]
    if times > 1 and EVERY_RULE not in written:
        raise UserError(f"rule: expected each rule once, got {most} twice")
    return tuple(dict.fromkeys(found))


def _check_rules(rules: Sequence[OwnRule], values: dict[str, Values]) -> None:
    """Check numbers of rules; the learning rate of those without one goes into ``values``."""
    given = [name for name in NUMBERS if name in values]
    for name in given:
        _check_own(name, rules, values[name])
    if not all("learning_rate" in dict(rule.own) for rule in rules):
        values.setdefault("learning_rate", (DEFAULT_LEARNING_RATE,))
    for rule in rules:
        unused = [n for n in given if n in OPTIONS and n not in KINDS[rule.name].defaults]
        if unused:
            hint = ". The power law's is called exponent" if "alpha" in unused else ""
            raise UserError(
                f"{rule.name} does not use {', '.join(unused)}; expected "
                f"{', '.join(usable(rule.name))}, which it uses. Leave out the option, or the rule"
                f"{hint}"
            )
        first = {"rule": str(rule), "schedule": "constant", "iterations": 1}
        first |= {name: values[name][0] for name in NUMBERS if name in values}
        rule_of(first)
        for name in given:
            for value in _ends(values[name]):
                rule_of({**first, name: value})


def _check_own(name: str, rules: Sequence[OwnRule], values: Values) -> None:
    """Check that a number that is given for all rules is used, and swept for all if it is swept."""
    own = [rule for rule in rules if name in dict(rule.own)]
    if len(own) == len(rules):
        raise UserError(
            f"{name}: not used, as every rule has one of its own. Leave it out, or out of a rule"
        )
    if own and len(values) > 1:
        raise UserError(
            f"{name}: expected one value, for the rules without their own (of which {own[0]} is "
            f"none), got {len(values)} values. Write those of each rule behind its name"
        )


def _check_schedules(values: Mapping[str, Values]) -> None:
    for name in ("schedule_steps", "power"):
        if name not in values:
            continue
        unused = [s for s in values["schedule"] if name not in SCHEDULES[str(s)]]
        if unused:
            using = [s for s, used in SCHEDULES.items() if name in used]
            raise UserError(
                f"the schedule {unused[0]} does not use {name}; expected schedule="
                f"{','.join(using)}, or no {name}"
            )
        for schedule in values["schedule"]:
            for value in _ends(values[name]):
                schedule_of({"schedule": schedule, "iterations": 1, name: value})


def _spectra(values: dict[str, Values]) -> dict[str, Variances]:
    """Read the spectra that are numbers, and put their names in the sweep into ``values``."""
    found: dict[str, Variances] = {}
    names = []
    for written in map(str, values["spectrum"]):
        name = written
        if written.startswith(MEASURED):
            numbers = measured(Path(written.removeprefix(MEASURED)))
            bits = np.array(numbers.values).tobytes()
            name = f"{written} (sha256 {hashlib.sha256(bits).hexdigest()[:12]})"
            found[name] = numbers
        elif written.startswith(GIVEN):
            found[name] = Variances(numbers_of("spectrum", written.removeprefix(GIVEN)))
        elif written != POWER_LAW:
            raise UserError(
                f"spectrum: expected {POWER_LAW}, {MEASURED}FILE, or {GIVEN} and variances with "
                f"blanks between, got {written!r}"
            )
        names.append(name)
    values["spectrum"] = tuple(names)
    return found


def _fill_in(values: dict[str, Values], spectra: Mapping[str, Variances]) -> None:
    """Put the dimension and what only a power law has into ``values``."""
    for name, spectrum in spectra.items():
        d = values.setdefault("d", (spectrum.d,))
        if len(d) > 1 or d[0] != spectrum.d:
            raise UserError(
                f"d: expected {spectrum.d}, as the spectrum {name} has so many variances, got "
                f"{', '.join(map(str, d[:8]))}. Sweep spectra of one length at a time"
            )
    values.setdefault("d", (DEFAULT_D,))
    power_law = POWER_LAW in values["spectrum"]
    for name, default in OF_POWER_LAW.items():
        if name in values and (not power_law or (spectra and len(values[name]) > 1)):
            unused = next(s for s in values["spectrum"] if s != POWER_LAW)
            raise UserError(
                f"the spectrum {unused} does not use {name}; expected spectrum={POWER_LAW}, or no "
                f"{name}"
            )
        if power_law:
            values.setdefault(name, (default,))
    if not spectra and not any(name in values for name in WHICH):
        values["irrelevant_share"] = (DEFAULT_SHARE,)
    for which in ("target", "start"):
        if f"{which}_weights" not in values:
            values.setdefault(f"{which}_scale", (1.0,))


def _check_problems(values: Mapping[str, Values], spectra: Mapping[str, Variances]) -> None:
    for names in (WHICH, *((f"{w}_scale", f"{w}_weights") for w in ("target", "start"))):
        given = [name for name in names if name in values]
        if len(given) > 1:
            raise UserError(f"expected one of {', '.join(names)}, got {' and '.join(given)}")
    if "irrelevant_share" in values:
        for share in _ends(values["irrelevant_share"]):
            if not 0 <= share < 1:
                raise UserError(f"irrelevant_share: expected from 0 to below 1, got {share!r}")
    for at in _corners(values):
        try:
            problem_of(at, spectra)
        except UserError as error:
            place = ", ".join(f"{n} = {at[n]}" for n in ("d", *OF_POWER_LAW) if n in at)
            raise UserError(f"at {place}: {error}") from error


def _corners(values: Mapping[str, Values]) -> Iterator[dict[str, Any]]:
    """Yield points among which is one that is out of its range, if there is any in the grid.

    What decides together with others is d and the spectrum; of the rest the ends are enough, those
    of the power law with the others at the value at which variances are least.
    """
    worst = {"exponent": max, "sigma0_sq": min}
    there = [name for name in PROBLEM if name in values and name != "spectrum"]
    first = {name: worst.get(name, lambda of: of[0])(values[name]) for name in there}
    for spectrum in values["spectrum"]:
        for d in _ends(values["d"]):
            yield {**first, "spectrum": spectrum, "d": d}
            for name in there:
                texts = isinstance(values[name][0], str)
                for value in values[name] if texts else _ends(values[name]):
                    yield {**first, "spectrum": spectrum, "d": d, name: value}
