"""What a network's forward does to an image, recorded while it runs on two of them.

In place of images the network gets objects that stand for values of the forward. A layer or an
operation of which a bound is known makes another such object; every other one is refused by name,
as is whatever would let the forward depend on what the values are. So what is recorded is all that
happens to an image, whoever wrote the forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module
from torch.overrides import resolve_name

from nn_experiments.lipschitz import operations
from nn_experiments.lipschitz.layers import (
    KINDS,
    REMEDY,
    SUPPORTED,
    refusal,
    require_plain,
    step_of,
    title,
)
from nn_experiments.lipschitz.report import Join
from nn_experiments.lipschitz.steps import Split, Step
from theory.common.errors import UserError, told

_MOST = 10_000  # steps, those in a branch of a branch of … counted for each way that leads to them
_IMAGES = 2
_ROUNDING = 1e-4
"""By which logits may differ that were computed in the same way, relative to the largest."""
_READ = {
    *("shape", "ndim", "dtype", "device", "layout", "is_cuda", "requires_grad"),
    *("size", "dim", "numel", "nelement", "is_floating_point", "is_contiguous", "stride"),
}
"""What a forward may ask of a value: nothing that depends on the image."""
_OPERATORS = [
    *("add", "radd", "iadd", "sub", "rsub", "isub", "mul", "rmul", "imul", "truediv", "rtruediv"),
    *("itruediv", "floordiv", "mod", "pow", "rpow", "matmul", "rmatmul", "neg", "abs", "getitem"),
    *("setitem", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "xor", "invert", "bool", "float"),
    *("int", "index", "contains", "array"),
]


class Value:
    """A value in the forward: a batch of two, and how it came from earlier ones."""

    def __init__(
        self,
        record: _Record,
        tensor: Tensor,
        sources: Sequence[Value] = (),
        step: Step | None = None,
        join: Join = "sum",
    ) -> None:
        self._record, self._tensor, self._version = record, tensor, tensor._version
        self._sources, self._step, self._join = tuple(sources), step, join
        # The last value that every way from the image to this one passes.
        self._above = _common(self._sources) if sources else self
        self._depth: int = self._above._depth + 1 if sources else 0

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Value:
        """Record what PyTorch's functions do to a value."""
        del types
        value = next(a for a in operations.traced_in((args, kwargs)) if isinstance(a, cls))
        return value._record.call(function, args, kwargs or {})

    @property
    def tensor(self) -> Tensor:
        """What it is for two images."""
        return self._tensor

    def __getattr__(self, name: str) -> Any:
        """Return a method that is recorded, or what does not depend on the image."""
        if name in _READ:
            return getattr(self._tensor, name)
        found = getattr(Tensor, name)
        if callable(found):
            return lambda *args, **kwargs: self._record.call(found, (self, *args), kwargs)
        raise self._record.refusal(f"the attribute {name}")

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._tensor)

    def __iter__(self) -> Iterator[Value]:
        """Refuse to give images one by one."""
        raise self._record.refusal("a loop over images")


def _recorded(name: str) -> Callable[..., Value]:
    def method(self: Value, *args: Any) -> Value:
        return self._record.call(getattr(Tensor, name), (self, *args), {})

    return method


for _name in _OPERATORS:
    setattr(Value, f"__{_name}__", _recorded(f"__{_name}__"))


def _common(values: Sequence[Value]) -> Value:
    """Return the last value that every way from the image to any of these passes."""
    found = values[0]
    for value in values[1:]:
        other = value
        while found is not other:
            if found._depth >= other._depth:
                found, other = other, found
            other = other._above
    return found


class _Record:
    """Where in the model a forward is, and what it may do."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.names = {module: name for name, module in model.named_modules()}
        self.rules = operations.rules()
        self.running: list[tuple[nn.Module, Value | None]] = []
        self._taken = set(self.names.values())

    def call(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Value:
        """Do an operation, and return the value that it makes."""
        name = (resolve_name(function) or str(function)).removeprefix("torch.")
        rule = self.rules.get(function)
        if rule is None:
            raise self.refusal(f"the operation {name}")
        for value in operations.traced_in((args, kwargs)):
            assert isinstance(value, Value)
            self.require_kept(value)
        constants = [a for a in _flat((args, kwargs)) if isinstance(a, Tensor)]
        versions = [constant._version for constant in constants]
        tensor = self.checked(name, function(*_plain(args), **_plain(kwargs)))
        if versions != [constant._version for constant in constants]:
            raise self.refusal(f"the operation {name} that overwrites a weight")
        operation = operations.Operation(
            self._unused(name.rpartition(".")[2]),
            tuple(tensor.shape[1:]),
            lambda got: self.refusal(f"the operation {name} with {got}"),
        )
        try:
            made = rule(operation, *args, **kwargs)
        except TypeError as error:
            raise self.refusal(f"the operation {name} with other arguments ({error})") from error
        sources = [value for value in made.sources if isinstance(value, Value)]
        return Value(self, tensor, sources, made.step, made.join)

    def enter(self, module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Give a layer that is known the images themselves: a hook before a forward."""
        value = args[0] if len(args) == 1 and isinstance(args[0], Value) else None
        self.running.append((module, value))
        if value is None or not self._is_layer(module):
            return None
        self.require_kept(value)
        return (value.tensor,)

    def leave(self, module: nn.Module, args: object, output: Any) -> Value | None:
        """Make a value of what such a layer made: a hook after a forward."""
        while self.running[-1][0] is not module:
            self.running.pop()  # one that failed, of which its caller took no notice
        _, value = self.running[-1]
        made = None
        if value is not None and self._is_layer(module):
            name = self.names[module]
            tensor = self.checked(name, output)
            step = step_of(module, name, value.tensor, tuple(tensor.shape[1:]))
            made = Value(self, tensor, [value], step)
        self.running.pop()
        return made

    def _is_layer(self, module: nn.Module) -> bool:
        return module in self.names and isinstance(module, KINDS)

    def checked(self, name: str, output: Any) -> Tensor:
        """Check that an operation makes of two images a tensor with an entry for each."""
        if (
            isinstance(output, Tensor)
            and output.is_floating_point()
            and output.ndim > 1
            and len(output) == _IMAGES
        ):
            return output
        raise self.refusal(
            f"{name}, which makes of {_IMAGES} images something else than of each one"
        )

    def require_kept(self, value: Value) -> None:
        if value.tensor._version != value._version:
            raise self.refusal("a value that was overwritten in place and is used again")

    def _unused(self, name: str) -> str:
        scope = self.names.get(self.running[-1][0], "")
        stem = f"{scope}.{name}()" if scope else f"{name}()"
        found, numbers = stem, count(2)
        while found in self._taken:
            found = f"{stem} {next(numbers)}"
        self._taken.add(found)
        return found

    def refusal(self, got: str) -> UserError:
        """Return the error that no bound is known of what happens in the part that is running."""
        module = self.running[-1][0] if self.running else self.model
        name = self.names.get(module, "")
        if type(module).__module__.startswith("torch.nn.") and not any(module.children()):
            return refusal(module, name, f"one of {SUPPORTED}")
        return refusal(module, name, f"a forward of {operations.SUPPORTED}", got)


def _flat(arguments: Any) -> Iterator[Any]:
    if isinstance(arguments, dict):
        arguments = list(arguments.values())
    if isinstance(arguments, (list, tuple)):
        for argument in arguments:
            yield from _flat(argument)
    else:
        yield arguments


def _plain(arguments: Any) -> Any:
    """Return arguments with tensors in place of values."""
    if isinstance(arguments, Value):
        return arguments.tensor
    if isinstance(arguments, dict):
        return {name: _plain(argument) for name, argument in arguments.items()}
    if type(arguments) in (list, tuple):
        return type(arguments)(map(_plain, arguments))
    return arguments


def steps_of(model: nn.Module, shape: tuple[int, ...]) -> list[Step]:
    """Return what a network's forward does to an image, in evaluation.

    Args:
        model: maps (N, *shape) to (N, classes); it is left as it is.
        shape: of one image.

    Raises:
        UserError: a part of the model has hooks or does something else than its class says; the
            forward has a layer or an operation of which no bound is known, depends on what values
            are, or does not accept the images; weights are not finite.

    """
    for name, module in model.named_modules():
        require_plain(module, name)
    like = next(model.parameters(), torch.empty(0))
    images = torch.rand(_IMAGES, *shape, generator=torch.Generator().manual_seed(0)).to(like)
    with _in_evaluation(model), torch.no_grad():
        image, logits = _run(model, images.clone())
        expected = model(images.clone())
    if isinstance(expected, Tensor) and not torch.isfinite(expected).all():
        raise UserError(
            f"{title(model, '')}: expected finite logits of a random image, got infinities or NaN; "
            "no Lipschitz bound exists. Look at the weights and constants of the network."
        )
    if not isinstance(logits, Value) or not torch.allclose(
        logits.tensor, expected, rtol=_ROUNDING, atol=_ROUNDING * float(expected.abs().max())
    ):
        raise refusal(model, "", "logits that its forward makes of the image", "something else")
    return _Paths().between(image, logits)


def _run(model: nn.Module, images: Tensor) -> tuple[Value, Any]:
    """Return a value that stands for the images, and what the forward makes of it."""
    record = _Record(model)
    image = Value(record, images)
    try:
        with _hooked(record):
            logits = model(image)
        if isinstance(logits, Value):
            record.require_kept(logits)
        return image, logits
    except UserError:
        raise
    except Exception as error:
        module, value = record.running[-1] if record.running else (model, image)
        shape = tuple((image if value is None else value).tensor.shape[1:])
        raise UserError(
            f"{title(module, record.names.get(module, ''))}: expected it to accept images of shape "
            f"{shape}, got {told(error)}."
        ) from error


@contextmanager
def _hooked(record: _Record) -> Iterator[None]:
    before = torch_module.register_module_forward_pre_hook(record.enter)
    after = torch_module.register_module_forward_hook(record.leave)
    try:
        yield
    finally:
        before.remove()
        after.remove()


@contextmanager
def _in_evaluation(model: nn.Module) -> Iterator[None]:
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


class _Paths:
    """Lists steps between values, as branches where several ways lead from the one to the other."""

    def __init__(self) -> None:
        self._number = 0

    def between(self, first: Value, last: Value) -> list[Step]:
        """Return the steps from a value to a later one, to which all ways lead through it."""
        found: list[Step] = []
        while last is not first:
            if len(last._sources) == 1:
                self._count()
                if last._step is not None:
                    found.append(last._step)
            else:
                branches = [self.between(last._above, source) for source in last._sources]
                found.append(Split(last._join, sorted(branches, key=len)))
            last = last._above
        return found[::-1]

    def _count(self) -> None:
        self._number += 1
        if self._number > _MOST:
            raise UserError(
                f"Lipschitz bounds: expected a forward of at most {_MOST:,} steps, those in "
                f"branches of branches counted once for each way to them, got more. {REMEDY}"
            )
