"""Every certificate of the first solver is put to a second one, cvc5, as plain SMT-LIB text."""

import cvc5
import pytest
import sympy as sp

from theory.claims import all_claims
from theory.logic.evidence import Evidence
from theory.logic.findings import Status
from theory.logic.prove import smt
from theory.logic.statements import Statement

# One way of treating products after the other, within steps of the solver's own, not seconds.
WAYS = (({}, 2 * 10**6), ({"nl-cov": "true"}, 10**6))


def answer(smtlib):
    """The answers of cvc5 to the text's commands, by the first way that has one."""
    for options, steps in WAYS:
        found = _answer(smtlib, options | {"rlimit-per": str(steps)})
        if "unknown" not in found:
            break
    return found


def _answer(smtlib, options):
    solver = cvc5.Solver(cvc5.TermManager())
    for name, value in options.items():
        solver.setOption(name, value)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, smtlib, "certificate")
    answers = []
    while not (command := parser.nextCommand()).isNull():
        answers.append(command.invoke(solver, parser.getSymbolManager()).strip())
    return " ".join(filter(None, answers))


@pytest.fixture(scope="module")
def certificates(verdict):
    """(claim, obligation) and SMT-LIB text of every proof by the first solver."""
    found = {}
    for claim in all_claims():
        outcome = verdict(claim.id)
        for evidence in (outcome.published, outcome.corrected):
            if isinstance(evidence, Evidence):
                for name, finding in evidence.findings.items():
                    text = getattr(finding, "certificate", {}).get("smtlib")
                    if text is not None:
                        found[claim.id, evidence is outcome.corrected, name] = text
    return found


def test_every_certificate_convinces_the_second_solver(certificates):
    # The same question often serves several claims.
    answers = {text: answer(text) for text in set(certificates.values())}
    dissent = {key: answers[text] for key, text in certificates.items() if answers[text] != "unsat"}
    assert dissent == {}
    assert len(certificates) >= 60


def test_certificates_are_whole_questions(certificates):
    for text in certificates.values():
        assert text.startswith("(set-logic ALL)\n")
        assert text.count("(check-sat)") == 1
        assert "(assert" in text


def test_a_false_certificate_does_not_convince():
    """Without its axioms, or with a weaker strict bound, a certificate is satisfiable."""
    x, p = sp.Symbol("x", real=True), sp.Symbol("p", positive=True)
    proof = smt.settle(Statement(sp.sqrt(2) * p > p))
    text = proof.certificate["smtlib"]
    assert answer(text) == "unsat"
    assert answer(text.replace("2.0", "1.0")) == "sat"
    text = smt.settle(Statement(x > 1, (x >= 2,))).certificate["smtlib"]
    assert answer(text) == "unsat"
    assert answer(text.replace("2.0", "0.0")) == "sat"


x = sp.Symbol("x", real=True)
n = sp.Symbol("n", integer=True)
p = sp.Symbol("p", positive=True)


@pytest.mark.parametrize(
    "statement",
    [
        Statement(sp.floor(x) <= x),
        Statement(sp.ceiling(x) < x + 1),
        Statement(sp.Ne(2 * n, 1, evaluate=False)),
        Statement(sp.Piecewise((1 / x, x > 0), (1, True)) > 0),
        Statement(1 / p > 0),
        Statement(sp.Abs(sp.sign(x)) <= 1),
        Statement(sp.pi * p > 3 * p),
        *(Statement(sp.Symbol(word, real=True) ** 2 + sp.sqrt(2) > 0)
          for word in smt._WORDS.split()),
        *(Statement(sp.Symbol(name, real=True) + 1 > 0, (sp.Symbol(name, real=True) > 0,))
          for name in ("and", "sqrt", "root", "pi", "a b", "a_b", "x'", "λ", "1", "")),
    ],
    ids=str,
)  # fmt: skip
def test_certificates_are_standard(statement):
    """Whatever the constructs and names, the text is SMT-LIB that another solver reads."""
    finding = smt.settle(statement)
    assert finding.status is Status.PROVED
    assert answer(finding.certificate["smtlib"]) == "unsat"
