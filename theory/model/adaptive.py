"""The adaptive gradient update (4.2), one coordinate at a time; the update is coordinate-wise.

The strengths β weigh the *new* gradient: m(t+1) = β1 g + (1 − β1) m(t). In the convention of Adam's
authors a decay rate weighs the old memory; it is 1 − β here.
"""

from typing import NamedTuple

import sympy as sp


class Memory(NamedTuple):
    """First and second-order memory m and v of one coordinate."""

    m: sp.Expr
    v: sp.Expr


def remember(memory: Memory, g: sp.Expr, beta1: sp.Expr | int, beta2: sp.Expr | int) -> Memory:
    """Memory after the gradient ``g`` has been seen, first two lines of (4.2)."""
    return Memory(
        beta1 * g + (1 - beta1) * memory.m,
        beta2 * g**2 + (1 - beta2) * memory.v,
    )


def denominator(memory: Memory, epsilon: sp.Expr | int) -> sp.Expr:
    """√v + ε, by which the update of (4.2) divides; the update has no value where it is 0."""
    return sp.sqrt(memory.v) + epsilon


def is_update(
    change: sp.Expr, memory: Memory, eta: sp.Expr, epsilon: sp.Expr | int
) -> sp.logic.boolalg.Boolean:
    """Condition, exact, under which −ηm/(√v + ε), the update of (4.2), is ``change``.

    ``memory`` is the memory at t + 1. Written without the division, so that 0/0 satisfies nothing.
    """
    below = denominator(memory, epsilon)
    return sp.And(sp.Ne(below, 0), sp.Eq(change * below, -eta * memory.m))
