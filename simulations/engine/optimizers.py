"""The update rules of the comparison, each an ``(init, update)`` pair.

Adam and RMSProp are PyTorch's with its defaults, see :mod:`simulations.engine.rules`: ε = 1e-8 is
added to the square root, Adam corrects both moments for their bias, and RMSProp starts its second
moment at zero and does not.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import jax
import optax

from simulations.engine.rules import pair_of

OPTIMIZERS: Final = ("GD", "signGD", "Adam", "RMSProp")

RULES: Final[Mapping[str, Callable[[float | jax.Array], optax.GradientTransformation]]] = (
    MappingProxyType({name: partial(pair_of, name) for name in OPTIMIZERS})
)


def rule(name: str, learning_rate: float | jax.Array) -> optax.GradientTransformation:
    """Return the update rule called ``name``.

    Raises:
        ValueError: there is no such optimizer; the message lists those there are.

    """
    if name not in RULES:
        raise ValueError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}, got {name!r}")
    return RULES[name](learning_rate)
