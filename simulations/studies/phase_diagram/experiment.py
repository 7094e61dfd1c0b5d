"""The phase diagrams computed: exact limits, simulation, and the condition, over all starts."""

from typing import Any, NamedTuple

import numpy as np

from simulations.studies.phase_diagram.outcomes import (
    Outcome,
    movement_bound,
    movement_in_the_limit,
    outcomes,
    tally,
)
from simulations.studies.phase_diagram.settings import PhaseDiagram
from simulations.study.agreement import compare
from simulations.study.evidence import Check, judged
from simulations.study.lattice import as_floats, nearest_starts
from theory.common.progress import Progress
from theory.model.leading_terms import GREATEST_MOVEMENT_SQ, extreme_ratios
from theory.model.orbit import Array, Start


class Diagram(NamedTuple):
    """A grid of P × P starts.

    Attributes:
        x: coordinate along a row, shape (P,).
        y: coordinate along a column, shape (P,).
        start: the starts row by row, shape (P²,).
        found: what comes out of them, for one or more w̃2(0).

    """

    x: Array
    y: Array
    start: Start
    found: tuple[Outcome, ...]


class Experiment(NamedTuple):
    """Both diagrams, and the numbers that go into ``summary.json``."""

    plane: Diagram
    line: Diagram
    results: dict[str, Any]


def run_experiment(settings: PhaseDiagram, progress: Progress) -> Experiment:
    """Compute everything; ``progress`` is called with the number of starts done and their total."""
    rng = np.random.default_rng(settings.seed)
    total, done = settings.points**2 * (2 + len(settings.sizes)), 0

    def add(starts: int) -> None:
        nonlocal done
        done += starts
        progress(done, total)

    plane, line = over_r_and_q(settings, rng), over_w2_and_q(settings, rng)
    simulated = [
        compare(diagram.start, diagram.found[-1].c0, settings.device, add)
        for diagram in (plane, line)
    ]
    sizes = []
    for size in settings.sizes:
        sizes.append(at_size(settings, size, rng))
        add(settings.points**2)
    results = {
        "simulation": {name: sum(part[name] for part in simulated) for name in simulated[0]},
        "diagrams": {
            "over r and q, w̃2(0) = 0": tally(plane.found[0]),
            f"over r and q, |w̃2(0)| = {settings.w2:g} ‖w̃*‖": tally(plane.found[1]),
            f"over w̃2(0) and q, r = {settings.r:g}": tally(line.found[0]),
        },
        "sizes": sizes,
        "limits": limits_of_the_ratio(),
    }
    return Experiment(plane, line, results)


def over_r_and_q(settings: PhaseDiagram, rng: np.random.Generator) -> Diagram:
    """Return the diagram with r along x and q along y, for w̃2(0) = 0 and for the given one."""
    r, q = (np.geomspace(*ends, settings.points) for ends in (settings.r_range, settings.q_range))
    start = _starts(np.tile(r, settings.points), np.repeat(q, settings.points), settings.size, rng)
    return Diagram(r, q, start, tuple(_outcomes(settings, start, w2) for w2 in (0.0, settings.w2)))


def over_w2_and_q(settings: PhaseDiagram, rng: np.random.Generator) -> Diagram:
    """Return the diagram with w̃2(0)/‖w̃*‖ along x and q along y."""
    w2 = np.linspace(-settings.w2_span, settings.w2_span, settings.points)
    q = np.geomspace(*settings.q_range, settings.points)
    r = np.full(settings.points**2, settings.r)
    start = _starts(r, np.repeat(q, settings.points), settings.size, rng)
    return Diagram(w2, q, start, (_outcomes(settings, start, np.tile(w2, settings.points)),))


def at_size(settings: PhaseDiagram, size: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return what comes out of points² random starts of a size, for w̃2(0) = 0 and random ones.

    r and q are drawn from their ranges, uniformly on a logarithmic scale, and w̃2(0) uniformly.
    """
    n = settings.points**2
    r, q = (
        low * (high / low) ** rng.random(n) for low, high in (settings.r_range, settings.q_range)
    )
    start = _starts(r, q, size, rng)
    w2 = rng.uniform(-settings.w2_span, settings.w2_span, n)
    at_zero, elsewhere = (_outcomes(settings, start, x) for x in (0.0, w2))
    a0, b0, exact_r = as_floats(start)
    q = np.abs(b0 / a0)
    distance = np.abs(at_zero.movement - movement_in_the_limit(exact_r, q))
    share = distance * np.abs(a0) / movement_bound(exact_r, q)
    return {
        "size": size,
        "w2 = 0": tally(at_zero),
        "random w2": tally(elsewhere),
        "greatest_ratio_from_w2_0": float(at_zero.ratio.max()),
        "extreme_ratios": [float(elsewhere.ratio.min()), float(elsewhere.ratio.max())],
        "greatest_share_of_movement_bound": float(share.max()),
    }


def limits_of_the_ratio() -> dict[str, dict[str, Any]]:
    """Return the extremes of the ratio as η → 0 over all r, q and w̃2(0), exact and as floats."""
    least, greatest = extreme_ratios(GREATEST_MOVEMENT_SQ)
    exact = {
        "greatest from w̃2(0) = 0": 1 + GREATEST_MOVEMENT_SQ,
        "least": least,
        "greatest": greatest,
    }
    return {name: {"exact": str(x), "value": float(x)} for name, x in exact.items()}


def checks_of(results: dict[str, Any]) -> dict[str, Check]:
    """Return what had to hold, and whether it did."""
    simulated = results["simulation"]
    wrong = sum(v for name, v in simulated.items() if name.endswith("_differs"))
    told = simulated["starts"] - simulated["float_cannot_tell"]
    rows = [*results["diagrams"].values()]
    rows += [at[which] for at in results["sizes"] for which in ("w2 = 0", "random w2")]
    mismatches, decided = (
        sum(row[name] for row in rows) for name in ("mismatches_where_decided", "decided_by_bounds")
    )
    share = max(at["greatest_share_of_movement_bound"] for at in results["sizes"])
    return {
        "closed_form_is_the_simulation": judged(
            wrong == 0,
            "T, Δw̃2 and the limit cycle are those of the closed form from every start at which "
            "float64 can tell",
            f"{wrong:,} differences at {told:,} starts, {simulated['steps']:.3g} steps; float64 "
            f"cannot tell at {simulated['float_cannot_tell']:,}",
            of_simulator=True,
        ),
        "exact_condition": judged(
            mismatches == 0,
            "GD is the more robust exactly where Δw̃2(Δw̃2 + 2w̃2(0)) > 0, wherever η is small enough "
            "for bounds on the limit cycle to decide",
            f"{mismatches:,} differences at {decided:,} such starts",
        ),
        "movement_near_its_limit": judged(
            share <= 1,
            "|Δw̃2| is at most √6 max(2, r/2 − 1/3)η from min(√2|w̃0*|, √3 min(r, 1/3)|w̃1*|), "
            "r = σ̃1²/σ̃0², at every random start (ratio-limits.2)",
            f"at most {100 * share:.3g} % of that",
        ),
    }


def _starts(r: Array, q: Array, size: float, rng: np.random.Generator) -> Start:
    """Starts with |a| uniform in [size, size + 1), |b| = q|a| and random signs."""
    a = size + rng.random(len(r))
    signs = rng.choice([-1.0, 1.0], (2, len(r)))
    return nearest_starts(signs[0] * a, signs[1] * q * a, r)


def _outcomes(settings: PhaseDiagram, start: Start, w2: Array | float) -> Outcome:
    return outcomes(start, w2, settings.sigma0_sq, settings.epsilon, settings.device)
