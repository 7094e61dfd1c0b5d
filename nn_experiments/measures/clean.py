"""Accuracy on the test images as they are: ``clean``, shape (N,), bool."""

from __future__ import annotations

from torch import nn

from nn_experiments.data.images import DataSet
from nn_experiments.evidence.store import CLEAN, Found
from nn_experiments.measures.answers import answers
from nn_experiments.measures.measure import Measure, one_by_one


def clean() -> Measure:
    """Return the measure."""
    return Measure(CLEAN, {}, one_by_one(_found))


def _found(model: nn.Module, data: DataSet) -> Found:
    return Found(answers(model, data.test, CLEAN))
