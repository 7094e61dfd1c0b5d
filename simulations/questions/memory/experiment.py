"""Adam and RMSProp from no memory to the defaults: sweeps, and signGD's closed form beside them."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from simulations.evidence import Check, judged
from simulations.explore.rules import KINDS, Rule, update_rule
from simulations.explore.spectrum import Regression, Runs
from simulations.explore.train import train
from simulations.questions.answer import Progress
from simulations.questions.memory.settings import Memory
from simulations.questions.problems import (
    FIGURE_4_7,
    PROBLEMS,
    epsilon,
    gd_limit_risk,
    late_times,
    movement,
    problem_of,
    risk_of_zero,
    runs_of,
)
from simulations.questions.quartiles import Quartiles, quartiles
from simulations.questions.sweeps import Columns, columns_of, combinations
from simulations.sweep.blocks import Column, Computation
from simulations.sweep.grid import Parameter, Points, Sweep, sweep_of
from theory.limit import signgd_limit
from theory.orbit import SignGDLimit
from theory.problem import LinearProblem

NO_MEMORY: Final = "no memory"
MEMBERS: Final = (NO_MEMORY, "RMSProp", "Adam")
"""β1 = β2 = 0, ε = 0: signGD on population gradients; and PyTorch's defaults."""
# Of the standard risk of the weights 0: what more is left of, has not been learnt.
_LEARNT: Final = 0.01
_UNIT_ROUNDOFF: Final = 2.0**-53

_POPULATION: Final = 0
_DEFAULT: Final = -1.0
_PARAMETERS: Final = (
    Parameter("problem", str, ",".join(PROBLEMS), PROBLEMS),
    Parameter("member", str, "Adam", MEMBERS),
    # A number below 0 stands for the member's own.
    Parameter("beta1", float, _DEFAULT),
    Parameter("beta2", float, _DEFAULT),
    Parameter("eps", float, _DEFAULT),
    Parameter("samples", int, _POPULATION),
    Parameter("learning_rate", float),
    Parameter("distance", float),
    Parameter("start", float),
    Parameter("d", int),
    Parameter("alpha", float),
    Parameter("device", str),
)
_COLUMNS: Final = (
    Column("movement", np.float64),
    Column("standard_risk", np.float64),
    Column("adversarial_ratio", np.float64),
)


def rule_of(member: str, learning_rate: float, **options: float) -> Rule:
    """Return a member's rule with some of its options replaced.

    Args:
        member: one of :data:`MEMBERS`; ``no memory`` is Adam with β1 = β2 = ε = 0.
        learning_rate: η > 0.
        options: ``beta1``, ``beta2`` and ``eps``; a number below 0 leaves the member's own.
            RMSProp's α is ``beta2`` here.

    Raises:
        UserError: an option is out of its range, or RMSProp is given a ``beta1``.

    """
    given: dict[str, Any] = {name: value for name, value in options.items() if value >= 0}
    if member == "RMSProp":
        renamed: dict[str, Any] = {
            ("alpha" if name == "beta2" else name): x for name, x in given.items()
        }
        return update_rule("RMSProp", learning_rate, **renamed)
    own: dict[str, Any] = dict.fromkeys(KINDS["Adam"].defaults, 0.0) if member == NO_MEMORY else {}
    return update_rule("Adam", learning_rate, **{**own, **given})


def sweeps_of(settings: Memory) -> dict[str, Sweep]:
    """Return what is computed, by name; each of both problems and all seeds."""
    members = f"member={','.join(MEMBERS)}"
    rate = f"learning_rate={settings.learning_rate!r}"
    asked = {
        "betas of Adam": (
            *("eps=0", rate),
            f"beta1={_listed(settings.beta1)}",
            f"beta2={_listed(settings.beta2)}",
        ),
        "alpha of RMSProp": ("member=RMSProp", "eps=0", rate, f"beta2={_listed(settings.beta2)}"),
        "eps": (members, rate, f"eps={_listed(settings.eps)}"),
        "samples": (members, rate, f"samples={_listed(settings.samples)}"),
        "learning_rate": (members, f"learning_rate={_listed(settings.learning_rates)}"),
    }
    fixed = [f"{n}={getattr(settings, n)!r}" for n in ("distance", "start", "d", "alpha")]
    fixed.append(f"device={settings.device}")
    return {
        name: sweep_of(_PARAMETERS, options=[*options, *fixed], seeds=settings.seeds)
        for name, options in asked.items()
    }


def _listed(values: tuple[float, ...]) -> str:
    return ",".join(map(repr, values))


def measured(points: Points) -> dict[str, np.ndarray]:
    """Train from each point's start, and average over the last tenth of training; shapes (n,).

    ``movement`` is as in :func:`simulations.questions.problems.movement`, ``standard_risk`` is over
    that of the weights 0, ``adversarial_ratio`` over the risk of GD's limit. NaN where a run did
    not stay finite.
    """
    return points.groupwise([p.name for p in _PARAMETERS], _of_one_rule)


def _of_one_rule(points: Points) -> dict[str, np.ndarray]:
    at: Any = points.fixed
    runs = _problem_at(at).runs(points["seed"].tolist())
    iterations = round(at["distance"] / at["learning_rate"])
    outcome = train(
        runs,
        rule_of(
            at["member"],
            at["learning_rate"],
            **{name: at[name] for name in ("beta1", "beta2", "eps")},
        ),
        iterations=iterations,
        samples_per_step=None if at["samples"] == _POPULATION else at["samples"],
        record_at=late_times(iterations),
        device=at["device"],
    )
    return {
        "movement": movement(outcome).mean(axis=1),
        "standard_risk": outcome.standard_risk().mean(axis=1) / risk_of_zero(runs),
        "adversarial_ratio": outcome.adversarial_risk(epsilon()).mean(axis=1) / gd_limit_risk(runs),
    }


def _problem_at(at: dict[str, Any]) -> Regression:
    return problem_of(at["problem"], at["d"], at["alpha"], at["start"])


COMPUTATION: Final = Computation("memory of adaptive rules", measured, _COLUMNS, most_rows=512)


class Row(NamedTuple):
    """One combination of numbers, over its seeds.

    Attributes:
        problem: its name.
        member: one of :data:`MEMBERS`.
        at: the numbers that the sweep varies.
        movement: lower quartile, median and upper quartile, as the others.
        standard_risk: over that of the weights 0.
        adversarial_ratio: over GD's limit.
        n: seeds, without those whose runs did not stay finite.
        failed: seeds whose runs did not.

    """

    problem: str
    member: str
    at: dict[str, float]
    movement: Quartiles
    standard_risk: Quartiles
    adversarial_ratio: Quartiles
    n: int
    failed: int


def settles(row: Row) -> bool:
    """Whether the rule learns the task: the median standard risk is below 1 % of that of 0."""
    return row.standard_risk[1] < _LEARNT


class Experiment(NamedTuple):
    """What was found.

    Attributes:
        rows: of each sweep, by name.
        closed_form: signGD's movement in Figure 4.7's problem by its closed form, quartiles over
            the seeds.
        check: Adam without memory against that closed form.

    """

    rows: dict[str, list[Row]]
    closed_form: Quartiles
    check: Check


def run_experiment(settings: Memory, folder: Path, progress: Progress) -> Experiment:
    """Compute, or go on with, all sweeps in ``folder``; ``progress`` is told of points done.

    Raises:
        UserError: the folder holds sweeps of other settings or of other code, or cannot be
            written.

    """
    sweeps = sweeps_of(settings)
    asked = {name: (COMPUTATION, sweep) for name, sweep in sweeps.items()}
    columns = columns_of(asked, folder, settings.device, progress)
    rows = {name: list(_rows(sweep, columns[name])) for name, sweep in sweeps.items()}
    moved, check = against_closed_form(settings)
    return Experiment(rows, quartiles(moved), check)


def _rows(sweep: Sweep, columns: Columns) -> Iterator[Row]:
    """Yield a row for each combination."""
    fixed: dict[str, Any] = dict(sweep.fixed)
    for at, values in combinations(sweep, columns):
        n = int(np.isfinite(values["movement"]).sum())
        problem, member = (at.pop(name, fixed.get(name)) for name in ("problem", "member"))
        spread = {column.name: quartiles(values[column.name]) for column in _COLUMNS}
        yield Row(problem, member, at, **spread, n=n, failed=len(sweep.seeds) - n)


def against_closed_form(settings: Memory) -> tuple[np.ndarray, Check]:
    """Adam with β1 = β2 = ε = 0 against the closed form of signGD, in Figure 4.7's problem.

    After t updates rounding has moved an error by at most 16(t + 1)u max‖ẽ‖, as
    :mod:`simulations.check` derives, until a sign differs; and that moves one by (√6/6)η at least.

    Returns:
        The movement by the closed form, its mean over the limit cycle, shape (seeds,); the check.

    """
    runs = runs_of(FIGURE_4_7, settings)
    limits = [_closed_form(runs, seed, settings.learning_rate) for seed in range(settings.seeds)]
    iterations = round(settings.distance / settings.learning_rate)
    end = train(
        runs,
        rule_of(NO_MEMORY, settings.learning_rate),
        iterations=iterations,
        device=settings.device,
    ).e_tilde[:, -1]
    cycles = np.array([[[float(x) for x in e] for e in limit.cycle] for limit in limits])
    there = np.array([limit.cycle_start <= iterations for limit in limits])
    point = [(iterations - limit.cycle_start) % 2 for limit in limits]
    exact = cycles[np.arange(len(runs)), point]
    size = np.linalg.norm(runs.w0_tilde - runs.w_star_tilde, axis=1).max()
    bound = 16 * (iterations + 1) * _UNIT_ROUNDOFF * size
    gap = np.abs(end - exact).max(axis=1)[there]
    w_star = np.linalg.norm(runs.w_star_tilde, axis=1)
    e0 = (runs.w0_tilde - runs.w_star_tilde)[:, 2]
    moved = np.abs(cycles[..., 2].mean(axis=1) - e0) / w_star
    return moved, judged(
        bool(there.all() and (gap <= bound).all()),
        "population Adam with β1 = β2 = ε = 0 ends on the limit cycle of signGD's closed form, "
        f"within {bound:.2g} of rounding",
        f"{int((gap <= bound).sum())} of {len(runs)} starts do; the greatest distance is "
        f"{gap.max(initial=0):.2g}",
        of_simulator=True,
    )


def _closed_form(runs: Runs, seed: int, learning_rate: float) -> SignGDLimit:
    sigma_sq, w_star, w0 = (
        [Fraction(number) for number in x.tolist()]
        for x in (runs.sigma_tilde_sq, runs.w_star_tilde[seed], runs.w0_tilde[seed])
    )
    return signgd_limit(LinearProblem.of(sigma_sq, w_star, w0, Fraction(learning_rate)))
