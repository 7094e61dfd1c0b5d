"""Section 4.4.1: the minimizers of the standard risk, and w̃ᴿ of (4.6) among them.

For one frequency: variance s = σ̃_i², weight w, true weight w*, and a perturbation δ along it.
"""

import sympy as sp

from theory.logic.arguments import all_of
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.risk import residual_variance, standard_risk

_s, _rest = sp.symbols("s R", nonnegative=True)
_positive = sp.Symbol("s", positive=True)
_w, _w_star, _delta, _x, _e, _u_1, _u_2 = sp.symbols("w w_star delta x e u_1 u_2", real=True)
_zero = sp.Integer(0)


def _risk(s: sp.Expr, error: sp.Expr) -> sp.Expr:
    """Standard risk of an error at one frequency."""
    return standard_risk(residual_variance([s], [error]))


def _two(relevant: sp.Expr, irrelevant: sp.Expr) -> sp.Expr:
    """Standard risk of errors at a relevant and at an irrelevant frequency."""
    return standard_risk(residual_variance([_s, _zero], [relevant, irrelevant]))


# A perturbation δ along one frequency shifts the output by δw; the one by w itself shifts it by w².
_IMMUNE = {
    "risks of frequencies vanish one by one": Statement(
        sp.And(sp.Eq(_rest, 0), sp.Eq(_risk(_s, _e), 0)), (sp.Eq(_rest + _risk(_s, _e), 0),)
    ),
    "immune along a frequency: its weight is 0": Statement(
        equal(_w, 0), (sp.Eq((_delta * _w).subs(_delta, _w), 0),)
    ),
    "w̃ᴿ has zero standard risk": equal(_two(_w_star - _w_star, _zero - _w_star), 0),
    "w̃ᴿ is immune": equal(_delta * _zero, 0),
}


def _determined(s: sp.Symbol) -> Statement:
    """Zero risk at a frequency of variance ``s`` leaves no error w − w* there."""
    return Statement(equal(_e, 0), (sp.Eq(_risk(s, _e), 0),))


CLAIMS = (
    Claim(
        id="4.6.1",
        where="§4.4.1, (4.6)",
        says="w̃ᴿ is the only weight of zero standard risk that is immune to every perturbation "
        "along irrelevant frequencies.",
        published=lambda: all_of(
            "R_s(w̃) = 0 and ⟨Δ, w̃⟩ = 0 for every Δ along irrelevant frequencies:  w̃ = w̃ᴿ, and "
            "w̃ᴿ is so",
            {**_IMMUNE, "weights at relevant frequencies are w̃*": _determined(_s)},
        ),
        correction="It is if and only if every relevant frequency has a positive variance.",
        corrected=lambda: all_of(
            "so it is if σ̃_i² > 0 at each relevant frequency; where one has σ̃_i² = 0, any weight "
            "there has zero standard risk",
            {
                **_IMMUNE,
                "weights at relevant frequencies are w̃*": _determined(_positive),
                "and only then": equal(_risk(_zero, _e), 0),
            },
        ),
        only_if="σ̃_i² > 0 at each relevant frequency",
        expects=Status.REFUTED,
        note="The text sets σ̃_i² = 0 at irrelevant frequencies and says nothing of the others; DC "
        "counts as relevant always, and in rows 2 to 4 of Table 4.8 its variance is 0. The "
        "uniqueness after (4.10) presupposes the same, and ε > 0.",
    ),
    Claim(
        id="4.6.2",
        where="§4.4.1, before (4.6)",
        says="The standard risk is not strictly convex, and has many minimizers.",
        published=lambda: all_of(
            "weights that differ at irrelevant frequencies only have the same standard risk, and "
            "so has their midpoint",
            {
                "the same risk": equal(_two(_e, _u_1), _two(_e, _u_2)),
                "at the midpoint": equal(
                    _two(_e, (_u_1 + _u_2) / 2), (_two(_e, _u_1) + _two(_e, _u_2)) / 2
                ),
                "zero at every one of them": equal(_two(_zero, _u_1), 0),
            },
        ),
        expects=Status.PROVED,
        note="With at least one irrelevant frequency, as in 'such a synthetic dataset'.",
    ),
    Claim(
        id="4.6.3",
        where="§4.4.1, before (4.6)",
        says="Weights at irrelevant frequencies have no impact on the target and on the output.",
        published=lambda: all_of(
            "X̃_i = 0 at irrelevant frequencies, so X̃_i w = X̃_i w* whatever w and w*",
            {"its term": Statement(equal(_x * _w, _x * _w_star), (sp.Eq(_x, 0),))},
        ),
        expects=Status.PROVED,
        note="On inputs as the data have them. On perturbed inputs they have; see (4.10).",
    ),
)
