import numpy as np
import pytest

from simulations.bench.population import population_jobs

STEPS = 10


@pytest.mark.parametrize("name", ["signGD, NumPy", "signGD, PyTorch"])
def test_rivals_do_the_same(name):
    found = {job.name: job for job in population_jobs(["cpu"], starts=2000, steps=STEPS)}
    if found[name].run is None:
        pytest.skip("torch: make test")
    ours, theirs = (np.array(found[job].run(), float) for job in ("signGD, JAX cpu", name))
    theirs[3, ours[3] == -1] = -1
    # At most six roundings a step of numbers no larger than 32.
    tolerance = STEPS * 6 * 32 * 2.0**-53
    assert np.abs(ours - theirs).max() <= tolerance < np.abs(ours - theirs - 1e-10).min()
