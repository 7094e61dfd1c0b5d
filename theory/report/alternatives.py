"""What is seen in each figure, in words: text alternatives, from the numbers beside it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import exp
from pathlib import Path
from typing import Any, Final

from theory.common.files import read_json

Words = Mapping[str, str]
"""Words about figures, by the name of the figure's file without its ending."""

CAPTIONS: Final[Words] = {
    "figure_4_1": "Figure 4.1: standard accuracy, and accuracy under perturbations",
    "effects": "The comparisons that count, each with its interval",
    "lipschitz": "Bounds on the Lipschitz constant, by layer",
    "observation_one": "Observation I (Figure 4.3): training on filtered images",
    "observation_two": "Observation II (Figure 4.6): noise in one band of frequencies",
}
"""Captions of figures that their reports show without one."""

_LEARNT: Final = 0.01
"""Of the standard risk of the weights 0: what leaves more has not learnt the task."""


def alternatives(folder: Path) -> Words:
    """Return words about the figures in a folder that a command has left.

    Args:
        folder: has ``summary.json``, or ``evidence.json`` of a comparison of networks.

    Returns:
        Words for the figures that are known. There are none where the file is missing, or has not
        what this version of the code leaves: the figures then keep the words of their report.

    Raises:
        UserError: the file is no JSON.

    """
    for file, of in _OF_FILES.items():
        path = folder / file
        if path.is_file():
            data = read_json(path)
            return _words(of, data)
    return {}


def _words(of: Mapping[str, Callable[[Any], str]], data: Any) -> Words:
    found = {}
    for name, say in of.items():
        try:
            found[name] = say(data)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError):
            continue  # the figures of other commands, or an earlier form
    return found


# --- Figure 4.7 ----------------------------------------------------------------------------------


def _figure_4_7(summary: Any) -> str:
    settings, optimizers = summary["settings"], summary["optimizers"]
    finite = {name: o for name, o in optimizers.items() if o["failure"] is None}
    weights = _each((name, f"{o['w_tilde']['mean'][2]:.3g}") for name, o in finite.items())
    risks = _each((name, f"{o['adversarial_risk']['mean']:.1f}") for name, o in finite.items())
    ratio = summary["ratio_signgd_over_gd"]["final"]
    T = summary["population_signgd"]["T"]
    return _sentences(
        f"Lines over {settings['iterations']:,} iterations, on a logarithmic axis; means over "
        f"{settings['seeds']} seeds",
        "(a) The errors along the two relevant frequencies fall towards 0. Along the irrelevant "
        f"one they part: w̃2, from {settings['w0_tilde'][2]}, ends at {weights}",
        f"(b) The adversarial risk ends at {risks}",
        ratio and f"That of signGD is {ratio['mean']:.3f} times GD's",
        T and f"The background changes at T = {T}",
    )


# --- Questions -----------------------------------------------------------------------------------


def _phase_diagram(summary: Any) -> str:
    results = summary["results"]
    shares = ", ".join(
        f"{_percent(at['gd_more_robust'] / at['starts'])} of the starts {name}"
        for name, at in results["diagrams"].items()
    )
    first, last = results["sizes"][0], results["sizes"][-1]
    differ = [_percent(at["w2 = 0"]["mismatches"] / at["w2 = 0"]["starts"]) for at in (first, last)]
    return _sentences(
        "Three maps of the ratio of adversarial risks, purple where GD is the more robust, orange "
        f"where signGD is. GD is at {shares}",
        f"(d) The share of starts from w̃2(0) = 0 at which the risks differ from the condition "
        f"falls from {differ[0]} at |A(0)|/(σ̃0²η) = {first['size']} to {differ[1]} at "
        f"{last['size']}",
    )


def _partition_r(summary: Any) -> str:
    return _sentences(*(_of_parts(ratio, at) for ratio, at in summary["results"]["R"].items()))


def _partition_p(summary: Any) -> str:
    return _sentences(
        *(
            _of_parts(ratio, at)
            + (f"; {_percent(gap)} is in no part" if (gap := at["share_in_no_part"]) else "")
            for ratio, at in summary["results"]["P"].items()
        )
    )


def _of_parts(ratio: str, picture: Any) -> str:
    ordered = sorted(picture["share_of_part"].items(), key=lambda pair: -pair[1])
    shares = _each((name, _percent(share)) for name, share in ordered if share)
    overlap = sum(picture["share_of_overlap"].values())
    more = f", and {_percent(overlap)} is in several" if overlap else ""
    return f"At r = {ratio} the parts take, of the picture: {shares}{more}"


def _memory(summary: Any) -> str:
    rows = summary["results"]
    return _sentences(
        "How far irrelevant weights move, over the size of the true ones; medians",
        *(
            _of_problem(problem, rows)
            for problem in dict.fromkeys(row["problem"] for row in rows["eps"])
        ),
    )


def _of_problem(problem: str, rows: Any) -> str:
    betas = [r for r in rows["betas of Adam"] if r["problem"] == problem]
    learnt = [r["movement"][1] for r in betas if r["standard_risk"][1] < _LEARNT]
    said = [f"from {min(learnt):.3f} to {max(learnt):.3f} over Adam's β1 and β2"] if learnt else []
    for name, words in (
        ("eps", "ε"),
        ("samples", "inputs in a minibatch"),
        ("learning_rate", "learning rate"),
    ):
        of_problem = [r for r in rows[name] if r["problem"] == problem]
        said.append(f"with {words} {_from_to(of_problem, name)}")
    return f"{problem}: {'; '.join(said)}"


def _from_to(rows: Sequence[Any], quantity: str) -> str:
    """Say the medians at the least and the greatest value of a quantity, for each rule."""
    ends = sorted({row["at"][quantity] for row in rows})
    moved = {(row["member"], row["at"][quantity]): row["movement"][1] for row in rows}
    members = dict.fromkeys(row["member"] for row in rows)
    each = _each((m, f"{moved[m, ends[0]]:.3f} to {moved[m, ends[-1]]:.3f}") for m in members)
    return f"from {ends[0]:g} to {ends[-1]:g}, {each}"


def _remedies(summary: Any) -> str:
    said = []
    rows = summary["results"]["rows"]
    for (problem, rule), of_rule in _grouped(rows, "problem", "rule").items():
        plain = next((row for row in of_rule if row["remedy"] == "none"), None)
        cheap = [row for row in of_rule if row["standard_risk"][1] < _LEARNT]
        best: dict[str, float] = {}
        for row in cheap:
            best[row["remedy"]] = max(row["closed"][1], best.get(row["remedy"], row["closed"][1]))
        best.pop("none", None)
        if plain is not None:
            closed = _each((name, f"{100 * part:.0f} %") for name, part in best.items())
            said.append(
                f"{problem}, {rule}: {plain['adversarial_ratio'][1]:.3f} times GD's adversarial "
                f"risk without a remedy; of the gap, closed at best {closed}"
            )
    return _sentences("Part of the gap to GD that is closed against standard risk", *said)


def _scaling(sweep: str, x: str, at: str) -> Callable[[Any], str]:
    def say(summary: Any) -> str:
        rows = [r for r in summary["results"]["rows"][sweep] if r["quantiles"][2] is not None]
        latest = max(row["steps"] for row in rows)
        rows = [r for r in rows if r["steps"] == latest and r["rule"] != "GD"]
        said = []
        for (rule,), group in _grouped(rows, "rule").items():
            ordered = sorted(group, key=lambda row: row[at])
            first, last = (ordered[i]["quantiles"][2] for i in (0, -1))
            said.append((rule, f"{first:.3f} to {last:.3f}"))
        ends = min(row[at] for row in rows), max(row[at] for row in rows)
        return _sentences(
            "A panel for each rule: the ratio of its adversarial risk to GD's after "
            f"{latest:,} updates; medians from {x} = {ends[0]:,} to {ends[1]:,}: {_each(said)}"
        )

    return say


# --- Networks ------------------------------------------------------------------------------------


def _accuracies(evidence: Any) -> str:
    measures = ["clean", *evidence["average_robust_accuracy"]["measures"]]
    means = {(a["measure"], a["optimizer"]): a["mean"] for a in evidence["accuracy_percent"]}
    said = []
    for measure in measures:
        of_measure = ((o, f"{x:.1f} %") for (m, o), x in means.items() if m == measure)
        said.append(f"{_measure(measure)}: {_each(of_measure)}")
    return _sentences("Mean accuracy over the seeds", *said)


def _measure(measure: str) -> str:
    kind, _, level = measure.partition("/")
    names = {
        "clean": "Standard",
        "gaussian": "Gaussian noise, σ² =",
        "l2": "ℓ2 attack, ε =",
        "linf": "ℓ∞ attack, ε =",
    }
    return f"{names[kind]} {level}".strip()


def _effects(evidence: Any) -> str:
    said = []
    for row in evidence["summary"]:
        counts = [f"{n} {outcome}" for outcome, n in row["counts"].items() if n]
        said.append(f"{row['prediction']}: {row['verdict']} ({', '.join(counts)})")
    return _sentences(f"Effects against {evidence['baseline']}, with intervals", *said)


def _lipschitz(evidence: Any) -> str:
    rows = [row for row in evidence["lipschitz"] if row["norm"] == "l2"]
    found = {o: [r["ln_product"] for r in rows if r["optimizer"] == o] for o in _optimizers(rows)}
    products = _each((o, f"{exp(sum(x) / len(x)):.3g}") for o, x in found.items())
    return _sentences(
        f"Bars of bounds on each layer and on their product, which is {products}: geometric means "
        "over the seeds, ℓ2 norm"
    )


def _bands(evidence: Any) -> str:
    rows = [row for row in evidence["trainings"] if row["drop_by_band_points"]]
    bands = len(rows[0]["drop_by_band_points"])
    said = []
    for optimizer in _optimizers(rows):
        drops = [r["drop_by_band_points"] for r in rows if r["optimizer"] == optimizer]
        means = [sum(of_band) / len(drops) for of_band in zip(*drops, strict=True)]
        worst = max(range(bands), key=means.__getitem__)
        said.append((optimizer, f"{means[0]:.1f} in band 0, at most {means[worst]:.1f}"))
    return _sentences(
        f"Drop in accuracy, in percentage points, for noise in each of {bands} bands of "
        f"frequencies: {_each(said, '; ')}"
    )


def _filtered(evidence: Any) -> str:
    rows = [a for a in evidence["accuracy_percent"] if a["measure"].startswith("filtered/")]
    said = []
    for (optimizer,), of_optimizer in _grouped(rows, "optimizer").items():
        means = [row["mean"] for row in of_optimizer]
        said.append((optimizer, f"{min(means):.1f} to {max(means):.1f} %"))
    if not said:
        raise KeyError("filtered")
    return _sentences(f"Accuracy after training on filtered images: {_each(said)}")


def _optimizers(rows: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(row["optimizer"] for row in rows))


def _grouped(rows: Iterable[Any], *keys: str) -> dict[tuple[Any, ...], list[Any]]:
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


# --- Words ---------------------------------------------------------------------------------------


def _each(pairs: Iterable[tuple[str, str]], between: str = ", ") -> str:
    return between.join(f"{name} {value}" for name, value in pairs)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _sentences(*parts: str | int | None) -> str:
    return " ".join(_ended(str(part)) for part in parts if part)


def _ended(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


_OF_FILES: Final[Mapping[str, Mapping[str, Callable[[Any], str]]]] = {
    "summary.json": {
        "figure_4_7": _figure_4_7,
        "phase_diagram": _phase_diagram,
        "figure_4_8": _partition_r,
        "figure_4_9": _partition_p,
        "memory": _memory,
        "remedies": _remedies,
        "dimensions": _scaling("d", "d", "d"),
        "counts": _scaling("counts", "the number of irrelevant frequencies", "irrelevant"),
        "energies": _scaling("energies", "the energy there", "energy"),
    },
    "evidence.json": {
        "figure_4_1": _accuracies,
        "effects": _effects,
        "lipschitz": _lipschitz,
        "observation_one": _filtered,
        "observation_two": _bands,
    },
}
