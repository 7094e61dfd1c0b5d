import jax
import numpy as np
import pytest

from simulations.bench import limits
from simulations.bench.limits import in_registers, limit_jobs


def mixed(numbers, rounds):
    """The same sums and exclusive ors, one after the other."""
    for _ in range(rounds):
        last = [numbers + numbers.dtype.type(j) for j in range(11)]
        for i in range(256):
            last.append(last[-6] + last[-11] if i % 2 else last[-6] ^ last[-11])
        numbers = np.bitwise_xor.reduce(last[-11:])
    return numbers


@pytest.mark.parametrize("dtype", ["int16", "int32"])
def test_every_operation_is_done(dtype):
    found = in_registers(dtype, 3)
    assert found.dtype == dtype
    assert np.array_equal(found, mixed(np.arange(4096, dtype=dtype), 3))
    assert not np.array_equal(found, mixed(np.arange(4096, dtype=dtype), 2))


def test_operations_are_as_many_as_claimed():
    numbers = jax.ShapeDtypeStruct((4096,), np.int32)
    cost = limits._mixed.lower(numbers, np.int32(1)).cost_analysis()
    # XLA counts a round, and a few operations of the loop.
    assert round(cost["flops"] / 4096) == 276
    first = next(limit_jobs(["cpu"], rounds=7, size=2))
    assert first.done == 276 * 4096 * 7 * limits.usable_cores()


def test_each_limit_is_measured():
    found = {job.name: job for job in limit_jobs(["cpu"], rounds=1, size=8)}
    assert list(found) == [
        "int32 operations",
        "int16 operations",
        "float64 operations",
        "bytes copied",
    ]
    for job in found.values():
        job.run()
    assert found["float64 operations"].done == 2 * 8**3
    # Read and written: 16 matrices of 64 numbers of 8 bytes.
    assert found["bytes copied"].done == 2 * 16 * 64 * 8


def test_a_copy_is_whole():
    (copy,) = [job for job in limit_jobs(["cpu"], rounds=1, size=8) if job.name == "bytes copied"]
    parts = [task.args for task in copy.run.args[0]]
    copy.run()
    assert sum(target.size for target, _ in parts) == 16 * 64
    assert all(np.array_equal(*part) for part in parts)
