"""The partition R of section 4.D.2: disjoint, covering, and how R_t leads to R_s.

Normalised: a = A/(σ̃0²η), b = B/(σ̃0²η), r = σ̃1²/σ̃0². By the definition of R34, R31 to R34 make up
R3. Two multiples of r are r apart, two of one parity 2r; on that all of the overlaps depend.
"""

from itertools import combinations

import sympy as sp

from theory.logic.arguments import derived, exactly_if, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Boolean, Possible, Statement
from theory.model.dynamics import NormalisedState, normalised_step, unrolled
from theory.model.regions import (
    R_PARTITION,
    in_R1,
    in_R2,
    in_R3,
    in_R11,
    in_R12,
    in_R21,
    in_R22,
    in_R23,
    in_R31,
    in_R32,
    in_R33,
    in_R33_by,
    in_stationary,
    in_transient,
)

_a, _b, _c, _p, _p2 = sp.symbols("a b c p p_2", real=True)
_r, _small = sp.symbols("r delta", positive=True)
_k = sp.Symbol("k", integer=True)
_third, _half = sp.Rational(1, 3), sp.Rational(1, 2)
_at = (_a, _b, _r)
_x, _y = sp.Abs(_a), sp.Abs(_b)
_next = normalised_step(NormalisedState(_a, _b, _c), _r)
_after = (_next.a, _next.b, _r)

_orbit, _ = unrolled(_a, _b, _r, 3)


def _steps(count: int) -> tuple[Boolean, ...]:
    """The equations that tie ``count`` states to the start."""
    return unrolled(_a, _b, _r, count)[1]


_one, _two, _three = ((*state, _r) for state in _orbit[1:])
_takes_three = (in_transient(*_at), sp.Not(in_stationary(*_one)), sp.Not(in_stationary(*_two)))
_path = sp.And(in_R11(*_at), in_R23(*_one), in_R21(*_two), in_R3(*_three))

_OUTSIDE_R3 = ("R11", "R12", "R21", "R22", "R23")
_apart_by_definition = sp.And(
    *(
        sp.Not(sp.And(first, second))
        for first, second in combinations(
            [R_PARTITION[name](*_at) for name in _OUTSIDE_R3] + [in_R3(*_at)], 2
        )
    )
)
_meet = {
    "R31 and R32": sp.Not(sp.And(in_R31(*_at), in_R32(*_at))),
    "R31 and R33": sp.Not(sp.And(in_R31(*_at), in_R33(*_at))),
    "R32 and R33": sp.Not(sp.And(in_R32(*_at), in_R33(*_at))),
}
_few = _r >= _third

# Generic points of R_s and what they turn into: R22, R3, and the part of R12 that R31 leads to.
_kept = sp.Or(in_stationary(*_at), sp.And(in_R12(*_at), _y < 1 - _x))
_kept_after = sp.Or(
    in_stationary(*_after), sp.And(in_R12(*_after), sp.Abs(_next.b) < 1 - sp.Abs(_next.a))
)


def _in_the_nine(point: tuple[sp.Expr, sp.Expr, sp.Expr]) -> Boolean:
    return sp.Or(in_transient(*point), in_stationary(*point))


_WHERE = "§4.D.2, partition R"

CLAIMS = (
    Claim(
        id="R-partition.1",
        where=_WHERE,
        says="R1, R2 and R3 divide [−σ̃0²η, σ̃0²η] × ℝ.",
        published=lambda: for_all(sp.Or(in_R1(*_at), in_R2(*_at), in_R3(*_at)), _x <= 1),
        correction="They cover it but for the lines |A| = ⅓σ̃0²η, ⅔σ̃0²η and σ̃0²η.",
        corrected=lambda: exactly_if(
            sp.And(*(sp.Ne(_x, edge) for edge in (_third, 2 * _third, 1))),
            sp.Or(in_R1(*_at), in_R2(*_at), in_R3(*_at)),
            _x <= 1,
        ),
        only_if="|A| is none of ⅓σ̃0²η, ⅔σ̃0²η, σ̃0²η",
        expects=Status.REFUTED,
        note="The condition excludes only a null set. That the three do not overlap is part of "
        "R-partition.2.",
    ),
    Claim(
        id="R-partition.2",
        where=_WHERE,
        says="The nine subpartitions do not overlap.",
        published=lambda: derived("no point is in two of R11, …, R34", "", {}, _meet),
        correction="Exactly for σ̃1² ≥ σ̃0²/3. For smaller σ̃1² two of R31, R32, R33 always meet; "
        "all other pairs are disjoint for every σ̃1².",
        corrected=lambda: derived(
            "r ≥ 1/3: no point is in two of the nine; r < 1/3: (1/6, r/2) is in R31 and R33",
            "R32 and R33 ask for a multiple kr within some distance of −b, R31 for k = 0, and two "
            "multiples are at least r apart; R34 is disjoint from R31, R32, R33 by definition",
            {
                "pairs other than among R31, …, R34": Statement(_apart_by_definition),
                "multiples are r apart": Statement(sp.Abs(_k * _r) >= _r, (sp.Ne(_k, 0),)),
                "R31 with R32: even multiples": Statement(
                    sp.Not(sp.And(sp.Abs(_p) < _x, sp.Abs(_p2) < _x)),
                    (_few, _x < _third, sp.Abs(_p - _p2) >= 2 * _r),
                ),
                "R31 or R32 with R33": Statement(
                    sp.Not(sp.And(sp.Abs(_p) < _x, _x + sp.Abs(_p2) < _third)),
                    (_few, _x < _third, sp.Abs(_p - _p2) >= _r),
                ),
                "and only then": Statement(
                    sp.And(
                        in_R31(sp.Rational(1, 6), _r / 2, _r),
                        in_R33_by(sp.Rational(1, 6), _r / 2, _r, sp.Integer(-1)),
                    ),
                    (_r < _third,),
                ),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3",
        expects=Status.REFUTED,
        note="So the k of R32 and R33 need not be unique, and the steps of the proof that rest on "
        "non-overlap fail, for σ̃1² < σ̃0²/3, the case of Figure 4.7. For r < 1/3 R34 is empty: with "
        "δ the distance of b to the even multiples of r it asks |a| ≤ δ ≤ r − 1/3 + |a|.",
    ),
    Claim(
        id="R-partition.3",
        where=_WHERE,
        says="The nine subpartitions cover R1, R2 and R3.",
        published=lambda: for_all(
            sp.Or(*(R_PARTITION[name](*_at) for name in _OUTSIDE_R3)),
            sp.Or(in_R1(*_at), in_R2(*_at)),
        ),
        correction="But for ties |A| = |B| in R1 and R2, and |B| = σ̃0²η − |A| < |A| in R2. R3 is "
        "covered, by the definition of R34.",
        corrected=lambda: exactly_if(
            sp.And(sp.Ne(_x, _y), sp.Not(sp.And(in_R2(*_at), _y < _x, sp.Eq(_y, 1 - _x)))),
            sp.Or(*(R_PARTITION[name](*_at) for name in _OUTSIDE_R3)),
            sp.Or(in_R1(*_at), in_R2(*_at)),
        ),
        only_if="in R1 and R2, |A| ≠ |B|, and in R2 |B| ≠ σ̃0²η − |A| where that is below |A|",
        expects=Status.REFUTED,
        note="The condition excludes only a null set. Points of R34 with |A| = |B| or A = 0 are "
        "in R34, though they are ties.",
    ),
    Claim(
        id="R-partition.4",
        where=_WHERE,
        says="There are nine subpartitions, R34 among them (for every σ̃1²).",
        published=lambda: derived(
            "for every r some point is in R34",
            "",
            {},
            {
                "at r = 1/4, b between an even and an odd multiple, near neither": Possible(
                    sp.And(
                        _x < _third,
                        *(_p >= _x, _p <= sp.Rational(1, 4)),
                        sp.Rational(1, 4) - _p >= _third - _x,
                    )
                )
            },
        ),
        correction="R34 is empty for σ̃1² < σ̃0²/3, and not empty otherwise.",
        corrected=lambda: derived(
            "R34 has a point iff r ≥ 1/3",
            "b lies between two adjacent multiples of r, one even and one odd, at distances of "
            "sum r; outside R31, R32 and R33 these are at least |a| and 1/3 − |a|, of sum 1/3",
            {
                "r < 1/3: the even or the odd multiple is near": Statement(
                    sp.Or(_p < _x, _r - _p < _third - _x),
                    (_x < _third, _p >= 0, _p <= _r, _r < _third),
                ),
                "r ≥ 1/3: (1/6, 1/6) is near no multiple but 0": Statement(
                    sp.Abs(_k * _r + sp.Rational(1, 6)) >= sp.Rational(1, 6), (_few, sp.Ne(_k, 0))
                ),
                "nor is it in R31": sp.Not(in_R31(sp.Rational(1, 6), sp.Rational(1, 6), _r)),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3",
        expects=Status.REFUTED,
        note="So for σ̃1² < σ̃0²/3, ties aside, B always ends constant. At σ̃1² = σ̃0²/3, R34 "
        "consists of points that sooner or later meet a tie, or have A = 0.",
    ),
    Claim(
        id="R-stationary.1",
        where=_WHERE,
        says="Once (A, B) is in R_s, it remains in R_s.",
        published=lambda: derived(
            "(a, b) ∈ R_s ⟹ (a', b') ∈ R_s",
            "",
            {},
            {"one step later": Statement(in_stationary(*_after), (in_stationary(*_at),))},
        ),
        correction="Ties aside, exactly where R31 is never entered. R22 is never left, but R31 is "
        "left at once, for R12, and entered again one step later, for ever; what follows on R_s is "
        "R_s with |B| < σ̃0²η − |A| in R12.",
        corrected=lambda: derived(
            "|a| ≠ |b| along the orbit: R_s is kept for ever iff R31 is never entered; "
            "R22 → R22; R31 → R12 ∖ R_s → the same point of R31; "
            "R_s ∪ {R12, |b| < 1 − |a|} → itself",
            "induction over t along orbits on which |A| = |B| never occurs",
            {
                "outside R31, ties aside": Statement(
                    in_stationary(*_after),
                    (in_stationary(*_at), sp.Not(in_R31(*_at)), sp.Ne(_x, _y)),
                ),
                "R22": Statement(in_R22(*_after), (in_R22(*_at),)),
                "R31 to R12": Statement(
                    sp.And(in_R12(*_after), sp.Not(in_stationary(*_after))), (in_R31(*_at),)
                ),
                "and back": Statement(
                    sp.And(sp.Eq(_orbit[2][0], _a), sp.Eq(_orbit[2][1], _b)),
                    (*_steps(2), in_R31(*_at)),
                ),
                "ties aside": Statement(_kept_after, (_kept, sp.Ne(_x, _y))),
            },
        ),
        only_if="R31 is never entered, nor |A| = |B|",
        expects=Status.REFUTED,
        note="R32 and R33 lead to R31 (P4.D.4-2.2), so ties aside only R22 and R34 are stationary. "
        "That ties do not occur excludes only a null set, that R31 is not entered does not.",
    ),
    Claim(
        id="R-stationary.2",
        where="§4.D.2, Proposition 4.D.4, transient subpartitions",
        says="From R_t, R_s is entered after at most 3 iterations.",
        published=lambda: derived(
            "(a, b) ∈ R_t ⟹ the state after 1, 2 or 3 steps is in R_s",
            "R11 → R2; R12 → R3; in R2 a point with |a| ≤ |b| → R3, another is in R22, or its "
            "image is in R2 and has |a| ≤ |b|",
            {
                "R11": Statement(in_R2(*_after), (in_R11(*_at),)),
                "R12": Statement(in_R3(*_after), (in_R12(*_at),)),
                "R2, |a| ≤ |b|": Statement(in_R3(*_after), (in_R2(*_at), _x <= _y)),
                "R2, |a| > |b|": Statement(
                    sp.And(in_R2(*_after), sp.Abs(_next.a) <= sp.Abs(_next.b)),
                    (in_R2(*_at), _x > _y, sp.Not(in_R22(*_at))),
                ),
                "R21 and R23 are in R2": Statement(
                    in_R2(*_at), (sp.Or(in_R21(*_at), in_R23(*_at)),)
                ),
            },
            {
                "unrolled": Statement(
                    sp.Or(*(in_stationary(*s) for s in (_one, _two, _three))),
                    (*_steps(3), in_transient(*_at)),
                )
            },
        ),
        expects=Status.PROVED,
        note="Ties included. Before the proposition the text prints R_t for R_s here.",
    ),
    Claim(
        id="R-stationary.3",
        where="§4.D.2, Proposition 4.D.4, transient subpartitions",
        says="It takes 3 iterations only by way of R11, R23, R21, R3.",
        published=lambda: for_all(_path, *_steps(3), *_takes_three),
        correction="Unless the second point has |B| = σ̃0²η − |A|, where it is in no subpartition.",
        corrected=lambda: exactly_if(
            sp.Ne(sp.Abs(_orbit[1][1]), 1 - sp.Abs(_orbit[1][0])), _path, *_steps(3), *_takes_three
        ),
        only_if="|B(t+1)| ≠ σ̃0²η − |A(t+1)|",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of starts.",
    ),
    Claim(
        id="R-stationary.4",
        where="§4.D.2, Proposition 4.D.4, transient subpartitions",
        says="Some start takes 3 iterations (for every σ̃1²).",
        published=lambda: derived(
            "for every r a start in R_t is outside R_s after 1 and after 2 steps",
            "",
            {},
            {
                "at r = 1/4": Possible(
                    sp.And(sp.Eq(_r, sp.Rational(1, 4)), *_steps(2), *_takes_three)
                )
            },
        ),
        correction="For σ̃1² > σ̃0²/3; otherwise 2 iterations suffice.",
        corrected=lambda: derived(
            "3 iterations occur iff r > 1/3",
            "an example for each r > 1/3, and none for r ≤ 1/3",
            {
                "r > 1/3": Statement(
                    sp.And(*_takes_three, _path),
                    (
                        *_steps(3),
                        sp.Eq(_a, sp.Rational(5, 6) + _small),
                        sp.Eq(_b, _half + _r),
                        _small < sp.Rational(1, 12),
                        _small < _r - _third,
                    ),
                ),
                "r ≤ 1/3": Statement(
                    sp.Or(in_stationary(*_one), in_stationary(*_two)),
                    (*_steps(2), in_transient(*_at), _r <= _third),
                ),
            },
        ),
        only_if="σ̃1² > σ̃0²/3",
        expects=Status.REFUTED,
    ),
    Claim(
        id="R-stationary.5",
        where="§4.D.2, proof of Proposition 4.D.4",
        says="Every orbit enters one of the nine subpartitions.",
        published=lambda: derived(
            "from every start some (a(t), b(t)) is in one of the nine",
            "",
            {},
            {
                "2-periodic orbits do": Statement(
                    sp.Or(_in_the_nine(_at), _in_the_nine(_one)),
                    (*_steps(2), sp.Eq(_orbit[2][0], _a), sp.Eq(_orbit[2][1], _b)),
                )
            },
        ),
        correction="Unless |A| takes the values ⅓σ̃0²η, ⅔σ̃0²η and σ̃0²η only, from some t on.",
        corrected=lambda: derived(
            "|a| < 1 from some t on; then the nine are entered within 2 steps, unless |a| is 1/3 "
            "or 2/3",
            "P4.D.3; where |a| ∈ {1/3, 2/3} for ever, the nine are not entered",
            {
                "A ends inside": Statement(
                    sp.Or(sp.Abs(_next.a) < 1, sp.Abs(_next.a) <= _x - _third)
                ),
                "entered within 2 steps": Statement(
                    sp.Or(*(_in_the_nine(point) for point in (_at, _one, _two))),
                    (*_steps(2), _x < 1, sp.Ne(_x, _third), sp.Ne(_x, 2 * _third)),
                ),
                "and only then": Statement(
                    sp.Not(_in_the_nine(_at)),
                    (sp.Or(*(sp.Eq(_x, edge) for edge in (_third, 2 * _third, 1))),),
                ),
            },
        ),
        only_if="|A| is not confined to ⅓σ̃0²η, ⅔σ̃0²η, σ̃0²η",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of starts.",
    ),
)
