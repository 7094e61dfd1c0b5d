"""What is left of signGD's movement and of the risk ratio as η → 0; Σ̃ = diag(σ̃0², σ̃1², 0).

Δw̃2 = w̃2(T) − w̃2(0) is (√6/3)η times the number of steps before T that move it, along sign ẽ0(0).
In the sizes x = |a| and y = |b| of :mod:`theory.model.limit` each of these takes 1/3 off x and r
off y, and the others take 1 off x. From (x, y) their number is min(3x, 3y, y/r) up to one that does
not depend on η, for every r = σ̃1²/σ̃0² > 0: 3x if there are no others; 3y for r ≤ 1/3 if there
are, as these come first and end where x is below y; and y/r for r > 1/3, as x and y then fall side
by side until both are small. As x and y are weights over η, the first number is all that is left of
Δw̃2 as η → 0. The claims ``ratio-limits`` prove all that is said here, with bounds.
"""

from typing import Final

import sympy as sp

_THIRD: Final = sp.Rational(1, 3)


def leading_movement(e0: sp.Expr, e1: sp.Expr, r: sp.Expr) -> sp.Expr:
    """Return lim |Δw̃2| as η → 0: min(√2|ẽ0(0)|, √3 min(r, 1/3)|ẽ1(0)|); see ratio-limits.2.

    Args:
        e0: ẽ0(0), which is −w̃0* from w̃0(0) = 0.
        e1: ẽ1(0).
        r: σ̃1²/σ̃0² > 0.

    """
    return sp.Min(sp.sqrt(2) * sp.Abs(e0), sp.sqrt(3) * sp.Min(r, _THIRD) * sp.Abs(e1))


def movement_error(r: sp.Expr, eta: sp.Expr) -> sp.Expr:
    """Bound ||Δw̃2| − lim |Δw̃2|| at a learning rate η: √6 max(2, r/2 − 1/3)η (ratio-limits.2)."""
    return sp.sqrt(6) * sp.Max(2, r / 2 - _THIRD) * eta


def leading_ratio(norm_sq: sp.Expr, w2: sp.Expr, moved: sp.Expr) -> sp.Expr:
    """Return the ratio R_a(signGD)/R_a(GD) without what vanishes with η (ratio-limits.3).

    Args:
        norm_sq: S = w̃0*² + w̃1*².
        w2: w̃2(0).
        moved: Δw̃2.

    """
    return (norm_sq + (w2 + moved) ** 2) / (norm_sq + w2**2)


def gd_is_more_robust(w2: sp.Expr, moved: sp.Expr) -> sp.logic.boolalg.Boolean:
    """Whether :func:`leading_ratio` is above 1: w̃2 moves, and not towards 0 by less than 2|w̃2(0)|.

    Of the ratio itself this says: with lim Δw̃2 for ``moved``, GD is more robust for all η small
    enough if this holds, and signGD if the product is below 0. At a given η neither this nor the
    sign for Δw̃2 itself decides; bounds on what vanishes with η may (4.19-always.1).
    """
    return moved * (moved + 2 * w2) > 0


def greatest_movement_sq(r: sp.Expr) -> sp.Expr:
    """Return the greatest (lim Δw̃2)²/(ẽ0² + ẽ1²) over ẽ0 and ẽ1: 6k²/(2 + 3k²), k = min(r, 1/3).

    It is reached where √2|ẽ0| = √3k|ẽ1|, and nowhere else (ratio-limits.4).
    """
    k = sp.Min(r, _THIRD)
    return 6 * k**2 / (2 + 3 * k**2)


GREATEST_MOVEMENT_SQ: Final = sp.Rational(2, 7)
"""The greatest value of :func:`greatest_movement_sq`: that for every r ≥ 1/3."""


def extreme_ratios(movement_sq: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Return the least and the greatest leading ratio over all w̃2(0), for Δw̃2² = S·``movement_sq``.

    With D² for ``movement_sq`` and λ = (D + √(D² + 4))/2 they are 1/λ² and λ² (ratio-limits.5).
    """
    D = sp.sqrt(movement_sq)
    least, greatest = (sp.expand(((D + s * sp.sqrt(D**2 + 4)) / 2) ** 2) for s in (-1, 1))
    return least, greatest
