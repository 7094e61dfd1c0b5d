"""How the ratio scales, in words and tables."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import sympy as sp

from simulations.evidence import Check
from simulations.explore.rules import KINDS
from simulations.questions.answer import lines_of
from simulations.questions.scaling.experiment import Ratios, quantiles, rule_of, third
from simulations.questions.scaling.law import FEWEST_PLACES, FEWEST_RUNS, Law, fitted
from simulations.questions.scaling.settings import BASELINE, Scaling
from theory.dynamics import gd_error
from theory.tables import TextTable

Row = dict[str, Any]

# Of the first errors at frequencies with energy, what GD leaves where it has hardly begun to learn
# them, and where it has learnt them.
_HARDLY_LEARNT: Final = 0.95
_LEARNT: Final = 1e-4


def results_of(settings: Scaling, found: dict[str, Ratios]) -> dict[str, Any]:
    """Return the numbers that go into ``summary.json``: rows of three kinds, and the laws."""
    by_d = [found[f"d-{d:05}"] for d in settings.dimensions]
    m = third(settings.counts_d)
    rows = {
        "d": [
            row
            for d, ratios in zip(settings.dimensions, by_d, strict=True)
            for row in rows_of(ratios, d, (settings.steps,), (third(d),), (0.0,))
        ],
        "counts": rows_of(
            found["counts"], settings.counts_d, (settings.steps,), settings.counts, (0.0,)
        ),
        "energies": rows_of(
            found["energies"], settings.counts_d, settings.energy_steps, (m,), settings.energies
        ),
    }
    laws = {
        "d": {
            rule: fitted(settings.dimensions, [ratios.of(rule, 0, 0, 0) for ratios in by_d])
            for rule in settings.rules
        },
        "counts": {
            rule: fitted(
                settings.counts,
                [found["counts"].of(rule, 0, i, 0) for i in range(len(settings.counts))],
            )
            for rule in settings.rules
        },
    }
    return {
        "rows": rows,
        "laws": {
            which: {rule: law._asdict() for rule, law in of.items() if law is not None}
            for which, of in laws.items()
        },
    }


def rows_of(
    found: Ratios,
    d: int,
    steps: Sequence[int],
    counts: Sequence[int],
    energies: Sequence[float],
) -> list[Row]:
    """Return a row for each rule, time, number of irrelevant frequencies and energy.

    Quantiles and the share above 1 are of the converged runs alone; the rest is of all. Of fewer
    than :data:`FEWEST_RUNS` there are no quantiles.
    """
    rows = []
    for rule, T, m, energy in np.ndindex(found.ratio.shape[:4]):
        place = (rule, T, m, energy)
        ratio = found.ratio[place][found.converged[place]]
        rows.append(
            {
                "d": d,
                "irrelevant": counts[m],
                "energy": energies[energy],
                "steps": steps[T],
                "rule": found.rules[rule],
                "runs": found.ratio.shape[4],
                "converged": len(ratio),
                "quantiles": quantiles(ratio),
                "above_one": int((ratio > 1).sum()),
                "standard_share": _median_and_greatest(found.standard_share[place]),
                "relevant_error": _median_and_greatest(found.relevant_error[place]),
                "residue": _median_and_greatest(np.abs(found.residue[place])),
            }
        )
    return rows


def _median_and_greatest(values: np.ndarray) -> list[float | None]:
    """Return both of the finite values; None where there are none, as a run may diverge."""
    finite = values[np.isfinite(values)]
    return [float(np.median(finite)), float(finite.max())] if len(finite) else [None, None]


def tables(results: dict[str, Any]) -> dict[str, TextTable]:
    """Return the tables: ``dimensions``, ``counts``, ``energies`` and ``laws``."""
    header = (
        *("d", "irrelevant", "energy/σ̃0²", "updates", "rule", "runs", "converged"),
        *("5 %", "25 %", "median", "75 %", "95 %", "above 1"),
        *("R_s/R_s(0), median", "greatest", "‖ẽ‖/‖w̃*‖ relevant, greatest", "residue, greatest"),
    )
    named = {"dimensions": "d", "counts": "counts", "energies": "energies"}
    laws = [
        [rule, {"d": "d", "counts": "irrelevant frequencies"}[which], *_law_cells(law)]
        for which, of in results["laws"].items()
        for rule, law in of.items()
    ]
    law_header = (
        *("rule", "x", "slope of the median of log ratio in log x", "95 % interval"),
        *("exponent of its interquartile range", "95 % interval"),
        *("greatest distance of a median", "in its standard errors", "places", "runs"),
    )
    return {
        **{
            name: TextTable(header, [_cells(row) for row in results["rows"][which]])
            for name, which in named.items()
        },
        "laws": TextTable(law_header, laws),
    }


def _cells(row: Row) -> list[str]:
    ratio = ["–" if x is None else f"{x:.4f}" for x in row["quantiles"]]
    rest = [*row["standard_share"], row["relevant_error"][1], row["residue"][1]]
    return [
        *(str(row["d"]), str(row["irrelevant"]), f"{row['energy']:g}", str(row["steps"])),
        *(row["rule"], str(row["runs"]), str(row["converged"]), *ratio, str(row["above_one"])),
        *("–" if x is None else f"{x:.1e}" for x in rest),
    ]


def _law_cells(law: dict[str, Any]) -> list[str]:
    law_ = Law(**law)
    return [
        *(f"{law_.slope:+.4f}", f"{law_.low:+.4f} to {law_.high:+.4f}"),
        *(f"{law_.spread_slope:+.3f}", f"{law_.spread_low:+.3f} to {law_.spread_high:+.3f}"),
        *(f"{law_.off:.3f}", f"{law_.off_in_errors:.1f}", str(law_.places), str(law_.runs)),
    ]


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
        f"rate, {settings.exact_rate:g}. As the rate vanishes it is so where Δw̃2(Δw̃2 + 2w̃2(0)) > "
        f"0, at {exact['above_one_as_rate_vanishes']:,}. From random w̃2(0), GD is not always the "
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
            yield f"In d = {top:,} the ratio is {name} of {', '.join(rules)}, medians in brackets."
    for which, x in (("d", "d"), ("counts", "the number of irrelevant frequencies")):
        laws = [
            f"{rule} {law['slope']:+.4f} ({law['low']:+.4f} to {law['high']:+.4f})"
            + (" – bends" if law["off_in_errors"] > 3 else "")
            for rule, law in results["laws"][which].items()
        ]
        if laws:
            yield (
                f"Conjecture, not proved: the median of the log ratio is linear in the log of {x}, "
                f"with slopes (95 % intervals) {'; '.join(laws)}. *Bends*: a median is more than "
                "three of its standard errors off, so that the line is no more than a summary over "
                "this range."
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


def report(settings: Scaling, results: dict[str, Any], checks: dict[str, Check]) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(settings, results, checks)) + "\n"


def _lines(settings: Scaling, results: dict[str, Any], checks: dict[str, Check]) -> Iterator[str]:
    yield "# How does the adversarial-risk ratio scale?\n"
    yield (
        "The adversarial risk of each update rule over that of GD, from the same random start "
        f"after as many updates, {settings.steps} where nothing else is said: true weights N(0, 1) "
        "at the relevant frequencies and 0 at the others, initial weights N(0, 1) at all, relevant "
        f"variances σ̃0²/(k + 1)^{settings.alpha:g}, none at the highest frequencies but where said."
        " Population gradients. Above 1 GD is the more robust.\n"
    )
    yield (
        "A run has *converged* if ‖ẽ‖ at the relevant frequencies is at most "
        f"{settings.tolerance:g}‖w̃*‖; nothing at the irrelevant ones counts, so that whether a run "
        "is used does not depend on what it shows. Of fewer than "
        f"{FEWEST_RUNS} converged runs no quantile is told. The *residue* is the log of the "
        "adversarial risk over what it were with ẽ = 0 there.\n"
    )
    yield f"## What it says\n\n{statement(settings, results)}\n"
    yield "## Two routes\n"
    yield from lines_of(checks)
    yield "\n## Laws (conjectures)\n"
    if any(results["laws"].values()):
        yield "Least squares on medians; intervals by resampling the runs of each place.\n"
        yield tables(results)["laws"].markdown() + "\n"
    else:
        yield _why_no_law(settings) + "\n"
    for name, title in (
        ("dimensions", "Against the dimension, one third of the frequencies irrelevant"),
        ("counts", f"Against the number of irrelevant frequencies, d = {settings.counts_d}"),
        ("energies", f"With energy at the irrelevant frequencies, d = {settings.counts_d}"),
    ):
        yield f"## {title}\n\n![Ratio of adversarial risks]({name}.png)\n"
        yield _caption(name) + "\n"
        yield tables(results)[name].markdown() + "\n"


def _why_no_law(settings: Scaling) -> str:
    return (
        f"None: a law takes {FEWEST_PLACES} places with {FEWEST_RUNS} converged runs each or more, "
        f"and ratios that differ. Asked for were "
        f"{_counted(len(settings.dimensions), 'dimension')} and "
        f"{_counted(len(settings.counts), 'number')} of irrelevant frequencies."
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _caption(name: str) -> str:
    if name == "energies":
        return (
            "Medians and middle halves. With energy there, GD moves these weights too, and the "
            "more the longer it trains: with energy v σ̃0² it leaves (1 − v)ᵗ of their error."
        )
    return "Light: 5 to 95 % of the runs; dark: 25 to 75 %; line: median. Dashed: GD."
