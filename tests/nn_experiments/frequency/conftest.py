"""Real images, Fashion-MNIST as Debian's package installs it, and networks trained on them."""

import pytest
from torch import nn

from nn_experiments.data import load
from nn_experiments.data.images import DataSet
from nn_experiments.specs import DataSpec
from tests.nn_experiments.frequency.models import linear, trained
from theory.common.errors import UserError


@pytest.fixture(scope="session")
def fashion() -> DataSet:
    try:
        return load(DataSpec("fashion-mnist", train_images=400, test_images=200), download=False)
    except UserError as error:
        pytest.skip(f"Fashion-MNIST: make system-deps ({error})")


@pytest.fixture(scope="session")
def linear_model(fashion: DataSet) -> nn.Module:
    return trained(linear(fashion.shape, fashion.classes), fashion.train)
