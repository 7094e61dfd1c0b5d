"""The predictions of chapter 4 about trained networks, and what measurements say about each.

Every comparison is between the *baseline*, the preset's first optimizer named SGD (else its first),
and one other optimizer; effects of accuracy are in percentage points. A prediction is the thesis's
about adaptive methods: what it makes of SGD with momentum is shown, and does not count for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nn_experiments.specs import OptimizerSpec, Preset
from nn_experiments.verdict import published
from nn_experiments.verdict.intervals import ONE_DISAGREEMENT, Interval, difference, ln_ratio
from nn_experiments.verdict.measurements import CLEAN, KINDS, Kind, Measure, Measurements
from nn_experiments.verdict.outcomes import Outcome, all_of, at_most, positive, similar
from nn_experiments.verdict.rules import Change, Rules, changes

STANDARD = "similar standard accuracy"
ROBUST = "SGD is more robust"
LIPSCHITZ = "SGD has the smaller Lipschitz bound"
LOW_BAND = "equal response in the lowest band"
HIGH_BANDS = "adaptive methods respond more in high bands"
IRRELEVANT = "irrelevant frequencies can be removed"
ENERGY = "adaptive methods use irrelevant frequencies more"
LINEAR = "networks are ordered as linear models are"

PREDICTIONS: dict[str, str] = {
    STANDARD: "section 4.1.1, Figure 4.1",
    ROBUST: "section 4.1.1, Figure 4.1, Table 4.3",
    LIPSCHITZ: "section 4.5, Table 4.1",
    LOW_BAND: "section 4.3.2, Figures 4.6 and 4.17",
    HIGH_BANDS: "section 4.3.2, Figures 4.6 and 4.17",
    IRRELEVANT: "section 4.3.1, Figure 4.3",
    ENERGY: "Claim 4.3.1, section 4.4",
    LINEAR: "section 4.4 carried over",
}
"""Each prediction and where the thesis makes it."""

POINTS = "percentage points"
LN_RATIO = "ln ratio"
NORMS = ("l2", "linf", "l1")
# The rule of thumb for counts: at five or more a normal approximation is used.
_FEW_IMAGES = 5
_CHANGED = "changed after the results: {}"
_HALF = 50  # percent: section 4.3.1 says that more than half can be removed


@dataclass(frozen=True)
class Verdict:
    """What measurements say about one comparison that a prediction makes.

    Attributes:
        prediction: one of :data:`PREDICTIONS`.
        comparison: what the effect is, such as ``"SGD − Adam"``.
        measure: what was measured, such as ``"l2/0.5"`` or ``"mean over l2"``.
        outcome: what the interval says.
        effect: the effect and its interval, or None if not run.
        unit: of the effect.
        margin: what the interval was held against, if not 0.
        n_seeds: trainings behind each side of the comparison.
        n_images: test images behind it; 0 where the quantity is of the network alone.
        published: the published effect, in the same unit.
        is_primary: whether it counts for the prediction as a whole.
        uncounted: why it does not count, where what is compared and not only how is the reason.
        changed: what it is judged by that was changed after the results, if anything.
        note: what a reader should know.

    """

    prediction: str
    comparison: str
    measure: str
    outcome: Outcome
    effect: Interval | None = None
    unit: str = POINTS
    margin: float | None = None
    n_seeds: tuple[int, int] = (0, 0)
    n_images: int = 0
    published: float | None = None
    is_primary: bool = True
    uncounted: str = ""
    changed: str = ""
    note: str = ""


@dataclass(frozen=True)
class Summary:
    """A prediction as a whole: all its primary comparisons together."""

    prediction: str
    outcome: Outcome
    counts: dict[Outcome, int]
    """How many primary comparisons came out how."""
    where: str
    note: str = ""
    """Why nothing counts, where something was measured; what was changed after the results."""


@dataclass(frozen=True)
class _Comparison:
    """The baseline against one other optimizer."""

    preset: Preset
    measurements: Measurements
    baseline: OptimizerSpec
    other: OptimizerSpec

    @property
    def is_about_adaptive(self) -> bool:
        return self.other.name not in ("SGD", "ASGD")

    @property
    def baseline_less_other(self) -> str:
        return f"{self.baseline.title} − {self.other.title}"

    @property
    def other_less_baseline(self) -> str:
        return f"{self.other.title} − {self.baseline.title}"

    def difference(self, first: NDArray[np.generic], second: NDArray[np.generic]) -> Interval:
        """Return the difference of accuracies or drops in percentage points."""
        confidence = self.preset.margins.confidence
        return difference(first, second, confidence, added_square=ONE_DISAGREEMENT).scaled(100)


def baseline(preset: Preset) -> OptimizerSpec:
    """Return the optimizer that the others are compared with.

    Raises:
        ValueError: the preset has no optimizer.

    """
    if not preset.optimizers:
        raise ValueError("expected a preset with at least one optimizer, got none")
    return next((o for o in preset.optimizers if o.name == "SGD"), preset.optimizers[0])


def judge(
    preset: Preset, measurements: Measurements, fixed: Rules | None = None
) -> tuple[Verdict, ...]:
    """Return a verdict for each comparison that each prediction makes.

    The confidence is per comparison. Nothing here depends on another comparison's result.

    Args:
        preset: how it is judged, among others.
        measurements: what was measured.
        fixed: what was fixed before the results, if they are not new: what differs is told.

    Raises:
        ValueError: the preset has no optimizer, or trainings were tested on different images.

    """
    first = baseline(preset)
    verdicts: list[Verdict] = []
    for other in preset.optimizers:
        if other is not first:
            comparison = _Comparison(preset, measurements, first, other)
            found = (verdict for rule in _RULES for verdict in rule(comparison))
            verdicts += [_limited(verdict, comparison) for verdict in found]
    verdicts += _irrelevant(preset, measurements)
    changed = changes(fixed, preset)
    verdicts = [_told(verdict, changed) for verdict in verdicts]
    order = list(PREDICTIONS)
    return tuple(sorted(verdicts, key=lambda verdict: order.index(verdict.prediction)))


def summarise(verdicts: Sequence[Verdict]) -> tuple[Summary, ...]:
    """Return each prediction's outcome as a whole, by :func:`~.outcomes.all_of`.

    Where comparisons were measured and none of them counts, it is inconclusive, and told why.
    """
    summaries = []
    for prediction, where in PREDICTIONS.items():
        found = [v for v in verdicts if v.prediction == prediction]
        outcomes = [v.outcome for v in found if v.is_primary]
        counts = {outcome: outcomes.count(outcome) for outcome in Outcome}
        changed = dict.fromkeys(_CHANGED.format(v.changed) for v in found if v.changed)
        summary = Summary(prediction, all_of(outcomes), counts, where, "; ".join(changed))
        if not outcomes and (measured := [v for v in found if v.outcome != Outcome.NOT_RUN]):
            reasons = dict.fromkeys(v.uncounted for v in measured if v.uncounted)
            why = f"measured, but nothing counts: {'; '.join(reasons)}"
            note = "; ".join([why, *changed])
            summary = replace(summary, outcome=Outcome.INCONCLUSIVE, note=note)
        summaries.append(summary)
    return tuple(summaries)


def _told(verdict: Verdict, changed: Sequence[Change]) -> Verdict:
    """Say what of a verdict's rules was changed after the results."""
    found = "; ".join(c.text for c in changed if verdict.prediction in _concerned(c))
    if not found:
        return verdict
    notes = [verdict.note] if verdict.note else []
    return replace(verdict, changed=found, note="; ".join([*notes, _CHANGED.format(found)]))


def _concerned(change: Change) -> Sequence[str]:
    """Return the predictions whose verdicts a setting has a part in."""
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


def _limited(verdict: Verdict, comparison: _Comparison) -> Verdict:
    """Say what limits a comparison of the baseline with another optimizer."""
    optimizers = (comparison.baseline, comparison.other)
    if not comparison.is_about_adaptive:
        uncounted = f"{comparison.other.title} is no adaptive method"
        verdict = replace(verdict, is_primary=False, uncounted=uncounted)
    unfitted = [n for o in optimizers if (n := _unfitted(o, comparison))]
    return _noted(verdict, optimizers, comparison.measurements, unfitted)


def _noted(
    verdict: Verdict,
    optimizers: Sequence[OptimizerSpec],
    measurements: Measurements,
    unfitted: Sequence[str],
) -> Verdict:
    """Add what limits a verdict to its note, and leave it open where a network is no minimizer."""
    notes = [verdict.note] if verdict.note else []
    if verdict.uncounted:
        notes.append(f"{verdict.uncounted}: shown, not counted")
    notes += [n for o in optimizers if (n := _unfinished(o, measurements))]
    if unfitted and verdict.outcome != Outcome.NOT_RUN:
        notes.append(f"no minimizers of the standard risk: {', '.join(unfitted)}")
        verdict = replace(verdict, outcome=Outcome.INCONCLUSIVE)
    if verdict.effect is not None and not np.isfinite(verdict.effect.low):
        notes.append("one seed tells nothing of the spread between trainings")
    return replace(verdict, note="; ".join(notes))


def _unfinished(optimizer: OptimizerSpec, measurements: Measurements) -> str:
    runs = [run for run in measurements.runs if run.optimizer == optimizer.title]
    failed = [f"seed {run.seed} {run.status}" for run in runs if not run.finished]
    return f"{optimizer.title}: {', '.join(failed)}" if failed else ""


def _unfitted(optimizer: OptimizerSpec, c: _Comparison) -> str:
    """Name the networks that classify too few of their training images correctly."""
    accuracies = {
        run.seed: run.training_accuracy
        for run in c.measurements.runs
        if run.optimizer == optimizer.title
    }
    return _poor(accuracies, c.preset, optimizer.title)


def _poor(accuracies: Mapping[int, float | None], preset: Preset, title: str) -> str:
    """Name the seeds whose training accuracy, a fraction, is known and below the margin."""
    percent = {seed: 100 * a for seed, a in accuracies.items() if a is not None}
    poor = {seed: a for seed, a in percent.items() if a < preset.margins.fitted}
    return ", ".join(f"{title} seed {seed} fits {a:.0f} %" for seed, a in poor.items())


def _standard(c: _Comparison) -> Iterator[Verdict]:
    margin = c.preset.margins.accuracy
    verdict = _accuracy(
        c, STANDARD, CLEAN, [CLEAN], partial(similar, margin=margin), is_limited_by_ends=False
    )
    yield replace(verdict, margin=margin)


def _robust(c: _Comparison) -> Iterator[Verdict]:
    for kind in KINDS:
        measures = measures_of(c.preset, kind)
        if not measures:
            yield Verdict(ROBUST, c.baseline_less_other, f"mean over {kind}", Outcome.NOT_RUN)
            continue
        yield _accuracy(c, ROBUST, f"mean over {kind}", measures, positive)
        for measure in measures:
            yield replace(_accuracy(c, ROBUST, measure, [measure], positive), is_primary=False)


def measures_of(preset: Preset, kind: Kind) -> list[Measure]:
    """Return a preset's measures under one kind of perturbation, in its order."""
    return [f"{kind}/{text}" for text in getattr(preset.robustness, kind)]


def _accuracy(
    c: _Comparison,
    prediction: str,
    measure: str,
    measures: Sequence[Measure],
    rule: Callable[[Interval], Outcome],
    *,
    is_limited_by_ends: bool = True,
) -> Verdict:
    """Judge the baseline's accuracy less the other's, averaged over some measures."""
    titles = (c.baseline.title, c.other.title)
    first, second = (c.measurements.correct_over(title, measures) for title in titles)
    shown = [published.mean_accuracy(c.preset, o, measures) for o in (c.baseline, c.other)]
    verdict = Verdict(
        prediction,
        c.baseline_less_other,
        measure,
        Outcome.NOT_RUN,
        published=None if shown[0] is None or shown[1] is None else shown[0] - shown[1],
    )
    if first is None or second is None:
        return verdict
    effect = c.difference(first, second)
    note = _at_an_end(first, second) if is_limited_by_ends else ""
    return replace(
        verdict,
        outcome=Outcome.INCONCLUSIVE if note else rule(effect),
        effect=effect,
        n_seeds=(len(first), len(second)),
        n_images=first.shape[1],
        note=note,
    )


def _at_an_end(first: NDArray[np.float64], second: NDArray[np.float64]) -> str:
    """Say so if both accuracies are at one end of the scale, where no order can show.

    An end is fewer than five right, or fewer than five wrong, of the test images per training.
    """
    right = [values.mean() * values.shape[1] for values in (first, second)]
    wrong = [values.shape[1] - r for values, r in zip((first, second), right, strict=True)]
    if max(right) < _FEW_IMAGES:
        return f"floor: both have fewer than {_FEW_IMAGES} images right"
    if max(wrong) < _FEW_IMAGES:
        return f"ceiling: both have fewer than {_FEW_IMAGES} images wrong"
    return ""


def _lipschitz(c: _Comparison) -> Iterator[Verdict]:
    for norm in NORMS:
        verdict = Verdict(
            LIPSCHITZ,
            f"{c.other.title} / {c.baseline.title}",
            f"product, {norm}",
            Outcome.NOT_RUN,
            unit=LN_RATIO,
            is_primary=norm == "l2",
            published=_published_ln_ratio(c) if norm == "l2" else None,
        )
        titles = (c.other.title, c.baseline.title)
        larger, smaller = ([b.product for b in c.measurements.lipschitz(t, norm)] for t in titles)
        if larger and smaller:
            effect = ln_ratio(larger, smaller, c.preset.margins.confidence)
            seeds = (len(smaller), len(larger))
            verdict = replace(verdict, outcome=positive(effect), effect=effect, n_seeds=seeds)
        yield verdict


def _published_ln_ratio(c: _Comparison) -> float | None:
    bounds = [published.lipschitz_bound(c.preset, o) for o in (c.other, c.baseline)]
    return None if bounds[0] is None or bounds[1] is None else float(np.log(bounds[0] / bounds[1]))


def _low_band(c: _Comparison) -> Iterator[Verdict]:
    margin = c.preset.margins.drop
    verdict = _drop(c, LOW_BAND, "drop in band 0", slice(0, 1), partial(similar, margin=margin))
    yield replace(verdict, margin=margin)


def _high_bands(c: _Comparison) -> Iterator[Verdict]:
    """Judge the mean drop over the upper half of the bands; the middle one of an odd number not."""
    bands = c.measurements.bands() or c.preset.frequency.bands
    first = (bands + 1) // 2
    name = f"mean drop in bands {first} to {bands - 1}"
    if bands > 1:
        yield _drop(c, HIGH_BANDS, name, slice(first, bands), positive)
    else:
        yield Verdict(HIGH_BANDS, c.other_less_baseline, "mean drop", Outcome.NOT_RUN)


def _drop(
    c: _Comparison,
    prediction: str,
    measure: str,
    bands: slice,
    rule: Callable[[Interval], Outcome],
) -> Verdict:
    """Judge the other's drop (4.5) less the baseline's; the noises count as drawn, too."""
    titles = (c.other.title, c.baseline.title)
    larger, smaller = (c.measurements.drops(title, bands) for title in titles)
    verdict = Verdict(prediction, c.other_less_baseline, measure, Outcome.NOT_RUN)
    if larger is None or smaller is None:
        return verdict
    effect = c.difference(larger, smaller)
    return replace(
        verdict,
        outcome=rule(effect),
        effect=effect,
        n_seeds=(len(smaller), len(larger)),
        n_images=larger.shape[1],
    )


def _energy(c: _Comparison) -> Iterator[Verdict]:
    """Judge shares of gradient energy in the irrelevant band, for networks and linear models."""
    effects = {model: _energy_of(c, model) for model in ("network", "linear")}
    yield effects["network"]
    yield replace(effects["linear"], is_primary=False)
    yield _same_order(effects["network"], effects["linear"])


def _energy_of(c: _Comparison, model: str) -> Verdict:
    titles = (c.other.title, c.baseline.title)
    larger, smaller = (c.measurements.gradient_energy(title, model) for title in titles)
    verdict = Verdict(
        ENERGY, c.other_less_baseline, f"irrelevant gradient energy, {model}", Outcome.NOT_RUN
    )
    if larger is None or smaller is None:
        return verdict
    effect = difference(larger, smaller, c.preset.margins.confidence).scaled(100)
    return replace(
        verdict,
        outcome=positive(effect),
        effect=effect,
        n_seeds=(len(smaller), len(larger)),
        n_images=larger.shape[1],
    )


def _same_order(network: Verdict, linear: Verdict) -> Verdict:
    """Judge whether two differences have one sign; both intervals must tell it.

    A false verdict needs one of the two intervals to miss its true value, so its chance is at most
    the sum of theirs. The effect shown is the networks'.
    """
    verdict = replace(network, prediction=LINEAR, measure="order of irrelevant gradient energy")
    orders = {network.outcome, linear.outcome}
    if Outcome.NOT_RUN in orders:
        return replace(verdict, outcome=Outcome.NOT_RUN, effect=None)
    note = f"linear: {_signed(linear.effect)}"
    if Outcome.INCONCLUSIVE in orders:
        return replace(verdict, outcome=Outcome.INCONCLUSIVE, note=note)
    same = network.outcome == linear.outcome
    return replace(verdict, outcome=Outcome.SUPPORTED if same else Outcome.CONTRADICTED, note=note)


def _signed(effect: Interval | None) -> str:
    return (
        "" if effect is None else f"{effect.estimate:+.2f} [{effect.low:+.2f}, {effect.high:+.2f}]"
    )


def _irrelevant(preset: Preset, measurements: Measurements) -> list[Verdict]:
    """Judge Observation I for each optimizer by itself: what removing coefficients costs.

    "More than half" of the coefficients can be removed, says section 4.3.1: the least threshold
    above 50 % counts for the prediction, the others are shown. Both networks must fit the images
    that they were trained on: the one the full images, the other the filtered ones.
    """
    thresholds = preset.frequency.thresholds
    counted = min((threshold for threshold in thresholds if threshold > _HALF), default=None)
    verdicts = []
    for optimizer in preset.optimizers:
        for kind in preset.frequency.filters:
            for threshold in thresholds or (None,):
                verdict = _cost(preset, measurements, optimizer, kind, threshold)
                if threshold != counted:
                    reason = f"only the least threshold above {_HALF} % counts"
                    verdict = replace(verdict, is_primary=False, uncounted=reason)
                unfitted = _unfitted_to_either(preset, measurements, optimizer, verdict.measure)
                verdicts.append(_noted(verdict, (optimizer,), measurements, unfitted))
    return verdicts


def _unfitted_to_either(
    preset: Preset, measurements: Measurements, optimizer: OptimizerSpec, measure: Measure
) -> list[str]:
    """Name the networks that fit too few of their images, full or filtered."""
    runs = [run for run in measurements.runs if run.optimizer == optimizer.title]
    on_all = _poor({run.seed: run.training_accuracy for run in runs}, preset, optimizer.title)
    on_filtered = _poor(
        {run.seed: run.filtered_training_accuracy.get(measure) for run in runs},
        preset,
        f"filtered, {optimizer.title}",
    )
    return [text for text in (on_all, on_filtered) if text]


def _cost(
    preset: Preset,
    measurements: Measurements,
    optimizer: OptimizerSpec,
    kind: str,
    threshold: int | None,
) -> Verdict:
    margin = preset.margins.filtered
    name = f"filtered/{kind}" if threshold is None else f"filtered/{kind}/{threshold}"
    verdict = Verdict(
        IRRELEVANT, f"{optimizer.title}: all − filtered", name, Outcome.NOT_RUN, margin=margin
    )
    full = measurements.correct(optimizer.title, CLEAN)
    filtered = measurements.correct(optimizer.title, name)
    if full is None or filtered is None:
        return verdict
    effect = difference(
        full, filtered, preset.margins.confidence, added_square=ONE_DISAGREEMENT
    ).scaled(100)
    return replace(
        verdict,
        outcome=at_most(effect, margin),
        effect=effect,
        n_seeds=(len(full), len(filtered)),
        n_images=full.shape[1],
    )


_RULES: tuple[Callable[[_Comparison], Iterator[Verdict]], ...] = (
    _standard,
    _robust,
    _lipschitz,
    _low_band,
    _high_bands,
    _energy,
)
