"""What was run, and in what it falls short of the thesis, in words."""

import dataclasses
from dataclasses import replace

import pytest

from nn_experiments import presets
from nn_experiments.attacks import reference
from nn_experiments.specs import DataSpec, ModelSpec, OptimizerSpec, RobustnessSpec, TrainingSpec
from nn_experiments.studies.optimizers.choices import choices
from nn_experiments.studies.optimizers.setting import (
    departures,
    levels_of_ours,
    not_run,
    small_sample,
    what_was_run,
)
from tests.nn_experiments.studies.optimizers.truths import AS_PREDICTED, report


def test_one_image_is_no_images(full):
    data = replace(full.data, train_images=1, test_images=1)
    robustness = replace(full.robustness, images=1, noisy_images=1)
    told = small_sample(replace(full, data=data, robustness=robustness))
    assert told == [
        "1 training image, not the whole training set",
        "1 test image, not the whole test set",
        "Gaussian noise on at most 1 test image",
        "attacks on 1 test image, not 1,000",
    ]


def test_the_thesiss_settings_are_no_small_sample(full, compare):
    assert small_sample(full) == []
    text = report(full, compare(AS_PREDICTED), {})
    assert "small-sample" not in text
    assert "At the thesis's scale: all images, 200 epochs or more," in text
    smaller = replace(full, training=replace(full.training, epochs=10), seeds=(0,))
    assert small_sample(smaller) == ["10 epochs, not 200", "1 seed, not three"]
    fewer = replace(full, data=DataSpec(test_images=1500))
    assert small_sample(fewer) == ["1,500 test images, not the whole test set"]
    apgd = replace(full, robustness=RobustnessSpec(attacks="apgd"), training_budget=60.0)
    assert len(small_sample(apgd)) == 2


def test_what_was_run_is_told(preset, compare):
    momentum = OptimizerSpec("SGD", 0.05, {"momentum": 0.9}, label="SGD-m")
    text = report(
        replace(preset, optimizers=(preset.optimizers[2], momentum)), compare(AS_PREDICTED), {}
    )
    told = text.partition("## What was run\n\n")[2].partition("\n\n")[0].splitlines()
    assert told == [
        "- Images: fashion-mnist, 1,024 to train on, all to test on.",
        "- Model: two-layer-cnn.",
        "- RMSProp: RMSprop, learning rate 0.0005.",
        "- SGD-m: SGD, learning rate 0.05, momentum = 0.9.",
        "- Learning rates: given, not chosen.",
        "- Training: 200 epochs in batches of 128, learning rates × 0.1 before epochs 100, 150, "
        "random horizontal flips, fp32; seeds 0, 1, 2.",
        "- Noise in each of 10 bands of frequencies (Observation II): σ = 0.1, K = 4, ℓ2 norm "
        "0.885 (root mean square).",
    ]
    chosen = replace(
        preset,
        data=DataSpec(validation_images=1000, test_images=2000),
        model=ModelSpec("preactresnet18", batch_norm=True),
        training=TrainingSpec(epochs=2, milestones=(2,), batch_size=64, flips=False),
        sweep=(0.5, 1.0),
        seeds=(4, 9),
    )
    told = what_was_run(chosen)
    assert told[0].endswith("all to train on, 1,000 held out, 2,000 to test on.")
    assert told[1] == "Model: preactresnet18, with BatchNorm."
    assert told[-4] == (
        "Learning rates: chosen by validation accuracy with seed 4, from each × 0.5, 1."
    )
    assert told[-3].startswith("Levels of ours, at which Table 4.4 has no number for Fashion-MNIST")
    assert told[-2] == "Training: 2 epochs in batches of 64, no flips, fp32; seeds 4, 9."


@pytest.mark.parametrize(
    ("part", "change", "told"),
    [
        ("data", {"train_images": 59_999}, "59,999 training images, not the whole training set"),
        ("data", {"test_images": 1500}, "1,500 test images, not the whole test set"),
        ("training", {"epochs": 199}, "199 epochs, not 200"),
        ("robustness", {"images": 999}, "attacks on 999 test images, not 1,000"),
        ("robustness", {"noisy_images": 2000}, "Gaussian noise on at most 2,000 test images"),
        ("frequency", {"images": 1200}, "noise in bands on at most 1,200 test images"),
    ],
)
def test_what_is_just_smaller_is_told(full, part, change, told):
    assert small_sample(replace(full, **{part: replace(getattr(full, part), **change)})) == [told]


@pytest.mark.parametrize(("seeds", "told"), [((4, 5), ["2 seeds, not three"]), ((4, 5, 6, 7), [])])
def test_three_seeds_are_enough(full, seeds, told):
    assert small_sample(replace(full, seeds=seeds)) == told


MOMENTUM = OptimizerSpec("SGD", 0.1, {"momentum": 0.9}, label="SGD-m")
SETTINGS = [
    ("data", {"name": "mnist"}, "images of mnist, not fashion-mnist"),
    (
        "model",
        {"name": "mine:Net", "options": {"width": 3}},
        "model mine:Net, width = 3, not two-layer-cnn",
    ),
    ("training", {"epochs": 201}, "201 epochs, not 200"),
    ("training", {"batch_size": 16}, "batches of 16, not 128"),
    ("training", {"flips": False}, "training images flipped never, not at random"),
    (
        "training",
        {"milestones": ()},
        "learning rates constant, not × 0.1 before epochs 100, 150",
    ),
    (
        "training",
        {"factor": 0.5},
        "learning rates × 0.5 before epochs 100, 150, not × 0.1 before epochs 100, 150",
    ),
]
MEASURING = [
    ("training", {"precision": "bf16"}, "trained in bf16, not fp32"),
    ("data", {"validation_images": 5000}, "5,000 training images held out"),
    (
        "data",
        {"filtered_by": "magnitude", "filtered_percent": 30},
        "training images without 30 % of their frequencies, by magnitude",
    ),
    ("robustness", {"engine": "batched"}, "APGD by this project's engine, not by a published one"),
    ("frequency", {"bands": 5}, "noise in 5 bands, not 10"),
    ("frequency", {"noises": 3}, "K = 3 noises in each band, not 10"),
    (
        "frequency",
        {"sigma": 0.2},
        "noise in bands of σ = 0.2, not 0.1 as in the authors' notebook (the text prints none)",
    ),
]
RULES = [
    (OptimizerSpec("SGD", 0.2), ["SGD at learning rate 0.2, not 0.1"]),
    (replace(MOMENTUM, learning_rate=0.01), ["SGD-m at learning rate 0.01, not 0.1"]),
    (
        OptimizerSpec("Adam", 0.0005, {"weight_decay": 0.1, "eps": 1e-3}, label="A"),
        ["A with weight_decay = 0.1, eps = 0.001, not PyTorch's defaults alone"],
    ),
    # Rounding of a sweep's product, the momentum of Table 4.7, and what the thesis does not have.
    (OptimizerSpec("SGD", 0.1 * (1 + 1e-15)), []),
    (MOMENTUM, []),
    (OptimizerSpec("AdamW", 0.3, {"weight_decay": 0.1}), []),
]


def told_first(preset, measured):
    return report(preset, measured, {}).split("\n\n")[1]


@pytest.mark.parametrize(("part", "change", "told"), [*SETTINGS, *MEASURING])
def test_a_setting_that_is_not_the_thesiss_is_told_once(full, compare, part, change, told):
    other = replace(full, **{part: replace(getattr(full, part), **change)})
    assert departures(other) == [told]
    assert small_sample(other) == []
    first = told_first(other, compare(AS_PREDICTED))
    assert first.count(told) == 1
    assert "**This is a run with other settings, not the thesis's experiment**" in first


@pytest.mark.parametrize(("rule", "told"), RULES)
def test_a_rule_that_is_not_the_thesiss_is_told(full, rule, told):
    assert departures(replace(full, optimizers=(rule, *full.optimizers[1:]))) == told


def test_settings_stand_after_what_is_too_small(full, compare):
    training = replace(full.training, epochs=10, milestones=(), batch_size=16)
    other = replace(full, training=training)
    # In ten epochs the thesis's learning rates are constant too.
    assert departures(other) == ["batches of 16, not 128"]
    assert (
        "**This is a small-sample run, not the thesis's experiment**: 10 epochs, not 200; "
        "batches of 16, not 128. What" in told_first(other, compare(AS_PREDICTED))
    )
    early = replace(full, training=replace(full.training, epochs=10, milestones=(5,)))
    assert departures(early) == [
        "learning rates × 0.1 before epochs 5, not × 0.1 before epochs 100, 150"
    ]


def test_only_where_published_numbers_stand_beside_settings_are_compared(full):
    other = replace(full, training=replace(full.training, batch_size=16), published="")
    assert departures(other) == []


def test_networks_with_batch_norm_are_the_thesiss():
    cifar = presets.read("cifar10")
    assert departures(replace(cifar, model=replace(cifar.model, batch_norm=True))) == []


FASTER = [
    "APGD by this project's engine, not by a published one",
    "what stands at the largest radius not attacked at smaller ones",
]


# Fields of a preset by which neither weights nor what is measured of them, nor its verdict, changes
# (how often to save; what a title says), or that are told where they are used.
UNTOLD = {
    "title": "a name",
    "published": "says which table stands beside",
    "data.subset_seed": "which images, told by their number",
    "training.checkpoint_seconds": "results do not depend on it",
    "robustness.noise_seed": "draws of one distribution",
    "frequency.seed": "draws of one distribution",
    "gradient_energy": "of the project's own",
    "not_run": "a text",
    "pictures": "what is drawn, not what is found",
    "optimizers.label": "a name",
}
OTHER_VALUES = {
    "data.name": "mnist",
    "data.train_images": 100,
    "data.validation_images": 10,
    "data.test_images": 10,
    "data.filtered_by": "frequency",
    "data.filtered_percent": 10,
    "model.name": "linear",
    "model.batch_norm": True,
    "model.options": {"width": 2},
    "optimizers.name": "Adagrad",
    "optimizers.learning_rate": 0.7,
    "optimizers.options": {"weight_decay": 0.1},
    "training.epochs": 7,
    "training.milestones": (3,),
    "training.factor": 0.3,
    "training.batch_size": 7,
    "training.flips": False,
    "training.precision": "bf16",
    "seeds": (0,),
    "sweep": (1.0, 2.0),
    "robustness.gaussian": ("0.3",),
    "robustness.l2": ("0.3",),
    "robustness.linf": ("0.3",),
    "robustness.attacks": "apgd",
    "robustness.engine": "batched",
    "robustness.largest_first": True,
    "robustness.images": 7,
    "robustness.noisy_images": 7,
    "frequency.bands": 7,
    "frequency.noises": 7,
    "frequency.sigma": 0.7,
    "frequency.images": 7,
    "frequency.thresholds": (10,),
    "frequency.filters": ("magnitude",),
    "lipschitz": False,
    "margins.accuracy": 7.0,
    "margins.drop": 7.0,
    "margins.filtered": 7.0,
    "margins.fitted": 7.0,
    "margins.confidence": 0.7,
    "training_budget": 7.0,
}
# A field that cannot be changed alone, and what has to be changed with it.
WITH = {
    "data.filtered_by": ("filtered_percent", 10),
    "data.filtered_percent": ("filtered_by", "frequency"),
    "robustness.largest_first": ("engine", "batched"),
}


def fields_of(spec, prefix=""):
    """Yield the name of each field of a spec and of its parts; of optimizers, those of one."""
    for field in dataclasses.fields(spec):
        value = getattr(spec, field.name)
        part = value[0] if field.name == "optimizers" else value
        if dataclasses.is_dataclass(part):
            yield from fields_of(part, f"{field.name}.")
        else:
            yield f"{prefix}{field.name}"


def with_field(preset, name):
    """The preset with another value of a field."""
    part, _, field = name.rpartition(".")
    change = {field: OTHER_VALUES[name]} | dict([WITH[name]] if name in WITH else [])
    if not part:
        if field == "sweep":
            preset = replace(preset, data=replace(preset.data, validation_images=10))
        return replace(preset, **change)
    if part == "optimizers":
        return replace(
            preset, optimizers=(replace(preset.optimizers[0], **change), *preset.optimizers[1:])
        )
    return replace(preset, **{part: replace(getattr(preset, part), **change)})


@pytest.mark.parametrize("name", presets.names())
def test_each_field_of_a_preset_is_told_or_known_not_to_need_it(name):
    names = set(fields_of(presets.read(name)))
    assert names == set(OTHER_VALUES) | set(UNTOLD)
    assert not set(OTHER_VALUES) & set(UNTOLD)


def test_each_field_that_matters_changes_what_the_report_says_of_the_setting(full, compare):
    measured = compare(AS_PREDICTED)

    def told(preset):
        text = report(preset, measured, {})
        return text.partition("## Comparisons")[0], text.partition("## Not run")[2]

    plain = told(full)
    assert [name for name in OTHER_VALUES if told(with_field(full, name)) == plain] == []


def test_what_the_thesis_leaves_open_is_told(full, compare):
    text = report(full, compare(AS_PREDICTED), {})
    told = text.partition("## Where the thesis leaves it open")[2].partition("## ")[0]
    for words in ("128 is that of the authors' code", "cut off at 0 and 1", "variance 0.01"):
        assert words in told
    assert "in batches of 250" in told
    assert "five" not in told
    assert "a fifth of each class" in " ".join(choices(presets.read("caltech101")))
    assert "Top-5" in " ".join(choices(presets.read("cifar100")))
    assert choices(replace(full, published="")) == []
    assert reference.BATCH == 250
    assert len(choices(replace(full, lipschitz=False))) == len(choices(full)) - 1


def bare(preset):
    """What the preset leaves out, where everything that it asks for was measured."""
    return not_run(preset, ())


def test_the_small_preset_says_what_it_leaves_out_and_what_is_its_own():
    quick = presets.read("quick")
    assert bare(quick) == [
        "Standard AutoAttack (FAB-T and Square); here APGD-CE and APGD-T",
        "Attacks on 1,000 test images; here on the first 200",
        "Observation I (training on filtered images)",
        "ℓ2 ε = 0.1, 0.5, of Table 4.3",
        "ℓ∞ ε = 0.01, 0.03, of Table 4.3",
        "Training on the whole training set; here on 512 images",
    ]
    assert levels_of_ours(quick) == ["ℓ2 ε = 1.0", "ℓ∞ ε = 0.07"]
    (told,) = [line for line in what_was_run(quick) if line.startswith("Levels of ours")]
    assert "Table 4.3 has no number for Fashion-MNIST: ℓ2 ε = 1.0; ℓ∞ ε = 0.07." in told


def test_what_is_left_out_follows_the_options():
    quick = presets.read("quick")
    attacked = replace(quick, robustness=RobustnessSpec(images=1000))
    assert not any("AutoAttack" in text or "Attacks" in text for text in bare(attacked))
    assert levels_of_ours(attacked) == []
    assert not any("ε" in text for text in bare(attacked))
    # Levels are numbers, however they are written.
    written = replace(quick, robustness=replace(quick.robustness, l2=("1/10", "0.50", "0.7")))
    assert not any("ℓ2" in text for text in bare(written))
    assert levels_of_ours(written) == ["ℓ∞ ε = 0.07"]
    some = replace(quick, frequency=replace(quick.frequency, thresholds=(60,)))
    assert "Observation I at 10, 20, 30, 40, 50, 70, 80, 90 % removed" in bare(some)
    assert "Observation I (training on filtered images)" not in bare(some)
    one = replace(some.frequency, thresholds=tuple(range(10, 100, 10)), filters=("frequency",))
    assert "Observation I by magnitude" in bare(replace(quick, frequency=one))


@pytest.mark.parametrize("name", presets.names())
def test_presets_at_the_thesiss_scale_leave_nothing_out(name):
    preset = presets.read(name)
    assert (bare(preset) == []) == (not name.startswith(("quick", "synthetic")))
    assert (levels_of_ours(preset) == []) == (name != "quick")
    assert departures(preset) == (FASTER if name == "quick" else [])
    # What its other fields say is not said again by hand.
    assert preset.not_run == ()
