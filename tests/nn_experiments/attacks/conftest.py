"""A small network trained on Fashion-MNIST, and test images."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from nn_experiments.images import Images

FOLDER = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def _read(split):
    if not FOLDER.exists():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    pixels = gzip.decompress((FOLDER / f"{split}-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((FOLDER / f"{split}-labels-idx1-ubyte.gz").read_bytes())[8:]
    return Images(
        torch.from_numpy(np.frombuffer(pixels, np.uint8).reshape(-1, 1, 28, 28).copy()),
        torch.from_numpy(np.frombuffer(labels, np.uint8).astype(np.int64)),
        10,
    )


@pytest.fixture(scope="session")
def fashion():
    """The first 200 test images."""
    return _read("t10k").first(200)


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
    images = _read("train").first(6_400)
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
