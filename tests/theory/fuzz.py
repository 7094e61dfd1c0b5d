"""Random statements, and an evaluator of their own that shares nothing with the prover.

A statement is made as a tree of plain tuples, and only then written for sympy. What the tree says
at a point is computed here from the tree: in fractions as long as there is no root, else by
intervals with 200 digits, or 1000; where they do not tell, nothing is said. So what sympy makes of
a statement while it is written is tested too, under the watch that users are told to write it
under; where that raises, the statement is written unevaluated, as it tells them. As a program,
which can be interrupted: ``python tests/theory/fuzz.py 10000``, and the first seed if it is not 0.
"""

import random
import sys
import time
from collections import Counter
from contextlib import suppress
from fractions import Fraction
from math import isqrt
from unittest.mock import patch

import sympy as sp

from theory.logic.findings import Status
from theory.logic.prove import settle
from theory.logic.rounding import RoundedError, no_rounding
from theory.logic.statements import Statement

SCALE = 10**200
FINER = 10**1000
ASSUMPTIONS = (
    {"real": True},
    {"real": True},
    {"integer": True},
    {"positive": True},
    {"nonnegative": True},
    {"real": True, "nonzero": True},
    {},
)
SPECIAL = [Fraction(n, 2) for n in range(-6, 7)]
RELATIONS = ("<", "<=", ">", ">=", "=", "!=")


class UntoldError(Exception):
    """The tree has no value at the point, or the intervals do not tell."""


class NotWrittenError(Exception):
    """Sympy does not write the statement, in which something is infinite or undefined."""


# --- Making --------------------------------------------------------------------------------------


def surd(rng):
    """A constant: simple, or p − q√d that nearly cancels, or its inverse."""
    d = rng.choice((2, 3, 5, 7))
    if rng.random() < 0.7:
        return ("*", ("q", Fraction(rng.randint(-3, 3) or 1, rng.choice((1, 2)))), ("sqrt", d))
    q = rng.randrange(1, 10 ** rng.choice((2, 9, 18, 40)))
    near = ("+", ("q", Fraction(isqrt(d * q * q))), ("*", ("q", Fraction(-q)), ("sqrt", d)))
    return ("pow", near, -1) if rng.random() < 0.4 else near


def term(rng, names, depth):
    """A tree: ("q", fraction), ("x", name), ("sqrt", n), or an operation on trees."""
    if depth == 0 or rng.random() < 0.15:
        kind = rng.random()
        if kind < 0.55:
            return ("x", rng.choice(names))
        return surd(rng) if kind > 0.85 else ("q", rng.choice(SPECIAL))
    inside = lambda: term(rng, names, depth - 1)  # noqa: E731
    match rng.randrange(12):
        case 0 | 1 | 2:
            return ("+", inside(), inside())
        case 3 | 4:
            return ("*", inside(), inside())
        case 5:
            return ("pow", inside(), rng.choice((2, 2, 3, -1)))
        case 6 | 7:
            return (rng.choice(("abs", "sign")), inside())
        case 8:
            return (rng.choice(("min", "max")), inside(), inside())
        case 9:
            return (rng.choice(("floor", "ceiling")), inside())
        case 10:
            return ("*", inside(), ("pow", inside(), -1))
    return ("case", relation(rng, names, 1), inside(), inside())


def relation(rng, names, depth):
    return (rng.choice(RELATIONS), term(rng, names, depth), term(rng, names, max(0, depth - 1)))


def statement(rng):
    """Symbols with assumptions, hypotheses, and a conclusion."""
    names = "xyz"[: rng.choice((1, 1, 2, 2, 3))]
    assumptions = {
        name: rng.choice(ASSUMPTIONS[:-1] if rng.random() < 0.95 else ASSUMPTIONS) for name in names
    }
    given = [relation(rng, names, 1) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    return assumptions, given, relation(rng, names, rng.choice((1, 2, 2, 3)))


# --- Writing for sympy ---------------------------------------------------------------------------

_WRITE = {
    "<": sp.Lt,
    "<=": sp.Le,
    ">": sp.Gt,
    ">=": sp.Ge,
    "=": sp.Eq,
    "!=": sp.Ne,
    "+": sp.Add,
    "*": sp.Mul,
    "abs": sp.Abs,
    "sign": sp.sign,
    "min": sp.Min,
    "max": sp.Max,
    "floor": sp.floor,
    "ceiling": sp.ceiling,
}


def written(tree, symbols):
    match tree:
        case ("q", value):
            return sp.Rational(value.numerator, value.denominator)
        case ("x", name):
            return symbols[name]
        case ("sqrt", n):
            return sp.sqrt(n)
        case ("pow", base, n):
            return written(base, symbols) ** n
        case ("case", condition, this, other):
            parts = [written(part, symbols) for part in (this, other)]
            return sp.Piecewise((parts[0], written(condition, symbols)), (parts[1], True))
        case (name, *parts):
            return _WRITE[name](*(written(part, symbols) for part in parts))


# --- Evaluating: a number is a pair of integers, low ≤ number · SCALE ≤ high ----------------------


def value(tree, at):
    """A fraction, or a pair of bounds."""
    match tree:
        case ("q", number):
            return number
        case ("x", name):
            return value(at[name], {}) if isinstance(at[name], tuple) else at[name]
        case ("sqrt", n):
            low = isqrt(n * SCALE * SCALE)
            return (Fraction(low, SCALE), Fraction(low + 1, SCALE))
        case ("case", condition, this, other):
            return value(this if truth(condition, at) else other, at)
        case ("pow", base, n):
            return power(value(base, at), n)
    name, parts = tree[0], [value(part, at) for part in tree[1:]]
    match name:
        case "abs":
            return times(parts[0], Fraction(sign(parts[0])))
        case "sign":
            return Fraction(sign(parts[0]))
        case "floor" | "ceiling":
            ends = {
                end.__floor__() if name == "floor" else end.__ceil__() for end in both(parts[0])
            }
            if len(ends) > 1:
                raise UntoldError
            return Fraction(ends.pop())
        case "+":
            return tidy(*(a + b for a, b in zip(*map(both, parts), strict=True)))
        case "*":
            return times(*parts)
    pick = min if name == "min" else max
    return tidy(*(pick(a, b) for a, b in zip(*map(both, parts), strict=True)))


def both(number):
    return number if isinstance(number, tuple) else (number, number)


def tidy(low, high):
    """Bounds with denominator SCALE, rounded outwards; a fraction stays as it is."""
    if low == high:
        return low
    return Fraction((low * SCALE).__floor__(), SCALE), Fraction((high * SCALE).__ceil__(), SCALE)


def times(one, other):
    ends = [a * b for a in both(one) for b in both(other)]
    return tidy(min(ends), max(ends))


def power(base, n):
    if n < 0:
        if sign(base) == 0:
            raise UntoldError
        return tidy(*sorted(1 / end for end in both(power(base, -n))))
    result = Fraction(1)
    for _ in range(n):
        result = times(result, base)
    return result


def sign(number):
    signs = {(end > 0) - (end < 0) for end in both(number)}
    if len(signs) > 1:
        raise UntoldError
    return signs.pop()


def truth(tree, at):
    name, left, right = tree
    ends = zip(both(value(left, at)), both(value(right, at))[::-1], strict=True)
    low, high = (a - b for a, b in ends)
    s = sign((low, high) if low != high else low)
    return {"<": s < 0, "<=": s <= 0, ">": s > 0, ">=": s >= 0, "=": s == 0, "!=": s != 0}[name]


# --- Judging -------------------------------------------------------------------------------------


def admitted(assumptions, number):
    """Whether a number, a fraction or the tree of an irrational one, satisfies assumptions."""
    rational = isinstance(number, Fraction)
    s = sign(number if rational else value(number, {}))
    tests = {
        "integer": rational and number.denominator == 1,
        "positive": s > 0,
        "nonnegative": s >= 0,
        "nonzero": s != 0,
        "real": True,
    }
    return all(tests[fact] for fact in assumptions)


def points(rng, assumptions, count):
    for _ in range(count):
        at = {}
        for name, facts in assumptions.items():
            drawn = rng.choice(SPECIAL), Fraction(rng.randint(-40, 40), rng.choice((1, 1, 3, 7)))
            at[name] = rng.choice(drawn)
            if "integer" not in facts and rng.random() < 0.3:
                at[name] = ("+", ("q", rng.choice(SPECIAL)), surd(rng))
            while not admitted(facts, at[name]):
                at[name] = Fraction(rng.randint(-9, 9), rng.choice((1, 2)))
        yield at


def fails_at(given, conclusion, at):
    """Whether the hypotheses hold at a point and the conclusion does not; None if not told."""
    for scale in (SCALE, FINER):
        with patch(f"{__name__}.SCALE", scale), suppress(UntoldError):
            return all(truth(h, at) for h in given) and not truth(conclusion, at)
    return None


def tree_of(number):
    """A number of the prover's, x + y√2 + z√3 + w√6, as a fraction or a tree."""
    if number.is_rational:
        return number.x
    parts = zip((number.y, number.z, number.w), (2, 3, 6), strict=True)
    tree = ("q", number.x)
    for factor, root in parts:
        tree = ("+", tree, ("*", ("q", factor), ("sqrt", root)))
    return tree


def verdict(assumptions, given, conclusion, names, timeout):
    symbols = {name: sp.Symbol(names[name], **facts) for name, facts in assumptions.items()}
    try:
        try:
            with no_rounding():
                formulas = [written(tree, symbols) for tree in (*given, conclusion)]
        except RoundedError:  # then users are told to leave the decision to the prover
            with sp.evaluate(False):
                formulas = [written(tree, symbols) for tree in (*given, conclusion)]
    except (TypeError, ValueError) as error:  # of sympy, at zoo or nan in a relation, floor or Max
        if not _is_infinite(error):
            raise
        raise NotWrittenError from error
    return symbols, settle(Statement(formulas[-1], tuple(formulas[:-1])), timeout)


def judged(seed, timeout=0.3):
    """Settle the statement of a seed; return its status and what is wrong, if anything."""
    rng = random.Random(seed)
    assumptions, given, conclusion = statement(rng)
    same = {name: name for name in assumptions}
    try:
        symbols, found = verdict(assumptions, given, conclusion, same, timeout)
        renamed = dict(zip(assumptions, ("w", "v", "u"), strict=False))
        _, again = verdict(assumptions, given[::-1], conclusion, renamed, timeout)
    except NotWrittenError:
        return "not written", None
    except Exception as error:  # whatever it is, it is told
        return "error", repr(error)
    if {found.status, again.status} == {Status.PROVED, Status.REFUTED}:
        return found.status, f"{again.status} with other names and order"
    if found.status is Status.PROVED:
        failing = (at for at in points(rng, assumptions, 60) if fails_at(given, conclusion, at))
        at = next(failing, None)
        return found.status, None if at is None else f"fails at {at}"
    if found.status is Status.REFUTED and hasattr(found, "at"):
        # A symbol that sympy cancelled while the statement was written may take any value.
        values = {name: found.at.get(symbol) for name, symbol in symbols.items()}
        if None not in values.values():
            at = {name: tree_of(number) for name, number in values.items()}
            if not all(admitted(assumptions[name], number) for name, number in at.items()):
                return found.status, f"{at} is not as assumed"
            if fails_at(given, conclusion, at) is False:
                return found.status, f"does not fail at {at}"
    return found.status, None


def _is_infinite(error):
    return any(word in str(error) for word in ("NaN", "complex", "infin", "zoo", "not comparable"))


def run(seeds, timeout=0.3, progress=None):
    """Judge statements; return how often each outcome came, and those that are wrong."""
    counts, wrong = Counter(), []
    with suppress(KeyboardInterrupt):
        for seed in seeds:
            status, problem = judged(seed, timeout)
            counts[str(status)] += 1
            if problem is not None:
                wrong.append((seed, str(status), problem, statement(random.Random(seed))))
            if progress is not None:
                progress(seed, counts, wrong)
    return counts, wrong


def main():
    """Judge as many statements as asked for, or until interrupted; print the outcomes."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    start, first = time.time(), int(sys.argv[2]) if len(sys.argv) > 2 else 0

    def progress(seed, counts, wrong):
        if counts.total() % 50 == 0:
            print(
                f"to seed {seed}, {time.time() - start:.0f} s:", dict(counts), len(wrong), "wrong"
            )
            sys.stdout.flush()

    counts, wrong = run(range(first, first + count), progress=progress)
    judged_, elapsed = counts.total(), time.time() - start
    print(f"{judged_} of {count} statements from seed {first}, {elapsed:.0f} s:", dict(counts))
    print(f"unknown: {counts['unknown'] / max(judged_, 1):.1%}; wrong: {len(wrong)}")
    for entry in wrong:
        print(*entry, sep="\n  ")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
