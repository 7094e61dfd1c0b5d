"""After Table 4.9: the direction of the updates, and how large they are."""

import sympy as sp

from theory.logic.arguments import all_of, exactly_if, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Boolean, Possible, Statement, equal
from theory.model.dynamics import NormalisedState, normalised_step

_a, _b, _c = sp.symbols("a b c", real=True)
_r = sp.Symbol("r", positive=True)
_sigma0_sq, _sigma1_sq, _eta = sp.symbols("sigma0_sq sigma1_sq eta", positive=True)
_next = normalised_step(NormalisedState(_a, _b, _c), _r)
_MOVES = ((_a, _next.a), (_b, _next.b))

# Sizes in units of σ̃0²η for A, with r = σ̃1²/σ̃0² for B; the moves of ẽ0 and ẽ1 in units of η.
_SIZES_A = (sp.Integer(1), sp.Rational(2, 3), sp.Rational(1, 3))
_SIZES_B = (_r, _r / 2)
_MOVES_E0 = (sp.sqrt(3), 2 * sp.sqrt(3) / 3, sp.sqrt(3) / 3)
_MOVES_E1 = (sp.sqrt(2), sp.sqrt(2) / 2)


def _among(size: sp.Expr, sizes: tuple[sp.Expr, ...]) -> Boolean:
    return sp.Or(*(sp.Eq(size, s) for s in (sp.Integer(0), *sizes)))


def _against_its_sign(x: sp.Expr, after: sp.Expr) -> Boolean:
    return sp.Implies(sp.Ne(after, x), sp.sign(x) * (x - after) > 0)


def _gets_smaller(x: sp.Expr, after: sp.Expr) -> Boolean:
    return sp.Implies(sp.Ne(after, x), sp.Abs(after) < sp.Abs(x))


def _does_not_overshoot(x: sp.Expr, after: sp.Expr) -> Boolean:
    """|x − s| < |x| for a step s against the sign of x means |s| < 2|x|."""
    return sp.Or(sp.Eq(after, x), sp.Abs(x - after) < 2 * sp.Abs(x))


_smaller = sp.And(*(_gets_smaller(*move) for move in _MOVES))
_WHERE = "§4.D.2, after Table 4.9"

CLAIMS = (
    Claim(
        id="T4.9-direction.1",
        where=_WHERE,
        says="Non-zero updates of ẽ0 and ẽ1 are in the direction to reduce |ẽ0| and |ẽ1|.",
        published=lambda: for_all(sp.And(*(_against_its_sign(*move) for move in _MOVES))),
        expects=Status.PROVED,
        note="That is, against their signs, which are those of A and B; ties and A = 0 included. "
        "Whether |ẽ0| and |ẽ1| are smaller after the step is T4.9-direction.2.",
    ),
    Claim(
        id="T4.9-direction.2",
        where="this project, on Table 4.9",
        says="Non-zero updates make |ẽ0| and |ẽ1| smaller exactly where twice |A| exceeds the size "
        "of the update of A, and likewise for B.",
        published=lambda: exactly_if(
            sp.And(*(_does_not_overshoot(*move) for move in _MOVES)), _smaller
        ),
        expects=Status.PROVED,
        note="Closer to zero the step overshoots, as every fixed step must.",
    ),
    Claim(
        id="T4.9-direction.3",
        where=_WHERE,
        says="|A| has the update sizes σ̃0²η, ⅔σ̃0²η, ⅓σ̃0²η only, |B| only σ̃1²η and ½σ̃1²η.",
        published=lambda: all_of(
            "|a' − a| is 0, 1/3, 2/3 or 1, |b' − b| is 0, r/2 or r; each occurs",
            {
                "A": Statement(_among(sp.Abs(_next.a - _a), _SIZES_A)),
                "B": Statement(_among(sp.Abs(_next.b - _b), _SIZES_B)),
                **{f"A: {s}": Possible(sp.Eq(sp.Abs(_next.a - _a), s)) for s in _SIZES_A},
                **{f"B: {s}": Possible(sp.Eq(sp.Abs(_next.b - _b), s)) for s in _SIZES_B},
            },
        ),
        expects=Status.PROVED,
        note="Of non-zero updates. A rests where A = 0, and B where |A| > |B|.",
    ),
    Claim(
        id="T4.9-direction.4",
        where=_WHERE,
        says="They correspond to moves of √3η, ⅔√3η, ⅓√3η of ẽ0 and √2η, ½√2η of ẽ1.",
        published=lambda: all_of(
            "(√3/3)σ̃0² × (move of ẽ0) = (update of A), (√2/2)σ̃1² × (move of ẽ1) = (update of B)",
            {
                **{
                    f"ẽ0: {move}": equal(
                        sp.sqrt(3) / 3 * _sigma0_sq * move * _eta, size * _sigma0_sq * _eta
                    )
                    for move, size in zip(_MOVES_E0, _SIZES_A, strict=True)
                },
                **{
                    f"ẽ1: {move}": equal(
                        sp.sqrt(2) / 2 * _sigma1_sq * move * _eta, (size / _r) * _sigma1_sq * _eta
                    )
                    for move, size in zip(_MOVES_E1, _SIZES_B, strict=True)
                },
            },
        ),
        expects=Status.PROVED,
    ),
)
