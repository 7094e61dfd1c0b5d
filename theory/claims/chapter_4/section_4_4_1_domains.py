"""Section 4.4.1: the linear problem is the same in the spatial and in the frequency domain."""

import sympy as sp

from theory.logic.arguments import derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import equal
from theory.model.risk import gaussian_expectation

_w, _w_star, _x = (sp.MatrixSymbol(name, d, 1) for name in ("w", "w_star", "x"))
_x_tilde = sp.MatrixSymbol("x_tilde", d, 1)
_Sigma_tilde = sp.MatrixSymbol("Sigma_tilde", d, d)
_z = sp.Symbol("z", real=True)
_variance = sp.Symbol("sigma_sq", nonnegative=True)

CLAIMS = (
    Claim(
        id="4.4.1-domain.1",
        where="§4.4.1",
        says="The linear model has the same output in both domains: ⟨w, x⟩ = ⟨w̃, x̃⟩.",
        published=lambda: for_all(equal((C * _w).T * (C * _x), _w.T * _x)),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.4.1-domain.2",
        where="§4.4.1",
        says="The squared-error loss has the same residual in both domains.",
        published=lambda: for_all(
            equal((C * _x).T * (C * _w) - (C * _x).T * (C * _w_star), _x.T * _w - _x.T * _w_star)
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.4.1-domain.3",
        where="§4.4.1",
        says="If X̃ ~ N(0, Σ̃) then X = CᵀX̃ ~ N(0, CᵀΣ̃C).",
        published=lambda: derived(
            "Cov(CᵀX̃) = CᵀΣ̃C",
            "a linear map of a Gaussian vector is Gaussian, and expectation is linear",
            {
                "outer products": equal(
                    (C.T * _x_tilde) * (C.T * _x_tilde).T, C.T * (_x_tilde * _x_tilde.T) * C
                ),
                "and back": equal(C * (C.T * _Sigma_tilde * C) * C.T, _Sigma_tilde),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.4.1-domain.4",
        where="§4.4.1",
        says="The expected energy of an input is the sum of the variances.",
        published=lambda: derived(
            "E[E(X̃)] = Σ_i σ̃_i²",
            "expectation is linear; each term is E[X̃_i²]",
            {
                "E[X̃_i²] = σ̃_i²": equal(gaussian_expectation(_z**2, _z, _variance), _variance),
                "E[X̃_i] = 0": equal(gaussian_expectation(_z, _z, _variance), 0),
            },
        ),
        expects=Status.PROVED,
    ),
)
