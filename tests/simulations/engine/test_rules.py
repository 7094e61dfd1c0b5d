import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulations.engine.rules import (
    KINDS,
    Constant,
    Cosine,
    InverseTime,
    Polynomial,
    pair,
    update_rule,
)
from theory.common.errors import UserError

torch = pytest.importorskip("torch", reason="torch: make test")
pytestmark = pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*:UserWarning")

ETA = 0.01
STEPS = 120
START = np.linspace(-1, 1, 5)
UNIT_ROUNDOFF = 2.0**-53


@pytest.fixture(autouse=True)
def _double_precision():
    """PyTorch keeps NAdam's product of momenta in its default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def gradients():
    """Gradients of very different size, so that an ε matters for some; shape (STEPS, 5)."""
    rng = np.random.default_rng(7)
    values = rng.normal(size=(STEPS, 5)) * np.array([1e3, 1.0, 1e-4, 1e-8, 1e-10])
    values[::7, 1] = 0
    return values


def path_along(transformation, start, given):
    def step(carry, gradient):
        weights, state = carry
        change, state = transformation.update(gradient, state, weights)
        weights = weights + change
        return (weights, state), weights

    return jax.lax.scan(step, (start, transformation.init(start)), given)[1]


def path_of(transformation):
    """Weights after each step, shape (STEPS, 5)."""
    path = jax.jit(lambda start, given: path_along(transformation, start, given))
    return np.array(path(START, gradients()))


def path_of_torch(make, schedule=None):
    weights = torch.tensor(START, requires_grad=True)
    optimizer = make([weights])
    scheduler = schedule and schedule(optimizer)
    path = []
    for gradient in gradients():
        weights.grad = torch.tensor(gradient)
        optimizer.step()
        if scheduler:
            scheduler.step()
        path.append(weights.detach().numpy().copy())
    return np.array(path)


def tolerance(path):
    """Bound on how far two correct implementations drift apart, shape (STEPS, 5).

    An average of squares with weight β₂ ≤ 0.999 gathers at most 3u in each of the last 1/(1 − β₂)
    = 1000 steps, a bias correction 1 − β₂ᵗ amplifies the rounding of the power at most 1000 times,
    and a schedule that is a product of t factors is off by 3tu. With an ℓ2 penalty the gradient is
    rounded again, and moves with the weights: both are a few u of the largest gradient, to which an
    adaptive update is relative. So two updates differ by at most 2 · 5000u of the longest one, and
    adding them to the weights rounds by u|w| each.
    """
    longest = np.abs(np.diff(path, axis=0, prepend=START[None])).max(axis=0)
    size = np.abs(path).max(axis=0)
    return np.arange(1, STEPS + 1)[:, None] * (10_000 * longest + 2 * size) * UNIT_ROUNDOFF


def agree(ours, reference):
    return (np.abs(ours - reference) <= tolerance(reference)).all()


optim = torch.optim
sched = torch.optim.lr_scheduler
L2, DECAY = 0.03, 0.05


def sgd(**options):
    return lambda w: optim.SGD(w, lr=ETA, **options)


class SignSGD(optim.SGD):
    """SGD on the signs of the gradients."""

    def step(self, closure=None):
        for weights in self.param_groups[0]["params"]:
            weights.grad = weights.grad.sign()
        return super().step(closure)


# Our rule, and PyTorch's optimizer.
PAIRS = {
    "GD": (update_rule("GD", ETA), sgd()),
    "GD l2": (update_rule("GD", ETA, l2_penalty=L2), sgd(weight_decay=L2)),
    "momentum": (update_rule("momentum", ETA), sgd(momentum=0.9)),
    "momentum l2": (
        update_rule("momentum", ETA, momentum=0.5, l2_penalty=L2),
        sgd(momentum=0.5, weight_decay=L2),
    ),
    "Nesterov": (update_rule("Nesterov", ETA), sgd(momentum=0.9, nesterov=True)),
    "signGD": (update_rule("signGD", ETA), lambda w: SignSGD(w, lr=ETA)),
    "Adam": (update_rule("Adam", ETA), lambda w: optim.Adam(w, lr=ETA)),
    "Adam l2": (
        update_rule("Adam", ETA, beta1=0.8, beta2=0.95, eps=1e-4, l2_penalty=L2),
        lambda w: optim.Adam(w, lr=ETA, betas=(0.8, 0.95), eps=1e-4, weight_decay=L2),
    ),
    "AdamW": (update_rule("AdamW", ETA), lambda w: optim.AdamW(w, lr=ETA)),
    "AdamW decay": (
        update_rule("AdamW", ETA, weight_decay=DECAY),
        lambda w: optim.AdamW(w, lr=ETA, weight_decay=DECAY),
    ),
    "AMSGrad": (update_rule("AMSGrad", ETA), lambda w: optim.Adam(w, lr=ETA, amsgrad=True)),
    "AMSGrad l2": (
        update_rule("AMSGrad", ETA, beta2=0.9, l2_penalty=L2),
        lambda w: optim.Adam(w, lr=ETA, betas=(0.9, 0.9), weight_decay=L2, amsgrad=True),
    ),
    "NAdam": (update_rule("NAdam", ETA), lambda w: optim.NAdam(w, lr=ETA)),
    "NAdam decay": (
        update_rule("NAdam", ETA, momentum_decay=0.1, weight_decay=DECAY),
        lambda w: optim.NAdam(
            w, lr=ETA, momentum_decay=0.1, weight_decay=DECAY, decoupled_weight_decay=True
        ),
    ),
    "RMSProp": (update_rule("RMSProp", ETA), lambda w: optim.RMSprop(w, lr=ETA)),
    "RMSProp l2": (
        update_rule("RMSProp", ETA, alpha=0.9, l2_penalty=L2),
        lambda w: optim.RMSprop(w, lr=ETA, alpha=0.9, weight_decay=L2),
    ),
    "Adagrad": (update_rule("Adagrad", ETA), lambda w: optim.Adagrad(w, lr=ETA)),
    "Adagrad options": (
        update_rule(
            "Adagrad", ETA, lr_decay=0.1, initial_accumulator_value=0.5, eps=1e-3, l2_penalty=L2
        ),
        lambda w: optim.Adagrad(
            w, lr=ETA, lr_decay=0.1, initial_accumulator_value=0.5, eps=1e-3, weight_decay=L2
        ),
    ),
    "Adafactor": (update_rule("Adafactor", ETA), lambda w: optim.Adafactor(w, lr=ETA)),
    "Adafactor options": (
        update_rule("Adafactor", 0.2, beta2_decay=-0.5, eps2=0.9, clipping=1.2, weight_decay=DECAY),
        lambda w: optim.Adafactor(
            w, lr=0.2, beta2_decay=-0.5, eps=(None, 0.9), d=1.2, weight_decay=DECAY
        ),
    ),
}


@pytest.mark.parametrize("case", PAIRS)
def test_step_by_step_like_torch(case):
    rule, make = PAIRS[case]
    assert agree(path_of(rule.transformation()), path_of_torch(make))


# Rules as optax has them where it departs from PyTorch, and other near misses.
WRONG = {
    "GD": optax.sgd(ETA, momentum=0.001),
    "GD l2": update_rule("GD", ETA, l2_penalty=L2 + 1e-9).transformation(),
    "momentum": optax.chain(optax.ema(0.9, debias=False), optax.scale(-ETA)),
    "Nesterov": optax.sgd(ETA, momentum=0.9),
    "signGD": optax.sgd(ETA),
    "Adam": optax.adam(ETA, eps=0, eps_root=1e-16),
    "Adam l2": update_rule(
        "Adam", ETA, beta1=0.8, beta2=0.95, eps=1e-4, weight_decay=L2
    ).transformation(),
    "AdamW": optax.adamw(ETA),
    "AMSGrad": optax.amsgrad(ETA),
    "AMSGrad l2": update_rule("AMSGrad", ETA, beta2=0.9).transformation(),
    "NAdam": optax.nadam(ETA),
    "RMSProp": optax.rmsprop(ETA, decay=0.99, eps_in_sqrt=True),
    "Adagrad": optax.adagrad(ETA, initial_accumulator_value=0.0, eps=1e-10),
    "Adagrad options": update_rule("Adagrad", ETA, lr_decay=0.1, eps=1e-3).transformation(),
    "Adafactor": optax.adafactor(ETA),
    "Adafactor options": update_rule(
        "Adafactor", 0.2, beta2_decay=-0.5, eps2=0.9, weight_decay=DECAY
    ).transformation(),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_rules_are_told_apart(case):
    assert not agree(path_of(WRONG[case]), path_of_torch(PAIRS[case][1]))


# Schedules

SCHEDULES = {
    "polynomial": (Polynomial(90, 2.0), lambda o: sched.PolynomialLR(o, 90, power=2.0)),
    "cosine": (Cosine(STEPS), lambda o: sched.CosineAnnealingLR(o, STEPS)),
    "inverse time": (InverseTime(9), lambda o: sched.LambdaLR(o, lambda t: 1 / (1 + t / 9))),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("optimizer", ["momentum", "AdamW", "Adafactor"])
def test_schedules_like_torch(name, optimizer):
    schedule, reference = SCHEDULES[name]
    rate = 0.3 if optimizer == "Adafactor" else ETA
    make = {
        "momentum": sgd(momentum=0.9),
        "AdamW": lambda w: optim.AdamW(w, lr=rate),
        "Adafactor": lambda w: optim.Adafactor(w, lr=rate),
    }[optimizer]
    rule = update_rule(optimizer, rate, schedule=schedule)
    assert agree(path_of(rule.transformation()), path_of_torch(make, reference))


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_a_step_late_is_told_apart(name):
    schedule, reference = SCHEDULES[name]
    late = optax.sgd(lambda t: ETA * schedule.factor(jnp.maximum(t - 1, 0)))
    assert not agree(path_of(late), path_of_torch(sgd(), reference))


@pytest.mark.parametrize("schedule", [Constant(), *(s for s, _ in SCHEDULES.values())])
def test_schedules_begin_at_one_and_those_that_end_end_at_zero(schedule):
    factor = [float(schedule.factor(jnp.asarray(t))) for t in (0, STEPS)]
    ends = isinstance(schedule, Polynomial | Cosine)
    assert factor[0] == 1
    assert (factor[1] == 0) == ends


# What PyTorch does not have: the authors' statements, plainly


def plain_signum():
    w, m = START.copy(), np.zeros(5)
    for g in gradients():
        m = 0.9 * m + 0.1 * g
        w = w - ETA * np.sign(m)
        yield w


def plain_lion():
    w, m = START.copy(), np.zeros(5)
    for g in gradients():
        w = w - ETA * (np.sign(0.9 * m + (1 - 0.9) * g) + DECAY * w)
        m = 0.99 * m + (1 - 0.99) * g
        yield w


def plain_adan(weight_of_difference=1 - 0.08):
    """Adan's Algorithm 1, whose β weigh what is new, with the bias corrections of its code."""
    b1, b2, b3 = 0.02, 0.08, 0.01
    w, m, v, n, before = START.copy(), np.zeros(5), np.zeros(5), np.zeros(5), None
    for t, g in enumerate(gradients(), start=1):
        change = np.zeros(5) if before is None else g - before
        m = (1 - b1) * m + b1 * g
        v = (1 - b2) * v + b2 * change
        n = (1 - b3) * n + b3 * (g + weight_of_difference * change) ** 2
        m_hat, v_hat, n_hat = (x / (1 - (1 - b) ** t) for x, b in ((m, b1), (v, b2), (n, b3)))
        w = w - ETA * (m_hat + weight_of_difference * v_hat) / (np.sqrt(n_hat) + 1e-8)
        before = g
        yield w


PLAIN = {
    "Signum": (update_rule("Signum", ETA), plain_signum),
    "Lion": (update_rule("Lion", ETA, weight_decay=DECAY), plain_lion),
    "Adan": (update_rule("Adan", ETA), plain_adan),
}
WRONG_PLAIN = {
    "Signum": update_rule("signGD", ETA).transformation(),
    "Lion": update_rule("Lion", ETA, beta1=0.99, weight_decay=DECAY).transformation(),
    "Adan": optax.adan(ETA, eps_root=0.0),
}


@pytest.mark.parametrize("name", PLAIN)
def test_like_the_authors_statement(name):
    rule, plain = PLAIN[name]
    reference = np.array(list(plain()))
    assert agree(path_of(rule.transformation()), reference)
    assert not agree(path_of(WRONG_PLAIN[name]), reference)


def test_optax_weighs_the_difference_of_adan_by_one_minus_beta2():
    reference = np.array(list(plain_adan(weight_of_difference=0.08)))
    assert agree(path_of(optax.adan(ETA, eps_root=0.0)), reference)


# Forms and numbers


def test_numbers_may_be_traced():
    rule = update_rule("NAdam", ETA, l2_penalty=L2)

    @jax.jit
    def first(numbers):
        transformation = pair(rule.form, numbers)
        w = jnp.array(START)
        return transformation.update(w, transformation.init(w), w)[0]

    traced = first({name: jnp.asarray(x) for name, x in rule.numbers.items()})
    # Two dozen operations on either side.
    np.testing.assert_allclose(traced, first(rule.numbers), rtol=48 * UNIT_ROUNDOFF)
    assert (traced != first(rule.numbers | {"learning_rate": 0.02})).any()


def test_commuting_rules_are_equivariant_and_no_others():
    """U(Qg, Qw) = Q U(g, w) for a rotation Q, over a path with penalty, decay and schedule."""
    angle = 0.7
    Q = np.eye(5)
    Q[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]

    def end(rule, turn):
        path = jax.jit(lambda start, g: path_along(rule.transformation(), start, g))
        return np.array(path(turn @ START, gradients()[:4] * 1e-3 @ turn.T)[-1])

    for name, kind in KINDS.items():
        rule = update_rule(name, 0.1, l2_penalty=L2, weight_decay=DECAY, schedule=Cosine(9))
        distance = np.abs(end(rule, Q) - Q @ end(rule, np.eye(5))).max()
        # 4 steps of at most a dozen operations, each on numbers below 4.
        assert (distance <= 4 * 12 * 4 * UNIT_ROUNDOFF) == kind.commutes, name


def test_defaults_are_those_of_torch():
    names = {"beta1": ("betas", 0), "beta2": ("betas", 1)}
    for name, make in {
        "Adam": optim.Adam,
        "AdamW": optim.AdamW,
        "NAdam": optim.NAdam,
        "RMSProp": optim.RMSprop,
        "Adagrad": optim.Adagrad,
    }.items():
        defaults = make([torch.zeros(1)]).defaults
        for option, value in KINDS[name].defaults.items():
            key, *index = names.get(option, (option,))
            assert value == (defaults[key][index[0]] if index else defaults[key]), (name, option)
    assert (
        update_rule("AdamW", 1.0).weight_decay
        == optim.AdamW([torch.zeros(1)]).defaults["weight_decay"]
    )
    assert update_rule("Adam", 1.0).weight_decay == 0


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("adam", {}, "rule: expected one of GD, momentum, .*, Adan, got 'adam'"),
        (["Adam"], {}, r"rule: expected one of GD, .*, got \['Adam'\]"),
        ("Adam", {"schedule": "cosine"}, "Adam: schedule: expected one such as .*, got 'cosine'"),
        ("GD", {"momentum": 0.9}, "GD does not use the option momentum; expected learning_rate"),
        ("Adam", {"alpha": 0.9}, "Adam does not use the option alpha; expected beta1, beta2, eps"),
        ("Adam", {"beta1": 1.0}, "Adam: beta1: expected a number from 0 to below 1, got 1.0"),
        ("Adam", {"beta2": -0.1}, "beta2"),
        ("Adam", {"eps": float("nan")}, "Adam: eps: expected a finite number >= 0, got nan"),
        ("Adam", {"eps": "1e-8"}, "eps: .* got '1e-8'"),
        ("Adam", {"beta1": True}, "beta1: .* got True"),
        ("Adafactor", {"clipping": 0.9}, "clipping: expected a finite number >= 1"),
        ("Adafactor", {"beta2_decay": 0.8}, "beta2_decay: expected a finite number <= 0"),
        ("GD", {"learning_rate": 0.0}, "GD: learning_rate: expected a finite number > 0, got 0.0"),
        ("GD", {"learning_rate": float("inf")}, "learning_rate"),
        ("GD", {"l2_penalty": -1.0}, "l2_penalty: expected a finite number >= 0"),
        ("GD", {"weight_decay": -1.0}, "weight_decay: expected a finite number >= 0"),
    ],
)
def test_hostile_rules_are_rejected(name, arguments, message):
    with pytest.raises(UserError, match=message):
        update_rule(name, **{"learning_rate": 0.1} | arguments)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Polynomial(0), "steps: expected an integer >= 1, got 0"),
        (lambda: Polynomial(5, 0.0), "power: expected a finite number > 0"),
        (lambda: Cosine(1.5), "steps: .* got 1.5"),
        (lambda: InverseTime(True), "steps: .* got True"),
    ],
)
def test_hostile_schedules_are_rejected(make, message):
    with pytest.raises(UserError, match=message):
        make()


def test_adafactor_needs_the_weights():
    transformation = update_rule("Adafactor", 0.1).transformation()
    with pytest.raises(ValueError, match="expected the weights"):
        transformation.update(jnp.ones(2), transformation.init(jnp.ones(2)))
