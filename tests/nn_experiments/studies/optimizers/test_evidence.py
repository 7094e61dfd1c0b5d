"""The evidence file: everything that was observed, with its numbers right."""

import json
import math
import statistics
from dataclasses import asdict, replace

import pytest

from nn_experiments.specs import FrequencySpec
from nn_experiments.studies.optimizers.choices import choices
from nn_experiments.studies.optimizers.measurements import Measurements
from nn_experiments.studies.optimizers.preset import MarginsSpec
from nn_experiments.studies.optimizers.setting import not_run, small_sample
from nn_experiments.studies.optimizers.table_4_1 import average_robust_accuracy, sizes
from tests.nn_experiments.studies.optimizers.truths import AS_PREDICTED, evidence, judge
from theory.common.environment import environment
from theory.common.files import json_text


def test_evidence_is_strict_json_with_everything_in_it(preset, compare):
    found = json.loads(
        json_text(evidence(preset, compare(AS_PREDICTED), environment(), {"train": 1.5}))
    )
    assert (found["schema"], found["version"], found["kind"]) == (
        "nn-experiments-evidence",
        1,
        "observed",
    )
    assert found["comparisons"] == len(found["verdicts"]) == 48
    verdict = found["verdicts"][0]
    assert verdict["verdict"] == "supported"
    assert set(verdict["effect"]) == {"estimate", "low", "high", "confidence"}
    assert verdict["n_seeds"] == [3, 3]
    assert verdict["published"] == pytest.approx(0.22)
    assert {s["prediction"]: s["verdict"] for s in found["summary"]}[
        "SGD is more robust"
    ] == "supported"
    assert found["preset"]["margins"]["accuracy"] == 2.0
    assert found["environment"]["python"]
    assert found["engines"]["l2/0.5"] == ["batched"]
    assert found["trainings"][0]["training_loss"] == 1e-3
    assert len(found["trainings"][0]["drop_by_band_points"]) == 10
    assert found["average_robust_accuracy"]["by_optimizer"]["SGD"]["published"] == 77.95
    assert found["seconds"] == {"train": 1.5}
    accuracy = next(
        a for a in found["accuracy_percent"] if (a["optimizer"], a["measure"]) == ("SGD", "l2/0.5")
    )
    assert (accuracy["published"], accuracy["n_seeds"], accuracy["n_images"]) == (24.33, 3, 200)


def test_an_unknown_spread_is_null_in_evidence(preset, compare):
    found = json.loads(json_text(evidence(preset, compare(AS_PREDICTED, seeds=1), {})))
    assert found["verdicts"][0]["effect"]["low"] is None
    assert found["accuracy_percent"][0]["standard_deviation"] is None


def own(compare):
    """Measurements whose numbers all differ, so that none can stand in for another."""
    return Measurements(
        tuple(
            replace(
                run,
                training_accuracy=0.99 - 0.001 * k,
                lipschitz_local={"l2": 1.5 + k, "linf": 2.5 + k, "l1": 3.5 + k},
                engines={"l2/0.5": "batched" if run.seed else "reference"},
            )
            for k, run in enumerate(compare(AS_PREDICTED).runs)
        )
    )


def read(preset, measured, fixed=None):
    return json.loads(json_text(evidence(preset, measured, {}, fixed=fixed)))


def test_each_training_has_its_own_numbers(preset, compare):
    measured = own(compare)
    for record, run in zip(read(preset, measured)["trainings"], measured.runs, strict=True):
        assert (record["optimizer"], record["seed"]) == (run.optimizer, run.seed)
        assert record["training_loss"] == run.training_loss
        assert record["training_accuracy"] == run.training_accuracy
        assert record["accuracy_percent"] == pytest.approx(
            {m: 100 * c.sum() / len(c) for m, c in run.correct.items()}
        )
        assert record["test_images"] == {m: len(c) for m, c in run.correct.items()}
        clean, correct = run.bands.clean, run.bands.correct
        assert record["drop_by_band_points"] == pytest.approx(
            [100 * (clean.mean() - band.mean()) for band in correct]
        )
        assert record["irrelevant_energy_percent"] == pytest.approx(
            {m: 100 * s.sum() / len(s) for m, s in run.gradient_energy.items()}
        )


def test_accuracies_are_means_and_deviations_over_seeds(preset, compare):
    measured = own(compare)
    records = read(preset, measured)["accuracy_percent"]
    assert len(records) == 3 * len(measured.runs[0].correct)
    for record in records:
        runs = measured.finished(record["optimizer"])
        by_seed = [100 * run.correct[record["measure"]].mean() for run in runs]
        assert record["mean"] == pytest.approx(statistics.mean(by_seed))
        assert record["standard_deviation"] == pytest.approx(statistics.stdev(by_seed))
        assert record["n_seeds"] == 3
        assert record["n_images"] == len(runs[0].correct[record["measure"]])


def test_bounds_have_logarithms_layers_and_lower_bounds(preset, compare):
    measured = own(compare)
    records = read(preset, measured)["lipschitz"]
    assert len(records) == 9 * 3
    runs = {(run.optimizer, run.seed): run for run in measured.runs}
    for record in records:
        run, norm = runs[record["optimizer"], record["seed"]], record["norm"]
        assert record["product"] == run.lipschitz[norm].product
        assert record["ln_product"] == pytest.approx(math.log(run.lipschitz[norm].product))
        assert record["layers"] == dict(run.lipschitz[norm].layers)
        assert record["variants"] == {"composed": 4.0}
        assert record["local_lower_bound"] == run.lipschitz_local[norm]


def test_evidence_says_what_it_rests_on(preset, compare):
    strict = replace(preset, margins=MarginsSpec(confidence=0.9))
    other = replace(strict, training=replace(strict.training, batch_size=16))
    assert read(other, own(compare))["settings_that_the_thesis_does_not_have"] == [
        "batches of 16, not 128",
        "K = 4 noises in each band, not 10",
    ]
    measured = own(compare)
    found = read(strict, measured)
    assert found["confidence_per_comparison"] == 0.9
    assert found["baseline"] == "SGD"
    assert found["is_small_sample"] is True
    assert found["small_sample_because"] == small_sample(strict)
    assert found["not_run"] == not_run(strict, judge(strict, measured))
    assert found["levels_that_the_thesis_does_not_have"] == []
    assert found["settings_that_the_thesis_does_not_have"] == ["K = 4 noises in each band, not 10"]
    assert found["settings_that_the_thesis_leaves_open"] == choices(strict)
    assert found["noise_in_bands"] == {
        "sigma": 0.1,
        "noises": 4,
        "bands": 10,
        "root_mean_square_l2_norm": 0.885,
    }
    assert found["engines"] == {"l2/0.5": ["batched", "reference"]}
    average = found["average_robust_accuracy"]
    assert average["are_published_levels"] is True
    assert average["measures"] == ["gaussian/0.01", "l2/0.1", "linf/0.01"]
    for optimizer in strict.optimizers:
        expected = asdict(average_robust_accuracy(strict, measured, optimizer))
        assert average["by_optimizer"][optimizer.title]["percent"] == pytest.approx(expected)
    assert [size["is_of_published_size"] for size in found["table_4_1_sizes"]] == [
        size.is_of_published_size for size in sizes(strict, measured)
    ]
    assert len(found["table_4_1_sizes"]) == 21
    elsewhere = read(replace(strict, published=""), measured)["average_robust_accuracy"]
    assert elsewhere["are_published_levels"] is False
    assert {a["published"] for a in elsewhere["by_optimizer"].values()} == {None}


def test_the_thesiss_scale_is_no_small_sample(full, compare):
    full = replace(full, frequency=FrequencySpec(thresholds=tuple(range(10, 100, 10))))
    found = read(full, compare(AS_PREDICTED))
    assert found["is_small_sample"] is False
    assert found["small_sample_because"] == []
    # Its levels are others than those measured here.
    assert len(found["not_run"]) == sum(v["verdict"] == "not run" for v in found["verdicts"]) > 0
