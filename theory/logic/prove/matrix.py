"""Identities between matrix expressions of any size d, given that C is orthogonal.

Products are expanded and the rewriting rules CᵀC → I and CCᵀ → I applied until nothing changes. The
orthogonality of the DCT matrix is itself a claim (4.4-orthogonal), proved for all d.
"""

import sympy as sp

from theory.logic.findings import Finding, Proof, Unsettled
from theory.logic.prove.deadline import limited
from theory.logic.statements import Boolean, Statement

NAME = "matrix identity"

d = sp.Symbol("d", integer=True, positive=True)
C = sp.MatrixSymbol("C", d, d)


def normal_form(expr: sp.MatrixExpr) -> sp.MatrixExpr:
    """Expand products and cancel CᵀC and CCᵀ until the expression no longer changes."""
    while True:
        simpler = sp.refine(sp.expand(expr.doit()).doit(), sp.Q.orthogonal(C)).doit()
        if simpler == expr:
            return expr
        expr = simpler


def settle(statement: Statement, timeout: float = 10.0) -> Finding:
    """Prove equations between matrix expressions by their normal forms."""
    return limited(NAME, timeout, _settle, statement)


def _settle(statement: Statement) -> Finding:
    conclusion = statement.conclusion
    equations = conclusion.args if isinstance(conclusion, sp.And) else (conclusion,)
    inverses = conclusion.atoms(sp.Inverse, sp.MatPow)
    if inverses:
        return Unsettled(NAME, f"{inverses.pop()} may not exist: write the inverse of C as C.T")
    for equation in equations:
        if not isinstance(equation, sp.Eq):
            return Unsettled(NAME, f"expected equations, got {equation}")
        residual = normal_form(equation.lhs - equation.rhs)
        if not _is_zero(residual):
            return Unsettled(NAME, f"{equation.lhs} - ({equation.rhs}) reduces to {residual}")
    return Proof(NAME, {"rules": ["C.T*C = I", "C*C.T = I"], "equations": _texts(equations)})


def _texts(equations: tuple[Boolean, ...]) -> list[str]:
    return [f"{e.lhs} = {e.rhs}" for e in equations]


def _is_zero(expr: sp.Basic) -> bool:
    return expr == 0 or isinstance(expr, sp.ZeroMatrix)
