"""The evidence file, which programs read: what every study's has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nn_experiments.evidence.findings import Findings
from nn_experiments.evidence.store import MeasuredRun
from nn_experiments.study import Study

SCHEMA = "nn-experiments-evidence"
VERSION = 1


def head(
    title: str, settings: Mapping[str, Any], findings: Findings, environment: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the file begins with; its kind is *observed*."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "kind": "observed",
        "title": title,
        "environment": dict(environment),
        "preset": dict(settings),
        "fixed_before_results": findings.fixed,
        "changed_after_results": [change.text for change in findings.changes],
    }


def judged(findings: Findings) -> dict[str, Any]:
    """Return the predictions and the comparisons, with their outcomes as verdicts."""
    return {
        "summary": [_as_verdict(summary) for summary in findings.summaries],
        "verdicts": [_as_verdict(verdict) for verdict in findings.verdicts],
    }


def _as_verdict(found: Any) -> dict[str, Any]:
    record = asdict(found)
    record["verdict"] = record.pop("outcome")
    return record


def evidence(
    study: Study,
    runs: Sequence[MeasuredRun],
    findings: Findings,
    environment: Mapping[str, Any],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Return what was observed and what it says, for a JSON file."""
    return {
        **head(study.title or study.name, dict(study.settings), findings, environment),
        "study": study.name,
        "confidence_per_comparison": study.confidence,
        "comparisons": len(findings.verdicts),
        **judged(findings),
        "trainings": [_training(run) for run in runs],
        "seconds": dict(seconds),
    }


def _training(run: MeasuredRun) -> dict[str, Any]:
    arrays = run.found.arrays.items()
    record = {name: value for name, value in vars(run).items() if name != "found"}
    return record | {
        "means": {name: float(array.mean()) for name, array in arrays if array.size},
        "shapes": {name: array.shape for name, array in arrays},
        "values": dict(run.found.values),
    }
