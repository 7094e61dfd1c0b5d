"""Update rules by name: those of torch.optim, and signSGD."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from nn_experiments.specs import OptimizerSpec, Setting
from theory.common.errors import UserError

# LBFGS evaluates the loss several times a step, SparseAdam wants sparse gradients.
_OTHER_LOOPS = ("LBFGS", "SparseAdam")
# Differentiating through updates is for meta-learning, which has another loop too.
_NOT_OPTIONS = ("self", "params", "lr", "differentiable")


class SignSGD(Optimizer):
    """signSGD, w ← w − η sign(g), with sign(0) = 0: equation (4.3).

    With momentum β > 0 it is Signum: m ← β m + g, w ← w − η sign(m). (Weighting g by 1 − β would
    scale m and leave its sign.)

    Args:
        params: what to optimize.
        lr: the learning rate η > 0.
        momentum: β, from 0 to less than 1.

    Raises:
        ValueError: a number is out of range.

    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0.0) -> None:
        if not lr > 0:
            raise ValueError(f"lr: expected a number > 0, got {lr}")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum: expected a number in [0, 1), got {momentum}")
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make one step; returns what ``closure`` returns, or None without one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for w in group["params"]:
                if w.grad is not None:
                    w.sub_(self._direction(w, group["momentum"]).sign(), alpha=group["lr"])
        return loss

    def _direction(self, w: Tensor, momentum: float) -> Tensor:
        if momentum == 0:
            return w.grad
        state = self.state[w]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(w)
        return state["momentum_buffer"].mul_(momentum).add_(w.grad)


def names() -> tuple[str, ...]:
    """Return the names that :func:`build` knows."""
    found = {
        name
        for name, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, Optimizer) and value is not Optimizer
    }
    return tuple(sorted((found - set(_OTHER_LOOPS)) | {SignSGD.__name__}))


def build(spec: OptimizerSpec, parameters: Iterable[torch.nn.Parameter]) -> Optimizer:
    """Return the optimizer that a spec describes.

    What the spec does not say is PyTorch's default, except how the update is computed: in one
    kernel (``fused``) where the class has one, and so that a CUDA graph can hold it
    (``capturable``) for parameters on a GPU, unless the options exclude that. Neither changes the
    formula; both can be set in ``spec.options``.

    Raises:
        UserError: the class or an option is unknown, or a value is not what the class takes.

    """
    optimizer_class = _find(spec.name)
    parameters = list(parameters)
    options = _checked(spec, _options(optimizer_class))
    # Of the ways to compute an update the user's choice may exclude ours, as foreach does fused.
    with suppress(ValueError, TypeError, RuntimeError):
        implementation = _implementation(optimizer_class, parameters)
        return optimizer_class(parameters, lr=spec.learning_rate, **(implementation | options))
    try:
        return optimizer_class(parameters, lr=spec.learning_rate, **options)
    except (ValueError, TypeError, RuntimeError) as error:
        remedy = "Correct the options" if spec.options else "Give it other options"
        raise UserError(
            f"optimizer {spec.name} with learning_rate {spec.learning_rate} and options "
            f"{spec.options or 'none'}: {str(error).removesuffix('.')}. {remedy}, or use another "
            "optimizer for this model."
        ) from error


def can_be_captured(optimizer: Optimizer) -> bool:
    """Say whether a CUDA graph can hold the optimizer's step.

    Those with the option ``capturable`` can if it is on; SGD and SignSGD keep nothing on the host.
    """
    if isinstance(optimizer, (torch.optim.SGD, SignSGD)):
        return True
    return all(group.get("capturable", False) for group in optimizer.param_groups)


def _find(name: str) -> type[Optimizer]:
    if name == SignSGD.__name__:
        return SignSGD
    if name in names():
        return getattr(torch.optim, name)
    close = {known.lower(): known for known in names()}
    guess = difflib.get_close_matches(name.lower(), close, 1)
    hint = f" Did you mean {close[guess[0]]}?" if guess else ""
    raise UserError(f"expected an optimizer among {', '.join(names())}, got {name!r}.{hint}")


def _options(optimizer_class: type[Optimizer]) -> dict[str, Any]:
    """Return the options of a class, with their defaults."""
    signature = inspect.signature(optimizer_class.__init__)
    return {n: p.default for n, p in signature.parameters.items() if n not in _NOT_OPTIONS}


def _checked(spec: OptimizerSpec, known: dict[str, Any]) -> dict[str, Any]:
    for option in spec.options:
        if option not in known:
            raise UserError(
                f"optimizer {spec.name}: expected options among {', '.join(known)}, "
                f"got {option!r}. Correct or remove it."
            )
    return {
        option: _value(f"optimizer {spec.name}: {option}", value, known[option])
        for option, value in spec.options.items()
    }


def _value(what: str, value: Setting, default: Any) -> Any:
    """Return an option's value as the class wants it, by the kind of its default.

    PyTorch checks ranges but not kinds: it would take the text "false" for true.
    """
    if isinstance(default, tuple):
        return _numbers(what, value, len(default))
    if isinstance(default, bool):
        fits, kind = isinstance(value, bool), "true or false"
    elif isinstance(default, (int, float)):
        fits, kind = isinstance(value, (int, float)) and not isinstance(value, bool), "a number"
    else:
        return value
    if not fits:
        raise UserError(f"{what}: expected {kind}, got {value!r}. Correct it.")
    return value


def _numbers(what: str, value: Setting, n: int) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in str(value).split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != n:
        raise UserError(
            f"{what}: expected {n} numbers with commas between them, as text, got {value!r}. "
            "Correct it."
        )
    return numbers


def _implementation(
    optimizer_class: type[Optimizer], parameters: list[torch.nn.Parameter]
) -> dict[str, Any]:
    known = _options(optimizer_class)
    on_gpu = bool(parameters) and all(p.is_cuda for p in parameters)
    floats = bool(parameters) and all(p.is_floating_point() for p in parameters)
    chosen = {"fused": floats, "capturable": on_gpu}
    return {option: True for option, wanted in chosen.items() if wanted and option in known}
