import pytest
import torch
from torch import nn

from nn_experiments.attacks.tally import Tally, joined
from nn_experiments.data.images import Images
from theory.common.errors import UserError


def _brighter():
    """A network that tells images darker than the middle (class 0) from brighter ones."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor([[-1.0] * 4, [1.0] * 4, [0.0] * 4]))
        network[1].bias.copy_(torch.tensor([2.0, -2.0, -9.0]))
    return network


def _dark(n=3, shade=0.4):
    return Images(torch.full((n, 1, 2, 2), shade), torch.zeros(n, dtype=torch.int64), 3)


def _tally(radii=("0.3", "0.1", "0.2"), **options):
    return Tally([_brighter()], _dark(), "linf", radii, ["A", "B"], keep=2, **options)


def _record(tally, radius, shift, attack=1, image=(1,)):
    image = torch.tensor(image)
    examples = tally.pixels[image] + shift
    return tally.record(attack, radius, torch.zeros_like(image), image, examples)


def test_a_find_counts_for_every_radius_whose_ball_holds_it():
    tally = _tally()
    assert tally.order == [1, 2, 0]
    assert _record(tally, 0, 0.15).tolist() == [True]
    found = tally.result("mine", 5, ["a", "b", "a"])
    assert found.correct[0].tolist() == [[True, False, True], [True] * 3, [True, False, True]]
    assert found.broken_by[0].tolist() == [[-1, 1, -1], [-1] * 3, [-1, 1, -1]]
    assert found.clean.tolist() == [[True] * 3]
    assert found.examples.shape == (1, 3, 2, 1, 2, 2)
    torch.testing.assert_close(found.examples[0, 0, 1], torch.full((1, 2, 2), 0.55))
    torch.testing.assert_close(found.examples[0, 1, 1], torch.full((1, 2, 2), 0.4))
    assert found.notes == ("a", "b")
    assert found.accuracy().tolist() == [[2 / 3, 1.0, 2 / 3]]


def test_radii_are_ordered_as_numbers():
    assert _tally(radii=("0.3", "1/4", "0.05", "1/30")).order == [3, 2, 1, 0]


def test_radii_may_be_kept_apart():
    tally = _tally(nested=False)
    _record(tally, 2, 0.15)
    assert tally.result("mine", 5).correct[0, :, 1].tolist() == [True, True, False]


def test_what_stands_can_be_narrowed_to_what_a_larger_radius_broke():
    tally = _tally()
    _record(tally, 0, 0.25)
    assert tally.standing(2)[1].tolist() == [0, 1, 2]
    assert tally.standing(2, broken_at=0)[1].tolist() == [1]


def test_an_earlier_find_is_kept():
    tally = _tally()
    _record(tally, 2, 0.15, attack=0)
    _record(tally, 0, 0.25, attack=1)
    assert tally.result("mine", 5).broken_by[0, :, 1].tolist() == [0, -1, 0]


def test_an_example_outside_its_ball_is_an_error_that_names_attack_and_image():
    with pytest.raises(RuntimeError, match=r"B on image 8: .* linf ball of radius 0\.1 "):
        _record(_tally(first=7), 1, 0.1001)
    with pytest.raises(RuntimeError, match=r"\[0, 1\]"):
        _record(_tally(radii=("2",)), 0, 0.601)
    with pytest.raises(RuntimeError, match="by inf"):
        _record(_tally(), 1, torch.nan)


def test_an_example_on_which_the_network_is_right_is_an_error():
    with pytest.raises(RuntimeError, match="A on image 2: expected the network to misclassify"):
        _record(_tally(), 1, 0.05, attack=0, image=(2,))


def test_a_find_that_rounding_explains_does_not_count():
    # Just darker than the middle: right by 8e-4 of logits of size 11.
    tally = _tally()
    assert _record(tally, 1, 0.0999).tolist() == [False]
    assert tally.result("mine", 5).correct.all()


def test_images_that_are_wrong_anyway_count_as_not_robust():
    bright = Tally([_brighter()], _dark(shade=0.6), "l2", ["0.1"], ["A"])
    assert not bright.result("mine", 1).correct.any()
    assert bright.standing(0)[0].tolist() == []


def test_parts_are_joined_in_order():
    first, second = _tally(), _tally(first=3)
    _record(second, 0, 0.25)
    whole = joined([first.result("mine", 5, ["x"]), second.result("mine", 5, ["x", "y"])])
    assert whole.correct[0, 0].tolist() == [True, True, True, True, False, True]
    assert whole.clean.shape == (1, 6)
    assert whole.examples.shape[2] == 4
    assert whole.notes == ("x", "y")
    with pytest.raises(ValueError, match="made in one way"):
        joined([first.result("mine", 5), second.result("other", 5)])
    with pytest.raises(ValueError, match="none"):
        joined([])


class _Hungry(nn.Module):
    """Has memory for some images at a time."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def forward(self, x):
        if len(x) > self.most:
            raise torch.OutOfMemoryError
        return x.flatten(1)[:, :3]


def test_batches_are_halved_until_they_fit():
    Tally([_Hungry(2)], _dark(7), "l2", ["1"], ["A"], batch=16)
    with pytest.raises(UserError, match="memory"):
        Tally([_Hungry(0)], _dark(7), "l2", ["1"], ["A"])


@pytest.mark.parametrize(
    ("model", "images", "message"),
    [
        (_brighter(), _dark(0), "got none"),
        (nn.Flatten(), _dark(), r"shape\s\(3, 3\), got \(3, 4\)"),
        (nn.Sequential(_brighter(), nn.Threshold(1e9, torch.nan)), _dark(), "finite logits"),
    ],
)
def test_networks_that_cannot_be_attacked(model, images, message):
    with pytest.raises(UserError, match=message):
        Tally([model], images, "l2", ["1"], ["A"])
