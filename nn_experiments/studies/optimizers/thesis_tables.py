"""Published numbers, looked up by what they were measured on, and what can be derived from them."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Literal

from nn_experiments.specs import ExactNumber, OptimizerSpec
from nn_experiments.studies.optimizers.measurements import CLEAN, KINDS, Kind, MeasureName
from nn_experiments.studies.optimizers.preset import Preset

Table = Literal["4.3", "4.4", "4.7"]

_FILES: dict[Table, str] = {
    "4.3": "table_4_3_standard.csv",
    "4.4": "table_4_4_batchnorm.csv",
    "4.7": "table_4_7_momentum.csv",
}
# By the name of the class of torch.optim.
_NAMES = {"SGD": "SGD", "Adam": "Adam", "RMSprop": "RMSProp"}
_KINDS = {"none": CLEAN, "gaussian_variance": "gaussian", "l2_eps": "l2", "linf_eps": "linf"}
_FALLBACK: dict[Table, Table] = {"4.3": "4.3", "4.4": "4.4", "4.7": "4.3"}
# Accuracies in percent are printed with two decimals, and so are their averages: an average of
# printed numbers is off by at most half a unit, and the printed average by another half.
ROUNDING = 0.01


@dataclass(frozen=True)
class Highlighted:
    """The perturbations of Figure 4.1 for one data set, with what they make of Table 4.1.

    Attributes:
        dataset: as Table 4.1 calls it.
        row: as Table 4.3 calls it; says whether top-1 or top-5 accuracy is meant.
        levels: the level of each kind of perturbation.
        gaps: for each optimizer, the mean of the three accuracies of Table 4.3 at these levels,
            less the average of Table 4.1, in percentage points.

    """

    dataset: str
    row: str
    levels: dict[Kind, ExactNumber]
    gaps: dict[str, float]

    @property
    def is_exact(self) -> bool:
        """Whether the mean equals Table 4.1 to rounding for every optimizer."""
        return all(abs(gap) <= ROUNDING + 1e-9 for gap in self.gaps.values())

    @property
    def measures(self) -> tuple[MeasureName, ...]:
        """The three accuracies that are averaged."""
        return tuple(self.measure(kind) for kind in KINDS)

    @property
    def clean(self) -> MeasureName:
        """The standard accuracy of the same kind: top-1 or top-5."""
        return f"{self._prefix}{CLEAN}"

    def measure(self, kind: Kind) -> MeasureName:
        """Return the accuracy under one kind of perturbation."""
        return f"{self._prefix}{kind}/{self.levels[kind]}"

    @property
    def _prefix(self) -> str:
        return "top5/" if self.row.endswith("(top5)") else ""


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (
        files("nn_experiments.studies.optimizers.published")
        .joinpath(name)
        .read_text(encoding="utf-8")
    )
    yield from csv.DictReader(text.splitlines())


@cache
def _accuracies(table: Table) -> dict[tuple[str, str], dict[MeasureName, float]]:
    """Return accuracies in percent by (row's name, optimizer) and measure without ``top5/``."""
    found: dict[tuple[str, str], dict[MeasureName, float]] = {}
    for row in _rows(_FILES[table]):
        measure = f"{_KINDS[row['perturbation']]}/{row['level']}".removesuffix("/0")
        by_measure = found.setdefault((row["dataset"], row["optimizer"]), {})
        by_measure[measure] = float(row["accuracy_percent"])
    return found


@cache
def _lipschitz() -> dict[tuple[str, str], tuple[float, float]]:
    """Return Table 4.1: (upper bound, average robust accuracy in percent)."""
    return {
        (row["dataset"], row["optimizer"]): (
            float(row["lipschitz_upper_bound"]),
            float(row["average_robust_accuracy_percent"]),
        )
        for row in _rows("table_4_1_lipschitz.csv")
    }


def datasets() -> tuple[str, ...]:
    """Return the data sets of Table 4.1, in its order."""
    return tuple(dict.fromkeys(dataset for dataset, _ in _lipschitz()))


def table_of(preset: Preset) -> Table:
    """Return the table of accuracies that a preset's setting belongs to.

    Table 4.4 is with BatchNorm; Table 4.7 compares SGD without and with momentum; else Table 4.3.
    """
    if preset.model.batch_norm:
        return "4.4"
    return "4.7" if any(name_of(o) == "SGD-m" for o in preset.optimizers) else "4.3"


def name_of(optimizer: OptimizerSpec) -> str | None:
    """Return what the published tables call an update rule, or None if they do not have it."""
    if not optimizer.options:
        return _NAMES.get(optimizer.name)
    is_momentum = optimizer.name == "SGD" and optimizer.options == {"momentum": 0.9}
    return "SGD-m" if is_momentum else None


def accuracy(preset: Preset, optimizer: OptimizerSpec, measure: MeasureName) -> float | None:
    """Return the published accuracy in percent of a preset's data set, or None.

    Table 4.7 has SGD alone; its other columns and rows are those of Table 4.3.
    """
    name = name_of(optimizer)
    if not preset.published or name is None:
        return None
    is_top5 = measure.startswith("top5/")
    rows = (
        [f"{preset.published}(top5)"]
        if is_top5
        else [preset.published, f"{preset.published}(top1)"]
    )
    table = table_of(preset)
    for candidate, row in itertools.product(dict.fromkeys((table, _FALLBACK[table])), rows):
        for other, value in _accuracies(candidate).get((row, name), {}).items():
            if _is_same(other, measure.removeprefix("top5/")):
                return value
    return None


def _is_same(a: MeasureName, b: MeasureName) -> bool:
    """Say whether two measures differ at most in how their level is written."""
    (kind, _, text), (other_kind, _, other) = a.partition("/"), b.partition("/")
    return kind == other_kind and (text == other or (kind in KINDS and _same_level(text, other)))


def is_among(text: ExactNumber, levels: Sequence[ExactNumber]) -> bool:
    """Say whether a level is one of some, however it is written."""
    return any(_same_level(text, other) for other in levels)


def _same_level(a: ExactNumber, b: ExactNumber) -> bool:
    return Fraction(a) == Fraction(b)


def levels(preset: Preset, kind: Kind) -> list[ExactNumber]:
    """Return the levels of a perturbation that the thesis has for a preset's data set, or none."""
    dataset = preset.published
    rows = (dataset, f"{dataset}(top1)", f"{dataset}(top5)")
    table = table_of(preset)
    found = [
        measure.removeprefix(f"{kind}/")
        for candidate in dict.fromkeys((table, _FALLBACK[table]))
        for (row, _), by_measure in _accuracies(candidate).items()
        for measure in by_measure
        if row in rows and measure.startswith(f"{kind}/")
    ]
    return list(dict.fromkeys(found))


def mean_accuracy(
    preset: Preset, optimizer: OptimizerSpec, measures: Sequence[MeasureName]
) -> float | None:
    """Return the mean of published accuracies in percent; None unless all are published."""
    found = [accuracy(preset, optimizer, measure) for measure in measures]
    known = [value for value in found if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(found) else None


def lipschitz_bound(preset: Preset, optimizer: OptimizerSpec) -> float | None:
    """Return the bound of Table 4.1 for networks without BatchNorm, or None."""
    entry = _table_4_1(preset, optimizer)
    return None if entry is None else entry[0]


def average_robust_accuracy(preset: Preset, optimizer: OptimizerSpec) -> float | None:
    """Return the average robust accuracy of Table 4.1 in percent, or None."""
    entry = _table_4_1(preset, optimizer)
    return None if entry is None else entry[1]


def _table_4_1(preset: Preset, optimizer: OptimizerSpec) -> tuple[float, float] | None:
    name = name_of(optimizer)
    if preset.model.batch_norm or name is None:
        return None
    return _lipschitz().get((preset.published, name))


def find_highlighted(dataset: str) -> Highlighted:
    """Return the perturbations whose average is Table 4.1's: those that Figure 4.1 shows.

    The text says that Figure 4.1 shows the *highlighted* results of Table 4.3 and that Table 4.1
    averages them, but which those are is marked by colour alone. One level for each kind of
    perturbation, the same for all optimizers, leaves 27 triples for a data set; this returns the
    one whose means are nearest to Table 4.1, by the greatest gap over the optimizers. For the two
    data sets with 100 and 101 classes the accuracies are top-5, as Appendix 4.B says.

    Raises:
        ValueError: Table 4.1 does not have the data set.

    """
    if dataset not in datasets():
        raise ValueError(f"expected one of {', '.join(datasets())}, got {dataset!r}")
    row = f"{dataset}(top5)" if (f"{dataset}(top5)", "SGD") in _accuracies("4.3") else dataset
    choices = [_levels(row, kind) for kind in KINDS]
    triples = [dict(zip(KINDS, levels, strict=True)) for levels in itertools.product(*choices)]
    candidates = [Highlighted(dataset, row, t, _gaps(dataset, row, t)) for t in triples]
    return min(candidates, key=lambda found: max(map(abs, found.gaps.values())))


def _levels(row: str, kind: Kind) -> list[ExactNumber]:
    measures = _accuracies("4.3")[row, "SGD"]
    return [m.removeprefix(f"{kind}/") for m in measures if m.startswith(f"{kind}/")]


def _gaps(dataset: str, row: str, levels: dict[Kind, ExactNumber]) -> dict[str, float]:
    gaps = {}
    for (name, optimizer), (_, average) in _lipschitz().items():
        if name == dataset:
            accuracies = _accuracies("4.3")[row, optimizer]
            three = [accuracies[f"{kind}/{text}"] for kind, text in levels.items()]
            gaps[optimizer] = math.fsum(three) / 3 - average
    return gaps


@cache
def highlighted() -> dict[str, Highlighted]:
    """Return the perturbations of Figure 4.1 for each data set, as recorded.

    ``figure_4_1_levels.csv`` holds what :func:`find_highlighted` finds.
    """
    found = {}
    for row in _rows("figure_4_1_levels.csv"):
        levels: dict[Kind, ExactNumber] = {kind: row[kind] for kind in KINDS}
        dataset = row["dataset"]
        found[dataset] = Highlighted(
            dataset, row["row"], levels, _gaps(dataset, row["row"], levels)
        )
    return found


def figure_levels(preset: Preset) -> Highlighted | None:
    """Return what Figure 4.1 shows of a preset's data set, if the preset has all three levels.

    The levels are written as the preset writes them. With BatchNorm, too, although the figure is
    without: the levels are the same.
    """
    found = highlighted().get(preset.published)
    if found is None:
        return None
    levels: dict[Kind, ExactNumber] = {}
    for kind in KINDS:
        for text in getattr(preset.robustness, kind):
            if _same_level(text, found.levels[kind]):
                levels[kind] = text
    return replace(found, levels=levels) if len(levels) == len(KINDS) else None
