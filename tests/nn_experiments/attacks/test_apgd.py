"""Our Auto-PGD against the reference's, step for step, in double precision."""

from contextlib import contextmanager

import pytest
import torch
from pyautoattack.autopgd_base import APGDAttack, APGDAttack_targeted
from torch import nn

from nn_experiments.attacks import balls, losses
from nn_experiments.attacks.apgd import Points, Search, Settings
from nn_experiments.attacks.networks import Networks, folded, frozen

N = 8


@contextmanager
def _double():
    # The reference makes its own tensors in the default precision.
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def _smooth():
    torch.manual_seed(5)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 20), nn.Tanh(), nn.Linear(20, 6))


def _linear():
    torch.manual_seed(6)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 5))


@pytest.fixture
def attacked(request, networks, fashion):
    """Return a network in double precision, points that it classifies correctly, and starts."""
    model, norm, radius = request.param
    with torch.random.fork_rng(devices=[]):
        made = {"convolutions": lambda: networks[0], "tanh": _smooth, "linear": _linear}
        network = frozen(made[model]()).double()
    images = fashion.floats().double()
    logits = network(images)
    chosen = torch.arange(len(images))
    if model == "convolutions":
        chosen = (logits.argmax(1) == fashion.labels).nonzero()[:, 0]
    images, logits = images[chosen[:N]], logits[chosen[:N]]
    ranking = logits.argsort(1, descending=True)
    zeros = torch.zeros(N, dtype=torch.int64)
    points = Points(images, ranking[:, 0], ranking[:, 2], zeros, zeros)
    generator = torch.Generator().manual_seed(7)
    noise = torch.randn(images.shape, generator=generator, dtype=torch.float64)
    start = balls.project(images + radius * noise, images, norm, radius)
    return network, points, start, norm, radius


STEPWISE = [("tanh", "l2", 0.3), ("tanh", "linf", 0.02)]
WHOLE = [
    ("convolutions", "l2", 0.5),
    ("convolutions", "linf", 0.03),
    ("convolutions", "linf", 0.005),
    ("tanh", "l2", 2.0),
    ("linear", "linf", 0.05),
]
LOSSES = {"ce": losses.cross_entropy, "dlr-targeted": losses.targeted_dlr}


def _ours(case, loss, settings, report=None, network=None, start=None):
    frozen_network, points, given, norm, radius = case
    networks = Networks([network or frozen_network], stacked=False)
    search = Search(networks, 10, LOSSES[loss], norm, radius, settings)
    keep = report or (lambda found, _: torch.zeros_like(found.labels, dtype=torch.bool))
    return search.run(points, given if start is None else start, keep)


def _reference(case, loss, steps):
    network, points, start, norm, radius = case
    options = {
        "n_iter": steps,
        "norm": {"l2": "L2", "linf": "Linf"}[norm],
        "eps": radius,
        "device": torch.device("cpu"),
    }
    with _double(), torch.random.fork_rng(devices=[]):
        if loss == "ce":
            attack = APGDAttack(network, loss="ce", **options)
        else:
            attack = APGDAttack_targeted(network, **options)
            attack.y_target = points.targets
        attack.init_hyperparam(points.images)
        best, _, loss_best, _ = attack.attack_single_run(points.images, points.labels, start)
    return best.detach(), loss_best


def _tolerance(case, loss, steps):
    """How far rounding can drive two programs of one algorithm apart.

    In a step, either program's result is off by some ten roundings of values of at most 1 + ε: in
    the ℓ2 norm 20 u √d for both; and the gradient, relatively, by at most some 1,000 u (sums of
    784 products), which moves a step of at most 2 ε by 2,000 u ε. What is off grows from then on by
    a factor that the algorithm itself has: it is measured by shifting the start, and 10 times what
    was found is allowed, as the direction of the shift is one of many.
    """
    _, points, start, _, radius = case
    unit = 2.0**-53
    shift = 1e-9 * torch.randn(start.shape, dtype=torch.float64)
    shift *= (start > 1e-6) & (start < 1 - 1e-6)
    moved = _ours(case, loss, Settings(steps), start=start + shift).points
    apart = (moved - _ours(case, loss, Settings(steps)).points).flatten(1).norm(dim=1)
    growth = max(1.0, 10 * float((apart / shift.flatten(1).norm(dim=1)).max()))
    values = points.images[0].numel()
    return steps * unit * (20 * values**0.5 + 2000 * radius) * growth


def _apart(case, loss, steps, settings=None, network=None):
    ours = _ours(case, loss, settings or Settings(steps), network=network)
    best, _ = _reference(case, loss, steps)
    return float((ours.points - best).flatten(1).norm(dim=1).max())


def _check(case, loss, steps):
    allowed = _tolerance(case, loss, steps)
    assert allowed < 1e-6
    best, loss_best = _reference(case, loss, steps)
    ours = _ours(case, loss, Settings(steps))
    assert (ours.points - best).flatten(1).norm(dim=1).max() <= allowed
    torch.testing.assert_close(ours.losses, loss_best, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 23, 50])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("attacked", STEPWISE, ids=map(str, STEPWISE), indirect=True)
def test_best_points_are_the_references_after_few_steps(attacked, loss, steps):
    _check(attacked, loss, steps)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("attacked", WHOLE, ids=map(str, WHOLE), indirect=True)
def test_best_points_are_the_references_at_the_end(attacked, loss):
    _check(attacked, loss, 100)


@pytest.mark.parametrize("attacked", WHOLE[:1], ids=map(str, WHOLE[:1]), indirect=True)
def test_multiplying_linear_layers_out_changes_rounding_only(attacked):
    network = folded(attacked[0])
    assert len(list(network.children())) == 6
    allowed = _tolerance(attacked, "ce", 25)
    assert _apart(attacked, "ce", 25, network=network) <= allowed


class _LateCheckpoint(Settings):
    def checkpoints(self):
        return {step + 1: period for step, period in super().checkpoints().items()}


@pytest.mark.parametrize(
    "wrong",
    [Settings(40, momentum=0.7), Settings(40, increases=0.5), _LateCheckpoint(40)],
    ids=["momentum", "increases", "checkpoints"],
)
@pytest.mark.parametrize("attacked", WHOLE[:2], ids=map(str, WHOLE[:2]), indirect=True)
def test_a_slightly_different_algorithm_is_told_apart(attacked, wrong):
    allowed = _tolerance(attacked, "ce", 40)
    assert _apart(attacked, "ce", 40, wrong) > 100 * allowed


def test_checkpoints_are_the_published_ones():
    assert list(Settings(100).checkpoints()) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert list(Settings(100).checkpoints().values()) == [22, 19, 16, 13, 10, 7, 6, 6]
    assert Settings(1).checkpoints() == {1: 1}


@pytest.mark.parametrize("attacked", WHOLE[1:2], ids=map(str, WHOLE[1:2]), indirect=True)
def test_dropping_broken_points_leaves_the_others_search_as_it_is(attacked):
    dropped = []

    def report(found, examples):
        assert len(found.labels) == len(examples)
        dropped.append(len(examples))
        return torch.ones_like(found.labels, dtype=torch.bool)

    some = _ours(attacked, "ce", Settings(25), report)
    every = _ours(attacked, "ce", Settings(25))
    assert 0 < sum(dropped) == N - len(some.losses) < N
    distances = torch.cdist(some.points.flatten(1), every.points.flatten(1))
    assert distances.amin(1).max() <= _tolerance(attacked, "ce", 25)


@pytest.mark.parametrize("attacked", WHOLE[:1], ids=map(str, WHOLE[:1]), indirect=True)
def test_what_is_reported_is_misclassified(attacked):
    network = attacked[0]

    def report(found, examples):
        assert (network(examples).argmax(1) != found.labels).all()
        return torch.zeros_like(found.labels, dtype=torch.bool)

    assert len(_ours(attacked, "ce", Settings(10), report).losses) == N
