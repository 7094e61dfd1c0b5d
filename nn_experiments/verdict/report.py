"""The report that people read, and the evidence file that programs read; both say the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from nn_experiments.specs import Preset, Setting
from nn_experiments.verdict import published
from nn_experiments.verdict.intervals import Interval
from nn_experiments.verdict.measurements import FINISHED, Measurements
from nn_experiments.verdict.outcomes import Outcome
from nn_experiments.verdict.predictions import (
    Summary,
    Verdict,
    baseline,
    judge,
    summarise,
)
from nn_experiments.verdict.rules import Change, Rules, changes, rules
from nn_experiments.verdict.table_4_1 import (
    Size,
    average_robust_accuracy,
    perturbed_measures,
    sizes,
)
from nn_experiments.verdict.tables import (
    accuracies,
    gradients_table,
    lipschitz_and_robustness,
    local_bounds_table,
    measure_text,
    name_of,
    sizes_table,
    summary_table,
    training_table,
    verdict_table,
)
from theory.tables import TextTable

SCHEMA = "nn-experiments-evidence"
VERSION = 1
FULL_SCALE_EPOCHS = 200
"""Epochs of every training in the thesis (Appendix 4.A)."""


def evidence(
    preset: Preset,
    measurements: Measurements,
    environment: Mapping[str, Any],
    timings: Mapping[str, float] | None = None,
    fixed: Rules | None = None,
) -> dict[str, Any]:
    """Return what was observed and what it says, for a JSON file; its kind is *observed*.

    Args:
        preset: as it was run, with the learning rates and the number of images that were chosen.
        measurements: what was measured.
        environment: code, versions and hardware of the machine that trained and measured, as
            :func:`theory.artefacts.environment` gives them, and the device.
        timings: seconds by stage.
        fixed: what was fixed before the results; if None, they are new, and the preset's is.

    Raises:
        ValueError: the preset has no optimizer, or trainings were tested on different images.

    """
    verdicts = judge(preset, measurements, fixed)
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "kind": "observed",
        "title": preset.title,
        "environment": dict(environment),
        "preset": asdict(preset),
        "fixed_before_results": fixed or rules(preset),
        "changed_after_results": [change.text for change in changes(fixed, preset)],
        "baseline": baseline(preset).title,
        "is_small_sample": bool(small_sample(preset)),
        "small_sample_because": small_sample(preset),
        "confidence_per_comparison": preset.margins.confidence,
        "comparisons": len(verdicts),
        "summary": [_summary_record(s) for s in summarise(verdicts)],
        "verdicts": [_verdict_record(v) for v in verdicts],
        "trainings": _training_records(measurements),
        "accuracy_percent": _accuracy_records(preset, measurements),
        "average_robust_accuracy": _average_records(preset, measurements),
        "lipschitz": _lipschitz_records(measurements),
        "table_4_1_sizes": [_size_record(size) for size in sizes(preset, measurements)],
        "engines": engines(measurements),
        "not_run": not_run(preset, verdicts),
        "seconds": dict(timings or {}),
    }


def small_sample(preset: Preset) -> list[str]:
    """Return in what a preset falls short of the thesis's scale; empty if in nothing."""
    short = []
    if preset.data.train_images is not None:
        short.append(f"{preset.data.train_images:,} training images, not the whole training set")
    if preset.training_budget is not None:
        short.append("the number of training images is what fits a time budget")
    if preset.data.test_images is not None:
        short.append(f"{preset.data.test_images:,} test images, not the whole test set")
    if preset.training.epochs < FULL_SCALE_EPOCHS:
        short.append(f"{preset.training.epochs} epochs, not {FULL_SCALE_EPOCHS}")
    if preset.robustness.images < 1000:
        short.append(f"attacks on {preset.robustness.images} test images, not 1,000")
    if preset.robustness.attacks != "autoattack":
        short.append("APGD alone, not the standard version of AutoAttack")
    if len(preset.seeds) < 3:
        short.append(f"{len(preset.seeds)} seed{'s'[: len(preset.seeds) - 1]}, not three")
    return short


def not_run(preset: Preset, verdicts: Sequence[Verdict]) -> list[str]:
    """Return what the preset leaves out, and the comparisons that nothing was measured for."""
    missing = [
        f"{v.prediction}: {v.comparison}, {measure_text(v.measure)}"
        for v in verdicts
        if v.outcome == Outcome.NOT_RUN
    ]
    return [*preset.not_run, *missing]


def what_was_run(preset: Preset) -> list[str]:
    """Return the images, the model, the update rules and the schedule, a line each."""
    data, model, training = preset.data, preset.model, preset.training
    held_out = f", {data.validation_images:,} held out" if data.validation_images else ""
    norm = ", with BatchNorm" if model.batch_norm else ""
    schedule = f"{training.epochs} epochs in batches of {training.batch_size}"
    reached = [str(epoch) for epoch in training.milestones if epoch < training.epochs]
    if reached:
        steps = ", ".join(reached)
        schedule += f", learning rates × {training.factor:g} before epochs {steps}"
    flips = "random horizontal flips" if training.flips else "no flips"
    return [
        f"Images: {data.name}, {_number_of(data.train_images)} to train on{held_out}, "
        f"{_number_of(data.test_images)} to test on.",
        f"Model: {model.name}{norm}{_keywords(model.options)}.",
        *(
            f"{o.title}: {o.name}, learning rate {o.learning_rate:g}{_keywords(o.options)}."
            for o in preset.optimizers
        ),
        f"Learning rates: {_rates(preset)}.",
        f"Training: {schedule}, {flips}, {training.precision}; "
        f"seeds {', '.join(map(str, preset.seeds))}.",
    ]


def _number_of(images: int | None) -> str:
    return "all" if images is None else f"{images:,}"


def _keywords(options: Mapping[str, Setting]) -> str:
    return "".join(f", {name} = {value}" for name, value in options.items())


def _rates(preset: Preset) -> str:
    if not preset.sweep:
        return "given, not chosen"
    factors = ", ".join(f"{factor:g}" for factor in preset.sweep)
    return f"chosen by validation accuracy with seed {preset.seeds[0]}, from each × {factors}"


def engines(measurements: Measurements) -> dict[str, list[str]]:
    """Return who ran the attacks, by measure."""
    found: dict[str, set[str]] = {}
    for run in measurements.runs:
        for measure, engine in run.engines.items():
            found.setdefault(measure, set()).add(engine)
    return {measure: sorted(names) for measure, names in found.items()}


def _interval_record(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else asdict(interval)


def _verdict_record(v: Verdict) -> dict[str, Any]:
    record = asdict(v)
    record["verdict"] = record.pop("outcome")
    return record


def _summary_record(s: Summary) -> dict[str, Any]:
    record = asdict(s)
    record["verdict"] = record.pop("outcome")
    return record


def _training_records(measurements: Measurements) -> list[dict[str, Any]]:
    return [
        {
            "optimizer": run.optimizer,
            "seed": run.seed,
            "status": run.status,
            "training_loss": run.training_loss,
            "training_accuracy": run.training_accuracy,
            "accuracy_percent": {m: 100 * float(c.mean()) for m, c in run.correct.items()},
            "test_images": {m: len(c) for m, c in run.correct.items()},
            "drop_by_band_points": None
            if run.bands is None
            else 100 * run.bands.drops().mean(axis=(1, 2)),
            "irrelevant_energy_percent": {
                model: 100 * float(shares.mean()) for model, shares in run.gradient_energy.items()
            },
        }
        for run in measurements.runs
    ]


def _accuracy_records(preset: Preset, measurements: Measurements) -> list[dict[str, Any]]:
    records = []
    for optimizer in preset.optimizers:
        measures = dict.fromkeys(
            m for run in measurements.finished(optimizer.title) for m in run.correct
        )
        for measure in measures:
            correct = measurements.correct(optimizer.title, measure)
            if correct is not None:
                by_seed = 100 * correct.mean(axis=1)
                records.append(
                    {
                        "optimizer": optimizer.title,
                        "measure": measure,
                        "mean": float(by_seed.mean()),
                        "standard_deviation": _spread(by_seed),
                        "n_seeds": len(by_seed),
                        "n_images": correct.shape[1],
                        "published": published.accuracy(preset, optimizer, measure),
                    }
                )
    return records


def _spread(values: Sequence[float] | np.ndarray) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _average_records(preset: Preset, measurements: Measurements) -> dict[str, Any]:
    measures, is_published = perturbed_measures(preset)
    return {
        "measures": list(measures),
        "are_published_levels": is_published,
        "by_optimizer": {
            o.title: {
                "percent": _interval_record(average_robust_accuracy(preset, measurements, o)),
                "published": published.average_robust_accuracy(preset, o) if is_published else None,
            }
            for o in preset.optimizers
        },
    }


def _lipschitz_records(measurements: Measurements) -> list[dict[str, Any]]:
    return [
        {
            "optimizer": run.optimizer,
            "seed": run.seed,
            "norm": norm,
            "product": bound.product,
            "ln_product": math.log(bound.product) if bound.product > 0 else None,
            "layers": dict(bound.layers),
            "variants": dict(bound.variants),
            "local_lower_bound": run.lipschitz_local.get(norm),
        }
        for run in measurements.runs
        for norm, bound in run.lipschitz.items()
    ]


def _size_record(size: Size) -> dict[str, Any]:
    return {
        **asdict(size),
        "is_of_published_size": size.is_of_published_size,
        "has_published_order": size.has_published_order,
    }


def report(
    preset: Preset,
    measurements: Measurements,
    environment: Mapping[str, Any],
    figures: Sequence[str] = (),
    fixed: Rules | None = None,
) -> str:
    """Return the report in Markdown: predictions first, then every comparison, then the numbers.

    Args:
        preset: as it was run.
        measurements: what was measured.
        environment: as for :func:`evidence`.
        figures: file names of pictures beside the report, shown after the first table.
        fixed: as for :func:`evidence`.

    Raises:
        ValueError: as :func:`evidence`.

    """
    verdicts = judge(preset, measurements, fixed)
    sections = [
        f"# {preset.title or name_of(preset)}",
        _scale(preset, measurements),
        "## Verdict",
        summary_table(summarise(verdicts)).markdown(),
        *_changed(changes(fixed, preset)),
        _how_judged(preset, verdicts, fixed),
        *(f"![{name}]({name})" for name in figures),
        "## What was run",
        _bullets(what_was_run(preset)),
        "## Comparisons",
        verdict_table(verdicts).markdown(),
        "## Accuracy (%)",
        "Mean over seeds ± standard deviation over seeds.",
        accuracies(preset, measurements).markdown(),
        *_lipschitz_sections(preset, measurements),
        *_section(
            "## Gradient energy in the irrelevant band", gradients_table(preset, measurements)
        ),
        "## Trainings",
        training_table(preset, measurements).markdown(),
        "## Not run",
        _bullets(not_run(preset, verdicts)) or "Nothing was left out.",
        "## Where",
        _where(measurements, environment),
    ]
    return "\n\n".join(sections) + "\n"


def _scale(preset: Preset, measurements: Measurements) -> str:
    losses = [r.training_loss for r in measurements.runs if r.training_loss is not None]
    reached = f"Training loss reached: {min(losses):.3g} to {max(losses):.3g}." if losses else ""
    finished = sum(run.status == FINISHED for run in measurements.runs)
    ran = f"{finished} of {len(measurements.runs)} trainings finished. {reached}".strip()
    short = small_sample(preset)
    if not short:
        return f"Settings of the thesis. {ran}"
    return (
        "**This is a small-sample run, not the thesis's experiment**: "
        f"{'; '.join(short)}. What it shows holds for this setting. {ran}"
    )


def _changed(changed: Sequence[Change]) -> list[str]:
    if not changed:
        return []
    return [f"**Changed after the results were there**: {'; '.join(c.text for c in changed)}."]


def _how_judged(preset: Preset, verdicts: Sequence[Verdict], fixed: Rules | None) -> str:
    margins, confidence = preset.margins, preset.margins.confidence
    is_changed = any(change.part == "margins" for change in changes(fixed, preset))
    when = "changed after the results" if is_changed else "fixed before the results"
    judged = [v for v in verdicts if v.outcome != Outcome.NOT_RUN]
    counted = sum(v.is_primary for v in judged)
    return (
        f"All are compared with {baseline(preset).title}. Intervals are {confidence:.0%} intervals "
        "over trainings and test images, paired by image, one comparison at a time: of the "
        f"{len(judged)} comparisons that were run, {counted} count for a prediction. A prediction "
        "is supported if each counted comparison is, and contradicted if one is; a true one with "
        f"k of them is contradicted by chance at most k × {(1 - confidence) / 2:.1%} of the time. "
        "An interval's half width is the root of a sum of squares, each a standard error times its "
        "own t quantile: of the seeds' means (Welch's t over both optimizers), of the differences "
        "paired by image, and of the noises where all images share them. Bounds have no images: "
        "theirs are of the seeds' logarithms alone. "
        f"Margins, {when}: standard accuracy "
        f"± {margins.accuracy:g}, drop in the lowest band ± {margins.drop:g}, cost of removing "
        f"frequencies {margins.filtered:g} percentage points. An interval that crosses its margin, "
        "or an order's zero, is inconclusive; so is a comparison with a network that fits less "
        f"than {margins.fitted:g} % of its training images, as the theory is about minimizers of "
        "the standard risk."
    )


def _lipschitz_sections(preset: Preset, measurements: Measurements) -> list[str]:
    if not any(run.lipschitz for run in measurements.runs):
        return []
    sections = [
        "## Lipschitz bounds",
        lipschitz_and_robustness([(preset, measurements)]).markdown(),
        _averaged(preset),
        *_section("### Upper and local lower bounds", local_bounds_table(preset, measurements)),
    ]
    found = sizes(preset, measurements)
    if found:
        sections += ["### Which of our bounds is of Table 4.1's size", _which(found)]
        sections.append(sizes_table(found).markdown())
    return sections


def _averaged(preset: Preset) -> str:
    measures, is_published = perturbed_measures(preset)
    which = (
        "as in Figure 4.1" if is_published else "of each kind the middle level, or the lower of two"
    )
    theirs = published.highlighted().get(preset.published)
    if theirs is not None and not is_published:
        which += (
            f"; what is published is over {', '.join(map(measure_text, theirs.measures))}, so that "
            "only the order can be compared"
        )
    return (
        f"Averaged over {', '.join(map(measure_text, measures))}: {which}. After ± stands the "
        "standard deviation over seeds for bounds, and half the interval's width for accuracies."
    )


def _which(found: Sequence[Size]) -> str:
    near = [f"{size.summary} in {size.norm}" for size in found if size.is_of_published_size]
    if not near:
        return (
            f"None of {len(found)} summaries of ours is within a factor of two of Table 4.1 for "
            "every optimizer."
        )
    return (
        f"Within a factor of two for every optimizer, of {len(found)} summaries: "
        f"{', '.join(near)}. With so many, one can be so by chance."
    )


def _section(heading: str, table: TextTable) -> list[str]:
    return [heading, table.markdown()] if table.rows else []


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _where(measurements: Measurements, environment: Mapping[str, Any]) -> str:
    lines = [f"{key}: {_flat(value)}" for key, value in environment.items()]
    lines += [f"attacks, {m}: {', '.join(names)}" for m, names in engines(measurements).items()]
    return _bullets(lines)


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items() if item is not None)
    return str(value)
