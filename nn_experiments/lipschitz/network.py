"""Upper bounds on the Lipschitz constant of a network, from its layers (section 4.5).

The bounds are those of the network in evaluation mode and in exact arithmetic, with the weights it
has. Layers are bounded in isolation and multiplied, branches summed (Gouk et al., 2021); which
there are, the forward itself says: see :mod:`forward`.
ReLU, flattening, dropout in evaluation and the identity are 1-Lipschitz in every norm and not
listed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from nn_experiments.lipschitz.forward import steps_of
from nn_experiments.lipschitz.operator_norm import norms
from nn_experiments.lipschitz.report import Bounds, Chain, Joined, Layer
from nn_experiments.lipschitz.steps import Linear, Split, Step, merged
from theory.common.errors import UserError

CPU_FLOPS, GPU_FLOPS = 3.5e11, 1e15


def bounds(
    model: nn.Module,
    shape: tuple[int, ...],
    *,
    tolerance: float = 1e-3,
    max_flops: float | None = None,
) -> Bounds:
    """Return upper bounds on the Lipschitz constant of a network, layer by layer and in all.

    Args:
        model: maps (N, *shape) to (N, classes); it is left as it is.
        shape: of one image.
        tolerance: relative gap between lower and upper bound to reach for each layer in ℓ2. At
            1e-2 all but the smallest images' convolutions are bounded by the periodic convolution,
            which takes seconds.
        max_flops: arithmetic that one layer's factorisation may take before its ℓ2 bound is left
            at that of the periodic convolution; by default 3.5e11 on a CPU, some 8 seconds,
            and 1e15 on a GPU. In PreActResNet18 on 32-pixel images that leaves the convolutions of
            32 and of 16 pixels, 3 × 3, at the periodic one's bound, which was measured there to be
            above the norm by 0.15 % and 0.44 % with fresh weights; on 8 and 4 pixels it would be by
            1.8 % and 11 %.

    Raises:
        UserError: the model does something for which no bound is known, or has weights that are
            not finite.
        ValueError: the tolerance is not between 0 and 1.

    """
    device = next(model.parameters(), torch.empty(0)).device
    if max_flops is None:
        max_flops = GPU_FLOPS if device.type == "cuda" else CPU_FLOPS
    steps, floor = _steps_and_floor(model, shape)
    measure = _Measure(tolerance, max_flops)
    return Bounds(measure.chain(steps), measure.chain(merged(steps)), floor=floor)


def require_known(model: nn.Module, shape: tuple[int, ...]) -> None:
    """Check, in the time of a forward pass, that :func:`bounds` knows all that a network does.

    Args:
        model: maps (N, *shape) to (N, classes); it is left as it is.
        shape: of one image.

    Raises:
        UserError: as :func:`bounds`.

    """
    _steps_and_floor(model, shape)


def _steps_and_floor(model: nn.Module, shape: tuple[int, ...]) -> tuple[list[Step], Layer | None]:
    """Return the steps of a network behind its standardisation, and that."""
    steps = steps_of(model, tuple(shape))
    floor = steps.pop(0) if steps and _is_standardisation(steps[0]) else None
    late = next(filter(_is_standardisation, _all(steps)), None)
    if late is not None:
        assert isinstance(late, Layer)
        raise UserError(
            f"{late.name}: expected standardisation as the first layer, got it as a later one."
        )
    assert floor is None or isinstance(floor, Layer)
    return steps, floor


def _is_standardisation(step: Step) -> bool:
    return isinstance(step, Layer) and step.kind == "Standardise"


def _all(steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, Split):
            for branch in step.branches:
                yield from _all(branch)
        else:
            yield step


@dataclass
class _Measure:
    """Bounds steps, each linear one once."""

    tolerance: float
    max_flops: float
    done: dict[tuple[object, ...], Layer] = field(default_factory=dict)

    def chain(self, steps: Sequence[Step]) -> Chain:
        """Return the steps, bounded."""
        parts: list[Layer | Joined] = []
        for step in steps:
            match step:
                case Split():
                    branches = tuple(map(self.chain, step.branches))
                    parts.append(Joined(step.join, branches))
                case Linear():
                    parts.append(self._layer(step))
                case Layer():
                    parts.append(step)
        return Chain(tuple(parts))

    def _layer(self, step: Linear) -> Layer:
        # One layer may stand in two places, with images of two sizes.
        place = step.name, step.inputs, step.outputs
        if place not in self.done:
            start = time.perf_counter()
            constants = norms(step.operator, self.tolerance, self.max_flops)
            seconds = time.perf_counter() - start
            self.done[place] = Layer(
                step.name, step.kind, step.inputs, step.outputs, constants, seconds
            )
        return self.done[place]
