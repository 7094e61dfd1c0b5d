"""Several networks that share out a batch of images among them: logits and gradients."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from nn_experiments.models.evaluating import frozen
from nn_experiments.models.plain import is_plain
from theory.common.errors import UserError

LossOf = Callable[[Tensor, Tensor], Tensor]
"""From logits, shape (B, classes), and the rows that they belong to, shape (B,), to losses (B,)."""


def halved(batch: int) -> int:
    """Return the batch size to try after ``batch`` images did not fit into memory.

    Raises:
        UserError: not even one image did.

    """
    if batch <= 1:
        raise UserError(
            "expected the device's memory to hold the attack of one image, got out of memory. "
            "Free memory on the device, choose another device, or take a smaller network."
        )
    return batch // 2


def folded(model: nn.Module) -> nn.Module:
    """Return a frozen copy in which linear layers that follow one another are multiplied out.

    W2 (W1 h + b1) + b2 = (W2 W1) h + (W2 b1 + b2), the same map up to rounding; the products are
    computed in float64. Only plain ``nn.Linear`` layers in a plain ``nn.Sequential`` are, and only
    if the product is not larger than they are.
    """
    return _fold(frozen(model))


def _fold(model: nn.Module) -> nn.Module:
    # Not named_children(), which leaves out a module's second use.
    for name, child in list(model._modules.items()):
        if child is not None:
            setattr(model, name, _fold(child))
    if not is_plain(model, nn.Sequential):
        return model
    layers: list[nn.Module] = []
    for layer in model:
        before = layers[-1] if layers else None
        if _foldable(before) and _foldable(layer) and _is_smaller(before, layer):
            layers[-1] = _product(before, layer)
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


def _foldable(layer: object) -> bool:
    # Parametrised layers are of another class, and their weight is no plain parameter.
    return type(layer) is nn.Linear and is_plain(layer, nn.Linear)


def _is_smaller(first: nn.Linear, second: nn.Linear) -> bool:
    product = first.in_features * second.out_features
    return product <= first.weight.numel() + second.weight.numel()


def _product(first: nn.Linear, second: nn.Linear) -> nn.Linear:
    weight = second.weight.double() @ first.weight.double()
    bias = torch.zeros(len(weight), dtype=torch.float64, device=weight.device)
    if first.bias is not None:
        bias += second.weight.double() @ first.bias.double()
    if second.bias is not None:
        bias += second.bias.double()
    product = nn.Linear(first.in_features, second.out_features, device="meta")
    product.weight = nn.Parameter(weight.to(first.weight.dtype), requires_grad=False)
    product.bias = nn.Parameter(bias.to(first.weight.dtype), requires_grad=False)
    return product.eval()


class Networks:
    """Networks, of which each point of a batch has one.

    Attributes:
        stacked: whether all are evaluated in one call of :func:`torch.vmap`, which wants networks
            of one architecture, instead of one after another.

    """

    def __init__(self, models: Sequence[nn.Module], stacked: bool) -> None:
        """Take networks that are :func:`frozen`, and :func:`alike` if they are stacked."""
        self.stacked = stacked
        self._models = list(models)
        if stacked:
            self._parameters, self._buffers = stack_module_state(self._models)
            self._skeleton = copy.deepcopy(self._models[0]).to("meta")

    def logits(self, x: Tensor, owner: Tensor, batch: int) -> Tensor:
        """Return each point's logits, without gradients; arguments as in :meth:`gradients`."""
        found: list[tuple[Tensor, Tensor]] = []
        with torch.no_grad():
            for rows in self._parts(owner, batch):
                found.append((rows, self._forward(x[rows], owner[rows])))
        return _in_order(found)

    def gradients(
        self, x: Tensor, owner: Tensor, loss_of: LossOf, batch: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return each point's logits and loss, and the loss's gradient by the point.

        Args:
            x: shape (B, channels, height, width).
            owner: shape (B,), int64, ascending: whose network each point has.
            loss_of: from logits to losses.
            batch: how many points go through the networks at a time.

        Returns:
            Shapes (B, classes), (B,) and that of ``x``.

        """
        logits, losses, gradients = [], [], []
        for rows in self._parts(owner, batch):
            points = x[rows].detach().requires_grad_()
            with torch.enable_grad():
                outputs = self._forward(points, owner[rows])
                loss = loss_of(outputs, rows)
                (gradient,) = torch.autograd.grad(loss.sum(), points)
            logits.append((rows, outputs.detach()))
            losses.append((rows, loss.detach()))
            gradients.append((rows, gradient))
        return _in_order(logits), _in_order(losses), _in_order(gradients)

    def _parts(self, owner: Tensor, batch: int) -> Iterator[Tensor]:
        """Split rows into batches: of one network each, or of as many of each if stacked."""
        counts = torch.bincount(owner, minlength=len(self._models)).tolist()
        of_each = torch.arange(len(owner), device=owner.device).split(counts)
        if not self.stacked:
            for rows in of_each:
                if len(rows):
                    yield from rows.split(batch)
            return
        share = max(1, batch // len(self._models))
        for slices in zip_longest(*(rows.split(share) for rows in of_each if len(rows))):
            yield torch.cat([rows for rows in slices if rows is not None])

    def _forward(self, x: Tensor, owner: Tensor) -> Tensor:
        if not self.stacked:
            return self._models[int(owner[0])](x)
        counts = torch.bincount(owner, minlength=len(self._models))
        place = torch.arange(len(owner), device=owner.device) - (counts.cumsum(0) - counts)[owner]
        # Networks with fewer points than others get the first point again.
        table = torch.zeros(len(counts), int(counts.max()), dtype=torch.int64, device=x.device)
        table[owner, place] = torch.arange(len(owner), device=x.device)

        def one(parameters: dict, buffers: dict, points: Tensor) -> Tensor:
            return functional_call(self._skeleton, (parameters, buffers), (points,))

        return torch.vmap(one)(self._parameters, self._buffers, x[table])[owner, place]


def alike(models: Sequence[nn.Module]) -> bool:
    """Say whether networks are of one architecture, so that they can be stacked."""

    def kind(model: nn.Module) -> tuple[object, ...]:
        sizes = [(name, value.shape, value.dtype) for name, value in model.state_dict().items()]
        return type(model), repr(model), sizes

    return all(kind(model) == kind(models[0]) for model in models)


def _in_order(found: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Return rows of values in the order of the numbers that came with them."""
    rows = torch.cat([rows for rows, _ in found])
    return torch.cat([values for _, values in found])[rows.argsort()]
