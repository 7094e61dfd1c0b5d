"""Norms of linear layers against their matrices, which autograd writes out."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from nn_experiments.lipschitz import operator_norm, operators
from nn_experiments.lipschitz.elimination import Elimination, orders
from nn_experiments.lipschitz.gram import (
    DenseGram,
    TiledGram,
    factorisation_error,
    factorises,
)
from nn_experiments.lipschitz.operator_norm import Enclosure, norms, rayleigh
from nn_experiments.lipschitz.operators import (
    UNIT,
    Convolution,
    Matrix,
    Scaling,
    absolute_bound,
    compose,
)
from nn_experiments.lipschitz.periodic import PeriodicGram

# Channels in and out, kernel, height, width, stride, padding, dilation, groups.
CASES = [
    (1, 2, 4, 6, 6, 1, 1, 1, 1),
    (2, 3, 3, 5, 7, 1, 1, 1, 1),
    (3, 2, 3, 8, 5, 2, 1, 1, 1),
    (2, 2, 2, 7, 7, 3, 0, 1, 1),
    (2, 1, 5, 4, 4, 1, 2, 1, 1),
    (1, 2, 3, 9, 9, 1, 2, 2, 1),
    (4, 6, 3, 5, 5, 1, 1, 1, 2),
    (3, 3, 1, 4, 4, 2, 0, 1, 3),
    (1, 1, 2, 3, 3, 1, 3, 1, 1),
    (2, 4, 7, 9, 8, 2, 3, 1, 1),
]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def case(values: tuple[int, ...], seed: int = 0) -> tuple[Convolution, torch.Tensor]:
    """A convolution, and its matrix by differentiating torch's own layer."""
    c_in, c_out, kernel, height, width, stride, padding, dilation, groups = values
    weight = random(c_out, c_in // groups, kernel, kernel, seed=seed)
    layer = nn.Conv2d(c_in, c_out, kernel, stride, padding, dilation, groups, bias=False).double()
    layer.weight.data = weight
    jacobian = torch.autograd.functional.jacobian(
        layer, torch.zeros(1, c_in, height, width, dtype=torch.float64)
    )
    operator = Convolution(
        weight, (height, width), (stride,) * 2, (padding,) * 4, (dilation,) * 2, groups
    )
    return operator, jacobian.reshape(operator.dimensions)


def true_norms(matrix: torch.Tensor) -> dict[str, float]:
    return {
        "l2": float(torch.linalg.svdvals(matrix)[0]),
        "linf": float(matrix.abs().sum(dim=1).max()),
        "l1": float(matrix.abs().sum(dim=0).max()),
    }


def check(found: dict[str, Enclosure], matrix: torch.Tensor, gap: float) -> None:
    """The reference itself is off by rounding: LAPACK's, at most some thousand units here."""
    for norm, true in true_norms(matrix).items():
        slack = 5000 * UNIT * true
        assert found[norm].lower <= true + slack
        assert found[norm].upper >= true - slack
        assert found[norm].gap <= (gap if norm == "l2" else 1e-12)


@pytest.mark.parametrize("values", CASES, ids=str)
def test_convolution_against_its_matrix(values):
    operator, matrix = case(values)
    check(norms(operator), matrix, gap=1e-8)


@pytest.mark.parametrize("values", [c for c in CASES if c[2] > 1], ids=str)
def test_large_convolutions_take_another_way_to_the_same_norms(values, monkeypatch):
    monkeypatch.setattr(operator_norm, "SMALL", 0)
    operator, matrix = case(values)
    check(norms(operator, tolerance=1e-4), matrix, gap=1e-4)


@pytest.mark.parametrize("values", CASES, ids=str)
def test_without_arithmetic_to_spare_the_bound_is_looser_and_holds(values, monkeypatch):
    monkeypatch.setattr(operator_norm, "SMALL", 0)
    operator, matrix = case(values)
    found = norms(operator, tolerance=1e-6, max_flops=0)["l2"]
    assert found.method == "Cholesky, periodic"
    check(norms(operator, tolerance=1e-6, max_flops=0), matrix, gap=0.5)


@settings(max_examples=40)
@given(
    c_in=st.integers(1, 3),
    c_out=st.integers(1, 3),
    kernel=st.integers(1, 4),
    side=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 2),
    seed=st.integers(0, 99),
)
def test_any_small_convolution(c_in, c_out, kernel, side, stride, padding, dilation, seed):
    assume(dilation * (kernel - 1) < min(side) + 2 * padding)
    operator, matrix = case((c_in, c_out, kernel, *side, stride, padding, dilation, 1), seed)
    assume(float(matrix.abs().max()) > 0)
    true = float(torch.linalg.svdvals(matrix)[0])
    check(norms(operator), matrix, gap=1e-8)
    for side_of, tile in product(("in", "out"), (1, 2)):
        gram = TiledGram(operator, side_of, tile)
        assert factorises(gram, true**2 * (1 + 1e-9))
        assert not factorises(gram, true**2 * (1 - 1e-9))
    assert PeriodicGram(operator).least_bound() >= true


@pytest.mark.parametrize("tile", [1, 3])
@pytest.mark.parametrize("side", ["in", "out"])
@pytest.mark.parametrize("values", [c for c in CASES if c[-1] == 1], ids=str)
def test_blocks_are_the_gram_matrix(values, side, tile):
    operator, matrix = case(values)
    dense = matrix.T @ matrix if side == "in" else matrix @ matrix.T
    channels, size = (
        (operator.inputs, operator.size)
        if side == "in"
        else (len(operator.weight), operator.out_size)
    )
    gram = TiledGram(operator, side, tile)
    index = torch.arange(len(dense)).view(channels, *size).permute(1, 2, 0)
    places = [
        index[rows.start : rows.stop, columns.start : columns.stop].flatten()
        for rows, columns in gram.tiles
    ]
    assert sorted(torch.cat(places).tolist()) == list(range(len(dense)))
    assert gram.elimination.sizes == tuple(map(len, places))
    coupled = {(node, node) for node in range(len(places))}
    for node, later in gram.elimination.steps:
        coupled |= {(node, other) for other in later} | {(other, node) for other in later}
    for a, b in product(range(len(places)), repeat=2):
        expected = dense[places[a]][:, places[b]]
        torch.testing.assert_close(gram.block(a, b), expected, rtol=0, atol=1e-12)
        assert (a, b) in coupled or not expected.any()


@pytest.mark.parametrize("grid", [(1, 1), (4, 4), (3, 7), (6, 2)])
def test_an_elimination_names_all_that_a_factorisation_fills(grid):
    n = math.prod(grid)
    places = torch.tensor([divmod(place, grid[1]) for place in range(n)])
    distance = (places[:, None] - places).abs().amax(dim=2)
    coupled = distance <= 1
    sizes = [1 + place % 3 for place in range(n)]
    # A random matrix of these blocks that is positive definite, since its diagonal outweighs rows.
    blocks = torch.repeat_interleave(torch.arange(n), torch.tensor(sizes))
    values = random(len(blocks), len(blocks)) * coupled[blocks][:, blocks]
    values = values + values.T + torch.diag((2 * values.abs()).sum(dim=1) + 50)
    for order in orders(*grid):
        assert sorted(order) == list(range(n))
        found = Elimination.of(coupled.numpy(), order, sizes)
        assert [node for node, _ in found.steps] == order
        rows = torch.cat([(blocks == node).nonzero()[:, 0] for node in order])
        root = torch.linalg.cholesky(values[rows][:, rows])
        filled = {
            (node, other)
            for node, other in combinations(order, 2)
            if root[blocks[rows] == other][:, blocks[rows] == node].any()
        }
        assert {(node, other) for node, later in found.steps for other in later} == filled
        product_of_sizes = (root.abs() @ root.abs().T != 0).sum(dim=1)
        assert found.widest == int(product_of_sizes.max())
        assert int((root != 0).sum(dim=1).max()) <= found.widest


def test_arithmetic_of_an_elimination_by_hand():
    # Three blocks in a row, of 2, 3 and 4: a root each, a triangle and a product twice.
    coupled = (torch.arange(3)[:, None] - torch.arange(3)).abs().numpy() <= 1
    found = Elimination.of(coupled, [0, 1, 2], [2, 3, 4])
    assert found.steps == ((0, (1,)), (1, (2,)), (2, ()))
    roots = (2**3 + 3**3 + 4**3) / 3
    assert found.flops(0) == pytest.approx(roots + (2 * 2 * 3 + 3 * 3 * 4) + 2 * (2 * 9 + 3 * 16))
    assert found.flops(10) == pytest.approx(found.flops(0) + 10 * (3 + 2))


def test_a_square_image_is_eliminated_from_its_corners():
    operator = Convolution(random(300, 300, 3, 3), (8, 8), padding=(1, 1, 1, 1))
    gram = TiledGram.cheapest(operator)
    assert gram.tile == 1
    assert {node for node, _ in gram.elimination.steps[:4]} == {0, 7, 56, 63}
    by_rows = Elimination.of(gram.coupled, range(64), gram.elimination.sizes)
    assert gram.flops < 0.9 * by_rows.flops(1e6)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_symbol_has_the_singular_values_of_the_periodic_convolution(stride):
    operator = Convolution(random(3, 2, 3, 3), (6, 6), (stride, stride))
    layer = nn.Conv2d(2, 3, 3, stride, bias=False).double()
    layer.weight.data = operator.weight

    def periodic(x: torch.Tensor) -> torch.Tensor:
        return layer(nn.functional.pad(x, (0, 2, 0, 2), mode="circular"))

    zero = torch.zeros(1, 2, 6, 6, dtype=torch.float64)
    matrix = torch.autograd.functional.jacobian(periodic, zero)
    expected = torch.linalg.svdvals(matrix.reshape(3 * (6 // stride) ** 2, 72))
    got = torch.linalg.svdvals(PeriodicGram(operator).symbol)
    # Each frequency or its negative is there, thus every singular value.
    distances = (expected[:, None] - got.flatten()).abs().min(dim=1).values
    assert float(distances.max()) < 1e-12
    assert PeriodicGram(operator).least_bound() == pytest.approx(float(expected[0]), rel=1e-8)


def power_iteration(operator: Matrix | Convolution, steps: int) -> float:
    vector = random(1, operator.dimensions[1], seed=9)
    for _ in range(steps):
        vector = operator.adjoint(operator.apply(vector))
        vector /= vector.norm()
    return rayleigh(operator, vector)


@pytest.mark.parametrize("values", CASES[:6], ids=str)
def test_a_power_iteration_that_stops_early_is_refused(values):
    operator, matrix = case(values)
    short, long = power_iteration(operator, 3), power_iteration(operator, 800)
    true = float(torch.linalg.svdvals(matrix)[0])
    assert short < true * (1 - 1e-4)
    assert long == pytest.approx(true, rel=1e-6)
    wide = matrix if len(matrix) <= matrix.shape[1] else matrix.T
    for gram in (DenseGram(wide), TiledGram(operator, "in"), TiledGram(operator, "out", 2)):
        assert not factorises(gram, short**2)
        assert factorises(gram, long**2 * (1 + 1e-5))
    assert not PeriodicGram(operator).factorises(short**2)


def test_the_margin_grows_until_a_factorisation_succeeds(monkeypatch):
    # A vector that is far from the leading one makes a poor guess, never a wrong bound.
    monkeypatch.setattr(operator_norm, "SMALL", 0)
    operator, matrix = case(CASES[1])
    poor = random(1, operator.dimensions[1], seed=3)
    monkeypatch.setattr(operator_norm, "_lanczos", lambda _: poor)
    found = norms(operator)["l2"]
    true = float(torch.linalg.svdvals(matrix)[0])
    assert found.lower < 0.9 * true
    assert true <= found.upper <= 3 * true


@pytest.mark.parametrize(
    ("values", "method", "max_flops"),
    [
        (CASES[1], "Cholesky", math.inf),
        (CASES[3], "Cholesky, periodic", math.inf),
        (CASES[1], "Cholesky, periodic", 0),
    ],
    ids=str,
)
def test_upper_bounds_do_not_rest_on_the_guess(values, method, max_flops, monkeypatch):
    monkeypatch.setattr(operator_norm, "SMALL", 0)
    operator, matrix = case(values)
    _, singular, adjoint = torch.linalg.svd(matrix)
    guess = adjoint[None, 0] + 0.05 * adjoint[None, -1]
    monkeypatch.setattr(operator_norm, "_lanczos", lambda _: guess)
    found = norms(operator, tolerance=0.01, max_flops=max_flops)["l2"]
    assert found.method == method
    assert found.lower < float(singular[0]) * (1 - 1e-3)
    # The periodic convolution has a larger norm.
    reach = 1.01 if max_flops else 2
    assert float(singular[0]) <= found.upper <= float(singular[0]) * reach


def test_matrix_of_norm_one():
    orthogonal = torch.linalg.qr(random(40, 40)).Q
    found = norms(Matrix(orthogonal))
    # Householder's Q is orthogonal to within some hundred units.
    assert found["l2"].lower <= 1 + 400 * UNIT
    assert 1 - 400 * UNIT <= found["l2"].upper <= 1 + 1e-9


def test_matrix_of_larger_rank_than_is_decomposed(monkeypatch):
    matrix = random(30, 50)
    exact = norms(Matrix(matrix))
    monkeypatch.setattr(operator_norm, "SMALL", 10)
    for found in (norms(Matrix(matrix)), norms(Matrix(matrix.T.contiguous()))):
        check({**exact, "l2": found["l2"]}, matrix, gap=1e-3)


def test_rounding_of_a_factorisation_is_accounted_for():
    # At s a unit below ‖M‖² the factorisation may succeed by rounding; s + ρ is never below ‖M‖².
    size = 60
    matrix = Matrix(torch.ones(size, size, dtype=torch.float64))  # of norm 60, exactly
    gram, absolute = DenseGram(matrix.weight), absolute_bound(matrix)
    assert absolute >= size
    true = float(size**2)
    succeeded = [s for k in range(1, 200) if factorises(gram, s := true * (1 - k * UNIT))]
    for s in succeeded:
        assert s + factorisation_error(gram, s, absolute) >= true
    assert factorisation_error(gram, true, absolute) < 1e-10 * true
    assert not factorises(gram, true * (1 - 1e-10))


def test_a_bound_that_rounding_alone_lets_pass_is_made_up_for():
    # One row w: the norm's square is Σw², in exact arithmetic a fraction. Where the sum is rounded
    # down, an s between the two is too small, and its factorisation succeeds.
    passed = 0
    for seed in range(200):
        matrix = Matrix(random(1, 300, seed=seed))
        gram = DenseGram(matrix.weight)
        exact = sum(Fraction(x) ** 2 for x in matrix.weight[0].tolist())
        s = float(gram.block()) * (1 + 2 * UNIT)
        if s < exact and factorises(gram, s):
            passed += 1
            assert s + factorisation_error(gram, s, absolute_bound(matrix)) >= exact
    assert passed > 0


def test_sums_of_absolute_values_enclose_the_exact_ones():
    too_small = 0
    for seed in range(50):
        weight = random(1, 300, seed=seed)
        exact = sum(abs(Fraction(x)) for x in weight[0].tolist())
        too_small += Fraction(float(weight.abs().sum())) < exact
        rows, columns = norms(Matrix(weight))["linf"], norms(Matrix(weight.T.contiguous()))["l1"]
        for found in (rows, columns):
            assert found.lower <= exact <= found.upper
    assert too_small > 10


def test_cnn_convolution_reaches_the_gap():
    torch.manual_seed(0)
    weight = nn.Conv2d(8, 16, 4).weight.detach().double()
    operator = Convolution(weight, (14, 14), padding=(1, 1, 1, 1))
    found = norms(operator)["l2"]
    assert found.method == "Cholesky"
    assert found.gap <= 1e-3
    true = float(torch.linalg.svdvals(operator.matrix().weight)[0])
    assert found.lower <= true * (1 + 1e-12)
    assert true <= found.upper
    # The periodic convolution's bound alone is looser than that.
    assert PeriodicGram(operator).least_bound() > true * (1 + 1e-3)


def test_boundaries_count_in_row_and_column_sums():
    # On 2 × 2 pixels no output reads the whole 5 × 5 kernel: its sum of absolute values is no norm.
    operator, matrix = case((1, 1, 5, 2, 2, 1, 2, 1, 1))
    kernel_sum = float(operator.weight.abs().sum())
    for norm in ("linf", "l1"):
        assert norms(operator)[norm].upper == pytest.approx(true_norms(matrix)[norm], rel=1e-14)
        assert norms(operator)[norm].upper < 0.9 * kernel_sum


def test_scaling():
    found = norms(Scaling(torch.tensor([0.5, -3.0, 2.0], dtype=torch.float64), (2, 2)))
    assert all(f.lower <= 3 <= f.upper and f.gap < 1e-14 for f in found.values())


def test_zero_and_non_finite_operators():
    zero = Convolution(torch.zeros(2, 2, 3, 3, dtype=torch.float64), (5, 5))
    assert all((f.lower, f.upper, f.gap) == (0, 0, 0) for f in norms(zero).values())
    half = Convolution(torch.zeros(2, 1, 1, 1, dtype=torch.float64), (3, 3), groups=2)
    half.weight[1] = 4
    assert norms(half)["l2"].upper == pytest.approx(4)
    with pytest.raises(ValueError, match="expected finite weights"):
        norms(Matrix(torch.tensor([[1.0, math.nan]], dtype=torch.float64)))


@pytest.mark.parametrize("pair", ["conv-scale", "scale-conv", "scale-scale", "conv-mat", "mat-mat"])
def test_composed_operators(pair):
    conv, matrix = case((2, 3, 3, 5, 4, 1, 1, 1, 1))
    factors_in = Scaling(random(2, seed=1), (5, 4))
    factors_out = Scaling(random(3, seed=2), (5, 4))
    spread_in = factors_in.factors.repeat_interleave(20)
    spread_out = factors_out.factors.repeat_interleave(20)
    last = Matrix(random(7, 60, seed=3))
    first, second, product = {
        "conv-scale": (conv, factors_out, spread_out[:, None] * matrix),
        "scale-conv": (factors_in, conv, matrix * spread_in),
        "scale-scale": (factors_in, factors_in, torch.diag(spread_in**2)),
        "conv-mat": (conv, last, last.weight @ matrix),
        "mat-mat": (Matrix(matrix), last, last.weight @ matrix),
    }[pair]
    together = compose(first, second)
    check(norms(together), product, gap=1e-8)
    for norm, found in norms(together).items():
        apart = norms(first)[norm].upper * norms(second)[norm].upper
        assert found.upper <= apart * (1 + 1e-8)


def test_two_convolutions_have_no_short_form():
    conv, _ = case((2, 2, 3, 5, 5, 1, 1, 1, 1))
    grouped, _ = case((2, 2, 3, 5, 5, 1, 1, 1, 2))
    assert compose(conv, conv) is None
    assert compose(Scaling(random(2), (5, 5)), grouped) is None


def test_products_too_large_are_not_formed(monkeypatch):
    monkeypatch.setattr(operators, "LARGEST", 10)
    assert compose(Matrix(random(4, 4)), Matrix(random(4, 4))) is None


def test_slack_widens():
    conv, matrix = case(CASES[1])
    loose = norms(replace(conv, slack=0.25))
    for norm, tight in norms(conv).items():
        assert loose[norm].upper == pytest.approx(tight.upper + 0.25)
        assert loose[norm].lower == pytest.approx(tight.lower - 0.25)
    # What the slack stands for: every operator that is within it in all norms.
    nudged = matrix.clone()
    nudged[0, 0] += 0.25
    for norm, true in true_norms(nudged).items():
        assert loose[norm].lower <= true <= loose[norm].upper
