"""The exact law of a minibatch gradient (this project; used by the simulation of Figure 4.7).

Along v the coordinate of nSv/‖v‖ is q = Σ c_k², and in a direction orthogonal to it Σ c_k z_k with
z_k standard normal, independent of c_k. Their joint moment generating function, E exp(ux + ty),
is compared with that of (q, √q g), q ~ χ²_n; where two such functions agree near 0, so do the laws.
"""

from functools import cache

import sympy as sp

from theory.logic.arguments import derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import equal
from theory.model.minibatch import gradient_response, second_moment_step
from theory.model.risk import gaussian_expectation, moment_generating_function

_c, _t = sp.symbols("c t", real=True)
_n, _rate, _q, _norm = sp.symbols("n lambda q v", positive=True)
_u, _g, _eta = sp.symbols("u g eta", real=True)


def _tilted(expr: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    return gaussian_expectation(expr, symbol, sp.Integer(1))


@cache
def _chi_sq_transform() -> sp.Expr:
    """E exp(−λq) for q ~ χ²_n, by integration over its density."""
    k = _n / 2
    density = _q ** (k - 1) * sp.exp(-_q / 2) / (2**k * sp.gamma(k))
    return sp.integrate(sp.exp(-_rate * _q) * density, (_q, 0, sp.oo), conds="none")


# With u + t²/2 = −λ < 0 the function is finite; both sides depend on (u, t) through λ alone.
CLAIMS = (
    Claim(
        id="minibatch-law.1",
        where="this project, theory/model/minibatch.py",
        says="S v has the law of (‖v‖/n)(q u + √q g^⊥), q ~ χ²_n, with the same q in both terms.",
        published=lambda: derived(
            "E exp(u Σc_k² + t Σc_k z_k) = (1 − 2u − t²)^(−n/2) = E exp(uq + t√q g)",
            "moment generating functions; the n samples are independent",
            {
                "one orthogonal coordinate given c": equal(
                    moment_generating_function(_t * _c), sp.exp(_t**2 * _c**2 / 2)
                ),
                "one orthogonal coordinate given q": equal(
                    moment_generating_function(_t * sp.sqrt(_q)), sp.exp(_t**2 * _q / 2)
                ),
                "one sample: E exp(−λc²)": equal(
                    _tilted(sp.exp(-_rate * _c**2), _c), 1 / sp.sqrt(1 + 2 * _rate)
                ),
                "χ²_n: E exp(−λq)": equal(_chi_sq_transform(), (1 + 2 * _rate) ** (-_n / 2)),
                "n samples": equal(
                    (1 / sp.sqrt(1 + 2 * _rate)) ** _n, (1 + 2 * _rate) ** (-_n / 2)
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="minibatch-law.2",
        where="this project, theory/model/minibatch.py",
        says="The drawn gradient is unbiased.",
        published=lambda: derived(
            "E[S v] = v",
            "E q = n; g is centred and independent of q",
            {
                "E q = n": equal(-sp.diff(_chi_sq_transform(), _rate).subs(_rate, 0), _n),
                "mean given q": equal(
                    _tilted(gradient_response(_norm, _n, _q, _u, _g), _g), _norm * _u * _q / _n
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="minibatch-law.3",
        where="this project, theory/model/minibatch.py",
        says="The second moment of the error of minibatch GD follows a linear recursion.",
        published=lambda: derived(
            "E[S v vᵀ S] = (1 + 1/n)vvᵀ + (‖v‖²/n)I, hence the map of theory.model.minibatch",
            "moments of q and g; linearity of expectation",
            {
                "E q² = n(n + 2)": equal(
                    sp.diff(_chi_sq_transform(), _rate, 2).subs(_rate, 0), _n * (_n + 2)
                ),
                "along v": equal(
                    _n * (_n + 2) * _norm**2 / _n**2, (1 + 1 / _n) * _norm**2 + _norm**2 / _n
                ),
                "orthogonal to v": equal(
                    _tilted(gradient_response(_norm, _n, _n, sp.Integer(0), _g) ** 2, _g),
                    _norm**2 / _n,
                ),
                "across": equal(
                    _tilted(
                        gradient_response(_norm, _n, _q, _u, sp.Integer(0))
                        * gradient_response(_norm, _n, _q, sp.Integer(0), _g),
                        _g,
                    ),
                    0,
                ),
                "one frequency": equal(
                    second_moment_step(sp.Matrix([[_norm**2]]), sp.Matrix([[_rate]]), _eta, _n)[
                        0, 0
                    ],
                    _norm**2 * (1 - 2 * _eta * _rate + _eta**2 * _rate**2 * (_n + 2) / _n),
                ),
            },
        ),
        expects=Status.PROVED,
    ),
)
