"""What an experiment is: frozen specs, checked when built, read from TOML and the command line.

Numbers that name a column of a published table (variances, radii) are kept as exact text, such as
``"1/255"``, so that ours and the published ones meet without rounding; :func:`level` reads them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from nn_experiments.ranges import (
    Count,
    Natural,
    Percentage,
    Points,
    Positive,
    Range,
    Seed,
    require_in_range,
)

Level = str
"""A positive number as exact text: ``"0.01"``, ``"1/255"``."""
Norm = Literal["l2", "linf"]
Command = Literal["compare", "train", "evaluate", "frequency", "lipschitz", "tables", "figures"]
Setting = bool | int | float | str
"""A value of an option that is passed on to an optimizer or a model."""

# Beyond them single precision has nothing to add to a pixel; no ball has more images.
_LEAST_LEVEL, _LARGEST_LEVEL = 1e-12, 1e4


def level(text: Level) -> float:
    """Return the number that a level's text stands for.

    Raises:
        ValueError: the text is no positive number.

    """
    try:
        # A power of ten as an exact fraction could take all memory: 1e999999999.
        value = float(Fraction(text)) if "/" in text else float(text)
    except (ValueError, ArithmeticError):
        value = math.nan
    if not _LEAST_LEVEL <= value <= _LARGEST_LEVEL:
        raise ValueError(
            "expected a number > 0 as text, such as '0.05' or '1/255', from "
            f"{_LEAST_LEVEL:g} to {_LARGEST_LEVEL:g}, as values of pixels go from 0 to 1, "
            f"got {text!r}"
        )
    return value


def _require(holds: bool, what: str, got: object) -> None:
    if not holds:
        raise ValueError(f"{what}, got {got}")


def _require_levels(name: str, texts: tuple[Level, ...]) -> None:
    try:
        values = [level(text) for text in texts]
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    _require_distinct(name, values, texts)


def _require_rates(optimizers: Sequence[OptimizerSpec], sweep: Sequence[float]) -> None:
    """Check the learning rates that a sweep would try."""
    for optimizer in optimizers:
        for factor in sweep:
            try:
                replace(optimizer, learning_rate=optimizer.learning_rate * factor)
            except ValueError as error:
                raise ValueError(f"sweep: {optimizer.title} × {factor:g}: {error}") from error


def _require_distinct(name: str, values: Sequence[object], got: object) -> None:
    _require(len(set(values)) == len(values), f"{name}: expected no repetition", got)


class Spec:
    """What all specs share: each number is in the range that its field's type names.

    A field that does not exist is an error where a spec is read.

    Raises:
        ValueError: a number is not in its range, or nan or infinite.

    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        require_in_range(self)


@dataclass(frozen=True)
class DataSpec(Spec):
    """Which images, and how many of them."""

    name: str = "fashion-mnist"
    """A data set that python -m nn_experiments data lists; folder:PATH for your own images
    (PATH/train/CLASS/*, PATH/test/CLASS/*), or idx:PATH for your own IDX files, named as MNIST's
    (PATH/train-images-idx3-ubyte and three more, as they are or with .gz)."""
    train_images: Count | None = None
    """How many to train on, drawn by subset_seed with equal shares of the classes; or all."""
    validation_images: Natural = 0
    """How many of the training images to hold out, for the choice of learning rates."""
    test_images: Count | None = None
    """How many to test on, the first ones; or all."""
    subset_seed: Seed = 0
    filtered_by: Literal["", "magnitude", "frequency"] = ""
    """What the training images' DCT coefficients are ranked by for removal (Observation I)."""
    filtered_percent: Annotated[int, Range(0, 99)] = 0
    """How many of them are removed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(
            bool(self.filtered_by) == bool(self.filtered_percent),
            "filtered_percent: expected 1 to 99 with filtered_by, and 0 without",
            self.filtered_percent,
        )


@dataclass(frozen=True)
class ModelSpec(Spec):
    """Which network."""

    name: str = "two-layer-cnn"
    """two-layer-cnn, preactresnet18, linear, or package.module:Class."""
    batch_norm: bool = False
    """BatchNorm in PreActResNet18 (Table 4.4)."""
    options: dict[str, Setting] = field(default_factory=dict)
    """Keyword arguments for a class of one's own; of preactresnet18, standardise (each image)."""


@dataclass(frozen=True)
class OptimizerSpec(Spec):
    """Which update rule, with PyTorch's defaults but for what is said here."""

    name: str = "SGD"
    """The name of a class of torch.optim, or SignSGD."""
    learning_rate: Positive = 0.1
    options: dict[str, Setting] = field(default_factory=dict)
    """Keyword arguments of the class, such as momentum."""
    label: str = ""
    """How tables and figures call it; the name, if empty."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(
            "lr" not in self.options, "options: expected the rate as learning_rate", self.options
        )

    @property
    def title(self) -> str:
        """How tables and figures call it."""
        return self.label or self.name


@dataclass(frozen=True)
class TrainingSpec(Spec):
    """The schedule, the same for all optimizers (appendix 4.A of the thesis)."""

    epochs: Count = 200
    milestones: tuple[Natural, ...] = (100, 150)
    """Epochs before which the learning rate is multiplied by factor."""
    factor: Annotated[float, Range(0, 1, is_open=True)] = 0.1
    batch_size: Count = 128
    flips: bool = True
    """Random horizontal flips; not for images whose class they change, such as synthetic ones."""
    precision: Literal["fp32", "bf16"] = "fp32"
    checkpoint_seconds: Annotated[float, Range()] = 60.0
    """How often a run is saved while it goes on; the result does not depend on it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(
            list(self.milestones) == sorted(set(self.milestones)),
            "milestones: expected increasing epochs",
            self.milestones,
        )


@dataclass(frozen=True)
class RunSpec(Spec):
    """One training: everything that its weights depend on, given device and library versions."""

    data: DataSpec
    model: ModelSpec
    optimizer: OptimizerSpec
    training: TrainingSpec
    seed: Seed


@dataclass(frozen=True)
class RobustnessSpec(Spec):
    """The perturbations under which accuracy is measured (Table 4.3)."""

    gaussian: tuple[Level, ...] = ("0.001", "0.005", "0.01")
    """Variances of the noise; images have values in [0, 1]."""
    l2: tuple[Level, ...] = ("0.1", "0.5", "0.7")
    linf: tuple[Level, ...] = ("0.01", "0.03", "0.05")
    attacks: Literal["autoattack", "apgd"] = "autoattack"
    """Standard AutoAttack, or its two APGD attacks alone."""
    engine: Literal["reference", "batched"] = "reference"
    """Who runs the APGD attacks; FAB-T and Square are always the reference engine's."""
    images: Count = 1000
    """How many test images are attacked, the first ones."""
    noisy_images: Count | None = None
    """How many test images Gaussian noise is added to, the first ones; or all."""
    largest_first: bool = False
    """Whether what stands at the largest radius counts as standing at smaller ones, without being
    attacked there: the batched engine is then nearly as much faster as there are radii."""
    noise_seed: Seed = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("gaussian", "l2", "linf"):
            _require_levels(name, getattr(self, name))
        beyond = [text for text in self.linf if level(text) > 1]
        _require(
            not beyond,
            "linf: expected radii of at most 1, with which every image can become any other, as "
            "values of pixels go from 0 to 1",
            ", ".join(beyond),
        )
        _require(
            not self.largest_first or self.engine == "batched",
            "largest_first: expected the batched engine",
            self.engine,
        )


@dataclass(frozen=True)
class FrequencySpec(Spec):
    """Observation I (section 4.3.1) and Observation II (section 4.3.2)."""

    bands: Count = 10
    noises: Count = 10
    """How many noises per band, the same for all images: K of (4.5), 10 in the thesis."""
    sigma: Annotated[float, Range(0, _LARGEST_LEVEL, is_open=True)] = 0.1
    """Standard deviation of the noise's DCT coefficients, in units of a pixel from 0 to 1. The
    thesis prints none; 0.1 is that of the authors' published notebook (variance 0.01)."""
    images: Count | None = None
    """How many test images, the first ones; or all."""
    seed: Seed = 0
    thresholds: tuple[Percentage, ...] = ()
    """Percentages of coefficients removed from training images; none: no Observation I."""
    filters: tuple[Literal["magnitude", "frequency"], ...] = ("magnitude", "frequency")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("thresholds", "filters"):
            _require_distinct(name, getattr(self, name), getattr(self, name))


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
        _require(len(set(titles)) == len(titles), "optimizers: expected labels that differ", titles)
        _require(bool(self.seeds), "seeds: expected at least one", self.seeds)
        _require_distinct("seeds", self.seeds, self.seeds)
        _require_rates(self.optimizers, self.sweep)
        _require(
            not self.sweep or self.data.validation_images > 0,
            "sweep: expected data.validation_images > 0 to choose by",
            self.data.validation_images,
        )
        _require(
            not self.gradient_energy or self.data.name.startswith("synthetic"),
            "gradient_energy: expected synthetic images, whose irrelevant band is known",
            self.data.name,
        )
        _require(
            not (self.training.flips and self.data.name.startswith("synthetic")),
            "training.flips: expected false for synthetic images, whose class a flip changes",
            "true",
        )

    def runs(self) -> tuple[RunSpec, ...]:
        """Return the networks' trainings: optimizers × seeds."""
        return tuple(
            RunSpec(self.data, self.model, optimizer, self.training, seed)
            for optimizer in self.optimizers
            for seed in self.seeds
        )

    def filtered_runs(self) -> tuple[RunSpec, ...]:
        """Return the trainings of Observation I: those on filtered images."""
        found = []
        for kind in self.frequency.filters:
            for percent in self.frequency.thresholds:
                data = replace(self.data, filtered_by=kind, filtered_percent=percent)
                found += [replace(run, data=data) for run in self.runs()]
        return tuple(found)

    def linear_runs(self) -> tuple[RunSpec, ...]:
        """Return the trainings of linear models that gradients are compared with."""
        if not self.gradient_energy or self.model.name == "linear":
            return ()
        return tuple(replace(run, model=ModelSpec("linear")) for run in self.runs())

    def all_runs(self) -> tuple[RunSpec, ...]:
        """Return every training."""
        return self.runs() + self.filtered_runs() + self.linear_runs()
