"""What the data cannot give is refused in one line, and what it just can give is not."""

from dataclasses import replace

import pytest
import torch

from nn_experiments.data.images import DataSet, Images
from nn_experiments.flow.data_checks import require_given
from nn_experiments.specs import FrequencySpec, OptimizerSpec, RobustnessSpec
from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.studies.optimizers.study import study
from theory.common.errors import UserError

IMAGES = Images(torch.zeros(20, 1, 6, 6, dtype=torch.uint8), torch.arange(20) % 2, 2)
DATA = DataSet("made", IMAGES, IMAGES)
PRESET = Preset(
    lipschitz=False,
    robustness=RobustnessSpec(
        gaussian=("0.1",), l2=("6",), linf=("1",), images=20, noisy_images=20
    ),
    frequency=FrequencySpec(images=20, thresholds=(3, 99)),
)


def given(preset, data):
    """Check a study of what the preset says, of which bounds and models play no part."""
    made = study(replace(preset, optimizers=(OptimizerSpec("SGD"),)))
    require_given(made, data)
    for measure in made.measures(made.cells()[0]):
        if measure.name.startswith("l"):
            measure.require(None, data)


def changed(part, **change):
    return replace(PRESET, **{part: replace(getattr(PRESET, part), **change)})


def test_what_the_data_just_give_is_taken():
    given(PRESET, DATA)
    # What is not asked for needs no images.
    given(changed("robustness", images=1000, l2=(), linf=()), DATA)
    given(changed("robustness", noisy_images=1000, gaussian=()), DATA)
    given(changed("frequency", thresholds=(1,), filters=()), DATA)


@pytest.mark.parametrize(
    ("part", "change", "told"),
    [
        ("robustness", {"images": 21}, "robustness.images: expected at most 20, as many as there"),
        ("robustness", {"noisy_images": 21}, "robustness.noisy_images: expected at most 20"),
        ("frequency", {"images": 5000}, "frequency.images: expected at most 20, .* got 5000"),
        (
            "robustness",
            {"images": 21, "noisy_images": 22},
            "robustness.images, robustness.noisy_images: expected at most 20, .* got 21, 22",
        ),
        ("robustness", {"l2": ("6", "6.1")}, "l2: expected radii of at most 6, .* got 6.1"),
        ("frequency", {"thresholds": (2, 3)}, "one frequency or more .* of 36, got 2"),
        ("data", {"filtered_by": "frequency", "filtered_percent": 2}, "of 36, got 2"),
    ],
)
def test_what_they_cannot_give_is_told(part, change, told):
    with pytest.raises(UserError, match=told):
        given(changed(part, **change), DATA)


def test_no_radius_is_beyond_all_images():
    with pytest.raises(ValueError, match=r"linf: expected radii of at most 1, .* got 3"):
        RobustnessSpec(linf=("1", "3"))
