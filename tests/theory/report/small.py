"""A verdict on each kind of finding, and files as commands leave them."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import sympy as sp
from markupsafe import Markup
from matplotlib.figure import Figure

from theory.common.files import write_json
from theory.ledger.certificates import plan
from theory.ledger.verify import Verdict, to_json
from theory.logic.evidence import Argument, Claim, Evidence, Obligation
from theory.logic.exact import Surd
from theory.logic.findings import (
    Counterexample,
    Disproof,
    Escape,
    Finding,
    OrbitViolation,
    PeriodicOrbit,
    Proof,
    Unsettled,
    Witness,
)
from theory.logic.statements import Along, Always, EventuallyAlways, Possible, Statement


def text_of(*pieces: object) -> str:
    """The text of pieces of a page, with single spaces."""
    return Markup().join(pieces).striptags()


def _never(statement: Any, timeout: float) -> Finding:
    raise AssertionError("nothing is settled here")


def verdict_on(id_: str, statement: Any, finding: Finding) -> Verdict:
    """A claim that is one statement, and its verdict."""
    obligation = Obligation("statement", statement, _never)
    argument = Argument(str(statement), (obligation,), (obligation,))
    claim = Claim(f"zoo.{id_}", "nowhere", f"A <claim> & its {id_}.", argument)
    return Verdict(claim, Evidence(argument, {"statement": finding}, 0.25), None, None)


def zoo() -> list[Verdict]:
    """A verdict that rests on each kind of finding, with numbers of each form."""
    x, y = sp.symbols("x y", real=True)
    half = Surd.of(1) / 2
    root = Surd(half.x, half.x, -half.x, half.x)  # 1/2 + √2/2 − √3/2 + √6/2
    small, above = Statement(abs(x) <= sp.Rational(1, 2)), Possible(x > y)
    flips = {x: -x}
    ends = EventuallyAlways(flips, x > 0)
    stays = Always({x: x + 1}, x < 2)
    orbit = tuple((Surd.of(n),) for n in range(4))
    along = Along("a walk", orbit, (x,), (y,), y < 3, 0, 3)
    return [
        verdict_on("proof", small, Proof("identity", {"normal_forms": ["expansion"]})),
        verdict_on(
            "disproof", small, Disproof("z3", {"solver": "z3 1", "smtlib": "(check-sat)\n"})
        ),
        verdict_on("counterexample", small, Counterexample("z3", small, {x: root})),
        verdict_on("witness", above, Witness("z3", above, {x: half, y: -half})),
        verdict_on("periodic", ends, PeriodicOrbit("search", ends, {x: Surd.of(1)}, 0, 2)),
        verdict_on("escape", stays, Escape("search", stays, {x: Surd.of(0)}, 2)),
        verdict_on("violation", along, OrbitViolation("exact orbit", along, 2)),
        verdict_on("unsettled", small, Unsettled("z3", "the time was up")),
    ]


def write_evidence(folder: Path, verdicts: list[Verdict]) -> Path:
    names, _ = plan(verdicts)
    path = folder / "theory" / "evidence.json"
    write_json(path, to_json(verdicts, {k: f"certificates/{n}" for k, n in names.items()}))
    return path


def draw(path: Path) -> None:
    """Write a figure with clipping, a gradient's worth of ids, and text that needs escaping."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_drawn(path.suffix))


@cache
def _drawn(suffix: str) -> bytes:
    file = BytesIO()
    figure = Figure(figsize=(4, 2))
    axes = figure.subplots()
    axes.plot([1, 2, 3], [1, 4, 9], label="a < b & c")
    axes.legend()
    with mpl.rc_context({"svg.hashsalt": "the same"}):
        figure.savefig(file, format=suffix[1:])
    return file.getvalue()


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
