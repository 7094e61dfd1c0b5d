"""The synthetic images are what their docstring says: classes in one band, nothing in the other."""

import math

import pytest
import torch
from torch import Tensor

from nn_experiments.data import synthetic
from nn_experiments.data.images import DataSet, Images
from nn_experiments.frequency.dct import by_distance_to_dc, dct2
from theory.common.errors import UserError

LEVEL = 1 / 255


@pytest.fixture(params=synthetic.NAMES, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def data(name: str) -> DataSet:
    return synthetic.images(name)


def spectra(images: Images) -> Tensor:
    return dct2(images.floats().double())[:, 0]


def linear_accuracy(train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> float:
    """Test accuracy of ridge regression on one-hot labels, by its closed form."""
    x, y = train
    mean = x.mean(0)
    x = x - mean
    targets = torch.nn.functional.one_hot(y, 10).double() - 0.1
    ridge = 1e-2 * x.square().sum(0).mean() * torch.eye(x.shape[1], dtype=torch.float64)
    weights = torch.linalg.solve(x.T @ x + ridge, x.T @ targets)
    return float((((test[0] - mean) @ weights).argmax(1) == test[1]).double().mean())


def accuracy_within(mask: Tensor, data: DataSet, n: int) -> float:
    train = data.train.first(n)
    return linear_accuracy(
        (spectra(train)[:, mask], train.labels), (spectra(data.test)[:, mask], data.test.labels)
    )


def test_images_are_bytes_with_equal_shares_of_classes(data):
    assert data.shape == (1, 28, 28)
    assert data.train.pixels.dtype == torch.uint8
    assert torch.bincount(data.train.labels).tolist() == [410] * 6 + [409] * 4
    assert torch.bincount(data.test.labels).tolist() == [100] * 10


def test_bands_divide_the_spectrum_by_distance_to_dc(name):
    bands = synthetic.bands(name)
    assert torch.equal(bands.relevant, ~bands.irrelevant)
    order = by_distance_to_dc(28, 28)
    if name == "synthetic":
        # The first four of ten bands of 784 bases have 79, the others 78.
        assert set(order[:158].tolist()) == set(bands.relevant.flatten().nonzero().ravel().tolist())
    else:
        assert set(order[-156:].tolist()) == set(
            bands.relevant.flatten().nonzero().ravel().tolist()
        )


def test_the_same_arguments_make_the_same_images(name, data):
    again = synthetic.images(name)
    assert torch.equal(again.train.pixels, data.train.pixels)
    assert torch.equal(again.test.pixels, data.test.pixels)
    assert not torch.equal(data.train.pixels[:1000], data.test.pixels)


def test_global_randomness_is_neither_used_nor_changed(name, data):
    torch.manual_seed(7)
    before = torch.get_rng_state()
    again = synthetic.images(name)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(again.train.pixels, data.train.pixels)


def test_spectra_are_templates_and_noise_of_the_stated_energy(name, data):
    """Each coefficient's residual has the stated variance, and rounding's 1/12 squared level."""
    residual = spectra(data.train) - synthetic.templates(name)[data.train.labels]
    residual[:, 0, 0] -= 14
    variance = synthetic.noise_deviations(name).square() + LEVEL**2 / 12
    z = residual.square().sum(0) / variance
    # z is χ² with 4,096 degrees of freedom: 4,096 ± 90.5. Beyond 6 deviations are 2e-9 of 784. The
    # energies of both bands together have smaller deviations still.
    assert (z - 4096).abs().max() < 6 * math.sqrt(2 * 4096)
    wrong = synthetic.noise_deviations(name).square() * 1.2
    assert (residual.square().sum(0) / wrong - 4096).abs().max() > 6 * math.sqrt(2 * 4096)
    assert residual.mean(0).div(variance.sqrt()).abs().max() < 6 / math.sqrt(4096)


def test_energies_of_bands_are_as_stated(name):
    bands = synthetic.bands(name)
    energy = synthetic.noise_deviations(name).square()
    assert energy[bands.relevant].sum().item() == pytest.approx(784 * 0.08**2, rel=1e-12)
    assert energy[bands.irrelevant].sum().item() == pytest.approx(784 * 0.02**2, rel=1e-12)
    templates = synthetic.templates(name)
    assert not templates[:, bands.irrelevant].any()
    assert templates.square().sum((1, 2)).tolist() == pytest.approx([784 * 0.04**2] * 10, rel=1e-12)


def test_amplitudes_of_noise_fall_as_one_over_f(name):
    deviations, bands = synthetic.noise_deviations(name), synthetic.bands(name)
    i, j = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    f = torch.hypot(i, j).double()
    for mask in (bands.relevant, bands.irrelevant):
        inside = mask & (f > 0)
        times_f = (deviations * f)[inside]
        assert (times_f.max() - times_f.min()) < 1e-6 * times_f.max()


def test_hardly_a_pixel_is_clipped(data):
    clipped = ((data.train.pixels == 0) | (data.train.pixels == 255)).double().mean()
    assert clipped < 1e-4


def test_a_linear_model_learns_the_task_and_not_at_once(data):
    """A linear model does so from the relevant band and from all; few images are not enough."""
    relevant = synthetic.bands(data.name).relevant
    everything = torch.ones_like(relevant)
    assert accuracy_within(relevant, data, 1024) > 0.9
    assert accuracy_within(everything, data, 1024) > 0.9
    assert accuracy_within(relevant, data, 10) < 0.8


def test_the_irrelevant_band_tells_nothing(data):
    """Accuracy is that of guessing: 1,000 images right with probability 1/10 are 100 ± 9.5."""
    irrelevant = synthetic.bands(data.name).irrelevant
    deviation = math.sqrt(0.1 * 0.9 / 1000)
    assert abs(accuracy_within(irrelevant, data, 4096) - 0.1) < 5 * deviation
    # With a few of the relevant coefficients among them this is no guess.
    leaking = irrelevant.clone()
    leaking.view(-1)[synthetic.bands(data.name).relevant.flatten().nonzero().ravel()[:10]] = True
    assert abs(accuracy_within(leaking, data, 4096) - 0.1) > 5 * deviation


def test_class_means_in_the_irrelevant_band_differ_by_chance_only(data):
    """Squares between classes are χ² with 9 degrees of freedom each, if irrelevant."""
    labels, bands = data.train.labels, synthetic.bands(data.name)
    x = spectra(data.train)
    means = torch.stack([x[labels == c].mean(0) for c in range(10)])
    counts = torch.bincount(labels)[:, None, None]
    between = (counts * (means - x.mean(0)).square()).sum(0)
    variance = synthetic.noise_deviations(data.name).square() + LEVEL**2 / 12
    for mask, chance in ((bands.irrelevant, True), (bands.relevant, False)):
        n = int(mask.sum())
        total = float((between / variance)[mask].sum())
        assert (abs(total - 9 * n) < 5 * math.sqrt(2 * 9 * n)) is chance


def test_bayes_rule_is_nearly_perfect_and_needs_the_relevant_band_only(name, data):
    """The rule by whitened distance to the templates, and its bound by pairs of classes."""
    where = synthetic.bands(name).relevant
    deviations = synthetic.noise_deviations(name)[where]
    mu = synthetic.templates(name)[:, where] / deviations
    x = spectra(data.test)
    x[:, 0, 0] -= 14
    chosen = torch.cdist(x[:, where] / deviations, mu).argmin(1)
    errors = (chosen != data.test.labels).double().mean()
    # P(error | class) <= Σ Φ(−d/2) over the other classes at whitened distance d.
    pairs = torch.special.ndtr(-torch.cdist(mu, mu) / 2)
    bound = (pairs.sum() - pairs.diag().sum()) / 10
    assert bound < 2e-3
    assert errors <= bound + 5 * math.sqrt(bound / 1000)


def test_sizes_are_free(name):
    data = synthetic.images(name, size=32, train=20, test=10)
    assert data.shape == (1, 32, 32)
    assert len(data.train) == 20
    assert synthetic.bands(name, 32).relevant.shape == (32, 32)


def test_unknown_names_and_sizes_are_named():
    for make in (synthetic.images, synthetic.bands, synthetic.templates):
        with pytest.raises(UserError, match="synthetic or synthetic-high, got 'mnist'"):
            make("mnist")
    with pytest.raises(UserError, match="bands"):
        synthetic.images("synthetic", size=3)
    with pytest.raises(ValueError, match="one image or more"):
        synthetic.images("synthetic", test=0)
