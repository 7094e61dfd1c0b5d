"""Claims of your own: a Python file with formulas, settled like the published ones.

.. code-block:: python

    import sympy as sp
    from theory import claim, for_all

    x, y = sp.symbols("x y", real=True)

    CLAIMS = (
        claim("am-gm", 2 * x * y <= x**2 + y**2),
        claim("monotone", x**2 < y**2, given=[x < y], expects="refuted"),
    )

A symbol stands for all values that its assumptions allow, so it must be declared real or integer;
in an assertion about orbits (``always``, ``ends_in``) the symbols of the step are the state, and
all others are parameters.
"""

import runpy
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import sympy as sp

from theory.common.errors import UserError
from theory.ledger.cache import Cache
from theory.ledger.settling import Progress, settle_claims
from theory.ledger.verify import Verdict
from theory.logic.arguments import for_all
from theory.logic.constants import substituted
from theory.logic.evidence import Argument, Claim, Obligation
from theory.logic.findings import Finding, Status, Unsettled
from theory.logic.prove import smt
from theory.logic.rounding import no_rounding
from theory.logic.statements import Boolean, Possible, rounded_number

_ADVICE = "Python's == and != compare how expressions are written: use sympy.Eq and sympy.Ne"


def claim(
    id: str,
    asserted: Argument | Boolean,
    *,
    given: Iterable[Boolean] = (),
    says: str = "",
    expects: str | None = None,
) -> Claim:
    """Assert a formula for all values of its symbols, or what :mod:`theory.logic.arguments` argues.

    Args:
        id: a name for the claim, used once in a file.
        asserted: a formula, or what ``for_all``, ``exactly_if``, ``always``, ``ends_in`` return.
        given: hypotheses, for a formula.
        says: the assertion in words.
        expects: *proved*, *refuted* or *unknown*; anything else that comes out is told.

    Raises:
        TypeError: hypotheses beside an argument, which has its own.
        ValueError: another expectation.

    """
    given = tuple(given) if isinstance(given, Iterable) else (given,)
    if isinstance(asserted, Argument):
        if given:
            raise TypeError("given: expected none beside an argument; put the hypotheses into it")
        argument = asserted
    else:
        argument = for_all(asserted, *given)
    allowed = (Status.PROVED, Status.REFUTED, Status.UNKNOWN)
    if expects is not None and expects not in allowed:
        raise ValueError(f"expects: expected one of {', '.join(allowed)}, got {expects!r}")
    status = None if expects is None else Status(expects)
    return Claim(id, "", says or argument.formula, argument, expects=status)


def after(step: Mapping[sp.Symbol, sp.Expr], formula: sp.Basic, times: int = 1) -> Any:
    """Write a formula about the state ``times`` steps later in terms of the current state.

    Raises:
        ValueError: ``times`` is negative.

    """
    if times < 0:
        raise ValueError(f"times: expected a number >= 0, got {times}")
    for _ in range(times):
        formula = substituted(formula, step)
    return formula


# --- Reading a file ------------------------------------------------------------------------------


def load(path: Path) -> tuple[list[Claim], list[str]]:
    """Import a file; return its claims that can be settled, and what is wrong with the others.

    Raises:
        UserError: the file is missing, does not import, or has no CLAIMS.

    """
    if not path.is_file():
        kind = "it is a folder" if path.is_dir() else "there is no such file"
        raise UserError(f"cannot read {path}: {kind}. Name a Python file that defines CLAIMS.")
    found = _import(path).get("CLAIMS")
    if not isinstance(found, tuple | list) or not found:
        got = "nothing of that name" if found is None else repr(found)
        raise UserError(
            f'{path}: expected CLAIMS = (claim("name", formula), ...), got {got}. '
            "Mind the comma that makes a tuple of one claim."
        )
    claims, problems = [], []
    repeated = Counter(c.id for c in found if isinstance(c, Claim))
    for number, given in enumerate(found, 1):
        problem = _problem(given, repeated)
        if problem is None:
            claims.append(given)
        else:
            name = (
                f"claim {given.id!r}" if isinstance(given, Claim) else f"entry {number} of CLAIMS"
            )
            problems.append(f"{path}: {name}: {problem}")
    return claims, list(dict.fromkeys(problems))


def _import(path: Path) -> dict[str, Any]:
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        with no_rounding():
            return runpy.run_path(str(path))
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise UserError(f"{error.filename}{line}: {type(error).__name__}: {error.msg}") from error
    except SystemExit as error:
        raise UserError(f"{path}: it ends Python while it is imported (SystemExit)") from error
    except Exception as error:
        said = f"{type(error).__name__}: {error}{_advice_on(error)}"
        raise UserError(f"{_place(path, error)}: {said}") from error
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _advice_on(error: Exception) -> str:
    """What to write instead, where an error is of a common kind."""
    match error:
        case TypeError() if "truth value of Relational" in str(error):
            return (
                ". For 0 <= x <= 1 write sympy.And(0 <= x, x <= 1); for `and`, `or`, `not` and "
                "`if` between formulas, sympy.And, sympy.Or, sympy.Not and sympy.Piecewise"
            )
        case NameError():
            declared = f"{error.name} = sympy.Symbol({error.name!r}, real=True)"
            return f". A symbol is declared first: {declared}"
    return ""


def _place(path: Path, error: Exception) -> str:
    """The last line of the user's own file that led to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == str(path)]
    return f"{path}, line {own[-1].lineno} ({own[-1].line})" if own else str(path)


def _problem(given: Any, repeated: Counter[str]) -> str | None:
    """Say what keeps an entry of CLAIMS from being settled, if anything does."""
    if not isinstance(given, Claim):
        return f'expected claim("name", formula), got {given!r}'
    if not isinstance(given.id, str) or not given.id.strip():
        return "expected a name that is not empty"
    if repeated[given.id] > 1:
        return f"expected each name once, got it {repeated[given.id]} times; none is settled"
    for argument in (given.published, *([given.corrected] if given.corrected else [])):
        if not isinstance(argument, Argument):
            return f"expected a formula or an argument such as for_all(...), got {argument!r}"
        for obligation in argument.obligations.values():
            problem = _problem_of_formulas(obligation) or _problem_of_symbols(obligation)
            if problem is not None:
                return problem
    return None


def _problem_of_formulas(obligation: Obligation) -> str | None:
    statement = obligation.statement
    names = ("conclusion", "formula", "region")
    formulas = [getattr(statement, name) for name in names if hasattr(statement, name)]
    for formula in (*formulas, *getattr(statement, "hypotheses", ())):
        if not isinstance(formula, sp.logic.boolalg.Boolean) or isinstance(formula, sp.Symbol):
            quoted = isinstance(formula, str)
            advice = "Write it without the quotes" if quoted else _ADVICE
            return f"expected a formula such as x < y, got {formula!r}. {advice}"
        rounded = rounded_number(formula)
        if rounded is not None:
            return rounded
    return None


def _problem_of_symbols(obligation: Obligation) -> str | None:
    every = getattr(obligation.statement, "symbols", ())  # one exact orbit has none
    symbols = [s for s in every if isinstance(s, sp.Symbol)]
    for symbol in symbols:
        if not symbol.is_real:
            return (
                f"nothing says which values the symbol {symbol} runs through: it is not declared "
                f"real or integer. Write sympy.Symbol({symbol.name!r}, real=True)"
            )
    twice = [name for name, n in Counter(s.name for s in symbols).items() if n > 1]
    if twice:
        return (
            f"two different symbols are both called {twice[0]}: sympy tells symbols apart by their "
            "assumptions too. Declare it once"
        )
    return None


# --- Settling ------------------------------------------------------------------------------------

Settle = Callable[[Claim], Verdict]


def settle_all(
    claims: Iterable[Claim], timeout: float, cache: Cache, processes: int, progress: Progress
) -> tuple[list[Verdict], list[str]]:
    """Settle claims one by one; return the verdicts, and what went wrong while settling others."""

    def settle(given: Claim) -> Verdict:
        options: Any = {"cache": cache, "processes": processes, "progress": progress}
        return settle_claims([given], None, timeout, **options)[0]

    verdicts, stopped = [], []
    for given in claims:
        try:
            verdicts.append(settle(_guarded(given, settle)))
        except Exception as error:  # a back end stumbled over a formula: that settles nothing
            stopped.append(f"claim {given.id!r}: unknown; {type(error).__name__}: {error}")
    return verdicts, stopped


def _guarded(given: Claim, settle: Settle) -> Claim:
    """Require that hypotheses can be met, where they cannot: nothing is proved from them."""
    parts: dict[str, Any] = {}
    for part in ("published", "corrected"):
        argument = getattr(given, part)
        if isinstance(argument, Argument):
            contradictory = _contradictory(argument, settle)
            parts[part] = replace(argument, sufficient=(*argument.sufficient, *contradictory))
    return replace(given, **parts)


def _contradictory(argument: Argument, settle: Settle) -> list[Obligation]:
    """The hypotheses of obligations that no values meet, each as an obligation that stays open."""
    together: dict[Possible, Obligation] = {}
    for name, obligation in argument.obligations.items():
        hypotheses = getattr(obligation.statement, "hypotheses", ())
        if hypotheses:
            asked = Possible(sp.And(*hypotheses))
            can_be_met = Obligation(f"the hypotheses of: {name}", asked, smt.settle_hypotheses)
            together.setdefault(asked, can_be_met)
    if not together:
        return []
    asked_of_all = Argument("the hypotheses can be met", tuple(together.values()))
    evidence = settle(Claim("hypotheses", "", "", asked_of_all)).published
    findings = {} if evidence is None else evidence.findings
    return [o for o in together.values() if _is_vacuous(findings[o.name])]


def _is_vacuous(finding: Finding) -> bool:
    return isinstance(finding, Unsettled) and finding.conclusive
