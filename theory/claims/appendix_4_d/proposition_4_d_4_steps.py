"""The steps of the proof of Proposition 4.D.4, subpartition by subpartition.

Normalised: a = A/(σ̃0²η), b = B/(σ̃0²η), r = σ̃1²/σ̃0². How many steps from R32 or R33 by k to R31, and
what holds until then, is argued in :mod:`theory.claims.appendix_4_d.proposition_4_d_4`.
"""

import sympy as sp

from theory.claims.appendix_4_d.proposition_4_d_4 import DESCENT, NO_TIES_ON_THE_WAY
from theory.logic.arguments import Lemma, derived, exactly_if, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Boolean, Statement, equal
from theory.model.dynamics import NormalisedState, normalised_step, step_in_units_of_B, unrolled
from theory.model.regions import (
    in_R2,
    in_R3,
    in_R11,
    in_R12,
    in_R21,
    in_R22,
    in_R23,
    in_R31,
    in_R32_by,
    in_R33_by,
    in_R34,
)

_a, _b, _c, _u, _v, _ahead = sp.symbols("a b c u v a_k", real=True)
_r, _q, _unit = sp.symbols("r q s", positive=True)  # s = σ̃0²η
_k = sp.Symbol("k", integer=True)
_even, _odd = 2 * _k, 2 * _k + 1
_third, _sixth = sp.Rational(1, 3), sp.Rational(1, 6)
_at = (_a, _b, _r)
_x, _y, _s = sp.Abs(_a), sp.Abs(_b), sp.sign(_b)
_next = normalised_step(NormalisedState(_a, _b, _c), _r)
_after = (_next.a, _next.b, _r)
_orbit, _two_steps = unrolled(_a, _b, _r, 2)
_one, _two = ((*state, _r) for state in _orbit[1:])
_v_next = step_in_units_of_B(_u, _v, _q)[1]


def _moves_by(fraction: sp.Expr) -> sp.logic.boolalg.Boolean:
    return equal(_next.a, _a - sp.sign(_a) * fraction)


_moves_fully = _moves_by(sp.Integer(1))
_moves_a_third = _moves_by(_third)
_421 = sp.And(_moves_a_third, equal(_next.b, _b - _s * _r))
_cycles = sp.And(
    sp.Eq(_orbit[2][0], _a),
    sp.Eq(_orbit[2][1], _b),
    sp.Eq(_one[1], _b),
    sp.Eq(sp.sign(_one[0]), -sp.sign(_a)),
    sp.Ne(_a, 0),
)

# For every r < 1/3 a start in R32 by −2 outside R31 that is in R31 after one step, not after two.
_EARLY = (
    _r < _third,
    sp.Eq(_a, _sixth),
    sp.Eq(_b, (sp.Max(_sixth, 2 * _r - _sixth) + _r + _sixth) / 2),
)
_by_minus_2 = in_R32_by(*_at, sp.Integer(-2))

# For r < 1/3, what |a| may be after an even and after an odd number of steps from R3, a ≠ 0: as at
# first, on the cycle of R31 with R12, or on that of R22, to which a tie leads.
_x0 = sp.Symbol("x_0", positive=True)


def _one_of(waiting: sp.Expr, beside_R31: sp.Expr, resting: sp.Expr) -> Boolean:
    return sp.Or(
        sp.Eq(_x, waiting),
        sp.And(sp.Eq(_x, beside_R31), _y < 1 - _x),
        sp.And(sp.Eq(_x, resting), in_R22(*_at)),
    )


_after_even = _one_of(_x0, 2 * _third + _x0, _third + _x0)
_after_odd = _one_of(_third - _x0, 1 - _x0, 2 * _third - _x0)
_next_values = {_a: _next.a, _b: _next.b}
_small = (_r < _third, _x0 < _third)
_AFTER_AN_ODD_NUMBER_OF_STEPS: dict[str, Lemma] = {
    "r < 1/3: even to odd": Statement(
        _after_odd.subs(_next_values, simultaneous=True), (*_small, _after_even)
    ),
    "r < 1/3: odd to even": Statement(
        _after_even.subs(_next_values, simultaneous=True), (*_small, _after_odd)
    ),
    "r < 1/3: odd": Statement(_third - _x0 <= _x, (*_small, _after_odd)),
}

_WHERE = "§4.D.2, proof of Proposition 4.D.4, "

CLAIMS = (
    Claim(
        id="P4.D.4-steps.1",
        where=_WHERE + "R11",
        says="From R11, A moves by ⅓σ̃0²η, and the next point is in R2.",
        published=for_all(sp.And(_moves_a_third, in_R2(*_after)), in_R11(*_at)),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.2",
        where=_WHERE + "R12",
        says="From R12, A moves by σ̃0²η, and the next point is in R3.",
        published=for_all(sp.And(_moves_fully, in_R3(*_after)), in_R12(*_at)),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.3",
        where=_WHERE + "R21",
        says="From R21, A moves by ⅓σ̃0²η, and the next point is in R3.",
        published=for_all(sp.And(_moves_a_third, in_R3(*_after)), in_R21(*_at)),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.4",
        where=_WHERE + "R22 and R23",
        says="From R22 and R23, A moves by σ̃0²η, B rests, and the next point is in R2.",
        published=for_all(
            sp.And(_moves_fully, equal(_next.b, _b), in_R2(*_after)),
            sp.Or(in_R22(*_at), in_R23(*_at)),
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.5",
        where=_WHERE + "R22",
        says="From R22 the next point is in R22, the one after it is the first again; A changes "
        "sign at each step, and B rests.",
        published=for_all(
            sp.And(in_R22(*_one), sp.Abs(_one[0]) > sp.Abs(_one[1]), _cycles),
            *_two_steps,
            in_R22(*_at),
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.6",
        where=_WHERE + "R23",
        says="From R23 the next point is in R21, and the one after it in R3.",
        published=for_all(
            sp.And(in_R21(*_one), in_R3(*_two)),
            *_two_steps,
            in_R23(*_at),
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.7",
        where=_WHERE + "R31",
        says="From R31, ⅔σ̃0²η < |A(t+1)| < σ̃0²η, |A(t+1)| > |B(t+1)| = |B(t)|, and the point "
        "after that is the first again; A changes sign at each step.",
        published=for_all(
            sp.And(
                sp.Abs(_one[0]) > 2 * _third,
                sp.Abs(_one[0]) < 1,
                sp.Abs(_one[0]) > sp.Abs(_one[1]),
                _cycles,
            ),
            *_two_steps,
            in_R31(*_at),
        ),
        expects=Status.PROVED,
        note="So the proof contradicts the proposition's |A| ≤ ⅔σ̃0²η, and that R_s is never left.",
    ),
    Claim(
        id="P4.D.4-steps.8",
        where=_WHERE + "(4.21)",
        says="In R32, R33 and R34, A moves by ⅓σ̃0²η and B by σ̃1²η against their signs.",
        published=derived(
            "(4.21) in R32 ∪ R33 ∪ R34",
            "",
            {},
            {
                "R32": Statement(_421, (in_R32_by(*_at, _even),)),
                "R33": Statement(_421, (in_R33_by(*_at, _odd),)),
                "R34": Statement(_421, (in_R34(*_at),)),
            },
        ),
        correction="Exactly where |A| < |B| or A = B = 0. In R32 and R33 that is everywhere for "
        "σ̃1² ≥ σ̃0²/3; otherwise both reach into R31. In R34 ties are excepted.",
        corrected=derived(
            "in R3: (4.21) iff |a| < |b| or a = b = 0; r ≥ 1/3: |a| < |b| in R32, and in R33",
            "cases, with an example for r < 1/3",
            {
                "under the condition": Statement(_421, (in_R3(*_at), _x < _y)),
                "and at the origin": Statement(_421, (sp.Eq(_a, 0), sp.Eq(_b, 0))),
                "and only then": Statement(
                    sp.Not(_421), (in_R3(*_at), _x >= _y, sp.Or(sp.Ne(_a, 0), sp.Ne(_b, 0)))
                ),
                "R32 and R33": DESCENT["R32, R33: n = |k|"],
                **NO_TIES_ON_THE_WAY,
                "R34: |a| ≤ |b|": Statement(_x <= _y, (in_R34(*_at),)),
            },
        ),
        only_if="|A| < |B| or A = B = 0",
        expects=Status.REFUTED,
        note="For A = 0 in R33, |A| < |B| if σ̃1² ≥ σ̃0²/3.",
    ),
    Claim(
        id="P4.D.4-steps.9",
        where=_WHERE + "(4.21)",
        says="After a step as in (4.21), |A| < ⅓σ̃0²η again.",
        published=for_all(in_R3(*_after), in_R3(*_at), _421),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.10",
        where=_WHERE + "R32",
        says="From R32 by k, after |k| iterations (A, B) is in R31, with |A(t + |k|)| = |A(t)|.",
        published=derived(
            "(a, b) ∈ R32 by k ⟹ (a, b)(t + |k|) ∈ R31, |a(t + |k|)| = |a(t)|",
            "",
            {},
            {
                "k = −2": Statement(
                    sp.And(in_R31(*_two), sp.Eq(sp.Abs(_two[0]), _x)), (*_two_steps, _by_minus_2)
                )
            },
        ),
        correction="For σ̃1² ≥ σ̃0²/3. Otherwise R31 may be entered before, and left for R12.",
        corrected=derived(
            "r ≥ 1/3: after |k| steps R31 is entered, for the first time, and |a| is as at the "
            "start; r < 1/3: from some start in R32 by −2 the point after 2 steps is in R12",
            "induction over n = |k|, …, 0, where |a| < |b| for n ≥ 1; an example for each r < 1/3",
            {
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
                "|a| is the same every second step": Statement(
                    sp.Eq(sp.Abs(_two[0]), _x),
                    (*_two_steps, in_R3(*_at), _x < _y, sp.Abs(_one[0]) < sp.Abs(_one[1])),
                ),
                "r < 1/3": Statement(
                    sp.And(_by_minus_2, _x < _y, in_R31(*_one), in_R12(*_two)),
                    (*_two_steps, *_EARLY),
                ),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.4-steps.11",
        where=_WHERE + "R32",
        says="B keeps its sign for |k| − 1 updates, and B(t + |k|) = B(t) − |k| sign[B(t)]σ̃1²η.",
        published=derived(
            "(a, b) ∈ R32 by k ⟹ b(t + |k|) = b(t) − |k| r sign b(t)",
            "",
            {},
            {
                "k = −2": Statement(
                    sp.And(sp.Eq(sp.sign(_one[1]), _s), sp.Eq(_two[1], _b - 2 * _r * _s)),
                    (*_two_steps, _by_minus_2),
                )
            },
        ),
        correction="For σ̃1² ≥ σ̃0²/3. Otherwise B may come to rest before.",
        corrected=derived(
            "r ≥ 1/3: for n = |k|, …, 2 a step takes v to v − sign v of the same sign, and for "
            "n = 1 to v − sign v; r < 1/3: from some start in R32 by −2, b(t + 2) ≠ b − 2r sign b",
            "induction over n = |k|, …, 1, where |a| < |b|; an example for each r < 1/3",
            {
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
                "even n ≥ 2: |b| > r": Statement(
                    sp.Abs(_v) > 1,
                    (
                        _q <= 1,
                        _k >= 1,
                        sp.Abs(_u) < _q,
                        sp.Abs(sp.Abs(_v) - _even) < sp.Abs(_u),
                    ),
                ),
                "odd n ≥ 3: |b| > r": Statement(
                    sp.Abs(_v) > 1,
                    (_q <= 1, _k >= 1, sp.Abs(sp.Abs(_v) - _odd) < _q - sp.Abs(_u)),
                ),
                "then the sign is kept": Statement(
                    sp.And(sp.Eq(_v_next, _v - sp.sign(_v)), sp.Eq(sp.sign(_v_next), sp.sign(_v))),
                    (sp.Abs(_u) < sp.Abs(_v), sp.Abs(_v) > 1),
                ),
                "the last step": Statement(
                    sp.Eq(_v_next, _v - sp.sign(_v)), (sp.Abs(_u) < sp.Abs(_v),)
                ),
                "r < 1/3": Statement(
                    sp.And(_by_minus_2, sp.Ne(_two[1], _b - 2 * _r * _s)), (*_two_steps, *_EARLY)
                ),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3",
        expects=Status.REFUTED,
        note="The same for R33.",
    ),
    Claim(
        id="P4.D.4-steps.12",
        where=_WHERE + "R32",
        says="For even k, not 0, |B + kσ̃1²η| < ⅓σ̃0²η if and only if B and k have opposite signs.",
        published=for_all(
            sp.Equivalent(
                sp.Abs(_b + _even * _r) < _third, sp.Eq(_s, -sp.sign(_even)), evaluate=False
            ),
            sp.Ne(_k, 0),
        ),
        correction="'Only if', for σ̃1² ≥ σ̃0²/6: in R32 by k, B and k have opposite signs. 'If' "
        "fails for every σ̃1², k and |B| ≥ |k|σ̃1²η + ⅓σ̃0²η.",
        corrected=derived(
            "r ≥ 1/6: |b + kr| < 1/3 ⟹ sign b = −sign k; r < 1/6: b = 0 is in R32 by 2; "
            "|b| ≥ |k|r + 1/3 ⟹ |b + kr| ≥ 1/3",
            "units of σ̃1²η: r ≥ 1/6 is q ≤ 2; an example for each r < 1/6",
            {
                "not if": Statement(
                    sp.Abs(_b + _k * _r) >= _third, (_y >= sp.Abs(_k) * _r + _third,)
                ),
                "r ≥ 1/6": Statement(
                    sp.Eq(sp.sign(_v), -sp.sign(_k)),
                    (_q <= 2, sp.Ne(_k, 0), sp.Abs(_v + _even) < _q),
                ),
                "r < 1/6": Statement(
                    in_R32_by(_r + _sixth, sp.Integer(0), _r, sp.Integer(2)), (_r < _sixth,)
                ),
            },
        ),
        expects=Status.REFUTED,
        note="b = 10, k = −2, r = 1 is a case. The proof uses 'only if' alone.",
    ),
    Claim(
        id="P4.D.4-steps.13",
        where=_WHERE + "R32",
        says="Then |B(t) − |k| sign[B(t)]σ̃1²η| = |B(t) + kσ̃1²η|.",
        published=for_all(
            equal(sp.Abs(_v - sp.Abs(_k) * sp.sign(_v)), sp.Abs(_v + _k)),
            sp.Eq(sp.sign(_v), -sp.sign(_k)),
        ),
        expects=Status.PROVED,
        note="In units of σ̃1²η.",
    ),
    Claim(
        id="P4.D.4-steps.14",
        where=_WHERE + "R33",
        says="From R33 by k, after |k| iterations (A, B) is in R31.",
        published=derived(
            "(a, b) ∈ R33 by k ⟹ (a, b)(t + |k|) ∈ R31",
            "",
            {},
            {"k = −1": Statement(in_R31(*_after), (in_R33_by(*_at, sp.Integer(-1)),))},
        ),
        correction="For σ̃1² ≥ σ̃0²/3 and A ≠ 0.",
        corrected=derived(
            "r ≥ 1/3, a ≠ 0: after |k| steps R31 is entered, for the first time; a = 0: never; "
            "r < 1/3: from some start in R33 by −1 the next point is in R12",
            "induction over n = |k|, …, 0, where |a| < |b| for n ≥ 1; an example for each r < 1/3",
            {
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
                "A = 0 stays, outside R31": Statement(
                    sp.And(sp.Eq(_next.a, 0), sp.Not(in_R31(*_at))), (sp.Eq(_a, 0),)
                ),
                "r < 1/3": Statement(
                    sp.And(in_R33_by(*_at, sp.Integer(-1)), in_R12(*_after)),
                    (_r < _third, sp.Eq(_a, _sixth), sp.Eq(_b, _r / 2)),
                ),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3 and A ≠ 0",
        expects=Status.REFUTED,
        note="That A ≠ 0 excludes only a null set.",
    ),
    Claim(
        id="P4.D.4-steps.15",
        where=_WHERE + "R33",
        says="There |A(t + |k|) − A(t)| = |A(t + 1) − A(t)| = ⅓σ̃0²η.",
        published=derived(
            "(a, b) ∈ R33 ⟹ |a(t + 1) − a(t)| = 1/3",
            "",
            {},
            {"one step": Statement(sp.Eq(sp.Abs(_next.a - _a), _third), (in_R33_by(*_at, _odd),))},
        ),
        correction="For σ̃1² ≥ σ̃0²/3 exactly where A ≠ 0. For each smaller σ̃1² not from some starts "
        "in R33; there it is so as long as A ≠ 0 and |A| < |B|.",
        corrected=derived(
            "in R3: |a(t + 1) − a(t)| = 1/3 iff a ≠ 0 and |a| < |b|; a(t + 2i) = a(t) while so; "
            "r < 1/3: |a(t + 1) − a(t)| = 1 from some start in R33 by −1",
            "for r ≥ 1/3 induction over n = |k|, …, 1, where |a| < |b|; an example for r < 1/3",
            {
                "r < 1/3": Statement(
                    sp.And(in_R33_by(*_at, sp.Integer(-1)), sp.Eq(sp.Abs(_next.a - _a), 1)),
                    (_r < _third, sp.Eq(_a, _sixth), sp.Eq(_b, _r / 2)),
                ),
                "under the condition": Statement(
                    sp.Eq(sp.Abs(_next.a - _a), _third), (in_R3(*_at), _x < _y, sp.Ne(_a, 0))
                ),
                "and only then": Statement(
                    sp.Ne(sp.Abs(_next.a - _a), _third),
                    (in_R3(*_at), sp.Or(_x >= _y, sp.Eq(_a, 0))),
                ),
                "every second step": Statement(
                    sp.Eq(_two[0], _a),
                    (*_two_steps, in_R3(*_at), _x < _y, sp.Abs(_one[0]) < sp.Abs(_one[1])),
                ),
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3 and A ≠ 0",
        expects=Status.REFUTED,
        note="That A ≠ 0 excludes only a null set.",
    ),
    Claim(
        id="P4.D.4-steps.16",
        where=_WHERE + "R33",
        says="So |B(t) + |k|| < ⅓σ̃0²η − |A(t)| ≤ |A(t + |k|)|.",
        published=for_all(
            sp.Abs(_unit * _b + sp.Abs(_odd)) < _unit * (_third - _x), in_R33_by(*_at, _odd)
        ),
        correction="|B(t) + kσ̃1²η| < ⅓σ̃0²η − |A(t)| ≤ |A(t + |k|)|, the latter where A ≠ 0.",
        corrected=derived(
            "|b + kr| < 1/3 − |a(t)|, and for a(t) ≠ 0: 1/3 − |a(t)| ≤ |a(t + |k|)|",
            "r ≥ 1/3: P4.D.4-steps.15; r < 1/3: induction over t, as |k| is odd",
            {
                "by the definition of R33": Statement(
                    sp.Abs(_b + _odd * _r) < _third - _x, (in_R33_by(*_at, _odd),)
                ),
                "by the triangle inequality": Statement(
                    _third - _x <= sp.Abs(_ahead), (sp.Eq(sp.Abs(_ahead - _a), _third),)
                ),
                "R32, R33: n = |k|": DESCENT["R32, R33: n = |k|"],
                **NO_TIES_ON_THE_WAY,
                **_AFTER_AN_ODD_NUMBER_OF_STEPS,
            },
        ),
        slip="the first term is |B(t) + kσ̃1²η|, as in the definition of R33",
        expects=Status.REFUTED,
        note="That A ≠ 0 excludes only a null set. The printed reason, the triangle inequality, "
        "rests on P4.D.4-steps.15 and so on σ̃1² ≥ σ̃0²/3.",
    ),
    Claim(
        id="P4.D.4-steps.17",
        where=_WHERE + "R34",
        says="In R34 there is a non-zero update of B at every step.",
        published=for_all(sp.Ne(_next.b, _b), in_R34(*_at)),
        correction="Unless A = B = 0.",
        corrected=exactly_if(sp.Or(sp.Ne(_a, 0), sp.Ne(_b, 0)), sp.Ne(_next.b, _b), in_R34(*_at)),
        only_if="not A = B = 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set: A = B = 0 is in R34 for σ̃1² ≥ σ̃0²/3.",
    ),
    Claim(
        id="P4.D.4-steps.18",
        where=_WHERE + "R32",
        says="In R32 by k, |B + kσ̃1²η| > 0.",
        published=for_all(sp.Abs(_b + _even * _r) > 0, in_R32_by(*_at, _even)),
        correction="Unless B = −kσ̃1²η.",
        corrected=exactly_if(
            sp.Ne(_b, -_even * _r), sp.Abs(_b + _even * _r) > 0, in_R32_by(*_at, _even)
        ),
        only_if="B ≠ −kσ̃1²η",
        expects=Status.REFUTED,
        note="The condition excludes only a null set. That B keeps its sign does not rest on it: "
        "see P4.D.4-steps.11.",
    ),
)
