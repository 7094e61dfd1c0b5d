"""Comparisons whose truth is known: networks that answer by the difficulty of an image and luck."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from nn_experiments.specs import DataSpec, FrequencySpec, OptimizerSpec, RobustnessSpec
from nn_experiments.studies.optimizers.measurements import (
    BandAccuracy,
    LipschitzBound,
    Measurements,
    RunMeasurements,
)
from nn_experiments.studies.optimizers.preset import Preset

NOISE_NORM = 0.885  # of noise in bands
N_CLEAN, N_ATTACKED = 1000, 200
LEVELS = ("gaussian/0.005", "gaussian/0.01", "l2/0.1", "l2/0.5", "linf/0.01", "linf/0.03")


@pytest.fixture
def preset() -> Preset:
    return Preset(
        title="A comparison",
        data=DataSpec(train_images=1024),
        optimizers=(
            OptimizerSpec("SGD", 0.1),
            OptimizerSpec("Adam", 0.0005),
            OptimizerSpec("RMSprop", 0.0005, label="RMSProp"),
        ),
        robustness=RobustnessSpec(
            gaussian=("0.005", "0.01"), l2=("0.1", "0.5"), linf=("0.01", "0.03"), images=200
        ),
        frequency=FrequencySpec(thresholds=(30, 70), noises=4),
        published="Fashion-MNIST",
        not_run=("FAB-T and Square",),
    )


@pytest.fixture
def full(preset: Preset) -> Preset:
    """The thesis's scale."""
    frequency = replace(preset.frequency, noises=10)
    return replace(
        preset, data=DataSpec(), robustness=RobustnessSpec(), frequency=frequency, not_run=()
    )


Skills = dict[str, float]
Compare = Callable[..., Measurements]


@pytest.fixture
def compare() -> Compare:
    """Return measurements of networks that lose ``fragility`` of their margin when perturbed.

    A network is right on an image if margin − difficulty + luck > 0; the margin is smaller under a
    perturbation, by the optimizer's fragility.
    """

    def measure(
        fragility: Skills, *, seeds: int = 3, margin: float = 1.5, rng_seed: int = 0
    ) -> Measurements:
        rng = np.random.default_rng(rng_seed)
        difficulty = rng.standard_normal(N_CLEAN)
        return Measurements(
            tuple(
                _run(title, seed, fragile, margin, difficulty, rng)
                for title, fragile in fragility.items()
                for seed in range(seeds)
            )
        )

    return measure


def _run(
    title: str,
    seed: int,
    fragile: float,
    margin: float,
    difficulty: np.ndarray,
    rng: np.random.Generator,
) -> RunMeasurements:
    luck = 0.05 * rng.standard_normal()

    def right(lost: float, *shape: int) -> np.ndarray:
        chance = 0.1 * rng.standard_normal((*shape, len(difficulty)))
        return margin - lost + luck + chance > difficulty

    correct = {"clean": right(0.0)}
    for i, measure in enumerate(LEVELS):
        correct[measure] = right(fragile * (1 + i % 2))[: None if i < 2 else N_ATTACKED]
    for kind in ("magnitude", "frequency"):
        correct |= {f"filtered/{kind}/{p}": right(0.0) for p in (30, 70)}
    by_band = [right(0.2 if band == 0 else fragile, 4) for band in range(10)]
    layers = {"conv1": 2 + fragile, "fc1": 3 + fragile + 0.01 * seed}
    return RunMeasurements(
        optimizer=title,
        seed=seed,
        correct=correct,
        bands=BandAccuracy(correct["clean"], np.array(by_band), NOISE_NORM),
        lipschitz={
            norm: LipschitzBound(
                float(np.prod(list(layers.values()))), tuple(layers.items()), {"composed": 4.0}
            )
            for norm in ("l2", "linf", "l1")
        },
        lipschitz_local=dict.fromkeys(("l2", "linf", "l1"), 1.5),
        gradient_energy={
            model: np.clip(0.1 + fragile / 4 + 0.02 * rng.standard_normal(N_CLEAN), 0, 1)
            for model in ("network", "linear")
        },
        training_loss=1e-3 * (1 + seed),
        training_accuracy=1.0,
        filtered_training_accuracy={m: 1.0 for m in correct if m.startswith("filtered/")},
        engines=dict.fromkeys(LEVELS[2:], "batched"),
    )
