"""Published statements and numbers, as data, each with its source."""

import csv
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import sympy as sp

from theory.model.problem import LinearProblem


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a published table, as text; lines that start with # are comments."""
    text = files(__name__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@dataclass(frozen=True)
class Passage:
    """A display or a quantitative sentence of the text, and where it is settled.

    Attributes:
        lines: line numbers of the text, first and last.
        kind: ``display`` or ``sentence``.
        what: the passage, restated briefly.
        claims: ids of the claims that settle it.
        reason: why there is no claim, or a remark.

    """

    lines: tuple[int, int]
    kind: str
    what: str
    claims: tuple[str, ...]
    reason: str


def coverage() -> tuple[Passage, ...]:
    """Return every display and quantitative sentence of the analysis, in the order of the text."""
    folder = files(__name__).joinpath("coverage")
    found = []
    for name in sorted(entry.name.removesuffix(".csv") for entry in folder.iterdir()):
        for row in rows(f"coverage/{name}"):
            first, _, last = row["lines"].partition("-")
            lines = int(first), int(last or first)
            claims = tuple(row["claims"].split())
            found.append(Passage(lines, row["kind"], row["what"], claims, row["reason"]))
    return tuple(sorted(found, key=lambda passage: passage.lines))


@dataclass(frozen=True)
class Term:
    """One of the text's terms, and how all claims read it.

    Attributes:
        name: the term.
        words: forms by which a sentence uses it.
        reading: what it means in every claim.
        source: what in the text settles this, by line numbers of the thesis.

    """

    name: str
    words: tuple[str, ...]
    reading: str
    source: str

    def is_in(self, sentence: str) -> bool:
        """Whether the sentence uses the term."""
        return any(re.search(rf"(?<!\w){re.escape(w)}(?!\w)", sentence) for w in self.words)


@lru_cache(maxsize=1)
def terms() -> tuple[Term, ...]:
    """Return the text's terms with the one reading of each in the ledger."""
    data = tomllib.loads(files(__name__).joinpath("terms.toml").read_text(encoding="utf-8"))
    return tuple(
        Term(name, tuple(term["words"]), term["reading"], term["from"])
        for name, term in data.items()
    )


def half_unit(printed: str) -> sp.Expr:
    """Half a unit of the last printed digit: how far a correctly rounded number may lie."""
    return sp.Rational(1, 2 * 10 ** len(printed.partition(".")[2]))


@dataclass(frozen=True)
class Figure47:
    """Settings and printed numbers of Figure 4.7 (section 4.4.2); numbers as printed text.

    Attributes:
        settings: arguments of :meth:`theory.model.problem.LinearProblem.of`, as printed.
        problem: the same, exact.
        samples_per_step: inputs in a minibatch.
        notebook_iterations: updates in the authors' published notebook; the text is silent.
        notebook_samples_per_step: inputs in a minibatch there.
        initial_A: |A(0)|.
        initial_B: |B(0)|.
        ratio_interval: interval predicted for the ratio of adversarial risks, by (4.19).
        ratio_observed: the ratio obtained in the experiment.

    """

    settings: Mapping[str, Any]
    problem: LinearProblem
    samples_per_step: int
    notebook_iterations: int
    notebook_samples_per_step: int
    initial_A: str
    initial_B: str
    ratio_interval: tuple[str, str]
    ratio_observed: str


@lru_cache(maxsize=1)
def figure_4_7() -> Figure47:
    """Read the settings and printed numbers of Figure 4.7."""
    data = tomllib.loads(files(__name__).joinpath("figure_4_7.toml").read_text(encoding="utf-8"))
    settings, numbers = dict(data["settings"]), data["numbers"]
    samples = settings.pop("samples_per_step")
    return Figure47(
        settings=settings,
        problem=LinearProblem.of(**settings),
        samples_per_step=samples,
        notebook_iterations=data["authors_notebook"]["iterations"],
        notebook_samples_per_step=data["authors_notebook"]["samples_per_step"],
        initial_A=numbers["abs_A_0"],
        initial_B=numbers["abs_B_0"],
        ratio_interval=tuple(numbers["ratio_interval"]),
        ratio_observed=numbers["ratio_observed"],
    )
