"""(4.22), (4.23) and (4.27): how ẽ2 moves, how far it drifts after T, and how far it came before.

In normalised variables: c = (√6/2)ẽ2/η moves by 1 where ẽ2 moves by (√6/3)η. The text's summand
{…} sign[ẽ0] is what a step subtracts, as Table 4.9 has it; the update of ẽ2 is minus that.
"""

from functools import cache

import sympy as sp

from theory.claims.lemmas.drift_after_t import (
    Unrolled,
    a,
    after,
    b,
    by_induction,
    c,
    drift,
    generic_drift,
    half,
    now,
    r,
    unrolled,
)
from theory.logic.arguments import all_of, derived, exactly_if, for_all, together
from theory.logic.evidence import Argument, Claim
from theory.logic.exact import surd
from theory.logic.findings import Status
from theory.logic.prove import smt
from theory.logic.statements import Boolean, Statement, equal
from theory.model.dynamics import denormalise
from theory.model.first_phase import STATE, folded_step, until_T
from theory.model.limit import signgd_limit
from theory.published import figure_4_7

_WHERE = "§4.D.2, Dynamics of ẽ2 under signGD"
_c_T, _sum = sp.symbols("c_T S", real=True)
_eta, _sigma0_sq = sp.symbols("eta sigma0_sq", positive=True)


def _update(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """Return the summand of (4.22), in units of (√6/3)η: {…} sign[ẽ0], which a step subtracts."""
    size_a, size_b = sp.Abs(a), sp.Abs(b)
    braces = sp.Piecewise((-1, size_a < size_b), (-half, sp.Eq(size_a, size_b)), (0, True))
    return braces * sp.sign(a)


# --- (4.22), first line, and Δw̃2: the sum of the updates ------------------------------------------


@cache
def _accumulated() -> Argument:
    """C − c(T) is minus the sum of the updates."""
    return by_induction(
        {a: after.a, b: after.b, c: after.c, _sum: _sum + _update(a, b)},
        equal(c, _c_T - _sum),
        sp.Eq(c, _c_T),
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


def _three_short_steps() -> tuple[Unrolled, tuple[Boolean, ...]]:
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
        equal(after.c, c + _update(a, b)),
        (sp.Abs(a) >= 1, sp.Abs(after.a) < 1, sp.Ne(sp.Abs(a), sp.Abs(b))),
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
        published=lambda: for_all(equal(sp.sign(after.c - c), -sp.sign(a)), sp.Ne(after.c, c)),
        correction="It has the sign of ẽ0.",
        corrected=lambda: for_all(equal(sp.sign(after.c - c), sp.sign(a)), sp.Ne(after.c, c)),
        slip="the sign is that of the vector in Table 4.9, which a step subtracts",
        expects=Status.REFUTED,
        note="So ẽ2 moves away from 0 where the signs agree. The updates of ẽ0 and ẽ1 are taken as "
        "what a step adds (T4.9-direction.1), and so is the sum of those of w̃2 (4.23.1).",
    ),
    Claim(
        id="4.D.2-e2.2",
        where=_WHERE,
        says="Whenever |A| ≤ |B|, ẽ2 moves.",
        published=lambda: for_all(sp.Ne(after.c, c), sp.Abs(a) <= sp.Abs(b)),
        correction="Whenever |A| ≤ |B| and A ≠ 0.",
        corrected=lambda: exactly_if(sp.Ne(a, 0), sp.Ne(after.c, c), sp.Abs(a) <= sp.Abs(b)),
        only_if="A ≠ 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set, rows 11 to 13 of Table 4.9: at A = 0 nothing "
        "moves ẽ0 and ẽ2 any more.",
    ),
    Claim(
        id="4.D.2-e2.3",
        where=_WHERE,
        says="ẽ2 is updated only when |A| ≤ |B|.",
        published=lambda: for_all(sp.Abs(a) <= sp.Abs(b), sp.Ne(after.c, c)),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.D.2-e2.4",
        where=f"{_WHERE}, (4.22)",
        says="The update of ẽ2 is η{1{|A| < |B|}(−√6/3) + 1{|A| = |B|}(−√6/6)} sign[ẽ0].",
        published=lambda: for_all(equal(after.c - c, _update(a, b)), back_end=smt.settle),
        correction="It is minus that.",
        corrected=lambda: for_all(
            equal(
                denormalise(after, r, _eta)[2] - denormalise(now, r, _eta)[2],
                -sp.sqrt(6) / 3 * _eta * _update(a, b),
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
        published=_first_line,
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
        published=_second_line,
        correction="The sum of all signs does not bound the sum over the steps in which ẽ2 moves: "
        "steps with |A| > |B| cancel signs, not moves. The drift is at most √6 η (no ties).",
        corrected=generic_drift,
        expects=Status.REFUTED,
        note="The sum has no value, as the signs change for ever; its limsup is meant. From t = T, "
        "where it ought to begin, it fails as well.",
    ),
    Claim(
        id="4.22.3",
        where="§4.D.2, (4.22), third line",
        says="limsup |ẽ2(t)| ≤ |ẽ2(T)| + (2√6/3)η.",
        published=_third_line,
        correction="limsup |ẽ2(t)| ≤ |ẽ2(T)| + √6 η if |A| ≠ |B| from T on; this is sharp.",
        corrected=generic_drift,
        expects=Status.REFUTED,
        note="Three moves, not two: the one at t = T is left out of the printed sum. It is so in "
        "the setting of Figure 4.7, too. With ties the bound is (3√6/2)η (4.22.4).",
    ),
    Claim(
        id="4.22.4",
        where="§4.D.2, after (4.22)",
        says="After T, ẽ2 and w̃2 stay in a neighborhood of size O(η) of their values at T.",
        published=drift,
        expects=Status.PROVED,
        note="With the sharp constant 3√6/2, uniformly in σ̃0², σ̃1² and the start; √6 without ties.",
    ),
    Claim(
        id="4.23.1",
        where="§4.D.2, definition of Δw̃2",
        says="Δw̃2, as displayed, is the sum of all the updates in w̃2 up to T: w̃2(T) − w̃2(0).",
        published=lambda: derived("w̃2(T) = w̃2(0) + Δw̃2, Δw̃2 as displayed", "", {}, _one_step),
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
        published=lambda: together(
            "| |w̃2(n)| − |w̃2(0) + Δw̃2| | ≤ (3√6/2) η for all n ≥ T",
            {"drift": drift(), "triangle": _reverse_triangle, "sum": _accumulated()},
        ),
        expects=Status.PROVED,
        note="With Δw̃2 = w̃2(T) − w̃2(0); the constant is √6 if |A| ≠ |B| from T on.",
    ),
    Claim(
        id="4.27.1",
        where="§4.D.2, before (4.27)",
        says="If η is small, ẽ0 does not change its sign before the oscillation starts.",
        published=lambda: for_all(
            sp.And(
                sp.sign(a) * after.a >= 0,
                sp.Implies(sp.Abs(after.a) >= 1, equal(sp.sign(after.a), sp.sign(a))),
            ),
            sp.Abs(a) >= 1,
        ),
        expects=Status.PROVED,
        note="For every η: the sign is the same at all t < T, which is all that the sum needs.",
    ),
    Claim(
        id="4.27.2",
        where="§4.D.2, (4.27)",
        says="|Δw̃2| = C η Σ_{t<T} 1{|A(t)| ≤ |B(t)|} with C between √6/6 and √6/3.",
        published=lambda: until_T(
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
        published=lambda: together(
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
                    sp.And(equal(_always_tied[0], _always_tied[1]), equal(_always_tied[2], half)),
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
        published=lambda: all_of(
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
