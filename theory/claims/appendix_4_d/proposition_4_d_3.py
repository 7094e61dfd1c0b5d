"""Proposition 4.D.3: A ends and stays within σ̃0²η of zero, in normalised variables |a| ≤ 1."""

import sympy as sp

from theory.logic.arguments import ends_in, exactly_if, for_all, together
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import equal
from theory.model.dynamics import NormalisedState, normalised_step

_a, _b, _c = sp.symbols("a b c", real=True)
_r = sp.Symbol("r", positive=True)
_next = normalised_step(NormalisedState(_a, _b, _c), _r)
_step = {_a: _next.a, _b: _next.b}
_falls = sp.sign(_a) * (_a - _next.a)

CLAIMS = (
    Claim(
        id="P4.D.3.1",
        where="§4.D.2, Proposition 4.D.3",
        says="From some iteration on, |A| ≤ σ̃0²η.",
        published=lambda: ends_in(
            _step, sp.Abs(_a) <= 1, ranking=sp.Abs(_a), decrease=sp.Rational(1, 3)
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.3.2",
        where="§4.D.2, after Proposition 4.D.3",
        says="Once |A| drops below σ̃0²η, it remains below.",
        published=lambda: for_all(sp.Abs(_next.a) < 1, sp.Abs(_a) < 1),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.3.3",
        where="§4.D.2, proof of Proposition 4.D.3",
        says="There is always a non-zero update of A, against its sign.",
        published=lambda: for_all(_falls > 0),
        correction="There is, of at least σ̃0²η/3, unless A = 0; then A stays 0.",
        corrected=lambda: together(
            "sign a · (a − a') > 0, and so at least 1/3, if and only if a ≠ 0; 0 stays 0",
            {
                "condition": exactly_if(sp.Ne(_a, 0), _falls > 0),
                "its size": for_all(_falls >= sp.Rational(1, 3), sp.Ne(_a, 0)),
                "A = 0 stays": for_all(sp.Eq(_next.a, 0), sp.Eq(_a, 0)),
            },
        ),
        only_if="A ≠ 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set (P4.D.1.1): rows 11 to 13 of Table 4.9. "
        "Proposition 4.D.3 does not suffer, as A = 0 is inside.",
    ),
    Claim(
        id="P4.D.3.4",
        where="§4.D.2, proof of Proposition 4.D.3",
        says="A(t+1) = A(t) − sign[A(t)]Δ(t) with Δ(t) one of ⅓σ̃0²η, ⅔σ̃0²η, σ̃0²η.",
        published=lambda: for_all(
            sp.Or(*(equal(_next.a, _a - sp.sign(_a) * sp.Rational(k, 3)) for k in (1, 2, 3)))
        ),
        expects=Status.PROVED,
        note="At A = 0 as well, where the step is 0 whatever Δ is.",
    ),
)
