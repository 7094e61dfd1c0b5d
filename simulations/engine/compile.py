"""From theory to JAX: the only crossing.

Scalar expressions, one per coordinate, are compiled by :func:`compile_formula`, and NumPy code that
acts entry by entry by :func:`compile_arrays`. What is neither is a named array primitive: the DCT
matrix here, and sums and norms where they are used.
"""

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from numpy.lib.mixins import NDArrayOperatorsMixin
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanAtom
from sympy.printing.numpy import JaxPrinter

from theory.model import dct

_SUPPORTED: Final = (
    *(sp.Add, sp.Mul, sp.Pow, sp.Symbol, sp.Number, sp.NumberSymbol),
    *(sp.sign, sp.Abs, sp.Min, sp.Max, sp.exp, sp.log, sp.sin, sp.cos, sp.floor, sp.ceiling),
    *(sp.Piecewise, ExprCondPair, sp.core.relational.Relational, BooleanAtom),
    *(sp.And, sp.Or, sp.Not, sp.ITE),
)


class _Printer(JaxPrinter):
    """Prints Min and Max as nested binary calls, so that scalars and arrays may be mixed.

    If-then-else of truth values, which NumPy has not, becomes and, or and not.
    """

    def _print_Min(self, expr: sp.Min) -> str:
        return self._nested("minimum", expr)

    def _print_Max(self, expr: sp.Max) -> str:
        return self._nested("maximum", expr)

    def _print_ITE(self, expr: sp.ITE) -> str:
        condition, then, otherwise = expr.args
        return self._print(sp.Or(sp.And(condition, then), sp.And(sp.Not(condition), otherwise)))

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


class _Dispatched(NDArrayOperatorsMixin):
    """A JAX array that NumPy's functions and operators accept, by the protocols of NEP 13 and 18.

    They then call their namesakes in ``jax.numpy``.
    """

    def __init__(self, value: jax.Array) -> None:
        self.value = value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **options: Any) -> Any:
        if method != "__call__":
            return NotImplemented
        return _call(ufunc, args, options)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, options: Any
    ) -> Any:
        return _call(function, args, options)

    def __bool__(self) -> bool:
        return bool(self.value)  # raises, as the value is not known while tracing


def _call(function: Callable[..., Any], args: Any, options: Any) -> _Dispatched:
    namesake = getattr(jnp, function.__name__, None)
    if namesake is None:
        raise ValueError(f"numpy.{function.__name__} has no JAX form")
    return _Dispatched(namesake(*map(_bare, args), **options))


def _bare(x: Any) -> Any:
    return x.value if isinstance(x, _Dispatched) else x


def compile_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile NumPy code of ``theory`` that acts entry by entry to a function of JAX arrays.

    With integers the result is exact, so it equals that of the NumPy code; turn on 64 bits for it
    (:func:`simulations.engine.device.computing`).

    Args:
        function: takes a tree of arrays (a NamedTuple, say) and returns one. It may use operators
            and NumPy's functions that ``jax.numpy`` has, without looking at the values.

    Returns:
        A jitted function from trees of arrays to trees of JAX arrays, of the same shapes.

    Raises:
        ValueError: when called first, if a function of NumPy's has no namesake in ``jax.numpy``.
        jax.errors.TracerBoolConversionError: the same, if the code branches on a value.

    """

    @jax.jit
    def compiled(arrays: Any) -> Any:
        result = function(jax.tree.map(_Dispatched, arrays))
        return jax.tree.map(_bare, result)

    return compiled


@lru_cache(maxsize=32)
def dct_matrix(d: int) -> np.ndarray:
    """Return C of (4.4), each entry the float64 nearest to the exact one; shape (d, d), read-only.

    Raises:
        ValueError: ``d`` is not a positive integer.

    """
    matrix = np.array(dct.dct_matrix(d).evalf(30).tolist(), dtype=np.float64)
    matrix.setflags(write=False)
    return matrix
