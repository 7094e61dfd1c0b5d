"""The simulation's evidence file: one entry for each check, and what a study says of itself."""

import re
from dataclasses import asdict, dataclass
from typing import Any

from theory.common.environment import environment
from theory.logic.findings import Status

SCHEMA = 1


@dataclass(frozen=True)
class Check:
    """Outcome of a check.

    Attributes:
        status: simulated, contradicted by simulation, or not run.
        criterion: what had to hold.
        observed: what was seen.
        of_simulator: whether a failure means that the simulator is wrong.

    """

    status: Status
    criterion: str
    observed: str
    of_simulator: bool = False


def judged(holds: bool, criterion: str, observed: str, *, of_simulator: bool = False) -> Check:
    """Return the check's outcome: *simulated* if the criterion held, else *contradicted*."""
    status = Status.SIMULATED if holds else Status.CONTRADICTED
    return Check(status, criterion, observed, of_simulator)


def to_json(settings: Any, checks: dict[str, Check]) -> dict[str, Any]:
    """Return the evidence file; ``settings`` is the dataclass that the checks ran with."""
    return {
        "schema": SCHEMA,
        "environment": environment(),
        "settings": asdict(settings),
        "checks": {name: asdict(check) for name, check in checks.items()},
    }


def spelled(study: str) -> str:
    """Return the name of a study's command: a point between two digits, and hyphens."""
    return re.sub(r"(?<=\d)_(?=\d)", ".", study).replace("_", "-")


def described(settings: object, report: str) -> dict[str, str]:
    """Return what a page of all results says of a run: its report's title, and what makes it.

    Args:
        settings: of the study, in whose package their class is.
        report: Markdown that begins with a heading.

    """
    study = type(settings).__module__.rpartition(".")[0].rpartition(".")[2]
    title = report.partition("\n")[0].removeprefix("# ")
    return {"title": title, "command": f"python -m simulations {spelled(study)}"}
