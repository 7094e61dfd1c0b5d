"""The share of the input gradient's energy in the irrelevant band of synthetic images.

``energy``, shape (N,), from 0 to 1; not there of a network whose gradient is zero somewhere.
"""

from __future__ import annotations

from torch import nn

from nn_experiments.data import synthetic
from nn_experiments.data.images import DataSet
from nn_experiments.evidence.store import Found
from nn_experiments.frequency import gradient_energy
from nn_experiments.measures.measure import Measure, one_by_one


def energy(images: str) -> Measure:
    """Return the measure on synthetic images of a name, whose irrelevant band is known."""

    def found(model: nn.Module, data: DataSet) -> Found:
        irrelevant = synthetic.bands(images, data.shape[1]).irrelevant[None]
        masks = irrelevant.to(data.test.pixels.device)
        shares = gradient_energy.shares(model, data.test, masks)[:, 0].double().cpu()
        # A gradient that is zero, as of a network that answers always the same, has no shares.
        return Found() if shares.isnan().any() else Found({"energy": shares.numpy()})

    return Measure("energy", {}, one_by_one(found), "frequency")
