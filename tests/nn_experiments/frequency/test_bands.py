"""Bands partition the spectrum; noise is the formula of section 4.3.2 and lies in its band."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nn_experiments.frequency import noise_size
from nn_experiments.frequency.bands import masks, noise
from nn_experiments.frequency.dct import by_distance_to_dc, dct2, dct_matrix
from nn_experiments.frequency.noise_size import mean_norm
from theory.common.errors import UserError

SHAPE = (3, 12, 10)
BANDS, NOISES, SIGMA = 10, 4, 0.3
# Entries are rounded once to float32, each by at most its own size times u, so that a noise moves
# by at most u times its norm; what float64 adds is less than a hundredth of that.
RELATIVE = 1.01 * 2.0**-24


@pytest.fixture(scope="module")
def noises():
    return noise(SHAPE, BANDS, NOISES, SIGMA, seed=3)


def outside(noises):
    """The norm of each noise's spectrum outside its band, over its norm."""
    spectra = dct2(noises.double())
    others = ~masks(*SHAPE[1:], BANDS)[:, None, None]
    return (spectra * others).flatten(2).norm(dim=2) / spectra.flatten(2).norm(dim=2)


@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_bands_are_a_partition_in_order(height, width, data):
    bands = data.draw(st.integers(1, height * width))
    parts = masks(height, width, bands)
    assert parts.shape == (bands, height, width)
    assert (parts.sum(0) == 1).all()
    sizes = parts.sum((1, 2))
    assert sizes.max() - sizes.min() <= 1
    rank = torch.empty(height * width, dtype=torch.int64)
    rank[by_distance_to_dc(height, width)] = torch.arange(height * width)
    rank = rank.view(height, width)
    ends = [(int(rank[part].min()), int(rank[part].max())) for part in parts]
    assert ends == sorted(ends)
    assert all(after[0] == before[1] + 1 for before, after in pairwise(ends))


def test_sizes_of_ten_bands_of_published_image_sizes():
    assert sorted(masks(28, 28, 10).sum((1, 2)).tolist()) == [78] * 6 + [79] * 4
    assert sorted(masks(32, 32, 10).sum((1, 2)).tolist()) == [102] * 6 + [103] * 4
    assert masks(20, 20, 10).sum((1, 2)).tolist() == [40] * 10


def test_dc_is_in_the_lowest_band_and_the_opposite_corner_in_the_highest():
    parts = masks(28, 28, 10)
    assert parts[0, 0, 0]
    assert parts[9, 27, 27]


@pytest.mark.parametrize("bands", [0, 17])
def test_impossible_number_of_bands(bands):
    with pytest.raises(UserError, match=f"bands: expected from 1 to 16, .* got {bands}"):
        masks(4, 4, bands)


def test_shape_and_kind(noises):
    assert noises.shape == (BANDS, NOISES, *SHAPE)
    assert noises.dtype == torch.float32


def test_noise_is_the_texts_formula(noises):
    """Cᵀ(M ⊙ δ)C with δ of standard deviation σ, one entry of the sums at a time."""
    generator = torch.Generator().manual_seed(3)
    deltas = [torch.randn(SHAPE, generator=generator, dtype=torch.float64) for _ in range(NOISES)]
    C, D = dct_matrix(12), dct_matrix(10)
    for band, mask in enumerate(masks(*SHAPE[1:], BANDS)):
        for k, delta in enumerate(deltas):
            wanted = torch.einsum("kl,ckl,ki,lj->cij", mask.double(), SIGMA * delta, C, D)
            assert (noises[band, k] - wanted).norm() <= RELATIVE * wanted.norm()


def test_ten_bands_of_28_by_28_pixels_have_norm_0885():
    assert mean_norm((1, 28, 28), 10, 0.1) == pytest.approx(0.1 * 78.4**0.5)
    assert f"{mean_norm((1, 28, 28), 10, 0.1):.3f}" == "0.885"
    K = 400
    squares = noise((1, 28, 28), 10, K, 0.1, seed=1).double().flatten(2).square().sum(2)
    # ‖Δx‖²/σ² is χ² of 78 or 79 degrees of freedom: the mean of 10 K has standard deviation
    # √(2 · 78.4 / 10 K); 5 of them are passed by chance in 6 cases of 10 million.
    expected = mean_norm((1, 28, 28), 10, 0.1) ** 2
    allowed = 5 * 0.01 * (2 * 78.4 / (10 * K)) ** 0.5
    assert abs(float(squares.mean()) - expected) < allowed < expected / 10
    # Of each noise it is random: the text makes norms equal in distribution only.
    assert squares.sqrt().std() > 0.05 * expected**0.5


def test_each_band_is_as_large_as_its_bases_are_many():
    squares = noise(SHAPE, 7, 500, SIGMA, seed=2).double().flatten(2).square().sum(2).mean(1)
    sizes = 3 * masks(*SHAPE[1:], 7).sum((1, 2)).double()
    assert sizes.min() < sizes.max()
    assert (squares / (SIGMA**2 * sizes) - 1).abs().max() < 5 * (2 / (500 * sizes.min())) ** 0.5


@pytest.mark.parametrize(
    ("noises", "norm", "told"),
    [
        (3, None, "σ = 0.25, K = 3"),
        (None, 2.0, "σ = 0.25, ℓ2 norm 2 (root mean square)"),
        (3, 0.8854, "σ = 0.25, K = 3, ℓ2 norm 0.885 (root mean square)"),
    ],
)
def test_size_is_told(noises, norm, told):
    assert noise_size.told(0.25, noises, norm) == told


def test_noise_lies_in_its_band(noises):
    assert outside(noises).max() <= RELATIVE


def test_clamping_moves_noise_to_other_bands(noises):
    x = torch.rand(SHAPE, generator=torch.Generator().manual_seed(0))
    assert outside((x + noises).clamp(0, 1) - x).min() > 1e-3 > RELATIVE


def test_forward_transform_for_the_inverse_leaves_the_band(noises):
    C, D = dct_matrix(12), dct_matrix(10)
    assert outside(C @ dct2(noises.double()) @ D.T).min() > 1e-3 > RELATIVE


def test_noise_is_white_in_its_band(noises):
    """Its spectrum is a positive multiple of standard Gaussian numbers, shared by all bands."""
    generator = torch.Generator().manual_seed(3)
    deltas = [torch.randn(SHAPE, generator=generator, dtype=torch.float64) for _ in range(NOISES)]
    inside = masks(*SHAPE[1:], BANDS)[:, None, None]
    wanted = (torch.stack(deltas) * inside).flatten(2)
    wanted = wanted / wanted.norm(dim=2, keepdim=True)
    spectra = dct2(noises.double()).flatten(2)
    got = spectra / spectra.norm(dim=2, keepdim=True)
    assert (got - wanted).norm(dim=2).max() <= 2 * RELATIVE


def test_noises_differ_by_seed_and_number_and_nothing_else(noises):
    torch.manual_seed(7)
    state = torch.get_rng_state()
    assert torch.equal(noise(SHAPE, BANDS, NOISES, SIGMA, seed=3), noises)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(noise(SHAPE, BANDS, 1, SIGMA, seed=3), noises[:, :1])
    other = noise(SHAPE, BANDS, NOISES, SIGMA, seed=4)
    assert (other - noises).flatten(2).norm(dim=2).min() > 0.1
    flat = noises.flatten(2).double()
    cosines = flat @ flat.mT / (flat.norm(dim=2)[:, :, None] * flat.norm(dim=2)[:, None])
    assert cosines.tril(-1).abs().max() < 0.9


def test_doubling_sigma_doubles_noise(noises):
    twice = noise(SHAPE, BANDS, NOISES, 2 * SIGMA, seed=3)
    assert (twice - 2 * noises).abs().max() <= 2.0**-23 * twice.abs().max()


@pytest.mark.parametrize(
    "arguments",
    [((0, 4, 4), 2, 1, 0.1), ((1, 4, 4), 2, 0, 0.1), ((1, 4, 4), 2, 1, 0.0)],
    ids=["no channels", "no noises", "no sigma"],
)
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match="expected channels and noises of 1 or more and sigma > 0"):
        noise(*arguments, seed=0)
