import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nn_experiments.attacks import balls

NORMS = ["l2", "linf"]


def _case(seed, radius):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(20, 3, 8, 8, generator=generator)
    # Some values are black or white, so that cutting off matters.
    images = (images * 1.4 - 0.2).clamp(0, 1)
    points = images + 3 * radius * torch.randn(20, 3, 8, 8, generator=generator)
    return images, points


@pytest.mark.parametrize("norm", NORMS)
@given(st.integers(0, 2**32), st.floats(1e-3, 3.0))
def test_projected_points_are_inside_up_to_the_allowance(norm, seed, radius):
    images, points = _case(seed, radius)
    inside = balls.project(points, images, norm, radius)
    allowed = balls.allowance(norm, radius, images[0].numel())
    assert (balls.excess(inside, images, norm, radius) <= allowed).all()


@pytest.mark.parametrize("norm", NORMS)
def test_a_radius_that_is_slightly_wrong_exceeds_the_allowance(norm):
    images, points = _case(0, 0.1)
    images = 0.25 + images / 2  # nothing is cut off
    outside = balls.project(points, images, norm, 0.1001)
    allowed = balls.allowance(norm, 0.1, images[0].numel())
    assert (balls.excess(outside, images, norm, 0.1) > allowed).all()


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("radius", [1e-3, 0.1, 0.2])
def test_points_outside_land_on_the_border(norm, radius):
    images, points = _case(0, radius)
    images = 0.25 + images / 2  # nothing is cut off
    on_border = balls.project(images + 5 * (points - images), images, norm, radius)
    allowed = balls.allowance(norm, radius, images[0].numel())
    assert (balls.excess(on_border, images, norm, radius).abs() <= allowed).all()


def test_values_that_are_not_between_black_and_white_are_outside():
    images = torch.full((3, 1, 2, 2), 0.5)
    examples = images.clone()
    examples[0, 0, 0, 0] = 1 + 1e-6
    examples[1, 0, 0, 0] = torch.nan
    assert balls.excess(examples, images, "linf", 10.0).tolist()[0] == torch.inf
    assert not balls.excess(examples, images, "linf", 10.0)[1] <= 1
    assert balls.excess(examples, images, "linf", 10.0)[2] == -10


@pytest.mark.parametrize("norm", NORMS)
def test_points_inside_stay_where_they_are(norm):
    images, points = _case(1, 0.1)
    inside = balls.project(points, images, norm, 0.1).double()
    again = balls.project(inside, images.double(), norm, 0.1001)
    torch.testing.assert_close(again, inside, rtol=0, atol=1e-12)


def test_the_projection_on_the_cut_linf_ball_is_the_closest_point():
    images, points = _case(2, 0.2)
    inside = balls.project(points, images, "linf", 0.2)
    low, high = (images - 0.2).clamp(min=0), (images + 0.2).clamp(max=1)
    assert torch.equal(inside, torch.minimum(torch.maximum(points, low), high))


@pytest.mark.parametrize(("norm", "dual"), [("l2", 2), ("linf", 1)])
def test_the_steepest_direction_attains_the_dual_norm(norm, dual):
    gradients = torch.randn(5, 3, 4, 4, dtype=torch.float64)
    direction = balls.steepest(gradients, norm)
    torch.testing.assert_close(
        (gradients * direction).flatten(1).sum(1), gradients.flatten(1).norm(dual, dim=1)
    )
    torch.testing.assert_close(
        balls.lengths(direction, norm).flatten(), torch.ones(5, dtype=torch.float64)
    )


def test_a_zero_gradient_moves_nothing():
    assert not balls.steepest(torch.zeros(2, 1, 2, 2), "l2").any()
    assert not balls.steepest(torch.zeros(2, 1, 2, 2), "linf").any()
