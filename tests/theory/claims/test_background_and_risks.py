"""Background, risks and redundancy: judgements, statements not to be proved, second routes.

The second routes are counts and exact fractions, other libraries' transforms and percentiles, and
quadrature to 30 digits.
"""

import csv
import itertools
import random
from collections import Counter
from fractions import Fraction
from importlib.resources import files
from itertools import accumulate, product

import numpy as np
import pytest
import scipy.fft
import sympy as sp
from mpmath import mp, mpf

from theory.claims import all_claims
from theory.claims.appendix_4_d import section_4_d_1_dataset as dataset
from theory.claims.appendix_4_d import section_4_d_1_derivations as derivations
from theory.claims.appendix_4_d import section_4_d_3_spatial_redundancy as redundancy
from theory.claims.chapter_4 import equation_4_3_adaptive_update as adaptive
from theory.claims.chapter_4 import equation_4_4_displays as displays
from theory.claims.chapter_4 import equation_4_6_robust_minimizer as minimizer
from theory.claims.chapter_4 import equation_4_20_lipschitz as lipschitz
from theory.claims.chapter_4 import equations_4_5_band_limited_noise as bands
from theory.claims.chapter_4 import section_4_c_filters as masks
from theory.ledger.verify import settle_argument
from theory.logic.arguments import for_all
from theory.logic.evidence import Judgement
from theory.logic.exact import Surd, surd
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model import filters
from theory.model.adaptive import Memory, denominator, is_update, remember
from theory.model.dct import cosine, dct_entry, dct_matrix, dct_scale
from theory.model.lipschitz import one_input_constant, one_input_constant_sq, relu

FILES = (
    adaptive, displays, minimizer, lipschitz, bands, masks, dataset, derivations, redundancy,
)  # fmt: skip
CLAIMS = {claim.id: claim for module in FILES for claim in module.CLAIMS}
EARLIER = {c.id: c for c in all_claims() if c.id in ("4.8.1", "4.8.2", "4.9.1", "4.10.4")}
NOT_AS_PRINTED = {
    "4.3.1": Judgement.ONLY_IF,
    "4.3.2": Judgement.ONLY_IF,
    "4.3.3": Judgement.MENDED,
    "4.3.7": Judgement.ONLY_IF,
    "4.4-display.1": Judgement.MENDED,
    "4.4-display.2": Judgement.MENDED,
    "4.5-band.2": Judgement.ONLY_IF,
    "4.5-band.3": Judgement.FAILS,
    "4.C-nrg.1": Judgement.MENDED,
    "4.C-nrg.2": Judgement.ONLY_IF,
    "4.C-freq.1": Judgement.MENDED,
    "4.C-freq.2": Judgement.MENDED,
    "4.C-freq.3": Judgement.MENDED,
    "4.C-freq.4": Judgement.FAILS,
    "4.6.1": Judgement.ONLY_IF,
    "4.8.1": Judgement.ONLY_IF,
    "4.8.2": Judgement.MENDED,
    "4.8.3": Judgement.ONLY_IF,
    "4.8.4": Judgement.MENDED,
    "4.9.1": Judgement.ONLY_IF,
    "4.9.5": Judgement.ONLY_IF,
    "4.10.2": Judgement.ONLY_IF,
    "4.10.4": Judgement.MENDED,
    "4.D.3.7": Judgement.MENDED,
    "4.20.2": Judgement.ONLY_IF,
}


@pytest.mark.parametrize("id_", [*CLAIMS, *EARLIER])
def test_judgement(verdict, id_):
    assert verdict(id_).judgement is NOT_AS_PRINTED.get(id_, Judgement.HOLDS)
    assert verdict(id_).is_settled


def test_coverage_names_claims_that_exist_and_all_of_this_part():
    text = files("theory.published").joinpath("coverage/background_and_risks.csv")
    entries = list(csv.DictReader(text.read_text("utf-8").splitlines()))
    named = {id_ for entry in entries for id_ in entry["claims"].split()}
    assert named <= {claim.id for claim in all_claims()}
    assert named >= {*CLAIMS, *EARLIER}
    assert all(bool(e["claims"]) != bool(e["reason"]) for e in entries)
    assert {e["kind"] for e in entries} == {"display", "sentence"}


# --- What is not so is not proved -----------------------------------------------------------------

g, m = sp.symbols("g m", real=True)
v = sp.Symbol("v", nonnegative=True)
eta, p = sp.symbols("eta p", positive=True)
d, n = sp.symbols("d n", integer=True, positive=True)
j, k = sp.symbols("j k", integer=True, nonnegative=True)
s = masks._s
others_decay = remember(Memory(m, v), g, 0, 0)  # strengths 1 where they weigh the old memory
c01, c02 = redundancy._correlation_sq(0, 1), redundancy._correlation_sq(0, 2)

MUTANTS = {
    "4.3: the other convention": for_all(
        is_update(-eta * sp.sign(g), others_decay, eta, 0), sp.Ne(g, 0)
    ),
    "4.3: a constant in the denominator": for_all(
        is_update(-eta * sp.sign(g), remember(Memory(m, v), g, 1, 1), eta, eta), sp.Ne(g, 0)
    ),
    "4.3: larger rates for larger gradients": for_all(
        eta / sp.Abs(g) < eta / sp.Abs(m), sp.Ne(g, 0), sp.Abs(g) < sp.Abs(m)
    ),
    "4.4: no half": for_all(
        equal(dct_entry(k + 1, j, d), sp.sqrt(2 / d) * sp.cos(sp.pi * j * (k + 1) / d))
    ),
    "4.4: frequencies up to 1": for_all(k / (2 * d) < sp.Rational(1, 3), k <= d - 1),
    "4.5: the same mean at every size": for_all(equal(n * v, d * v)),
    "4.C: within half a basis": for_all(
        sp.Abs(filters.removed_below_percentile(s) - s) <= sp.Rational(1, 2), s > 0
    ),
    "4.C: the threshold by distance cannot reach less": for_all(
        2 * j**2 < d**2, j <= d - 1
    ),
    "4.6: any variance": for_all(equal(m, 0), sp.Eq(minimizer._risk(v, m), 0)),
    "4.8: at least twice": for_all(
        (derivations._z + derivations._rho * sp.sign(derivations._z)) ** 2
        >= 2 * derivations._worst,
        sp.Ne(derivations._z, 0),
    ),
    "4.D.3: a correlation above 1/2": for_all(
        sp.Or(c01 > sp.Rational(1, 4), c02 > sp.Rational(1, 4))
    ),
    "4.D.3: √(2/3) for larger ratios": for_all(
        sp.Or(c01 > sp.Rational(2, 3), c02 > sp.Rational(2, 3)),
        redundancy._r < sp.Rational(1, 2),
    ),
    "4.D.3: another relation": for_all(
        equal(sp.expand(sum(redundancy._x)), 0)
    ),
    "4.20: half a ReLU": for_all(lipschitz._change <= sp.Abs(lipschitz._h) / 2),
    "4.20: the norm where ab > 0 only": for_all(
        sp.Equivalent(
            sp.Eq(lipschitz._l1, sp.Abs(lipschitz._a) + sp.Abs(lipschitz._b)),
            lipschitz._a * lipschitz._b > 0,
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutated_statement_is_not_proved(name):
    assert settle_argument(MUTANTS[name], 2.0).status is not Status.PROVED


# --- (4.2) and (4.3): the update run step by step -------------------------------------------------


def _adam(gradients, b1, b2, epsilon):
    """Adam as its authors state it: decay rates weigh the old memory; bias is corrected."""
    first = second = mpf(0)
    for t, x in enumerate(gradients, start=1):
        first, second = b1 * first + (1 - b1) * x, b2 * second + (1 - b2) * x * x
        p_t, q_t = 1 - b1**t, 1 - b2**t
        yield first / p_t / (mp.sqrt(second / q_t) + epsilon), mp.sqrt(q_t) / p_t, mp.sqrt(q_t)


def _printed(gradients, beta1, beta2, epsilons):
    memory = Memory(mpf(0), mpf(0))
    for x, epsilon in zip(gradients, epsilons, strict=True):
        memory = remember(memory, x, beta1, beta2)
        yield memory.m / mpf(denominator(memory, epsilon))


def test_adam_is_the_printed_update_with_another_rate_only_without_epsilon():
    with mp.workdps(40):
        rng = random.Random(1)
        gradients = [mpf(rng.randint(-9, 9)) + mpf(1) / 3 for _ in range(30)]
        b1, b2 = mpf(9) / 10, mpf(99) / 100

        def gaps(epsilon, scaled):
            adam = list(_adam(gradients, b1, b2, epsilon))
            epsilons = [epsilon * (root if scaled else 1) for _, _, root in adam]
            printed = _printed(gradients, 1 - b1, 1 - b2, epsilons)
            return [abs(a - rate * mpf(x)) for (a, rate, _), x in zip(adam, printed, strict=True)]

        assert max(gaps(mpf(0), scaled=False)) < mpf(10) ** -30
        assert max(gaps(mpf(1) / 10, scaled=True)) < mpf(10) ** -30
        assert min(gaps(mpf(1) / 10, scaled=False)) > mpf(10) ** -6


# --- (4.4): another library's transform -----------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_the_cosine_sum_is_half_the_plain_dct_and_cx_the_orthonormal_one(size):
    x = np.random.default_rng(size).normal(size=size)
    sums = [sum(x[i] * float(cosine(k, i, size)) for i in range(size)) for k in range(size)]
    scaled = [float(dct_scale(k, size)) * total for k, total in enumerate(sums)]
    assert np.allclose(2 * np.array(sums), scipy.fft.dct(x), rtol=0, atol=1e-12)
    assert np.allclose(scaled, scipy.fft.dct(x, norm="ortho"), rtol=0, atol=1e-12)
    assert np.allclose(scaled, sums) == (size == 1)


@pytest.mark.parametrize("size", [3, 4, 6])
def test_the_filters_need_the_inverse_transform(size):
    rng = np.random.default_rng(size)
    C = np.array(dct_matrix(size).evalf(20), dtype=float)
    spectrum = rng.normal(size=(size, size)) * rng.integers(0, 2, size=(size, size))
    image = scipy.fft.idctn(spectrum, norm="ortho")
    assert np.allclose(C.T @ spectrum @ C, image, rtol=0, atol=1e-12)
    assert not np.allclose(C @ spectrum @ C.T, image, rtol=0, atol=0.1)


# --- (4.5): bands ---------------------------------------------------------------------------------


def test_no_bands_by_distance_alone_are_equal():
    for size in range(10, 301, 10):
        axis = np.arange(size) ** 2
        shells = Counter((axis[:, None] + axis).ravel().tolist())
        within = set(accumulate(shells[r] for r in sorted(shells)))
        assert any(band * size**2 // 10 not in within for band in range(1, 10)), size


def test_ten_equal_bands_need_a_side_divisible_by_ten():
    assert [size for size in range(1, 101) if size**2 % 10 == 0] == list(range(10, 101, 10))
    assert 28**2 == 784
    assert 32**2 == 1024


def test_laplace_transform_of_a_squared_entry_by_quadrature():
    with mp.workdps(40):
        rate, variance = mpf(3) / 7, mpf(5) / 4

        def mean(f):
            scale = mp.sqrt(2 * mp.pi * variance)
            folded = mp.quad(lambda z: f(z) * mp.exp(-z * z / (2 * variance)), [0, 1, 4, 12, 30])
            return 2 * folded / scale

        expected = 1 / mp.sqrt(1 + 2 * rate * variance)
        assert abs(mean(lambda z: mp.exp(-rate * z * z)) - expected) < mpf(10) ** -30
        spread = mean(lambda z: z**4) - mean(lambda z: z * z) ** 2
        assert abs(spread - 2 * variance**2) < mpf(10) ** -30


# --- 4.C: masks counted ---------------------------------------------------------------------------


def _count(kept, size):
    return sum(not kept(a, b) for a, b in product(range(size), repeat=2))


def test_masks_of_an_image_of_32_pixels_a_side():
    for rule, expected in ((filters.kept_as_printed, 22), (filters.kept_by_distance, 599)):
        assert _count(lambda a, b, rule=rule: bool(rule(a, b, 32, 50)), 32) == expected


@pytest.mark.parametrize("percent", [1, 10, 30, 49, 50, 51, 70, 90, 99])
@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_percentiles_remove_what_another_library_says(percent, size):
    total = size**2
    values = np.array(random.Random(size).sample(range(10 * total), total), dtype=float)
    share = Fraction(total * percent, 100)
    for method, formula in (
        ("inverted_cdf", filters.removed_below_percentile(sp.Rational(str(share)))),
        (
            "linear",
            filters.removed_below_interpolated_percentile(sp.Integer(total), sp.Integer(percent)),
        ),
    ):
        threshold = np.percentile(values, percent, method=method)
        kept = [bool(filters.kept_by_magnitude(x, threshold)) for x in values]
        assert kept.count(False) == formula
        assert abs(kept.count(False) - share) < 1
    above = np.percentile(values, 100 - percent, method="inverted_cdf")
    removed = filters.removed_above_percentile(sp.Integer(total), sp.Rational(str(share)))
    assert (values > above).sum() == removed


def test_a_constant_image_loses_all_but_one_basis_at_every_percentage():
    magnitudes = np.zeros(64)
    magnitudes[0] = 8.0
    for percent in (1, 50, 98):
        threshold = np.percentile(magnitudes, percent, method="inverted_cdf")
        assert (magnitudes <= threshold).sum() == 63


# --- 4.D.1 and 4.D.3: redundant dimensions, exactly -----------------------------------------------


def _predictable(spectrum, size):
    """Spatial dimensions that are combinations of the others, by exact ranks."""
    rows = dct_matrix(size).T * sp.diag(*spectrum)
    rank = rows.rank(simplify=True)
    return {
        i
        for i in range(size)
        if sp.Matrix(rows)
        .extract([q for q in range(size) if q != i], range(size))
        .rank(simplify=True)
        == rank
    }


@pytest.mark.parametrize("zero", [0, 1, 2])
def test_predictable_dimensions_for_three(zero):
    expected = {0, 2} if zero == 1 else {0, 1, 2}
    assert _predictable([int(i != zero) for i in range(3)], 3) == expected
    assert _predictable([1, 1, 1], 3) == set()


@pytest.mark.parametrize(("size", "zero"), [(2, 1), (4, 1), (4, 2), (4, 3)])
def test_the_first_and_the_last_dimension_are_predictable(size, zero):
    assert _predictable([int(i != zero) for i in range(size)], size) >= {0, size - 1}


def test_correlations_by_number():
    for step in range(1, 400):
        r = Fraction(step, 40)
        third, half = Fraction(1, 3), Fraction(1, 2)
        outer = third + half * r  # variance of x_0 and of x_2, for σ̃0² = 1
        squares = third**2 / (outer * third), (third - half * r) ** 2 / outer**2
        assert max(squares) >= Fraction(1, 4)
        assert (max(squares) == Fraction(1, 4)) == (r == 2)
        assert squares == (c01.subs({redundancy._r: r}), c02.subs({redundancy._r: r}))
        assert (squares[0] > Fraction(2, 3)) == (r < third)
        assert ((third - half * r) / outer > third) == (r < third)


def test_norm_of_the_sum_in_exact_arithmetic():
    basis = [surd(x) for x in redundancy._v]
    C3 = [[surd(x) for x in dct_matrix(3).row(i)] for i in range(3)]
    for w0, w1, c in product((-2, 0, Fraction(1, 3)), (0, 1), (-1, 0, Fraction(5, 2))):
        weight = [C3[0][i] * w0 + C3[1][i] * w1 for i in range(3)]
        moved = [x + y * c for x, y in zip(weight, basis, strict=True)]
        squares = sum((x * x for x in moved), Surd.of(0))
        assert squares == Fraction(w0) ** 2 + Fraction(w1) ** 2 + Fraction(c) ** 2


def test_rearranged_data_by_number():
    C3 = np.array(dct_matrix(3).evalf(20), dtype=float)
    x = C3.T @ np.array([0.7, 1.9, 0.0])
    still_zero = {
        order for order in itertools.permutations(range(3)) if abs((C3 @ x[list(order)])[2]) < 1e-12
    }
    assert still_zero == {(0, 1, 2), (2, 1, 0)}


# --- (4.9): the square of a sum -------------------------------------------------------------------


def test_cross_terms_and_squares_add_up():
    rng = random.Random(3)
    for length in range(7):
        terms = [Fraction(rng.randint(-9, 9), rng.randint(1, 5)) for _ in range(length)]
        cross = sum(
            (x * y for a, x in enumerate(terms) for b, y in enumerate(terms) if a != b), Fraction(0)
        )
        assert sum(terms, Fraction(0)) ** 2 == cross + sum((x * x for x in terms), Fraction(0))


# --- (4.20): difference quotients, exactly --------------------------------------------------------


def _relu_layer(W, x):
    return [max(sum(a * b for a, b in zip(row, x, strict=True)), 0) for row in W]


def _l1(values):
    return sum(map(abs, values))


@pytest.mark.parametrize("w", [(1, -2), (1, 2), (-1, -3), (0, 2), (2, -2), (1, -1, 3), (-1, -1, 1)])
def test_constants_of_one_input_by_difference_quotients(w):
    points = [Fraction(i, 2) for i in range(-6, 7)]
    layer = {x: _relu_layer([[a] for a in w], [x]) for x in points}
    quotients = [
        (_l1([a - b for a, b in zip(layer[x], layer[y], strict=True)]) / abs(x - y),
         sum((a - b) ** 2 for a, b in zip(layer[x], layer[y], strict=True)) / (x - y) ** 2)
        for x, y in itertools.combinations(points, 2)
    ]  # fmt: skip
    assert max(q for q, _ in quotients) == one_input_constant(list(map(sp.Integer, w)))
    assert max(q for _, q in quotients) == one_input_constant_sq(list(map(sp.Integer, w)))


@pytest.mark.parametrize(
    "W", [((1, 0), (-1, 0), (0, 1)), ((1, 1), (1, -1), (-2, 1)), ((1, 2), (3, -1))]
)
def test_the_constant_is_the_greatest_norm_of_rows_active_together(W):
    axis = [Fraction(i, 2) for i in range(-5, 6)]
    grid = list(product(axis, repeat=2))
    layer = {x: _relu_layer(W, x) for x in grid}
    active = {tuple(a > 0 for a in image) for image in layer.values()}

    def columns(rows):
        return max(sum(abs(W[i][c]) for i in range(len(W)) if rows[i]) for c in (0, 1))

    greatest = max(map(columns, active))
    quotients = (
        _l1([a - b for a, b in zip(layer[x], layer[y], strict=True)])
        / _l1([a - b for a, b in zip(x, y, strict=True)])
        for x, y in itertools.combinations(grid, 2)
    )
    assert max(quotients) == greatest
    together = any(all(pattern) for pattern in active)
    assert greatest <= columns((True,) * len(W))
    assert not together or greatest == columns((True,) * len(W))


def test_relu_of_minus_relu_is_zero():
    assert all(relu(-relu(sp.Rational(i, 3))) == 0 for i in range(-9, 10))


def test_an_altered_table_is_refuted():
    group = [dict(row) for row in lipschitz._table()["CIFAR-100"]]
    group[2]["bound"] = "40.40"
    statement = Statement(lipschitz._sgd_has("bound", group, 1))
    assert settle_argument(for_all(statement.conclusion)).status is Status.REFUTED
