"""Small runs and networks that several tests, and the processes they start, use."""

import os
from functools import partial

import torch
from torch import nn

from nn_experiments.data.images import DataSet
from nn_experiments.specs import DataSpec, ModelSpec, OptimizerSpec, RunSpec, TrainingSpec
from nn_experiments.training import load_model

# 100 images: three minibatches of 32 and one of 4.
TRAINING = TrainingSpec(epochs=3, milestones=(2,), batch_size=32)
STEPS_PER_EPOCH = 4
DATA = DataSpec("fashion-mnist", train_images=100, validation_images=40, test_images=60)


def run_spec(optimizer=None, training=TRAINING, seed=0, model=None) -> RunSpec:
    optimizer = optimizer or OptimizerSpec("Adam", 0.001)
    return RunSpec(DATA, model or ModelSpec(), optimizer, training, seed)


def weights(folder) -> dict[str, torch.Tensor]:
    return load_model(folder, "cpu")[0].state_dict()


def same_bits(a, b) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def _given(data: DataSet, _spec: DataSpec) -> DataSet:
    return data


def loader(data: DataSet) -> partial:
    """Return a loader of data that are there already; picklable."""
    return partial(_given, data)


class Noisy(nn.Sequential):
    """A network with layers that draw random numbers, and with state that is no weight."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3), nn.Flatten(),
            nn.Linear(256, 10),
        )  # fmt: skip


class Failing(nn.Module):
    """A network that cannot be trained, though it can be evaluated."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        if self.training:
            raise ArithmeticError("no gradients today")
        return self.scale * x.flatten(1)[:, :10]


class Exiting(nn.Module):
    """A network whose process ends without a word, as for lack of memory."""

    def __init__(self) -> None:
        super().__init__()
        os._exit(9)
