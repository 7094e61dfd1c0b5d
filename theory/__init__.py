"""Exact derivations, claims and proofs: what the analysis says, and whether it is so."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable
from importlib import import_module
from numbers import Real
from typing import TYPE_CHECKING, Any

from theory.common.moved import find_moved_modules

LOADED_AT = time.time_ns()
"""When this process began to load the package, in nanoseconds; see :mod:`theory.ledger.cache`."""

if TYPE_CHECKING:
    from theory.ledger.check import after as after
    from theory.ledger.check import claim as claim
    from theory.logic.arguments import all_of as all_of
    from theory.logic.arguments import always as always
    from theory.logic.arguments import derived as derived
    from theory.logic.arguments import ends_in as ends_in
    from theory.logic.arguments import exactly_if as exactly_if
    from theory.logic.arguments import for_all as for_all
    from theory.logic.evidence import Claim as Claim
    from theory.logic.evidence import Evidence
    from theory.logic.rounding import no_rounding as no_rounding
    from theory.logic.statements import Boolean
    from theory.model.dynamics import NormalisedState as NormalisedState
    from theory.model.dynamics import normalised_step as normalised_step

find_moved_modules()

# Loaded when they are first asked for: sympy and the solver take a while.
_HOMES = {
    **dict.fromkeys(
        ("all_of", "always", "derived", "ends_in", "exactly_if", "for_all"),
        "theory.logic.arguments",
    ),
    **dict.fromkeys(("after", "claim"), "theory.ledger.check"),
    "Claim": "theory.logic.evidence",
    "no_rounding": "theory.logic.rounding",
    **dict.fromkeys(("NormalisedState", "normalised_step"), "theory.model.dynamics"),
}

__all__ = [  # noqa: PLE0604 - all are text
    "settle",
    *_HOMES,
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def settle(
    hypotheses: Boolean | Iterable[Boolean], conclusion: Boolean, *, timeout: float = 10.0
) -> Evidence:
    """Settle a statement of one's own: for all values of its symbols, hypotheses ⟹ conclusion.

    Symbols are real or integer sympy symbols; their assumptions (``positive=True``, say) count as
    hypotheses. The evidence has a ``status`` (proved, refuted or unknown), and ``explanation`` in
    words: the certificate's kind, the counterexample, or what stopped the back ends.

    What is settled is what arrives, and sympy evaluates a formula while it is written: x/x becomes
    1, x**2 >= 0 of a real x becomes true, and constants are rounded, so that floor(c) or c < 1 may
    be wrong where they nearly cancel. A conclusion that arrives as true or false is told by a
    warning. Formulas that are written inside ``with theory.no_rounding():`` raise an error where
    sympy decided something of a constant wrongly; ``evaluate=False`` leaves the decision to this
    function.

    Args:
        hypotheses: a sympy relation or formula, or several.
        conclusion: a sympy relation or formula.
        timeout: seconds for each question to the solver.

    Raises:
        TypeError: a hypothesis or the conclusion is not a formula, or the timeout not a number.
        ValueError: the timeout is not positive.

    """
    from theory.ledger.verify import settle_argument
    from theory.logic.arguments import for_all

    seconds: Any = timeout
    if isinstance(seconds, bool) or not isinstance(seconds, Real):
        raise TypeError(f"timeout: expected a number of seconds, got {timeout!r}")
    if not timeout > 0:
        raise ValueError(f"timeout: expected seconds > 0, got {timeout}")
    several = isinstance(hypotheses, Iterable) and not isinstance(hypotheses, str)
    given: Any = tuple(hypotheses) if several else (hypotheses,)
    _require_formulas(conclusion, *given)
    return settle_argument(for_all(conclusion, *given), timeout)


def _require_formulas(conclusion: Any, *hypotheses: Any) -> None:
    """Raise a TypeError for what is no formula; warn of a conclusion that is no question."""
    import sympy as sp

    for formula in (conclusion, *hypotheses):
        if not isinstance(formula, sp.logic.boolalg.Boolean) or isinstance(formula, sp.Symbol):
            raise TypeError(
                f"expected a formula such as x < y or sympy.Eq(x, y), got {formula!r}; "
                "Python's == and != compare how expressions are written"
            )
    if isinstance(conclusion, sp.logic.boolalg.BooleanAtom):
        warnings.warn(
            f"the conclusion arrived as {conclusion}, not as a formula: sympy had decided it while "
            "it was written, from what the symbols are declared to be or, of constants, by "
            "rounding, which is wrong where they nearly cancel. To be told of a wrong decision, "
            "write it inside `with theory.no_rounding():`; to have it settled here, with "
            "evaluate=False, as in sympy.Lt(a, b, evaluate=False)",
            stacklevel=3,
        )
