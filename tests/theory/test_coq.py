"""The export to Coq: its texts, and (marked coq) what the kernel accepts and refuses."""

import contextlib
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import sympy as sp

from theory.common.errors import UserError
from theory.coq import report
from theory.coq.__main__ import main
from theory.coq.degree import degree, is_linear
from theory.coq.emit import at_point, for_all
from theory.coq.obligations import Exported, is_trivial, lemma_of
from theory.coq.run import (
    STANDARD_AXIOMS,
    Compiler,
    Entry,
    Outcome,
    Script,
    axioms_in,
    check_all,
)
from theory.coq.translate import NotExportedError, Translation
from theory.logic.exact import Surd
from theory.logic.findings import Counterexample, Disproof, Proof, Unsettled, Witness
from theory.logic.statements import Possible, Statement, equal

x, y = sp.symbols("x y", real=True)
p, q = sp.symbols("p q", positive=True)
n, m = sp.symbols("n m", integer=True)
HALF = sp.Rational(1, 2)
OPEN = sp.Piecewise((1, x > 0), (2, x < 0))  # without a value at x = 0


# Texts


def test_polynomials_are_written_as_they_are():
    translation = Translation()
    assert translation.term(
        x**3 - sp.Rational(2, 3) * y
    ) == "((x_x * x_x * x_x) + ((-2 / 3) * x_y))".replace("(-2 / 3)", "((-2) / 3)")
    assert translation.graphs == []


@pytest.mark.parametrize(
    ("expr", "graph"),
    [
        (sp.sign(x), "is_sign x_x sign_1"),
        (sp.Abs(x), "is_abs x_x abs_1"),
        (sp.Min(x, y), "is_min x_x x_y min_1"),
        (sp.Max(x, y), "is_max x_x x_y max_1"),
        (sp.sqrt(p), "is_root x_p root_1"),
        (1 / x, "is_inverse x_x inverse_1"),
        (sp.floor(x), "is_floor x_x floor_1"),
        (sp.pi, "like_pi pi_1"),
    ],
    ids=str,
)
def test_other_operations_are_bound_by_their_graphs(expr, graph):
    translation = Translation()
    translation.term(expr)
    assert [g.proposition for g in translation.graphs] == [graph]


def test_equal_operations_share_a_variable():
    translation = Translation()
    translation.term(sp.sign(x) + sp.sign(x) ** 2 * y + sp.sqrt(p) + 1 / sp.sqrt(p))
    assert sorted(g.kind for g in translation.graphs) == ["inverse", "root", "sign"]


def test_negations_are_pushed_inwards():
    translation = Translation()
    formula = sp.Not(sp.And(x < y, sp.Or(sp.Eq(x, 0), y >= 1)), evaluate=False)
    assert set(re.split(r" \\/ ", translation.formula(formula))) == {
        "(x_x >= x_y)",
        "((x_x <> 0) /\\ (x_y < 1))",
    }


def test_definedness_joins_the_conclusion():
    lemma = for_all(Statement(1 / x > 0, (x > 0,)))
    assert lemma.proposition.endswith("(inverse_1 > 0) /\\ (x_x <> 0)")


def test_definedness_stands_under_the_case():
    lemma = for_all(Statement(sp.Piecewise((1 / x, x > 0), (1, True)) > 0))
    assert lemma.proposition.endswith("((x_x <= 0) \\/ (x_x <> 0))")


def test_a_case_distinction_without_a_last_case_needs_one_to_apply():
    lemma = for_all(Statement(equal(OPEN, OPEN)))
    assert lemma.proposition.endswith("((x_x > 0) \\/ (x_x < 0))")


def test_assumptions_are_stated():
    k = sp.Symbol("k", integer=True, nonnegative=True, even=True)
    text = for_all(Statement(p + k > x)).proposition
    assert "(x_p : R)" in text
    assert "(n_k : Z)" in text
    assert "(x_p > 0) ->" in text
    assert "(IZR n_k >= 0) ->" in text
    assert "(Z.Even n_k) ->" in text


def test_names_stay_apart():
    odd = [sp.Symbol(name, real=True) for name in ("a b", "a_b", "a'b", "λ", "R", "forall", "")]
    names = [Translation().symbol(s).name for s in odd]
    assert all(re.fullmatch(r"x_[A-Za-z0-9_]*", name) for name in names)
    together = Translation()
    assert len({together.symbol(s).name for s in odd}) == len(odd)


@pytest.mark.parametrize(
    "formula",
    [sp.cos(x) > 0, sp.exp(x) > y, 2**x > y, p ** sp.Rational(1, 3) > y, x**100 > y,
     sp.Symbol("z") > sp.Symbol("x", real=True), sp.Xor(x > 0, y > 0)],
    ids=str,
)  # fmt: skip
def test_what_is_outside_the_fragment_is_refused(formula):
    with pytest.raises(NotExportedError):
        for_all(Statement(formula))


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (x + 3, 1),
        (sp.Abs(x - sp.sign(x + y) / 3), 1),
        (p * sp.sign(x), 1),
        (sp.sign(x) ** 2 * sp.sign(y), 0),
        (x * y, 2),
        (sp.Abs(x) * y, 2),
        (sp.sign(x * y), float("inf")),
        (1 / x, float("inf")),
        (sp.sqrt(2) * x, float("inf")),
        (sp.floor(x), float("inf")),
    ],
    ids=str,
)
def test_degree(expr, expected):
    assert degree(expr) == expected
    assert is_linear(sp.Gt(expr, 0, evaluate=False)) == (expected <= 1)


def test_a_witness_for_a_declaration_that_the_lemma_cannot_say_is_refused():
    k = sp.Symbol("k", integer=True, prime=True)
    with pytest.raises(NotExportedError, match="declared"):
        at_point([(k > 2, True)], {k: Surd.of(3)})


def test_trivial_obligations_are_told_apart():
    assert is_trivial(Statement(sp.true))
    assert is_trivial(Statement(equal(x, x)))
    assert not is_trivial(Statement(equal(x, y)))


def test_axioms_are_read_off():
    output = (
        "Chars 1 - 2 [Print~Assumptions~all.] 0. secs\nAxioms:\nA.b : forall P : Prop,\n  {P}\n"
        "Long.name\n  : forall x : nat, x = x\n"
    )
    assert axioms_in(output) == ["A.b", "Long.name"]
    assert axioms_in("Closed under the global context\n") == []


def test_a_missing_compiler_is_bad_input(capsys, tmp_path):
    assert main(["--coqc", "no-such-coqc", "--out", str(tmp_path)]) == 2
    assert "apt-get install coq" in capsys.readouterr().err
    with pytest.raises(UserError, match="no command 'no-such-coqc'"):
        Compiler("no-such-coqc")


def rows(*results):
    """Report rows of one linear lemma each."""
    exported = [
        Exported("C.1", "published", f"o{i}", "s", "Statement", "z3", "Proof", False,
                 for_all(Statement(x + i + 1 > y, (x > y,))))
        for i, _ in enumerate(results)
    ]  # fmt: skip
    return [report.Row(e, result) for e, result in zip(exported, results, strict=True)]


def test_completeness_needs_every_linear_obligation_and_no_more_axioms():
    accepted, rejected = report.Result.ACCEPTED, report.Result.REJECTED
    assert report.is_complete(rows(accepted, accepted), STANDARD_AXIOMS)
    assert not report.is_complete(rows(accepted, rejected), STANDARD_AXIOMS)
    assert not report.is_complete(rows(accepted), {"Classical_Prop.classic"})


def test_what_is_not_accepted_is_listed():
    text = report.to_markdown(rows(report.Result.ACCEPTED, report.Result.REJECTED), [], "Coq", 1, 2)
    assert "1 of 2" in text
    assert "## Not accepted: 1" in text
    assert "*o1*" in text
    assert "**linear**" in text


def test_the_report_covers_each_obligation_once():
    e = [row.exported for row in rows(*[report.Result.ACCEPTED] * 30)]
    e.append(Exported("C.2", "published", "orbit", "s", "Always", reason="r"))
    e.append(Exported("C.2", "published", "cos", "s", "Statement", "identity", "Proof"))
    scripts = report.scripts_of(e)
    outcomes = {
        s.name: Outcome(accepted={x.name: 0.1 for x in s.entries[1:]},
                        rejected={x.name: "no" for x in s.entries[:1]})
        for s in scripts
    }  # fmt: skip
    e.append(replace(e[0], claim="C.3"))  # with the lemma of another
    results = [row.result for row in report.rows_of(e, scripts, outcomes)]
    assert len(results) == 33
    assert results.pop() == results[0]
    assert results.count(report.Result.REJECTED) == len(scripts) == 3
    assert results[-2:] == [report.Result.OUT_OF_SCOPE, report.Result.NOT_EXPORTED]
    names = [entry.name for s in scripts for entry in s.entries]
    assert len(set(names)) == len(names) == 30


# What the kernel says

TRUE = {
    "sign": Statement(sp.Abs(sp.sign(x)) <= 1),
    "step": Statement(sp.Abs(x - sum(map(sp.sign, (x + y, x, x - y))) / 3) <= 1, (sp.Abs(x) <= 1,)),
    "sign times a variable": Statement(p * sp.sign(x) <= p),
    "min": Statement(sp.Min(x, y, p) <= sp.Max(x, y)),
    "negation": Statement(sp.Not(sp.And(sp.Eq(sp.sign(x), 1), sp.Eq(sp.sign(-x), 1)))),
    "equivalence": Statement(sp.Equivalent(sp.Abs(x) < 1, sp.And(x > -1, x < 1))),
    "case": Statement(sp.Piecewise((x, x >= 0), (-x, True)) >= 0),
    "inverse under a case": Statement(sp.Piecewise((1 / x, x > 0), (1, True)) > 0),
    "root": Statement(sp.sqrt(2) * p < sp.sqrt(3) * p),
    "roots multiply": Statement(equal(sp.sqrt(2) * sp.sqrt(3) * x, sp.sqrt(6) * x + 0 * y)),
    "quotient": Statement(equal(x / p + 1 / q, (x * q + p) / (p * q))),
    "integers": Statement(sp.Ne(2 * n, 1, evaluate=False)),
    "integer gap": Statement(n >= m + 1, (n > m,)),
    "floor": Statement(sp.And(sp.floor(x) <= x, sp.ceiling(x) < x + 1)),
    "π": Statement(sp.pi * p > sp.Rational(314159265, 10**8) * p),
    "square": Statement(x**2 + x * y + y**2 >= 0),
}
FALSE = {
    "strict": Statement(sp.sign(x) ** 2 > 0),
    "step": Statement(
        sp.Abs(x - sum(map(sp.sign, (x + y, x, x - y))) / 3) <= sp.Rational(9, 10),
        (sp.Abs(x) <= 1,),
    ),
    "bound": Statement(sp.Min(x, y) < sp.Max(x, y)),
    "1/0 = 0 is a convention": Statement(equal(1 / x, 1 / x)),
    "1/0 has no value": Statement(1 / x**2 >= 0),
    "√ of a negative number has no value": Statement(sp.sqrt(x) >= 0),
    "x/x": Statement(equal(sp.Mul(x, sp.Pow(x, -1), evaluate=False), 1)),
    "no case applies": Statement(equal(OPEN, OPEN)),
    "integer": Statement(2 * x >= 1, (x > 0,)),
    "floor": Statement(sp.floor(x) < x),
    "π": Statement(sp.pi * p > sp.Rational(314159266, 10**8) * p),
}


@pytest.fixture(scope="session")
def coq(tmp_path_factory):
    """Compile lemmas, each in a script of its own; return whether each was accepted, and axioms."""
    folder, numbers = tmp_path_factory.mktemp("coq"), count()

    def accepts(lemmas):
        batch = folder / str(next(numbers))
        scripts = [
            Script(f"Test_{i}", (Entry(f"lemma_{i}", lemma, name),))
            for i, (name, lemma) in enumerate(lemmas.items())
        ]
        outcomes = check_all(scripts, batch, Compiler(), limit=20)
        return {
            name: bool(outcomes[script.name].accepted)
            for name, script in zip(lemmas, scripts, strict=True)
        }, {axiom for outcome in outcomes.values() for axiom in outcome.axioms}

    return accepts


@pytest.mark.coq
def test_the_kernel_accepts_what_is_true(coq):
    accepted, axioms = coq({name: for_all(statement) for name, statement in TRUE.items()})
    assert [name for name, ok in accepted.items() if not ok] == []
    assert axioms <= STANDARD_AXIOMS


@pytest.mark.coq
def test_the_kernel_refuses_what_is_false(coq):
    accepted, _ = coq({name: for_all(statement) for name, statement in FALSE.items()})
    assert [name for name, ok in accepted.items() if ok] == []


@pytest.mark.coq
def test_findings_with_numbers_are_accepted(coq):
    refuted = Statement(sp.Abs(x) + sp.floor(y) > 0, (x >= 0,))
    possible = Possible(sp.And(sp.Eq(sp.sign(x), -1), x**2 > 2 * n, sp.Eq(sp.sqrt(6) * p, 2)))
    at = {x: -Surd.sqrt(2) - 1, n: Surd.of(1), p: Surd.sqrt(6) / 3}
    constants = Statement(sp.Lt(sp.sqrt(2), sp.Rational(141, 100), evaluate=False))
    accepted, axioms = coq(
        {
            "counterexample": lemma_of(
                refuted, Counterexample("", refuted, {x: Surd.of(0), y: Surd.of(HALF)})
            ),
            "witness": lemma_of(possible, Witness("", possible, at)),
            "false constants": lemma_of(constants, Disproof("", {})),
            "impossible": lemma_of(Possible(sp.Abs(x) < 0), Disproof("", {})),
            "proof": lemma_of(Statement(p > 0), Proof("", {})),
        }
    )
    assert [name for name, ok in accepted.items() if not ok] == []
    assert axioms <= STANDARD_AXIOMS


@pytest.mark.coq
def test_wrong_numbers_are_refused(coq):
    formula = sp.And(sp.Eq(sp.sign(x), -1), x > -1)
    accepted, _ = coq(
        {
            "a wrong point": at_point([(formula, True)], {x: Surd.of(-1)}),
            "an assumption broken": at_point([(p < 1, True)], {p: Surd.of(-1)}),
            "no value there": at_point([(1 / x > 0, False)], {x: Surd.of(0)}),
            "not refuted": at_point([(x > 0, True), (x >= 1, False)], {x: Surd.of(2)}),
        }
    )
    assert not any(accepted.values())


def test_an_unsettled_statement_has_no_lemma():
    with pytest.raises(NotExportedError, match="gave up"):
        lemma_of(Statement(x > 0), Unsettled("z3", "gave up"))


@pytest.mark.coq
def test_a_mutated_statement_does_not_compile(tmp_path):
    """Weakening a hypothesis or sharpening a conclusion in the text of a script is noticed."""
    lemma = for_all(TRUE["step"])
    whole = lemma.proposition
    mutants = [whole.replace("<= 1", "<= 2", 1), whole[::-1].replace("1 =<", "0 =<", 1)[::-1]]
    assert whole not in mutants
    entries = [Entry("whole", lemma, "")]
    entries += [
        Entry(f"mutant_{i}", type(lemma)(text, lemma.script, True), "")
        for i, text in enumerate(mutants)
    ]
    outcome = check_all([Script("Mutants", tuple(entries))], tmp_path, Compiler())["Mutants"]
    assert set(outcome.accepted) == {"whole"}
    assert set(outcome.rejected) == {"mutant_0", "mutant_1"}
    assert all(outcome.rejected.values())


@pytest.mark.coq
def test_compiled_scripts_are_used_again(tmp_path):
    def compiled(statement):
        script = Script("Again", (Entry("again", for_all(statement), ""),))
        outcome = check_all([script], tmp_path, Compiler())["Again"]
        return outcome, (tmp_path / "Again.vo").stat().st_mtime_ns

    first = compiled(Statement(x < y + 1, (x < y,)))
    assert compiled(Statement(x < y + 1, (x < y,))) == first
    changed = compiled(Statement(x < y + 2, (x < y,)))
    assert changed[1] > first[1]
    (tmp_path / "Again.json").write_text("{", encoding="utf-8")
    assert compiled(Statement(x < y + 2, (x < y,)))[0].accepted.keys() == {"again"}
    assert (tmp_path / "Again.v").exists()
    check_all([], tmp_path, Compiler())
    assert sorted(path.name for path in tmp_path.glob("*.v")) == ["Library.v"]


@pytest.mark.coq
def test_an_interrupt_leaves_no_compiler_running(tmp_path):
    code = (
        "import signal; from pathlib import Path\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from theory.coq.emit import Lemma\n"
        "from theory.coq.run import *\n"
        "from theory.common.command import leave, run\n"
        "slow = Lemma('True', ('do 1000000000 idtac.', 'exact I.'), True)\n"
        "scripts = [Script(f'S{i}', (Entry('slow', slow, ''),)) for i in range(4)]\n"
        f"command = lambda: len(check_all(scripts, Path({str(tmp_path)!r}), Compiler()))\n"
        "leave(lambda: run(command))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "S1.v").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert compilers_in(tmp_path) == []
    assert not (tmp_path / "S1.json").exists()


def compilers_in(folder):
    """Processes that work in a folder."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink() == folder:
                found.append(link)
    return found
