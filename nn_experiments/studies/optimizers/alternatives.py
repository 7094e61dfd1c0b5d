"""What is seen in the figures of the optimizers, in words and numbers, from the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp
from typing import Any, Final

from nn_experiments.evidence.alternatives import Evidence, Words, each, effects, sentences

TITLES: Final[Mapping[str, str]] = {
    "figure_4_1": "Figure 4.1: standard accuracy, and accuracy under perturbations",
    "effects": "The comparisons that count, each with its interval",
    "lipschitz": "Bounds on the Lipschitz constant, by layer",
    "observation_one": "Observation I (Figure 4.3): training on filtered images",
    "observation_two": "Observation II (Figure 4.6): noise in one band of frequencies",
}
"""What the figures are, by the names of their files."""
_PERTURBED: Final = {
    "clean": "Standard",
    "gaussian": "Gaussian noise, σ² =",
    "l2": "ℓ2 attack, ε =",
    "linf": "ℓ∞ attack, ε =",
}


def _accuracies(found: Evidence) -> str:
    measures = ["clean", *found["average_robust_accuracy"]["measures"]]
    means = {(a["measure"], a["optimizer"]): a["mean"] for a in found["accuracy_percent"]}
    said = []
    for measure in measures:
        of_measure = ((o, f"{x:.1f} %") for (m, o), x in means.items() if m == measure)
        kind, _, level = measure.partition("/")
        said.append(f"{_PERTURBED[kind]} {level}".strip() + f": {each(of_measure)}")
    return sentences("Mean accuracy over the seeds", *said)


def _lipschitz(found: Evidence) -> str:
    rows = [row for row in found["lipschitz"] if row["norm"] == "l2"]
    logarithms = {o: [r["ln_product"] for r in of] for o, of in _by_optimizer(rows).items()}
    products = each((o, f"{exp(sum(x) / len(x)):.3g}") for o, x in logarithms.items())
    return sentences(
        f"Bars of bounds on each layer and on their product, which is {products}: geometric means "
        "over the seeds, ℓ2 norm"
    )


def _bands(found: Evidence) -> str:
    rows = [row for row in found["trainings"] if row["drop_by_band_points"]]
    bands = len(rows[0]["drop_by_band_points"])
    said = []
    for optimizer, of_optimizer in _by_optimizer(rows).items():
        drops = [row["drop_by_band_points"] for row in of_optimizer]
        means = [sum(of_band) / len(drops) for of_band in zip(*drops, strict=True)]
        said.append((optimizer, f"{means[0]:.1f} in band 0, at most {max(means):.1f}"))
    return sentences(
        f"Drop in accuracy, in percentage points, for noise in each of {bands} bands of "
        f"frequencies: {each(said, '; ')}"
    )


def _filtered(found: Evidence) -> str:
    rows = [row for row in found["accuracy_percent"] if row["measure"].startswith("filtered/")]
    ends = {
        optimizer: f"{min(r['mean'] for r in of):.1f} to {max(r['mean'] for r in of):.1f} %"
        for optimizer, of in _by_optimizer(rows).items()
    }
    return sentences(f"Accuracy after training on filtered images: {each(ends.items())}")


def _by_optimizer(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["optimizer"], []).append(row)
    return found


WORDS: Final[Mapping[str, Words]] = {
    "figure_4_1": _accuracies,
    "effects": effects,
    "lipschitz": _lipschitz,
    "observation_one": _filtered,
    "observation_two": _bands,
}
"""What is seen in them."""
