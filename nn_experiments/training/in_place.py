"""Let a ReLU between two linear layers overwrite its input, and its gradient overwrite its output.

A convolution or linear layer y = W x + b has the gradients gᵀx and Wᵀg: its output y is in neither,
so a ReLU after it may put z = max(y, 0) into y's place. The next layer's gradients need z; they are
computed before the ReLU's own, g · [z > 0], which needs z last and may be put into z's place. So a
layer's activations are in memory twice at most, as z and as its gradient, where torch's ReLU has
them three times, with its two gradients. If the next layer is a linear one, once is enough on a
CPU: Wᵀg is computed for a few images at a time, which stays in the caches, and what is left of it
where z > 0 is put into their z's place. All values are the same, bit for bit: each is the same sum,
which the libraries were found to take in the same order for fewer images.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from nn_experiments.models.plain import is_plain

# Measured with the 21,632 features of the two-layer CNN: 16 rows of gradients take 1.4 MB.
_ROWS = 16


def in_place(model: nn.Module) -> nn.Module:
    """Return a network with the model's values and gradients, the same bits, in less memory.

    It is the model itself unless that is a plain ``nn.Sequential`` in which a ReLU follows a
    convolution or linear layer and feeds another one, be it through ``nn.Flatten``. Its layers but
    those ReLUs are the model's own. Its output can be differentiated once.
    """
    if not (isinstance(model, nn.Sequential) and is_plain(model, nn.Sequential)):
        return model
    layers = list(layers_of(model))
    overwritable = [k for k in range(len(layers)) if _may_overwrite(layers, k)]
    for k in overwritable:
        layers[k] = OverwritingReLU()
    return nn.Sequential(*layers) if overwritable else model


def layers_of(model: nn.Sequential) -> Iterator[nn.Module]:
    """Yield the layers in the order in which they run, those of plain ``nn.Sequential``s within."""
    # Not children(), which leaves out a layer's second use.
    for layer in model:
        if isinstance(layer, nn.Sequential) and is_plain(layer, nn.Sequential):
            yield from layers_of(layer)
        else:
            yield layer


def relu_and_linear(y: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return max(y, 0) Wᵀ + b, and overwrite y by max(y, 0), and that by its gradient.

    Args:
        y: shape (N, inputs): a layer's output, or a view of it, that nothing else needs.
        weight: W, shape (outputs, inputs).
        bias: b, shape (outputs,).

    Returns:
        shape (N, outputs), which can be differentiated once.

    """
    kinds = {tensor.dtype for tensor in (y, weight, bias) if tensor is not None}
    if y.requires_grad and y.is_contiguous() and y.ndim == 2 and len(kinds) == 1:
        return _OverwritingReLUAndLinear.apply(y, weight, bias)
    return functional.linear(y.relu(), weight, bias)


def _may_overwrite(layers: list[nn.Module], k: int) -> bool:
    """Say whether layer k is a ReLU whose input and output no one but its neighbours sees."""
    if not is_plain(layers[k], nn.ReLU) or k == 0 or not _is_linear(layers[k - 1]):
        return False
    after = layers[k + 1 :]
    while after and is_plain(after[0], nn.Flatten):
        after = after[1:]
    return bool(after) and _is_linear(after[0])


def _is_linear(layer: nn.Module) -> bool:
    # Derived and parametrised layers are of other classes, and may keep what they return.
    return type(layer) in (nn.Conv2d, nn.Linear) and is_plain(layer, type(layer))


class OverwritingReLU(nn.Module):
    """A ReLU that overwrites its input, and its output by the gradient of its input."""

    def forward(self, x: Tensor) -> Tensor:
        """Return max(x, 0), of any shape, in the place of x."""
        return _Overwriting.apply(x) if x.requires_grad else x.relu_()


class _Overwriting(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.mark_dirty(x)
        ctx.save_for_backward(x.relu_())
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (output,) = ctx.saved_tensors
        if gradient.stride() != output.stride():
            # In another layout the next layers' sums could be taken in another order.
            return torch.ops.aten.threshold_backward(gradient, output, 0)
        return _rectify(gradient, output)


class _OverwritingReLUAndLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        # Not marked as dirty: as y is a view, autograd would copy its gradient; nobody reads y.
        z = y.relu_()
        ctx.save_for_backward(z, weight)
        return functional.linear(z, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        z, weight = ctx.saved_tensors
        of_weight = gradient.t() @ z if ctx.needs_input_grad[1] else None
        of_bias = gradient.sum(0) if ctx.needs_input_grad[2] else None
        rows = _ROWS if z.device.type == "cpu" else len(z)
        for part, above in zip(z.split(rows), gradient.split(rows), strict=True):
            _rectify(above @ weight, part)
        return z, of_weight, of_bias


def _rectify(gradient: Tensor, z: Tensor) -> Tensor:
    """Put the gradient, where z > 0, and else 0 into z's place; return that."""
    return torch.ops.aten.threshold_backward.grad_input(gradient, z, 0, grad_input=z)
