"""Real arithmetic over all parameters, decided by the solver z3.

:mod:`theory.logic.prove.translation` says which formulas are understood. One question is put in
several ways, as nonlinear arithmetic is undecidable over the integers and expensive over the reals:
what one procedure of the solver leaves open, another often decides at once.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp
import z3

from theory.logic.compiled import Value
from theory.logic.exact import NotRepresentableError, Surd
from theory.logic.findings import Counterexample, Disproof, Finding, Proof, Unsettled, Witness
from theory.logic.prove.deadline import NotComputedError, TimeIsUpError, alarm, within
from theory.logic.prove.points import Points, random_choice
from theory.logic.prove.translation import WORDS as _WORDS
from theory.logic.prove.translation import Translation, UnsupportedError
from theory.logic.statements import Possible, Statement

__all__ = ["NAME", "_WORDS", "UnsupportedError", "settle", "settle_hypotheses", "settle_possible"]

NAME = "z3"
_LONGEST = 2**32 - 1  # milliseconds, the most that the solver takes
_GRACE = 0.1  # seconds beyond the solver's own limit until it is interrupted
_LATE = 1.0  # seconds beyond the time until the process is ended, if the solver does not stop
_SIMPLE = 0.3  # seconds at most for each question for a simpler model


def settle(statement: Statement, timeout: float = 10.0) -> Finding:
    """Prove a statement for all values of its symbols, or find exact numbers that refute it.

    Args:
        statement: hypotheses and conclusion over real or integer symbols.
        timeout: seconds; past them the finding is *unsettled*.

    """
    try:
        return within(timeout + _LATE, _settle_here, statement, timeout)
    except TimeIsUpError:
        return _gave_up(timeout)
    except NotComputedError as error:
        return Unsettled(NAME, str(error))


def _settle_here(statement: Statement, timeout: float) -> Finding:
    try:
        return _settle(statement, timeout)
    except UnsupportedError as error:
        return Unsettled(NAME, str(error))
    except TimeIsUpError:
        return _gave_up(timeout)
    except z3.Z3Exception as error:
        return Unsettled(NAME, f"the solver gave up: {error}")


def _gave_up(timeout: float) -> Finding:
    return Unsettled(NAME, f"the solver gave up: time ran out after {timeout:g} s")


def settle_possible(statement: Possible, timeout: float = 10.0) -> Finding:
    """Find exact numbers that satisfy a formula, or prove that there are none."""
    opposite = settle(Statement(sp.Not(statement.formula)), timeout)
    match opposite:
        case Counterexample():
            return Witness(NAME, statement, opposite.at)
        case Proof():
            return Disproof(NAME, opposite.certificate)
    return opposite


def _settle(statement: Statement, timeout: float) -> Finding:
    end = time.monotonic() + timeout
    question = _Question(statement, end)
    reason = "no time"
    for share, procedure in question.procedures():
        left = end - time.monotonic()
        solver = procedure()
        answer = question.ask(solver, question.negation, min(share * timeout, left))
        if answer == z3.unsat:
            return question.proof(solver, end - time.monotonic())
        if answer == z3.sat:
            return question.counterexample(solver.model(), end)
        reason = solver.reason_unknown()
    if reason in ("timeout", "canceled", "interrupted from keyboard"):
        return _gave_up(timeout)
    return Unsettled(NAME, f"the solver gave up: {reason}")


def settle_hypotheses(statement: Possible, timeout: float = 10.0) -> Finding:
    """Find values that meet hypotheses; where there are none, what they imply is vacuous."""
    found = settle_possible(statement, timeout)
    if isinstance(found, Disproof):
        return Unsettled(NAME, "vacuous: the hypotheses contradict one another", True)
    return found


class _Question:
    """The negated statement as solver constraints, and the way back from a model."""

    def __init__(self, statement: Statement, end: float) -> None:
        self.statement, self.context = statement, z3.Context()
        translate = Translation(self.context, end)
        hypotheses = []
        for hypothesis in statement.hypotheses:
            hypotheses.append(translate.formula(hypothesis))
            # A relation that has no value is not satisfied. Inside a disjunction it may be
            # immaterial, and leaving its value open there only makes the question harder.
            definedness = translate.take_definedness()
            if isinstance(hypothesis, sp.core.relational.Relational):
                hypotheses += definedness
        conclusion = translate.formula(statement.conclusion)
        claimed = z3.And(conclusion, *translate.take_definedness())
        self.negation = [z3.Not(claimed)]
        self.assumed = [*translate.axioms, *hypotheses]
        self.symbols = {s: translate.symbol(s) for s in statement.symbols}

    def procedures(self) -> Iterator[tuple[float, Callable[[], z3.Solver]]]:
        """Ways to decide, each with the share of the time that it may take."""
        yield 0.25, self.solver
        yield 0.25, lambda: z3.Tactic("qfnra-nlsat", self.context).solver()
        other = "qfnia" if self._has_integers() else "qfnra"
        yield 0.25, lambda: z3.Tactic(other, self.context).solver()
        yield 1.0, self.solver

    def solver(self) -> z3.Solver:
        """Return the solver's default procedure."""
        solver = z3.Solver(ctx=self.context)
        solver.set("random_seed", 0)
        return solver

    def _has_integers(self) -> bool:
        return any(z3.is_int(constant) for constant in self.symbols.values())

    def ask(self, solver: z3.Solver, more: list[Any], seconds: float) -> Any:
        """Whether the assumptions and ``more`` can be satisfied."""
        solver.set("timeout", max(1, int(min(seconds * 1000, _LONGEST))))
        solver.add(*self.assumed, *more)
        with alarm(seconds + _GRACE, self.context.interrupt):
            return solver.check()

    def proof(self, solver: z3.Solver, seconds: float) -> Finding:
        """Make the certificate, unless the hypotheses alone are contradictory."""
        if self.ask(self.solver(), [], max(seconds, _SIMPLE)) == z3.unsat:
            return Unsettled(NAME, "vacuous: the hypotheses contradict one another", True)
        smtlib = f"(set-logic ALL)\n{solver.to_smt2()}"
        return Proof(NAME, {"solver": f"z3 {z3.get_version_string()}", "smtlib": smtlib})

    def counterexample(self, model: z3.ModelRef, end: float) -> Finding:
        """Turn a model into exact numbers, preferring ones that are easy to check by hand."""
        problem = "the solver's model has no exact value in Q(√2, √3)"
        for at in self._points(model, end):
            try:
                return Counterexample(NAME, self.statement, at)
            except (NotRepresentableError, ValueError, ZeroDivisionError) as error:
                problem = f"the solver's model did not survive exact re-evaluation: {error}"
        return Unsettled(NAME, problem)

    def _points(self, model: z3.ModelRef, end: float) -> Iterator[Mapping[sp.Symbol, Surd]]:
        for bound, denominator in ((4, 1), (4, 12), (100, 12)):
            simple = [
                z3.And(v <= bound, v >= -bound, z3.IsInt(v * denominator))
                for v in self.symbols.values()
                if z3.is_real(v)
            ]
            solver, left = self.solver(), end - time.monotonic()
            if (
                left > 0
                and self.ask(solver, [*self.negation, *simple], min(_SIMPLE, left)) == z3.sat
            ):
                yield from self._exact(solver.model())
        yield from self._exact(model)
        yield from self._near(model)

    def _exact(self, model: z3.ModelRef) -> Iterator[Mapping[sp.Symbol, Surd]]:
        try:
            yield {s: _exact(model.eval(v, True)) for s, v in self.symbols.items()}
        except NotRepresentableError:
            return

    def _near(self, model: z3.ModelRef) -> Iterator[Mapping[sp.Symbol, Surd]]:
        """Points that refute the statement, found from roundings of the model."""
        conditions = (*self.statement.hypotheses, sp.Not(self.statement.conclusion))
        try:
            points = Points(self.statement.symbols, conditions)
        except ValueError:
            return
        choose = random_choice()
        for size in (1, 12, 1000, 10**6):
            start = [_rounded(model.eval(v, True), size) for v in self.symbols.values()]
            point = points.draw(choose, start)
            if point is not None:
                yield {s: Surd.of(x) for s, x in zip(self.symbols, point, strict=True)}


def _exact(value: Any) -> Surd:
    if z3.is_int_value(value):
        return Surd.of(value.as_long())
    if z3.is_rational_value(value):
        return Surd.of(Fraction(value.numerator_as_long(), value.denominator_as_long()))
    if z3.is_algebraic_value(value) and len(value.poly()) == 3:
        c, b, a = (x.as_fraction() for x in value.poly())
        root = Surd.sqrt(b * b - 4 * a * c)
        return sorted(((-b - root) / (2 * a), (-b + root) / (2 * a)))[value.index() - 1]
    raise NotRepresentableError(f"{value} is not in Q(√2, √3)")


def _rounded(value: Any, size: int) -> Value:
    """A fraction near a value of a model, with a denominator up to ``size``."""
    if z3.is_int_value(value):
        return int(value.as_long())
    if z3.is_algebraic_value(value):
        value = value.approx(20)
    exact = Fraction(value.numerator_as_long(), value.denominator_as_long())
    return exact.limit_denominator(size)
