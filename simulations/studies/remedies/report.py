"""The remedies in words and tables."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from simulations.engine.outcome import LEARNT
from simulations.studies.remedies.experiment import Experiment
from simulations.studies.remedies.rows import Row
from simulations.studies.remedies.runs import (
    DECAYING,
    NONE,
    PENALTY,
    PENALTY_DECAYING,
    REMEDIES,
    RIDGE,
    RULES,
    ZERO_START,
)
from simulations.studies.remedies.settings import Remedies
from simulations.study.alternatives import each, sentences
from simulations.study.answer import lines_of
from simulations.study.problems import PROBLEMS
from simulations.study.quartiles import cells, held, words
from simulations.study.rounding import TOLD
from theory.common.plurals import counted
from theory.common.tables import TextTable


def tables(experiment: Experiment) -> dict[str, TextTable]:
    """Return the table ``remedies``."""
    header = (
        *("problem", "rule", "remedy", "λ", "closed, median", "quartiles"),
        *("R_a / R_a(GD), median", "quartiles", "R_s / R_s(0), median", "quartiles"),
        *("max |w̃ − ridge|, median", "n"),
    )
    return {"remedies": TextTable(header, [_cells(row) for row in experiment.rows])}


def _cells(row: Row) -> list[str]:
    far = row.distance_to_ridge[1]
    rounding = row.rounding
    return [
        *(row.problem, row.rule, row.remedy, f"{row.strength:g}" if row.strength else ""),
        *cells(row.closed, rounding["closed"]),
        *cells(row.adversarial_ratio, rounding["adversarial_ratio"]),
        *cells(row.standard_risk, rounding["standard_risk"]),
        *(held(far, rounding["distance_to_ridge"], 2) if np.isfinite(far) else "", str(row.n)),
    ]


CAPTION: Final = "Part of the gap closed against standard risk"


def alternative(experiment: Experiment) -> str:
    """Return what is seen in the picture."""
    places = [(problem, rule) for problem in PROBLEMS for rule in RULES]
    said = "Part of the gap to GD that is closed against standard risk"
    return sentences(said, *(_seen(experiment, *place) for place in places))


def _seen(experiment: Experiment, problem: str, rule: str) -> str:
    rows = [r for r in experiment.rows if (r.problem, r.rule) == (problem, rule)]
    plain = _row(experiment, problem, rule, NONE)
    best: dict[str, float] = {}
    for row in rows:
        if row.standard_risk[1] < LEARNT and row.remedy != NONE:
            best[row.remedy] = max(row.closed[1], best.get(row.remedy, row.closed[1]))
    closed = each((name, f"{100 * part:.0f} %") for name, part in best.items())
    return (
        f"{problem}, {rule}: {plain.adversarial_ratio[1]:.3f} times GD's adversarial risk without "
        f"a remedy; of the gap, closed at best {closed}"
    )


def results(experiment: Experiment) -> dict[str, Any]:
    """Return what was found as data for a file."""
    return {"rows": [row._asdict() for row in experiment.rows]}


def statement(settings: Remedies, experiment: Experiment) -> str:
    """Return what the remedies say about the theory."""
    first = (
        "Part of the gap in adversarial risk to GD's limit that is closed, at what standard risk "
        f"over that of the weights 0 (n = {counted(settings.seeds, 'seed')}: medians, quartiles in "
        "brackets; of each remedy the strength that closes most at a standard risk below "
        f"{LEARNT:g}):\n"
    )
    return "\n".join([first, *_lines_of(experiment)])


def _lines_of(experiment: Experiment) -> Iterator[str]:
    for problem in PROBLEMS:
        for rule in RULES:
            rows = [r for r in experiment.rows if (r.problem, r.rule) == (problem, rule)]
            plain = next(row for row in rows if row.remedy == NONE)
            best = (_best([r for r in rows if r.remedy == name]) for name in REMEDIES[1:])
            yield (
                f"- {problem}, {rule}: R_a / R_a(GD) is {_ratio(plain)} without "
                f"a remedy. {'; '.join(best)}."
            )
        yield f"- {problem}: {_decaying(experiment, problem)}"
        yield f"- {problem}: {_ridge(experiment, problem)}"


def _best(rows: list[Row]) -> str:
    name = rows[0].remedy
    affordable = [row for row in rows if row.standard_risk[1] < LEARNT]
    if not affordable:
        return f"{name}: not at this standard risk"
    best = max(affordable, key=lambda row: row.closed[1])
    strength = f" (λ = {best.strength:g})" if best.strength else ""
    return f"{name}{strength}: {_closed(best)} at {_left(best)}"


def _decaying(experiment: Experiment, problem: str) -> str:
    row = _row(experiment, problem, "signGD", DECAYING)
    from_zero = _row(experiment, problem, "signGD", ZERO_START)
    return (
        f"with a learning rate that decays to 0 signGD learns the task to "
        f"{_left(row)} of the standard risk of the weights 0, but closes "
        f"{_closed(row)} of its gap: it stops at another minimizer than GD. A zero start "
        f"closes {_closed(from_zero)}, and R_a / R_a(GD) is then "
        f"{_ratio(from_zero)}."
    )


def _ridge(experiment: Experiment, problem: str) -> str:
    rows = [r for r in experiment.rows if r.problem == problem and r.rule in ("signGD", "GD")]
    far = {
        name: max((r for r in rows if r.remedy == name), key=lambda r: r.distance_to_ridge[1])
        for name in (PENALTY, PENALTY_DECAYING)
    }
    cheap = [r for r in rows if r.remedy == RIDGE and r.standard_risk[1] < LEARNT]
    best = max(cheap, key=lambda row: row.closed[1], default=None)
    closes = (
        f"The ridge solution of λ = {best.strength:g} closes {_closed(best)} of signGD's gap "
        f"at {_left(best)}, by its closed form. "
        if best
        else ""
    )
    return (
        f"{closes}With an l2 penalty signGD ends up to {_far(far[PENALTY])} from it (median of "
        f"the worst λ, {far[PENALTY].strength:g}), with a decaying rate too up to "
        f"{_far(far[PENALTY_DECAYING])} (λ = {far[PENALTY_DECAYING].strength:g})."
    )


def _ratio(row: Row) -> str:
    return words(row.adversarial_ratio, row.rounding["adversarial_ratio"])


def _closed(row: Row) -> str:
    return words(row.closed, row.rounding["closed"])


def _left(row: Row) -> str:
    return held(row.standard_risk[1], row.rounding["standard_risk"], 2)


def _far(row: Row) -> str:
    return held(row.distance_to_ridge[1], row.rounding["distance_to_ridge"], 2)


def _row(experiment: Experiment, problem: str, rule: str, remedy: str) -> Row:
    asked = (problem, rule, remedy)
    return next(r for r in experiment.rows if (r.problem, r.rule, r.remedy) == asked)


def report(settings: Remedies, experiment: Experiment) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(settings, experiment)) + "\n"


def _lines(settings: Remedies, experiment: Experiment) -> Iterator[str]:
    yield "# What closes the gap between adaptive rules and GD, and at what cost\n"
    yield f"![{CAPTION}](remedies.png)\n"
    yield (
        "Up: the part of a rule's excess in adversarial risk over GD's limit that a remedy closes, "
        "both from the same random start; 1 is GD's risk, and above 1 is more robust. Right: the "
        "standard risk that is left, over that of the weights 0; less than 1e-8 is drawn at 1e-8. "
        f"What closes more than all that leave less than {LEARNT:g} is above the picture, and "
        "in the table. "
        f"Population gradient, {settings.iterations:,} updates, starts N(0, {settings.start:g}²). "
        f"Power law: d = {settings.d}, σ̃² falls as 1/k^{settings.alpha:g}, the upper half without "
        "energy. Dotted: the ridge solution, where GD with an l2 penalty or weight decay ends, "
        f"against signGD's gap. n = {counted(settings.seeds, 'seed')} of starts (and targets, of "
        "the power law): medians, and bars from the lower to the upper quartile. A zero start is "
        f"compared with GD from the random start, whose irrelevant weights GD keeps. {TOLD}\n"
    )
    yield f"## What it says about the theory\n\n{statement(settings, experiment)}\n"
    yield (
        "The ridge solution of section 3.2 holds for GD, by its closed form; what is said of the "
        "other rules is observed in these problems, after so many updates.\n"
    )
    yield "## What had to hold\n"
    yield from lines_of(experiment.checks)
    yield f"\n## All runs\n\n{tables(experiment)['remedies'].markdown()}\n"
