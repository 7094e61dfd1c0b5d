"""Boundaries of formulas: terms whose signs decide whether one holds, and where these are 0."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise, product

import sympy as sp

from theory.logic.statements import Boolean

_ATOMS = 3  # of |·| and sign, whose signs are tried in each term
_LONGEST_TERM = 80  # operations in a term of which boundaries are sought


def terms(formula: Boolean) -> Iterator[sp.Expr]:
    """Yield terms of which the signs decide whether a formula holds."""
    for relation in formula.atoms(sp.core.relational.Relational):
        yield from _smooth(relation.lhs - relation.rhs)
    for term in formula.atoms(sp.sign, sp.Abs):
        yield from _smooth(term.args[0])
    for term in formula.atoms(sp.Min, sp.Max):
        for left, right in pairwise(term.args):
            yield from _smooth(left - right)
    for term in formula.atoms(sp.floor, sp.ceiling):
        yield from _smooth(term.args[0] - term)


def _smooth(term: sp.Expr) -> Iterator[sp.Expr]:
    """A term with each |·| and sign replaced by what it is where its argument has one sign."""
    atoms = sorted(term.atoms(sp.Abs, sp.sign), key=sp.count_ops)[-_ATOMS:]
    for signs in product((1, -1), repeat=len(atoms)):
        values = {
            atom: sign * atom.args[0] if isinstance(atom, sp.Abs) else sp.Integer(sign)
            for atom, sign in zip(atoms, signs, strict=True)
        }
        yield term.xreplace(values)


@lru_cache(maxsize=4096)
def roots(term: sp.Expr, symbol: sp.Symbol) -> tuple[sp.Expr, ...]:
    """Return roots of a term in one symbol, from the factors of degree one or two in it."""
    if sp.count_ops(term) > _LONGEST_TERM:
        return ()
    numerator = sp.fraction(sp.together(term))[0]
    # Other functions, and roots, stand for themselves, as if they did not depend on the symbol.
    opaque = {
        atom: sp.Dummy() for atom in numerator.atoms(sp.Function, sp.Piecewise, sp.Min, sp.Max)
    }
    numerator = numerator.xreplace(opaque)
    back = {dummy: atom for atom, dummy in opaque.items()}
    try:
        factors = sp.factor_list(numerator)[1]
        polynomials = [sp.Poly(factor, symbol) for factor, _ in factors if factor.has(symbol)]
    except sp.PolynomialError:
        return ()
    return tuple(root.xreplace(back) for p in polynomials for root in _roots(p))


def _roots(p: sp.Poly) -> Iterable[sp.Expr]:
    match p.all_coeffs():
        case [a, b]:
            return (-b / a,)
        case [a, b, c]:
            discriminant = sp.sqrt(sp.expand(b**2 - 4 * a * c))
            return ((-b + discriminant) / (2 * a), (-b - discriminant) / (2 * a))
    return ()
