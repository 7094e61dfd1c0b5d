"""The two engines behind :func:`attack`: against each other, and against a closed form."""

import sys
import warnings
from dataclasses import replace
from importlib.metadata import version

import pytest
import torch
from pyautoattack import AutoAttack
from scipy import stats
from torch import nn

from nn_experiments.attacks import batched, reference
from nn_experiments.attacks.apgd import Settings
from nn_experiments.attacks.attack import attack
from nn_experiments.attacks.networks import Networks, alike, folded, frozen
from nn_experiments.attacks.tally import Tally, joined
from nn_experiments.data.images import Images
from nn_experiments.specs import RobustnessSpec
from theory.common.errors import UserError

OURS = RobustnessSpec(attacks="apgd", engine="batched")
THEIRS = RobustnessSpec(attacks="apgd", engine="reference")
SILENT = lambda *_: None  # noqa: E731


def _linear(classes, n=25, size=6):
    """A linear network, and images in the middle of [0, 1] that it classifies correctly."""
    generator = torch.Generator().manual_seed(classes)
    network = nn.Sequential(nn.Flatten(), nn.Linear(size**2, classes))
    with torch.no_grad():
        weights = torch.randn(classes, size**2, generator=generator)
        # Of mean zero, so that the images' common grey level pulls to no class.
        network[1].weight.copy_(weights - weights.mean(1, keepdim=True))
        network[1].bias.zero_()
    pixels = 0.4 + 0.2 * torch.rand(n, 1, size, size, generator=generator)
    return network, Images(pixels, network(pixels).argmax(1).detach(), classes)


def _distance(network, images, norm):
    """Distance to the closest boundary: min over t of (z_y − z_t) / ‖w_y − w_t‖_dual."""
    z, w, y = network(images.pixels), network[1].weight, images.labels
    gap = z.gather(1, y[:, None]) - z
    sizes = (w[y][:, None] - w).norm({"l2": 2, "linf": 1}[norm], dim=2)
    return (gap / sizes).scatter(1, y[:, None], torch.inf).amin(1).detach()


@pytest.mark.parametrize(
    ("spec", "classes"),
    [(OURS, 2), (OURS, 3), (OURS, 5), (OURS, 12), (THEIRS, 3), (THEIRS, 5)],
    ids=["ours, 2", "ours, 3", "ours, 5", "ours, 12", "theirs, 3", "theirs, 5"],
)
@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_a_linear_network_is_broken_exactly_where_its_boundary_is_in_reach(spec, classes, norm):
    network, images = _linear(classes)
    distance = _distance(network, images, norm)
    radii = [f"{float(distance.quantile(q)):.6f}" for q in (0.3, 0.7)]
    # The pixels are 0.4 or more away from black and white, so that nothing is cut off.
    assert float(radii[1]) < 0.4
    found = attack([network], images, norm, radii, spec, 0)
    assert found.clean.all()
    for r, radius in enumerate(radii):
        # A hundred steps come this close to the optimum.
        sure = (distance / float(radius) - 1).abs() > 1e-3
        assert sure.double().mean() > 0.9
        assert torch.equal(found.correct[0, r, sure], (distance > float(radius))[sure])
    assert bool(found.notes) == (classes < 4)


@pytest.mark.parametrize(
    ("engine", "norm", "classes"),
    [
        ("batched", "linf", 2),
        ("batched", "l2", 3),
        ("reference", "l2", 2),
        ("reference", "linf", 5),
    ],
)
def test_standard_autoattack_works_with_few_classes(engine, norm, classes):
    network, images = _linear(classes, n=3)
    distance = _distance(network, images, norm).sort().values
    radius = f"{float(distance[1] + distance[0]) / 2:.6f}"
    found = attack([network], images, norm, [radius], RobustnessSpec(engine=engine), 0)
    assert found.attacks[-2:] == ("FAB-T", "Square")
    assert found.accuracy() == 2 / 3
    ours = "batched; FAB-T and Square: " if engine == "batched" else ""
    assert found.engine == f"{ours}reference (pyautoattack {version('pyautoattack')})"


def _p_value(ours, theirs):
    """How surprising it is that one engine breaks more, if both break an image as likely.

    Then of the images that only one of them broke, each is as likely to be the one's as the
    other's: the sign test, McNemar's. Images that both treat alike say nothing.
    """
    only_ours = int((~ours & theirs).sum())
    only_theirs = int((ours & ~theirs).sum())
    if only_ours + only_theirs == 0:
        return 1.0
    return stats.binomtest(only_ours, only_ours + only_theirs).pvalue


@pytest.mark.parametrize(("norm", "radii"), [("l2", ("0.8", "2.5")), ("linf", ("0.06", "0.2"))])
def test_both_engines_find_the_same_robust_accuracy(networks, fashion, norm, radii):
    images = fashion.first(30)
    ours = attack(networks[:1], images, norm, radii, replace(OURS, largest_first=norm == "l2"), 0)
    theirs = attack(networks[:1], images, norm, radii, THEIRS, 0)
    assert torch.equal(ours.clean, theirs.clean)
    for r in range(2):
        # Equally good engines differ by that much in one of a thousand tests.
        assert _p_value(ours.correct[0, r], theirs.correct[0, r]) > 1e-3
    # The failing twin: an attack of another radius.
    assert _p_value(ours.correct[0, 0], theirs.correct[0, 1]) < 1e-3
    assert not (ours.correct[0, 1] & ~ours.correct[0, 0]).any()
    assert ours.engine == ("batched, largest radius first" if norm == "l2" else "batched")


def _short(networks, images, radii, first=0, order=None, steps=10):
    """Search with few steps, radii in some order, each told of the one before if it is larger."""
    tally = Tally(networks, images, "linf", radii, batched.ATTACKS, first=first, keep=len(images))
    order = tally.order if order is None else order
    for place, r in enumerate(order):
        larger = order[place - 1] if order != tally.order and place else None
        batched.break_images(
            tally, r, 3, SILENT, settings=Settings(steps), broken_at=larger, batch=16
        )
    return tally.result("", steps)


def test_results_do_not_depend_on_chunks_or_company(networks, fashion):
    images, radii = fashion.first(15), ("0.06", "0.02")
    whole = _short(networks, images, radii)
    assert whole.correct.shape == (2, 2, 15)
    parts = [_short(networks, images.at(slice(a, b)), radii, a) for a, b in ((0, 4), (4, 15))]
    assert torch.equal(joined(parts).correct, whole.correct)
    assert torch.equal(_short(networks[1:], images, radii).correct, whole.correct[1:])
    for m, network in enumerate(networks):
        for r in range(2):
            wrong = network(whole.examples[m, r]).argmax(1) != images.labels
            assert torch.equal(wrong, ~whole.correct[m, r])
    assert (whole.broken_by >= 0).any()
    assert torch.equal(whole.broken_by >= 0, whole.clean[:, None] & ~whole.correct)


def test_all_networks_in_one_call_find_what_one_after_another_do(networks, fashion):
    found = []
    for stacked in (False, True):
        tally = Tally(networks, fashion.first(12), "linf", ["0.02"], batched.ATTACKS)
        batched.break_images(tally, 0, 0, SILENT, stacked=stacked, batch=16, settings=Settings(10))
        found.append(tally.result("", 10).correct)
    assert torch.equal(*found)


@pytest.mark.parametrize("batch", [3, 100])
def test_stacked_logits_and_gradients_are_each_networks_own(networks, fashion, batch):
    models = [folded(network) for network in networks]
    x = fashion.floats()[:11]
    owner = torch.tensor([0] * 4 + [1] * 7)
    labels = fashion.labels[:11]

    def loss_of(logits, rows):
        return nn.functional.cross_entropy(logits, labels[rows], reduction="none")

    one, other = (Networks(models, stacked) for stacked in (False, True))
    for a, b in zip(
        one.gradients(x, owner, loss_of, batch),
        other.gradients(x, owner, loss_of, batch),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        one.logits(x, owner, batch), other.logits(x, owner, batch), rtol=1e-4, atol=1e-5
    )
    own = torch.cat([networks[0](x[:4]), networks[1](x[4:])]).detach()
    torch.testing.assert_close(other.logits(x, owner, batch), own, rtol=1e-4, atol=1e-5)


def test_networks_of_other_sizes_are_not_alike(networks):
    assert alike(networks)
    assert not alike([networks[0], networks[0][:5]])


def test_layers_that_are_used_twice_are_kept_both_times():
    relu, pair = nn.ReLU(), nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9))
    shared = nn.Sequential(nn.Linear(9, 9), relu, pair, relu, pair)
    x = torch.randn(4, 9)
    torch.testing.assert_close(folded(shared)(x), shared(x).detach(), rtol=1e-5, atol=1e-6)
    assert [len(layer) for layer in folded(shared) if isinstance(layer, nn.Sequential)] == [1, 1]


def test_layers_are_multiplied_out_only_where_that_changes_nothing(networks):
    assert len(folded(networks[0])) == len(networks[0]) - 1
    assert len(networks[0]) == 7
    growing = nn.Sequential(nn.Linear(9, 1), nn.Linear(1, 9))
    assert len(folded(growing)) == 2
    hooked = nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9, bias=False))
    x = torch.randn(4, 9)
    torch.testing.assert_close(folded(hooked)(x), hooked(x).detach(), rtol=1e-5, atol=1e-6)
    assert len(folded(hooked)) == 1
    hooked[0].register_forward_hook(lambda *_: None)
    assert len(folded(hooked)) == 2


def test_broken_points_are_not_attacked_again(networks, fashion, monkeypatch):
    evaluated = []
    plain = Networks.gradients

    def counting(self, x, *rest):
        evaluated.append(len(x))
        return plain(self, x, *rest)

    monkeypatch.setattr(Networks, "gradients", counting)

    def work(radii, **options):
        evaluated.clear()
        found = _short(networks[:1], fashion.first(30), radii, **options)
        return sum(evaluated), found.correct.sum(2)[0].tolist()

    weak, (standing,) = work(["0.02"])
    strong, (fewer,) = work(["0.06"])
    assert standing > fewer
    # A standing point costs 11 evaluations in each of ten searches, at every radius.
    whole = 10 * 11
    assert weak >= whole * standing
    both, counts = work(["0.06", "0.02"])
    assert counts == [fewer, standing]
    assert whole * (standing + fewer) <= both < weak + strong
    descending, counts = work(["0.06", "0.02"], order=[0, 1])
    assert counts == [fewer, standing]
    assert descending <= strong + weak - whole * fewer < both


def test_the_reference_is_run_as_it_is(networks, fashion):
    images = fashion.first(8)
    with torch.random.fork_rng(devices=[]):
        engine = AutoAttack(frozen(networks[0]), norm="Linf", eps=0.03, seed=5, version="standard")
        engine.attacks_to_run = ["apgd-ce", "apgd-t"]
        x, y = engine.run_standard_evaluation(images.floats(), images.labels, batch_size=250)
    found = attack(networks[:1], images, "linf", ["0.03"], THEIRS, 5, keep=8)
    assert torch.equal(found.correct[0, 0], y == images.labels)
    broken = found.broken_by[0, 0] >= 0
    assert torch.equal(found.examples[0, 0, broken], x[broken])


def test_the_references_batches_begin_at_multiples_whatever_the_chunk():
    owner = torch.zeros(8, dtype=torch.int64)
    image = torch.arange(8)
    groups = list(reference._groups(owner, image, first=reference.BATCH - 3))
    assert [group.tolist() for group in groups] == [[0, 1, 2], [3, 4, 5, 6, 7]]


def test_nothing_is_printed_warned_or_left_changed(networks, fashion, capfd):
    network = networks[0].train()
    torch.manual_seed(11)
    expected, seen = torch.rand(3), []
    torch.manual_seed(11)
    tracer = lambda *_: None  # noqa: E731
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            attack(
                [network],
                fashion.first(2),
                "l2",
                ["0.1"],
                RobustnessSpec(attacks="apgd"),
                0,
                lambda share, doing: seen.append((share, doing)),
            )
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
    assert capfd.readouterr() == ("", "")
    assert torch.equal(torch.rand(3), expected)
    assert network.training
    assert all(p.requires_grad and p.grad is None for p in network.parameters())
    assert [share for share, _ in seen] == sorted(share for share, _ in seen)
    assert seen[-1][0] == 1.0
    assert seen[0] == (0.0, "l2 0.1 APGD-CE")


def test_what_the_reference_warns_about_is_noted():
    class Flat(nn.Module):
        def forward(self, x):
            # Constant where images are, so that gradients vanish.
            return torch.eye(5)[[0]] + 0 * x.flatten(1)[:, :5]

    images = Images(torch.full((3, 1, 6, 6), 0.5), torch.zeros(3, dtype=torch.int64), 5)
    found = attack([Flat()], images, "l2", ["0.1"], RobustnessSpec(attacks="apgd"), 0)
    assert any("zero gradient" in note for note in found.notes)
    assert found.correct.all()


class _Hungry(nn.Module):
    def __init__(self, network, most):
        super().__init__()
        self.network, self.most = network, most

    def forward(self, x):
        if len(x) > self.most:
            raise torch.OutOfMemoryError
        return self.network(x)


@pytest.mark.parametrize("spec", [OURS, THEIRS], ids=["ours", "theirs"])
def test_too_little_memory_halves_batches(spec):
    network, images = _linear(5, n=5)
    found = attack([_Hungry(network, 3)], images, "l2", ["0.2"], spec, 0)
    assert torch.equal(found.correct, attack([network], images, "l2", ["0.2"], OURS, 0).correct)
    with pytest.raises(UserError, match="out of memory"):
        attack([_Hungry(network, 0)], images, "l2", ["0.2"], spec, 0)


def test_requests_that_cannot_be_met():
    network, images = _linear(5, n=2, size=4)
    with pytest.raises(UserError, match="Square: expected images of 5 pixels"):
        attack([network], images, "l2", ["0.1"], RobustnessSpec(), 0)
    with pytest.raises(ValueError, match="largest_first: expected the batched engine"):
        replace(THEIRS, largest_first=True)
