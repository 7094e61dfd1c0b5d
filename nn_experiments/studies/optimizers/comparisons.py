"""What each prediction makes of two optimizers: the baseline against one other.

Effects of accuracy are in percentage points. A prediction is the thesis's about adaptive methods:
what it makes of SGD with momentum is shown, and does not count for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nn_experiments.evidence import limits
from nn_experiments.evidence.intervals import ONE_DISAGREEMENT, Interval, difference, ln_ratio
from nn_experiments.evidence.outcomes import Outcome, positive, similar
from nn_experiments.evidence.store import CLEAN, KINDS, Kind, Measure, Measurements
from nn_experiments.specs import OptimizerSpec, Preset
from nn_experiments.studies.optimizers import thesis_tables as published
from nn_experiments.studies.optimizers.predictions import (
    ENERGY,
    HIGH_BANDS,
    LINEAR,
    LIPSCHITZ,
    LN_RATIO,
    LOW_BAND,
    ROBUST,
    STANDARD,
    Verdict,
)

NORMS = ("l2", "linf", "l1")
# The rule of thumb for counts: at five or more a normal approximation is used.
_FEW_IMAGES = 5


@dataclass(frozen=True)
class Comparison:
    """The baseline against one other optimizer, and what was measured of both."""

    preset: Preset
    measurements: Measurements
    baseline: OptimizerSpec
    other: OptimizerSpec

    @property
    def is_about_adaptive(self) -> bool:
        """Whether the other optimizer is one that the predictions are about."""
        return self.other.name not in ("SGD", "ASGD")

    @property
    def baseline_less_other(self) -> str:
        """Return the name of that difference."""
        return f"{self.baseline.title} − {self.other.title}"

    @property
    def other_less_baseline(self) -> str:
        """Return the name of that difference."""
        return f"{self.other.title} − {self.baseline.title}"

    def difference(self, first: NDArray[np.generic], second: NDArray[np.generic]) -> Interval:
        """Return the difference of accuracies or drops in percentage points."""
        confidence = self.preset.margins.confidence
        return difference(first, second, confidence, added_square=ONE_DISAGREEMENT).scaled(100)


def measures_of(preset: Preset, kind: Kind) -> list[Measure]:
    """Return a preset's measures under one kind of perturbation, in its order."""
    return [f"{kind}/{text}" for text in getattr(preset.robustness, kind)]


def compared(c: Comparison) -> Iterator[Verdict]:
    """Yield a verdict for each comparison of two optimizers that a prediction makes.

    Raises:
        ValueError: trainings were tested on different images.

    """
    for rule in _RULES:
        for verdict in rule(c):
            yield _limited(verdict, c)


def _limited(verdict: Verdict, comparison: Comparison) -> Verdict:
    """Say what limits a comparison of the baseline with another optimizer."""
    optimizers = (comparison.baseline, comparison.other)
    if not comparison.is_about_adaptive:
        uncounted = f"{comparison.other.title} is no adaptive method"
        verdict = replace(verdict, is_primary=False, uncounted=uncounted)
    poor = [n for o in optimizers if (n := _unfitted(o, comparison))]
    return limits.noted(verdict, optimizers, comparison.measurements, poor)


def _unfitted(optimizer: OptimizerSpec, c: Comparison) -> str:
    """Name the networks that classify too few of their training images correctly."""
    accuracies = {
        run.seed: run.training_accuracy
        for run in c.measurements.runs
        if run.optimizer == optimizer.title
    }
    return limits.unfitted(accuracies, c.preset, optimizer.title)


def _standard(c: Comparison) -> Iterator[Verdict]:
    margin = c.preset.margins.accuracy
    verdict = _accuracy(
        c, STANDARD, CLEAN, [CLEAN], partial(similar, margin=margin), is_limited_by_ends=False
    )
    yield _held_against(margin, verdict)


def _held_against(margin: float, verdict: Verdict) -> Verdict:
    """Say why similarity was left open, if its interval would fit nowhere between ± ``margin``."""
    note, effect = verdict.note, verdict.effect
    is_open = verdict.outcome == Outcome.INCONCLUSIVE
    if is_open and effect is not None and 2 * margin < effect.high - effect.low < math.inf:
        note = (
            f"an interval wider than ± {margin:g}: too few trainings or images to find similarity, "
            "whatever the difference"
        )
    return replace(verdict, margin=margin, note=note)


def _robust(c: Comparison) -> Iterator[Verdict]:
    for kind in KINDS:
        measures = measures_of(c.preset, kind)
        if not measures:
            yield Verdict(ROBUST, c.baseline_less_other, f"mean over {kind}", Outcome.NOT_RUN)
            continue
        yield _accuracy(c, ROBUST, f"mean over {kind}", measures, positive)
        for measure in measures:
            yield replace(_accuracy(c, ROBUST, measure, [measure], positive), is_primary=False)


def _accuracy(
    c: Comparison,
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
        return f"floor: both have fewer than {_FEW_IMAGES} images right on average"
    if max(wrong) < _FEW_IMAGES:
        return f"ceiling: both have fewer than {_FEW_IMAGES} images wrong on average"
    return ""


def _lipschitz(c: Comparison) -> Iterator[Verdict]:
    for norm in NORMS:
        verdict = Verdict(
            LIPSCHITZ,
            f"{c.other.title} / {c.baseline.title}",
            f"product, {norm}",
            Outcome.NOT_RUN,
            unit=LN_RATIO,
            is_primary=norm == "l2",
        )
        if norm == "l2":
            verdict = _with_published(verdict, c)
        titles = (c.other.title, c.baseline.title)
        larger, smaller = ([b.product for b in c.measurements.lipschitz(t, norm)] for t in titles)
        if larger and smaller:
            effect = ln_ratio(larger, smaller, c.preset.margins.confidence)
            seeds = (len(larger), len(smaller))
            verdict = replace(verdict, outcome=positive(effect), effect=effect, n_seeds=seeds)
        yield verdict


def _with_published(verdict: Verdict, c: Comparison) -> Verdict:
    """Add Table 4.1's ratio, by both readings of a table that does not say what it shows.

    Of bounds a and b that are products the ln ratio is ln(a/b); if they are logarithms of
    products, it is a − b.
    """
    larger, smaller = (published.lipschitz_bound(c.preset, o) for o in (c.other, c.baseline))
    if larger is None or smaller is None:
        return verdict
    ratio, otherwise = math.log(larger / smaller), larger - smaller
    note = (
        f"published: {ratio:+.3f} = ln({larger:g}/{smaller:g}) if Table 4.1 shows products; if "
        f"their logarithms, {otherwise:+.3f} = {larger:g} − {smaller:g}"
    )
    return replace(verdict, published=ratio, published_otherwise=otherwise, note=note)


def _low_band(c: Comparison) -> Iterator[Verdict]:
    margin = c.preset.margins.drop
    verdict = _drop(c, LOW_BAND, "drop in band 0", slice(0, 1), partial(similar, margin=margin))
    yield _held_against(margin, verdict)


def _high_bands(c: Comparison) -> Iterator[Verdict]:
    """Judge the mean drop over the upper half of the bands; the middle one of an odd number not."""
    bands = c.measurements.bands() or c.preset.frequency.bands
    first = (bands + 1) // 2
    name = f"mean drop in bands {first} to {bands - 1}"
    if bands > 1:
        yield _drop(c, HIGH_BANDS, name, slice(first, bands), positive)
    else:
        yield Verdict(HIGH_BANDS, c.other_less_baseline, "mean drop", Outcome.NOT_RUN)


def _drop(
    c: Comparison,
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
    return _by_image(verdict, effect, rule, larger, smaller)


def _by_image(
    verdict: Verdict,
    effect: Interval,
    rule: Callable[[Interval], Outcome],
    larger: NDArray[np.generic],
    smaller: NDArray[np.generic],
) -> Verdict:
    """Put an effect into a verdict; values of both sides have shape (seeds, images, …)."""
    return replace(
        verdict,
        outcome=rule(effect),
        effect=effect,
        n_seeds=(len(larger), len(smaller)),
        n_images=larger.shape[1],
    )


def _energy(c: Comparison) -> Iterator[Verdict]:
    """Judge shares of gradient energy in the irrelevant band, for networks and linear models."""
    effects = {model: _energy_of(c, model) for model in ("network", "linear")}
    yield effects["network"]
    yield replace(effects["linear"], is_primary=False)
    yield _same_order(effects["network"], effects["linear"])


def _energy_of(c: Comparison, model: str) -> Verdict:
    titles = (c.other.title, c.baseline.title)
    larger, smaller = (c.measurements.gradient_energy(title, model) for title in titles)
    lacking = [text for o in (c.baseline, c.other) if (text := _without_shares(c, o, model))]
    verdict = Verdict(
        ENERGY,
        c.other_less_baseline,
        f"irrelevant gradient energy, {model}",
        Outcome.NOT_RUN,
        note="; ".join(lacking),
    )
    if larger is None or smaller is None:
        return verdict
    effect = difference(larger, smaller, c.preset.margins.confidence).scaled(100)
    return _by_image(verdict, effect, positive, larger, smaller)


def _without_shares(c: Comparison, optimizer: OptimizerSpec, model: str) -> str:
    """Name the seeds whose networks were put to the images and have no shares."""
    seeds = [
        str(run.seed)
        for run in c.measurements.finished(optimizer.title)
        if c.preset.gradient_energy and run.bands is not None and model not in run.gradient_energy
    ]
    if not seeds:
        return ""
    return (
        f"{optimizer.title} seed {', '.join(seeds)} left out: an input gradient that is zero has "
        "no shares"
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
    note = "; ".join(filter(None, (network.note, f"linear: {_signed(linear.effect)}")))
    if Outcome.INCONCLUSIVE in orders:
        return replace(verdict, outcome=Outcome.INCONCLUSIVE, note=note)
    same = network.outcome == linear.outcome
    return replace(verdict, outcome=Outcome.SUPPORTED if same else Outcome.CONTRADICTED, note=note)


def _signed(effect: Interval | None) -> str:
    return (
        "" if effect is None else f"{effect.estimate:+.2f} [{effect.low:+.2f}, {effect.high:+.2f}]"
    )


_RULES: tuple[Callable[[Comparison], Iterator[Verdict]], ...] = (
    _standard,
    _robust,
    _lipschitz,
    _low_band,
    _high_bands,
    _energy,
)
