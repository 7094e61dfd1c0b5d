"""Who ends more robust, GD or signGD, from many starts of the problem with d = 3; exact limits.

The problem is that of section 4.4.2, Σ̃ = diag(σ̃0², σ̃1², 0), started at w̃0(0) = w̃1(0) = 0, so that
w̃i* = −ẽi(0). Where η is small enough, GD is more robust if Δw̃2(Δw̃2 + 2w̃2(0)) > 0, and signGD if it
is below 0 (claim 4.19-always.1); at a given η neither need be so. What that leaves out, bounds on
the limit cycle tell.
"""

from typing import Any, Final, NamedTuple

import jax
import numpy as np
import sympy as sp

from simulations.engine.compile import compile_formula
from simulations.engine.device import computing
from simulations.study.lattice import UNIT, as_floats, closed_forms
from theory.model.dynamics import NormalisedState, denormalise, normalise
from theory.model.leading_terms import leading_movement, movement_error
from theory.model.orbit import Array, Start
from theory.model.risk import adversarial_risk, dual_norm, residual_variance

RATIO_ERROR: Final = 2.0**-46
"""Relative error of a ratio in float64, at most: sums of positive terms, under 128 roundings."""

_ZERO: Final = sp.Integer(0)


class Outcome(NamedTuple):
    """What comes out from each of N starts; arrays of shape (N,).

    Attributes:
        c0: w̃2(0) in units of (√6/3)η, a multiple of 2⁻²⁰.
        moved: Δw̃2 in the same units, an integer.
        movement: |Δw̃2|/‖w̃*‖.
        ratio: R_a of signGD, its mean over the limit cycle, over R_a of the GD limit.
        lowest: the least that the ratio could be with this Δw̃2, whatever the limit cycle.
        greatest: the greatest that it could be.

    """

    c0: Array
    moved: Array
    movement: Array
    ratio: Array
    lowest: Array
    greatest: Array

    @property
    def condition(self) -> Array:
        """The sign of Δw̃2(Δw̃2 + 2w̃2(0)); exact, as a rounded sum has the sign of the sum."""
        return np.sign(self.moved * (self.moved + 2 * self.c0))

    @property
    def gd_is_more_robust(self) -> Array:
        """Whether GD's limit has the smaller adversarial risk."""
        return self.ratio > 1

    @property
    def is_decided(self) -> Array:
        """Whether Δw̃2 decides who is more robust, whatever the limit cycle: η is small enough."""
        return (self.lowest > 1 + RATIO_ERROR) | (self.greatest < 1 - RATIO_ERROR)

    @property
    def differs(self) -> Array:
        """Whether who is more robust is not who is so by the condition."""
        return self.gd_is_more_robust != (self.condition > 0)


def _error(a: sp.Expr, b: sp.Expr, c: sp.Expr, r: sp.Expr) -> tuple[sp.Expr, ...]:
    """Return ẽ in units of η."""
    return denormalise(NormalisedState(a, b, c), r, sp.Integer(1))


def _norm_of_target(a0: sp.Expr, b0: sp.Expr, r: sp.Expr) -> sp.Expr:
    """‖w̃*‖/η of the problem that starts at (a0, b0) with w̃0 = w̃1 = 0."""
    return dual_norm(_error(a0, b0, _ZERO, r), 2)


def _variances(r: sp.Expr, sigma0_sq: sp.Expr) -> tuple[sp.Expr, ...]:
    return sigma0_sq, r * sigma0_sq, _ZERO


def _risk(
    a: sp.Expr,
    b: sp.Expr,
    c: sp.Expr,
    a0: sp.Expr,
    b0: sp.Expr,
    r: sp.Expr,
    sigma0_sq: sp.Expr,
    epsilon: sp.Expr,
) -> sp.Expr:
    """R_a/η² at the state (a, b, c) of that problem."""
    e, e0 = _error(a, b, c, r), _error(a0, b0, _ZERO, r)
    w = [x - start for x, start in zip(e, e0, strict=True)]
    variance = residual_variance(_variances(r, sigma0_sq), e)
    return adversarial_risk(variance, epsilon * dual_norm(w, 2))


def _range_of_risk(
    c: sp.Expr, a0: sp.Expr, b0: sp.Expr, r: sp.Expr, sigma0_sq: sp.Expr, epsilon: sp.Expr
) -> tuple[sp.Expr, sp.Expr]:
    """Bounds of R_a/η² on the limit cycle of an orbit that is at c at T.

    There |a| < 1, |b| < max(r, 1/2) (Remark 4.D.5 as corrected), and c has drifted by at most 3
    ((4.22) as corrected). R_a grows with the variance and with each |w̃i|.
    """
    reach = _error(sp.Integer(1), sp.Max(r, sp.Rational(1, 2)), sp.Integer(3), r)
    w = [sp.Abs(x) for x in _error(a0, b0, c, r)]
    below = [sp.Max(x - d, 0) for x, d in zip(w, reach, strict=True)]
    above = [x + d for x, d in zip(w, reach, strict=True)]
    variance = residual_variance(_variances(r, sigma0_sq), reach)
    return (
        adversarial_risk(_ZERO, epsilon * dual_norm(below, 2)),
        adversarial_risk(variance, epsilon * dual_norm(above, 2)),
    )


def _start_of_size_one(r: sp.Expr, q: sp.Expr) -> tuple[sp.Expr, ...]:
    """ẽ(0)/η at |a(0)| = 1 and |b(0)| = q; with w̃0(0) = w̃1(0) = 0 its norm is ‖w̃*‖/η."""
    return _error(sp.Integer(1), q, _ZERO, r)


def _movement_in_the_limit(r: sp.Expr, q: sp.Expr) -> sp.Expr:
    e0, e1, _ = _start_of_size_one(r, q)
    return leading_movement(e0, e1, r) / dual_norm((e0, e1), 2)


def _movement_bound(r: sp.Expr, q: sp.Expr) -> sp.Expr:
    return movement_error(r, sp.Integer(1)) / dual_norm(_start_of_size_one(r, q), 2)


_compiled_risk = jax.jit(compile_formula(_risk))
_compiled_range = jax.jit(compile_formula(_range_of_risk))
_compiled_norm = jax.jit(compile_formula(_norm_of_target))
_compiled_w2 = jax.jit(compile_formula(lambda c: _error(_ZERO, _ZERO, c, sp.Integer(1))[2]))
_compiled_c = jax.jit(
    compile_formula(lambda w2: normalise((_ZERO, _ZERO, w2), sp.Integer(1), sp.Integer(1)).c)
)
_compiled_movement = jax.jit(compile_formula(_movement_in_the_limit))
_compiled_movement_bound = jax.jit(compile_formula(_movement_bound))


def movement_in_the_limit(r: Array, q: Array) -> Array:
    """Return |Δw̃2|/‖w̃*‖ as η → 0, from w̃0(0) = w̃1(0) = 0 and |B(0)| = q|A(0)| (ratio-limits.2)."""
    with computing("cpu"):
        return np.asarray(_compiled_movement(r, q))


def movement_bound(r: Array, q: Array) -> Array:
    """Return κ so that |Δw̃2|/‖w̃*‖ is at most κ/|a(0)| from its limit as η → 0 (ratio-limits.2)."""
    with computing("cpu"):
        return np.asarray(_compiled_movement_bound(r, q))


def outcomes(
    start: Start,
    w2: Array | float,
    sigma0_sq: float,
    epsilon: float,
    device: str = "auto",
) -> Outcome:
    """Return what comes out of starts without ties.

    Args:
        start: starts of :mod:`simulations.study.lattice`, shape (N,).
        w2: w̃2(0) in units of ‖w̃*‖, positive where signGD moves w̃2 towards 0 at first; shape (N,)
            or one number. Other than 0 it is rounded to an odd multiple of (√6/3)η/2²⁰.
        sigma0_sq: variance σ̃0².
        epsilon: radius of the ℓ2 ball of perturbations.
        device: ``auto``, ``cpu`` or ``gpu``.

    """
    found = closed_forms(start, device)
    a0, b0, r = as_floats(start)
    problem: dict[str, Any] = {"a0": a0, "b0": b0, "r": r}
    noise = {"sigma0_sq": sigma0_sq, "epsilon": epsilon}
    moved = found.at_T.c.astype(np.float64)
    with computing(device):
        norm = np.asarray(_compiled_norm(**problem))
        c0 = _against(a0, np.asarray(_compiled_c(w2 * norm)))
        gd = np.asarray(_compiled_risk(0.0, 0.0, c0, **problem, **noise))
        signgd = [
            np.asarray(
                _compiled_risk(s.a / (3 * UNIT), s.b / (3 * UNIT), c0 + s.c, **problem, **noise)
            )
            for s in found.cycle
        ]
        lowest, greatest = map(np.asarray, _compiled_range(c0 + moved, **problem, **noise))
        movement = np.abs(np.asarray(_compiled_w2(moved))) / norm
    ratio = (signgd[0] + signgd[1]) / 2 / gd
    return Outcome(c0, moved, movement, ratio, lowest / gd, greatest / gd)


def _against(a0: Array, c: Array) -> Array:
    """Return c(0) of the size c against the direction in which c moves, which is that of a."""
    odd = 2 * np.floor(c * UNIT / 2) + 1
    return np.where(c == 0, 0.0, -np.sign(a0) * odd / UNIT)


def tally(found: Outcome) -> dict[str, int]:
    """Count starts by who is more robust, and those where the condition says otherwise."""
    return {
        "starts": len(found.ratio),
        "gd_more_robust": int(found.gd_is_more_robust.sum()),
        "gd_more_robust_by_condition": int((found.condition > 0).sum()),
        "signgd_more_robust_by_condition": int((found.condition < 0).sum()),
        "mismatches": int(found.differs.sum()),
        "decided_by_bounds": int(found.is_decided.sum()),
        "mismatches_where_decided": int((found.differs & found.is_decided).sum()),
        "ratio_within_rounding_of_one": int((np.abs(found.ratio - 1) <= RATIO_ERROR).sum()),
    }
