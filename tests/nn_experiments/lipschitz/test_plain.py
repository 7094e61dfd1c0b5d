"""Layers that do something else than their weights say are refused, and such bounds are told."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize

from nn_experiments.data.images import Images
from nn_experiments.lipschitz import (
    NORMS,
    bounds,
    local_lower_bound,
    lower_bounds,
    require_known,
)
from nn_experiments.lipschitz.local import rounding_of
from theory.common.errors import UserError


def _ten_times(layer: nn.Module) -> None:
    layer.register_forward_hook(lambda _module, _inputs, outputs: 10 * outputs)


def _ten_times_its_input(layer: nn.Module) -> None:
    layer.register_forward_pre_hook(lambda _module, inputs: (10 * inputs[0],))


class _TenTimes(nn.Module):
    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return 10 * weight


def _parametrized(layer: nn.Module) -> None:
    parametrize.register_parametrization(layer, "weight", _TenTimes())


def _patched(layer: nn.Module) -> None:
    layer._call_impl = lambda x: 10 * functional.linear(x, layer.weight, layer.bias)


def _derived(layer: nn.Module) -> None:
    class Scaled(nn.Linear):
        @property
        def weight(self) -> torch.Tensor:
            return 10 * self._parameters["weight"]

    layer.__class__ = Scaled


CHANGES = {
    "a hook": _ten_times,
    "a hook ": _ten_times_its_input,
    "a parametrization": _parametrized,
    "_call_impl of its own": _patched,
    "weight of the class": _derived,
}


@pytest.mark.parametrize("what", CHANGES)
def test_refused_where_a_layer_does_something_else_than_its_weights_say(what):
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    require_known(model, (1, 2, 2))
    x = torch.rand(2, 1, 2, 2)
    before = model(x)
    CHANGES[what](model[1])
    assert not torch.allclose(model(x), before)
    for check in (require_known, bounds):
        with pytest.raises(UserError, match=rf"layer 1 \(.*got Linear with {what.strip()}") as told:
            check(model, (1, 2, 2))
        assert "\n" not in str(told.value)


def test_refused_while_there_are_hooks_of_all_modules():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    handle = nn.modules.module.register_module_forward_hook(lambda *_: None)
    try:
        with pytest.raises(UserError, match="hooks registered for all modules"):
            bounds(model, (1, 2, 2))
    finally:
        handle.remove()
    assert bounds(model, (1, 2, 2)).product("l2") > 0


def test_a_class_that_only_builds_its_layers_is_known():
    class Built(nn.Sequential):
        """Three outputs."""

        WIDTH = 3

        def __init__(self) -> None:
            super().__init__(nn.Flatten(), nn.Linear(4, self.WIDTH))

        def outputs(self) -> int:
            return self.WIDTH

    assert bounds(Built(), (1, 2, 2)).product("l2") > 0


@pytest.mark.parametrize("norm", NORMS)
def test_an_upper_bound_below_a_derivative_is_told(norm, monkeypatch):
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    found = bounds(model, (1, 2, 2))
    seen = Images(torch.rand(5, 1, 2, 2), torch.zeros(5, dtype=torch.int64), 3)
    assert lower_bounds(model, seen, found).keys() == set(NORMS)
    # A linear model attains its bound, within what rounding in double precision explains.
    lower = local_lower_bound(copy.deepcopy(model).double(), seen, norm)
    assert abs(lower - found.product(norm)) <= 1e-9 * lower
    assert rounding_of(found, norm) < 1e-9 * lower
    _ten_times(model[1])
    with pytest.raises(UserError, match="expected none below the norm of a derivative") as told:
        lower_bounds(model, seen, found)
    assert "\n" not in str(told.value)
