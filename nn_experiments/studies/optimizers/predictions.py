"""The predictions of chapter 4 about trained networks, as data.

Effects of accuracy are in percentage points. Optimizers are compared with the baseline. A
prediction is the thesis's about adaptive methods: what it makes of SGD with momentum is shown, and
does not count for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nn_experiments.evidence.changes import Change
from nn_experiments.evidence.limits import Limits, cells_of, unfitted
from nn_experiments.evidence.outcomes import at_most, positive, similar
from nn_experiments.evidence.store import CLEAN, stacked
from nn_experiments.specs import OptimizerSpec
from nn_experiments.studies.optimizers import attack_warnings, thesis_tables
from nn_experiments.studies.optimizers.measurements import (
    KINDS,
    Kind,
    Measurements,
    MeasureName,
    RunMeasurements,
)
from nn_experiments.studies.optimizers.preset import (
    LINEAR,
    NETWORK,
    OPTIMIZER,
    Preset,
    baseline,
    filtered,
)
from nn_experiments.study import (
    LN_RATIO,
    Agreement,
    Cell,
    Comparison,
    Prediction,
    Runs,
    Side,
    Study,
)

STANDARD = "similar standard accuracy"
ROBUST = "SGD is more robust"
LIPSCHITZ = "SGD has the smaller Lipschitz bound"
LOW_BAND = "equal response in the lowest band"
HIGH_BANDS = "adaptive methods respond more in high bands"
IRRELEVANT = "irrelevant frequencies can be removed"
ENERGY = "adaptive methods use irrelevant frequencies more"
SAME_ORDER = "networks are ordered as linear models are"

PREDICTIONS: dict[str, str] = {
    STANDARD: "section 4.1.1, Figure 4.1",
    ROBUST: "section 4.1.1, Figure 4.1, Table 4.3",
    LIPSCHITZ: "section 4.5, Table 4.1",
    LOW_BAND: "section 4.3.2, Figures 4.6 and 4.17",
    HIGH_BANDS: "section 4.3.2, Figures 4.6 and 4.17",
    IRRELEVANT: "section 4.3.1, Figure 4.3",
    ENERGY: "Claim 4.3.1, section 4.4",
    SAME_ORDER: "section 4.4 carried over",
}
"""Each prediction and where the thesis makes it."""

NORMS = ("l2", "linf", "l1")
_HALF = 50  # percent: section 4.3.1 says that more than half can be removed
_NETWORK_ENERGY, _LINEAR_ENERGY = (
    f"irrelevant gradient energy, {model}" for model in (NETWORK, LINEAR)
)


def measures_of(preset: Preset, kind: Kind) -> list[MeasureName]:
    """Return a preset's measures under one kind of perturbation, in its order."""
    return [f"{kind}/{text}" for text in getattr(preset.robustness, kind)]


def predictions(preset: Preset, cells: Sequence[Cell]) -> tuple[Prediction, ...]:
    """Return all predictions.

    Args:
        preset: has the levels and the margins.
        cells: one for each optimizer.

    Raises:
        ValueError: the preset has no optimizer.

    """
    margins, pairs = preset.margins, _pairs(preset, cells)

    def of_pairs(compared: Callable[[_Pair], Iterable[Comparison]]) -> tuple[Comparison, ...]:
        return tuple(comparison for pair in pairs for comparison in compared(pair))

    def made(says: str, rule: Any, compared: tuple[Comparison, ...], **how: Any) -> Prediction:
        how = {"statistic": "difference", **how}
        return Prediction(says, PREDICTIONS[says], rule=rule, comparisons=compared, **how)

    return (
        made(STANDARD, similar(margins.accuracy), of_pairs(_standard)),
        made(ROBUST, positive(), of_pairs(_robust), has_ends=True),
        made(
            LIPSCHITZ,
            positive(),
            of_pairs(_lipschitz),
            statistic="ln ratio",
            unit=LN_RATIO,
            scale=1.0,
        ),
        made(LOW_BAND, similar(margins.drop), of_pairs(_low_band)),
        made(HIGH_BANDS, positive(), of_pairs(_high_bands)),
        made(IRRELEVANT, at_most(margins.filtered), tuple(_costs(preset, cells))),
        made(ENERGY, positive(), of_pairs(_energy), answers=False),
        made(SAME_ORDER, positive(), of_pairs(_same_order), answers=False),
    )


@dataclass(frozen=True)
class _Pair:
    """The baseline and one other optimizer, with the cells of their trainings."""

    preset: Preset
    baseline: OptimizerSpec
    other: OptimizerSpec
    cells: tuple[Cell, Cell]

    def baseline_first(self, of: Callable[[RunMeasurements], Any]) -> tuple[Side, ...]:
        """Return the sides of the baseline less the other."""
        return tuple(Side(cell, of) for cell in self.cells)

    def other_first(self, of: Callable[[RunMeasurements], Any]) -> tuple[Side, ...]:
        """Return the sides of the other less the baseline."""
        return tuple(Side(cell, of) for cell in reversed(self.cells))

    @property
    def baseline_less_other(self) -> str:
        """Return the name of that difference."""
        return f"{self.baseline.title} − {self.other.title}"

    @property
    def other_less_baseline(self) -> str:
        """Return the name of that difference."""
        return f"{self.other.title} − {self.baseline.title}"

    def counting(self, counts: bool = True) -> dict[str, Any]:
        """Return whether a comparison counts: not of methods that predictions are not about."""
        if self.other.name in ("SGD", "ASGD"):
            uncounted = f"{self.other.title} is no adaptive method"
            return {"is_counted": False, "uncounted": uncounted}
        return {"is_counted": counts}


def _pairs(preset: Preset, cells: Sequence[Cell]) -> list[_Pair]:
    first, by_title = baseline(preset), {cell[OPTIMIZER]: cell for cell in cells}
    return [
        _Pair(preset, first, other, (by_title[first.title], by_title[other.title]))
        for other in preset.optimizers
        if other is not first
    ]


def _standard(pair: _Pair) -> Iterable[Comparison]:
    yield _accuracy(pair, CLEAN, [CLEAN])


def _robust(pair: _Pair) -> Iterable[Comparison]:
    for kind in KINDS:
        measures = measures_of(pair.preset, kind)
        yield _accuracy(pair, f"mean over {kind}", measures)
        for measure in measures:
            yield _accuracy(pair, measure, [measure], counts=False)


def _accuracy(
    pair: _Pair, name: MeasureName, measures: Sequence[MeasureName], *, counts: bool = True
) -> Comparison:
    """Compare accuracies, averaged over some measures."""
    shown = [
        thesis_tables.mean_accuracy(pair.preset, o, measures) for o in (pair.baseline, pair.other)
    ]
    return Comparison(
        pair.baseline_less_other,
        name,
        pair.baseline_first(partial(_share_right, measures=tuple(measures))),
        **pair.counting(counts),
        published=None if shown[0] is None or shown[1] is None else shown[0] - shown[1],
    )


def _share_right(run: RunMeasurements, measures: Sequence[MeasureName]) -> Any:
    """Return each image's share of right answers over some measures; None without them all."""
    if not measures or any(measure not in run.correct for measure in measures):
        return None
    return stacked(run.correct[measure] for measure in measures).mean(axis=0)


def _lipschitz(pair: _Pair) -> Iterable[Comparison]:
    for norm in NORMS:
        yield Comparison(
            f"{pair.other.title} / {pair.baseline.title}",
            f"product, {norm}",
            pair.other_first(partial(_product, norm=norm)),
            **pair.counting(norm == "l2"),
            **(_published_ratio(pair) if norm == "l2" else {}),
        )


def _product(run: RunMeasurements, norm: str) -> float | None:
    return run.lipschitz[norm].product if norm in run.lipschitz else None


def _published_ratio(pair: _Pair) -> dict[str, Any]:
    """Return Table 4.1's ratio, by both readings of a table that does not say what it shows.

    Of bounds a and b that are products the ln ratio is ln(a/b); if they are logarithms of
    products, it is a − b.
    """
    larger, smaller = (
        thesis_tables.lipschitz_bound(pair.preset, o) for o in (pair.other, pair.baseline)
    )
    if larger is None or smaller is None:
        return {}
    ratio, otherwise = math.log(larger / smaller), larger - smaller
    note = (
        f"published: {ratio:+.3f} = ln({larger:g}/{smaller:g}) if Table 4.1 shows products; if "
        f"their logarithms, {otherwise:+.3f} = {larger:g} − {smaller:g}"
    )
    return {"published": ratio, "published_otherwise": otherwise, "note": note}


def _low_band(pair: _Pair) -> Iterable[Comparison]:
    yield _drop(pair, "drop in band 0", slice(0, 1))


def _high_bands(pair: _Pair) -> Iterable[Comparison]:
    """Compare the mean drop over the upper half of the bands, without the middle one if odd."""
    bands = pair.preset.frequency.bands
    first = (bands + 1) // 2
    name = f"mean drop in bands {first} to {bands - 1}" if bands > 1 else "mean drop"
    yield _drop(pair, name, slice(first, bands))


def _drop(pair: _Pair, name: str, bands: slice) -> Comparison:
    """Compare drops (4.5); the noises count as drawn, too."""
    sides = pair.other_first(partial(_drop_in, bands=bands))
    return Comparison(pair.other_less_baseline, name, sides, **pair.counting())


def _drop_in(run: RunMeasurements, bands: slice) -> Any:
    """Return the mean drop over some bands, shape (N, noises)."""
    if run.bands is None or not len(run.bands.correct[bands]):
        return None
    return run.bands.drops()[bands].mean(axis=0).T


def _costs(preset: Preset, cells: Sequence[Cell]) -> Iterable[Comparison]:
    """Compare, for each optimizer, filter and threshold, training on all and on filtered images.

    "More than half" of the coefficients can be removed, says section 4.3.1: the least threshold
    above 50 % counts for the prediction, the others are shown.
    """
    spec = preset.frequency
    counted = min((threshold for threshold in spec.thresholds if threshold > _HALF), default=None)
    for cell in cells:
        for kind in spec.filters:
            for threshold in spec.thresholds or (None,):
                measure = filtered(kind, threshold)
                counts = threshold == counted
                yield Comparison(
                    f"{cell[OPTIMIZER]}: all − filtered",
                    measure,
                    tuple(
                        Side(cell, partial(_share_right, measures=(m,))) for m in (CLEAN, measure)
                    ),
                    is_counted=counts,
                    uncounted="" if counts else f"only the least threshold above {_HALF} % counts",
                )


def _shares(pair: _Pair, model: str) -> tuple[Side, ...]:
    return pair.other_first(lambda run: run.gradient_energy.get(model))


def _energy(pair: _Pair) -> Iterable[Comparison]:
    """Compare shares of gradient energy in the irrelevant band, for networks and linear models."""
    for model, name in ((NETWORK, _NETWORK_ENERGY), (LINEAR, _LINEAR_ENERGY)):
        counting = pair.counting(model == NETWORK)
        yield Comparison(pair.other_less_baseline, name, _shares(pair, model), **counting)


def _same_order(pair: _Pair) -> Iterable[Comparison]:
    yield Agreement(
        pair.other_less_baseline,
        "order of irrelevant gradient energy",
        _shares(pair, NETWORK),
        **pair.counting(),
        beside=_shares(pair, LINEAR),
        other="linear",
    )


def limits(preset: Preset, study: Study, comparison: Comparison, runs: Runs) -> Limits:
    """Return what limits a comparison: zero gradients, attacks that saw little, poor fits."""
    cells = cells_of(comparison, study.reference)
    titles = [cell[OPTIMIZER] for cell in cells]
    measured = Measurements(tuple(run for cell in cells for run in runs[cell]))
    lacking = [
        text
        for title in titles
        if (text := _without_shares(preset, measured, title, comparison.measure))
    ]
    masked = [attack_warnings.limits(measured, title, comparison.measure) for title in titles]
    return Limits(
        "; ".join(lacking),
        [note for note in masked if note],
        [text for title in titles for text in _unfit(preset, measured, title, comparison.measure)],
    )


def _without_shares(
    preset: Preset, measured: Measurements, title: str, measure: MeasureName
) -> str:
    """Name the seeds whose networks were put to the images and have no shares."""
    if not preset.gradient_energy or "irrelevant gradient energy" not in measure:
        return ""
    model = LINEAR if measure == _LINEAR_ENERGY else NETWORK
    seeds = [
        str(run.seed)
        for run in measured.finished(title)
        if run.bands is not None and model not in run.gradient_energy
    ]
    if not seeds:
        return ""
    return f"{title} seed {', '.join(seeds)} left out: an input gradient that is zero has no shares"


def _unfit(preset: Preset, measured: Measurements, title: str, measure: MeasureName) -> list[str]:
    """Name the networks that fit too few of their images, full or, of Observation I, filtered."""
    runs = [run for run in measured.runs if run.optimizer == title]
    fits = {title: {run.seed: run.training_accuracy for run in runs}}
    if measure.startswith("filtered/"):
        fits[f"filtered, {title}"] = {
            run.seed: run.filtered_training_accuracy.get(measure) for run in runs
        }
    told = (unfitted(by_seed, preset.margins.fitted, name) for name, by_seed in fits.items())
    return [text for text in told if text]


def concerned(study: Study, change: Change) -> Sequence[str]:
    """Return the predictions whose verdicts a setting has a part in."""
    del study
    match change.part, change.name:
        case "margins", "accuracy":
            return (STANDARD,)
        case "margins", "drop":
            return (LOW_BAND,)
        case ("margins", "filtered") | ("frequency", "thresholds" | "filters"):
            return (IRRELEVANT,)
        case "robustness", _:
            return (ROBUST,)
        case "frequency", _:
            return (LOW_BAND, HIGH_BANDS)
    return tuple(PREDICTIONS)
