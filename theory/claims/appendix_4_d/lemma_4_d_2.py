"""Lemma 4.D.2: steps of bounded size against the sign of a scalar end near zero and stay there."""

import sympy as sp

from theory.logic.arguments import all_of, derived, exactly_if, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import EventuallyAlways, Statement, equal

_x = sp.Symbol("x", real=True)
_least, _step, _most = sp.symbols("Delta_1 Delta Delta_max", positive=True)
_after = _x - sp.sign(_x) * _step
_sizes = (_least <= _step, _step <= _most)

# One step size for all t is a special case of the lemma, and a map.
_constant_step = EventuallyAlways({_x: _after}, sp.Abs(_x) <= _most, _sizes)

_falls = Statement(sp.Abs(_after) <= sp.Abs(_x) - _least, (*_sizes, sp.Abs(_x) > _most))
_second_part = sp.And(
    sp.Implies(_x >= 0, sp.And(equal(_after, _x - _step), _after >= -_most, _after <= _x)),
    sp.Implies(_x <= 0, sp.And(equal(_after, _x + _step), _after <= _most, _after >= _x)),
)

CLAIMS = (
    Claim(
        id="L4.D.2.1",
        where="§4.D.2, Lemma 4.D.2, first part",
        says="There is an iteration t with |x(t)| ≤ Δ_max.",
        published=lambda: derived(
            "x(t+1) = x(t) − sign[x(t)]Δ(t), Δ(t) in {Δ_1 < … < Δ_max}, Δ_1 > 0: "
            "|x(t)| ≤ Δ_max for some t",
            "|x| is a ranking function: outside it falls by at least Δ_1, whichever step is taken",
            {"|x| falls by at least Δ_1": _falls},
            {"no periodic orbit elsewhere": _constant_step},
        ),
        expects=Status.PROVED,
        note="Δ_1 > 0 is the least step; without a positive least step the lemma would fail.",
    ),
    Claim(
        id="L4.D.2.2",
        where="§4.D.2, Lemma 4.D.2, second part",
        says="Once |x(t)| ≤ Δ_max, it stays so.",
        published=lambda: for_all(sp.Abs(_after) <= _most, *_sizes, sp.Abs(_x) <= _most),
        expects=Status.PROVED,
    ),
    Claim(
        id="L4.D.2.3",
        where="§4.D.2, proof of Lemma 4.D.2, first part",
        says="From x(t) > Δ_max the step leads to 0 < x(t) − Δ_max ≤ x(t+1) < x(t).",
        published=lambda: for_all(
            sp.And(_x - _most > 0, _x - _most <= _after, _after < _x), *_sizes, _x > _most
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="L4.D.2.4",
        where="§4.D.2, proof of Lemma 4.D.2, first part",
        says="There is an iteration t even with |x(t)| < Δ_max.",
        published=lambda: derived(
            "|x(t)| < Δ_max for some t",
            "|x| is a ranking function, and the iteration after |x| ≤ Δ_max is strictly inside",
            {
                "|x| falls by at least Δ_1": _falls,
                "strictly inside one step later": Statement(
                    sp.Abs(_after) < _most, (*_sizes, sp.Abs(_x) <= _most)
                ),
            },
        ),
        expects=Status.PROVED,
        note="The lemma itself has ≤.",
    ),
    Claim(
        id="L4.D.2.5",
        where="§4.D.2, proof of Lemma 4.D.2, first part",
        says="Neither case is possible: x(t) > Δ_max for ever, or a jump to below −Δ_max.",
        published=lambda: all_of(
            "x > Δ_max ⟹ x(t) − x(t+1) ≥ Δ_1, so x(t) has no limit; and x(t+1) ≥ −Δ_max",
            {
                "case 1": Statement(_x - _after >= _least, (*_sizes, _x > _most)),
                "case 2": Statement(_after >= -_most, (*_sizes, _x > _most)),
            },
        ),
        expects=Status.PROVED,
        note="The display of case 1 writes lim Δ(t) as Δ(t), which has a limit if x(t) has.",
    ),
    Claim(
        id="L4.D.2.6",
        where="§4.D.2, proof of Lemma 4.D.2, second part",
        says="For 0 ≤ x ≤ Δ_max: −Δ_max ≤ x(t+1) = x(t) − Δ(t) ≤ x(t); likewise for x ≤ 0.",
        published=lambda: for_all(_second_part, *_sizes, sp.Abs(_x) <= _most),
        correction="So it is for x ≠ 0; from x = 0 there is no step, as sign(0) = 0.",
        corrected=lambda: exactly_if(sp.Ne(_x, 0), _second_part, *_sizes, sp.Abs(_x) <= _most),
        only_if="x(t) ≠ 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of x. What is concluded, |x(t+1)| ≤ Δ_max, "
        "holds at 0 as well (L4.D.2.2).",
    ),
)
