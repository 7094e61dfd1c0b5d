"""What a training and a measurement are: frozen specs, checked when built, however read.

Numbers that name a column of a published table (variances, radii) are kept as exact text, such as
``"1/255"``, so that ours and the published ones meet without rounding; :func:`level` reads them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from nn_experiments.ranges import (
    Count,
    Natural,
    Percentage,
    Positive,
    Range,
    Seed,
    require_in_range,
)

ExactNumber = str
"""A positive number as exact text: ``"0.01"``, ``"1/255"``."""
Norm = Literal["l2", "linf"]
Command = Literal["compare", "train", "evaluate", "frequency", "lipschitz", "tables", "figures"]
Setting = bool | int | float | str
"""A value of an option that is passed on to an optimizer or a model."""

# Beyond them single precision has nothing to add to a pixel; no ball has more images.
_LEAST_LEVEL, _LARGEST_LEVEL = 1e-12, 1e4


def level(text: ExactNumber) -> float:
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


def require(holds: bool, what: str, got: object) -> None:
    """Raise ValueError, saying what was expected and what was got, unless something holds."""
    if not holds:
        raise ValueError(f"{what}, got {got}")


def _require_levels(name: str, texts: tuple[ExactNumber, ...]) -> None:
    try:
        values = [level(text) for text in texts]
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    require_distinct(name, values, texts)


def require_distinct(name: str, values: Sequence[object], got: object) -> None:
    """Raise ValueError if one of some values is there twice."""
    require(len(set(values)) == len(values), f"{name}: expected no repetition", got)


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
        require(
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
        require(
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
        require(
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

    gaussian: tuple[ExactNumber, ...] = ("0.001", "0.005", "0.01")
    """Variances of the noise; images have values in [0, 1]."""
    l2: tuple[ExactNumber, ...] = ("0.1", "0.5", "0.7")
    linf: tuple[ExactNumber, ...] = ("0.01", "0.03", "0.05")
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
        require(
            not beyond,
            "linf: expected radii of at most 1, with which every image can become any other, as "
            "values of pixels go from 0 to 1",
            ", ".join(beyond),
        )
        require(
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
            require_distinct(name, getattr(self, name), getattr(self, name))
