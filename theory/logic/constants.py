"""Constants inside formulas, kept from being decided by rounding.

Where sympy builds a floor, ceiling, sign, Abs, Min, Max, case, relation or root of a constant, it
decides it by evaluating to some digits; a power it takes for as accurate as it was asked to be,
however much cancelled in its base. So floor(c) may become a wrong integer. Here a formula is walked
without that: what can be decided of a constant is decided in ℚ(√2, √3) or by intervals
(:mod:`theory.logic.exact`, :mod:`theory.logic.prove.enclosure`), and the rest becomes an opaque
symbol for the time that sympy's algebra works on it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

import sympy as sp

from theory.logic.exact import NotRepresentableError, is_plain, value_of

_OPAQUE: tuple[Any, ...] = (
    sp.floor,
    sp.ceiling,
    sp.frac,
    sp.Mod,
    sp.Min,
    sp.Max,
    sp.Heaviside,
    sp.Piecewise,
)
"""Terms that sympy may evaluate by comparing numbers, whatever their arguments are."""

_BY_SIGN: tuple[Any, ...] = (sp.sign, sp.Abs)
"""Terms that sympy evaluates by the signs of the factors of their argument."""

_DECIDING = (*_OPAQUE, *_BY_SIGN, sp.core.relational.Relational)


def sign_of(constant: sp.Expr) -> int | None:
    """Return the sign −1, 0 or 1 of a constant, or None if neither arithmetic tells it."""
    try:
        return value_of(constant, {}).sign()
    except (NotRepresentableError, ZeroDivisionError):
        return cast("int | None", _intervals().sign(constant))


def floor_of(constant: sp.Expr) -> int | None:
    """Return the integer part of a constant, or None if neither arithmetic tells it."""
    try:
        return value_of(constant, {}).__floor__()
    except (NotRepresentableError, ZeroDivisionError):
        return cast("int | None", _intervals().floor(constant))


def _intervals() -> Any:
    """The interval arithmetic, which rests on the statements, and those on this module."""
    from theory.logic.prove import enclosure

    return enclosure


def tamed(expr: sp.Expr, opaque: dict[sp.Basic, sp.Dummy]) -> sp.Expr:
    """Return a term of which sympy's algebra can round nothing.

    Constants in ℚ(√2, √3) are written out as x + y√2 + z√3 + w√6. Distinctions of cases, integer
    parts and extremes become symbols, the same one for the same term; so do signs, absolute values
    and roots that rest on constants which sympy does not evaluate faithfully.

    Args:
        expr: the term.
        opaque: what the symbols stand for, by term; it is added to.

    """
    if not expr.args or not isinstance(expr, sp.Expr):
        return expr
    if _is_closed(expr):
        written = _written_out(expr)
        if written is not None:
            return written
    if isinstance(expr, sp.Piecewise):
        return _symbol_for(expr, opaque)
    args = [tamed(part, opaque) for part in expr.args]
    if isinstance(expr, _OPAQUE):
        return _symbol_for(expr.func(*map(sp.expand, args), evaluate=False), opaque)
    if _decides_by_sign(expr) and not all(map(_is_faithful, args)):
        return _symbol_for(expr.func(*args, evaluate=False), opaque)
    unchanged = all(new is old for new, old in zip(args, expr.args, strict=True))
    return expr if unchanged else expr.func(*args)


def _symbol_for(term: sp.Basic, opaque: dict[sp.Basic, sp.Dummy]) -> sp.Dummy:
    return opaque.setdefault(term, sp.Dummy(real=True))


def _decides_by_sign(expr: sp.Expr) -> bool:
    """Whether sympy looks at the sign of a factor when it builds such a term."""
    return isinstance(expr, _BY_SIGN) or (isinstance(expr, sp.Pow) and not expr.exp.is_Integer)


@lru_cache(maxsize=4096)
def _is_closed(expr: sp.Basic) -> bool:
    return not expr.free_symbols


@lru_cache(maxsize=4096)
def _is_faithful(expr: sp.Basic) -> bool:
    """Whether all constants in a term are sums and products of roots of rationals."""
    if _is_closed(expr):
        return is_plain(expr)
    return all(_is_faithful(part) for part in expr.args)


@lru_cache(maxsize=4096)
def _written_out(constant: sp.Expr) -> sp.Expr | None:
    try:
        return value_of(constant, {}).to_sympy()
    except (NotRepresentableError, ZeroDivisionError):
        whole = _whole(constant)
        return None if whole is None else sp.Integer(whole)


def _whole(constant: sp.Expr) -> int | None:
    """The value of an integer part or a sign, where intervals tell it."""
    match constant:
        case sp.floor():
            return cast("int | None", _intervals().floor(constant.args[0]))
        case sp.ceiling():
            below = _intervals().floor(-constant.args[0])
            return None if below is None else -below
        case sp.sign():
            return cast("int | None", _intervals().sign(constant.args[0]))
    return None


def masked(work: Callable[[sp.Expr], Any], expr: sp.Expr) -> Any:
    """Return ``work(expr)`` with the terms that sympy might evaluate put aside meanwhile.

    ``work`` sees a symbol for each of them, and what it returns has them again, as they were.
    """
    if not expr.has(*_DECIDING):
        return work(expr)
    aside: dict[sp.Basic, sp.Dummy] = {}
    result = work(_put_aside(expr, aside))
    back = {dummy: term for term, dummy in aside.items()}
    if isinstance(result, tuple):
        return tuple(part.xreplace(back) for part in result)
    return result.xreplace(back)


def _put_aside(expr: sp.Expr, aside: dict[sp.Basic, sp.Dummy]) -> sp.Expr:
    if isinstance(expr, _DECIDING):
        whole = {"integer": True} if isinstance(expr, sp.floor | sp.ceiling) else {"real": True}
        return aside.setdefault(expr, sp.Dummy(**whole))
    if not expr.args:
        return expr
    return expr.func(*(_put_aside(part, aside) for part in expr.args))


def substituted(expr: sp.Basic, values: Mapping[sp.Symbol, sp.Basic]) -> Any:
    """Put terms for symbols, all at once, without letting sympy evaluate what becomes constant."""
    if isinstance(expr, sp.Symbol):
        return values.get(expr, expr)
    if not values.keys() & expr.free_symbols:
        return expr
    args = [substituted(part, values) for part in expr.args]
    if (isinstance(expr, _DECIDING) or _decides_by_sign(expr)) and not all(map(_is_safe, args)):
        return expr.func(*args, evaluate=False)
    return expr.func(*args)


def _is_safe(part: sp.Basic) -> bool:
    """Whether sympy rounds nothing when it builds a deciding term on it."""
    return isinstance(part, sp.Rational) if _is_closed(part) else _is_faithful(part)
