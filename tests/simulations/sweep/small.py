"""A small real sweep: where population signGD is after some steps, over r and the ratio |B|/|A|."""

from pathlib import Path

import jax
import numpy as np

from simulations.engine.device import computing
from simulations.engine.population import run_signgd
from simulations.sweep.blocks import Column, Computation, Plan
from simulations.sweep.grid import Parameter, Points, Sweep
from simulations.sweep.notation import sweep_of
from simulations.sweep.store import Store, opened

PARAMETERS = (
    Parameter("r", float, "0.2:1.1:4"),
    Parameter("ratio", float, "0.5:20:5"),
    Parameter("steps", int, 50),
    Parameter("rule", str, "signGD", ("signGD", "GD")),
)
COLUMNS = (Column("T", np.int32), Column("delta_c", np.float64), Column("ab", np.float64, 2))


def sweep(*options: str, seeds: int | None = 2) -> Sweep:
    return sweep_of(PARAMETERS, options=options, seeds=seeds)


def signgd(points: Points) -> dict[str, np.ndarray]:
    return points.groupwise(["r", "steps"], _of_one_ratio)


def _of_one_ratio(points: Points) -> dict[str, np.ndarray]:
    a = 5 + _uniform(points["seed"], points.rows)
    runs = run_signgd(
        a,
        a * points["ratio"],
        np.zeros(len(points)),
        points.fixed["r"],
        points.fixed["steps"],
        device="cpu",
    )
    return {"T": runs.T, "delta_c": runs.delta_c, "ab": np.stack([runs.a, runs.b], axis=1)}


def _uniform(seeds: np.ndarray, rows: np.ndarray) -> np.ndarray:
    def one(seed: jax.Array, row: jax.Array) -> jax.Array:
        return jax.random.uniform(jax.random.fold_in(jax.random.key(seed), row))

    with computing("cpu"):
        return np.asarray(jax.vmap(one)(seeds.astype(np.uint32), rows.astype(np.uint32)))


SIGNGD = Computation("signGD in three dimensions", signgd, COLUMNS, most_rows=10)


def drawn(points: Points) -> dict[str, np.ndarray]:
    """Draw three numbers at each point; takes no time to compile."""
    keys = zip(points["seed"], points.rows, strict=True)
    generators = [np.random.default_rng([seed, row]) for seed, row in keys]
    return {"z": np.array([generator.normal(size=3) for generator in generators])}


DRAWN = Computation("draws", drawn, (Column("z", np.float64, 3),), most_rows=7)


def filled(folder: Path, plan: Plan) -> Store:
    """A store with all blocks of a plan."""
    store = opened(folder, plan)
    for block in range(plan.blocks):
        points = plan.points(block)
        store.write(block, {**points.swept, **plan.computation(points)})
    return store
