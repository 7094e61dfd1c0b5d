import json
import math
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

import theory.claims
from simulations.studies.figure_4_7.settings import Settings
from theory.__main__ import main
from theory.claims import all_claims
from theory.common.errors import UserError
from theory.common.files import read_json, write_json, write_whole
from theory.ledger.evidence_files import read_evidence
from theory.ledger.verify import ranked, read_simulation, settle_claim, summary
from theory.logic.arguments import all_of, exactly_if, for_all
from theory.logic.evidence import Claim, Simulated
from theory.logic.findings import Status
from theory.published import rows

x = sp.Symbol("x", real=True)
COMMAND = (sys.executable, "-m", "theory", "verify")
PROVED = Claim("T4.8.1", "here", "a square", for_all(x**2 - 2 * x + 1 >= 0))
REFUTED = Claim("T4.9.1", "here", "a strict square", for_all(x**2 > 0), expects=Status.REFUTED)
UNKNOWN = Claim("4.7.1", "here", "an exponential", for_all(sp.exp(x) > x))
REPOSITORY = Path(__file__).parents[3]
PUBLISHED = {
    "sigma_tilde_sq": ("0.01", "0.0025", "0"),
    "w_star_tilde": ("5", "10", "0"),
    "w0_tilde": ("0.01", "-0.01", "0.02"),
    "eta": "0.01",
    "epsilon": "sqrt(2)",
    "oracle": "exact-law",
    "samples_per_step": 1000,
    "iterations": 200_001,
}
RANDOM = Claim("F4.7-adam.1", "here", "a random one", Simulated("something", "the_check"))


@pytest.fixture
def claims(monkeypatch):
    """Have these claims verified in the place of all."""

    def use(*some):
        monkeypatch.setattr(theory.claims, "all_claims", lambda: some)
        monkeypatch.setattr(theory.claims, "claims_named", lambda name: ())

    use(PROVED, REFUTED, RANDOM)
    return use


@pytest.fixture
def verify(tmp_path, capfd):
    """Run the command; give exit code, output, errors, and the evidence if there is any."""

    def run(*options, out=tmp_path / "new" / "evidence.json"):
        simulation = [] if "--simulation" in options else ["--simulation", str(tmp_path / "none")]
        plain = ["verify", "--out", str(out), "--no-cache", "--processes", "1", *simulation]
        try:
            code = main([*plain, *options])
        except SystemExit as stop:
            code = stop.code
        output, errors = capfd.readouterr()
        return code, output, errors, read_evidence(out) if out.is_file() else None

    return run


def simulation_file(tmp_path, content):
    path = tmp_path / "simulation.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return "--simulation", str(path)


def command(*words):
    return subprocess.run(
        [sys.executable, "-m", "theory", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=REPOSITORY,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("verify")


@pytest.fixture(scope="module")
def places(folder, findings):
    """Options of the command: what other tests have settled in this run it recalls."""
    out, none = folder / "evidence.json", folder / "none"
    return "--out", out, "--cache", findings, "--simulation", none


@pytest.fixture(scope="module")
def settled(places):
    """The run of the command over the whole ledger."""
    return command("verify", *places)


def test_the_command_settles_everything(settled, folder):
    run = settled
    claims = all_claims()
    evidence = read_evidence(folder / "evidence.json")
    assert "Traceback" not in run.stderr
    is_open = [c["id"] for c in evidence["claims"] if c["status"] == "unknown"]
    unexpected = [c["id"] for c in evidence["claims"] if c["expected"] not in (None, c["status"])]
    assert run.returncode == (1 if is_open or unexpected else 0)
    assert [claim["id"] for claim in evidence["claims"]] == [claim.id for claim in claims]
    assert set(evidence["rows"]) == {row["id"] for row in rows("claims")}
    assert all(evidence["rows"].values())
    table = (folder / "verdicts.txt").read_text()
    for claim in claims:
        assert claim.id in table
    for claim in evidence["claims"]:
        listed = f"\n  {claim['id']} " in run.stdout
        assert listed == (claim["judgement"] == "fails" or claim["id"] in (*is_open, *unexpected))
    assert len(run.stdout.splitlines()) <= 42
    assert max(map(len, run.stdout.split("Each verdict")[0].splitlines())) <= 110
    assert evidence["summary"] in " ".join(run.stdout.split())
    assert str(len(claims)) in evidence["summary"]
    assert sum(evidence["judgements"].values()) == len(claims)


def test_certificates_of_the_ledger(settled, folder):
    """Each settled obligation names a file, and each file serves one."""
    evidence = read_evidence(folder / "evidence.json")
    named = set()
    for claim in evidence["claims"]:
        for part in ("published", "corrected"):
            if isinstance(claim[part], dict):
                for obligation in claim[part]["obligations"]:
                    assert (obligation["file"] is None) == (obligation["status"] == "unknown")
                    named.add(obligation["file"])
                    smtlib = obligation.get("certificate", {}).get("smtlib")
                    if smtlib is not None:
                        assert (folder / obligation["file"]).read_text().endswith(smtlib)
    there = {f"certificates/{path.name}" for path in (folder / "certificates").iterdir()}
    assert there == named - {None}
    assert len({name.lower() for name in there}) == len(there)


def test_nothing_changed_nothing_settled(settled, folder, places):
    """The second run says the same, and is quick."""
    before = read_evidence(folder / "evidence.json")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    again = command("verify", *places)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    after = read_evidence(folder / "evidence.json")
    assert "Nothing has changed" in again.stdout
    assert {**before, "environment": None} == {**after, "environment": None}
    assert again.returncode == settled.returncode
    assert settled.stdout.split("Evidence:")[0] == again.stdout.split("Evidence:")[0]
    assert spent.ru_utime - used.ru_utime < 5


def test_errata_of_the_ledger(settled, folder, findings):
    evidence = read_evidence(folder / "evidence.json")
    refuted = [c["id"] for c in evidence["claims"] if c["status"] == "refuted"]
    options = ("--cache", findings, "--certificates", folder / "certificates")
    texts = {f: command("errata", *options, "--format", f) for f in ("md", "tex", "json")}
    assert {run.returncode for run in texts.values()} == {0}
    listed = [e["id"] for g in json.loads(texts["json"].stdout)["errata"].values() for e in g]
    assert sorted(listed) == sorted(refuted)
    for id_ in refuted:
        assert f"### {id_}: " in texts["md"].stdout
    assert texts["tex"].stdout.count(r"\subsection*{") == len(refuted)
    for group in json.loads(texts["json"].stdout)["errata"].values():
        for erratum in group:
            assert erratum["refutations"]
            for refutation in erratum["refutations"]:
                assert (folder / "certificates" / refutation["certificate"]).is_file()


def test_one_claim_at_length(settled, folder, places):
    before = (folder / "evidence.json").read_bytes()
    run = command("verify", *places, "--claim", "P4.D.3.1")
    assert run.returncode == 0
    for text in ("P4.D.3.1", "judgement   holds", "the ranking falls", "certificate: "):
        assert text in run.stdout
    row = command("verify", *places, "--claim", "P4.D.3", "--json")
    ids = [c["id"] for c in json.loads(row.stdout)]
    assert len(ids) >= 3
    assert all(id_.startswith("P4.D.3.") for id_ in ids)
    assert (folder / "evidence.json").read_bytes() == before


def test_list(settled, places):
    run = command("verify", *places, "--list")
    assert (run.returncode, run.stderr) == (0, "")
    for claim in all_claims():
        assert claim.id in run.stdout


def test_help_loads_neither_sympy_nor_what_watches_tests():
    """So that it is there at once."""
    script = (
        "import sys\nfrom theory.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(*{'sympy', 'z3', 'unittest', 'asyncio'} & set(sys.modules), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "verify" in run.stdout
    assert run.stderr.split() == []


def test_evidence_file(claims, verify):
    code, _, errors, evidence = verify()
    assert code == 0
    assert "Traceback" not in errors
    assert evidence["schema"] == 2
    environment = evidence["environment"]
    assert {"code", "python", "platform", "processor", "cores", "packages"} == set(environment)
    assert environment["packages"]["z3-solver"]
    assert evidence["rows"]["T4.8"] == {"T4.8.1": "proved"}
    assert evidence["rows"]["4.8"] == {}
    by_id = {claim["id"]: claim for claim in evidence["claims"]}
    assert by_id["T4.8.1"]["published"]["obligations"][0]["certificate"]["smtlib"]
    refuted = by_id["T4.9.1"]
    assert refuted["published"]["obligations"][0]["counterexample"] == {"x": "0"}
    assert by_id["F4.7-adam.1"]["status"] == "not run"
    assert evidence["summary"] == "3 claims: 1 refuted, 1 not run, 1 proved"


def test_an_unknown_id_is_told_with_near_ones(claims, verify):
    code, output, errors, evidence = verify("--claim", "T4.8.2")
    assert (code, output, evidence) == (2, "", None)
    assert errors.splitlines()[-1].startswith("error: --claim: 'T4.8.2' is no claim and no row.")
    assert "T4.8.1" in errors


def test_a_row_stands_for_its_claims(claims, verify):
    code, output, _, evidence = verify("--claim", "T4.9")
    assert (code, evidence) == (0, None)
    assert "T4.9.1" in output
    assert "fails at x = 0" in output
    assert "x² = 0; 0: 0 > 0 is false" in output
    assert "T4.8" not in output


def test_json_on_standard_output_is_all_json(claims, verify):
    code, output, errors, evidence = verify("--json")
    assert code == 0
    told = json.loads(output)
    assert told["claims"] == evidence["claims"]
    assert told["environment"] == evidence["environment"]
    assert "3 claims:" in errors
    code, output, _, _ = verify("--json", "--list")
    assert [claim["id"] for claim in json.loads(output)] == ["T4.8.1", "T4.9.1", "F4.7-adam.1"]


def test_a_closed_pipe_is_no_error(settled, findings):
    words = [*COMMAND, "--list", "--cache", str(findings)]
    run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=REPOSITORY)
    run.stdout.close()
    assert b"Traceback" not in run.stderr.read()
    assert run.wait(300) == 141
    run.stderr.close()


def test_declared_slips_and_conditions(claims, verify):
    positive = for_all(x > 0, x >= 0)
    claims(
        Claim("4.7.1", "here", "a", positive, for_all(x >= 0, x >= 0), "≥", slip="≥ is meant"),
        Claim("4.7.2", "here", "b", positive, exactly_if(x > 0, x > 0), "x > 0", only_if="x > 0"),
        Claim("4.7.3", "here", "c", for_all(x**2 < 0), for_all(x**2 >= 0), "≥ 0"),
    )
    code, output, _, evidence = verify("--table")
    assert code == 0
    outcomes = {c["id"]: c["judgement"] for c in evidence["claims"]}
    assert outcomes["4.7.1"] == "holds after a slip of notation is mended"
    assert "holds only if x > 0" in " ".join(output.split())
    assert evidence["judgements"] == {
        "fails": 1,
        "holds only if": 1,
        "holds after a slip of notation is mended": 1,
    }
    assert output.index("4.7.3") < output.index("4.7.2") < output.index("4.7.1")


def test_a_slip_declared_of_what_holds_is_not_as_declared(claims, verify):
    claims(Claim("4.7.1", "here", "a", PROVED.published, PROVED.published, "?", slip="?"))
    code, output, _, _ = verify()
    assert code == 1
    assert "declared: a slip, of what is not refuted" in " ".join(output.split())


def test_table_and_reasons(claims, verify):
    _, output, _, _ = verify("--table")
    for text in ("T4.8.1", "proved", "refuted", "fails at x = 0", "not run", "3 claims:"):
        assert text in output
    assert output.index("T4.9.1") < output.index("T4.8.1")


def test_without_the_table_each_claim_that_fails_is_a_line(claims, verify, tmp_path):
    long = Claim("4.7.3", "here", "a word " * 40, for_all(x**2 < 0), for_all(x**2 >= 0), "≥ 0")
    claims(PROVED, long, RANDOM)
    _, output, _, _ = verify()
    assert output.splitlines()[:3] == [
        "3 claims: 1 refuted, 1 not run, 1 proved",
        "As printed: 1 fails, 1 holds, 1 not run",
        "fails as printed (1):",
    ]
    line = output.splitlines()[3]
    assert line.startswith("  4.7.3           a word a word")
    assert line.endswith("…")
    assert len(line) == 110
    assert "T4.8.1" not in output
    table = tmp_path / "new" / "verdicts.txt"
    assert f"Each verdict and its reason: {table}" in output
    assert "T4.8.1" in table.read_text()
    printed = verify("--table")[1].split("Each verdict")[0]
    assert table.read_text() == printed


@pytest.mark.parametrize("options", [(), ("--table",)])
def test_an_open_claim_fails_the_command(claims, verify, options):
    claims(PROVED, UNKNOWN)
    code, output, _, evidence = verify(*options)
    assert code == 1
    assert "unknown" in output
    assert "exp(x)" in output
    assert evidence["rows"]["4.7"] == {"4.7.1": "unknown"}
    assert "4.7.1" in output
    assert ("T4.8.1" in output) == bool(options)


def test_an_open_correction_fails_the_command(claims, verify):
    claims(
        Claim("4.7.1", "here", "false", for_all(x > 0), correction="?", corrected=UNKNOWN.published)
    )
    code, output, _, _ = verify()
    assert code == 1
    assert "correction unknown" in " ".join(output.split())


def test_a_correction_that_is_refuted_fails_the_command(claims, verify):
    claims(Claim("4.7.1", "here", "false", for_all(x > 0), for_all(x > 1), "x > 1"))
    assert verify()[0] == 1


def test_an_unexpected_outcome_is_shown(claims, verify):
    claims(Claim("T4.8.1", "here", "a square", PROVED.published, expects=Status.REFUTED))
    code, output, _, _ = verify()
    assert code == 1
    assert "expected refuted" in " ".join(output.split())


@pytest.mark.parametrize("status", ["simulated", "contradicted by simulation"])
def test_simulated_evidence_is_read_and_shown(claims, verify, tmp_path, status):
    check = {"status": status, "value": 1.25}
    file = {"settings": PUBLISHED, "checks": {"the_check": check}}
    code, output, _, evidence = verify(*simulation_file(tmp_path, file))
    assert code == 0
    assert status in output
    assert evidence["claims"][-1]["simulated"] == check
    assert set(evidence["rows"]["F4.7-adam"].values()) == {status}


def check_read_with(tmp_path, settings):
    file = {"settings": settings, "checks": {"the_check": {"status": "simulated"}}}
    _, path = simulation_file(tmp_path, file)
    return read_simulation(Path(path))["the_check"]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"eta": "1/50"}, "eta is 1/50, published 0.01"),
        ({"epsilon": "sqrt(3)"}, "epsilon is sqrt(3)"),
        ({"w0_tilde": ["0.01", "-0.01"]}, "w0_tilde is"),
        ({"w_star_tilde": None}, "w_star_tilde is None"),
        ({"sigma_tilde_sq": "0.01"}, "sigma_tilde_sq is 0.01"),
        ({"samples_per_step": 5000}, "samples_per_step is 5000, published 1000"),
        ({"samples_per_step": [1000]}, "samples_per_step is [1000]"),
        ({"oracle": "population"}, "oracle is population"),
        ({"iterations": 200_000}, "iterations is 200000, expected at least 200001"),
        ({"iterations": None}, "iterations is None"),
    ],
)
def test_evidence_of_other_settings_settles_no_claim(claims, verify, tmp_path, changes, difference):
    check = check_read_with(tmp_path, PUBLISHED | changes)
    assert check["status"] == "not run"
    assert difference in check["observed"]
    code, _, _, evidence = verify("--simulation", str(tmp_path / "simulation.json"))
    assert code == 0
    assert evidence["claims"][-1]["status"] == "not run"
    assert difference in evidence["claims"][-1]["simulated"]["observed"]


def test_evidence_that_does_not_name_its_settings_settles_no_claim(tmp_path):
    assert "does not name" in check_read_with(tmp_path, None)["observed"]


@pytest.mark.parametrize("changes", [{}, {"eta": "1/100"}, {"seeds": 3}, {"iterations": 300_000}])
def test_evidence_of_the_published_settings_counts(tmp_path, changes):
    assert check_read_with(tmp_path, PUBLISHED | changes)["status"] == "simulated"


def test_the_published_settings_are_the_defaults_of_the_simulation():
    assert read_simulation(REPOSITORY / "evidence/simulations/evidence.json")["ratio_observed"][
        "status"
    ] in ("simulated", "contradicted by simulation")
    assert {name: getattr(Settings(), name) for name in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "expected JSON"),
        ("", "expected JSON"),
        ("[]", "expected an object with 'checks'"),
        ("{}", "expected an object with 'checks'"),
        ({"checks": []}, "expected an object with 'checks'"),
        ({"checks": {"the_check": 3}}, "expected a status among"),
        ({"checks": {"the_check": {}}}, "expected a status among"),
        ({"checks": {"the_check": {"status": "proved"}}}, "got 'proved'"),
        ({"checks": {"the_check": {"status": "refuted"}}}, "got 'refuted'"),
        ({"checks": {"the_check": {"status": "fine"}}}, "got 'fine'"),
        ('{"checks": {"the_check": {"status": "simulated", "value": NaN}}}', "NaN"),
    ],
)
def test_broken_simulations(claims, verify, tmp_path, content, message):
    code, _, errors, evidence = verify(*simulation_file(tmp_path, content))
    assert code == 2
    assert errors.startswith("error: ")
    assert message in errors
    assert "Traceback" not in errors
    assert evidence is None


def test_simulation_that_is_a_folder(claims, verify, tmp_path):
    code, _, errors, _ = verify("--simulation", str(tmp_path))
    assert code == 2
    assert "cannot read" in errors


def test_no_simulation_is_no_error(tmp_path):
    assert read_simulation(tmp_path / "none.json") == {}


@pytest.mark.parametrize("timeout", ["0", "-1", "nan"])
def test_timeout_out_of_range(claims, verify, timeout):
    code, _, errors, evidence = verify("--timeout", timeout)
    assert code == 2
    assert errors.startswith("error: --timeout: expected seconds > 0, got")
    assert evidence is None


@pytest.mark.parametrize("options", [["--timeout", "soon"], ["--bogus"], ["--out"], ["extra"]])
def test_bad_command_line(claims, verify, options):
    code, output, errors, evidence = verify(*options)
    assert code == 2
    assert "Traceback" not in output + errors
    assert evidence is None


def test_long_timeout(claims, verify):
    assert verify("--timeout", "inf")[0] == 0


def test_out_that_cannot_be_written(claims, verify, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, output, errors, _ = verify(out=tmp_path / "file" / "evidence.json")
    assert code == 2
    assert errors.startswith("error: cannot write")
    assert "Traceback" not in output + errors
    assert "settl" not in output  # told before the work


def test_out_that_is_a_folder(claims, verify, tmp_path):
    code, _, errors, _ = verify(out=tmp_path)
    assert code == 2
    assert "cannot write" in errors


def test_ctrl_c(claims, verify, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("theory.ledger.settling.settle_obligation", interrupt)
    code, _, errors, evidence = verify()
    assert code == 130
    assert "interrupted" in errors
    assert evidence is None


# --- Files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, MemoryError])
def test_interrupted_writing_leaves_the_old_file_whole(tmp_path, error):
    path = tmp_path / "evidence.json"
    write_json(path, {"old": True})

    def write(part):
        part.write_text('{"half')
        raise error

    with pytest.raises(error):
        write_whole(path, write)
    assert read_json(path) == {"old": True}
    assert [p.name for p in tmp_path.iterdir()] == ["evidence.json"]


def test_full_disk_is_told(tmp_path):
    def write(part):
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match="No space left on device"):
        write_whole(tmp_path / "evidence.json", write)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_json_is_not_written(tmp_path):
    path = tmp_path / "evidence.json"
    write_json(path, {"old": True})
    with pytest.raises(TypeError):
        write_json(path, {"value": object()})
    assert read_json(path) == {"old": True}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", [float, np.float64, np.float32, np.array, lambda x: np.array([x])])
def test_numbers_that_json_lacks_become_null(tmp_path, value, kind):
    path = tmp_path / "evidence.json"
    write_json(path, {"a": [1.5, (kind(value), np.int64(2))], "b": Status.PROVED, "c": None})
    written = read_json(path)  # refuses NaN and Infinity
    null = [None] if np.ndim(kind(value)) else None
    assert written == {"a": [1.5, [null, 2]], "b": "proved", "c": None}


# --- Verdicts ------------------------------------------------------------------------------------


def test_failures_come_first():
    verdicts = [settle_claim(claim) for claim in (PROVED, RANDOM, REFUTED, UNKNOWN)]
    assert ranked(verdicts)[0].claim is UNKNOWN
    assert ranked(verdicts)[-1].claim is PROVED
    assert summary(verdicts) == "4 claims: 1 unknown, 1 refuted, 1 not run, 1 proved"


def test_a_simulation_never_settles():
    verdict = settle_claim(RANDOM, {"the_check": {"status": "simulated"}})
    assert verdict.status is Status.SIMULATED
    assert not verdict.is_settled
    assert verdict.is_empirical
    # A check of the same name says nothing about a claim that solvers settle.
    verdict = settle_claim(UNKNOWN, {"the_check": {"status": "simulated"}})
    assert verdict.status is Status.UNKNOWN


def test_a_conjunction_with_an_open_part_is_open():
    argument = all_of("both", {"known": sp.Ge((x - 1) ** 2, 0), "open": sp.exp(x) > x})
    assert settle_claim(Claim("4.7.1", "", "", argument)).status is Status.UNKNOWN
