"""What a sweep found at each point of its grid, over the seeds: medians and quartiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from simulations.engine.outcome import LEARNT
from simulations.sweep.grid import SEED, Axis, Sweep
from simulations.sweep.rules import RULE, OwnRule
from simulations.sweep.store import read_columns
from simulations.sweep.training import COLUMNS
from theory.common.tables import TextTable

FAILED_AT: Final = "failed_at"
QUANTITIES: Final = tuple(column.name for column in COLUMNS if column.name != FAILED_AT)
LEVELS: Final = (0.25, 0.5, 0.75)
_QUARTILES: Final = ("lower_quartile", "median", "upper_quartile")
_HEADINGS: Final = {
    "standard_risk": "R_s",
    "standard_share": "R_s / R_s(0)",
    "adversarial_risk": "R_a",
    "ratio": "R_a / R_a(GD's limit)",
    "movement": "‖Δw̃ irrelevant‖",
    "weights_norm": "‖w‖",
}


@dataclass(frozen=True)
class Summary:
    """Quartiles over the seeds at each of the P points of a grid.

    Attributes:
        axes: what is swept, seeds left out; the last varies fastest from point to point.
        seeds: how many runs there are at a point.
        finite: how many of them stayed finite, shape (P,).
        first_failure: the least number of updates after which one was not finite, 0 if all were,
            shape (P,).
        quartiles: of each of :data:`QUANTITIES`, over the runs where it is finite, lower quartile,
            median and upper quartile, shape (3, P); NaN where there is none.

    """

    axes: tuple[Axis, ...]
    seeds: int
    finite: np.ndarray
    first_failure: np.ndarray
    quartiles: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.finite)

    @property
    def learnt(self) -> np.ndarray:
        """Whether the task has been learnt at each point, shape (P,), by the median.

        The standard risk is below :data:`simulations.engine.outcome.LEARNT` of zero weights'.
        """
        return np.asarray(self.median("standard_share") < LEARNT)

    @property
    def unlearnt(self) -> np.ndarray:
        """Whether runs stayed finite at each point, shape (P,), and have not learnt the task."""
        return ~self.learnt & (self.finite > 0)

    @property
    def failed(self) -> int:
        """How many runs did not stay finite."""
        return len(self) * self.seeds - int(self.finite.sum())

    def values(self, name: str) -> np.ndarray:
        """Return the value of an axis at each point, shape (P,)."""
        shape = [len(axis) for axis in self.axes]
        place = [axis.name for axis in self.axes].index(name)
        return self.axes[place].at(np.unravel_index(np.arange(len(self)), shape)[place])

    def median(self, quantity: str) -> np.ndarray:
        """Return the median at each point, shape (P,)."""
        return self.quartiles[quantity][1]

    def as_json(self) -> dict[str, Any]:
        """Return the summary for a file: lists with an entry for each point."""
        return {
            "points": {axis.name: self.values(axis.name) for axis in self.axes},
            "seeds": self.seeds,
            "learnt": self.learnt,
            "finite": self.finite,
            "first_failure": self.first_failure,
            "quartiles": {
                quantity: dict(zip(_QUARTILES, of, strict=True))
                for quantity, of in self.quartiles.items()
            },
        }

    def all_digits(self) -> TextTable:
        """Return a table for programs: a row for each point, with all digits of the numbers."""
        columns = {axis.name: self.values(axis.name) for axis in self.axes}
        for quantity in QUANTITIES:
            names = (f"{quantity}_{which}" for which in _QUARTILES)
            columns |= dict(zip(names, self.quartiles[quantity], strict=True))
        columns |= {
            "learnt": self.learnt,
            "finite": self.finite,
            "first_failure": self.first_failure,
        }
        cells = [map(str, values.tolist()) for values in columns.values()]
        return TextTable(tuple(columns), list(zip(*cells, strict=True)))

    def table(self, most: int | None = None) -> TextTable:
        """Return a table for people: a row for each point, or for the first ``most``."""
        columns = [(axis, self.values(axis.name)[:most]) for axis in self.axes]
        spread = [self.quartiles[quantity][:, :most] for quantity in QUANTITIES]
        learnt = self.learnt
        headings = [h for q in QUANTITIES for h in (_HEADINGS[q], "quartiles")]
        rows = [
            [
                *(shown(axis.name, axis_values[point]) for axis, axis_values in columns),
                *(cell for of in spread for cell in _spread(of[:, point])),
                "yes" if learnt[point] else "no",
                f"{self.finite[point]} of {self.seeds}",
                str(self.first_failure[point] or "–"),
            ]
            for point in range(len(self) if most is None else min(most, len(self)))
        ]
        return TextTable(
            [*(axis.name for axis in self.axes), *headings, "learnt", "finite", "first failure"],
            rows,
        )


def summarised(folder: Path, sweep: Sweep) -> Summary:
    """Return what a finished sweep found; reads a column at a time.

    Raises:
        UserError: the sweep in the folder is not finished.

    """
    seeds = len(sweep.seeds)
    failed_at = _read(folder, FAILED_AT).reshape(-1, seeds)
    failed = failed_at > 0
    first = np.where(failed, failed_at, np.iinfo(np.int64).max).min(axis=1)
    return Summary(
        tuple(axis for axis in sweep.axes if axis.name != SEED),
        seeds,
        seeds - failed.sum(axis=1),
        np.where(failed.any(axis=1), first, 0),
        {name: quartiles(_read(folder, name).reshape(-1, seeds)) for name in QUANTITIES},
    )


def _read(folder: Path, name: str) -> np.ndarray:
    return read_columns(folder, [name])[name]


def quartiles(values: np.ndarray) -> np.ndarray:
    """Return the quartiles of the finite values in each row, shape (P, S) to (3, P).

    NaN where a row has none.
    """
    finite = np.isfinite(values)
    whole = finite.all(axis=1)
    found = np.full((len(LEVELS), len(values)), np.nan)
    found[:, whole] = np.quantile(values[whole], LEVELS, axis=1)
    for row in np.flatnonzero(~whole & finite.any(axis=1)):
        found[:, row] = np.quantile(values[row][finite[row]], LEVELS)
    return found


def shown(name: str, value: Any, digits: int = 6) -> str:
    """Return the value of a parameter for people; :meth:`Summary.all_digits` has all digits."""
    if name == RULE:
        return OwnRule.of(str(value)).shown(digits)
    return f"{value:.{digits}g}" if isinstance(value, float | np.floating) else str(value)


def _spread(values: np.ndarray) -> tuple[str, str]:
    low, middle, high = values
    if np.isnan(middle):
        return "–", "–"
    return f"{middle:.4g}", f"{low:.4g} to {high:.4g}"
