"""The count of steps that move ẽ2 before T, against min(3x0, 3y0, y0/r), for every r > 0.

The bounds hold from every start, ties included, as w counts a tie as the half step that it is.
"""

import sympy as sp

from theory.logic.arguments import for_all, together
from theory.logic.evidence import Argument
from theory.model.first_phase import INSIDE, STATE, X0, Y0, R, folded_step, until_T

third, half = sp.Rational(1, 3), sp.Rational(1, 2)
_x, _y, _t, _n, _m, w = STATE
r = R

# --- The count ------------------------------------------------------------------------------------

q = sp.Symbol("q", nonnegative=True)
_scaled = sp.Eq(Y0, r * q)
"""q is |b(0)|/r."""
main = sp.Min(3 * X0, 3 * Y0, q)
excess = sp.Max(1, 3 * r / 2 - 1)
_b_signed = r * (q - w)
"""|b(0)| less all that b has moved: |b|, or −|b| after a change of sign."""

# A step that moves c by 1 takes 1/3 off x, a tie 2/3 for 1/2; a long step takes more for nothing.
_AT_MOST_3X = until_T(
    sp.Implies(INSIDE, w <= 3 * X0), invariant=sp.And(_x >= 0, w + 3 * _x <= 3 * X0)
)

# Long steps until x < y, then short ones for ever, as a short one takes r ≤ 1/3 off y.
_FLAT = sp.And(w <= 3 * Y0, sp.Or(w > 3 * X0 - 3, w > 3 * Y0 - 6))
_flat_invariant = sp.And(
    _x >= 0,
    sp.Or(
        sp.And(sp.Eq(w, 0), sp.Eq(_y, Y0), sp.Or(sp.Eq(_x, X0), _x > Y0 - 1)),
        sp.And(
            w > 0,
            _x < _y,
            w + 3 * _x <= 3 * Y0,
            sp.Or(sp.Eq(w + 3 * _x, 3 * X0), w + 3 * _x > 3 * Y0 - 3),
        ),
    ),
)

# From the first step on that is not short y < x + 1, until b changes sign, when w > q.
_STEEP_LEAST = sp.Or(w > 3 * X0 - 3, w > q - 6)
_steep_least_invariant = sp.Or(
    w > q, sp.And(sp.Eq(_y, _b_signed), sp.Or(sp.Eq(w + 3 * _x, 3 * X0), _y < _x + 1))
)

# b changes sign at a short step from y < r, so that after it x < r − y. From the next step on that
# moves b, x < r/2 and w + 3x does not grow; where it is less than C at a step from x ≥ 1 that
# raises w, w is less than C − 2 after it.
_STEEP_MOST = sp.Or(w <= q, sp.And(r > 1, sp.Or(w < q + 1, w < q + 3 * r / 2 - 1)))
_steep_most_invariant = sp.Or(
    sp.Eq(_y, _b_signed),
    sp.And(r > 1, sp.Eq(_y, -_b_signed), w < q + 1, _x < r - _y),
    sp.And(r > 1, w + 3 * _x < q + 1 + 3 * r / 2, w < q + 3 * r / 2 - 1),
)

_bounds_of_w = (
    _scaled,
    w <= 3 * X0,
    sp.Implies(r <= third, _FLAT),
    sp.Implies(r > third, sp.And(_STEEP_LEAST, _STEEP_MOST)),
)
_delta = sp.Symbol("delta", positive=True)


def count() -> Argument:
    """Bound w at T by its main term, with both bounds sharp."""
    x1, _, drift = folded_step(X0, Y0, r)
    near_two = (_delta < half, sp.Eq(X0, 2 - _delta / 8), sp.Eq(Y0, 2 - _delta / 4), r <= third)
    return together(
        "−6 < w − min(3x0, 3y0, y0/r) ≤ max(1, 3r/2 − 1), and ≤ 0 for r ≤ 1, at T",
        {
            "at most 3x0": _AT_MOST_3X,
            "r ≤ 1/3": until_T(sp.Implies(INSIDE, _FLAT), r <= third, invariant=_flat_invariant),
            "r > 1/3, lower bound": until_T(
                sp.Implies(INSIDE, _STEEP_LEAST),
                *(r > third, _scaled),
                invariant=_steep_least_invariant,
            ),
            "r > 1/3, upper bound": until_T(
                sp.Implies(INSIDE, _STEEP_MOST),
                *(r > third, _scaled),
                invariant=_steep_most_invariant,
            ),
            "in one": for_all(
                sp.And(w > main - 6, w <= main + excess, sp.Implies(r <= 1, w <= main)),
                *_bounds_of_w,
            ),
            "−6 is sharp: T = 1, w = 0 and the main term above 6 − δ": for_all(
                sp.And(x1 < 1, sp.Eq(drift, 0), main > 6 - _delta), *near_two, _scaled
            ),
            "3/2 is sharp: w > main term + 3r/2 − 4 from just below x0 = y0 = r/2": _three_halves(),
        },
    )


def _three_halves() -> Argument:
    return together(
        "w > 3x0 − 3 where the main term is 1/2",
        {
            "all steps are short": until_T(
                sp.Implies(INSIDE, w > 3 * X0 - 3),
                *(sp.Eq(Y0, r / 2), X0 < Y0),
                invariant=sp.And(sp.Eq(_y, Y0), sp.Eq(w + 3 * _x, 3 * X0), w >= 0),
            ),
            "bound": for_all(
                w > main + 3 * r / 2 - 4,
                *(w > 3 * X0 - 3, 3 * r - 1 < 6 * X0, sp.Eq(q, half), r > 1),
                _scaled,
            ),
        },
    )
