"""Random statements: a sample of those that ``make fuzz`` judges."""

import importlib.util
from fractions import Fraction
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("fuzz", Path(__file__).parent / "fuzz.py")
fuzz = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(fuzz)


def test_no_verdict_is_wrong():
    counts, wrong = fuzz.run(range(120))
    print(f"\nfuzz: {dict(counts)}; unknown: {counts['unknown'] / 120:.0%}")
    assert wrong == []
    assert counts["proved"] > 0
    assert counts["refuted"] > 0


@pytest.mark.parametrize("wrong", ["proved", "refuted"])
def test_a_wrong_verdict_would_be_seen(wrong, monkeypatch):
    """A prover that says the same of everything is caught."""
    from theory.findings import Proof

    def settle(statement, timeout):
        if wrong == "proved":
            return Proof("liar", {})
        at = {s: fuzz.sp.Integer(0) for s in statement.symbols}
        return type("Liar", (), {"status": fuzz.Status.REFUTED, "at": _Zeros(at)})()

    class _Zeros(dict):
        def get(self, key):
            from theory.exact import Surd

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
