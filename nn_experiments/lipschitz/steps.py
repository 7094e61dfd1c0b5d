"""The steps of a network: what its forward does to an image, as far as a bound needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nn_experiments.lipschitz.operators import Operator, compose
from nn_experiments.lipschitz.report import Join, Layer


@dataclass(frozen=True)
class Linear:
    """A linear step, not yet bounded."""

    name: str
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operator: Operator


@dataclass(frozen=True)
class Barrier:
    """A 1-Lipschitz map that is not linear: linear steps beside it are not composed over it."""


@dataclass(frozen=True)
class Split:
    """Branches from one value, which are added or laid side by side; without steps, the value."""

    join: Join
    branches: Sequence[Sequence[Step]]


Step = Linear | Barrier | Split | Layer


def merged(steps: Sequence[Step]) -> list[Step]:
    """Return the steps with runs of linear ones composed, from the last one backwards."""
    found: list[Step] = []
    for step in reversed(steps):
        if isinstance(step, Split):
            found.append(Split(step.join, [merged(branch) for branch in step.branches]))
            continue
        after = found[-1] if found else None
        if isinstance(step, Linear) and isinstance(after, Linear):
            operator = compose(step.operator, after.operator)
            if operator is not None:
                name = f"{after.name} ∘ {step.name}"
                found[-1] = Linear(name, "composed", step.inputs, after.outputs, operator)
                continue
        found.append(step)
    return found[::-1]
