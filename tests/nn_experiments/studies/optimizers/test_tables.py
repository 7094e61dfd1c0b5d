"""Tables in the thesis's layout: the right numbers in the right cells, also as CSV and LaTeX."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from nn_experiments.evidence.tables import summary_table, verdict_table
from nn_experiments.specs import DataSpec, ModelSpec, OptimizerSpec, RobustnessSpec
from nn_experiments.studies.optimizers import tables
from nn_experiments.studies.optimizers.measurements import (
    LipschitzBound,
    Measurements,
    RunMeasurements,
)
from nn_experiments.studies.optimizers.table_4_1 import average_robust_accuracy, sizes
from tests.nn_experiments.studies.optimizers.truths import AS_PREDICTED, judge, summarise
from theory.common.tables import TextTable


def cells(table: TextTable) -> list[dict[str, str]]:
    return list(csv.DictReader(table.csv().splitlines()))


def test_accuracies_are_means_and_deviations_over_seeds(preset, compare):
    measurements = compare(AS_PREDICTED)
    table = tables.accuracies(preset, measurements)
    assert table.header[:6] == [
        "Dataset",
        "Optimization",
        "Source",
        "Test",
        "Gaussian σ² = 0.005",
        "Gaussian σ² = 0.01",
    ]
    ours, theirs, *_ = cells(table)
    by_seed = [100 * r.correct["l2/0.5"].mean() for r in measurements.finished("SGD")]
    assert ours["ℓ2 ε = 0.5"] == f"{np.mean(by_seed):.2f} ± {np.std(by_seed, ddof=1):.2f}"
    assert ours["Source"] == "ours"
    assert theirs["ℓ2 ε = 0.5"] == "24.33"
    assert theirs["Source"] == "published, Table 4.3"
    plain = cells(tables.accuracies(preset, measurements, spread=False))
    assert plain[0]["ℓ2 ε = 0.5"] == f"{np.mean(by_seed):.2f}"


@pytest.mark.parametrize(
    ("dataset", "optimizers", "batch_norm", "source", "first"),
    [
        ("CIFAR-10", [OptimizerSpec("SGD")], False, "published, Table 4.3", "90.16"),
        ("CIFAR-10", [OptimizerSpec("SGD")], True, "published, Table 4.4", "92.24"),
        (
            "CIFAR-10",
            [OptimizerSpec("SGD", options={"momentum": 0.9}, label="SGD-m")],
            False,
            "published, Table 4.7",
            "89.79",
        ),
    ],
)
def test_published_rows_are_of_the_table_that_has_the_setting(
    preset, dataset, optimizers, batch_norm, source, first
):
    other = replace(
        preset,
        published=dataset,
        optimizers=tuple(optimizers),
        model=ModelSpec(batch_norm=batch_norm),
    )
    ours, theirs = cells(tables.accuracies(other, Measurements(())))
    assert (theirs["Source"], theirs["Test"]) == (source, first)
    assert ours["Test"] == tables.MISSING


def test_published_columns_are_those_printed(preset):
    robustness = RobustnessSpec(
        ("0.001", "0.005", "0.007"), ("0.1", "0.2", "0.3"), ("1/255", "2/255", "4/255")
    )
    other = replace(preset, published="CIFAR-10", robustness=robustness)
    table = tables.accuracies(other, Measurements(()))
    rmsprop = next(r for r in table.rows if r[1] == "RMSProp" and r[2] != "ours")
    printed = "90.46 86.25 70.03 61.52 60.10 25.47 8.87 47.87 14.03 0.33"
    assert list(rmsprop[3:]) == printed.split()


def test_table_4_1_has_a_column_for_each_data_set(preset, compare):
    other = replace(preset, published="MNIST", data=DataSpec("mnist"))
    own = replace(preset, published="", data=DataSpec("folder:mine"))
    measurements = compare(AS_PREDICTED)
    pairs = [(p, measurements) for p in (preset, other, own)]
    table = tables.lipschitz_and_robustness(pairs)
    assert table.header[3:] == ["Fashion-MNIST", "MNIST", "folder:mine"]
    rows = {(r["Quantity"], r["Optimization"], r["Source"]): r for r in cells(table)}
    assert len(rows) == len(table.rows) == 12
    published = rows["∏ L(φ)", "Adam", "published, Table 4.1"]
    assert [published[c] for c in table.header[3:]] == ["8.12", "5.75", "–"]
    average = rows["average robust accuracy, %", "RMSProp", "published, Table 4.1"]
    assert [average[c] for c in table.header[3:]] == ["71.34", "63.54", "–"]
    products = [b.product for b in measurements.lipschitz("SGD", "l2")]
    ours = rows["∏ L(φ)", "SGD", "ours, arithmetic mean"]["MNIST"]
    assert ours == f"{np.mean(products):.2f} ± {np.std(products, ddof=1):.2f}"
    interval = average_robust_accuracy(preset, measurements, preset.optimizers[0])
    ours = rows["average robust accuracy, %", "SGD", "ours"]["Fashion-MNIST"]
    assert ours == f"{interval.estimate:.2f} ± {(interval.high - interval.low) / 2:.2f}"


def test_bounds_of_the_published_size_come_first(preset, compare):
    found = sizes(preset, compare(AS_PREDICTED))
    table = tables.sizes_table(found)
    assert table.rows[0] == ["published, Table 4.1", "3.83", "8.12", "5.11", "–", "–"]
    answers = [row[-2] for row in table.rows[1:]]
    assert answers == sorted(answers, reverse=True)
    assert len(answers) == 21
    assert tables.sizes_table(()).rows == []


def test_verdicts_are_shown_with_effect_interval_and_sample(preset, compare):
    measured = compare(AS_PREDICTED)
    verdicts = judge(preset, measured)
    rows = cells(verdict_table(verdicts, tables.measure_text))
    assert len(rows) == len(verdicts)
    for row, verdict in zip(rows, verdicts, strict=True):
        assert row["Verdict"] == verdict.outcome
        assert verdict.effect is not None
        low, high = (float(end) for end in row["Interval"].strip("[]").split(","))
        assert low <= float(row["Effect"]) <= high
    standard = rows[0]
    assert (standard["Seeds"], standard["Images"], standard["Margin"]) == ("3+3", "1000", "2")
    summary = cells(summary_table(summarise(preset, measured)))
    assert [row["Verdict"] for row in summary] == ["supported"] * 8
    assert sum(int(row["supported"]) for row in summary) == sum(v.is_primary for v in verdicts)


def test_one_seed_has_an_unknown_interval(preset, compare):
    verdicts = judge(preset, compare(AS_PREDICTED, seeds=1))
    assert {r["Interval"] for r in cells(verdict_table(verdicts, tables.measure_text))} == {
        "unknown"
    }


def test_trainings_are_in_the_presets_order(preset, compare):
    measurements = compare({"RMSProp": 0.1, "SGD": 0.1})
    failed = RunMeasurements("Adam", 0, status="diverged at step 4")
    rows = cells(tables.trainings(preset, Measurements((*measurements.runs, failed))))
    assert [r["Optimization"] for r in rows] == ["SGD"] * 3 + ["Adam"] + ["RMSProp"] * 3
    assert rows[3]["Status"] == "diverged at step 4"
    assert rows[3]["Training loss"] == "–"
    assert rows[0]["Training accuracy, %"] == "100.00"


def test_gaps_and_gradients(preset, compare):
    measurements = compare(AS_PREDICTED)
    gaps = cells(tables.local_bounds_table(preset, measurements))
    assert len(gaps) == 9
    # Named apart from the arithmetic mean that Table 4.1's layout has.
    upper = float(gaps[0]["Upper bound, geometric mean"])
    products = [bound.product for bound in measurements.lipschitz("SGD", "l2")]
    assert upper == pytest.approx(np.exp(np.mean(np.log(products))), rel=1e-3)
    assert float(gaps[0]["Ratio"]) == pytest.approx(upper / 1.5, rel=1e-3)
    energies = cells(tables.gradients_table(preset, measurements))
    for title, model in (("Network, %", "network"), ("Linear model, %", "linear")):
        shares = [100 * r.gradient_energy[model].mean() for r in measurements.finished("SGD")]
        shown = f"{np.mean(shares):.2f} ± {np.std(shares, ddof=1):.2f}"
        assert energies[0][title] == shown


def test_verdicts_are_shown_as_they_are(preset, compare):
    """Each column, by hand, where the sides have different numbers of trainings."""
    runs = [r for r in compare(AS_PREDICTED).runs if (r.optimizer, r.seed) != ("Adam", 2)]
    verdicts = judge(preset, Measurements(tuple(runs)))
    for row, v in zip(cells(verdict_table(verdicts, tables.measure_text)), verdicts, strict=True):
        digits = 3 if v.unit == "ln ratio" else 2
        shown = [f"{x:+.{digits}f}" for x in (v.effect.estimate, v.effect.low, v.effect.high)]
        assert [row["Effect"], row["Interval"]] == [shown[0], f"[{shown[1]}, {shown[2]}]"]
        published = tables.MISSING if v.published is None else f"{v.published:+.{digits}f}"
        if v.published_otherwise is not None:
            published += f" or {v.published_otherwise:+.3f}"
        assert row["Published"] == published
        assert row["Margin"] == (tables.MISSING if v.margin is None else "2")
        assert row["Seeds"] == f"{v.n_seeds[0]}+{v.n_seeds[1]}"
        assert row["Counted"] == ("yes" if v.is_primary else "no")
        assert (row["Unit"], row["Note"]) == (v.unit, v.note)
    assert {v.n_seeds for v in verdicts} >= {(3, 2), (2, 3), (3, 3), (2, 2)}


def test_local_bounds_are_of_their_norm(preset, compare):
    local = {"l2": 1.5, "linf": 2.5, "l1": 3.5}
    runs = [replace(r, lipschitz_local=local) for r in compare(AS_PREDICTED).runs]
    rows = cells(tables.local_bounds_table(preset, Measurements(tuple(runs))))
    shown = {row["Norm"]: float(row["Local lower bound, geometric mean"]) for row in rows}
    assert shown == {"ℓ2": 1.5, "ℓ∞": 2.5, "ℓ1": 3.5}


def test_the_product_is_that_in_l2(preset, compare):
    runs = [
        replace(
            r, lipschitz={**r.lipschitz, "linf": LipschitzBound(1e6), "l1": LipschitzBound(1e7)}
        )
        for r in compare(AS_PREDICTED).runs
    ]
    pair = (preset, Measurements(tuple(runs)))
    shown = cells(tables.lipschitz_and_robustness([pair]))[0]["Fashion-MNIST"]
    products = [r.lipschitz["l2"].product for r in runs[:3]]
    assert shown == f"{np.mean(products):.2f} ± {np.std(products, ddof=1):.2f}"


def test_summaries_count_their_outcomes(preset, compare):
    reversed_ = {"SGD": 0.9, "Adam": 0.2, "RMSProp": 0.9}
    summaries = summarise(preset, compare(reversed_))
    for row, summary in zip(cells(summary_table(summaries)), summaries, strict=True):
        assert row["Verdict"] == summary.outcome
        assert {k: int(row[k]) for k in summary.counts} == summary.counts


def test_every_table_can_be_latex_and_markdown(preset, compare):
    measurements = compare(AS_PREDICTED)
    verdicts = judge(preset, measurements)
    for table in (
        tables.accuracies(preset, measurements),
        tables.lipschitz_and_robustness([(preset, measurements)]),
        verdict_table(verdicts, tables.measure_text),
        tables.sizes_table(sizes(preset, measurements)),
    ):
        latex = table.latex().splitlines()
        assert latex[0] == f"\\begin{{tabular}}{{{'l' * len(table.header)}}}"
        rows = [line for line in latex if line.endswith(r"\\")]
        assert {line.replace(r"\&", "").count("&") for line in rows} == {len(table.header) - 1}
        assert len(table.markdown().splitlines()) == len(table.rows) + 2
