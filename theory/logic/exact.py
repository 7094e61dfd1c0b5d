"""Plain exact arithmetic over ℚ(√2, √3), and an evaluator of formulas in it.

This is the second route: it re-evaluates every counterexample and steps every exact simulation
without sympy's algebra. A number is x + y√2 + z√3 + w√6 with x, y, z, w of type ``Fraction``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import isqrt
from typing import TypeAlias

import sympy as sp

LARGEST_EXPONENT = 1000
"""Powers beyond it are left without a value: their digits would fill the memory."""


class NotRepresentableError(ValueError):
    """A value lies outside ℚ(√2, √3), or the formula uses a construct without exact meaning."""


@dataclass(frozen=True, slots=True)
class Surd:
    """x + y√2 + z√3 + w√6, exactly, with the field operations and a total order."""

    x: Fraction = Fraction(0)
    y: Fraction = Fraction(0)
    z: Fraction = Fraction(0)
    w: Fraction = Fraction(0)

    @classmethod
    def of(cls, value: "Number") -> "Surd":
        """Embed an integer or a fraction; a Surd is returned as it is."""
        return value if isinstance(value, Surd) else cls(Fraction(value))

    @classmethod
    def sqrt(cls, value: Fraction) -> "Surd":
        """√value for a rational ``value`` of which the root lies in the field.

        Raises:
            NotRepresentableError: ``value`` is negative, or its root needs another surd.

        """
        if value < 0:
            raise NotRepresentableError(f"the square root of {value} is not real")
        # √(p/q) = √(pq)/q, and pq must be f times a square with f in {1, 2, 3, 6}.
        pq, q = value.numerator * value.denominator, value.denominator
        for position, f in enumerate((1, 2, 3, 6)):
            root = isqrt(pq // f)
            if f * root * root == pq:
                parts = [Fraction(0)] * 4
                parts[position] = Fraction(root, q)
                return cls(*parts)
        raise NotRepresentableError(f"the square root of {value} is not in Q(√2, √3)")

    def __add__(self, other: "Number") -> "Surd":
        o = Surd.of(other)
        # Most numbers have few parts, and sums of fractions are dear.
        return Surd(
            *(a + b if a and b else a or b for a, b in zip(self.parts, o.parts, strict=True))
        )

    __radd__ = __add__

    def __neg__(self) -> "Surd":
        return Surd(-self.x, -self.y, -self.z, -self.w)

    def __sub__(self, other: "Number") -> "Surd":
        o = Surd.of(other)
        return Surd(*(a - b if b else a for a, b in zip(self.parts, o.parts, strict=True)))

    def __rsub__(self, other: "Number") -> "Surd":
        return Surd.of(other) - self

    def __mul__(self, other: "Number") -> "Surd":
        if not isinstance(other, Surd):
            return Surd(*(part * other if part else part for part in self.parts))
        # With 1, √2, √3, √6 numbered 0 to 3 in binary, roots i and j give root i XOR j, times the
        # square of what they share.
        product = [Fraction(0)] * 4
        for i, a in enumerate(self.parts):
            if a:
                for j, b in enumerate(other.parts):
                    if b:
                        product[i ^ j] += a * b * _SQUARES[i & j]
        return Surd(*product)

    __rmul__ = __mul__

    def inverse(self) -> "Surd":
        """1/self, by multiplying the three conjugates into a rational norm.

        Raises:
            ZeroDivisionError: the number is zero.

        """
        conjugates = (
            Surd(self.x, -self.y, self.z, -self.w),  # √2 → −√2
            Surd(self.x, self.y, -self.z, -self.w),  # √3 → −√3
            Surd(self.x, -self.y, -self.z, self.w),  # both
        )
        product = conjugates[0] * conjugates[1] * conjugates[2]
        norm = (self * product).x
        return product * (1 / norm)

    def __truediv__(self, other: "Number") -> "Surd":
        return self * Surd.of(other).inverse()

    def __rtruediv__(self, other: "Number") -> "Surd":
        return Surd.of(other) * self.inverse()

    def __floordiv__(self, other: "Number") -> int:
        return (self / other).__floor__()

    def __pow__(self, exponent: int) -> "Surd":
        base = self if exponent >= 0 else self.inverse()
        return reduce(lambda acc, _: acc * base, range(abs(exponent)), Surd.of(1))

    def sign(self) -> int:
        """−1, 0 or 1, decided by comparing squares, so without approximation."""
        signs = {(part > 0) - (part < 0) for part in self.parts if part}
        if len(signs) <= 1:
            return signs.pop() if signs else 0
        # (x + y√2) + (z + w√2)√3: opposite signs are settled by comparing P² with 3Q² in ℚ(√2).
        p, q = (self.x, self.y), (self.z, self.w)
        sign_p, sign_q = _sign2(*p), _sign2(*q)
        if sign_p * sign_q >= 0:
            return sign_p or sign_q
        return sign_p * _sign2(
            p[0] ** 2 + 2 * p[1] ** 2 - 3 * (q[0] ** 2 + 2 * q[1] ** 2),
            2 * p[0] * p[1] - 6 * q[0] * q[1],
        )

    def __abs__(self) -> "Surd":
        return self if self.sign() >= 0 else -self

    def __lt__(self, other: "Number") -> bool:
        return (self - other).sign() < 0

    def __le__(self, other: "Number") -> bool:
        return (self - other).sign() <= 0

    def __gt__(self, other: "Number") -> bool:
        return (self - other).sign() > 0

    def __ge__(self, other: "Number") -> bool:
        return (self - other).sign() >= 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Surd | int | Fraction):
            return NotImplemented
        o = Surd.of(other)
        return (self.x, self.y, self.z, self.w) == (o.x, o.y, o.z, o.w)

    def __hash__(self) -> int:
        return hash(self.x) if self.is_rational else hash((self.x, self.y, self.z, self.w))

    @property
    def parts(self) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        """The coefficients of 1, √2, √3 and √6."""
        return self.x, self.y, self.z, self.w

    @property
    def is_rational(self) -> bool:
        """Whether the number lies in ℚ."""
        return not (self.y or self.z or self.w)

    @property
    def bits(self) -> int:
        """Length of the longest numerator or denominator."""
        return max(
            n.bit_length() for part in self.parts for n in (part.numerator, part.denominator)
        )

    def __floor__(self) -> int:
        scale = 1 + int(self._size())  # so that the estimate is off by less than one
        estimate = self._scaled(scale) // scale
        while self < estimate:
            estimate -= 1
        while self >= estimate + 1:
            estimate += 1
        return estimate

    def __ceil__(self) -> int:
        return -(-self).__floor__()

    def __float__(self) -> float:
        # Where the terms cancel, the precision grows until 64 bits are left.
        scale = 10**60
        while self.sign() and abs(self._scaled(scale)) < self._size() * 2**64:
            scale *= scale
        return float(self._scaled(scale) / scale)

    def _size(self) -> Fraction:
        return abs(self.y) + abs(self.z) + abs(self.w)

    def _scaled(self, scale: int) -> Fraction:
        """The number times ``scale``, off by less than ``_size()``: integer roots are cut off."""
        terms = ((self.x, 1), (self.y, 2), (self.z, 3), (self.w, 6))
        return Fraction(sum(part * isqrt(n * scale * scale) for part, n in terms))

    def to_sympy(self) -> sp.Expr:
        """Return the same number as a sympy expression."""
        parts = zip((self.x, self.y, self.z, self.w), (1, 2, 3, 6), strict=True)
        return sum(
            (sp.Rational(c.numerator, c.denominator) * sp.sqrt(n) for c, n in parts), sp.Integer(0)
        )

    def __str__(self) -> str:
        return str(self.to_sympy())


Number: TypeAlias = Surd | int | Fraction
_SQUARES = (1, 2, 3, 6)  # of the roots


def _sign2(x: Fraction, y: Fraction) -> int:
    """Sign of x + y√2."""
    sign_x, sign_y = (x > 0) - (x < 0), (y > 0) - (y < 0)
    if sign_x * sign_y >= 0:
        return sign_x or sign_y
    difference = x * x - 2 * y * y
    return sign_x * ((difference > 0) - (difference < 0))


def surd(value: sp.Expr | Number) -> Surd:
    """Convert a constant (sympy or Python) to a Surd.

    Raises:
        NotRepresentableError: the constant is not in ℚ(√2, √3).

    """
    return Surd.of(value) if isinstance(value, Surd | int | Fraction) else _number(value, {})


Assignment = Mapping[sp.Symbol, Surd]
_RELATIONS: dict[type, Callable[[Surd, Surd], bool]] = {
    sp.Eq: lambda a, b: a == b,
    sp.Ne: lambda a, b: a != b,
    sp.Lt: lambda a, b: a < b,
    sp.Le: lambda a, b: a <= b,
    sp.Gt: lambda a, b: a > b,
    sp.Ge: lambda a, b: a >= b,
}


def holds(formula: sp.logic.boolalg.Boolean, at: Assignment) -> bool:
    """Whether a quantifier-free formula holds at an assignment of exact numbers.

    Raises:
        NotRepresentableError: a symbol has no value, a value leaves ℚ(√2, √3), a denominator
            vanishes, or the formula has a construct without an exact meaning here.

    """
    match formula:
        case sp.logic.boolalg.BooleanTrue() | True:
            return True
        case sp.logic.boolalg.BooleanFalse() | False:
            return False
        case sp.And():
            return all(holds(part, at) for part in formula.args)
        case sp.Or():
            return any(holds(part, at) for part in formula.args)
        case sp.Not():
            return not holds(formula.args[0], at)
        case sp.Implies():
            return not holds(formula.args[0], at) or holds(formula.args[1], at)
        case sp.Equivalent():
            return len({holds(part, at) for part in formula.args}) == 1
        case sp.ITE():
            return holds(formula.args[1 if holds(formula.args[0], at) else 2], at)
        case sp.core.relational.Relational():
            left, right = (_number(side, at) for side in (formula.lhs, formula.rhs))
            return _RELATIONS[type(formula)](left, right)
    raise NotRepresentableError(f"no exact meaning for the formula {formula}")


def _number(expr: sp.Expr, at: Assignment) -> Surd:  # noqa: PLR0912 - one case a construct
    match expr:
        case sp.Rational():
            return Surd(Fraction(int(expr.p), int(expr.q)))
        case sp.Symbol():
            if expr not in at:
                raise NotRepresentableError(f"the symbol {expr} has no value")
            return at[expr]
        case sp.Add():
            return reduce(Surd.__add__, (_number(part, at) for part in expr.args))
        case sp.Mul():
            return _product(expr.args, at)
        case sp.Pow():
            return _power(expr, at)
        case sp.sign():
            return Surd.of(_number(expr.args[0], at).sign())
        case sp.Abs():
            return abs(_number(expr.args[0], at))
        case sp.Min():
            return min(_number(part, at) for part in expr.args)
        case sp.Max():
            return max(_number(part, at) for part in expr.args)
        case sp.floor():
            return Surd.of(_number(expr.args[0], at).__floor__())
        case sp.ceiling():
            return Surd.of(_number(expr.args[0], at).__ceil__())
        case sp.Piecewise():
            for value, condition in expr.args:
                if holds(condition, at):
                    return _number(value, at)
            raise NotRepresentableError(f"no case of {expr} applies")
    raise NotRepresentableError(f"no value in Q(√2, √3) for {expr}")


def _product(factors: tuple[sp.Expr, ...], at: Assignment) -> Surd:
    """Multiply; a finite constant outside the field (π, say) is harmless beside a factor zero."""
    product, outside = Surd.of(1), None
    for factor in factors:
        try:
            product = product * _number(factor, at)
        except NotRepresentableError as error:
            if not has_finite_value(factor):
                raise
            outside = error
    if outside is not None and product != 0:
        raise outside
    return product


def has_finite_value(constant: sp.Expr) -> bool:
    """Whether an expression is a constant that certainly has a real value."""
    if constant.free_symbols:
        return False
    from theory.logic.prove.enclosure import enclose  # which builds on this module

    try:
        return is_plain(constant) or bool(enclose(constant) is not None)
    except ValueError:
        return False


def is_plain(constant: sp.Basic) -> bool:
    """Whether a constant is made of roots of positive rationals, π, e, … by sums and products.

    Of these alone sympy knows how accurately it has evaluated them.
    """
    match constant:
        case sp.Rational() | sp.NumberSymbol():
            return True
        case sp.Pow(args=(sp.Rational() as base, sp.Rational())):
            return bool(base.p > 0)
        case sp.Add() | sp.Mul():
            return all(map(is_plain, constant.args))
    return False


def _power(expr: sp.Pow, at: Assignment) -> Surd:
    base, exponent = expr.args
    if not (exponent.is_integer or (isinstance(exponent, sp.Rational) and exponent.q == 2)):
        raise NotRepresentableError(f"no exact meaning for the power {expr}")
    value = _number(base, at)
    if exponent.is_integer:
        times = _number(exponent, at)
        if not times.is_rational or times.x.denominator != 1 or abs(times.x) > LARGEST_EXPONENT:
            raise NotRepresentableError(f"no exact value of {expr} for the exponent {times}")
        n = int(times.x)
    else:
        if not value.is_rational:
            raise NotRepresentableError(f"no value in Q(√2, √3) for {expr} at {value}")
        value, n = Surd.sqrt(value.x), int(exponent.p)
    if n < 0 and value == 0:
        raise NotRepresentableError(f"the denominator {base} vanishes")
    return value**n


def value_of(expr: sp.Expr, at: Assignment) -> Surd:
    """Value of an expression at an assignment of exact numbers; raises like :func:`holds`."""
    return _number(expr, at)
