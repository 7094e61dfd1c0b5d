"""What may be swept of a training run, and the checked grid that a file and options ask for."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from simulations.explore.rules import (
    KINDS,
    Constant,
    Cosine,
    InverseTime,
    Polynomial,
    Rule,
    Schedule,
    update_rule,
)
from simulations.explore.spectrum import (
    Fixed,
    Irrelevant,
    Normal,
    PowerLaw,
    Regression,
    Variances,
    Weights,
    measured,
)
from simulations.gradients import MAX_SAMPLES
from simulations.simulate import MAX_ITERATIONS
from simulations.sweep.grid import SEEDS, Axis, Parameter, Scalar, Sweep, Values, sweep_of
from theory.errors import UserError
from theory.numbers import exact
from theory.tables import TextTable

POWER_LAW: Final = "power-law"
MEASURED: Final = "measured:"
GIVEN: Final = "given:"
EVERY_RULE: Final = "all"
POPULATION: Final = 0
"""Value of ``samples_per_step`` that stands for the population gradient."""

_SEEDS: Final = 8
_DEFAULT_D: Final = 64
# Of what only a power law has, where it is among the spectra.
_OF_POWER_LAW: Final = MappingProxyType({"exponent": 1.0, "sigma0_sq": 1.0})
_SHARE: Final = 1 / 3
_WHICH: Final = ("irrelevant", "irrelevant_share", "irrelevant_at")
PROBLEM: Final = (
    *("spectrum", "exponent", "sigma0_sq", *_WHICH, "energy"),
    *("target_scale", "target_weights", "start_scale", "start_weights"),
)
"""What decides, with the dimension and the seed, the problem that is trained on."""
_OPTIONS: Final = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.defaults))
_NUMBERS_OF_RULES: Final = ("learning_rate", "l2_penalty", "weight_decay", *_OPTIONS)

# From (steps, power) to the schedule, and the parameters that it uses.
_SCHEDULES: Final[Mapping[str, tuple[Callable[[int, float], Schedule], tuple[str, ...]]]] = (
    MappingProxyType(
        {
            "constant": (lambda steps, power: Constant(), ()),
            "polynomial": (Polynomial, ("schedule_steps", "power")),
            "cosine": (lambda steps, power: Cosine(steps), ("schedule_steps",)),
            "inverse-time": (lambda steps, power: InverseTime(steps), ("schedule_steps",)),
        }
    )
)


class _Known(NamedTuple):
    """A parameter, and what is said of it; ``default`` is of one that is filled in later."""

    parameter: Parameter
    about: str
    default: str = ""


def _users(option: str) -> str:
    using = [name for name, kind in KINDS.items() if option in kind.defaults]
    return f"of {', '.join(using)}"


def _optional(name: str, kind: type[Any], about: str, default: str = "") -> _Known:
    return _Known(Parameter(name, kind, optional=True), about, default)


# Those up to iterations are what a compiled program is for, so that its points are neighbours.
_KNOWN: Final = (
    _Known(
        Parameter("rule", str, "signGD", (*KINDS, EVERY_RULE)),
        f"{', '.join(KINDS)}; {EVERY_RULE} is every one",
    ),
    _optional("d", int, "number of frequencies", f"{_DEFAULT_D}, or as many as the spectrum has"),
    _Known(
        Parameter("schedule", str, "constant", tuple(_SCHEDULES)),
        f"of the learning rate: {', '.join(_SCHEDULES)}",
    ),
    _optional(
        "schedule_steps",
        int,
        "updates until the rate is 0; until it is half, of inverse-time",
        "iterations",
    ),
    _optional("power", float, "of the schedule polynomial", "1"),
    _Known(Parameter("iterations", int, 1000), "updates of a run"),
    _Known(
        Parameter("samples_per_step", int, POPULATION),
        f"inputs in a minibatch; {POPULATION} for the population gradient",
    ),
    _Known(
        Parameter("spectrum", str, POWER_LAW),
        f"{POWER_LAW}; {MEASURED}FILE, a .json or .csv with the energy of each frequency; or "
        f"{GIVEN} and d variances with blanks between",
    ),
    _optional("exponent", float, "variances fall as 1/(k + 1)^exponent, of power-law", "1"),
    _optional("sigma0_sq", float, "variance of the lowest frequency, of power-law", "1"),
    _optional("irrelevant", int, "number of irrelevant frequencies, the highest"),
    _optional(
        "irrelevant_share",
        float,
        "their share of all, from 0 to below 1, in place of their number",
        "1/3 of power-law; of other spectra, those without energy are irrelevant",
    ),
    _optional("irrelevant_at", str, "their indices with blanks between, as 2 or 5 9 10"),
    _Known(Parameter("energy", float, 0.0), "variance at each irrelevant frequency"),
    _optional("target_scale", float, "standard deviation of random true weights", "1"),
    _optional("target_weights", str, "true weights w̃*, d numbers with blanks between"),
    _optional("start_scale", float, "standard deviation of random initial weights", "1"),
    _optional("start_weights", str, "initial weights w̃(0), d numbers with blanks between"),
    _Known(Parameter("learning_rate", float, 0.01), "η, before the schedule"),
    _optional("l2_penalty", float, "λ of the λw added to gradients", "0"),
    _optional("weight_decay", float, "λ of the ηλw taken off weights", "0.01 of AdamW, else 0"),
    *(_optional(name, float, _users(name), "the rule's") for name in _OPTIONS),
    _Known(Parameter("epsilon", float, "sqrt(2)"), "radius of the ℓ2 ball of perturbations"),
)
PARAMETERS: Final = tuple(known.parameter for known in _KNOWN)

At: TypeAlias = Mapping[str, Any]
"""Name and value of the parameters of one point."""


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


def parameters_table() -> TextTable:
    """Return a table of what may be swept."""
    rows = [
        [k.parameter.name, _as_text(k.parameter.default) or k.default or "–", k.about]
        for k in _KNOWN
    ]
    about_seeds = "of random weights and minibatches: how many, or first:last"
    return TextTable(
        ("parameter", "default", "meaning"), [*rows, [SEEDS, str(_SEEDS), about_seeds]]
    )


def _as_text(default: Scalar | None) -> str:
    return f"{default:g}" if isinstance(default, float) else "" if default is None else str(default)


def grid_of(file: Path | None = None, options: Sequence[str] = ()) -> Grid:
    """Return the grid that a TOML file and options ask for, as :func:`sweep_of` reads them.

    Args:
        file: a TOML file with tables ``axes`` and ``fixed`` and a number ``seeds``.
        options: as ``d=3,16,64``; they go before what the file says.

    Raises:
        UserError: something cannot be read, is unknown or out of its range, is not used by a swept
            rule, schedule or spectrum, or contradicts something else. All values are checked.

    """
    asked = sweep_of(PARAMETERS, file, options, seeds=_SEEDS)
    axes = {axis.name for axis in asked.axes}
    values: dict[str, Values] = {axis.name: axis.values for axis in asked.axes}
    values |= {name: _single(value) for name, value in asked.fixed}
    if EVERY_RULE in values["rule"]:
        values["rule"] = tuple(KINDS)
    _check_rules(values)
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


# What one point asks for


def rule_of(at: At) -> Rule:
    """Return the update rule of a point, schedule included."""
    given = {name: float(at[name]) for name in _NUMBERS_OF_RULES if name in at}
    return update_rule(at["rule"], given.pop("learning_rate"), schedule=schedule_of(at), **given)


def schedule_of(at: At) -> Schedule:
    """Return the schedule of a point; where nothing is said, it ends with the run."""
    make, _ = _SCHEDULES[at["schedule"]]
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
    return Irrelevant.highest(round(at.get("irrelevant_share", _SHARE) * d), d, energy)


def _indices(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(token) for token in text.split())
    except ValueError:
        raise UserError(
            f"irrelevant_at: expected indices with blanks between, as 2 or 5 9 10, got {text!r}"
        ) from None


def _weights(at: At, which: str) -> Weights:
    name = f"{which}_weights"
    return Fixed(_numbers(name, at[name])) if name in at else Normal(at.get(f"{which}_scale", 1.0))


def _numbers(name: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(exact(token)) for token in text.split())
    except (ValueError, OverflowError):
        raise UserError(
            f"{name}: expected numbers with blanks between, as 5 10 0, got {text!r}"
        ) from None


# Checks: ranges are intervals, so that of many values the ends are enough


def _ends(values: Values) -> tuple[Any, ...]:
    ends: Any = (values[0], values[-1]) if isinstance(values, range) else values
    return tuple(dict.fromkeys((min(ends), max(ends))))


def _check_range(name: str, values: Mapping[str, Values], least: float, most: float) -> None:
    for value in _ends(values[name]):
        if not least <= value <= most:
            raise UserError(f"{name}: expected from {least} to {most}, got {value!r}")


def _check_rules(values: Mapping[str, Values]) -> None:
    given = [name for name in _NUMBERS_OF_RULES if name in values]
    for rule in values["rule"]:
        unused = [n for n in given if n in _OPTIONS and n not in KINDS[str(rule)].defaults]
        if unused:
            known = (*_NUMBERS_OF_RULES[:3], *KINDS[str(rule)].defaults)
            hint = ". The power law's is called exponent" if "alpha" in unused else ""
            raise UserError(
                f"{rule} does not use {', '.join(unused)}; expected {', '.join(known)}, which it "
                f"uses. Leave out the option, or the rule{hint}"
            )
        first = {"rule": rule, "schedule": "constant", "iterations": 1}
        first |= {name: values[name][0] for name in given}
        for name in given:
            for value in _ends(values[name]):
                rule_of({**first, name: value})


def _check_schedules(values: Mapping[str, Values]) -> None:
    for name in ("schedule_steps", "power"):
        if name not in values:
            continue
        unused = [s for s in values["schedule"] if name not in _SCHEDULES[str(s)][1]]
        if unused:
            using = [s for s, (_, used) in _SCHEDULES.items() if name in used]
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
            found[name] = Variances(_numbers("spectrum", written.removeprefix(GIVEN)))
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
    values.setdefault("d", (_DEFAULT_D,))
    power_law = POWER_LAW in values["spectrum"]
    for name, default in _OF_POWER_LAW.items():
        if name in values and (not power_law or (spectra and len(values[name]) > 1)):
            unused = next(s for s in values["spectrum"] if s != POWER_LAW)
            raise UserError(
                f"the spectrum {unused} does not use {name}; expected spectrum={POWER_LAW}, or no "
                f"{name}"
            )
        if power_law:
            values.setdefault(name, (default,))
    if not spectra and not any(name in values for name in _WHICH):
        values["irrelevant_share"] = (_SHARE,)
    for which in ("target", "start"):
        if f"{which}_weights" not in values:
            values.setdefault(f"{which}_scale", (1.0,))


def _check_problems(values: Mapping[str, Values], spectra: Mapping[str, Variances]) -> None:
    for names in (_WHICH, *((f"{w}_scale", f"{w}_weights") for w in ("target", "start"))):
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
            place = ", ".join(f"{n} = {at[n]}" for n in ("d", *_OF_POWER_LAW) if n in at)
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
