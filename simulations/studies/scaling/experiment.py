"""Trains random problems by every rule, as sweeps, and divides adversarial risks by GD's."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from simulations.engine.outcome import risk_of_zero
from simulations.engine.risk import adversarial_risk
from simulations.engine.rules import KINDS, Constant, Polynomial, Rule, update_rule
from simulations.engine.spectrum import Irrelevant, Normal, PowerLaw, Regression, Runs
from simulations.engine.train import train
from simulations.studies.scaling.law import FEWEST_RUNS
from simulations.studies.scaling.settings import BASELINE, Scaling
from simulations.study.rounding import TWINS, ULPS, moved
from simulations.study.sweeps import columns_of
from simulations.sweep.blocks import Column, Computation
from simulations.sweep.grid import Parameter, Points, Sweep
from simulations.sweep.notation import sweep_over
from theory.common.progress import Progress

Array = np.ndarray

# The first four and what they alone fix, a program, make a block.
PARAMETERS: Final = (
    Parameter("d", int),
    Parameter("rule", str, None, tuple(KINDS)),
    Parameter("steps", int),
    Parameter(ULPS, int, 0),
    Parameter("irrelevant", int),
    Parameter("energy", float, 0.0),
    Parameter("alpha", float),
    Parameter("rate", float),
    Parameter("sigma0_sq", float),
    Parameter("epsilon", float),
)
COLUMNS: Final = tuple(
    Column(name, np.float64)
    for name in ("adversarial_risk", "standard_share", "relevant_error", "residue")
)
_WITHIN: Final = ("rule", "steps", ULPS, "irrelevant", "energy", "seed")
_OF_A_PROGRAM: Final = ("rule", "steps", ULPS)
# Seeds of two dimensions differ: the weights of one seed are alike at low frequencies.
_SEEDS_APART: Final = 1000
# Adagrad's steps fall as 1/√t by themselves.
FASTER: Final = {"Adagrad": 20.0}
LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Of the quantiles of ratios."""
_ARRAYS_PER_RUN: Final = 24


class Ratios(NamedTuple):
    """What a sweep found; arrays of shape (rules, steps, counts, energies, seeds).

    Attributes:
        rules: names, in the order of the first axis.
        ratio: adversarial risk over that of GD, from the same start after as many updates.
        standard_share: standard risk over that of zero weights.
        relevant_error: ‖ẽ‖ at the relevant frequencies over ‖w̃*‖.
        residue: log of the adversarial risk over what it were if the relevant frequencies had
            converged and the others had not moved since.
        converged: whether ``relevant_error`` is within the tolerance, for the rule and for GD.
        twins: what the twins of all runs found; None of theirs.

    """

    rules: tuple[str, ...]
    ratio: Array
    standard_share: Array
    relevant_error: Array
    residue: Array
    converged: Array
    twins: "Ratios | None" = None

    def of(self, rule: str, *at: int) -> Array:
        """Return the ratios of the converged runs of a rule, at a place of the next three axes."""
        place = (self.rules.index(rule), *at)
        return self.ratio[place][self.converged[place]]


def rule_of(name: str, rate: float, sigma0_sq: float, steps: int) -> Rule:
    """Return the rule as it is trained here.

    GD converges along a frequency if ησ̃² < 2, momentum and Nesterov with β = 0.9 if it is below
    3.8 and 1.36: η = 1/σ̃0² does for all of them. The others take steps of about η whatever the
    gradient is, so that η has to fall for them to converge; their path, at most ½ηT a weight where
    no step is larger than η, is 25 at η = 0.05, T = 1000, and weights that are N(0, 1) move by 5.
    """
    if KINDS[name].commutes:
        return update_rule(name, 1 / sigma0_sq, schedule=Constant())
    return update_rule(name, rate * FASTER.get(name, 1.0), schedule=Polynomial(steps))


def problem(d: int, irrelevant: int, energy: float, alpha: float, sigma0_sq: float) -> Regression:
    """Return the problem: a power law, and ``energy`` σ̃0² at the ``irrelevant`` highest of d.

    True weights are N(0, 1) at the relevant frequencies, initial weights at all of them.
    """
    return Regression(
        PowerLaw(d, alpha, sigma0_sq),
        Irrelevant.highest(irrelevant, d, energy * sigma0_sq),
        Normal(),
        Normal(),
    )


def computation(largest_group: int, d: int, device: str = "auto") -> Computation:
    """Return what is computed at each point of the sweeps, in blocks of ``largest_group`` points.

    Args:
        largest_group: points that one program computes.
        d: the largest dimension, which memory is told by.
        device: ``auto``, ``cpu`` or ``gpu``.

    """
    return Computation(
        "adversarial risk of trained random problems",
        partial(_risks, device=device),
        COLUMNS,
        working_bytes=_ARRAYS_PER_RUN * 8 * d,
        most_rows=largest_group,
    )


def _risks(points: Points, device: str) -> dict[str, Array]:
    names = [p.name for p in PARAMETERS if p.name not in ("irrelevant", "energy")]
    return points.groupwise(names, partial(_trained, device=device))


def _trained(points: Points, device: str) -> dict[str, Array]:
    """Train the points of one program; each array has shape (n,)."""
    at: Any = points.fixed
    runs, relevant = _runs(points), _relevant(points)
    rule = rule_of(at["rule"], at["rate"], at["sigma0_sq"], at["steps"])
    found = train(moved(runs, at[ULPS]), rule, iterations=at["steps"], device=device)
    e_tilde, epsilon = found.e_tilde[:, -1], at["epsilon"]
    risk = found.adversarial_risk(epsilon)[:, -1]
    rest = np.where(relevant, 0.0, e_tilde)
    converged = adversarial_risk(runs.sigma_tilde_sq, rest, runs.w_star_tilde, epsilon)
    size = np.linalg.norm(runs.w_star_tilde, axis=1)
    return {
        "adversarial_risk": risk,
        "standard_share": found.standard_risk()[:, -1] / risk_of_zero(runs),
        "relevant_error": np.linalg.norm(np.where(relevant, e_tilde, 0.0), axis=1) / size,
        "residue": np.log(risk / converged),
    }


def _runs(points: Points) -> Runs:
    """Return a run for each point, with a spectrum of its own, so that all are one program."""
    at: Any = points.fixed
    rows = [
        problem(at["d"], int(m), float(energy), at["alpha"], at["sigma0_sq"]).runs([int(seed)])
        for m, energy, seed in zip(
            points["irrelevant"], points["energy"], points["seed"], strict=True
        )
    ]
    return Runs(
        np.stack([run.sigma_tilde_sq for run in rows]),
        np.concatenate([run.w_star_tilde for run in rows]),
        np.concatenate([run.w0_tilde for run in rows]),
        tuple(run.seeds[0] for run in rows),
    )


def _relevant(points: Points) -> Array:
    """Whether each frequency is relevant, shape (n, d)."""
    d: Any = points.fixed["d"]
    return np.asarray(np.arange(d)[None] < d - points["irrelevant"][:, None])


# The sweeps


def third(d: int) -> int:
    """Return one third of d, rounded, and at least 1: d = 3 has one irrelevant frequency."""
    return max(1, round(d / 3))


def sweeps(settings: Scaling) -> dict[str, Sweep]:
    """Return the sweeps, by name: ``d-…`` in each dimension, ``counts`` and ``energies``."""
    shared = {name: getattr(settings, name) for name in ("alpha", "rate", "sigma0_sq", "epsilon")}

    def sweep(place: int, d: int, **axes: Any) -> Sweep:
        first = settings.seed + _SEEDS_APART * place
        alike = {"d": d, "rule": settings.rules, "steps": settings.steps, ULPS: TWINS}
        axes = {**alike, "energy": 0.0, **axes}
        seeds = f"{first}:{first + settings.seeds_in(d) - 1}"
        return sweep_over(PARAMETERS, axes | shared, seeds)

    last, d = len(settings.dimensions), settings.counts_d
    return {
        **{
            f"d-{d:05}": sweep(place, d, irrelevant=third(d))
            for place, d in enumerate(settings.dimensions)
        },
        "counts": sweep(last, d, irrelevant=settings.counts),
        "energies": sweep(
            last + 1,
            d,
            irrelevant=third(d),
            rule=settings.energy_rules,
            steps=settings.energy_steps,
            energy=settings.energies,
        ),
    }


def run_sweeps(settings: Scaling, folder: Path, progress: Progress) -> dict[str, Ratios]:
    """Run the sweeps, or what is missing of them, and return what they found, by name.

    Args:
        settings: checked.
        folder: of the sweeps, each in a folder of its name.
        progress: called with the number of runs done and their total.

    Raises:
        UserError: a sweep does not fit into memory or on the disk, or its folder is another's.

    """
    asked = {
        name: (_computation_of(sweep, settings.device), sweep)
        for name, sweep in sweeps(settings).items()
    }
    found = columns_of(asked, folder, settings.device, progress)
    return {
        name: ratios_of(sweep, found[name], settings.tolerance)
        for name, (_, sweep) in asked.items()
    }


def _computation_of(sweep: Sweep, device: str) -> Computation:
    """Return what is computed at the points of a sweep, all points of one program in a block."""
    d = int(dict(sweep.fixed)["d"])
    groups = math.prod(len(axis) for axis in sweep.axes if axis.name in _OF_A_PROGRAM)
    return computation(sweep.rows // groups, d, device)


def ratios_of(sweep: Sweep, columns: dict[str, Array], tolerance: float) -> Ratios:
    """Divide adversarial risks by GD's from the same start.

    Args:
        sweep: with GD among its rules.
        columns: of the sweep, each of shape (rows,), twins among them or not.
        tolerance: the greatest ``relevant_error`` of a run that has converged.

    """
    lengths = {axis.name: len(axis) for axis in sweep.all_axes}
    shape = [lengths.get(name, 1) for name in _WITHIN]
    axis = next((axis for axis in sweep.axes if axis.name == "rule"), None)
    rules = tuple(map(str, axis.values)) if axis else (str(dict(sweep.fixed)["rule"]),)
    gd = rules.index(BASELINE)

    def of(twin: int) -> Ratios:
        risk, share, error, residue = (columns[c.name].reshape(shape)[:, :, twin] for c in COLUMNS)
        within = error <= tolerance  # false for NaN
        return Ratios(rules, risk / risk[gd], share, error, residue, within & within[gd])

    return of(0)._replace(twins=of(-1))


def quantiles(values: Array, levels: Sequence[float] = LEVELS) -> list[Any]:
    """Return the quantiles of values of shape (n,), or as many None where n < FEWEST_RUNS."""
    if len(values) < FEWEST_RUNS:
        return [None] * len(levels)
    return [float(x) for x in np.quantile(values, levels)]
