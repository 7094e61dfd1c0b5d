"""The update rules of the comparison, each an ``(init, update)`` pair of optax.

Adam and RMSProp are PyTorch's with its defaults: ε = 1e-8 is added to the square root, Adam
corrects both moments for their bias, and RMSProp starts its second moment at zero and does not.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import jax
import optax

RULES: Final[Mapping[str, Callable[[float | jax.Array], optax.GradientTransformation]]] = (
    MappingProxyType(
        {
            "GD": optax.sgd,
            "signGD": optax.sign_sgd,
            "Adam": partial(optax.adam, b1=0.9, b2=0.999, eps=1e-8, eps_root=0.0),
            "RMSProp": partial(optax.rmsprop, decay=0.99, eps=1e-8, eps_in_sqrt=False),
        }
    )
)

OPTIMIZERS: Final = tuple(RULES)


def rule(name: str, learning_rate: float | jax.Array) -> optax.GradientTransformation:
    """Return the update rule called ``name``.

    Raises:
        ValueError: there is no such optimizer; the message lists those there are.

    """
    if name not in RULES:
        raise ValueError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}, got {name!r}")
    return RULES[name](learning_rate)
