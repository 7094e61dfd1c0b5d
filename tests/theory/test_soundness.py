"""The prover, measured apart from the thesis: statements whose truth is known beforehand.

``corpus/statements.json`` has statements that are true by construction, and false ones with exact
points at which they fail (see ``corpus/make.py``). ``pytest -s`` prints the rate.
"""

import importlib.util
import json
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
import sympy as sp

from theory.logic.exact import Surd, holds
from theory.logic.findings import Status
from theory.logic.prove import settle
from theory.logic.statements import Statement

FOLDER = Path(__file__).parent / "corpus"
TIMEOUT = 1.2  # seconds for each back end, so that a statement takes some 5 s at most
_spec = importlib.util.spec_from_file_location("corpus_make", FOLDER / "make.py")
make = importlib.util.module_from_spec(_spec)
sys.modules["corpus_make"] = make
_spec.loader.exec_module(make)

CORPUS = json.loads((FOLDER / "statements.json").read_text(encoding="utf-8"))


def statement_of(entry):
    return Statement(make.parse(entry["conclusion"]), tuple(map(make.parse, entry["given"])))


def test_the_corpus_is_what_it_should_be():
    assert len(CORPUS) >= 100
    assert [entry["truth"] for entry in CORPUS].count(False) * 2 == len(CORPUS)
    texts = {(entry["conclusion"], *entry["given"]) for entry in CORPUS}
    assert len(texts) == len(CORPUS)
    for truth in (True, False):
        sets = [set(entry["constructs"]) for entry in CORPUS if entry["truth"] is truth]
        combined = set().union(*(s for s in sets if len(s) > 1))
        assert combined >= {*make.CONSTRUCTS, "root", "division", "integer", "product of symbols"}
    single = set().union(*(s for e in CORPUS if len(s := set(e["constructs"])) == 1))
    assert single >= {"Abs", "sign", "Min/Max", "floor/ceiling", "integer", "product of symbols"}


@pytest.mark.parametrize("k", [k for k, e in enumerate(CORPUS) if not e["truth"]])
def test_false_statements_fail_where_they_say(k):
    statement = statement_of(CORPUS[k])
    values = {name: Surd.of(Fraction(text)) for name, text in CORPUS[k]["fails"].items()}
    at = {symbol: values[symbol.name] for symbol in statement.symbols}
    assert all(holds(h, at) for h in statement.hypotheses)
    assert not holds(statement.conclusion, at)


def test_true_statements_hold_at_random_points():
    """A slip in a lemma of the generator would show."""
    rng = make.random.Random(0)
    for entry in CORPUS:
        if entry["truth"]:
            statement = statement_of(entry)
            sentence = make.Sentence(statement.conclusion, statement.hypotheses)
            assert make.counterexample(rng, sentence, 25) is None, entry


def test_the_generator_makes_the_same_again():
    again = make.make(size=8)
    assert again == make.make(size=8)
    true, false = CORPUS[: len(CORPUS) // 2], CORPUS[len(CORPUS) // 2 :]
    assert again == [*true[:4], *false[:4]]


def test_none_is_wrong_and_nine_in_ten_are_decided():
    findings, seconds, wrong, undecided = [], [], [], []
    for entry in CORPUS:
        start = time.perf_counter()
        finding = settle(statement_of(entry), TIMEOUT)
        seconds.append(time.perf_counter() - start)
        findings.append(finding.status)
        expected = Status.PROVED if entry["truth"] else Status.REFUTED
        if finding.status is Status.UNKNOWN:
            undecided.append((entry["truth"], entry["given"], entry["conclusion"]))
        elif finding.status is not expected:
            wrong.append(entry)
    decided = len(CORPUS) - len(undecided)
    print(f"\ncorpus: {decided} of {len(CORPUS)} decided, {len(wrong)} wrong;", end=" ")
    print(f"seconds: median {sorted(seconds)[len(seconds) // 2]:.3f}, most {max(seconds):.1f}")
    for truth, given, conclusion in undecided:
        print(f"undecided ({truth}): {', '.join(given)} ⟹ {conclusion}")
    assert wrong == []
    assert decided >= 0.9 * len(CORPUS)


# --- Constructs, one by one ----------------------------------------------------------------------

x, y = sp.symbols("x y", real=True)
n, m = sp.symbols("n m", integer=True)


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        (Statement(sp.Eq(sp.floor(sp.floor(x) / 2), sp.floor(x / 2))), Status.PROVED),
        (Statement(sp.Eq(sp.floor(sp.floor(x / 2) * 2), sp.floor(x))), Status.REFUTED),
        (Statement(sp.floor(n / 3 + sp.Rational(1, 3)) <= sp.ceiling(n / 3)), Status.PROVED),
        (Statement(sp.floor(n / 3 + sp.Rational(2, 3)) <= sp.floor(n / 3)), Status.REFUTED),
        (Statement(sp.Ne(2 * n + 4 * m, 7)), Status.PROVED),
        (Statement(sp.floor(1 / x) * x <= 1, (x > 0,)), Status.PROVED),
        (Statement(sp.floor(1 / x) * x <= 1), Status.REFUTED),
        (Statement(sp.ceiling(sp.sqrt(2) * n) >= n, (n >= 0,)), Status.PROVED),
        (Statement(sp.Ne(x**2 + y**2, 3), (sp.Eq(x, y),)), Status.REFUTED),
    ],
)
def test_integers_and_floors(statement, status):
    assert settle(statement, 3.0).status is status


def test_floors_have_values_only_where_their_arguments_do():
    total = sp.floor(1 / x) <= 1 / x
    assert settle(Statement(total, (sp.Ne(x, 0),)), 3.0).status is Status.PROVED
    assert settle(Statement(total), 1.0).status is Status.UNKNOWN
    one_branch = sp.Piecewise((sp.floor(1 / x), x > 0), (0, True))
    both = sp.And(one_branch >= 0, sp.Eq(sp.floor(1 / x), sp.floor(1 / x), evaluate=False))
    assert settle(Statement(one_branch >= 0), 3.0).status is Status.PROVED
    assert settle(Statement(both), 1.0).status is not Status.PROVED
