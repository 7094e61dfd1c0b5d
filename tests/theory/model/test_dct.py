import numpy as np
import pytest
import scipy.fft
import sympy as sp

from theory.model.dct import dct_entry, dct_matrix


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 6])
def test_rows_and_columns_are_orthonormal_exactly(d):
    C = dct_matrix(d)
    assert (C * C.T).applyfunc(sp.simplify) == sp.eye(d)
    assert (C.T * C).applyfunc(sp.simplify) == sp.eye(d)


def closest(d, C):
    """Largest deviation from the library's transform of the unit vectors."""
    return np.abs(scipy.fft.dct(np.eye(d), norm="ortho", axis=0) - C).max()


def numeric(d):
    return np.array([[float(dct_entry(k, j, d)) for j in range(d)] for k in range(d)])


@pytest.mark.parametrize("d", [1, 2, 3, 8, 16, 64])
def test_agrees_with_scipy(d):
    # Entries are at most 1 in size; ours are rounded once, the library's passes through at most
    # log2(d) + 2 stages of two rounded operations each.
    tolerance = (2 * (np.log2(d) + 2) + 1) * 2.0**-53
    C = numeric(d)
    assert closest(d, C) <= tolerance
    # The twins: the norms of row 0 and of the others exchanged; positions not at half integers.
    wrong_alpha = C.copy()
    wrong_alpha[0] *= np.sqrt(2)
    assert closest(d, wrong_alpha) > tolerance
    if d > 1:
        shifted = np.cos(np.pi / d * np.outer(np.arange(d), np.arange(d))) * np.sqrt(2 / d)
        assert closest(d, shifted) > tolerance


@pytest.mark.parametrize("d", [2, 5, 32])
def test_columns_by_the_inverse_transform(d):
    # The inverse of the type-II transform is that of type III, so C's columns are its rows.
    columns = scipy.fft.idct(np.eye(d), norm="ortho", axis=0)
    assert np.abs(columns - numeric(d).T).max() <= (2 * (np.log2(d) + 2) + 1) * 2.0**-53


def test_symbolic_entry_is_the_matrix_entry():
    k, j = sp.symbols("k j", integer=True, nonnegative=True)
    entry = dct_entry(k, j, 3)
    for row in range(3):
        for column in range(3):
            assert sp.simplify(entry.subs({k: row, j: column}) - dct_matrix(3)[row, column]) == 0


@pytest.mark.parametrize("d", [0, -1, 1.5, 2.0, "3", None, True])
def test_bad_size(d):
    with pytest.raises(ValueError, match="d: expected a positive integer, got"):
        dct_matrix(d)
