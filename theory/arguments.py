"""Ways to argue: each builds the obligations that settle one shape of assertion."""

from collections.abc import Mapping
from typing import TypeAlias

import sympy as sp

from theory.evidence import Argument, BackEnd, Obligation
from theory.prove import orbit, search, settle, smt
from theory.statements import Along, Boolean, EventuallyAlways, Possible, Statement, equal

Lemma: TypeAlias = Boolean | Statement | Possible | EventuallyAlways | Along


def for_all(conclusion: Boolean, *given: Boolean, back_end: BackEnd = settle) -> Argument:
    """For all values of the symbols, as their assumptions allow: ``given`` implies ``conclusion``.

    A proof of this one statement proves the assertion, a counterexample refutes it.
    """
    statement = Statement(conclusion, given)
    obligation = Obligation("statement", statement, back_end)
    return Argument(str(statement), (obligation,), (obligation,))


def derived(
    formula: str,
    rule: str,
    lemmas: Mapping[str, Lemma],
    consequences: Mapping[str, Lemma] | None = None,
) -> Argument:
    """Assert something that ``lemmas`` imply together, by ``rule``.

    A lemma that fails leaves the assertion open. ``consequences`` are instances or corollaries of
    the assertion, by which it can be refuted.
    """
    return Argument(formula, _obligations(lemmas), _obligations(consequences or {}), rule)


def all_of(formula: str, parts: Mapping[str, Lemma]) -> Argument:
    """Assert the conjunction of ``parts``: each is necessary, together they suffice."""
    obligations = _obligations(parts)
    return Argument(formula, obligations, obligations, "conjunction")


def ends_in(
    step: Mapping[sp.Symbol, sp.Expr],
    region: Boolean,
    *given: Boolean,
    ranking: sp.Expr,
    decrease: sp.Expr | int,
) -> Argument:
    """Assert that every orbit of ``step`` is in ``region`` from some iteration on.

    The ranking function is not negative and falls by at least ``decrease`` at each step that starts
    and ends outside the region, so the region is entered after finitely many steps; and a step that
    starts inside ends inside. ``given`` may speak of parameters only, as these do not move. State
    symbols are real and no more, as nothing shows that a step keeps further assumptions.

    Raises:
        ValueError: ``given`` or ``decrease`` mentions a state symbol, or one is not just real.

    """
    statement = EventuallyAlways(step, region, given)
    decrease = sp.sympify(decrease)
    moving = set(step) & set().union(*(f.free_symbols for f in (*given, decrease)))
    if moving:
        raise ValueError(f"expected conditions on parameters only, got {sorted(map(str, moving))}")
    real = sp.Dummy(real=True).assumptions0
    special = [str(symbol) for symbol in step if symbol.assumptions0 != real]
    if special:
        raise ValueError(f"expected state symbols declared real and no more, got {special}")
    outside, still_outside = sp.Not(region), sp.Not(statement.after(region))
    fall = statement.after(ranking) <= ranking - decrease
    lemmas = {
        **{f"{s}(t+1) has a value": Statement(equal(x, x), given) for s, x in step.items()},
        "the decrease is positive": Statement(decrease > 0, given),
        "the ranking is bounded below": Statement(ranking >= 0, (*given, outside)),
        "the ranking falls": Statement(fall, (*given, outside, still_outside)),
        "the region is invariant": Statement(statement.after(region), (*given, region)),
    }
    return derived(
        str(statement),
        "ranking function and invariant region",
        lemmas,
        {"no periodic orbit elsewhere": statement},
    )


def _obligations(lemmas: Mapping[str, Lemma]) -> tuple[Obligation, ...]:
    return tuple(_obligation(name, lemma) for name, lemma in lemmas.items())


def _obligation(name: str, lemma: Lemma) -> Obligation:
    match lemma:
        case Statement():
            return Obligation(name, lemma, settle)
        case Possible():
            return Obligation(name, lemma, smt.settle_possible)
        case EventuallyAlways():
            return Obligation(name, lemma, search.settle_orbits)
        case Along():
            return Obligation(name, lemma, orbit.settle)
    return Obligation(name, Statement(lemma), settle)
