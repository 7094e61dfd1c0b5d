"""Steps on the device against a loop as anybody would write it."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from nn_experiments import models
from nn_experiments.specs import OptimizerSpec
from nn_experiments.training import augment
from nn_experiments.training.step import Stepper
from nn_experiments.updates import optimizers
from tests.nn_experiments.training.small import STEPS_PER_EPOCH, TRAINING, run_spec

EPOCHS = 2


def ours(spec, images):
    model = models.build(spec.model, images.shape, images.classes, spec.seed)
    optimizer = optimizers.build(spec.optimizer, model.parameters())
    stepper = Stepper(spec, model, optimizer, images)
    losses, correct = [], []
    for epoch in range(EPOCHS):
        stepper.begin(epoch)
        for step in range(stepper.steps):
            stepper.advance(step)
        losses += stepper.losses.tolist()
        correct.append(int(stepper.correct))
    return model, losses, correct


def plain(spec, images, skip_last=False):
    """Train image by image as the text says it, in double precision, with torch's plain loops."""
    model = models.build(spec.model, images.shape, images.classes, spec.seed).double()
    optimizer_class = getattr(torch.optim, spec.optimizer.name)
    optimizer = optimizer_class(model.parameters(), lr=spec.optimizer.learning_rate, foreach=False)
    losses, correct = [], []
    for epoch in range(EPOCHS):
        order = augment.order(spec.seed, epoch, len(images)).tolist()
        flips = augment.flips(spec.seed, epoch, len(images)).tolist()
        correct.append(0)
        for start in range(0, len(images), spec.training.batch_size):
            chosen = list(zip(order, flips, strict=True))[start : start + spec.training.batch_size]
            if skip_last and len(chosen) < spec.training.batch_size:
                continue
            pictures = [images.pixels[k].flip(-1) if f else images.pixels[k] for k, f in chosen]
            labels = images.labels[[k for k, _ in chosen]]
            logits = model(torch.stack(pictures).double() / 255)
            loss = functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            correct[-1] += int((logits.argmax(1) == labels).sum())
    return model, losses, correct


def furthest(a, b):
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    return max((p.double() - q.double()).abs().max().item() for p, q in pairs)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_equals_the_plain_loop(data, name):
    rate = 0.1 if name == "SGD" else 0.001
    spec = run_spec(OptimizerSpec(name, rate))
    model, losses, correct = ours(spec, data.train)
    reference, expected, expected_correct = plain(spec, data.train)
    steps = EPOCHS * STEPS_PER_EPOCH
    assert len(losses) == steps
    # A gradient's sums have at most n = 32 * 64 terms, so it is wrong by n roundings of single
    # precision, 1.2e-4, of its size, which here is below 1; SGD moves the rate times that.
    # Adam divides by the gradient's own size, so an entry whose sign is lost in rounding may go
    # the other way: by twice the rate, each step.
    each = rate * (2048 * torch.finfo(torch.float32).eps if name == "SGD" else 2)
    assert furthest(model, reference) <= steps * each
    torch.testing.assert_close(losses, expected, rtol=0, atol=1e-3)
    assert correct == expected_correct


def test_the_last_smaller_minibatch_is_used(data):
    # The failing twin: a loop that leaves it out ends elsewhere.
    spec = run_spec(OptimizerSpec("SGD", 0.1))
    model, _, _ = ours(spec, data.train)
    without, losses, _ = plain(spec, data.train, skip_last=True)
    assert len(losses) == EPOCHS * (STEPS_PER_EPOCH - 1)
    allowed = EPOCHS * STEPS_PER_EPOCH * 0.1 * 2048 * torch.finfo(torch.float32).eps
    assert furthest(model, without) > allowed


def test_without_flips_no_image_is_flipped(data):
    still = run_spec(OptimizerSpec("SGD", 0.1), replace(TRAINING, flips=False))
    moving = run_spec(OptimizerSpec("SGD", 0.1))
    # Symmetric images are the same either way, others are not.
    pixels = data.train.pixels
    symmetric = replace(data.train, pixels=torch.maximum(pixels, pixels.flip(-1)))
    assert ours(still, symmetric)[1] == ours(moving, symmetric)[1]
    assert ours(still, data.train)[1] != ours(moving, data.train)[1]


def test_going_to_a_step_is_coming_to_it(data):
    spec = run_spec()
    model, _, _ = ours(spec, data.train)
    again = models.build(spec.model, data.shape, data.classes, spec.seed)
    optimizer = optimizers.build(spec.optimizer, again.parameters())
    for epoch in range(EPOCHS):
        for step in range(STEPS_PER_EPOCH):
            stepper = Stepper(spec, again, optimizer, data.train)
            stepper.begin(epoch, step)
            stepper.advance(step)
    assert furthest(model, again) == 0


def test_fewer_images_than_a_minibatch(data):
    _, losses, _ = ours(run_spec(), data.train.first(5))
    assert len(losses) == EPOCHS
    assert all(map(math.isfinite, losses))


def test_bf16_is_near_and_not_the_same(data):
    training = replace(TRAINING, precision="bf16")
    _, losses, _ = ours(run_spec(OptimizerSpec("SGD", 0.1), training), data.train)
    _, exact, _ = ours(run_spec(OptimizerSpec("SGD", 0.1)), data.train)
    assert losses != exact
    # Logits of size 1 or less pass four layers, each rounding to 8 bits: 4 / 256. The loss moves by
    # at most twice as much as the logits; the updates, 0.1 times wrong by a few such, add as much.
    torch.testing.assert_close(losses, exact, rtol=0, atol=4 * 4 / 256)


def test_weights_stay_single_precision_in_bf16(data):
    model, _, _ = ours(run_spec(training=replace(TRAINING, precision="bf16")), data.train)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
