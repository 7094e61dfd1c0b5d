"""Section 4.3.2: Gaussian noise limited to one of ten bands of the two-dimensional spectrum.

The noise is Δx = Cᵀ(M ⊙ δ)C with δ_kl ~ N(0, v) independent, and M the mask of a band of n bases.
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import Statement, equal
from theory.model.risk import gaussian_expectation

_z, _delta, _mask, _one, _other = sp.symbols("z delta M delta_i delta_j", real=True)
_v, _rate = sp.symbols("v lambda", positive=True)
_d, _n = sp.symbols("d n", integer=True, positive=True)
_tens, _units = sp.symbols("q s", integer=True)

_band = sp.HadamardProduct(sp.MatrixSymbol("M", d, d), sp.MatrixSymbol("delta", d, d))
_noise = C.T * _band * C

CLAIMS = (
    Claim(
        id="4.5-band.1",
        where="§4.3.2, before (4.5)",
        says="The spectrum of Δx = Cᵀ(M ⊙ δ)C is M ⊙ δ: nothing outside the band.",
        published=lambda: all_of(
            "CΔxCᵀ = M ⊙ δ, for every d, and M_kl δ_kl = 0 where M_kl = 0",
            {
                "spectrum": Statement(equal(C * _noise * C.T, _band)),
                "outside the band": Statement(equal(_mask * _delta, 0), (sp.Eq(_mask, 0),)),
                "inside": Statement(equal(_mask * _delta, _delta), (sp.Eq(_mask, 1),)),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.5-band.2",
        where="§4.3.2, before (4.5)",
        says="By their distance to DC the d² DCT bases are divided into ten bands of the same "
        "number of bases.",
        published=lambda: for_all(equal(10 * sp.floor(_d**2 / 10), _d**2)),
        correction="That is possible if and only if 10 divides d.",
        corrected=lambda: derived(
            "d = 10q + s with 0 ≤ s ≤ 9:  d² is ten times an integer if and only if s = 0",
            "d² = 10(10q² + 2qs) + s², and s² alone decides",
            {
                "tens and units": equal(
                    (10 * _tens + _units) ** 2,
                    10 * (10 * _tens**2 + 2 * _tens * _units) + _units**2,
                ),
                **{
                    f"s = {s}": Statement(
                        sp.Ne(10 * sp.floor(sp.Rational(s**2, 10)), s**2, evaluate=False)
                    )
                    for s in range(1, 10)
                },
                "s = 0": equal(10 * sp.floor((10 * _tens) ** 2 / 10), (10 * _tens) ** 2),
            },
        ),
        only_if="10 divides d",
        expects=Status.REFUTED,
        note="Images of 28 or 32 pixels a side have 784 or 1024 bases. Equal distances are read as "
        "told apart somehow: for no d = 10, 20, …, 300 does the distance to DC alone make ten "
        "equal bands.",
    ),
    Claim(
        id="4.5-band.3",
        where="§4.3.2, before (4.5)",
        says="Bands of equally many bases make the ℓ2 norms of the perturbations identical.",
        published=lambda: all_of(
            "‖M⁽ⁱ⁾ ⊙ δ‖² = ‖M⁽ʲ⁾ ⊙ δ‖² for every δ",
            {
                "δ constant on each of the two bands": Statement(
                    equal(_n * _one**2, _n * _other**2), (sp.Eq(_d**2, 10 * _n),)
                )
            },
        ),
        correction="It makes them identically distributed: ‖Δx‖²/v is χ²_n for each band, with "
        "mean n and variance 2n.",
        corrected=lambda: derived(
            "E exp(−λ‖Δx‖²) = (1 + 2λv)^(−n/2), E‖Δx‖² = nv and Var‖Δx‖² = 2nv², for each band",
            "‖Δx‖² is the sum of the squares of the n independent entries of δ in the band",
            {
                "spectrum": Statement(equal(C * _noise * C.T, _band)),
                "one entry": equal(
                    gaussian_expectation(sp.exp(-_rate * _z**2), _z, _v),
                    1 / sp.sqrt(1 + 2 * _rate * _v),
                ),
                "n entries": equal(
                    (1 / sp.sqrt(1 + 2 * _rate * _v)) ** _n, (1 + 2 * _rate * _v) ** (-_n / 2)
                ),
                "mean of one": equal(gaussian_expectation(_z**2, _z, _v), _v),
                "variance of one": equal(
                    gaussian_expectation(_z**4, _z, _v) - gaussian_expectation(_z**2, _z, _v) ** 2,
                    2 * _v**2,
                ),
            },
        ),
        expects=Status.REFUTED,
        note="The squared norm deviates by √(2/n) of its mean, 14 % for n = 102, the least band "
        "of a 32 × 32 image. That the norm is the same in both domains is 4.4-display.4.",
    ),
    Claim(
        id="4.5-band.4",
        where="§4.3.2",
        says="White noise has the same power at every frequency.",
        published=lambda: derived(
            "E[(CδCᵀ)_kl²] = v for all k, l and every d",
            "the columns of δ are independent with covariance vI, and so, by the first lemma, are "
            "those of Cδ; the same for the rows of Cδ, which Cᵀ multiplies from the right",
            {
                "covariance of a column": Statement(
                    equal(C * (_v * sp.Identity(d)) * C.T, _v * sp.Identity(d))
                ),
                "power of one entry": equal(gaussian_expectation(_z**2, _z, _v), _v),
            },
        ),
        expects=Status.PROVED,
        note="In one dimension the first lemma says it all.",
    ),
)
