"""The errata: what does not hold as printed, with numbers to be checked by hand."""

import json
import re

import pytest
import sympy as sp

from theory.ledger.certificates import plan
from theory.ledger.errata import errata, grouped
from theory.ledger.snapshot import read_snapshot, write_snapshot
from theory.ledger.typeset import escape, latex, sides_at
from theory.ledger.verify import settle_claim
from theory.logic.arguments import all_of, always, derived, ends_in, exactly_if, for_all
from theory.logic.evidence import Claim, Judgement, Simulated
from theory.logic.exact import Surd
from theory.logic.statements import Along, Possible, Statement

x, y = sp.symbols("x y", real=True)
_orbit = ((Surd.of(1),), (Surd.of(2),))
_along = all_of("falls", {"o": Along("o", _orbit, (x,), (y,), y < x, 0, 1)})
_ends = ends_in({x: -x}, sp.Abs(x) < 1, ranking=sp.Abs(x), decrease=1)
_impossible = all_of("some", {"some": Possible(sp.And(x > y, y > x))})
CLAIMS = (
    Claim("4.7.1", "here", "A square.", for_all(x**2 >= 0)),
    Claim("4.7.2", "§1, 100 % of A_B & C", "Slip <here>.", for_all(x**2 > 0),
          for_all(x**2 - 2 * x + 1 >= 0), "≥ | holds", slip="≥ is meant", note="Note_1."),
    Claim("4.7.3", "there", "Under σ̃ > 0.", for_all(x * y <= y, x <= 1),
          exactly_if(y >= 0, x * y <= y, sp.Eq(x, 0)), "if y ≥ 0", only_if="y ≥ 0"),
    Claim("4.7.4", "elsewhere", "Fails.", for_all(sp.And(x > 0, sp.Eq(x, y)), y > 1)),
    Claim("4.7.5", "here", "An orbit.", always({x: 2 * x}, x < 3, sp.Eq(x, 1))),
    Claim("4.7.6", "here", "Rounds.", for_all(sp.Gt(sp.sqrt(2), sp.Rational(3, 2), evaluate=False)),
          for_all(sp.Lt(sp.sqrt(2), sp.Rational(3, 2), evaluate=False)), "√2 < 3/2"),
    Claim("4.7.7", "here", "Open.", for_all(sp.exp(x) > x)),
    Claim("4.7.8", "here", "Random.", Simulated("something", "check")),
    Claim("4.7.9", "here", "Along.", _along),
    Claim("4.7.10", "here", "Ends.", _ends),
    Claim("4.7.11", "here", "Impossible.", _impossible),
    Claim("4.7.12", "here", "Derived.", derived("f", "rule", {"l": sp.true}, {})),
)  # fmt: skip
REFUTED = ["4.7.4", "4.7.5", "4.7.6", "4.7.9", "4.7.10", "4.7.11", "4.7.3", "4.7.2"]


@pytest.fixture(scope="module")
def verdicts():
    return [settle_claim(claim) for claim in CLAIMS]


@pytest.fixture(scope="module")
def files(verdicts):
    return plan(verdicts)[0]


def test_groups_are_by_severity_then_by_place(verdicts, files):
    groups = grouped(verdicts, files)
    assert list(groups) == [Judgement.FAILS, Judgement.ONLY_IF, Judgement.MENDED]
    assert [e.id for group in groups.values() for e in group] == REFUTED


def test_markdown(verdicts, files):
    text = errata(verdicts, files, "certs", "md")
    assert re.findall(r"^### (\S+):", text, re.M) == REFUTED
    assert text.index("## Statements that fail (6)") < text.index("## Statements that hold under")
    assert text.index("## Statements that hold under") < text.index("## Slips of notation (1)")
    slip = text[text.index("### 4.7.2") :]
    for part in (
        "§1, 100 % of A\\_B & C",
        "Printed: Slip \\<here\\>.",
        "`x² > 0`",
        "Counterexample: x = 0",
        "- x² = 0; 0: 0 \\> 0 is false",
        "Certificate: `4.7.2--statement.json`",
        "The slip: ≥ is meant",
        "Instead (proved): ≥ \\| holds",
        "`x² - 2*x + 1 ≥ 0`",
        "Proof: `4.7.2--corrected--statement.smt2`",
        "Note: Note\\_1.",
    ):
        assert part in slip, part
    assert "4.7.7" not in text
    assert "4.7.8" not in text
    assert "is outside after 2 steps" in text
    assert "interval arithmetic" in text
    assert "It would imply (some): " in text  # a part of the statement is named
    assert "It would imply (statement)" not in text


def test_json(verdicts, files):
    data = json.loads(errata(verdicts, files, "certs", "json"))
    assert data["certificates"] == "certs"
    (slip,) = data["errata"]["holds after a slip of notation is mended"]
    assert slip["instead_status"] == "proved"
    (refutation,) = slip["refutations"]
    assert refutation["formula"] == "x² > 0"
    assert refutation["at"] == "x = 0"
    assert slip["proof"][0]["certificate"] == "4.7.2--corrected--statement.smt2"


def unbalanced(text):
    """Depth of braces at the end, and whether it was ever negative; \\{ and \\} do not count."""
    depth, negative = 0, False
    for brace in re.sub(r"\\.", "", text, flags=re.S):
        depth += (brace == "{") - (brace == "}")
        negative |= depth < 0
    return depth, negative


def test_latex(verdicts, files):
    text = errata(verdicts, files, "my_certs", "tex")
    assert unbalanced(text) == (0, False)
    for environment in ("document", "adjustbox"):
        begins, ends = (text.count(f"\\{word}{{{environment}}}") for word in ("begin", "end"))
        assert begins == ends == 1
    assert text.count(r"\left") == text.count(r"\right")
    body = text[text.index(r"\begin{document}") :]
    assert body.count("\n\\subsection*{") == len(REFUTED)
    assert r"100 \% of A\_B \& C" in body
    assert r"\texttt{my\_certs/}" in body
    # Outside formulas every special character is escaped.
    prose = "\n".join(line for line in body.splitlines() if r"\fitted{" not in line)
    assert not re.search(r"(?<!\\)[%&#$_^~<>|]", prose)


@pytest.mark.parametrize("form", ["md", "tex", "json"])
def test_no_errata(form):
    assert errata([settle_claim(CLAIMS[0])], {}, "certs", form)


@pytest.mark.parametrize("form", ["md", "tex", "json"])
def test_the_same_from_a_snapshot(verdicts, files, form, tmp_path, monkeypatch):
    monkeypatch.setattr("theory.ledger.snapshot.code_has_changed", lambda: False)
    monkeypatch.setattr("theory.ledger.snapshot.fingerprint", lambda with_claims: "f" * 64)
    write_snapshot(tmp_path, 10.0, verdicts)
    again = read_snapshot(tmp_path, 10.0, {})
    assert errata(again, files, "certs", form) == errata(verdicts, files, "certs", form)


def test_escape():
    assert escape("a_b & 50 % {x} \\ ^ ~ # $ < > | ẽ").count("\\") == 13
    assert escape("ẽ0 → ½") == "ẽ0 → ½"


def test_statements_in_latex():
    assert latex(Statement(x > 0)) == "x > 0"
    assert latex(Statement(x > 0, (x > 1, y > 1))) == (r"x > 1,\; y > 1 \;\Longrightarrow\; x > 0")
    assert r"\exists\, x" in latex(Possible(x > 0))


def test_sides_are_those_of_the_exact_evaluation():
    verdict = settle_claim(CLAIMS[3])
    (finding,) = verdict.published.findings.values()
    for relation, left, right, so in sides_at(finding):
        at = {symbol: value.to_sympy() for symbol, value in finding.at.items()}
        assert left.value.to_sympy() == relation.lhs.subs(at)
        assert right.value.to_sympy() == relation.rhs.subs(at)
        assert so == bool(relation.subs(at))
