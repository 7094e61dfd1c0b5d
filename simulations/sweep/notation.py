"""From a TOML file and options of a command line to a sweep.

In notation, the same in both, an entry is one value (``0.1``, ``1/3``, ``sqrt(2)``, ``GD``),
several (``3,16,64``), or numbers between two ends, both included:

* ``0.1:1:100`` are 100 numbers at equal distances;
* ``0.1:10:100:log`` are 100 numbers at equal ratios;
* ``0:15`` are all integers.
"""

import math
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import sympy as sp

from simulations.engine.runs import MAX_SEED
from simulations.sweep.grid import Axis, Parameter, Scalar, Sweep, Values
from theory.common.errors import UserError
from theory.logic.numbers import exact

SEEDS: Final = "seeds"
"""Name of the entry of seeds in a file and on a command line: how many, or ``first:last``."""
# Values that are listed one by one are held as Python numbers, some 30 bytes each.
_MOST_LISTED: Final = 10**6
# Rows are numbered by 64 bits, of which one is the sign.
_MOST_ROWS: Final = 2**63 - 1
_INT64: Final = range(-(2**63), 2**63)
_KINDS: Final = {int: "integers", float: "numbers", str: "names"}


def sweep_of(
    parameters: Sequence[Parameter],
    file: Path | None = None,
    options: Sequence[str] = (),
    *,
    seeds: Scalar | None = None,
) -> Sweep:
    """Return the sweep that a TOML file and options of a command line describe together.

    The file has a table ``axes`` (lists, or notation as text), a table ``fixed`` (one value each)
    and a number ``seeds``; each may be left out. An option is ``name=value`` in notation, and goes
    before what the file says, which goes before the defaults. What has one value is fixed, except
    for a list of one in ``axes``.

    Args:
        parameters: what there is to sweep or to fix.
        file: a TOML file.
        options: as ``d=3,16,64``, ``r=0.1:1:100`` or ``seeds=16``.
        seeds: what holds for ``seeds`` where nothing else is said; None if nothing is random, and
            then giving seeds is an error.

    Raises:
        UserError: the file cannot be read, or an entry is unknown, missing, given twice, of the
            wrong kind, or out of range.

    """
    given = {} if file is None else _from_file(file)
    given |= _from_options(options)
    known = {p.name: p for p in parameters}
    if seeds is not None:
        known[SEEDS] = Parameter(SEEDS, int, seeds)
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UserError(
            f"{given[unknown[0]].source}: unknown {', '.join(unknown)}; "
            f"expected {', '.join(known) or 'nothing'}"
        )
    axes, fixed = [], []
    for parameter in parameters:
        if parameter.optional and parameter.name not in given:
            continue
        entry = given.get(parameter.name, _Entry(parameter.default, "default"))
        values = entry.values(parameter)
        if len(values) > 1 or entry.table == "axes":
            axes.append(Axis(parameter.name, values))
        else:
            fixed.append((parameter.name, values[0]))
    every = range(0) if seeds is None else _seeds(given.get(SEEDS, _Entry(seeds, "default")))
    return _countable(Sweep(tuple(axes), tuple(fixed), every))


def sweep_over(parameters: Sequence[Parameter], values: Mapping[str, Any], seeds: Scalar) -> Sweep:
    """Return the sweep over all combinations of values.

    Args:
        parameters: those that the question has.
        values: of parameters, by name: a tuple of what is swept, or the one value.
        seeds: how many, or ``first:last``.

    Raises:
        UserError: a value is not what its parameter may be.

    """
    options = [f"{name}={_written(value)}" for name, value in values.items()]
    return sweep_of(parameters, options=options, seeds=seeds)


def _written(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def is_empty(path: Path) -> bool:
    """Return whether a TOML file of a sweep says nothing.

    Raises:
        UserError: it cannot be read.

    """
    return not any(entry or entry == 0 for entry in _toml(path).values())


def values_of(parameter: Parameter, written: str, source: str) -> Values:
    """Return the values of one parameter that notation says.

    Args:
        parameter: whose they are.
        written: in notation.
        source: where, for messages.

    Raises:
        UserError: they cannot be read, or are not of the parameter's kind.

    """
    return _Entry(written, source).values(parameter)


def _countable(sweep: Sweep) -> Sweep:
    if sweep.rows > _MOST_ROWS:
        sizes = " × ".join(f"{len(axis)} ({axis.name})" for axis in sweep.all_axes)
        raise UserError(
            f"expected a grid of at most {_MOST_ROWS} points, got {sizes}. Take fewer values."
        )
    return sweep


@dataclass(frozen=True)
class _Entry:
    """What is given for a parameter, as it was written, and where."""

    written: Any
    source: str
    table: Literal["axes", "fixed", "none"] = "none"

    def values(self, parameter: Parameter) -> Values:
        """Return the values, checked; raises UserError."""
        if self.written is None:
            raise self.error(parameter, "nothing. Say what it is")
        match self.written:
            case str():
                values = self._from_notation(parameter, self.written)
            case list() if self.table == "axes":
                values = self._listed(parameter, self.written)
            case _:
                values = self._listed(parameter, [self.written])
        if len(values) > 1 and self.table == "fixed":
            raise self.error(parameter, f"{len(values)} of them. Put them into axes")
        wrong = [v for v in values if v not in parameter.choices] if parameter.choices else []
        if wrong:
            raise self.error(parameter, repr(wrong[0]))
        return values

    def error(self, parameter: Parameter, got: str) -> UserError:
        """Return what to raise for a value that will not do."""
        kind = f"one of {', '.join(parameter.choices)}" if parameter.choices else None
        return UserError(
            f"{self.source}: {parameter.name}: expected {kind or _KINDS[parameter.kind]}, "
            f"got {got[:200]}"
        )

    def _from_notation(self, parameter: Parameter, text: str) -> Values:
        if parameter.kind is not str and ":" in text:
            return self._between(parameter, [part.strip() for part in text.split(":")])
        return self._listed(parameter, [token.strip() for token in text.split(",")])

    def _listed(self, parameter: Parameter, tokens: Sequence[Any]) -> Values:
        if not 1 <= len(tokens) <= _MOST_LISTED:
            raise UserError(
                f"{self.source}: {parameter.name}: expected 1 to {_MOST_LISTED} values, "
                f"got {len(tokens)}"
            )
        values = tuple(self._value(parameter, token) for token in tokens)
        if len(set(values)) < len(values):
            twice = Counter(values).most_common(1)[0][0]
            raise UserError(
                f"{self.source}: {parameter.name}: expected each value once, got {twice!r} twice"
            )
        return values

    def _value(self, parameter: Parameter, token: Any) -> Any:
        if parameter.kind is str:
            if isinstance(token, str) and token:
                return token
            raise self.error(parameter, repr(token))
        # Those of TOML, and equally spaced ones, are exact as they are.
        number: Any = token if type(token) in (int, float) else _number(token)
        whole = isinstance(number, int | sp.Integer)
        if parameter.kind is int and whole and int(number) in _INT64:
            return int(number)
        if parameter.kind is float and number is not None:
            value = _as_float(number)
            if math.isfinite(value):
                return value
        raise self.error(parameter, repr(token))

    def _between(self, parameter: Parameter, parts: Sequence[str]) -> Values:
        """Return the numbers between two ends, given the parts of the notation."""
        if parameter.kind is int and len(parts) == 2:
            first, last = (self._value(parameter, part) for part in parts)
            if first <= last:
                return range(first, last + 1)
        elif len(parts) == 3 or (len(parts) == 4 and parts[3] == "log"):
            first, last = (self._value(parameter, part) for part in parts[:2])
            count = _number(parts[2])
            if isinstance(count, sp.Integer) and 2 <= count <= _MOST_LISTED and first != last:
                return self._spaced(parameter, first, last, int(count), len(parts) == 4)
        raise UserError(
            f"{self.source}: {parameter.name}: expected first:last:count or first:last:count:log "
            f"with different ends and a count from 2 to {_MOST_LISTED}, or, for integers, "
            f"first:last upwards; got {':'.join(parts)!r}"
        )

    def _spaced(self, parameter: Parameter, first: Any, last: Any, count: int, log: bool) -> Values:
        if log and not (first > 0 and last > 0):
            raise UserError(
                f"{self.source}: {parameter.name}: expected ends > 0 for numbers at equal ratios, "
                f"got {first} and {last}"
            )
        numbers = (np.geomspace if log else np.linspace)(first, last, count)
        if parameter.kind is float:
            return self._listed(parameter, numbers.tolist())
        whole = _whole(numbers, first, last, log)
        if whole is None:
            raise UserError(
                f"{self.source}: {parameter.name}: expected integers, but {count} numbers from "
                f"{first} to {last} are not whole. List the values, or choose another count"
            )
        return whole


def _whole(numbers: np.ndarray, first: int, last: int, log: bool) -> Values | None:
    """Return the integers that equally spaced numbers are, or None; decided in exact arithmetic."""
    if not log:
        step, rest = divmod(last - first, len(numbers) - 1)
        return None if rest else range(first, last + (1 if step > 0 else -1), step)
    values = (first, *(round(number) for number in numbers[1:-1].tolist()), last)
    triples = zip(values, values[1:], values[2:], strict=False)
    # Numbers are at equal ratios if each is the geometric mean of its neighbours.
    return values if all(b * b == a * c for a, b, c in triples) else None


def _number(token: Any) -> sp.Expr | None:
    try:
        return exact(token)
    except ValueError:
        return None


def _as_float(number: sp.Expr) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _seeds(entry: _Entry) -> range:
    values: Any = entry.values(Parameter(SEEDS, int))
    if len(values) == 1 and not isinstance(values, range) and values[0] > 0:
        values = range(values[0])  # how many
    if not isinstance(values, range) or values.step != 1 or not 0 <= values[0] <= values[-1]:
        raise UserError(
            f"{entry.source}: {SEEDS}: expected how many, or first:last, got {entry.written!r}"
        )
    if values[-1] > MAX_SEED:
        raise UserError(
            f"{entry.source}: {SEEDS}: expected seeds from 0 to {MAX_SEED}, got up to {values[-1]}"
        )
    return values


def _from_options(options: Sequence[str]) -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    for option in options:
        name, equals, written = option.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name in entries:
            fault = "given twice" if equals else "without ="
            raise UserError(f"expected options as d=3,16,64, each once, got {option!r} {fault}")
        entries[name] = _Entry(written.strip(), f"{name}={written}"[:80])
    return entries


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:  # syntax, encoding, or integers of thousands of digits
        raise UserError(f"{path}: expected TOML, got what is not: {error}") from error


def _from_file(path: Path) -> dict[str, _Entry]:
    data = _toml(path)
    axes, fixed = data.pop("axes", {}), data.pop("fixed", {})
    seeds = {SEEDS: data.pop(SEEDS)} if SEEDS in data else {}
    twice = set(axes) & set(fixed) if isinstance(axes, dict) and isinstance(fixed, dict) else None
    if data or twice is None:
        raise UserError(
            f"{path}: expected tables axes and fixed, and a number {SEEDS}, got {', '.join(data)}"
            f"{'' if data else 'axes or fixed as something else'}"
        )
    if twice:
        raise UserError(f"{path}: expected {', '.join(sorted(twice))} in axes or fixed, got both")
    if SEEDS in {**axes, **fixed}:
        raise UserError(f"{path}: expected {SEEDS} before the tables, got it in one of them")
    return {
        **{n.replace("-", "_"): _Entry(v, str(path), "axes") for n, v in axes.items()},
        **{n.replace("-", "_"): _Entry(v, str(path), "fixed") for n, v in fixed.items()},
        **{n: _Entry(v, str(path)) for n, v in seeds.items()},
    }
