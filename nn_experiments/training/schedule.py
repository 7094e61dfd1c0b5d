"""The learning rate as a function of the epoch (appendix 4.A of the thesis)."""

from __future__ import annotations

from nn_experiments.specs import TrainingSpec


def learning_rate(training: TrainingSpec, initial: float, epoch: int) -> float:
    """Return the learning rate during an epoch, counted from 0.

    It is multiplied by ``training.factor`` before each milestone: the thesis's milestones 100 and
    150 leave the first 100 epochs at the initial rate.
    """
    rate = initial
    for milestone in training.milestones:
        if milestone <= epoch:
            rate *= training.factor
    return rate
