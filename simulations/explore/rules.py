"""Update rules, each an ``(init, update)`` pair, with PyTorch's conventions and defaults.

A β weighs the *old* memory, and ε is added to the square root, not under it. Where optax's update
is PyTorch's in exact arithmetic the pair is optax's. Four are written here:

- AMSGrad: PyTorch takes the maximum of the second moments before it corrects their bias, optax
  after.
- NAdam: PyTorch's momentum follows Dozat's schedule, optax's is constant.
- Adagrad: PyTorch starts its sum at 0 and adds ε outside the root, optax starts at 0.1 and adds ε
  inside.
- Adafactor: on a vector PyTorch factors nothing, weighs the newest square by t^−0.8, and bounds the
  relative step by 1/√t.

PyTorch has no signGD, Signum, Lion or Adan. Adan is written here as its authors have it: they weigh
the difference of gradients by β2, optax 0.2 by 1 − β2.

A rule first adds λw, the gradient of the ℓ2 penalty, to the gradient, as PyTorch's ``weight_decay``
does in all optimizers but AdamW and Adafactor, and then subtracts ηλw, the decoupled weight decay.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import optax

from theory.errors import UserError

Scalar: TypeAlias = float | jax.Array
# Learning rate, or the learning rate as a function of the number of updates made.
LearningRate: TypeAlias = Scalar | Callable[[jax.Array], jax.Array]


# Schedules: the factor of the learning rate after t updates


@dataclass(frozen=True)
class Constant:
    """The learning rate stays."""

    def factor(self, t: jax.Array) -> jax.Array:
        """Return 1."""
        return jnp.ones_like(_as_float(t))


@dataclass(frozen=True)
class Polynomial:
    """(1 − t/steps)^power, and 0 from ``steps`` on; PyTorch's ``PolynomialLR``."""

    steps: int
    power: float = 1.0

    def __post_init__(self) -> None:
        _check_steps(self.steps)
        _check_range("power", self.power, _POSITIVE)

    def factor(self, t: jax.Array) -> jax.Array:
        """Return the factor after ``t`` updates."""
        return optax.polynomial_schedule(1.0, 0.0, self.power, self.steps)(_as_float(t))


@dataclass(frozen=True)
class Cosine:
    """½(1 + cos(πt/steps)), and 0 from ``steps`` on; until there, ``CosineAnnealingLR``."""

    steps: int

    def __post_init__(self) -> None:
        _check_steps(self.steps)

    def factor(self, t: jax.Array) -> jax.Array:
        """Return the factor after ``t`` updates."""
        return optax.cosine_decay_schedule(1.0, self.steps)(_as_float(t))


@dataclass(frozen=True)
class InverseTime:
    """1/(1 + t/steps): half the rate after ``steps`` updates, 1/t in the long run."""

    steps: int

    def __post_init__(self) -> None:
        _check_steps(self.steps)

    def factor(self, t: jax.Array) -> jax.Array:
        """Return the factor after ``t`` updates."""
        return 1 / (1 + _as_float(t) / self.steps)


def _as_float(t: jax.Array) -> jax.Array:
    # JAX makes single-precision numbers of 32-bit integers, in double precision too.
    return jnp.asarray(t, float)


Schedule: TypeAlias = Constant | Polynomial | Cosine | InverseTime


# The pairs that optax does not have as PyTorch does


class _Moments(NamedTuple):
    t: jax.Array
    m: jax.Array
    v: jax.Array


def _no_moments(params: jax.Array) -> _Moments:
    return _Moments(jnp.zeros((), jnp.int32), jnp.zeros_like(params), jnp.zeros_like(params))


def _average(beta: Scalar, old: jax.Array, new: jax.Array) -> jax.Array:
    return beta * old + (1 - beta) * new


def _quotient(v: jax.Array, beta2: Scalar, t: jax.Array, eps: Scalar) -> jax.Array:
    """√v/√(1 − β2ᵗ) + ε."""
    return jnp.sqrt(v) / jnp.sqrt(1 - beta2**t) + eps


class _AMSGradState(NamedTuple):
    moments: _Moments
    largest: jax.Array


def _amsgrad(options: Mapping[str, Scalar], _: LearningRate) -> optax.GradientTransformation:
    """m̂/(√(max_s v(s))/√(1 − β2ᵗ) + ε)."""
    beta1, beta2, eps = (options[name] for name in ("beta1", "beta2", "eps"))

    def init(params: jax.Array) -> _AMSGradState:
        return _AMSGradState(_no_moments(params), jnp.zeros_like(params))

    def update(
        g: jax.Array, state: _AMSGradState, params: jax.Array | None = None
    ) -> tuple[jax.Array, _AMSGradState]:
        del params
        t = state.moments.t + 1
        m = _average(beta1, state.moments.m, g)
        v = _average(beta2, state.moments.v, g * g)
        largest = jnp.maximum(state.largest, v)
        direction = m / (1 - beta1**t) / _quotient(largest, beta2, t, eps)
        return direction, _AMSGradState(_Moments(t, m, v), largest)

    return optax.GradientTransformation(init, update)


class _NAdamState(NamedTuple):
    moments: _Moments
    product: jax.Array


def _nadam(options: Mapping[str, Scalar], _: LearningRate) -> optax.GradientTransformation:
    """Adam with Nesterov's momentum μ_t = β1(1 − ½0.96^{tψ}), ψ the option ``momentum_decay``."""
    beta1, beta2, eps = (options[name] for name in ("beta1", "beta2", "eps"))
    psi = options["momentum_decay"]

    def momentum(t: jax.Array) -> jax.Array:
        return beta1 * (1 - 0.5 * 0.96 ** (_as_float(t) * psi))

    def init(params: jax.Array) -> _NAdamState:
        return _NAdamState(_no_moments(params), jnp.ones((), params.dtype))

    def update(
        g: jax.Array, state: _NAdamState, params: jax.Array | None = None
    ) -> tuple[jax.Array, _NAdamState]:
        del params
        t = state.moments.t + 1
        mu, mu_next = (momentum(s).astype(g.dtype) for s in (t, t + 1))
        product = state.product * mu
        m = _average(beta1, state.moments.m, g)
        v = _average(beta2, state.moments.v, g * g)
        ahead = (1 - mu) / (1 - product) * g + mu_next / (1 - product * mu_next) * m
        state = _NAdamState(_Moments(t, m, v), product)
        return ahead / _quotient(v, beta2, t, eps), state

    return optax.GradientTransformation(init, update)


class _AdagradState(NamedTuple):
    t: jax.Array
    total: jax.Array


def _adagrad(options: Mapping[str, Scalar], _: LearningRate) -> optax.GradientTransformation:
    """g/(√(Σ g²) + ε)/(1 + (t − 1)·lr_decay)."""

    def init(params: jax.Array) -> _AdagradState:
        first = jnp.asarray(options["initial_accumulator_value"], params.dtype)
        return _AdagradState(jnp.zeros((), jnp.int32), jnp.full(params.shape, first))

    def update(
        g: jax.Array, state: _AdagradState, params: jax.Array | None = None
    ) -> tuple[jax.Array, _AdagradState]:
        del params
        total = state.total + g * g
        slower = (1 + _as_float(state.t) * options["lr_decay"]).astype(g.dtype)
        direction = g / (jnp.sqrt(total) + options["eps"]) / slower
        return direction, _AdagradState(state.t + 1, total)

    return optax.GradientTransformation(init, update)


class _AdafactorState(NamedTuple):
    t: jax.Array
    v: jax.Array


def _adafactor(
    options: Mapping[str, Scalar], learning_rate: LearningRate
) -> optax.GradientTransformation:
    """max(ε2, rms(w))·min(1, 1/(η√t))·u/max(1, rms(u)/clipping) with u = g/max(√v, ε1).

    rms is the root mean square of the d coordinates. PyTorch has min(η, 1/√t) where this, to be
    multiplied by η, has min(1, 1/(η√t)). ε1 is the machine epsilon.
    """

    def rms(x: jax.Array) -> jax.Array:
        return jnp.sqrt(jnp.mean(x * x))

    def init(params: jax.Array) -> _AdafactorState:
        return _AdafactorState(jnp.zeros((), jnp.int32), jnp.zeros_like(params))

    def update(
        g: jax.Array, state: _AdafactorState, params: jax.Array | None = None
    ) -> tuple[jax.Array, _AdafactorState]:
        if params is None:
            raise ValueError("Adafactor: expected the weights besides the gradient, got none")
        t = (state.t + 1).astype(g.dtype)
        eta = learning_rate(state.t) if callable(learning_rate) else learning_rate
        v = _average(1 - t ** options["beta2_decay"], state.v, g * g)
        u = g / jnp.maximum(jnp.sqrt(v), jnp.finfo(g.dtype).eps)
        size = jnp.maximum(options["eps2"], rms(params))
        size = size * jnp.minimum(1, 1 / (eta * jnp.sqrt(t)))
        size = size / jnp.maximum(1, rms(u) / options["clipping"])
        return size.astype(g.dtype) * u, _AdafactorState(state.t + 1, v)

    return optax.GradientTransformation(init, update)


class _AdanState(NamedTuple):
    moments: _Moments
    n: jax.Array
    before: jax.Array


def _adan(options: Mapping[str, Scalar], _: LearningRate) -> optax.GradientTransformation:
    """(m̂ + β2 v̂)/(√n̂ + ε): m of g, v of Δg = g(t) − g(t − 1), n of (g + β2 Δg)²."""
    beta1, beta2, beta3 = (options[name] for name in ("beta1", "beta2", "beta3"))

    def init(params: jax.Array) -> _AdanState:
        return _AdanState(_no_moments(params), jnp.zeros_like(params), jnp.zeros_like(params))

    def update(
        g: jax.Array, state: _AdanState, params: jax.Array | None = None
    ) -> tuple[jax.Array, _AdanState]:
        del params
        t = state.moments.t + 1
        change = jnp.where(t == 1, 0, g - state.before)
        m = _average(beta1, state.moments.m, g)
        v = _average(beta2, state.moments.v, change)
        n = _average(beta3, state.n, (g + beta2 * change) ** 2)
        ahead = m / (1 - beta1**t) + beta2 * v / (1 - beta2**t)
        direction = ahead / _quotient(n, beta3, t, options["eps"])
        return direction, _AdanState(_Moments(t, m, v), n, g)

    return optax.GradientTransformation(init, update)


# The table of rules


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
        "AMSGrad": Kind(_amsgrad, _ADAM),
        "NAdam": Kind(_nadam, MappingProxyType({**_ADAM, "momentum_decay": 0.004})),
        "RMSProp": Kind(
            lambda o, _: optax.scale_by_rms(decay=o["alpha"], eps=o["eps"], eps_in_sqrt=False),
            MappingProxyType({"alpha": 0.99, "eps": 1e-8}),
        ),
        "Adagrad": Kind(
            _adagrad,
            MappingProxyType({"lr_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10}),
        ),
        "Adafactor": Kind(
            _adafactor, MappingProxyType({"beta2_decay": -0.8, "eps2": 1e-3, "clipping": 1.0})
        ),
        "Adan": Kind(
            _adan, MappingProxyType({"beta1": 0.98, "beta2": 0.92, "beta3": 0.99, "eps": 1e-8})
        ),
    }
)


# A range of numbers, as text and as a condition.
_FRACTION: Final = ("a number from 0 to below 1", lambda x: 0 <= x < 1)
_NOT_NEGATIVE: Final = ("a finite number >= 0", lambda x: 0 <= x < math.inf)
_POSITIVE: Final = ("a finite number > 0", lambda x: 0 < x < math.inf)
_AT_LEAST_ONE: Final = ("a finite number >= 1", lambda x: 1 <= x < math.inf)
_NOT_POSITIVE: Final = ("a finite number <= 0", lambda x: -math.inf < x <= 0)
_RANGES: Final = MappingProxyType(
    {
        **dict.fromkeys(("momentum", "beta1", "beta2", "beta3", "alpha"), _FRACTION),
        **dict.fromkeys(("eps", "momentum_decay", "lr_decay"), _NOT_NEGATIVE),
        **dict.fromkeys(("initial_accumulator_value", "eps2"), _NOT_NEGATIVE),
        **{"clipping": _AT_LEAST_ONE, "beta2_decay": _NOT_POSITIVE},
    }
)


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
    kind = KINDS.get(name)
    if kind is None:
        raise UserError(f"rule: expected one of {', '.join(KINDS)}, got {name!r}")
    unknown = sorted(set(options) - set(kind.defaults))
    if unknown:
        known = ", ".join((*kind.defaults, "learning_rate", "l2_penalty", "weight_decay"))
        raise UserError(f"{name} does not use the option {', '.join(unknown)}; expected {known}")
    filled = tuple((key, options.get(key, default)) for key, default in kind.defaults.items())
    for key, value in filled:
        _check_range(f"{name}: {key}", value, _RANGES[key])
    decay = kind.weight_decay if weight_decay is None else weight_decay
    _check_range(f"{name}: learning_rate", learning_rate, _POSITIVE)
    _check_range(f"{name}: l2_penalty", l2_penalty, _NOT_NEGATIVE)
    _check_range(f"{name}: weight_decay", decay, _NOT_NEGATIVE)
    chosen = Constant() if schedule is None else schedule
    return Rule(name, learning_rate, filled, l2_penalty, decay, chosen)


def pair_of(name: str, learning_rate: Scalar) -> optax.GradientTransformation:
    """Return the ``(init, update)`` pair of the rule ``name`` with its default options.

    Neither penalty nor decay is on; the learning rate may be a traced scalar.
    """
    form = Form(name, Constant(), penalised=False, decayed=False)
    return pair(form, {**KINDS[name].defaults, "learning_rate": learning_rate})


def pair(form: Form, numbers: Mapping[str, Scalar]) -> optax.GradientTransformation:
    """Return the ``(init, update)`` pair of a rule.

    Args:
        form: the rule without its numbers.
        numbers: as :attr:`Rule.numbers`; each may be a traced scalar.

    Returns:
        ``init(w)`` and ``update(g, state, w)``, which gives the change of the weights; all of
        shape (d,).

    """
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


def _check_steps(steps: int) -> None:
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise UserError(f"steps: expected an integer >= 1, got {steps!r}")


def _check_range(name: str, value: float, allowed: tuple[str, Callable[[float], bool]]) -> None:
    text, holds = allowed
    if isinstance(value, bool) or not isinstance(value, int | float) or not holds(value):
        raise UserError(f"{name}: expected {text}, got {value!r}")
