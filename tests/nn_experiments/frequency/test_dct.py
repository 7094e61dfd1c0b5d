"""The transform against exact numbers, against plain sums and against a library."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.fft
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

import theory.model.dct
from nn_experiments.frequency.dct import by_distance_to_dc, dct2, dct_matrix, idct2
from tests.nn_experiments.frequency.rounding import UNIT, of_transform, slow_dct2

SHAPES = [(1, 1), (1, 6), (7, 1), (3, 5), (8, 8), (28, 28), (31, 13)]
KINDS = [torch.float32, torch.float64]


def images(shape, dtype=torch.float64, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(
        dtype
    )


def entry_error(d):
    """Of an entry of C in float64.

    The angle, at most π/4, is rounded in π, in the division and in the product, by 3π/4 u, which
    its sine or cosine, of slope at most √½, makes 1.7 u; that is rounded by u, and the factor
    √(2/d), which multiplies all this, and the product by 2.5 u more.
    """
    return 6 * UNIT[torch.float64] * np.sqrt(2 / d)


@pytest.mark.parametrize("d", [1, 2, 3, 7, 8])
def test_matrix_is_the_exact_one_rounded(d):
    exact = theory.model.dct.dct_matrix(d)
    tolerance = entry_error(d)

    def closest(C):
        entries = ((k, j) for k in range(d) for j in range(d))
        return max(
            abs(float(sp.N(exact[k, j] - sp.Float(float(C[k, j]), 40), 30))) for k, j in entries
        )

    C = dct_matrix(d)
    assert closest(C) <= tolerance
    twin = C.clone()
    twin[0] *= 2**0.5
    assert closest(twin) > tolerance


def test_large_matrices_do_not_lose_digits():
    # Row 399 of a 400 × 400 matrix passes 200 turns.
    d, k = 400, 399
    row = dct_matrix(d)[k]
    j = torch.arange(d, dtype=torch.float64)
    naive = np.sqrt(2 / d) * torch.cos(np.pi / d * (j + 0.5) * k)
    with mpmath.workdps(30):
        for position in (0, 1, 199, 271):
            angle = mpmath.pi / d * (position + mpmath.mpf(0.5)) * k
            exact = mpmath.sqrt(mpmath.mpf(2) / d) * mpmath.cos(angle)
            assert abs(exact - float(row[position])) <= entry_error(d)
        assert abs(exact - float(naive[position])) > entry_error(d)


@pytest.mark.parametrize("d", [4, 7])
def test_rows_are_exactly_even_or_odd(d):
    C = dct_matrix(d)
    assert torch.equal(C[::2].flip(1), C[::2])
    assert torch.equal(C[1::2].flip(1), -C[1::2])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", KINDS, ids=["float32", "float64"])
def test_transform_is_the_sum_over_all_pixels(shape, dtype):
    x = images(shape, dtype)
    by_sums = slow_dct2(x.double().numpy())
    reference_error = x.numel() * float(np.finfo(np.longdouble).eps) * float(x.double().norm())
    tolerance = of_transform(x) + reference_error

    def deviation(x_tilde):
        return float(np.abs(by_sums - x_tilde.double().numpy()).max())

    assert dct2(x).dtype == dtype
    assert deviation(dct2(x)) <= tolerance
    if min(shape) > 1:
        assert deviation(idct2(x)) > tolerance
        assert deviation(dct2(x).flip(-1)) > tolerance


@pytest.mark.parametrize("shape", [(2, 3, 28, 28), (5, 31, 37), (1, 3, 224, 224)], ids=str)
def test_transform_agrees_with_scipy(shape):
    x = images(shape)
    library = scipy.fft.dctn(x.numpy(), type=2, norm="ortho", axes=(-2, -1))
    # The library's sums are shorter than ours, so that its error is within our bound too.
    assert np.abs(library - dct2(x).numpy()).max() <= 2 * of_transform(x)
    back = scipy.fft.idctn(x.numpy(), type=2, norm="ortho", axes=(-2, -1))
    assert np.abs(back - idct2(x).numpy()).max() <= 2 * of_transform(x)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", KINDS, ids=["float32", "float64"])
def test_inverse(shape, dtype):
    x = images(shape, dtype)
    # The error of the spectrum has at most √(height·width) times an entry's norm, and the inverse
    # keeps norms.
    tolerance = (1 + np.sqrt(x.numel())) * of_transform(x) * 1.01
    assert (idct2(dct2(x)) - x).abs().max() <= tolerance
    assert (dct2(idct2(x)) - x).abs().max() <= tolerance
    if min(shape) > 1:
        C, D = (dct_matrix(size, dtype=dtype) for size in shape)
        as_printed = C @ dct2(x) @ D.T
        assert (as_printed - x).abs().max() > tolerance


def test_energy_is_kept():
    x = images((28, 28))
    error = np.sqrt(x.numel()) * of_transform(x)
    energies = float(x.square().sum()), float(dct2(x).square().sum())
    tolerance = 2 * error * float(x.norm()) * 1.01
    assert abs(energies[0] - energies[1]) <= tolerance
    assert abs(energies[0] - float((dct2(x) / 2).square().sum())) > tolerance


def test_one_basis_is_one_cosine():
    # Frequency 3 down and 1 across, 4 × 2 pixels.
    spectrum = torch.zeros(4, 2, dtype=torch.float64)
    spectrum[3, 1] = 1
    down = np.sqrt(1 / 2) * np.cos(np.pi * 3 * (np.arange(4) + 0.5) / 4)
    across = np.cos(np.pi * (np.arange(2) + 0.5) / 2)
    assert np.abs(idct2(spectrum).numpy() - np.outer(down, across)).max() <= of_transform(spectrum)


def test_gradient_is_the_inverse_transform():
    # The adjoint of an orthonormal map is its inverse.
    x, y = images((2, 5, 6)).requires_grad_(), images((2, 5, 6), seed=1)
    (dct2(x) * y).sum().backward()
    assert torch.allclose(x.grad, idct2(y), rtol=0, atol=2 * of_transform(y))


@given(st.integers(1, 12), st.integers(1, 12))
def test_order_is_by_distance_and_then_by_index(height, width):
    def distance_sq(index):
        i, j = divmod(index, width)
        return Fraction(i, height) ** 2 + Fraction(j, width) ** 2

    expected = sorted(range(height * width), key=lambda index: (distance_sq(index), index))
    assert by_distance_to_dc(height, width).tolist() == expected


def test_order_of_square_images_is_by_the_printed_distance():
    order = by_distance_to_dc(28, 28)
    printed = [(k // 28) ** 2 + (k % 28) ** 2 for k in order.tolist()]
    assert printed == sorted(printed)
    assert order[:4].tolist() == [0, 1, 28, 29]


@pytest.mark.parametrize(
    "x",
    [torch.zeros(4), torch.zeros(4, 4, dtype=torch.uint8), torch.zeros(2, 2, dtype=torch.int64)],
)
@pytest.mark.parametrize("transform", [dct2, idct2])
def test_not_images(transform, x):
    with pytest.raises(ValueError, match="expected images of shape"):
        transform(x)


def test_bad_sizes():
    with pytest.raises(ValueError, match="size: expected 1 or more, got 0"):
        dct_matrix(0)
    with pytest.raises(ValueError, match="expected sizes of 1 or more, got 0 × 3"):
        by_distance_to_dc(0, 3)
