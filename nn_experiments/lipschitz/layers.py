"""Which step a layer of PyTorch's or of this package's is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nn_experiments.lipschitz.operator_norm import NORMS, Enclosure, InducedNorm
from nn_experiments.lipschitz.operators import Convolution, Matrix, Operator, Scaling
from nn_experiments.lipschitz.report import Layer
from nn_experiments.lipschitz.steps import Barrier, Linear, Step
from nn_experiments.models.plain import why_not_plain
from nn_experiments.models.preact_resnet import GlobalAverage
from nn_experiments.models.standardise import Standardise, standardise_lipschitz
from theory.common.errors import UserError

_IDENTITIES = (nn.Identity, nn.Flatten, nn.Dropout, nn.Dropout2d)
_ACTIVATIONS: dict[type[nn.Module], float] = {
    nn.ReLU: 1,
    nn.ReLU6: 1,
    nn.Hardtanh: 1,
    nn.Tanh: 1,
    nn.Sigmoid: 0.25,
}
"""Largest derivatives of functions of each value; of LeakyReLU and ELU, see :func:`_slope`."""
KINDS: tuple[type[nn.Module], ...] = (
    *(Standardise, GlobalAverage, *_IDENTITIES, *_ACTIVATIONS, nn.LeakyReLU, nn.ELU),
    *(nn.Linear, nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d),
)
"""Layers for which bounds are known, some of them under conditions."""
SUPPORTED = (
    "Linear, Conv2d, BatchNorm2d, ReLU, ReLU6, LeakyReLU, ELU, Hardtanh, Tanh, Sigmoid, "
    "MaxPool2d, AvgPool2d, AdaptiveAvgPool2d(1), Flatten, Dropout, Identity, Sequential, and the "
    "blocks of nn_experiments.models"
)
REMEDY = (
    "Build the model of these, without hooks and parametrizations, or leave the bounds out with "
    "--no-lipschitz."
)


def title(module: nn.Module, name: str) -> str:
    """Return what errors call a part of the model."""
    return f"layer {name or 'of the model'} ({type(module).__name__})"


def refusal(module: nn.Module, name: str, expected: str, got: str | None = None) -> UserError:
    """Return the error that no bound is known of a layer.

    Args:
        module: the layer.
        name: where it is in the model.
        expected: what would be known.
        got: what it is instead; by default, the module as it is printed.

    """
    return UserError(
        f"{title(module, name)}: expected {expected}, for which Lipschitz bounds are known, got "
        f"{got or _kind(module)}. {REMEDY}"
    )


def _kind(module: nn.Module) -> str:
    """Say in a line what a module is."""
    if type(module).__module__.startswith("torch.nn.") and not any(module.children()):
        return str(module)
    return f"the class {type(module).__qualname__}"


def require_plain(module: nn.Module, name: str) -> None:
    """Check that a part of the model does what its class, or a known layer what its kind, says.

    Raises:
        UserError: it has hooks, parametrizations, or methods of its own.

    """
    kind = next((kind for kind in KINDS if isinstance(module, kind)), None)
    why = why_not_plain(module, kind or type(module))
    if why is not None:
        shown = (kind or type(module)).__name__
        got = f"{shown} with {why}, which may compute anything"
        raise refusal(module, name, f"one of {SUPPORTED}", got)


def step_of(module: nn.Module, name: str, x: Tensor, outputs: tuple[int, ...]) -> Step | None:
    """Return the step that a layer is; none if it changes nothing but the shape.

    Args:
        module: a layer, which is plain: see :func:`require_plain`.
        name: where it is in the model.
        x: images that it was given.
        outputs: shape that it makes of one.

    Raises:
        UserError: no bound is known of such a layer, or its weights are not finite.

    """
    inputs = tuple(x.shape[1:])
    match module:
        case nn.Identity() | nn.Flatten() | nn.Dropout() | nn.Dropout2d():
            return None
        case Standardise():
            return _standardise(name, inputs)
        case nn.MaxPool2d():
            return _max_pool(module, name, inputs, outputs)
        case _ if (slope := _slope(module)) is not None:
            return activation(name, type(module).__name__, slope, inputs)
    operator = _operator(module, name, inputs, x.device)
    return Linear(name, type(module).__name__, inputs, outputs, operator)


def _slope(module: nn.Module) -> float | None:
    if isinstance(module, nn.LeakyReLU):
        return max(1.0, abs(module.negative_slope))
    if isinstance(module, nn.ELU):
        return max(1.0, abs(module.alpha))
    return next((s for kind, s in _ACTIVATIONS.items() if isinstance(module, kind)), None)


def activation(name: str, kind: str, slope: float, shape: tuple[int, ...]) -> Step:
    """Return the step of a function of each value, none of whose derivatives exceeds ``slope``."""
    if slope == 1:
        return Barrier()
    return bounded(name, kind, shape, shape, dict.fromkeys(NORMS, slope), "largest derivative")


def bounded(
    name: str,
    kind: str,
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    uppers: dict[InducedNorm, float],
    method: str,
) -> Layer:
    """Return a layer of which upper bounds alone are known; they are rounded up."""
    found = {norm: Enclosure(0.0, upper * (1 + 2.0**-50), method) for norm, upper in uppers.items()}
    return Layer(name, kind, inputs, outputs, found)


def _operator(
    module: nn.Module, name: str, shape: tuple[int, ...], device: torch.device
) -> Operator:
    if isinstance(module, nn.Linear) and len(shape) == 1:
        return Matrix(finite(title(module, name), module.weight))
    if isinstance(module, nn.Conv2d):
        return _convolution(module, name, shape)
    if isinstance(module, nn.BatchNorm2d):
        return _batch_norm(module, name, shape)
    if isinstance(module, nn.AvgPool2d):
        return _average_pool(module, name, shape, device)
    whole_image = isinstance(module, GlobalAverage) or (
        isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size in (1, (1, 1))
    )
    if whole_image:
        return average(shape, (shape[1], shape[2]), (1, 1), (0, 0), device)
    raise refusal(module, name, f"one of {SUPPORTED}")


def finite(title: str, weight: Tensor) -> Tensor:
    """Return weights in double precision.

    Raises:
        UserError: some are infinite or no numbers.

    """
    if not torch.isfinite(weight).all():
        raise UserError(
            f"{title}: expected finite weights, got infinities or NaN. The training "
            "diverged; no Lipschitz bound exists."
        )
    return weight.detach().double()


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    """Return a value per axis, of one for both or for each."""
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def _convolution(module: nn.Conv2d, name: str, shape: tuple[int, ...]) -> Convolution:
    if module.padding_mode != "zeros":
        raise refusal(module, name, "padding_mode='zeros'")
    weight = finite(title(module, name), module.weight)
    return convolution(weight, shape, module.stride, module.padding, module.dilation, module.groups)


def convolution(
    weight: Tensor,
    shape: tuple[int, ...],
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Convolution:
    """Return the convolution of images of a shape, with the arguments of torch.nn.Conv2d."""
    if padding == "same":
        sides = zip(_pair(dilation), weight.shape[2:], strict=True)
        totals = [d * (k - 1) for d, k in sides]
        before = [total // 2 for total in totals]
        after = [total - b for total, b in zip(totals, before, strict=True)]
    else:
        before = [0, 0] if isinstance(padding, str) else list(_pair(padding))
        after = before
    return Convolution(
        weight,
        (shape[1], shape[2]),
        _pair(stride),
        (before[0], after[0], before[1], after[1]),
        _pair(dilation),
        groups,
    )


def _batch_norm(module: nn.BatchNorm2d, name: str, shape: tuple[int, ...]) -> Scaling:
    if module.running_var is None:
        raise refusal(module, name, "track_running_stats=True")
    variance, weight = (
        None if tensor is None else finite(title(module, name), tensor)
        for tensor in (module.running_var, module.weight)
    )
    assert variance is not None
    return normalisation(variance, weight, module.eps, (shape[1], shape[2]))


def normalisation(
    variance: Tensor, weight: Tensor | None, eps: float, size: tuple[int, int]
) -> Scaling:
    """Return |γ| / √(variance + eps), the linear part of a BatchNorm at evaluation."""
    factors = (variance + eps).rsqrt()
    if weight is not None:
        factors = factors * weight
    # A sum, a root, a division and a product: within 8 u of the factor that is meant.
    return Scaling(factors, size, slack=float(factors.abs().max()) * 2.0**-50)


def _average_pool(
    module: nn.AvgPool2d, name: str, shape: tuple[int, ...], device: torch.device
) -> Convolution:
    padding = _pair(module.padding)
    partial = any(padding) and not module.count_include_pad
    if module.ceil_mode or partial or module.divisor_override:
        raise refusal(module, name, "every average over the same number of values")
    return average(shape, _pair(module.kernel_size), _pair(module.stride), padding, device)


def average(
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
        raise refusal(module, name, "dilation=1")
    kernel, stride = _pair(module.kernel_size), _pair(module.stride)
    sides = zip(kernel, stride, outputs[1:], strict=True)
    c = float(math.prod(min(math.ceil(k / s), n) for k, s, n in sides))
    uppers: dict[InducedNorm, float] = {"l2": math.sqrt(c), "linf": 1.0, "l1": c}
    return bounded(name, "MaxPool2d", shape, outputs, uppers, "windows of a value")


def _standardise(name: str, shape: tuple[int, ...]) -> Layer:
    constants = standardise_lipschitz(math.prod(shape))
    uppers: dict[InducedNorm, float] = {norm: constants[norm] for norm in NORMS}
    return bounded(name, "Standardise", shape, shape, uppers, "floor 1/√d")
