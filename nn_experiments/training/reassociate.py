"""Evaluate linear layers that follow one another in the cheaper order.

The two-layer CNN ends with FN(21632, 100) and FN(100, 10), nothing between them (Table 4.2):
logits = W2 (W1 h + b1) + b2. With a minibatch of B rows h, W2 (W1 h) takes B·100·(21632 + 10)
multiplications and (W2 W1) h takes 10·21632·(100 + B), six times fewer at B = 128. The gradients
of W1, W2 and h follow by the chain rule, with a similar saving. The network, its weights and its
gradients stay the same up to rounding.

oneDNN's convolutions are faster on a CPU with channels innermost. The features then reach
``Flatten`` in that order; the columns of W2 W1 are put into it, as W2 W1 is smaller than a
minibatch of features. A ReLU before, if it may overwrite, is computed with the product, whose
gradient then takes the features' place.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from nn_experiments.models.plain import is_plain
from nn_experiments.training.in_place import OverwritingReLU, layers_of, relu_and_linear

Forward = Callable[[Tensor], Tensor]


def composing_is_cheaper(rows: int, widths: tuple[int, ...]) -> bool:
    """Say whether to multiply a chain's matrices before the features.

    Args:
        rows: how many rows of features there are.
        widths: the layers' numbers of inputs, then the last one's number of outputs.

    """
    first, last = widths[0], widths[-1]
    one_by_one = rows * sum(a * b for a, b in pairwise(widths))
    # From the last layer on: its outputs stay the number of rows of every product.
    composing = sum(last * a * b for a, b in pairwise(widths[:-1]))
    return composing + rows * first * last < one_by_one


def reassociated(model: nn.Module) -> Forward:
    """Return a function with the model's values and gradients, up to rounding.

    It is the model itself unless that is an ``nn.Sequential`` without hooks that has consecutive
    ``nn.Linear`` layers. Parameters are shared with the model, and may be updated between calls.
    """
    if not (isinstance(model, nn.Sequential) and is_plain(model, nn.Sequential)):
        return model
    layers = tuple(layers_of(model))
    chains = [_chain(layers, k) for k in range(len(layers))]
    if max(map(len, chains), default=0) < 2:
        return model
    return _Reassociated(layers)


def _chain(layers: tuple[nn.Module, ...], start: int) -> tuple[nn.Linear, ...]:
    chain: list[nn.Linear] = []
    for layer in layers[start:]:
        if not (is_plain(layer, nn.Linear) and isinstance(layer, nn.Linear)):
            break
        chain.append(layer)
    return tuple(chain)


class _Reassociated:
    def __init__(self, layers: tuple[nn.Module, ...]) -> None:
        self._layers = layers

    def __call__(self, x: Tensor) -> Tensor:
        k = 0
        while k < len(self._layers):
            rectifies = isinstance(self._layers[k], OverwritingReLU)
            flattens = _flattens_images(self._layers[k + rectifies], x)
            chain = _chain(self._layers, k + rectifies + flattens)
            if len(chain) > 1 and composing_is_cheaper(len(x), _widths(chain)):
                x = _apply(chain, x, rectifies, flattens)
                k += rectifies + flattens + len(chain)
            else:
                x = self._layers[k](x)
                k += 1
        return x


def _flattens_images(layer: nn.Module, x: Tensor) -> bool:
    if not (isinstance(layer, nn.Flatten) and is_plain(layer, nn.Flatten)):
        return False
    return (layer.start_dim, layer.end_dim) == (1, -1) and x.ndim == 4


def _widths(chain: tuple[nn.Linear, ...]) -> tuple[int, ...]:
    return (chain[0].in_features, *(layer.out_features for layer in chain))


def _apply(chain: tuple[nn.Linear, ...], x: Tensor, rectifies: bool, flattens: bool) -> Tensor:
    weight, bias = chain[-1].weight, chain[-1].bias
    for layer in reversed(chain[:-1]):
        if layer.bias is not None:
            bias = functional.linear(layer.bias, weight, bias)
        weight = weight @ layer.weight
    if flattens and x.is_contiguous(memory_format=torch.channels_last):
        shape = x.shape[1:]
        weight = weight.view(-1, *shape).permute(0, 2, 3, 1).flatten(1)
        x = x.permute(0, 2, 3, 1)
    x = x.flatten(1) if flattens else x
    return (relu_and_linear if rectifies else functional.linear)(x, weight, bias)
