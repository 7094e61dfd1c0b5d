"""The closed form of :mod:`theory.model.limit`, proved: population signGD for d = 3 and σ̃2² = 0.

Ours, not published. In the order of the derivation there: the sizes x = |a| and y = |b| under one
step; the count of short steps before x < 1, for each range of r; T. The ways from there to the
limit cycle are in :mod:`theory.claims.own.exact_solution_cycle`. Starts that never meet a tie do
not notice which rule a map has for x = y, so each map below takes the one for which its invariant
is simplest.
"""

import sympy as sp

from theory.logic.arguments import all_of, always, derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Boolean, Statement
from theory.model.dynamics import NormalisedState, denormalise, normalised_step

_WHERE = "not published: theory/model/limit.py"
_third = sp.Rational(1, 3)
_a, _b, _c = sp.symbols("a b c", real=True)
_r, _eta = sp.symbols("r eta", positive=True)
_state = NormalisedState(_a, _b, _c)
_next = normalised_step(_state, _r)
_x, _y, _s = sp.symbols("x y s", real=True)
_x0, _y0, _beta = sp.symbols("x_0 y_0 beta", real=True)

_n, _t, _n1, _n2, _n3 = sp.symbols("n t n_1 n_2 n_3", integer=True)
_u = sp.Symbol("u", integer=True)  # long steps that are still to come, before the next short one
_rho, _L, _D0 = _r - _third, _r + 2 * _third, _y0 - _x0


def _moved(long: Boolean, short: Boolean) -> dict[sp.Symbol, sp.Expr]:
    """Sizes, short steps and iteration after a long or a short step, or after none."""
    return {
        _x: sp.Piecewise((_x - 1, long), (_x - _third, short), (_x, True)),
        _y: sp.Piecewise((sp.Abs(_y - _r), short), (_y, True)),
        _n: sp.Piecewise((_n + 1, short), (_n, True)),
        _t: sp.Piecewise((_t + 1, sp.Or(long, short)), (_t, True)),
    }


_outside = _x >= 1
_long_step, _short_step = sp.And(_outside, _x >= _y), sp.And(_outside, _x < _y)
_FLAT = _moved(_long_step, _short_step) | {_u: sp.Piecewise((_u - 1, _long_step), (_u, True))}
_TURNING = _moved(sp.And(_outside, _x > _y), sp.And(_outside, _x <= _y, _y >= _r)) | {
    _s: sp.Piecewise((_s + _r, sp.And(_outside, _x <= _y, _y >= _r)), (_s, True))
}
_at_start = (sp.Eq(_x, _x0), sp.Eq(_y, _y0), sp.Eq(_n, 0), sp.Eq(_t, 0), _x0 >= 1, _y0 >= 0)


_top, _other_top = sp.symbols("M M_2", real=True)


def _larger_of_one_and(x: sp.Expr, larger: sp.Symbol) -> tuple[Boolean, ...]:
    """``larger`` is max(x, 1)."""
    return larger >= 1, larger >= x, sp.Or(sp.Eq(larger, 1), sp.Eq(larger, x))


def _least(n: sp.Expr, x: sp.Expr, level: sp.Expr, size: sp.Expr | int) -> Boolean:
    """The least n ≥ 0 with x − n·size < level is this n."""
    first = sp.Or(sp.Eq(n, 0), x - (n - 1) * size >= level)
    return sp.And(n >= 0, x - n * size < level, first)


_flat_counts = (*_larger_of_one_and(_y0, _top), _least(_n1, _x0, _top, 1), _r <= _third)
_flat_invariant = sp.And(
    _y >= 0,
    sp.Or(
        sp.And(
            sp.Eq(_n, 0),
            sp.Eq(_y, _y0),
            sp.Eq(_x, _x0 - _n1 + _u),
            sp.Eq(_t, _n1 - _u),
            _t >= 0,
            _u >= 0,
        ),
        sp.And(
            _n >= 0,
            sp.Eq(_t, _n1 + _n),
            sp.Eq(_x, _x0 - _n1 - _n * _third),
            sp.Or(_x < 1, _x < _y),
            sp.Or(sp.Eq(_n, 0), _x + _third >= 1),
        ),
    ),
)

_D = _y - _x
_turning_invariant = sp.And(
    sp.Eq(_x, _x0 - _t + 2 * _third * _n),
    sp.Eq(_y, _y0 - _s),
    sp.Eq(_s, _r * _n),
    _n >= 0,
    _n <= _t,
    _y >= 0,
    sp.Or(
        sp.And(_D + _rho >= 0, _D < 1),
        sp.And(sp.Eq(_n, 0), _D + _rho < 0),
        sp.And(sp.Eq(_n, _t), _D >= 1),
    ),
)
_clipped = sp.And(
    _n >= 0,
    _n <= _t,
    sp.Or(sp.Eq(_n, 0), _n * _L <= _D0 + _t + _rho),
    sp.Or(sp.Eq(_n, _t), _D0 + _t + _rho < (_n + 1) * _L),
)

_x1 = _x0 - _n1
_x2 = _x1 - _third - _n2
_TOGGLING = _moved(_long_step, _short_step) | {
    _u: sp.Piecewise((_u - 1, _long_step), (_n2, sp.And(_short_step, sp.Eq(_n, 0))), (_u, True))
}
_toggling_counts = (
    _beta > 0,
    _beta < _r,
    *_larger_of_one_and(_beta, _top),
    *_larger_of_one_and(_r - _beta, _other_top),
    _least(_n1, _x0, _top, 1),
    _least(_n2, _x1 - _third, _other_top, 1),
)
_toggling_invariant = sp.Or(
    sp.And(
        sp.Eq(_n, 0), sp.Eq(_y, _beta), sp.Eq(_x, _x1 + _u), sp.Eq(_t, _n1 - _u), _t >= 0, _u >= 0
    ),
    sp.And(
        sp.Eq(_n, 1),
        _x1 >= 1,
        sp.Eq(_y, _r - _beta),
        sp.Eq(_x, _x1 - _third - _n2 + _u),
        sp.Eq(_t, _n1 + 1 + _n2 - _u),
        _u >= 0,
        _u <= _n2,
    ),
    sp.And(
        _n >= 1,
        _x1 >= 1,
        sp.Or(sp.Eq(_y, _beta), sp.Eq(_y, _r - _beta)),
        sp.Eq(_t, _n1 + _n2 + _n),
        sp.Eq(_x, _x2 - (_n - 1) * _third),
        sp.Or(_x < 1, sp.And(_x < _beta, _x < _r - _beta)),
        sp.Or(sp.Eq(_n, 1), _x + _third >= 1),
    ),
)

_generic = (sp.Ne(_a, 0), sp.Ne(sp.Abs(_a), sp.Abs(_b)))
_long, _short = sp.Abs(_a) > sp.Abs(_b), sp.Abs(_a) < sp.Abs(_b)

# The (n + 1)-th short step has been taken at t_{n+1} = max(n + 1, ⌈(n + 1)L − ρ − D_0⌉), where
# (n + 1)L − ρ = nL + 1. With n = 3m + j, and p for the product rm, nL is 3p + 2m + jL; with f for
# ⌊x0 + 2j/3⌋, ⌊x0 + 2n/3⌋ is f + 2m.
_m, _j, _k, _f = sp.symbols("m j k f", integer=True)
_p, _w = sp.symbols("p w", real=True)
_late = 3 * _p + 2 * _m + _j * _L + 1 - _D0 > _f + 2 * _m
_affine = 3 * _p > _f - 1 + _D0 - _j * _L

CLAIMS = (
    Claim(
        id="exact-solution.1",
        where=_WHERE,
        says="A long step (|a| > |b|) moves a by 1 against its sign and nothing else; a short one "
        "moves a by 1/3 and b by r against their signs, and c by 1 along the sign of a.",
        published=lambda: all_of(
            "the step of (4.16) without ties",
            {
                "long": Statement(
                    sp.And(
                        sp.Eq(_next.a, _a - sp.sign(_a)), sp.Eq(_next.b, _b), sp.Eq(_next.c, _c)
                    ),
                    (*_generic, _long),
                ),
                "short": Statement(
                    sp.And(
                        sp.Eq(_next.a, _a - sp.sign(_a) * _third),
                        sp.Eq(_next.b, _b - sp.sign(_b) * _r),
                        sp.Eq(_next.c, _c + sp.sign(_a)),
                    ),
                    (*_generic, _short),
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="exact-solution.2",
        where=_WHERE,
        says="r ≤ 1/3: long steps until x < max(y, 1), then short ones until x < 1.",
        published=lambda: always(
            _FLAT,
            sp.Or(_outside, sp.And(sp.Eq(_t, _n1 + _n), _least(_n, _x0 - _n1, 1, _third))),
            *_at_start,
            sp.Eq(_u, _n1),
            *_flat_counts,
            invariant=_flat_invariant,
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="exact-solution.3",
        where=_WHERE,
        says="r > 1/3, as long as b keeps its sign: of the first t steps "
        "clip(⌊(D_0 + t + ρ)/L⌋, 0, t) are short, where D = y − x, ρ = r − 1/3 and L = r + 2/3.",
        published=lambda: always(
            _TURNING, _clipped, *_at_start, sp.Eq(_s, 0), _r > _third, invariant=_turning_invariant
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="exact-solution.4",
        where=_WHERE,
        says="r > 1/3, from |b| = β < r on: long steps until x < max(β, 1), a short one, long "
        "steps until x < max(r − β, 1), and short ones until x < 1.",
        published=lambda: always(
            _TOGGLING,
            sp.Or(
                _outside,
                sp.And(sp.Eq(_n, 0), sp.Eq(_t, _n1)),
                sp.And(sp.Eq(_t, _n1 + _n2 + _n), _n >= 1, _least(_n - 1, _x2, 1, _third)),
            ),
            sp.Eq(_x, _x0),
            sp.Eq(_y, _beta),
            sp.Eq(_n, 0),
            sp.Eq(_t, 0),
            sp.Eq(_u, _n1),
            _x0 >= 1,
            *_toggling_counts,
            invariant=_toggling_invariant,
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="exact-solution.5",
        where=_WHERE,
        says="If |a(0)| ≥ 1, then T = ⌊|a(0)| + (2/3)·count⌋.",
        published=lambda: derived(
            "T = ⌊x0 + 2n/3⌋ with n short steps before T",
            "x(t) = x0 − t + 2n(t)/3, as a long step takes 1 off x and a short one 1/3; and "
            "x(T) < 1 ≤ x(T − 1)",
            {
                f"the last step is {name}": Statement(
                    sp.Eq(_t, sp.floor(_x0 + 2 * _third * _n)),
                    (sp.Eq(_x, _x0 - _t + 2 * _third * _n), _x < 1, _x + size >= 1),
                )
                for name, size in (("long", 1), ("short", _third))
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="exact-solution.6",
        where=_WHERE,
        says="r > 1/3, as long as b keeps its sign: the count is the least n = 3m + j for which "
        "n > 3(x0 − 1) or 3rm > ⌊x0 + 2j/3⌋ − 1 + D_0 − jL.",
        published=lambda: derived(
            "the count is the least n with t_{n+1} > x0 + 2n/3, in each class of n modulo 3",
            "t_m is the first t with at least m short steps before it, by exact-solution.3; "
            "t_{n+1} > T for n = count; for a lesser n, t_{n+1} ≤ T, so before that step x ≥ 1",
            {
                "t_m": Statement(  # with ⌈mL − ρ − D_0⌉ taken off both
                    sp.Equivalent(_t >= _w, _t >= 0), (_w > -1, _w <= 0)
                ),
                "the count satisfies it": Statement(
                    _k > _x0 + 2 * _third * _n,
                    (sp.Eq(_x, _x0 - _t + 2 * _third * _n), _x < 1, _x >= 0, _k >= _t + 1),
                ),
                "a lesser n does not": Statement(
                    _k <= _x0 + 2 * _third * _n,
                    (sp.Eq(_x, _x0 - (_k - 1) + 2 * _third * _n), _x >= 1),
                ),
                "all steps short": Statement(
                    sp.Equivalent(_n + 1 > _x0 + 2 * _third * _n, _n > 3 * (_x0 - 1))
                ),
                "⌈w⌉ > x iff w > ⌊x⌋": Statement(
                    sp.Equivalent(_k > _x, _w > 0),  # with ⌊x⌋ taken off all three
                    (_k - 1 < _w, _w <= _k, _x >= 0, _x < 1),
                ),
                "for each class of n": Statement(sp.Equivalent(_late, _affine)),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="exact-solution.7",
        where=_WHERE,
        says="Before T the sign of a does not change, so Δw̃2 = (√6/3)η·sign(ẽ0(0))·count.",
        published=lambda: derived(
            "c(T) − c(0) = sign(a(0))·count, and ẽ2 = (√6/3)ηc",
            "induction over t < T, with the steps of exact-solution.1",
            {
                "a keeps its sign": Statement(
                    sp.Eq(sp.sign(_next.a), sp.sign(_a)), (sp.Abs(_a) > 1,)
                ),
                "on the edge, a long step would be a tie": Statement(
                    sp.Or(sp.Eq(sp.sign(_next.a), sp.sign(_a)), sp.Eq(_next.a, 0)),
                    (sp.Eq(sp.Abs(_a), 1),),
                ),
                "in the units of w̃2": sp.Eq(
                    denormalise(_state, _r, _eta)[2], sp.sqrt(6) / 3 * _eta * _c
                ),
            },
        ),
        expects=Status.PROVED,
    ),
)
