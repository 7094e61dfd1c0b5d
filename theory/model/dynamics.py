"""GD and signGD on the population risk: error maps in both domains, and the normalised map.

Errors are e = w − w* in the spatial domain and ẽ = Ce in the frequency domain. ``sign(0) = 0``.
"""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import sympy as sp

from theory.model.dct import dct_matrix

_KEPT = 256  # images and unrolled orbits: claims start from the same few states


def gd_step(e: sp.Expr, Sigma: sp.Expr, eta: sp.Expr) -> sp.Expr:
    """One step of GD on the population risk, e − ηΣe (4.11); scalars or matrices of any size."""
    return e - eta * Sigma * e


def gd_contraction(sigma_sq: sp.Expr, eta: sp.Expr) -> sp.Expr:
    """Return 1 − ησ̃_i², the factor by which GD multiplies ẽ_i at every step (4.12)."""
    error = sp.Dummy("e")
    return sp.cancel(gd_step(error, sigma_sq, eta) / error)


def gd_error(e0: sp.Expr, sigma_sq: sp.Expr, eta: sp.Expr, t: sp.Expr | int) -> sp.Expr:
    """ẽ_i(t) = (1 − ησ̃_i²)ᵗ ẽ_i(0) (4.12)."""
    return gd_contraction(sigma_sq, eta) ** t * e0


def gd_converges_to(
    limit: sp.Expr, e0: sp.Expr, sigma_sq: sp.Expr, eta: sp.Expr
) -> sp.logic.boolalg.Boolean:
    """Condition, exact, under which (1 − ησ̃_i²)ᵗ ẽ_i(0) has the limit ``limit`` as t → ∞.

    With c = 1 − ησ̃_i², the sequence cᵗẽ_i(0) is zero if ẽ_i(0) = 0, tends to zero if |c| < 1, is
    constant if c = 1, and has no limit otherwise.
    """
    c = gd_contraction(sigma_sq, eta)
    return sp.Or(
        sp.And(sp.Eq(limit, 0), sp.Or(sp.Eq(e0, 0), sp.Abs(c) < 1)),
        sp.And(sp.Eq(limit, e0), sp.Eq(c, 1)),
    )


def signgd_step(e: sp.Matrix, Sigma: sp.Matrix, eta: sp.Expr) -> sp.Matrix:
    """One step of signGD in the spatial domain, e − η sign(Σe) (4.14), for explicit d × 1 ``e``."""
    return e - eta * (Sigma * e).applyfunc(sp.sign)


def signgd_step_frequency(
    e_tilde: sp.Matrix, sigma_tilde_sq: tuple[sp.Expr, ...], eta: sp.Expr
) -> sp.Matrix:
    """One step of signGD in the frequency domain, ẽ − ηC sign(CᵀΣ̃ẽ) (4.15), for any d."""
    C = dct_matrix(len(sigma_tilde_sq))
    spatial_gradient = C.T * sp.diag(*sigma_tilde_sq) * e_tilde
    return e_tilde - eta * C * spatial_gradient.applyfunc(lambda g: sp.sign(sp.expand(g)))


class NormalisedState(NamedTuple):
    """The state of signGD for d = 3, Σ̃ = diag(σ̃0², σ̃1², 0), in units that remove σ̃0² and η.

    a = A/(σ̃0²η) with A = (√3/3)σ̃0²ẽ0, b = B/(σ̃0²η) with B = (√2/2)σ̃1²ẽ1, and
    c = (√6/2)ẽ2/η. Written so, the signs and steps of (4.16) are rational: with r = σ̃1²/σ̃0²,
    a moves by multiples of 1/3, b by multiples of r/2 and c by multiples of 1/2.
    """

    a: sp.Expr
    b: sp.Expr
    c: sp.Expr


def normalise(
    e_tilde: tuple[sp.Expr, sp.Expr, sp.Expr], r: sp.Expr, eta: sp.Expr
) -> NormalisedState:
    """Express the error ẽ of the d = 3 problem as a :class:`NormalisedState`."""
    e0, e1, e2 = e_tilde
    return NormalisedState(
        e0 * sp.sqrt(3) / (3 * eta), r * e1 * sp.sqrt(2) / (2 * eta), e2 * sp.sqrt(6) / (2 * eta)
    )


def denormalise(
    state: NormalisedState, r: sp.Expr, eta: sp.Expr
) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Express a :class:`NormalisedState` as the error ẽ; the inverse of :func:`normalise`."""
    return (
        sp.sqrt(3) * eta * state.a,
        sp.sqrt(2) * eta * state.b / r,
        sp.sqrt(6) * eta * state.c / 3,
    )


@lru_cache(maxsize=1)
def _normalised_map() -> tuple[tuple[sp.Symbol, ...], NormalisedState]:
    """Derive the normalised map from the general-d form (4.15), by a change of variables."""
    a, b, c = sp.symbols("a b c", real=True)
    r, eta, sigma0_sq = sp.symbols("r eta sigma0_sq", positive=True)
    error = sp.Matrix(denormalise(NormalisedState(a, b, c), r, eta))
    after = signgd_step_frequency(error, (sigma0_sq, r * sigma0_sq, sp.Integer(0)), eta)
    after = after.applyfunc(lambda x: x.replace(sp.sign, lambda g: sp.sign(sp.factor(g))))
    image = normalise(tuple(after), r, eta)
    return (a, b, c, r), NormalisedState(*(sp.expand(x) for x in image))


@lru_cache(maxsize=_KEPT)
def normalised_step(state: NormalisedState, r: sp.Expr) -> NormalisedState:
    """One step of signGD for d = 3 in normalised variables, derived from (4.15).

    a' = a − (sign(a+b) + sign(a) + sign(a−b))/3, b' = b − r(sign(a+b) − sign(a−b))/2 and
    c' = c − (sign(a+b) − 2 sign(a) + sign(a−b))/2.
    """
    symbols, image = _normalised_map()
    values = dict(zip(symbols, (*state, r), strict=True))
    return NormalisedState(*(x.xreplace(values) for x in image))


def step_in_units_of_B(u: sp.Expr, v: sp.Expr, q: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """One step of A and B in units of σ̃1²η, in which B moves by integers.

    u = A/(σ̃1²η), v = B/(σ̃1²η) and q = σ̃0²/(3σ̃1²), so u moves by multiples of q > 0. The same map
    as :func:`normalised_step` with a = u/(3q), b = v/(3q) and r = 1/(3q). Statements about all
    multiples of σ̃1²η are linear in these units.
    """
    x, y = sp.symbols("u v", real=True)
    unit = sp.Symbol("q", positive=True)
    image = normalised_step(NormalisedState(x / (3 * unit), y / (3 * unit), x), 1 / (3 * unit))
    scaled = (sp.expand(3 * unit * after) for after in (image.a, image.b))
    signs = (after.replace(sp.sign, lambda g: sp.sign(sp.factor(g))) for after in scaled)
    values = {x: u, y: v, unit: q}
    first, second = (after.subs(values, simultaneous=True) for after in signs)
    return first, second


@lru_cache(maxsize=_KEPT)
def unrolled(
    a: sp.Symbol, b: sp.Symbol, r: sp.Expr, steps: int
) -> tuple[tuple[tuple[sp.Symbol, sp.Symbol], ...], tuple[sp.logic.boolalg.Boolean, ...]]:
    """Name the states (a_t, b_t) after t = 0, …, ``steps`` steps, with the equations between them.

    The equations are hypotheses of a statement about several steps, so that a counterexample shows
    the orbit.
    """
    ahead = [sp.symbols(f"{a}_{t} {b}_{t}", real=True) for t in range(1, steps + 1)]
    states = ((a, b), *ahead)
    equations = []
    for now, then in pairwise(states):
        image = normalised_step(NormalisedState(now[0], now[1], sp.Integer(0)), r)
        equations += [sp.Eq(then[0], image.a), sp.Eq(then[1], image.b)]
    return states, tuple(equations)
