import numpy as np

from simulations.bench.transform import dimension_jobs, transform_jobs


def test_both_transforms_take_the_same_steps():
    fast, slow = transform_jobs(["cpu"], d=16, seeds=8, fast=2, slow=2)
    assert fast.done == slow.done == fast.whole == slow.whole == 16
    ends = [job.run().e_tilde for job in (fast, slow)]
    assert ends[0].shape == (8, 1, 16)
    # Two steps of Adam divide by |g| of some 10⁻³: no more than 10⁴ roundings of weights near 1.
    assert np.abs(ends[0] - ends[1]).max() < 1e-10
    assert np.abs(ends[0][:, 0] - ends[0][::-1, 0]).max() > 1e-3


def test_operations_are_those_of_the_transforms():
    fast, slow = transform_jobs(["cpu"], d=1024, seeds=1, fast=1, slow=1)
    assert fast.count.operations == 5 * 1024 * 10
    assert slow.count.operations == 4 * 1024**2


def test_slow_steps_are_scaled():
    fast, slow = transform_jobs(["cpu"], d=16, seeds=8, fast=10, slow=2)
    assert (fast.done, fast.whole, slow.done, slow.whole) == (80, 80, 16, 80)


def test_work_is_counted_in_d_log_d():
    found = list(dimension_jobs(["cpu"], dimensions=(3, 8, 64), numbers=100, steps=5))
    assert [job.name for job in found] == ["d = 3", "d = 8", "d = 64"]
    assert {job.baseline for job in found} == {"d = 64"}
    assert [job.done for job in found] == [round(33 * 5 * 3 * np.log2(3)), 12 * 5 * 24, 5 * 384]
    assert found[0].run().e_tilde.shape == (33, 1, 3)
