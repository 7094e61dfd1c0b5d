"""Real images, cropped so that a step takes milliseconds."""

from dataclasses import replace

import pytest
import torch

from nn_experiments.data import load
from nn_experiments.data.images import DataSet
from nn_experiments.specs import DataSpec
from theory.common.errors import UserError


@pytest.fixture(scope="session")
def data() -> DataSet:
    """100 training, 40 validation and 60 test images of Fashion-MNIST, 10 x 10 pixels of each."""
    try:
        whole = load(
            DataSpec("fashion-mnist", train_images=100, validation_images=40, test_images=60),
            download=False,
        )
    except UserError as error:
        pytest.skip(f"Fashion-MNIST: make system-deps ({error})")

    def cropped(images):
        return replace(images, pixels=images.pixels[:, :, 9:19, 9:19].contiguous())

    return DataSet("cropped", *map(cropped, (whole.train, whole.test, whole.validation)))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
