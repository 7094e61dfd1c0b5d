"""Equations (4.14) to (4.16): sign gradient descent in both domains, and for d = 3."""

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import Statement, equal
from theory.model.dynamics import (
    NormalisedState,
    denormalise,
    normalised_step,
    signgd_step,
    signgd_step_frequency,
)

_error_tilde = sp.MatrixSymbol("e_tilde", d, 1)
_Sigma_tilde = sp.MatrixSymbol("Sigma_tilde", d, d)
_update = sp.MatrixSymbol("s", d, 1)  # stands for sign[Σe(t)], whatever it is
_eta_matrix = sp.Symbol("eta", positive=True)
_error = sp.MatrixSymbol("e", d, 1)

_e = sp.symbols("e_0:3", real=True)
_sigma0_sq, _sigma1_sq, _eta, _r = sp.symbols("sigma0_sq sigma1_sq eta r", positive=True)
_Sigma_entries = sp.Matrix(2, 2, sp.symbols("S_00 S_01 S_10 S_11", real=True))

_A = sp.sqrt(3) / 3 * _sigma0_sq * _e[0]
_B = sp.sqrt(2) / 2 * _sigma1_sq * _e[1]


def _printed_step() -> list[sp.Expr]:
    """Return the right side of (4.16) as printed."""
    plus, middle, minus = sp.sign(_A + _B), sp.sign(_A), sp.sign(_A - _B)
    return [
        _e[0] - _eta * (sp.sqrt(3) / 3 * (plus + middle + minus)),
        _e[1] - _eta * (sp.sqrt(2) / 2 * (plus - minus)),
        _e[2] - _eta * (sp.sqrt(6) / 6 * plus - sp.sqrt(6) / 3 * middle + sp.sqrt(6) / 6 * minus),
    ]


def _derived_step() -> sp.Matrix:
    return signgd_step_frequency(sp.Matrix(_e), (_sigma0_sq, _sigma1_sq, sp.Integer(0)), _eta)


def _normalised_statement() -> Statement:
    """(4.16) in normalised variables, mapped back, is the step of the general form."""
    a, b, c = sp.symbols("a b c", real=True)
    state = NormalisedState(a, b, c)
    error = denormalise(state, _r, _eta)
    general = signgd_step_frequency(
        sp.Matrix(error), (_sigma0_sq, _r * _sigma0_sq, sp.Integer(0)), _eta
    )
    mapped = denormalise(normalised_step(state, _r), _r, _eta)
    return Statement(sp.And(*(equal(x, y) for x, y in zip(general, mapped, strict=True))))


CLAIMS = (
    Claim(
        id="4.14.1",
        where="§4.4.2, (4.14)",
        says="e(t + 1) = e(t) − η sign[Σe(t)].",
        published=lambda: derived(
            "w(t + 1) − w* = e(t) − η sign[Σe(t)]",
            "the gradient is Σe (4.11.1), w* is constant; sign acts on each coordinate",
            {
                "update": Statement(
                    sp.And(
                        *(
                            equal(
                                signgd_step(sp.Matrix(_e[:2]), _Sigma_entries, _eta)[i],
                                _e[i]
                                - _eta * sp.sign(sum(_Sigma_entries[i, j] * _e[j] for j in (0, 1))),
                            )
                            for i in (0, 1)
                        )
                    )
                ),
                "gradient": equal(
                    C.T * (_Sigma_tilde * (C * _error)), (C.T * _Sigma_tilde * C) * _error
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.15.1",
        where="§4.4.2, (4.15)",
        says="ẽ(t + 1) = ẽ(t) − ηC sign[CᵀΣ̃ẽ(t)].",
        published=lambda: all_of(
            "C(e − η sign[Σe]) = ẽ − ηC sign[CᵀΣ̃ẽ]",
            {
                "transform of the step": equal(
                    C * (C.T * _error_tilde - _eta_matrix * _update),
                    _error_tilde - _eta_matrix * C * _update,
                ),
                "argument of the sign": equal(
                    (C.T * _Sigma_tilde * C) * (C.T * _error_tilde),
                    C.T * _Sigma_tilde * _error_tilde,
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.16.1",
        where="§4.4.2, (4.16), and §4.D.1",
        says="For d = 3, Σ̃ = diag(σ̃0², σ̃1², 0) the step depends on the signs of A, A + B, A − B.",
        published=lambda: for_all(
            sp.And(*(equal(x, y) for x, y in zip(_derived_step(), _printed_step(), strict=True)))
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.16.2",
        where="this project, from (4.16)",
        says="In a = A/(σ̃0²η), b = B/(σ̃0²η), c = (√6/2)ẽ2/η the map depends on r = σ̃1²/σ̃0² alone.",
        published=lambda: for_all(_normalised_statement().conclusion),
        expects=Status.PROVED,
    ),
)
