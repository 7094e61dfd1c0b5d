"""A watch on sympy: what it decides of constants by rounding is decided again, exactly.

A formula is evaluated by sympy while it is written, before anything here sees it: floor(c) arrives
as an integer, c < 1 as true or false. While the watch is on, a decision that is wrong is an error.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import sympy as sp
from sympy.core import relational
from sympy.functions.elementary import integers

from theory.logic.constants import floor_of, sign_of


class RoundedError(ArithmeticError):
    """Sympy decided something of a constant wrongly, as it had rounded it."""


@contextmanager
def no_rounding() -> Iterator[None]:
    """Raise where sympy decides an integer part, a sign or a relation of a constant wrongly.

    What neither ℚ(√2, √3) nor intervals tell is left as sympy decides it. Sympy keeps what it has
    evaluated before; of that nothing is decided again.

    Raises:
        RoundedError: it did; the message says of what, and how to write it instead.

    """
    with ExitStack() as watch:
        for place, name, watched in (
            (integers, "get_integer_part", _integer_parts),
            (sp.Expr, "_eval_is_extended_positive_negative", _signs),
            (relational, "_n2", _differences),
        ):
            decides = getattr(place, name)
            watch.callback(setattr, place, name, decides)
            setattr(place, name, watched(decides))
        yield


def _integer_parts(decides: Callable[..., Any]) -> Callable[..., Any]:
    def get_integer_part(expr: sp.Expr, no: int, options: Any, **more: Any) -> Any:
        found = decides(expr, no, options, **more)
        below = _exactly(floor_of, -no * expr) if more.get("return_ints") else None
        if below is not None and found[0] != -no * below:
            raise _error(f"{'floor' if no < 0 else 'ceiling'}({expr})", -no * below, found[0])
        return found

    return get_integer_part


def _signs(decides: Callable[..., bool | None]) -> Callable[..., bool | None]:
    def has_sign(expr: sp.Expr, positive: bool) -> bool | None:
        found = decides(expr, positive)
        sign = None if found is None else _exactly(sign_of, expr)
        if sign is not None and bool(found) is not (sign == (1 if positive else -1)):
            raise _error(f"the sign of {expr}", sign, -sign if found else "another")
        return found

    return has_sign


def _differences(decides: Callable[..., Any]) -> Callable[..., Any]:
    def n2(left: sp.Expr, right: sp.Expr) -> Any:
        found = decides(left, right)
        apart = sp.Add(left, -right, evaluate=False)
        sign = None if found is None else _exactly(sign_of, apart)
        if sign is not None and sp.sign(found) != sign:
            raise _error(f"the sign of {left} - ({right})", sign, sp.sign(found))
        return found

    return n2


_DECIDING = threading.local()


def _exactly(decide: Callable[[sp.Expr], int | None], constant: sp.Expr) -> int | None:
    """Decide something of a constant, unless that is what is going on already in this thread."""
    if constant.free_symbols or getattr(_DECIDING, "now", False):
        return None
    _DECIDING.now = True
    try:
        return decide(constant)
    finally:
        _DECIDING.now = False


def _error(what: str, right: int, got: Any) -> RoundedError:
    return RoundedError(
        f"sympy, which rounds constants, takes {what} for {got}; it is {right}. "
        "Write the term with evaluate=False"
    )
