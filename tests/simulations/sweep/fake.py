"""Columns of training runs that take no time: known functions of a point and its seed."""

import numpy as np

from simulations.sweep.blocks import Computation
from simulations.sweep.grid import Axis
from simulations.sweep.summary import QUANTITIES, Summary, quartiles
from simulations.sweep.training import COLUMNS


def value(name, row, seed):
    """Of a column, in a row of the grid, with a seed."""
    return (1 + QUANTITIES.index(name)) * (1 + row) + seed**2


def columns(points):
    found = {
        name: value(name, points.rows // 10, points["seed"].astype(float)) for name in QUANTITIES
    }
    return {**found, "failed_at": np.zeros(len(points), np.int64)}


FAKE = Computation("fake", columns, COLUMNS, most_rows=7)


def summary(*axes, seeds=8, failing=(), spread=0.1):
    """A summary of random numbers; at the points ``failing`` no run stayed finite."""
    rng = np.random.default_rng(0)
    points = int(np.prod([len(axis) for axis in axes]))
    size = (points, seeds)
    found = {name: np.exp(spread * rng.normal(size=size)) for name in QUANTITIES}
    found["standard_share"] *= 1e-6  # all have learnt
    for values in found.values():
        values[list(failing)] = np.nan
    finite = np.full(points, seeds)
    finite[list(failing)] = 0
    return Summary(
        axes,
        seeds,
        finite,
        np.where(finite == 0, 17, 0),
        {n: quartiles(v) for n, v in found.items()},
    )


RATES = Axis("learning_rate", (0.001, 0.01, 0.1))
RULES = Axis("rule", ("GD", "signGD", "Adam"))
DIMENSIONS = Axis("d", (3, 16, 64, 512))
