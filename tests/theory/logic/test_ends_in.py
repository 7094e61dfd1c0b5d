"""Arguments of several obligations: what proves them, what refutes them, where orbits end."""

import pytest
import sympy as sp
from sympy import Abs, And, Min

from theory.ledger.verify import settle_argument
from theory.logic.arguments import all_of, derived, ends_in
from theory.logic.evidence import Argument, Obligation
from theory.logic.findings import Proof, Status
from theory.logic.prove import settle
from theory.logic.statements import Statement

x, y = sp.symbols("x y", real=True)
third = sp.Rational(1, 3)


def test_two_obligations_with_one_name_are_refused():
    """Or else the weaker one would be settled in the name of both."""
    with pytest.raises(ValueError, match="expected each name once"):
        derived("x > 0", "none", {"a": sp.Gt(x, 0)}, {"a": x**2 >= 0})


def test_no_obligations_prove_nothing():
    assert settle_argument(derived("1 = 2", "nothing", {})).status is Status.UNKNOWN
    assert settle_argument(Argument("1 = 2")).status is Status.UNKNOWN


def test_lemmas_that_fail_leave_the_assertion_open():
    argument = derived("x ≥ 0", "a wrong lemma", {"lemma": x > 0})
    assert settle_argument(argument).status is Status.UNKNOWN
    assert settle_argument(all_of("x > 0", {"part": x > 0})).status is Status.REFUTED


def test_proved_and_refuted_at_once_is_an_error():
    always = lambda statement, timeout: Proof("forged", {})  # noqa: E731
    argument = Argument(
        "x > 0",
        (Obligation("sufficient", Statement(x > 0), always),),
        (Obligation("necessary", Statement(x > 0), settle),),
    )
    with pytest.raises(AssertionError, match="proved and refuted at once"):
        _ = settle_argument(argument).status


def test_ends_in():
    toward = {x: sp.Piecewise((x - 1, x > 1), (x + 1, x < -1), (x, True))}
    argument = ends_in(toward, Abs(x) <= 1, ranking=Abs(x), decrease=1)
    assert settle_argument(argument).status is Status.PROVED


@pytest.mark.parametrize(
    ("image", "region", "ranking", "decrease"),
    [
        (-x, Abs(x) <= 1, Abs(x), 1),  # does not fall
        (x / 2, Abs(x) <= 0, Abs(x), third),  # falls, but by less and less
        (x - 1, x <= 1, x, 0),  # no least fall
        (x - 1, And(x <= 1, x >= 0), x, 1),  # leaves the region
        (sp.Piecewise((x - 1, x > 10), (Min(1, (x - 5) ** -2), True)), Abs(x) <= 1, Abs(x), 1),
    ],
)
def test_wrong_arguments_for_ends_in(image, region, ranking, decrease):
    argument = ends_in({x: image}, region, ranking=ranking, decrease=decrease)
    assert settle_argument(argument, 2.0).status is not Status.PROVED


def test_a_ranking_without_a_floor_proves_nothing():
    argument = ends_in({x: x - 1, y: y}, y > 0, ranking=x, decrease=1)
    assert settle_argument(argument, 2.0).status is Status.UNKNOWN
