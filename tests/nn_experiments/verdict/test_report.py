"""The report and the evidence file: they say the same, and what they leave out."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from nn_experiments.specs import (
    DataSpec,
    ModelSpec,
    OptimizerSpec,
    RobustnessSpec,
    TrainingSpec,
)
from nn_experiments.verdict.measurements import Measurements, RunMeasurements
from nn_experiments.verdict.report import evidence, report, small_sample, what_was_run
from theory.artefacts import environment, json_text

SKILLS = {"SGD": 0.2, "Adam": 0.9, "RMSProp": 0.8}


@pytest.fixture
def full(preset):
    return replace(preset, data=DataSpec(), robustness=RobustnessSpec(), not_run=())


def test_evidence_is_strict_json_with_everything_in_it(preset, compare):
    found = json.loads(json_text(evidence(preset, compare(SKILLS), environment(), {"train": 1.5})))
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
    found = json.loads(json_text(evidence(preset, compare(SKILLS, seeds=1), {})))
    assert found["verdicts"][0]["effect"]["low"] is None
    assert found["accuracy_percent"][0]["standard_deviation"] is None


def test_the_report_begins_with_the_verdict_and_says_how_large_the_sample_is(preset, compare):
    text = report(preset, compare(SKILLS), {"device": "cpu"}, ["figure_4_1.png"])
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[:3] == ["# A comparison", "## Verdict", "## What was run"]
    assert "small-sample run" in text
    assert "1,024 training images" in text
    assert "attacks on 200 test images, not 1,000" in text
    assert "Training loss reached: 0.001 to 0.003" in text
    assert "24 count for a prediction" in text
    assert "- FAB-T and Square" in text
    assert "![figure_4_1.png](figure_4_1.png)" in text
    assert "device: cpu" in text


def test_the_thesiss_settings_are_no_small_sample(full, compare):
    assert small_sample(full) == []
    text = report(full, compare(SKILLS), {})
    assert "small-sample" not in text
    assert "Settings of the thesis." in text
    smaller = replace(full, training=replace(full.training, epochs=10), seeds=(0,))
    assert small_sample(smaller) == ["10 epochs, not 200", "1 seed, not three"]
    fewer = replace(full, data=DataSpec(test_images=1500))
    assert small_sample(fewer) == ["1,500 test images, not the whole test set"]
    apgd = replace(full, robustness=RobustnessSpec(attacks="apgd"), training_budget=60.0)
    assert len(small_sample(apgd)) == 2


def test_what_was_run_is_told(preset, compare):
    momentum = OptimizerSpec("SGD", 0.05, {"momentum": 0.9}, label="SGD-m")
    text = report(replace(preset, optimizers=(preset.optimizers[2], momentum)), compare(SKILLS), {})
    told = text.partition("## What was run\n\n")[2].partition("\n\n")[0].splitlines()
    assert told == [
        "- Images: fashion-mnist, 1,024 to train on, all to test on.",
        "- Model: two-layer-cnn.",
        "- RMSProp: RMSprop, learning rate 0.0005.",
        "- SGD-m: SGD, learning rate 0.05, momentum = 0.9.",
        "- Learning rates: given, not chosen.",
        "- Training: 200 epochs in batches of 128, learning rates × 0.1 before epochs 100, 150, "
        "random horizontal flips, fp32; seeds 0, 1, 2.",
    ]
    chosen = replace(
        preset,
        data=DataSpec(validation_images=1000, test_images=2000),
        model=ModelSpec("preactresnet18", batch_norm=True),
        training=TrainingSpec(epochs=2, milestones=(2,), batch_size=64, flips=False),
        sweep=(0.5, 1.0),
        seeds=(4,),
    )
    told = what_was_run(chosen)
    assert told[0].endswith("all to train on, 1,000 held out, 2,000 to test on.")
    assert told[1] == "Model: preactresnet18, with BatchNorm."
    assert told[-2] == (
        "Learning rates: chosen by validation accuracy with seed 4, from each × 0.5, 1."
    )
    assert told[-1] == "Training: 2 epochs in batches of 64, no flips, fp32; seeds 4."


def test_how_intervals_are_made_is_told(preset, compare):
    text = report(preset, compare(SKILLS), {})
    assert "of the seeds' means (Welch's t over both optimizers)" in text
    assert "theirs are of the seeds' logarithms alone" in text


def test_what_was_not_measured_is_listed(full, compare):
    runs = [replace(r, bands=None, gradient_energy={}) for r in compare(SKILLS).runs]
    failed = RunMeasurements("Adam", 7, status="diverged at step 2")
    text = report(full, Measurements((*runs, failed)), {})
    assert "- equal response in the lowest band: Adam − SGD, drop in band 0" in text
    assert "9 of 10 trainings finished" in text
    assert "seed 7 diverged at step 2" in text
    assert "Gradient energy" not in text


def test_other_perturbations_than_table_4_1_averages_over_are_told(preset, compare):
    measured = compare(SKILLS)
    assert "ε = 0.01: as in Figure 4.1. After" in report(preset, measured, {})
    weaker = replace(preset, robustness=replace(preset.robustness, l2=("0.5",)))
    text = report(weaker, measured, {})
    assert "or the lower of two; what is published is over Gaussian σ² = 0.01, ℓ2 ε = 0.1," in text


def test_a_run_with_nothing_in_it_still_has_a_report(full):
    text = report(full, Measurements(()), {})
    assert "| not run |" in text
    assert "0 of 0 trainings finished" in text
    json_text(evidence(full, Measurements(()), {}))


def test_judging_needs_no_torch():
    modules = "figures, measurements, predictions, report, tables"
    code = f"""import sys
from nn_experiments.verdict import {modules}
sys.exit('torch' in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
