import dataclasses
import importlib.util
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import sympy as sp

import theory.claims
import theory.model.dct
from theory.claims import all_claims, claims_named
from theory.claims.appendix_4_d import lemma_4_d_2, proposition_4_d_3, table_4_8, table_4_9
from theory.claims.chapter_4 import (
    equation_4_4_dct,
    equations_4_7_to_4_10_risks,
    equations_4_14_to_4_16_signgd,
)
from theory.claims.own import minibatch_law
from theory.ledger.verify import settle_argument, settle_claim
from theory.logic.arguments import ends_in, for_all
from theory.logic.evidence import Claim, Evidence, Simulated
from theory.logic.findings import Status
from theory.logic.numbers import exact
from theory.logic.prove import identity, search, settle, smt
from theory.logic.statements import EventuallyAlways, Statement, equal
from theory.model.risk import adversarial_risk
from theory.published import rows

CLAIMS = all_claims()
IDS = [claim.id for claim in CLAIMS]
OWN_ROWS = {"minibatch-law", "exact-solution", "ratio-limits"}


@pytest.mark.parametrize("id_", IDS)
def test_comes_out_as_expected(verdict, id_):
    outcome = verdict(id_)
    if isinstance(outcome.claim.published, Simulated):
        assert outcome.status is Status.NOT_RUN
        assert outcome.claim.expects is None
    else:
        assert outcome.status is outcome.claim.expects
        assert outcome.is_settled
    assert (outcome.corrected is not None) == bool(outcome.claim.correction)


@pytest.mark.parametrize("id_", IDS)
def test_refutations_have_exact_numbers_and_proofs_certificates(verdict, id_):
    for evidence in (verdict(id_).published, verdict(id_).corrected):
        for finding in evidence.findings.values() if evidence else ():
            data = finding.to_json()
            keys = {"certificate", "counterexample", "witness", "periodic_orbit", "escape"}
            assert data["status"] is Status.UNKNOWN or len(keys & set(data)) == 1


def test_ids_are_unique_and_well_formed():
    assert len(set(IDS)) == len(IDS)
    assert all(re.fullmatch(r"\S+\.\d+", id_) for id_ in IDS)


def test_every_row_has_a_claim_and_every_claim_a_row():
    known = {row["id"] for row in rows("claims")}
    assert {claim.row for claim in CLAIMS} - OWN_ROWS == known
    assert len(known) == len(rows("claims"))


def test_a_repeated_id_is_refused(monkeypatch):
    twice = (*lemma_4_d_2.CLAIMS, *lemma_4_d_2.CLAIMS)
    monkeypatch.setattr(lemma_4_d_2, "CLAIMS", twice)
    with pytest.raises(ValueError, match="expected each id once"):
        all_claims()


def test_by_id_or_row_the_same_claims_are_found():
    """Those of a row may be in several files, and an id need not stand in a file as it is."""
    for id_, claim in zip(IDS, CLAIMS, strict=True):
        assert claims_named(id_) == (claim,)
    for row in {claim.row for claim in CLAIMS} - set(IDS):
        assert claims_named(row) == tuple(claim for claim in CLAIMS if claim.row == row)
    for name in ("", "4", "P4.D.4-", "nonsense.1", CLAIMS[0].id + "0"):
        assert claims_named(name) == ()


def test_one_claim_does_not_build_the_others():
    script = (
        "import sys; from theory.claims import claims_named; claims_named('L4.D.2.2'); "
        "print(*(name for name in sys.modules if name.startswith('theory.claims.')))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    chapter = "theory.claims.appendix_4_d"
    assert run.stdout.split() == [chapter, f"{chapter}.lemma_4_d_2"]


def test_what_is_said_in_words_is_read_without_building_a_formula():
    """So that ids, of which tests are made, and --list cost no formulas."""
    script = (
        "from theory.claims import all_claims\n"
        "from theory.logic.evidence import Simulated\n"
        "for claim in all_claims():\n"
        "    given = vars(claim)['_published'], vars(claim)['_corrected']\n"
        "    built = [g for g in given if not (g is None or callable(g))]\n"
        "    assert all(isinstance(g, Simulated) for g in built), claim.id\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_an_argument_is_built_once_when_it_is_read():
    built = []

    def build():
        built.append(1)
        return for_all(sp.Symbol("x", real=True) ** 2 >= 0)

    claim = Claim("mine.1", "", "words", build, expects=Status.PROVED)
    assert claim.row == "mine"
    assert claim.corrected is None
    assert not built
    assert claim.published is claim.published
    assert built == [1]
    assert dataclasses.replace(claim, note="other").published is claim.published
    with pytest.raises(dataclasses.FrozenInstanceError):
        claim.published = build
    with pytest.raises(TypeError, match="published"):
        Claim("mine.1", "", "words")


def test_files_without_claims_are_in_a_folder_of_their_own():
    folder = Path(theory.claims.__file__).parent
    for path in folder.rglob("[!_]*.py"):
        has_claims = "\nCLAIMS = " in path.read_text(encoding="utf-8")
        assert has_claims == (path.parent.name != "lemmas"), path


# --- A claim file says what is claimed, never how it comes out -----------------------------------


def test_a_claim_has_no_status_to_set():
    assert "status" not in {f.name for f in dataclasses.fields(Claim)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        CLAIMS[0].expects = Status.REFUTED
    with pytest.raises((AttributeError, dataclasses.FrozenInstanceError)):
        settle_argument(for_all(sp.Symbol("x", real=True) > 0)).status = Status.PROVED


@pytest.mark.parametrize("expects", [None, *Status])
@pytest.mark.parametrize("id_", ["L4.D.2.2", "P4.D.3.3"])
def test_what_is_expected_is_no_input(verdict, id_, expects):
    flipped = dataclasses.replace(CLAIMS[IDS.index(id_)], expects=expects)
    outcome = settle_claim(flipped)
    assert outcome.status is verdict(id_).status
    assert outcome.is_unexpected == (expects is not None and expects is not outcome.status)


def test_obligations_are_settled_by_the_back_ends_only():
    obligations = [
        obligation
        for claim in CLAIMS
        for argument in (claim.published, claim.corrected)
        if argument is not None and not isinstance(argument, Simulated)
        for obligation in argument.obligations.values()
    ]
    makers = {obligation.back_end.__module__ for obligation in obligations}
    assert all(maker.partition(".prove")[0] == "theory.logic" for maker in makers)
    assert Counter(map(bool, (o.name for o in obligations)))[False] == 0


# --- Mutations: what is not so is never proved ---------------------------------------------------

T48 = [
    (row, key)
    for row in rows("table_4_8")
    for key in row
    if key.startswith("c") and row["variances"][int(key[2])] == "1"
]


@pytest.mark.parametrize(("row", "key"), T48, ids=lambda x: x["row"] if isinstance(x, dict) else x)
def test_an_altered_entry_of_table_4_8_is_refuted(row, key):
    entry = exact(row[key])
    wrong = "1" if entry == 0 else row[key].replace("sqrt(", "2*sqrt(")
    altered = table_4_8._claim({**row, key: wrong})
    assert settle_claim(altered).status is Status.REFUTED
    if entry != 0:
        flipped = row[key][1:] if row[key].startswith("-") else f"-{row[key]}"
        assert settle_claim(table_4_8._claim({**row, key: flipped})).status is Status.REFUTED


VALID = [row for row in rows("table_4_9") if row["number"] != "n/a"]


@pytest.mark.parametrize("row", VALID, ids=lambda row: row["number"])
def test_altered_entries_of_table_4_9_are_refuted(row):
    for key in ("update_0", "update_1", "update_2"):
        flipped = row[key][1:] if row[key].startswith("-") else f"-{row[key]}"
        wrong = "1" if exact(row[key]) == 0 else flipped
        assert settle(table_4_9._update({**row, key: wrong})).status is Status.REFUTED
    for wrong in {"<", ">", "="} - {row["comparison"]}:
        assert settle(table_4_9._comparison({**row, "comparison": wrong})).status is Status.REFUTED
    impossible = table_4_9._possibility({**row, "number": "n/a"})
    assert settle(impossible).status is Status.REFUTED


@pytest.mark.parametrize(
    "row", [r for r in rows("table_4_9") if r["number"] == "n/a"], ids=table_4_9._signs
)
def test_a_combination_that_does_not_occur_cannot_be_numbered(row):
    possible = table_4_9._possibility({**row, "number": "14"})
    assert smt.settle_possible(possible).status is Status.REFUTED


def claims_with(monkeypatch, entry):
    """The claims about the DCT, loaded afresh against another ``dct_entry``."""
    monkeypatch.setattr(theory.model.dct, "dct_entry", entry)
    theory.model.dct.dct_matrix.cache_clear()
    spec = importlib.util.spec_from_file_location("mutant", equation_4_4_dct.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    theory.model.dct.dct_matrix.cache_clear()
    return {claim.id: claim for claim in module.CLAIMS}


def entry_with(alpha_0, shift):
    def entry(k, j, d):
        k, j, d = map(sp.sympify, (k, j, d))
        alpha = sp.Piecewise((alpha_0, sp.Eq(k, 0)), (2, True))
        return sp.sqrt(alpha / d) * sp.cos(sp.pi / d * (j + shift) * k)

    return entry


HALF = sp.Rational(1, 2)


@pytest.mark.parametrize(("alpha_0", "shift"), [(2, HALF), (HALF, HALF), (1, 0)])
def test_another_transform_is_not_orthogonal(monkeypatch, alpha_0, shift):
    claim = claims_with(monkeypatch, entry_with(alpha_0, shift))["4.4-orthogonal.1"]
    assert settle_claim(claim, timeout=2.0).status is Status.REFUTED


def test_the_mutant_harness_proves_the_right_transform(monkeypatch):
    claim = claims_with(monkeypatch, entry_with(1, HALF))["4.4-orthogonal.1"]
    assert settle_claim(claim).status is Status.PROVED


PRINTED = equations_4_14_to_4_16_signgd._printed_step()
DERIVED = equations_4_14_to_4_16_signgd._derived_step()


@pytest.mark.parametrize(
    ("coordinate", "which"), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]
)
def test_a_wrong_sign_in_the_step_for_three_is_refuted(coordinate, which):
    """One of sign(A + B), sign(A), sign(A − B) in (4.16) gets the other sign."""
    signs = sorted(PRINTED[coordinate].atoms(sp.sign), key=str)
    wrong = PRINTED[coordinate].subs(signs[which], -signs[which])
    assert settle_argument(for_all(equal(DERIVED[coordinate], wrong))).status is Status.REFUTED
    right = settle_argument(for_all(equal(DERIVED[coordinate], PRINTED[coordinate])))
    assert right.status is Status.PROVED


@pytest.mark.parametrize("bound", [sp.Rational(1, 2), sp.Rational(2, 3)])
def test_a_tighter_region_for_the_proposition_is_refuted(bound):
    a = proposition_4_d_3._a
    argument = ends_in(
        proposition_4_d_3._step, sp.Abs(a) <= bound, ranking=sp.Abs(a), decrease=sp.Rational(1, 3)
    )
    evidence = settle_argument(argument)
    assert evidence.status is Status.REFUTED
    orbit = evidence.findings["no periodic orbit elsewhere"]
    states = orbit.statement.orbit(orbit.start, orbit.steps_before + orbit.period)
    assert states[-1] == states[orbit.steps_before]
    assert any(abs(state[a]) > bound for state in states[orbit.steps_before :])


def test_a_greater_decrease_is_not_proved():
    a = proposition_4_d_3._a
    argument = ends_in(
        proposition_4_d_3._step, sp.Abs(a) <= 1, ranking=sp.Abs(a), decrease=sp.Rational(1, 2)
    )
    assert settle_argument(argument).status is Status.UNKNOWN


def test_a_tighter_region_for_the_lemma_is_refuted():
    """Orbits need not end in |x| ≤ Δ_max/3: with the step Δ_max, ±Δ_max/2 is an orbit."""
    x, most = lemma_4_d_2._x, lemma_4_d_2._most
    smaller = EventuallyAlways({x: lemma_4_d_2._after}, sp.Abs(x) <= most / 3, lemma_4_d_2._sizes)
    assert search.settle_orbits(smaller).status is Status.REFUTED


v, rho = equations_4_7_to_4_10_risks._v, equations_4_7_to_4_10_risks._rho


@pytest.mark.parametrize(
    "wrong",
    [
        v / 2 + rho * sp.sqrt(v / sp.pi) + rho**2 / 2,
        v / 2 + 2 * rho * sp.sqrt(2 / sp.pi * v) + rho**2 / 2,
        v / 2 + rho * sp.sqrt(2 / sp.pi) * v + rho**2 / 2,
        v / 2 + rho * sp.sqrt(2 / sp.pi * v) + rho**2,
        sp.sqrt(v) / 2 + rho * sp.sqrt(2 / sp.pi * v) + rho**2 / 2,
        v / 2 + rho * sp.sqrt(7 / sp.Integer(11) * v) + rho**2 / 2,  # 7/11 is 2/π to four digits
    ],
)
def test_a_wrong_constant_in_the_adversarial_risk_is_not_proved(wrong):
    statement = Statement(equal(adversarial_risk(v, rho), wrong))
    for back_end in (identity, smt):
        assert back_end.settle(statement, 2.0).status is not Status.PROVED


@pytest.mark.parametrize("factor", [sp.Rational(1, 2), 2, sp.sqrt(2)])
def test_a_wrong_norm_factor_in_4_10_is_refuted(factor):
    risk = adversarial_risk(sp.Integer(0), rho)
    assert settle_argument(for_all(equal(risk, factor * rho**2 / 2))).status is Status.REFUTED


@pytest.mark.parametrize("wrong", [-minibatch_law._n, -(minibatch_law._n - 1) / 2])
def test_a_wrong_degree_of_freedom_is_not_proved(wrong):
    transform = minibatch_law._chi_sq_transform()
    statement = Statement(equal(transform, (1 + 2 * minibatch_law._rate) ** wrong))
    for back_end in (identity, smt):
        assert back_end.settle(statement, 2.0).status is not Status.PROVED


def test_evidence_of_every_claim_is_json(verdict):
    for id_ in IDS:
        text = json.dumps(verdict(id_).to_json(), allow_nan=False)
        assert json.loads(text)["status"] == verdict(id_).status
        assert isinstance(verdict(id_).published, Evidence | None)
