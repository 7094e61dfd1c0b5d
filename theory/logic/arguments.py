"""Ways to argue: each builds the obligations that settle one shape of assertion."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

import sympy as sp

from theory.logic.evidence import Argument, BackEnd, Obligation
from theory.logic.prove import orbit, search, settle, smt
from theory.logic.statements import (
    Along,
    Always,
    Boolean,
    EventuallyAlways,
    Possible,
    Statement,
    equal,
)

_BY_RANKING = "ranking function and invariant region"

Lemma: TypeAlias = Boolean | Statement | Possible | Always | EventuallyAlways | Along


def for_all(conclusion: Boolean, *given: Boolean, back_end: BackEnd = settle) -> Argument:
    """For all values of the symbols, as their assumptions allow: ``given`` implies ``conclusion``.

    A proof of this one statement proves the assertion, a counterexample refutes it.
    """
    statement = Statement(conclusion, given)
    obligation = Obligation("statement", statement, back_end)
    return Argument(str(statement), (obligation,), (obligation,))


def exactly_if(condition: Boolean, conclusion: Boolean, *given: Boolean) -> Argument:
    """Under ``given``, the conclusion holds where ``condition`` does, and nowhere else.

    The corrected form of an assertion that holds only under a sharp extra condition.
    """
    whole = Statement(sp.Equivalent(conclusion, condition, evaluate=False), given)
    parts = {
        "under the condition": Statement(conclusion, (*given, condition)),
        "and only then": Statement(sp.Not(conclusion), (*given, sp.Not(condition))),
    }
    return replace(all_of(str(whole), parts), statement=whole)


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


def together(formula: str, parts: Mapping[str, Argument]) -> Argument:
    """Assert the conjunction of what the arguments ``parts`` settle; their names become prefixes.

    A refutation of one part refutes the conjunction; the proofs of all prove it.
    """

    def named(part: str, pool: tuple[Obligation, ...]) -> tuple[Obligation, ...]:
        return tuple(replace(o, name=f"{part}: {o.name}") for o in pool)

    rules = dict.fromkeys(argument.rule for argument in parts.values() if argument.rule)
    return Argument(
        formula,
        sum((named(part, argument.sufficient) for part, argument in parts.items()), ()),
        sum((named(part, argument.necessary) for part, argument in parts.items()), ()),
        "; ".join(rules) or "conjunction",
    )


def always(
    step: Mapping[sp.Symbol, sp.Expr],
    region: Boolean,
    *given: Boolean,
    invariant: Boolean | None = None,
) -> Argument:
    """Assert that every orbit of ``step`` from a start as ``given`` stays in ``region``.

    By induction over the iterations: ``invariant`` (without one, ``region`` itself) holds at the
    start, is kept by a step, and implies the region. Conditions in ``given`` on parameters alone
    stay true and are used at every iteration; those on the state count for the start only.

    Raises:
        ValueError: a step need not keep the assumptions that a state symbol was declared with.

    """
    _require_lasting_assumptions(step)
    statement = Always(step, region, given)
    kept = region if invariant is None else invariant
    lasting = _lasting(step, given)
    lemmas = {
        **_images_have_values(step, (*lasting, kept)),
        "the invariant holds at the start": Statement(kept, given),
        **{
            f"the invariant is kept by a step{case}": Statement(
                statement.after(kept), (*lasting, where)
            )
            for case, where in _cases(kept)
        },
    }
    if invariant is not None:
        lemmas["the invariant implies the region"] = Statement(region, (*lasting, kept))
    return derived(
        str(statement), "induction over t", lemmas, {"no orbit leaves the region": statement}
    )


def ends_in(
    step: Mapping[sp.Symbol, sp.Expr],
    region: Boolean,
    *given: Boolean,
    ranking: sp.Expr,
    decrease: sp.Expr | int,
    invariant: Boolean = sp.true,
) -> Argument:
    """Assert that every orbit of ``step`` is in ``region`` from some iteration on.

    The ranking function is not negative and falls by at least ``decrease`` at each step that starts
    and ends outside the region, so the region is entered after finitely many steps; and a step that
    starts inside ends inside. Conditions in ``given`` on parameters alone stay true and are used at
    every iteration; those on the state count for the start only, and what they imply for ever must
    be said by ``invariant``, which is proved by induction.

    Raises:
        ValueError: ``decrease`` mentions a state symbol, or a step need not keep the assumptions
            that a state symbol was declared with.

    """
    statement = EventuallyAlways(step, region, given)
    decrease = sp.sympify(decrease)
    if set(step) & decrease.free_symbols:
        raise ValueError(f"expected a decrease by parameters only, got {decrease}")
    _require_lasting_assumptions(step)
    lasting = (*_lasting(step, given), invariant)
    outside, still_outside = sp.Not(region), sp.Not(statement.after(region))
    fall = statement.after(ranking) <= ranking - decrease
    lemmas = {
        **_images_have_values(step, lasting),
        "the decrease is positive": Statement(decrease > 0, _lasting(step, given)),
        "the ranking is bounded below": Statement(ranking >= 0, (*lasting, outside)),
        "the ranking falls": Statement(fall, (*lasting, outside, still_outside)),
        "the region is invariant": Statement(statement.after(region), (*lasting, region)),
    }
    if invariant != sp.true:
        lemmas["the invariant holds at the start"] = Statement(invariant, given)
        lemmas["the invariant is kept by a step"] = Statement(statement.after(invariant), lasting)
    return derived(str(statement), _BY_RANKING, lemmas, {"no periodic orbit elsewhere": statement})


def _cases(formula: Boolean) -> list[tuple[str, Boolean]]:
    """Split a disjunction into its cases, each a smaller question for a solver."""
    if not isinstance(formula, sp.Or):
        return [("", formula)]
    return [(f", case {i}", case) for i, case in enumerate(formula.args, start=1)]


def _lasting(step: Mapping[sp.Symbol, sp.Expr], given: tuple[Boolean, ...]) -> tuple[Boolean, ...]:
    """Conditions on parameters alone, which no step changes."""
    return tuple(formula for formula in given if not set(step) & formula.free_symbols)


def _images_have_values(
    step: Mapping[sp.Symbol, sp.Expr], given: tuple[Boolean, ...]
) -> dict[str, Statement]:
    return {f"{s}(t+1) has a value": Statement(equal(x, x), given) for s, x in step.items()}


def _require_lasting_assumptions(step: Mapping[sp.Symbol, sp.Expr]) -> None:
    """An integer counter may be declared so, as sums of integers are integers.

    That images are real numbers is shown by lemma.
    """
    real = sp.Dummy(real=True).assumptions0.items()
    for symbol, image in step.items():
        facts = symbol.assumptions0.items() - real
        broken = {f for f, wanted in facts if getattr(image, f"is_{f}") is not wanted}
        if broken:
            declared = next((f for f in _DECLARED if f in broken and symbol.assumptions0[f]), None)
            fact = declared or min(broken)
            as_hypothesis = f", and {symbol} {_HYPOTHESES[fact]}" if fact in _HYPOTHESES else ""
            raise ValueError(
                f"a step need not keep {symbol} {fact}: expected an image that is so in all cases, "
                f"got {image}; write {symbol} = sympy.Symbol({symbol.name!r}, real=True)"
                f"{as_hypothesis}{' as a hypothesis' if as_hypothesis else ''}"
            )


_HYPOTHESES = {
    "positive": "> 0",
    "negative": "< 0",
    "nonnegative": ">= 0",
    "nonpositive": "<= 0",
    "zero": "= 0",
    "nonzero": "!= 0",
}
"""What people declare of signs, the strongest first, and how it reads as a hypothesis."""

_DECLARED = (*_HYPOTHESES, "even", "odd", "prime", "composite", "integer", "rational", "irrational")


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
        case Always():
            return Obligation(name, lemma, search.settle_escapes)
        case Along():
            return Obligation(name, lemma, orbit.settle)
    return Obligation(name, Statement(lemma), settle)
