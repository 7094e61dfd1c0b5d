"""What a preset of the comparison says: what is trained, how it is measured, how it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from nn_experiments.ranges import Points, Positive, Range, Seed
from nn_experiments.specs import (
    DataSpec,
    FrequencySpec,
    ModelSpec,
    OptimizerSpec,
    RobustnessSpec,
    Spec,
    TrainingSpec,
    require,
    require_distinct,
)

OPTIMIZER, IMAGES, MODEL = "optimizer", "training images", "model"
"""The factors."""
ALL_IMAGES, NETWORK, LINEAR = "all", "network", "linear"
"""Levels of the latter two: where they stand by themselves, and linear models."""


@dataclass(frozen=True)
class MarginsSpec(Spec):
    """What counts as similar and as different; fixed before the results that they judge."""

    accuracy: Points = 2.0
    """Percentage points within which standard accuracies are similar."""
    drop: Points = 2.0
    """Percentage points within which drops under noise in the lowest band are equal."""
    filtered: Points = 2.0
    """Percentage points that removing irrelevant frequencies may cost."""
    fitted: Annotated[float, Range(0, 100)] = 90.0
    """Percentage of its training images that a network must classify correctly. The theory is about
    minimizers of the standard risk: comparisons with a network that is none are inconclusive."""
    confidence: Annotated[float, Range(0, 0.999999, is_open=True)] = 0.95


@dataclass(frozen=True)
class Preset(Spec):
    """A comparison of optimizers: what is trained, how it is measured, how it is judged."""

    title: str = ""
    data: DataSpec = field(default_factory=DataSpec)
    model: ModelSpec = field(default_factory=ModelSpec)
    optimizers: tuple[OptimizerSpec, ...] = ()
    training: TrainingSpec = field(default_factory=TrainingSpec)
    seeds: tuple[Seed, ...] = (0, 1, 2)
    sweep: tuple[Positive, ...] = ()
    """Factors on each learning rate to choose among by validation accuracy; none: no choice."""
    robustness: RobustnessSpec = field(default_factory=RobustnessSpec)
    frequency: FrequencySpec = field(default_factory=FrequencySpec)
    lipschitz: bool = True
    """Whether Lipschitz bounds are computed."""
    pictures: bool = True
    """Whether images are drawn, with their spectrum, filters and noise, and as attacks perturb
    them: of a small comparison this takes as long as the rest."""
    gradient_energy: bool = False
    """On synthetic images: the share of the input gradient in the irrelevant band, of the networks
    and of linear models that are trained by the same rules on the same images."""
    margins: MarginsSpec = field(default_factory=MarginsSpec)
    published: str = ""
    """The data set's name in the published tables, if it is in them."""
    not_run: tuple[str, ...] = ()
    """What the thesis measures and this preset does not, where the other fields do not say so."""
    training_budget: Positive | None = None
    """Seconds for all trainings together: the number of training images is then the largest power
    of two, at most data.train_images, whose training fits, by the time that a few steps take.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        titles = [optimizer.title for optimizer in self.optimizers]
        require(len(set(titles)) == len(titles), "optimizers: expected labels that differ", titles)
        require(bool(self.seeds), "seeds: expected at least one", self.seeds)
        require_distinct("seeds", self.seeds, self.seeds)
        _require_rates(self.optimizers, self.sweep)
        require(
            not self.sweep or self.data.validation_images > 0,
            "sweep: expected data.validation_images > 0 to choose by",
            self.data.validation_images,
        )
        require(
            not self.gradient_energy or self.data.name.startswith("synthetic"),
            "gradient_energy: expected synthetic images, whose irrelevant band is known",
            self.data.name,
        )
        require(
            not (self.training.flips and self.data.name.startswith("synthetic")),
            "training.flips: expected false for synthetic images, whose class a flip changes",
            "true",
        )


def baseline(preset: Preset) -> OptimizerSpec:
    """Return the optimizer that the others are compared with: the first SGD, or else the first.

    Raises:
        ValueError: the preset has no optimizer.

    """
    if not preset.optimizers:
        raise ValueError("expected a preset with at least one optimizer, got none")
    return next((o for o in preset.optimizers if o.name == "SGD"), preset.optimizers[0])


def filtered(kind: str, percent: int | None) -> str:
    """Return the measure of networks that were trained on filtered images, and their level."""
    return f"filtered/{kind}" if percent is None else f"filtered/{kind}/{percent}"


def _require_rates(optimizers: Sequence[OptimizerSpec], sweep: Sequence[float]) -> None:
    """Check the learning rates that a sweep would try."""
    for optimizer in optimizers:
        for factor in sweep:
            try:
                replace(optimizer, learning_rate=optimizer.learning_rate * factor)
            except ValueError as error:
                raise ValueError(f"sweep: {optimizer.title} × {factor:g}: {error}") from error
