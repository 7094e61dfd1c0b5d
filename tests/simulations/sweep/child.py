"""A process that computes a small sweep, and may be killed or kill itself on the way.

``python -m tests.simulations.sweep.child FOLDER [within N | slowly | devices]``: it kills itself
with half of the N-th block written of those that are missing; or it takes a while for each; or it
says on which devices it computed.
"""

import itertools
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import jax
import pyarrow.parquet as pq

from simulations.sweep import record
from simulations.sweep.run import run_sweep
from tests.simulations.sweep.small import DRAWN, sweep

SECONDS_A_BLOCK = 0.03


def take_as_one_code(setattr_of=setattr):
    digest = record._code_digest(DRAWN)
    setattr_of(record, "_code_digest", lambda _: digest)


def main(folder, how="", when="0"):
    blocks, devices = itertools.count(1), set()
    write_table = pq.write_table

    def compute(points):
        if how in {"slowly", "devices"}:
            time.sleep(SECONDS_A_BLOCK)
        devices.update(device.id for device in jax.numpy.ones(1).devices())
        return DRAWN.function(points)

    def write(table, path, **options):
        write_table(table, path, **options)
        if how == "within" and next(blocks) == int(when):
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)

    pq.write_table = write
    take_as_one_code()
    run_sweep(replace(DRAWN, function=compute), sweep(), Path(folder), device="cpu")
    if how == "devices":
        print("devices:", *sorted(devices), file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
