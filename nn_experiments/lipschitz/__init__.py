"""Lipschitz bounds: upper ones from the layers, lower ones from images (section 4.5)."""

from nn_experiments.lipschitz.local import (
    local_lower_bound,
    lower_bounds,
    pairwise_lower_bound,
)
from nn_experiments.lipschitz.network import bounds, require_known
from nn_experiments.lipschitz.operator_norm import NORMS, Enclosure, InducedNorm
from nn_experiments.lipschitz.report import Bounds, Layer

__all__ = [
    "NORMS",
    "Bounds",
    "Enclosure",
    "InducedNorm",
    "Layer",
    "bounds",
    "local_lower_bound",
    "lower_bounds",
    "pairwise_lower_bound",
    "require_known",
]
