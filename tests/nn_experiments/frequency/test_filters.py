"""Filters against exact ranks and against what the printed formulas do."""

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

import theory.model.dct
from nn_experiments.data.images import Images
from nn_experiments.frequency import blocks
from nn_experiments.frequency.dct import dct2, dct_matrix
from nn_experiments.frequency.filters import (
    by_frequency,
    by_magnitude,
    filtered,
    low_pass,
    removed_bases,
)
from tests.nn_experiments.frequency.rounding import of_transform, slow_dct2
from theory.common.errors import UserError
from theory.model.filters import kept_as_printed

KINDS = ("magnitude", "frequency")


def random_images(shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def apply(kind, x, percent):
    return (by_magnitude if kind == "magnitude" else by_frequency)(x, percent)


@pytest.mark.parametrize("percent", [7, 30, 50, 99])
def test_removed_by_magnitude_are_the_least_of_the_exact_spectrum(percent):
    pixels = np.random.default_rng(5).integers(0, 256, (4, 3))
    C, D = theory.model.dct.dct_matrix(4), theory.model.dct.dct_matrix(3)
    exact = C * sp.Matrix(pixels) * D.T
    magnitudes = [abs(sp.N(value, 40)) for value in exact]
    ranked = sorted(range(12), key=lambda index: (magnitudes[index], index))
    removed = percent * 12 // 100
    _, kept = by_magnitude(torch.tensor(pixels, dtype=torch.float64), percent)
    assert set(np.flatnonzero(~kept.flatten().numpy())) == set(ranked[:removed])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("percent", [10, 50, 90])
def test_spectrum_of_the_output_is_the_masked_one(kind, percent):
    """Φ(x) has the spectrum x̃ ⊙ M, by plain sums; with the printed C(·)Cᵀ it has not."""
    x = random_images((9, 9))
    y, kept = apply(kind, x, percent)
    wanted = slow_dct2(x.numpy()) * kept.numpy()
    # Two transforms of x, the errors of the first spread over the image, and the sums' own error.
    tolerance = (3 + 9) * of_transform(x)
    assert np.abs(slow_dct2(y.numpy()) - wanted).max() <= tolerance
    C = dct_matrix(9)
    as_printed = C @ (dct2(x) * kept) @ C.T
    assert np.abs(slow_dct2(as_printed.numpy()) - wanted).max() > tolerance


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 100), st.integers(0, 9))
def test_number_removed(height, width, percent, seed):
    """⌊p·height·width/100⌋ for each image and channel."""
    x = random_images((2, 3, height, width), seed)
    wanted = int(np.floor(percent * height * width / 100 + 1e-9))
    assert removed_bases(height, width, percent) == wanted
    _, kept = by_magnitude(x, percent)
    assert ((~kept).sum((-2, -1)) == wanted).all()
    assert int((~low_pass(height, width, percent)).sum()) == wanted


def test_ties_are_removed_by_index_and_not_together():
    # 2 × 2 and constant: the three other amplitudes are c/2 − c/2 = 0 without rounding error.
    x = torch.full((2, 2), 0.5, dtype=torch.float64)
    assert dct2(x).flatten()[1:].abs().max() == 0
    _, kept = by_magnitude(x, 50)
    assert kept.tolist() == [[True, False], [False, True]]
    # As printed, what does not exceed the percentile is removed: all three.
    magnitudes = dct2(x).abs().flatten().sort().values
    printed = dct2(x).abs() > magnitudes[1]
    assert int((~printed).sum()) == 3


def test_highest_frequencies_are_removed_and_as_printed_the_lowest():
    kept = low_pass(32, 32, 50)
    assert kept[0, 0]
    assert not kept[31, 31]
    printed = np.array(
        [[bool(kept_as_printed(i, j, 32, 50)) for j in range(32)] for i in range(32)]
    )
    assert not printed[0, 0]
    assert printed[31, 31]
    assert int((~printed).sum()) == 22  # the ledger's number, in the note of 4.C-freq.4
    assert int((~kept).sum()) == 512


@pytest.mark.parametrize("shape", [(28, 28), (5, 9)], ids=str)
def test_low_passes_are_nested_and_separate_by_distance(shape):
    height, width = shape
    square = (torch.arange(height)[:, None] * width) ** 2 + (torch.arange(width) * height) ** 2
    before = low_pass(height, width, 0)
    assert before.all()
    for percent in range(5, 100, 5):
        kept = low_pass(height, width, percent)
        assert not (kept & ~before).any()
        assert square[kept].max() <= square[~kept].min()
        before = kept


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_removed_is_the_same_image(kind, fashion):
    images = fashion.test.first(5)
    result = filtered(images, kind, 0)
    error = (1 + 28) * of_transform(images.floats().double())
    assert (result.pixels - images.floats()).abs().max() <= error
    assert result.pixels.dtype == torch.float32
    assert torch.equal(result.labels, images.labels)
    assert result.classes == images.classes
    assert (filtered(images, kind, 100).pixels == 0).all()
    single, _ = apply(kind, images.floats(), 0)
    assert (single - images.floats()).abs().max() > error
    assert (filtered(images, kind, 10).pixels - images.floats()).abs().max() > error


@pytest.mark.parametrize("kind", KINDS)
def test_images_are_filtered_one_by_one(kind, fashion):
    images = fashion.test.first(3)
    result = filtered(images, kind, 60).pixels
    for image, y in zip(images.floats().double(), result, strict=True):
        # Values of at most 2 are rounded to float32.
        assert (apply(kind, image, 60)[0] - y).abs().max() <= 1.01 * 2.0**-23


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_no_mask_of_that_size_removes_less_energy_than_that_by_magnitude(percent, fashion):
    x = fashion.test.first(20).floats().double()
    lost = [(apply(kind, x, percent)[0] - x).square().sum((1, 2, 3)) for kind in KINDS]
    # Both are sums of |x̃|²; errors of x̃, within of_transform, change them by 2‖x‖ times their norm.
    tolerance = 4 * 28 * of_transform(x) * 28
    assert (lost[0] <= lost[1] + tolerance).all()
    assert (lost[0] + 0.1 < lost[1]).any()


@pytest.mark.parametrize("kind", KINDS)
def test_flips_commute_with_filters(kind, fashion):
    """A flip changes signs in the spectrum only: training may flip after it filters."""
    images = fashion.test.first(10)
    flipped = Images(images.pixels.flip(-1), images.labels, images.classes)
    both = filtered(flipped, kind, 50).pixels, filtered(images, kind, 50).pixels.flip(-1)
    # Rounded to float32 once each, from numbers of at most 2.
    assert (both[0] - both[1]).abs().max() <= 2 * 2.0**-23


@pytest.mark.parametrize("kind", KINDS)
def test_filtering_twice_is_filtering_once(kind):
    x = random_images((3, 8, 8))
    once, _ = apply(kind, x, 40)
    twice, _ = apply(kind, once, 40)
    assert (once - twice).abs().max() <= (1 + 2 * 8) * 2 * of_transform(x)


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_do_not_matter(kind, fashion, monkeypatch):
    images = fashion.test.first(7)
    whole = filtered(images, kind, 30).pixels
    monkeypatch.setattr(blocks, "_VALUES_PER_BLOCK", 2 * 28 * 28)
    assert [(s.start, s.stop) for s in blocks.blocks(images)] == [(0, 2), (2, 4), (4, 6), (6, 8)]
    # Sums of another order may differ by rounding of float64, and then by one of float32.
    assert (filtered(images, kind, 30).pixels - whole).abs().max() <= 2.0**-23


def test_values_are_not_clipped(fashion):
    pixels = filtered(fashion.test.first(20), "frequency", 70).pixels
    assert pixels.min() < -0.01
    assert pixels.max() > 1.01


def test_float32_images_stay_float32():
    x = random_images((2, 6, 6)).float()
    for kind in KINDS:
        assert apply(kind, x, 30)[0].dtype == torch.float32


@pytest.mark.parametrize("percent", [-1, 101])
def test_bad_percentage(percent):
    with pytest.raises(UserError, match=f"percentage from 0 to 100, got {percent}"):
        low_pass(4, 4, percent)
    with pytest.raises(UserError, match="percentage from 0 to 100"):
        by_magnitude(torch.zeros(4, 4), percent)


def test_unknown_filter(fashion):
    with pytest.raises(UserError, match="expected one of magnitude, frequency, got blur"):
        filtered(fashion.test.first(1), "blur", 10)
