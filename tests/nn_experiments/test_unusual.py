"""Measures of networks that overwrite their input, have no answer, or have no gradient."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from nn_experiments import lipschitz
from nn_experiments.attacks import reference
from nn_experiments.attacks.attack import attack
from nn_experiments.attacks.gradient import pgd
from nn_experiments.attacks.noise import correct_under_noise
from nn_experiments.data.images import DataSet, Images
from nn_experiments.evidence import store
from nn_experiments.evidence.store import MeasuredRun
from nn_experiments.frequency import gradient_energy, observation_two
from nn_experiments.measures.attacked import attacks
from nn_experiments.models.answers import NoAnswerError, right
from nn_experiments.models.evaluating import evaluating, frozen
from nn_experiments.models.plain import is_known
from nn_experiments.specs import FrequencySpec, RobustnessSpec
from nn_experiments.studies.optimizers import attack_warnings as masking
from nn_experiments.studies.optimizers.measurements import GradientMasking, Measurements, view
from nn_experiments.training.evaluation import score
from tests.nn_experiments import unusual

SIDE = 6
FREQUENCY = FrequencySpec(bands=3, noises=2, sigma=0.5)
APGD = RobustnessSpec(attacks="apgd", engine="batched")


def given(n=12, black=(), labels=None, classes=3):
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(n, 1, SIDE, SIDE, generator=generator) * 0.8 + 0.1
    pixels[list(black)] = 0.0
    return Images(pixels, torch.zeros(n, dtype=torch.int64) if labels is None else labels, classes)


def network(kind, seed=0, classes=3):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return kind(SIDE * SIDE, classes).eval()


def classified(model, images):
    """The images with the classes that the network takes them for."""
    with torch.no_grad():
        return replace(images, labels=model(images.pixels.clone()).argmax(1))


MEASURES = {
    "score": score,
    "noise": lambda m, x: correct_under_noise(m, x, 0.05, 0, 5),
    "bands": lambda m, x: observation_two.drops(m, x, FREQUENCY),
    "energy": lambda m, x: gradient_energy.shares(m, x, torch.ones(1, SIDE, SIDE) > 0),
    "l2": lambda m, x: attack([m], x, "l2", ["0.3"], APGD, 0).correct,
    "linf, reference": lambda m, x: (
        attack([m], x, "linf", ["0.03"], replace(APGD, engine="reference"), 0).correct
    ),
    "pgd": lambda m, x: pgd([m], x, "linf", ["0.1"], 3, 0).correct,
    "local": lipschitz.local_lower_bound,
    "pairs": lipschitz.pairwise_lower_bound,
}


def tensors(found):
    match found:
        case observation_two.BandResponse():
            return torch.cat([found.clean[None], found.correct.flatten(0, 1)])
        case torch.Tensor():
            return found
    return torch.tensor([found.loss, found.accuracy] if hasattr(found, "loss") else [found])


@pytest.mark.parametrize("name", MEASURES)
def test_a_network_that_overwrites_its_input_is_measured_as_one_that_does_not(name):
    spoiling, sparing = network(unusual.InPlace), network(unusual.Copying)
    images = classified(sparing, given())
    pixels = images.pixels.clone()
    expected = tensors(MEASURES[name](sparing, images))
    assert torch.equal(tensors(MEASURES[name](spoiling, images)), expected)
    assert torch.equal(images.pixels, pixels)


@pytest.mark.parametrize("name", sorted(set(MEASURES) - {"energy"}))
def test_logits_that_are_cut_off_from_the_image_have_gradient_0(name):
    """As a network has whose rounding autograd sees, which computes the same."""
    cut, rounding = network(unusual.Cut), network(unusual.Truncating)
    images = classified(rounding, given())
    expected = tensors(MEASURES[name](rounding, images))
    assert torch.equal(tensors(MEASURES[name](cut, images)), expected)


@pytest.mark.parametrize("name", MEASURES)
def test_logits_in_another_precision_are_measured_in_that_of_the_images(name):
    precise, plain = network(unusual.Precise), network(unusual.Base)
    images = classified(plain, given())
    expected = tensors(MEASURES[name](plain, images))
    assert torch.equal(tensors(MEASURES[name](precise, images)), expected)


def test_the_energy_of_a_gradient_that_is_cut_off_has_no_shares():
    assert MEASURES["energy"](network(unusual.Cut), given()).isnan().all()


def test_only_networks_of_which_nothing_is_known_get_copies():
    known = nn.Sequential(nn.Flatten(), nn.Linear(36, 3), nn.ReLU())
    assert is_known(known)
    with evaluating(known) as forward:
        assert forward is known
    assert not frozen(known)._forward_pre_hooks
    for layer in (nn.ReLU(inplace=True), network(unusual.InPlace)):
        assert len(frozen(frozen(nn.Sequential(layer)))._forward_pre_hooks) == 1


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_logits_that_are_no_numbers_name_no_class(value):
    logits = torch.zeros(4, 3)
    logits[2, 1] = float(value)
    with pytest.raises(NoAnswerError, match=f"image 12: expected finite logits, got {value}"):
        right(logits, torch.zeros(4, dtype=torch.int64), 10)


@pytest.mark.parametrize("kind", [unusual.Dividing, unusual.Overflowing])
@pytest.mark.parametrize("name", sorted(set(MEASURES) - {"noise", "pairs", "local"}))
def test_an_image_without_an_answer_is_named(name, kind):
    images = given(black=[7, 9])
    with pytest.raises(NoAnswerError, match="image 7: expected finite logits") as error:
        MEASURES[name](network(kind), images)
    assert error.value.image == 7


def test_an_example_without_an_answer_is_named_and_not_counted():
    class Cliff(unusual.Base):
        """Answers class 0 where an image's corner is dark, and nothing where it is bright."""

        def forward(self, x):
            corner = x[:, 0, 0, :1]
            logits = torch.cat([1 - corner, corner, 0 * corner], 1)
            return logits.where(corner <= 0.45, torch.nan)

    images = given()
    images.pixels[:, 0, 0, 0] = 0.4
    with pytest.raises(NoAnswerError, match=r"an example by .* of test image"):
        attack([network(Cliff)], images, "linf", ["0.09"], APGD, 0)
    assert attack([network(Cliff)], images, "linf", ["0.01"], APGD, 0).correct.all()


@pytest.mark.parametrize("engine", ["batched", "reference"])
def test_where_there_is_no_gradient_square_attacks(engine, monkeypatch):
    flat, plain = network(unusual.Rounding), network(unusual.Base)
    images = classified(flat, given())
    spec = replace(APGD, engine=engine)
    found = attack([flat, plain], images, "linf", ["0.5", "0.0001"], spec, 0)
    assert found.without_gradient[0].all()
    assert not found.without_gradient[1].any()
    assert found.attacks[-1] == "Square"
    square = found.attacks.index("Square")
    assert (found.broken_by[0, 0] == square).sum() > 6
    # Square is for what has no gradient alone.
    assert not (found.broken_by[1] == square).any()
    alone = attack([plain], images, "linf", ["0.5", "0.0001"], spec, 0)
    assert alone.attacks[-1] != "Square"
    assert torch.equal(alone.correct[0], found.correct[1])
    monkeypatch.setattr(reference, "square_fits", lambda tally: False)
    blind = attack([flat], images, "linf", ["0.5", "0.0001"], spec, 0)
    assert blind.correct[0, 0].sum() >= (found.broken_by[0, 0] == square).sum()


def test_gradients_that_are_not_finite_are_none():
    class Root(unusual.Base):
        """Has an infinite gradient where a value is a multiple of 1/8, as all here are."""

        def prepared(self, x):
            distance = (x - (x * 8).round() / 8).abs()
            return (x * 8).round() / 8 + torch.sqrt(0 * distance)

    model = network(Root)
    found = attack([model], classified(model, given()), "linf", ["0.2"], APGD, 0)
    assert found.without_gradient.all()
    assert found.correct.double().mean() < 0.5


def test_what_has_no_gradient_is_counted_told_and_kept(tmp_path):
    model = network(unusual.Rounding)
    images = classified(model, given())
    data = DataSet("given", images, images)
    spec = replace(APGD, gaussian=(), l2=(), linf=("0.5",), images=12)
    (attack,) = attacks(spec)
    (found,) = attack.measure([model], data)
    cell = {"optimizer": "SGD", "training images": "all", "model": "network"}
    kept = MeasuredRun("", cell, 0).with_measure("linf-0", found, {})
    (run,) = view([kept]).runs
    counted = run.masked["linf/0.5"]
    assert counted.images == 12
    assert 6 < counted.broken <= 12 - run.correct["linf/0.5"].sum()
    path = tmp_path / "kept.safetensors"
    store.save([kept], path)
    assert view(store.load(path)).runs[0].masked == run.masked
    (twice,) = view([kept.with_measure("linf-12", found, {})]).runs
    assert twice.masked["linf/0.5"] == GradientMasking(24, 2 * counted.broken)
    row, _ = masking.notes_table(Measurements((run,))).rows
    assert row[:3] == ["SGD", "0", "linf/0.5"]
    told = (
        "no gradient (zero or not finite) at 12 images, where gradient attacks see nothing; of "
        f"them, Square, which needs none, broke {counted.broken}"
    )
    assert row[3] == told
    assert masking.limits(Measurements((run,)), "SGD", "mean over linf").endswith(told)
    assert not masking.limits(Measurements((run,)), "SGD", "mean over l2")
