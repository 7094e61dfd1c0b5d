"""Appendix 4.C: the filters that remove low-magnitude or high-frequency DCT bases.

An image is d × d and has n = d² bases; p percent of them are s = np/100. Percentiles are by the
nearest rank, "the p/100-th percentile" being read as the quantile of order p/100; ties are the
values that equal the percentile and come after it in order.
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import Boolean, Statement, equal
from theory.model.dct import dct_matrix
from theory.model.filters import (
    kept_as_printed,
    kept_by_distance,
    kept_by_magnitude,
    removed,
    removed_above_percentile,
    removed_below_interpolated_percentile,
    removed_below_percentile,
)

_u, _phi, _s, _p = sp.symbols("u phi s p", real=True)
_peak = sp.Symbol("x_tilde_00", real=True)
_d, _n = sp.symbols("d n", integer=True, positive=True)
_bound = sp.Symbol("beta", positive=True)
_ties = sp.Symbol("ties", integer=True, nonnegative=True)
_i, _j, _k, _l = sp.symbols("i j k l", integer=True, nonnegative=True)
_kept = sp.HadamardProduct(sp.MatrixSymbol("x_tilde", d, d), sp.MatrixSymbol("M", d, d))

_percent = (_p > 0, _p < 100)
_some = (_s > 0, _s < _n)


def _less_than_one_off(count: sp.Expr, wanted: sp.Expr) -> Boolean:
    return sp.Abs(count - wanted) < 1


def _dct_of_output_as_printed() -> Statement:
    """A 3 × 3 image with x̃ = x̃_00 E_00: all other magnitudes are 0, and the mask keeps x̃_00."""
    C3 = dct_matrix(3)
    spectrum = sp.diag(_peak, 0, 0)
    output = C3 * spectrum * C3.T
    return Statement(equal(sp.expand((C3 * output * C3.T)[0, 0]), _peak))


def _display(id_: str, name: str) -> Claim:
    return Claim(
        id=id_,
        where=f"§4.C, the display of Φ_{name}",
        says=f"Φ_{name}(x) = C(x̃ ⊙ M)Cᵀ has the spectrum x̃ ⊙ M: the filtered x̃, converted back.",
        published=lambda: all_of(
            "the DCT of C(x̃ ⊙ M)Cᵀ is x̃ ⊙ M",
            {"d = 3, x̃ zero but for x̃_00": _dct_of_output_as_printed()},
        ),
        correction="The image with that spectrum is Cᵀ(x̃ ⊙ M)C, for every d.",
        corrected=lambda: for_all(equal(C * (C.T * _kept * C) * C.T, _kept)),
        slip="the forward transform stands for the inverse, Cᵀ·C as in §4.2.2",
        expects=Status.REFUTED,
    )


def _below_percentile() -> Argument:
    """Within one basis of p percent if and only if no magnitude ties with the threshold."""
    count = removed_below_percentile(_s, _ties)
    near = _less_than_one_off(count, _s)
    possible = (*_some, count <= _n)
    return all_of(
        "0 < s < n:  |removed − s| < 1 if and only if no magnitude ties with the threshold",
        {
            "no ties": Statement(near.subs(_ties, 0), (*_some, _ties <= 0)),
            "ties": Statement(sp.Not(near), (*possible, _ties > 0)),
            "no ties, percentile by interpolation": Statement(
                _less_than_one_off(removed_below_interpolated_percentile(_n, _p), _n * _p / 100),
                _percent,
            ),
        },
    )


def _printed(p: sp.Expr | int) -> sp.Expr:
    return removed(lambda i, j: kept_as_printed(i, j, 2, p), 2)


def _low_pass(p: sp.Expr | int) -> sp.Expr:
    return removed(lambda i, j: kept_by_distance(i, j, 2, p), 2)


_inside = (_i <= _d - 1, _j <= _d - 1, _k <= _d - 1, _l <= _d - 1)
_higher = _i**2 + _j**2 < _k**2 + _l**2


def _removes_what_is_higher(kept: tuple[Boolean, Boolean]) -> Boolean:
    """If (i, j) is removed, so is (k, l), which has the higher frequency."""
    return sp.Or(kept[0], sp.Not(kept[1]))


_removed_above = removed_above_percentile(_n, _s, _ties)

CLAIMS = (
    _display("4.C-nrg.1", "nrg"),
    Claim(
        id="4.C-nrg.2",
        where="§4.C, Φ_nrg",
        says="The bases whose magnitudes are in the bottom p percent are removed: p percent of "
        "them, up to less than one basis.",
        published=lambda: for_all(
            _less_than_one_off(removed_below_percentile(_s, _ties), _s),
            _s > 0,
            _s < _d**2,
            removed_below_percentile(_s, _ties) <= _d**2,
        ),
        correction="So it is if and only if no other magnitude equals the threshold.",
        corrected=_below_percentile,
        only_if="no two magnitudes tie at the threshold",
        expects=Status.REFUTED,
        note="Of spectra with a density the condition excludes only a null set. That p is the "
        "share of the bases removed is said below Figure 4.4. "
        "The mask is strict, so ties are removed together: of a constant image, of which all "
        "magnitudes but one are 0, every p removes the same n − 1 bases, as long as s ≤ n − 1. "
        "Exactly p percent are removed if s, moreover, is an integer. Read literally, the "
        "p/100-th percentile would remove a hundredth of that.",
    ),
    Claim(
        id="4.C-nrg.3",
        where="§4.C, after the display of M_nrg",
        says="Bases with a magnitude smaller than the threshold are discarded.",
        published=lambda: for_all(sp.Not(kept_by_magnitude(sp.Abs(_u), _phi)), sp.Abs(_u) < _phi),
        expects=Status.PROVED,
        note="So are those that equal it; by the nearest rank there is always one.",
    ),
    _display("4.C-freq.1", "freq"),
    Claim(
        id="4.C-freq.2",
        where="§4.C, the display of M_freq",
        says="M_freq removes the highest frequencies: with a basis, every basis of a higher one.",
        published=lambda: for_all(
            _removes_what_is_higher(
                (kept_as_printed(_i, _j, _d, _p), kept_as_printed(_k, _l, _d, _p))
            ),
            _higher,
            *_inside,
            *_percent,
        ),
        correction="It removes the lowest, DC always among them; with 0 and 1 exchanged it removes "
        "the highest.",
        corrected=lambda: all_of(
            "with a basis, the printed mask removes every basis of a lower frequency, and DC",
            {
                "exchanged": Statement(
                    _removes_what_is_higher(
                        (
                            sp.Not(kept_as_printed(_i, _j, _d, _p)),
                            sp.Not(kept_as_printed(_k, _l, _d, _p)),
                        )
                    ),
                    (_higher, *_percent),
                ),
                "DC": Statement(sp.Not(kept_as_printed(0, 0, _d, _p)), _percent),
            },
        ),
        slip="1 and 0 are exchanged (or > stands for ≤)",
        expects=Status.REFUTED,
    ),
    Claim(
        id="4.C-freq.3",
        where="§4.C, the display of M_freq",
        says="The threshold (p/100)√2 d is p percent of a bound on what is compared with it.",
        published=lambda: for_all(_i**2 + _j**2 <= sp.sqrt(2) * _d, _i <= _d - 1, _j <= _d - 1),
        correction="√2 d bounds the distance √(i² + j²), not its square.",
        corrected=lambda: derived(
            "√(i² + j²) < √2 d for 0 ≤ i, j ≤ d − 1",
            "add the squares; the root is monotone",
            {
                "i² < d²": Statement(_i**2 < _d**2, (_i <= _d - 1,)),
                "(√2 d)²": equal((sp.sqrt(2) * _d) ** 2, 2 * _d**2),
                "the root": Statement(_u < _bound, (_u >= 0, _u**2 < _bound**2)),
            },
        ),
        slip="a square root is missing: the distance should be compared with √2 d",
        expects=Status.REFUTED,
        note="The greatest distance is √2(d − 1), at i = j = d − 1.",
    ),
    Claim(
        id="4.C-freq.4",
        where="§4.C, Φ_freq and M_freq",
        says="The highest p percent of the frequencies are removed, up to less than one basis.",
        published=lambda: all_of(
            "|removed − np/100| < 1 for 0 < p < 100, with the mask as printed",
            {"d = 2": Statement(_less_than_one_off(_printed(_p), 4 * _p / 100), _percent)},
        ),
        correction="So it is for the threshold at the (100 − p)-th percentile of the distances, if "
        "and only if no two tie there. Mended, √(i² + j²) ≤ (1 − p/100)√2 d, the mask still "
        "counts distance and not bases.",
        corrected=lambda: derived(
            "|removed − s| < 1 if and only if no ties; in any case s − removed < 1 + ties",
            "the (100 − p)-th percentile by the nearest rank is the ⌈n − s⌉-th smallest distance",
            {
                "no ties": Statement(_less_than_one_off(_removed_above, _s), (*_some, _ties <= 0)),
                "ties": Statement(
                    sp.And(_s - _removed_above >= 1, _s - _removed_above < 1 + _ties),
                    (*_some, _ties > 0),
                ),
                "mended, d = 2: p = 50 removes nothing": equal(_low_pass(50), 0),
                "printed, d = 2: p = 50 removes three of four": equal(_printed(50), 3),
            },
        ),
        expects=Status.REFUTED,
        note="Bases (i, j) and (j, i) tie. Of the 1024 bases of a 32 × 32 image p = 50 removes 22 "
        "by the printed mask and 599 by the mended one.",
    ),
)
