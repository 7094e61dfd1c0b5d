"""A process that runs a sweep of the scaling question, and says on which devices.

``python -m tests.simulations.study.child FOLDER``, with as many devices as XLA_FLAGS says.
"""

import sys
from pathlib import Path

from simulations.engine import train as engine
from simulations.studies.scaling.experiment import computation, sweeps
from simulations.studies.scaling.settings import Scaling
from simulations.sweep.run import run_sweep

RULES = ("GD", "momentum", "signGD", "Signum")
"""Each is a program, and so a block."""


def run(folder: Path) -> None:
    settings = Scaling(dimensions=(3,), rules=RULES, numbers=1, steps=100, device="cpu")
    sweep = sweeps(settings)["d-00003"]
    run_sweep(computation(sweep.rows // len(RULES), 3, "cpu"), sweep, folder, device="cpu")


def main(folder: str) -> None:
    devices = []
    advance = engine.advance

    def seen(*arguments, **options):
        """Tell where the weights are that have been trained."""
        state, errors = advance(*arguments, **options)
        devices.extend(device.id for device in state.e.devices())
        return state, errors

    engine.advance = seen
    run(Path(folder))
    print("devices:", *sorted(devices))


if __name__ == "__main__":
    main(*sys.argv[1:])
