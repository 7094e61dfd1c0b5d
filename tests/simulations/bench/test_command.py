import pytest
from rich.console import Console

from simulations.__main__ import main as run_command
from simulations.bench import command, exact
from simulations.bench.command import JOBS, QUICK, jobs, main
from simulations.bench.job import Count, Job, measure
from simulations.engine.device import DeviceError
from theory.common.errors import UserError


def test_without_torch_its_rows_are_not_run(monkeypatch):
    for module in (command.training_jobs, command.population_jobs, command.exact_jobs):
        monkeypatch.setitem(module.__globals__, "pytorch", lambda: None)
    absent = [job.name for job in jobs(QUICK) if job.run is None]
    assert absent == [
        *("sampled, PyTorch", "new DataLoader a step", "signGD, PyTorch"),
        *("loop over arrays, int32, PyTorch", "2 steps at once, int32, torch.compile"),
        *("loop over arrays, int16, PyTorch", "2 steps at once, int16, torch.compile"),
    ]


def test_every_job_names_a_baseline_that_is_run():
    found = list(jobs(QUICK))
    assert {job.baseline for job in found} <= {job.name for job in found if job.run is not None}
    assert len({job.name for job in found}) == len(found)


@pytest.mark.parametrize("name", ["exact", "closed-form"])
def test_a_job_is_printed_with_the_limits(capsys, monkeypatch, name):
    monkeypatch.setattr(exact.shutil, "which", lambda _: None)
    main(quick=True, repeats=1, job=name)
    printed = " ".join(capsys.readouterr().out.split())
    expected = list(jobs(QUICK, job=name))
    assert {job.name for job in expected} > {
        job.name for job in JOBS["limits"](["cpu"], **QUICK["limits"])
    }
    assert [job.name for job in expected if job.name not in printed] == []
    if name == "exact":
        assert "not run: needs a C++ compiler" in printed
        assert printed.count("the final states from all 2,000 starts are those of") == 2
        # At these sizes shares of limits were once told as some hundred per cent.
        assert "%" not in printed
        assert "no share of the machine's limits is told" in printed


def test_shares_of_limits_are_told_where_they_mean_something(capsys, monkeypatch):
    def jobs_of(devices, **sizes):
        yield Job("int32 operations", lambda: sum(range(10**4)), 10, 10, "int32 operations")
        yield Job("a", int, 1, 1, "a", count=Count(1, "int32"))

    monkeypatch.setattr(command, "JOBS", {"limits": jobs_of})
    for quick in (False, True):
        main(quick=quick, repeats=1)
        printed = " ".join(capsys.readouterr().out.split())
        assert ("%" in printed, "Small sizes" in printed) == (not quick, quick)


def test_a_table_is_printed_before_the_next_job_is_measured(capsys, monkeypatch):
    printed_before = {}

    def jobs_of(devices, **sizes):
        for baseline, name in (("a", "a"), ("a", "slower"), ("b", "b"), ("c", "c")):

            def run(name=name):
                printed_before.setdefault(name, "")
                printed_before[name] += capsys.readouterr().out
                if name == "c":
                    raise KeyboardInterrupt

            yield Job(name, run, 1, 1, baseline, check=lambda _, name=name: f"{name} is right")

    monkeypatch.setattr(command, "JOBS", {"limits": jobs_of})
    assert run_command(["bench", "--quick", "--repeats", "1"]) == 130
    assert printed_before["a"] == printed_before["slower"] == ""
    for name, own, others in (("b", "a", "bc"), ("c", "b", "ac")):
        assert f"ratio to: {own}" in printed_before[name]
        assert f"{own}: {own} is right" in printed_before[name]
        assert [other for other in others if f"ratio to: {other}" in printed_before[name]] == []
    assert "On " in printed_before["b"]
    assert "On " not in printed_before["c"]


def test_a_terminal_says_what_is_being_measured(monkeypatch):
    told = []

    class Terminal(Console):
        def status(self, status, **options):
            told.append((self.stderr, status))
            return super().status(status, **options)

    monkeypatch.setattr(command, "console", Terminal)
    monkeypatch.setattr(command, "JOBS", {"limits": lambda *_, **__: [Job("a", int, 1, 1, "a")]})
    main(quick=True, repeats=1)
    assert told == [(True, "measuring a")]


@pytest.mark.parametrize("name", ["training", "population", "dimension"])
def test_other_jobs_run(name):
    for job in JOBS[name](["cpu"], **QUICK[name]):
        if job.run is not None:
            job.run()


def test_the_phase_diagram_is_answered():
    (job,) = JOBS["phase-diagram"](["cpu"], **QUICK["phase-diagram"])
    measured = measure(job, 1)
    assert measured.checked.startswith("closed form, simulation and condition agree")
    assert job.done == 8 * QUICK["phase-diagram"]["points"] ** 2
    with pytest.raises(RuntimeError, match="two routes disagree"):
        job.check(1)


def test_arguments_out_of_range(capsys):
    with pytest.raises(DeviceError, match="got 'tpu'"):
        list(jobs(QUICK, "tpu"))
    with pytest.raises(UserError, match=r"job: expected one of limits, .*, got 'x'"):
        list(jobs(QUICK, job="x"))
    assert run_command(["bench", "--quick", "--job", "x"]) == 2
    assert "job: expected one of limits" in capsys.readouterr().err
