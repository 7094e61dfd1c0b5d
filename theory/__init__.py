"""Exact derivations, claims and proofs: what the analysis says, and whether it is so."""

from collections.abc import Iterable
from typing import Any

from theory.evidence import Evidence
from theory.statements import Boolean

__all__ = ["settle"]


def settle(
    hypotheses: Boolean | Iterable[Boolean], conclusion: Boolean, *, timeout: float = 10.0
) -> Evidence:
    """Settle a statement of one's own: for all values of its symbols, hypotheses ⟹ conclusion.

    Symbols are real or integer sympy symbols; their assumptions (``positive=True``, say) count as
    hypotheses. The evidence has a ``status`` (proved, refuted or unknown), and ``explanation`` in
    words: the certificate's kind, the counterexample, or what stopped the back ends. Sympy may
    simplify a formula while it is written down (x/x becomes 1); what is settled is the result.

    Args:
        hypotheses: a sympy relation or formula, or several.
        conclusion: a sympy relation or formula.
        timeout: seconds for each question to the solver.

    Raises:
        TypeError: a hypothesis or the conclusion is not a formula.
        ValueError: the timeout is not positive.

    """
    import sympy as sp

    from theory.arguments import for_all
    from theory.verify import settle_argument

    if not timeout > 0:
        raise ValueError(f"timeout: expected seconds > 0, got {timeout}")
    several = isinstance(hypotheses, Iterable) and not isinstance(hypotheses, str)
    given: Any = tuple(hypotheses) if several else (hypotheses,)
    formulas = (conclusion, *given)
    for formula in formulas:
        if not isinstance(formula, sp.logic.boolalg.Boolean) or isinstance(formula, sp.Symbol):
            raise TypeError(
                f"expected a formula such as x < y or sympy.Eq(x, y), got {formula!r}; "
                "Python's == and != compare how expressions are written"
            )
    return settle_argument(for_all(*formulas), timeout)
