"""Constants that cancel: what sympy's rounded evaluation says of them decides nothing."""

import subprocess
import sys

import pytest
import sympy as sp

import theory
from theory import settle
from theory.logic.constants import floor_of, masked, sign_of, substituted, tamed
from theory.logic.exact import surd
from theory.logic.findings import Status
from theory.logic.prove import enclosure, identity, smt
from theory.logic.rounding import RoundedError, no_rounding
from theory.logic.statements import Statement

x, y = sp.symbols("x y", real=True)
C = 12 / (8505042528630159234 - 4910388593373837827 * sp.sqrt(3))
"""-110.06…: see the first test."""

FLOOR = sp.floor(C, evaluate=False)


def cancelling(d, k):
    """1/(p − q√d) for p + q√d = (p₁ + q₁√d)^k: the conjugate is as small as this is large."""
    p1, q1 = {2: (1, 1), 3: (2, 1), 5: (2, 1)}[d]
    p, q = p1, q1
    for _ in range(k - 1):
        p, q = p * p1 + d * q * q1, p * q1 + q * p1
    return 1 / (p - q * sp.sqrt(d)), p, q, p * p - d * q * q


def test_the_integer_part_of_the_example():
    """By integers alone: C = 12 (p + q√3)/(p² − 3q²), and √3 is between isqrt's roundings."""
    from math import isqrt

    p, q = 8505042528630159234, 4910388593373837827
    norm, scale = p * p - 3 * q * q, 10**40
    ends = [12 * (p * scale + q * (isqrt(3 * scale**2) + k)) for k in (0, 1)]
    assert {end // (norm * scale) for end in ends} == {-111}
    assert floor_of(C) == surd(C).__floor__() == enclosure.floor(C) == -111


@pytest.mark.parametrize(("value", "status"), [(-110, Status.REFUTED), (-111, Status.PROVED)])
def test_no_back_end_rounds(value, status):
    statement = Statement(sp.Eq(FLOOR, value, evaluate=False))
    assert settle([], statement.conclusion).status is status
    for back_end in (enclosure, identity, smt):
        assert back_end.settle(statement).status in (status, Status.UNKNOWN)


@pytest.mark.parametrize("d", [2, 3, 5])
@pytest.mark.parametrize("k", [20, 61, 801])
def test_signs_and_integer_parts_of_quotients_that_cancel(d, k):
    """1/(p − q√d) is (p + q√d)/(p² − dq²), and p² − dq² is 1 or −1: integers tell all."""
    from math import isqrt

    constant, p, q, norm = cancelling(d, k)
    below = p + isqrt(d * q * q)
    whole = below // norm if norm > 0 else (below + 1) // norm
    assert abs(norm) == 1
    assert (sign_of(constant), floor_of(constant)) == (norm, whole)
    assert (enclosure.sign(constant), enclosure.floor(constant)) == (norm, whole)
    for value in (whole - 1, whole, whole + 1):
        claimed = sp.Eq(sp.floor(constant, evaluate=False), value, evaluate=False)
        found = settle([], claimed, timeout=2.0).status
        assert found is (Status.PROVED if value == whole else Status.REFUTED)
    for relation, right in ((sp.Gt, norm > 0), (sp.Lt, norm < 0), (sp.Ge, norm > 0)):
        found = settle([], relation(constant, 0, evaluate=False), timeout=2.0).status
        assert found is (Status.PROVED if right else Status.REFUTED)


def test_sympys_algebra_sees_nothing_that_it_could_round():
    opaque = {}
    assert tamed(sp.floor(C, evaluate=False) + x, opaque) == x - 111
    other = cancelling(5, 400)[0]
    assert not tamed(sp.Max(other, x, evaluate=False), opaque).has(sp.Max)
    assert not tamed(sp.sign(other * x, evaluate=False), opaque).has(sp.sign)
    assert masked(sp.expand, 2 * (FLOOR + x)).has(FLOOR)
    assert substituted(sp.floor(x), {x: C}) == FLOOR
    assert substituted(x < y, {x: C, y: FLOOR}) == sp.Lt(C, FLOOR, evaluate=False)


def test_the_watch_tells_of_a_decision_that_is_wrong():
    with no_rounding():
        assert sp.floor(sp.sqrt(2) * 1001) == 1415
        with pytest.raises(RoundedError, match="it is -111"):
            sp.floor(C)


def test_nothing_is_rounded_where_the_ledger_is_written():
    """In a process of its own, as sympy remembers what it has evaluated."""
    program = (
        "from theory.logic.rounding import no_rounding\n"
        "with no_rounding():\n"
        "    from theory.claims import all_claims\n"
        "    assert len(all_claims()) > 300\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_watch_does_not_watch_its_own_decisions(monkeypatch):
    """Where deciding a sign makes sympy decide another, that one is not decided again in turn."""
    asked = []

    def sign(constant):
        asked.append(constant)
        _ = sp.sqrt(2) + len(asked) < sp.pi
        return 1 if constant == sp.sqrt(5) - sp.sqrt(7) else None

    monkeypatch.setattr("theory.logic.rounding.sign_of", sign)
    with no_rounding(), pytest.raises(RoundedError, match="the sign of"):
        _ = sp.sqrt(5) < sp.sqrt(7)
    assert len(asked) < 10


def test_the_watch_ends_on_quotients_that_cancel():
    with no_rounding():
        assert sp.Max(C, -110) == -110


def test_the_watch_is_part_of_what_is_offered_to_users():
    with theory.no_rounding(), pytest.raises(RoundedError, match="evaluate=False"):
        sp.floor(C)
    with pytest.warns(UserWarning, match=r"with theory\.no_rounding\(\)"):
        settle([], sp.true)
