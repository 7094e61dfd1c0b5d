import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulations.engine.optimizers import OPTIMIZERS, rule

torch = pytest.importorskip("torch", reason="torch: make test")

LEARNING_RATE = 0.01
STEPS = 200
UNIT_ROUNDOFF = 2.0**-53


def gradients():
    """Gradients of very different size, so that ε = 1e-8 matters for some; shape (STEPS, 5)."""
    rng = np.random.default_rng(7)
    values = rng.normal(size=(STEPS, 5)) * np.array([1e3, 1.0, 1e-4, 1e-8, 1e-10])
    values[::7, 1] = 0
    return values


def with_optax(transformation):
    weights = jnp.linspace(-1, 1, 5)
    update = jax.jit(transformation.update)
    state = transformation.init(weights)
    path = []
    for gradient in gradients():
        change, state = update(jnp.asarray(gradient), state)
        weights = optax.apply_updates(weights, change)
        path.append(weights)
    return np.array(path)


def with_torch(name):
    weights = torch.linspace(-1, 1, 5, dtype=torch.float64, requires_grad=True)
    classes = {"GD": torch.optim.SGD, "Adam": torch.optim.Adam, "RMSProp": torch.optim.RMSprop}
    # torch has no signGD; it is SGD on the signs.
    optimizer = classes.get(name, torch.optim.SGD)([weights], lr=LEARNING_RATE)
    path = []
    for gradient in gradients():
        weights.grad = torch.tensor(np.sign(gradient) if name == "signGD" else gradient)
        optimizer.step()
        path.append(weights.detach().numpy().copy())
    return np.array(path)


def tolerance(path):
    """Bound on how far two correct implementations drift apart, shape (STEPS, 5).

    An average of squares with weight β₂ gathers at most 2u in each of the last 1/(1 − β₂) = 1000
    steps, and a bias correction 1 − β₂ᵗ amplifies the rounding of the power at most 1000 times;
    everything else is tens of u. So two updates differ by at most 2 · 3000u of the longest one,
    and adding them to the weights rounds by u|w| each.
    """
    longest = np.abs(np.diff(path, axis=0)).max(axis=0)
    size = np.abs(path).max(axis=0)
    return np.arange(1, STEPS + 1)[:, None] * (6000 * longest + 2 * size) * UNIT_ROUNDOFF


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_step_by_step_like_torch(name):
    ours, reference = with_optax(rule(name, LEARNING_RATE)), with_torch(name)
    assert (np.abs(ours - reference) <= tolerance(reference)).all()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("GD", optax.sgd(LEARNING_RATE, momentum=0.01)),
        ("signGD", optax.sgd(LEARNING_RATE)),
        ("Adam", optax.adam(LEARNING_RATE, eps=0, eps_root=1e-16)),
        ("Adam", optax.adam(LEARNING_RATE, b2=0.99)),
        ("RMSProp", optax.rmsprop(LEARNING_RATE, decay=0.99, eps_in_sqrt=True)),
        ("RMSProp", optax.rmsprop(LEARNING_RATE, decay=0.9, eps_in_sqrt=False)),
    ],
)
def test_wrong_rules_are_told_apart(name, wrong):
    reference = with_torch(name)
    assert (np.abs(with_optax(wrong) - reference) > tolerance(reference)).any()


def test_names_and_order():
    assert OPTIMIZERS == ("GD", "signGD", "Adam", "RMSProp")


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="GD, signGD, Adam, RMSProp, got 'adam'"):
        rule("adam", 0.1)
