"""Back ends: each turns one obligation into a finding, with a certificate or exact numbers."""

import sympy as sp

from theory.findings import Finding, Unsettled
from theory.prove import enclosure, identity, matrix, search, smt
from theory.statements import Statement


def settle(statement: Statement, timeout: float = 10.0) -> Finding:
    """Settle a statement by whichever back end can.

    An equation without hypotheses is first tried as an exact identity; then the solver decides over
    all parameters; what it cannot decide is searched for an exact counterexample.
    """
    if statement.conclusion.has(sp.MatrixExpr):
        return matrix.settle(statement, timeout)
    exact_first = (identity, smt) if not statement.hypotheses else (smt, identity)
    reasons = []
    for back_end in (enclosure, *exact_first, search):
        finding = back_end.settle(statement, timeout)
        if not isinstance(finding, Unsettled) or finding.conclusive:
            return finding
        reasons.append(f"{finding.back_end}: {finding.reason}")
    return Unsettled("all", "; ".join(reasons))
