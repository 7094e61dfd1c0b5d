"""What the runs say about the theory, in words."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import sympy as sp

from simulations.engine.rules import KINDS
from simulations.studies.scaling.experiment import rule_of
from simulations.studies.scaling.law import FEWEST_RUNS, Line, law_of
from simulations.studies.scaling.settings import BASELINE, Scaling
from theory.model.dynamics import gd_error

Row = dict[str, Any]

# Of the first errors at frequencies with energy, what GD leaves where it has hardly begun to learn
# them, and where it has learnt them.
_HARDLY_LEARNT: Final = 0.95
_LEARNT: Final = 1e-4


def statement(settings: Scaling, results: dict[str, Any]) -> str:
    """Return what the runs say about the theory."""
    return "\n\n".join(_statements(settings, results))


def _statements(settings: Scaling, results: dict[str, Any]) -> Iterator[str]:
    exact = results["at_three"]
    n, above = exact["starts"], exact["above_one_exact"]
    yield (
        f"What is proved is d = 3 and signGD. There, of {n:,} random starts the adversarial risk "
        f"of signGD's limit is above GD's at {above:,} ({100 * above / n:.1f} %) by the closed "
        f"form, and at {exact['above_one_trained']:,} by training at the same constant learning "
        f"rate, {settings.exact_rate:g}. By the main term alone, Δw̃2(Δw̃2 + 2w̃2(0)) > 0, it would "
        f"be at {exact['above_one_as_rate_vanishes']:,}. From random w̃2(0), GD is not always the "
        "more robust one, not even in d = 3."
    )
    yield from _on_dimensions(settings, results)
    yield from _on_energies(settings, results["rows"]["energies"])
    left_out = [
        f"{row['rule']} at d = {row['d']}, {row['irrelevant']} irrelevant, energy "
        f"{row['energy']:g}, {row['steps']} updates "
        f"({row['runs'] - row['converged']} of {row['runs']})"
        for rows in results["rows"].values()
        for row in rows
        if row["converged"] < row["runs"]
    ]
    yield (
        "Not converged, or compared with a run of GD that is not, and in no quantile and no law: "
        f"{'; '.join(left_out)}."
        if left_out
        else "All runs converged at the relevant frequencies."
    )


def _on_dimensions(settings: Scaling, results: dict[str, Any]) -> Iterator[str]:
    top = max(settings.dimensions)
    last = [
        row
        for row in results["rows"]["d"]
        if row["d"] == top and not KINDS[row["rule"]].commutes and _has_median(row)
    ]
    # The others end where GD does, up to what neither has converged.
    for name, holds in (
        ("above 1 at every converged run", lambda row: row["above_one"] == row["converged"]),
        ("below 1 or equal at every one", lambda row: row["above_one"] == 0),
    ):
        rules = [f"{row['rule']} ({row['quantiles'][2]:.3f})" for row in last if holds(row)]
        if rules:
            runs = max(row["runs"] for row in last)
            yield (
                f"In d = {top:,} the ratio is {name} of {', '.join(rules)}, medians of at most "
                f"{runs} runs in brackets."
            )
    for which, x in (("d", "d"), ("counts", "the number of irrelevant frequencies")):
        laws = {rule: law_of(law) for rule, law in results["laws"][which].items()}
        for what, slopes, lines in (
            (
                f"the median of the log ratio is linear in the log of {x}",
                "slopes",
                {rule: law.median for rule, law in laws.items()},
            ),
            (
                f"the interquartile range of the log ratio is a power of {x}",
                "exponents",
                {rule: law.spread for rule, law in laws.items()},
            ),
        ):
            yield from _on_lines(what, slopes, lines)


def _on_lines(what: str, slopes: str, lines: dict[str, Line]) -> Iterator[str]:
    fitting = [
        f"{rule} {line.slope:+.3f} ({line.low:+.3f} to {line.high:+.3f})"
        for rule, line in lines.items()
        if line.fits
    ]
    if fitting:
        yield (
            f"Conjecture, not proved: {what}, with {slopes} (95 % intervals) {'; '.join(fitting)}."
        )
    others = [f"{rule} ({line.off_in_errors:.1f})" for rule, line in lines.items() if not line.fits]
    if others:
        yield (
            f"Not so for {', '.join(others)}: in brackets by how many of its standard errors a "
            f"place is off the best line. So it is no law that {what}, for these rules."
        )


def _on_energies(settings: Scaling, rows: Sequence[Row]) -> Iterator[str]:
    """Say what small energies change, and with how many updates, where there are any."""
    rows = [row for row in rows if row["rule"] != BASELINE]
    with_energy = [row for row in rows if row["energy"] > 0]
    told = [row for row in rows if _has_median(row)]
    if not any(row["energy"] > 0 for row in told):
        return
    m, d = with_energy[0]["irrelevant"], settings.counts_d
    yield (
        f"Small energies in place of none, observed at random starts and not proved: at variance "
        f"v σ̃0² at the irrelevant frequencies ({m} of d = {d}), GD leaves (1 − v)ᵗ of the first "
        "errors there after t updates, so that none is irrelevant for ever. Medians of the ratio "
        f"(of all {with_energy[0]['runs']} starts, where it is not said how many of them "
        f"converged; none of fewer than {FEWEST_RUNS}):"
    )
    yield "\n".join(_medians(rows))
    yield " ".join(_by_what_gd_leaves(settings, told))


def _has_median(row: Row) -> bool:
    return row["quantiles"][0] is not None


def _medians(rows: Sequence[Row]) -> Iterator[str]:
    for rule, steps in dict.fromkeys((row["rule"], row["steps"]) for row in rows):
        medians = [
            _median_in_words(row) for row in rows if (row["rule"], row["steps"]) == (rule, steps)
        ]
        yield f"- {rule}, {steps:,} updates: {', '.join(medians)}"


def _median_in_words(row: Row) -> str:
    median = f"{_median(row):.3f}" if _has_median(row) else "none"
    few = f", {row['converged']} of them" if row["converged"] < row["runs"] else ""
    return f"{median} (v = {row['energy']:g}{few})"


def _by_what_gd_leaves(settings: Scaling, rows: Sequence[Row]) -> Iterator[str]:
    idealised = {(row["rule"], row["steps"]): _median(row) for row in rows if row["energy"] == 0}
    left = [(gd_leaves(settings, row["energy"], row["steps"]), row) for row in rows]
    early = [
        abs(_median(row) - idealised[row["rule"], row["steps"]])
        for share, row in left
        if _HARDLY_LEARNT <= share < 1 and (row["rule"], row["steps"]) in idealised
    ]
    if early:
        yield (
            f"Where GD leaves at least {100 * _HARDLY_LEARNT:g} % of these errors, the "
            f"idealisation to zero changes medians by up to {max(early):.3f}."
        )
    late = [abs(_median(row) - 1) for share, row in left if share <= _LEARNT]
    if late:
        yield (
            f"Where it leaves at most {100 * _LEARNT:g} %, they are within {max(late):.4f} of 1: "
            "the rules have learnt these weights too."
        )
    between = [(share, row) for share, row in left if _LEARNT < share < _HARDLY_LEARNT]
    rules = dict.fromkeys(row["rule"] for _, row in between)
    ranges = [_range([x for x in between if x[1]["rule"] == rule]) for rule in rules]
    if ranges:
        yield f"In between, energy and training time change the picture: {'; '.join(ranges)}."


def _range(of_rule: Sequence[tuple[float, Row]]) -> str:
    """Say the least and the greatest median, each with the share of errors that GD leaves there."""
    least, greatest = (choose(of_rule, key=lambda x: _median(x[1])) for choose in (min, max))
    rule = least[1]["rule"]
    if least is greatest:
        return f"{rule} {_place(*least)}"
    return f"{rule} from {_place(*least)} to {_place(*greatest)}"


def gd_leaves(settings: Scaling, energy: float, steps: int) -> float:
    """Return the share of an error at a frequency of variance ``energy`` σ̃0² that GD leaves."""
    eta = rule_of(BASELINE, settings.rate, settings.sigma0_sq, steps).learning_rate
    return float(gd_error(sp.Integer(1), energy * settings.sigma0_sq, eta, sp.Integer(steps)))


def _median(row: Row) -> float:
    return float(row["quantiles"][2])


def _place(share: float, row: Row) -> str:
    return (
        f"{_median(row):.3f} (v = {row['energy']:g}, {row['steps']:,} updates, where GD leaves "
        f"{100 * share:.2g} %)"
    )
