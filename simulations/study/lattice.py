"""Starts of population signGD that never meet a tie, and where floating point follows them.

In thirds (:class:`theory.model.orbit.Start`) with the unit u = 2²⁰, a step takes u or 3u off 3au,
up to sign, and 0 or 3ru off 3bu. Let u and 3ru be even. Then 3au stays odd if it is odd at the
start, and 3bu stays even if it is even: a = 0 and |a| = |b| never occur, and

    |a|, |a + b|, |a − b| ≥ 1/(3u) at every iteration.

So rounded arithmetic takes the same signs as exact arithmetic, at every step, where its error is
below 1/(3u).
"""

from typing import Final

import jax
import numpy as np
from numpy.typing import ArrayLike

from simulations.engine.compile import compile_arrays
from simulations.engine.device import computing
from simulations.engine.rounding import UNIT_ROUNDOFF
from theory.model.limit import ClosedForm, closed_form
from theory.model.orbit import Array, Start

UNIT: Final = 2**20
"""The unit u: starts are multiples of 1/(3u)."""
GREATEST: Final = 2.0**38
"""The greatest |a|, |b| and r: 3·UNIT times it, or ten such, is below 2⁶³."""

_ROUNDINGS = 8


def nearest_starts(a: ArrayLike, b: ArrayLike, r: ArrayLike, unit: int = UNIT) -> Start:
    """Return starts without ties within 1/(3·unit) of (a, b), at ratios as near to r.

    Args:
        a: normalised A(0), shape (N,).
        b: normalised B(0), shape (N,).
        r: ratios σ̃1²/σ̃0² of at least 1/(3·unit), shape (N,).
        unit: the unit, even; starts are multiples of 1/(3·unit).

    Raises:
        ValueError: a number is too large, not finite, or a ratio too small.

    """
    thirds = [3 * unit * np.asarray(x, np.float64) for x in (a, b, r)]
    if not all((np.abs(x) <= 3 * unit * GREATEST).all() for x in thirds):
        raise ValueError(f"a, b, r: expected numbers up to {GREATEST:g} in size")
    if not (thirds[2] >= 1).all():
        raise ValueError(f"r: expected ratios of at least {1 / (3 * unit):g}")
    odd = 2 * np.floor(thirds[0] / 2) + 1
    even, ratio = (2 * np.round(x / 2) for x in thirds[1:])
    integers = [x.astype(np.int64) for x in (odd, even, np.maximum(ratio, 2))]
    a3, b3, r3 = integers
    return Start(a3, b3, r3, np.full_like(a3, unit))


def as_floats(start: Start) -> tuple[Array, Array, Array]:
    """Return (a, b, r) of starts, each rounded to the nearest float64 number; shape (N,)."""
    a, b, r = (x / (3 * start.unit) for x in start[:3])
    return a, b, r


_compiled_closed_form = compile_arrays(closed_form)


def closed_forms(start: Start, device: str = "auto") -> ClosedForm:
    """Return :func:`theory.model.limit.closed_form` of starts without ties, evaluated by JAX.

    In integers, so exact.

    Raises:
        DeviceError: the device is not there.

    """
    with computing(device):
        return jax.tree.map(np.asarray, _compiled_closed_form(start))


def rounding_error(start: Start, steps: int) -> Array:
    """Bound the error of a, b, a + b and a − b in float64 after up to ``steps`` steps; shape (N,).

    A step of a subtracts three rounded thirds of signs, one of b a rounded multiple of the rounded
    r: at most eight roundings of numbers up to M = |a| + |b| + r + 1, which bounds the orbit's
    |a| + |b| as no step makes |a| exceed max(|a|, 1) or |b| exceed max(|b|, r). So after t steps a
    and b err by at most (8t + 1)u₀M each, u₀ = 2⁻⁵³, with the rounding at the start; their sum by
    twice that, and by one rounding more.
    """
    a, b, r = as_floats(start)
    largest = np.abs(a) + np.abs(b) + r + 1
    return (2 * (_ROUNDINGS * steps + 1) + 1) * UNIT_ROUNDOFF * largest


def float_can_tell(start: Start, steps: int) -> Array:
    """Whether float64 provably takes the exact signs for ``steps`` steps; shape (N,)."""
    return rounding_error(start, steps) < 1 / (3 * UNIT)
