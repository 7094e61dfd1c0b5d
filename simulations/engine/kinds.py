"""The table of update rules: what turns gradients into directions, and the options it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import optax

from simulations.engine.directions import (
    LearningRate,
    Scalar,
    adafactor,
    adagrad,
    adan,
    amsgrad,
    nadam,
)
from theory.common.settings import AT_LEAST_ONE, FRACTION, NOT_NEGATIVE, NOT_POSITIVE, Range


@dataclass(frozen=True)
class Kind:
    """What is known of an update rule before its learning rate is.

    Attributes:
        direction: from options and learning rate to the pair that turns a gradient into the
            direction that −η multiplies.
        defaults: the options, with PyTorch's values where PyTorch has the rule, else the authors'.
        commutes: whether it acts alike in space and in frequency: for orthogonal C, an update of
            Cw on gradients Cg is C times the update of w on g. That holds if a direction is a sum
            of gradients and weights with scalar coefficients that depend on neither; the ℓ2
            penalty, weight decay and schedules keep it. A sign, a square or a quotient taken
            coordinate by coordinate breaks it.
        weight_decay: decoupled weight decay where none is given.

    """

    direction: Callable[[Mapping[str, Any], LearningRate], optax.GradientTransformation]
    defaults: Mapping[str, float] = field(default_factory=dict)
    commutes: bool = False
    weight_decay: float = 0.0


def _adam(o: Mapping[str, Scalar], _: LearningRate) -> optax.GradientTransformation:
    return optax.scale_by_adam(b1=o["beta1"], b2=o["beta2"], eps=o["eps"], eps_root=0.0)


_ADAM: Final = MappingProxyType({"beta1": 0.9, "beta2": 0.999, "eps": 1e-8})
_MOMENTUM: Final = MappingProxyType({"momentum": 0.9})

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "GD": Kind(lambda o, _: optax.identity(), commutes=True),
        "momentum": Kind(lambda o, _: optax.trace(o["momentum"]), _MOMENTUM, commutes=True),
        "Nesterov": Kind(
            lambda o, _: optax.trace(o["momentum"], nesterov=True), _MOMENTUM, commutes=True
        ),
        "signGD": Kind(lambda o, _: optax.scale_by_sign()),
        # The sign of a sum of gradients is that of their average.
        "Signum": Kind(
            lambda o, _: optax.chain(optax.trace(o["momentum"]), optax.scale_by_sign()), _MOMENTUM
        ),
        "Lion": Kind(
            lambda o, _: optax.scale_by_lion(b1=o["beta1"], b2=o["beta2"]),
            MappingProxyType({"beta1": 0.9, "beta2": 0.99}),
        ),
        "Adam": Kind(_adam, _ADAM),
        "AdamW": Kind(_adam, _ADAM, weight_decay=0.01),
        "AMSGrad": Kind(amsgrad, _ADAM),
        "NAdam": Kind(nadam, MappingProxyType({**_ADAM, "momentum_decay": 0.004})),
        "RMSProp": Kind(
            lambda o, _: optax.scale_by_rms(decay=o["alpha"], eps=o["eps"], eps_in_sqrt=False),
            MappingProxyType({"alpha": 0.99, "eps": 1e-8}),
        ),
        "Adagrad": Kind(
            adagrad,
            MappingProxyType({"lr_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10}),
        ),
        "Adafactor": Kind(
            adafactor, MappingProxyType({"beta2_decay": -0.8, "eps2": 1e-3, "clipping": 1.0})
        ),
        "Adan": Kind(
            adan, MappingProxyType({"beta1": 0.98, "beta2": 0.92, "beta3": 0.99, "eps": 1e-8})
        ),
    }
)

RANGES: Final[Mapping[str, Range]] = MappingProxyType(
    {
        **dict.fromkeys(("momentum", "beta1", "beta2", "beta3", "alpha"), FRACTION),
        **dict.fromkeys(("eps", "momentum_decay", "lr_decay"), NOT_NEGATIVE),
        **dict.fromkeys(("initial_accumulator_value", "eps2"), NOT_NEGATIVE),
        **{"clipping": AT_LEAST_ONE, "beta2_decay": NOT_POSITIVE},
    }
)
"""What each option may be, whichever rule takes it."""
