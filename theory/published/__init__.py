"""Published statements and numbers, as data, each with its source."""

import csv
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from theory.problem import LinearProblem


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a published table, as text; lines that start with # are comments."""
    text = files(__name__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@dataclass(frozen=True)
class Figure47:
    """Settings and printed numbers of Figure 4.7 (section 4.4.2); numbers as printed text."""

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
        problem=LinearProblem.of(**settings),
        samples_per_step=samples,
        notebook_iterations=data["authors_notebook"]["iterations"],
        notebook_samples_per_step=data["authors_notebook"]["samples_per_step"],
        initial_A=numbers["abs_A_0"],
        initial_B=numbers["abs_B_0"],
        ratio_interval=tuple(numbers["ratio_interval"]),
        ratio_observed=numbers["ratio_observed"],
    )
