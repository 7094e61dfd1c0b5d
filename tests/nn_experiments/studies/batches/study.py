"""Does SGD lose accuracy with larger batches, and does it matter which rate? A study of one's own.

It lies outside the package, as a user's would: ``python -m nn_experiments compare PATH_OF_FOLDER``.
"""

import math
from dataclasses import asdict, dataclass, field, replace

from nn_experiments.evidence.outcomes import at_most, similar
from nn_experiments.evidence.store import CLEAN
from nn_experiments.measures.clean import clean
from nn_experiments.ranges import Count, Points, Positive, Seed
from nn_experiments.specs import DataSpec, ModelSpec, OptimizerSpec, RunSpec, Spec, TrainingSpec
from nn_experiments.study import Comparison, Prediction, Side, Study, swept

FALLS = "accuracy falls with the batch size"
SAME = "the rate does not matter at the smallest batch"


@dataclass(frozen=True)
class Margins(Spec):
    """What results are judged by: fixed once there are any, and told where it is changed."""

    same: Points = 5.0
    """Percentage points within which accuracies are the same."""


@dataclass(frozen=True)
class Settings(Spec):
    """What a preset of this study says."""

    title: str = "Batches of SGD on synthetic images"
    batch_sizes: tuple[Count, ...] = (4, 8, 32)
    rates: tuple[Positive, ...] = (0.05, 0.1)
    seeds: tuple[Seed, ...] = (0, 1)
    epochs: Count = 2
    train_images: Count = 64
    test_images: Count = 60
    margins: Margins = field(default_factory=Margins)


def study(settings: Settings) -> Study:
    """Return batch sizes × rates, and what is predicted of them."""
    batch = swept("batch", "training.batch_size", settings.batch_sizes)
    rate = swept("rate", "optimizer.learning_rate", settings.rates)
    data = DataSpec("synthetic", settings.train_images, test_images=settings.test_images)
    training = TrainingSpec(epochs=settings.epochs, milestones=(), flips=False)
    grid = Study(
        name="batches",
        title=settings.title,
        settings=asdict(settings),
        base=RunSpec(data, ModelSpec("linear"), OptimizerSpec("SGD"), training, 0),
        factors=(batch, rate),
        seeds=settings.seeds,
        measures=lambda cell: [clean()],
        predictions=(),
        judged_by={"margins": asdict(settings.margins)},
    )

    def side(batch_size: int, level: str) -> Side:
        cell = grid.cell(batch=f"batch {batch_size}", rate=level)
        return Side(cell, lambda run: run.found.arrays.get(CLEAN), math.log2(batch_size))

    levels = [level.name for level in rate.levels]
    trends = [
        Comparison(level, CLEAN, tuple(side(n, level) for n in settings.batch_sizes))
        for level in levels
    ]
    least = min(settings.batch_sizes)
    pair = Comparison(" − ".join(levels[:2]), CLEAN, tuple(side(least, n) for n in levels[:2]))
    return replace(
        grid,
        predictions=(
            Prediction(FALLS, "here", "slope", at_most(0.0), tuple(trends), unit="points/doubling"),
            Prediction(SAME, "here", "difference", similar(settings.margins.same), (pair,)),
        ),
    )
