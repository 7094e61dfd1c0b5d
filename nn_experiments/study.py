"""The contract of a study: what it varies, what it measures of each training, what it predicts.

A study lies in a folder of its own: its module ``study.py`` has a class ``Settings``, whose fields
a preset (a TOML file) gives and each of which is an option, and a function ``study(settings)`` that
returns a :class:`Study`. All else is done for it: trainings of every cell and seed, measures that
are kept, predictions judged once, tables, figures, a report and evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

from nn_experiments.specs import RunSpec

if TYPE_CHECKING:
    from nn_experiments.data.images import DataSet
    from nn_experiments.evidence.changes import Change
    from nn_experiments.evidence.limits import Limits
    from nn_experiments.evidence.outcomes import Rule
    from nn_experiments.evidence.shown import Shown
    from nn_experiments.evidence.store import MeasuredRun
    from nn_experiments.measures.measure import Measure

POINTS = "percentage points"
LN_RATIO = "ln ratio"

Runs = Mapping["Cell", Sequence[Any]]
"""The runs of each cell, also those that did not finish: as :class:`MeasuredRun`, or as the study's
``view`` makes of them."""


@dataclass(frozen=True)
class Level:
    """One value of a factor: a name, and what it sets in a run's spec.

    Attributes:
        name: such as ``"Adam"`` or ``"batch 32"``.
        sets: values by path, such as ``{"training.batch_size": 32}``; a function is given the spec
            with all that other levels set, and returns the value: a rate that is c · batch size.

    """

    name: str
    sets: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Factor:
    """What a study varies: a name and levels, the first of which is where it stands by itself.

    Raises:
        ValueError: there is no level, or two have one name.

    """

    name: str
    levels: tuple[Level, ...]

    def __post_init__(self) -> None:
        names = [level.name for level in self.levels]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"{self.name}: expected levels with names that differ, got {names}")


def swept(name: str, path: str, values: Sequence[Any]) -> Factor:
    """Return a factor that sets one field to each of some values: ``batch 32``, ``batch 64``."""
    return Factor(name, tuple(Level(f"{name} {value}", {path: value}) for value in values))


@dataclass(frozen=True)
class Cell:
    """A level of each factor, by their names; ``name`` is what tables and figures call it."""

    levels: tuple[tuple[str, str], ...]
    name: str = field(compare=False)

    def __getitem__(self, factor: str) -> str:
        """Return the level of a factor."""
        return dict(self.levels)[factor]


@dataclass(frozen=True)
class Grid:
    """Factors that are varied together, while the others stand at their first levels.

    Attributes:
        vary: their names, the slowest first.
        what: is done with such trainings, as an estimate of time calls it.
        without: the option that leaves them out, or some of them.

    """

    vary: tuple[str, ...]
    what: str = "training networks"
    without: str = "--seeds, with fewer"


@dataclass(frozen=True)
class Side:
    """One side of a comparison, or one point of a trend.

    Attributes:
        cell: whose trainings it is about.
        of: given a run, returns what is compared: an array of shape (N,) or (N, K), over test
            images and K noises that all images share, or a number; None if it was not measured.
        at: where the point lies on the axis of a trend.

    """

    cell: Cell
    of: Callable[[Any], Any]
    at: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """What a prediction is judged by once.

    Attributes:
        name: of what the effect is, such as ``"SGD − Adam"``.
        measure: what was measured, such as ``"l2/0.5"``.
        sides: two, of which the second is taken from the first; or the points of a trend.
        is_counted: whether it counts for the prediction as a whole.
        uncounted: why it does not, where what is compared and not only how is the reason.
        published: the published effect, in the same unit.
        published_otherwise: what it would be if what was printed were read another way.
        note: what a reader should know.

    """

    name: str
    measure: str
    sides: tuple[Side, ...]
    is_counted: bool = True
    uncounted: str = ""
    published: float | None = None
    published_otherwise: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Agreement(Comparison):
    """A comparison whose sign is held against that of another one, ``beside``, called ``other``."""

    beside: tuple[Side, ...] = ()
    other: str = ""


Statistic = Literal["difference", "ln ratio", "slope"]


@dataclass(frozen=True)
class Prediction:
    """What is predicted, as data; judged by :func:`nn_experiments.evidence.judge.judge`.

    Attributes:
        says: in a few words.
        where: it is made.
        statistic: the difference of means of the first side and the second; the ln of the ratio
            of their geometric means; or the least-squares slope of all sides' means over ``at``.
        rule: what the statistic's interval is held against.
        comparisons: what is compared.
        over: whether every comparison must hold or one suffices.
        unit: of the effect.
        scale: from the statistic to that unit.
        answers: whether what is compared are answers to images, right or wrong, or shares of them:
            an interval then allows for one image more on which they differ.
        has_ends: whether no order can show where both sides are at one end of the scale.

    Raises:
        ValueError: a comparison has not as many sides as its statistic is of.

    """

    says: str
    where: str
    statistic: Statistic
    rule: Rule
    comparisons: tuple[Comparison, ...]
    over: Literal["every", "some"] = "every"
    unit: str = POINTS
    scale: float = 100.0
    answers: bool = True
    has_ends: bool = False

    def __post_init__(self) -> None:
        for comparison in self.comparisons:
            sides, places = comparison.sides, {side.at for side in comparison.sides}
            if self.statistic == "slope" and len(places) < 2:
                raise ValueError(
                    f"{self.says}: {comparison.name}: expected two places or more for a slope, "
                    f"got {len(places)}"
                )
            if self.statistic != "slope" and len(sides) != 2:
                raise ValueError(
                    f"{self.says}: {comparison.name}: expected two sides for a {self.statistic}, "
                    f"got {len(sides)}"
                )


def _by_cell(runs: Sequence[MeasuredRun], cells: Sequence[Cell]) -> Runs:
    return {cell: [r for r in runs if r.cell == dict(cell.levels)] for cell in cells}


def _limits(study: Study, comparison: Comparison, runs: Runs) -> Limits:
    from nn_experiments.evidence.limits import of_fit

    return of_fit(study.fitted, comparison, runs)


def _all_concerned(study: Study, change: Change) -> Sequence[str]:
    del change
    return [prediction.says for prediction in study.predictions]


def _nothing(given: Any) -> None:
    del given


def _shown() -> Shown:
    from nn_experiments.evidence.shown import Shown

    return Shown()


@dataclass(frozen=True)
class Study:
    """What is varied, measured and predicted.

    Attributes:
        name: of the study.
        title: of this run of it.
        settings: what its preset says, as JSON has it.
        base: every run's spec, but for what levels set and for the seed.
        factors: what is varied.
        seeds: of each cell's trainings.
        measures: given a cell, returns what is measured of its networks.
        predictions: what is judged.
        grids: which factors are varied together; all, if none is named.
        confidence: of intervals, each for one comparison.
        fitted: percentage of its training images that a network must classify correctly, or
            comparisons with it are inconclusive; 0 for none.
        judged_by: the settings that results are judged by, by part and name, which are fixed once
            there are results.
        reference: name of the cell that others are compared with, if there is one.
        training_budget: seconds that the first grid's trainings may take, if they are limited.
        view: given all measured runs and the cells, returns what comparisons are about.
        limits: says what limits a comparison, given the runs.
        concerned: says which predictions a changed setting has a part in.
        require: raises where the data cannot give what is asked for, beyond what measures say.
        require_measured: raises where runs lack a measure that is to be shown.
        shown: tables, figures, report and evidence.

    Raises:
        ValueError: two factors or seeds are the same, or a path is not one of a run's spec.

    """

    name: str
    title: str
    settings: Mapping[str, Any]
    base: RunSpec
    factors: tuple[Factor, ...]
    seeds: tuple[int, ...]
    measures: Callable[[Cell], Sequence[Measure]]
    predictions: tuple[Prediction, ...]
    grids: tuple[Grid, ...] = ()
    confidence: float = 0.95
    fitted: float = 0.0
    judged_by: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reference: str = ""
    training_budget: float | None = None
    view: Callable[[Sequence[MeasuredRun], Sequence[Cell]], Runs] = _by_cell
    limits: Callable[[Study, Comparison, Runs], Limits] = _limits
    concerned: Callable[[Study, Change], Sequence[str]] = _all_concerned
    require: Callable[[DataSet], None] = _nothing
    require_measured: Callable[[Sequence[MeasuredRun]], None] = _nothing
    shown: Shown = field(default_factory=_shown)

    def __post_init__(self) -> None:
        for what, names in (("factors", [f.name for f in self.factors]), ("seeds", self.seeds)):
            if not names or len(set(names)) < len(names):
                raise ValueError(f"{what}: expected one or more that differ, got {names}")
        self.runs()

    def all_grids(self) -> tuple[Grid, ...]:
        """Return the grids: the one of all factors, if none is named."""
        return self.grids or (Grid(tuple(factor.name for factor in self.factors)),)

    def cells_of(self, grid: Grid) -> list[Cell]:
        """Return a grid's cells that no grid before it has."""
        earlier = self.all_grids()[: self.all_grids().index(grid)]
        known = {cell for before in earlier for cell in self._product(before)}
        return [cell for cell in self._product(grid) if cell not in known]

    def cells(self) -> list[Cell]:
        """Return all cells, grid by grid."""
        return [cell for grid in self.all_grids() for cell in self.cells_of(grid)]

    def _product(self, grid: Grid) -> Iterator[Cell]:
        by_name = {factor.name: factor for factor in self.factors}
        for levels in product(*(by_name[name].levels for name in grid.vary)):
            chosen = dict(zip(grid.vary, (level.name for level in levels), strict=True))
            every = [(f.name, chosen.get(f.name, f.levels[0].name)) for f in self.factors]
            yield Cell(tuple(every), ", ".join(chosen[f] for f, _ in every if f in chosen))

    def cell(self, **levels: str) -> Cell:
        """Return the cell of some levels, by factor; others stand at their first."""
        wanted = {f.name: levels.get(f.name, f.levels[0].name) for f in self.factors}
        return next(cell for cell in self.cells() if dict(cell.levels) == wanted)

    def runs(self, grid: Grid | None = None) -> list[tuple[Cell, RunSpec]]:
        """Return the trainings of a grid, or of all, cell by cell and seed by seed."""
        cells = self.cells() if grid is None else self.cells_of(grid)
        return [(cell, self.spec(cell, seed)) for cell in cells for seed in self.seeds]

    def specs(self) -> list[RunSpec]:
        """Return every training."""
        return [spec for _, spec in self.runs()]

    def spec(self, cell: Cell, seed: int) -> RunSpec:
        """Return the spec of a cell's training from a seed."""
        spec, later = replace(self.base, seed=seed), []
        for factor in self.factors:
            level = next(level for level in factor.levels if level.name == cell[factor.name])
            for path, value in level.sets.items():
                if callable(value):
                    later.append((path, value))
                else:
                    spec = with_field(spec, path, value)
        for path, value in later:
            spec = with_field(spec, path, value(spec))
        return spec


def with_field(spec: Any, path: str, value: Any) -> Any:
    """Return a spec with the field at a path, such as ``training.batch_size``, set.

    Raises:
        ValueError: there is no such field.

    """
    name, _, rest = path.partition(".")
    known = [f.name for f in fields(spec)] if is_dataclass(spec) else []
    if name not in known:
        raise ValueError(f"expected a field among {', '.join(known) or 'none'}, got {path!r}")
    inner = with_field(getattr(spec, name), rest, value) if rest else value
    return replace(spec, **{name: inner})
