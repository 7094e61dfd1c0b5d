"""A process that computes a small sweep, and may be killed or kill itself on the way.

``python -m tests.simulations.sweep.child FOLDER [before N | within N | slowly | devices]``: it
kills itself before it computes the N-th block of those that are missing, or with half of that
block written; or it takes a while for each; or it says on which devices it computed.
"""

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import jax
import pyarrow.parquet as pq

from simulations.sweep.run import run_sweep
from tests.simulations.sweep.small import DRAWN, sweep

SECONDS_A_BLOCK = 0.03


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder, how="", when="0"):
    calls, devices = {"compute": 0, "write": 0}, set()
    write_table = pq.write_table

    def compute(points):
        calls["compute"] += 1
        if how == "before" and calls["compute"] == int(when):
            die()
        if how in {"slowly", "devices"}:
            time.sleep(SECONDS_A_BLOCK)
        devices.update(device.id for device in jax.numpy.ones(1).devices())
        return DRAWN.function(points)

    def write(table, path, **options):
        calls["write"] += 1
        write_table(table, path, **options)
        if how == "within" and calls["write"] == int(when):
            data = path.read_bytes()
            path.write_bytes(data[: len(data) // 2])
            die()

    pq.write_table = write
    run_sweep(replace(DRAWN, function=compute), sweep(), Path(folder), device="cpu")
    if how == "devices":
        print("devices:", *sorted(devices), file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
