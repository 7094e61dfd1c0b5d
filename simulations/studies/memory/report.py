"""The effect of memory in words and tables."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from simulations.studies.memory.experiment import Experiment
from simulations.studies.memory.rows import Row, settles
from simulations.studies.memory.runs import NO_MEMORY
from simulations.studies.memory.settings import Memory
from simulations.study.alternatives import each, sentences
from simulations.study.problems import FIGURE_4_7, PROBLEMS
from simulations.study.quartiles import cells, held, words
from simulations.study.rounding import TOLD
from theory.common.plurals import counted
from theory.common.tables import TextTable

_HEADER = (
    *("problem", "rule", "at", "‖Δw̃‖/‖w̃*‖, median", "quartiles"),
    *("R_a / R_a(GD), median", "quartiles", "R_s / R_s(0), median", "n", "not finite"),
)


def tables(experiment: Experiment) -> dict[str, TextTable]:
    """Return a table of each sweep, by its name with underscores."""
    return {
        name.replace(" ", "_"): TextTable(_HEADER, [_cells(row) for row in rows])
        for name, rows in experiment.rows.items()
    }


def _cells(row: Row) -> list[str]:
    at = ", ".join(f"{name} = {value:g}" for name, value in row.at.items())
    return [
        *(row.problem, row.member, at),
        *cells(row.movement, row.rounding["movement"]),
        *cells(row.adversarial_ratio, row.rounding["adversarial_ratio"]),
        held(row.standard_risk[1], row.rounding["standard_risk"], 2),
        *(str(row.n), str(row.failed)),
    ]


CAPTION: Final = "Movement of the irrelevant weights"
_VARIED: Final = {
    "eps": "ε",
    "samples": "inputs in a minibatch",
    "learning_rate": "learning rate",
}


def alternative(experiment: Experiment) -> str:
    """Return what is seen in the picture."""
    said = "How far irrelevant weights move, over the size of the true ones; medians"
    return sentences(said, *(_seen(experiment, problem) for problem in PROBLEMS))


def _seen(experiment: Experiment, problem: str) -> str:
    betas = _rows(experiment, "betas of Adam", problem)
    learnt = [row.movement[1] for row in betas if settles(row)]
    said = [f"from {min(learnt):.3f} to {max(learnt):.3f} over Adam's β1 and β2"] if learnt else []
    for name, label in _VARIED.items():
        rows = _rows(experiment, name, problem)
        ends = sorted({row.at[name] for row in rows})
        moved = {(row.member, row.at[name]): row.movement[1] for row in rows}
        members = dict.fromkeys(row.member for row in rows)
        medians = each((m, f"{moved[m, ends[0]]:.3f} to {moved[m, ends[-1]]:.3f}") for m in members)
        said.append(f"with {label} from {ends[0]:g} to {ends[-1]:g}, {medians}")
    return f"{problem}: {'; '.join(said)}"


def results(experiment: Experiment) -> dict[str, Any]:
    """Return what was found as data for a file."""
    return {
        "signgd_closed_form": experiment.closed_form,
        **{name: [row._asdict() for row in rows] for name, rows in experiment.rows.items()},
    }


def statement(settings: Memory, experiment: Experiment) -> str:
    """Return what the sweeps say about the theory."""
    seeds = f"n = {counted(settings.seeds, 'seed')}, medians, quartiles in brackets"
    return "\n".join([f"Of ‖Δw̃ irrelevant‖/‖w̃*‖ ({seeds}):\n", *_lines_of(experiment)])


def _lines_of(experiment: Experiment) -> Iterator[str]:
    yield (
        f"- In {FIGURE_4_7}'s problem signGD's closed form says {words(experiment.closed_form)}; "
        "population Adam without memory ends on its limit cycle from every start "
        f"({experiment.checks['no_memory_is_signgd'].status})."
    )
    for problem in PROBLEMS:
        yield f"- {problem}: {_of_members(experiment, problem)}"
        yield f"- {problem}: {_of_betas(experiment, problem)}"
        for name, label in _VARIED.items():
            yield f"- {problem}: {_of_one(experiment, problem, name, label)}"


def _of_members(experiment: Experiment, problem: str) -> str:
    rows = _rows(experiment, "eps", problem)
    least = min(row.at["eps"] for row in rows)
    return (
        f"at ε = {least:g}, "
        + "; ".join(f"{row.member} {_movement(row)}" for row in rows if row.at["eps"] == least)
        + f". {_compared(rows, least)}"
    )


def _compared(rows: Sequence[Row], least: float) -> str:
    at = {row.member: row.movement for row in rows if row.at["eps"] == least}
    without = at.pop(NO_MEMORY)
    more = [name for name, x in at.items() if x[0] > without[2]]
    less = [name for name, x in at.items() if x[2] < without[0]]
    said = [
        f"With its default memory {name} moves the weights {how} than signGD does, apart from its "
        "quartiles"
        for names, how in ((more, "farther"), (less, "less far"))
        for name in names
    ]
    return ". ".join(said or ["The quartiles overlap with signGD's"]) + "."


def _of_betas(experiment: Experiment, problem: str) -> str:
    rows = _rows(experiment, "betas of Adam", problem)
    settled = [row for row in rows if settles(row)]
    least, most = (f(settled, key=lambda row: row.movement[1]) for f in (min, max))
    wild = [row for row in rows if row not in settled]
    told = (
        " Adam does not settle at "
        + "; ".join(_at(row) for row in wild)
        + ": without β2 nothing bounds m/√v, and nothing is said of these."
        if wild
        else ""
    )
    return (
        f"over β1 and β2 the movement is least at {_at(least)}, {_movement(least)}, and most "
        f"at {_at(most)}, {_movement(most)}.{told}"
    )


def _of_one(experiment: Experiment, problem: str, quantity: str, label: str) -> str:
    said = []
    for member in dict.fromkeys(row.member for row in experiment.rows[quantity]):
        rows = [r for r in _rows(experiment, quantity, problem) if r.member == member]
        first, last = (f(rows, key=lambda row: row.at[quantity]) for f in (min, max))
        said.append(f"{member} from {_movement(first)} to {_movement(last)}")
    return f"{label} from {first.at[quantity]:g} to {last.at[quantity]:g}: {'; '.join(said)}."


def _rows(experiment: Experiment, name: str, problem: str) -> list[Row]:
    return [row for row in experiment.rows[name] if row.problem == problem]


def _movement(row: Row) -> str:
    return words(row.movement, row.rounding["movement"])


def _at(row: Row) -> str:
    return f"({row.at['beta1']:g}, {row.at['beta2']:g})"


def report(settings: Memory, experiment: Experiment) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(settings, experiment)) + "\n"


def _lines(settings: Memory, experiment: Experiment) -> Iterator[str]:
    yield "# What the memory of Adam and RMSProp does to irrelevant weights\n"
    yield f"![{CAPTION}](memory.png)\n"
    yield (
        "How far weights at frequencies without energy move, over the size of the true weights, "
        f"after a learning rate times updates of {settings.distance:g}, on the mean of the last "
        "tenth of training. β weighs the old memory, as in PyTorch; without memory, β1 = β2 = 0 "
        "and ε = 0, Adam is signGD. All but the panels over minibatches have the population "
        f"gradient. Power law: d = {settings.d}, σ̃² falls as 1/k^{settings.alpha:g}, the upper "
        f"half without energy. {counted(settings.seeds, 'seed')} of starts (and targets, of the "
        "power law): medians and quartiles. Risks are over that of GD's limit from the same start "
        "(R_a) and of the weights 0 (R_s). A dash stands where Adam does not learn the task. "
        f"{TOLD}\n"
    )
    yield f"## What it says about the theory\n\n{statement(settings, experiment)}\n"
    yield (
        "The thesis studies signGD in place of Adam and RMSProp. These are runs of two problems: "
        "what they show of memory is observed, not proved.\n"
    )
    yield "## Two routes\n"
    for check in experiment.checks.values():
        yield f"- {check.status}: {check.criterion}. {check.observed}."
    for name, table in tables(experiment).items():
        yield f"\n## {name.replace('_', ' ')}\n\n{table.markdown()}"
