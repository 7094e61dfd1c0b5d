"""Whether a module computes what its class says, so that it may be computed in another way."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module
from torch.nn.utils.parametrize import is_parametrized

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_GLOBAL_HOOKS = tuple(f"_global{hooks}" for hooks in _HOOKS)
# What a class statement leaves in a class that says nothing about what it computes, and how a
# network is made and printed.
_HARMLESS = {
    *("__init__", "__module__", "__qualname__", "__doc__", "__repr__", "extra_repr", "_get_name"),
    *("__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__"),
    *("__conditional_annotations__", "__static_attributes__", "__firstlineno__"),
    *("__parameters__", "__orig_bases__", "__type_params__"),
}
_OWN = ("torch.nn.modules.", "nn_experiments.models.")


def is_plain(module: object, kind: type[nn.Module]) -> bool:
    """Say whether a module does what its kind does: see :func:`why_not_plain`."""
    return isinstance(module, kind) and why_not_plain(module, kind) is None


def why_not_plain(module: nn.Module, kind: type[nn.Module]) -> str | None:
    """Say what may make a module of a kind compute something else; None if nothing does.

    That is a hook, of its own or of all modules; something of the class that a class derived from
    it (by hand, or by a parametrization), or the module itself, has replaced; or a weight or buffer
    of a class of its own.
    """
    if isinstance(module, torch.jit.ScriptModule):
        return "a forward that TorchScript compiled"
    if any(getattr(torch_module, hooks, None) for hooks in _GLOBAL_HOOKS):
        return "hooks registered for all modules"
    if any(getattr(module, hooks) for hooks in _HOOKS):
        return "a hook"
    if is_parametrized(module):
        return "a parametrization"
    derived = _replaced_by_class(module, kind)
    if derived:
        return f"{derived} of the class {type(module).__qualname__}"
    patched = [name for name in vars(module) if callable(getattr(type(module), name, None))]
    if patched or vars(module).get("_compiled_call_impl") is not None:
        return f"{patched[0] if patched else 'a compiled forward'} of its own"
    tensors = [*module._parameters.values(), *module._buffers.values()]
    if any(type(t) not in (Tensor, nn.Parameter, type(None)) for t in tensors):
        return "a weight of a class of its own"
    return None


def _replaced_by_class(module: nn.Module, kind: type) -> str | None:
    """Name what classes between a module's and its kind have, and may change what it computes.

    A method or a number of a new name is never asked for by the kind. A property may be, as one
    that stands in a weight's place.
    """
    tensors = {*module._parameters, *module._buffers, *module._modules}
    classes = type(module).__mro__
    for between in classes[: classes.index(kind)]:
        for name, value in vars(between).items():
            is_new = not hasattr(kind, name) and name not in tensors
            if name not in _HARMLESS and not (is_new and _is_method_or_constant(value)):
                return name
    return None


def _is_method_or_constant(value: Any) -> bool:
    return isinstance(value, (staticmethod, classmethod, FunctionType)) or not hasattr(
        type(value), "__get__"
    )


def is_known(model: nn.Module) -> bool:
    """Say whether all of a network's parts are PyTorch's or this package's own, and plain.

    Then it depends on nothing but its input and weights, and leaves its input as it is.
    """
    return all(_is_known(module) for module in model.modules())


def _is_known(module: nn.Module) -> bool:
    classes = type(module).__mro__
    kind = next(c for c in classes if f"{c.__module__}.".startswith(_OWN))
    return (
        kind is not nn.Module and is_plain(module, kind) and not getattr(module, "inplace", False)
    )
