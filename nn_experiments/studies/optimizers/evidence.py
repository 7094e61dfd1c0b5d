"""The evidence file, which programs read: what was observed, and what it says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from nn_experiments.evidence.findings import Findings
from nn_experiments.evidence.intervals import Interval
from nn_experiments.evidence.record import head, judged
from nn_experiments.studies.optimizers import thesis_tables as published
from nn_experiments.studies.optimizers.choices import choices
from nn_experiments.studies.optimizers.measurements import Measurements
from nn_experiments.studies.optimizers.preset import Preset, baseline
from nn_experiments.studies.optimizers.setting import (
    departures,
    engines,
    levels_of_ours,
    not_run,
    small_sample,
)
from nn_experiments.studies.optimizers.table_4_1 import (
    Size,
    average_robust_accuracy,
    perturbed_measures,
    sizes,
)


def evidence(
    preset: Preset,
    measurements: Measurements,
    findings: Findings,
    environment: Mapping[str, Any],
    timings: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return what was observed and what it says, for a JSON file; its kind is *observed*.

    Args:
        preset: as it was run, with the learning rates and the number of images that were chosen.
        measurements: what was measured.
        findings: what it says.
        environment: code, versions and hardware of the machine that trained and measured, as
            :func:`theory.common.files.environment` gives them, and the device.
        timings: seconds by stage.

    Raises:
        ValueError: the preset has no optimizer.

    """
    verdicts = findings.verdicts
    return {
        **head(preset.title, asdict(preset), findings, environment),
        "baseline": baseline(preset).title,
        "is_small_sample": bool(small_sample(preset)),
        "small_sample_because": small_sample(preset),
        "settings_that_the_thesis_does_not_have": departures(preset),
        "settings_that_the_thesis_leaves_open": choices(preset),
        "confidence_per_comparison": preset.margins.confidence,
        "comparisons": len(verdicts),
        **judged(findings),
        "trainings": _training_records(measurements),
        "accuracy_percent": _accuracy_records(preset, measurements),
        "average_robust_accuracy": _average_records(preset, measurements),
        "lipschitz": _lipschitz_records(measurements),
        "table_4_1_sizes": [_size_record(size) for size in sizes(preset, measurements)],
        "engines": engines(measurements),
        "not_run": not_run(preset, verdicts),
        "noise_in_bands": _noise_record(preset, measurements),
        "levels_that_the_thesis_does_not_have": levels_of_ours(preset),
        "seconds": dict(timings or {}),
    }


def _noise_record(preset: Preset, measurements: Measurements) -> dict[str, Any] | None:
    if not measurements.bands():
        return None
    return {
        "sigma": preset.frequency.sigma,
        "noises": preset.frequency.noises,
        "bands": measurements.bands(),
        "root_mean_square_l2_norm": measurements.noise_norm(),
    }


def _interval_record(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else asdict(interval)


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
            "attacks_without_gradient": {m: asdict(found) for m, found in run.masked.items()},
            "attack_notes": {m: list(notes) for m, notes in run.attack_notes.items() if notes},
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
