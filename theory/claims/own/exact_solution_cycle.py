"""The closed form of :mod:`theory.model.limit`, proved: from T on, the ways to the limit cycle.

Ours, not published. Starts that never meet a tie do not notice which rule a map has for x = y, so
the map below takes the one for which its invariant is simplest.
"""

from itertools import accumulate

import sympy as sp

from theory.logic.arguments import all_of, always, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Boolean, Possible, Statement
from theory.model.dynamics import NormalisedState, normalised_step

_WHERE = "not published: theory/model/limit.py"
_third = sp.Rational(1, 3)
_a, _b, _c = sp.symbols("a b c", real=True)
_r = sp.Symbol("r", positive=True)
_state = NormalisedState(_a, _b, _c)
_next = normalised_step(_state, _r)
_x, _y, _s = sp.symbols("x y s", real=True)
_x0, _y0 = sp.symbols("x_0 y_0", real=True)
_m, _j, _k, _f = sp.symbols("m j k f", integer=True)
_w = sp.Symbol("w", real=True)

_path = list(accumulate(range(3), lambda state, _: normalised_step(state, _r), initial=_state))
"""The state now, and after one, two and three steps."""


def _ties(state: NormalisedState) -> Boolean:
    return sp.Or(sp.Eq(state.a, 0), sp.Eq(sp.Abs(state.a), sp.Abs(state.b)))


def _oscillates(state: NormalisedState) -> Boolean:
    """Long steps to and fro, for ever: y < min(x, 1 − x)."""
    return sp.Abs(state.b) < sp.Min(sp.Abs(state.a), 1 - sp.Abs(state.a))


def _descends(state: NormalisedState) -> Boolean:
    """Short steps with a to and fro: x < 1/3 and x < y."""
    return sp.And(sp.Abs(state.a) < _third, sp.Abs(state.a) < sp.Abs(state.b))


def _returns_after_two() -> Boolean:
    return sp.And(*(sp.Eq(x, x2) for x, x2 in zip(_state, _path[2], strict=True)))


def _settled() -> list[Boolean]:
    """Whether the ways to the limit cycle have begun, after 0, 1, 2 and 3 steps."""
    return [sp.Or(_oscillates(s), _descends(s)) for s in _path]


_no_ties = tuple(sp.Not(_ties(s)) for s in _path)

_size = sp.Piecewise((_x0, sp.Eq(_j, 0)), (_third - _x0, True))
_above = _y >= _size
_DESCENT = {
    _y: sp.Piecewise((_y - _r, _above), (_y, True)),
    _s: sp.Piecewise((_s + _r, _above), (_s, True)),
    _k: sp.Piecewise((_k + 1, _above), (_k, True)),
    _m: sp.Piecewise((_m + _j, _above), (_m, True)),
    _j: sp.Piecewise((1 - _j, _above), (_j, True)),
    _c: sp.Piecewise((_c + 1 - 2 * _j, _above), (_c, True)),
}
_descent_invariant = sp.And(
    sp.Eq(_y, _y0 - _s),
    sp.Eq(_s, _r * _k),
    sp.Eq(_k, 2 * _m + _j),
    sp.Or(sp.Eq(_j, 0), sp.Eq(_j, 1)),
    sp.Eq(_c, _j),
    _m >= 0,
    sp.Or(sp.Eq(_k, 0), _y + _r >= _third - _size),
)

CLAIMS = (
    Claim(
        id="exact-solution.8",
        where=_WHERE,
        says="Where |b| < min(|a|, 1 − |a|), signGD goes to and fro, and b and c rest.",
        published=lambda: for_all(
            sp.And(_returns_after_two(), sp.Eq(_next.b, _b), sp.Eq(_next.c, _c)),
            _oscillates(_state),
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="exact-solution.9",
        where=_WHERE,
        says="From |a| < 1 at most three steps lead to where that holds, or to |a| < 1/3, |a| < "
        "|b|; and three are needed from some starts.",
        published=lambda: all_of(
            "y < min(x, 1 − x) or x < min(1/3, y) after 0, 1, 2 or 3 steps, without ties",
            {
                "three suffice": Statement(sp.Or(*_settled()), (sp.Abs(_a) < 1, *_no_ties)),
                "two do not": Possible(
                    sp.And(sp.Abs(_a) < 1, *_no_ties, *map(sp.Not, _settled()[:3]))
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="exact-solution.10",
        where=_WHERE,
        says="From x0 < 1/3, x0 < y0 on: short steps, until after k steps y0 − kr is less than the "
        "size of a, which is x0 for even and 1/3 − x0 for odd k; c is then off by k mod 2.",
        published=lambda: always(
            _DESCENT,
            sp.And(
                sp.Eq(_y, _y0 - _r * _k),
                sp.Eq(_j, _k - 2 * sp.floor(_k / 2)),
                sp.Eq(_c, _j),
                sp.Or(sp.Eq(_k, 0), _y0 - (_k - 1) * _r >= _third - _size),
            ),
            *(sp.Eq(symbol, 0) for symbol in (_s, _k, _m, _j, _c)),
            sp.Eq(_y, _y0),
            _x0 > 0,
            _x0 < _third,
            invariant=_descent_invariant,
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="exact-solution.11",
        where=_WHERE,
        says="Then, if |y0 − kr| is less than the size of a, long steps go to and fro for ever; if "
        "not, short steps do, and b between y0 − r⌊y0/r⌋ and r less.",
        published=lambda: all_of(
            "the two ends of the descent",
            {
                "long steps": Statement(
                    _oscillates(_state), (sp.Abs(_a) < _third, sp.Abs(_b) < sp.Abs(_a))
                ),
                "short steps": Statement(
                    _returns_after_two(),
                    (_descends(_state), sp.Ne(_a, 0), _b > 0, _b - _r < -(_third - sp.Abs(_a))),
                ),
                "where b is then": Statement(  # w stands for y0/r, f for its floor
                    sp.Eq(_k - 1, _f), (_w >= _k - 1, _w < _k, _w >= _f, _w < _f + 1)
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="exact-solution.12",
        where=_WHERE,
        says="Short steps go to and fro for ever only for r > 1/3.",
        published=lambda: for_all(
            _r > _third, _descends(_state), _b > 0, _b - _r < -(_third - sp.Abs(_a))
        ),
        expects=Status.PROVED,
    ),
)
