"""How far ẽ2 drifts after T: by at most √6 η without ties, and by (3√6/2)η with them.

In normalised variables: c = (√6/2)ẽ2/η moves by 1 where ẽ2 moves by (√6/3)η.
"""

from dataclasses import replace
from functools import cache
from itertools import chain, pairwise
from typing import Any, NamedTuple

import sympy as sp

from theory.logic.arguments import always, derived, for_all, together
from theory.logic.evidence import Argument
from theory.logic.numbers import exact
from theory.logic.prove import smt
from theory.logic.statements import Boolean, Possible, Statement, equal
from theory.model.dynamics import NormalisedState, normalised_step
from theory.model.first_phase import R

_third, half = sp.Rational(1, 3), sp.Rational(1, 2)

a, b, c = sp.symbols("a b c", real=True)
_ties = sp.Symbol("m", integer=True)
_p, r = sp.Symbol("p", positive=True), R
now = NormalisedState(a, b, c)
after = normalised_step(now, r)
_tie = sp.And(sp.Eq(sp.Abs(a), sp.Abs(b)), sp.Ne(a, 0))


class Unrolled(NamedTuple):
    """States of one orbit, as symbols, and the equations that tie them together."""

    states: tuple[NormalisedState, ...]
    equations: tuple[Boolean, ...]

    def closes(self, start: int) -> Boolean:
        """Whether the last state is the one at ``start`` again."""
        pairs = zip(self.states[start], self.states[-1], strict=True)
        return sp.And(*(sp.Eq(x, y) for x, y in pairs))

    def meets_no_tie(self) -> Boolean:
        """Whether |a| ≠ |b| and a ≠ 0 in each state."""
        states = self.states
        return sp.And(*(sp.And(sp.Ne(sp.Abs(s.a), sp.Abs(s.b)), sp.Ne(s.a, 0)) for s in states))


def unrolled(steps: int) -> Unrolled:
    """Return the states of one orbit over ``steps`` steps, with the equations between them."""
    states = tuple(map(_state, range(steps + 1)))
    return Unrolled(states, tuple(chain.from_iterable(map(_equations, range(steps)))))


def _state(t: int) -> NormalisedState:
    return NormalisedState(*sp.symbols(f"a_{t} b_{t} c_{t}", real=True))


@cache
def _equations(t: int) -> tuple[Boolean, ...]:
    """The equations between the states at ``t`` and t + 1."""
    return tuple(map(sp.Eq, _state(t + 1), normalised_step(_state(t), r)))


def by_induction(*args: Any, **options: Any) -> Argument:
    """Argue as :func:`theory.logic.arguments.always`, without its search for orbits that escape."""
    return replace(always(*args, **options), necessary=())


# --- (4.22), second and third line: the drift after T ------------------------------------------

# For 0 ≤ a(T) < 1 and d = c − c(T). A long step (|a| > |b|) is one of a, by 1; where it starts from
# |a| < 1/3, |b| is below |a| and 1 − |a|, and long steps follow for ever. A short step (|a| < |b|)
# moves a by 1/3 towards or past 0 and d by 1 in the direction of sign a.
_d = c
_at_rest = sp.And(sp.Abs(b) < sp.Abs(a), sp.Abs(b) < 1 - sp.Abs(a))
_DRIFT = sp.And(
    sp.Abs(a) < 1,
    sp.Implies(a >= 2 * _third, sp.Or(sp.Eq(_d, 0), sp.And(_at_rest, _d >= -1, _d <= 3))),
    sp.Implies(sp.And(a >= _third, a < 2 * _third), sp.And(_d >= 0, _d <= 1)),
    sp.Implies(sp.And(a >= 0, a < _third), sp.And(_d >= -2, _d <= 2)),
    sp.Implies(sp.And(a >= -_third, a < 0), sp.And(_d >= -1, _d <= 3)),
    sp.Implies(sp.And(a >= -2 * _third, a < -_third), sp.And(_d >= 0, _d <= 1)),
    sp.Implies(a < -2 * _third, sp.And(_at_rest, _d >= -2, _d <= 2)),
)


def _commutes(*signs: int) -> Argument:
    """The map commutes with these changes of sign of a, b and c."""
    changes = {symbol: sign * symbol for symbol, sign in zip(now, signs, strict=True)}
    images = (
        equal(image.subs(changes, simultaneous=True), sign * image)
        for image, sign in zip(after, signs, strict=True)
    )
    return for_all(sp.And(*images), back_end=smt.settle)


_SYMMETRY = together(
    "the map commutes with (a, c) → (−a, −c) and with b → −b",
    {"a and c": _commutes(-1, 1, -1), "b": _commutes(1, -1, 1)},
)
"""So that a(T) ≥ 0 is no restriction, nor a = b > 0 at a tie."""


@cache
def generic_drift() -> Argument:
    """Without ties from T on, −2 ≤ d ≤ 3, and 3 is attained as a limit."""
    counted = {a: after.a, b: after.b, _d: after.c}
    counted[_ties] = _ties + sp.Piecewise((1, _tie), (0, True))
    region = sp.Implies(sp.Eq(_ties, 0), sp.And(_d >= -2, _d <= 3))
    start = (a >= 0, a < 1, sp.Eq(_d, 0), sp.Eq(_ties, 0))
    invariant = sp.And(_ties >= 0, sp.Or(_ties >= 1, _DRIFT))
    bound = by_induction(counted, region, *start, invariant=invariant)
    return together(
        "|ẽ2(n) − ẽ2(T)| ≤ √6 η for all n ≥ T if |A| ≠ |B| from T on; a limit has equality",
        {
            "symmetry": _SYMMETRY,
            "bound": bound,
            "sharp": _attained(sp.Integer(3), 3, _Start(0.9, 0.95, 0.3)),
        },
    )


class _Start(NamedTuple):
    a: float
    b: float
    r: float


def _attained(drift: sp.Expr, start: int, at: _Start) -> Argument:
    """From ``at`` the drift is ``drift`` in a cycle that begins after ``start`` steps."""
    orbit = unrolled(start + 2)
    first, last = orbit.states[0], orbit.states[start]
    values = zip((first.a, first.b, r), map(exact, at), strict=True)
    formula = sp.And(
        *orbit.equations,
        orbit.closes(start),
        *(sp.Eq(symbol, value) for symbol, value in values),
        sp.Eq(last.c - first.c, drift),
    )
    return derived(f"a drift of {drift} is attained", "witness", {"orbit": Possible(formula)})


class _TieOrbit(NamedTuple):
    """An orbit from a tie a = b = p: its states up to the one whose image is at ``back_to``."""

    states: tuple[NormalisedState, ...]
    back_to: int
    r: sp.Expr
    p: sp.Expr
    given: tuple[Boolean, ...]

    def steps(self) -> dict[str, Statement]:
        values = {r: self.r, _p: self.p}
        states = (*self.states, self.states[self.back_to])
        return {
            f"step {t}": Statement(
                sp.And(*map(equal, normalised_step(now, r), then)).subs(values), self.given
            )
            for t, (now, then) in enumerate(pairwise(states))
        }


def _tie_orbits() -> dict[str, _TieOrbit]:
    """All orbits from ties with 0 < |a| ≤ 1/3, with d = c counted from the tie on."""
    p = _p
    rows = {
        "tie": (p, p, 0),
        "after": (p - 2 * _third, p - r / 2, half),
        "long": (p + _third, p - r / 2, half),
        "down, r > 4/3": (p - _third, p + r / 2, -half),
        "up, r > 4/3": (p, p - r / 2, -3 * half),
        "up, r < 4/3": (p, p + r / 2, 3 * half),
        "down, r < 4/3": (p - _third, p - r / 2, 5 * half),
        "second tie": (p - _third, p, 1),
        "at rest": (p + 2 * _third, p, 1),
        "a = 0": (p - _third, p - r / 2, -half),
    }

    def orbit(
        names: str, back_to: int, *given: Boolean, r: sp.Expr = r, p: sp.Expr = p
    ) -> _TieOrbit:
        states = (NormalisedState(*map(sp.sympify, rows[name])) for name in names.split("; "))
        return _TieOrbit(tuple(states), back_to, r, p, given)

    tied_again = 4 * p + 2 * _third  # the ratio at which the state "long" is a tie
    return {
        "r > 4/3": orbit("tie; after; down, r > 4/3; up, r > 4/3", 2, r > 4 * _third, p < _third),
        "r > 4/3, p = 1/3": orbit("tie; after; down, r > 4/3; a = 0", 2, r > 4 * _third, p=_third),
        "r = 4/3": orbit("tie; after", 0, p <= _third, r=4 * _third),
        "r < 4p + 2/3": orbit("tie; after; long", 1, r < 4 * _third, r < tied_again, p <= _third),
        "r = 4p + 2/3": orbit(
            "tie; after; long; second tie; at rest", 3, p < _third / 2, r=tied_again
        ),
        "r > 4p + 2/3": orbit(
            "tie; after; long; up, r < 4/3; down, r < 4/3", 3, r < 4 * _third, r > tied_again
        ),
    }


def signs_after_ties() -> dict[str, tuple[Boolean, tuple[Boolean, ...]]]:
    """Say, for each orbit from a tie, that a changes its sign at every step in the end.

    From p > 0, which is no restriction (_SYMMETRY), while a is not 0; conclusion and hypotheses.
    """
    found = {}
    for name, orbit in _tie_orbits().items():
        cycle = [state.a.subs({r: orbit.r, _p: orbit.p}) for state in orbit.states[orbit.back_to :]]
        if 0 in cycle:
            continue  # it rests
        images = (*cycle[1:], cycle[0])
        found[name] = (
            sp.And(*(x * y < 0 for x, y in zip(cycle, images, strict=True))),
            orbit.given,
        )
    return found


_CASES = sp.Or(
    r > 4 * _third,
    sp.Eq(r, 4 * _third),
    sp.And(r < 4 * _third, r < 4 * _p + 2 * _third),
    sp.And(_p < _third / 2, sp.Eq(r, 4 * _p + 2 * _third)),
    sp.And(r < 4 * _third, r > 4 * _p + 2 * _third),
)


def _from_tie() -> Argument:
    orbits = _tie_orbits()
    changes = [state.c for orbit in orbits.values() for state in orbit.states]
    steps = {
        f"{case}: {name}": step
        for case, orbit in orbits.items()
        for name, step in orbit.steps().items()
    }
    return derived(
        f"from a tie with 0 < |a| ≤ 1/3 on, d changes by {min(changes)} to {max(changes)} along "
        "sign a",
        "the orbit is followed until it repeats a state, in each case",
        {"the cases are all": Statement(_CASES, (_p <= _third,)), **steps},
    )


@cache
def drift() -> Argument:
    """Ties included, −7/2 ≤ d ≤ 9/2.

    Up to the first tie with |a| ≤ 1/3 by induction. From such a tie d changes by −3/2 to 5/2 in the
    direction of sign a: to at most 2 + 5/2 or 3 + 3/2, and to at least −2 − 3/2 or −1 − 5/2.
    """
    near_tie = sp.And(_tie, sp.Abs(a) <= _third)
    stopped = {
        s: sp.Piecewise((s, near_tie), (image, True))
        for s, image in ((a, after.a), (b, after.b), (_d, after.c))
    }
    at_tie = sp.And(sp.Implies(a > 0, _d <= 2), sp.Implies(a < 0, _d >= -1))
    region = sp.And(_d >= -2, _d <= 3, sp.Implies(near_tie, at_tie))
    parts = together(
        "|ẽ2(n) − ẽ2(T)| ≤ (3√6/2) η for all n ≥ T, from every start; a limit has equality",
        {
            "symmetry": _SYMMETRY,
            "up to a tie near 0": by_induction(
                stopped, region, a >= 0, a < 1, sp.Eq(_d, 0), invariant=_DRIFT
            ),
            "from a tie near 0": _from_tie(),
            "sharp": _attained(sp.Rational(9, 2), 6, _Start(0.9, 6.1, 2)),
        },
    )
    rule = (
        "induction up to the first tie with |a| ≤ 1/3, where |d| is at most 2, or 3 if the sign is "
        "not that of a(T); from there d changes by −3/2 to 5/2 along sign a: −7/2 ≤ d ≤ 9/2"
    )
    return replace(parts, rule=rule)
