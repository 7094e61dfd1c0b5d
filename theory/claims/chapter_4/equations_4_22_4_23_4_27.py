"""(4.22), (4.23) and (4.27): how ẽ2 moves, how far it drifts after T, and how far it came before.

In normalised variables: c = (√6/2)ẽ2/η moves by 1 where ẽ2 moves by (√6/3)η. The text's summand
{…} sign[ẽ0] is what a step subtracts, as Table 4.9 has it; the update of ẽ2 is minus that.
"""

from dataclasses import replace
from functools import cache
from itertools import chain, pairwise
from typing import Any, NamedTuple

import sympy as sp

from theory.logic.arguments import all_of, always, derived, exactly_if, for_all, together
from theory.logic.evidence import Argument, Claim
from theory.logic.exact import surd
from theory.logic.findings import Status
from theory.logic.numbers import exact
from theory.logic.prove import smt
from theory.logic.statements import Boolean, Possible, Statement, equal
from theory.model.dynamics import NormalisedState, denormalise, normalised_step
from theory.model.first_phase import STATE, R, folded_step, until_T
from theory.model.limit import signgd_limit
from theory.published import figure_4_7

_WHERE = "§4.D.2, Dynamics of ẽ2 under signGD"
_third, _half = sp.Rational(1, 3), sp.Rational(1, 2)

_a, _b, _c, _sum = sp.symbols("a b c S", real=True)
_c_T = sp.Symbol("c_T", real=True)
_eta, _sigma0_sq = sp.symbols("eta sigma0_sq", positive=True)
_ties = sp.Symbol("m", integer=True)
_p, _r = sp.Symbol("p", positive=True), R
_now = NormalisedState(_a, _b, _c)
_next = normalised_step(_now, _r)
_tie = sp.And(sp.Eq(sp.Abs(_a), sp.Abs(_b)), sp.Ne(_a, 0))


def _update(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """Return the summand of (4.22), in units of (√6/3)η: {…} sign[ẽ0], which a step subtracts."""
    size_a, size_b = sp.Abs(a), sp.Abs(b)
    braces = sp.Piecewise((-1, size_a < size_b), (-_half, sp.Eq(size_a, size_b)), (0, True))
    return braces * sp.sign(a)


class _Unrolled(NamedTuple):
    """States of one orbit, as symbols, and the equations that tie them together."""

    states: tuple[NormalisedState, ...]
    equations: tuple[Boolean, ...]

    def closes(self, start: int) -> Boolean:
        """Whether the last state is the one at ``start`` again."""
        pairs = zip(self.states[start], self.states[-1], strict=True)
        return sp.And(*(sp.Eq(x, y) for x, y in pairs))

    def meets_no_tie(self) -> Boolean:
        states = self.states
        return sp.And(*(sp.And(sp.Ne(sp.Abs(s.a), sp.Abs(s.b)), sp.Ne(s.a, 0)) for s in states))


def unrolled(steps: int) -> _Unrolled:
    """Return the states of one orbit over ``steps`` steps, with the equations between them."""
    states = tuple(map(_state, range(steps + 1)))
    return _Unrolled(states, tuple(chain.from_iterable(map(_equations, range(steps)))))


def _state(t: int) -> NormalisedState:
    return NormalisedState(*sp.symbols(f"a_{t} b_{t} c_{t}", real=True))


@cache
def _equations(t: int) -> tuple[Boolean, ...]:
    """The equations between the states at ``t`` and t + 1."""
    return tuple(map(sp.Eq, _state(t + 1), normalised_step(_state(t), _r)))


def _by_induction(*args: Any, **options: Any) -> Argument:
    """Argue as :func:`theory.logic.arguments.always`, without its search for orbits that escape."""
    return replace(always(*args, **options), necessary=())


# --- (4.22), first line, and Δw̃2: the sum of the updates ------------------------------------------

_accumulated = _by_induction(
    {_a: _next.a, _b: _next.b, _c: _next.c, _sum: _sum + _update(_a, _b)},
    equal(_c, _c_T - _sum),
    sp.Eq(_c, _c_T),
    sp.Eq(_sum, 0),
)

_four = unrolled(4)


def _first_line() -> Argument:
    """Orbits with T = 0 that close by the second step and rest there, so that the limit exists.

    The sum is printed with the sign of what a step subtracts; with the other sign it fails as well.
    """
    (s0, s1, s2, *_), equations = _four
    given = (
        *equations,
        sp.Abs(s0.a) < 1,
        _four.closes(2),
        sp.Eq(_four.states[3].c, s2.c),
        _four.meets_no_tie(),
    )
    return derived(
        "limsup |ẽ2(t)| = |ẽ2(T) + η Σ_{t=T+1}^∞ {…} sign[ẽ0(t)]|",
        "",
        {},
        {
            f"T = 0, and ẽ2 rests from t = 2 on, {name}": Statement(
                equal(sp.Abs(s2.c), sp.Abs(s0.c + sign * _update(s1.a, s1.b))), given
            )
            for name, sign in (("as printed", 1), ("with its sign mended", -1))
        },
    )


# --- (4.22), second and third line: the drift after T ------------------------------------------

# For 0 ≤ a(T) < 1 and d = c − c(T). A long step (|a| > |b|) is one of a, by 1; where it starts from
# |a| < 1/3, |b| is below |a| and 1 − |a|, and long steps follow for ever. A short step (|a| < |b|)
# moves a by 1/3 towards or past 0 and d by 1 in the direction of sign a.
_d = _c
_at_rest = sp.And(sp.Abs(_b) < sp.Abs(_a), sp.Abs(_b) < 1 - sp.Abs(_a))
_DRIFT = sp.And(
    sp.Abs(_a) < 1,
    sp.Implies(_a >= 2 * _third, sp.Or(sp.Eq(_d, 0), sp.And(_at_rest, _d >= -1, _d <= 3))),
    sp.Implies(sp.And(_a >= _third, _a < 2 * _third), sp.And(_d >= 0, _d <= 1)),
    sp.Implies(sp.And(_a >= 0, _a < _third), sp.And(_d >= -2, _d <= 2)),
    sp.Implies(sp.And(_a >= -_third, _a < 0), sp.And(_d >= -1, _d <= 3)),
    sp.Implies(sp.And(_a >= -2 * _third, _a < -_third), sp.And(_d >= 0, _d <= 1)),
    sp.Implies(_a < -2 * _third, sp.And(_at_rest, _d >= -2, _d <= 2)),
)


def _commutes(*signs: int) -> Argument:
    """The map commutes with these changes of sign of a, b and c."""
    changes = {symbol: sign * symbol for symbol, sign in zip(_now, signs, strict=True)}
    images = (
        equal(image.subs(changes, simultaneous=True), sign * image)
        for image, sign in zip(_next, signs, strict=True)
    )
    return for_all(sp.And(*images), back_end=smt.settle)


_SYMMETRY = together(
    "the map commutes with (a, c) → (−a, −c) and with b → −b",
    {"a and c": _commutes(-1, 1, -1), "b": _commutes(1, -1, 1)},
)
"""So that a(T) ≥ 0 is no restriction, nor a = b > 0 at a tie."""


@cache
def _generic_drift() -> Argument:
    """Without ties from T on, −2 ≤ d ≤ 3, and 3 is attained as a limit."""
    counted = {_a: _next.a, _b: _next.b, _d: _next.c}
    counted[_ties] = _ties + sp.Piecewise((1, _tie), (0, True))
    region = sp.Implies(sp.Eq(_ties, 0), sp.And(_d >= -2, _d <= 3))
    start = (_a >= 0, _a < 1, sp.Eq(_d, 0), sp.Eq(_ties, 0))
    invariant = sp.And(_ties >= 0, sp.Or(_ties >= 1, _DRIFT))
    bound = _by_induction(counted, region, *start, invariant=invariant)
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
    values = zip((first.a, first.b, _r), map(exact, at), strict=True)
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
        values = {_r: self.r, _p: self.p}
        states = (*self.states, self.states[self.back_to])
        return {
            f"step {t}": Statement(
                sp.And(*map(equal, normalised_step(now, _r), then)).subs(values), self.given
            )
            for t, (now, then) in enumerate(pairwise(states))
        }


def _tie_orbits() -> dict[str, _TieOrbit]:
    """All orbits from ties with 0 < |a| ≤ 1/3, with d = c counted from the tie on."""
    p, r = _p, _r
    rows = {
        "tie": (p, p, 0),
        "after": (p - 2 * _third, p - r / 2, _half),
        "long": (p + _third, p - r / 2, _half),
        "down, r > 4/3": (p - _third, p + r / 2, -_half),
        "up, r > 4/3": (p, p - r / 2, -3 * _half),
        "up, r < 4/3": (p, p + r / 2, 3 * _half),
        "down, r < 4/3": (p - _third, p - r / 2, 5 * _half),
        "second tie": (p - _third, p, 1),
        "at rest": (p + 2 * _third, p, 1),
        "a = 0": (p - _third, p - r / 2, -_half),
    }

    def orbit(
        names: str, back_to: int, *given: Boolean, r: sp.Expr = _r, p: sp.Expr = _p
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
        cycle = [
            state.a.subs({_r: orbit.r, _p: orbit.p}) for state in orbit.states[orbit.back_to :]
        ]
        if 0 in cycle:
            continue  # it rests
        images = (*cycle[1:], cycle[0])
        found[name] = (
            sp.And(*(x * y < 0 for x, y in zip(cycle, images, strict=True))),
            orbit.given,
        )
    return found


_CASES = sp.Or(
    _r > 4 * _third,
    sp.Eq(_r, 4 * _third),
    sp.And(_r < 4 * _third, _r < 4 * _p + 2 * _third),
    sp.And(_p < _third / 2, sp.Eq(_r, 4 * _p + 2 * _third)),
    sp.And(_r < 4 * _third, _r > 4 * _p + 2 * _third),
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
def _drift() -> Argument:
    """Ties included, −7/2 ≤ d ≤ 9/2.

    Up to the first tie with |a| ≤ 1/3 by induction. From such a tie d changes by −3/2 to 5/2 in the
    direction of sign a: to at most 2 + 5/2 or 3 + 3/2, and to at least −2 − 3/2 or −1 − 5/2.
    """
    near_tie = sp.And(_tie, sp.Abs(_a) <= _third)
    stopped = {
        s: sp.Piecewise((s, near_tie), (image, True))
        for s, image in ((_a, _next.a), (_b, _next.b), (_d, _next.c))
    }
    at_tie = sp.And(sp.Implies(_a > 0, _d <= 2), sp.Implies(_a < 0, _d >= -1))
    region = sp.And(_d >= -2, _d <= 3, sp.Implies(near_tie, at_tie))
    parts = together(
        "|ẽ2(n) − ẽ2(T)| ≤ (3√6/2) η for all n ≥ T, from every start; a limit has equality",
        {
            "symmetry": _SYMMETRY,
            "up to a tie near 0": _by_induction(
                stopped, region, _a >= 0, _a < 1, sp.Eq(_d, 0), invariant=_DRIFT
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


def _second_line() -> Argument:
    """Orbits with T = 0: as printed, and with the sum from t = T on.

    The second is of period 2 from t = 2 on, and the signs of ẽ0 along it cancel in pairs.
    """
    orbit, given = _three_short_steps()
    first, *_, last = orbit.states
    from_next = sum(sp.sign(s.a) for s in orbit.states[1:3])  # and + sign a, 0, + sign a, … in turn
    largest = sp.Max(sp.Abs(from_next), sp.Abs(from_next + sp.sign(last.a)))
    (s0, s1, s2, s3, _), equations = _four
    signs_2 = sp.sign(s0.a) + sp.sign(s1.a)
    signs_3 = signs_2 + sp.sign(s2.a)
    ends = sp.Max(sp.Abs(s2.c), sp.Abs(s3.c))
    return derived(
        "limsup |ẽ2(t)| ≤ |ẽ2(T)| + (√6/3)η limsup |Σ_{t=T+1}^n sign[ẽ0(t)]|",
        "",
        {},
        {
            "T = 0, three short steps, then long ones to and fro for ever": Statement(
                sp.Abs(last.c) <= sp.Abs(first.c) + largest, given
            ),
            "the sum from t = T on; T = 0, and period 2 from t = 2 on": Statement(
                ends <= sp.Abs(s0.c) + sp.Max(sp.Abs(signs_2), sp.Abs(signs_3)),
                (
                    *equations,
                    sp.Abs(s0.a) < 1,
                    _four.closes(2),
                    sp.Eq(signs_3 + sp.sign(s3.a), signs_2),
                    _four.meets_no_tie(),
                ),
            ),
        },
    )


def _three_short_steps() -> tuple[_Unrolled, tuple[Boolean, ...]]:
    """An orbit with T = 0 and three short steps, and then long ones to and fro for ever."""
    orbit = unrolled(3)
    first, *_, last = orbit.states
    given = (
        *orbit.equations,
        sp.Abs(first.a) < 1,
        *(sp.Abs(s.a) < sp.Abs(s.b) for s in orbit.states[:3]),
        sp.Abs(last.b) < sp.Abs(last.a),
        sp.Abs(last.b) < 1 - sp.Abs(last.a),
        sp.Ne(last.b, 0),
    )
    return orbit, given


def _third_line() -> Argument:
    orbit, given = _three_short_steps()
    first, *_, last = orbit.states
    problem = figure_4_7().problem
    limit = signgd_limit(problem)
    at_T = abs(surd(problem.e0_tilde[2]) + limit.delta_w2).to_sympy()
    limsup = max(abs(e[2]) for e in limit.cycle).to_sympy()
    return derived(
        "limsup |ẽ2(t)| ≤ |ẽ2(T)| + (2√6/3)η",
        "",
        {},
        {
            "T = 0, three short steps, then long ones to and fro for ever": Statement(
                sp.Abs(last.c) <= sp.Abs(first.c) + 2, given
            ),
            "the setting of Figure 4.7": sp.Le(
                limsup, at_T + 2 * sp.sqrt(6) / 3 * problem.eta, evaluate=False
            ),
        },
    )


_w, _delta = sp.symbols("w_2 delta", real=True)
_reverse_triangle = for_all(sp.Abs(sp.Abs(_w + _delta) - sp.Abs(_w)) <= sp.Abs(_delta))


# --- Δw̃2 and (4.27) ------------------------------------------------------------------------------

_one_step = {
    "T = 1": Statement(
        equal(_next.c, _c + _update(_a, _b)),
        (sp.Abs(_a) >= 1, sp.Abs(_next.a) < 1, sp.Ne(sp.Abs(_a), sp.Abs(_b))),
    )
}
_n, _m, _moved = STATE.n, STATE.m, STATE.w
_weights = sp.And(sp.Eq(_moved, _n - _m / 2), _m >= 0, _m <= _n)
_x = STATE.x
_always_tied = folded_step(_x, _x, sp.Rational(4, 3))

_e_0 = sp.Symbol("e_0", real=True)
_problem_A = sp.sqrt(3) / 3 * _sigma0_sq * _e_0

CLAIMS = (
    Claim(
        id="4.D.2-e2.1",
        where=_WHERE,
        says="The update of ẽ2 has the sign opposite to that of ẽ0, if it is not zero.",
        published=for_all(equal(sp.sign(_next.c - _c), -sp.sign(_a)), sp.Ne(_next.c, _c)),
        correction="It has the sign of ẽ0.",
        corrected=for_all(equal(sp.sign(_next.c - _c), sp.sign(_a)), sp.Ne(_next.c, _c)),
        slip="the sign is that of the vector in Table 4.9, which a step subtracts",
        expects=Status.REFUTED,
        note="So ẽ2 moves away from 0 where the signs agree. The updates of ẽ0 and ẽ1 are taken as "
        "what a step adds (T4.9-direction.1), and so is the sum of those of w̃2 (4.23.1).",
    ),
    Claim(
        id="4.D.2-e2.2",
        where=_WHERE,
        says="Whenever |A| ≤ |B|, ẽ2 moves.",
        published=for_all(sp.Ne(_next.c, _c), sp.Abs(_a) <= sp.Abs(_b)),
        correction="Whenever |A| ≤ |B| and A ≠ 0.",
        corrected=exactly_if(sp.Ne(_a, 0), sp.Ne(_next.c, _c), sp.Abs(_a) <= sp.Abs(_b)),
        only_if="A ≠ 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set, rows 11 to 13 of Table 4.9: at A = 0 nothing "
        "moves ẽ0 and ẽ2 any more.",
    ),
    Claim(
        id="4.D.2-e2.3",
        where=_WHERE,
        says="ẽ2 is updated only when |A| ≤ |B|.",
        published=for_all(sp.Abs(_a) <= sp.Abs(_b), sp.Ne(_next.c, _c)),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.D.2-e2.4",
        where=f"{_WHERE}, (4.22)",
        says="The update of ẽ2 is η{1{|A| < |B|}(−√6/3) + 1{|A| = |B|}(−√6/6)} sign[ẽ0].",
        published=for_all(equal(_next.c - _c, _update(_a, _b)), back_end=smt.settle),
        correction="It is minus that.",
        corrected=for_all(
            equal(
                denormalise(_next, _r, _eta)[2] - denormalise(_now, _r, _eta)[2],
                -sp.sqrt(6) / 3 * _eta * _update(_a, _b),
            ),
            back_end=smt.settle,
        ),
        slip="the sign is that of the vector in Table 4.9, which a step subtracts",
        expects=Status.REFUTED,
        note="At A = 0 the factor sign[ẽ0] makes it 0.",
    ),
    Claim(
        id="4.22.1",
        where="§4.D.2, (4.22), first line",
        says="limsup |ẽ2(t)| is |ẽ2(T) + the sum of the updates from t = T + 1 on|.",
        published=_first_line(),
        correction="ẽ2(n) = ẽ2(T) − η Σ_{t=T}^{n−1} {…} sign[ẽ0(t)] for all n ≥ T; the limsup is "
        "over n.",
        corrected=_accumulated,
        expects=Status.REFUTED,
        note="Its sign (4.D.2-e2.4) and the sum to infinity, which need not converge, are slips of "
        "notation. That it begins at T + 1 is none: it leaves out the update at t = T, which ẽ2(T) "
        "does not contain either, and the two further lines are too small by it.",
    ),
    Claim(
        id="4.22.2",
        where="§4.D.2, (4.22), second line",
        says="That is at most |ẽ2(T)| + (√6/3)η |Σ sign[ẽ0(t)]|.",
        published=_second_line(),
        correction="The sum of all signs does not bound the sum over the steps in which ẽ2 moves: "
        "steps with |A| > |B| cancel signs, not moves. The drift is at most √6 η (no ties).",
        corrected=_generic_drift(),
        expects=Status.REFUTED,
        note="The sum has no value, as the signs change for ever; its limsup is meant. From t = T, "
        "where it ought to begin, it fails as well.",
    ),
    Claim(
        id="4.22.3",
        where="§4.D.2, (4.22), third line",
        says="limsup |ẽ2(t)| ≤ |ẽ2(T)| + (2√6/3)η.",
        published=_third_line(),
        correction="limsup |ẽ2(t)| ≤ |ẽ2(T)| + √6 η if |A| ≠ |B| from T on; this is sharp.",
        corrected=_generic_drift(),
        expects=Status.REFUTED,
        note="Three moves, not two: the one at t = T is left out of the printed sum. It is so in "
        "the setting of Figure 4.7, too. With ties the bound is (3√6/2)η (4.22.4).",
    ),
    Claim(
        id="4.22.4",
        where="§4.D.2, after (4.22)",
        says="After T, ẽ2 and w̃2 stay in a neighborhood of size O(η) of their values at T.",
        published=_drift(),
        expects=Status.PROVED,
        note="With the sharp constant 3√6/2, uniformly in σ̃0², σ̃1² and the start; √6 without ties.",
    ),
    Claim(
        id="4.23.1",
        where="§4.D.2, definition of Δw̃2",
        says="Δw̃2, as displayed, is the sum of all the updates in w̃2 up to T: w̃2(T) − w̃2(0).",
        published=derived("w̃2(T) = w̃2(0) + Δw̃2, Δw̃2 as displayed", "", {}, _one_step),
        correction="w̃2(T) = w̃2(0) − the displayed sum.",
        corrected=_accumulated,
        slip="the sign is that of the vector in Table 4.9, which a step subtracts",
        expects=Status.REFUTED,
        note="|Δw̃2| is not concerned; the sign of Δw̃2 in (4.23) and (4.25) is.",
    ),
    Claim(
        id="4.23.2",
        where="§4.D.2, (4.23)",
        says="limsup |w̃2(t)| = |w̃2(T) + O(η)| = |w̃2(0) + Δw̃2 + O(η)|.",
        published=together(
            "| |w̃2(n)| − |w̃2(0) + Δw̃2| | ≤ (3√6/2) η for all n ≥ T",
            {"drift": _drift(), "triangle": _reverse_triangle, "sum": _accumulated},
        ),
        expects=Status.PROVED,
        note="With Δw̃2 = w̃2(T) − w̃2(0); the constant is √6 if |A| ≠ |B| from T on.",
    ),
    Claim(
        id="4.27.1",
        where="§4.D.2, before (4.27)",
        says="If η is small, ẽ0 does not change its sign before the oscillation starts.",
        published=for_all(
            sp.And(
                sp.sign(_a) * _next.a >= 0,
                sp.Implies(sp.Abs(_next.a) >= 1, equal(sp.sign(_next.a), sp.sign(_a))),
            ),
            sp.Abs(_a) >= 1,
        ),
        expects=Status.PROVED,
        note="For every η: the sign is the same at all t < T, which is all that the sum needs.",
    ),
    Claim(
        id="4.27.2",
        where="§4.D.2, (4.27)",
        says="|Δw̃2| = C η Σ_{t<T} 1{|A(t)| ≤ |B(t)|} with C between √6/6 and √6/3.",
        published=until_T(
            sp.And(
                sp.sqrt(6) / 6 * _n <= sp.sqrt(6) / 3 * _moved,
                sp.sqrt(6) / 3 * _moved <= sp.sqrt(6) / 3 * _n,
            ),
            invariant=_weights,
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.27.3",
        where="§4.D.2, after (4.27)",
        says="The ends of the range of C are those of always the smaller and always the larger "
        "update.",
        published=together(
            "C = √6/3 if and only if no counted step is a tie, C = √6/6 if and only if all are",
            {
                "ends": until_T(
                    sp.And(
                        sp.Equivalent(sp.Eq(_moved, _n), sp.Eq(_m, 0)),
                        sp.Equivalent(sp.Eq(_moved, _n / 2), sp.Eq(_m, _n)),
                    ),
                    invariant=_weights,
                ),
                "ties for ever, if r = 4/3": for_all(
                    sp.And(
                        equal(_always_tied[0], _always_tied[1]),
                        equal(_always_tied[2], _half),
                    ),
                    _x >= 1,
                ),
            },
        ),
        expects=Status.PROVED,
        note="So C = √6/3 exactly for almost every start, and less only where |A(t)| = |B(t)| at "
        "some t < T. √6/6 occurs: for |A(0)| = |B(0)| and σ̃1² = (4/3)σ̃0² all steps are ties.",
    ),
    Claim(
        id="4.27.4",
        where="§4.D.2, before (4.27)",
        says="|ẽ0| < √3η if and only if |A| < σ̃0²η.",
        published=all_of(
            "σ̃0²(|ẽ0| − √3η) = √3(|A| − σ̃0²η), so that both differences have one sign",
            {
                "differences": equal(
                    _sigma0_sq * (sp.Abs(_e_0) - sp.sqrt(3) * _eta),
                    sp.sqrt(3) * (sp.Abs(_problem_A) - _sigma0_sq * _eta),
                ),
                "a positive factor keeps the sign": Statement(
                    sp.Equivalent(_delta < 0, _sigma0_sq * _delta < 0)
                ),
            },
        ),
        expects=Status.PROVED,
    ),
)
