"""A small network trained on Fashion-MNIST, and test images."""

from functools import cache

import pytest
import torch
from torch import nn
from torch.nn import functional

from nn_experiments.data import load
from nn_experiments.specs import DataSpec
from theory.common.errors import UserError


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@cache
def _fashion():
    try:
        return load(DataSpec("fashion-mnist", train_images=6_400), download=False)
    except UserError as error:
        pytest.skip(f"Fashion-MNIST: make system-deps ({error})")


@pytest.fixture(scope="session")
def fashion():
    """The first 200 test images."""
    return _fashion().test.first(200)


def _network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 8, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(784, 32),
        nn.Linear(32, 10),
    )


@pytest.fixture(scope="session")
def networks():
    """Two networks, trained for a few hundred steps each."""
    torch.set_num_threads(1)
    images = _fashion().train
    found = []
    with torch.random.fork_rng(devices=[]):
        for seed in (0, 1):
            network = _network(seed)
            optimizer = torch.optim.Adam(network.parameters(), 2e-3)
            for step in range(100):
                part = images.at(slice(64 * step, 64 * step + 64))
                loss = functional.cross_entropy(network(part.floats()), part.labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            optimizer.zero_grad()
            found.append(network)
    return found
