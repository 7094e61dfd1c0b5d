"""Moments of the drawn law against moments of the sample covariance itself, symbolic in n.

Both sides are polynomials in n. With v = ‖v‖u and the coordinates along u and along two directions
orthogonal to it, n S v/‖v‖ = (Σ c², Σ c z, Σ c y) with c, z, y standard normal and independent.
"""

from itertools import product

import pytest
import sympy as sp

from theory.model.minibatch import gradient_response

n = sp.Symbol("n", positive=True)
ORDERS = [o for o in product(range(5), repeat=3) if 0 < sum(o) <= 4]


def normal_moment(k):
    return sp.factorial2(k - 1) if k % 2 == 0 else sp.Integer(0)


def single_sample(i, j, k):
    """E[(c²)^i (cz)^j (cy)^k] of one sample."""
    return normal_moment(2 * i + j + k) * normal_moment(j) * normal_moment(k)


def of_the_samples(i, j, k):
    """E[(Σ c²)^i (Σ cz)^j (Σ cy)^k] by expanding the product of sums over set partitions.

    Each of the i + j + k factors picks a sample; factors that pick the same one form a block, and
    p blocks pick different samples in n(n − 1)…(n − p + 1) ways.
    """
    factors = [(1, 0, 0)] * i + [(0, 1, 0)] * j + [(0, 0, 1)] * k
    total = sp.Integer(0)
    for partition in sp.utilities.iterables.multiset_partitions(list(range(len(factors)))):
        term = sp.ff(n, len(partition))
        for block in partition:
            term *= single_sample(*(sum(factors[f][axis] for f in block) for axis in range(3)))
        total += term
    return sp.expand(sp.expand_func(total))


def chi_squared_moment(power, freedom=n):
    """E q^power for q ~ χ²; power may be a half."""
    return 2**power * sp.gamma(freedom / 2 + power) / sp.gamma(freedom / 2)


def of_the_drawn(i, j, k, freedom=n, same_draw=True):
    """Moments of n S v/‖v‖ as theory.model.minibatch draws it."""
    q, p, z, y = sp.symbols("q p z y", positive=True)
    u, orthogonal = gradient_response(n, n, q, 1, 0), gradient_response(n, n, q, 0, z)
    other = gradient_response(n, n, q, 0, y)
    if not same_draw:
        orthogonal, other = orthogonal.subs(q, p), other.subs(q, p)
    powers = sp.powsimp(sp.expand(u**i * orthogonal**j * other**k)).as_powers_dict()
    value = normal_moment(powers[z]) * normal_moment(powers[y])
    for draw in (q, p):
        value *= chi_squared_moment(sp.sympify(powers[draw]), freedom)
    return sp.expand(sp.gammasimp(value))


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_drawn_law_has_the_moments_of_the_samples(order):
    assert sp.expand(of_the_drawn(*order) - of_the_samples(*order)) == 0


def disagreements(**wrong):
    pairs = ((of_the_drawn(*o, **wrong), of_the_samples(*o)) for o in ORDERS)
    return sum(sp.expand(sp.gammasimp(x - y)) != 0 for x, y in pairs)


def test_a_wrong_degree_of_freedom_is_noticed():
    assert disagreements(freedom=n - 1) > 0


def test_an_independent_root_is_noticed():
    """√q of another draw than q: means and variances agree, E[(Σc²)(Σcz)²] does not."""
    assert disagreements(same_draw=False) > 0
    assert of_the_drawn(0, 2, 0, same_draw=False) == of_the_samples(0, 2, 0)
    assert of_the_drawn(1, 2, 0, same_draw=False) != of_the_samples(1, 2, 0)


def test_two_samples_by_hand():
    """E(c1² + c2²)² = 3 + 3 + 2 = 8."""
    assert of_the_samples(2, 0, 0).subs(n, 2) == 8
