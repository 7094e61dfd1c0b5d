"""Exact numbers from what a person writes: integers, fractions, decimals, square roots."""

import math
import re
from fractions import Fraction
from numbers import Integral
from typing import Any, TypeAlias

import sympy as sp

_LONGEST = 1000  # digits, and the size of an exponent of ten; beyond, memory and time would go
_EXPONENT = re.compile(r"[eE]([+-]?\d+)$")
_SURD = re.compile(r"^(?P<sign>[+-]?)(?:(?P<factor>[^a-z*]+)\*)?sqrt\((?P<radicand>[^()]+)\)$")

ExactLike: TypeAlias = int | float | str | Fraction | sp.Expr


def exact(value: ExactLike, *, name: str = "number") -> sp.Expr:
    """Return ``value`` as an exact real sympy number.

    A float stands for the decimal that Python prints for it, so ``0.01`` is 1/100. Text may be an
    integer, a fraction, a decimal, or a rational multiple of a square root: ``"2/3*sqrt(6)"``.

    Raises:
        ValueError: ``value`` is not finite, not real, not a number, or has more than a thousand
            digits; the message says which.

    """
    number = _parse(value)
    if number is None:
        raise ValueError(
            f"{name}: expected an exact real number (3, '1/4', 0.01, 'sqrt(2)') of at most "
            f"{_LONGEST} digits, got {_shortened(value)}"
        )
    if number.is_finite is not True or number.is_real is not True:
        raise ValueError(f"{name}: expected a finite real number, got {value!r}")
    return number


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} characters)"


def _parse(value: Any) -> sp.Expr | None:
    match value:
        case bool():
            return None
        case sp.Expr():
            return value if value.is_number and not value.has(sp.Float) else None
        case Integral():
            return sp.Integer(int(value))
        case Fraction():
            return sp.Rational(value.numerator, value.denominator)
        case float():
            return sp.Rational(repr(float(value))) if math.isfinite(value) else sp.nan
        case str():
            return _parse_text(value.replace(" ", ""))
        case _:
            return None


def _parse_text(text: str) -> sp.Expr | None:
    surd = _SURD.match(text)
    if surd:
        factor, radicand = (
            _rational(surd["sign"] + (surd["factor"] or "1")),
            _rational(surd["radicand"]),
        )
        return None if factor is None or radicand is None else factor * sp.sqrt(radicand)
    return _rational(text)


def _rational(text: str) -> sp.Expr | None:
    exponent = _EXPONENT.search(text)
    if len(text) > _LONGEST or (exponent and abs(int(exponent[1])) > _LONGEST):
        return None
    try:
        return sp.Rational(Fraction(text))
    except ZeroDivisionError:
        return None
    except ValueError:
        return sp.nan if text.lower().lstrip("+-") in {"nan", "inf", "infinity"} else None
