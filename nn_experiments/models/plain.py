"""Whether a module computes what its class says, so that it may be computed in another way."""

from __future__ import annotations

from torch import nn

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def is_plain(module: object, kind: type[nn.Module]) -> bool:
    """Say whether a module does what its kind does: nothing overridden, no hooks."""
    return (
        isinstance(module, kind)
        and type(module).forward is kind.forward
        and type(module).__call__ is nn.Module.__call__
        and not any(getattr(module, hooks) for hooks in _HOOKS)
    )
