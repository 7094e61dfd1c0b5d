import json
import math
import re

import numpy as np
import pytest

from simulations.engine.rules import KINDS, Constant, Polynomial
from simulations.studies.scaling import exact, experiment, statement, study
from simulations.studies.scaling.exact import at_three, check_of, summary
from simulations.studies.scaling.experiment import (
    computation,
    problem,
    ratios_of,
    rule_of,
    sweeps,
    third,
)
from simulations.studies.scaling.law import fitted, law_of
from simulations.studies.scaling.settings import Scaling
from simulations.study.answer import answered
from theory.common.errors import UserError
from theory.logic.findings import Status

SMALL = Scaling(
    dimensions=(3,),
    rules=("GD", "signGD"),
    counts=(1, 2),
    counts_d=3,
    energies=(0.0, 1e-3),
    energy_steps=(200,),
    energy_rules=("GD", "signGD"),
    steps=200,
    numbers=1,
    exact_starts=50,
    device="cpu",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The command, run once; its folder, what it says, and its exit code."""
    out = tmp_path_factory.mktemp("scaling")
    done = []
    text, code = answered(study.answer, SMALL, out, lambda *numbers: done.append(numbers))
    return out, text, code, done


# --- Runs -----------------------------------------------------------------------------------------


def columns_of(sweep):
    n, d = sweep.rows, int(dict(sweep.fixed)["d"])
    return computation(n, d, "cpu")(sweep.points(0, n))


def test_gd_is_its_closed_form():
    """ẽ(t) = (1 − ησ̃²)ᵗẽ(0), and every column written out from there."""
    settings = Scaling(rules=("GD",), energy_rules=("GD",), energies=(1e-2,), energy_steps=(70,))
    settings = Scaling(**{**vars(settings), "counts_d": 5, "numbers": 1, "device": "cpu"})
    sweep = sweeps(settings)["energies"]
    seeds = list(sweep.seeds)
    found = {name: values[: len(seeds)] for name, values in columns_of(sweep).items()}  # no twins
    posed = problem(5, third(5), 1e-2, settings.alpha, settings.sigma0_sq)
    v, star = posed.sigma_tilde_sq, posed.w_star_tilde(seeds)
    assert v[-1] == 1e-2 * settings.sigma0_sq
    e = (1 - v / settings.sigma0_sq)[None] ** 70 * (posed.w0_tilde(seeds) - star)

    def risk(e):
        z, rho = (
            np.sqrt((v[None] * e**2).sum(1)),
            settings.epsilon * np.linalg.norm(e + star, axis=1),
        )
        return z**2 / 2 + math.sqrt(2 / math.pi) * z * rho + rho**2 / 2

    rest = np.where(np.arange(5)[None] < 3, 0.0, e)
    expected = {
        "adversarial_risk": risk(e),
        "standard_share": (v[None] * e**2).sum(1) / (v[None] * star**2).sum(1),
        "relevant_error": np.linalg.norm(e - rest, axis=1) / np.linalg.norm(star, axis=1),
        "residue": np.log(risk(e) / risk(rest)),
    }
    # 70 products and sums of 5 numbers are rounded, below 10⁻¹³; one step more is not below it.
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12, atol=1e-13, err_msg=name)
    other = (1 - v / settings.sigma0_sq)[None] * e
    assert np.abs(found["adversarial_risk"] / risk(other) - 1).min() > 1e-6


def test_relevant_weights_do_not_tell_what_the_others_do(monkeypatch):
    """What decides on convergence is the same whatever happens to the irrelevant weights."""
    sweep = sweeps(Scaling(**{**vars(SMALL), "rules": ("GD",)}))["d-00003"]
    before = columns_of(sweep)
    train = experiment.train

    def moved(*args, **options):
        found = train(*args, **options)
        found.e_tilde[..., -1] *= 3
        return found

    monkeypatch.setattr(experiment, "train", moved)
    after = columns_of(sweep)
    np.testing.assert_array_equal(after["relevant_error"], before["relevant_error"])
    assert (after["adversarial_risk"] != before["adversarial_risk"]).all()


def test_rules():
    for name, kind in KINDS.items():
        rule = rule_of(name, 0.05, 0.25, 100)
        assert rule.schedule == (Constant() if kind.commutes else Polynomial(100))
        assert rule.learning_rate == (4 if kind.commutes else 1 if name == "Adagrad" else 0.05)


def test_sweeps():
    settings = Scaling(dimensions=(3, 9), energies=(0.0, 1e-5), rules=("GD", "Lion"))
    found = sweeps(settings)
    assert list(found) == ["d-00003", "d-00009", "counts", "energies"]
    assert [third(d) for d in (3, 4, 5, 64, 4096)] == [1, 1, 2, 21, 1365]
    fixed = dict(found["d-00009"].fixed)
    assert (fixed["irrelevant"], fixed["energy"], fixed["alpha"]) == (3, 0.0, 0.5)
    energies = next(axis for axis in found["energies"].axes if axis.name == "energy")
    assert energies.values == (0.0, 1e-5)
    # No start is used in two of them.
    seeds = [set(sweep.seeds) for sweep in found.values()]
    assert sum(map(len, seeds)) == len(set.union(*seeds))


def test_ratios():
    sweep = sweeps(Scaling(**{**vars(SMALL), "rules": ("signGD", "GD")}))["counts"]
    rng = np.random.default_rng(0)
    columns = {column.name: rng.random(sweep.rows) for column in experiment.COLUMNS}
    columns["relevant_error"][:] = 0.0
    (signgd, signgd_twins), (gd, gd_twins) = columns["adversarial_risk"].reshape(2, 2, 2, -1)
    columns["relevant_error"].reshape(2, 2, 2, -1)[0, 0, 1, 3] = 0.03
    columns["relevant_error"].reshape(2, 2, 2, -1)[1, 0, 0, 5] = np.nan  # a GD that diverged
    found = ratios_of(sweep, columns, 0.02)
    np.testing.assert_array_equal(found.ratio[0, 0, :, 0], signgd / gd)
    left_out = np.argwhere(~found.converged[:, 0, :, 0])
    assert left_out.tolist() == [[0, 0, 5], [0, 1, 3], [1, 0, 5]]
    np.testing.assert_array_equal(found.of("signGD", 0, 1, 0), np.delete(signgd[1] / gd[1], 3))
    np.testing.assert_array_equal(found.twins.ratio[0, 0, :, 0], signgd_twins / gd_twins)
    assert found.twins.converged.all()


# --- Three dimensions -----------------------------------------------------------------------------


def test_three_dimensions_are_the_closed_form(finished):
    numbers = json.loads((finished[0] / "summary.json").read_text())["results"]["at_three"]
    assert numbers["above_one_trained"] == numbers["above_one_exact"]
    assert 0 < numbers["above_one_exact"] < numbers["starts"] == 50
    assert numbers["greatest_relative_difference"] <= exact.ROUNDING
    assert check_of(numbers).status is Status.SIMULATED


def test_a_wrong_closed_form_is_told(monkeypatch):
    right = exact.closed_forms

    def wrong(start, device):
        found = right(start, device)
        first, second = found.cycle
        c = first.c.copy()
        c[7] += 1  # one step too many, at one start
        return found._replace(cycle=(first._replace(c=c), second))

    monkeypatch.setattr(exact, "closed_forms", wrong)
    numbers = summary(at_three(SMALL))
    assert 1e-5 < numbers["greatest_relative_difference"] < 0.1
    assert check_of(numbers).status is Status.CONTRADICTED


# --- The law --------------------------------------------------------------------------------------


def samples(slope, spread_slope, n=400, places=(4, 16, 64, 256), seed=0):
    rng = np.random.default_rng(seed)
    return places, [
        np.exp(0.1 + slope * np.log(x) + 0.2 * x**spread_slope * rng.standard_normal(n))
        for x in places
    ]


def test_law_is_found_with_an_interval():
    """Of 80 intervals that hold the truth with 95 %, 4 miss it on average, 16 once in 10⁶ times.

    No interval holds a wrong slope.
    """
    misses = wrong = 0
    for seed in range(40):
        x, ratios = samples(-0.05, -0.5, n=60, seed=seed)
        law = fitted(x, ratios)
        misses += not law.median.low <= -0.05 <= law.median.high
        misses += not law.spread.low <= -0.5 <= law.spread.high
        wrong += law.median.low <= 0.1 <= law.median.high
    assert misses <= 16
    assert wrong == 0
    assert (law.places, law.runs) == (4, 240)


def test_a_bent_law_is_told():
    x, ratios = samples(0.05, 0.0)
    law = fitted(x, ratios)
    assert (law.median.fits, law.spread.fits) == (True, True)
    bent = [
        values * np.exp(0.05 * np.log(place) ** 2) for place, values in zip(x, ratios, strict=True)
    ]
    law = fitted(x, bent)
    assert law.median.off_in_errors > 6
    assert (law.median.fits, law.spread.fits) == (False, True)
    wide = [values ** (1 + np.log(place) ** 2) for place, values in zip(x, ratios, strict=True)]
    assert not fitted(x, wide).spread.fits


def test_only_lines_that_fit_are_conjectures():
    x, ratios = samples(0.05, -0.5)
    bent = [
        values * np.exp(0.05 * np.log(place) ** 2) for place, values in zip(x, ratios, strict=True)
    ]
    laws = {"signGD": fitted(x, ratios), "Adam": fitted(x, bent)}
    lines = {rule: law.median for rule, law in laws.items()}
    conjecture, refused = statement._on_lines("it is linear", "slopes", lines)
    slope = f"{laws['signGD'].median.slope:+.3f}"
    assert conjecture.startswith("Conjecture, not proved: it is linear, with slopes (95 % interv")
    assert f" signGD {slope} (" in conjecture
    assert "Adam" not in conjecture
    assert refused.startswith(f"Not so for Adam ({laws['Adam'].median.off_in_errors:.1f}): ")
    assert law_of(json.loads(json.dumps(laws["Adam"].as_json()))) == laws["Adam"]


def test_no_law_without_enough_runs():
    x, ratios = samples(0.05, 0.0)
    assert fitted(x, [*ratios[:2], ratios[2][:7], ratios[3][:7]]) is None
    assert fitted(x, [np.ones(50)] * 4) is None
    assert fitted(x, ratios, seed=1) == fitted(x, ratios, seed=1)


# --- Small energies -------------------------------------------------------------------------------


def row_of(rule, energy, steps, median, converged=8):
    quantiles = [None] * 5 if median is None else [0.9, 0.9, median, 9.0, 9.0]
    return {
        **{"rule": rule, "energy": energy, "steps": steps, "irrelevant": 2, "runs": 8},
        **{"converged": converged, "quantiles": quantiles},
    }


ENERGIES = (
    row_of("GD", 1e-3, 100, 1.0),
    row_of("signGD", 0.0, 100, 1.25),
    row_of("signGD", 1e-4, 100, 1.26),  # GD leaves 99 %
    row_of("signGD", 1e-2, 100, 1.5),  # 37 %
    row_of("signGD", 0.0, 1000, 1.25),
    row_of("signGD", 1e-4, 1000, 0.75),  # 90 %
    row_of("signGD", 1e-2, 1000, 1.002),  # 4.3e-5
    row_of("Adam", 1e-2, 1000, None, converged=0),
)


def test_small_energies_are_told_by_what_gd_leaves():
    first, medians, found = statement._on_energies(SMALL, ENERGIES)
    assert "not proved: at variance v σ̃0² at the irrelevant frequencies (2 of d = 3)" in first
    assert medians.splitlines() == [
        "- signGD, 100 updates: 1.250 (v = 0), 1.260 (v = 0.0001), 1.500 (v = 0.01)",
        "- signGD, 1,000 updates: 1.250 (v = 0), 0.750 (v = 0.0001), 1.002 (v = 0.01)",
        "- Adam, 1,000 updates: none (v = 0.01, 0 of them)",
    ]
    assert found == (
        "Where GD leaves at least 95 % of these errors, the idealisation to zero changes medians "
        "by up to 0.010. Where it leaves at most 0.01 %, they are within 0.0020 of 1: the rules "
        "have learnt these weights too. In between, energy and training time change the picture: "
        "signGD from 0.750 (v = 0.0001, 1,000 updates, where GD leaves 90 %) to 1.500 (v = 0.01, "
        "100 updates, where GD leaves 37 %)."
    )


def test_without_energies_nothing_is_told_of_them():
    assert list(statement._on_energies(SMALL, ENERGIES[:2])) == []
    assert list(statement._on_energies(SMALL, ENERGIES[-1:])) == []


def test_a_median_says_of_how_many_and_there_is_none_of_few():
    """Of sixteen starts of which one had converged, its ratio was once told as a median."""
    few = row_of("signGD", 1e-3, 100, None, converged=1)
    most = row_of("signGD", 1e-2, 100, 1.5, converged=7)
    first, medians, found = statement._on_energies(SMALL, (*ENERGIES[1:2], few, most))
    assert "(of all 8 starts, where it is not said how many of them converged; none of" in first
    assert medians == (
        "- signGD, 100 updates: 1.250 (v = 0), none (v = 0.001, 1 of them), 1.500 (v = 0.01, 7 of "
        "them)"
    )
    assert "0.001" not in found


def test_quantiles_of_few_runs_are_none():
    assert experiment.quantiles(np.arange(8.0))[2] == 3.5
    assert experiment.quantiles(np.arange(7.0)) == [None] * 5


def test_what_gd_leaves_is_what_training_leaves():
    sweep = sweeps(Scaling(**{**vars(SMALL), "rules": ("GD",), "energy_rules": ("GD",)}))
    seeds = list(sweep["energies"].seeds)
    posed = problem(3, 1, 1e-3, SMALL.alpha, SMALL.sigma0_sq).runs(seeds)
    rule = rule_of("GD", SMALL.rate, SMALL.sigma0_sq, 200)
    end = experiment.train(posed, rule, iterations=200, device="cpu").e_tilde[:, -1, 2]
    left = end / (posed.w0_tilde - posed.w_star_tilde)[:, 2]
    # 200 steps round a product and a sum each.
    assert np.abs(left / statement.gd_leaves(SMALL, 1e-3, 200) - 1).max() <= 200 * 4 * 2.0**-53
    assert np.abs(left / statement.gd_leaves(SMALL, 1e-3, 201) - 1).max() > 200 * 4 * 2.0**-53


# --- The command ----------------------------------------------------------------------------------


def test_files_and_numbers(finished):
    out, text, code, done = finished
    assert code == 0
    assert "What is proved is d = 3 and signGD" in text
    assert done[-1] == (
        320,
        320,
    )  # with twins, of 16 starts, 2 rules: 1 dimension, 2 counts, 2 energies
    pictures = [f"{n}.{k}" for n in ("dimensions", "counts", "energies") for k in ("png", "svg")]
    named = [f"{n}.csv" for n in ("dimensions", "counts", "energies", "laws")]
    expected = [*pictures, *named, "report.md", "summary.json", "sweep"]
    assert sorted(p.name for p in out.iterdir()) == sorted(expected)
    written = json.loads((out / "summary.json").read_text())
    words = {picture["file"]: picture["alternative"] for picture in written["pictures"]}
    assert list(words) == ["dimensions.png", "counts.png", "energies.png"]
    assert all(said.startswith("A panel for each rule: the ratio") for said in words.values())
    assert "updates; medians from the energy there = 0.0 to " in words["energies.png"]
    rows = written["results"]["rows"]
    gd = [row for row in rows["d"] if row["rule"] == "GD"]
    assert gd[0]["quantiles"] == [1.0] * 5
    assert len((out / "energies.csv").read_text().splitlines()) == 5
    text_of_laws = (out / "report.md").read_text().partition("## Laws (conjectures)\n\n")[2]
    assert text_of_laws.startswith(
        "None: a law takes 3 places with 8 converged runs each or more, and ratios that differ. "
        "Asked for were 1 dimension and 2 numbers of irrelevant frequencies.\n\n##"
    )
    assert "| signGD | 16 | 16 |" in (out / "report.md").read_text()
    assert "picture: signGD 0.957 (v = 0.001, 200 updates, where GD leaves 82 %)." in text


def test_finished_runs_are_not_run_again(finished, monkeypatch):
    def fail(*args, **options):
        raise AssertionError("trained again")

    out = finished[0]
    monkeypatch.setattr(experiment, "train", fail)
    found = experiment.run_sweeps(SMALL, out / "sweep", lambda done, total: None)
    assert list(found) == ["d-00003", "counts", "energies"]
    other = Scaling(**{**vars(SMALL), "rate": 0.04})
    with pytest.raises(UserError, match="rate"):
        experiment.run_sweeps(other, out / "sweep", lambda done, total: None)


def test_runs_that_did_not_converge_are_told(finished, tmp_path, monkeypatch):
    """A tolerance that nothing meets: no quantile, no law, and the report names the runs."""
    out = finished[0]
    strict = Scaling(**{**vars(SMALL), "tolerance": 1e-6})
    numbers = json.loads((out / "summary.json").read_text())["results"]["at_three"]
    found = experiment.run_sweeps(strict, out / "sweep", lambda done, total: None)
    results = {**study.results_of(strict, found), "at_three": numbers}
    signgd = next(row for row in results["rows"]["d"] if row["rule"] == "signGD")
    assert (signgd["converged"], signgd["quantiles"]) == (0, [None] * 5)
    assert "signGD at d = 3" in study.statement(strict, results)
    assert "(16 of 16)" in study.statement(strict, results)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dimensions": (2,)}, "dimensions, counts_d: expected integers from 3"),
        ({"dimensions": ()}, "dimensions: expected one or more, each once, got ()"),
        ({"rules": ("signGD",)}, "rules: expected GD and others of GD, momentum"),
        ({"rules": ("GD", "SGD")}, "rules: expected GD and others of"),
        ({"counts": (64,)}, "counts: expected integers from 1 to 63, got (64,)"),
        ({"energies": (-1.0,)}, "energies: expected 0 or from 1e-12 to 1"),
        ({"energy_steps": (0,)}, "energy_steps: expected integers from 10"),
        ({"steps": 0}, "steps: expected an integer from 10"),
        ({"rate": float("nan")}, "rate: expected a number from 0.0001 to 1, got nan"),
        ({"device": "abacus"}, "device: expected one of auto, cpu, gpu, got 'abacus'"),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, dict) else "",
)
def test_a_mistake_is_told(settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        Scaling(**settings).check()
