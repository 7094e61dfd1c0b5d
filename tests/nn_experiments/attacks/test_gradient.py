import pytest
import torch
from torch import nn

from nn_experiments.attacks.gradient import fgsm, pgd
from nn_experiments.data.images import Images


def _binary(n=60):
    """A linear network of two classes, and images whose distances to its boundary are known."""
    generator = torch.Generator().manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(36, 2))
    with torch.no_grad():
        network[1].weight.copy_(torch.randn(2, 36, generator=generator))
        network[1].bias.zero_()
    pixels = 0.4 + 0.2 * torch.rand(n, 1, 6, 6, generator=generator)
    logits = network(pixels).detach()
    images = Images(pixels, logits.argmax(1), 2)
    gap, normal = (logits[:, 0] - logits[:, 1]).abs(), network[1].weight[0] - network[1].weight[1]
    return network, images, gap, normal.detach()


@pytest.mark.parametrize(("norm", "dual"), [("l2", 2), ("linf", 1)])
def test_one_step_is_the_best_attack_on_a_binary_linear_network(norm, dual):
    network, images, gap, normal = _binary()
    distance = gap / normal.norm(dual)
    radius = f"{float(distance.median()):.5f}"
    sure = (distance / float(radius) - 1).abs() > 1e-4
    found = fgsm([network], images, norm, [radius])
    assert torch.equal(found.correct[0, 0, sure], (distance > float(radius))[sure])
    # The failing twin: the other norm's dual.
    wrong = gap / normal.norm(3 - dual)
    assert not torch.equal(found.correct[0, 0, sure], (wrong > float(radius))[sure])
    many = pgd([network], images, norm, [radius], 40, 0)
    # What the start has across the gradient shrinks by 1 + 2.5 / 40 a step under ℓ2, to 9 % of ε
    # or, if it began small, to less: the step along the gradient is then within 0.4 % of ε; five
    # times that are left for what is cut off on the way.
    near = (distance / float(radius) - 1).abs() > 0.02
    assert torch.equal(many.correct[0, 0, near], found.correct[0, 0, near])
    assert (found.attacks, many.attacks) == (("FGSM",), ("PGD-40",))


@pytest.mark.parametrize(("norm", "radii"), [("l2", ("0.3", "0.6")), ("linf", ("0.01", "0.03"))])
def test_more_steps_break_more(networks, fashion, norm, radii):
    images = fashion.first(100)
    one = fgsm(networks, images, norm, radii, keep=100)
    ten = pgd(networks, images, norm, radii, 10, 0, keep=100)
    assert (ten.accuracy() <= one.accuracy()).all()
    assert (ten.accuracy()[:, 1] < one.clean.double().mean(1)).all()
    for m, network in enumerate(networks):
        wrong = network(ten.examples[m, 1]).argmax(1) != images.labels
        assert torch.equal(wrong, ~ten.correct[m, 1])


def test_starts_belong_to_the_image(networks, fashion):
    whole = pgd(networks, fashion.first(50), "linf", ["0.02"], 3, 0)
    part = pgd(networks, fashion.at(slice(20, 50)), "linf", ["0.02"], 3, 0, first=20)
    assert torch.equal(part.correct, whole.correct[:, :, 20:])


def test_steps_are_checked(networks, fashion):
    with pytest.raises(ValueError, match="steps"):
        pgd(networks, fashion, "l2", ["0.1"], 0, 0)
