"""The report: it says what the evidence does, and what it leaves out."""

import subprocess
import sys
from dataclasses import replace

from nn_experiments.studies.optimizers.measurements import (
    LipschitzBound,
    Measurements,
    RunMeasurements,
)
from nn_experiments.studies.optimizers.preset import MarginsSpec
from nn_experiments.studies.optimizers.table_4_1 import sizes
from tests.nn_experiments.studies.optimizers.truths import AS_PREDICTED, evidence, report, rules
from theory.common.files import json_text


def test_the_report_begins_with_the_verdict_and_says_how_large_the_sample_is(preset, compare):
    text = report(preset, compare(AS_PREDICTED), {"device": "cpu"}, ["figure_4_1.png"])
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[:3] == ["# A comparison", "## Verdict", "## What was run"]
    assert "small-sample run" in text
    assert "1,024 training images" in text
    assert "attacks on 200 test images, not 1,000" in text
    assert "Training loss reached: 0.001 to 0.003" in text
    assert "48 were run, and 24 of them count for a prediction" in text
    assert "- FAB-T and Square" in text
    assert "![figure_4_1.png](figure_4_1.png)" in text
    assert "device: cpu" in text


def test_how_intervals_are_made_is_told(preset, compare):
    text = report(preset, compare(AS_PREDICTED), {})
    assert "of the seeds' means (Welch's t over both optimizers, whose seeds count as" in text
    assert "theirs are of the seeds' logarithms alone." in text
    assert "With 3 trainings of each optimizer that t has 2 to 4 degrees of freedom" in text
    one = report(replace(preset, seeds=(0,)), compare(AS_PREDICTED, seeds=1), {})
    assert "degrees of freedom" not in one


def test_the_report_has_the_presets_margins_confidence_and_baseline(preset, compare):
    margins = MarginsSpec(accuracy=1.25, drop=1.5, filtered=1.75, fitted=80, confidence=0.9)
    adam, sgd = preset.optimizers[1], preset.optimizers[0]
    other = replace(preset, margins=margins, optimizers=(adam, sgd))
    text = report(other, compare(AS_PREDICTED), {})
    assert "Optimizers are compared with SGD by 90% intervals over trainings" in text
    assert (
        "standard accuracy ± 1.25, drop in the lowest band ± 1.5, cost of removing frequencies "
        "1.75 percentage points"
    ) in text
    assert "a network that fits less than 80 % of its training images is inconclusive" in text
    assert "a false one is supported by chance at most 5.0% of the time" in text
    assert "contradicted at most k × 5.0%." in text


def test_comparisons_are_counted_that_were_run(preset, compare):
    runs = [replace(r, bands=None, gradient_energy={}) for r in compare(AS_PREDICTED).runs]
    text = report(preset, Measurements(tuple(runs)), {})
    # Of 48, without four of bands and six of energies; of 24, without four and four.
    assert "38 were run, and 16 of them count for a prediction" in text
    assert "are doubled there" not in text
    assert "are doubled there" in report(preset, compare(AS_PREDICTED), {})


def test_changed_levels_are_no_changed_margins(preset, compare):
    weaker = replace(preset, robustness=replace(preset.robustness, l2=("0.5",)))
    text = report(weaker, compare(AS_PREDICTED), {}, fixed=rules(preset))
    assert "robustness.l2: 0.1 0.5, now 0.5" in text
    assert "Margins, unchanged since the first results here" in text


def test_how_many_images_a_column_has_is_told(preset, compare):
    measured = compare(AS_PREDICTED)
    text = report(preset, measured, {})
    assert (
        "Test images, the first ones: 1,000: test, Gaussian σ² = 0.005, Gaussian σ² = 0.01; "
        "200: ℓ2 ε = 0.1, ℓ2 ε = 0.5, ℓ∞ ε = 0.01, ℓ∞ ε = 0.03. Columns with different"
    ) in text
    alike = [
        replace(r, correct={m: c for m, c in r.correct.items() if len(c) == 1000})
        for r in measured.runs
    ]
    text = report(preset, Measurements(tuple(alike)), {})
    assert "Test images: 1,000: test, Gaussian" in text
    assert "Columns with" not in text


def test_bounds_of_the_published_size_are_named(preset, compare):
    measured = compare(AS_PREDICTED)
    near = [s for s in sizes(preset, measured) if s.is_of_published_size]
    assert 0 < len(near) < 21
    (line,) = [
        line
        for line in report(preset, measured, {}).splitlines()
        if line.startswith("Within a factor of two for every optimizer, of 21 summaries: ")
    ]
    names = line.partition(": ")[2].partition(". With so many")[0].split(", ")
    symbols = {"l2": "ℓ2", "linf": "ℓ∞", "l1": "ℓ1"}
    assert names == [f"{s.summary} in {symbols[s.norm]}" for s in near]
    larger = [
        replace(
            r,
            lipschitz={
                norm: LipschitzBound(1e9 * b.product, (("conv1", 1e5),), {"composed": 1e5})
                for norm, b in r.lipschitz.items()
            },
        )
        for r in measured.runs
    ]
    text = report(preset, Measurements(tuple(larger)), {})
    assert "None of 21 summaries of ours is within a factor of two of Table 4.1" in text


def test_who_ran_the_attacks_and_where_is_told(preset, compare):
    runs = [
        replace(r, engines={"l2/0.5": "batched" if r.seed else "reference"})
        for r in compare(AS_PREDICTED).runs
    ]
    text = report(preset, Measurements(tuple(runs)), {"hardware": {"cpu": "x", "gpu": None}})
    assert "- attacks, l2/0.5: batched, reference" in text
    assert "- hardware: cpu x\n" in text


def test_what_was_not_measured_is_listed(full, compare):
    runs = [replace(r, bands=None, gradient_energy={}) for r in compare(AS_PREDICTED).runs]
    failed = RunMeasurements("Adam", 7, status="diverged at step 2")
    text = report(full, Measurements((*runs, failed)), {})
    assert "- equal response in the lowest band: Adam − SGD, drop in band 0" in text
    assert "9 of 10 trainings finished" in text
    assert "seed 7 diverged at step 2" in text
    assert "Gradient energy" not in text


def test_other_perturbations_than_table_4_1_averages_over_are_told(preset, compare):
    measured = compare(AS_PREDICTED)
    text = report(preset, measured, {})
    assert "ε = 0.01: as in Figure 4.1. After ± stands the standard deviation over seeds" in text
    assert "for bounds, and half the interval's width for accuracies." in text
    weaker = replace(preset, robustness=replace(preset.robustness, l2=("0.5",)))
    text = report(weaker, measured, {})
    assert "or the lower of two; what is published is over Gaussian σ² = 0.01, ℓ2 ε = 0.1," in text


def test_a_run_with_nothing_in_it_still_has_a_report(full):
    text = report(full, Measurements(()), {})
    assert "| not run |" in text
    assert "0 of 0 trainings finished" in text
    json_text(evidence(full, Measurements(()), {}))


def test_judging_needs_no_torch():
    general = "figures, judge, record, report, shown, store, tables"
    ours = "evidence, figures, measurements, predictions, report, study, tables"
    code = f"""import sys
from nn_experiments.evidence import {general}
from nn_experiments.studies.optimizers import {ours}
sys.exit('torch' in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
