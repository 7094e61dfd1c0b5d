"""How many steps before T move ẽ2: one step, and the folded map until T, in one notation.

In normalised variables: a = A/(σ̃0²η), b = B/(σ̃0²η), r = σ̃1²/σ̃0². T is the first iteration with
|a| < 1, so 0 for a start in P1. One-step assertions are about all (a, b, r); assertions about T are
about the folded map (:mod:`theory.model.first_phase`), with n steps counted so far, m of them at
ties. "No ties" excludes the null set of starts from which |A(t)| = |B(t)| at some t < T: a tie
counts as one step and moves B by half as much, and ẽ2 too.
"""

import sympy as sp

from theory.logic.arguments import for_all, together
from theory.logic.evidence import Argument
from theory.logic.statements import Boolean
from theory.model.dynamics import NormalisedState, normalised_step
from theory.model.first_phase import INSIDE, OUTSIDE, STATE, X0, Y0, R, folded_step, until_T

WHERE = "§4.D.2, Proposition 4.D.7"
PROOF = f"{WHERE}, proof"
third = sp.Rational(1, 3)
r, a0, b0 = R, X0, Y0

# --- One step -------------------------------------------------------------------------------------

a, b, c = sp.symbols("a b c", real=True)
after = normalised_step(NormalisedState(a, b, c), r)
x, y, x1, y1 = map(sp.Abs, (a, b, after.a, after.b))
here, there = (a, b, r), (after.a, after.b, r)
ends = x1 < 1  # the step is the last before T
no_tie = sp.Ne(x, y)
delta = sp.Symbol("delta", positive=True)

# --- The folded map until T -----------------------------------------------------------------------

size_a, size_b, t, n, m, w = STATE
folded = (size_a, size_b, r)
x_next, _y_next, _ = folded_step(*folded)
not_last = sp.And(OUTSIDE, x_next >= 1)  # t < T − 1
untied = sp.Eq(m, 0)
at_start = (a0, b0, r)

b_signed = b0 - r * w
"""|B(0)| less all that B has moved: |B|, or −|B| after a change of sign."""

# With r ≤ 7/3 a change of sign of B leaves |b| < 1 or ends in P1, so that it is the last move.
FROM_P4_ABOVE = sp.And(
    b_signed > 1 - r,
    sp.Or(sp.Eq(size_b, b_signed), sp.And(sp.Eq(size_b, -b_signed), sp.Or(INSIDE, size_b < 1))),
)
# Below the red line, or less than 1 above |a|: a short step takes r − 1/3 off |b| − |a|, and a long
# one leads from |b| < |a| to |b| < |a| + 1.
FROM_P4_BELOW = sp.Or(
    b_signed < 0,
    sp.And(
        sp.Eq(size_b, b_signed),
        sp.Or(
            sp.And(INSIDE, size_b < 2),
            sp.And(OUTSIDE, sp.Or(size_b < 1 + 3 * r * (size_a - 1), size_b < size_a + 1)),
        ),
    ),
)
most_r = sp.Rational(7, 3)
COUNTED = until_T(sp.And(sp.Eq(w, n - m / 2), m >= 0, m <= n))
"""w is the count less half the number of ties, so that without ties it is the count."""
moderate = sp.And(r > third, r <= most_r)


def edge(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """Whether a point is on an edge between the partitions, or in the quadrant of r = 1/3."""
    x, y = sp.Abs(a), sp.Abs(b)
    outside = sp.And(x > 1, y > 1)
    return sp.Or(
        sp.Eq(x, 1),
        sp.And(x > 1, sp.Eq(y, 1)),
        sp.And(outside, sp.Eq(r, third)),
        sp.And(outside, r > third, sp.Eq(y, 3 * r * x - (3 * r - 1))),
        sp.And(outside, r < third, sp.Eq(x, y)),
    )


def at(formula: Boolean, to_a: sp.Expr, to_b: sp.Expr) -> Boolean:
    """Return the formula with other values of a and b."""
    return formula.xreplace({a: to_a, b: to_b})


def only_up_to(limit: sp.Rational, holds: Argument, breaks: Boolean, *given: Boolean) -> Argument:
    """Assert ``holds``, given r ≤ ``limit``, and a counterexample for each larger r.

    In ``breaks`` the counterexample may depend on δ > 0, small in terms of r as ``given``.
    """
    return together(
        f"{holds.formula}; for each r > {limit} there is a start where it is not so",
        {"so far": holds, "and no further": for_all(breaks, r > limit, *given)},
    )


# --- The line |A| = |B| for r > 1/3 --------------------------------------------------------------

second = normalised_step(after, r)
