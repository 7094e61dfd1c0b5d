"""One and two steps in R, and the descent from R32 and R33 to R31, for Proposition 4.D.4.

Normalised: a = A/(σ̃0²η), b = B/(σ̃0²η), r = σ̃1²/σ̃0². Where all multiples of σ̃1²η matter, units of
σ̃1²η make everything linear: u = A/(σ̃1²η), v = B/(σ̃1²η), q = σ̃0²/(3σ̃1²), so R3 is |u| < q and
r ≥ 1/3 is q ≤ 1.

From R32 or R33 by k, let n = |k|. As long as |v| > |u| a step takes |v| to |v| − 1 (or, from
below 1, to 1 − |v|) and |u| to q − |u|. So the distance between |v| and n, below |u| for even n and
below q − |u| for odd n, is so again one step later with n − 1, and n = 0 means R31.
"""

import sympy as sp

from theory.logic.arguments import Lemma, always
from theory.logic.statements import Boolean, Statement
from theory.model.dynamics import NormalisedState, normalised_step, step_in_units_of_B, unrolled
from theory.model.regions import in_R3

a, b, c, _b0, u, v = sp.symbols("a b c b_0 u v", real=True)
r, q, unit = sp.symbols("r q s", positive=True)  # s = σ̃0²η
k = sp.Symbol("k", integer=True)
even, odd = 2 * k, 2 * k + 1
third, half = sp.Rational(1, 3), sp.Rational(1, 2)
here = (a, b, r)
x, y = sp.Abs(a), sp.Abs(b)
after = normalised_step(NormalisedState(a, b, c), r)
there = (after.a, after.b, r)
_step = {a: after.a, b: after.b}
orbit, two_steps = unrolled(a, b, r, 2)
one, two = ((*state, r) for state in orbit[1:])

# In R3 ∖ R31, ties and A = 0 aside, |a| < |b|.
waits = (in_R3(*here), x < y, sp.Ne(a, 0))

# The cycles of R22, and of R31 with R12.
_rests = sp.And(x < 1, y < x, y < 1 - x)


def b_is_constant(start: Boolean) -> dict[str, Lemma]:
    """Lemmas by which B keeps its value from a start in R22 or R31."""
    argument = always(
        _step, sp.Eq(b, _b0), start, sp.Eq(b, _b0), invariant=sp.And(_rests, sp.Eq(b, _b0))
    )
    return {o.name: o.statement for o in argument.sufficient}


# --- The descent from R32 and R33 to R31 ----------------------------------------------------------

_u_next, v_next = step_in_units_of_B(u, v, q)
_xu, _yv = sp.Abs(u), sp.Abs(v)


def _near(u: sp.Expr, v: sp.Expr, n: sp.Expr) -> Boolean:
    """The distance of |v| to n is below |u| for even n, and below q − |u| for odd n."""
    reach = q - sp.Abs(u) if n.is_odd else sp.Abs(u)
    return sp.Abs(sp.Abs(v) - n) < reach


_inside = (_xu > 0, _xu < q)
DESCENT: dict[str, Lemma] = {
    "R32, R33: n = |k|": Statement(sp.Abs(_yv - sp.Abs(k)) <= sp.Abs(v + k)),
    "even n to n − 1": Statement(
        sp.And(_near(_u_next, v_next, even - 1), sp.Abs(_u_next) > 0, sp.Abs(_u_next) < q),
        (k >= 1, *_inside, _xu < _yv, _near(u, v, even)),
    ),
    "odd n to n − 1": Statement(
        sp.And(_near(_u_next, v_next, even), sp.Abs(_u_next) > 0, sp.Abs(_u_next) < q),
        (k >= 0, *_inside, _xu < _yv, _near(u, v, odd)),
    ),
    "n = 0 is R31": Statement(_yv < _xu, (*_inside, _near(u, v, sp.Integer(0)))),
}
NO_TIES_ON_THE_WAY: dict[str, Lemma] = {
    "r ≥ 1/3, even n ≥ 2: |a| < |b|": Statement(
        _xu < _yv, (q <= 1, k >= 1, _xu < q, _near(u, v, even))
    ),
    "r ≥ 1/3, odd n ≥ 1: |a| < |b|": Statement(
        _xu < _yv, (q <= 1, k >= 0, _xu < q, _near(u, v, odd))
    ),
}

# --- R34 ------------------------------------------------------------------------------------------

s = sp.sign(b)

WHERE = "§4.D.2, Proposition 4.D.4, "
