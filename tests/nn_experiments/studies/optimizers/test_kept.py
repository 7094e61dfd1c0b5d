"""What a comparison of fixed measurements says, kept word for word: no rebuilding changes it.

The kept files were written by the program before its parts were put into the rooms of today.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nn_experiments.studies.optimizers.measurements import GradientMasking, Measurements
from tests.nn_experiments.studies.optimizers.truths import (
    AS_PREDICTED,
    evidence,
    report,
    rules,
    tables,
)
from theory.common.files import json_text

KEPT = Path(__file__).parent / "kept"
ENVIRONMENT = {"python": "3", "packages": {"torch": "2", "jax": None}, "device": "cpu"}


@pytest.fixture
def unusual(preset, compare):
    """A comparison with something for every note: poor fits, a failure, masked gradients."""
    measured = compare(AS_PREDICTED)
    first, *others = measured.runs
    masked = {"l2/0.5": GradientMasking(3, 1), "linf/0.03": GradientMasking(2, None)}
    first = replace(first, masked=masked, attack_notes={"l2/0.5": ("2 images gave NaN",)})
    runs = [first, *others]
    runs[1] = replace(runs[1], status="diverged at step 7")
    runs[4] = replace(runs[4], training_accuracy=0.5)
    momentum = replace(preset.optimizers[0], options={"momentum": 0.9}, label="SGD-m")
    runs += [replace(run, optimizer="SGD-m") for run in compare({"SGD": 0.3}).runs]
    return replace(
        preset, optimizers=(*preset.optimizers, momentum), margins=replace(preset.margins, drop=3.0)
    ), Measurements(tuple(runs))


@pytest.mark.parametrize("name", ["plain", "unusual"])
def test_every_text_of_a_comparison_is_as_it_was(name, preset, compare, unusual):
    fixed = rules(preset)
    preset, measured = (preset, compare(AS_PREDICTED)) if name == "plain" else unusual
    texts = [report(preset, measured, ENVIRONMENT, ["figures/observation_two.png"], fixed)]
    for table, found in tables(preset, measured, fixed).items():
        texts += [f"# {table}\n", found.markdown() + "\n"]
    found = json.loads(json_text(evidence(preset, measured, ENVIRONMENT, {"train": 1.0}, fixed)))
    assert "\n".join(texts) == (KEPT / f"{name}.md").read_text()
    assert flat(found) == pytest.approx(flat(json.loads((KEPT / f"{name}.json").read_text())))


def flat(value, name=""):
    """Every leaf by its path, so that numbers are compared to rounding and texts exactly."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        found = {name: type(value).__name__}
        for key, item in pairs:
            found |= flat(item, f"{name}/{key}")
        return found
    return {name: value}
