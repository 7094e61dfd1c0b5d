"""Figure 4.7: the summary's numbers, the picture, and how settings are read."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from PIL import Image

from simulations.studies.figure_4_7 import published
from simulations.studies.figure_4_7.draw import draw
from simulations.studies.figure_4_7.experiment import exact_theory, run_experiment
from simulations.studies.figure_4_7.report import report
from simulations.studies.figure_4_7.settings import Settings
from simulations.studies.figure_4_7.study import run as reproduce
from simulations.studies.figure_4_7.summary import summarise
from theory.common.errors import UserError
from theory.published import figure_4_7

# Runs of other numbers, but of one spectrum, precision, and count of seeds and iterations, are one
# compiled program.
SHORT = Settings(seeds=3, iterations=300)
# Another spectrum and start, so that nothing hangs on the published numbers.
OTHER = replace(
    SHORT,
    sigma_tilde_sq=("1", "1/5", "0"),
    w_star_tilde=("1", "-2", "1/2"),
    w0_tilde=("0.1", "0.2", "-0.3"),
    eta="1/50",
)


@pytest.fixture(scope="module")
def short_run():
    return run_experiment(SHORT), exact_theory(SHORT.problem())


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figure")
    text, code = reproduce(OTHER, folder)
    return folder, text, code


def test_population_numbers_of_the_published_setting(short_run):
    population = summarise(*short_run)["population_signgd"]
    # Counted by hand from (4.16): |a| falls from 288.1 by 1 until it is below |b| = 176.95, which
    # takes 112 steps, then by 1/3 until it is below 1, which takes 526.
    assert population["T"] == 112 + 526
    assert population["count"] == 526
    assert population["delta_w2"]["value"] == pytest.approx(-526 * np.sqrt(6) / 3 * 0.01)


def test_exact_limits_agree_with_a_population_run():
    settings = replace(
        OTHER, oracle="population", iterations=20_000, seeds=1, optimizers=("GD", "signGD")
    )
    experiment, theory = run_experiment(settings), exact_theory(settings.problem())
    for name, limit in (("GD", theory.gd), ("signGD", theory.signgd)):
        final = experiment.adversarial_risk[name][0, -1]
        # GD's slowest factor is (1 − 1/250)^20000 < 1e-34; rounding is left, well below 1e-9.
        assert min(abs(float(r.adversarial) - final) for r in limit.risks) < 1e-9
    assert summarise(experiment, theory)["ratio_signgd_over_gd"]["limit"]["mean"] == pytest.approx(
        float(theory.signgd.mean.adversarial / theory.gd.mean.adversarial)
    )


def test_final_numbers_are_statistics_over_seeds(short_run):
    experiment, theory = short_run
    summary = summarise(experiment, theory)
    assert list(summary) == [
        "settings",
        "optimizers",
        "ratio_signgd_over_gd",
        "population_signgd",
        "published",
        "environment",
    ]
    for name, values in summary["optimizers"].items():
        risks = experiment.adversarial_risk[name][:, -1]
        assert values["adversarial_risk"]["mean"] == pytest.approx(risks.mean())
        assert values["adversarial_risk"]["standard_deviation"] == pytest.approx(risks.std(ddof=1))
        assert values["w_tilde"]["n"] == 3
    ratios = experiment.adversarial_risk["signGD"][:, -1] / experiment.adversarial_risk["GD"][:, -1]
    final = summary["ratio_signgd_over_gd"]["final"]
    assert final["mean"] == pytest.approx(ratios.mean())
    assert final["standard_error"] == pytest.approx(ratios.std(ddof=1) / np.sqrt(3))


def test_limits_are_null_with_a_reason_where_none_is_derived(short_run):
    optimizers = summarise(*short_run)["optimizers"]
    for name, values in optimizers.items():
        assert (values["limit"] is None) == (name in ("Adam", "RMSProp"))
        assert (values["limit_reason"] is None) == (values["limit"] is not None)
    assert len(optimizers["signGD"]["limit"]["points"]) == 2


def test_risks_in_the_summary_follow_4_9(short_run):
    experiment, _ = short_run
    e = experiment.runs["Adam"].e_tilde[1, -1]
    w = e + np.array([5.0, 10.0, 0.0])
    sigma = np.sqrt(0.01 * e[0] ** 2 + 0.0025 * e[1] ** 2)
    norm, epsilon = np.linalg.norm(w), np.sqrt(2)
    by_hand = sigma**2 / 2 + epsilon * np.sqrt(2 / np.pi) * sigma * norm + epsilon**2 / 2 * norm**2
    assert experiment.adversarial_risk["Adam"][1, -1] == pytest.approx(by_hand, rel=1e-12)
    with_variance_for_deviation = by_hand - epsilon * np.sqrt(2 / np.pi) * (sigma - sigma**2) * norm
    assert with_variance_for_deviation != pytest.approx(by_hand, rel=1e-12)


def test_published_numbers_are_compared(short_run, monkeypatch):
    monkeypatch.setattr(published, "run_experiment", lambda _: short_run[0])
    rows = {c.name: c for c in published.comparisons(*short_run)}
    assert rows["|A(0)|"].agrees is False
    assert "0.0288675" in rows["|A(0)|"].explanation
    assert rows["|B(0)|"].agrees is True
    assert rows["ratio signGD/GD in the exact limit"].agrees is True
    last = rows["ratio signGD/GD at the last iteration"]
    assert last.agrees is False
    assert "GD still has |ẽ1|" in last.explanation


def test_nothing_is_compared_under_other_settings():
    experiment = run_experiment(OTHER)
    rows = published.comparisons(experiment, exact_theory(experiment.problem))
    assert {c.agrees for c in rows} == {None}
    assert all("not the published" in c.explanation for c in rows)


@pytest.mark.parametrize(
    ("printed", "ours", "error", "agrees"),
    [
        ("1.146", 1.1464, None, True),
        ("1.146", 1.1466, None, False),
        ("1.146", 1.1466, 1e-4, True),
        ("1.04", 1.0375, None, True),
        ("1.04", 1.0349, None, False),
    ],
)
def test_agreement_is_half_a_digit_and_two_standard_errors(printed, ours, error, agrees):
    assert published._close(printed, ours, error) is agrees


def test_gd_distance_is_the_closed_form(short_run):
    experiment, _ = short_run
    text = published.gd_distance(experiment)
    expected = (1 - 0.01 * 0.0025) ** 300
    assert f"{expected:.2%}" in text
    assert f"{10.01 * expected:.3g}" in text


def test_files_are_written(written):
    folder, text, code = written
    assert code == 0
    names = ("png", "pdf", "svg")
    assert all((folder / f"figure_4_7.{suffix}").stat().st_size > 10_000 for suffix in names)
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["settings"]["sigma_tilde_sq"] == ["1", "1/5", "0"]
    assert (summary["title"], summary["command"]) == (
        "Figure 4.7",
        "python -m simulations figure-4.7",
    )
    report = (folder / "report.md").read_text()
    assert f"= {summary['population_signgd']['T']};" in report
    assert "| GD |" in text
    for table in ("optimizers", "published"):
        rows = (folder / f"{table}.csv").read_text().splitlines()
        assert (folder / f"{table}.tex").read_text().count(r"\\") == len(rows)


def test_picture_has_the_width_of_a_page_and_many_colours(written):
    with Image.open(written[0] / "figure_4_7.png") as picture:
        assert picture.size[0] == round(7.2 * 300)
        assert 0.5 < picture.size[1] / picture.size[0] < 0.9
        assert picture.info["dpi"][0] == pytest.approx(300, abs=0.1)
        colours = {c for _, c in picture.convert("RGB").getcolors(maxcolors=2**24)}
    for line in ("#0072B2", "#D55E00", "#009E73", "#CC79A7"):
        assert tuple(int(line[i : i + 2], 16) for i in (1, 3, 5)) in colours


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext: make system-deps")
def test_the_pdf_says_the_computed_T(written):
    pdf = written[0] / "figure_4_7.pdf"
    text = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True)
    T = json.loads((written[0] / "summary.json").read_text())["population_signgd"]["T"]
    assert re.search(rf"T = {T}\b", text.stdout)
    assert T != 638  # of the published setting
    for words in ("iteration", "adversarial risk", "standard risk", "signGD", "RMSProp"):
        assert words in text.stdout


AT_REST = {"w0_tilde": SHORT.w_star_tilde}
DEGENERATE = {
    "a start at the true weights": AT_REST,
    "the same in single precision": {**AT_REST, "dtype": "float32"},
    "no weights at all": {"w0_tilde": ("0",) * 3, "w_star_tilde": ("0",) * 3},
    "one iteration": {"iterations": 1},
    "no variance but at frequency 1": {"sigma_tilde_sq": ("0", "1", "0")},
    "no variance but at frequency 2": {"sigma_tilde_sq": ("0", "0", "1")},
    "no perturbation": {"epsilon": "0"},
    "large weights": {"w_star_tilde": ("1e59",) * 3},
    "small weights": {"w_star_tilde": ("1e-58",) * 3, "w0_tilde": ("0",) * 3},
    "single precision": {"dtype": "float32", "eta": "1/50"},
    "a rest at frequency 2 only": {**AT_REST, "w0_tilde": ("5", "10", "1")},
    "one optimizer": {"optimizers": ("Adam",)},
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_runs_are_drawn_without_a_warning(tmp_path, name):
    """Every warning is an error in these tests."""
    _, code = reproduce(replace(SHORT, **DEGENERATE[name]), tmp_path)
    assert code == 0
    assert (tmp_path / "figure_4_7.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("changes", "scale", "texts"),
    [
        (AT_REST, "linear", ["zero throughout"]),
        ({"w_star_tilde": ("1e59",) * 3}, "linear", ["above 1e+100"]),
        ({}, "log", []),
    ],
)
def test_an_empty_panel_says_why(changes, scale, texts):
    settings = replace(SHORT, **changes)
    figure = draw(run_experiment(settings), exact_theory(settings.problem()))
    standard = next(axes for axes in figure.axes if "standard risk" in axes.get_ylabel())
    assert standard.get_yscale() == scale
    notes = [t.get_text() for t in standard.texts if "limit" not in t.get_text()]
    assert notes == texts


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "T = 638, after the end"),
        ({"w_star_tilde": ("1e59",) * 3}, "T ≈ 9.31e+60, after the end"),  # not all 61 digits
    ],
)
def test_T_after_the_end_is_written_inside(changes, shown):
    settings = replace(SHORT, **changes)
    figure = draw(run_experiment(settings), exact_theory(settings.problem()))
    assert shown in [t.get_text() for t in figure.axes[0].texts]


def test_exact_numbers_too_large_for_a_float_are_null_and_told(short_run):
    experiment, theory = short_run
    risk = theory.gd.risks[0]._replace(adversarial=sp.Integer(10) ** 400)
    summary = summarise(experiment, replace(theory, gd=replace(theory.gd, risks=(risk,))))
    mean = summary["optimizers"]["GD"]["limit"]["mean"]["adversarial_risk"]
    assert mean == {"exact": str(10**400), "value": None}
    assert "too large" in report(summary, "")
    huge = published.Comparison("ratio", "", "1", np.inf, None, True, None).to_json()
    assert (huge["ours"], huge["explanation"]) == (None, "too large for floating point")


def test_no_ratio_to_a_risk_of_zero():
    settings = replace(SHORT, w0_tilde=("0",) * 3, w_star_tilde=("0",) * 3)
    summary = summarise(run_experiment(settings), exact_theory(settings.problem()))
    assert summary["ratio_signgd_over_gd"]["final"] is None


def test_a_run_is_reproducible():
    first, second = run_experiment(OTHER), run_experiment(OTHER)
    for name in OTHER.optimizers:
        assert np.array_equal(first.adversarial_risk[name], second.adversarial_risk[name])


def test_a_diverging_optimizer_ends_alone(tmp_path):
    # ẽ0 grows by a factor of about |1 − ησ̃0²| = 19 a step: 19²⁴⁰ is near the largest float.
    settings = replace(SHORT, eta="2000")
    with pytest.warns(UserWarning, match="frequency [01]"):
        text, code = reproduce(settings, tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    failure = summary["optimizers"]["GD"]["failure"]
    assert code == 1
    assert (
        f"GD: not finite from iteration {failure['iteration']} on (seed {failure['seed']})" in text
    )
    assert summary["optimizers"]["GD"]["w_tilde"] is None
    assert summary["optimizers"]["Adam"]["failure"] is None
    assert summary["ratio_signgd_over_gd"]["final"] is None


def test_a_risk_too_large_for_floating_point_is_null(tmp_path):
    # 4³⁰⁰ is a float, and its square, as in a risk, is not.
    with pytest.warns(UserWarning, match="frequency 0"):
        _, code = reproduce(replace(SHORT, eta="500"), tmp_path)
    optimizers = json.loads((tmp_path / "summary.json").read_text())["optimizers"]
    gd = optimizers["GD"]
    assert code == 0
    assert gd["adversarial_risk"]["mean"] is None
    assert gd["adversarial_risk"]["reason"] == "too large for floating point"
    assert optimizers["Adam"]["adversarial_risk"]["reason"] is None
    assert "too large" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sigma_tilde_sq": ("1", "2")}, "expected 3 variances, got 2"),
        ({"sigma_tilde_sq": ("1", "-1", "0")}, "expected a variance >= 0, got -1"),
        ({"w0_tilde": ("1", "1")}, "expected 3 entries"),
        ({"eta": "0"}, "expected a learning rate > 0, got 0"),
        ({"eta": "nan"}, "expected a finite real number"),
        ({"eta": "fast"}, "expected an exact real number"),
        ({"seeds": 0}, "seeds: expected an integer from 1 to 4294967296, got 0"),
        ({"seeds": 2**32 + 1}, "seeds: expected an integer from 1 to 4294967296"),
        ({"seeds": 2**32}, "seeds, samples_per_step: expected a run that fits into the"),
        ({"first_seed": -1}, "first_seed: expected seeds from 0 to"),
        ({"first_seed": 2**32 - 1}, "expected seeds from 0 to 4294967295"),
        ({"eta": "1e200"}, "eta: expected 0 or a number between 1e-60 and 1e+60 in size"),
        ({"eta": "1e-400"}, "eta: expected 0 or a number between 1e-60 and 1e+60 in size"),
        ({"epsilon": "1e999999999"}, "epsilon: expected 0 or a number between 1e-60 and 1e+60"),
        ({"epsilon": "sqrt(1e-1_000_000_000)"}, "got sqrt(1e-1_000_000_000)"),
        ({"eta": "1e40", "dtype": "float32"}, "between 1e-30 and 1e+30 in size (float32)"),
        ({"samples_per_step": 0}, "samples_per_step: expected an integer from 1 to"),
        ({"samples_per_step": 2**53 + 1}, "from 1 to 9007199254740992, got 9007199254740993"),
        ({"oracle": "sampled", "samples_per_step": 10**15}, "a run that fits into the"),
        ({"iterations": 0}, "iterations: expected an integer from 1 to 4294967295, got 0"),
        ({"iterations": 999999999999999}, "from 1 to 4294967295, got 999999999999999"),
        ({"optimizers": ("GD", "Lion")}, "expected one of GD, signGD, Adam, RMSProp, got 'Lion'"),
        ({"optimizers": ()}, "expected at least one"),
        ({"device": "tpu"}, "expected one of auto, cpu, gpu, got 'tpu'"),
    ],
)
def test_bad_settings_are_told(tmp_path, changes, message):
    with pytest.raises(UserError, match=re.escape(message)):
        reproduce(replace(SHORT, **changes), tmp_path / "out")
    assert not list(tmp_path.glob("out/*"))


@pytest.mark.parametrize(
    "changes",
    [
        {"iterations": 2**32 - 1},
        {"samples_per_step": 2**53},
        {"samples_per_step": 2**53, "oracle": "population"},
        {"eta": "1e-59", "epsilon": "1e59"},
        {"eta": "1e0000000000"},
        {"first_seed": 2**32 - 3},
    ],
)
def test_the_largest_sizes_are_accepted(changes):
    replace(SHORT, **changes).check()


@pytest.mark.parametrize(
    "changes", [{"seeds": 10**6}, {"oracle": "sampled", "samples_per_step": 10**8}]
)
def test_a_run_has_to_fit_into_memory(monkeypatch, changes):
    large = replace(SHORT, **changes)
    needed = large.memory_needed()
    monkeypatch.setattr("simulations.studies.figure_4_7.settings.main_memory", lambda: needed)
    large.check()
    monkeypatch.setattr("simulations.studies.figure_4_7.settings.main_memory", lambda: needed - 1)
    with pytest.raises(UserError, match="Take fewer"):
        large.check()


def test_the_memory_of_a_run_is_that_of_its_arrays(short_run):
    # 3 seeds, 80 records up to 300, 4 optimizers, d = 3: 6 numbers of ẽ and 2 risks a record, and
    # twelve arrays. A launch draws for 320 iterations, each 3 numbers made from as many.
    assert len(short_run[0].iterations) == 80
    assert SHORT.memory_needed() == 8 * 3 * (320 * 6 + 4 * (80 * 8 + 12 * 3))
    assert replace(SHORT, dtype="float32").memory_needed() * 2 == SHORT.memory_needed()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("eta = = 1", "expected TOML"),
        (f"seeds = {'9' * 5000}", "expected TOML"),
        ("speed = 1", "unknown setting speed; expected sigma_tilde_sq"),
        ('seeds = "many"', "seeds: expected an integer, got 'many'"),
        ("seeds = true", "seeds: expected an integer, got True"),
        ("eta = [1]", "eta: expected a number or text"),
        ("w0_tilde = 3", "w0_tilde: expected a list"),
        ('oracle = "guess"', "oracle: expected one of exact-law, sampled, population"),
    ],
)
def test_bad_files_are_told(tmp_path, text, message):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=re.escape(message)):
        Settings.from_toml(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot read"):
        Settings.from_toml(tmp_path / "none.toml")


def test_decimals_in_a_file_are_exact(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('eta = 0.1\nw0-tilde = [0.3, -1, "sqrt(2)"]\nseeds = 5\n')
    settings = Settings.from_toml(path)
    assert str(settings.problem().eta) == "1/10"
    assert list(map(str, settings.problem().w0_tilde)) == ["3/10", "-1", "sqrt(2)"]
    assert settings.seeds == 5
    assert settings.iterations == figure_4_7().notebook_iterations


def test_files_that_were_there_survive_a_failure(tmp_path, monkeypatch):
    reproduce(OTHER, tmp_path)
    before = {p.name: p.read_bytes() for p in Path(tmp_path).iterdir()}

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("simulations.studies.figure_4_7.study.draw", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reproduce(OTHER, tmp_path)
    assert {p.name: p.read_bytes() for p in Path(tmp_path).iterdir()} == before
