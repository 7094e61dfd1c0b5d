"""Remark 4.D.5: where A and B end, and the limits superior of |ẽ0| and |ẽ1|.

Normalised: |ẽ0| = √3η|a| and |ẽ1| = √2η|b|/r with a = A/(σ̃0²η), b = B/(σ̃0²η), r = σ̃1²/σ̃0².
"""

import sympy as sp

from theory.claims.appendix_4_d.proposition_4_d_1 import LATTICE
from theory.logic.arguments import Lemma, derived, ends_in
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.dynamics import NormalisedState, denormalise, normalised_step, unrolled
from theory.model.regions import in_R22, in_R31

_a, _b, _c = sp.symbols("a b c", real=True)
_r, _eta, _bound = sp.symbols("r eta M", positive=True)
_half, _third = sp.Rational(1, 2), sp.Rational(1, 3)
_n, _m = sp.symbols("n m", integer=True)
_a0, _b0 = sp.symbols("a_0 b_0", real=True)
_x, _y = sp.Abs(_a), sp.Abs(_b)
_next = normalised_step(NormalisedState(_a, _b, _c), _r)
_step = {_a: _next.a, _b: _next.b}
_orbit, _two_steps = unrolled(_a, _b, _r, 2)
_returns = sp.And(sp.Eq(_orbit[2][0], _a), sp.Eq(_orbit[2][1], _b))
_cycle = (*_two_steps, _returns)
_generic_cycle = (*_cycle, *(sp.And(sp.Ne(a, 0), sp.Ne(sp.Abs(a), sp.Abs(b))) for a, b in _orbit))


def _errors(a: sp.Expr, b: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """|ẽ0| and |ẽ1|."""
    e0, e1, _ = denormalise(NormalisedState(a, b, _c), _r, _eta)
    return sp.Abs(e0), sp.Abs(e1)


_e0, _e1 = _errors(_a, _b)
_e0_next, _e1_next = _errors(*_orbit[1])


def _lemmas(argument: Argument, of: str) -> dict[str, Lemma]:
    return {f"{of}: {o.name}": o.statement for o in argument.sufficient}


# A enters |a| < 1 for good: from |a| = 1 one step leads to 0, 1/3 or 2/3.
_A_ENDS = _lemmas(ends_in(_step, _x < 1, ranking=_x, decrease=_third), "A")

# From then on |b| falls by r/2 or more at each step with |a| ≤ |b|, and where |a| > |b| > 1/2 the
# next step has |a| < |b|, so |b| plus a charge of r/4 for |a| > |b| is a ranking function.
_B_limit = sp.Max(_r, _half)
_charge = sp.Piecewise((_r / 4, _x > _y), (0, True))
_B_ENDS = _lemmas(
    ends_in(_step, _y < _B_limit, _x < 1, ranking=_y + _charge, decrease=_r / 4, invariant=_x < 1),
    "B",
)

# Cycles that come as near to the limits as one likes.
_A_NEAR_ONE = Statement(
    sp.And(_returns, _x > _bound),
    (*_two_steps, _bound < 1, sp.Eq(_a, (1 + _bound) / 2), sp.Eq(_b, 0)),
)
_B_NEAR_HALF = Statement(
    sp.And(in_R22(_a, _b, _r), _returns, _y > _bound),
    (*_two_steps, _bound < _half, sp.Eq(_a, _half), sp.Eq(_b, (_bound + _half) / 2)),
)
_B_NEAR_R = Statement(
    sp.And(_returns, _y > _bound),
    (
        *_two_steps,
        _r >= _half,
        _bound > _r - sp.Rational(1, 6),
        _bound < _r,
        sp.Eq(_a, _third - (_r - _bound) / 4),
        sp.Eq(_b, (_r + _bound) / 2),
    ),
)
# |a| ends within 2/3 exactly where R31 is never entered.
_R31_DECIDES: dict[str, Lemma] = {
    "2/3 < |a| < 1: two thirds or less follow": Statement(
        sp.Abs(_next.a) <= 2 * _third, (2 * _third < _x, _x < 1)
    ),
    "|a| ≤ 2/3, outside R31: so they do": Statement(
        sp.Abs(_next.a) <= 2 * _third, (_x <= 2 * _third, sp.Not(in_R31(_a, _b, _r)))
    ),
    "R31: more follows, and R31 again": Statement(
        sp.And(sp.Abs(_orbit[1][0]) > 2 * _third, _returns), (*_two_steps, in_R31(_a, _b, _r))
    ),
}
# The limits superior are attained, as bounded orbits take finitely many values.
_EQUALITY_FOR_A: dict[str, Lemma] = {
    **LATTICE,
    "|a(t)| = 2/3 needs 3a(0) an integer": Statement(
        sp.Or(sp.Eq(3 * _a0, 2 - _n), sp.Eq(3 * _a0, -2 - _n)),
        (sp.Eq(_x, 2 * _third), sp.Eq(3 * (_a - _a0), _n)),
    ),
}
_EQUALITY_FOR_B: dict[str, Lemma] = {
    **LATTICE,
    "|b(t)| = r needs 2b(0)/r an integer": Statement(
        sp.Or(sp.Eq(2 * _b0, (2 - _m) * _r), sp.Eq(2 * _b0, (-2 - _m) * _r)),
        (sp.Eq(_y, _r), sp.Eq(2 * (_b - _b0), _m * _r)),
    ),
}
_UNITS: dict[str, Lemma] = {
    "ẽ0 in units of A": equal(_e0, sp.sqrt(3) * _eta * _x),
    "ẽ1 in units of B": equal(_e1, sp.sqrt(2) * _eta * _y / _r),
}

_WHERE = "§4.D.2, Remark 4.D.5"

CLAIMS = (
    Claim(
        id="Rem4.D.5.1",
        where=_WHERE,
        says="Asymptotically A oscillates within ±⅔σ̃0²η.",
        published=lambda: derived(
            "limsup |a(t)| ≤ 2/3",
            "",
            {},
            {"2-periodic orbits are within": Statement(_x <= 2 * sp.Rational(1, 3), _cycle)},
        ),
        correction="Exactly where R31 is never entered. In general strictly within ±σ̃0²η, and no "
        "smaller bound holds for every start: R31 lies on 2-periodic orbits a, a − sign a with any "
        "0 < |a| < ⅓.",
        corrected=lambda: derived(
            "from every start |a| < 1 from some t on; limsup |a(t)| ≤ 2/3 iff R31 is never "
            "entered; for every M < 1 some orbit has |a(t)| > M at every second t",
            "ranking function |a|; induction over t; an example for each M",
            {**_A_ENDS, **_R31_DECIDES, "no smaller bound": _A_NEAR_ONE},
        ),
        only_if="R31 is never entered",
        expects=Status.REFUTED,
        note="The bound of Proposition 4.D.3 is therefore as tight as it can be. R31 is not "
        "entered where the end is R22 or, for σ̃1² ≥ σ̃0²/3, R34 (within ±⅓σ̃0²η).",
    ),
    Claim(
        id="Rem4.D.5.2",
        where=_WHERE,
        says="Asymptotically B is constant or oscillates within ±σ̃1²η.",
        published=lambda: derived(
            "limsup |b(t)| ≤ r",
            "",
            {},
            {"2-periodic orbits are within": Statement(_y <= _r, _cycle)},
        ),
        correction="Within ±max(σ̃1², σ̃0²/2)η, strictly, and no smaller bound holds for every "
        "start. So within ±σ̃1²η only if σ̃1² ≥ σ̃0²/2.",
        corrected=lambda: derived(
            "from every start |b| < max(r, 1/2) from some t on; for r < 1/2 every M < 1/2, and "
            "for r ≥ 1/2 every M < r is exceeded for ever on some orbit",
            "A ends in |a| < 1; there |b| and a charge for |a| > |b| make a ranking function; an "
            "example for each M",
            {**_A_ENDS, **_B_ENDS, "r < 1/2": _B_NEAR_HALF, "r ≥ 1/2": _B_NEAR_R},
        ),
        only_if="σ̃1² ≥ σ̃0²/2",
        expects=Status.REFUTED,
        note="In Figure 4.7 σ̃1² = σ̃0²/4: |B| may rest at almost twice σ̃1²η.",
    ),
    Claim(
        id="Rem4.D.5.3",
        where=_WHERE,
        says="limsup |ẽ0| = (2√3/3)η.",
        published=lambda: derived(
            "limsup |ẽ0(t)| = (2√3/3)η",
            "",
            {},
            {
                "2-periodic orbits attain it": Statement(
                    sp.Or(*(sp.Eq(e, 2 * sp.sqrt(3) / 3 * _eta) for e in (_e0, _e0_next))),
                    _generic_cycle,
                )
            },
        ),
        correction="It depends on the start, and is equal to that only where 3A(0)/(σ̃0²η) is an "
        "integer: for a null set of starts. |ẽ0| < √3η from some t on, and no smaller bound holds "
        "for every start; limsup |ẽ0| ≤ (2√3/3)η exactly where R31 is never entered.",
        corrected=lambda: derived(
            "limsup |ẽ0(t)| = (2√3/3)η only if 3a(0) is an integer; from every start "
            "|ẽ0(t)| < √3η from some t on; for every M < 1 √3ηM is exceeded for ever on some orbit",
            "as for A; a(t) − a(0) is a multiple of 1/3, so limsup |a(t)| is one of the values",
            {
                **_A_ENDS,
                **_R31_DECIDES,
                **_EQUALITY_FOR_A,
                "no smaller bound": _A_NEAR_ONE,
                **_UNITS,
            },
        ),
        expects=Status.REFUTED,
        note="From R34, limsup |ẽ0| < (√3/3)η.",
    ),
    Claim(
        id="Rem4.D.5.4",
        where=_WHERE,
        says="limsup |ẽ1| = √2η.",
        published=lambda: derived(
            "limsup |ẽ1(t)| = √2η",
            "",
            {},
            {
                "2-periodic orbits attain it": Statement(
                    sp.Or(*(sp.Eq(e, sp.sqrt(2) * _eta) for e in (_e1, _e1_next))), _generic_cycle
                )
            },
        ),
        correction="|ẽ1| < √2η max(1, σ̃0²/(2σ̃1²)) from some t on, and no smaller bound holds for "
        "every start. So limsup |ẽ1| = √2η for no start if σ̃1² ≥ σ̃0²/2, and otherwise only where "
        "2B(0)/(σ̃1²η) is an integer, a null set; √2η bounds it for every start only if "
        "σ̃1² ≥ σ̃0²/2.",
        corrected=lambda: derived(
            "from every start |ẽ1(t)| < √2η max(1, 1/(2r)) from some t on, and the factor is the "
            "least; limsup |ẽ1(t)| = √2η only if r < 1/2 and 2b(0)/r is an integer",
            "as for B; b(t) − b(0) is a multiple of r/2, so limsup |b(t)| is one of the values",
            {
                **_A_ENDS,
                **_B_ENDS,
                **_EQUALITY_FOR_B,
                "r < 1/2": _B_NEAR_HALF,
                "r ≥ 1/2": _B_NEAR_R,
                **_UNITS,
                "the bound on |b|/r": Statement(
                    _y / _r < sp.Max(1, 1 / (2 * _r)), (_y < _B_limit,)
                ),
            },
        ),
        expects=Status.REFUTED,
        note="O(η) still, but not uniformly in σ̃1²/σ̃0².",
    ),
)
