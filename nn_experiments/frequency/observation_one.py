"""Observation I: which trainings on filtered images there are (section 4.3.1)."""

from __future__ import annotations

from nn_experiments.frequency.filters import Kind
from nn_experiments.specs import FrequencySpec


def settings(spec: FrequencySpec) -> list[tuple[Kind, int]]:
    """Return each filter with each threshold, in percent; none if there are no thresholds."""
    return [(kind, percent) for kind in spec.filters for percent in spec.thresholds]
