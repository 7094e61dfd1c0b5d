"""What is recalled is what would be settled now, or nothing is recalled."""

import ast
import json
import math
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
import sympy as sp

from theory.ledger import cache as module
from theory.ledger import snapshot
from theory.ledger.cache import (
    Cache,
    canonical,
    decode,
    encode,
    fingerprint,
    question,
    source_files,
)
from theory.ledger.settling import settle_claims
from theory.ledger.snapshot import pack, read_snapshot, unpack, write_snapshot
from theory.ledger.verify import settle_claim, settle_obligation
from theory.logic.arguments import always, ends_in, for_all
from theory.logic.evidence import Claim, Obligation
from theory.logic.exact import Surd
from theory.logic.findings import Counterexample, Proof, Status, Unsettled
from theory.logic.prove import orbit, search, settle, smt
from theory.logic.statements import Along, Always, EventuallyAlways, Possible, Statement

x, y = sp.symbols("x y", real=True)
n = sp.Symbol("n", integer=True)
CLAIMS = (
    Claim("T4.8.1", "here", "a square", for_all(x**2 - 2 * x + 1 >= 0)),
    Claim("T4.9.1", "here", "strict", for_all(x**2 > 0), for_all(x**2 >= 0), "≥", slip="≥"),
    Claim("4.7.1", "here", "open", for_all(sp.exp(x) > x)),
    Claim("4.7.2", "here", "falls", always({x: x / 2}, sp.Abs(x) <= 1, sp.Abs(x) <= 1)),
    Claim("4.7.3", "here", "leaves", always({x: 2 * x}, x < 3, sp.Eq(x, 1))),
)


@pytest.fixture(autouse=True)
def unedited(monkeypatch):
    """Whatever is edited while the tests run, this process counts as up to date."""
    now = {with_claims: fingerprint(with_claims=with_claims) for with_claims in (False, True)}
    monkeypatch.setattr(module, "LOADED_AT", math.inf)
    for user in (module, snapshot):
        monkeypatch.setattr(user, "fingerprint", lambda with_claims=False: now[with_claims])


def asked(statement, back_end=settle, timeout=10.0):
    return question(Obligation("o", statement, back_end), timeout)


def settled(claims, cache, **options):
    return settle_claims(claims, cache=cache, **options)


def without_environment(verdicts):
    return [verdict.to_json() for verdict in verdicts]


# --- Questions -----------------------------------------------------------------------------------


def test_the_same_question_is_recognised():
    again = sp.Symbol("x", real=True)
    assert asked(Statement(x > 0, (x > 1,))) == asked(Statement(again > 0, (again > 1,)))


@pytest.mark.parametrize(
    "other",
    [
        asked(Statement(x >= 0, (x > 1,))),
        asked(Statement(x > 0, (x >= 1,))),
        asked(Statement(x > 0)),
        asked(Statement(x > 0, (x > 1, x > 2))),
        asked(Statement(y > 0, (y > 1,))),
        asked(Possible(x > 0)),
        asked(Statement(x > 0, (x > 1,)), smt.settle),
        asked(Statement(x > 0, (x > 1,)), timeout=11.0),
        *(
            asked(Statement(s > 0, (s > 1,)))
            for s in (sp.Symbol("x", integer=True), sp.Symbol("x", real=True, nonzero=True))
        ),
    ],
)
def test_another_question_is_told_apart(other):
    assert other is not None
    assert other != asked(Statement(x > 0, (x > 1,)))


def test_parts_of_orbits_are_told_apart():
    def along(value, stop=1):
        return Along("o", ((Surd.of(1),), (Surd.of(value),)), (x,), (y,), y < x, 0, stop)

    kinds = [Always({x: x / 2}, x < 1), EventuallyAlways({x: x / 2}, x < 1)]
    steps = [Always({x: x / 3}, x < 1), Always({y: y / 2}, x < 1), Always({x: x / 2}, x < 1, (y,))]
    texts = [json.dumps(canonical(s)) for s in (*kinds, *steps, along(0), along(2), along(0, 0))]
    assert len(set(texts)) == len(texts)


def test_unevaluated_forms_are_told_apart():
    assert asked(Statement(sp.Eq(x, x, evaluate=False))) != asked(Statement(sp.true))


@pytest.mark.parametrize(
    ("statement", "back_end"),
    [
        (Statement(sp.Dummy("x", real=True) > 0), settle),
        (Statement(x > 0), lambda statement, timeout: Proof("mine", {})),
        (Statement(object()), settle),
    ],
)
def test_what_cannot_be_recognised_is_never_recalled(tmp_path, statement, back_end):
    assert asked(statement, back_end) is None
    cache = Cache(tmp_path)
    cache.keep(None, Proof("z3", {}), 1.0)
    assert cache.recall(None, statement) is None
    assert list(tmp_path.iterdir()) == []


# --- Fingerprint ---------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path):
    copy = tmp_path / "theory"
    shutil.copytree(module.SOURCES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_each_file_that_settles_is_in_the_fingerprint(package):
    before = fingerprint(package)
    files = source_files(package)
    names = {path.relative_to(package).as_posix() for path in files}
    assert {"logic/prove/smt.py", "logic/exact.py", "ledger/cache.py"} <= names
    for path in files:
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert fingerprint(package) != before, path
        path.write_bytes(content)
    assert fingerprint(package) == before


@pytest.mark.parametrize(
    ("name", "settles", "builds"),
    [
        ("logic/prove/smt.py", True, True),
        ("logic/statements.py", True, True),
        ("ledger/cache.py", True, True),
        ("model/dct.py", False, True),
        ("published/table_4_8.csv", False, True),
        ("claims/appendix_4_d/table_4_8.py", False, True),
        ("ledger/verify.py", False, True),
        ("ledger/display.py", False, False),
        ("report/page.css", False, False),
        ("report/page.py", False, False),
        ("coq/emit.py", False, False),
        ("common/figure.py", False, False),
        ("common/command.py", False, False),
        ("__main__.py", False, False),
    ],
)
def test_an_edit_changes_the_fingerprint_of_what_it_computes_and_no_other(
    package, name, settles, builds
):
    plain, whole = fingerprint(package), fingerprint(package, with_claims=True)
    with (package / name).open("a") as file:
        file.write("\n")
    assert (fingerprint(package) != plain) is settles
    assert (fingerprint(package, with_claims=True) != whole) is builds


def imported(path):
    """Modules of this package that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        yield from (name for name in names if name.startswith("theory."))


@pytest.mark.parametrize("with_claims", [False, True])
def test_what_is_in_the_fingerprint_imports_nothing_else_that_computes(with_claims):
    files = source_files(with_claims=with_claims)
    names = {".".join(p.relative_to(module.SOURCES.parent).with_suffix("").parts) for p in files}
    names |= {name.removesuffix(".__init__") for name in names}
    tell_write_or_describe = {
        f"theory.common.{n}" for n in ("errors", "files", "environment", "plurals")
    }
    for path in (p for p in files if p.suffix == ".py"):
        assert set(imported(path)) <= names | tell_write_or_describe, path


def test_what_settles_outside_of_the_fingerprint_is_not_recognised(monkeypatch):
    def settle(statement, timeout):
        return Proof("mine", {})

    settle.__qualname__, settle.__module__ = "settle", "theory.model.risk"
    monkeypatch.setattr("theory.model.risk.settle", settle, raising=False)
    assert asked(Statement(x > 0), settle) is None


@pytest.mark.parametrize("change", ["new", "removed", "renamed"])
def test_the_set_of_files_is_in_the_fingerprint(package, change):
    before = fingerprint(package)
    folder = package / "logic"
    if change == "new":
        (folder / "prove" / "new.py").write_text("")
    elif change == "removed":
        (folder / "numbers.py").unlink()
    else:
        (folder / "numbers.py").rename(folder / "numbers2.py")
    assert fingerprint(package) != before


@pytest.mark.parametrize("library", ["sympy", "mpmath", "z3-solver"])
def test_versions_are_in_the_fingerprint(monkeypatch, library):
    before = fingerprint()
    changed = lambda name: "0" if name == library else version(name)  # noqa: E731
    monkeypatch.setattr(module, "version", changed)
    assert fingerprint() != before


def test_python_is_in_the_fingerprint(monkeypatch):
    before = fingerprint()
    monkeypatch.setattr(module.sys, "version", "4.0")
    assert fingerprint() != before


def test_the_fingerprint_names_the_folder(tmp_path, monkeypatch):
    settled(CLAIMS, Cache(tmp_path))
    monkeypatch.setattr(module, "fingerprint", lambda: "f" * 64)
    other = Cache(tmp_path)
    settled(CLAIMS, other)
    assert other.recalled == 0
    assert len(list(tmp_path.iterdir())) == 2
    other.prune()
    assert [path.name for path in tmp_path.iterdir()] == ["f" * 32]


def test_nothing_is_recalled_once_code_was_edited(tmp_path, monkeypatch):
    settled(CLAIMS, Cache(tmp_path))
    monkeypatch.setattr(module, "LOADED_AT", 0)
    with pytest.warns(UserWarning, match="edited"):
        edited = Cache(tmp_path / "other")
    settled(CLAIMS, edited)
    assert edited.recalled == 0
    assert not (tmp_path / "other").exists()


# --- Findings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1])
def test_recalled_is_as_settled(tmp_path, processes):
    fresh = settled(CLAIMS, Cache(None))
    first, second = Cache(tmp_path), Cache(tmp_path)
    for cache in (first, second):
        verdicts = settled(CLAIMS, cache)
        assert [v.status for v in verdicts] == [v.status for v in fresh]
        assert [v.explanation for w in verdicts for _, v in w.parts] == [
            v.explanation for w in fresh for _, v in w.parts
        ]
    assert (first.recalled, second.settled) == (0, 0)
    assert second.recalled == first.settled > 0


@pytest.mark.parametrize(
    ("statement", "back_end"),
    [
        (Statement(x + y > 0), settle),
        (Statement(sp.sqrt(2) * x < y), settle),
        (Statement(x > 1, (x > 2,)), settle),
        (Possible(sp.And(x > 1, x < 2)), smt.settle_possible),
        (Possible(sp.And(x > 1, x < 0)), smt.settle_possible),
        (Statement(sp.Gt(sp.sqrt(2), 2, evaluate=False)), settle),
        (Statement(sp.exp(x) > x), settle),
        (EventuallyAlways({x: -x}, sp.Abs(x) < 1), search.settle_orbits),
        (Always({x: 2 * x}, x < 3, (sp.Eq(x, 1),)), search.settle_escapes),
        (Along("o", ((Surd.of(1),), (Surd.of(2),)), (x,), (y,), y < x, 0, 1), orbit.settle),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_every_kind_of_finding_comes_back(tmp_path, statement, back_end):
    obligation = Obligation("o", statement, back_end)
    finding, seconds = settle_obligation(obligation, 10.0)
    assert decode(json.loads(json.dumps(encode(finding))), statement) == finding
    cache, text = Cache(tmp_path), question(obligation, 10.0)
    cache.keep(text, finding, seconds)
    assert cache.recall(text, statement) == (finding, seconds)


def test_a_recalled_counterexample_is_evaluated_again():
    finding = Counterexample("z3", Statement(x > 0), {x: Surd.of(-1)})
    data = encode(finding)
    data["at"][0][1] = ["1", "0", "0", "0"]
    with pytest.raises(ValueError, match="the conclusion holds"):
        decode(data, Statement(x > 0))


def only_file(folder):
    (path,) = (p for p in folder.rglob("*.json"))
    return path


def rewritten(path, change):
    """Change the kept finding, with a digest that agrees."""
    content = json.loads(path.read_text())
    change(content["data"])
    content["digest"] = module._digest(content["data"])
    path.write_text(json.dumps(content))


def false_point(data):
    data["finding"]["at"][0][1] = ["1", "0", "0", "0"]


def false_question(data):
    data["question"] = "another"


def false_kind(data):
    data["finding"]["kind"] = "Miracle"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_text(""),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text("null"),
        lambda path: path.write_bytes(b"\xff\xfe"),
        lambda path: path.write_text(path.read_text()[:-20]),
        lambda path: path.write_text(path.read_text().replace("Counterexample", "Proof")),
        lambda path: rewritten(path, false_point),
        lambda path: rewritten(path, false_question),
        lambda path: rewritten(path, false_kind),
    ],
)
def test_a_damaged_file_is_settled_afresh(tmp_path, damage):
    claim = Claim("T4.9.1", "here", "strict", for_all(x**2 > 0))
    before = without_environment(settled([claim], Cache(tmp_path)))
    damage(only_file(tmp_path))
    cache = Cache(tmp_path)
    with pytest.warns(UserWarning, match="settled afresh"):
        after = settled([claim], cache)
    assert (cache.recalled, cache.settled) == (0, 1)
    assert after[0].published.explanation == before[0]["published"]["back_end"].join(
        ["refuted by ", ": fails at x = 0"]
    )


def test_a_folder_that_cannot_be_written_is_told_and_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="nothing is kept"):
        verdicts = settled(CLAIMS[:1], Cache(tmp_path / "file"))
    assert verdicts[0].status is Status.PROVED


def test_unknown_is_kept_for_its_time_out_only(tmp_path):
    claim = CLAIMS[2]
    settled([claim], Cache(tmp_path), timeout=1.0)
    same, other = Cache(tmp_path), Cache(tmp_path)
    assert settled([claim], same, timeout=1.0)[0].status is Status.UNKNOWN
    settled([claim], other, timeout=2.0)
    assert (same.recalled, other.recalled) == (1, 0)


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settled(CLAIMS, Cache(None))
    assert list(tmp_path.iterdir()) == []


def test_one_question_of_several_claims_is_settled_once(tmp_path):
    twins = [Claim(f"4.7.{i}", "", "", for_all(x**2 + 1 > 0)) for i in (1, 2)]
    cache = Cache(None)
    verdicts = settled(twins, cache)
    assert cache.settled == 1
    assert [v.status for v in verdicts] == [Status.PROVED] * 2


# --- The whole ledger ----------------------------------------------------------------------------


def test_a_snapshot_gives_the_verdicts_back(tmp_path):
    random = {"the_check": {"status": "simulated"}}
    verdicts = [settle_claim(claim) for claim in CLAIMS]
    write_snapshot(tmp_path, 10.0, verdicts)
    again = read_snapshot(tmp_path, 10.0, random)
    assert without_environment(again) == without_environment(verdicts)
    assert [v.published.explanation for v in again] == [v.published.explanation for v in verdicts]
    assert read_snapshot(tmp_path, 9.0, random) is None
    assert read_snapshot(None, 10.0, random) is None
    assert read_snapshot(tmp_path / "none", 10.0, random) is None


def test_a_snapshot_of_other_code_is_not_read(tmp_path, monkeypatch):
    write_snapshot(tmp_path, 10.0, [settle_claim(CLAIMS[0])])
    monkeypatch.setattr("theory.ledger.snapshot.fingerprint", lambda with_claims: "f" * 64)
    assert read_snapshot(tmp_path, 10.0, {}) is None


@pytest.mark.parametrize(
    "damage", [lambda t: "", lambda t: t[:-9], lambda t: t.replace("Proof", "Disproof")]
)
def test_a_damaged_snapshot_is_ignored(tmp_path, damage):
    write_snapshot(tmp_path, 10.0, [settle_claim(claim) for claim in CLAIMS])
    path = tmp_path / "ledger.json"
    path.write_text(damage(path.read_text()))
    with pytest.warns(UserWarning, match="made afresh"):
        assert read_snapshot(tmp_path, 10.0, {}) is None


def test_a_counterexample_in_a_snapshot_is_evaluated_again(tmp_path):
    write_snapshot(tmp_path, 10.0, [settle_claim(CLAIMS[1])])
    path = tmp_path / "ledger.json"
    content = json.loads(path.read_text())
    obligation = content["verdicts"][0]["published"]["obligations"]["statement"]
    obligation["finding"]["at"][0][1] = ["1", "0", "0", "0"]
    content["digest"] = module._digest(content["verdicts"])
    path.write_text(json.dumps(content))
    with pytest.warns(UserWarning, match="the conclusion holds"):
        assert read_snapshot(tmp_path, 10.0, {}) is None


@pytest.mark.parametrize(
    "formula",
    [
        sp.Eq(x, x, evaluate=False),
        sp.Le(sp.Abs(x - y), sp.sqrt(3) / 3 * sp.sign(x)),
        sp.Piecewise((1 / x, x > 0), (sp.floor(y), True)) > sp.Max(x, y, sp.pi),
        sp.And(x > 0, sp.Or(y > 0, sp.Not(sp.Eq(x, y)))),
        sp.Implies(x > 0, sp.Equivalent(y > 0, x < 1)),
        sp.ITE(x > 0, y > 0, y < 0),
        sp.Ne(sp.ceiling(n / 2), n),
        sp.Mul(2, sp.Add(x, 1, evaluate=False), evaluate=False) > sp.Min(x, y),
        sp.true,
        sp.Symbol("z", positive=True, integer=True) > sp.Rational(-2, 3),
    ],
    ids=str,
)
def test_formulas_come_back_as_they_are(formula):
    again = unpack(json.loads(json.dumps(pack(formula))))
    assert sp.srepr(again) == sp.srepr(formula)
    assert again == formula


@pytest.mark.parametrize("thing", [sp.exp(x) > x, sp.Dummy("x", real=True) > 0, object()])
def test_other_formulas_are_refused(thing):
    with pytest.raises(ValueError, match="cannot be kept"):
        pack(thing)


def test_ends_in_comes_back(tmp_path):
    step = {x: x - sp.sign(x) / 2}
    argument = ends_in(step, sp.Abs(x) <= 1, ranking=sp.Abs(x), decrease=sp.Rational(1, 4))
    verdict = settle_claim(Claim("4.7.1", "", "", argument))
    write_snapshot(tmp_path, 10.0, [verdict])
    assert without_environment(read_snapshot(tmp_path, 10.0, {})) == without_environment([verdict])


def test_findings_are_whatever_the_obligation_says_they_are():
    with pytest.raises(KeyError):
        decode({"kind": "Unsettled", "back_end": "z3"}, Statement(x > 0))
    assert isinstance(
        decode({"kind": "Unsettled", "back_end": "z3", "reason": "r", "conclusive": False}, None),
        Unsettled,
    )
    assert Path(module.SOURCES).name == "theory"
