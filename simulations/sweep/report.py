"""A sweep in words and tables."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from simulations.engine.outcome import LEARNT
from simulations.sweep.checked import Grid
from simulations.sweep.draw import LEAST_OF_GREATEST, TIMES_THE_REST
from simulations.sweep.grid import Axis
from simulations.sweep.parameters import SINGLE_RUNS
from simulations.sweep.rules import RULE, OwnRule
from simulations.sweep.summary import Summary, shown
from theory.common.environment import environment, made_by

MOST_ROWS: Final = 200
"""Points in the table of the report; the CSV file has all."""
CAPTION: Final = "Adversarial risk, standard risk and movement"
_BASELINE: Final = "GD"
# Less is how far a run may be from convergence, or rounding.
_MATTERS: Final = 1e-3


def statement(summary: Summary) -> str:
    """Return what the runs say, as a list in Markdown."""
    return "\n".join(f"- {said}" for said in _said(summary))


def _said(summary: Summary) -> Iterator[str]:
    runs = len(summary) * summary.seeds
    yield (
        f"{_counted(runs, 'run')}: {_counted(len(summary), 'point')}, "
        f"{_counted(summary.seeds, 'seed')} at each."
    )
    if summary.failed:
        at = int(np.argmax(summary.first_failure > 0))
        points = int((summary.finite < summary.seeds).sum())
        where = "" if points == 1 else f"{points:,} points, the first of which is "
        of_them = "The run" if runs == 1 else f"{summary.failed:,} of them"
        yield (
            f"{of_them} did not stay finite, at {where}{_point(summary, at)}; "
            f"{'it is' if summary.failed == 1 else 'they are'} in no quartile."
        )
    if summary.unlearnt.any():
        yield _on_unlearnt(int(summary.unlearnt.sum()), len(summary))
    yield from _on_ratios(summary)


def _on_unlearnt(unlearnt: int, points: int) -> str:
    where = "At the only point" if points == 1 else f"At {unlearnt:,} of {points:,} points"
    left_out = f" {'It is' if unlearnt == 1 else 'They are'} in no comparison below."
    return (
        f"{where} the task has not been learnt: the median standard risk is {LEARNT:.0%} of "
        f"that of zero weights, or more.{'' if points == 1 else left_out}"
    )


def _on_ratios(summary: Summary) -> Iterator[str]:
    ratio = summary.quartiles["ratio"]
    there = np.flatnonzero(np.isfinite(ratio[1]) & summary.learnt)
    if not len(there):
        yield "No adversarial risk can be compared with that of GD's limit."
        return
    least, most = (there[f(ratio[1][there])] for f in (np.argmin, np.argmax))
    if len(there) == 1:
        yield f"Adversarial risk over that of GD's limit: {_words(ratio[:, least])}."
    else:
        yield (
            "Adversarial risk over that of GD's limit: medians from "
            f"{_words(ratio[:, least])} at {_point(summary, int(least))} to "
            f"{_words(ratio[:, most])} at {_point(summary, int(most))}."
        )
    above = (ratio[0, there] > 1 + _MATTERS).sum()
    below = (ratio[2, there] < 1 - _MATTERS).sum()
    yield f"By more than {_MATTERS:.1%}, {_who_is_more_robust(above, below, len(there))}"
    yield from _on_gd(summary, there)


def _who_is_more_robust(above: int, below: int, points: int) -> str:
    """Say at how many points GD's limit is, given those where it is and where it is less so."""
    if points > 1:
        return (
            f"GD's limit is the more robust at {above:,} of {points:,} points, by the lower "
            f"quartile, and the less robust at {below:,}, by the upper one."
        )
    if above:
        return "GD's limit is the more robust, by the lower quartile."
    if below:
        return "GD's limit is the less robust, by the upper quartile."
    return (
        "GD's limit is neither the more robust, by the lower quartile, nor the less, by the upper."
    )


def _on_gd(summary: Summary, there: np.ndarray) -> Iterator[str]:
    """Say at how many of the points ``there`` GD itself is not where it would end."""
    if RULE not in (axis.name for axis in summary.axes):
        return
    rules = summary.values(RULE)[there]
    of_gd = there[[OwnRule.of(str(rule)).name == _BASELINE for rule in rules]]
    off = int((np.abs(summary.median("ratio")[of_gd] - 1) > _MATTERS).sum())
    if off:
        where = (
            "the only point of it that has"
            if len(of_gd) == 1
            else f"{off:,} of the {len(of_gd):,} points of it that have"
        )
        yield (
            f"{_BASELINE} itself is more than {_MATTERS:.1%} off its limit at {where} learnt, by "
            "the median."
        )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _words(values: np.ndarray) -> str:
    low, middle, high = values
    return f"{middle:.4g} [{low:.4g}, {high:.4g}]"


def _point(summary: Summary, at: int) -> str:
    values = ((axis.name, summary.values(axis.name)[at]) for axis in summary.axes)
    return ", ".join(f"{name} = {shown(name, value)}" for name, value in values) or "the only point"


def report(grid: Grid, summary: Summary, figure: str | None) -> str:
    """Return the report as Markdown.

    Args:
        grid: what was swept.
        summary: what was found.
        figure: name of the figure's file beside the report, if there is one.

    """
    return "\n".join(_lines(grid, summary, figure)) + "\n"


def _lines(grid: Grid, summary: Summary, figure: str | None) -> Iterator[str]:
    yield "# A sweep of training runs\n"
    if figure is not None:
        yield f"![{CAPTION}]({figure})\n"
        yield (
            f"Standard risks below {LEAST_OF_GREATEST:g} of the greatest are drawn there, and "
            f"values above {TIMES_THE_REST:g} times the greatest upper quartile of the points "
            "that are no worse than zero weights.\n"
        )
    else:
        yield "No figure: one is drawn where one or two parameters are swept.\n"
    yield (
        "Linear regression with inputs X̃ ~ N(0, diag(σ̃²)) and targets ⟨X̃, w̃*⟩. Risks are "
        "population risks of the weights after the last update, R_a in the ℓ2 ball of the stated "
        "radius (4.9). GD's limit is that of population GD from the same start, in closed form; "
        f"a point has learnt the task if the median of R_s / R_s(0) is below {LEARNT:g}, R_s(0) "
        "being that of zero weights; where it has not, the ratio compares unlike things. "
        "‖Δw̃ irrelevant‖ is how far the weights at the irrelevant frequencies moved. "
        f"Medians and quartiles are over {_counted(summary.seeds, 'seed')}, of random "
        "weights and of minibatches.\n"
    )
    yield f"## What was found\n\n{statement(summary)}\n"
    yield f"These are runs: what they show is observed, not proved. {SINGLE_RUNS}.\n"
    yield from _what_was_swept(grid)
    yield f"## The points\n\n{summary.table(MOST_ROWS).markdown()}\n"
    if len(summary) > MOST_ROWS:
        yield f"These are the first {MOST_ROWS} of {len(summary):,}; summary.csv has all.\n"
    yield made_by(environment())


def _what_was_swept(grid: Grid) -> Iterator[str]:
    yield "## What was swept\n"
    for axis in grid.sweep.axes:
        yield f"- {axis.name}: {_listed(axis)}"
    own = _numbers_of_their_own(grid)
    for name, value in grid.sweep.fixed:
        where = "where the rule has none of its own" if name in own else "at all points"
        yield f"- {name} = {shown(name, value)}, {where}"
    seeds = grid.sweep.seeds
    yield f"- seeds: {seeds[0]} to {seeds[-1]}"
    yield "\nOptions that are not named have the defaults of their rule.\n"


def _numbers_of_their_own(grid: Grid) -> set[str]:
    """Return the names of the numbers that some rules of the grid have of their own."""
    rules = next((a.values for a in grid.sweep.axes if a.name == RULE), ())
    return {name for rule in rules for name, _ in OwnRule.of(str(rule)).own}


def _listed(axis: Axis) -> str:
    texts = [shown(axis.name, value) for value in axis.values[:MOST_ROWS]]
    rest = f", … ({len(axis):,} in all)" if len(axis) > MOST_ROWS else ""
    return ", ".join(texts) + rest
