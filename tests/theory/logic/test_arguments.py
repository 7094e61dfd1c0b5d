"""Arguments over all time: induction, and what refutes it."""

import pytest
import sympy as sp
from sympy import Abs, And, Eq

from theory.ledger.verify import settle_argument
from theory.logic.arguments import always, derived, ends_in, exactly_if, for_all, together
from theory.logic.exact import Surd
from theory.logic.findings import Escape, PeriodicOrbit, Status
from theory.logic.statements import Always

x, y = sp.symbols("x y", real=True)
p = sp.Symbol("p", positive=True)
n = sp.Symbol("n", integer=True)


def status(argument):
    return settle_argument(argument, 2.0).status


TOWARD = {x: sp.Piecewise((x - 1, x > 1), (x + 1, x < -1), (x, True))}


def test_always_by_induction():
    assert status(always(TOWARD, Abs(x) <= p, Abs(x) <= p, p > 1)) is Status.PROVED
    # x stays positive, though this alone is not kept: the invariant says why.
    rotate = {x: y, y: x}
    assert status(always(rotate, x > 0, x > 0, y > 0, invariant=And(x > 0, y > 0))) is Status.PROVED
    assert status(always(rotate, x > 0, x > 0, y > 0)) is Status.UNKNOWN


def test_always_with_a_counter():
    """A counter that runs with the steps: n steps have taken x from p down to p − n/3."""
    step = {x: x - sp.Rational(1, 3), n: n + 1}
    line = Eq(3 * x, 3 * p - n)
    assert status(always(step, line, Eq(x, p), Eq(n, 0))) is Status.PROVED
    assert status(always(step, Eq(3 * x, 3 * p - 2 * n), Eq(x, p), Eq(n, 0))) is not Status.PROVED


def test_an_invariant_by_cases_is_kept_case_by_case():
    """(0, y) and (x, 0) take turns; a case left out, or one that is not kept, is no proof."""
    rotate = {x: y, y: x}
    axes = sp.Or(Eq(x, 0), Eq(y, 0))
    proof = always(rotate, Eq(x * y, 0), Eq(x, 0), invariant=axes)
    assert status(proof) is Status.PROVED
    kept = [o.name for o in proof.sufficient if "kept" in o.name]
    assert kept == [f"the invariant is kept by a step, case {i}" for i in (1, 2)]
    assert status(always(rotate, axes, Eq(x, 0), invariant=sp.Or(Eq(x, 0), Eq(x, 1)))) is (
        Status.UNKNOWN
    )


def test_an_escape_refutes_always():
    evidence = settle_argument(always(TOWARD, x > -1, x > -2), 2.0)
    assert evidence.status is Status.REFUTED
    (escape,) = evidence.deciding
    assert isinstance(escape, Escape)
    assert escape.to_json()["escape"]["orbit"][0].keys() == {"x"}
    assert "outside after" in evidence.explanation


def test_conditions_on_the_start_do_not_last():
    """x > 5 at the start says nothing of later iterations."""
    assert status(always(TOWARD, x > 2, x > 5)) is Status.REFUTED
    assert status(ends_in(TOWARD, x > 4, x > 5, ranking=x, decrease=1)) is not Status.PROVED


def test_an_escape_is_checked_when_built():
    statement = Always(TOWARD, x > 2, (x > 5,))
    assert Escape("by hand", statement, {x: Surd.of(6)}, 4).status is Status.REFUTED
    for start, t, why in ((6, 3, "in the region"), (4, 3, "hypothesis fails")):
        with pytest.raises(ValueError, match=why):
            Escape("forged", statement, {x: Surd.of(start)}, t)


def test_ends_in_with_a_condition_on_the_start():
    """A positive x ends in (0, 1]: the invariant x > 0 carries the start's sign along."""
    inside = And(x > 0, x <= 1)
    argument = ends_in(TOWARD, inside, x >= 1, ranking=x, decrease=1, invariant=x > 0)
    assert status(argument) is Status.PROVED
    assert status(ends_in(TOWARD, inside, x >= 1, ranking=x, decrease=1)) is not Status.PROVED
    (orbit,) = settle_argument(ends_in({x: -x}, x > 0, x >= 1, ranking=x, decrease=1)).deciding
    assert isinstance(orbit, PeriodicOrbit)


def test_an_invariant_must_hold_at_the_start_and_be_kept():
    for invariant in (x > 1, Abs(x) > 2):
        argument = ends_in(
            TOWARD, Abs(x) <= 1, x > 0, ranking=Abs(x), decrease=1, invariant=invariant
        )
        assert status(argument) is Status.UNKNOWN


def test_a_decrease_is_a_matter_of_parameters():
    with pytest.raises(ValueError, match="expected a decrease by parameters only"):
        ends_in({x: x - 1}, x <= 1, ranking=x, decrease=x)


def test_assumptions_must_last():
    """From p = 5 the orbit is 5, −2, 5, … though every positive p > 3 enters p ≤ 3 by lemma."""
    image = sp.Piecewise((p - 1, p > 10), (3 - p, True))
    for argue in (
        lambda: ends_in({p: image}, p <= 3, ranking=p, decrease=1),
        lambda: always({p: image}, p > 0),
        lambda: always({n: n / 2}, Eq(n, n, evaluate=False)),
    ):
        with pytest.raises(ValueError, match="a step need not keep"):
            argue()


def test_exactly_if():
    assert status(exactly_if(Abs(x) > 1, x**2 > 1)) is Status.PROVED
    assert status(exactly_if(x > 1, x**2 > 1)) is Status.REFUTED  # not sharp: x = −2
    assert status(exactly_if(Abs(x) > sp.Rational(1, 2), x**2 > 1)) is Status.REFUTED  # too weak


def test_together_needs_all_its_parts_and_falls_with_one():
    true, false = for_all(x**2 >= 0), for_all(x > 0)
    unproved = derived("x is x", "a lemma that fails", {"lemma": x > 1})
    assert status(together("both", {"p": true, "q": true})) is Status.PROVED
    refuted = settle_argument(together("both", {"p": true, "q": false}), 2.0)
    assert refuted.status is Status.REFUTED
    assert set(refuted.findings) == {"p: statement", "q: statement"}
    assert status(together("both", {"p": true, "q": unproved})) is Status.UNKNOWN
