import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from simulations.engine.rules import update_rule
from simulations.engine.train import train
from simulations.studies.memory import checks, experiment, report, study
from simulations.studies.memory.runs import NO_MEMORY, rule_of
from simulations.studies.memory.settings import Memory
from simulations.study import answer, problems
from simulations.study.answer import answered
from simulations.study.problems import FIGURE_4_7, POWER_LAW
from theory.common.errors import UserError

SMALL = Memory(
    beta1=(0.0, 0.9),
    beta2=(0.0, 0.999),
    eps=(1e-8, 1e-1),
    samples=(100, 1000),
    learning_rates=(0.1, 0.05),
    learning_rate=0.05,
    distance=50.0,
    seeds=2,
    d=3,  # as in Figure 4.7, so that each program is compiled once
    device="cpu",
)


# --- No memory is signGD --------------------------------------------------------------------------


def test_no_memory_is_signgd():
    runs = problems.problem_of(POWER_LAW, 6, 1.0, 0.5).runs(range(3))
    rules = (
        rule_of(NO_MEMORY, 0.05),
        rule_of("RMSProp", 0.05, beta2=0.0, eps=0.0),
        update_rule("signGD", 0.05),
    )
    ends = [train(runs, rule, iterations=300, device="cpu").e_tilde for rule in rules]
    size = np.abs(runs.w0_tilde - runs.w_star_tilde).max() * np.sqrt(6)
    bound = 16 * 301 * 2.0**-53 * size  # of rounding, see against_closed_form
    assert np.abs(ends[0] - ends[2]).max() <= bound
    assert np.abs(ends[1] - ends[2]).max() <= bound
    other = train(runs, update_rule("signGD", 0.05 + 1e-10), iterations=300, device="cpu")
    assert np.abs(other.e_tilde - ends[2]).max() > bound


def test_no_memory_ends_on_the_limit_cycle_of_the_closed_form():
    moved, check = checks.against_closed_form(SMALL)
    assert check.status == "simulated"
    assert check.observed.startswith("2 of 2 starts do")
    assert (moved > 0.3).all()


@pytest.mark.parametrize("options", [{"beta1": 0.1}, {"beta2": 0.1}, {"eps": 1e-7}])
def test_any_memory_is_seen(monkeypatch, options):
    right = checks.rule_of
    monkeypatch.setattr(checks, "rule_of", lambda member, rate: right(member, rate, **options))
    assert checks.against_closed_form(SMALL)[1].status == "contradicted by simulation"


def test_members_have_the_defaults_of_pytorch():
    assert rule_of("Adam", 0.1) == update_rule("Adam", 0.1)
    changed = rule_of("RMSProp", 0.1, beta1=-1.0, beta2=0.5, eps=-1.0)
    assert changed == update_rule("RMSProp", 0.1, alpha=0.5)
    with pytest.raises(UserError, match="RMSProp does not use the option beta1"):
        rule_of("RMSProp", 0.1, beta1=0.5)


# --- The command ----------------------------------------------------------------------------------


def test_files_numbers_and_going_on(tmp_path):
    done = []
    text, code = answered(study.answer, SMALL, tmp_path, lambda *numbers: done.append(numbers))
    assert code == 0
    assert "signGD's closed form says" in text
    assert done[-1] == (192, 192)  # with their twins
    tables = ("betas_of_Adam", "alpha_of_RMSProp", "eps", "samples", "learning_rate")
    names = [f"{name}.csv" for name in tables]
    names += ["memory.png", "memory.svg", "report.md", "summary.json", "sweeps"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)
    assert ET.parse(tmp_path / "memory.svg").getroot().tag.endswith("svg")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["command"] == "python -m simulations memory"
    assert (tmp_path / "report.md").read_text().startswith(f"# {summary['title']}\n")
    (picture,) = summary["pictures"]
    assert (picture["file"], picture["caption"]) == ("memory.png", report.CAPTION)
    assert picture["alternative"].startswith(
        "How far irrelevant weights move, over the size of the true ones; medians. Figure 4.7"
    )
    assert summary["checks"]["no_memory_is_signgd"]["status"] == "simulated"
    rows = summary["results"]["betas of Adam"]
    first = next(r for r in rows if r["problem"] == FIGURE_4_7)
    assert first["at"] == {"beta1": 0.0, "beta2": 0.0}
    # The mean over the last tenth is that over the cycle: two routes to one number.
    closed_form = summary["results"]["signgd_closed_form"]
    np.testing.assert_allclose(first["movement"], closed_form, rtol=1e-9)
    other = [r for r in rows if r["problem"] == FIGURE_4_7 and r["at"] != first["at"]]
    assert all(abs(r["movement"][1] / closed_form[1] - 1) > 1e-3 for r in other)
    # Without memory there is nothing that rounding could send elsewhere; without β2 alone, all.
    assert max(first["rounding"].values()) < 1e-9
    chaotic = next(r for r in other if r["at"] == {"beta1": 0.9, "beta2": 0.0})
    assert chaotic["rounding"]["movement"] > 0.01
    assert "rounding decides" in (tmp_path / "betas_of_Adam.csv").read_text()
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob("sweeps/*/*.parquet")}
    assert before
    experiment.run_experiment(SMALL, tmp_path / "sweeps", lambda done, total: None)
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.glob("sweeps/*/*.parquet")}
    with pytest.raises(UserError, match="distance"):
        answered(study.answer, replace(SMALL, distance=60.0), tmp_path)


def test_a_disagreement_is_told(tmp_path, monkeypatch):
    right = checks.rule_of

    def with_memory(member, rate, **options):
        changed = {"beta1": 0.5} if member == NO_MEMORY and not options else options
        return right(member, rate, **changed)

    monkeypatch.setattr(checks, "rule_of", with_memory)
    monkeypatch.setattr(study, "draw", lambda settings, experiment: None)
    monkeypatch.setattr(answer, "write_figure", lambda figure, path, *_, dpi: [path])
    monkeypatch.setattr(
        study,
        "run_experiment",
        lambda settings, folder, progress: experiment.Experiment(
            {}, (0, 0, 0), {"no_memory": checks.against_closed_form(settings)[1]}
        ),
    )
    monkeypatch.setattr(study, "statement", lambda settings, experiment: "")
    monkeypatch.setattr(study, "report", lambda settings, experiment: "")
    monkeypatch.setattr(study, "alternative", lambda experiment: "")
    assert answered(study.answer, SMALL, tmp_path)[1] == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beta1": (0.5, 0.9)}, "expected 0, no memory, among the values"),
        ({"beta2": (0.0, 1.0)}, "beta2: expected a number from 0 to below 1, got 1.0"),
        ({"eps": (-1.0, 0.0)}, "eps: expected a finite number >= 0, got -1.0"),
        ({"eps": (0.1,)}, "eps: expected two or more values, each once"),
        ({"samples": (0, 10)}, "samples: expected integers from 1 to"),
        ({"learning_rates": (0.1, 0.0)}, "learning_rate: expected a finite number > 0"),
        ({"distance": 1.0}, "expected from 100 to 10000000 updates"),
        ({"distance": float("nan")}, "expected from 100 to 10000000 updates"),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, dict) else "",
)
def test_a_mistake_is_told(settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        replace(SMALL, **settings).check()
