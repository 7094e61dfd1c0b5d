"""Published numbers: looked up, and the highlighted levels of Figure 4.1 derived."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from nn_experiments.specs import ModelSpec, OptimizerSpec, RobustnessSpec
from nn_experiments.studies.optimizers import thesis_tables as published
from nn_experiments.studies.optimizers.preset import Preset

SGD, ADAM = OptimizerSpec("SGD"), OptimizerSpec("Adam", 0.001)
EXACT = ("MNIST", "Fashion-MNIST", "CIFAR-100", "SVHN", "Caltech-101", "Imagenette")


def test_the_record_is_what_the_search_finds():
    assert tuple(published.highlighted()) == published.datasets()
    for dataset, recorded in published.highlighted().items():
        assert recorded == published.find_highlighted(dataset)


@pytest.mark.parametrize("dataset", EXACT)
def test_averages_at_the_highlighted_levels_are_those_of_table_4_1(dataset):
    assert published.highlighted()[dataset].is_exact


def test_cifar_10_misses_table_4_1_by_a_slip_of_print():
    found = published.highlighted()["CIFAR-10"]
    assert not found.is_exact
    # (68.66 + 67.40 + 53.93) / 3 = 63.33, printed 63.21; Adam's is exact.
    assert found.gaps["SGD"] == pytest.approx(0.12, abs=1e-9)
    assert abs(found.gaps["Adam"]) <= published.ROUNDING
    assert found.gaps["RMSProp"] == pytest.approx(0.0267, abs=1e-4)


@pytest.mark.parametrize("dataset", published.datasets())
def test_no_other_levels_come_near(dataset):
    found = published.highlighted()[dataset]
    preset = Preset(published=dataset)
    prefix = "top5/" if found.row.endswith("(top5)") else ""
    grid = [
        [t for t in candidates if published.accuracy(preset, SGD, f"{prefix}{kind}/{t}")]
        for kind, candidates in CANDIDATES.items()
    ]
    assert [len(levels) for levels in grid] == [3, 3, 3]
    gaps = {}
    for triple in itertools.product(*grid):
        measures = [f"{prefix}{k}/{t}" for k, t in zip(CANDIDATES, triple, strict=True)]
        values = [
            (
                published.mean_accuracy(preset, o, measures),
                published.average_robust_accuracy(preset, o),
            )
            for o in (SGD, ADAM, OptimizerSpec("RMSprop", label="RMSProp"))
        ]
        gaps[triple] = max(abs(ours - theirs) for ours, theirs in values if ours and theirs)
    first, second = sorted(gaps.values())[:2]
    assert gaps[tuple(found.levels.values())] == first
    assert first < 0.13
    assert second > 0.8


CANDIDATES = {
    "gaussian": ["0.001", "0.003", "0.005", "0.007", "0.01", "0.05", "0.1"],
    "l2": ["0.1", "0.2", "0.3", "0.5", "0.7", "1.0", "1.5"],
    "linf": ["0.01", "0.03", "0.05", "0.07", "0.1", "1/255", "2/255", "4/255"],
}


def test_top_1_accuracies_do_not_give_table_4_1():
    preset = Preset(published="CIFAR-100")
    levels = published.highlighted()["CIFAR-100"].levels
    top1 = published.mean_accuracy(preset, SGD, [f"{k}/{t}" for k, t in levels.items()])
    assert top1 == pytest.approx((41.28 + 5.90 + 1.17) / 3)
    assert published.average_robust_accuracy(preset, SGD) == 55.65


@pytest.mark.parametrize(
    ("preset", "optimizer", "measure", "expected"),
    [
        (Preset(published="Fashion-MNIST"), SGD, "clean", 91.20),
        (Preset(published="Fashion-MNIST"), ADAM, "l2/0.5", 6.00),
        (Preset(published="Fashion-MNIST"), ADAM, "l2/0.50", 6.00),
        (Preset(published="Fashion-MNIST"), ADAM, "l2/0.6", None),
        (Preset(published="Fashion-MNIST"), OptimizerSpec("AdamW"), "clean", None),
        (
            Preset(published="Fashion-MNIST"),
            OptimizerSpec("Adam", options={"eps": 0.1}),
            "clean",
            None,
        ),
        (Preset(published="CIFAR-100"), SGD, "clean", 59.76),
        (Preset(published="CIFAR-100"), SGD, "top5/clean", 84.67),
        (Preset(published="CIFAR-10"), SGD, "linf/2/255", 21.27),
        (Preset(published="CIFAR-10", model=ModelSpec(batch_norm=True)), SGD, "linf/2/255", 9.14),
        (Preset(published="MNIST", model=ModelSpec(batch_norm=True)), SGD, "clean", None),
        (Preset(), SGD, "clean", None),
        (Preset(published="SVHN"), SGD, "filtered/magnitude/70", None),
    ],
)
def test_accuracies_are_looked_up_by_setting_and_level(preset, optimizer, measure, expected):
    assert published.accuracy(preset, optimizer, measure) == expected


def test_with_momentum_it_is_table_4_7_and_else_4_3():
    momentum = OptimizerSpec("SGD", options={"momentum": 0.9}, label="SGD-m")
    preset = Preset(published="CIFAR-10", optimizers=(SGD, momentum, ADAM))
    assert published.table_of(preset) == "4.7"
    assert published.accuracy(preset, momentum, "l2/0.3") == 15.9
    assert published.accuracy(preset, ADAM, "l2/0.3") == 11.10
    assert published.lipschitz_bound(preset, momentum) is None


def test_table_4_1_is_without_batch_norm():
    preset = Preset(published="MNIST")
    assert published.lipschitz_bound(preset, ADAM) == 5.75
    assert (
        published.lipschitz_bound(replace(preset, model=ModelSpec(batch_norm=True)), ADAM) is None
    )


def test_figure_levels_are_written_as_the_preset_does():
    robustness = RobustnessSpec(gaussian=("0.010",), l2=("0.5", "1/10"), linf=("0.01",))
    found = published.figure_levels(Preset(published="Fashion-MNIST", robustness=robustness))
    assert found is not None
    assert found.measures == ("gaussian/0.010", "l2/1/10", "linf/0.01")
    assert found.clean == "clean"
    without = replace(robustness, l2=("0.5",))
    assert published.figure_levels(Preset(published="Fashion-MNIST", robustness=without)) is None
    assert published.figure_levels(Preset(robustness=robustness)) is None


def test_an_unknown_data_set_is_refused():
    with pytest.raises(ValueError, match="MNIST"):
        published.find_highlighted("ImageNet")


def test_published_accuracies_are_percentages():
    preset = Preset(published="MNIST")
    values = [published.accuracy(preset, o, "clean") for o in (SGD, ADAM)]
    assert np.all((np.array(values, float) > 90) & (np.array(values, float) < 100))
