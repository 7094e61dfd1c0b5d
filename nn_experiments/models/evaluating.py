"""Networks as they are evaluated: in evaluation mode, and given nothing that they could spoil.

A network of one's own may overwrite what it is given (``x.sub_(0.5)``). Images and points of a
search are used again, so that such a network gets a copy of them. It may also cut its logits off
from the image (``x.detach()``, an index of colours): their gradient is then told to be 0, as that
of a rounded image is. Or it computes in another precision, which losses, and points that move by
their gradients, would take over. One that is known to do none of this is taken as it is: see
:func:`~nn_experiments.models.plain.is_known`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from nn_experiments.models.plain import is_known

Forward = Callable[[Tensor], Tensor]
"""From images, shape (N, channels, height, width), to logits, shape (N, classes)."""

DISAGREEMENT = 0.01
"""The share of the largest logit by which rounding lets two evaluations of an image differ.

Two evaluations of one network on one image, in batches of different size, round differently. With
products rounded to TF32's 11 bits, each of 18 layers is off by 2⁻¹¹, and a random walk of 18 such
steps by √18 · 2⁻¹¹ = 0.2 % of the logits' size; five such deviations are no longer rounding.
"""


class _Copying:
    """A hook that gives a network a copy of its input."""

    def __call__(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        del module
        return tuple(x.clone() for x in inputs)


class _Attaching:
    """A hook that lets logits depend on the image, with gradient 0 where a network cuts it off."""

    def __call__(self, module: nn.Module, inputs: tuple[Tensor, ...], logits: Tensor) -> Tensor:
        del module
        return _attached(logits, inputs[0])


def _attached(logits: Tensor, x: Tensor) -> Tensor:
    """Return the logits in the precision of ``x``, which autograd knows to come from ``x``."""
    logits = logits.to(x.dtype)
    if not torch.is_grad_enabled():
        return logits
    value = x.flatten(1)[:, :1].to(logits.dtype)
    # Chosen nowhere: adds 0 to values and gradients, also where the value is not finite.
    return logits + value.where(torch.zeros_like(value, dtype=torch.bool), 0)


def frozen(model: nn.Module) -> nn.Module:
    """Return a copy in evaluation mode whose weights ask for no gradient, and that spares inputs.

    Args:
        model: maps images to logits; left as it is.

    """
    found = copy.deepcopy(model).eval().requires_grad_(False)
    copies = any(isinstance(hook, _Copying) for hook in found._forward_pre_hooks.values())
    if not copies and not is_known(found):
        # Before its own hooks, which may spoil the input too.
        found.register_forward_pre_hook(_Copying(), prepend=True)
        found.register_forward_hook(_Attaching())
    return found


@contextmanager
def evaluating(model: nn.Module) -> Iterator[Forward]:
    """Give a function that evaluates a network and spares its inputs.

    The network, and each part of it, is in evaluation mode meanwhile; afterwards it is as before.
    """
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield model if is_known(model) else lambda x: _attached(model(x.clone()), x)
    finally:
        for module in training:
            module.training = True
