"""What is measured of a network is what the modules that measure say of it, on the right images."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from nn_experiments import lipschitz
from nn_experiments.attacks import noise
from nn_experiments.attacks.tally import Robust
from nn_experiments.data import synthetic
from nn_experiments.data.images import DataSet, Images
from nn_experiments.evidence.store import MeasuredRun
from nn_experiments.frequency import gradient_energy, observation_two
from nn_experiments.frequency.dct import idct2
from nn_experiments.measures import attacked as attacks
from nn_experiments.measures.measure import PARTS
from nn_experiments.specs import (
    DataSpec,
    FrequencySpec,
    ModelSpec,
    OptimizerSpec,
    RobustnessSpec,
    TrainingSpec,
)
from nn_experiments.studies.optimizers.measurements import view
from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.studies.optimizers.study import study

PRESET = Preset(
    data=DataSpec("synthetic"),
    model=ModelSpec("own"),
    optimizers=(OptimizerSpec("SGD", 0.1),),
    training=TrainingSpec(flips=False),
    seeds=(0,),
    robustness=RobustnessSpec(
        gaussian=("0.01", "0.04"), l2=("0.4", "0.2"), linf=("1/64",), attacks="apgd",
        engine="batched", images=7, noisy_images=30, noise_seed=3,
    ),
    frequency=FrequencySpec(bands=3, noises=2, sigma=0.3, images=20, seed=5),
    gradient_energy=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    """Images whose labels are right but for the first two."""
    made = synthetic.images("synthetic", train=50, test=40)
    labels = made.test.labels.clone()
    labels[:2] += 1
    return replace(made, test=replace(made.test, labels=labels))


@pytest.fixture(scope="module")
def model(data):
    """Bayes' rule: the whitened templates as weights, which have nothing in the irrelevant band."""
    mu = synthetic.templates("synthetic")
    whitened = mu / synthetic.noise_deviations("synthetic").square()
    made = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with torch.no_grad():
        made[1].weight.copy_(idct2(whitened).flatten(1))
        # Of half the distance to a template, and of middle gray, whose DC is 14.
        made[1].bias.copy_(-(whitened * mu).sum((1, 2)) / 2 - 14 * whitened[:, 0, 0])
    return made


def attacked(models, images, norm, radii, spec, seed, *, first=0, keep=0):
    """Stand in for attacks, which take long: what stands is told by all that they were given.

    Examples are as bright as the place of their radius.
    """
    numbers = torch.arange(first, first + len(images))
    places = torch.arange(len(radii))[:, None]
    stands = (numbers + places + seed + (norm == "linf")) % 3 > 0
    bright = images.floats()[:keep] * 0 + places[:, :, None, None, None]
    return Robust(
        norm, radii, stands.repeat(len(models), 1, 1), stands[:1], 0 * stands.to(torch.int8),
        bright.repeat(len(models), 1, 1, 1, 1, 1), (spec.attacks,), f"{spec.engine} of {norm}", 1,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _quick_attacks(monkeypatch):
    monkeypatch.setattr(attacks, "attack", attacked)


@pytest.fixture
def run(model, data):
    return fields(PRESET, model, data)


def planned(preset, **levels):
    """Return what is measured of the networks of a cell."""
    made = study(preset)
    return made.measures(made.cell(**levels))


def fields(preset, model, data, names=""):
    """Return what measures say together of a network: those with some text in their names."""
    cell, run = study(preset).cells()[0], MeasuredRun("", {}, 0)
    for measure in (m for m in planned(preset) if names in m.name):
        (found,) = measure.measure([model], data)
        run = run.with_measure(measure.name, found, {})
    (measured,) = view([replace(run, cell=dict(cell.levels))]).runs
    return measured


def test_each_measure_is_what_its_module_says(run, model, data):
    spec = PRESET.robustness
    clean = (model(data.test.floats()).argmax(1) == data.test.labels).numpy()
    assert np.array_equal(run.correct["clean"], clean)
    assert clean.tolist() == [False] * 2 + [True] * 38
    images = data.test.first(30)
    for variance in (0.01, 0.04):
        expected = noise.correct_under_noise(model, images, variance, spec.noise_seed, 64)
        assert np.array_equal(run.correct[f"gaussian/{variance}"], expected.numpy())
    for norm, radii in (("l2", spec.l2), ("linf", spec.linf)):
        for place, radius in enumerate(radii):
            stands = (np.arange(7) + place + 3 + (norm == "linf")) % 3 > 0
            assert np.array_equal(run.correct[f"{norm}/{radius}"], stands)
            assert run.engines[f"{norm}/{radius}"] == f"batched of {norm}"
    assert set(run.correct) == {"clean", "gaussian/0.01", "gaussian/0.04", "l2/0.4", "l2/0.2",
                                "linf/1/64"}  # fmt: skip
    response = observation_two.drops(model, data.test, PRESET.frequency)
    assert np.array_equal(run.bands.clean, response.clean.numpy())
    assert np.array_equal(run.bands.correct, response.correct.numpy())
    assert run.bands.correct.shape == (3, 2, 20)
    # σ² for each of 784 bases, of which a band has a third.
    assert run.bands.norm == pytest.approx(0.3 * (784 / 3) ** 0.5)


def test_noise_of_a_larger_variance_breaks_more(run):
    """Else variances that were mixed up could look alike."""
    assert run.correct["gaussian/0.01"].sum() > run.correct["gaussian/0.04"].sum()


def test_bounds_are_kept_with_layers_variants_and_lower_bounds(data):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 20), nn.Linear(20, 10))
    measured = fields(PRESET, model, data, "lipschitz")
    bounds = lipschitz.bounds(model, data.shape)
    for norm in lipschitz.NORMS:
        found = measured.lipschitz[norm]
        assert found.product == bounds.product(norm)
        assert found.layers == tuple((x.name, x.upper(norm)) for x in bounds.layerwise.layers())
        assert found.variants == {
            "consecutive linear layers composed": bounds.product(norm, composed=True)
        }
        local = lipschitz.local_lower_bound(model, data.test, norm)
        assert measured.lipschitz_local[norm] == local
        assert found.product > found.variants["consecutive linear layers composed"] > 0


def test_the_energy_is_that_of_the_irrelevant_band(run, model, data):
    assert set(run.gradient_energy) == {"network"}
    # Templates have nothing there, to rounding of float32.
    assert run.gradient_energy["network"].max() < 1e-12
    high = replace(PRESET, data=DataSpec("synthetic-high"))
    bands = synthetic.bands("synthetic-high")
    shares = gradient_energy.shares(model, data.test, bands.irrelevant[None])[:, 0]
    measured = fields(high, model, data, "energy").gradient_energy["network"]
    assert np.array_equal(measured, shares.numpy())
    assert measured.min() > 0.99


def test_a_network_that_always_answers_the_same_has_no_energy(data):
    flat = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    nn.init.zeros_(flat[1].weight)
    assert fields(PRESET, flat, data, "energy").gradient_energy == {}


def test_attacks_in_chunks_are_those_on_all_images(run, model, data, monkeypatch):
    monkeypatch.setattr(attacks, "CHUNK", 2)
    assert [m.name for m in planned(PRESET) if "l2" in m.name] == ["l2-0", "l2-2", "l2-4", "l2-6"]
    parts = fields(PRESET, model, data, "l2")
    for measure in ("l2/0.4", "l2/0.2"):
        assert len(run.correct[measure]) == 7
        assert np.array_equal(parts.correct[measure], run.correct[measure])


@pytest.mark.parametrize("classes", [10, 11])
def test_of_more_than_ten_classes_the_five_largest_outputs_count_too(classes):
    """A label that is the fifth largest output is among them, the sixth is not."""

    class Ranks(nn.Module):
        def forward(self, x):
            # Of a black image class 1 is the largest, 5 the fifth; white ones are one further.
            logits = -torch.arange(float(classes)).repeat(len(x), 1).roll(1, 1)
            white = x.flatten(1)[:, :1] > 0.5
            return torch.where(white, logits.roll(1, 1), logits)

    images = Images(torch.zeros(4, 1, 6, 6), torch.tensor([1, 5, 6, 0]), classes)
    levels = replace(PRESET.robustness, gaussian=(), images=4)
    flat = replace(PRESET, gradient_energy=False, lipschitz=False, robustness=levels)
    found = fields(flat, Ranks(), DataSet("ranks", images, images)).correct
    assert found["clean"].tolist() == [True, False, False, False]
    tops = {m: correct.tolist() for m, correct in found.items() if m.startswith("top5/")}
    black, white = [True, True, False, False], [False, True, True, False]
    expected = {"clean": black, "l2/0.4": black, "l2/0.2": white, "linf/1/64": black}
    assert tops == ({f"top5/{m}": top for m, top in expected.items()} if classes > 10 else {})


@pytest.mark.parametrize(
    ("part", "change", "measures"),
    [
        ("robustness", {"gaussian": ("0.01",)}, {"gaussian"}),
        ("robustness", {"noisy_images": 20}, {"gaussian"}),
        ("robustness", {"noise_seed": 4}, {"gaussian", "l2-0", "linf-0"}),
        ("robustness", {"l2": ("0.2",)}, {"l2-0"}),
        ("robustness", {"linf": ("1/32",)}, {"linf-0"}),
        ("robustness", {"images": 8}, {"l2-0", "linf-0"}),
        ("robustness", {"attacks": "autoattack"}, {"l2-0", "linf-0"}),
        ("robustness", {"engine": "reference"}, {"l2-0", "linf-0"}),
        ("robustness", {"largest_first": True}, {"l2-0", "linf-0"}),
        *(("frequency", change, {"bands"}) for change in (
            {"bands": 4}, {"noises": 3}, {"sigma": 0.2}, {"images": 10}, {"seed": 6})),
        ("margins", {"accuracy": 3.0}, set()),
    ],
)  # fmt: skip
def test_what_a_measure_depends_on_is_in_the_name_of_its_file(part, change, measures):
    """A changed setting measures anew what it changes, and nothing else."""
    other = replace(PRESET, **{part: replace(getattr(PRESET, part), **change)})
    before, after = ({m.name: m.file for m in planned(p)} for p in (PRESET, other))
    assert {name for name in after if before.get(name) != after[name]} == measures


def test_each_training_is_measured_for_what_it_is():
    thresholds = replace(PRESET.frequency, thresholds=(50,))
    preset = replace(PRESET, model=ModelSpec(), frequency=thresholds)
    made = study(preset)
    by_cell = {cell.levels[1:]: [m.name for m in made.measures(cell)] for cell in made.cells()}
    every = ["clean", "gaussian", "l2-0", "linf-0", "bands", "energy", "lipschitz"]
    assert by_cell == {
        (("training images", "all"), ("model", "network")): every,
        (("training images", "filtered/magnitude/50"), ("model", "network")): ["clean"],
        (("training images", "filtered/frequency/50"), ("model", "network")): ["clean"],
        (("training images", "all"), ("model", "linear")): ["energy"],
    }
    by_part = {part: [m.name for m in planned(preset) if m.part == part] for part in ("", *PARTS)}
    assert by_part == {
        "": ["clean"],
        "robustness": ["gaussian", "l2-0", "linf-0"],
        "frequency": ["bands", "energy"],
        "lipschitz": ["lipschitz"],
    }
    without = replace(preset, lipschitz=False, gradient_energy=False)
    assert [m.name for m in planned(without)] == every[:5]


def test_filtered_and_linear_trainings_have_measures_of_their_own(model, data):
    preset = replace(PRESET, model=ModelSpec(), frequency=FrequencySpec(thresholds=(50,)))
    made, runs = study(preset), []
    for cell in made.cells()[1:]:
        (measure,) = made.measures(cell)
        (found,) = measure.measure([model], data)
        run = MeasuredRun("", dict(cell.levels), 0, training_accuracy=0.5)
        runs.append(run.with_measure(measure.name, found, {}))
    (measured,) = view(runs).runs
    # On the test images as they are.
    right = model(data.test.floats()).argmax(1) == data.test.labels
    assert set(measured.correct) == {"filtered/magnitude/50", "filtered/frequency/50"}
    assert all(np.array_equal(correct, right.numpy()) for correct in measured.correct.values())
    assert measured.filtered_training_accuracy == dict.fromkeys(measured.correct, 0.5)
    assert list(measured.gradient_energy) == ["linear"]
