"""Tables 4.1, 4.3, 4.4 and 4.7 in the thesis's layout, ours beside the published numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from nn_experiments.evidence.tables import MISSING, mean_and_spread, percent, training_table
from nn_experiments.specs import ExactNumber, OptimizerSpec
from nn_experiments.studies.optimizers import thesis_tables as published
from nn_experiments.studies.optimizers.measurements import (
    CLEAN,
    KINDS,
    Kind,
    Measurements,
    MeasureName,
)
from nn_experiments.studies.optimizers.predictions import measures_of
from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.studies.optimizers.table_4_1 import Size, average_robust_accuracy
from theory.common.tables import TextTable

Compared = tuple[Preset, Measurements]
"""A comparison of optimizers on one data set, and what came out."""

NORM_SYMBOLS = {"l2": "ℓ2", "linf": "ℓ∞", "l1": "ℓ1"}
_SYMBOLS: dict[Kind, str] = {"gaussian": "Gaussian σ²", "l2": "ℓ2 ε", "linf": "ℓ∞ ε"}


def name_of(preset: Preset) -> str:
    """Return what tables and figures call a preset's data set."""
    return preset.published or preset.data.name


def measure_text(measure: MeasureName) -> str:
    """Return a measure as columns show it, such as ``"ℓ2 ε = 0.5"``."""
    for kind in KINDS:
        if measure.startswith(f"{kind}/"):
            return perturbation_text(kind, measure.removeprefix(f"{kind}/"))
        if measure == f"mean over {kind}":
            return f"mean over {_SYMBOLS[kind].removesuffix(' ε').removesuffix(' σ²')}"
    if measure.startswith("filtered/"):
        _, order, *threshold = measure.split("/")
        return " ".join([*(f"{text} %" for text in threshold), f"removed by {order}"])
    for norm, symbol in NORM_SYMBOLS.items():
        if measure == f"product, {norm}":
            return f"product, {symbol}"
    return {CLEAN: "test"}.get(measure, measure)


def perturbation_text(kind: Kind, text: ExactNumber) -> str:
    """Return a perturbation as columns show it, such as ``"ℓ∞ ε = 1/255"``."""
    return f"{_SYMBOLS[kind]} = {text}"


def accuracies(preset: Preset, measurements: Measurements, *, spread: bool = True) -> TextTable:
    """Return Table 4.3 for one data set (4.4 with BatchNorm, 4.7 with momentum).

    One row for each optimizer and source; accuracies in percent: ours is the mean over seeds, with
    ± the standard deviation over seeds if ``spread``; a dash where there is no number.
    """
    measures = [CLEAN, *(measure for kind in KINDS for measure in measures_of(preset, kind))]
    columns = ["Test", *map(measure_text, measures[1:])]
    rows = []
    for optimizer in preset.optimizers:
        ours = [_ours(measurements, optimizer, measure, spread) for measure in measures]
        rows.append([name_of(preset), optimizer.title, "ours", *ours])
        theirs = [published.accuracy(preset, optimizer, measure) for measure in measures]
        if any(value is not None for value in theirs):
            source = f"published, Table {published.table_of(preset)}"
            rows.append([name_of(preset), optimizer.title, source, *map(percent, theirs)])
    return TextTable(["Dataset", "Optimization", "Source", *columns], rows)


def _ours(
    measurements: Measurements, optimizer: OptimizerSpec, measure: MeasureName, spread: bool
) -> str:
    correct = measurements.correct(optimizer.title, measure)
    if correct is None:
        return MISSING
    return mean_and_spread(100 * correct.mean(axis=1), spread)


def lipschitz_and_robustness(compared: Sequence[Compared]) -> TextTable:
    """Return Table 4.1: a column for each data set; our bound is the product (4.20) in ℓ2.

    Rows are quantities, optimizers and sources; ± is over seeds for the bounds, and half the width
    of the interval for accuracies. Which of our bounds are of the published size, if any,
    :func:`sizes_table` shows.
    """
    titles = list(dict.fromkeys(o.title for preset, _ in compared for o in preset.optimizers))
    quantities: list[tuple[str, str, _Cell, _Cell]] = [
        ("∏ L(φ)", "ours, arithmetic mean", _product, _published_product),
        ("average robust accuracy, %", "ours", _average, _published_average),
    ]
    rows = []
    for quantity, our_source, ours, theirs in quantities:
        for title in titles:
            for source, cell in ((our_source, ours), ("published, Table 4.1", theirs)):
                cells = [_of(title, cell, *pair) for pair in compared]
                if source == our_source or set(cells) != {MISSING}:
                    rows.append([quantity, title, source, *cells])
    names = [name_of(preset) for preset, _ in compared]
    return TextTable(["Quantity", "Optimization", "Source", *names], rows)


_Cell = Callable[[Preset, Measurements, OptimizerSpec], str]


def _of(title: str, cell: _Cell, preset: Preset, measurements: Measurements) -> str:
    optimizer = next((o for o in preset.optimizers if o.title == title), None)
    return MISSING if optimizer is None else cell(preset, measurements, optimizer)


def _product(_: Preset, measurements: Measurements, optimizer: OptimizerSpec) -> str:
    products = [bound.product for bound in measurements.lipschitz(optimizer.title, "l2")]
    return mean_and_spread(products) if products else MISSING


def _average(preset: Preset, measurements: Measurements, optimizer: OptimizerSpec) -> str:
    found = average_robust_accuracy(preset, measurements, optimizer)
    if found is None:
        return MISSING
    half = found.high - found.estimate
    return percent(found.estimate) + (f" ± {half:.2f}" if math.isfinite(half) else "")


def _published_product(preset: Preset, _: Measurements, optimizer: OptimizerSpec) -> str:
    return percent(published.lipschitz_bound(preset, optimizer))


def _published_average(preset: Preset, _: Measurements, optimizer: OptimizerSpec) -> str:
    return percent(published.average_robust_accuracy(preset, optimizer))


def sizes_table(found: Sequence[Size]) -> TextTable:
    """Return our summaries of Lipschitz bounds beside Table 4.1's, those of its size first."""
    ordered = sorted(found, key=lambda size: not size.is_of_published_size)
    titles = list(found[0].published) if found else []
    rows = [
        [
            f"{size.summary}, {NORM_SYMBOLS.get(size.norm, size.norm)}",
            *(f"{size.ours[t]:.4g}" if t in size.ours else MISSING for t in titles),
            "yes" if size.is_of_published_size else "no",
            "yes" if size.has_published_order else "no",
        ]
        for size in ordered
    ]
    if found:
        shown = [f"{found[0].published[title]:.4g}" for title in titles]
        rows.insert(0, ["published, Table 4.1", *shown, MISSING, MISSING])
    return TextTable(["Bound", *titles, "within a factor of 2", "in the published order"], rows)


def trainings(preset: Preset, measurements: Measurements) -> TextTable:
    """Return one row a training: its status, and the loss and accuracy on its training images."""
    order = {optimizer.title: i for i, optimizer in enumerate(preset.optimizers)}
    runs = sorted(measurements.runs, key=lambda r: (order.get(r.optimizer, len(order)), r.seed))
    return training_table((run.optimizer, run) for run in runs)


def bands_table(preset: Preset, measurements: Measurements) -> TextTable:
    """Return the drop in accuracy (4.5) in each band, in points: the mean over seeds ± its spread.

    How large the noise was stands in columns of its own, as CSV has no caption.
    """
    spec, norm = preset.frequency, measurements.noise_norm()
    size = [f"{spec.sigma:g}", str(spec.noises), MISSING if norm is None else f"{norm:.3g}"]
    rows = []
    for optimizer in preset.optimizers:
        found = measurements.drops_by_band(optimizer.title)
        if found is not None:
            rows += [
                [optimizer.title, str(band), mean_and_spread(100 * drops), *size]
                for band, drops in enumerate(found.T)
            ]
    header = ["Optimization", "Band (0: lowest)", "Drop, points", "σ", "K"]
    return TextTable([*header, "ℓ2 norm (root mean square)"], rows)


def gradients_table(preset: Preset, measurements: Measurements) -> TextTable:
    """Return shares of input-gradient energy in the irrelevant band, networks beside linear models.

    Means over seeds and images in percent, ± the standard deviation over seeds.
    """
    rows = []
    for optimizer in preset.optimizers:
        found = [measurements.gradient_energy(optimizer.title, m) for m in ("network", "linear")]
        if any(values is not None for values in found):
            cells = [MISSING if v is None else mean_and_spread(100 * v.mean(axis=1)) for v in found]
            rows.append([optimizer.title, *cells])
    return TextTable(["Optimization", "Network, %", "Linear model, %"], rows)


def local_bounds_table(preset: Preset, measurements: Measurements) -> TextTable:
    """Return upper bounds beside local lower bounds, so that the gap is visible.

    Geometric means over seeds; the gap is their ratio.
    """
    rows = []
    for optimizer in preset.optimizers:
        runs = measurements.finished(optimizer.title)
        for norm, symbol in NORM_SYMBOLS.items():
            pairs = [
                (run.lipschitz[norm].product, run.lipschitz_local[norm])
                for run in runs
                if norm in run.lipschitz and norm in run.lipschitz_local
            ]
            if pairs:
                upper, lower = np.exp(np.mean(np.log(pairs), axis=0))
                cells = [f"{value:.4g}" for value in (upper, lower, upper / lower)]
                rows.append([optimizer.title, symbol, *cells])
    header = ["Upper bound, geometric mean", "Local lower bound, geometric mean", "Ratio"]
    return TextTable(["Optimization", "Norm", *header], rows)
