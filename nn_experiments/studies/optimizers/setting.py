"""What was run, what was left out, and in what it falls short of the thesis, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nn_experiments.evidence.findings import Verdict
from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.frequency import noise_size
from nn_experiments.plurals import counted
from nn_experiments.specs import (
    ExactNumber,
    ModelSpec,
    OptimizerSpec,
    Setting,
    TrainingSpec,
    level,
)
from nn_experiments.studies.optimizers import thesis_tables as published
from nn_experiments.studies.optimizers.measurements import KINDS, Kind, Measurements
from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.studies.optimizers.tables import measure_text, perturbation_text
from nn_experiments.studies.optimizers.thesis_preset import of_thesis

FULL_SCALE_EPOCHS = 200
"""Epochs of every training in the thesis (Appendix 4.A)."""
_ATTACKED = 1000  # test images, section 4.1.1
_SEEDS = 3
_THRESHOLDS = tuple(range(10, 100, 10))  # of Observation I; the thesis prints 10, 30, 50, 70, 90
_FILTERS = ("magnitude", "frequency")


def small_sample(preset: Preset) -> list[str]:
    """Return in what a preset falls short of the thesis's scale; empty if in nothing."""
    short = []
    if preset.data.train_images is not None:
        short.append(
            f"{counted(preset.data.train_images, 'training image')}, not the whole training set"
        )
    if preset.training_budget is not None:
        short.append("the number of training images is what fits a time budget")
    if preset.data.test_images is not None:
        short.append(f"{counted(preset.data.test_images, 'test image')}, not the whole test set")
    if preset.training.epochs < FULL_SCALE_EPOCHS:
        short.append(f"{counted(preset.training.epochs, 'epoch')}, not {FULL_SCALE_EPOCHS}")
    if preset.robustness.noisy_images is not None:
        short.append(
            "Gaussian noise on at most " + counted(preset.robustness.noisy_images, "test image")
        )
    if preset.frequency.images is not None:
        short.append("noise in bands on at most " + counted(preset.frequency.images, "test image"))
    if preset.robustness.images < _ATTACKED:
        short.append(
            f"attacks on {counted(preset.robustness.images, 'test image')}, not {_ATTACKED:,}"
        )
    if preset.robustness.attacks != "autoattack":
        short.append("APGD alone, not the standard version of AutoAttack")
    if len(preset.seeds) < _SEEDS:
        short.append(f"{counted(len(preset.seeds), 'seed')}, not three")
    return short


def departures(preset: Preset) -> list[str]:
    """Return which settings are not the thesis's, where its numbers for a data set stand beside.

    What is less than in the thesis, :func:`small_sample` says, and levels :func:`levels_of_ours`.
    BatchNorm and SGD with momentum 0.9 are the thesis's, too: Tables 4.4 and 4.7.
    """
    thesis = of_thesis(preset.published)
    if thesis is None:
        return []
    return [
        *_other_images_and_model(preset, thesis),
        *_other_training(preset.training, thesis.training),
        *_other_measuring(preset, thesis),
        *(text for o in preset.optimizers for text in _other_rule(o, thesis.optimizers)),
    ]


def _other_images_and_model(preset: Preset, thesis: Preset) -> list[str]:
    found = []
    if preset.data.name != thesis.data.name:
        found.append(f"images of {preset.data.name}, not {thesis.data.name}")
    ours, theirs = preset.model, thesis.model
    if (ours.name, ours.options) != (theirs.name, theirs.options):
        found.append(f"model {_model(ours)}, not {_model(theirs)}")
    data = preset.data
    if data.validation_images:
        found.append(f"{counted(data.validation_images, 'training image')} held out")
    if data.filtered_by:
        found.append(
            f"training images without {data.filtered_percent} % of their frequencies, by "
            f"{data.filtered_by}"
        )
    return found


def _other_training(ours: TrainingSpec, theirs: TrainingSpec) -> list[str]:
    found = []
    if ours.epochs > theirs.epochs:
        found.append(f"{counted(ours.epochs, 'epoch')}, not {theirs.epochs}")
    if ours.batch_size != theirs.batch_size:
        found.append(f"batches of {ours.batch_size}, not {theirs.batch_size}")
    # As far as training goes: steps that it does not reach do not tell two schedules apart.
    if _steps(ours, ours.epochs) != _steps(theirs, ours.epochs):
        steps = _steps(ours, ours.epochs) or "constant"
        found.append(f"learning rates {steps}, not {_steps(theirs, theirs.epochs)}")
    if ours.flips != theirs.flips:
        flips = ("at random", "never") if ours.flips else ("never", "at random")
        found.append(f"training images flipped {flips[0]}, not {flips[1]}")
    if ours.precision != theirs.precision:
        found.append(f"trained in {ours.precision}, not {theirs.precision}")
    return found


def _other_measuring(preset: Preset, thesis: Preset) -> list[str]:
    found = []
    attacks, noise, theirs = preset.robustness, preset.frequency, thesis.frequency
    if attacks.engine != thesis.robustness.engine:
        found.append("APGD by this project's engine, not by a published one")
    if attacks.largest_first:
        found.append("what stands at the largest radius not attacked at smaller ones")
    if noise.bands != theirs.bands:
        found.append(f"noise in {noise.bands} bands, not {theirs.bands}")
    if noise.noises != theirs.noises:
        found.append(f"K = {noise.noises} noises in each band, not {theirs.noises}")
    if noise.sigma != theirs.sigma:
        found.append(
            f"noise in bands of σ = {noise.sigma:g}, not {theirs.sigma:g} as in the authors' "
            "notebook (the text prints none)"
        )
    return found


def _other_rule(ours: OptimizerSpec, thesis: Sequence[OptimizerSpec]) -> list[str]:
    """Compare an update rule with the thesis's of the same name, if there is one."""
    found = []
    for theirs in (spec for spec in thesis if spec.name == ours.name):
        # A sweep's product, such as 3 · 0.1, may be off by rounding.
        if not math.isclose(ours.learning_rate, theirs.learning_rate):
            rates = f"{ours.learning_rate:g}, not {theirs.learning_rate:g}"
            found.append(f"{ours.title} at learning rate {rates}")
        if published.name_of(ours) is None:
            options = _keywords(ours.options).removeprefix(", ")
            found.append(f"{ours.title} with {options}, not PyTorch's defaults alone")
    return found


def not_run(preset: Preset, verdicts: Sequence[Verdict]) -> list[str]:
    """Return what the thesis has and was not run: by the preset, and for want of measurements."""
    missing = [
        f"{v.prediction}: {v.comparison}, {measure_text(v.measure)}"
        for v in verdicts
        if v.outcome == Outcome.NOT_RUN
    ]
    return [*_left_out(preset), *preset.not_run, *missing]


def _left_out(preset: Preset) -> list[str]:
    """Return what the thesis measures and a preset does not, as its fields say."""
    found = _attacks_left_out(preset) + _observation_one_left_out(preset)
    for kind in KINDS:
        run = getattr(preset.robustness, kind)
        lacking = [t for t in published.levels(preset, kind) if not published.is_among(t, run)]
        if lacking:
            table = f"of Table {published.table_of(preset)}"
            found.append(f"{_levels_text(kind, lacking)}, {table}")
    if preset.data.train_images is not None:
        found.append(
            "Training on the whole training set; here on "
            + counted(preset.data.train_images, "image")
        )
    return found


def _attacks_left_out(preset: Preset) -> list[str]:
    spec = preset.robustness
    found = []
    if spec.attacks != "autoattack":
        found.append("Standard AutoAttack (FAB-T and Square); here APGD-CE and APGD-T")
    if spec.images < _ATTACKED:
        found.append(f"Attacks on {_ATTACKED:,} test images; here on the first {spec.images:,}")
    return found


def _observation_one_left_out(preset: Preset) -> list[str]:
    spec = preset.frequency
    if not (spec.thresholds and spec.filters):
        return ["Observation I (training on filtered images)"]
    found = [f"Observation I by {kind}" for kind in _FILTERS if kind not in spec.filters]
    lacking = [str(percent) for percent in _THRESHOLDS if percent not in spec.thresholds]
    if lacking:
        found.append(f"Observation I at {', '.join(lacking)} % removed")
    return found


def levels_of_ours(preset: Preset) -> list[str]:
    """Return the levels that were run and that the thesis does not have for the data set."""
    found = []
    for kind in KINDS:
        theirs = published.levels(preset, kind)
        ours = [t for t in getattr(preset.robustness, kind) if not published.is_among(t, theirs)]
        if preset.published and ours:
            found.append(_levels_text(kind, ours))
    return found


def _levels_text(kind: Kind, levels: Sequence[ExactNumber]) -> str:
    return perturbation_text(kind, ", ".join(levels))


def what_was_run(preset: Preset, noise_norm: float | None = None) -> list[str]:
    """Return the images, the model, the update rules, the schedule and the noise, a line each.

    Args:
        preset: as it was run.
        noise_norm: the root mean square ℓ2 norm of the noise in bands, where it is known.

    """
    data, model, training = preset.data, preset.model, preset.training
    held_out = f", {data.validation_images:,} held out" if data.validation_images else ""
    n = data.train_images
    batches = f"batches of {training.batch_size}"
    if n is not None and n < training.batch_size:
        batches += f" (all {n:,} images at once, as there are no more)"
    schedule = f"{counted(training.epochs, 'epoch')} in {batches}"
    steps = _steps(training, training.epochs)
    if steps:
        schedule += f", learning rates {steps}"
    flips = "random horizontal flips" if training.flips else "no flips"
    return [
        f"Images: {data.name}, {_number_of(data.train_images)} to train on{held_out}, "
        f"{_number_of(data.test_images)} to test on.",
        f"Model: {_model(model)}.",
        *(
            f"{o.title}: {o.name}, learning rate {o.learning_rate:g}{_keywords(o.options)}."
            for o in preset.optimizers
        ),
        f"Learning rates: {_rates(preset)}.",
        *_levels_told(preset),
        f"Training: {schedule}, {flips}, {training.precision}; "
        f"seeds {', '.join(map(str, preset.seeds))}.",
        f"Noise in each of {preset.frequency.bands} bands of frequencies (Observation II): "
        f"{noise_size.told(preset.frequency.sigma, preset.frequency.noises, noise_norm)}.",
    ]


def _levels_told(preset: Preset) -> list[str]:
    ours = levels_of_ours(preset)
    found = [
        f"{perturbation_text('linf', text)}: every image can become any other, so that what is "
        "called robust was not attacked well enough."
        for text in preset.robustness.linf
        if level(text) == 1
    ]
    if not ours:
        return found
    return [
        *found,
        f"Levels of ours, at which Table {published.table_of(preset)} has no number for "
        f"{preset.published}: {'; '.join(ours)}.",
    ]


def _model(model: ModelSpec) -> str:
    norm = ", with BatchNorm" if model.batch_norm else ""
    return f"{model.name}{norm}{_keywords(model.options)}"


def _steps(training: TrainingSpec, epochs: int) -> str:
    """Return the steps of the learning rates in the first epochs, or nothing if there is none."""
    reached = [str(epoch) for epoch in training.milestones if epoch < epochs]
    return f"× {training.factor:g} before epochs {', '.join(reached)}" if reached else ""


def _number_of(images: int | None) -> str:
    return "all" if images is None else f"{images:,}"


def _keywords(options: Mapping[str, Setting]) -> str:
    return "".join(f", {name} = {value}" for name, value in options.items())


def _rates(preset: Preset) -> str:
    if not preset.sweep:
        return "given, not chosen"
    factors = ", ".join(f"{factor:g}" for factor in preset.sweep)
    return f"chosen by validation accuracy with seed {preset.seeds[0]}, from each × {factors}"


def engines(measurements: Measurements) -> dict[str, list[str]]:
    """Return who ran the attacks, by measure."""
    found: dict[str, set[str]] = {}
    for run in measurements.runs:
        for measure, engine in run.engines.items():
            found.setdefault(measure, set()).add(engine)
    return {measure: sorted(names) for measure, names in found.items()}
