"""Claims of a user's own, in a file."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sympy as sp

import theory
from theory.__main__ import main
from theory.ledger.check import after, claim

REPOSITORY = Path(__file__).parents[3]
HEAD = """\
import sympy as sp
from theory import after, all_of, always, claim, derived, ends_in, exactly_if, for_all, Claim

x, y, z = sp.symbols("x y z", real=True)
k = sp.Symbol("k", positive=True)
"""


@pytest.fixture
def check(tmp_path, capfd):
    """Run the command on a file; give exit code, output, errors, and the evidence if any."""

    def run(text, *options, name="mine.py", head=HEAD):
        path = tmp_path / name
        if text is not None:
            path.write_text(head + text)
        out = tmp_path / "out" / "evidence.json"
        plain = ["check", str(path), "--no-cache", "--processes", "1", "--out", str(out)]
        try:
            code = main([*plain, *options])
        except SystemExit as stop:
            code = stop.code
        output, errors = capfd.readouterr()
        assert "Traceback" not in output + errors
        return code, output, errors, json.loads(out.read_text()) if out.is_file() else None

    return run


def outcomes(evidence):
    return {c["id"]: (c["status"], c["vacuous"]) for c in evidence["claims"]}


PROVED, REFUTED = ("proved", False), ("refuted", False)
UNKNOWN, VACUOUS = ("unknown", False), ("unknown", True)


@pytest.mark.parametrize(
    ("asserted", "outcome"),
    [
        ("2 * x * y <= x**2 + y**2", PROVED),
        ("2 * x * y < x**2 + y**2", REFUTED),
        ("x**2 > x, given=[x > 1]", PROVED),
        ("x**2 > x, given=x > 1", PROVED),
        ("for_all(x**2 > x, x > 1)", PROVED),
        ("exactly_if(x > 1, x**2 > x, x > 0)", PROVED),
        ("exactly_if(x > 2, x**2 > x, x > 0)", REFUTED),
        ("always({x: x / 2}, abs(x) <= 1, abs(x) <= 1)", PROVED),
        ("always({x: x + k}, x <= 3, x <= 1)", REFUTED),
        ("always({x: x / 2, y: x}, x + y <= 4, x <= 1, y <= 1,"
         " invariant=sp.And(x <= 1, y <= 1))", PROVED),
        ("ends_in({x: x - sp.sign(x) / 2}, abs(x) <= 1, ranking=abs(x),"
         " decrease=sp.Rational(1, 4))", PROVED),
        ("after({x: x / 2}, x, 3) > 1, given=[x > 8]", PROVED),
        ("after({x: x / 2}, x, 3) > 1, given=[x >= 8]", REFUTED),
        ("sp.exp(x) > x", UNKNOWN),
        ("x > 3, given=[x > 1, x < 0]", VACUOUS),
        ("sp.true, given=[x > 1, x < 0]", VACUOUS),
        ("x > 3, given=[k < 0]", VACUOUS),
        ("sp.Eq(sp.exp(x) * sp.exp(y), sp.exp(x + y)), given=[x > 1, x < 0]", VACUOUS),
        ("always({x: x / 2}, abs(x) <= 1, abs(x) <= 1, y > 1, y < 0)", VACUOUS),
        ("ends_in({x: x - sp.sign(x) / 2}, abs(x) <= 1, x > 1, x < 0, ranking=abs(x),"
         " decrease=sp.Rational(1, 4))", VACUOUS),
    ],
)  # fmt: skip
def test_what_comes_out(check, asserted, outcome):
    code, output, errors, evidence = check(f"CLAIMS = (claim('mine', {asserted}),)")
    assert outcomes(evidence) == {"mine": outcome}
    assert code == (0 if outcome in (PROVED, REFUTED) else 1)
    assert "error" not in errors
    assert ("vacuous" in output) == (outcome is VACUOUS)


def test_verdicts_certificates_and_counterexamples(check, tmp_path):
    code, output, _, evidence = check(
        "CLAIMS = [claim('true', x**2 + 1 > 0, says='A square is not negative.'),"
        " claim('false', x**2 > 0, expects='refuted')]"
    )
    assert code == 0
    assert "A square is not negative." in {c["says"] for c in evidence["claims"]}
    assert "fails at x = 0" in output
    assert evidence["problems"] == evidence["stopped"] == []
    assert evidence["environment"]["packages"]["z3-solver"]
    for given in evidence["claims"]:
        for obligation in given["published"]["obligations"]:
            assert (tmp_path / "out" / obligation["file"]).is_file()


def test_a_rounded_number_is_told_to_be_written_exactly(check):
    code, _, errors, _ = check("CLAIMS = (claim('mine', 0.1 * x <= 0.1 * abs(x)),)")
    assert code == 2
    assert "write an exact one, such as sympy.Rational(1, 10)" in errors
    assert errors.count("\n") == 1


def test_two_files_of_evidence_in_one_folder_keep_their_certificates(check, tmp_path):
    for name in ("one.json", "two.json", "evidence.json"):
        text = f"CLAIMS = (claim('{name}', x**2 >= 0),)"
        assert check(text, "--out", str(tmp_path / "out" / name))[0] == 0
    for name in ("one.json", "two.json", "evidence.json"):
        evidence = json.loads((tmp_path / "out" / name).read_text())
        for obligation in evidence["claims"][0]["published"]["obligations"]:
            assert (tmp_path / "out" / obligation["file"]).is_file()


def test_the_construct_outside_the_fragment_is_named(check):
    code, output, _, _ = check("CLAIMS = (claim('mine', sp.gamma(k) > k),)")
    assert code == 1
    assert "gamma(k)" in output
    assert "not supported" in " ".join(output.split())


@pytest.mark.parametrize(
    ("expects", "code"), [("proved", 0), ("refuted", 1), ("unknown", 1), (None, 0)]
)
def test_expectations_are_compared(check, expects, code):
    assert check(f"CLAIMS = (claim('mine', x**2 >= 0, expects={expects!r}),)")[0] == code


HARD = "sp.Eq(a**3 + b**3 + c**3, 114)"
INTEGERS = "a, b, c = sp.symbols('a b c', integer=True)\n"


def test_a_time_out_is_unknown(check):
    code, output, _, evidence = check(
        f"{INTEGERS}CLAIMS = (claim('hard', sp.Not({HARD})), claim('easy', x**2 >= 0))",
        "--timeout",
        "0.2",
    )
    assert code == 1
    assert outcomes(evidence) == {"hard": UNKNOWN, "easy": PROVED}
    assert "gave up" in output


# --- Files that are not as they should be --------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CLAIMS = (", "line 6: SyntaxError: '(' was never closed"),
        ("\nCLAIMS = (claim('mine', w > 0),)", "line 7 (CLAIMS = (claim('mine', w > 0),)): NameEr"),
        ("import not_there_at_all", "line 6 (import not_there_at_all): ModuleNotFoundError"),
        ("raise SystemExit(3)", "it ends Python"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("", "expected CLAIMS = (claim"),
        ("CLAIMS = ()", "got ()"),
        ("CLAIMS = 3", "got 3"),
        ("CLAIMS = claim('mine', x > 0)", "Mind the comma"),
        ("claim('mine', x > 0, expects='maybe')", "expected one of proved, refuted, unknown"),
        ("claim('mine', for_all(x > 0), given=[x > 1])", "put the hypotheses into it"),
        ("always({k: k - 1}, k > 0)", "a step need not keep k"),
        ("after({x: x}, x, -1)", "expected a number >= 0"),
        ("x < sp.I", "TypeError"),
        ("claim('mine', x > 0, given=[0 <= x <= 1])", "write sympy.And(0 <= x, x <= 1)"),
        ("claim('mine', x > 0 and y > 0)", "sympy.And, sympy.Or, sympy.Not"),
        ("claim('mine', not x > 0)", "sympy.And, sympy.Or, sympy.Not"),
        ("claim('mine', w > 0)", "w = sympy.Symbol('w', real=True)"),
        (
            "always({k: k - 1}, k > 0)",
            "k = sympy.Symbol('k', real=True), and k > 0 as a hypothesis",
        ),
        (
            "sp.floor(12/(8505042528630159234 - 4910388593373837827*sp.sqrt(3)))",
            "for -110; it is -111. Write the term with evaluate=False",
        ),
        ("\0", "null"),
    ],
)
def test_files_that_are_refused(check, text, message):
    code, _, errors, evidence = check(text)
    assert (code, evidence) == (2, None)
    assert errors.startswith("error: ")
    assert message in errors
    assert errors.count("\n") == 1


def test_the_line_is_that_of_the_users_own_module(check, tmp_path):
    (tmp_path / "helper_of_mine.py").write_text("def broken():\n    return 1 / 0\n")
    code, _, errors, _ = check("import helper_of_mine\nCLAIMS = (helper_of_mine.broken(),)")
    assert code == 2
    assert "line 7 (CLAIMS = (helper_of_mine.broken(),)): ZeroDivisionError" in errors
    assert str(tmp_path) not in sys.path


@pytest.mark.parametrize("name", ["none.py", "."])
def test_files_that_are_not_there(check, name):
    code, _, errors, _ = check(None, name=name)
    assert code == 2
    assert errors.startswith("error: cannot read ")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("claim('mine', x > 1), claim('mine', x > 2)", "each name once, got it 2 times"),
        ("claim('mine', sp.Symbol('x') > 1)", "symbol x runs through"),
        ("claim('mine', sp.Symbol('k') > 1)", "symbol k runs through"),
        ("claim('mine', x > 1, given=[sp.Symbol('w') > 1])", "symbol w runs through"),
        ("claim('mine', always({x: x / 2}, x < sp.Symbol('w')))", "symbol w runs through"),
        ("claim('mine', always({x: sp.Symbol('w') * x}, x < 1))", "symbol w runs through"),
        ("claim('mine', sp.Symbol('x', positive=True) > x)", "both called x"),
        ("claim('mine', x == y)", "Python's == and != compare"),
        ("claim('mine', x > 1, given=[x != y])", "Python's == and != compare"),
        ("claim('mine', x)", "expected a formula such as x < y, got x"),
        ("claim('mine', x + 1)", "expected a formula"),
        ("claim('mine', 'x > 1')", "Write it without the quotes"),
        ("claim('mine', x**0.5 > 1)", "write an exact one: sympy.sqrt(x)"),
        ("claim('mine', x < __import__('numpy').float64(0.5))", "sympy.Rational(1, 2)"),
        ("claim('', x > 1)", "a name that is not empty"),
        ("claim(3, x > 1)", "a name that is not empty"),
        ("x > 1", "entry 1 of CLAIMS"),
        ("Claim('mine.1', '', '', None)", "expected a formula or an argument"),
    ],
)
def test_one_bad_claim_does_not_keep_others_from_being_settled(check, bad, message):
    code, output, errors, evidence = check(f"CLAIMS = ({bad}, claim('good', x**2 >= 0))")
    assert code == 2
    assert message in errors
    assert errors.count("error: ") == len(evidence["problems"]) == 1
    assert outcomes(evidence) == {"good": PROVED}
    assert "good" in output


def test_a_back_end_that_stumbles_settles_nothing(check, monkeypatch):
    def stumble(obligation, timeout):
        raise NotImplementedError("such formulas")

    monkeypatch.setattr("theory.ledger.settling.settle_obligation", stumble)
    code, _, errors, evidence = check("CLAIMS = (claim('mine', x**2 >= 0),)")
    assert code == 1
    assert "error: claim 'mine': unknown; NotImplementedError: such formulas" in errors
    assert evidence["claims"] == []


@pytest.mark.parametrize("options", [["--timeout", "0"], ["--processes", "0"], ["--bogus"]])
def test_bad_options(check, options):
    code, _, _, evidence = check("CLAIMS = (claim('mine', x**2 >= 0),)", *options)
    assert (code, evidence) == (2, None)


# --- Standard output, and interrupts -------------------------------------------------------------


def test_json_is_alone_on_standard_output(check):
    code, output, errors, evidence = check(
        "print('hello')\nCLAIMS = (claim('mine', x**2 >= 0),)", "--json"
    )
    assert code == 0
    assert json.loads(output) == evidence
    assert "hello" in errors


# As "-m theory", but hearing of interrupts even where the shell has this process ignore them.
AS_A_COMMAND = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("theory", run_name="__main__", alter_sys=True)
"""


def start(tmp_path, text, *options):
    path = tmp_path / "mine.py"
    path.write_text(HEAD + text)
    words = [sys.executable, "-c", AS_A_COMMAND, "check", str(path), *options]
    return subprocess.Popen(
        words,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_the_command_as_a_process(tmp_path):
    """Two processes settle; the second run recalls."""
    text = "CLAIMS = (claim('true', x**2 + y**2 >= 0), claim('false', x > y))"
    shown = []
    for _ in range(2):
        process = start(tmp_path, text)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        shown.append(output)
    assert shown[0] == shown[1]
    assert (tmp_path / "results/theory/check/mine/evidence.json").is_file()
    assert list((tmp_path / "results/theory/cache").iterdir())


def test_files_of_one_name_share_no_results(tmp_path, monkeypatch, capfd):
    """Nor do files of one stem; each of those below the folder where one stands, or elsewhere."""
    here = tmp_path / "here"
    files = [here / "mine.py", here / "mine.txt", here / "sub" / "mine.py", tmp_path / "mine.py"]
    for number, file in enumerate(files):
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{HEAD}CLAIMS = (claim('number-{number}', x**2 + 1 > 0),)")
    monkeypatch.chdir(here)
    for name in ("mine.py", "mine.txt", "sub/../sub/mine.py", "../mine.py"):
        assert main(["check", name, "--no-cache", "--processes", "1"]) == 0
    capfd.readouterr()
    folder = here / "results" / "theory" / "check"
    found = {p.parent.relative_to(folder).as_posix(): p for p in folder.rglob("evidence.json")}
    outside = f"elsewhere{tmp_path.as_posix()}/mine"
    assert set(found) == {"mine", "mine.txt", "sub/mine", outside}
    for number, name in enumerate(("mine", "mine.txt", "sub/mine", outside)):
        (only,) = json.loads(found[name].read_text())["claims"]
        assert only["id"] == f"number-{number}"


@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_half_written_is_left(tmp_path, how, processes):
    """In the middle of a question; Ctrl-C interrupts the group, a signal kills the command."""
    begun = tmp_path / "begun"
    text = (
        f"{INTEGERS}CLAIMS = (claim('first', x**2 >= 0), claim('hard', sp.Not({HARD})),)\n"
        f"open({str(begun)!r}, 'w').close()\n"
    )
    process = start(tmp_path, text, "--processes", processes, "--timeout", "8")
    deadline = time.monotonic() + 120
    while not begun.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.5)
    (os.killpg if how is signal.SIGINT else os.kill)(process.pid, how)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == (130 if how is signal.SIGINT else -how), errors
    assert "Traceback" not in errors
    assert not (tmp_path / "results/theory/check/mine/evidence.json").exists()
    for path in tmp_path.rglob("*.json"):
        json.loads(path.read_text())
    deadline = time.monotonic() + 30
    while group_is_alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not group_is_alive(process.pid)


def group_is_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


# --- In Python -----------------------------------------------------------------------------------


def test_names_of_the_package():
    for name in theory.__all__:
        assert callable(getattr(theory, name))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = theory.nothing


def test_after():
    x, y = sp.symbols("x y", real=True)
    step = {x: x + y, y: y / 2}
    assert after(step, x, 0) == x
    assert after(step, x) == x + y
    assert sp.expand(after(step, x, 2) - (x + 3 * y / 2)) == 0
    assert after(step, x > y, 1) == (x + y > y / 2)


def test_a_claim_says_its_formula():
    x = sp.Symbol("x", real=True)
    assert claim("mine", x > 0, given=[x > 1]).says == "x > 1  ⟹  x > 0"
    assert claim("mine", x > 0, says="Yes.").says == "Yes."
