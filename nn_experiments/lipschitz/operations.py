"""Which step an operation in a forward is: a function of PyTorch's or a method of a tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

from nn_experiments.lipschitz import layers
from nn_experiments.lipschitz.operator_norm import NORMS, InducedNorm
from nn_experiments.lipschitz.operators import Matrix, Operator
from nn_experiments.lipschitz.report import Join
from nn_experiments.lipschitz.steps import Barrier, Linear, Step

SUPPORTED = (
    "known layers, sums, cat, products with constants, flatten, view, permute, slices, pad, relu, "
    "tanh, sigmoid, clamp, linear, conv2d, batch_norm, max and average pools, mean over pixels and "
    "softmax"
)


class Traced(Protocol):
    """A value in a forward."""

    @property
    def tensor(self) -> Tensor:
        """What it is for two images, shape (2, ...)."""


@dataclass(frozen=True)
class Made:
    """How a value is made of earlier ones: one, by a step, or several that are joined."""

    sources: tuple[Traced, ...]
    step: Step | None = None
    join: Join = "sum"


@dataclass(frozen=True)
class Operation:
    """An operation where it stands in a forward.

    Attributes:
        name: by which reports name it.
        outputs: shape of what it makes, for one image.
        refusal: makes the error of what it got instead of what is known.

    """

    name: str
    outputs: tuple[int, ...]
    refusal: Callable[[str], Exception]

    def value(self, x: Any, ndim: int | None = None) -> Traced:
        """Check that an argument is a value of the forward, with so many axes."""
        if not is_traced(x) or (ndim is not None and x.tensor.ndim != ndim):
            raise self.refusal("an argument of another kind or shape")
        return x

    def constant(self, x: Any) -> Tensor:
        """Check that an argument is a fixed and finite tensor; return it in double precision."""
        if not isinstance(x, Tensor):
            raise self.refusal("a weight that is made from the image")
        return layers.finite(self.name, x)

    def linear(self, x: Traced, kind: str, operator: Operator) -> Made:
        """Return a linear step."""
        inputs = tuple(x.tensor.shape[1:])
        return Made((x,), Linear(self.name, kind, inputs, self.outputs, operator))

    def layer(self, x: Traced, module: nn.Module) -> Made:
        """Return the step that a layer is which does the same."""
        return Made((x,), layers.step_of(module, self.name, x.tensor, self.outputs))

    def bounded(self, x: Traced, uppers: dict[InducedNorm, float], method: str) -> Made:
        """Return a step of which upper bounds alone are known."""
        inputs, kind = tuple(x.tensor.shape[1:]), "operation"
        step = layers.bounded(self.name, kind, inputs, self.outputs, uppers, method)
        return Made((x,), step)


def is_traced(x: Any) -> TypeGuard[Traced]:
    """Say whether an argument is a value of the forward."""
    return isinstance(getattr(type(x), "tensor", None), property)


def traced_in(arguments: Any) -> Iterator[Traced]:
    """Yield the values of the forward among arguments, also those in sequences."""
    if is_traced(arguments):
        yield arguments
    elif isinstance(arguments, (list, tuple)):
        for argument in arguments:
            yield from traced_in(argument)
    elif isinstance(arguments, dict):
        yield from traced_in(list(arguments.values()))


def _reshaped(op: Operation, x: Any, *sizes: Any, **named: Any) -> Made:
    source = op.value(x)
    if any(isinstance(a, torch.dtype) for a in (*sizes, *named.values())):
        raise op.refusal("another kind of number")
    # Linear steps are composed over a flattening alone: it leaves values in their order.
    before = tuple(source.tensor.shape[1:])
    return Made((source,), None if len(op.outputs) == 1 or op.outputs == before else Barrier())


def _permuted(op: Operation, x: Any, *axes: Any) -> Made:
    source = op.value(x)
    order = list(axes[0]) if len(axes) == 1 else list(axes)
    if order[0] % source.tensor.ndim != 0:
        raise op.refusal("one that moves the axis of images")
    return Made((source,), Barrier())


def _transposed(op: Operation, x: Any, first: int, second: int) -> Made:
    source = op.value(x)
    if 0 in (first % source.tensor.ndim, second % source.tensor.ndim):
        raise op.refusal("one that moves the axis of images")
    return Made((source,), Barrier())


def _selected(op: Operation, x: Any, index: Any) -> Made:
    """Leave out values; with slices and numbers, none is taken twice."""
    whole = isinstance(index, tuple) and index[:1] == (slice(None),)
    if not whole or not all(type(i) in (slice, int, type(...)) for i in index):
        raise op.refusal("an index other than of slices and numbers, that of images being ':'")
    return Made((op.value(x),), Barrier())


def _padded(
    op: Operation, x: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Made:
    source = op.value(x)
    if mode != "constant" or len(pad) >= 2 * source.tensor.ndim:
        raise op.refusal(f"mode {mode!r}, or an edge around the axis of images")
    return Made((source,), Barrier())


def _dropped(
    op: Operation, x: Any, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Made:
    if training:
        raise op.refusal("training=True in evaluation, which draws random numbers")
    return Made((op.value(x),))


def _activation(slope: float) -> Callable[..., Made]:
    def rule(op: Operation, x: Any, inplace: bool = False) -> Made:
        source = op.value(x)
        return Made((source,), layers.activation(op.name, "operation", slope, op.outputs))

    return rule


def _leaky(op: Operation, x: Any, negative_slope: float = 0.01, inplace: bool = False) -> Made:
    return _activation(max(1.0, abs(negative_slope)))(op, x)


def _elu(op: Operation, x: Any, alpha: float = 1.0, inplace: bool = False) -> Made:
    return _activation(max(1.0, abs(alpha)))(op, x)


def _clamped(op: Operation, x: Any, min: Any = None, max: Any = None) -> Made:
    if any(is_traced(limit) for limit in (min, max)):
        raise op.refusal("limits that are made from the image")
    return _unspread(op, Made((op.value(x),), Barrier()))


def _unspread(op: Operation, made: Made) -> Made:
    """Refuse values that are repeated along an axis (broadcast), which makes their norms larger."""
    if any(tuple(source.tensor.shape[1:]) != op.outputs for source in made.sources):
        raise op.refusal("values of different shapes, one of them repeated along an axis")
    return made


def _sum(op: Operation, x: Any, other: Any) -> Made:
    return _unspread(op, Made(tuple(traced_in((x, other)))))


def _product(op: Operation, x: Any, other: Any) -> Made:
    values, constants = _divided(x, other)
    if len(values) != 1:
        raise op.refusal("a product of two values that depend on the image")
    factor = float(op.constant(constants[0]).abs().max())
    uppers = dict.fromkeys(NORMS, factor)
    return _unspread(op, op.bounded(values[0], uppers, "largest factor"))


def _quotient(op: Operation, x: Any, other: Any) -> Made:
    values, constants = _divided(x, other)
    if not is_traced(x) or len(values) != 1:
        raise op.refusal("a divisor that depends on the image")
    smallest = float(op.constant(constants[0]).abs().min())
    if smallest == 0:
        raise op.refusal("a division by 0")
    uppers = dict.fromkeys(NORMS, 1 / smallest)
    return _unspread(op, op.bounded(values[0], uppers, "largest factor"))


def _divided(*arguments: Any) -> tuple[list[Traced], list[Tensor]]:
    constants = [_constant(a) for a in arguments if not is_traced(a)]
    return [a for a in arguments if is_traced(a)], constants


def _constant(x: Any) -> Tensor:
    """Return a factor; of a Python number, what double and what single precision make of it."""
    if isinstance(x, Tensor) or not isinstance(x, (int, float)):
        return torch.as_tensor(x)
    exact = torch.tensor(float(x), dtype=torch.float64)
    return torch.stack([exact, exact.float().double()])


def _laid(op: Operation, tensors: Sequence[Any], dim: int = 0) -> Made:
    values = tuple(traced_in(tensors))
    if dim % (1 + len(op.outputs)) == 0:
        raise op.refusal("images laid beside others")
    if len(values) == 1:
        return Made(values, Barrier())
    return Made(values, join="side by side")


def _linear(op: Operation, x: Any, weight: Any, bias: Any = None) -> Made:
    source, matrix = op.value(x, ndim=2), op.constant(weight)
    if is_traced(bias) or matrix.ndim != 2:
        raise op.refusal("weights that are made from the image")
    return op.linear(source, "Linear", Matrix(matrix))


def _matrix_product(op: Operation, x: Any, weight: Any) -> Made:
    source, matrix = op.value(x, ndim=2), op.constant(weight)
    if matrix.ndim != 2:
        raise op.refusal("a product with something else than a matrix")
    return op.linear(source, "matrix product", Matrix(matrix.T))


def _convolution(op: Operation, x: Any, weight: Any, bias: Any = None, *settings: Any) -> Made:
    source, fixed = op.value(x, ndim=4), op.constant(weight)
    if is_traced(bias):
        raise op.refusal("weights that are made from the image")
    operator = layers.convolution(fixed, tuple(source.tensor.shape[1:]), *settings)
    return op.linear(source, "Conv2d", operator)


def _convolution_by_name(
    op: Operation,
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Made:
    return _convolution(op, input, weight, bias, stride, padding, dilation, groups)


def _normalised(
    op: Operation,
    x: Any,
    mean: Any,
    variance: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Made:
    source = op.value(x)
    if training or any(is_traced(a) for a in (mean, variance, weight, bias)):
        raise op.refusal("statistics of the images beside it")
    scale = None if weight is None else op.constant(weight)
    size = tuple(source.tensor.shape[2:]) if source.tensor.ndim == 4 else (1, 1)
    operator = layers.normalisation(op.constant(variance), scale, eps, (size[0], size[1]))
    if source.tensor.ndim == 4:
        return op.linear(source, "BatchNorm2d", operator)
    factor = operator.absolute_sums[0] + operator.slack
    return op.bounded(source, dict.fromkeys(NORMS, factor), "largest factor")


def _largest(
    op: Operation,
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Made:
    layer = nn.MaxPool2d(kernel_size, stride, padding, dilation, ceil_mode=ceil_mode)
    return op.layer(op.value(x, ndim=4), layer)


def _averaged(op: Operation, x: Any, *settings: Any, **named: Any) -> Made:
    return op.layer(op.value(x, ndim=4), nn.AvgPool2d(*settings, **named))


def _averaged_to(op: Operation, x: Any, output_size: Any) -> Made:
    return op.layer(op.value(x, ndim=4), nn.AdaptiveAvgPool2d(output_size))


def _mean(op: Operation, x: Any, dim: Any = None, keepdim: bool = False) -> Made:
    source = op.value(x, ndim=4)
    axes = {axis % 4 for axis in dim} if isinstance(dim, (tuple, list)) else {dim}
    if axes != {2, 3}:
        raise op.refusal("a mean over other axes than height and width")
    shape = tuple(source.tensor.shape[1:])
    operator = layers.average(shape, (shape[1], shape[2]), (1, 1), (0, 0), source.tensor.device)
    return op.linear(source, "mean", operator)


def _require_classes(op: Operation, dim: Any, *more: Any) -> None:
    """Check the axis, and that no precision is among the other settings."""
    if dim not in (1, -1) or any(isinstance(setting, torch.dtype) for setting in more):
        raise op.refusal("another axis than that of classes, or another precision")


def _softmax(op: Operation, x: Any, dim: Any = None, *more: Any, **named: Any) -> Made:
    """Bound p of a softmax: its derivative diag(p) − ppᵀ has rows of size 2 pᵢ (1 − pᵢ) ≤ 1/2."""
    source = op.value(x, ndim=2)
    _require_classes(op, dim, *more, *named.values())
    return op.bounded(source, dict.fromkeys(NORMS, 0.5), "largest row sum")


def _log_softmax(op: Operation, x: Any, dim: Any = None, *more: Any, **named: Any) -> Made:
    """Bound ln p of a softmax of n classes, with the derivative I − 1pᵀ.

    The sum of absolute values is 2 (1 − pᵢ) ≤ 2 in a row and 1 + (n − 2) pⱼ ≤ max(1, n − 1) in a
    column; the ℓ2 norm is at most the root of the product of the largest of these.
    """
    source = op.value(x, ndim=2)
    _require_classes(op, dim, *more, *named.values())
    columns = max(1.0, source.tensor.shape[1] - 1.0)
    uppers: dict[InducedNorm, float] = {"l2": (2 * columns) ** 0.5, "linf": 2.0, "l1": columns}
    return op.bounded(source, uppers, "row and column sums")


Rule = Callable[..., Made]


_FORMS = (("", ""), ("", "_"), ("__", "__"), ("__r", "__"), ("__i", "__"))
"""How an operator is written: as a function, in place, and with either side first."""


def rules() -> dict[Callable[..., Any], Rule]:
    """Return the rule of each operation of which bounds are known."""
    found = {
        getattr(home, name): rule
        for name, rule in _methods()
        for home in (Tensor, torch)
        if callable(getattr(home, name, None))
    }
    return found | {
        torch.cat: _laid,
        torch.concat: _laid,
        torch.concatenate: _laid,
        torch.stack: _laid,
        torch.conv2d: _convolution_by_name,
        torch.max_pool2d: _largest,
        functional.linear: _linear,
        functional.batch_norm: _normalised,
        functional.max_pool2d: _largest,
        functional.avg_pool2d: _averaged,
        functional.adaptive_avg_pool2d: _averaged_to,
        functional.relu: _activation(1),
        functional.relu6: _activation(1),
        functional.leaky_relu: _leaky,
        functional.elu: _elu,
        functional.dropout: _dropped,
        functional.dropout2d: _dropped,
        functional.pad: _padded,
        functional.softmax: _softmax,
        functional.log_softmax: _log_softmax,
    }


def _methods() -> list[tuple[str, Rule]]:
    """Return the rules of methods of tensors, and of PyTorch's functions of the same names."""
    return [
        *((name, _reshaped) for name in ("flatten", "view", "reshape", "squeeze", "unsqueeze")),
        *((name, _reshaped) for name in ("contiguous", "clone", "detach", "float", "double")),
        *((name, _permuted) for name in ("permute",)),
        *((name, _transposed) for name in ("transpose", "swapaxes", "swapdims")),
        *((name, _activation(1)) for name in ("relu", "relu_", "tanh", "tanh_", "abs", "abs_")),
        *((name, _activation(1)) for name in ("__abs__", "neg", "neg_", "__neg__")),
        *((name, _activation(0.25)) for name in ("sigmoid", "sigmoid_")),
        *((name, _clamped) for name in ("clamp", "clamp_", "clip", "clip_")),
        *((f"{a}{name}{b}", _sum) for name in ("add", "sub") for a, b in _FORMS),
        *((f"{a}mul{b}", _product) for a, b in _FORMS),
        *((name, _quotient) for name in ("div", "div_", "__truediv__", "__itruediv__")),
        *((name, _matrix_product) for name in ("matmul", "__matmul__", "mm")),
        ("__getitem__", _selected),
        ("mean", _mean),
        ("softmax", _softmax),
        ("log_softmax", _log_softmax),
    ]
