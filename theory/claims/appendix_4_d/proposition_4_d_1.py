"""Proposition 4.D.1: almost surely neither A nor B is ever exactly zero.

The algebra is checked; that a countable union of planes has probability zero under a density is
measure theory, named in the rules.
"""

from functools import cache

import sympy as sp

from theory.logic.arguments import derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Boolean, Statement
from theory.model.dct import dct_matrix
from theory.model.dynamics import NormalisedState, normalised_step

_a, _b, _c = sp.symbols("a b c", real=True)
_n, _m = sp.symbols("n m", integer=True)
_r = sp.Symbol("r", positive=True)
_sigma0_sq, _sigma1_sq = sp.symbols("sigma0_sq sigma1_sq", positive=True)
_next = normalised_step(NormalisedState(_a, _b, _c), _r)


def _is_among(x: sp.Expr, unit: sp.Expr | int, most: int) -> Boolean:
    """X is k units for an integer |k| ≤ ``most``."""
    return sp.Or(*(sp.Eq(x, k * unit) for k in range(-most, most + 1)))


LATTICE = {
    "a step moves a by a multiple of 1/3": Statement(_is_among(3 * (_next.a - _a), 1, 3)),
    "a step moves b by a multiple of r/2": Statement(_is_among(2 * (_next.b - _b), _r, 2)),
}
"""By induction 3(a(t) − a(0)) and 2(b(t) − b(0))/r are integers for every t."""

_a0, _b0 = sp.symbols("a_0 b_0", real=True)
_reached = (sp.Eq(3 * (_a - _a0), _n), sp.Eq(2 * (_b - _b0), _m * _r))


def _slope_sq(form: sp.Expr, weights: tuple[sp.Symbol, ...]) -> sp.Expr:
    """Squared length of the gradient of a linear form of the weights."""
    return sp.simplify(sum(sp.diff(form, w) ** 2 for w in weights))


@cache
def _slopes() -> dict[str, Statement]:
    """That A, B and A ± B as functions of the spatial weights have gradients that are not 0."""
    w = sp.symbols("w_0:3", real=True)
    e_tilde = dct_matrix(3) * sp.Matrix(w)
    A = sp.sqrt(3) / 3 * _sigma0_sq * e_tilde[0]
    B = sp.sqrt(2) / 2 * _sigma1_sq * e_tilde[1]
    forms = {"A": A, "B": B, "A + B": A + B, "A − B": A - B}
    return {name: Statement(_slope_sq(form, w) > 0) for name, form in forms.items()}


_NULL = (
    "induction over t; a countable union of planes in the space of weights has probability zero "
    "under any density, and the preimages are planes as the gradients do not vanish"
)

CLAIMS = (
    Claim(
        id="P4.D.1.1",
        where="§4.D.2, Proposition 4.D.1",
        says="For w(0) with a density, almost surely neither A nor B is ever exactly 0.",
        published=lambda: derived(
            "P(A(t) = 0 or B(t) = 0 for some t ≥ 0) = 0 for w(0) with a density on ℝ³, σ̃1² > 0",
            _NULL,
            {
                **LATTICE,
                "A(t) = 0 needs 3a(0) an integer": Statement(
                    sp.Eq(3 * _a0, -_n), (*_reached, sp.Eq(_a, 0))
                ),
                "B(t) = 0 needs b(0) a multiple of r/2": Statement(
                    sp.Eq(2 * _b0, -_m * _r), (*_reached, sp.Eq(_b, 0))
                ),
                "the gradient of A": _slopes()["A"],
                "the gradient of B": _slopes()["B"],
            },
        ),
        expects=Status.PROVED,
        note="A density is needed: from w(0) = w*, or whenever 3A(0)/(σ̃0²η) is an integer, A may "
        "reach 0. With σ̃1² = 0, B is always 0.",
    ),
    Claim(
        id="P4.D.1.2",
        where="§4.D.2, proof of Proposition 4.D.1",
        says="To reach 0, A and B must start at integer multiples of the updates.",
        published=lambda: derived(
            "A(t) = 0 ⟹ A(0) ∈ ⅓σ̃0²ηℤ, and B(t) = 0 ⟹ B(0) ∈ ½σ̃1²ηℤ",
            "induction over t",
            {
                **LATTICE,
                "A": Statement(sp.Eq(3 * _a0, -_n), (*_reached, sp.Eq(_a, 0))),
                "B": Statement(sp.Eq(2 * _b0, -_m * _r), (*_reached, sp.Eq(_b, 0))),
            },
        ),
        expects=Status.PROVED,
        note="Of the least updates, of which the others are multiples. It is not sufficient.",
    ),
    Claim(
        id="P4.D.1.3",
        where="§4.D.2, Proposition 4.D.1, for ties",
        says="Nor, almost surely, does |A(t)| = |B(t)| ever occur (our addition).",
        published=lambda: derived(
            "P(|A(t)| = |B(t)| for some t ≥ 0) = 0 for w(0) with a density on ℝ³",
            _NULL,
            {
                **LATTICE,
                "A = ±B needs a(0) ∓ b(0) in ⅓ℤ + ½rℤ": Statement(
                    sp.Or(*(sp.Eq(6 * (_a0 - s * _b0), 3 * s * _m * _r - 2 * _n) for s in (1, -1))),
                    (*_reached, sp.Eq(sp.Abs(_a), sp.Abs(_b))),
                ),
                "the gradient of A + B": _slopes()["A + B"],
                "the gradient of A − B": _slopes()["A − B"],
            },
        ),
        expects=Status.PROVED,
        note="So what fails at ties only holds almost surely for such a start.",
    ),
)
