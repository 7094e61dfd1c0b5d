"""Table 4.1: which of our bounds are of its size, and the average over perturbations."""

import math
from dataclasses import replace

import numpy as np
import pytest

from nn_experiments.evidence.intervals import ONE_DISAGREEMENT, mean
from nn_experiments.specs import RobustnessSpec
from nn_experiments.studies.optimizers.measurements import (
    LipschitzBound,
    Measurements,
    RunMeasurements,
)
from nn_experiments.studies.optimizers.preset import MarginsSpec
from nn_experiments.studies.optimizers.table_4_1 import (
    average_robust_accuracy,
    perturbed_measures,
    sizes,
    summaries,
)

PUBLISHED = {"SGD": 3.83, "Adam": 8.12, "RMSProp": 5.11}


def bounds(products: dict[str, float]) -> Measurements:
    return Measurements(
        tuple(
            RunMeasurements(title, seed, lipschitz={"l2": LipschitzBound(math.exp(product))})
            for title, product in products.items()
            for seed in range(2)
        )
    )


def test_a_network_can_be_summarised_in_many_ways():
    bound = LipschitzBound(24.0, (("a", 2.0), ("b", 12.0)), {"composed": 20.0})
    assert summaries(bound) == pytest.approx(
        {
            "product": 24,
            "ln(product)": math.log(24),
            "largest layer": 12,
            "sum of layers": 14,
            "mean of layers": 7,
            "composed": 20,
            "ln(composed)": math.log(20),
        }
    )


@pytest.mark.parametrize(
    ("factor", "fits"), [(1.0, True), (1.99, True), (2.01, False), (0.51, True), (0.49, False)]
)
def test_within_a_factor_of_two_for_every_optimizer(preset, factor, fits):
    ours = {**PUBLISHED, "Adam": factor * PUBLISHED["Adam"]}
    found = {s.summary: s for s in sizes(preset, bounds(ours))}
    assert found["ln(product)"].ours == pytest.approx(ours)
    assert found["ln(product)"].is_of_published_size is fits
    assert not found["product"].is_of_published_size


def test_the_published_order_is_adam_rmsprop_sgd(preset):
    (_, same) = sizes(preset, bounds(PUBLISHED))
    (_, other) = sizes(preset, bounds({**PUBLISHED, "RMSProp": 9.0}))
    assert same.has_published_order
    assert not other.has_published_order


def test_without_published_bounds_there_is_nothing_to_compare(preset):
    assert sizes(replace(preset, published=""), bounds(PUBLISHED)) == ()
    assert sizes(preset, Measurements(())) == ()


def test_the_average_is_over_the_highlighted_levels(preset, compare):
    measurements = compare({"SGD": 0.2, "Adam": 0.9, "RMSProp": 0.8})
    assert perturbed_measures(preset) == (("gaussian/0.01", "l2/0.1", "linf/0.01"), True)
    found = average_robust_accuracy(preset, measurements, preset.optimizers[1])
    runs = measurements.finished("Adam")
    # The attacked images are the first 200 of the 1,000.
    expected = [r.correct[m][:200].mean() for r in runs for m in perturbed_measures(preset)[0]]
    assert found is not None
    assert found.estimate == pytest.approx(100 * np.mean(expected))
    answers = [[r.correct[m][:200] for m in perturbed_measures(preset)[0]] for r in runs]
    shares = np.mean(answers, axis=1)
    assert found == mean(shares, added_square=ONE_DISAGREEMENT).scaled(100)
    narrower = replace(preset, margins=MarginsSpec(confidence=0.8))
    found = average_robust_accuracy(narrower, measurements, preset.optimizers[1])
    assert found == mean(shares, 0.8, added_square=ONE_DISAGREEMENT).scaled(100)


def test_elsewhere_the_average_is_over_middle_levels(preset, compare):
    elsewhere = replace(preset, published="")
    assert perturbed_measures(elsewhere) == (("gaussian/0.005", "l2/0.1", "linf/0.01"), False)
    robustness = RobustnessSpec(gaussian=("0.1", "0.2", "0.3"), l2=(), linf=("0.5",))
    some = replace(elsewhere, robustness=robustness)
    assert perturbed_measures(some) == (("gaussian/0.2", "linf/0.5"), False)
    assert average_robust_accuracy(some, compare({"SGD": 0.1}), preset.optimizers[0]) is None


def test_trainings_that_were_not_put_to_every_perturbation_are_left_out(preset, compare):
    measurements = compare({"SGD": 0.5})
    first, *rest = measurements.runs
    partial = replace(first, correct={m: c for m, c in first.correct.items() if m != "l2/0.1"})
    found = average_robust_accuracy(preset, Measurements((partial, *rest)), preset.optimizers[0])
    assert found == average_robust_accuracy(preset, Measurements(tuple(rest)), preset.optimizers[0])
    nothing = RobustnessSpec((), (), ())
    empty = replace(preset, robustness=nothing)
    assert average_robust_accuracy(empty, measurements, preset.optimizers[0]) is None
