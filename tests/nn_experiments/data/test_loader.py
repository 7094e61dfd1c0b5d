"""The images of a run: those to train on are filtered where its spec says so, and no others."""

from dataclasses import replace

import pytest
import torch

from nn_experiments import data
from nn_experiments.data.loader import Loader
from nn_experiments.frequency.filters import filtered
from nn_experiments.specs import DataSpec

WHOLE = DataSpec("synthetic", train_images=30, validation_images=20, test_images=10)


@pytest.mark.parametrize("kind", ["magnitude", "frequency"])
@pytest.mark.parametrize("percent", [30, 90])
def test_only_training_images_are_filtered(kind, percent):
    found = Loader()(replace(WHOLE, filtered_by=kind, filtered_percent=percent))
    plain = data.load(WHOLE)
    expected = filtered(plain.train, kind, percent)
    assert torch.equal(found.train.pixels, expected.pixels)
    assert torch.equal(found.train.labels, plain.train.labels)
    assert torch.equal(found.test.pixels, plain.test.pixels)
    assert torch.equal(found.validation.pixels, plain.validation.pixels)


def test_without_a_filter_images_are_those_of_the_data_set():
    found, plain = Loader()(WHOLE), data.load(WHOLE)
    assert torch.equal(found.train.pixels, plain.train.pixels)
    assert found.train.pixels.dtype == torch.uint8
