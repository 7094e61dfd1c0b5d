import pytest

from simulations.bench import job
from simulations.bench.job import Job, UnavailableError, measure


def test_time_is_scaled_to_the_whole_job(monkeypatch):
    clock, worked = iter([0.0, 1.0, 10.0, 13.0]), iter([0.0, 2.0, 2.0, 5.0])
    monkeypatch.setattr(job.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(job.time, "process_time", lambda: next(worked))
    calls = []
    timed = Job("job", lambda: calls.append("run"), 10, 50, "job", lambda: calls.append("prepare"))
    measured = measure(timed, 2)
    assert measured.seconds == (5.0, 15.0)
    assert measured.rate == 50 / 10
    # Two cores in the first run and one in the second.
    assert measured.cores == 1.5
    assert calls == ["run", "prepare", "run", "prepare", "run"]


def test_long_jobs_are_not_warmed_up_and_seldom_repeated():
    calls = []
    timed = Job("job", lambda: calls.append(0), 1, 1, "job", most_repeats=3)
    assert [len(measure(timed, repeats).seconds) for repeats in (2, 5)] == [2, 3]
    assert len(calls) == 5


def test_a_result_is_checked_once():
    results = iter([1, 2, 3])
    timed = Job("job", lambda: next(results), 1, 1, "job", check="found {}".format)
    assert measure(timed, 2).checked == "found 3"


def test_what_cannot_be_run_has_a_reason():
    def fail():
        raise UnavailableError("needs a C++ compiler")

    measured = [measure(Job("job", run, 1, 1, "job"), 1) for run in (None, fail)]
    assert [m.seconds for m in measured] == [(), ()]
    assert [m.reason for m in measured] == ["needs PyTorch (extra nn)", "needs a C++ compiler"]


def test_repeats_out_of_range():
    timed = Job("job", lambda: None, 1, 1, "job")
    for repeats in (0, 1001, 10**15):
        with pytest.raises(ValueError, match=f"repeats: .* from 1 to 1000, got {repeats}"):
            measure(timed, repeats)
    assert len(measure(timed, 1000).seconds) == 1000
