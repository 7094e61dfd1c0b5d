"""Accuracy under Gaussian noise: ``gaussian/VARIANCE``, shape (N,), bool."""

from __future__ import annotations

from functools import partial

import numpy as np
from torch import nn

from nn_experiments.attacks import noise
from nn_experiments.data.images import DataSet
from nn_experiments.evidence.store import Found
from nn_experiments.measures.answers import answers
from nn_experiments.measures.measure import Cost, Measure, Pace, one_by_one
from nn_experiments.specs import RobustnessSpec, level


def gaussian(spec: RobustnessSpec) -> Measure:
    """Return the measure at all variances of a spec, on its first ``noisy_images``."""

    def found(model: nn.Module, data: DataSet) -> Found:
        correct: dict[str, np.ndarray] = {}
        images = data.test.first(spec.noisy_images)
        for text in spec.gaussian:
            noisy = partial(noise.noisy, variance=level(text), seed=spec.noise_seed)
            correct |= answers(model, images, f"gaussian/{text}", noisy)
        return Found(correct)

    def cost(test: int, pace: Pace) -> Cost:
        number = len(spec.gaussian) * min(spec.noisy_images or test, test)
        return Cost("answers under noise", number, number * pace.answer)

    return Measure(
        "gaussian",
        {"variances": spec.gaussian, "seed": spec.noise_seed, "last": spec.noisy_images},
        one_by_one(found),
        "robustness",
        {"robustness.noisy_images": spec.noisy_images}
        if spec.noisy_images and spec.gaussian
        else {},
        cost=cost,
    )
