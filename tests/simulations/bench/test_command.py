import pytest

from simulations.__main__ import main as run_command
from simulations.bench import command, exact
from simulations.bench.command import JOBS, QUICK, jobs, main
from simulations.bench.job import measure
from simulations.device import DeviceError
from theory.errors import UserError


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
    assert {job.name for job in expected} > {job.name for job in JOBS["limits"](QUICK, ["cpu"])}
    assert [job.name for job in expected if job.name not in printed] == []
    if name == "exact":
        assert "not run: needs a C++ compiler" in printed
        assert printed.count("the final states from all 2,000 starts are those of") == 2
        assert "% " in printed


@pytest.mark.parametrize("name", ["training", "population", "dimension"])
def test_other_jobs_run(name):
    for job in JOBS[name](QUICK, ["cpu"]):
        if job.run is not None:
            job.run()


def test_the_phase_diagram_is_answered():
    (job,) = JOBS["phase-diagram"](QUICK, ["cpu"])
    measured = measure(job, 1)
    assert measured.checked.startswith("closed form, simulation and condition agree")
    assert job.done == 8 * QUICK.points**2
    with pytest.raises(RuntimeError, match="two routes disagree"):
        job.check(1)


def test_arguments_out_of_range(capsys):
    with pytest.raises(DeviceError, match="got 'tpu'"):
        list(jobs(QUICK, "tpu"))
    with pytest.raises(UserError, match=r"job: expected one of limits, .*, got 'x'"):
        list(jobs(QUICK, job="x"))
    assert run_command(["bench", "--quick", "--job", "x"]) == 2
    assert "job: expected one of limits" in capsys.readouterr().err
