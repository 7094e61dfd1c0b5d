"""From theory to JAX: the only crossing.

Scalar expressions, one per coordinate, are compiled by :func:`compile_formula`. What is not scalar
is a named array primitive: the DCT matrix here, and sums and norms where they are used.
"""

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np
import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanAtom
from sympy.printing.numpy import JaxPrinter

from theory import dct

_SUPPORTED: Final = (
    *(sp.Add, sp.Mul, sp.Pow, sp.Symbol, sp.Number, sp.NumberSymbol),
    *(sp.sign, sp.Abs, sp.Min, sp.Max, sp.exp, sp.log, sp.sin, sp.cos),
    *(sp.Piecewise, ExprCondPair, sp.core.relational.Relational, BooleanAtom),
    *(sp.And, sp.Or, sp.Not),
)


class _Printer(JaxPrinter):
    """Prints Min and Max as nested binary calls, so that scalars and arrays may be mixed."""

    def _print_Min(self, expr: sp.Min) -> str:
        return self._nested("minimum", expr)

    def _print_Max(self, expr: sp.Max) -> str:
        return self._nested("maximum", expr)

    def _nested(self, name: str, expr: sp.Expr) -> str:
        function = self._module_format(f"{self._module}.{name}")
        first, *rest = map(self._print, expr.args)
        for argument in rest:
            first = f"{function}({first}, {argument})"
        return first


def compile_formula(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a scalar formula of ``theory`` to a function of JAX arrays.

    Args:
        formula: function of sympy expressions; it is called once, with real symbols named like its
            parameters. It returns an expression, or a tuple of expressions.

    Returns:
        A function of arrays that broadcast against each other, with the parameters of ``formula``;
        it returns an array, or a tuple of arrays.

    Raises:
        ValueError: the formula is not scalar, uses a construct that has no JAX form here, or
            contains a symbol that is not one of its parameters.

    """
    symbols = [sp.Symbol(name, real=True) for name in inspect.signature(formula).parameters]
    result = formula(*symbols)
    image = tuple(result) if isinstance(result, tuple) else result
    for expression in image if isinstance(image, tuple) else (image,):
        _check(expression, symbols)
    printer = _Printer({"fully_qualified_modules": False, "inline": True})
    return sp.lambdify(symbols, image, modules="jax", printer=printer, cse=True)


def _check(expression: Any, symbols: list[sp.Symbol]) -> None:
    if not isinstance(expression, sp.Expr):
        raise ValueError(f"expected a scalar expression, got {type(expression).__name__}")
    for node in sp.preorder_traversal(expression):
        if not isinstance(node, _SUPPORTED):
            known = ", ".join(sorted(kind.__name__ for kind in _SUPPORTED))
            raise ValueError(
                f"{type(node).__name__} in {expression} has no JAX form: expected only {known}"
            )
    if unknown := expression.free_symbols - set(symbols):
        raise ValueError(
            f"expected only the parameters {symbols}, got {sorted(map(str, unknown))} "
            f"in {expression}"
        )


@lru_cache(maxsize=32)
def dct_matrix(d: int) -> np.ndarray:
    """Return C of (4.4), each entry the float64 nearest to the exact one; shape (d, d), read-only.

    Raises:
        ValueError: ``d`` is not a positive integer.

    """
    matrix = np.array(dct.dct_matrix(d).evalf(30).tolist(), dtype=np.float64)
    matrix.setflags(write=False)
    return matrix
