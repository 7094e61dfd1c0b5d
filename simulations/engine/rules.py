"""Update rules, each an ``(init, update)`` pair, with PyTorch's conventions and defaults.

A β weighs the *old* memory, and ε is added to the square root, not under it. Where optax's update
is PyTorch's in exact arithmetic the pair is optax's; the others are in
:mod:`simulations.engine.directions`. PyTorch has no signGD, Signum, Lion or Adan. In double
precision both round alike, but for NAdam: PyTorch keeps its product of momenta in its default type,
float32 unless ``torch.set_default_dtype`` says otherwise.

A rule first adds λw, the gradient of the ℓ2 penalty, to the gradient, as PyTorch's ``weight_decay``
does in all optimizers but AdamW and Adafactor, and then subtracts ηλw, the decoupled weight decay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import jax
import optax

from simulations.engine.directions import LearningRate, Scalar
from simulations.engine.kinds import KINDS, RANGES, Kind
from simulations.engine.schedules import Constant, Cosine, InverseTime, Polynomial, Schedule
from theory.common.errors import UserError
from theory.common.settings import NOT_NEGATIVE, POSITIVE, check_range

__all__ = [
    "KINDS",
    "Constant",
    "Cosine",
    "Form",
    "InverseTime",
    "Kind",
    "Pair",
    "Polynomial",
    "Rule",
    "Schedule",
    "pair",
    "pair_of",
    "update_rule",
]


Pair: TypeAlias = optax.GradientTransformation
"""``init(w)`` and ``update(g, state, w)``, of one's own or of :func:`pair`."""


class Form(NamedTuple):
    """What of a rule decides the program that is compiled for it, numbers left out.

    Attributes:
        name: the rule.
        schedule: of its learning rate.
        penalised: whether it has an ℓ2 penalty.
        decayed: whether it has decoupled weight decay.

    """

    name: str
    schedule: Schedule
    penalised: bool
    decayed: bool


@dataclass(frozen=True)
class Rule:
    """An update rule with all its numbers; build one with :func:`update_rule`.

    Attributes:
        name: one of :data:`KINDS`.
        learning_rate: η > 0, before the schedule.
        options: name and value of every option of the rule, defaults filled in.
        l2_penalty: λ ≥ 0 of the λw that is added to the gradient, that of ½λ‖w‖².
        weight_decay: λ ≥ 0 of the ηλw that is subtracted from the weights.
        schedule: of the learning rate, and so of the decoupled weight decay too.

    """

    name: str
    learning_rate: float
    options: tuple[tuple[str, float], ...]
    l2_penalty: float = 0.0
    weight_decay: float = 0.0
    schedule: Schedule = field(default_factory=Constant)

    @property
    def form(self) -> Form:
        """The rule without its numbers."""
        return Form(self.name, self.schedule, self.l2_penalty > 0, self.weight_decay > 0)

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers, by name: options, ``learning_rate``, ``l2_penalty``, ``weight_decay``."""
        return {
            **dict(self.options),
            "learning_rate": self.learning_rate,
            "l2_penalty": self.l2_penalty,
            "weight_decay": self.weight_decay,
        }

    def transformation(self) -> optax.GradientTransformation:
        """Return the rule as an ``(init, update)`` pair; ``update`` needs the weights."""
        return pair(self.form, self.numbers)


def update_rule(
    name: str,
    learning_rate: float,
    *,
    l2_penalty: float = 0.0,
    weight_decay: float | None = None,
    schedule: Schedule | None = None,
    **options: float,
) -> Rule:
    """Return the rule ``name``, checked, with defaults for the options that are left out.

    Args:
        name: one of :data:`KINDS`.
        learning_rate: η > 0.
        l2_penalty: λ ≥ 0; PyTorch's ``weight_decay`` in all but AdamW and Adafactor.
        weight_decay: decoupled weight decay ≥ 0; 0.01 for AdamW if left out, otherwise 0.
        schedule: of the learning rate; constant if left out.
        options: of the rule, named as in PyTorch; ``betas`` are ``beta1`` and ``beta2``.

    Raises:
        UserError: there is no such rule, it does not use an option, or a number is out of its
            range; the message lists what there is.

    """
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UserError(f"rule: expected one of {', '.join(KINDS)}, got {name!r}")
    unknown = sorted(set(options) - set(kind.defaults))
    if unknown:
        known = ", ".join((*kind.defaults, "learning_rate", "l2_penalty", "weight_decay"))
        raise UserError(f"{name} does not use the option {', '.join(unknown)}; expected {known}")
    filled = tuple((key, options.get(key, default)) for key, default in kind.defaults.items())
    for key, value in filled:
        check_range(f"{name}: {key}", value, RANGES[key])
    decay = kind.weight_decay if weight_decay is None else weight_decay
    check_range(f"{name}: learning_rate", learning_rate, POSITIVE)
    check_range(f"{name}: l2_penalty", l2_penalty, NOT_NEGATIVE)
    check_range(f"{name}: weight_decay", decay, NOT_NEGATIVE)
    chosen = Constant() if schedule is None else schedule
    if not isinstance(chosen, Schedule):
        raise UserError(f"{name}: schedule: expected one such as Cosine(steps=100), got {chosen!r}")
    return Rule(name, learning_rate, filled, l2_penalty, decay, chosen)


def pair_of(name: str, learning_rate: Scalar) -> optax.GradientTransformation:
    """Return the ``(init, update)`` pair of the rule ``name`` with its default options.

    Neither penalty nor decay is on; the learning rate may be a traced scalar.
    """
    form = Form(name, Constant(), penalised=False, decayed=False)
    return pair(form, {**KINDS[name].defaults, "learning_rate": learning_rate})


def pair(form: Form | Pair, numbers: Mapping[str, Scalar]) -> Pair:
    """Return the ``(init, update)`` pair of a rule.

    Args:
        form: the rule without its numbers; or a pair, which is returned as it is.
        numbers: as :attr:`Rule.numbers`; each may be a traced scalar.

    Returns:
        ``init(w)`` and ``update(g, state, w)``, which gives the change of the weights; all of
        shape (d,).

    """
    if not isinstance(form, Form):
        return form
    eta: LearningRate = numbers["learning_rate"]
    if form.schedule != Constant():
        base, factor = numbers["learning_rate"], form.schedule.factor

        def eta(t: jax.Array) -> jax.Array:
            return base * factor(t)

    steps = [KINDS[form.name].direction(numbers, eta), optax.scale_by_learning_rate(eta)]
    if form.decayed:
        steps.insert(1, optax.add_decayed_weights(numbers["weight_decay"]))
    if form.penalised:
        steps.insert(0, optax.add_decayed_weights(numbers["l2_penalty"]))
    return optax.chain(*steps)
