"""Subsets are fair, nested and fixed by their seed; nothing is in two parts at once."""

import pytest
import torch

from nn_experiments.data.images import Images
from nn_experiments.data.splits import drawn_share, hold_out, in_fair_order, subset
from theory.common.errors import UserError


def images(*counts: int, seed: int = 0) -> Images:
    """Each image's only pixel and channels spell its number."""
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))]
    number = torch.arange(len(labels))
    pixels = torch.stack([number // 256, number % 256], 1).to(torch.uint8)[:, :, None, None]
    return Images(pixels, labels, len(counts))


def numbers(part: Images) -> list[int]:
    high, low = part.pixels[:, :, 0, 0].long().T
    return (256 * high + low).tolist()


FAIR = images(*[100] * 10)
UNFAIR = images(31, 800, 5, 40)


@pytest.mark.parametrize("n", [1, 7, 10, 64, 128, 999, 1000])
def test_shares_are_equal_and_the_remainder_is_spread(n):
    counts = torch.bincount(subset(FAIR, n, seed=3).labels, minlength=10)
    assert counts.sum() == n
    assert counts.max() - counts.min() <= 1
    assert counts.min() == n // 10


def test_what_a_small_class_lacks_goes_to_the_others():
    counts = torch.bincount(subset(UNFAIR, 100, seed=0).labels).tolist()
    assert counts[2] == 5
    assert counts[0] == 31
    assert sorted(counts[1::2]) == [32, 32]


@pytest.mark.parametrize("whole", [FAIR, UNFAIR], ids=["fair", "unfair"])
@pytest.mark.parametrize("seed", [0, 1, -5, 2**70])
def test_smaller_subsets_are_contained_in_larger_ones(whole, seed):
    previous: set[int] = set()
    for n in (1, 2, 4, 8, 16, 32, 33, 64, 128, 256, 512, 800):
        chosen = numbers(subset(whole, n, seed))
        assert len(set(chosen)) == n
        assert previous < set(chosen)
        previous = set(chosen)


def test_a_subset_keeps_order_and_labels_and_all_is_all():
    assert numbers(subset(FAIR, 1000, seed=0)) == list(range(1000))
    part = subset(FAIR, 300, seed=0)
    assert numbers(part) == sorted(numbers(part))
    assert torch.equal(part.labels, FAIR.labels[numbers(part)])


def test_seeds_differ_and_repeat():
    drawn = [tuple(numbers(subset(FAIR, 100, seed))) for seed in (0, 0, 1, 2)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3


def test_each_image_is_drawn_as_often_as_another():
    # 400 draws of 1 in 10: 40 ± 6 per image. That one of 1,000 is off by more than 6 standard
    # deviations has a probability below 1,000 · 2e-9; always the first ones are off by 60.
    counts = torch.zeros(1000)
    for seed in range(400):
        counts[numbers(subset(FAIR, 100, seed))] += 1
    deviation = (400 * 0.1 * 0.9) ** 0.5
    assert (counts - 40).abs().max() < 6 * deviation


@pytest.mark.parametrize("whole", [FAIR, UNFAIR], ids=["fair", "unfair"])
def test_a_validation_split_divides_the_images(whole):
    rest, held_out = hold_out(whole, 200, seed=0)
    assert len(held_out) == 200
    assert sorted(numbers(rest) + numbers(held_out)) == list(range(len(whole)))
    assert numbers(rest) == sorted(numbers(rest))
    if whole is FAIR:
        assert torch.bincount(held_out.labels).tolist() == [20] * 10
    assert set(numbers(held_out)) != set(numbers(subset(whole, 200, seed=0)))


@pytest.mark.parametrize("n", [1000, 1001])
def test_nothing_to_train_on_is_named(n):
    with pytest.raises(UserError, match=f"validation_images: .* 1000 training images, got {n}"):
        hold_out(FAIR, n, seed=0)


def test_too_large_a_subset_is_named():
    with pytest.raises(UserError, match="train_images: expected at most 1000"):
        subset(FAIR, 1001, seed=0)


def test_the_first_in_fair_order_are_fair():
    order = in_fair_order(FAIR.labels, 10, seed=0, purpose="order")
    assert sorted(order.tolist()) == list(range(1000))
    for n in (10, 50, 990):
        assert torch.bincount(FAIR.labels[order[:n]]).tolist() == [n // 10] * 10


def test_purposes_and_seeds_draw_differently():
    orders = {
        tuple(in_fair_order(FAIR.labels, 10, seed, purpose).tolist())
        for seed in (0, 1)
        for purpose in ("subset", "validation")
    }
    assert len(orders) == 4


def test_a_share_of_each_class_is_rounded_down():
    drawn = drawn_share(UNFAIR.labels, 4, denominator=5, seed=0, purpose="test")
    assert torch.bincount(UNFAIR.labels[drawn], minlength=4).tolist() == [6, 160, 1, 8]


def test_a_class_without_images_is_no_matter():
    labels = torch.tensor([0, 2, 2, 0])
    assert sorted(in_fair_order(labels, 4, 0, "subset").tolist()) == [0, 1, 2, 3]
    assert drawn_share(labels, 4, 2, 0, "test").sum() == 2
