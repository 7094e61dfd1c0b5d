"""Lemma 4.D.2: steps of bounded size against the sign of a scalar end near zero and stay there."""

import sympy as sp

from theory.arguments import derived, for_all
from theory.evidence import Claim
from theory.findings import Status
from theory.statements import EventuallyAlways, Statement

_x = sp.Symbol("x", real=True)
_least, _step, _most = sp.symbols("Delta_1 Delta Delta_max", positive=True)
_after = _x - sp.sign(_x) * _step
_sizes = (_least <= _step, _step <= _most)

# One step size for all t is a special case of the lemma, and a map.
_constant_step = EventuallyAlways({_x: _after}, sp.Abs(_x) <= _most, _sizes)

CLAIMS = (
    Claim(
        id="L4.D.2.1",
        where="§4.D.2, Lemma 4.D.2, first part",
        says="There is an iteration t with |x(t)| ≤ Δ_max.",
        published=derived(
            "x(t+1) = x(t) − sign[x(t)]Δ(t), Δ(t) in {Δ_1 < … < Δ_max}, Δ_1 > 0: "
            "|x(t)| ≤ Δ_max for some t",
            "|x| is a ranking function: outside it falls by at least Δ_1, whichever step is taken",
            {
                "|x| falls by at least Δ_1": Statement(
                    sp.Abs(_after) <= sp.Abs(_x) - _least, (*_sizes, sp.Abs(_x) > _most)
                ),
            },
            {"no periodic orbit elsewhere": _constant_step},
        ),
        expects=Status.PROVED,
        note="Δ_1 > 0 is the least step; without a positive least step the lemma would fail.",
    ),
    Claim(
        id="L4.D.2.2",
        where="§4.D.2, Lemma 4.D.2, second part",
        says="Once |x(t)| ≤ Δ_max, it stays so.",
        published=for_all(sp.Abs(_after) <= _most, *_sizes, sp.Abs(_x) <= _most),
        expects=Status.PROVED,
    ),
)
