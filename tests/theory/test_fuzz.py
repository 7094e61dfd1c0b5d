"""Random statements: a sample of those that ``make fuzz`` judges."""

import importlib.util
import sys
from fractions import Fraction
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("fuzz", Path(__file__).parent / "fuzz.py")
fuzz = importlib.util.module_from_spec(_spec)
sys.modules["fuzz"] = fuzz
_spec.loader.exec_module(fuzz)


def test_no_verdict_is_wrong():
    counts, wrong = fuzz.run(range(40), timeout=0.1)
    print(f"\nfuzz: {dict(counts)}; unknown: {counts['unknown'] / 40:.0%}")
    assert wrong == []
    assert counts.total() == 40  # how many of them are unknown depends on the processor's load


# Of these sympy makes true while they are written, as it rounds 1/(p − q√2) or (p − q√3)².
@pytest.mark.parametrize("seed", [3759, 3965])
def test_what_sympy_would_round_is_written_unevaluated(seed):
    status, problem = fuzz.judged(seed, timeout=2)
    assert problem is None
    assert status is not fuzz.Status.PROVED


@pytest.mark.parametrize("wrong", ["proved", "refuted"])
def test_a_wrong_verdict_would_be_seen(wrong, monkeypatch):
    """A prover that says the same of everything is caught."""
    from theory.logic.findings import Proof

    def settle(statement, timeout):
        if wrong == "proved":
            return Proof("liar", {})
        at = {s: fuzz.sp.Integer(0) for s in statement.symbols}
        return type("Liar", (), {"status": fuzz.Status.REFUTED, "at": _Zeros(at)})()

    class _Zeros(dict):
        def get(self, key):
            from theory.logic.exact import Surd

            return Surd.of(0)

    monkeypatch.setattr(fuzz, "settle", settle)
    assert len(fuzz.run(range(60))[1]) > 5


def test_the_evaluator():
    at = {"x": Fraction(1, 2)}
    x, root = ("x", "x"), ("sqrt", 2)
    assert fuzz.value(("floor", ("*", ("q", Fraction(1001)), root)), at) == 1415
    assert fuzz.truth(("<", ("pow", root, -1), ("q", Fraction(71, 100))), at)
    assert fuzz.value(("case", ("<", x, root), x, root), at) == Fraction(1, 2)
    with pytest.raises(fuzz.UntoldError):
        fuzz.truth(("=", ("*", root, root), ("q", Fraction(2))), at)


@pytest.mark.parametrize("factor", [1, -1])
def test_irrational_points_are_judged(factor):
    """x = 1 + √2 is a root of x² − 2x − 1, which intervals do not tell; x < 5/2 they do."""
    from theory.logic.exact import Surd

    tree = fuzz.tree_of(Surd(Fraction(1), Fraction(factor)))
    x = ("x", "x")
    less = ("<", x, ("q", Fraction(1)))
    assert fuzz.fails_at([], less, {"x": tree}) is (factor == 1)
    assert fuzz.admitted({"positive": True}, tree) is (factor == 1)
    assert not fuzz.admitted({"integer": True}, tree)
    polynomial = ("+", ("pow", x, 2), ("+", ("*", ("q", Fraction(-2)), x), ("q", Fraction(-1))))
    assert fuzz.fails_at([], ("=", polynomial, ("q", Fraction(0))), {"x": tree}) is None
