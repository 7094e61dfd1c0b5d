"""How the ratio scales, in words and tables."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from simulations.studies.scaling.experiment import (
    FASTER,
    LEVELS,
    Ratios,
    quantiles,
    third,
)
from simulations.studies.scaling.law import FEWEST_PLACES, FEWEST_RUNS, Law, fitted, law_of
from simulations.studies.scaling.settings import BASELINE, Scaling
from simulations.studies.scaling.statement import statement
from simulations.study.alternatives import each, sentences
from simulations.study.answer import lines_of
from simulations.study.evidence import Check
from simulations.study.quartiles import fixed, held
from simulations.study.rounding import TOLD, distance
from theory.common.tables import TextTable

Row = dict[str, Any]


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
            which: {rule: law.as_json() for rule, law in of.items() if law is not None}
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
                **_of_twins(found, place),
            }
        )
    return rows


def _of_twins(found: Ratios, place: tuple[int, ...]) -> dict[str, Any]:
    """Return how many twins are above 1, and how far rounding moves the other numbers."""
    twins = found.twins or found
    converged = found.converged[place]
    ratio, twin = found.ratio[place][converged], twins.ratio[place][converged]
    rest = {
        name: distance(np.abs(values[place]), np.abs(moved[place]), (0.5, 1.0))
        for name, values, moved in (
            ("standard_share", found.standard_share, twins.standard_share),
            ("relevant_error", found.relevant_error, twins.relevant_error),
            ("residue", found.residue, twins.residue),
        )
    }
    return {
        "twins_above_one": int((twin > 1).sum()),
        "rounding": {"quantiles": distance(ratio, twin, LEVELS), **rest},
    }


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
        [rule, {"d": "d", "counts": "irrelevant frequencies"}[which], *_law_cells(law_of(law))]
        for which, of in results["laws"].items()
        for rule, law in of.items()
    ]
    law_header = (
        *("rule", "x", "slope of the median of log ratio in log x", "95 % interval"),
        *("greatest distance of a median", "in its standard errors", "fits"),
        *("exponent of its interquartile range", "95 % interval"),
        *("greatest distance of its log", "in its standard errors", "fits"),
        *("places", "runs"),
    )
    return {
        **{
            name: TextTable(header, [_cells(row) for row in results["rows"][which]])
            for name, which in named.items()
        },
        "laws": TextTable(law_header, laws),
    }


def _cells(row: Row) -> list[str]:
    moves = row["rounding"]
    ratio = ["–" if x is None else fixed(x, moves["quantiles"], 4) for x in row["quantiles"]]
    rest = [(x, moves["standard_share"]) for x in row["standard_share"]]
    rest += [(row[name][1], moves[name]) for name in ("relevant_error", "residue")]
    above = " to ".join(map(str, sorted({row["above_one"], row["twins_above_one"]})))
    return [
        *(str(row["d"]), str(row["irrelevant"]), f"{row['energy']:g}", str(row["steps"])),
        *(
            row["rule"],
            str(row["runs"]),
            str(row["converged"]),
            *ratio,
            above,
        ),
        *("–" if x is None else held(x, moved, 2) for x, moved in rest),
    ]


def _law_cells(law: Law) -> list[str]:
    return [
        cell
        for line in (law.median, law.spread)
        for cell in (
            *(f"{line.slope:+.3f}", f"{line.low:+.3f} to {line.high:+.3f}"),
            *(f"{line.off:.2f}", f"{line.off_in_errors:.1f}", "yes" if line.fits else "no"),
        )
    ] + [str(law.places), str(law.runs)]


CAPTION: Final = "Ratio of adversarial risks"


def alternative(rows: Sequence[Row], x: str, at: str) -> str:
    """Return what is seen in a picture, of the rows of one sweep against ``at``, called ``x``."""
    shown = [r for r in rows if r["quantiles"][2] is not None and r["rule"] != BASELINE]
    if not shown:
        return "A panel for each rule, with no ratio in any: too few runs converged."
    latest = max(row["steps"] for row in shown)
    shown = sorted((r for r in shown if r["steps"] == latest), key=lambda row: row[at])
    medians: dict[str, list[float]] = {}
    for row in shown:
        medians.setdefault(row["rule"], []).append(row["quantiles"][2])
    rules = [rule for rule in dict.fromkeys(r["rule"] for r in rows) if rule in medians]
    said = each((rule, f"{medians[rule][0]:.3f} to {medians[rule][-1]:.3f}") for rule in rules)
    return sentences(
        "A panel for each rule: the ratio of its adversarial risk to GD's after "
        f"{latest:,} updates; medians from {x} = {shown[0][at]:,} to {shown[-1][at]:,}: {said}"
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
        f"The learning rates of GD, momentum and Nesterov are 1/σ̃0² throughout. Those of the other "
        f"rules begin at {settings.rate:g}{_faster(settings)} and fall to 0 linearly: where they "
        "are constant, weights end in a cycle around the solution, as wide as the rate. Options "
        "are the defaults of PyTorch's optimizers, where it has them.\n"
    )
    yield (
        "A run has *converged* if ‖ẽ‖ at the relevant frequencies is at most "
        f"{settings.tolerance:g}‖w̃*‖; nothing at the irrelevant ones counts, so that whether a run "
        "is used does not depend on what it shows. Of fewer than "
        f"{FEWEST_RUNS} converged runs no quantile is told. The *residue* is the log of the "
        f"adversarial risk over what it were with ẽ = 0 there. {TOLD}\n"
    )
    yield f"## What it says\n\n{statement(settings, results)}\n"
    yield "## Two routes\n"
    yield from lines_of(checks)
    yield "\n## Laws (conjectures)\n"
    yield from _on_laws(settings, results)
    for name, title in (
        ("dimensions", "Against the dimension, one third of the frequencies irrelevant"),
        ("counts", f"Against the number of irrelevant frequencies, d = {settings.counts_d}"),
        ("energies", f"With energy at the irrelevant frequencies, d = {settings.counts_d}"),
    ):
        yield f"## {title}\n\n![{CAPTION}]({name}.png)\n"
        yield _caption(name) + "\n"
        yield tables(results)[name].markdown() + "\n"


def _on_laws(settings: Scaling, results: dict[str, Any]) -> Iterator[str]:
    if any(results["laws"].values()):
        yield (
            "Least squares on medians, and on logs of interquartile ranges; intervals by "
            "resampling the runs of each place. A line *fits* if no place is more than three of "
            "its standard errors off; only then is it a conjecture.\n"
        )
        yield tables(results)["laws"].markdown() + "\n"
    else:
        yield _why_no_law(settings) + "\n"


def _faster(settings: Scaling) -> str:
    rates = [f"{settings.rate * times:g} for {rule}" for rule, times in FASTER.items()]
    return f" ({', '.join(rates)})" if rates else ""


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
