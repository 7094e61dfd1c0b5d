"""Upper bounds on the Lipschitz constant of a network, from its layers (section 4.5).

The bounds are those of the network in evaluation mode and in exact arithmetic, with the weights it
has. Layers are bounded in isolation and multiplied, residual blocks summed (Gouk et al., 2021).
ReLU, flattening, dropout in evaluation and the identity are 1-Lipschitz in every norm and not
listed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from nn_experiments.lipschitz.operator_norm import NORMS, Enclosure, norms
from nn_experiments.lipschitz.operators import (
    Convolution,
    Matrix,
    Operator,
    Scaling,
    compose,
)
from nn_experiments.lipschitz.report import Bounds, Chain, Layer, Sum
from nn_experiments.models.plain import is_plain, why_not_plain
from nn_experiments.models.preact_resnet import PARTS, GlobalAverage, PreActBlock, PreActResNet18
from nn_experiments.models.standardise import Standardise, standardise_lipschitz
from theory.common.errors import UserError, told

CPU_FLOPS, GPU_FLOPS = 3.5e11, 1e15
_LINEAR_IDENTITIES = (nn.Identity, nn.Flatten, nn.Dropout)
_SUPPORTED = (
    "Linear, Conv2d, BatchNorm2d, ReLU, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d(1), Flatten, "
    "Dropout, Identity, Sequential, and the blocks of nn_experiments.models"
)

_REMEDY = (
    "Build the model as a Sequential of such layers, without hooks and parametrizations, or leave "
    "the bounds out with --no-lipschitz."
)
_KINDS: tuple[type[nn.Module], ...] = (
    *(PreActResNet18, PreActBlock, Standardise, GlobalAverage, *_LINEAR_IDENTITIES, nn.ReLU),
    *(nn.Linear, nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d),
    nn.Sequential,
)


@dataclass(frozen=True)
class _Linear:
    """A linear step, not yet bounded."""

    name: str
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operator: Operator


@dataclass(frozen=True)
class _Barrier:
    """A 1-Lipschitz map that is not linear: linear steps beside it are not composed over it."""


@dataclass(frozen=True)
class _Split:
    """A residual block."""

    shortcut: Sequence[_Step]
    branch: Sequence[_Step]


_Step = _Linear | _Barrier | _Split | Layer


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
        UserError: the model has a layer for which no bound is known, or weights that are not
            finite.
        ValueError: the tolerance is not between 0 and 1.

    """
    device = next(model.parameters(), torch.empty(0)).device
    if max_flops is None:
        max_flops = GPU_FLOPS if device.type == "cuda" else CPU_FLOPS
    walk = _Walk(device)
    walk.visit(model, "", tuple(shape))
    measure = _Measure(tolerance, max_flops)
    return Bounds(measure.chain(walk.steps), measure.chain(_merged(walk.steps)), floor=walk.floor)


def require_known(model: nn.Module, shape: tuple[int, ...]) -> None:
    """Check, in the time of a forward pass, that :func:`bounds` knows all layers of a network.

    Args:
        model: maps (N, *shape) to (N, classes); it is left as it is.
        shape: of one image.

    Raises:
        UserError: as :func:`bounds`.

    """
    _Walk(next(model.parameters(), torch.empty(0)).device).visit(model, "", tuple(shape))


@dataclass
class _Walk:
    """Follows an image's shape through the modules and writes down the steps."""

    device: torch.device
    steps: list[_Step] = field(default_factory=list)
    floor: Layer | None = None

    def visit(self, module: nn.Module, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Add the module's steps; return the shape of its output."""
        if is_plain(module, nn.Sequential):
            # Not named_children(), which leaves out a module's second use.
            return self._in_turn(module, [*module._modules], name, shape)
        if is_plain(module, PreActResNet18):
            return self._in_turn(module, PARTS, name, shape)
        if is_plain(module, PreActBlock):
            assert isinstance(module, PreActBlock)
            return self._block(module, name, shape)
        outputs = _output_shape(module, name, shape)
        if is_plain(module, Standardise):
            if self.steps or self.floor:
                raise UserError(
                    f"{name}: expected standardisation as the first layer, got it as a later one."
                )
            self.floor = _standardise(name, shape)
        elif is_plain(module, nn.MaxPool2d):
            assert isinstance(module, nn.MaxPool2d)
            self.steps.append(_max_pool(module, name, shape, outputs))
        elif is_plain(module, nn.ReLU):
            self.steps.append(_Barrier())
        elif not any(is_plain(module, kind) for kind in _LINEAR_IDENTITIES):
            operator = _operator(module, name, shape, self.device)
            self.steps.append(_Linear(name, type(module).__name__, shape, outputs, operator))
        return outputs

    def _in_turn(
        self, module: nn.Module, parts: Sequence[str], name: str, shape: tuple[int, ...]
    ) -> tuple[int, ...]:
        for part in parts:
            child = module.get_submodule(part)
            shape = self.visit(child, f"{name}.{part}" if name else part, shape)
        return shape

    def _block(self, block: PreActBlock, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        before, shortcut, branch = (_Walk(self.device) for _ in range(3))
        inside = shape
        for part in ("norm1", "relu1"):
            inside = before.visit(getattr(block, part), f"{name}.{part}", inside)
        outputs = inside
        for part in ("conv1", "norm2", "relu2", "conv2"):
            outputs = branch.visit(getattr(block, part), f"{name}.{part}", outputs)
        if block.shortcut is None:
            self.steps.append(_Split((), [*before.steps, *branch.steps]))
        else:
            shortcut.visit(block.shortcut, f"{name}.shortcut", inside)
            self.steps += [*before.steps, _Split(shortcut.steps, branch.steps)]
        return outputs


def _output_shape(module: nn.Module, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    parameter = next(module.parameters(), torch.empty(0))
    was_training = module.training
    try:
        with torch.no_grad():
            outputs = module.eval()(torch.zeros(1, *shape).to(parameter)).shape[1:]
    except Exception as error:
        raise UserError(
            f"{_title(module, name)}: expected it to accept images of shape {shape}, got "
            f"{told(error)}."
        ) from error
    finally:
        module.train(was_training)
    return tuple(outputs)


def _title(module: nn.Module, name: str) -> str:
    return f"layer {name or 'of the model'} ({type(module).__name__})"


def _refuse(module: nn.Module, name: str, expected: str) -> UserError:
    return UserError(
        f"{_title(module, name)}: expected {expected}, for which Lipschitz bounds are known, got "
        f"{_kind(module)}. {_REMEDY}"
    )


def _kind(module: nn.Module) -> str:
    """Say in a line what a module is."""
    known = next((kind for kind in _KINDS if isinstance(module, kind)), None)
    if known is not None and (why := why_not_plain(module, known)) is not None:
        return f"{known.__name__} with {why}, which may compute anything"
    if type(module).__module__.startswith("torch.nn.") and not any(module.children()):
        return str(module)
    return (
        f"the class {type(module).__qualname__}, whose own forward may compute anything with its "
        "layers"
    )


def _operator(
    module: nn.Module, name: str, shape: tuple[int, ...], device: torch.device
) -> Operator:
    if is_plain(module, nn.Linear) and len(shape) == 1:
        return Matrix(_finite(module, name, module.weight))
    if is_plain(module, nn.Conv2d):
        assert isinstance(module, nn.Conv2d)
        return _convolution(module, name, shape)
    if is_plain(module, nn.BatchNorm2d):
        assert isinstance(module, nn.BatchNorm2d)
        return _batch_norm(module, name, shape)
    if is_plain(module, nn.AvgPool2d):
        assert isinstance(module, nn.AvgPool2d)
        return _average_pool(module, name, shape, device)
    whole_image = is_plain(module, GlobalAverage) or (
        is_plain(module, nn.AdaptiveAvgPool2d) and module.output_size in (1, (1, 1))
    )
    if whole_image:
        return _average(shape, (shape[1], shape[2]), (1, 1), (0, 0), device)
    raise _refuse(module, name, f"one of {_SUPPORTED}")


def _finite(module: nn.Module, name: str, weight: Tensor) -> Tensor:
    if not torch.isfinite(weight).all():
        raise UserError(
            f"{_title(module, name)}: expected finite weights, got infinities or NaN. The training "
            "diverged; no Lipschitz bound exists."
        )
    return weight.detach().double()


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _convolution(module: nn.Conv2d, name: str, shape: tuple[int, ...]) -> Convolution:
    if module.padding_mode != "zeros":
        raise _refuse(module, name, "padding_mode='zeros'")
    if module.padding == "same":
        totals = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        before = [total // 2 for total in totals]
        after = [total - b for total, b in zip(totals, before, strict=True)]
    else:
        before = [0, 0] if module.padding == "valid" else list(_pair(module.padding))
        after = before
    return Convolution(
        _finite(module, name, module.weight),
        (shape[1], shape[2]),
        _pair(module.stride),
        (before[0], after[0], before[1], after[1]),
        _pair(module.dilation),
        module.groups,
    )


def _batch_norm(module: nn.BatchNorm2d, name: str, shape: tuple[int, ...]) -> Scaling:
    """Return |γ| / √(variance + eps), the linear part at evaluation."""
    if module.running_var is None:
        raise _refuse(module, name, "track_running_stats=True")
    factors = (_finite(module, name, module.running_var) + module.eps).rsqrt()
    if module.weight is not None:
        factors = factors * _finite(module, name, module.weight)
    # A sum, a root, a division and a product: within 8 u of the factor that is meant.
    return Scaling(factors, (shape[1], shape[2]), slack=float(factors.abs().max()) * 2.0**-50)


def _average_pool(
    module: nn.AvgPool2d, name: str, shape: tuple[int, ...], device: torch.device
) -> Convolution:
    padding = _pair(module.padding)
    partial = any(padding) and not module.count_include_pad
    if module.ceil_mode or partial or module.divisor_override:
        raise _refuse(module, name, "every average over the same number of values")
    return _average(shape, _pair(module.kernel_size), _pair(module.stride), padding, device)


def _average(
    shape: tuple[int, ...],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    device: torch.device,
) -> Convolution:
    """Return the average as a convolution of each channel by itself."""
    size = (shape[0], 1, *kernel)
    weight = torch.full(size, 1 / math.prod(kernel), dtype=torch.float64, device=device)
    return Convolution(
        weight,
        (shape[1], shape[2]),
        stride,
        (padding[0], padding[0], padding[1], padding[1]),
        groups=shape[0],
        slack=2.0
        ** -53,  # each entry is off by u, and no row or column sum of 1/k, k of them, above 1
    )


def _max_pool(
    module: nn.MaxPool2d, name: str, shape: tuple[int, ...], outputs: tuple[int, ...]
) -> Layer:
    """Bound a maximum over windows.

    Each output moves by at most the movement of one value of its window. In ℓ∞ that is the constant
    1. A value can be that one for the c windows that hold it, so that the sum of the movements, or
    of their squares, grows at most c times: the constants c in ℓ1 and √c in ℓ2.
    """
    if _pair(module.dilation) != (1, 1):
        raise _refuse(module, name, "dilation=1")
    kernel, stride = _pair(module.kernel_size), _pair(module.stride)
    sides = zip(kernel, stride, outputs[1:], strict=True)
    c = float(math.prod(min(math.ceil(k / s), n) for k, s, n in sides))
    uppers = {"l2": math.nextafter(math.sqrt(c), math.inf), "linf": 1.0, "l1": c}
    constants = {norm: Enclosure(0.0, uppers[norm], "windows of a value") for norm in NORMS}
    return Layer(name, "MaxPool2d", shape, outputs, constants)


def _standardise(name: str, shape: tuple[int, ...]) -> Layer:
    d = math.prod(shape)
    # A root, a sum and a product, rounded up.
    uppers = {norm: v * (1 + 2.0**-50) for norm, v in standardise_lipschitz(d).items()}
    constants = {norm: Enclosure(0.0, uppers[norm], "floor 1/√d") for norm in NORMS}
    return Layer(name, "Standardise", shape, shape, constants)


def _merged(steps: Sequence[_Step]) -> list[_Step]:
    """Return the steps with runs of linear ones composed, from the last one backwards."""
    merged: list[_Step] = []
    for step in reversed(steps):
        if isinstance(step, _Split):
            merged.append(_Split(_merged(step.shortcut), _merged(step.branch)))
            continue
        after = merged[-1] if merged else None
        if isinstance(step, _Linear) and isinstance(after, _Linear):
            operator = compose(step.operator, after.operator)
            if operator is not None:
                name = f"{after.name} ∘ {step.name}"
                merged[-1] = _Linear(name, "composed", step.inputs, after.outputs, operator)
                continue
        merged.append(step)
    return merged[::-1]


@dataclass
class _Measure:
    """Bounds steps, each linear one once."""

    tolerance: float
    max_flops: float
    done: dict[str, Layer] = field(default_factory=dict)

    def chain(self, steps: Sequence[_Step]) -> Chain:
        """Return the steps, bounded."""
        parts: list[Layer | Sum] = []
        for step in steps:
            match step:
                case _Split():
                    parts.append(Sum(self.chain(step.shortcut), self.chain(step.branch)))
                case _Linear():
                    parts.append(self._layer(step))
                case Layer():
                    parts.append(step)
        return Chain(tuple(parts))

    def _layer(self, step: _Linear) -> Layer:
        if step.name not in self.done:
            start = time.perf_counter()
            constants = norms(step.operator, self.tolerance, self.max_flops)
            seconds = time.perf_counter() - start
            self.done[step.name] = Layer(
                step.name, step.kind, step.inputs, step.outputs, constants, seconds
            )
        return self.done[step.name]
